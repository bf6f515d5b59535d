/* What a terminal says in its channel, and what becomes of its file. */
#include "terminal/talk.h"

#include <string.h>

#include "gp/install.h"
#include "terminal/internal.h"
#include "tlv/tlv.h"

/* One of the four commands. ERR_CARD when no answer is proven; *sw 9000 or 6300. */
static int say(struct talk *k, uint8_t ins, struct span data, struct rapdu *r, struct err *e)
{
	static const struct {
		uint8_t ins;
		const char *name;
	} names[] = { { INS_PRESENT, "PRESENT" }, { INS_RENEW, "RENEW" },
		{ INS_CONFIRM, "CONFIRM" }, { INS_REVOKE, "REVOKE" } };
	struct capdu c = {
		.cla = 0x80, .ins = ins, .p2 = k->r->record, .data = data, .le = LE_MAX_SHORT
	};
	const char *name = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].ins == ins)
			name = names[i].name;
	if (session_send(k->s, &c, r, e) != 0)
		return err_in(e, "%s", name);
	if (r->sw == SW_OK || r->sw == SW_AUTH_FAILED)
		return 0;
	err_sw(e, ERR_CARD, r->sw, "%s", name);
	if (r->sw == SW_CONDITIONS)
		err_hint(e, "the record was written anew meanwhile, or this is not its turn");
	return -1;
}

/* ---- verdicts ---- */

/* What a verdict says is the card's word: it came with an R-MAC. */
static int verdict_of(struct talk *k, const struct rapdu *r, struct err *e)
{
	if (trust_verdict_get(r->data, &k->verdict) &&
	    (k->verdict.result <= TRUST_OPENED) == (r->sw == SW_OK))
		return 0;
	return err_set(e, ERR_CARD, "the answer of %zu octets is no verdict", r->data.n);
}

static int save_seen(struct talk *k, struct err *e)
{
	uint32_t now = k->verdict.now > talk_now(k) ? k->verdict.now : talk_now(k);

	k->t->last_seen = now;
	return terminal_save(k->t, e);
}

static int against(struct talk *k, struct err *e)
{
	enum trust_result result = k->verdict.result;
	struct terminal_record *r = k->r;
	struct err save;

	switch (result) {
	case TRUST_IS_EXPIRED:
		r->state = TERMINAL_EXPIRED;
		terminal_forget_keys(r);
		break;
	case TRUST_IS_REVOKED:
	case TRUST_DIFFERS_REVOKED:
		r->state = TERMINAL_REVOKED;
		terminal_forget_keys(r);
		break;
	default:
		break;
	}
	if (save_seen(k, &save) != 0) {
		*e = save;
		return -1;
	}
	err_set(e, ERR_CARD, "record %u: the card does not trust this terminal: %s", r->record,
	    trust_result_str(result));
	if (r->current.k.n == 0 && r->pending.k.n == 0)
		return err_hint(e, "its keys are erased here; the network gives a new ticket");
	return err_hint(e, result == TRUST_USES_SPENT
			       ? "the network renews the record"
			       : "what the terminal shows is not what the network wrote");
}

/* The card has one of ours, and says so: the other one is done. */
static void settle_keys(struct talk *k)
{
	struct terminal_record *r = k->r;

	r->state = TERMINAL_ACTIVE;
	if (!k->by_pending)
		return;
	r->current = r->pending;
	wipe(&r->pending, sizeof(r->pending));
	k->by_pending = false;
}

static int present(struct talk *k, struct err *e)
{
	const struct trust_present p = { talk_now(k), terminal_traits(k->t) };
	uint8_t room[TRUST_TRAITS_MAX + 16];
	struct wr w = wr_fixed(room, sizeof(room));
	struct rapdu r;

	trust_present_put(&w, &p);
	if (!wr_ok(&w))
		return err_set(e, ERR_OTHER, "internal: characteristics");
	return say(k, INS_PRESENT, wr_span(&w), &r, e) == 0 ? verdict_of(k, &r, e) : -1;
}

int talk_present(struct talk *k, struct err *e)
{
	if (present(k, e) != 0)
		return -1;
	if (k->verdict.result > TRUST_DUE)
		return k->verdict.result == TRUST_OPENED
			   ? err_set(e, ERR_CARD, "record %u is open on the card", k->r->record)
			   : against(k, e);
	settle_keys(k);
	return save_seen(k, e);
}

/* ---- renewal ---- */

static int take_renewal(struct talk *k, const struct rapdu *r, struct err *e)
{
	struct terminal_record *t = k->r;
	struct trust_renewal v;

	if (r->sw != SW_OK || !trust_renewal_get(r->data, &v) || v.algorithm != t->algorithm ||
	    trust_record_of(v.version) != t->record || v.generation <= t->generation ||
	    v.version == t->current.version)
		return err_set(e, ERR_CARD, "RENEW: the answer is no key of this record");
	t->pending = (struct terminal_key){
		.version = v.version, .generation = v.generation, .expiry = v.expiry
	};
	t->generation = v.generation;
	return key_from(&t->pending.k, v.key) ? 0 : err_memory(e);
}

static bool prove(const struct talk *k, struct wr *proof)
{
	const struct terminal_record *r = k->r;
	const struct terminal_key *p = &r->pending;
	const struct trust_proof what = { r->record, p->generation, p->expiry,
		span_of(k->s->sid, k->s->sid_n) };
	const struct trust_place place = { r->record, p->generation, p->expiry, r->card };
	uint8_t mac[TRUST_PROOF_AES];
	SECRET_KEY_SET(set);
	SECRET_EC(pair);

	if (r->algorithm == TRUST_P256)
		return ec_private_from(&pair, EC_P256, key_span(&p->k)) &&
		       trust_prove_pair(&pair, &what, proof);
	if (!trust_set(&p->k, &place, &set) || !trust_prove(&set.mac, &what, mac))
		return false;
	wr_put(proof, SPAN(mac));
	return wr_ok(proof);
}

static int confirm(struct talk *k, struct err *e)
{
	uint8_t proof[EC_SIGNATURE_MAX], room[128];
	struct wr p = wr_fixed(proof, sizeof(proof)), w = wr_fixed(room, sizeof(room));
	struct rapdu r;

	if (!prove(k, &p))
		return err_memory(e);
	trust_confirm_put(&w, &(struct trust_confirm){ k->r->pending.generation, wr_span(&p) });
	if (say(k, INS_CONFIRM, wr_span(&w), &r, e) != 0) {
		err_hint(e, "the new key is kept: the same command again finds out which one the "
			    "card has");
		return -1;
	}
	if (verdict_of(k, &r, e) != 0)
		return -1;
	if (k->verdict.result == TRUST_GRANTED)
		return 0;
	wipe(&k->r->pending, sizeof(k->r->pending));
	return against(k, e);
}

/* The new key is in the file before the card hears that it arrived. */
static int fetch_key(struct talk *k, struct err *e)
{
	struct rapdu r;

	if (say(k, INS_RENEW, span_of(NULL, 0), &r, e) != 0) {
		if (e->sw == SW_CONDITIONS)
			err_hint(e,
			    "a key made now would not live longer than the one that is there, or "
			    "the horizon of the network is reached");
		return -1;
	}
	if (take_renewal(k, &r, e) != 0 || terminal_save(k->t, e) != 0 || confirm(k, e) != 0)
		return -1;
	k->by_pending = true;
	settle_keys(k);
	return save_seen(k, e);
}

int talk_renew(struct talk *k, struct err *e)
{
	return fetch_key(k, e);
}

int talk_join(struct talk *k, struct err *e)
{
	if (talk_open_unknown(k, e) != 0 || present(k, e) != 0)
		return -1;
	if (k->verdict.result != TRUST_OPENED)
		return against(k, e);
	return fetch_key(k, e);
}

/* ---- objects, end ---- */

int talk_get(struct talk *k, uint8_t number, struct wr *value, struct err *e)
{
	struct span answer, found;
	uint16_t tag = (uint16_t)(TRUST_OBJECT_FIRST - 1 + number);
	struct rd r;
	uint8_t n;
	bool there;

	if (session_get_data(k->s, tag, &answer, &there, e) != 0)
		return -1;
	if (!there)
		return err_set(e, ERR_CARD, "record %u has no object %u", k->r->record, number);
	r = rd_of(answer);
	if (!trust_object_get(&r, &n, &found) || n != number || rd_left(&r) > 0)
		return err_set(e, ERR_CARD, "object %u: the answer is none", number);
	wr_put(value, found);
	return wr_ok(value) ? 0 : err_memory(e);
}

int talk_put(struct talk *k, uint8_t number, struct span value, struct err *e)
{
	uint8_t room[TRUST_OBJECT_MAX + 8];
	struct wr w = wr_fixed(room, sizeof(room));
	struct capdu c = { .cla = 0x80, .ins = INS_STORE_DATA, .p1 = 0x90, .le = LE_NONE };
	struct rapdu r;

	tlv_put(&w, TRUST_OBJECT_FIRST - 1u + number, value);
	if (!wr_ok(&w))
		return err_set(e, ERR_INPUT, "an object has at most %d octets", TRUST_OBJECT_MAX);
	c.data = wr_span(&w);
	/* It has no blocks: what a short command does not take goes in a long one. */
	c.extended = w.n > scp_max_data(&k->s->scp);
	if (session_do(k->s, &c, "STORE DATA", &r, e) == 0)
		return 0;
	if (e->sw == SW_REFERENCE_NOT_FOUND)
		err_hint(e, "record %u has no object %u", k->r->record, number);
	return -1;
}

int talk_revoke(struct talk *k, struct err *e)
{
	struct rapdu r;

	if (say(k, INS_REVOKE, span_of(NULL, 0), &r, e) != 0)
		return -1;
	if (r.sw != SW_OK)
		return err_sw(e, ERR_CARD, r.sw, "REVOKE");
	k->r->state = TERMINAL_REVOKED;
	terminal_forget_keys(k->r);
	if (terminal_save(k->t, e) == 0)
		return 0;
	return err_hint(
	    e, "the card has ended record %u; the file has its keys still: erase it", k->r->record);
}
