#include "gp/key_value.h"

#include "crypto/des.h"
#include "crypto/kdf.h"

static const uint8_t icv[AES_BLOCK];

bool key_value_is_secret(uint8_t type)
{
	return type == KEY_TYPE_DES || type == KEY_TYPE_AES;
}

uint8_t key_value_type(const struct put_key *k, size_t i)
{
	if (k->type[i] != 0)
		return k->type[i];
	return k->des ? KEY_TYPE_DES : KEY_TYPE_AES;
}

bool key_value_check(uint8_t type, const struct key *k, uint8_t kcv[static PUT_KEY_KCV])
{
	return type == KEY_TYPE_DES ? des_key_check_value(k, kcv) : key_check_value(k, kcv);
}

size_t key_value_block(bool des)
{
	return des ? DES_BLOCK : AES_BLOCK;
}

size_t key_value_padded(bool des, size_t n)
{
	size_t block = key_value_block(des);

	return (n + block - 1) / block * block;
}

bool key_value_cipher(
    bool des, const struct key *dek, enum cipher_way way, struct span in, uint8_t *out)
{
	return des ? des_ecb_once(dek, way, in, out) : aes_cbc_once(dek, way, icv, in, out);
}

bool key_value_encrypt(
    bool des, const struct key *dek, struct span value, uint8_t ct[static KEY_VALUE_MAX], size_t *n)
{
	uint8_t clear[KEY_VALUE_MAX] = { 0 };
	struct wr w = wr_fixed(clear, sizeof(clear));
	bool ok;

	*n = key_value_padded(des, value.n);
	wr_put(&w, value);
	ok = wr_ok(&w) && *n <= sizeof(clear) &&
	     key_value_cipher(des, dek, ENCRYPT, span_of(clear, *n), ct);
	wipe(clear, sizeof(clear));
	return ok;
}

bool key_value_decrypt(
    bool des, const struct key *dek, struct span ct, size_t n, uint8_t clear[static KEY_VALUE_MAX])
{
	if (ct.n == 0 || ct.n > KEY_VALUE_MAX || ct.n != key_value_padded(des, n))
		return false;
	return key_value_cipher(des, dek, DECRYPT, ct, clear);
}
