/* Decimal numbers, dates and versions as people write them. */
#include "unit.h"

#include "base/value.h"

static void test_decimals(void **state)
{
	static const char *const bad[] = { "", " 1", "1 ", "+1", "-1", "0x1", "1.0", "1e3", "a",
		"4294967296", "99999999999", "18446744073709551617", "12\n" };
	uint32_t v = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(decimal_get(bad[i], &v));
	assert_int_equal(v, 7);
	assert_true(decimal_get("4294967295", &v));
	assert_int_equal(v, UINT32_MAX);
	assert_true(decimal_get("0", &v));
	assert_int_equal(v, 0);
	assert_true(decimal_get("010", &v));
	assert_int_equal(v, 10);
}

static void test_dates(void **state)
{
	static const char *const bad[] = { "", "2027-02-29", "2100-02-29", "2027-04-31",
		"2027-13-01", "2027-00-01", "2027-01-00", "2027-01-32", "2027-1-1", "2027/01/01",
		"20270101", "2027-01-01 ", "1999-12-31", "0000-01-01", "+027-01-01", "2027-+1-01",
		"2027-01--1", "12027-01-1" };
	char text[DATE_SIZE];
	uint32_t d = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(date_get(bad[i], &d));
	assert_int_equal(d, 7);
	assert_true(date_get("2028-02-29", &d));
	assert_int_equal(d, 20280229);
	assert_string_equal(date_str(d, text), "2028-02-29");
	assert_true(date_get("2000-01-01", &d));
	assert_int_equal(d, 20000101);
	assert_true(date_get("9999-12-31", &d));
	assert_string_equal(date_str(d, text), "9999-12-31");
}

static void test_days(void **state)
{
	char text[DATE_SIZE];

	(void)state;
	assert_true(date_ok(20000229) && date_ok(10101) && date_ok(99991231));
	assert_false(date_ok(0) || date_ok(101) || date_ok(19000229) || date_ok(100000101));
	assert_false(date_ok(UINT32_MAX));
	assert_int_equal(strlen(date_str(UINT32_MAX, text)), DATE_SIZE - 1);
	assert_true(date_ok(date_today()) && date_today() > 20200101);
}

static void test_versions(void **state)
{
	static const char *const bad[] = { "", "3", "3.", ".2", ".", "3.2.1", "3.2 ", " 3.2",
		"65536.0", "0.65536", "-1.0", "+1.0", "3,2", "03.2", "3.02", "00.0", "0x3.2",
		"99999999999.0" };
	char text[VERSION_SIZE];
	uint32_t v = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(version_get(bad[i], &v));
	assert_int_equal(v, 7);
	assert_true(version_get("3.2", &v));
	assert_int_equal(v, 0x00030002);
	assert_string_equal(version_str(v, text), "3.2");
	assert_true(version_get("0.0", &v));
	assert_int_equal(v, 0);
	assert_true(version_get("65535.65535", &v));
	assert_int_equal(v, 0xFFFFFFFF);
	assert_string_equal(version_str(v, text), "65535.65535");
}

static void test_durations(void **state)
{
	static const char *const bad[] = { "", "d", "30", "0d", "30m", "30 d", "+30d", "-1d", "d30",
		"1.5d", "30D", "30dh", "49711d", "99999999999d" };
	char text[TIME_SIZE];
	uint32_t v = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(duration_get(bad[i], &v));
	assert_int_equal(v, 7);
	assert_true(duration_get("30d", &v) && v == 2592000);
	assert_true(duration_get("12h", &v) && v == 43200);
	assert_true(duration_get("49710d", &v) && v == 4294944000);
	assert_string_equal(time_str(1800000000, text), "2027-01-15T08:00:00Z");
	assert_string_equal(time_str(UINT32_MAX, text), "2106-02-07T06:28:15Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decimals),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_durations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
