/* Errors: fields and verbs in text and hint, worded for a terminal and for manifests. */
#include "unit.h"

static void check(const char *text, const char *options, const char *keys)
{
	struct err e;

	err_set(&e, ERR_SAFETY, "%s", text);
	err_hint(&e, "%s", text);
	err_word(&e, WORDS_OPTIONS);
	assert_string_equal(e.text, options);
	assert_string_equal(e.hint, options);
	err_set(&e, ERR_SAFETY, "%s", text);
	err_word(&e, WORDS_KEYS);
	assert_string_equal(e.text, keys);
	/* What has no fields any more stays as it is. */
	err_word(&e, WORDS_OPTIONS);
	assert_string_equal(e.text, keys);
}

static void words(void **state)
{
	(void)state;
	check("nothing to name", "nothing to name", "nothing to name");
	check(FIELD("instance") " gives another", "--instance gives another",
	    "`instance` gives another");
	check("with " FIELD_IS("replace", "true") " it goes", "with --replace it goes",
	    "with `replace: true` it goes");
	check(FIELD_IS("as", "31") ", or " VERB("list"), "--as 31, or cardadm list",
	    "`as: 31`, or cardadm list");
	check("\001open end", "--open end", "`open end`");
	/* The same octets in a name are no field. */
	check("\001", "\001", "\001");
	check("a\001.card\003/\001b", "a\001.card\003/--b", "a\001.card\003/`b`");
}

static void too_long(void **state)
{
	struct err e;

	(void)state;
	err_set(&e, ERR_OTHER, "x");
	for (size_t i = 0; i + 4 < sizeof(e.hint); i += 3)
		memcpy(e.hint + i, "\003a\002", 4);
	err_word(&e, WORDS_OPTIONS);
	assert_int_equal(strlen(e.hint), sizeof(e.hint) - 1);
	assert_memory_equal(e.hint, "cardadm acardadm a", 18);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(words), cmocka_unit_test(too_long) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
