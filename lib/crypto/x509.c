#include "crypto/x509.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "crypto/ec_openssl.h"

#define POLICY_PREFIX "1.2.840.114283.100.0.10.2.1."

static X509 *parse(struct span der)
{
	const uint8_t *p = der.p;
	X509 *x = der.n == 0 || der.n > INT32_MAX ? NULL : d2i_X509(NULL, &p, (long)der.n);

	/* Nothing may stand behind it. */
	if (x == NULL || i2d_X509(x, NULL) == (int)der.n)
		return x;
	X509_free(x);
	return NULL;
}

/* Octets longer than an identifier can be count as not told. */
static void id_from(struct x509_id *id, const ASN1_STRING *s)
{
	int n = s == NULL ? 0 : ASN1_STRING_length(s);

	id->n = 0;
	if (n <= 0 || n > X509_ID_MAX)
		return;
	memcpy(id->b, ASN1_STRING_get0_data(s), (size_t)n);
	id->n = (uint8_t)n;
}

static bool seconds(const ASN1_TIME *t, int64_t *out)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return false;
	*out = (int64_t)timegm(&tm);
	return true;
}

/* The arc behind the prefix: digits, and no arc of its own below. */
static int role_from(const char *arc)
{
	size_t n = strspn(arc, "0123456789");

	return n == 0 || n > 4 || arc[n] != '\0' ? X509_ROLE_WRONG : (int)strtol(arc, NULL, 10);
}

static int role_of(const X509 *x)
{
	STACK_OF(POLICYINFO) *policies = X509_get_ext_d2i(x, NID_certificate_policies, NULL, NULL);
	int role = X509_ROLE_NONE;

	for (int i = 0; i < sk_POLICYINFO_num(policies); i++) {
		const POLICYINFO *p = sk_POLICYINFO_value(policies, i);
		char text[64];
		int n = OBJ_obj2txt(text, sizeof(text), p->policyid, 1);

		if (n <= 0 || strncmp(text, POLICY_PREFIX, strlen(POLICY_PREFIX)) != 0)
			continue;
		role = role == X509_ROLE_NONE && n < (int)sizeof(text)
			   ? role_from(text + strlen(POLICY_PREFIX))
			   : X509_ROLE_WRONG;
	}
	CERTIFICATEPOLICIES_free(policies);
	return role;
}

/* Key agreement must be said, and nothing that makes it somebody else's, as a server's for TLS. */
static bool agrees(X509 *x)
{
	uint32_t purposes = X509_get_extended_key_usage(x);

	return (X509_get_extension_flags(x) & EXFLAG_KUSAGE) != 0 &&
	       (X509_get_key_usage(x) & KU_KEY_AGREEMENT) != 0 &&
	       (purposes == UINT32_MAX || purposes == XKU_ANYEKU);
}

bool x509_get(struct span der, struct x509_info *out)
{
	struct x509_info got = { 0 };
	X509 *x = parse(der);
	const EVP_PKEY *key;
	bool ok = false;

	if (x == NULL)
		return false;
	/* This also reads the extensions; a certificate in which they contradict is refused. */
	got.signs = X509_check_ca(x) == 1;
	key = X509_get0_pubkey(x);
	if (key == NULL || (X509_get_extension_flags(x) & EXFLAG_INVALID) != 0 ||
	    !seconds(X509_get0_notBefore(x), &got.from) ||
	    !seconds(X509_get0_notAfter(x), &got.until))
		goto out;
	id_from(&got.serial, X509_get0_serialNumber(x));
	id_from(&got.subject_key, X509_get0_subject_key_id(x));
	id_from(&got.authority_key, X509_get0_authority_key_id(x));
	got.agrees = agrees(x);
	got.role = role_of(x);
	if (!ec_public_from_key(&got.key, key))
		got.key.n = 0;
	*out = got;
	ok = true;
out:
	X509_free(x);
	return ok;
}

bool x509_signed_by(struct span der, const struct ec_public *issuer)
{
	X509 *x = parse(der);
	EVP_PKEY *key = ec_public_key(issuer);
	bool ok = x != NULL && key != NULL && X509_verify(x, key) == 1;

	EVP_PKEY_free(key);
	X509_free(x);
	return ok;
}

/* ---- chains ---- */

static STACK_OF(X509) * stack_of(const struct span *certs, size_t n, bool *malformed)
{
	STACK_OF(X509) *s = sk_X509_new_null();

	*malformed = false;
	for (size_t i = 0; s != NULL && i < n; i++) {
		X509 *x = parse(certs[i]);

		*malformed = *malformed || x == NULL;
		if (x != NULL && sk_X509_push(s, x) > 0)
			continue;
		X509_free(x);
		sk_X509_pop_free(s, X509_free);
		return NULL;
	}
	return s;
}

static enum x509_verdict verdict_of(int error)
{
	switch (error) {
	case X509_V_OK:
		return X509_OK;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return X509_NOT_YET;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return X509_EXPIRED;
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
	case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
		return X509_BAD_SIGNATURE;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_UNTRUSTED:
		return X509_UNTRUSTED;
	case X509_V_ERR_OUT_OF_MEM:
	case X509_V_ERR_UNSPECIFIED:
		return X509_FAILED;
	}
	return X509_INVALID;
}

static enum x509_verdict verify(STACK_OF(X509) * chain, STACK_OF(X509) * anchors, int64_t now)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_STORE *store = X509_STORE_new();
	X509_VERIFY_PARAM *param;
	enum x509_verdict v = X509_FAILED;

	if (ctx == NULL || store == NULL ||
	    X509_STORE_CTX_init(ctx, store, sk_X509_value(chain, sk_X509_num(chain) - 1), chain) !=
		1)
		goto out;
	X509_STORE_CTX_set0_trusted_stack(ctx, anchors);
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, (time_t)now);
	if (X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN) != 1)
		goto out;
	if (X509_verify_cert(ctx) == 1) {
		v = X509_OK;
		goto out;
	}
	v = verdict_of(X509_STORE_CTX_get_error(ctx));
	if (v == X509_OK) /* it failed before it looked at the certificates */
		v = X509_FAILED;
out:
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	return v;
}

enum x509_verdict x509_verify(
    const struct span *chain, size_t n, const struct span *anchors, size_t anchors_n, int64_t now)
{
	bool bad_chain, bad_anchor = false;
	STACK_OF(X509) *certs = stack_of(chain, n, &bad_chain);
	STACK_OF(X509) *trusted = stack_of(anchors, anchors_n, &bad_anchor);
	enum x509_verdict v = X509_FAILED;

	if (certs != NULL && trusted != NULL && n > 0)
		v = verify(certs, trusted, now);
	else if (bad_chain || bad_anchor || n == 0)
		v = X509_MALFORMED;
	sk_X509_pop_free(certs, X509_free);
	sk_X509_pop_free(trusted, X509_free);
	return v;
}

/* ---- PEM ---- */

bool x509_from_pem(struct span pem, struct wr *der, size_t *count)
{
	BIO *in = pem.n > INT32_MAX ? NULL : BIO_new_mem_buf(pem.p, (int)pem.n);
	size_t n = 0;
	bool ok = in != NULL;

	while (ok) {
		char *name = NULL, *header = NULL;
		unsigned char *data = NULL;
		long size;

		if (PEM_read_bio(in, &name, &header, &data, &size) != 1) {
			/* The end, or a block that is cut off. */
			ok = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
			ERR_clear_error();
			break;
		}
		if (strcmp(name, PEM_STRING_X509) == 0) {
			X509 *x = parse(span_of(data, (size_t)size));

			ok = x != NULL;
			X509_free(x);
			wr_bytes(der, data, (size_t)size);
			n++;
		}
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_free(data);
	}
	BIO_free(in);
	*count = n;
	return ok && n > 0 && wr_ok(der);
}
