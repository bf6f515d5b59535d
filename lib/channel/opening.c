#include "channel/opening.h"

#include <string.h>

#include "base/hex.h"
#include "card/trace.h"

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

/* ---- memory ---- */

void channel_card_id(const struct session *s, const struct init_update *u, char out[static 33])
{
	const struct card_identity *id = &s->id;

	if (id->cin_n > 0)
		hex_put(span_of(id->cin, id->cin_n), out, 33);
	else
		hex_put(SPAN(u->kdd), out, 33);
}

/* o->card and o->set are known. Nobody authenticates to a recording: it is not remembered. */
static int recall(struct opening *o, const char *what, struct err *e)
{
	struct tries_mark m = { 0 };

	if (card_is_replay(o->s->card))
		return 0;
	if (!o->retry && tries_look(o->tries, o->card, o->set, &m, e) != 0)
		return -1;
	if (m.count == 0) {
		o->kept = tries_begin(o->tries, o->card, o->set, e) == 0;
		return o->kept ? 0 : -1;
	}
	o->left_alone = true;
	if (m.begun)
		return err_set(e, ERR_SAFETY,
		    "what became of an authentication of card %s with %s %s is not known: not "
		    "tried again",
		    o->card, what, o->set);
	return err_set(
	    e, ERR_SAFETY, "card %s refused %s %s before: not tried again", o->card, what, o->set);
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

static int before_auth(void *ctx, const struct init_update *u, struct err *e)
{
	struct opening *o = ctx;

	channel_card_id(o->s, u, o->card);
	session_key_set(o->s, u->key_version, o->set);
	return recall(o, "key set", e);
}

static void after_auth(void *ctx, const struct init_update *u, bool accepted)
{
	(void)u;
	remember(ctx, accepted);
}

static struct session_auth begin(struct opening *o)
{
	o->refused = o->left_alone = o->kept = false;
	o->unkept = (struct err){ 0 };
	o->card[0] = o->set[0] = '\0';
	return (struct session_auth){ give_keys, before_auth, after_auth, o };
}

void opening_asks(const struct entry *entry, const struct profile *p, struct choose_asks *a)
{
	a->keys = entry->name;
	a->des = entry->type == ENTRY_SCP02;
	a->key_octets = entry->keys.enc.n;
	a->key_set = entry->version;
	a->profile = p;
}

int opening_open(struct opening *o, const struct choice *c, struct err *e)
{
	const struct session_auth auth = begin(o);

	return session_open(o->s, c, &auth, e);
}

int opening_begin(struct opening *o, const struct choose_asks *a, struct err *e)
{
	const struct session_auth auth = begin(o);

	return session_begin(o->s, a, &auth, e);
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
	return recall(o, "key", e);
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
