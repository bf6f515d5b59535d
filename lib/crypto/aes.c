#include "crypto/aes.h"

#include <limits.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

/* Octets that CMAC and CTR work on at once: a short APDU with its chaining value fits. */
#define SCRATCH ((size_t)512)
/* Up to here a CMAC by single blocks beats keying and setting up a CBC run. */
#define FEW_BLOCKS 7

enum mode { MODE_ECB, MODE_CBC, MODE_WRAP };

static const uint8_t zero_iv[AES_BLOCK];

static EVP_CIPHER *fetch(enum mode mode, size_t key_n)
{
	static const char *const names[][3] = {
		[MODE_ECB] = { "AES-128-ECB", "AES-192-ECB", "AES-256-ECB" },
		[MODE_CBC] = { "AES-128-CBC", "AES-192-CBC", "AES-256-CBC" },
		[MODE_WRAP] = { "AES-128-WRAP", "AES-192-WRAP", "AES-256-WRAP" },
	};

	if (key_n != 16 && key_n != 24 && key_n != 32)
		return NULL;
	return EVP_CIPHER_fetch(NULL, names[mode][key_n / 8 - 2], NULL);
}

/*
 * Keys a context, made here when it is missing. Only another key length than before costs a fetch:
 * the context keeps its cipher. Padding is switched off with the cipher, and not by
 * EVP_CIPHER_CTX_set_padding, which every later initialisation would repeat at some cost.
 */
static bool set_context(
    EVP_CIPHER_CTX **ctx, enum mode mode, const struct key *k, enum cipher_way way)
{
	unsigned padding = 0;
	const OSSL_PARAM params[] = { OSSL_PARAM_construct_uint(
					  OSSL_CIPHER_PARAM_PADDING, &padding),
		OSSL_PARAM_construct_end() };
	const EVP_CIPHER *has;
	EVP_CIPHER *fetched;
	bool ok;

	if (*ctx == NULL)
		*ctx = EVP_CIPHER_CTX_new();
	if (*ctx == NULL)
		return false;
	has = EVP_CIPHER_CTX_get0_cipher(*ctx);
	if (has != NULL && EVP_CIPHER_get_key_length(has) == k->n)
		return EVP_CipherInit_ex2(*ctx, NULL, k->b, NULL, way == ENCRYPT ? 1 : 0, NULL) ==
		       1;
	fetched = fetch(mode, k->n);
	if (fetched == NULL)
		return false;
	if (mode == MODE_WRAP)
		EVP_CIPHER_CTX_set_flags(*ctx, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
	ok = EVP_CipherInit_ex2(*ctx, fetched, k->b, NULL, way == ENCRYPT ? 1 : 0, params) == 1;
	EVP_CIPHER_free(fetched);
	return ok;
}

/* One run of whole blocks; `out` may be in.p. */
static bool update(EVP_CIPHER_CTX *ctx, struct span in, uint8_t *out)
{
	int n = 0;

	if (in.n > INT_MAX - AES_BLOCK)
		return false;
	if (in.n == 0)
		return true;
	return EVP_CipherUpdate(ctx, out, &n, in.p, (int)in.n) == 1 && (size_t)n == in.n;
}

bool aes_set_key(struct aes *a, const struct key *k)
{
	a->enc_keyed = a->dec_keyed = a->has_subkeys = false;
	a->key = *k;
	return set_context(&a->ecb, MODE_ECB, k, ENCRYPT);
}

void aes_wipe(struct aes *a)
{
	EVP_CIPHER_CTX_free(a->ecb);
	EVP_CIPHER_CTX_free(a->cbc_enc);
	EVP_CIPHER_CTX_free(a->cbc_dec);
	wipe(a, sizeof(*a));
}

bool aes_block(struct aes *a, const uint8_t in[static 16], uint8_t out[static 16])
{
	return a->ecb != NULL && update(a->ecb, span_of(in, AES_BLOCK), out);
}

/* Starts a CBC run with `iv`, keying the context on first use after aes_set_key. */
static bool cbc_start(
    EVP_CIPHER_CTX **ctx, bool *keyed, const struct key *k, enum cipher_way way, const uint8_t *iv)
{
	if (!*keyed && !set_context(ctx, MODE_CBC, k, way))
		return false;
	*keyed = true;
	return EVP_CipherInit_ex2(*ctx, NULL, NULL, iv, way == ENCRYPT ? 1 : 0, NULL) == 1;
}

bool aes_cbc_encrypt(struct aes *a, const uint8_t iv[static 16], struct span in, uint8_t *out)
{
	return in.n % AES_BLOCK == 0 &&
	       cbc_start(&a->cbc_enc, &a->enc_keyed, &a->key, ENCRYPT, iv) &&
	       update(a->cbc_enc, in, out);
}

bool aes_cbc_decrypt(struct aes *a, const uint8_t iv[static 16], struct span in, uint8_t *out)
{
	return in.n % AES_BLOCK == 0 &&
	       cbc_start(&a->cbc_dec, &a->dec_keyed, &a->key, DECRYPT, iv) &&
	       update(a->cbc_dec, in, out);
}

static void xor_into(uint8_t *to, const uint8_t *with, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] ^= with[i];
}

bool aes_ctr(struct aes *a, const uint8_t nonce[static 12], struct span in, uint8_t *out)
{
	uint8_t stream[SCRATCH];
	struct wr to = wr_fixed(out, in.n);
	bool ok = a->ecb != NULL && in.n / AES_BLOCK <= UINT32_MAX;
	uint32_t number = 0;

	for (size_t done = 0; ok && done < in.n; done += SCRATCH) {
		struct span part = span_sub(in, done, SCRATCH);
		size_t n = (part.n + AES_BLOCK - 1) / AES_BLOCK * AES_BLOCK;

		for (size_t at = 0; at < n; at += AES_BLOCK) {
			memcpy(&stream[at], nonce, 12);
			put_u32(&stream[at + 12], number++);
		}
		ok = update(a->ecb, span_of(stream, n), stream);
		xor_into(stream, part.p, part.n);
		wr_bytes(&to, stream, part.n);
	}
	wipe(stream, sizeof(stream));
	return ok;
}

/* Doubling in GF(2^128) without a branch on the secret (SP 800-38B 6.1). */
static void double_block(const uint8_t in[static 16], uint8_t out[static 16])
{
	uint8_t carry = in[0] >> 7;

	for (int i = 0; i < AES_BLOCK - 1; i++)
		out[i] = (uint8_t)(in[i] << 1 | in[i + 1] >> 7);
	out[AES_BLOCK - 1] = (uint8_t)(in[AES_BLOCK - 1] << 1 ^ (0x87 & -carry));
}

static bool make_subkeys(struct aes *a)
{
	uint8_t l[AES_BLOCK];

	if (a->has_subkeys)
		return true;
	if (!aes_block(a, zero_iv, l))
		return false;
	double_block(l, a->k1);
	double_block(a->k1, a->k2);
	wipe(l, sizeof(l));
	a->has_subkeys = true;
	return true;
}

/* The last block of a CMAC: masked with K1 when whole, padded and masked with K2 when not. */
static void finish_block(const struct aes *a, struct wr *w)
{
	const uint8_t *mask = a->k1;

	if (w->n == 0 || w->n % AES_BLOCK != 0) {
		wr_u8(w, 0x80);
		wr_fill(w, 0, (AES_BLOCK - w->n % AES_BLOCK) % AES_BLOCK);
		mask = a->k2;
	}
	xor_into(&w->p[w->n - AES_BLOCK], mask, AES_BLOCK);
}

static bool mac_by_blocks(struct aes *a, const uint8_t *p, size_t n, uint8_t out[static 16])
{
	memcpy(out, p, AES_BLOCK);
	if (!aes_block(a, out, out))
		return false;
	for (size_t at = AES_BLOCK; at < n; at += AES_BLOCK) {
		xor_into(out, &p[at], AES_BLOCK);
		if (!aes_block(a, out, out))
			return false;
	}
	return true;
}

/* Puts what is gathered through one CBC run that goes on from call to call. */
static bool mac_run(struct aes *a, const struct wr *w, bool *running)
{
	if (!*running && !cbc_start(&a->cbc_enc, &a->enc_keyed, &a->key, ENCRYPT, zero_iv))
		return false;
	*running = true;
	return update(a->cbc_enc, wr_span(w), w->p);
}

/* Gathers one part; a full buffer goes through only when more follows, for the last block waits. */
static bool mac_gather(struct aes *a, struct wr *w, struct span part, bool *running)
{
	for (size_t at = 0; at < part.n;) {
		struct span s;

		if (w->n == w->cap) {
			if (!mac_run(a, w, running))
				return false;
			w->n = 0;
		}
		s = span_sub(part, at, w->cap - w->n);
		wr_put(w, s);
		at += s.n;
	}
	return true;
}

bool aes_cmac(struct aes *a, const struct span *parts, size_t count, uint8_t out[static 16])
{
	uint8_t buf[SCRATCH];
	struct wr w = wr_fixed(buf, sizeof(buf));
	bool running = false, ok = make_subkeys(a);

	for (size_t i = 0; ok && i < count; i++)
		ok = mac_gather(a, &w, parts[i], &running);
	if (!ok)
		goto out;
	finish_block(a, &w);
	if (!running && w.n <= FEW_BLOCKS * AES_BLOCK) {
		ok = mac_by_blocks(a, buf, w.n, out);
		goto out;
	}
	ok = mac_run(a, &w, &running);
	memcpy(out, &buf[w.n - AES_BLOCK], AES_BLOCK);
out:
	wipe(buf, running ? sizeof(buf) : w.n);
	return ok;
}

bool cmac(const struct key *k, struct span msg, uint8_t out[static 16])
{
	struct aes a = { 0 };
	bool ok = aes_set_key(&a, k) && aes_cmac(&a, &msg, 1, out);

	aes_wipe(&a);
	return ok;
}

bool aes_cbc_once(const struct key *k, enum cipher_way way, const uint8_t iv[static 16],
    struct span in, uint8_t *out)
{
	struct aes a = { .key = *k };
	bool ok =
	    way == ENCRYPT ? aes_cbc_encrypt(&a, iv, in, out) : aes_cbc_decrypt(&a, iv, in, out);

	aes_wipe(&a);
	return ok;
}

/* RFC 3394 2.2.1, 2.2.2 in one call; `n` octets must come out. */
static bool wrap_once(
    const struct key *kek, enum cipher_way way, struct span in, uint8_t *out, size_t n)
{
	EVP_CIPHER_CTX *ctx = NULL;
	int got = 0;
	bool ok = set_context(&ctx, MODE_WRAP, kek, way) &&
		  EVP_CipherUpdate(ctx, out, &got, in.p, (int)in.n) == 1 && (size_t)got == n;

	EVP_CIPHER_CTX_free(ctx);
	if (!ok)
		wipe(out, n);
	return ok;
}

bool aes_wrap(const struct key *kek, struct span in, uint8_t *out)
{
	if (in.n % 8 != 0 || in.n < 16 || in.n > 64)
		return false;
	return wrap_once(kek, ENCRYPT, in, out, in.n + 8);
}

bool aes_unwrap(const struct key *kek, struct span in, uint8_t *out)
{
	if (in.n % 8 != 0 || in.n < 24 || in.n > 72)
		return false;
	return wrap_once(kek, DECRYPT, in, out, in.n - 8);
}
