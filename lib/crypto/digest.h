/* SHA-256, in one piece or as a stream, and randomness from the system. */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include "base/bytes.h"

#define SHA256_SIZE 32

MUST_CHECK bool sha256(const struct span *parts, size_t count, uint8_t out[static 32]);
MUST_CHECK bool sha256_of(struct span s, uint8_t out[static 32]);
MUST_CHECK bool random_bytes(void *p, size_t n);

#endif
