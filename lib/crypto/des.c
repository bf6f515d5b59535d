#include "crypto/des.h"

#include <limits.h>
#include <string.h>

#include <openssl/evp.h>

/* Octets that a MAC works on at once: a short APDU fits. Whole blocks. */
#define SCRATCH ((size_t)512)

static const struct {
	const char *cipher;
	bool encrypt, single;
} uses[DES_USES] = {
	[DES_ECB_ENC] = { "DES-EDE-ECB", true, false },
	[DES_ECB_DEC] = { "DES-EDE-ECB", false, false },
	[DES_CBC_ENC] = { "DES-EDE-CBC", true, false },
	[DES_CBC_DEC] = { "DES-EDE-CBC", false, false },
	[DES_SINGLE] = { "DES-EDE-CBC", true, true },
};

bool des_set_key(struct des *d, const struct key *k)
{
	memset(d->keyed, 0, sizeof(d->keyed));
	d->key = *k;
	return k->n == DES3_KEY;
}

void des_wipe(struct des *d)
{
	for (size_t i = 0; i < DES_USES; i++)
		EVP_CIPHER_CTX_free(d->ctx[i]);
	wipe(d, sizeof(*d));
}

static EVP_CIPHER_CTX *make_context(const char *name)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	if (ctx != NULL &&
	    (cipher == NULL || EVP_CipherInit_ex2(ctx, cipher, NULL, NULL, 1, NULL) != 1)) {
		EVP_CIPHER_CTX_free(ctx);
		ctx = NULL;
	}
	EVP_CIPHER_free(cipher);
	return ctx;
}

/* The key for this use: single DES is EDE with K2 = K1. */
static void key_for(const struct des *d, enum des_use use, struct key *k)
{
	*k = d->key;
	if (uses[use].single)
		memcpy(&k->b[DES_BLOCK], k->b, DES_BLOCK);
}

/* The context of this use, keyed and at the beginning of a run with `iv` (CBC only). */
static EVP_CIPHER_CTX *start(struct des *d, enum des_use use, const uint8_t *iv)
{
	EVP_CIPHER_CTX **ctx = &d->ctx[use];
	int encrypt = uses[use].encrypt ? 1 : 0;
	SECRET_KEY(k);

	if (d->key.n != DES3_KEY)
		return NULL;
	if (*ctx == NULL)
		*ctx = make_context(uses[use].cipher);
	if (*ctx == NULL)
		return NULL;
	if (d->keyed[use])
		return EVP_CipherInit_ex2(*ctx, NULL, NULL, iv, encrypt, NULL) == 1 ? *ctx : NULL;
	key_for(d, use, &k);
	if (EVP_CipherInit_ex2(*ctx, NULL, k.b, iv, encrypt, NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(*ctx, 0) != 1)
		return NULL;
	d->keyed[use] = true;
	return *ctx;
}

static bool run(struct des *d, enum des_use use, const uint8_t *iv, struct span in, uint8_t *out)
{
	EVP_CIPHER_CTX *ctx;
	int n = 0;

	if (in.n % DES_BLOCK != 0 || in.n > INT_MAX)
		return false;
	if (in.n == 0)
		return true;
	ctx = start(d, use, iv);
	return ctx != NULL && EVP_CipherUpdate(ctx, out, &n, in.p, (int)in.n) == 1 &&
	       (size_t)n == in.n;
}

bool des_ecb(struct des *d, enum cipher_way way, struct span in, uint8_t *out)
{
	return run(d, way == ENCRYPT ? DES_ECB_ENC : DES_ECB_DEC, NULL, in, out);
}

bool des_cbc(
    struct des *d, enum cipher_way way, const uint8_t iv[static 8], struct span in, uint8_t *out)
{
	return run(d, way == ENCRYPT ? DES_CBC_ENC : DES_CBC_DEC, iv, in, out);
}

bool des_single(struct des *d, const uint8_t in[static 8], uint8_t out[static 8])
{
	static const uint8_t zero[DES_BLOCK];

	return run(d, DES_SINGLE, zero, span_of(in, DES_BLOCK), out);
}

/* ---- MACs ---- */

/* A MAC under way. */
struct mac {
	struct des *d;
	enum des_use chain;       /* for all blocks but the last */
	uint8_t value[DES_BLOCK]; /* chaining value */
	uint8_t buf[SCRATCH];
	struct wr w;
};

/* Takes n octets at the beginning of the buffer into the chaining value. */
static bool mac_chain(struct mac *m, size_t n)
{
	if (n == 0)
		return true;
	if (!run(m->d, m->chain, m->value, span_of(m->buf, n), m->buf))
		return false;
	memcpy(m->value, &m->buf[n - DES_BLOCK], DES_BLOCK);
	return true;
}

/* Padding always follows, so a full buffer never holds the last block. */
static bool mac_gather(struct mac *m, struct span part)
{
	for (size_t at = 0; at < part.n;) {
		struct span s = span_sub(part, at, m->w.cap - m->w.n);

		wr_put(&m->w, s);
		at += s.n;
		if (m->w.n < m->w.cap)
			break;
		if (!mac_chain(m, m->w.n))
			return false;
		m->w.n = 0;
	}
	return true;
}

/* The last block goes through triple DES in both MACs. */
static bool mac_finish(struct mac *m, uint8_t out[static 8])
{
	size_t head;

	wr_u8(&m->w, 0x80);
	wr_fill(&m->w, 0, (DES_BLOCK - m->w.n % DES_BLOCK) % DES_BLOCK);
	head = m->w.n - DES_BLOCK;
	if (!mac_chain(m, head))
		return false;
	for (size_t i = 0; i < DES_BLOCK; i++)
		m->value[i] ^= m->buf[head + i];
	return des_ecb(m->d, ENCRYPT, SPAN(m->value), out);
}

static bool mac(struct des *d, enum des_use chain, const uint8_t *iv, const struct span *parts,
    size_t count, uint8_t *out)
{
	struct mac m = { .d = d, .chain = chain };
	bool ok = true;

	m.w = wr_fixed(m.buf, sizeof(m.buf));
	memcpy(m.value, iv, DES_BLOCK);
	for (size_t i = 0; ok && i < count; i++)
		ok = mac_gather(&m, parts[i]);
	ok = ok && mac_finish(&m, out);
	wipe(&m, sizeof(m));
	return ok;
}

bool des_mac_full(struct des *d, const uint8_t iv[static 8], const struct span *parts, size_t count,
    uint8_t out[static 8])
{
	return mac(d, DES_CBC_ENC, iv, parts, count, out);
}

bool des_mac_retail(struct des *d, const uint8_t iv[static 8], const struct span *parts,
    size_t count, uint8_t out[static 8])
{
	return mac(d, DES_SINGLE, iv, parts, count, out);
}

bool des_ecb_once(const struct key *k, enum cipher_way way, struct span in, uint8_t *out)
{
	struct des d = { 0 };
	bool ok = des_set_key(&d, k) && des_ecb(&d, way, in, out);

	des_wipe(&d);
	return ok;
}
