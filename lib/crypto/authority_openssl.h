/* Inside lib/crypto: the asymmetric keys of authority.h as objects of OpenSSL. */
#ifndef CRYPTO_AUTHORITY_OPENSSL_H
#define CRYPTO_AUTHORITY_OPENSSL_H

#include <openssl/evp.h>

#include "crypto/authority.h"

/* NULL on failure, and for the private half of a key that has none; the caller frees it. */
EVP_PKEY *authority_pkey(const struct authority_key *k, bool private_half);
/* The other way round: false when the key is not of our kinds, sizes and curves. */
MUST_CHECK bool authority_from_pkey(struct authority_key *k, EVP_PKEY *key, bool private_half);

#endif
