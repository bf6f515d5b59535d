#include "unit.h"

#include <unistd.h>

#include "base/file.h"
#include "crypto/digest.h"
#include "manifest/manifest.h"
#include "yaml/doc.h"

#define LEAST \
	"cardadm: campaign/1\nname: demo\nkeystore: keys.yaml\ncards: {directory: fleet}\n" \
	"mode: broadcast\nbundle: app.bundle\n"

#define STEPS \
	"cardadm: campaign/1\nname: demo\nkeystore: k\ncards: {directory: f}\nmode: unicast\n" \
	"steps:\n"

#define LEAST_BUT_CARDS \
	"cardadm: campaign/1\nname: demo\nkeystore: keys.yaml\nmode: broadcast\n" \
	"bundle: app.bundle\n"

static char dir[] = "/tmp/manifest_test.XXXXXX";
static char path[64];

static int setup(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/c.yaml", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static int load(const char *text, struct manifest *m, struct err *e)
{
	int rc;

	err_clear(e);
	assert_ok(file_write(path, span_str(text), 0644, e), e);
	rc = manifest_load(path, NULL, m, e);
	return rc;
}

static void test_least(void **state)
{
	char want[128];
	struct manifest m;
	struct err e;

	(void)state;
	assert_ok(load(LEAST, &m, &e), &e);
	assert_string_equal(m.path, path);
	assert_string_equal(m.name, "demo");
	snprintf(want, sizeof(want), "%s/keys.yaml", dir);
	assert_string_equal(m.keystore, want);
	snprintf(want, sizeof(want), "%s/fleet", dir);
	assert_string_equal(m.cards, want);
	assert_string_equal(m.cards_as_written, "fleet");
	snprintf(want, sizeof(want), "%s/app.bundle", dir);
	assert_string_equal(m.bundle, want);
	assert_string_equal(m.keys, "");
	assert_int_equal(m.serial, 0);
	assert_int_equal(m.expires, 0);
	assert_int_equal(m.key_version, -1);
	assert_int_equal(m.level, -1);
	assert_int_equal(m.s16, -1);
	assert_int_equal(m.authorize, AUTHORIZE_NOW);
	assert_false(m.allow_literal_mac);
	assert_int_equal(m.limit_failures, 0);
	assert_int_equal(m.limit_authentications, 3);
}

static void test_directory(void **state)
{
	static const struct {
		const char *written, *known;
	} rows[] = { { "fleet", "fleet" }, { "fleet/", "fleet" }, { "./fleet", "fleet" },
		{ ".//fleet", "fleet" }, { "././/fleet//", "fleet" }, { "/cards/", "/cards" },
		{ "//cards", "/cards" }, { ".", "." }, { "./", "." }, { ".//", "." }, { "/", "/" },
		{ "../a/b/", "../a/b" }, { "a/./b", "a/./b" }, { ".hidden", ".hidden" } };
	struct manifest m;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512];

		snprintf(text, sizeof(text),
		    "cardadm: campaign/1\nname: demo\nkeystore: k\ncards: {directory: \"%s\"}\n"
		    "mode: broadcast\nbundle: b\n",
		    rows[i].written);
		assert_ok(load(text, &m, &e), &e);
		assert_string_equal(m.cards_as_written, rows[i].known);
	}
}

static void test_readers(void **state)
{
	struct manifest m;
	struct err e;

	(void)state;
	assert_ok(load(LEAST_BUT_CARDS "cards: {readers: [\"Bench 01 00 00\", 2]}\n", &m, &e), &e);
	assert_int_equal(m.readers_n, 2);
	assert_string_equal(m.readers[0], "Bench 01 00 00");
	assert_string_equal(m.readers[1], "2");
	assert_string_equal(m.cards, "");
	assert_ok(load(LEAST, &m, &e), &e);
	assert_int_equal(m.readers_n, 0);
}

static void test_everything(void **state)
{
	struct manifest m;
	struct err e;

	(void)state;
	assert_ok(load("cardadm: campaign/1\n"
		       "name: spring-2027\n"
		       "serial: 12\n"
		       "expires: 2027-12-31\n"
		       "keystore: /etc/keys.yaml\n"
		       "keys: fleet-a\n"
		       "key-version: 3F\n"
		       "domain: A000000003000000\n"
		       "level: 33\n"
		       "s16: true\n"
		       "cards:\n"
		       "  directory: ../cards\n"
		       "mode: broadcast\n"
		       "via: change-mode\n"
		       "bundle: b\n"
		       "authorize: later\n"
		       "allow-literal-mac: true\n"
		       "limits: {failures: 5, authentications: 0}\n",
		      &m, &e),
	    &e);
	assert_string_equal(m.keystore, "/etc/keys.yaml");
	assert_string_equal(m.cards_as_written, "../cards");
	assert_string_equal(m.keys, "fleet-a");
	assert_int_equal(m.serial, 12);
	assert_int_equal(m.expires, 20271231);
	assert_int_equal(m.key_version, 0x3F);
	assert_true(m.domain.n == 8 && m.domain.b[4] == 3);
	assert_int_equal(m.level, 0x33);
	assert_int_equal(m.s16, 1);
	assert_int_equal(m.authorize, AUTHORIZE_LATER);
	assert_true(m.allow_literal_mac);
	assert_int_equal(m.limit_failures, 5);
	assert_int_equal(m.limit_authentications, 0);
	assert_ok(load(LEAST "level: 03\ns16: false\n", &m, &e), &e);
	assert_int_equal(m.level, 0x03);
	assert_int_equal(m.s16, 0);
	assert_ok(load(LEAST "level: 13\n", &m, &e), &e);
	assert_int_equal(m.level, 0x13);
}

static void test_refused(void **state)
{
	/* `text` comes after the least manifest, so in line 7, unless it is a whole one. */
	static const struct {
		const char *text, *want, *hint;
	} bad[] = {
		{ "cardadm: keystore/1\n", "1:10: another kind of file", "" },
		{ "cardadm: campaign/2\n", "1:10: another version", "" },
		{ "name: demo\n", "1:1: the first key must be `cardadm: campaign/1`", "" },
		{ "cardadm: campaign/1\nname: demo\n", "1:1: `keystore` is missing", "" },
		{ "cardadm: campaign/1\nname: demo\nkeystore: k\nbundle: b\nmode: broadcast\n",
		    "1:1: `cards` is missing", "" },
		{ "cardadm: campaign/1\nname: demo\n  bundel: app.bundle\n", "3:9: ", "" },
		{ "cardadm: campaign/1\nname: a b\n", "2:7: `name` must be a name of 1 to 127",
		    "" },
		{ "cardadm: campaign/1\nmode: unicats\n",
		    "2:7: `mode` must be one of: broadcast, unicast", "did you mean `unicast`?" },
		{ "cardadm: campaign/1\nname: demo\nkeystore: k\ncards: {directory: f}\nmode: "
		  "unicast\n"
		  "bundle: b\n",
		    "6:1: `bundle` goes with `mode: broadcast` only", "" },
		{ "cardadm: campaign/1\nname: demo\nkeystore: k\ncards: {directory: f}\nmode: "
		  "unicast\n",
		    "5:7: `steps` is missing, which `mode: unicast` needs", "" },
		{ "cardadm: campaign/1\nname: demo\nkeystore: k\ncards: {directory: f}\nmode: "
		  "broadcast\n",
		    "5:7: `bundle` is missing, which `mode: broadcast` needs", "" },
		{ LEAST "steps: [lock: {card: true}]\n",
		    "7:1: `steps` goes with `mode: unicast` only", "" },
		{ STEPS "  - lock: {card: true}\nauthorize: later\n",
		    "8:1: `authorize` goes with `mode: broadcast` only", "" },
		{ STEPS "  lock: {card: true}\n", "7:3: `steps` must be a list", "" },
		{ STEPS "  []\n", "7:3: `steps` must have 1 to 64 values, and has 0", "" },
		{ STEPS "  - lock\n", "7:5: `steps` must be a list of maps", "" },
		{ "cardadm: campaign/1\ncards: fleet\n", "2:8: `cards` must be a map", "" },
		{ "cardadm: campaign/1\ncards: {}\n", "1:1: `name` is missing", "" },
		{ LEAST_BUT_CARDS "cards: {}\n", "6:8: `directory` or `readers` is missing", "" },
		{ LEAST_BUT_CARDS "cards: {directory: f, readers: [a]}\n",
		    "6:32: `directory` and `readers` exclude each other", "" },
		{ LEAST_BUT_CARDS "cards: {readers: a}\n", "6:18: `readers` must be a list", "" },
		{ LEAST_BUT_CARDS "cards: {readers: []}\n",
		    "6:18: `readers` must have 1 to 32 values, and has 0", "" },
		{ LEAST_BUT_CARDS "cards: {readers: [a, b, a]}\n",
		    "6:25: this reader stands here twice", "" },
		{ LEAST_BUT_CARDS "cards: {readers: [[a]]}\n",
		    "6:19: `readers` must be a list of single values", "" },
		{ LEAST_BUT_CARDS "cards: {readers: ['']}\n",
		    "6:19: `readers` must be a list of single values", "" },
		{ LEAST_BUT_CARDS "cards: {readers: [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,"
				  "19,20,21,22,23,24,25,26,27,28,29,30,31,32,33]}\n",
		    "6:18: `readers` must have 1 to 32 values, and has 33", "" },
		{ "cardadm: campaign/1\ncards: {directry: f}\n", "2:9: unknown key `directry`",
		    "did you mean `directory`?" },
		{ "cardadm: campaign/1\ncards: {directory: ''}\n",
		    "2:20: `directory` must have 1 to 1024", "" },
		{ LEAST "bundel: app.bundle\n", "7:1: unknown key `bundel`",
		    "did you mean `bundle`?" },
		{ LEAST "bundle: app.bundle\n",
		    "7:1: `bundle` stands here for the second time, first in "
		    "line 6",
		    "" },
		{ LEAST "via: put-key\n", "7:6: via `put-key` is not supported",
		    "only `via: change-mode`" },
		{ LEAST "via: telepathy\n", "7:6: `via` must be one of: change-mode, put-key", "" },
		{ LEAST "level: 3\n", "7:8: `level` must be one of: 03, 13, 33", "" },
		{ LEAST "level: 01\n", "7:8: `level` must be one of", "" },
		{ LEAST "s16: 1\n", "7:6: `s16` must be one of: false, true", "" },
		{ LEAST "key-version: 00\n",
		    "7:14: `key-version` must be one octet in hex, 01 to FF", "" },
		{ LEAST "sd: A000000003\ndomain: A000000003\n",
		    "8:1: `sd` and `domain`, as it was called before, are one", "" },
		{ LEAST "domain: A000\n", "7:9: `domain` must be 5 to 16 octets in hex", "" },
		{ LEAST "key-version: 256\n", "7:14: `key-version` must be", "" },
		{ LEAST "expires: 31.12.2027\n", "7:10: `expires` must be a date", "" },
		{ LEAST "serial: 0\n", "7:9: `serial` must be a number from 1", "" },
		{ LEAST "authorize: never\n", "7:12: `authorize` must be one of: now, later", "" },
		{ LEAST "allow-literal-mac: on\n",
		    "7:20: `allow-literal-mac` must be true or false", "" },
		{ LEAST "limits: 3\n", "7:9: `limits` must be a map", "" },
		{ LEAST "limits: {failure: 3}\n", "7:10: unknown key `failure`",
		    "did you mean `failures`?" },
		{ LEAST "limits: {failures: -1}\n", "7:20: `failures` must be a number from 0",
		    "" },
		{ LEAST "keys: ../x\n", "7:7: `keys` must be a name of 1 to 63", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char want[256];
		struct manifest m;
		struct err e;

		snprintf(want, sizeof(want), "%s:%s", path, bad[i].want);
		assert_int_equal(load(bad[i].text, &m, &e), -1);
		if (e.code != ERR_INPUT || strncmp(e.text, want, strlen(want)) != 0 ||
		    strncmp(e.hint, bad[i].hint, strlen(bad[i].hint)) != 0)
			fail_msg("%s\n gave: %s (%s)\n want: %s (%s)", bad[i].text, e.text, e.hint,
			    want, bad[i].hint);
	}
}

/* What steps there are is told by whoever reads them. */
static int take_step(
    void *ctx, const struct doc *d, const struct node *v, const char *beside, struct err *e)
{
	size_t *n = ctx;

	assert_string_equal(beside, path);
	if (++*n == 3)
		return doc_error(d, v, e, "the third is refused");
	return 0;
}

static void test_steps(void **state)
{
	size_t n = 0;
	const struct manifest_steps steps = { take_step, &n };
	struct manifest m;
	struct err e;

	(void)state;
	assert_ok(load(STEPS "  - anything: {here: 1}\n  - {}\n", &m, &e), &e);
	assert_int_equal(m.mode, MODE_UNICAST);
	assert_int_equal(m.step_n, 2);
	assert_ok(manifest_load(path, &steps, &m, &e), &e);
	assert_int_equal(n, 2);
	n = 0;
	assert_int_equal(load(STEPS "  - {}\n  - {}\n  - {}\n", &m, &e), 0);
	assert_int_equal(manifest_load(path, &steps, &m, &e), -1);
	assert_non_null(strstr(e.text, ":9:5: the third is refused"));
}

static void test_not_there(void **state)
{
	struct manifest m;
	struct err e;

	(void)state;
	assert_int_equal(manifest_load("/nowhere/c.yaml", NULL, &m, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.text, "/nowhere/c.yaml"));
	assert_int_equal(manifest_load("/tmp", NULL, &m, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_least),
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_readers),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_not_there),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
