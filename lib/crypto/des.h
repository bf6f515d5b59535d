/*
 * Triple DES with two keys (K1 | K2, used K1 K2 K1), as SCP01 and SCP02 have it: ECB, CBC and both
 * MACs of GPCS B.1. Single DES is done as triple DES with equal halves, so that no legacy provider
 * is needed.
 *
 * A `struct des` is a keyed object that is made once and rekeyed often, like struct aes: its
 * contexts are made and keyed when first used. Caller owns it; des_wipe releases and wipes. An
 * all-zero struct is a valid empty one. Functions return false when there is no key, a length is
 * not one of whole blocks, or OpenSSL fails; then the object must be wiped.
 */
#ifndef CRYPTO_DES_H
#define CRYPTO_DES_H

#include "base/secret.h"
#include "crypto/way.h"

#define DES_BLOCK 8
#define DES3_KEY 16

enum des_use { DES_ECB_ENC, DES_ECB_DEC, DES_CBC_ENC, DES_CBC_DEC, DES_SINGLE, DES_USES };

struct evp_cipher_ctx_st;

struct des {
	struct evp_cipher_ctx_st *ctx[DES_USES]; /* made when first needed */
	bool keyed[DES_USES];                    /* with the key below */
	struct key key;
};

MUST_CHECK bool des_set_key(struct des *d, const struct key *k); /* 16 octets; parity is ignored */
void des_wipe(struct des *d);

/* in.n is a multiple of 8; out may be in.p. */
MUST_CHECK bool des_ecb(struct des *d, enum cipher_way way, struct span in, uint8_t *out);
MUST_CHECK bool des_cbc(
    struct des *d, enum cipher_way way, const uint8_t iv[static 8], struct span in, uint8_t *out);
/* One block under single DES with K1: how SCP02 encrypts an ICV (GPCS E.3.4). */
MUST_CHECK bool des_single(struct des *d, const uint8_t in[static 8], uint8_t out[static 8]);

/* MACs over the concatenation of `count` parts, padded with 80 00.. in any case (B.1.3): full
 * triple DES (B.1.2.1); single DES but for the last block (B.1.2.2, ISO 9797-1 algorithm 3).
 * `out` may be `iv`. */
MUST_CHECK bool des_mac_full(struct des *d, const uint8_t iv[static 8], const struct span *parts,
    size_t count, uint8_t out[static 8]);
MUST_CHECK bool des_mac_retail(struct des *d, const uint8_t iv[static 8], const struct span *parts,
    size_t count, uint8_t out[static 8]);

/* ECB with a key of its own. */
MUST_CHECK bool des_ecb_once(
    const struct key *k, enum cipher_way way, struct span in, uint8_t *out);

#endif
