/* Orders: BF73 in STORE DATA (containers.md 3, 5). Who may send which, and what revoke, raise and
 * close do; `place` has a file of its own. */
#include <string.h>

#include "tlv/tlv.h"
#include "vcard/containers/internal.h"
#include "vcard/keys/keys.h"

enum { TAG_OPERATION = 0x80 };

bool party_is(const struct card_party *p, struct span id)
{
	return span_eq(span_of(p->id, p->id_n), id);
}

size_t issuer_at(const struct vcard *v, const uint8_t digest[static PARTY_DIGEST])
{
	const struct card_containers *all = &v->chip.containers;
	size_t i = 0;

	while (i < all->issuer_n && memcmp(all->issuer[i].digest, digest, PARTY_DIGEST) != 0)
		i++;
	return i;
}

uint32_t order_time(const struct vcard *v, const struct container_order *o)
{
	uint32_t now = v->chip.containers.time;

	return o->has_time && o->time > now ? o->time : now;
}

void put_order_time(struct vcard *v, const struct container_order *o)
{
	if (order_time(v, o) != v->chip.containers.time)
		chip_put_time(v, o->time);
}

static uint16_t commit(struct vcard *v)
{
	return chip_commit(v) ? SW_OK : SW_MEMORY_FAILURE;
}

/* ---- revoke ---- */

/* A revocation on its way; `next` is the container as it will be. */
struct revoking {
	const struct container_order *o;
	struct card_container next;
	bool open;    /* it will be an ordinary domain again: */
	bool emptied; /* without keys, objects and content */
};

static struct card_party *party_by_id(struct card_container *k, struct span id)
{
	for (size_t i = 0; i < k->party_n; i++)
		if (party_is(&k->party[i], id))
			return &k->party[i];
	return NULL;
}

/* How many of the grants that are not used yet are this party's, or of anybody, and go. */
static size_t take_back(struct card_container *k, struct span id)
{
	size_t before = k->grant_n, kept = 0;

	for (size_t i = 0; i < before; i++)
		if (id.n != 0 && !party_is(&k->grant[i].party, id))
			k->grant[kept++] = k->grant[i];
	k->grant_n = kept;
	return before - kept;
}

static void party_sets_gone(struct vcard *v, const struct aid *aid, struct card_party *p)
{
	for (size_t i = 0; i < p->set_n; i++)
		chip_put_keys_gone(v, aid, p->set[i]);
	p->set_n = 0;
}

/* The owner goes: all do, and with `erase` everything. */
static void owner_goes(struct vcard *v, struct revoking *r)
{
	struct card_container *k = &r->next;

	k->grant_n = 0;
	if (!r->o->keep) {
		r->open = r->emptied = true;
		return;
	}
	for (size_t i = 0; i < k->party_n; i++)
		party_sets_gone(v, &k->aid, &k->party[i]);
	k->party_n = 1;
	k->stage = STAGE_SEALED;
}

static void later_goes(struct vcard *v, struct revoking *r, struct card_party *p)
{
	struct card_container *k = &r->next;
	size_t at = (size_t)(p - k->party);

	party_sets_gone(v, &k->aid, p);
	k->party_n--;
	memmove(p, p + 1, (k->party_n - at) * sizeof(*p));
}

/* What the order names. SW_OK: it is there and gone from r->next. */
static uint16_t revoke_named(struct vcard *v, struct revoking *r)
{
	struct card_container *k = &r->next;
	struct card_party *p = r->o->party.n == 0 ? NULL : party_by_id(k, r->o->party);

	/* A sealed one has no party any more, but it can be erased under the name of who left. */
	if (p != NULL && k->stage == STAGE_SEALED && r->o->keep)
		p = NULL;
	if (p != NULL && p == &k->party[0])
		owner_goes(v, r);
	else if (p != NULL)
		later_goes(v, r, p);
	else if (take_back(k, r->o->party) == 0)
		return SW_REFERENCE_NOT_FOUND;
	r->open = r->open || (k->stage == STAGE_GRANTED && k->grant_n == 0);
	return SW_OK;
}

/* Content of the container: no domains are in it, so all of it is directly there. */
static void content_goes(struct vcard *v, const struct aid *aid)
{
	const struct card_content *all = &v->chip.content;

	for (size_t i = 0; i < all->app_n; i++)
		if (aid_same(&all->app[i].domain, aid))
			chip_put_app_gone(v, &all->app[i].aid);
	for (size_t i = 0; i < all->file_n; i++)
		if (aid_same(&all->file[i].domain, aid))
			chip_put_load_file_gone(v, &all->file[i].aid);
}

/* In the container each party speaks for itself, and the owner with 08 for all. */
static bool may_revoke(const struct call *c, const struct card_container *k, struct span id)
{
	const struct card_party *p = session_party(c->v, c->ch);

	if (chip_is_isd(c->v, &c->ch->selected))
		return true;
	return (id.n != 0 && party_is(p, id)) ||
	       (p == &k->party[0] && (p->rights & RIGHT_ADMIT) != 0);
}

static uint16_t revoke(struct call *c, const struct container_order *o)
{
	bool inside = !chip_is_isd(c->v, &c->ch->selected);
	const struct card_container *k;
	struct revoking r = { .o = o };
	unsigned visitors;
	struct aid aid;
	uint16_t sw;

	if (!aid_from(&aid, o->container) || (inside && o->has_time))
		return SW_WRONG_DATA;
	k = chip_container(c->v, &aid);
	if (k == NULL || (inside && !aid_same(&aid, &c->ch->selected)))
		return SW_NOT_FOUND;
	if (!may_revoke(c, k, o->party))
		return SW_SECURITY_STATUS;
	visitors = container_visitors(c->v, &aid);
	r.next = *k;
	sw = revoke_named(c->v, &r);
	if (sw == SW_OK && r.emptied)
		content_goes(c->v, &aid);
	if (sw == SW_OK && r.open)
		chip_put_container_gone(c->v, &aid, r.emptied);
	else if (sw == SW_OK)
		chip_put_container(c->v, &r.next);
	if (sw == SW_OK) {
		put_order_time(c->v, o);
		sw = commit(c->v);
	}
	if (sw == SW_OK)
		container_settle(c, visitors);
	wipe(&r, sizeof(r));
	return sw;
}

/* ---- raise, close ---- */

static uint16_t raise_serial(struct call *c, const struct container_order *o)
{
	const struct card_containers *all = &c->v->chip.containers;
	struct card_issuer i = { .serial = o->serial };
	const struct ec_public *key;
	uint8_t kid;
	size_t at;

	key = grant_issuer(c->v, o->issuer, &kid);
	if (key == NULL)
		return SW_REFERENCE_NOT_FOUND;
	if (!party_point_digest(key, i.digest))
		return SW_UNKNOWN;
	at = issuer_at(c->v, i.digest);
	if (at < all->issuer_n && o->serial <= all->issuer[at].serial)
		return SW_CONDITIONS;
	if (at == ISSUERS_MAX)
		return SW_NO_MEMORY;
	chip_put_issuer(c->v, &i);
	put_order_time(c->v, o);
	return commit(c->v);
}

static uint16_t close_card(struct call *c, const struct container_order *o)
{
	if (!c->v->chip.containers.closed)
		chip_put_closed(c->v);
	put_order_time(c->v, o);
	return commit(c->v);
}

/* ---- the order ---- */

/* The operation that the octets name, whatever else is in them; 0: none. */
static uint8_t operation_of(struct span data)
{
	struct rd r = rd_of(data);
	struct span value;
	uint8_t kind;

	if (!tlv_expect(&r, TAG_CONTAINER_ORDER, &value))
		return 0;
	r = rd_of(value);
	return tlv_expect_n(&r, TAG_OPERATION, &kind, 1) ? kind : 0;
}

/* Check 1 of all orders. */
static bool may_send(const struct call *c, uint8_t kind)
{
	const struct card_container *k = chip_container(c->v, &c->ch->selected);
	const struct card_party *p = session_party(c->v, c->ch);

	if (!c->secured || (c->level & LEVEL_ORDER) != LEVEL_ORDER)
		return false;
	if (chip_is_isd(c->v, &c->ch->selected))
		return true;
	if (p == NULL || kind == ORDER_RAISE || kind == ORDER_CLOSE)
		return false;
	return kind != ORDER_PLACE || (p == &k->party[0] && (p->rights & RIGHT_ADMIT) != 0);
}

uint16_t container_order(struct call *c, struct span data)
{
	static uint16_t (*const run[])(struct call *, const struct container_order *) = {
		[ORDER_PLACE] = place,
		[ORDER_REVOKE] = revoke,
		[ORDER_RAISE] = raise_serial,
		[ORDER_CLOSE] = close_card,
	};
	struct container_order o;
	uint16_t sw = SW_SECURITY_STATUS;

	if (may_send(c, operation_of(data)))
		sw = container_order_get(data, &o) ? run[o.kind](c, &o) : SW_WRONG_DATA;
	return sw;
}
