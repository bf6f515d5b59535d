#include "gp/put_key.h"

#include "crypto/des.h"
#include "crypto/kdf.h"

enum { KCV_SIZE = 3, VERSION_MAX = 0x7F, PUT_KEY_KEYS = 3 };

static const uint8_t icv[AES_BLOCK];

static bool check_value(bool des, const struct key *k, uint8_t out[static KCV_SIZE])
{
	return des ? des_key_check_value(k, out) : key_check_value(k, out);
}

/* 24-octet keys are padded with 00 to whole blocks. */
static size_t padded(size_t n)
{
	return (n + AES_BLOCK - 1) / AES_BLOCK * AES_BLOCK;
}

static bool is_aes_length(size_t n)
{
	return n == 16 || n == 24 || n == 32;
}

/* 88 | length | clear length | ciphertext | 03 | check value (Amendment D 7.2). */
static bool aes_put(struct wr *w, const struct key *k, const struct key *dek)
{
	size_t n = padded(k->n);
	uint8_t kcv[KCV_SIZE], ct[KEY_MAX];
	SECRET_KEY(clear);

	if (!is_aes_length(k->n))
		return false;
	clear = *k;
	wipe(clear.b + k->n, sizeof(clear.b) - k->n);
	if (!key_check_value(k, kcv) || !aes_cbc_once(dek, true, icv, span_of(clear.b, n), ct))
		return false;
	wr_u8(w, KEY_TYPE_AES);
	wr_u8(w, (uint8_t)(n + 1));
	wr_u8(w, k->n);
	wr_bytes(w, ct, n);
	wr_lv(w, SPAN(kcv));
	return true;
}

/* 80 | 10 | ciphertext | 03 | check value (GPCS 11.8.2.3.3). */
static bool des_put(struct wr *w, const struct key *k, const struct key *dek)
{
	uint8_t kcv[KCV_SIZE], ct[DES3_KEY];

	if (k->n != DES3_KEY || !des_key_check_value(k, kcv) ||
	    !des_ecb_once(dek, true, key_span(k), ct))
		return false;
	wr_u8(w, KEY_TYPE_DES);
	wr_lv(w, SPAN(ct));
	wr_lv(w, SPAN(kcv));
	return true;
}

bool put_key_put(struct wr *w, const struct put_key *k, const struct key *dek)
{
	size_t start = w->n;

	if (k->n < 1 || k->n > PUT_KEY_KEYS || k->version < 1 || k->version > VERSION_MAX)
		return false;
	wr_u8(w, k->version);
	for (size_t i = 0; i < k->n; i++)
		if (!(k->des ? des_put : aes_put)(w, &k->key[i], dek)) {
			wr_cut(w, start);
			return false;
		}
	return wr_ok(w);
}

/*
 * The ciphertext and the clear length of a component: a component of whole blocks has no length
 * in front of it (GPCS 11.8.2.3.1).
 */
static bool component_get(struct span component, struct span *ct, uint8_t *n)
{
	struct rd r = rd_of(component);

	*n = (uint8_t)component.n;
	if (component.n % AES_BLOCK != 0 && !rd_u8(&r, n))
		return false;
	*ct = rd_rest(&r);
	return is_aes_length(*n) && ct->n == padded(*n);
}

static bool aes_get(struct span component, const struct key *dek, struct key *k)
{
	struct span ct;
	uint8_t n;

	if (!component_get(component, &ct, &n) || !aes_cbc_once(dek, false, icv, ct, k->b))
		return false;
	k->n = n;
	wipe(k->b + n, sizeof(k->b) - n);
	return true;
}

static bool des_get(struct span component, const struct key *dek, struct key *k)
{
	k->n = DES3_KEY;
	return component.n == DES3_KEY && des_ecb_once(dek, false, component, k->b);
}

/* A failing cipher refuses the command too: there is no key to store. */
static enum put_key_verdict field_get(
    struct rd *r, bool des, const struct key *dek, struct key *k, uint8_t kcv[static KCV_SIZE])
{
	uint8_t type, want[KCV_SIZE];
	struct span component, value;
	struct rd in;

	if (!rd_u8(r, &type) || type != (des ? KEY_TYPE_DES : KEY_TYPE_AES) ||
	    !rd_lv(r, &component) || !rd_lv(r, &value) || value.n != KCV_SIZE)
		return PUT_KEY_MALFORMED;
	in = rd_of(value);
	if (!rd_copy(&in, kcv, KCV_SIZE) || !(des ? des_get : aes_get)(component, dek, k) ||
	    !check_value(des, k, want))
		return PUT_KEY_MALFORMED;
	return span_eq(SPAN(want), value) ? PUT_KEY_OK : PUT_KEY_BAD_KCV;
}

static enum put_key_verdict fields_get(struct span data, const struct key *dek, struct put_key *k)
{
	struct rd r = rd_of(data);

	if (!rd_u8(&r, &k->version) || k->version < 1 || k->version > VERSION_MAX)
		return PUT_KEY_MALFORMED;
	do {
		enum put_key_verdict v;

		if (k->n == PUT_KEY_KEYS)
			return PUT_KEY_MALFORMED;
		v = field_get(&r, k->des, dek, &k->key[k->n], k->kcv[k->n]);
		if (v != PUT_KEY_OK)
			return v;
		k->n++;
	} while (rd_left(&r) > 0);
	return PUT_KEY_OK;
}

enum put_key_verdict put_key_get(struct span data, const struct key *dek, struct put_key *k)
{
	struct put_key got = { .des = k->des };
	enum put_key_verdict v = fields_get(data, dek, &got);

	if (v == PUT_KEY_OK)
		*k = got;
	wipe(&got, sizeof(got));
	return v;
}

void put_key_answer_put(struct wr *w, const struct put_key *k)
{
	wr_u8(w, k->version);
	for (size_t i = 0; i < k->n && i < PUT_KEY_KEYS; i++)
		wr_put(w, SPAN(k->kcv[i]));
}

bool put_key_answer_ok(struct span data, const struct put_key *k)
{
	uint8_t version, got[KCV_SIZE], want[KCV_SIZE];
	struct rd r = rd_of(data);

	if (k->n > PUT_KEY_KEYS || !rd_u8(&r, &version) || version != k->version)
		return false;
	for (size_t i = 0; i < k->n; i++)
		if (!rd_copy(&r, got, KCV_SIZE) || !check_value(k->des, &k->key[i], want) ||
		    !span_eq(SPAN(got), SPAN(want)))
			return false;
	return rd_left(&r) == 0;
}
