#include "crypto/authority.h"

#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include "crypto/aes.h"
#include "crypto/authority_openssl.h"
#include "crypto/des.h"
#include "crypto/ec_openssl.h"

enum { PKCS1_OCTETS = 128, PSS_SALT = 32 };

void wipe_authority_key(struct authority_key *k)
{
	wipe(k, sizeof(*k));
}

/* ---- values ---- */

bool authority_secret(struct authority_key *k, enum authority_kind kind, struct span value)
{
	bool fits = kind == AUTHORITY_DES ? value.n == DES3_KEY
					  : value.n == 16 || value.n == 24 || value.n == 32;

	wipe_authority_key(k);
	if ((kind != AUTHORITY_DES && kind != AUTHORITY_AES) || !fits ||
	    !key_from(&k->secret, value))
		return false;
	k->kind = kind;
	return true;
}

static struct span without_zeros(struct span s)
{
	struct rd r = rd_of(s);
	struct rd at = r;
	uint8_t b;

	while (rd_u8(&at, &b) && b == 0)
		r = at;
	return rd_rest(&r);
}

static bool is_odd(struct span s)
{
	return s.n > 0 && (s.p[s.n - 1] & 1) != 0;
}

/* n and e are what they must be, and d belongs to them: what one half signs the other accepts. */
static bool rsa_halves_ok(const struct authority_key *k)
{
	static const uint8_t msg[] = { 0x00 };
	uint8_t sig[AUTHORITY_SIGNATURE_MAX];
	struct wr w = wr_fixed(sig, sizeof(sig));

	return !k->has_d ||
	       (authority_sign(k, SPAN(msg), &w) && authority_verify(k, SPAN(msg), wr_span(&w)));
}

bool authority_rsa(struct authority_key *k, struct span n, struct span e, struct span d)
{
	SECRET_AUTHORITY(got);
	struct rd r;

	wipe_authority_key(k);
	n = without_zeros(n);
	e = without_zeros(e);
	d = without_zeros(d);
	if (n.n < RSA_OCTETS_MIN || n.n > RSA_OCTETS_MAX || (n.p[0] & 0x80) == 0 || !is_odd(n) ||
	    e.n == 0 || e.n > RSA_EXPONENT_MAX || !is_odd(e) || (e.n == 1 && e.p[0] == 1) ||
	    d.n > n.n)
		return false;
	got.kind = AUTHORITY_RSA;
	got.n_octets = (uint16_t)n.n;
	got.e_octets = (uint8_t)e.n;
	got.has_d = d.n > 0;
	r = rd_of(n);
	if (!rd_copy(&r, got.n, n.n))
		return false;
	r = rd_of(e);
	if (!rd_copy(&r, got.e, e.n))
		return false;
	r = rd_of(d);
	if (!rd_copy(&r, &got.d[n.n - d.n], d.n) || !rsa_halves_ok(&got))
		return false;
	*k = got;
	return true;
}

bool authority_ec(struct authority_key *k, enum ec_curve c, struct span point)
{
	wipe_authority_key(k);
	if (!ec_public_from(&k->ec, c, point))
		return false;
	k->kind = AUTHORITY_EC;
	return true;
}

bool authority_ec_private(struct authority_key *k, enum ec_curve c, struct span scalar)
{
	wipe_authority_key(k);
	if (!ec_private_from(&k->ec_half, c, scalar) || !ec_public_of(&k->ec_half, &k->ec)) {
		wipe_authority_key(k);
		return false;
	}
	k->kind = AUTHORITY_EC;
	return true;
}

bool authority_signs(const struct authority_key *k)
{
	switch (k->kind) {
	case AUTHORITY_DES:
	case AUTHORITY_AES:
		return true;
	case AUTHORITY_RSA:
		return k->has_d;
	case AUTHORITY_EC:
		return k->ec_half.n > 0;
	default:
		return false;
	}
}

bool authority_is_public(const struct authority_key *k)
{
	return k->kind == AUTHORITY_RSA || k->kind == AUTHORITY_EC;
}

unsigned authority_bits(const struct authority_key *k)
{
	switch (k->kind) {
	case AUTHORITY_DES:
	case AUTHORITY_AES:
		return 8u * k->secret.n;
	case AUTHORITY_RSA:
		return 8u * k->n_octets;
	case AUTHORITY_EC:
		return ec_bits(k->ec.curve);
	default:
		return 0;
	}
}

size_t authority_signature_size(const struct authority_key *k)
{
	switch (k->kind) {
	case AUTHORITY_DES:
		return DES_BLOCK;
	case AUTHORITY_AES:
		return AES_BLOCK;
	case AUTHORITY_RSA:
		return k->n_octets;
	case AUTHORITY_EC:
		return 2 * ec_field(k->ec.curve);
	default:
		return 0;
	}
}

enum digest_alg authority_digest(const struct authority_key *k, bool ciphers)
{
	if (k->kind == AUTHORITY_RSA)
		return k->n_octets == PKCS1_OCTETS ? DIGEST_SHA1 : DIGEST_SHA256;
	if (k->kind == AUTHORITY_EC && k->ec.curve == EC_P521)
		return DIGEST_SHA512;
	if (k->kind == AUTHORITY_EC)
		return k->ec.curve == EC_P384 ? DIGEST_SHA384 : DIGEST_SHA256;
	if (k->kind != AUTHORITY_AES || !ciphers)
		return DIGEST_SHA1;
	if (k->secret.n == 16)
		return DIGEST_SHA256;
	return k->secret.n == 24 ? DIGEST_SHA384 : DIGEST_SHA512;
}

char *authority_describe(const struct authority_key *k, char *out, size_t cap)
{
	switch (k->kind) {
	case AUTHORITY_DES:
		snprintf(out, cap, "triple DES");
		break;
	case AUTHORITY_AES:
		snprintf(out, cap, "AES-%u", authority_bits(k));
		break;
	case AUTHORITY_RSA:
		snprintf(out, cap, "RSA-%u", authority_bits(k));
		break;
	case AUTHORITY_EC:
		snprintf(out, cap, "EC %s", ec_curve_str(k->ec.curve));
		break;
	default:
		snprintf(out, cap, "no key");
		break;
	}
	return out;
}

bool authority_same_public(const struct authority_key *a, const struct authority_key *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == AUTHORITY_EC)
		return ec_public_eq(&a->ec, &b->ec);
	return a->kind == AUTHORITY_RSA &&
	       span_eq(span_of(a->n, a->n_octets), span_of(b->n, b->n_octets)) &&
	       span_eq(span_of(a->e, a->e_octets), span_of(b->e, b->e_octets));
}

/* ---- RSA as OpenSSL has it ---- */

static EVP_PKEY *rsa_from(const BIGNUM *n, const BIGNUM *e, const BIGNUM *d)
{
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	EVP_PKEY *key = NULL;

	if (bld != NULL && OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_N, n) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_E, e) &&
	    (d == NULL || OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_RSA_D, d)))
		key = pkey_from("RSA", bld, d != NULL);
	OSSL_PARAM_BLD_free(bld);
	return key;
}

static EVP_PKEY *rsa_pkey(const struct authority_key *k, bool private_half)
{
	BIGNUM *n = BN_bin2bn(k->n, k->n_octets, NULL);
	BIGNUM *e = BN_bin2bn(k->e, k->e_octets, NULL);
	BIGNUM *d = private_half ? BN_secure_new() : NULL;
	EVP_PKEY *key = NULL;

	if (n != NULL && e != NULL &&
	    (!private_half || (d != NULL && BN_bin2bn(k->d, k->n_octets, d) != NULL)))
		key = rsa_from(n, e, d);
	BN_clear_free(d);
	BN_free(e);
	BN_free(n);
	return key;
}

EVP_PKEY *authority_pkey(const struct authority_key *k, bool private_half)
{
	if (!authority_is_public(k) || (private_half && !authority_signs(k)))
		return NULL;
	if (k->kind == AUTHORITY_RSA)
		return rsa_pkey(k, private_half);
	return private_half ? ec_private_key(&k->ec_half) : ec_public_key(&k->ec);
}

/* GPCS C.1.1: the scheme follows from the length of the modulus. */
static bool rsa_scheme(const struct authority_key *k, EVP_PKEY_CTX *ctx)
{
	if (k->n_octets == PKCS1_OCTETS)
		return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, PSS_SALT) == 1;
}

static const EVP_MD *rsa_md(const struct authority_key *k)
{
	return k->n_octets == PKCS1_OCTETS ? EVP_sha1() : EVP_sha256();
}

static bool rsa_sign(const struct authority_key *k, struct span msg, struct wr *sig)
{
	EVP_PKEY *key = authority_pkey(k, true);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *scheme;
	uint8_t out[RSA_OCTETS_MAX];
	size_t n = sizeof(out);
	bool ok = key != NULL && ctx != NULL &&
		  EVP_DigestSignInit(ctx, &scheme, rsa_md(k), NULL, key) == 1 &&
		  rsa_scheme(k, scheme) && EVP_DigestSign(ctx, out, &n, msg.p, msg.n) == 1;

	if (ok)
		wr_bytes(sig, out, n);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok && wr_ok(sig);
}

static bool rsa_verify(const struct authority_key *k, struct span msg, struct span sig)
{
	EVP_PKEY *key = authority_pkey(k, false);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *scheme;
	bool ok = key != NULL && ctx != NULL &&
		  EVP_DigestVerifyInit(ctx, &scheme, rsa_md(k), NULL, key) == 1 &&
		  rsa_scheme(k, scheme) && EVP_DigestVerify(ctx, sig.p, sig.n, msg.p, msg.n) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok;
}

/* ---- all kinds ---- */

static bool retail_mac(const struct key *k, struct span msg, uint8_t out[static DES_BLOCK])
{
	static const uint8_t icv[DES_BLOCK];
	struct des d = { 0 };
	bool ok = des_set_key(&d, k) && des_mac_retail(&d, icv, &msg, 1, out);

	des_wipe(&d);
	return ok;
}

static bool mac(const struct authority_key *k, struct span msg, uint8_t out[static AES_BLOCK])
{
	if (k->kind == AUTHORITY_DES)
		return retail_mac(&k->secret, msg, out);
	return cmac(&k->secret, msg, out);
}

bool authority_sign(const struct authority_key *k, struct span msg, struct wr *sig)
{
	uint8_t out[AES_BLOCK];

	if (!authority_signs(k))
		return false;
	if (k->kind == AUTHORITY_RSA)
		return rsa_sign(k, msg, sig);
	if (k->kind == AUTHORITY_EC)
		return ec_sign(&k->ec_half, msg, sig);
	if (!mac(k, msg, out))
		return false;
	wr_bytes(sig, out, authority_signature_size(k));
	return wr_ok(sig);
}

bool authority_verify(const struct authority_key *k, struct span msg, struct span sig)
{
	uint8_t out[AES_BLOCK];
	bool ok;

	if (k->kind == AUTHORITY_NONE || sig.n != authority_signature_size(k))
		return false;
	if (k->kind == AUTHORITY_RSA)
		return rsa_verify(k, msg, sig);
	if (k->kind == AUTHORITY_EC)
		return ec_verify(&k->ec, msg, sig);
	ok = mac(k, msg, out) && ct_equal(span_of(out, sig.n), sig);
	wipe(out, sizeof(out));
	return ok;
}
