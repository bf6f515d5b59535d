/* Data fields of PUT KEY and key groups of STORE DATA: what is taken is what is written again, and
 * what is refused leaves nothing. The first octet chooses the form, the DEK, and bits to flip in
 * what we write ourselves. */
#include "fuzz.h"

#include <string.h>

#include "gp/key_dgi.h"

enum { DGI_FORM = 0x01, DES_DEK = 0x02, OUR_OWN = 0x04 };

static bool same_keys(const struct put_key *a, const struct put_key *b)
{
	if (a->version != b->version || a->n != b->n ||
	    put_key_is_asymmetric(a) != put_key_is_asymmetric(b))
		return false;
	if (put_key_is_asymmetric(a))
		return a->type[0] == b->type[0] &&
		       authority_same_public(&a->asymmetric, &b->asymmetric);
	for (size_t i = 0; i < a->n; i++)
		if (a->type[i] != b->type[i] ||
		    !span_eq(key_span(&a->key[i]), key_span(&b->key[i])) ||
		    memcmp(a->kcv[i], b->kcv[i], sizeof(a->kcv[i])) != 0)
			return false;
	return true;
}

static void check_put_key(struct span s, bool des, const struct key *dek)
{
	struct put_key k = { .des = des }, again = { .des = des };
	uint8_t answer[1 + PUT_KEY_KEYS * PUT_KEY_KCV];
	struct wr w = wr_grow(4096), a = wr_fixed(answer, sizeof(answer));

	if (put_key_get(s, dek, &k) != PUT_KEY_OK) {
		CHECK(k.n == 0 && k.version == 0);
		return;
	}
	CHECK(k.n >= 1 && k.n <= PUT_KEY_KEYS && k.version >= 1 && k.version <= 0x7F);
	CHECK(put_key_put(&w, &k, dek));
	CHECK(put_key_get(wr_span(&w), dek, &again) == PUT_KEY_OK);
	CHECK(same_keys(&k, &again));
	put_key_answer_put(&a, &k);
	CHECK(put_key_answer_ok(wr_span(&a), &k));
	wr_free(&w);
}

static void check_groups(struct span s, bool des, const struct key *dek)
{
	struct wr w = wr_grow(4096);
	struct rd r = rd_of(s);

	CHECK(!dgi_sound(s) || s.n == 0 || s.n >= 3);
	for (size_t left = s.n + 1; rd_left(&r) > 0 && rd_left(&r) < left;) {
		struct key_dgi k = { .put.des = des }, again = { .put.des = des };
		struct rd mine;

		left = rd_left(&r);
		if (key_dgi_get(&r, dek, &k) != PUT_KEY_OK) {
			CHECK(k.put.n == 0);
			break;
		}
		CHECK(k.put.n >= 1 && k.put.n <= PUT_KEY_KEYS);
		wr_reset(&w);
		/* Keys of one B7 may differ from it one by one, which we do not write. */
		if (!key_dgi_put(&w, &k, dek)) {
			CHECK(k.common);
			continue;
		}
		mine = rd_of(wr_span(&w));
		CHECK(key_dgi_get(&mine, dek, &again) == PUT_KEY_OK && rd_left(&mine) == 0);
		CHECK(same_keys(&k.put, &again.put));
		CHECK(memcmp(k.kid, again.kid, k.put.n) == 0);
	}
	wr_free(&w);
}

/* Keys of ours, with one bit flipped or an octet lost: never other keys than those with the same
 * check values. */
static void check_damaged(struct rd *in, bool des, const struct key *dek)
{
	struct key_dgi k = { .put = { .version = 1, .des = des, .n = 1 + fuzz_u8(in) % 3 },
		.kid = { 1, 2, 3 },
		.common = fuzz_u8(in) % 2 != 0 };
	struct put_key got = { .des = des };
	struct wr w = wr_grow(4096);
	uint32_t bit;

	k.put.extended = fuzz_u8(in) % 2 != 0;
	for (size_t i = 0; i < k.put.n; i++) {
		k.put.type[i] = KEY_TYPE_AES;
		k.put.key[i] = fuzz_key(16, fuzz_u8(in));
	}
	CHECK(put_key_put(&w, &k.put, dek));
	bit = fuzz_u32(in) % (uint32_t)(8 * w.n);
	w.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	check_put_key(wr_span(&w), des, dek);
	if (put_key_get(wr_span(&w), dek, &got) == PUT_KEY_OK)
		for (size_t i = 0; i < got.n; i++)
			CHECK(span_eq(key_span(&got.key[i]), key_span(&k.put.key[i])));
	wr_reset(&w);
	k.put.extended = false;
	CHECK(key_dgi_put(&w, &k, dek));
	bit = fuzz_u32(in) % (uint32_t)(8 * w.n);
	w.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	check_groups(wr_span(&w), des, dek);
	wr_free(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd in = rd_of(span_of(data, n));
	uint8_t how = fuzz_u8(&in);
	bool des = (how & DES_DEK) != 0;
	struct key dek = fuzz_key(16, 0x40);

	if ((how & OUR_OWN) != 0)
		check_damaged(&in, des, &dek);
	else if ((how & DGI_FORM) != 0)
		check_groups(rd_rest(&in), des, &dek);
	else
		check_put_key(rd_rest(&in), des, &dek);
	return 0;
}
