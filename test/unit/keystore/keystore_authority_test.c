/* Key stores: entries of dap, token and receipt: what they must have, and what does not go
 * together. The keys are those of RFC 9500. */
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "keystore/keystore.h"

#define HEAD "cardadm: keystore/1\nkeys:\n"
#define SECRET "404142434445464748494A4B4C4D4E4F"
/* testECCP256 */
#define SCALAR "E6CB5BDD80AA45AE9C95E8C15476679FFEC953C16851E711E743939589C64FC1"
#define POINT \
	"04422548F88FB782FFB5ECA3744452C72A1E558FBD6F73BE5E48E93232CC45C5B1" \
	"6C4CD10C4CB8D5B8A17139E94882C8992572993425F41419AB7E90A42A494272"

static char dir[] = "/tmp/keystore_authority_test.XXXXXX";
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

/* A file of test/vectors/rfc9500, copied beside the store. */
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
	uint8_t room[128], f[FINGERPRINT_SIZE], kcv[3];
	struct wr sig = wr_fixed(room, sizeof(room));
	struct err e = { 0 };
	struct keystore *ks;
	const struct entry *t;

	(void)state;
	assert_ok(open_text(HEAD "  a: {type: dap, test: true, curve: p-256, "
				 "private: {hex: " SCALAR "}, public: {hex: " POINT "}}\n"
				 "  b: {type: dap, curve: p-256, public: {hex: " POINT "}}\n"
				 "  c: {type: token, test: true, value: {hex: " SECRET "}}\n"
				 "  d: {type: receipt, test: true, cipher: des, value: "
				 "{hex: " SECRET ", kcv: 8BAF47}}\n",
		      &ks, &e),
	    &e);
	assert_ok(keystore_find(ks, ENTRY_DAP, "a", &t, &e), &e);
	assert_false(t->in_files);
	assert_true(authority_signs(&t->authority));
	assert_true(authority_sign(&t->authority, span_str("x"), &sig));
	assert_ok(keystore_find(ks, ENTRY_DAP, "b", &t, &e), &e);
	assert_false(authority_signs(&t->authority));
	assert_true(authority_verify(&t->authority, span_str("x"), wr_span(&sig)));
	assert_true(entry_fingerprint(t, f));
	assert_span(SPAN(f), unit_bytes("B2B04340CFAEE616"));
	assert_ok(keystore_find(ks, ENTRY_TOKEN, NULL, &t, &e), &e);
	assert_int_equal(t->authority.kind, AUTHORITY_AES);
	assert_false(entry_fingerprint(t, f));
	assert_true(entry_check_value(t, &t->secret, kcv));
	assert_span(SPAN(kcv), unit_bytes("504A77"));
	assert_ok(keystore_find(ks, ENTRY_RECEIPT, NULL, &t, &e), &e);
	assert_int_equal(t->authority.kind, AUTHORITY_DES);
	assert_true(entry_check_value(t, &t->secret, kcv));
	assert_span(SPAN(kcv), unit_bytes("8BAF47"));
	keystore_close(ks);
}

static void test_files(void **state)
{
	static const char *const names[] = { "RSA1024", "RSA2048", "ECP256", "ECP384", "ECP521" };
	static const unsigned bits[] = { 1024, 2048, 256, 384, 521 };
	char text[512], pem[64];
	struct err e = { 0 };
	struct keystore *ks;
	const struct entry *t;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(pem, sizeof(pem), "%s.pem", names[i]);
		copy(pem, 0600);
		snprintf(pem, sizeof(pem), "%s.pub.pem", names[i]);
		copy(pem, 0644); /* public: any mode */
		snprintf(text, sizeof(text),
		    HEAD
		    "  a: {type: token, private: {file: %s.pem}}\n"
		    "  b: {type: token, public: {file: %s.pub.pem}}\n"
		    "  c: {type: token, private: {file: %s.pem}, public: {file: %s.pub.pem}}\n",
		    names[i], names[i], names[i], names[i]);
		assert_ok(open_text(text, &ks, &e), &e);
		t = keystore_at(ks, 0);
		assert_true(t->in_files);
		assert_int_equal(t->authority.kind, AUTHORITY_NONE); /* not asked for */
		for (size_t k = 0; k < 3; k++) {
			assert_ok(keystore_read(ks, k, &e), &e);
			t = keystore_at(ks, k);
			assert_int_equal(authority_bits(&t->authority), bits[i]);
			assert_int_equal(authority_signs(&t->authority), k != 1);
		}
		keystore_close(ks);
	}
	/* secret keys and scalars in hex, in files */
	put("value.hex", SECRET "\n", 0600);
	put("scalar.hex", SCALAR "\n", 0600);
	assert_ok(
	    open_text(HEAD "  a: {type: receipt, value: {file: value.hex, kcv: 504A77}}\n"
			   "  b: {type: receipt, curve: p-256, private: {file: scalar.hex}}\n",
		&ks, &e),
	    &e);
	assert_ok(keystore_find(ks, ENTRY_RECEIPT, "a", &t, &e), &e);
	assert_int_equal(t->authority.kind, AUTHORITY_AES);
	assert_ok(keystore_find(ks, ENTRY_RECEIPT, "b", &t, &e), &e);
	assert_int_equal(t->authority.kind, AUTHORITY_EC);
	keystore_close(ks);
}

static void test_refused(void **state)
{
	static const struct {
		const char *entry, *text;
	} rows[] = {
		{ "{type: dap, test: true}",
		    "3:6: none of `value`, `private` and `public` is here" },
		{ "{type: dap, test: true, value: {hex: " SECRET "}, curve: p-256}",
		    "`value` is of a secret key: `curve` does not go with it" },
		{ "{type: dap, test: true, value: {hex: " SECRET "}, private: {file: x}}",
		    "`value` is of a secret key: `private` does not go with it" },
		{ "{type: dap, test: true, value: {hex: " SECRET "}, public: {file: x}}",
		    "`value` is of a secret key: `public` does not go with it" },
		{ "{type: dap, cipher: aes, public: {file: x}}", "`cipher` is for a `value`" },
		{ "{type: dap, test: true, cipher: des, value: {hex: " SECRET SECRET "}}",
		    "a triple DES key has 16 octets, this one 32" },
		{ "{type: dap, test: true, cipher: rsa, value: {hex: " SECRET "}}",
		    "`cipher` must be one of: aes, des" },
		{ "{type: dap, test: true, cipher: des, value: {hex: " SECRET ", kcv: 504A77}}",
		    "the value has key check value 8BAF47, not the kcv stated" },
		{ "{type: dap, value: {hex: " SECRET "}}",
		    "a clear value in an entry that is not marked `test: true`" },
		{ "{type: dap, curve: p-256, private: {hex: " SCALAR "}}",
		    "a clear value in an entry that is not marked `test: true`" },
		{ "{type: dap, test: true, private: {hex: " SCALAR ", file: x}}",
		    "`private` must be {file: NAME} or {hex: VALUE}" },
		{ "{type: dap, test: true, public: {}}",
		    "`public` must be {file: NAME} or {hex: VALUE}" },
		{ "{type: dap, test: true, private: {hex: " SCALAR "}}",
		    "not a private RSA or EC key, in PEM or in hex of its DER" },
		{ "{type: dap, test: true, curve: p-384, private: {hex: " SCALAR "}}",
		    "not a private key on p-384, in PEM or hex" },
		{ "{type: dap, curve: p-256, public: {hex: " SCALAR "}}",
		    "not a public key on p-256, in PEM or hex" },
		{ "{type: dap, curve: p-256, public: {hex: " POINT "0}}",
		    "not a public key on p-256, in PEM or hex" },
		{ "{type: dap, test: true, curve: p-256, private: {hex: 00000000000000000000000000"
		  "00000000000000000000000000000000000001}, public: {hex: " POINT "}}",
		    "private and public key do not belong together" },
	};
	char text[1024];
	struct keystore *ks;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(text, sizeof(text), HEAD "  a: %s\n", rows[i].entry);
		assert_int_equal(open_text(text, &ks, &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
		if (strstr(e.text, rows[i].text) == NULL)
			fail_msg("row %zu: %s", i, e.text);
		assert_null(strstr(e.text, "4041"));
		assert_null(strstr(e.text, "E6CB"));
	}
}

/* What is wrong in files shows when they are read, with the place in the store and the path. */
static void test_refused_files(void **state)
{
	static const struct {
		const char *entry, *name, *content;
		mode_t mode;
		enum err_code code;
		const char *text;
	} rows[] = {
		{ "private: {file: x.pem}", NULL, NULL, 0, ERR_INPUT, "x.pem: cannot open" },
		{ "public: {file: x.pem}", NULL, NULL, 0, ERR_INPUT, "x.pem: cannot open" },
		{ "private: {file: x.pem}", "x.pem", "nothing", 0600, ERR_INPUT,
		    "x.pem: not a private RSA or EC key" },
		{ "private: {file: x.pem}", "x.pem", "", 0600, ERR_INPUT, "not a private RSA" },
		{ "private: {file: x.pem}", "x.pem", "-----BEGIN PRIVATE KEY-----\n", 0600,
		    ERR_INPUT, "not a private RSA" },
		{ "private: {file: ECP256.pem}", "x.pem", "", 0644, ERR_INPUT, "ECP256.pem" },
		{ "private: {file: ECP256.pub.pem}", "x.pem", "", 0600, ERR_INPUT,
		    "not a private RSA" },
		{ "public: {file: ECP384.pem}", "x.pem", "", 0600, ERR_INPUT, "not a public RSA" },
		{ "private: {file: ECP384.pem}, public: {file: ECP521.pub.pem}", "x.pem", "", 0600,
		    ERR_INPUT, "private and public key do not belong together" },
	};
	char text[256];
	struct keystore *ks;
	struct err e;

	(void)state;
	copy("ECP256.pub.pem", 0600);
	copy("ECP384.pem", 0600);
	copy("ECP521.pub.pem", 0600);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		copy("ECP256.pem", rows[i].mode == 0644 ? 0644 : 0600);
		if (rows[i].name != NULL)
			put(rows[i].name, rows[i].content, 0600);
		snprintf(text, sizeof(text), HEAD "  a: {type: dap, %s}\n", rows[i].entry);
		assert_ok(open_text(text, &ks, &e), &e);
		for (int again = 0; again < 2; again++) {
			assert_int_equal(keystore_read(ks, 0, &e), -1);
			assert_int_equal(e.code, rows[i].code);
			if (strstr(e.text, rows[i].text) == NULL)
				fail_msg("row %zu: %s", i, e.text);
			assert_int_equal(keystore_at(ks, 0)->authority.kind, AUTHORITY_NONE);
		}
		keystore_close(ks);
	}
}

static void test_test_store(void **state)
{
	static const enum authority_kind kinds[] = { AUTHORITY_EC, AUTHORITY_RSA, AUTHORITY_AES };
	char new_path[64];
	const struct entry *t;
	struct keystore *ks;
	struct err e;

	(void)state;
	snprintf(new_path, sizeof(new_path), "%s/new.yaml", dir);
	assert_ok(keystore_init_test(new_path, &e), &e);
	assert_ok(keystore_open(new_path, &ks, &e), &e);
	for (size_t i = 0; i < 3; i++) {
		assert_ok(keystore_find(ks, (enum entry_type)(ENTRY_DAP + i), NULL, &t, &e), &e);
		assert_true(t->test && entry_type_is_authority(t->type));
		assert_int_equal(t->authority.kind, kinds[i]);
		assert_true(authority_signs(&t->authority));
	}
	keystore_close(ks);
}

static int setup(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/keys.yaml", dir);
	return 0;
}

static int teardown(void **state)
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
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_refused_files),
		cmocka_unit_test(test_test_store),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
