/* FF70 to FF72 (broadcast.md 6), and names of states and results. */
#include <stdio.h>
#include <string.h>

#include "gp/broadcast.h"
#include "tlv/tlv.h"

enum {
	SYSTEM_PLATFORM = 0x80,
	SYSTEM_DIGEST = 0x91,
	TAG_CAMPAIGN = 0x85,
	TAG_PACKAGE = 0x86,
	TAG_LENGTH = 0x92,
	TAG_VERSION = 0x93,
	TAG_TARGET = 0x94,
	SLOT_ENTRY = 0xA0,
	SLOT_STATE = 0x81,
	SLOT_TOTAL = 0x87,
	SLOT_DONE = 0x88,
	SLOT_RECEIVED = 0x8A,
	SLOT_NUMBER = 0x8C,
	SLOT_KIND = 0x8D,
	SLOT_BASE = 0x9B,
	POLICY_ALGORITHMS = 0x90,
	POLICY_FORMS = 0x84,
	POLICY_ISSUER = 0x9B,
	POLICY_KOS = 0x8B,
	POLICY_KINDS = 0x8D
};

const char *slot_state_str(uint8_t s)
{
	switch (s) {
	case SLOT_EMPTY:
		return "empty";
	case SLOT_RECEIVING:
		return "receiving";
	case SLOT_COMPLETE:
		return "complete";
	case SLOT_VERIFIED:
		return "verified";
	case SLOT_REJECTED:
		return "rejected";
	}
	return "unknown";
}

const char *authorize_result_str(uint8_t r)
{
	switch (r) {
	case RESULT_ACTIVE:
		return "active";
	case RESULT_ALREADY:
		return "already active";
	case RESULT_VERIFIED:
		return "verified";
	case RESULT_DISCARDED:
		return "discarded";
	case RESULT_NOT_COMPLETE:
		return "the slot is not complete";
	case RESULT_LENGTH:
		return "the length differs";
	case RESULT_CAMPAIGN:
		return "the slot holds another campaign or package";
	case RESULT_VERSION:
		return "the version is not higher than the running one";
	case RESULT_CODE:
		return "the integrity code differs";
	case RESULT_SIGNATURE:
		return "the signature of the issuer is wrong";
	case RESULT_POLICY:
		return "the policy of the card refuses the algorithm";
	case RESULT_TARGET:
		return "the platform, target or base version differs";
	}
	return "unknown result";
}

static bool expect_u32(struct rd *r, uint32_t tag, uint32_t *v)
{
	uint8_t b[4];

	if (!tlv_expect_n(r, tag, b, sizeof(b)))
		return false;
	*v = get_u32(b);
	return true;
}

/* All of data is this one template; lends its inside. */
static bool template_get(struct span data, uint32_t tag, struct rd *in)
{
	struct rd r = rd_of(data);
	struct span val;

	if (!tlv_expect(&r, tag, &val) || rd_left(&r) > 0)
		return false;
	*in = rd_of(val);
	return true;
}

void system_data_put(struct wr *w, const struct system_data *s)
{
	size_t mark = tlv_open(w, TAG_SYSTEM);

	tlv_put(w, SYSTEM_PLATFORM, SPAN(s->platform));
	tlv_put_u32(w, TAG_VERSION, s->version);
	tlv_put(w, SYSTEM_DIGEST, SPAN(s->digest));
	tlv_put_u32(w, TAG_LENGTH, s->length);
	tlv_put(w, TAG_TARGET, aid_span(&s->target));
	if (s->has_campaign) {
		tlv_put(w, TAG_CAMPAIGN, SPAN(s->campaign));
		tlv_put_u32(w, TAG_PACKAGE, s->package);
	}
	tlv_close(w, mark);
}

bool system_data_get(struct span data, struct system_data *s)
{
	struct system_data got = { 0 };
	struct span target;
	struct rd r;

	if (!template_get(data, TAG_SYSTEM, &r) ||
	    !tlv_expect_n(&r, SYSTEM_PLATFORM, got.platform, sizeof(got.platform)) ||
	    !expect_u32(&r, TAG_VERSION, &got.version) ||
	    !tlv_expect_n(&r, SYSTEM_DIGEST, got.digest, sizeof(got.digest)) ||
	    !expect_u32(&r, TAG_LENGTH, &got.length) || !tlv_expect(&r, TAG_TARGET, &target) ||
	    !aid_from(&got.target, target))
		return false;
	got.has_campaign = rd_left(&r) > 0;
	if (got.has_campaign &&
	    (!tlv_expect_n(&r, TAG_CAMPAIGN, got.campaign, sizeof(got.campaign)) ||
		!expect_u32(&r, TAG_PACKAGE, &got.package) || rd_left(&r) > 0))
		return false;
	*s = got;
	return true;
}

void slot_data_put(struct wr *w, const struct slot_data *s)
{
	size_t outer = tlv_open(w, TAG_SLOTS);
	size_t entry = tlv_open(w, SLOT_ENTRY);

	tlv_put_u8(w, SLOT_NUMBER, s->slot);
	tlv_put_u8(w, SLOT_STATE, s->state);
	if (s->state != SLOT_EMPTY) {
		tlv_put(w, TAG_CAMPAIGN, SPAN(s->campaign));
		tlv_put_u32(w, TAG_PACKAGE, s->package);
		tlv_put_u32(w, SLOT_TOTAL, s->total);
		tlv_put_u32(w, SLOT_DONE, s->done);
		tlv_put_u32(w, TAG_LENGTH, s->length);
		if (s->has_base) {
			tlv_put_u8(w, SLOT_KIND, s->kind);
			tlv_put(w, SLOT_BASE, SPAN(s->base));
		}
		tlv_put_u32(w, SLOT_RECEIVED, s->received);
	}
	tlv_close(w, entry);
	tlv_close(w, outer);
}

/* All that a slot shows which is not EMPTY. */
static bool slot_fields_get(struct rd *r, struct slot_data *s)
{
	if (!tlv_expect_n(r, TAG_CAMPAIGN, s->campaign, sizeof(s->campaign)) ||
	    !expect_u32(r, TAG_PACKAGE, &s->package) || !expect_u32(r, SLOT_TOTAL, &s->total) ||
	    !expect_u32(r, SLOT_DONE, &s->done) || !expect_u32(r, TAG_LENGTH, &s->length))
		return false;
	s->has_base = tlv_expect_n(r, SLOT_KIND, &s->kind, 1);
	if (s->has_base && !tlv_expect_n(r, SLOT_BASE, s->base, sizeof(s->base)))
		return false;
	return expect_u32(r, SLOT_RECEIVED, &s->received);
}

bool slot_data_get(struct span data, struct slot_data *s)
{
	struct slot_data got = { 0 };
	struct span entry;
	struct rd r;

	if (!template_get(data, TAG_SLOTS, &r) || !tlv_expect(&r, SLOT_ENTRY, &entry))
		return false;
	r = rd_of(entry);
	if (!tlv_expect_n(&r, SLOT_NUMBER, &got.slot, 1) ||
	    !tlv_expect_n(&r, SLOT_STATE, &got.state, 1))
		return false;
	if ((got.state != SLOT_EMPTY && !slot_fields_get(&r, &got)) || rd_left(&r) > 0)
		return false;
	*s = got;
	return true;
}

void policy_data_put(struct wr *w, const struct policy_data *p)
{
	size_t mark = tlv_open(w, TAG_POLICY);

	tlv_put(w, POLICY_ALGORITHMS, span_of(p->algorithms, p->algorithm_n));
	tlv_put(w, POLICY_FORMS, span_of(p->forms, p->form_n));
	tlv_put(w, POLICY_ISSUER, SPAN(p->issuer_digest));
	if (p->kos_n > 0)
		tlv_put(w, POLICY_KOS, span_of(p->kos_versions, p->kos_n));
	if (p->kinds_n > 0)
		tlv_put(w, POLICY_KINDS, span_of(p->kinds, p->kinds_n));
	tlv_close(w, mark);
}

static bool next_is(const struct rd *r, uint32_t tag)
{
	struct rd ahead = *r;
	struct span val;

	return tlv_expect(&ahead, tag, &val);
}

/* A TLV that is a list of at most cap one-octet values. */
static bool expect_list(struct rd *r, uint32_t tag, uint8_t *to, size_t cap, uint8_t *n)
{
	struct span val;
	struct rd in;

	if (!tlv_expect(r, tag, &val) || val.n > cap)
		return false;
	in = rd_of(val);
	if (!rd_copy(&in, to, val.n))
		return false;
	*n = (uint8_t)val.n;
	return true;
}

bool policy_data_get(struct span data, struct policy_data *p)
{
	struct policy_data got = { 0 };
	struct rd r;

	if (!template_get(data, TAG_POLICY, &r) ||
	    !expect_list(
		&r, POLICY_ALGORITHMS, got.algorithms, sizeof(got.algorithms), &got.algorithm_n) ||
	    !expect_list(&r, POLICY_FORMS, got.forms, sizeof(got.forms), &got.form_n) ||
	    !tlv_expect_n(&r, POLICY_ISSUER, got.issuer_digest, sizeof(got.issuer_digest)))
		return false;
	if (next_is(&r, POLICY_KOS) &&
	    !expect_list(&r, POLICY_KOS, got.kos_versions, sizeof(got.kos_versions), &got.kos_n))
		return false;
	if (next_is(&r, POLICY_KINDS) &&
	    !expect_list(&r, POLICY_KINDS, got.kinds, sizeof(got.kinds), &got.kinds_n))
		return false;
	if (rd_left(&r) > 0)
		return false;
	*p = got;
	return true;
}

bool pair_trusts_station(uint8_t algorithm, uint8_t form)
{
	return form == FORM_CLEAR && (algorithm == ALG_CMAC_BK || algorithm == ALG_DIGEST);
}
