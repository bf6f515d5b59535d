#include "channel/opening.h"

#include <string.h>

#include "base/hex.h"
#include "card/trace.h"
#include "crypto/digest.h"

/* ---- keys ---- */

int channel_card_keys(
    const struct entry *entry, const struct init_update *u, struct key_set *out, struct err *e)
{
	bool des = entry->type == ENTRY_SCP02;

	if (des != (u->scp != PROTOCOL_SCP03))
		return err_set(e, ERR_AUTH,
		    "key set %s is of type %s, the card answers with SCP%02X", entry->name,
		    entry_type_str(entry->type), u->scp);
	if (entry_card_keys(entry, u->kdd, out))
		return 0;
	return err_set(e, ERR_AUTH, "key set %s: the card's keys cannot be derived", entry->name);
}

static int give_keys(void *ctx, const struct init_update *u, struct key_set *out, struct err *e)
{
	const struct opening *o = ctx;

	return channel_card_keys(o->entry, u, out, e);
}

int channel_keys_id(const struct entry *entry, char out[static CHANNEL_KEYS], struct err *e)
{
	const struct key *keys[] = { &entry->keys.enc, &entry->keys.mac, &entry->keys.dek };
	uint8_t digest[DIGEST_MAX], head[] = { (uint8_t)entry->type,
		(uint8_t)entry->diversification, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	const struct span parts[] = { SPAN(head),
		span_of(&entry->template, sizeof(entry->template)) };

	for (size_t i = 0; i < 3; i++)
		if (!entry_check_value(entry, keys[i], head + 2 + 3 * i))
			return err_set(e, ERR_OTHER, "check values cannot be computed");
	if (!sha256(parts, 2, digest))
		return err_memory(e);
	hex_put(span_of(digest, (CHANNEL_KEYS - 1) / 2), out, CHANNEL_KEYS);
	return 0;
}

/* ---- memory ---- */

void channel_card_id(const struct session *s, const struct init_update *u, char out[static 33])
{
	const struct card_identity *id = &s->id;

	if (id->cin_n > 0)
		hex_put(span_of(id->cin, id->cin_n), out, 33);
	else
		hex_put(SPAN(u->kdd), out, 33);
}

static int leave_alone(struct opening *o, const char *what, bool begun, struct err *e)
{
	o->left_alone = true;
	if (begun)
		return err_set(e, ERR_SAFETY,
		    "what became of an authentication of card %s with %s %s is not known: not "
		    "tried again",
		    o->card, what, o->set);
	return err_set(e, ERR_SAFETY,
	    "card %s refused %s %s before, or somebody on the line did: not tried again", o->card,
	    what, o->set);
}

/* o->card and o->set are known: was it refused before? */
static int recall(struct opening *o, const char *what, struct err *e)
{
	uint32_t limit = o->limit == 0 ? 1 : o->limit;
	struct tries_mark m;

	if (o->retry || card_is_replay(o->s->card))
		return 0;
	if (tries_look(o->tries, o->card, o->set, &m, e) != 0)
		return -1;
	return m.count >= limit || o->known >= limit ? leave_alone(o, what, m.begun, e) : 0;
}

/* From here on it counts. Nobody authenticates to a recording: it is not remembered. */
static int count(struct opening *o, const char *what, struct err *e)
{
	if (recall(o, what, e) != 0)
		return -1;
	o->kept = !card_is_replay(o->s->card);
	if (!o->kept || tries_begin(o->tries, o->card, o->set, e) == 0)
		return 0;
	o->kept = false;
	return -1;
}

static void remember(struct opening *o, bool accepted)
{
	o->refused = !accepted;
	if (!o->kept)
		return;
	if (accepted)
		(void)tries_forget(o->tries, o->card, o->set, &o->unkept);
	else
		(void)tries_refused(o->tries, o->card, o->set, &o->unkept);
}

int opening_forget(struct opening *o, struct err *e)
{
	o->refused = false;
	return o->kept ? tries_forget(o->tries, o->card, o->set, e) : 0;
}

/* ---- SCP01, SCP02, SCP03 ---- */

/*
 * The CIN is only what a card says of itself. With diversified keys its diversification data are
 * proven by the cryptogram: whoever has the keys of one card cannot pass for another.
 */
static int check_kdd(struct opening *o, const struct init_update *u, struct err *e)
{
	if (o->entry->diversification == DIVERSIFY_NONE)
		return 0;
	hex_put(SPAN(u->kdd), o->kdd, sizeof(o->kdd));
	if (o->kdd_known == NULL || o->kdd_known[0] == '\0' || strcmp(o->kdd_known, o->kdd) == 0)
		return 0;
	o->other_card = true;
	err_set(e, ERR_SAFETY,
	    "card %s proved itself with diversification data %s before, now with %s: this is "
	    "another card under its number",
	    o->card, o->kdd_known, o->kdd);
	return err_hint(e, "one of the two is not what it says: find out which before going on");
}

static int before_auth(void *ctx, const struct init_update *u, struct err *e)
{
	struct opening *o = ctx;

	channel_card_id(o->s, u, o->card);
	session_key_set(o->s, u->key_version, o->set);
	if (check_kdd(o, u, e) != 0)
		return -1;
	return count(o, "key set", e);
}

static void mismatch(void *ctx, const struct init_update *u)
{
	struct opening *o = ctx;

	o->wrong_keys = true;
	channel_card_id(o->s, u, o->card);
	session_key_set(o->s, u->key_version, o->set);
	if (o->marks_wrong_keys)
		(void)tries_wrong_keys_put(o->tries, o->card, o->set, o->keys, &o->unkept);
}

static void after_auth(void *ctx, const struct init_update *u, bool accepted)
{
	(void)u;
	remember(ctx, accepted);
}

static struct session_auth begin(struct opening *o)
{
	o->refused = o->wrong_keys = o->left_alone = o->left_wrong = o->kept = false;
	o->other_card = false;
	o->unkept = (struct err){ 0 };
	o->card[0] = o->set[0] = o->keys[0] = o->kdd[0] = '\0';
	return (struct session_auth){ give_keys, mismatch, before_auth, after_auth, o };
}

void opening_asks(const struct entry *entry, const struct profile *p, struct choose_asks *a)
{
	a->keys = entry->name;
	a->des = entry->type == ENTRY_SCP02;
	a->key_octets = entry->keys.enc.n;
	a->key_set = entry->version;
	a->profile = p;
}

/* The same keys were tried on this card before: nothing that it could answer makes them right. */
static int recall_wrong_keys(struct opening *o, struct err *e)
{
	bool wrong = false;

	if (o->retry)
		return 0;
	if (tries_wrong_keys(o->tries, o->card, o->set, o->keys, &wrong, e) != 0)
		return -1;
	if (!wrong)
		return 0;
	o->left_alone = o->left_wrong = true;
	err_set(e, ERR_SAFETY,
	    "the keys of %s were not those of card %s before, and they are the same",
	    o->entry->name, o->card);
	return err_hint(e, "with corrected keys it goes on by itself");
}

/* What is known of this card and set before it is asked anything: some count even that. */
static int recall_early(struct opening *o, const struct choice *c, struct err *e)
{
	const struct card_identity *id = &o->s->id;

	if (o->marks_wrong_keys && channel_keys_id(o->entry, o->keys, e) != 0)
		return -1;
	if (id->cin_n == 0 || c->key_version == 0)
		return 0;
	hex_put(span_of(id->cin, id->cin_n), o->card, sizeof(o->card));
	session_key_set(o->s, c->key_version, o->set);
	if (recall(o, "key set", e) != 0)
		return -1;
	return o->marks_wrong_keys ? recall_wrong_keys(o, e) : 0;
}

int opening_open(struct opening *o, const struct choice *c, struct err *e)
{
	const struct session_auth auth = begin(o);

	return recall_early(o, c, e) == 0 ? session_open(o->s, c, &auth, e) : -1;
}

int opening_begin(struct opening *o, const struct choose_asks *a, struct err *e)
{
	const struct key_infos none = { 0 };
	struct choice c;

	(void)begin(o);
	return session_look(o->s, a, &none, &c, e) == 0 ? opening_open(o, &c, e) : -1;
}

/* ---- SCP11 ---- */

/* The card by its CIN, else by the subject of its certificate; the key by identifier and version.
 */
static int before_auth11(void *ctx, const struct scp11_card *card, struct err *e)
{
	struct opening *o = ctx;
	const struct card_identity *known = &o->s->id;
	const uint8_t ref[] = { card->key.kid, card->key.kvn };

	if (known->cin_n > 0)
		hex_put(span_of(known->cin, known->cin_n), o->card, sizeof(o->card));
	else
		hex_put(
		    span_of(card->cert.subject.b, card->cert.subject.n), o->card, sizeof(o->card));
	hex_put(SPAN(ref), o->set, sizeof(o->set));
	return count(o, "key", e);
}

static void after_auth11(void *ctx, const struct scp11_card *card, bool accepted)
{
	(void)card;
	remember(ctx, accepted);
}

int opening_scp11(struct opening *o, struct scp11_asks *a, struct choice11 *c,
    struct scp11_card *card, struct err *e)
{
	(void)begin(o);
	a->before_auth = before_auth11;
	a->after_auth = after_auth11;
	a->ctx = o;
	return session_begin_scp11(o->s, a, c, card, e);
}
