/* What a terminal says in its session (trust.md 4 to 7): PRESENT, RENEW, CONFIRM, REVOKE, objects.
 */
#include <string.h>

#include "crypto/digest.h"
#include "tlv/tlv.h"
#include "vcard/core/handlers.h"
#include "vcard/keys/keys.h"
#include "vcard/trust/internal.h"

enum { LEVEL_WHOLE = 0x33, STRANGERS_MAX = 10 };

static uint32_t later(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static const struct card_trust *record_of(const struct call *c)
{
	return chip_trust(c->v, c->ch->trust.record);
}

/* The key that opened the session, as it is by now; in SCP11b the one that an open record has not.
 * NULL: the record goes on without this session. */
static const struct card_trust_key *key_of_session(const struct call *c, const struct card_trust *t)
{
	const struct trust_session *s = &c->ch->trust;

	if (s->over)
		return NULL;
	if (c->ch->anonymous)
		return t->stage == TRUST_OPEN ? &t->current : NULL;
	return trust_key(t, s->version, s->generation);
}

/* What the card knows of the time, for this record. */
static uint32_t card_now(const struct call *c, const struct card_trust *t)
{
	return later(c->v->chip.containers.time, t->floor);
}

/* Every command of a trusted session asks anew. */
static bool still_trusted(const struct call *c)
{
	const struct card_trust_key *k;
	const struct card_trust *t;

	if (!c->ch->trust.trusted)
		return false;
	t = record_of(c);
	k = key_of_session(c, t);
	c->ch->trust.trusted = k != NULL &&
			       t->stage == (c->ch->anonymous ? TRUST_OPEN : TRUST_ACTIVE) &&
			       card_now(c, t) < k->expiry;
	return c->ch->trust.trusted;
}

static uint32_t renew_from(const struct card_trust *t, const struct card_trust_key *k)
{
	return k->expiry > t->terms.window ? k->expiry - t->terms.window : 0;
}

/* The answer: with 9000 or 6300, so that it carries an R-MAC in either case. */
static uint16_t tell(struct call *c, const struct trust_verdict *v)
{
	trust_verdict_put(c->out, v);
	return v->result <= TRUST_OPENED ? SW_OK : SW_AUTH_FAILED;
}

/* ---- PRESENT ---- */

/* One PRESENT on its way; `next` is the record as it will be. */
struct presenting {
	struct card_trust next;
	bool pending; /* the key that waits to be confirmed opened this session */
	bool changed; /* something that must be written, time alone not */
	uint32_t now;
	struct trust_verdict verdict;
};

static struct card_trust_key *shown(struct presenting *p)
{
	return p->pending ? &p->next.pending : &p->next.current;
}

static bool time_is_up(struct vcard *v, struct presenting *p)
{
	struct card_trust *t = &p->next;

	if (p->now < shown(p)->expiry && (p->pending || t->stage != TRUST_EXPIRED))
		return false;
	/* The key of an open record may end before the waiting does: it alone is done. */
	if (p->pending && t->stage == TRUST_OPEN && p->now < t->current.expiry) {
		trust_put_pending_gone(v, t);
		p->changed = true;
		return true;
	}
	p->changed = t->stage != TRUST_EXPIRED;
	t->stage = TRUST_EXPIRED;
	return true;
}

/* Who waits to be confirmed is: by coming. */
static void promote(struct vcard *v, struct card_trust *t)
{
	trust_put_key_gone(v, t, &t->current);
	t->current = t->pending;
	t->pending = (struct card_trust_key){ 0 };
	t->stage = TRUST_ACTIVE;
	t->uses = t->terms.uses;
	t->failures = 0;
}

static void mismatch(struct call *c, struct presenting *p)
{
	struct card_trust *t = &p->next;

	p->verdict.result = TRUST_DIFFERS;
	if (t->stage == TRUST_OPEN) {
		c->v->chip.trusts.strangers[t->record - 1]++; /* in RAM */
		return;
	}
	if (!t->terms.revokes)
		return;
	p->verdict.result = TRUST_DIFFERS_REVOKED;
	t->stage = TRUST_REVOKED;
	t->cause = TRUST_ENDED_BY_TRAITS;
	trust_put_pending_gone(c->v, t);
	p->changed = true;
}

static void granted(struct call *c, struct presenting *p)
{
	struct card_trust *t = &p->next;

	if (t->stage == TRUST_OPEN && !p->pending) {
		p->verdict.result = TRUST_OPENED;
		p->verdict.renew_from = p->now;
		return;
	}
	p->verdict.result = p->now >= p->verdict.renew_from ? TRUST_DUE : TRUST_GRANTED;
	p->changed = p->pending || t->terms.limited || t->failures > 0;
	if (p->pending)
		promote(c->v, t);
	if (t->terms.limited)
		t->uses--;
	t->failures = 0;
}

/* The checks in their order. */
static void judge(struct call *c, struct presenting *p, const struct trust_traits *has)
{
	struct card_trust *t = &p->next;
	struct trust_traits want;

	if (t->stage == TRUST_REVOKED) {
		p->verdict.result = TRUST_IS_REVOKED;
		return;
	}
	if (time_is_up(c->v, p))
		p->verdict.result = TRUST_IS_EXPIRED;
	else if (t->terms.limited && (p->pending ? t->terms.uses : t->uses) == 0)
		p->verdict.result = TRUST_USES_SPENT;
	else if (!trust_traits_get(span_of(t->traits, t->traits_n), &want) ||
		 !trust_traits_fit(&want, has))
		mismatch(c, p);
	else
		granted(c, p);
}

/* One write, when something changes; the time alone is worth one by the hour. */
static uint16_t keep(struct call *c, struct presenting *p, const struct card_trust *was)
{
	bool timed = was->stage != TRUST_REVOKED && was->stage != TRUST_OPEN;

	if (timed && (p->changed || p->now - was->floor >= TRUST_FLOOR_STEP))
		p->next.floor = p->now;
	if (!p->changed && p->next.floor == was->floor)
		return SW_OK;
	chip_put_trust(c->v, &p->next);
	return chip_commit(c->v) ? SW_OK : SW_MEMORY_FAILURE;
}

static uint16_t present(struct call *c)
{
	const struct card_trust *was = record_of(c);
	const struct card_trust_key *k = key_of_session(c, was);
	struct presenting p = { .next = *was, .pending = k == &was->pending };
	struct trust_present said;
	uint16_t sw;

	c->ch->trust.trusted = false;
	if (!trust_present_get(c->cmd->data, &said))
		return SW_WRONG_DATA;
	if (k == NULL || (was->stage == TRUST_OPEN &&
			     c->v->chip.trusts.strangers[was->record - 1] >= STRANGERS_MAX))
		return SW_CONDITIONS;
	p.now = was->stage == TRUST_OPEN ? c->v->chip.containers.time
					 : later(card_now(c, was), said.time);
	p.verdict = (struct trust_verdict){ .generation = k->generation,
		.expiry = k->expiry,
		.renew_from = renew_from(was, k),
		.now = p.now };
	judge(c, &p, &said.traits);
	sw = keep(c, &p, was);
	if (sw != SW_OK)
		return sw;
	c->ch->trust.trusted = p.verdict.result <= TRUST_OPENED;
	c->ch->trust.now = p.now;
	return tell(c, &p.verdict);
}

/* ---- RENEW ---- */

/* What becomes of the key: its place, and how long it lives. false: the horizon is reached. */
static bool plan_renewal(const struct call *c, const struct card_trust *t, struct card_trust_key *k)
{
	bool open = t->stage == TRUST_OPEN;
	uint64_t until = (uint64_t)(open ? c->v->chip.containers.time
					 : later(card_now(c, t), c->ch->trust.now)) +
			 t->terms.period;

	*k = (struct card_trust_key){ .version = trust_other_version(t->current.version),
		.generation = t->last + 1,
		.expiry = until < t->terms.horizon ? (uint32_t)until : t->terms.horizon };
	return t->last != UINT32_MAX && (open || k->expiry > t->current.expiry);
}

/* The new key; what the card keeps of it is put. SW_OK, or why not. */
static uint16_t make_key(struct call *c, struct card_trust *next, struct key *key)
{
	bool open = next->stage == TRUST_OPEN;
	const struct trust_update u = { next->record, open ? 0 : next->current.expiry,
		open ? 0 : next->current.generation, next->pending.generation };
	SECRET_KEY(random);
	SECRET_EC(pair);

	random.n = (uint8_t)trust_key_octets(next->algorithm);
	if (!random_bytes(random.b, random.n))
		return SW_UNKNOWN;
	if (next->algorithm != TRUST_P256)
		return trust_update_key(&random, &u, key)
			   ? trust_put_set(c->v, next, &next->pending, key)
			   : SW_UNKNOWN;
	return trust_update_pair(&random, &u, &pair) && ec_public_of(&pair, &next->pending.point) &&
		       key_from(key, span_of(pair.b, pair.n))
		   ? SW_OK
		   : SW_UNKNOWN;
}

static uint16_t renew(struct call *c)
{
	struct card_trust next;
	struct card_trust_key k;
	uint16_t sw;
	SECRET_KEY(key);

	if (c->cmd->data.n > 0)
		return SW_WRONG_LENGTH;
	if (!still_trusted(c))
		return SW_CONDITIONS;
	next = *record_of(c);
	if (!plan_renewal(c, &next, &k))
		return SW_CONDITIONS;
	trust_put_pending_gone(c->v, &next);
	next.pending = k;
	next.last = k.generation;
	sw = make_key(c, &next, &key);
	if (sw != SW_OK)
		return sw;
	chip_put_trust(c->v, &next);
	if (!chip_commit(c->v))
		return SW_MEMORY_FAILURE;
	return trust_renewal_put(c->out, &(struct trust_renewal){ .version = k.version,
					     .algorithm = next.algorithm,
					     .generation = k.generation,
					     .key = key_span(&key),
					     .expiry = k.expiry,
					     .renew_from = renew_from(&next, &k) })
		   ? SW_OK
		   : SW_UNKNOWN;
}

/* ---- CONFIRM ---- */

static bool is_proven(const struct call *c, const struct card_trust *t, struct span proof)
{
	const struct card_trust_key *k = &t->pending;
	const struct trust_session *s = &c->ch->trust;
	const struct trust_proof what = { t->record, k->generation, k->expiry,
		span_of(s->sid, s->sid_n) };
	const struct card_keys *set = chip_keys(c->v, &aid_trust, k->version);
	uint8_t own[TRUST_PROOF_AES];

	if (t->algorithm == TRUST_P256)
		return trust_proven_pair(&k->point, &what, proof);
	return set != NULL && trust_prove(&set->keys.mac, &what, own) && ct_equal(SPAN(own), proof);
}

static uint16_t confirm(struct call *c)
{
	struct trust_session *s = &c->ch->trust;
	struct trust_confirm said;
	struct trust_verdict v;
	struct card_trust next;
	bool proven;

	if (!trust_confirm_get(c->cmd->data, &said))
		return SW_WRONG_DATA;
	if (!still_trusted(c))
		return SW_CONDITIONS;
	next = *record_of(c);
	if (next.pending.version == 0 || said.generation != next.pending.generation)
		return SW_CONDITIONS;
	proven = is_proven(c, &next, said.proof);
	if (proven)
		promote(c->v, &next);
	else
		trust_put_pending_gone(c->v, &next);
	chip_put_trust(c->v, &next);
	if (!chip_commit(c->v))
		return SW_MEMORY_FAILURE;
	if (proven && !c->ch->anonymous) {
		s->version = next.current.version;
		s->generation = next.current.generation;
	}
	v = (struct trust_verdict){ .result = proven ? TRUST_GRANTED : TRUST_PROOF_WRONG,
		.generation = next.current.generation,
		.expiry = next.current.expiry,
		.renew_from = renew_from(&next, &next.current),
		.now = s->now };
	return tell(c, &v);
}

/* ---- REVOKE ---- */

static uint16_t revoke(struct call *c)
{
	struct card_trust next = *record_of(c);

	if (c->cmd->data.n > 0)
		return SW_WRONG_LENGTH;
	if (c->ch->anonymous || next.stage == TRUST_REVOKED || key_of_session(c, &next) == NULL)
		return SW_CONDITIONS;
	next.stage = TRUST_REVOKED;
	next.cause = TRUST_ENDED_BY_TERMINAL;
	trust_put_key_gone(c->v, &next, &next.current);
	trust_put_pending_gone(c->v, &next);
	chip_put_trust(c->v, &next);
	if (!chip_commit(c->v))
		return SW_MEMORY_FAILURE;
	c->ch->leaving = LEAVES_SESSION;
	return SW_OK;
}

/* ---- objects ---- */

/* They are for who showed a key: with the characteristics alone only the first key is fetched. */
static bool may_use_objects(const struct call *c)
{
	return !c->ch->anonymous && still_trusted(c);
}

static uint16_t get_object(struct call *c)
{
	uint16_t tag = (uint16_t)(c->cmd->p1 << 8 | c->cmd->p2);
	struct aid owner = trust_owner(c->ch->trust.record);
	struct span value;

	if (c->cmd->data.n > 0)
		return SW_WRONG_LENGTH;
	if (!may_use_objects(c))
		return SW_CONDITIONS;
	if (tag < TRUST_OBJECT_FIRST || tag > TRUST_OBJECT_LAST ||
	    !chip_object(c->v, &owner, tag, &value))
		return SW_REFERENCE_NOT_FOUND;
	tlv_put(c->out, tag, value);
	return SW_OK;
}

static uint16_t put_object(struct call *c)
{
	struct rd r = rd_of(c->cmd->data);
	struct span value;
	uint8_t number;
	uint16_t sw;

	if (c->cmd->p1 != 0x90 || c->cmd->p2 != 0x00)
		return SW_WRONG_P1P2;
	if (!may_use_objects(c))
		return SW_CONDITIONS;
	if (!trust_object_get(&r, &number, &value) || rd_left(&r) > 0)
		return SW_WRONG_DATA;
	sw = trust_put_object(c->v, c->ch->trust.record, number, value);
	if (sw == SW_OK && !chip_commit(c->v))
		sw = SW_MEMORY_FAILURE;
	return sw;
}

/* ---- the command ---- */

bool trust_takes(const struct call *c)
{
	if (!c->ch->app || !trust_is(c->v, &c->ch->selected))
		return false;
	switch (c->cmd->ins) {
	case INS_SELECT:
	case INS_MANAGE_CHANNEL:
	case INS_INITIALIZE_UPDATE:
	case INS_EXTERNAL_AUTHENTICATE:
	case INS_INTERNAL_AUTHENTICATE:
		return false;
	}
	return true;
}

/* P1 and P2 of the four, which P2 says the record of. */
static uint16_t record_meant(struct call *c)
{
	struct trust_session *s = &c->ch->trust;
	uint8_t record = c->cmd->p2;

	if (c->cmd->p1 != 0x00)
		return SW_WRONG_P1P2;
	if (!c->ch->anonymous)
		return record == s->record ? SW_OK : SW_CONDITIONS;
	if (record < 1 || record > TRUST_RECORDS || chip_trust(c->v, record)->stage != TRUST_OPEN)
		return SW_CONDITIONS;
	/* Another one is not trusted for what the first one showed. */
	if (record != s->record) {
		s->record = record;
		s->trusted = s->over = false;
	}
	return SW_OK;
}

uint16_t trust_command(struct call *c)
{
	static const struct {
		uint8_t ins;
		bool names_record;
		handler *run;
	} commands[] = {
		{ INS_PRESENT, true, present },
		{ INS_RENEW, true, renew },
		{ INS_CONFIRM, true, confirm },
		{ INS_REVOKE, true, revoke },
		{ INS_GET_DATA, false, get_object },
		{ INS_STORE_DATA, false, put_object },
	};
	uint16_t sw = SW_OK;

	if (c->cmd->ins == INS_PERFORM_SECURITY_OPERATION)
		return SW_REFERENCE_NOT_FOUND;
	if (c->ch->session != CHANNEL_UNICAST || !c->secured || c->level != LEVEL_WHOLE)
		return SW_SECURITY_STATUS;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (commands[i].ins != c->cmd->ins)
			continue;
		if ((c->cmd->cla & 0x80) == 0)
			return SW_CLA_NOT_SUPPORTED;
		if (c->v->chip.trusts.locked)
			return SW_CONDITIONS;
		if (commands[i].names_record)
			sw = record_meant(c);
		return sw == SW_OK ? commands[i].run(c) : sw;
	}
	return SW_INS_NOT_SUPPORTED;
}
