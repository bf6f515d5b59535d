/* Key sets of a unicast campaign: which step changes the set that opens the channel, and how the
 * change of keys on one card opens channels. */
#include "campaign/unicast.h"

static int wrong_version(
    const struct campaign *c, const struct task *t, uint8_t version, const char *why, struct err *e)
{
	err_set(e, ERR_INPUT, "key set %02X is the one that the channel is opened with by then%s",
	    version, why);
	return task_error(c, t, e);
}

/* The first keys of the domain that is worked in open its channels from then on. A factory set goes
 * by itself when the first other set comes. */
static bool changes_channel(const struct key_order *o, const struct channel_set *now)
{
	return o->first || o->own || o->rotate != 0 || o->replace == now->version ||
	       (now->version == KEYS_FACTORY && o->replace == 0);
}

static int chain_one(struct campaign *c, uint32_t i, struct err *e)
{
	struct unicast *u = c->unicast;
	const struct task *t = &u->task[i];
	const struct channel_set *now = &u->set[u->set_n - 1];
	struct key_order o;

	/* A key that opens no channel changes none, nor do those of a domain below. */
	if (!key_order_of(&t->change, &o) || !entry_type_is_card(o.entry->type) || o.into.n > 0)
		return 0;
	if (o.version == now->version && (o.own || o.rotate != 0))
		return wrong_version(c, t, o.version, ": rotating needs a version of its own", e);
	if (o.version == now->version && o.replace != now->version && !o.first) {
		wrong_version(c, t, o.version, "", e);
		return err_hint(e, "`replace: %02X` replaces it", o.version);
	}
	if (changes_channel(&o, now))
		u->set[u->set_n++] = (struct channel_set){ o.entry, o.version, i + 1 };
	return 0;
}

int unicast_chain_keys(struct campaign *c, struct err *e)
{
	struct unicast *u = c->unicast;

	u->set[0].keys = c->keys;
	u->set[0].version = c->m.key_version >= 0 ? (uint8_t)c->m.key_version : c->keys->version;
	u->set_n = 1;
	for (uint32_t i = 0; i < u->n; i++)
		if (chain_one(c, i, e) != 0)
			return -1;
	return 0;
}

const struct channel_set *visit_set_of(const struct visit *v, const struct task *t)
{
	uint32_t n = (uint32_t)(t - v->u->task) + 1;

	for (size_t i = 0; i < v->u->set_n; i++)
		if (v->u->set[i].from == n)
			return &v->u->set[i];
	return NULL;
}

/* Behind this step, or a later one that took its place, the set is proven. */
enum proof visit_proof(void *ctx, const struct change *ch, uint8_t *own)
{
	struct visit *v = ctx;
	const struct channel_set *set = visit_set_of(v, v->task);

	(void)ch;
	*own = set == NULL ? v->set->version : v->u->set[set - v->u->set - 1].version;
	if (set == NULL)
		return PROOF_NEVER;
	return v->set >= set ? PROOF_DONE : PROOF_DUE;
}

/* Without an answer it ends here: the next run asks the card which keys it has. */
int visit_open_set(
    void *ctx, const struct change *ch, enum keys_set which, enum keys_card card, struct err *e)
{
	struct visit *v = ctx;
	const struct channel_set *set = visit_set_of(v, v->task);

	(void)ch;
	if (card == CARD_ANEW || which != NEW_SET || set == NULL) {
		err_set(e, ERR_READER, "that is to be asked at the next run");
		return err_hint(e, "the next run goes on from what the card has");
	}
	if (!v->card.is_dry)
		return visit_channel(v, set, e);
	v->set = set;
	return plan_channel(v, set->version, false, e);
}
