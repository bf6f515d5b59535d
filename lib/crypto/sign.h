/*
 * Signatures: ECDSA P-256 with SHA-256 (r | s, 64 octets) and Ed25519 (64 octets).
 *
 * Keys are raw octets: private keys 32 (P-256 scalar, Ed25519 seed) in a struct key that the
 * caller wipes; public keys 65 (04 | X | Y, checked to lie on the curve) and 32. Functions are
 * false when a key or signature is malformed or wrong, or OpenSSL fails.
 */
#ifndef CRYPTO_SIGN_H
#define CRYPTO_SIGN_H

#include "base/secret.h"

#define P256_PUBLIC 65
#define ED25519_PUBLIC 32
#define SIGNATURE_SIZE 64

MUST_CHECK bool p256_generate(struct key *priv, uint8_t pub[static 65]);
MUST_CHECK bool p256_public(const struct key *priv, uint8_t pub[static 65]);
MUST_CHECK bool p256_public_ok(struct span pub);
MUST_CHECK bool p256_sign(const struct key *priv, struct span msg, uint8_t sig[static 64]);
MUST_CHECK bool p256_verify(struct span pub, struct span msg, struct span sig);

MUST_CHECK bool ed25519_generate(struct key *priv, uint8_t pub[static 32]);
MUST_CHECK bool ed25519_public(const struct key *priv, uint8_t pub[static 32]);
MUST_CHECK bool ed25519_sign(const struct key *priv, struct span msg, uint8_t sig[static 64]);
MUST_CHECK bool ed25519_verify(struct span pub, struct span msg, struct span sig);

#endif
