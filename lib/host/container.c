#include "host/container.h"

#include "base/hex.h"
#include "gp/dgi.h"
#include "gp/scp11_data.h"
#include "tlv/tlv.h"

/* STORE DATA of an order, an answer to GET DATA: a bound for what comes from a card. */
enum { ORDER_MAX = 4096, ANSWER_MAX = 1 << 16, OBJECT_HEAD = 8, BLOCKS_MAX = 256 };

int container_session_check(const struct session *s, struct err *e)
{
	return session_whole_check(s, "containers", e);
}

int container_make(struct session *s, const struct aid *aid, const struct quotas *q, struct err *e)
{
	const struct install_params p = { .has_app = true,
		.has_volatile = q->volatile_quota.given,
		.volatile_ = q->volatile_quota.n,
		.has_data = q->data_quota.given,
		.data = q->data_quota.n,
		.has_reserved_volatile = q->volatile_reserve.given,
		.reserved_volatile = q->volatile_reserve.n,
		.has_reserved_data = q->data_reserve.given,
		.reserved_data = q->data_reserve.n };
	struct install i = { .load_file = content_domain_package,
		.module = content_domain_module,
		.app = *aid,
		.privileges = PRIV_SECURITY_DOMAIN | PRIV_AUTHORIZED_MANAGEMENT,
		.privileges_n = 3 };
	uint8_t room[64];
	struct wr w = wr_fixed(room, sizeof(room));
	struct span confirmation;

	install_params_put(&w, &p);
	if (!wr_ok(&w))
		return err_set(e, ERR_OTHER, "internal: parameters");
	i.params = wr_span(&w);
	if (content_install(
		s, INSTALL_AND_SELECTABLE, &i, "INSTALL of the container", &confirmation, e) == 0)
		return 0;
	if (e->sw == SW_NO_MEMORY)
		err_hint(e, "the card has less memory free than is to be reserved");
	return -1;
}

/* ---- STORE DATA ---- */

/* BER-TLV data in blocks; `answers`: the last one's answer carries data. */
static int store(struct session *s, struct span data, bool answers, struct rapdu *r, struct err *e)
{
	size_t room = content_block(s, false), at = 0;

	if (room == 0 || data.n > room * BLOCKS_MAX)
		return err_set(e, ERR_SAFETY, "STORE DATA: %zu octets do not fit", data.n);
	for (unsigned i = 0; at < data.n; i++, at += room) {
		bool last = data.n - at <= room;
		struct capdu c = { .cla = 0x80,
			.ins = INS_STORE_DATA,
			.p1 = STORE_TLV | (last ? STORE_LAST : 0u) |
			      (last && answers ? STORE_RESPONSE : 0u),
			.p2 = (uint8_t)i,
			.data = span_sub(data, at, room),
			.le = last && answers ? LE_MAX_SHORT : LE_NONE };

		if (session_do(s, &c, "STORE DATA", r, e) != 0)
			return -1;
	}
	return 0;
}

/* Why a card refuses an order, most of all. */
static void explain(const struct container_order *o, struct err *e)
{
	bool place = o->kind == ORDER_PLACE;

	switch (e->sw) {
	case SW_CERTIFICATE_INVALID:
		err_hint(e, "the card's key of this issuer did not sign the grant");
		break;
	case SW_CERTIFICATE_NOT_ALLOWED:
		err_hint(e, "the serial of the grant is not above the last one of its issuer");
		break;
	case SW_REFERENCE_NOT_FOUND:
		err_hint(e, "%s",
		    place ? "the card has no such issuer of grants (version 74), or the grant is "
			    "for another card's key, or for one that PUT KEY brought"
			  : "no such party, grant or issuer");
		break;
	case SW_NOT_FOUND:
		err_hint(e, "no domain of this AID belongs to the issuer domain");
		break;
	case SW_DATA_INVALIDATED:
		err_hint(e, "by the card's clock it is not one of the days of the grant");
		break;
	case SW_CONDITIONS:
		err_hint(e, "%s",
		    place ? "the container is not empty, locked, or somebody's who did not agree"
			  : "the serial is not above the last one");
		break;
	case SW_NO_MEMORY:
		err_hint(e, "the domain has less quota or reservation than the grant gives, or "
			    "the card cannot remember one more");
		break;
	}
}

static const char *order_str(enum order_kind k)
{
	static const char *const names[] = { [ORDER_PLACE] = "place",
		[ORDER_REVOKE] = "revoke",
		[ORDER_RAISE] = "raise",
		[ORDER_CLOSE] = "close" };

	return names[k];
}

int container_send(struct session *s, const struct container_order *o, struct span *answer,
    bool *unknown, struct err *e)
{
	struct wr w = wr_grow(ORDER_MAX);
	struct rapdu r = { .sw = 0 };
	bool was_lost = s->lost;
	int rc = -1;

	*unknown = false;
	*answer = span_of(NULL, 0);
	if (s->mode != SESSION_CLOSED && container_session_check(s, e) != 0)
		return -1;
	container_order_put(&w, o);
	if (!wr_ok(&w)) {
		err_set(e, ERR_OTHER, "the order is too long");
	} else if ((rc = store(s, wr_span(&w), o->kind == ORDER_PLACE, &r, e)) != 0) {
		*unknown = !was_lost && s->lost && e->sw == 0; /* what never went out is not */
		explain(o, e);
		err_in(e, "%s", order_str(o->kind));
	}
	wr_free(&w);
	*answer = r.data;
	return rc;
}

/* ---- FF73 ---- */

int containers_read(struct session *s, const struct aid *only, struct wr *into,
    struct containers *c, bool *there, struct err *e)
{
	uint8_t ask[2 + AID_MAX];
	struct wr w = wr_fixed(ask, sizeof(ask));
	struct capdu cmd = { .cla = 0x80,
		.ins = INS_GET_DATA,
		.p1 = TAG_CONTAINERS >> 8,
		.p2 = TAG_CONTAINERS & 0xFF,
		.le = LE_MAX_SHORT };
	struct rapdu r;

	if (container_session_check(s, e) != 0)
		return -1;
	if (only != NULL)
		tlv_put(&w, 0x4F, aid_span(only));
	cmd.data = wr_span(&w);
	*there = false;
	if (session_send(s, &cmd, &r, e) != 0)
		return err_in(e, "GET DATA FF73");
	if (r.sw == SW_REFERENCE_NOT_FOUND)
		return 0;
	if (r.sw != SW_OK) {
		err_sw(e, ERR_CARD, r.sw, "GET DATA FF73");
		return err_hint(e, "a card without containers of third parties");
	}
	*into = wr_grow(ANSWER_MAX);
	wr_put(into, r.data);
	if (!wr_ok(into) || !containers_get(wr_span(into), c))
		return err_set(e, ERR_CARD, "GET DATA FF73: the answer is malformed");
	*there = true;
	return 0;
}

bool container_find(const struct containers *all, struct span aid, struct container *c)
{
	struct rd r = rd_of(all->containers);

	while (container_next(&r, c))
		if (span_eq(c->aid, aid))
			return true;
	return false;
}

bool container_party_find(const struct container *c, struct span id, struct container_party *p)
{
	struct rd r = rd_of(c->parties);

	while (container_party_next(&r, p))
		if (span_eq(p->id, id))
			return true;
	return false;
}

bool container_grant_find(const struct container *c, struct span id, struct container_grant *g)
{
	struct rd r = rd_of(c->grants);

	while (container_grant_next(&r, g))
		if (span_eq(g->id, id))
			return true;
	return false;
}

bool container_issuer_find(const struct containers *all, struct span name, uint64_t *serial)
{
	struct rd r = rd_of(all->issuers);
	struct container_issuer i;

	while (container_issuer_next(&r, &i))
		if (span_eq(i.name, name)) {
			*serial = i.serial;
			return true;
		}
	return false;
}

/* ---- objects ---- */

int container_object_write(struct session *s, uint8_t number, struct span value, struct err *e)
{
	struct wr w = wr_grow(CONTAINER_OBJECT_MAX + OBJECT_HEAD);
	struct rapdu r;
	int rc;

	party_object_put(&w, number, value);
	rc = value.n <= CONTAINER_OBJECT_MAX && wr_ok(&w)
		 ? store(s, wr_span(&w), false, &r, e)
		 : err_set(e, ERR_SAFETY, "an object has at most %d octets", CONTAINER_OBJECT_MAX);
	wr_free(&w);
	if (rc == 0)
		return 0;
	if (e->sw == SW_NO_MEMORY)
		err_hint(e, "the quota of the container is used up, or it has %d objects",
		    CONTAINER_OBJECTS_MAX);
	else if (e->sw == SW_REFERENCE_NOT_FOUND)
		err_hint(e, "there is no such object");
	return -1;
}

int container_object_read(struct session *s, uint8_t number, struct wr *value, struct err *e)
{
	struct capdu c = { .cla = 0x80,
		.ins = INS_GET_DATA,
		.p1 = TAG_OBJECT_FIRST >> 8,
		.p2 = number,
		.le = LE_MAX_SHORT };
	struct span octets;
	uint8_t got;
	struct rapdu r;
	struct rd rd;

	if (session_do(s, &c, "GET DATA of an object", &r, e) != 0)
		return e->sw == SW_REFERENCE_NOT_FOUND ? err_hint(e, "there is no such object")
						       : -1;
	rd = rd_of(r.data);
	if (!party_object_next(&rd, &got, &octets) || got != number || rd_left(&rd) > 0)
		return err_set(e, ERR_CARD, "GET DATA of an object: the answer is malformed");
	wr_put(value, octets);
	return wr_ok(value) ? 0 : err_memory(e);
}
