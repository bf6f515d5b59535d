/*
 * What an X.509 certificate must say to be a card's, or that of an off-card entity (Amendment F
 * 6.2): key agreement, one role and that one, and nothing that makes it a server's for TLS. Made
 * with OpenSSL itself, since lib/crypto makes none that are wrong.
 */
#include "unit.h"

#include <openssl/x509v3.h>

#include "crypto/ec_openssl.h"
#include "gp/cert.h"

#define ROLE "1.2.840.114283.100.0.10.2.1."
enum { NOW = 1795262400, DAY = 86400 };

struct says {
	const char *usage, *policies, *purposes; /* NULL: the extension is not there */
	enum cert_verdict verdict;
};

static void add(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;

	if (value == NULL)
		return;
	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, NULL, x, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(ext);
	assert_int_equal(X509_add_ext(x, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

/* Object identifiers, blanks between them. */
static void add_policies(X509 *x, const char *list)
{
	STACK_OF(POLICYINFO) *all = sk_POLICYINFO_new_null();
	char text[160], *rest = text, *one;

	if (list != NULL) {
		snprintf(text, sizeof(text), "%s", list);
		while ((one = strsep(&rest, " ")) != NULL) {
			POLICYINFO *p = POLICYINFO_new();

			p->policyid = OBJ_txt2obj(one, 1);
			assert_non_null(p->policyid);
			assert_true(sk_POLICYINFO_push(all, p) > 0);
		}
		assert_int_equal(X509_add1_ext_i2d(x, NID_certificate_policies, all, 1, 0), 1);
	}
	sk_POLICYINFO_pop_free(all, POLICYINFO_free);
}

static void put(struct wr *w, const struct says *s, const struct ec_private *ca)
{
	EVP_PKEY *signer = ec_private_key(ca), *key;
	X509 *x = X509_new();
	unsigned char *der = NULL;
	struct ec_private own;
	struct ec_public pub;
	int n;

	assert_true(ec_generate(EC_P256, &own) && ec_public_of(&own, &pub));
	key = ec_public_key(&pub);
	assert_int_equal(X509_set_version(x, X509_VERSION_3), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(x), 7), 1);
	assert_non_null(ASN1_TIME_set(X509_getm_notBefore(x), NOW - DAY));
	assert_non_null(ASN1_TIME_set(X509_getm_notAfter(x), NOW + DAY));
	assert_int_equal(X509_set_pubkey(x, key), 1);
	add(x, NID_key_usage, s->usage);
	add_policies(x, s->policies);
	add(x, NID_ext_key_usage, s->purposes);
	assert_true(X509_sign(x, signer, EVP_sha256()) > 0);
	n = i2d_X509(x, &der);
	assert_true(n > 0);
	wr_bytes(w, der, (size_t)n);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	EVP_PKEY_free(signer);
	X509_free(x);
}

static const struct says leaves[] = {
	{ "critical,keyAgreement", ROLE "10", NULL, CERT_OK },
	{ "keyAgreement", ROLE "10 1.3.6.1.4.1.99999.1", NULL, CERT_OK },
	{ "keyAgreement", ROLE "10", "anyExtendedKeyUsage", CERT_OK },
	{ NULL, ROLE "10", NULL, CERT_WRONG_USAGE },
	{ "digitalSignature", ROLE "10", NULL, CERT_WRONG_USAGE },
	{ "keyAgreement", NULL, NULL, CERT_WRONG_ROLE },
	{ "keyAgreement", "1.3.6.1.4.1.99999.1", NULL, CERT_WRONG_ROLE },
	{ "keyAgreement", ROLE "0", NULL, CERT_WRONG_ROLE },
	{ "keyAgreement", ROLE "10 " ROLE "0", NULL, CERT_WRONG_ROLE },
	{ "keyAgreement", ROLE "0 " ROLE "10", NULL, CERT_WRONG_ROLE },
	{ "keyAgreement", ROLE "10.1", NULL, CERT_WRONG_ROLE },
	{ "keyAgreement", ROLE "10.0", NULL, CERT_WRONG_ROLE },
	{ "keyAgreement", ROLE "4294967306", NULL, CERT_WRONG_ROLE },
	{ "keyAgreement", ROLE "10", "serverAuth", CERT_WRONG_USAGE },
	{ "keyAgreement", ROLE "10", "clientAuth", CERT_WRONG_USAGE },
	{ "keyAgreement", ROLE "10", "anyExtendedKeyUsage,serverAuth", CERT_WRONG_USAGE },
};

static void test_leaf_of_a_card(void **state)
{
	struct cert_anchor anchor = { 0 };
	const struct cert_check check = { &anchor, 1, NOW, X509_ROLE_SD };
	struct ec_private ca;

	(void)state;
	assert_true(ec_generate(EC_P256, &ca) && ec_public_of(&ca, &anchor.key));
	for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
		uint8_t room[1024];
		struct wr w = wr_fixed(room, sizeof(room));
		struct cert leaf;
		size_t at;

		put(&w, &leaves[i], &ca);
		assert_int_equal(
		    cert_chain_check(wr_span(&w), &check, &leaf, &at), leaves[i].verdict);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leaf_of_a_card),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
