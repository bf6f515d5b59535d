/* Key derivation: the SCP03 KDF, diversification of card keys, key check values. */
#ifndef CRYPTO_KDF_H
#define CRYPTO_KDF_H

#include "crypto/aes.h"

/*
 * The SCP03 KDF (Amendment D 4.1.5): SP 800-108 counter mode with CMAC under `k`, label 00*11 |
 * constant, separator, L in bits, one-octet counter, context (at most 64 octets).
 * n: octets wanted, 8, 16, 24 or 32.
 */
MUST_CHECK bool scp03_kdf(
    struct aes *k, uint8_t constant, struct span context, uint8_t *out, size_t n);
/* The same with a key of its own; the result as a key of n octets. */
MUST_CHECK bool scp03_kdf_key(
    const struct key *k, uint8_t constant, struct span context, size_t n, struct key *out);

enum diversification { DIVERSIFY_NONE, DIVERSIFY_KDF3 };

/* "none", "kdf3"; false for any other name. */
MUST_CHECK bool diversification_from(const char *name, enum diversification *d);
const char *diversification_str(enum diversification d);

/*
 * The three card keys from the master keys and the 10 octets of key diversification data that
 * INITIALIZE UPDATE answers with. KDF3: PRF input i | 00 00 00 | k | 00 | KDD, k = 01 ENC, 02 MAC,
 * 03 DEK. Output keys are as long as the master keys. Wiped by the caller.
 */
MUST_CHECK bool diversify(enum diversification d, const struct key_set *master,
    const uint8_t kdd[static 10], struct key_set *out);

/* AES key check value: first three octets of AES-ECB(key, 01*16) (Amendment D 4.1.4). */
MUST_CHECK bool key_check_value(const struct key *k, uint8_t out[static 3]);

#endif
