#include "gp/broadcast.h"

#include <string.h>

#include "tlv/tlv.h"

/* Tags of broadcast.md 3 and 5. */
enum {
	TAG_ENTER = 0xA0,
	TAG_AUTHORIZE = 0xA1,
	TAG_VERDICT = 0xA2,
	TAG_KEYS = 0x80,
	TAG_BK_MAC = 0x81,
	TAG_COUNTER = 0x82,
	TAG_MCV = 0x83,
	TAG_FORM = 0x84,
	TAG_CAMPAIGN = 0x85,
	TAG_PACKAGE = 0x86,
	TAG_TOTAL = 0x87,
	TAG_DONE = 0x88,
	TAG_INNER = 0x89,
	TAG_KOS_VERSION = 0x8B,
	TAG_SLOT = 0x8C,
	TAG_NONCE = 0x8E,
	TAG_ALGORITHM = 0x90,
	TAG_CODE = 0x91,
	TAG_LENGTH = 0x92,
	TAG_VERSION = 0x93,
	TAG_TARGET = 0x94,
	TAG_RESULT = 0x95,
	TAG_WRAPPED_CODE = 0x96,
	TAG_PLATFORM = 0x97,
	TAG_BASE = 0x98,
	TAG_SIGNATURE = 0x5F37
};

enum { WRAP_OVERHEAD = 8, CODE_MAC = 16, CODE_DIGEST = 32 };

/* All of data is this one template, lengths minimal throughout; lends its inside. */
static bool template_get(struct span data, uint32_t tag, struct rd *in)
{
	struct rd r = rd_of(data);
	struct span val;

	if (!tlv_canonical(data) || !tlv_expect(&r, tag, &val) || rd_left(&r) > 0)
		return false;
	*in = rd_of(val);
	return true;
}

static bool expect_u8(struct rd *r, uint32_t tag, uint8_t *v)
{
	return tlv_expect_n(r, tag, v, 1);
}

static bool expect_u32(struct rd *r, uint32_t tag, uint32_t *v)
{
	uint8_t b[4];

	if (!tlv_expect_n(r, tag, b, sizeof(b)))
		return false;
	*v = get_u32(b);
	return true;
}

static bool expect_aid(struct rd *r, uint32_t tag, struct aid *a)
{
	struct span val;

	return tlv_expect(r, tag, &val) && aid_from(a, val);
}

static bool is_aes_length(size_t n)
{
	return n == 16 || n == 24 || n == 32;
}

void enter_put(struct wr *w, const struct enter *e)
{
	size_t mark = tlv_open(w, TAG_ENTER);

	tlv_put(w, TAG_KEYS, span_of(e->keys, e->keys_n));
	if (e->bk_mac.n > 0)
		tlv_put(w, TAG_BK_MAC, key_span(&e->bk_mac));
	tlv_put(w, TAG_COUNTER, SPAN(e->counter));
	tlv_put(w, TAG_MCV, SPAN(e->mcv));
	tlv_put_u8(w, TAG_FORM, e->form);
	tlv_put(w, TAG_CAMPAIGN, SPAN(e->campaign));
	tlv_put_u32(w, TAG_PACKAGE, e->package);
	tlv_put_u32(w, TAG_TOTAL, e->total);
	tlv_put_u32(w, TAG_DONE, e->done);
	tlv_put_u8(w, TAG_INNER, e->inner);
	if (e->has_kos_version)
		tlv_put_u8(w, TAG_KOS_VERSION, e->kos_version);
	tlv_put_u8(w, TAG_SLOT, e->slot);
	if (e->has_nonce)
		tlv_put(w, TAG_NONCE, SPAN(e->nonce));
	tlv_put_u32(w, TAG_LENGTH, e->length);
	tlv_close(w, mark);
}

/* 80 and 81, whose lengths depend on the form; that one is not known yet here. */
static bool enter_keys_get(struct rd *r, struct enter *e)
{
	struct span val;
	struct rd keys;

	if (!tlv_expect(r, TAG_KEYS, &val) || val.n > WRAPPED_KEYS_MAX)
		return false;
	keys = rd_of(val);
	if (!rd_copy(&keys, e->keys, val.n))
		return false;
	e->keys_n = (uint8_t)val.n;
	return !tlv_expect(r, TAG_BK_MAC, &val) || key_from(&e->bk_mac, val);
}

static bool enter_fields_get(struct rd *r, struct enter *e)
{
	if (!enter_keys_get(r, e) ||
	    !tlv_expect_n(r, TAG_COUNTER, e->counter, sizeof(e->counter)) ||
	    !tlv_expect_n(r, TAG_MCV, e->mcv, sizeof(e->mcv)) ||
	    !expect_u8(r, TAG_FORM, &e->form) ||
	    !tlv_expect_n(r, TAG_CAMPAIGN, e->campaign, sizeof(e->campaign)) ||
	    !expect_u32(r, TAG_PACKAGE, &e->package) || !expect_u32(r, TAG_TOTAL, &e->total) ||
	    !expect_u32(r, TAG_DONE, &e->done) || !expect_u8(r, TAG_INNER, &e->inner))
		return false;
	e->has_kos_version = expect_u8(r, TAG_KOS_VERSION, &e->kos_version);
	if (!expect_u8(r, TAG_SLOT, &e->slot))
		return false;
	e->has_nonce = tlv_expect_n(r, TAG_NONCE, e->nonce, sizeof(e->nonce));
	return expect_u32(r, TAG_LENGTH, &e->length) && rd_left(r) == 0;
}

/* Which tags go together, and the lengths of the keys. */
static bool enter_consistent(const struct enter *e)
{
	if (e->form > FORM_KOS || e->inner > INNER_KOS)
		return false;
	if (e->has_kos_version != (e->form == FORM_KOS || e->inner == INNER_KOS) ||
	    e->has_nonce != (e->inner == INNER_KOS))
		return false;
	if (e->form == FORM_CLEAR)
		return is_aes_length(e->keys_n) && e->bk_mac.n == e->keys_n;
	return e->bk_mac.n == 0 && e->keys_n > WRAP_OVERHEAD && e->keys_n % 2 == 0 &&
	       is_aes_length(((size_t)e->keys_n - WRAP_OVERHEAD) / 2);
}

/* The limit of DF octets needs no check: the fixed lengths add up to less. */
bool enter_get(struct span data, struct enter *e)
{
	struct enter got = { 0 };
	struct rd r;
	bool ok;

	ok = template_get(data, TAG_ENTER, &r) && enter_fields_get(&r, &got) &&
	     enter_consistent(&got);
	if (ok)
		*e = got;
	enter_wipe(&got);
	return ok;
}

void enter_wipe(struct enter *e)
{
	wipe(e, sizeof(*e));
}

void authorize_put(struct wr *w, const struct authorize *a)
{
	size_t mark = tlv_open(w, TAG_AUTHORIZE);

	tlv_put(w, TAG_CAMPAIGN, SPAN(a->campaign));
	tlv_put_u32(w, TAG_PACKAGE, a->package);
	tlv_put_u8(w, TAG_ALGORITHM, a->algorithm);
	tlv_put(w, a->wrapped ? TAG_WRAPPED_CODE : TAG_CODE, span_of(a->code, a->code_n));
	tlv_put_u32(w, TAG_LENGTH, a->length);
	tlv_put_u32(w, TAG_VERSION, a->version);
	tlv_put(w, TAG_TARGET, aid_span(&a->target));
	tlv_put(w, TAG_PLATFORM, SPAN(a->platform));
	tlv_put_u32(w, TAG_BASE, a->base);
	if (a->has_signature)
		tlv_put(w, TAG_SIGNATURE, SPAN(a->signature));
	tlv_close(w, mark);
}

/* 91 or 96, whose length the algorithm decides; 96 only with algorithm 01. */
static bool authorize_code_get(struct rd *r, struct authorize *a)
{
	switch (a->algorithm) {
	case ALG_CMAC_BK:
		a->code_n = CODE_MAC + WRAP_OVERHEAD;
		a->wrapped = tlv_expect_n(r, TAG_WRAPPED_CODE, a->code, a->code_n);
		if (a->wrapped)
			return true;
		/* fall through */
	case ALG_CMAC_KMAC:
		a->code_n = CODE_MAC;
		break;
	case ALG_DIGEST:
	case ALG_ISSUER:
		a->code_n = CODE_DIGEST;
		break;
	default:
		return false;
	}
	return tlv_expect_n(r, TAG_CODE, a->code, a->code_n);
}

bool authorize_get(struct span data, struct authorize *a)
{
	struct authorize got = { 0 };
	struct rd r;

	if (!template_get(data, TAG_AUTHORIZE, &r) ||
	    !tlv_expect_n(&r, TAG_CAMPAIGN, got.campaign, sizeof(got.campaign)) ||
	    !expect_u32(&r, TAG_PACKAGE, &got.package) ||
	    !expect_u8(&r, TAG_ALGORITHM, &got.algorithm) || !authorize_code_get(&r, &got) ||
	    !expect_u32(&r, TAG_LENGTH, &got.length) ||
	    !expect_u32(&r, TAG_VERSION, &got.version) ||
	    !expect_aid(&r, TAG_TARGET, &got.target) ||
	    !tlv_expect_n(&r, TAG_PLATFORM, got.platform, sizeof(got.platform)) ||
	    !expect_u32(&r, TAG_BASE, &got.base))
		return false;
	got.has_signature = tlv_expect_n(&r, TAG_SIGNATURE, got.signature, sizeof(got.signature));
	if (rd_left(&r) > 0 || got.has_signature != (got.algorithm == ALG_ISSUER))
		return false;
	*a = got;
	return true;
}

void discard_put(struct wr *w, const uint8_t campaign[static 16], uint32_t package)
{
	size_t mark = tlv_open(w, TAG_AUTHORIZE);

	tlv_put(w, TAG_CAMPAIGN, span_of(campaign, CAMPAIGN_SIZE));
	tlv_put_u32(w, TAG_PACKAGE, package);
	tlv_close(w, mark);
}

bool discard_get(struct span data, uint8_t campaign[static 16], uint32_t *package)
{
	uint8_t id[CAMPAIGN_SIZE];
	struct rd r;
	uint32_t p;

	if (!template_get(data, TAG_AUTHORIZE, &r) ||
	    !tlv_expect_n(&r, TAG_CAMPAIGN, id, sizeof(id)) || !expect_u32(&r, TAG_PACKAGE, &p) ||
	    rd_left(&r) > 0)
		return false;
	memcpy(campaign, id, sizeof(id));
	*package = p;
	return true;
}

void verdict_put(struct wr *w, const struct verdict *v)
{
	size_t mark = tlv_open(w, TAG_VERDICT);

	tlv_put(w, TAG_CAMPAIGN, SPAN(v->campaign));
	tlv_put_u8(w, TAG_RESULT, v->result);
	tlv_put_u32(w, TAG_VERSION, v->version);
	tlv_close(w, mark);
}

bool verdict_get(struct span data, struct verdict *v)
{
	struct verdict got = { 0 };
	struct rd r;

	if (!template_get(data, TAG_VERDICT, &r) ||
	    !tlv_expect_n(&r, TAG_CAMPAIGN, got.campaign, sizeof(got.campaign)) ||
	    !expect_u8(&r, TAG_RESULT, &got.result) || !expect_u32(&r, TAG_VERSION, &got.version) ||
	    rd_left(&r) > 0)
		return false;
	*v = got;
	return true;
}
