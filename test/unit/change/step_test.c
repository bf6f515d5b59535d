/* Steps of campaigns: YAML into the structs of changes, and what is refused, with its place. */
#include "change_rig.h"

#include "change/step.h"
#include "crypto/digest.h"

static int read_step(const char *text, struct change *to, struct err *e)
{
	struct doc *d;
	int rc;

	err_clear(e);
	assert_ok(doc_parse("/somewhere/c.yaml", span_str(text), &d, e), e);
	rc = change_step_read(d, doc_root(d), "/somewhere/c.yaml", to, e);
	doc_free(d);
	return rc;
}

/* ---- what the fields were given ---- */

static struct change ch;

static void step(const char *text, const struct change_kind *kind)
{
	struct err e;

	assert_ok(read_step(text, &ch, &e), &e);
	assert_ptr_equal(ch.kind, kind);
}

static bool flag(const char *name)
{
	return *(const bool *)change_value(&ch, name);
}

static const struct aid *aid(const char *name)
{
	return change_value(&ch, name);
}

static const struct field_aids *aids(const char *name)
{
	return change_value(&ch, name);
}

static const struct field_u32 *number(const char *name)
{
	return change_value(&ch, name);
}

static size_t choice(const char *name)
{
	return ((const struct field_choice *)change_value(&ch, name))->i;
}

static const char *path(const char *name)
{
	return ((const struct field_file *)change_value(&ch, name))->path;
}

static const char *keys(const char *name)
{
	return ((const struct field_keys *)change_value(&ch, name))->name;
}

static void test_install(void **state)
{
	const struct field_privileges *privileges;
	const struct field_bytes *parameters;
	const struct field_files *dap;

	(void)state;
	step("install:\n"
	     "  file: hello.cap\n"
	     "  applets: [A00000006203010C0101, a0 00 00 00 03]\n"
	     "  privileges: [card-reset, global-lock]\n"
	     "  parameters: 810102\n"
	     "  replace: true\n"
	     "  dap: hello.dap\n"
	     "  hash: sha-384\n"
	     "  domain: A00000015100000001\n",
	    &change_install);
	assert_int_equal(ch.line, 1);
	assert_int_equal(ch.column, 1);
	assert_string_equal(path("file"), "/somewhere/hello.cap");
	assert_int_equal(aids("applet")->n, 2);
	assert_int_equal(aids("applet")->list[0].n, 10);
	assert_int_equal(aids("applet")->list[1].n, 5);
	privileges = change_value(&ch, "privileges");
	assert_int_equal(privileges->v, 0x040800);
	assert_int_equal(privileges->n, 3);
	parameters = change_value(&ch, "parameters");
	assert_span(span_of(parameters->b, parameters->n), unit_bytes("810102"));
	assert_true(flag("replace"));
	dap = change_value(&ch, "dap");
	assert_int_equal(dap->n, 1);
	assert_string_equal(dap->list[0].path, "/somewhere/hello.dap");
	assert_int_equal(choice("hash"), 2);
	assert_int_equal(aid("domain")->n, 9);
	change_free(&ch);
}

static void test_others(void **state)
{
	(void)state;
	step("delete: {aid: A000000003, related: true}", &change_delete);
	assert_true(aids("aid")->n == 1 && aids("aid")->list[0].n == 5 && flag("related"));
	change_free(&ch);
	step("delete: {aid: [A000000003, A000000004]}", &change_delete);
	assert_true(aids("aid")->n == 2 && !flag("related"));
	change_free(&ch);
	step("put-keys: {keys: new, version: 31, replace: 7F}", &change_put_keys);
	assert_string_equal(keys("keys"), "new");
	assert_true(number("as")->v == 0x31 && number("replace")->v == 0x7F);
	assert_false(number("rotate")->given);
	change_free(&ch);
	step("put-keys: {keys: next, rotate: true}", &change_put_keys);
	assert_false(number("as")->given || number("replace")->given);
	assert_true(number("rotate")->given && number("rotate")->v == 0);
	change_free(&ch);
	step("put-keys: {keys: next, as: 32, rotate: 30}", &change_put_keys);
	assert_true(number("as")->v == 0x32 && number("rotate")->v == 0x30);
	change_free(&ch);
	step("store-data: {file: /d.bin, format: tlv, application: A000000003, encrypted: true}",
	    &change_store_data);
	assert_string_equal(path("file"), "/d.bin");
	assert_true(choice("format") == 1 && aid("application")->n == 5 && flag("encrypted"));
	change_free(&ch);
	step("lock: {card: true}", &change_lock);
	assert_true(flag("card") && aid("aid")->n == 0);
	change_free(&ch);
	step("unlock: {aid: A000000003}", &change_unlock);
	assert_true(!flag("card") && aid("aid")->n == 5);
	change_free(&ch);
}

static const char TRUST[] = "trust-init: {record: 1, terminals: pairs.csv, terminal-key: models, "
			    "valid-for: 30d, tickets: out";

/* Times, days, and what is written; what only the verb has is no key of a step. */
static void test_times(void **state)
{
	const struct field_when *when;
	const struct field_where *out;
	char text[400];
	struct err e;

	(void)state;
	snprintf(text, sizeof(text), "%s, window: 12h, horizon: 2099-12-31}", TRUST);
	step(text, &change_trust_init);
	assert_int_equal(number("valid-for")->v, 2592000);
	assert_int_equal(number("window")->v, 43200);
	when = change_value(&ch, "horizon");
	assert_true(when->given && !when->from_now && when->v == 4102444800);
	out = change_value(&ch, "tickets");
	assert_string_equal(out->path, "/somewhere/out");
	assert_string_equal(out->name, "out");
	assert_string_equal(path("terminals"), "/somewhere/pairs.csv");
	change_free(&ch);
	snprintf(text, sizeof(text), "%s, horizon: +365d}", TRUST);
	step(text, &change_trust_init);
	when = change_value(&ch, "horizon");
	assert_true(when->given && when->from_now && when->v == 365 * 86400);
	change_free(&ch);
	snprintf(text, sizeof(text), "%s, imei: 352099001761481}", TRUST);
	assert_int_equal(read_step(text, &ch, &e), -1);
	assert_non_null(strstr(e.text, "unknown key `imei`"));
	snprintf(text, sizeof(text), "%s, window: 30}", TRUST);
	assert_int_equal(read_step(text, &ch, &e), -1);
	assert_non_null(strstr(e.text, "`window` is not a time: 30d, 12h"));
	snprintf(text, sizeof(text), "%s, horizon: 30d}", TRUST);
	assert_int_equal(read_step(text, &ch, &e), -1);
	assert_non_null(strstr(e.text, "`horizon` is not a day (2030-12-31) or +30d"));
}

static void described(const char *text, const char *want)
{
	char got[200];

	step(text, &change_delete);
	ch.kind->describe(ch.x, got, sizeof(got));
	assert_string_equal(got, want);
	change_free(&ch);
}

static void test_describe(void **state)
{
	(void)state;
	described("delete: {aid: [A00000006203010C01]}\n", "A00000006203010C01");
	described("delete: {aid: [A00000006203010C01, A000000003], related: true}\n",
	    "A00000006203010C01 and others and what is made from it");
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *want, *hint;
	} bad[] = {
		{ "lock: {card: true}\nunlock: {card: true}\n",
		    "1:1: a step is a map with one key, what to do, and this has 2", "" },
		{ "instal: {file: a.cap}", "1:1: unknown key `instal`", "did you mean `install`?" },
		{ "install: a.cap", "1:10: `install` must be a map", "" },
		{ "install: {file: a.cap, aplet: [A000000003]}", "1:24: unknown key `aplet`",
		    "did you mean `applet`?" },
		{ "install: {file: a.cap, applet: A000000003, applets: [A000000003]}",
		    "1:44: `applet` and `applets` are one", "" },
		{ "install: {file: a.cap, applets: [A0000000]}",
		    "1:34: `applets` is not an AID of 5 to 16 octets in hex", "" },
		{ "install: {file: a.cap, applets: []}", "1:33: `applets` must have a value", "" },
		{ "install: {file: a.cap, applets: {a: b}}",
		    "1:33: `applets` must be a single value or a list of them", "" },
		{ "install: {file: a.cap, privileges: [card-rest]}",
		    "1:37: `privileges` cannot be: `card-rest` is no privilege",
		    "did you mean `card-reset`?" },
		{ "install: {file: a.cap, privileges: [authorized-management, "
		  "delegated-management]}",
		    "1:60: `privileges` cannot be: ", "" },
		{ "install: {file: a.cap, replace: yes}", "1:33: `replace` must be true or false",
		    "" },
		{ "install: {file: a.cap, hash: md5}",
		    "1:30: `hash` is not one of sha-1, sha-256, sha-384, sha-512", "" },
		{ "install: {file: a.cap, hash: sha-265}", "1:30: `hash` is not one of",
		    "did you mean `sha-256`?" },
		{ "install: {file: a.cap, domain: [A000000003]}",
		    "1:32: `domain` must be a single value", "" },
		{ "install: {file: a.cap, dap: ''}", "1:29: `dap` has no value", "" },
		{ "install: {file: a.cap, block: 0}",
		    "1:31: `block` is not a number from 1 to 65535", "" },
		{ "authorize-party: {request: r, container: new, valid-until: 2099-12-31}",
		    "1:18: `grants` is missing", "" },
		{ "authorize-party: {output: x}", "1:19: unknown key `output`",
		    "possible here: request, container, party," },
		{ "authorize-party: {valid-until: 2099-02-30}",
		    "1:32: `valid-until` is not a date YYYY-MM-DD", "" },
		{ "authorize-party: {container: newer}",
		    "1:30: `container` is neither an AID of 5 to 16 octets in hex nor new", "" },
		{ "authorize-party: {rights: [read, wright]}", "1:34: `rights` is not one of read",
		    "" },
		{ "authorize-party: {fingerprint: 00}",
		    "1:32: `fingerprint` is not 8 octets in hex", "" },
		{ "reserve: {grant: g}", "1:11: unknown key `grant`", "did you mean `grants`?" },
		{ "reserve: {no-time: true}", "1:10: `grants` is missing", "" },
		{ "delete: {related: true}", "1:9: `aid` is missing", "" },
		{ "put-keys: {as: 31}", "1:11: `keys` is missing", "" },
		{ "put-keys: {keys: new, version: 80}",
		    "1:32: `version` is not one octet in hex, 01 to 7F", "" },
		{ "store-data: {format: dgi}", "1:13: `file` is missing", "" },
		{ "store-data: {file: d, format: xml}",
		    "1:31: `format` is not one of dgi, tlv, raw", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char want[256];
		struct err e;

		snprintf(want, sizeof(want), "/somewhere/c.yaml:%s", bad[i].want);
		assert_int_equal(read_step(bad[i].text, &ch, &e), -1);
		if (e.code != ERR_INPUT || strncmp(e.text, want, strlen(want)) != 0 ||
		    strncmp(e.hint, bad[i].hint, strlen(bad[i].hint)) != 0)
			fail_msg("%s\n gave: %s (%s)\n want: %s (%s)", bad[i].text, e.text, e.hint,
			    want, bad[i].hint);
	}
}

/* What fields say together is found when the change is completed. */
static void test_together(void **state)
{
	static const struct {
		const char *text, *want;
	} bad[] = {
		{ "install: {replace: true}", "`file` or `module` is missing" },
		{ "install: {file: a.cap, module: A000000003}", "either `file` or `module`" },
		{ "install: {module: A000000003, hash: sha-1}",
		    "A000000003 is a module on the card: `domain`, `applet`, `dap`" },
		{ "delete: {aid: [A000000003, A000000004], token: t}", "`token` is for one AID" },
		{ "put-keys: {keys: new, replace: 30, rotate: true}",
		    "`replace` and `rotate` do not go together" },
		{ "lock: {}", "one of AID, `domain: AID` and `card: true` is needed" },
		{ "unlock: {aid: A000000003, card: true}", "one of AID" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e;

		assert_ok(read_step(bad[i].text, &ch, &e), &e);
		assert_int_equal(change_open(&ch, FROM_STEP, &e), -1);
		err_word(&e, WORDS_KEYS);
		if (e.code != ERR_USAGE || strncmp(e.text, bad[i].want, strlen(bad[i].want)) != 0)
			fail_msg("%s\n gave: %s\n want: %s", bad[i].text, e.text, bad[i].want);
		change_free(&ch);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_install),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_describe),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
