/* What entries of a key store are called. */
#include "unit.h"

#include "keystore/keystore.h"

static void kinds(void **state)
{
	(void)state;
	for (enum entry_type t = 0; t < ENTRY_TYPES; t++) {
		assert_non_null(entry_type_str(t));
		assert_string_not_equal(entry_type_str(t), "unknown");
	}
	assert_string_equal(entry_type_str(ENTRY_TYPES), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
