/* SHA-1 and SHA-2, and randomness from the system. */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include "base/bytes.h"

#define SHA256_SIZE 32

MUST_CHECK bool sha256(const struct span *parts, size_t count, uint8_t out[static 32]);
MUST_CHECK bool sha256_of(struct span s, uint8_t out[static 32]);
MUST_CHECK bool random_bytes(void *p, size_t n);

/* The hashes of load file data blocks (GPCS C.2), by strength. SHA-1 is there for old cards. */
enum digest_alg { DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA512, DIGEST_ALGS };
enum { DIGEST_MAX = 64 };

/* Their names by enum digest_alg, NULL behind them: the choices of an option or a field. */
extern const char *const digest_names[DIGEST_ALGS + 1];
/* The same in words, for a help text. */
#define DIGEST_WORDS "sha-1, sha-256, sha-384 or sha-512"

/* One of digest_names; false for any other name. */
MUST_CHECK bool digest_from(const char *name, enum digest_alg *alg);
const char *digest_str(enum digest_alg alg);
size_t digest_size(enum digest_alg alg); /* 20, 32, 48, 64 */
/* Which one has values of n octets; false when none has. */
MUST_CHECK bool digest_by_size(size_t n, enum digest_alg *alg);
/* out takes digest_size octets. */
MUST_CHECK bool digest_of(enum digest_alg alg, struct span s, uint8_t out[static DIGEST_MAX]);

#endif
