/*
 * AES for secure channels: ECB blocks, CBC, CMAC (SP 800-38B), key wrap (RFC 3394), CTR.
 *
 * A `struct aes` is a keyed object that is made once and rekeyed often: making it fetches from
 * OpenSSL (slow), rekeying does not. Caller owns the struct; aes_wipe releases and wipes. An
 * all-zero struct is a valid empty one. Functions return false only when OpenSSL fails (memory)
 * or the key has no AES length; then the object must be wiped.
 */
#ifndef CRYPTO_AES_H
#define CRYPTO_AES_H

#include "base/secret.h"
#include "crypto/way.h"

#define AES_BLOCK 16

struct evp_cipher_ctx_st;

struct aes {
	struct evp_cipher_ctx_st *ecb, *cbc_enc, *cbc_dec; /* made when first needed */
	struct key key;                                    /* kept to key the CBC contexts late */
	bool enc_keyed, dec_keyed, has_subkeys;            /* done for this key on first use */
	uint8_t k1[AES_BLOCK], k2[AES_BLOCK];              /* CMAC subkeys */
};

MUST_CHECK bool aes_set_key(struct aes *a, const struct key *k);
void aes_wipe(struct aes *a);

MUST_CHECK bool aes_block(struct aes *a, const uint8_t in[static 16], uint8_t out[static 16]);
/* in.n is a multiple of 16; out may be in.p. */
MUST_CHECK bool aes_cbc_encrypt(
    struct aes *a, const uint8_t iv[static 16], struct span in, uint8_t *out);
MUST_CHECK bool aes_cbc_decrypt(
    struct aes *a, const uint8_t iv[static 16], struct span in, uint8_t *out);
/* AES-CTR as broadcast.md's inner layer has it: block = nonce(12) | 32-bit number from 0. */
MUST_CHECK bool aes_ctr(
    struct aes *a, const uint8_t nonce[static 12], struct span in, uint8_t *out);

/* CMAC over the concatenation of `count` parts, 16 octets. */
MUST_CHECK bool aes_cmac(
    struct aes *a, const struct span *parts, size_t count, uint8_t out[static 16]);
/* One-shot forms with a key of their own. */
MUST_CHECK bool cmac(const struct key *k, struct span msg, uint8_t out[static 16]);
MUST_CHECK bool aes_cbc_once(const struct key *k, enum cipher_way way, const uint8_t iv[static 16],
    struct span in, uint8_t *out);

/* RFC 3394: out takes in.n + 8 (wrap) or in.n - 8 (unwrap) octets; in.n a multiple of 8, 16..64
 * clear. Unwrap is false, and out wiped, when the check value is wrong. */
MUST_CHECK bool aes_wrap(const struct key *kek, struct span in, uint8_t *out);
MUST_CHECK bool aes_unwrap(const struct key *kek, struct span in, uint8_t *out);

#endif
