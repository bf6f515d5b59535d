/* Trust records in the card's memory. */
#include <string.h>

#include "vcard/core/record.h"
#include "vcard/keys/keys.h"
#include "vcard/trust/internal.h"

enum { TRUST_RECORD_MAX = 512 };
enum { REVOKES = 0x01, LIMITED = 0x02 };

struct aid trust_owner(uint8_t record)
{
	struct aid owner = aid_trust;

	owner.b[owner.n++] = record;
	return owner;
}

const struct card_trust *chip_trust(const struct vcard *v, uint8_t record)
{
	return &v->chip.trusts.record[record - 1];
}

/* ---- written ---- */

static void key_put(struct wr *w, const struct card_trust_key *k)
{
	wr_u8(w, k->version);
	wr_u32(w, k->generation);
	wr_u32(w, k->expiry);
	wr_lv(w, ec_public_span(&k->point));
}

static void terms_put(struct wr *w, const struct trust_terms *t)
{
	wr_u32(w, t->expiry);
	wr_u32(w, t->horizon);
	wr_u32(w, t->period);
	wr_u32(w, t->window);
	wr_u8(w, t->failures);
	wr_u8(w, (uint8_t)((t->revokes ? REVOKES : 0) | (t->limited ? LIMITED : 0)));
	wr_u32(w, t->uses);
}

static void trust_record(struct wr *w, const struct card_trust *t)
{
	uint8_t room[TRUST_RECORD_MAX];
	struct wr value = wr_fixed(room, sizeof(room));

	wr_u8(&value, t->record);
	wr_u8(&value, t->stage);
	wr_u8(&value, t->cause);
	wr_u8(&value, t->algorithm);
	terms_put(&value, &t->terms);
	wr_u8(&value, t->failures);
	wr_u32(&value, t->uses);
	wr_u32(&value, t->floor);
	wr_u32(&value, t->last);
	wr_bytes(&value, t->card, TRUST_ID);
	wr_lv(&value, span_of(t->traits, t->traits_n));
	key_put(&value, &t->current);
	key_put(&value, &t->pending);
	w->full = w->full || !wr_ok(&value);
	nvm_record(w, REC_TRUST, wr_span(&value));
}

void trusts_snapshot(struct wr *w, const struct chip *c)
{
	uint8_t locked = 1;

	for (size_t i = 0; i < TRUST_RECORDS; i++)
		if (c->trusts.record[i].stage != TRUST_EMPTY)
			trust_record(w, &c->trusts.record[i]);
	if (c->trusts.locked)
		nvm_record(w, REC_TRUST_LOCKED, span_of(&locked, 1));
}

void chip_put_trust(struct vcard *v, const struct card_trust *t)
{
	trust_record(&v->batch, t);
}

void chip_put_trust_locked(struct vcard *v, bool locked)
{
	uint8_t value = locked;

	nvm_record(&v->batch, REC_TRUST_LOCKED, span_of(&value, 1));
}

/* ---- read ---- */

static bool key_get(struct rd *r, struct card_trust_key *k, uint8_t record)
{
	struct span point;

	return rd_u8(r, &k->version) && rd_u32(r, &k->generation) && rd_u32(r, &k->expiry) &&
	       rd_lv(r, &point) && (point.n == 0 || ec_public_from(&k->point, EC_P256, point)) &&
	       (k->version == 0 || trust_record_of(k->version) == record);
}

static bool terms_get(struct rd *r, struct trust_terms *t)
{
	uint8_t flags;

	if (!rd_u32(r, &t->expiry) || !rd_u32(r, &t->horizon) || !rd_u32(r, &t->period) ||
	    !rd_u32(r, &t->window) || !rd_u8(r, &t->failures) || !rd_u8(r, &flags) ||
	    !rd_u32(r, &t->uses))
		return false;
	t->revokes = (flags & REVOKES) != 0;
	t->limited = (flags & LIMITED) != 0;
	return true;
}

bool trust_record_get(struct chip *c, struct rd *r)
{
	struct card_trust t = { 0 };
	struct trust_traits traits;
	struct span value;

	if (!rd_u8(r, &t.record) || t.record < 1 || t.record > TRUST_RECORDS ||
	    !rd_u8(r, &t.stage) || t.stage < TRUST_OPEN || t.stage > TRUST_REVOKED ||
	    !rd_u8(r, &t.cause) || t.cause > TRUST_ENDED_BY_TRAITS || !rd_u8(r, &t.algorithm) ||
	    trust_key_octets(t.algorithm) == 0 || !terms_get(r, &t.terms) ||
	    !rd_u8(r, &t.failures) || !rd_u32(r, &t.uses) || !rd_u32(r, &t.floor) ||
	    !rd_u32(r, &t.last) || !rd_copy(r, t.card, TRUST_ID) || !rd_lv(r, &value) ||
	    value.n > TRUST_TRAITS_MAX || !trust_traits_get(value, &traits) ||
	    !key_get(r, &t.current, t.record) || !key_get(r, &t.pending, t.record) ||
	    t.current.version == 0 || t.current.version == t.pending.version)
		return false;
	memcpy(t.traits, value.p, value.n);
	t.traits_n = (uint8_t)value.n;
	c->trusts.record[t.record - 1] = t;
	return true;
}

bool trust_locked_get(struct chip *c, struct rd *r)
{
	uint8_t locked;

	if (!rd_u8(r, &locked) || locked > 1)
		return false;
	c->trusts.locked = locked == 1;
	return true;
}

/* ---- changes ---- */

void trust_put_key_gone(struct vcard *v, const struct card_trust *was, struct card_trust_key *k)
{
	if (was->algorithm == TRUST_P256)
		k->point = (struct ec_public){ 0 };
	else if (k->version != 0)
		chip_put_keys_gone(v, &aid_trust, k->version);
}

void trust_put_pending_gone(struct vcard *v, struct card_trust *t)
{
	trust_put_key_gone(v, t, &t->pending);
	t->pending = (struct card_trust_key){ 0 };
}

uint16_t trust_put_object(struct vcard *v, uint8_t record, uint8_t number, struct span value)
{
	uint16_t tag = (uint16_t)(TRUST_OBJECT_FIRST - 1 + number);
	struct aid owner = trust_owner(record);
	struct span old;
	bool there = chip_object(v, &owner, tag, &old);

	if (value.n == 0 && !there)
		return SW_REFERENCE_NOT_FOUND;
	if (value.n > 0 && !there && v->chip.objects_n == CHIP_OBJECTS_MAX)
		return SW_NO_MEMORY;
	if (value.n > 0)
		chip_put_object(v, &owner, tag, value);
	else
		chip_put_object_gone(v, &owner, tag);
	return SW_OK;
}

uint16_t trust_put_set(struct vcard *v, const struct card_trust *t, const struct card_trust_key *k,
    const struct key *key)
{
	const struct trust_place place = { t->record, k->generation, k->expiry, t->card };
	struct card_keys set = {
		.domain = aid_trust, .version = k->version, .type = KEY_TYPE_AES, .tries = TRIES_MAX
	};
	uint16_t sw = trust_set(key, &place, &set.keys) ? SW_OK : SW_UNKNOWN;

	if (chip_keys(v, &aid_trust, k->version) == NULL && v->chip.keys_n == CHIP_KEYS_MAX)
		sw = SW_NO_MEMORY;
	if (sw == SW_OK)
		chip_put_keys(v, &set);
	wipe(&set, sizeof(set));
	return sw;
}
