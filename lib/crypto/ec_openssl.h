/* Inside lib/crypto: the keys of ec.h as objects of OpenSSL. */
#ifndef CRYPTO_EC_OPENSSL_H
#define CRYPTO_EC_OPENSSL_H

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "crypto/ec.h"

/* All are NULL on failure; the caller frees them. */
EC_GROUP *ec_group(enum ec_curve c);
/* The scalar in secure memory, for constant time; NULL unless 1 <= d < order of the group. */
BIGNUM *ec_scalar(const EC_GROUP *group, const struct ec_private *k);
EC_POINT *ec_point(const EC_GROUP *group, const struct ec_public *k);
const EVP_MD *ec_digest(enum ec_curve c); /* what ECDSA on this curve hashes with */
EVP_PKEY *ec_public_key(const struct ec_public *k);
EVP_PKEY *ec_private_key(const struct ec_private *k);
/* A key of OpenSSL's `type` out of its parameters. */
EVP_PKEY *pkey_from(const char *type, OSSL_PARAM_BLD *params, bool pair);
/* The other way round: false when the key is not an EC key on one of our named curves. */
MUST_CHECK bool ec_public_from_key(struct ec_public *k, const EVP_PKEY *key);

#endif
