#include "cmd/content/key_ways.h"

#include <string.h>

#include "cmd/agent/agent.h"

/* The card key set that the channel was opened with. */
static const struct entry *old_entry(const struct key_ways *w, const struct channel_args *a)
{
	const char *name = w->c->agent != NULL ? w->c->agent->keys : a->keys;
	const struct entry *t;
	struct err none;

	if (w->ks == NULL || keystore_find_card(w->ks, name, &t, &none) != 0)
		return NULL;
	return t;
}

void key_ways_of(struct key_ways *w, struct session *s, const struct channel_args *a)
{
	w->session = s;
	channel_kind_of(s, &w->kind);
	w->old = s->kid != 0 ? NULL : old_entry(w, a);
	w->old_version = s->iu.key_version;
}

void key_ways_dry(struct key_ways *w, const struct channel_args *a)
{
	w->old = old_entry(w, a);
	if (w->c->agent != NULL)
		w->old_version = w->c->agent->session.iu.key_version;
	else if (a->key_version.given)
		w->old_version = (uint8_t)a->key_version.v;
	else if (w->old != NULL)
		w->old_version = w->old->version;
}

/* From triple DES to AES and back: what the keys are for decides, with what both have. */
static void kind_for(const struct entry *t, struct channel_kind *k)
{
	bool aes = t->type == ENTRY_SCP03;

	if (aes == (k->protocol == PROTOCOL_SCP03))
		return;
	k->protocol = aes ? PROTOCOL_SCP03 : PROTOCOL_SCP02;
	k->i = 0;
	k->m = 8;
	k->level &= LEVEL_CMAC | LEVEL_CDEC;
}

int key_ways_open(struct key_ways *w, const struct change *ch, enum keys_set which,
    enum keys_card card, struct err *e)
{
	struct key_order o;
	bool brings = key_order_of(ch, &o);
	const struct entry *t = which == NEW_SET ? o.entry : w->old;
	uint8_t version = which == NEW_SET ? o.version : w->old_version;
	struct channel_kind kind = w->kind;

	if (card == CARD_ANEW && ctx_reconnect(w->c, e) != 0)
		return -1;
	/* Whether keys are gone a card tells outside of a channel too. */
	if (t == NULL && !brings)
		return session_discover(w->session, &kind.domain, e);
	if (t == NULL)
		return err_set(
		    e, ERR_AUTH, "the key store has no set that this channel was opened with");
	if (which == NEW_SET && o.into.n > 0)
		kind.domain = o.into;
	/* What the card refused under this version were other keys. */
	if (which == NEW_SET && w->work != NULL && w->work->change.put)
		channel_forget(w->c, w->session, version);
	kind_for(t, &kind);
	return channel_again(w->c, w->session, &kind, t, version, e);
}

enum proof key_ways_proof(const struct key_ways *w, const struct change *ch)
{
	struct key_order o;

	if (!key_order_of(ch, &o))
		return PROOF_NEVER;
	if (o.into.n == 0 && (w->proved || (w->old == o.entry && w->old_version == o.version)))
		return PROOF_DONE;
	return PROOF_DUE;
}

bool key_ways_with_new(
    const struct change *ch, const struct channel_args *a, struct channel_args *with_new)
{
	struct key_order o;

	*with_new = *a;
	if (!key_order_of(ch, &o) || o.into.n > 0 ||
	    (o.replace == 0 && o.rotate == 0 && !o.own && !o.first))
		return false;
	with_new->keys = o.entry->name;
	with_new->protocol = NULL;
	with_new->key_version = (struct opt_u32){ true, o.version };
	return true;
}

/* The channel that stays open is the new set's. */
static void keep_channel(const struct key_ways *w, const struct key_work *x)
{
	struct agent *a = w->c->agent;

	if (a == NULL || !x->change.proved)
		return;
	snprintf(a->keys, sizeof(a->keys), "%s", x->order.entry->name);
	ctx_note(w->c, "the open channel is one of key set %02X now", x->goal.version);
}

void key_ways_after(struct key_ways *w, const struct change *ch, const void *work)
{
	const struct key_work *x = work;
	const struct keys_gone *gone = work;
	struct key_order o;

	if (ch->kind == &change_delete_keys && gone->deleted)
		channel_forget(w->c, w->session, (uint8_t)gone->what.kvn);
	if (!key_order_of(ch, &o))
		return;
	if (x->change.put)
		channel_forget(w->c, w->session, x->goal.version);
	if (x->change.removed)
		channel_forget(w->c, w->session, x->goal.rotate);
	keep_channel(w, x);
}
