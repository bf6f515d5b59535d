/*
 * Elliptic curve keys: P-256, P-384, P-521, brainpoolP256r1; points, ECDSA.
 *
 * Public keys are uncompressed points, 04 | X | Y, and known to lie on their curve: nothing but
 * ec_public_from and what is listed here fills a struct ec_public. Private keys are scalars of the
 * curve's field length, 1 <= d < order; the caller wipes them (SECRET_EC). Functions are false when
 * an input is wrong or OpenSSL fails. Generating is the only one that takes randomness, from the
 * system, and signing takes it for the nonce.
 */
#ifndef CRYPTO_EC_H
#define CRYPTO_EC_H

#include "base/secret.h"

enum ec_curve { EC_P256, EC_P384, EC_BRAINPOOL_P256R1, EC_P521, EC_CURVES };

enum { EC_FIELD_MAX = 66, EC_POINT_MAX = 2 * EC_FIELD_MAX + 1, EC_SIGNATURE_MAX = 144 };

struct ec_public {
	enum ec_curve curve;
	uint8_t n; /* 65, 97 or 133; 0: none */
	uint8_t b[EC_POINT_MAX];
};

struct ec_private {
	enum ec_curve curve;
	uint8_t n; /* 32, 48 or 66; 0: none */
	uint8_t b[EC_FIELD_MAX];
};

void wipe_ec_private(struct ec_private *k);
/* SECRET_EC(k): declares struct ec_private k, all zero, wiped at the end of its block. */
#define SECRET_EC(name) __attribute__((cleanup(wipe_ec_private))) struct ec_private name = { 0 }

/* "p-256", "p-384", "p-521", "brainpoolp256r1"; false for any other name. */
MUST_CHECK bool ec_curve_from(const char *name, enum ec_curve *c);
const char *ec_curve_str(enum ec_curve c);
size_t ec_field(enum ec_curve c); /* octets of a coordinate and of a scalar: 32, 48, 66 */

unsigned ec_bits(enum ec_curve c); /* of the field: 256, 384, 521 */

/* Exactly 04 | X | Y, on the curve. */
MUST_CHECK bool ec_public_from(struct ec_public *k, enum ec_curve c, struct span point);
struct span ec_public_span(const struct ec_public *k);
MUST_CHECK bool ec_public_eq(const struct ec_public *a, const struct ec_public *b);
/* Exactly ec_field octets, in range. */
MUST_CHECK bool ec_private_from(struct ec_private *k, enum ec_curve c, struct span scalar);
/* Out of a number that is longer than the order: wide mod (order - 1) + 1 (FIPS 186-5 A.2.1). */
MUST_CHECK bool ec_private_reduce(struct ec_private *k, enum ec_curve c, struct span wide);
MUST_CHECK bool ec_public_of(const struct ec_private *k, struct ec_public *pub);
MUST_CHECK bool ec_generate(enum ec_curve c, struct ec_private *k);

/* ECDSA with SHA-256, on P-384 SHA-384, on P-521 SHA-512 (GPCS B.4.3): appends r | s, twice
 * ec_field octets. */
MUST_CHECK bool ec_sign(const struct ec_private *k, struct span msg, struct wr *sig);
/* The signature is r | s or, as some issuers write it, DER. */
MUST_CHECK bool ec_verify(const struct ec_public *k, struct span msg, struct span sig);

#endif
