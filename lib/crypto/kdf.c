#include "crypto/kdf.h"

#include <string.h>

#include "crypto/des.h"

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

bool des_key_check_value(const struct key *k, uint8_t out[static 3])
{
	uint8_t block[DES_BLOCK] = { 0 };
	bool ok = des_ecb_once(k, ENCRYPT, SPAN(block), block);

	if (ok)
		memcpy(out, block, 3);
	wipe(block, sizeof(block));
	return ok;
}
