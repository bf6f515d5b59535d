/* What is said to a card about its containers: orders, the answer to place, objects. */
#include "gp/container.h"

#include "crypto/aes.h"
#include "gp/party.h"

enum {
	TAG_KEEP = 0x83,
	TAG_TIME = 0x9A,
	TAG_COUNTER = 0x90,
	TAG_RECEIPT_MAC = 0x86,
	RECEIPT_OCTETS = 16,
	MAC_TLV = 2 + RECEIPT_OCTETS
};

/* ---- orders ---- */

static bool place_get(struct rd *r, struct container_order *o)
{
	struct span whole;

	return strict_whole(r, TAG_GRANT, &whole) && grant_get(whole, &o->grant) &&
	       party_domain_key_get(r, &o->grant, &o->domain_key);
}

/* 5F20 and 83 go together: without a party there is nothing to keep. */
static bool revoke_get(struct rd *r, struct container_order *o)
{
	uint8_t keep;

	if (!party_aid_get(r, &o->container))
		return false;
	if (!strict_ahead(r, TAG_PARTY_ID))
		return true;
	if (!party_id_get(r, &o->party) || !strict_u8(r, TAG_KEEP, &keep) || keep > 0x01)
		return false;
	o->keep = keep == 0x01;
	return true;
}

static bool raise_get(struct rd *r, struct container_order *o)
{
	return strict_get(r, TAG_PARTY_NAME, PARTY_NAME, PARTY_NAME, &o->issuer) &&
	       party_serial_get(r, &o->serial);
}

static bool close_get(struct rd *r, struct container_order *o)
{
	(void)r;
	(void)o;
	return true;
}

static void place_put(struct wr *w, const struct container_order *o)
{
	wr_put(w, o->grant.whole);
	wr_put(w, o->domain_key.whole);
}

static void revoke_put(struct wr *w, const struct container_order *o)
{
	tlv_put(w, TAG_PARTY_AID, o->container);
	if (o->party.n == 0)
		return;
	tlv_put(w, TAG_PARTY_ID, o->party);
	tlv_put_u8(w, TAG_KEEP, o->keep ? 0x01 : 0x00);
}

static void raise_put(struct wr *w, const struct container_order *o)
{
	tlv_put(w, TAG_PARTY_NAME, o->issuer);
	strict_put_u64(w, TAG_PARTY_SERIAL, o->serial);
}

static void close_put(struct wr *w, const struct container_order *o)
{
	(void)w;
	(void)o;
}

/* What stands between operation and time. */
static const struct {
	bool (*get)(struct rd *r, struct container_order *o);
	void (*put)(struct wr *w, const struct container_order *o);
} orders[] = {
	[ORDER_PLACE] = { place_get, place_put },
	[ORDER_REVOKE] = { revoke_get, revoke_put },
	[ORDER_RAISE] = { raise_get, raise_put },
	[ORDER_CLOSE] = { close_get, close_put },
};

bool container_order_get(struct span s, struct container_order *out)
{
	struct container_order o = { 0 };
	struct span body;
	struct rd r;
	uint8_t kind;

	if (!strict_only(s, TAG_CONTAINER_ORDER, &body))
		return false;
	r = rd_of(body);
	if (!strict_u8(&r, TAG_PARTY_KIND, &kind) || kind < ORDER_PLACE || kind > ORDER_CLOSE ||
	    !orders[kind].get(&r, &o))
		return false;
	o.kind = (enum order_kind)kind;
	o.has_time = strict_ahead(&r, TAG_TIME);
	if ((o.has_time && !strict_u32(&r, TAG_TIME, &o.time)) || rd_left(&r) > 0)
		return false;
	*out = o;
	return true;
}

void container_order_put(struct wr *w, const struct container_order *o)
{
	size_t in = tlv_open(w, TAG_CONTAINER_ORDER);

	tlv_put_u8(w, TAG_PARTY_KIND, (uint8_t)o->kind);
	orders[o->kind].put(w, o);
	if (o->has_time)
		tlv_put_u32(w, TAG_TIME, o->time);
	tlv_close(w, in);
}

/* ---- the answer to place ---- */

static bool receipt_get(struct rd *r, struct placed *p)
{
	p->has_receipt = strict_ahead(r, TAG_COUNTER);
	return !p->has_receipt ||
	       (strict_u16(r, TAG_COUNTER, &p->counter) &&
		   strict_get(r, TAG_RECEIPT_MAC, RECEIPT_OCTETS, RECEIPT_OCTETS, &p->receipt));
}

bool placed_get(struct span s, struct placed *out)
{
	struct placed p = { 0 };
	struct span body;
	struct rd r;

	if (!strict_only(s, TAG_CONTAINER_ORDER, &body))
		return false;
	r = rd_of(body);
	if (!party_serial_get(&r, &p.serial) || !party_aid_get(&r, &p.container) ||
	    !strict_get(&r, TAG_PARTY_CARD, PARTY_DIGEST, PARTY_DIGEST, &p.card) ||
	    !party_quota_get(&r, TAG_DATA_QUOTA, &p.data_quota) ||
	    !party_quota_get(&r, TAG_DATA_RESERVE, &p.data_reserve) || !receipt_get(&r, &p) ||
	    rd_left(&r) > 0)
		return false;
	if (p.has_receipt)
		p.signed_part = span_sub(body, 0, body.n - MAC_TLV);
	*out = p;
	return true;
}

bool placed_put(struct wr *w, const struct placed *p, const struct key *receipt_key)
{
	size_t in = tlv_open(w, TAG_CONTAINER_ORDER), from = w->n;
	uint8_t mac[RECEIPT_OCTETS];

	strict_put_u64(w, TAG_PARTY_SERIAL, p->serial);
	tlv_put(w, TAG_PARTY_AID, p->container);
	tlv_put(w, TAG_PARTY_CARD, p->card);
	party_quota_put(w, TAG_DATA_QUOTA, &p->data_quota);
	party_quota_put(w, TAG_DATA_RESERVE, &p->data_reserve);
	if (receipt_key != NULL) {
		strict_put_u16(w, TAG_COUNTER, p->counter);
		if (!wr_ok(w) || !cmac(receipt_key, span_sub(wr_span(w), from, w->n - from), mac))
			return false;
		tlv_put(w, TAG_RECEIPT_MAC, SPAN(mac));
	}
	tlv_close(w, in);
	return wr_ok(w);
}

bool placed_proven(const struct placed *p, const struct key *receipt_key)
{
	uint8_t mac[RECEIPT_OCTETS];

	return p->has_receipt && cmac(receipt_key, p->signed_part, mac) &&
	       ct_equal(SPAN(mac), p->receipt);
}

static bool same(const struct quota *a, const struct quota *b)
{
	return a->given == b->given && a->n == b->n;
}

bool placed_is_of(const struct placed *p, const struct grant *g)
{
	return p->serial == g->serial && span_eq(p->container, g->container) &&
	       span_eq(p->card, g->card) && same(&p->data_quota, &g->quotas.data_quota) &&
	       same(&p->data_reserve, &g->quotas.data_reserve);
}

/* ---- objects ---- */

bool party_object_next(struct rd *r, uint8_t *number, struct span *value)
{
	struct rd ahead = *r;
	struct tlv t;

	if (!tlv_next(&ahead, &t) || t.tag < TAG_OBJECT_FIRST || t.tag > TAG_OBJECT_LAST ||
	    !t.minimal || t.val.n > CONTAINER_OBJECT_MAX)
		return false;
	*r = ahead;
	*number = (uint8_t)t.tag;
	*value = t.val;
	return true;
}

void party_object_put(struct wr *w, uint8_t number, struct span value)
{
	tlv_put(w, TAG_OBJECT_FIRST - 1u + number, value);
}
