/* authority.h: ciphered load files. */
#include "crypto/aes.h"
#include "crypto/authority.h"
#include "crypto/des.h"

size_t authority_block(const struct authority_key *k)
{
	if (k->kind == AUTHORITY_AES)
		return AES_BLOCK;
	return k->kind == AUTHORITY_DES ? DES_BLOCK : 0;
}

static bool cbc(const struct authority_key *k, enum cipher_way way, struct span icv, struct span in,
    uint8_t *out)
{
	uint8_t iv[AES_BLOCK] = { 0 };
	struct rd r = rd_of(icv);
	struct des d = { 0 };
	bool ok;

	if (icv.n != 0 && (icv.n != authority_block(k) || !rd_copy(&r, iv, icv.n)))
		return false;
	if (k->kind == AUTHORITY_AES)
		return aes_cbc_once(&k->secret, way, iv, in, out);
	ok = des_set_key(&d, &k->secret) && des_cbc(&d, way, iv, in, out);
	des_wipe(&d);
	return ok;
}

bool authority_encrypt(
    const struct authority_key *k, struct span icv, struct span data, struct wr *out)
{
	size_t block = authority_block(k), at = out->n, n;
	uint8_t *to;

	if (block == 0)
		return false;
	n = data.n + block - data.n % block;
	wr_put(out, data);
	wr_u8(out, 0x80);
	wr_fill(out, 0x00, n - data.n - 1);
	if (!wr_ok(out))
		return false;
	to = &out->p[at];
	return cbc(k, ENCRYPT, icv, span_of(to, n), to);
}

/* Without the padding; false when there is none. */
static bool unpadded(struct span s, size_t block, size_t *n)
{
	for (size_t i = 0; i < block && i < s.n; i++) {
		uint8_t b = s.p[s.n - 1 - i];

		if (b != 0x00 && b != 0x80)
			return false;
		if (b == 0x80) {
			*n = s.n - 1 - i;
			return true;
		}
	}
	return false;
}

bool authority_decrypt(
    const struct authority_key *k, struct span icv, struct span data, struct wr *out)
{
	size_t block = authority_block(k), at = out->n, n;
	uint8_t *to;

	if (block == 0 || data.n == 0 || data.n % block != 0)
		return false;
	to = wr_space(out, data.n);
	if (to == NULL)
		return false;
	if (!cbc(k, DECRYPT, icv, data, to) || !unpadded(span_of(to, data.n), block, &n)) {
		wipe(to, data.n);
		wr_cut(out, at);
		return false;
	}
	wr_cut(out, at + n);
	return true;
}
