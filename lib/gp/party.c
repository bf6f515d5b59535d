#include "gp/party.h"

static const uint8_t usage_signs[] = { 0x82 }, usage_agrees[] = { 0x00, 0x80 };

bool party_id_get(struct rd *r, struct span *id)
{
	return strict_get(r, TAG_PARTY_ID, 1, PARTY_ID_MAX, id);
}

bool party_id_ok(struct span id)
{
	return id.n >= 1 && id.n <= PARTY_ID_MAX;
}

bool party_aid_get(struct rd *r, struct span *aid)
{
	return strict_get(r, TAG_PARTY_AID, AID_MIN, AID_MAX, aid);
}

bool party_serial_get(struct rd *r, uint64_t *serial)
{
	return strict_u64(r, TAG_PARTY_SERIAL, serial) && *serial != 0;
}

bool party_form_get(struct rd *r, enum party_form *form)
{
	struct span v;

	if (!strict_get(r, TAG_PARTY_USAGE, 1, 2, &v))
		return false;
	*form = span_eq(v, SPAN(usage_signs)) ? PARTY_SIGNING : PARTY_AGREEMENT;
	return *form == PARTY_SIGNING || span_eq(v, SPAN(usage_agrees));
}

void party_form_put(struct wr *w, enum party_form form)
{
	tlv_put(w, TAG_PARTY_USAGE, form == PARTY_SIGNING ? SPAN(usage_signs) : SPAN(usage_agrees));
}

bool party_key_get(struct rd *r, struct ec_public *k)
{
	struct span v;

	/* 46: that leaves the lengths in it no room but for their shortest form. */
	return strict_get(r, TAG_PARTY_KEY, 0x46, 0x46, &v) && ec_key_get(v, k) &&
	       k->curve == EC_P256;
}

void party_key_put(struct wr *w, const struct ec_public *k)
{
	size_t in = tlv_open(w, TAG_PARTY_KEY);

	ec_key_put(w, k);
	tlv_close(w, in);
}

bool party_key_ok(const struct ec_public *k)
{
	return k->n != 0 && k->curve == EC_P256;
}

bool party_sign(struct wr *w, size_t from, struct span label, const struct ec_private *k)
{
	uint8_t sig[EC_SIGNATURE_MAX];
	struct wr s = wr_fixed(sig, sizeof(sig)), msg;
	struct span body = span_sub(wr_span(w), from, w->n - from);
	bool ok;

	if (!wr_ok(w))
		return false;
	msg = wr_grow(label.n + body.n);
	wr_put(&msg, label);
	wr_put(&msg, body);
	ok = wr_ok(&msg) && ec_sign(k, wr_span(&msg), &s);
	wr_free(&msg);
	if (ok)
		tlv_put(w, TAG_PARTY_SIGNATURE, wr_span(&s));
	return ok;
}

bool party_quota_get(struct rd *r, uint32_t tag, struct quota *q)
{
	*q = (struct quota){ .given = strict_ahead(r, tag) };
	return !q->given || strict_u32(r, tag, &q->n);
}

void party_quota_put(struct wr *w, uint32_t tag, const struct quota *q)
{
	if (q->given)
		tlv_put_u32(w, tag, q->n);
}

static bool rights_ok(uint8_t rights)
{
	return (rights & ~RIGHTS_ALL) == 0;
}

bool party_terms_get(struct rd *r, struct party_terms *t)
{
	return strict_u8(r, TAG_PARTY_RIGHTS, &t->rights) && rights_ok(t->rights) &&
	       party_quota_get(r, TAG_VOLATILE_QUOTA, &t->quotas.volatile_quota) &&
	       party_quota_get(r, TAG_DATA_QUOTA, &t->quotas.data_quota) &&
	       party_quota_get(r, TAG_VOLATILE_RESERVE, &t->quotas.volatile_reserve) &&
	       party_quota_get(r, TAG_DATA_RESERVE, &t->quotas.data_reserve) &&
	       strict_maybe(r, TAG_PARTY_PREFIX, PARTY_PREFIX_MIN, PARTY_PREFIX_MAX, &t->prefix);
}

bool party_terms_ok(const struct party_terms *t)
{
	return rights_ok(t->rights) && (t->prefix.n == 0 || (t->prefix.n >= PARTY_PREFIX_MIN &&
								t->prefix.n <= PARTY_PREFIX_MAX));
}

void party_terms_put(struct wr *w, const struct party_terms *t)
{
	tlv_put_u8(w, TAG_PARTY_RIGHTS, t->rights);
	party_quota_put(w, TAG_VOLATILE_QUOTA, &t->quotas.volatile_quota);
	party_quota_put(w, TAG_DATA_QUOTA, &t->quotas.data_quota);
	party_quota_put(w, TAG_VOLATILE_RESERVE, &t->quotas.volatile_reserve);
	party_quota_put(w, TAG_DATA_RESERVE, &t->quotas.data_reserve);
	if (t->prefix.n > 0)
		tlv_put(w, TAG_PARTY_PREFIX, t->prefix);
}

bool party_domain_key_get(struct rd *r, const struct grant *g, struct domain_key *d)
{
	struct span whole;

	*d = (struct domain_key){ 0 };
	if (g->domain_key.n == 0)
		return true; /* one that is there is an unknown tag to who reads on */
	return strict_whole(r, TAG_DOMAIN_KEY, &whole) && domain_key_get(whole, d);
}
