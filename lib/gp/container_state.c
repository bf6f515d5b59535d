/* FF73: what a card tells of its containers, to the operator and to each party. */
#include "gp/container.h"
#include "gp/party.h"

enum {
	TAG_ONE = 0xA0,
	TAG_ONE_PARTY = 0xA1,
	TAG_ONE_GRANT = 0xA2,
	TAG_ONE_OBJECT = 0xA3,
	TAG_ONE_ISSUER = 0xA5,
	TAG_STATE = 0x80,
	TAG_USED = 0x8A,
	TAG_VERSIONS = 0x83,
	TAG_GRANT_DIGEST = 0x8D,
	TAG_NUMBER = 0x80,
	TAG_LENGTH = 0x92,
	TAG_CLOSED = 0x8C,
	TAG_TIME = 0x9A
};

const char *container_stage_str(enum container_stage s)
{
	static const char *const names[] = {
		[STAGE_GRANTED] = "granted",
		[STAGE_CLAIMED] = "claimed",
		[STAGE_SEALED] = "sealed",
	};

	return s >= STAGE_GRANTED && s <= STAGE_SEALED ? names[s] : "unknown";
}

/* The next of a row: its value as a reader. */
static bool item(struct rd *r, uint32_t tag, struct rd *in)
{
	struct span v;

	if (!strict_get(r, tag, 1, SIZE_MAX, &v))
		return false;
	*in = rd_of(v);
	return true;
}

bool container_party_next(struct rd *r, struct container_party *out)
{
	struct container_party p = { 0 };
	struct rd ahead = *r, in;

	if (!item(&ahead, TAG_ONE_PARTY, &in) || !party_id_get(&in, &p.id) ||
	    !party_serial_get(&in, &p.serial) || !strict_u8(&in, TAG_PARTY_RIGHTS, &p.rights) ||
	    (p.rights & ~RIGHTS_ALL) != 0 ||
	    !strict_maybe(&in, TAG_VERSIONS, 1, CONTAINER_SETS_MAX, &p.versions) ||
	    rd_left(&in) > 0)
		return false;
	*r = ahead;
	*out = p;
	return true;
}

bool container_grant_next(struct rd *r, struct container_grant *out)
{
	struct container_grant g = { 0 };
	struct rd ahead = *r, in;

	if (!item(&ahead, TAG_ONE_GRANT, &in) || !party_id_get(&in, &g.id) ||
	    !party_serial_get(&in, &g.serial) ||
	    !strict_get(&in, TAG_GRANT_DIGEST, PARTY_DIGEST, PARTY_DIGEST, &g.digest) ||
	    rd_left(&in) > 0)
		return false;
	*r = ahead;
	*out = g;
	return true;
}

bool container_object_next(struct rd *r, struct container_object *out)
{
	struct container_object o = { 0 };
	struct rd ahead = *r, in;

	if (!item(&ahead, TAG_ONE_OBJECT, &in) || !strict_u8(&in, TAG_NUMBER, &o.number) ||
	    o.number < 0x01 || o.number > 0x7F || !strict_u16(&in, TAG_LENGTH, &o.length) ||
	    o.length < 1 || o.length > CONTAINER_OBJECT_MAX || rd_left(&in) > 0)
		return false;
	*r = ahead;
	*out = o;
	return true;
}

bool container_issuer_next(struct rd *r, struct container_issuer *out)
{
	struct container_issuer i = { 0 };
	struct rd ahead = *r, in;

	if (!item(&ahead, TAG_ONE_ISSUER, &in) ||
	    !strict_get(&in, TAG_PARTY_NAME, PARTY_NAME, PARTY_NAME, &i.name) ||
	    !strict_u64(&in, TAG_PARTY_SERIAL, &i.serial) || rd_left(&in) > 0)
		return false;
	*r = ahead;
	*out = i;
	return true;
}

/* ---- rows ---- */

static bool skip_party(struct rd *r)
{
	struct container_party p;

	return container_party_next(r, &p);
}

static bool skip_grant(struct rd *r)
{
	struct container_grant g;

	return container_grant_next(r, &g);
}

static bool skip_object(struct rd *r)
{
	struct container_object o;

	return container_object_next(r, &o);
}

static bool skip_container(struct rd *r)
{
	struct container c;

	return container_next(r, &c);
}

static bool skip_issuer(struct rd *r)
{
	struct container_issuer i;

	return container_issuer_next(r, &i);
}

/* Lends what follows of one kind, `most` at most; what is not of it is left to who reads on. */
static bool row(struct rd *r, size_t most, bool (*skip)(struct rd *r), struct span *out)
{
	struct span at = r->s;
	size_t n = 0;

	while (skip(r))
		n++;
	*out = span_sub(at, 0, at.n - rd_left(r));
	return n <= most;
}

/* C8, D8: there in any case, 0 is none. */
static bool limit_get(struct rd *r, uint32_t tag, struct quota *q)
{
	if (!strict_u32(r, tag, &q->n))
		return false;
	q->given = q->n != 0;
	return true;
}

static bool body_get(struct rd *in, struct container *c)
{
	uint8_t state;

	if (!party_aid_get(in, &c->aid) || !strict_u8(in, TAG_STATE, &state))
		return false;
	c->locked = (state & CONTAINER_LOCKED) != 0;
	c->stage = (enum container_stage)(state & ~CONTAINER_LOCKED);
	return c->stage >= STAGE_GRANTED && c->stage <= STAGE_SEALED &&
	       party_quota_get(in, TAG_VOLATILE_QUOTA, &c->quotas.volatile_quota) &&
	       limit_get(in, TAG_DATA_QUOTA, &c->quotas.data_quota) &&
	       party_quota_get(in, TAG_VOLATILE_RESERVE, &c->quotas.volatile_reserve) &&
	       limit_get(in, TAG_DATA_RESERVE, &c->quotas.data_reserve) &&
	       strict_u32(in, TAG_USED, &c->used) &&
	       row(in, CONTAINER_PARTIES_MAX, skip_party, &c->parties) &&
	       row(in, CONTAINER_GRANTS_MAX, skip_grant, &c->grants) &&
	       row(in, CONTAINER_OBJECTS_MAX, skip_object, &c->objects) && rd_left(in) == 0;
}

bool container_next(struct rd *r, struct container *out)
{
	struct container c = { 0 };
	struct rd ahead = *r, in;

	if (!item(&ahead, TAG_ONE, &in) || !body_get(&in, &c))
		return false;
	*r = ahead;
	*out = c;
	return true;
}

/* 8C and 9A, for the operator only. */
static bool end_get(struct rd *r, struct containers *c)
{
	uint8_t closed;

	c->is_operator = rd_left(r) > 0;
	if (!c->is_operator)
		return true;
	if (!strict_u8(r, TAG_CLOSED, &closed) || closed > 0x01 ||
	    !strict_u32(r, TAG_TIME, &c->time))
		return false;
	c->closed = closed == 0x01;
	return rd_left(r) == 0;
}

bool containers_get(struct span answer, struct containers *out)
{
	struct containers c = { 0 };
	struct container own;
	struct span body;
	struct rd r;

	if (!strict_only(answer, TAG_CONTAINERS, &body))
		return false;
	r = rd_of(body);
	if (!row(&r, CONTAINERS_MAX, skip_container, &c.containers) ||
	    !row(&r, ISSUERS_MAX, skip_issuer, &c.issuers) || !end_get(&r, &c))
		return false;
	/* A party is told of its own container and nothing else. */
	r = rd_of(c.containers);
	if (!c.is_operator && (c.issuers.n > 0 || !container_next(&r, &own) || rd_left(&r) > 0))
		return false;
	*out = c;
	return true;
}

/* ---- writing ---- */

size_t container_open(struct wr *w, const struct container *c)
{
	size_t mark = tlv_open(w, TAG_ONE);

	tlv_put(w, TAG_PARTY_AID, c->aid);
	tlv_put_u8(w, TAG_STATE, (uint8_t)(c->stage | (c->locked ? CONTAINER_LOCKED : 0)));
	party_quota_put(w, TAG_VOLATILE_QUOTA, &c->quotas.volatile_quota);
	tlv_put_u32(w, TAG_DATA_QUOTA, c->quotas.data_quota.n);
	party_quota_put(w, TAG_VOLATILE_RESERVE, &c->quotas.volatile_reserve);
	tlv_put_u32(w, TAG_DATA_RESERVE, c->quotas.data_reserve.n);
	tlv_put_u32(w, TAG_USED, c->used);
	return mark;
}

void container_party_put(struct wr *w, const struct container_party *p)
{
	size_t in = tlv_open(w, TAG_ONE_PARTY);

	tlv_put(w, TAG_PARTY_ID, p->id);
	strict_put_u64(w, TAG_PARTY_SERIAL, p->serial);
	tlv_put_u8(w, TAG_PARTY_RIGHTS, p->rights);
	if (p->versions.n > 0)
		tlv_put(w, TAG_VERSIONS, p->versions);
	tlv_close(w, in);
}

void container_grant_put(struct wr *w, const struct container_grant *g)
{
	size_t in = tlv_open(w, TAG_ONE_GRANT);

	tlv_put(w, TAG_PARTY_ID, g->id);
	strict_put_u64(w, TAG_PARTY_SERIAL, g->serial);
	tlv_put(w, TAG_GRANT_DIGEST, g->digest);
	tlv_close(w, in);
}

void container_object_put(struct wr *w, const struct container_object *o)
{
	size_t in = tlv_open(w, TAG_ONE_OBJECT);

	tlv_put_u8(w, TAG_NUMBER, o->number);
	strict_put_u16(w, TAG_LENGTH, o->length);
	tlv_close(w, in);
}

void container_issuer_put(struct wr *w, const struct container_issuer *i)
{
	size_t in = tlv_open(w, TAG_ONE_ISSUER);

	tlv_put(w, TAG_PARTY_NAME, i->name);
	strict_put_u64(w, TAG_PARTY_SERIAL, i->serial);
	tlv_close(w, in);
}

void containers_end_put(struct wr *w, bool closed, uint32_t time)
{
	tlv_put_u8(w, TAG_CLOSED, closed ? 0x01 : 0x00);
	tlv_put_u32(w, TAG_TIME, time);
}
