/* Orders of the network, BF74 in STORE DATA, and FF74 (trust.md 3). */
#include <string.h>

#include "crypto/kdf.h"
#include "gp/key_value.h"
#include "tlv/tlv.h"
#include "vcard/core/handlers.h"
#include "vcard/products/product.h"
#include "vcard/trust/internal.h"

enum { LEVEL_ORDER = LEVEL_CMAC | LEVEL_CDEC, LEVEL_WHOLE = 0x33 };

static uint32_t order_time(const struct vcard *v, const struct trust_order *o)
{
	uint32_t now = v->chip.containers.time;

	return o->has_time && o->time > now ? o->time : now;
}

/* T moves in the same write. */
static uint16_t commit(struct vcard *v, const struct trust_order *o)
{
	uint32_t time = order_time(v, o);

	if (time != v->chip.containers.time)
		chip_put_time(v, time);
	return chip_commit(v) ? SW_OK : SW_MEMORY_FAILURE;
}

/* Whatever session of a terminal goes on with this record is told so at its next command. */
static void end_sessions(struct vcard *v, uint8_t record)
{
	for (size_t i = 0; i < CHANNELS; i++)
		if (v->channel[i].trust.record == record)
			v->channel[i].trust.over = true;
}

static bool is_record(uint8_t record)
{
	return record >= 1 && record <= TRUST_RECORDS;
}

/* ---- initialize ---- */

/* The key in clear, and what it is checked by. SW_OK, or why not. */
static uint16_t take_key(const struct call *c, const struct trust_order *o, struct key *k)
{
	uint8_t clear[KEY_VALUE_MAX], kcv[PUT_KEY_KCV];
	uint16_t sw = SW_WRONG_DATA;

	if (key_value_decrypt(false, &c->ch->dek, o->key, o->key.n, clear) &&
	    key_from(k, span_of(clear, o->key.n)) && key_check_value(k, kcv))
		sw = span_eq(SPAN(kcv), SPAN(o->kcv)) ? SW_OK : SW_SECURITY_STATUS;
	wipe(clear, sizeof(clear));
	return sw;
}

/* What was there goes: keys and, unless they are to stay, objects. */
static void put_cleared(struct vcard *v, const struct card_trust *was, bool keep)
{
	struct aid owner = trust_owner(was->record);
	struct card_trust gone = *was;

	if (was->stage == TRUST_EMPTY)
		return;
	trust_put_key_gone(v, was, &gone.current);
	trust_put_key_gone(v, was, &gone.pending);
	for (size_t i = 0; !keep && i < v->chip.objects_n; i++)
		if (aid_same(&v->chip.objects[i].owner, &owner))
			chip_put_object_gone(v, &owner, v->chip.objects[i].tag);
}

static void next_of(const struct trust_order *o, struct card_trust *next)
{
	*next = (struct card_trust){ .record = o->record,
		.stage = o->open ? TRUST_OPEN : TRUST_ACTIVE,
		.algorithm = o->algorithm,
		.terms = o->terms,
		.uses = o->terms.uses,
		.last = o->generation,
		.traits_n = (uint8_t)o->traits.whole.n,
		.current = { .version = (uint8_t)(TRUST_VERSION_FIRST + o->record),
		    .generation = o->generation,
		    .expiry = o->terms.expiry } };
	memcpy(next->traits, o->traits.whole.p, o->traits.whole.n);
}

/* Key and characteristics reach the card in one write (T9). */
static uint16_t put_initialized(struct call *c, const struct trust_order *o,
    const struct card_trust *was, struct card_trust *next)
{
	const struct chip *chip = &c->v->chip;
	uint16_t sw = SW_OK;
	SECRET_KEY(k);

	if (o->key.n > 0)
		sw = take_key(c, o, &k);
	else if (o->point.n > 0 && !ec_public_from(&next->current.point, EC_P256, o->point))
		sw = SW_WRONG_DATA;
	if (sw != SW_OK)
		return sw;
	if (chip->cin_n == 0)
		return SW_REFERENCE_NOT_FOUND;
	if (!trust_card_id(span_of(chip->cin, chip->cin_n), next->card))
		return SW_UNKNOWN;
	put_cleared(c->v, was, o->keep);
	if (k.n > 0)
		sw = trust_put_set(c->v, next, &next->current, &k);
	if (sw != SW_OK)
		return sw;
	chip_put_trust(c->v, next);
	return commit(c->v, o);
}

static uint16_t initialize(struct call *c, const struct trust_order *o)
{
	const struct card_trust *was = chip_trust(c->v, o->record);
	struct card_trust next;
	uint16_t sw;

	if (o->generation <= was->last || o->generation - was->last > TRUST_STEP_MAX ||
	    o->terms.expiry <= order_time(c->v, o))
		return SW_CONDITIONS;
	next_of(o, &next);
	sw = put_initialized(c, o, was, &next);
	if (sw == SW_OK)
		end_sessions(c->v, o->record);
	return sw;
}

/* ---- the others ---- */

static uint16_t revoke(struct call *c, const struct trust_order *o)
{
	struct card_trust next = *chip_trust(c->v, o->record);
	uint16_t sw;

	if (next.stage == TRUST_EMPTY)
		return SW_REFERENCE_NOT_FOUND;
	if (next.stage != TRUST_REVOKED)
		next.cause = TRUST_ENDED_BY_NETWORK;
	next.stage = TRUST_REVOKED;
	/* Marked, a key stays to be told what became of it. */
	if (o->erase) {
		trust_put_key_gone(c->v, &next, &next.current);
		trust_put_pending_gone(c->v, &next);
	}
	chip_put_trust(c->v, &next);
	sw = commit(c->v, o);
	if (sw == SW_OK)
		end_sessions(c->v, o->record);
	return sw;
}

static uint16_t object(struct call *c, const struct trust_order *o)
{
	uint16_t sw;

	if (chip_trust(c->v, o->record)->stage == TRUST_EMPTY)
		return SW_REFERENCE_NOT_FOUND;
	sw = trust_put_object(c->v, o->record, o->number, o->value);
	return sw == SW_OK ? commit(c->v, o) : sw;
}

static uint16_t set_time(struct call *c, const struct trust_order *o)
{
	return commit(c->v, o);
}

uint16_t trust_order(struct call *c, struct span data)
{
	static uint16_t (*const run[])(struct call *, const struct trust_order *) = {
		[TRUST_INITIALIZE] = initialize,
		[TRUST_REVOKE] = revoke,
		[TRUST_OBJECT] = object,
		[TRUST_TIME] = set_time,
	};
	struct trust_order o;

	if (!c->secured || (c->level & LEVEL_ORDER) != LEVEL_ORDER)
		return SW_SECURITY_STATUS;
	if (!trust_order_get(data, &o))
		return SW_WRONG_DATA;
	if (o.kind != TRUST_TIME && !is_record(o.record))
		return SW_REFERENCE_NOT_FOUND;
	return run[o.kind](c, &o);
}

/* ---- FF74 ---- */

struct trust_record trust_told(const struct card_trust *t)
{
	return (struct trust_record){ .record = t->record,
		.stage = (enum trust_stage)t->stage,
		.algorithm = t->algorithm,
		.generation = t->current.generation,
		.expiry = t->current.expiry,
		.horizon = t->terms.horizon,
		.failures = t->failures,
		.limited = t->terms.limited,
		.uses_left = t->uses,
		.cause = (enum trust_cause)t->cause,
		.floor = t->floor,
		.last = t->last,
		.pending = t->pending.version != 0,
		.pending_generation = t->pending.generation,
		.pending_expiry = t->pending.expiry };
}

static bool record_told(struct wr *w, const struct card_trust *t)
{
	struct trust_record told = trust_told(t);
	uint8_t digest[TRUST_TRAITS_DIGEST];

	if (!trust_traits_digest(span_of(t->traits, t->traits_n), digest))
		return false;
	told.traits_digest = SPAN(digest);
	trust_record_put(w, &told);
	return true;
}

uint16_t get_trusts(struct call *c)
{
	size_t mark;

	if (!product_has_trust(&c->v->chip) || !chip_is_isd(c->v, &c->ch->selected))
		return SW_REFERENCE_NOT_FOUND;
	/* In SCP11b anybody may ask. */
	if (!c->secured || c->level != LEVEL_WHOLE || c->ch->anonymous)
		return SW_SECURITY_STATUS;
	mark = trust_state_open(c->out, c->v->chip.containers.time);
	for (uint8_t r = 1; r <= TRUST_RECORDS; r++)
		if (chip_trust(c->v, r)->stage != TRUST_EMPTY &&
		    !record_told(c->out, chip_trust(c->v, r)))
			return SW_UNKNOWN;
	tlv_close(c->out, mark);
	return SW_OK;
}
