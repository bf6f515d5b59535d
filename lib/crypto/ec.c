#include "crypto/ec.h"

#include <string.h>
#include <strings.h>

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>

#include "crypto/ec_openssl.h"

enum { POINT_UNCOMPRESSED = 0x04, GENERATE_TRIES = 8 };

static const struct {
	const char *name;  /* ours */
	const char *group; /* OpenSSL's */
	int nid;
	uint8_t field;
} curves[EC_CURVES] = {
	[EC_P256] = { "p-256", "prime256v1", NID_X9_62_prime256v1, 32 },
	[EC_P384] = { "p-384", "secp384r1", NID_secp384r1, 48 },
	[EC_P521] = { "p-521", "secp521r1", NID_secp521r1, 66 },
	[EC_BRAINPOOL_P256R1] = { "brainpoolp256r1", "brainpoolP256r1", NID_brainpoolP256r1, 32 },
};

void wipe_ec_private(struct ec_private *k)
{
	wipe(k, sizeof(*k));
}

bool ec_curve_from(const char *name, enum ec_curve *c)
{
	for (int i = 0; i < EC_CURVES; i++) {
		if (strcmp(name, curves[i].name) == 0) {
			*c = (enum ec_curve)i;
			return true;
		}
	}
	return false;
}

const char *ec_curve_str(enum ec_curve c)
{
	return (unsigned)c < EC_CURVES ? curves[c].name : "unknown";
}

size_t ec_field(enum ec_curve c)
{
	return (unsigned)c < EC_CURVES ? curves[c].field : 0;
}

unsigned ec_bits(enum ec_curve c)
{
	return c == EC_P521 ? 521 : 8 * (unsigned)ec_field(c);
}

EC_GROUP *ec_group(enum ec_curve c)
{
	return (unsigned)c < EC_CURVES ? EC_GROUP_new_by_curve_name(curves[c].nid) : NULL;
}

BIGNUM *ec_scalar(const EC_GROUP *group, const struct ec_private *k)
{
	BIGNUM *d = BN_secure_new();

	if (d != NULL && k->n != 0 && k->n == ec_field(k->curve) &&
	    BN_bin2bn(k->b, k->n, d) != NULL && !BN_is_zero(d) &&
	    BN_cmp(d, EC_GROUP_get0_order(group)) < 0) {
		BN_set_flags(d, BN_FLG_CONSTTIME);
		return d;
	}
	BN_clear_free(d);
	return NULL;
}

EC_POINT *ec_point(const EC_GROUP *group, const struct ec_public *k)
{
	EC_POINT *p = EC_POINT_new(group);

	/* oct2point refuses what is not on the curve. */
	if (p != NULL && k->n != 0 && EC_POINT_oct2point(group, p, k->b, k->n, NULL) == 1)
		return p;
	EC_POINT_free(p);
	return NULL;
}

bool ec_public_from(struct ec_public *k, enum ec_curve c, struct span point)
{
	struct ec_public got = { .curve = c };
	struct rd r = rd_of(point);
	EC_GROUP *group;
	EC_POINT *p = NULL;
	bool ok;

	if ((unsigned)c >= EC_CURVES || point.n != 2 * ec_field(c) + 1 ||
	    !rd_copy(&r, got.b, point.n) || got.b[0] != POINT_UNCOMPRESSED)
		return false;
	got.n = (uint8_t)point.n;
	group = ec_group(c);
	if (group != NULL)
		p = ec_point(group, &got);
	ok = p != NULL;
	EC_POINT_free(p);
	EC_GROUP_free(group);
	if (ok)
		*k = got;
	return ok;
}

struct span ec_public_span(const struct ec_public *k)
{
	return span_of(k->b, k->n);
}

bool ec_public_eq(const struct ec_public *a, const struct ec_public *b)
{
	return a->curve == b->curve && span_eq(ec_public_span(a), ec_public_span(b));
}

static bool point_of(const struct ec_private *k, struct ec_public *pub)
{
	EC_GROUP *group = ec_group(k->curve);
	EC_POINT *point = group == NULL ? NULL : EC_POINT_new(group);
	BIGNUM *d = group == NULL ? NULL : ec_scalar(group, k);
	struct ec_public got = { .curve = k->curve };
	bool ok;

	got.n = (uint8_t)(2 * ec_field(k->curve) + 1);
	ok = point != NULL && d != NULL && EC_POINT_mul(group, point, d, NULL, NULL, NULL) == 1 &&
	     EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, got.b, got.n, NULL) ==
		 got.n;
	if (ok)
		*pub = got;
	BN_clear_free(d);
	EC_POINT_free(point);
	EC_GROUP_free(group);
	return ok;
}

bool ec_public_of(const struct ec_private *k, struct ec_public *pub)
{
	return point_of(k, pub);
}

static bool in_range(const struct ec_private *k)
{
	EC_GROUP *group = ec_group(k->curve);
	BIGNUM *d = group == NULL ? NULL : ec_scalar(group, k);
	bool ok = d != NULL;

	BN_clear_free(d);
	EC_GROUP_free(group);
	return ok;
}

bool ec_private_from(struct ec_private *k, enum ec_curve c, struct span scalar)
{
	SECRET_EC(got);
	struct rd r = rd_of(scalar);

	if ((unsigned)c >= EC_CURVES || scalar.n != ec_field(c) || !rd_copy(&r, got.b, scalar.n))
		return false;
	got.curve = c;
	got.n = (uint8_t)scalar.n;
	if (!in_range(&got))
		return false;
	*k = got;
	return true;
}

bool ec_private_reduce(struct ec_private *k, enum ec_curve c, struct span wide)
{
	EC_GROUP *group = ec_group(c);
	BN_CTX *ctx = BN_CTX_secure_new();
	BIGNUM *d = BN_secure_new(), *most = BN_new();
	SECRET_EC(got);
	bool ok;

	got.curve = c;
	got.n = (uint8_t)ec_field(c);
	ok = group != NULL && ctx != NULL && d != NULL && most != NULL && wide.n > got.n &&
	     BN_bin2bn(wide.p, (int)wide.n, d) != NULL &&
	     BN_sub(most, EC_GROUP_get0_order(group), BN_value_one()) == 1;
	if (ok) {
		BN_set_flags(d, BN_FLG_CONSTTIME);
		ok = BN_mod(d, d, most, ctx) == 1 && BN_add_word(d, 1) == 1 &&
		     BN_bn2binpad(d, got.b, got.n) == got.n;
	}
	if (ok)
		*k = got;
	BN_clear_free(d);
	BN_free(most);
	BN_CTX_free(ctx);
	EC_GROUP_free(group);
	return ok;
}

bool ec_generate(enum ec_curve c, struct ec_private *k)
{
	EC_GROUP *group = ec_group(c);
	BIGNUM *d = BN_secure_new();
	SECRET_EC(got);
	bool ok = false;

	got.curve = c;
	got.n = (uint8_t)ec_field(c);
	for (int i = 0; group != NULL && d != NULL && !ok && i < GENERATE_TRIES; i++) {
		if (BN_priv_rand_range(d, EC_GROUP_get0_order(group)) != 1)
			break;
		ok = !BN_is_zero(d) && BN_bn2binpad(d, got.b, got.n) == got.n;
	}
	if (ok)
		*k = got;
	BN_clear_free(d);
	EC_GROUP_free(group);
	return ok;
}

/* ---- as OpenSSL has them ---- */

EVP_PKEY *pkey_from(const char *type, OSSL_PARAM_BLD *bld, bool pair)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = ctx == NULL ? NULL : OSSL_PARAM_BLD_to_param(bld);
	EVP_PKEY *key = NULL;

	if (params != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &key, pair ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, params) !=
		1) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	OSSL_PARAM_free(params); /* wipes the secure part, where what is private is */
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* d is NULL for a public key. */
static EVP_PKEY *key_of(const struct ec_public *pub, const BIGNUM *d)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY *key = NULL;

	if (bld != NULL &&
	    OSSL_PARAM_BLD_push_utf8_string(
		bld, OSSL_PKEY_PARAM_GROUP_NAME, curves[pub->curve].group, 0) &&
	    OSSL_PARAM_BLD_push_octet_string(bld, OSSL_PKEY_PARAM_PUB_KEY, pub->b, pub->n) &&
	    (d == NULL || OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_PRIV_KEY, d)))
		key = pkey_from("EC", bld, d != NULL);
	OSSL_PARAM_BLD_free(bld);
	return key;
}

EVP_PKEY *ec_public_key(const struct ec_public *k)
{
	return k->n == 0 ? NULL : key_of(k, NULL);
}

EVP_PKEY *ec_private_key(const struct ec_private *k)
{
	EC_GROUP *group = ec_group(k->curve);
	BIGNUM *d = group == NULL ? NULL : ec_scalar(group, k);
	struct ec_public pub;
	EVP_PKEY *key = NULL;

	if (d != NULL && point_of(k, &pub))
		key = key_of(&pub, d);
	BN_clear_free(d);
	EC_GROUP_free(group);
	return key;
}

bool ec_public_from_key(struct ec_public *k, const EVP_PKEY *key)
{
	char group[64];
	uint8_t point[EC_POINT_MAX];
	size_t n;

	if (!EVP_PKEY_is_a(key, "EC") ||
	    EVP_PKEY_get_utf8_string_param(
		key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group), &n) != 1 ||
	    EVP_PKEY_get_octet_string_param(
		key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &n) != 1)
		return false;
	for (int i = 0; i < EC_CURVES; i++)
		if (strcasecmp(group, curves[i].group) == 0)
			return ec_public_from(k, (enum ec_curve)i, span_of(point, n));
	return false;
}

/* ---- ECDSA ---- */

/* By the size of the curve (GPCS table B-4). */
const EVP_MD *ec_digest(enum ec_curve c)
{
	if (c == EC_P521)
		return EVP_sha512();
	return c == EC_P384 ? EVP_sha384() : EVP_sha256();
}

/* SEQUENCE { r, s } to r | s, each of `field` octets. */
static bool plain_put(struct wr *w, const uint8_t *der, size_t n, int field)
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
	uint8_t r[EC_FIELD_MAX], s[EC_FIELD_MAX];
	bool ok = sig != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(sig), r, field) == field &&
		  BN_bn2binpad(ECDSA_SIG_get0_s(sig), s, field) == field;

	if (ok) {
		wr_bytes(w, r, (size_t)field);
		wr_bytes(w, s, (size_t)field);
	}
	ECDSA_SIG_free(sig);
	return ok && wr_ok(w);
}

/* r | s to SEQUENCE { r, s }; the octets written, 0 on failure. */
static size_t plain_to_der(struct span plain, uint8_t der[static EC_SIGNATURE_MAX])
{
	struct span half[2] = { span_sub(plain, 0, plain.n / 2),
		span_sub(plain, plain.n / 2, plain.n / 2) };
	BIGNUM *r = BN_bin2bn(half[0].p, (int)half[0].n, NULL);
	BIGNUM *s = BN_bin2bn(half[1].p, (int)half[1].n, NULL);
	ECDSA_SIG *sig = ECDSA_SIG_new();
	int n = 0;

	if (r == NULL || s == NULL || sig == NULL || ECDSA_SIG_set0(sig, r, s) != 1) {
		BN_free(r);
		BN_free(s);
	} else if (i2d_ECDSA_SIG(sig, NULL) <= EC_SIGNATURE_MAX) {
		n = i2d_ECDSA_SIG(sig, &der);
	}
	ECDSA_SIG_free(sig);
	return n > 0 ? (size_t)n : 0;
}

bool ec_sign(const struct ec_private *k, struct span msg, struct wr *sig)
{
	EVP_PKEY *key = ec_private_key(k);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[EC_SIGNATURE_MAX];
	size_t n = sizeof(der);
	bool ok = key != NULL && ctx != NULL &&
		  EVP_DigestSignInit(ctx, NULL, ec_digest(k->curve), NULL, key) == 1 &&
		  EVP_DigestSign(ctx, der, &n, msg.p, msg.n) == 1 &&
		  plain_put(sig, der, n, (int)ec_field(k->curve));

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok;
}

bool ec_verify(const struct ec_public *k, struct span msg, struct span sig)
{
	EVP_PKEY *key = ec_public_key(k);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t room[EC_SIGNATURE_MAX];
	struct span der = sig;
	bool ok;

	if (sig.n == 2 * ec_field(k->curve))
		der = span_of(room, plain_to_der(sig, room));
	ok = key != NULL && ctx != NULL && der.n > 0 &&
	     EVP_DigestVerifyInit(ctx, NULL, ec_digest(k->curve), NULL, key) == 1 &&
	     EVP_DigestVerify(ctx, der.p, der.n, msg.p, msg.n) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok;
}
