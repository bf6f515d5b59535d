/* The sum that tells changed octets. */
#include "unit.h"

#include "base/sum.h"

/* Every bit of every length up to some words counts, and so do lengths and order. */
static void test_every_bit_counts(void **state)
{
	uint8_t octets[40];

	(void)state;
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i * 37);
	for (size_t n = 1; n <= sizeof(octets); n++) {
		uint64_t sum = sum64(SUM64_START, span_of(octets, n));

		for (size_t bit = 0; bit < n * 8; bit++) {
			octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_int_not_equal(sum64(SUM64_START, span_of(octets, n)), sum);
			octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		assert_int_not_equal(sum64(SUM64_START, span_of(octets, n - 1)), sum);
		assert_int_equal(sum64(SUM64_START, span_of(octets, n)), sum);
	}
}

static uint64_t pair(const char *a, const char *b)
{
	return sum64(sum64(SUM64_START, span_str(a)), span_str(b));
}

static void test_parts_count(void **state)
{
	(void)state;
	assert_int_not_equal(pair("ab", "c"), pair("a", "bc"));
	assert_int_not_equal(pair("", "abc"), pair("abc", ""));
	assert_int_not_equal(pair("a", "b"), pair("b", "a"));
}

/* It stands in files: it may not change. */
static void test_stays(void **state)
{
	(void)state;
	assert_true(sum64(SUM64_START, span_str("ledger of a campaign")) == 0x6BD217765BFB31C9u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_bit_counts),
		cmocka_unit_test(test_parts_count),
		cmocka_unit_test(test_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
