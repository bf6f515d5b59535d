/* A terminal's channel: which card, which key, SCP03 or SCP11. */
#include <string.h>

#include "base/hex.h"
#include "gp/scp11_data.h"
#include "host/choose.h"
#include "host/keys.h"
#include "terminal/internal.h"
#include "tlv/tlv.h"

enum { LEVEL = LEVEL_CMAC | LEVEL_CDEC | LEVEL_RMAC | LEVEL_RENC };

uint32_t talk_now(const struct talk *k)
{
	return k->clock > k->t->last_seen ? k->clock : k->t->last_seen;
}

/* ---- without a card ---- */

static bool lives(const struct terminal_key *k, uint32_t now)
{
	return k->k.n > 0 && now < k->expiry;
}

static bool is_meant(const struct talk *k, const struct terminal_record *r)
{
	return k->only == 0 || r->record == k->only;
}

/* Why this record is of no use; false: it may be. */
static bool useless(
    const struct talk *k, const struct terminal_record *r, bool joins, struct err *e)
{
	bool ended = r->state == TERMINAL_EXPIRED || r->state == TERMINAL_REVOKED;
	bool first = !ended && r->current.k.n == 0;

	if (joins && !first) {
		err_set(e, ERR_SAFETY, "record %u has had its first key", r->record);
		return true;
	}
	if (!joins && first && r->pending.k.n == 0) {
		err_set(e, ERR_SAFETY, "record %u has no key yet", r->record);
		err_hint(e, VERB("terminal join") " fetches the first one");
		return true;
	}
	if (ended) {
		err_set(e, ERR_SAFETY, "record %u: %s", r->record, terminal_state_str(r->state));
		err_hint(e, "the network gives a new ticket");
		return true;
	}
	if (joins || lives(&r->current, talk_now(k)) || lives(&r->pending, talk_now(k)))
		return false;
	err_set(e, ERR_SAFETY, "record %u: the key has expired by the terminal's clock", r->record);
	err_hint(e, "the network gives a new ticket");
	return true;
}

/* An expired key is done, whatever the clock says tomorrow. */
static int settle_expired(struct talk *k, struct err *e)
{
	struct err why = *e;
	bool changed = false;

	if (k->plans)
		return -1;
	for (size_t i = 0; i < k->t->n; i++) {
		struct terminal_record *r = &k->t->record[i];

		if (!is_meant(k, r) || r->state == TERMINAL_REVOKED ||
		    r->state == TERMINAL_EXPIRED || (r->current.k.n == 0 && r->pending.k.n == 0) ||
		    lives(&r->current, talk_now(k)) || lives(&r->pending, talk_now(k)))
			continue;
		r->state = TERMINAL_EXPIRED;
		terminal_forget_keys(r);
		changed = true;
	}
	if (changed) {
		k->t->last_seen = talk_now(k);
		if (terminal_save(k->t, e) != 0)
			return -1;
	}
	*e = why;
	return -1;
}

int talk_check(struct talk *k, bool joins, struct err *e)
{
	size_t meant = 0;

	if (k->t->imei[0] == '\0')
		return err_set(e, ERR_SAFETY, "%s: no imei, so no trust", k->t->file.path);
	for (size_t i = 0; i < k->t->n; i++) {
		if (!is_meant(k, &k->t->record[i]))
			continue;
		meant++;
		if (!useless(k, &k->t->record[i], joins, e))
			return 0;
	}
	if (meant > 0)
		return settle_expired(k, e);
	if (k->only == 0)
		return 0; /* a stranger to all cards is told so when it is known which one this is
			   */
	err_set(e, ERR_SAFETY, "%s: no record %u", k->t->file.path, k->only);
	return err_hint(e, VERB("terminal import") " takes a ticket of the network");
}

/* ---- which card ---- */

/* The record of this card that is meant. */
static int find(struct talk *k, bool joins, struct err *e)
{
	const struct card_identity *id = &k->s->id;
	char cin[HEX_SIZE(16)];
	uint8_t card[TRUST_ID];
	size_t found = 0, dead = 0;
	struct err why = { 0 };

	if (id->cin_n == 0)
		return err_set(
		    e, ERR_AUTH, "the card does not tell its number (45): no record of it");
	if (!trust_card_id(span_of(id->cin, id->cin_n), card))
		return err_memory(e);
	for (size_t i = 0; i < k->t->n; i++) {
		struct terminal_record *r = &k->t->record[i];

		if (!is_meant(k, r) || memcmp(r->card, card, TRUST_ID) != 0)
			continue;
		if (useless(k, r, joins, &why)) {
			dead++;
			continue;
		}
		k->r = r;
		found++;
	}
	if (found == 1)
		return 0;
	if (found == 0 && dead > 0) {
		*e = why;
		return settle_expired(k, e);
	}
	hex_put(span_of(id->cin, id->cin_n), cin, sizeof(cin));
	if (found > 1) {
		err_set(e, ERR_USAGE, "%zu records of card %s", found, cin);
		return err_hint(e, FIELD("record") " names one");
	}
	err_set(e, ERR_AUTH, "%s: no key for card %s", k->t->file.path, cin);
	return err_hint(e, "the network initializes a record on the card and gives a ticket");
}

/* ---- SCP03 ---- */

struct attempt {
	struct talk *k;
	const struct terminal_key *key;
	bool wrong; /* the card's cryptogram is not of this key */
};

static int give_set(void *ctx, const struct init_update *u, struct key_set *out, struct err *e)
{
	const struct attempt *a = ctx;
	const struct terminal_record *r = a->k->r;
	const struct trust_place place = { r->record, a->key->generation, a->key->expiry, r->card };

	(void)u;
	return trust_set(&a->key->k, &place, out) ? 0 : err_memory(e);
}

static void note_mismatch(void *ctx, const struct init_update *u)
{
	(void)u;
	((struct attempt *)ctx)->wrong = true;
}

static int open_scp03(struct attempt *a, struct err *e)
{
	static const struct key_infos none = { 0 };
	const struct session_auth auth = { .keys = give_set, .mismatch = note_mismatch, .ctx = a };
	struct choose_asks asks = { .protocol = PROTOCOL_SCP03,
		.key_version = a->key->version,
		.s16 = -1,
		.level = LEVEL,
		.needs_rmac = true,
		.keys = "the terminal's key",
		.key_octets = a->key->k.n,
		.key_set = a->key->version };
	struct choice c;

	if (choose_check(&asks, e) != 0 || choose(a->k->s, &none, &asks, &c, e) != 0)
		return -1;
	return session_open(a->k->s, &c, &auth, e);
}

/* ---- SCP11 ---- */

/* The key of the card that the ticket has told, among those that its certificates name. What a
 * stranger says here only leads to a card that cannot make the receipt. */
static int find_card_key(
    struct talk *k, uint8_t kid, struct key_ref *ref, struct ec_public *key, struct err *e)
{
	struct key_infos infos;
	bool told;

	if (!k->r->has_card_key)
		return err_set(e, ERR_SAFETY, "record %u: the ticket did not name the card's key",
		    k->r->record);
	if (keys_read(k->s, &infos, &told, e) != 0)
		return -1;
	for (size_t i = 0; told && i < infos.n; i++) {
		bool is;

		*ref = (struct key_ref){ kid, infos.key[i].version };
		if (infos.key[i].id != kid)
			continue;
		if (scp11_card_key_is(k->s, *ref, k->r->card_key, key, &is, e) != 0)
			return -1;
		if (is)
			return 0;
	}
	err_set(e, ERR_AUTH, "this card does not have the key that the ticket names");
	return err_hint(e, "it is another card, or it has another key %02X since", kid);
}

/* What is asked of the card before the trust application is selected, which tells nothing. */
struct scp11_way {
	enum scp11_variant variant;
	struct key_ref ref;
	struct ec_public card;
	uint8_t iin[8], iin_n;
};

static int look_scp11(struct talk *k, struct scp11_way *w, struct err *e)
{
	struct span answer, value;
	bool found;
	struct rd r;

	if (find_card_key(
		k, w->variant == SCP11A ? KID_SCP11A : KID_SCP11B, &w->ref, &w->card, e) != 0)
		return -1;
	if (w->variant != SCP11A)
		return 0;
	if (session_get_data(k->s, TAG_IIN, &answer, &found, e) != 0)
		return -1;
	if (!found || !tlv_find(answer, TAG_IIN, &value) || value.n > sizeof(w->iin))
		return err_set(e, ERR_AUTH, "the card does not tell its issuer's number (42)");
	r = rd_of(value);
	w->iin_n = (uint8_t)value.n;
	return rd_copy(&r, w->iin, value.n) ? 0 : err_memory(e);
}

static int open_scp11(
    struct talk *k, const struct scp11_way *w, const struct terminal_key *key, struct err *e)
{
	struct scp11_asks asks = { .domain = aid_trust,
		.variant = w->variant,
		.key_version = w->ref.kvn,
		.ca_version = w->ref.kvn,
		.level = LEVEL,
		.s16 = -1,
		.card = &w->card,
		.iin = span_of(w->iin, w->iin_n),
		.now = talk_now(k) };
	struct choice11 c;
	struct scp11_card card;
	uint8_t room[TRUST_HOST_ID];
	struct wr id = wr_fixed(room, sizeof(room));
	SECRET_EC(own);

	if (key != NULL) {
		const struct trust_host_id h = { key->version, key->generation, key->expiry };

		trust_host_id_put(&id, &h);
		if (!ec_private_from(&own, EC_P256, key_span(&key->k)))
			return err_set(e, ERR_INPUT, "%s: a key of record %u is none",
			    k->t->file.path, k->r->record);
		asks.own = &own;
		asks.has_host_id = true;
		asks.host_id = wr_span(&id);
	}
	if (choose_scp11(k->s, NULL, &asks, &c, e) != 0)
		return -1;
	return session_open_scp11(k->s, &c, &asks, &card, e);
}

/* ---- the channel ---- */

/* What nobody has proved changes no key. */
static int unconfirmed(struct talk *k, struct err *e)
{
	struct err why = *e;

	if (k->r->state == TERMINAL_ACTIVE) {
		k->r->state = TERMINAL_REFUSED;
		if (terminal_save(k->t, e) != 0)
			return -1;
	}
	*e = why;
	if (k->r->current.k.n == 0)
		return err_hint(e, "unconfirmed, as the key is; while the record is open, " VERB(
				       "terminal join") " fetches another");
	return err_hint(e,
	    "unconfirmed: the card says so, or somebody in between; the terminal keeps "
	    "its keys");
}

static int attempt(
    struct talk *k, const struct scp11_way *w, const struct terminal_key *key, struct err *e)
{
	struct attempt a = { .k = k, .key = key };

	if (session_enter(k->s, &aid_trust, e) != 0)
		return -1;
	return k->r->algorithm == TRUST_P256 ? open_scp11(k, w, key, e) : open_scp03(&a, e);
}

/* The key that waits to be confirmed comes first: a card that knows it not says 6A88, or shows a
 * cryptogram of another, and no try is spent. */
static int open_newest(struct talk *k, const struct scp11_way *w, struct err *e)
{
	bool live = lives(&k->r->current, talk_now(k));

	if (lives(&k->r->pending, talk_now(k))) {
		k->by_pending = true;
		if (attempt(k, w, &k->r->pending, e) == 0)
			return 0;
		if (e->code != ERR_AUTH || !live)
			return -1;
		err_clear(e);
		k->fallen_back = true;
	}
	k->by_pending = false;
	return attempt(k, w, &k->r->current, e);
}

static int discover(struct talk *k, bool joins, struct err *e)
{
	return session_discover(k->s, NULL, e) != 0 ? -1 : find(k, joins, e);
}

int talk_open(struct talk *k, struct err *e)
{
	struct scp11_way w = { .variant = SCP11A };

	if (discover(k, false, e) != 0 ||
	    (k->r->algorithm == TRUST_P256 && look_scp11(k, &w, e) != 0))
		return -1;
	if (open_newest(k, &w, e) == 0)
		return 0;
	return e->code == ERR_AUTH ? unconfirmed(k, e) : -1;
}

int talk_open_unknown(struct talk *k, struct err *e)
{
	struct scp11_way w = { .variant = SCP11B };

	if (discover(k, true, e) != 0 || look_scp11(k, &w, e) != 0 ||
	    session_enter(k->s, &aid_trust, e) != 0)
		return -1;
	return open_scp11(k, &w, NULL, e);
}
