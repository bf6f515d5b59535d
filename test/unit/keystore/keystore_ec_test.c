/* Key stores: entries of SCP11, oce and ca: what they must have, and what does not go together. */
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "keystore/keystore.h"

#define HEAD "cardadm: keystore/1\nkeys:\n"
/* Two scalars on P-256, the public key of the first. */
#define ONE "0000000000000000000000000000000000000000000000000000000000000001"
#define TWO "0000000000000000000000000000000000000000000000000000000000000002"
#define G \
	"046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296" \
	"4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"
#define ORDER "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"
#define PRIVATE(k) "test: true, private: {hex: " k "}"

static char path[] = "/tmp/keystore_ec_test.yaml.XXXXXX";

static int open_text(const char *text, struct keystore **ks, struct err *e)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(path, 0600), 0);
	return keystore_open(path, ks, e);
}

static void test_good(void **state)
{
	struct keystore *ks;
	const struct entry *t;
	struct ec_public p;
	struct err e = { 0 };

	(void)state;
	assert_ok(open_text(HEAD "  us: {type: oce, " PRIVATE(
				TWO) ", certificates: {hex: 7F2100}}\n"
				     "  them: {type: ca, public: " G ", identifier: 434131}\n"
				     "  house: {type: ca, " PRIVATE(TWO) "}\n",
		      &ks, &e),
	    &e);
	assert_ok(keystore_find(ks, ENTRY_OCE, NULL, &t, &e), &e);
	assert_int_equal(t->ec.n, 32);
	assert_int_equal(t->ec.b[31], 2);
	assert_span(t->certs, unit_bytes("7F2100"));
	assert_true(entry_point(t, &p));
	assert_ok(keystore_find(ks, ENTRY_CA, "them", &t, &e), &e);
	assert_int_equal(t->ec.n, 0);
	assert_true(entry_point(t, &p));
	assert_span(ec_public_span(&p), unit_bytes(G));
	assert_memory_equal(t->identifier.b, "CA1", 3);
	assert_ok(keystore_find(ks, ENTRY_CA, "house", &t, &e), &e);
	assert_int_equal(t->public_n, 65);
	keystore_close(ks);
}

static void test_bad(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "  a: {type: oce, " PRIVATE(ONE) "}\n", "`certificates` is missing" },
		{ "  a: {type: oce, certificates: {hex: 7F2100}}\n", "`private` is missing" },
		{ "  a: {type: oce, private: {hex: " ONE "}, certificates: {hex: 7F2100}}\n",
		    "not marked `test: true`" },
		{ "  a: {type: oce, " PRIVATE(ONE) ", certificates: {hex: 7F 21 00}}\n",
		    "`hex` is not an even number of hex digits" },
		{ "  a: {type: oce, " PRIVATE(ONE) ", certificates: {hex: 7F210}}\n",
		    "`hex` is not an even number" },
		{ "  a: {type: oce, " PRIVATE(ONE) ", certificates: {}}\n",
		    "`certificates` must be {file: NAME} or {hex: VALUE}" },
		{ "  a: {type: oce, " PRIVATE(ONE) ", public: " G
						   ", certificates: {hex: 7F2100}}\n",
		    "unknown key `public`" },
		{ "  a: {type: oce, " PRIVATE(ORDER) ", certificates: {hex: 7F2100}}\n",
		    "not a private key on p-256" },
		{ "  a: {type: oce, curve: p-384, " PRIVATE(ONE) ", certificates: {hex: 7F2100}}\n",
		    "not a private key on p-384" },
		{ "  a: {type: oce, curve: p-224, " PRIVATE(ONE) ", certificates: {hex: 7F2100}}\n",
		    "must be one of: p-256, p-384, brainpoolp256r1" },
		{ "  a: {type: ca}\n", "none of `public`, `certificate` and `private`" },
		{ "  a: {type: ca, curve: brainpoolp256r1, public: " G "}\n",
		    "not a public key on brainpoolp256r1" },
		{ "  a: {type: ca, public: " G ", " PRIVATE(TWO) "}\n",
		    "private and public key do not belong together" },
		{ "  a: {type: ca, certificate: {hex: 3000}}\n", "not one X.509 certificate" },
		{ "  a: {type: ca, public: " G "}\n  b: {type: ca, " PRIVATE(ONE) "}\n",
		    "`a` has the same public key" },
		{ "  a: {type: ca, certificate: {file: none.pem}}\n", "none.pem: cannot open" },
	};
	struct keystore *ks;
	char text[2048];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { 0 };

		snprintf(text, sizeof(text), "%s%s", HEAD, rows[i].text);
		assert_int_equal(open_text(text, &ks, &e), -1);
		assert_int_equal(e.code, ERR_INPUT);
		if (strstr(e.text, rows[i].want) == NULL)
			fail_msg("row %zu: %s", i, e.text);
		assert_null(ks);
	}
}

/* The certificate of a ca: its key comes from it, another's key is refused, and so is a leaf. */
static void test_ca_certificate(void **state)
{
	struct ec_private one, two;
	struct ec_public pub;
	struct x509_make m = { .subject = "CA",
		.issuer = "CA",
		.serial = { 1, { 7 } },
		.from = 1577836800,
		.until = 4102444800,
		.role = X509_ROLE_CA_KLCC };
	char hex[2048], text[4096];
	uint8_t room[1024];
	struct wr w = wr_fixed(room, sizeof(room));
	const struct entry *t;
	struct keystore *ks;
	struct err e = { 0 };

	(void)state;
	assert_true(ec_private_from(&one, EC_P256, unit_bytes(ONE)));
	assert_true(ec_private_from(&two, EC_P256, unit_bytes(TWO)));
	assert_true(ec_public_of(&one, &pub));
	m.key = &pub;
	m.signer = &one;
	assert_true(x509_put(&w, &m));
	hex_put(wr_span(&w), hex, sizeof(hex));
	snprintf(text, sizeof(text), "%s  a: {type: ca, certificate: {hex: %s}}\n", HEAD, hex);
	assert_ok(open_text(text, &ks, &e), &e);
	assert_ok(keystore_find(ks, ENTRY_CA, NULL, &t, &e), &e);
	assert_span(span_of(t->public, t->public_n), unit_bytes(G));
	assert_span(t->certs, wr_span(&w));
	keystore_close(ks);
	snprintf(text, sizeof(text), "%s  a: {type: ca, %s, certificate: {hex: %s}}\n", HEAD,
	    PRIVATE(TWO), hex);
	assert_int_equal(open_text(text, &ks, &e), -1);
	assert_non_null(strstr(e.text, "the certificate is of another key"));
	wr_reset(&w);
	m.role = X509_ROLE_OCE;
	assert_true(x509_put(&w, &m));
	hex_put(wr_span(&w), hex, sizeof(hex));
	snprintf(text, sizeof(text), "%s  a: {type: ca, certificate: {hex: %s}}\n", HEAD, hex);
	assert_int_equal(open_text(text, &ks, &e), -1);
	assert_non_null(strstr(e.text, "not of one that signs others"));
}

static int clean(void **state)
{
	(void)state;
	unlink(path);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_ca_certificate),
	};
	int fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	return cmocka_run_group_tests(tests, NULL, clean);
}
