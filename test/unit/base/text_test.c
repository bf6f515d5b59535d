/* Foreign text as it is shown, and what may be a key in it. */
#include "unit.h"

#include "base/text.h"

static const char *cleaned(const char *s, enum clean how)
{
	static char out[200];

	return text_clean(span_str(s), how, out, sizeof(out));
}

static void clean(void **state)
{
	static const struct {
		const char *in, *out;
	} t[] = { { "", "" }, { "plain 7~", "plain 7~" },
		{ "\xC3\xA9\xE2\x82\xAC", "\xC3\xA9\xE2\x82\xAC" },
		{ "\xF0\x9F\x92\xB3", "\xF0\x9F\x92\xB3" },
		{ "a\033[31m\n\t\177", "a\\x1B[31m\\x0A\\x09\\x7F" },
		{ "\xC2\x9B"
		  "1m",
		    "\\u009B1m" },
		{ "\xE2\x80\xAE", "\\u202E" }, { "\xE2\x80\x8B|\xEF\xBB\xBF", "\\u200B|\\uFEFF" },
		{ "\xE2\x81\xA6", "\\u2066" }, { "\xE2\x80\xA8", "\\u2028" },
		{ "\xF3\xA0\x81\x81", "\\U000E0041" }, { "caf\xE9", "caf\\xE9" },
		{ "\xC0\x80", "\\xC0\\x80" }, { "\xE0\x80\xAF", "\\xE0\\x80\\xAF" },
		{ "\xED\xA0\x80", "\\xED\\xA0\\x80" },
		{ "\xF4\x90\x80\x80", "\\xF4\\x90\\x80\\x80" }, { "\xE2\x82", "\\xE2\\x82" },
		{ "\xFF", "\\xFF" } };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		assert_string_equal(cleaned(t[i].in, CLEAN_ALL), t[i].out);
	for (char c = 1; c < 0x20; c++) {
		char in[2] = { c }, want[5];

		snprintf(want, sizeof(want), "\\x%02X", (unsigned)c);
		assert_string_equal(cleaned(in, CLEAN_ALL), want);
		assert_string_equal(cleaned(in, CLEAN_UTF8), in);
	}
	assert_string_equal(cleaned("\xE2\x80\xAE\xE9", CLEAN_UTF8), "\xE2\x80\xAE\\xE9");
	assert_true(utf8_ok(span_str("\xC3\xA9")));
	assert_false(utf8_ok(span_str("\xC3")));
}

/* Never a part of an escape, nor of a character. */
static void cut(void **state)
{
	char out[8];

	(void)state;
	assert_string_equal(
	    text_clean(span_str("abc\033"), CLEAN_ALL, out, sizeof(out)), "abc\\x1B");
	assert_string_equal(text_clean(span_str("abcd\033e"), CLEAN_ALL, out, sizeof(out)), "abcd");
	assert_string_equal(
	    text_clean(span_str("abcde\xE2\x82\xAC"), CLEAN_ALL, out, sizeof(out)), "abcde");
	assert_string_equal(text_clean(span_str("abcd"), CLEAN_ALL, out, 1), "");
}

#define KEY "404142434445464748494A4B4C4D4E4F"

static void keys(void **state)
{
	static const char *const may[] = { KEY,
		KEY "50515253"
		    "54555657",
		KEY KEY, "dir/" KEY ".card", "40 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f",
		"x:" KEY, "vcard:" KEY, "ab:" KEY };
	static const char *const not [] = { "", "fleet", "A000000151000000", KEY "5", KEY KEY KEY,
		"4041424344454647" };
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(may) / sizeof(may[0]); i++)
		assert_true(text_may_be_key(may[i]));
	for (size_t i = 0; i < sizeof(not ) / sizeof(not [0]); i++)
		assert_false(text_may_be_key(not [i]));
	assert_string_equal(text_quote("fleet").s, "`fleet`");
	assert_null(strstr(text_quote(KEY).s, "4041"));

	err_set(&e, ERR_INPUT, "dir/" KEY ".card: cannot open; `%.20s`", KEY);
	err_hint(&e, "no %s", KEY);
	text_hide_key(&e, "dir/" KEY ".card");
	assert_string_equal(e.text, "dir/(not shown).card: cannot open; `(not shown)`");
	assert_null(strstr(e.hint, "4041"));
	assert_non_null(strstr(e.hint, "key"));
	err_set(&e, ERR_INPUT, "`40414243444` may be shown, `404142434445` not");
	text_hide_key(&e, KEY);
	assert_string_equal(e.text, "`40414243444` may be shown, `(not shown)` not");
	err_set(&e, ERR_INPUT, "AID A000000151000000 is not there");
	text_hide_key(&e, KEY);
	assert_string_equal(e.text, "AID A000000151000000 is not there");
	assert_string_equal(e.hint, "");
	memset(e.text, 'F', sizeof(e.text) - 1); /* an error that was cut in the middle */
	e.text[sizeof(e.text) - 1] = '\0';
	text_hide_key(&e, KEY "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF");
	assert_null(strstr(e.text, "FFFFFFFFFFFF"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clean),
		cmocka_unit_test(cut),
		cmocka_unit_test(keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
