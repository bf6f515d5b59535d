/*
 * Keys by which content management is authorized: DAP signatures, tokens, receipts (GPCS annex C),
 * and ciphered load files. What is computed follows from the kind of key alone:
 *   triple DES     retail MAC, ICV zero, 8 octets
 *   AES            CMAC, 16 octets
 *   RSA of 1024    RSASSA-PKCS1-v1_5 with SHA-1
 *   RSA above      RSASSA-PSS with SHA-256, MGF1 with SHA-256, salt of 32 octets
 *   EC             ECDSA, r | s, with SHA-256, SHA-384 or SHA-512 by the size of the curve
 *
 * A struct authority_key holds its values itself and may be copied; whoever has one wipes it
 * (SECRET_AUTHORITY). Of RSA and EC it holds the public half, and the private one where it was
 * given. Functions are false when a value is malformed or OpenSSL fails; then *k is left empty.
 */
#ifndef CRYPTO_AUTHORITY_H
#define CRYPTO_AUTHORITY_H

#include "base/secret.h"
#include "crypto/digest.h"
#include "crypto/ec.h"

enum authority_kind {
	AUTHORITY_NONE,
	AUTHORITY_DES,
	AUTHORITY_AES,
	AUTHORITY_RSA,
	AUTHORITY_EC,
	AUTHORITY_KINDS
};

enum {
	RSA_OCTETS_MIN = 128, /* of the modulus */
	RSA_OCTETS_MAX = 512,
	RSA_EXPONENT_MAX = 8,
	AUTHORITY_SIGNATURE_MAX = RSA_OCTETS_MAX,
	AUTHORITY_PEM_MAX = 16 << 10
};

struct authority_key {
	enum authority_kind kind;
	struct key secret;         /* DES, AES */
	struct ec_public ec;       /* EC */
	struct ec_private ec_half; /* n = 0: only the public half is here */
	uint16_t n_octets;         /* RSA: of the modulus, its highest bit set */
	uint8_t e_octets;          /* no leading zeros */
	bool has_d;
	uint8_t n[RSA_OCTETS_MAX], e[RSA_EXPONENT_MAX];
	uint8_t d[RSA_OCTETS_MAX]; /* n_octets, zeros in front */
};

void wipe_authority_key(struct authority_key *k);
/* SECRET_AUTHORITY(k): declares struct authority_key k, empty, wiped at the end of its block. */
#define SECRET_AUTHORITY(name) \
	__attribute__((cleanup(wipe_authority_key))) struct authority_key name = { 0 }

/* AUTHORITY_DES with 16 octets, or AUTHORITY_AES with 16, 24 or 32. */
MUST_CHECK bool authority_secret(
    struct authority_key *k, enum authority_kind kind, struct span value);
/* Modulus of 1024 to 4096 bits in whole octets, odd; exponent odd, 3 or more. Leading zeros are
 * dropped. d empty: the public half only; otherwise it must belong to n and e. */
MUST_CHECK bool authority_rsa(struct authority_key *k, struct span n, struct span e, struct span d);
/* 04 | X | Y. */
MUST_CHECK bool authority_ec(struct authority_key *k, enum ec_curve c, struct span point);
MUST_CHECK bool authority_ec_private(struct authority_key *k, enum ec_curve c, struct span scalar);
/* One PEM object: "PUBLIC KEY" or "RSA PUBLIC KEY", or an unencrypted private key (PKCS#8, RSA,
 * EC). False also for a kind, size or curve that is not ours, and for more than one object. */
MUST_CHECK bool authority_from_pem(struct authority_key *k, struct span text);

/* The same of DER: SubjectPublicKeyInfo; or PKCS#8, RSAPrivateKey or ECPrivateKey. */
MUST_CHECK bool authority_from_der(struct authority_key *k, struct span der, bool private_half);

/* Appends the public half as PEM, "PUBLIC KEY". */
MUST_CHECK bool authority_public_pem(const struct authority_key *k, struct wr *w);

/* Can sign: a secret key, or the private half is there. */
bool authority_signs(const struct authority_key *k);
/* RSA, EC: verifying takes no secret. */
bool authority_is_public(const struct authority_key *k);
/* 128 to 4096; of EC the size of the field: 521 on P-521. 0: no key. */
unsigned authority_bits(const struct authority_key *k);
/* Octets of every signature by this key; 0 for none. */
size_t authority_signature_size(const struct authority_key *k);
/* The weakest hash of a load file that goes with signatures by this key, or, with `ciphers`, with
 * load files ciphered under it (GPCS table C-3). DIGEST_SHA1: any. */
enum digest_alg authority_digest(const struct authority_key *k, bool ciphers);

/* Appends authority_signature_size octets. */
MUST_CHECK bool authority_sign(const struct authority_key *k, struct span msg, struct wr *sig);
/* MACs are compared in constant time. */
MUST_CHECK bool authority_verify(const struct authority_key *k, struct span msg, struct span sig);

/* The kind and size in words: "triple DES", "AES-128", "RSA-2048", "EC p-521". */
char *authority_describe(const struct authority_key *k, char *out, size_t cap);
/* What may be shown: first octets of the SHA-256 of the SubjectPublicKeyInfo in DER. False for
 * secret keys, which have check values. */
MUST_CHECK bool authority_fingerprint(const struct authority_key *k, uint8_t out[static 8]);
/* Both have a public half and it is the same. */
MUST_CHECK bool authority_same_public(const struct authority_key *a, const struct authority_key *b);

/* A new key pair of the given size in bits (1024 to 4096, in steps of 64) or on this curve: for
 * tests and test key stores. */
MUST_CHECK bool authority_generate_rsa(struct authority_key *k, unsigned bits);
MUST_CHECK bool authority_generate_ec(struct authority_key *k, enum ec_curve c);

/* Ciphered load files (GPCS C.6): CBC over the data padded with 80 00..; icv: a block (16
 * octets, with triple DES 8), empty: zeros. Decrypting is false when the padding is wrong, too. */
size_t authority_block(const struct authority_key *k); /* 16, 8; 0: not a secret key */
MUST_CHECK bool authority_encrypt(
    const struct authority_key *k, struct span icv, struct span data, struct wr *out);
MUST_CHECK bool authority_decrypt(
    const struct authority_key *k, struct span icv, struct span data, struct wr *out);

#endif
