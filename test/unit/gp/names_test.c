/* Names of data objects, what their values say, and what has no name or says nothing. */
#include "unit.h"

#include "gp/names.h"

static void says(enum tag_kind kind, const char *hex, const char *want)
{
	char out[128];
	bool any =
	    tag_value(kind, hex[0] == '\0' ? span_of(NULL, 0) : unit_bytes(hex), out, sizeof(out));

	assert_int_equal(any, want != NULL);
	assert_string_equal(out, want == NULL ? "" : want);
}

static void test_values(void **state)
{
	(void)state;
	says(TAG_IS_OCTETS, "00", NULL);
	says(TAG_IS_HIDDEN, "0102", "2 octets");
	says(TAG_IS_HIDDEN, "01", "1 octet");
	says(TAG_IS_TEXT, "41434D45", "ACME");
	says(TAG_IS_DAY, "20271231", "2027-12-31");
	says(TAG_IS_TIME, "6B378280", "2027-01-01 10:40:00 UTC");
	says(TAG_IS_TIME, "00000000", "unknown");
	says(TAG_IS_NUMBER, "FFFFFFFFFFFFFFFF", "18446744073709551615");
	says(TAG_IS_FLAG, "00", "no");
	says(TAG_IS_KEY_USE, "82", "signs");
	says(TAG_IS_KEY_USE, "0080", "key agreement");
	says(TAG_IS_LEVEL, "3C", "security level 33");
	says(TAG_IS_LEVEL, "34", "security level 11");
	says(TAG_IS_CURVE, "00", "p-256");
	says(TAG_IS_RIGHTS, "00", "none");
	says(TAG_IS_RIGHTS, "1F", "read, write, content, admit, shared");
	says(TAG_IS_ORDER, "02", "revoke");
	says(TAG_IS_KEEP, "01", "kept");
	says(TAG_IS_STAGE, "83", "sealed, locked");
	says(TAG_IS_KEY_INFO, "0174B041",
	    "key 01 of version 74: controlling authority (CASD) or issuer of grants");
	says(TAG_IS_KEY_INFO, "05018810", "key 05 of version 01");
	says(TAG_IS_KEY_REF, "1001", "key 10 of version 01: CA of entities (SCP11)");
	says(TAG_IS_KEY_REF, "1101", "key 11 of version 01: SCP11a");
	says(TAG_IS_KEY_REF, "1201", "key 12 of version 01: stored key of an entity (SCP11a)");
	says(TAG_IS_KEY_REF, "1301", "key 13 of version 01: SCP11b");
	says(TAG_IS_KEY_REF, "1501", "key 15 of version 01: SCP11c");
	says(TAG_IS_KEY_REF, "2F01", "key 2F of version 01: CA of entities (SCP11)");
	says(TAG_IS_KEY_REF, "3001", "key 30 of version 01");
}

/* Whatever a stranger wrote there. */
static void test_values_that_say_nothing(void **state)
{
	static const enum tag_kind kinds[] = { TAG_IS_TEXT, TAG_IS_NUMBER, TAG_IS_DAY, TAG_IS_TIME,
		TAG_IS_FLAG, TAG_IS_KEY_USE, TAG_IS_LEVEL, TAG_IS_CURVE, TAG_IS_KEY_INFO,
		TAG_IS_KEY_REF, TAG_IS_RIGHTS, TAG_IS_ORDER, TAG_IS_KEEP, TAG_IS_STAGE };

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		char out[128], tiny[4];

		says(kinds[i], "", NULL);
		if (kinds[i] != TAG_IS_KEY_INFO)
			says(kinds[i], "00FFFFFFFFFFFFFFFF", NULL);
		/* Cut, never past the end. */
		for (int v = 0; v < 0x100; v++) {
			uint8_t b[4] = { 0x20, 0x27, 0x01, (uint8_t)v };

			for (size_t n = 1; n <= 4; n++)
				if (tag_value(kinds[i], span_of(b + 4 - n, n), out, sizeof(out)) &&
				    tag_value(kinds[i], span_of(b + 4 - n, n), tiny, sizeof(tiny)))
					assert_true(strlen(tiny) < sizeof(tiny));
		}
	}
	says(TAG_IS_DAY, "20270230", NULL);
	says(TAG_IS_RIGHTS, "20", NULL);
	says(TAG_IS_ORDER, "05", NULL);
	says(TAG_IS_STAGE, "04", NULL);
	says(TAG_IS_KEEP, "02", NULL);
	says(TAG_IS_TEXT, "41001B", NULL);
}

static void name_is(uint32_t place, uint32_t tag, const char *want, uint32_t inside)
{
	struct tag_info t = tag_info(place, tag);

	if (want == NULL)
		assert_null(t.name);
	else
		assert_string_equal(t.name, want);
	assert_int_equal(t.inside, inside);
}

static void test_places(void **state)
{
	(void)state;
	name_is(IN_NOTHING, 0xBF73, "order about containers", 0xBF73);
	name_is(0xBF73, 0x80, "operation", 0x80);
	name_is(0xFF73, 0xA0, "container", IN_CONTAINER);
	name_is(IN_CONTAINER, 0x80, "state", 0x80);
	name_is(0x67, 0xA0, "secure channel protocol", 0xA0);
	name_is(IN_NOTHING, 0xA0, "CHANGE MODE", 0xA0);
	name_is(0x7F21, 0x73, "terms of the grant", IN_TERMS);
	name_is(0x66, 0x73, "card recognition data", 0x73);
	name_is(IN_NOTHING, 0xDF01, "object of a party or terminal", 0xDF01);
	name_is(IN_NOTHING, 0xDF7F, "object of a party or terminal", 0xDF7F);
	name_is(IN_NOTHING, 0xDF00, NULL, 0xDF00);
	name_is(IN_NOTHING, 0xDF80, NULL, 0xDF80);
	name_is(0x6F, 0xDF01, NULL, 0xDF01);
	name_is(IN_NOTHING, 0x1F7F, NULL, 0x1F7F);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_values_that_say_nothing),
		cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
