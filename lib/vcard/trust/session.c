/* The trust application, and how a terminal's session is opened (trust.md 4). */
#include <string.h>

#include "vcard/keys/keys.h"
#include "vcard/products/product.h"
#include "vcard/trust/internal.h"

enum { USAGE = 0x3C };

bool trust_is(const struct vcard *v, const struct aid *aid)
{
	return aid_same(aid, &aid_trust) && product_has_trust(&v->chip);
}

bool trust_reserves(const struct vcard *v, const struct aid *aid)
{
	return span_starts(aid_span(aid), aid_span(&aid_trust)) && product_has_trust(&v->chip);
}

bool trust_resident(const struct vcard *v, struct resident *r)
{
	static const uint8_t fci[] = { 0x6F, 0x09, 0x84, 0x07, 0xF0, 0x54, 0x52, 0x55, 0x53, 0x54,
		0x01 };

	*r = (struct resident){ .aid = aid_trust,
		.answer = SPAN(fci),
		.state = (uint8_t)(APP_SELECTABLE | (v->chip.trusts.locked ? APP_LOCKED : 0)) };
	return product_has_trust(&v->chip);
}

uint16_t trust_set_locked(struct vcard *v, bool locked)
{
	if (v->chip.trusts.locked == locked)
		return SW_CONDITIONS;
	chip_put_trust_locked(v, locked);
	return SW_OK;
}

const struct card_trust_key *trust_key(
    const struct card_trust *t, uint8_t version, uint32_t generation)
{
	const struct card_trust_key *const keys[] = { &t->current, &t->pending };

	for (size_t i = 0; i < 2; i++)
		if (t->stage != TRUST_EMPTY && version != 0 && keys[i]->version == version &&
		    keys[i]->generation == generation)
			return keys[i];
	return NULL;
}

void trust_forget_strangers(struct vcard *v)
{
	memset(v->chip.trusts.strangers, 0, sizeof(v->chip.trusts.strangers));
}

/* ---- SCP03 ---- */

static uint32_t generation_of(const struct card_trust *t, uint8_t version)
{
	return version == t->current.version ? t->current.generation : t->pending.generation;
}

void trust_begin(struct call *c, const struct card_keys *k)
{
	uint8_t record = trust_record_of(k->version);

	c->ch->trust = (struct trust_session){ .record = record,
		.version = k->version,
		.generation = generation_of(chip_trust(c->v, record), k->version) };
}

bool trust_moved(const struct call *c)
{
	const struct trust_session *s = &c->ch->trust;

	return s->over || (s->record != 0 && trust_key(chip_trust(c->v, s->record), s->version,
						 s->generation) == NULL);
}

void trust_opened(struct call *c)
{
	struct trust_session *s = &c->ch->trust;
	struct wr w = wr_fixed(s->sid, sizeof(s->sid));

	wr_bytes(&w, c->ch->host_challenge, c->ch->m);
	wr_bytes(&w, c->ch->card_challenge, c->ch->m);
	s->sid_n = (uint8_t)w.n;
}

uint16_t trust_failed(struct call *c, const struct card_keys *k)
{
	struct card_trust next = *chip_trust(c->v, trust_record_of(k->version));

	chip_count_wrong(c->v, k);
	if (next.terms.failures == 0 || next.stage != TRUST_ACTIVE)
		return SW_OK;
	next.failures++;
	if (next.failures >= next.terms.failures) {
		next.stage = TRUST_REVOKED;
		next.cause = TRUST_ENDED_BY_FAILURES;
		trust_put_pending_gone(c->v, &next);
	}
	chip_put_trust(c->v, &next);
	return chip_commit(c->v) ? SW_OK : SW_MEMORY_FAILURE;
}

/* ---- SCP11 ---- */

static bool has_open(const struct vcard *v)
{
	for (uint8_t r = 1; r <= TRUST_RECORDS; r++)
		if (chip_trust(v, r)->stage == TRUST_OPEN)
			return true;
	return false;
}

/* A terminal that is known uses KID 11, one that is not yet KID 13. */
uint16_t trust_scp11_way(const struct call *c, struct key_ref card)
{
	bool known = c->cmd->ins == INS_MUTUAL_AUTHENTICATE && card.kid == KID_SCP11A;
	bool open = c->cmd->ins == INS_INTERNAL_AUTHENTICATE && card.kid == KID_SCP11B;

	if (c->v->chip.trusts.locked)
		return SW_CONDITIONS;
	return known || (open && has_open(c->v)) ? SW_OK : SW_REFERENCE_NOT_FOUND;
}

/* The key that the HostID names; NULL: none. */
static const struct card_trust_key *named(const struct vcard *v, const struct scp11_request *q)
{
	const struct card_trust_key *k;
	const struct card_trust *t;
	struct trust_host_id h;

	if (!q->has_host_id || !trust_host_id_get(q->host_id, &h) ||
	    trust_record_of(h.version) == 0)
		return NULL;
	t = chip_trust(v, trust_record_of(h.version));
	k = trust_key(t, h.version, h.generation);
	return k != NULL && k->expiry == h.expiry && k->point.n != 0 ? k : NULL;
}

uint16_t trust_scp11_oce(
    const struct call *c, const struct scp11_request *q, struct ec_public *terminal)
{
	const struct card_trust_key *k;

	if (q->usage != USAGE)
		return SW_WRONG_DATA;
	if (c->cmd->ins == INS_INTERNAL_AUTHENTICATE)
		return q->has_host_id ? SW_WRONG_DATA : SW_OK;
	k = named(c->v, q);
	if (k == NULL)
		return SW_REFERENCE_NOT_FOUND;
	*terminal = k->point;
	return SW_OK;
}

void trust_scp11_opened(struct call *c, const struct scp11_request *q, struct span receipt)
{
	const struct card_trust_key *k = named(c->v, q);
	struct trust_session s = { 0 };
	struct rd r = rd_of(receipt);

	if (k != NULL)
		s = (struct trust_session){ .record = trust_record_of(k->version),
			.version = k->version,
			.generation = k->generation };
	s.sid_n = (uint8_t)(rd_copy(&r, s.sid, receipt.n) ? receipt.n : 0);
	c->ch->trust = s;
}
