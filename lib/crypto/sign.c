#include "crypto/sign.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "crypto/digest.h"

enum { SCALAR_SIZE = 32, POINT_UNCOMPRESSED = 0x04, DER_MAX = 80 };

/* The public point of a scalar; false unless 1 <= scalar < order of the curve. */
static bool point_of(const struct key *priv, uint8_t pub[static P256_PUBLIC])
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *point = group == NULL ? NULL : EC_POINT_new(group);
	BIGNUM *d = BN_secure_new();
	uint8_t out[P256_PUBLIC];
	bool ok;

	ok = point != NULL && d != NULL && BN_bin2bn(priv->b, SCALAR_SIZE, d) != NULL &&
	     !BN_is_zero(d) && BN_cmp(d, EC_GROUP_get0_order(group)) < 0;
	if (ok) {
		BN_set_flags(d, BN_FLG_CONSTTIME);
		ok = EC_POINT_mul(group, point, d, NULL, NULL, NULL) == 1 &&
		     EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, out,
			 sizeof(out), NULL) == sizeof(out);
	}
	if (ok)
		memcpy(pub, out, sizeof(out));
	BN_clear_free(d);
	EC_POINT_free(point);
	EC_GROUP_free(group);
	return ok;
}

/* A P-256 key out of its octets; d is NULL for a public key. The point is checked by OpenSSL. */
static EVP_PKEY *p256_key(const uint8_t pub[static P256_PUBLIC], const BIGNUM *d)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (ctx == NULL || bld == NULL ||
	    !OSSL_PARAM_BLD_push_utf8_string(bld, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) ||
	    !OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, pub, P256_PUBLIC) ||
	    (d != NULL && !OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, d)))
		goto out;
	params = OSSL_PARAM_BLD_to_param(bld);
	if (params == NULL || EVP_PKEY_fromdata_init(ctx) != 1)
		goto out;
	if (EVP_PKEY_fromdata(
		ctx, &key, d == NULL ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR, params) != 1) {
		EVP_PKEY_free(key);
		key = NULL;
	}
out:
	OSSL_PARAM_free(params); /* wipes the secure part, where the scalar is */
	OSSL_PARAM_BLD_free(bld);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *p256_private_key(const struct key *priv)
{
	uint8_t pub[P256_PUBLIC];
	EVP_PKEY *key = NULL;
	BIGNUM *d;

	if (priv->n != SCALAR_SIZE || !point_of(priv, pub))
		return NULL;
	d = BN_secure_new();
	if (d != NULL && BN_bin2bn(priv->b, SCALAR_SIZE, d) != NULL)
		key = p256_key(pub, d);
	BN_clear_free(d);
	return key;
}

static EVP_PKEY *p256_public_key(struct span pub)
{
	uint8_t b[P256_PUBLIC];
	struct rd r = rd_of(pub);

	if (pub.n != P256_PUBLIC || !rd_copy(&r, b, sizeof(b)) || b[0] != POINT_UNCOMPRESSED)
		return NULL;
	return p256_key(b, NULL);
}

bool p256_generate(struct key *priv, uint8_t pub[static 65])
{
	uint8_t point[P256_PUBLIC];
	SECRET_KEY(k);

	/* A random octet string is out of range once in 2^32 times: take another one. */
	k.n = SCALAR_SIZE;
	for (int tries = 0; tries < 4; tries++) {
		if (!random_bytes(k.b, SCALAR_SIZE))
			return false;
		if (!point_of(&k, point))
			continue;
		*priv = k;
		memcpy(pub, point, sizeof(point));
		return true;
	}
	return false;
}

bool p256_public(const struct key *priv, uint8_t pub[static 65])
{
	return priv->n == SCALAR_SIZE && point_of(priv, pub);
}

/* Decoding a point checks that it is on the curve, and P-256 has no subgroup that it could be in.
 * Not by an EVP_PKEY: a key store asks this at each start of the program, and to fetch what an
 * EVP_PKEY needs takes ten times as long. */
bool p256_public_ok(struct span pub)
{
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	EC_POINT *point = group == NULL ? NULL : EC_POINT_new(group);
	bool ok = point != NULL && pub.n == P256_PUBLIC && pub.p[0] == POINT_UNCOMPRESSED &&
		  EC_POINT_oct2point(group, point, pub.p, pub.n, NULL) == 1;

	EC_POINT_free(point);
	EC_GROUP_free(group);
	return ok;
}

/* SEQUENCE { r, s } to r | s, 32 octets each. */
static bool der_to_plain(const uint8_t *der, size_t n, uint8_t out[static SIGNATURE_SIZE])
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
	uint8_t b[SIGNATURE_SIZE];
	bool ok = sig != NULL &&
		  BN_bn2binpad(ECDSA_SIG_get0_r(sig), b, SCALAR_SIZE) == SCALAR_SIZE &&
		  BN_bn2binpad(ECDSA_SIG_get0_s(sig), &b[SCALAR_SIZE], SCALAR_SIZE) == SCALAR_SIZE;

	if (ok)
		memcpy(out, b, sizeof(b));
	ECDSA_SIG_free(sig);
	return ok;
}

/* r | s to SEQUENCE { r, s }; the octets written, 0 on failure. */
static size_t plain_to_der(struct span plain, uint8_t der[static DER_MAX])
{
	struct span r_octets = span_sub(plain, 0, SCALAR_SIZE);
	struct span s_octets = span_sub(plain, SCALAR_SIZE, SCALAR_SIZE);
	BIGNUM *r = BN_bin2bn(r_octets.p, SCALAR_SIZE, NULL);
	BIGNUM *s = BN_bin2bn(s_octets.p, SCALAR_SIZE, NULL);
	ECDSA_SIG *sig = ECDSA_SIG_new();
	int n = 0;

	if (r == NULL || s == NULL || sig == NULL || ECDSA_SIG_set0(sig, r, s) != 1) {
		BN_free(r);
		BN_free(s);
	} else if (i2d_ECDSA_SIG(sig, NULL) <= DER_MAX) {
		n = i2d_ECDSA_SIG(sig, &der);
	}
	ECDSA_SIG_free(sig);
	return n > 0 ? (size_t)n : 0;
}

static bool sign(EVP_PKEY *key, const EVP_MD *md, struct span msg, uint8_t *out, size_t *n)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL && EVP_DigestSignInit(ctx, NULL, md, NULL, key) == 1 &&
		  EVP_DigestSign(ctx, out, n, msg.p, msg.n) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

static bool verify(EVP_PKEY *key, const EVP_MD *md, struct span msg, struct span sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, md, NULL, key) == 1 &&
		  EVP_DigestVerify(ctx, sig.p, sig.n, msg.p, msg.n) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

bool p256_sign(const struct key *priv, struct span msg, uint8_t sig[static 64])
{
	EVP_PKEY *key = p256_private_key(priv);
	uint8_t der[DER_MAX];
	size_t n = sizeof(der);
	bool ok = key != NULL && sign(key, EVP_sha256(), msg, der, &n) && der_to_plain(der, n, sig);

	EVP_PKEY_free(key);
	return ok;
}

bool p256_verify(struct span pub, struct span msg, struct span sig)
{
	uint8_t der[DER_MAX];
	EVP_PKEY *key;
	size_t n;
	bool ok;

	if (sig.n != SIGNATURE_SIZE)
		return false;
	key = p256_public_key(pub);
	n = plain_to_der(sig, der);
	ok = key != NULL && n > 0 && verify(key, EVP_sha256(), msg, span_of(der, n));
	EVP_PKEY_free(key);
	return ok;
}

static EVP_PKEY *ed25519_private_key(const struct key *priv)
{
	if (priv->n != SCALAR_SIZE)
		return NULL;
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, priv->b, priv->n);
}

bool ed25519_generate(struct key *priv, uint8_t pub[static 32])
{
	SECRET_KEY(k);

	k.n = SCALAR_SIZE;
	if (!random_bytes(k.b, SCALAR_SIZE) || !ed25519_public(&k, pub))
		return false;
	*priv = k;
	return true;
}

bool ed25519_public(const struct key *priv, uint8_t pub[static 32])
{
	EVP_PKEY *key = ed25519_private_key(priv);
	size_t n = ED25519_PUBLIC;
	bool ok =
	    key != NULL && EVP_PKEY_get_raw_public_key(key, pub, &n) == 1 && n == ED25519_PUBLIC;

	EVP_PKEY_free(key);
	return ok;
}

bool ed25519_sign(const struct key *priv, struct span msg, uint8_t sig[static 64])
{
	EVP_PKEY *key = ed25519_private_key(priv);
	uint8_t out[SIGNATURE_SIZE];
	size_t n = sizeof(out);
	bool ok = key != NULL && sign(key, NULL, msg, out, &n) && n == sizeof(out);

	if (ok)
		memcpy(sig, out, sizeof(out));
	EVP_PKEY_free(key);
	return ok;
}

bool ed25519_verify(struct span pub, struct span msg, struct span sig)
{
	EVP_PKEY *key;
	bool ok;

	if (pub.n != ED25519_PUBLIC || sig.n != SIGNATURE_SIZE)
		return false;
	key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, pub.p, pub.n);
	ok = key != NULL && verify(key, NULL, msg, sig);
	EVP_PKEY_free(key);
	return ok;
}
