#include "crypto/kdf.h"

#include <string.h>

#define CONTEXT_MAX 64

bool scp03_kdf(struct aes *k, uint8_t constant, struct span context, uint8_t *out, size_t n)
{
	struct wr w = wr_fixed(out, n);
	uint8_t head[16] = { 0 }, block[AES_BLOCK];
	const struct span parts[] = { SPAN(head), context };
	bool ok = false;

	if ((n != 8 && n != 16 && n != 24 && n != 32) || context.n > CONTEXT_MAX)
		return false;
	head[11] = constant; /* behind the rest of the label; head[12] is the separator */
	head[13] = (uint8_t)(n * 8 >> 8);
	head[14] = (uint8_t)(n * 8);
	while (w.n < n) {
		head[15]++;
		if (!aes_cmac(k, parts, 2, block))
			goto out;
		wr_put(&w, span_sub(SPAN(block), 0, n - w.n));
	}
	ok = wr_ok(&w);
out:
	wipe(block, sizeof(block));
	return ok;
}

bool scp03_kdf_key(
    const struct key *k, uint8_t constant, struct span context, size_t n, struct key *out)
{
	struct aes a = { 0 };
	bool ok = n >= 16 && n <= sizeof(out->b) && aes_set_key(&a, k) &&
		  scp03_kdf(&a, constant, context, out->b, n);

	aes_wipe(&a);
	out->n = ok ? (uint8_t)n : 0;
	return ok;
}

static const char *const names[] = { [DIVERSIFY_NONE] = "none", [DIVERSIFY_KDF3] = "kdf3" };

bool diversification_from(const char *name, enum diversification *d)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) != 0)
			continue;
		*d = (enum diversification)i;
		return true;
	}
	return false;
}

const char *diversification_str(enum diversification d)
{
	return names[d];
}

/* KDF3: SP 800-108 counter mode without an L field, counter first. */
static bool kdf3(
    const struct key *master, uint8_t number, const uint8_t kdd[static 10], struct key *out)
{
	uint8_t head[6] = { 0, 0, 0, 0, number, 0 }, block[AES_BLOCK];
	const struct span parts[] = { SPAN(head), span_of(kdd, 10) };
	struct wr w = wr_fixed(out->b, master->n);
	struct aes a = { 0 };
	bool ok = aes_set_key(&a, master);

	while (ok && w.n < master->n) {
		head[0]++;
		ok = aes_cmac(&a, parts, 2, block);
		wr_put(&w, span_sub(SPAN(block), 0, master->n - w.n));
	}
	out->n = ok ? master->n : 0;
	aes_wipe(&a);
	wipe(block, sizeof(block));
	return ok;
}

bool diversify(enum diversification d, const struct key_set *master, const uint8_t kdd[static 10],
    struct key_set *out)
{
	switch (d) {
	case DIVERSIFY_NONE:
		*out = *master;
		return true;
	case DIVERSIFY_KDF3:
		return kdf3(&master->enc, 1, kdd, &out->enc) &&
		       kdf3(&master->mac, 2, kdd, &out->mac) &&
		       kdf3(&master->dek, 3, kdd, &out->dek);
	}
	return false;
}

bool key_check_value(const struct key *k, uint8_t out[static 3])
{
	uint8_t block[AES_BLOCK];
	struct aes a = { 0 };
	bool ok;

	memset(block, 0x01, sizeof(block));
	ok = aes_set_key(&a, k) && aes_block(&a, block, block);
	if (ok)
		memcpy(out, block, 3);
	aes_wipe(&a);
	wipe(block, sizeof(block));
	return ok;
}
