#include "crypto/sign.h"

#include <string.h>

#include <openssl/evp.h>

#include "crypto/digest.h"
#include "crypto/ec.h"

/* ---- P-256, a curve of ec.h ---- */

static bool scalar(struct ec_private *k, const struct key *priv)
{
	return ec_private_from(k, EC_P256, key_span(priv));
}

bool p256_public(const struct key *priv, uint8_t pub[static 65])
{
	SECRET_EC(k);
	struct ec_public point;

	if (!scalar(&k, priv) || !ec_public_of(&k, &point))
		return false;
	memcpy(pub, point.b, P256_PUBLIC);
	return true;
}

bool p256_generate(struct key *priv, uint8_t pub[static 65])
{
	SECRET_EC(k);
	struct ec_public point;

	if (!ec_generate(EC_P256, &k) || !ec_public_of(&k, &point) ||
	    !key_from(priv, span_of(k.b, k.n)))
		return false;
	memcpy(pub, point.b, P256_PUBLIC);
	return true;
}

bool p256_public_ok(struct span pub)
{
	struct ec_public k;

	return ec_public_from(&k, EC_P256, pub);
}

bool p256_sign(const struct key *priv, struct span msg, uint8_t sig[static 64])
{
	uint8_t b[SIGNATURE_SIZE];
	struct wr w = wr_fixed(b, sizeof(b));
	SECRET_EC(k);

	if (!scalar(&k, priv) || !ec_sign(&k, msg, &w) || w.n != SIGNATURE_SIZE)
		return false;
	memcpy(sig, b, sizeof(b));
	return true;
}

/* r | s only: of two ways to write a signature down bundles and cards have one. */
bool p256_verify(struct span pub, struct span msg, struct span sig)
{
	struct ec_public k;

	return sig.n == SIGNATURE_SIZE && ec_public_from(&k, EC_P256, pub) &&
	       ec_verify(&k, msg, sig);
}

/* ---- Ed25519 ---- */

enum { SEED_SIZE = 32 };

static bool sign(EVP_PKEY *key, struct span msg, uint8_t *out, size_t *n)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
		  EVP_DigestSign(ctx, out, n, msg.p, msg.n) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

static bool verify(EVP_PKEY *key, struct span msg, struct span sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
		  EVP_DigestVerify(ctx, sig.p, sig.n, msg.p, msg.n) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

static EVP_PKEY *ed25519_private_key(const struct key *priv)
{
	if (priv->n != SEED_SIZE)
		return NULL;
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, priv->b, priv->n);
}

bool ed25519_generate(struct key *priv, uint8_t pub[static 32])
{
	SECRET_KEY(k);

	k.n = SEED_SIZE;
	if (!random_bytes(k.b, SEED_SIZE) || !ed25519_public(&k, pub))
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
	bool ok = key != NULL && sign(key, msg, out, &n) && n == sizeof(out);

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
	ok = key != NULL && verify(key, msg, sig);
	EVP_PKEY_free(key);
	return ok;
}
