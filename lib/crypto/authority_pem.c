/* authority.h: PEM, fingerprints, new key pairs. */
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "crypto/armour.h"
#include "crypto/authority_openssl.h"
#include "crypto/ec_openssl.h"

/* ---- from OpenSSL's keys ---- */

/* The number of this name, `octets` long (0: as long as it is); the octets, 0 on failure. */
static size_t number_of(
    const EVP_PKEY *key, const char *name, size_t octets, uint8_t *out, size_t cap)
{
	BIGNUM *v = NULL;
	size_t n = 0;

	if (EVP_PKEY_get_bn_param(key, name, &v) == 1) {
		n = octets == 0 ? (size_t)BN_num_bytes(v) : octets;
		if (n > cap || BN_bn2binpad(v, out, (int)n) != (int)n)
			n = 0;
	}
	BN_clear_free(v);
	return n;
}

static bool rsa_from_pkey(struct authority_key *k, const EVP_PKEY *key, bool private_half)
{
	uint8_t n[RSA_OCTETS_MAX], e[RSA_EXPONENT_MAX], d[RSA_OCTETS_MAX];
	size_t n_n = number_of(key, OSSL_PKEY_PARAM_RSA_N, 0, n, sizeof(n));
	size_t e_n = number_of(key, OSSL_PKEY_PARAM_RSA_E, 0, e, sizeof(e));
	size_t d_n = private_half ? number_of(key, OSSL_PKEY_PARAM_RSA_D, 0, d, sizeof(d)) : 0;
	bool ok = n_n > 0 && e_n > 0 && (d_n > 0 || !private_half) &&
		  authority_rsa(k, span_of(n, n_n), span_of(e, e_n), span_of(d, d_n));

	wipe(d, sizeof(d));
	return ok;
}

static bool ec_from_pkey(struct authority_key *k, const EVP_PKEY *key, bool private_half)
{
	uint8_t d[EC_FIELD_MAX];
	struct ec_public pub;
	size_t n;
	bool ok;

	if (!ec_public_from_key(&pub, key))
		return false;
	if (!private_half)
		return authority_ec(k, pub.curve, ec_public_span(&pub));
	n = number_of(key, OSSL_PKEY_PARAM_PRIV_KEY, ec_field(pub.curve), d, sizeof(d));
	/* The public half beside a private one may be anybody's. */
	ok = n > 0 && authority_ec_private(k, pub.curve, span_of(d, n)) &&
	     ec_public_eq(&k->ec, &pub);
	wipe(d, sizeof(d));
	if (!ok)
		wipe_authority_key(k);
	return ok;
}

bool authority_from_pkey(struct authority_key *k, EVP_PKEY *key, bool private_half)
{
	wipe_authority_key(k);
	if (EVP_PKEY_is_a(key, "RSA"))
		return rsa_from_pkey(k, key, private_half);
	return EVP_PKEY_is_a(key, "EC") && ec_from_pkey(k, key, private_half);
}

/* ---- DER and PEM ---- */

static bool is_private(const char *label)
{
	return strcmp(label, PEM_STRING_PKCS8INF) == 0 || strcmp(label, PEM_STRING_RSA) == 0 ||
	       strcmp(label, PEM_STRING_ECPRIVATEKEY) == 0;
}

/* All of the octets are the key. */
static EVP_PKEY *decode(const char *label, struct span der)
{
	const uint8_t *at = der.p;
	EVP_PKEY *key = NULL;

	if (is_private(label))
		key = d2i_AutoPrivateKey(NULL, &at, (long)der.n);
	else if (strcmp(label, PEM_STRING_PUBLIC) == 0)
		key = d2i_PUBKEY(NULL, &at, (long)der.n);
	else if (strcmp(label, PEM_STRING_RSA_PUBLIC) == 0)
		key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)der.n);
	if (key == NULL || (size_t)(at - der.p) == der.n)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

bool authority_from_der(struct authority_key *k, struct span der, bool private_half)
{
	EVP_PKEY *key = NULL;
	bool ok;

	wipe_authority_key(k);
	ERR_set_mark();
	if (der.n > 0 && der.n <= AUTHORITY_PEM_MAX)
		key = decode(private_half ? PEM_STRING_PKCS8INF : PEM_STRING_PUBLIC, der);
	ok = key != NULL && authority_from_pkey(k, key, private_half);
	ERR_pop_to_mark();
	EVP_PKEY_free(key);
	return ok;
}

/* One object; parameters of a curve, which some tools put in front, and encrypted ones have none:
 * nobody is asked for a passphrase. */
static bool take_object(
    struct authority_key *k, const char *label, const char *header, struct span der)
{
	EVP_PKEY *key = header[0] == '\0' ? decode(label, der) : NULL;
	bool ok = key != NULL && authority_from_pkey(k, key, is_private(label));

	EVP_PKEY_free(key);
	return ok;
}

bool authority_from_pem(struct authority_key *k, struct span text)
{
	BIO *bio = text.n > AUTHORITY_PEM_MAX ? NULL : BIO_new_mem_buf(text.p, (int)text.n);
	bool ok = bio != NULL, found = false;
	char *label, *header;
	unsigned char *der;
	long n;

	wipe_authority_key(k);
	ERR_set_mark();
	while (ok && PEM_read_bio(bio, &label, &header, &der, &n) == 1) {
		if (strcmp(label, PEM_STRING_ECPARAMETERS) != 0) {
			ok = !found && take_object(k, label, header, span_of(der, (size_t)n));
			found = true;
		}
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_clear_free(der, (size_t)n);
	}
	ERR_pop_to_mark();
	BIO_free(bio);
	if (!ok || !found)
		wipe_authority_key(k);
	return ok && found;
}

bool authority_fingerprint(const struct authority_key *k, uint8_t out[static 8])
{
	EVP_PKEY *key = authority_pkey(k, false);
	unsigned char *der = NULL;
	uint8_t h[SHA256_SIZE];
	int n = key == NULL ? 0 : i2d_PUBKEY(key, &der);
	bool ok = n > 0 && sha256_of(span_of(der, (size_t)n), h);

	if (ok)
		memcpy(out, h, 8);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	return ok;
}

bool authority_public_pem(const struct authority_key *k, struct wr *w)
{
	EVP_PKEY *key = authority_pkey(k, false);
	unsigned char *der = NULL;
	int n = key == NULL ? 0 : i2d_PUBKEY(key, &der);
	bool ok = n > 0 && armour_put(w, "PUBLIC KEY", span_of(der, (size_t)n));

	OPENSSL_free(der);
	EVP_PKEY_free(key);
	return ok;
}

/* ---- new ones ---- */

bool authority_generate_rsa(struct authority_key *k, unsigned bits)
{
	EVP_PKEY *key;
	bool ok;

	wipe_authority_key(k);
	if (bits % 64 != 0 || bits < 8 * RSA_OCTETS_MIN || bits > 8 * RSA_OCTETS_MAX)
		return false;
	key = EVP_RSA_gen(bits);
	ok = key != NULL && authority_from_pkey(k, key, true);
	EVP_PKEY_free(key);
	return ok;
}

bool authority_generate_ec(struct authority_key *k, enum ec_curve c)
{
	SECRET_EC(half);

	wipe_authority_key(k);
	return ec_generate(c, &half) && authority_ec_private(k, c, span_of(half.b, half.n));
}
