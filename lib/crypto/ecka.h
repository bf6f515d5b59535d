/*
 * Key agreement of SCP11 (BSI TR-03111 ECKA-EG; ECDH with cofactor 1) and the key derivation of
 * ANSI X9.63 with SHA-256, SHA-384 or SHA-512. No randomness: private keys are arguments.
 */
#ifndef CRYPTO_ECKA_H
#define CRYPTO_ECKA_H

#include "crypto/ec.h"

enum kdf_hash { KDF_SHA256, KDF_SHA384, KDF_SHA512 };

/* Appends Z, the x-coordinate of the common point in ec_field octets. false when the keys are of
 * two curves, the common point is at infinity, or OpenSSL fails. The caller wipes. */
MUST_CHECK bool ecka(const struct ec_private *own, const struct ec_public *other, struct wr *z);
/* H(Z | 00000001 | info) | H(Z | 00000002 | info) ...: n octets, at least 1. */
MUST_CHECK bool x963_kdf(enum kdf_hash h, struct span z, struct span info, uint8_t *out, size_t n);

#endif
