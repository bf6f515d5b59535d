/* Key stores: entries of third parties on the card, grantor, party, domain-key: what they must
 * have, and which keys may not be one. The EC keys are those of RFC 9500 and small scalars. */
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "keystore/keystore.h"

#define HEAD "cardadm: keystore/1\nkeys:\n"
#define SECRET "404142434445464748494A4B4C4D4E4F"
/* Two scalars on P-256, the public key of the first. */
#define ONE "0000000000000000000000000000000000000000000000000000000000000001"
#define TWO "0000000000000000000000000000000000000000000000000000000000000002"
#define G \
	"046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296" \
	"4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"
/* testECCP256 */
#define SCALAR "E6CB5BDD80AA45AE9C95E8C15476679FFEC953C16851E711E743939589C64FC1"

static char dir[] = "/tmp/keystore_party_test.XXXXXX";
static char path[64];

static void put(const char *name, const char *text, mode_t mode)
{
	char to[128];
	FILE *f;

	snprintf(to, sizeof(to), "%s/%s", dir, name);
	f = fopen(to, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(to, mode), 0);
}

static void copy(const char *name, mode_t mode)
{
	char from[128], text[4096];
	size_t n;
	FILE *f;

	snprintf(from, sizeof(from), "test/vectors/rfc9500/%s", name);
	f = fopen(from, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	put(name, text, mode);
}

static int open_text(const char *text, struct keystore **ks, struct err *e)
{
	put("keys.yaml", text, 0600);
	return keystore_open(path, ks, e);
}

static void test_clear(void **state)
{
	struct err e = { 0 };
	struct keystore *ks;
	const struct entry *t;
	struct ec_public k;

	(void)state;
	assert_ok(
	    open_text(HEAD
		"  op: {type: grantor, test: true, curve: p-256, private: {hex: " ONE "}}\n"
		"  is: {type: grantor, test: true, curve: p-256, private: {hex: " TWO "}}\n"
		"  a: {type: party, form: signing, curve: p-256, public: {hex: " G "}}\n"
		"  b: {type: party, form: agreement, test: true, private: {hex: " TWO
		"}, curve: p-256}\n"
		"  w: {type: domain-key, test: true, value: {hex: " SECRET ", kcv: 504A77}}\n",
		&ks, &e),
	    &e);
	assert_ok(keystore_find(ks, ENTRY_GRANTOR, "op", &t, &e), &e);
	assert_true(entry_point(t, &k));
	assert_span(ec_public_span(&k), unit_bytes(G));
	assert_int_equal(t->ec.n, 32);
	assert_int_equal(t->ec.b[31], 1);
	assert_ok(keystore_find(ks, ENTRY_PARTY, "a", &t, &e), &e);
	assert_false(t->agreement);
	assert_int_equal(t->ec.n, 0);
	assert_true(entry_point(t, &k));
	assert_ok(keystore_find(ks, ENTRY_PARTY, "b", &t, &e), &e);
	assert_true(t->agreement);
	assert_int_equal(t->ec.b[31], 2);
	assert_ok(keystore_find(ks, ENTRY_DOMAIN_KEY, NULL, &t, &e), &e);
	assert_span(key_span(&t->secret), unit_bytes(SECRET));
	keystore_close(ks);
}

/* PEM, and hex in files. What is public is there at once, what is not when it is asked for; but a
 * grantor of which only the private half is here must be known by its public one. */
static void test_files(void **state)
{
	struct err e = { 0 };
	struct keystore *ks;
	const struct entry *t;

	(void)state;
	copy("ECP256.pem", 0600);
	copy("ECP256.pub.pem", 0644);
	put("scalar.hex", SCALAR "\n", 0600);
	assert_ok(open_text(HEAD "  g: {type: grantor, private: {file: ECP256.pem}}\n"
				 "  p: {type: party, form: signing, private: {file: ECP256.pem}, "
				 "public: {file: ECP256.pub.pem}}\n",
		      &ks, &e),
	    &e);
	t = keystore_at(ks, 0);
	assert_int_equal(t->public_n, 65);
	t = keystore_at(ks, 1);
	assert_int_equal(t->public_n, 65);
	assert_int_equal(t->ec.n, 0); /* not asked for */
	assert_ok(keystore_read(ks, 1, &e), &e);
	assert_span(span_of(t->ec.b, t->ec.n), unit_bytes(SCALAR));
	keystore_close(ks);
	assert_ok(
	    open_text(HEAD "  g: {type: grantor, curve: p-256, private: {file: "
			   "scalar.hex}}\n"
			   "  p: {type: party, form: agreement, private: {file: ECP256.pem}}\n",
		&ks, &e),
	    &e);
	assert_ok(keystore_find(ks, ENTRY_GRANTOR, NULL, &t, &e), &e);
	assert_span(span_of(t->ec.b, t->ec.n), unit_bytes(SCALAR));
	t = keystore_at(ks, 1);
	assert_int_equal(t->public_n, 0); /* of a party nothing is read before */
	assert_ok(keystore_find(ks, ENTRY_PARTY, NULL, &t, &e), &e);
	assert_int_equal(t->public_n, 65);
	keystore_close(ks);
}

/* What is shown is what requests, grants and cards name the key by. */
static void test_shown(void **state)
{
	json_t *file = unit_json("test/vectors/containers.json");
	const json_t *keys = json_array_get(json_object_get(file, "cases"), 0);
	const json_t *request = json_array_get(json_object_get(file, "cases"), 2);
	const json_t *public = json_object_get(keys, "public");
	char text[1024];
	struct entry_shown x;
	struct err e = { 0 };
	struct keystore *ks;

	(void)state;
	snprintf(text, sizeof(text),
	    HEAD "  op: {type: grantor, curve: p-256, public: {hex: %s}}\n"
		 "  acme: {type: party, form: signing, curve: p-256, public: {hex: %s}}\n",
	    unit_str(public, "operator"), unit_str(public, "acme"));
	assert_ok(open_text(text, &ks, &e), &e);
	assert_true(entry_show(keystore_at(ks, 0), &x));
	assert_string_equal(x.algorithm, "EC p-256");
	assert_int_equal(x.bits, 0);
	assert_true(x.has_fingerprint);
	assert_span(SPAN(x.fingerprint), unit_hex(keys, "operator_name_42"));
	assert_true(entry_show(keystore_at(ks, 1), &x));
	assert_span(SPAN(x.fingerprint), unit_hex(request, "fingerprint"));
	keystore_close(ks);
	json_decref(file);
}

#define GRANTOR(k) "  g: {type: grantor, test: true, curve: p-256, private: {hex: " k "}}\n"
#define CA(type, k) "  c: {type: " type ", test: true, private: {hex: " k "}}\n"

static const struct {
	const char *text, *want; /* NULL: it is good */
} stores[] = {
	{ GRANTOR(ONE) CA("ca", TWO), NULL },
	{ GRANTOR(ONE) CA("ca", ONE), "`g` of type grantor has the same public key" },
	{ CA("ca", ONE) GRANTOR(ONE), "`c` of type ca has the same public key" },
	{ CA("oce-ca", ONE) GRANTOR(ONE), "`c` of type oce-ca has the same public key" },
	{ "  c: {type: ca, public: " G "}\n" GRANTOR(ONE), "the same public key" },
	{ CA("ca", ONE) "  g: {type: grantor, curve: p-256, public: {hex: " G "}}\n",
	    "the same public key" },
	{ GRANTOR(ONE) "  h: {type: grantor, curve: p-256, public: {hex: " G "}}\n",
	    "`g` has the same public key" },
	{ GRANTOR(ONE) "  p: {type: party, form: signing, curve: p-256, public: {hex: " G "}}\n",
	    NULL },
	{ "  g: {type: grantor}\n", "is here" },
	{ "  g: {type: grantor, value: {hex: " SECRET "}}\n", "value" },
	{ "  g: {type: grantor, form: signing, curve: p-256, public: {hex: " G "}}\n", "form" },
	{ "  g: {type: grantor, curve: p-256, private: {hex: " ONE "}}\n", "test: true" },
	{ "  g: {type: grantor, curve: p-384, public: {hex: " G "}}\n", "p-384" },
	{ "  p: {type: party, curve: p-256, public: {hex: " G "}}\n", "form" },
	{ "  p: {type: party, form: m, curve: p-256, public: {hex: " G "}}\n", "form" },
	{ "  p: {type: party, form: signing, test: true, curve: p-256, public: {hex: " G
	  "}, private: {hex: " TWO "}}\n",
	    "do not belong together" },
	{ "  p: {type: party, form: signing, public: {file: ECP384.pub.pem}}\n",
	    "not a key on P-256" },
	{ "  p: {type: party, form: signing, public: {file: RSA1024.pub.pem}}\n",
	    "not a key on P-256" },
	{ "  p: {type: party, form: signing, public: {file: none.pem}}\n", "none.pem" },
	{ "  w: {type: domain-key}\n", "value" },
	{ "  w: {type: domain-key, test: true, value: {hex: " SECRET "00}}\n", "16, 24 or 32" },
};

static void test_stores(void **state)
{
	(void)state;
	copy("ECP384.pub.pem", 0644);
	copy("RSA1024.pub.pem", 0644);
	for (size_t i = 0; i < sizeof(stores) / sizeof(stores[0]); i++) {
		char text[1024];
		struct keystore *ks;
		struct err e = { 0 };
		int rc;

		snprintf(text, sizeof(text), HEAD "%s", stores[i].text);
		rc = open_text(text, &ks, &e);
		if (stores[i].want == NULL) {
			assert_ok(rc, &e);
			keystore_close(ks);
			continue;
		}
		if (rc == 0 || strstr(e.text, stores[i].want) == NULL)
			fail_msg("%s: %s", stores[i].text, rc == 0 ? "taken" : e.text);
		assert_int_equal(e.code, ERR_INPUT);
	}
}

/* A private key that is of no use is found out when it is read, and nothing of it is left. */
static void test_private_in_file(void **state)
{
	struct err e = { 0 };
	struct keystore *ks;
	const struct entry *t;

	(void)state;
	copy("ECP384.pem", 0600);
	copy("ECP256.pub.pem", 0644);
	put("two.hex", TWO "\n", 0600);
	assert_ok(open_text(HEAD
		      "  a: {type: party, form: signing, private: {file: ECP384.pem}}\n"
		      "  b: {type: party, form: signing, curve: p-256, private: {file: two.hex}, "
		      "public: {file: ECP256.pub.pem}}\n",
		      &ks, &e),
	    &e);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(keystore_read(ks, i, &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
		t = keystore_at(ks, i);
		assert_int_equal(t->ec.n, 0);
	}
	keystore_close(ks);
	/* Others can read it. */
	copy("ECP256.pem", 0644);
	assert_int_equal(
	    open_text(HEAD "  g: {type: grantor, private: {file: ECP256.pem}}\n", &ks, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
}

static int make_dir(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/keys.yaml", dir);
	return 0;
}

static int remove_dir(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clear),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_stores),
		cmocka_unit_test(test_private_in_file),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
