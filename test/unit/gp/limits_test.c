/* Messages of cards at the ends of their room, and with octets that belong to nothing. */
#include "unit.h"

#include "gp/broadcast.h"
#include "gp/card_data.h"
#include "gp/load_file.h"
#include "gp/names.h"
#include "gp/scp11_data.h"
#include "gp/selection.h"
#include "gp/status.h"
#include "gp/token.h"

/* More protocols than are kept: those that come first. */
static void many_protocols(void **state)
{
	uint8_t room[200];
	struct wr w = wr_fixed(room, sizeof(room));
	struct capabilities c;

	(void)state;
	wr_put(&w, unit_bytes("67 46"));
	for (int i = 0; i < CARD_DATA_SCPS + 2; i++)
		wr_put(&w, unit_bytes("A0 05 80 01 03 81 00"));
	assert_true(capabilities_get(wr_span(&w), &c));
	assert_int_equal(c.n, CARD_DATA_SCPS);
}

/* Usage has two octets at most, access one; what is longer tells nothing. */
static void key_usage(void **state)
{
	static const struct {
		const char *tail;
		uint8_t usage_n, access_n;
	} row[] = {
		{ "02 18C0 01 01", 2, 1 },
		{ "01 18 01 01", 1, 1 },
		{ "01 18 00", 1, 0 },
		{ "03 18C0C0 01 01", 0, 0 },
		{ "01 18 02 0101", 0, 0 },
		{ "01 18 01 01 00", 0, 0 },
		{ "", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		uint8_t room[64];
		struct span tail = unit_bytes(row[i].tail);
		struct wr w = wr_fixed(room, sizeof(room));
		struct key_infos k;

		wr_put(&w, unit_bytes("E0"));
		wr_u8(&w, (uint8_t)(8 + tail.n));
		wr_put(&w, unit_bytes("C0"));
		wr_u8(&w, (uint8_t)(6 + tail.n));
		wr_put(&w, unit_bytes("01 30 FF 88 0010"));
		wr_put(&w, tail);
		assert_true(key_infos_get(wr_span(&w), &k));
		assert_int_equal(k.n, 1);
		assert_int_equal(k.key[0].length, 16);
		assert_int_equal(k.key[0].usage_n, row[i].usage_n);
		assert_int_equal(k.key[0].access_n, row[i].access_n);
	}
}

static void load_file_tags(void **state)
{
	static const uint8_t icv[8] = { 1 };
	uint8_t room[64];
	struct wr w = wr_fixed(room, sizeof(room));
	struct load_file f;

	(void)state;
	assert_true(load_file_get(unit_bytes("C4 02 AABB"), &f));
	assert_true(load_file_get(unit_bytes("D3 08 0102030405060708 D4 02 AABB"), &f));
	assert_int_equal(f.icv.n, 8);
	/* Another tag of that length is no initial value. */
	assert_false(load_file_get(unit_bytes("D2 08 0102030405060708 D4 02 AABB"), &f));
	/* Data that are not ciphered have none. */
	load_file_head_put(&w, NULL, 0, 2, false, icv);
	assert_span(wr_span(&w), unit_bytes("C4 02"));
}

static void octets_behind(void **state)
{
	uint8_t room[64], campaign[16] = { 7 }, got[16];
	struct wr w = wr_fixed(room, sizeof(room));
	uint32_t package;

	(void)state;
	discard_put(&w, campaign, 5);
	assert_true(discard_get(wr_span(&w), got, &package));
	assert_int_equal(package, 5);
	assert_memory_equal(got, campaign, 16);
	/* One more in the template, which says so: its length stands in the second octet or third.
	 */
	wr_put(&w, unit_bytes("80 00"));
	for (size_t i = 0; i < 3; i++) {
		uint8_t copy[64];

		memcpy(copy, room, w.n);
		if (copy[i] != w.n - 3 - i)
			continue;
		copy[i] = (uint8_t)(copy[i] + 2);
		assert_false(discard_get(span_of(copy, w.n), got, &package));
	}
	assert_false(discard_get(wr_span(&w), got, &package));
}

static bool old_status(uint8_t p1, const char *hex, struct status_entry *s)
{
	struct rd r = rd_of(unit_bytes(hex));

	return status_old_next(&r, p1, s);
}

static void old_form_of_status(void **state)
{
	struct status_entry s;

	(void)state;
	assert_true(old_status(0x40, "05 A000000151 07 00", &s));
	assert_false(old_status(0x40, "04 A0000001 07 00", &s));
	assert_false(old_status(0x40, "11 A000000151A000000151A000000151AAAA 07 00", &s));
	assert_true(old_status(STATUS_MODULES, "05 A000000151 01 00 01 06 A00000015101", &s));
	assert_false(old_status(STATUS_MODULES, "05 A000000151 01 00 01 04 A0000001", &s));
	assert_false(old_status(STATUS_MODULES, "05 A000000151 01 00 02 06 A00000015101", &s));
}

static void nines(void **state)
{
	struct cplc_date d;

	(void)state;
	assert_true(cplc_date_get(unit_bytes("9099"), 20261130, &d));
	assert_true(d.year % 10 == 9 && d.month == 4 && d.day == 9);
	assert_false(cplc_date_get(unit_bytes("A099"), 20261130, &d));
	assert_false(cplc_date_get(unit_bytes("90A9"), 20261130, &d));
	assert_false(cplc_date_get(unit_bytes("909A"), 20261130, &d));
	assert_false(cplc_date_get(unit_bytes("90990"
					      "0"),
	    20261130, &d));
}

static void names_that_are_not_there(void **state)
{
	(void)state;
	assert_non_null(tag_info(0, 0x9F7F).name);
	assert_null(tag_info(0, 0x123456).name);
	assert_non_null(tag_info(0, 0xFF72).name);
}

/* The list of key versions is there with one of them, too. */
static void policy_of_one(void **state)
{
	uint8_t room[200];
	struct policy_data p = { .algorithm_n = 1,
		.algorithms = { 5 },
		.form_n = 1,
		.forms = { 1 },
		.kos_n = 1,
		.kos_versions = { 9 } };
	struct policy_data got;
	struct wr w = wr_fixed(room, sizeof(room));

	(void)state;
	policy_data_put(&w, &p);
	assert_true(wr_ok(&w));
	assert_true(policy_data_get(wr_span(&w), &got));
	assert_int_equal(got.kos_n, 1);
	assert_int_equal(got.kos_versions[0], 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_protocols),
		cmocka_unit_test(key_usage),
		cmocka_unit_test(load_file_tags),
		cmocka_unit_test(octets_behind),
		cmocka_unit_test(old_form_of_status),
		cmocka_unit_test(nines),
		cmocka_unit_test(names_that_are_not_there),
		cmocka_unit_test(policy_of_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
