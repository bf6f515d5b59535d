/* Making certificates: of virtual cards, and for tests. */
#include <stdio.h>
#include <time.h>

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "crypto/ec_openssl.h"
#include "crypto/x509.h"

bool x509_key_id(const struct ec_public *key, struct x509_id *out)
{
	unsigned int n;

	out->n = X509_ID_MAX;
	return EVP_Digest(key->b, key->n, out->b, &n, EVP_sha1(), NULL) == 1 && n == X509_ID_MAX;
}

static bool add_extension(X509 *x, int nid, const char *value)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;
	bool ok;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, NULL, x, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = ext != NULL && X509_add_ext(x, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok;
}

static bool add_key_ids(X509 *x, const struct ec_public *own, const struct ec_public *issuer)
{
	ASN1_OCTET_STRING *subject = ASN1_OCTET_STRING_new();
	AUTHORITY_KEYID *authority = AUTHORITY_KEYID_new();
	struct x509_id id;
	bool ok = subject != NULL && authority != NULL && x509_key_id(own, &id) &&
		  ASN1_OCTET_STRING_set(subject, id.b, id.n) == 1 &&
		  X509_add1_ext_i2d(x, NID_subject_key_identifier, subject, 0, 0) == 1;

	if (ok) {
		authority->keyid = ASN1_OCTET_STRING_new();
		ok = authority->keyid != NULL && x509_key_id(issuer, &id) &&
		     ASN1_OCTET_STRING_set(authority->keyid, id.b, id.n) == 1 &&
		     X509_add1_ext_i2d(x, NID_authority_key_identifier, authority, 0, 0) == 1;
	}
	AUTHORITY_KEYID_free(authority);
	ASN1_OCTET_STRING_free(subject);
	return ok;
}

/* Critical, with the one policy of the role. */
static bool add_policy(X509 *x, const char *arc)
{
	STACK_OF(POLICYINFO) *policies = sk_POLICYINFO_new_null();
	POLICYINFO *p = POLICYINFO_new();
	char text[80];
	bool ok;

	snprintf(text, sizeof(text), "1.2.840.114283.100.0.10.2.1.%s", arc);
	if (p != NULL)
		p->policyid = OBJ_txt2obj(text, 1);
	ok = policies != NULL && p != NULL && p->policyid != NULL &&
	     sk_POLICYINFO_push(policies, p) > 0;
	if (!ok)
		POLICYINFO_free(p);
	ok = ok && X509_add1_ext_i2d(x, NID_certificate_policies, policies, 1, 0) == 1;
	sk_POLICYINFO_pop_free(policies, POLICYINFO_free);
	return ok;
}

static bool add_usage(X509 *x, enum x509_role role)
{
	static const struct {
		enum x509_role role;
		const char *policy, *basic, *usage;
	} profiles[] = {
		/* Amendment F tables 6-5 to 6-7 */
		{ X509_ROLE_OCE, "0", NULL, "critical,keyAgreement" },
		{ X509_ROLE_SD, "10", NULL, "critical,keyAgreement" },
		{ X509_ROLE_CA_KLOC, "20", "critical,CA:TRUE", "critical,keyCertSign" },
		{ X509_ROLE_CA_KLCC, "30", "critical,CA:TRUE", "critical,keyCertSign" },
		{ X509_ROLE_KA_KLOC, "40", "critical,CA:TRUE,pathlen:0", "critical,keyCertSign" },
		{ X509_ROLE_KA_KLCC, "50", "critical,CA:TRUE,pathlen:0", "critical,keyCertSign" },
	};

	for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++)
		if (profiles[i].role == role)
			return add_extension(x, NID_key_usage, profiles[i].usage) &&
			       add_policy(x, profiles[i].policy) &&
			       (profiles[i].basic == NULL ||
				   add_extension(x, NID_basic_constraints, profiles[i].basic));
	return false;
}

static bool set_name(X509_NAME *name, const char *cn)
{
	return X509_NAME_add_entry_by_txt(
		   name, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0) == 1;
}

static bool set_serial(X509 *x, const struct x509_id *id)
{
	BIGNUM *n = BN_bin2bn(id->b, id->n, NULL);
	ASN1_INTEGER *serial = n == NULL || id->n == 0 ? NULL : BN_to_ASN1_INTEGER(n, NULL);
	bool ok = serial != NULL && X509_set_serialNumber(x, serial) == 1;

	ASN1_INTEGER_free(serial);
	BN_free(n);
	return ok;
}

static bool set_times(X509 *x, const struct x509_make *m)
{
	return ASN1_TIME_set(X509_getm_notBefore(x), (time_t)m->from) != NULL &&
	       ASN1_TIME_set(X509_getm_notAfter(x), (time_t)m->until) != NULL;
}

bool x509_put(struct wr *w, const struct x509_make *m)
{
	X509 *x = X509_new();
	EVP_PKEY *key = ec_public_key(m->key), *signer = ec_private_key(m->signer);
	const EVP_MD *md = ec_digest(m->signer->curve);
	unsigned char *der = NULL;
	struct ec_public issuer;
	int n = 0;

	if (x != NULL && key != NULL && signer != NULL && ec_public_of(m->signer, &issuer) &&
	    X509_set_version(x, X509_VERSION_3) == 1 && set_serial(x, &m->serial) &&
	    set_name(X509_get_subject_name(x), m->subject) &&
	    set_name(X509_get_issuer_name(x), m->issuer) && set_times(x, m) &&
	    X509_set_pubkey(x, key) == 1 && add_key_ids(x, m->key, &issuer) &&
	    add_usage(x, m->role) && X509_sign(x, signer, md) > 0)
		n = i2d_X509(x, &der);
	if (n > 0)
		wr_bytes(w, der, (size_t)n);
	OPENSSL_free(der);
	EVP_PKEY_free(signer);
	EVP_PKEY_free(key);
	X509_free(x);
	return n > 0 && wr_ok(w);
}
