/* What a card has of the keys that are asked for, and what is to be done about it. */
#include "change/key_change.h"

int key_told(struct change_card *c, const struct key_infos **k, struct err *e)
{
	bool told;

	if (change_keys(c, k, &told, e) != 0)
		return -1;
	return told || c->is_dry
		   ? 0
		   : err_set(e, ERR_SAFETY, "the card does not tell which key sets it has");
}

/* Triple DES has several types, by the mode that a key is for (GPCS table 11-16). A length is one
 * octet on the wire, which keys of RSA may be too long for. */
static bool is_of(const struct key_info *k, const struct keys_goal *g)
{
	bool des = k->type >= KEY_TYPE_DES && k->type < KEY_TYPE_PSK;

	return (g->type == KEY_TYPE_DES ? des : k->type == g->type) &&
	       (k->length == g->length || k->length == 0 || g->length == 0 || g->length > 0xFF);
}

bool key_goal_shown(const struct key_infos *k, const struct keys_goal *g)
{
	for (uint8_t kid = 1; kid <= (g->channel ? 3 : 1); kid++) {
		const struct key_info *x = keys_at(k, g->version, kid);

		if (x == NULL || !is_of(x, g))
			return false;
	}
	return true;
}

enum proof key_proof(struct change_card *c, uint8_t *own)
{
	*own = c->s->iu.key_version;
	if (c->calls->proof == NULL)
		return c->calls->open == NULL ? PROOF_NEVER : PROOF_DUE;
	return c->calls->proof(c->ctx, c->change, own);
}

/* A domain without keys of its own is opened with its parent's, which then prove nothing. */
static enum proof proof_of(struct change_card *c, const struct key_infos *k, struct keys_goal *g,
    const struct key_order *o)
{
	uint8_t own;
	enum proof proof = key_proof(c, &own);

	if (o->own)
		g->rotate = own;
	if (proof == PROOF_DONE && keys_at(k, g->version, 0) == NULL)
		return PROOF_DUE;
	return proof;
}

int key_order_is_so(struct change_card *c, const struct key_order *o, uint64_t keys,
    struct change_so *so, struct err *e)
{
	struct keys_goal g = key_goal_of(o);
	const struct key_infos *k;
	enum proof proof;
	uint8_t gone;

	if (key_told(c, &k, e) != 0)
		return -1;
	proof = proof_of(c, k, &g, o);
	gone = g.replace != 0 ? g.replace : g.rotate;
	if (!key_goal_shown(k, &g) ||
	    (gone != 0 && gone != g.version && keys_at(k, gone, 0) != NULL) ||
	    (g.channel && proof == PROOF_DUE))
		return 0;
	so->is = SO_YES;
	if (g.channel && proof == PROOF_DONE)
		return 0;
	/* One version, other keys, and nothing that would prove them. */
	if (g.replace == g.version)
		so->is = SO_UNSEEN;
	so->unproven = keys;
	return 0;
}

/* ---- what is to be done ---- */

static int other_keys(const struct key_work *w, bool may_be, struct err *e)
{
	err_set(e, ERR_SAFETY, "the card has a key set %02X already%s", w->goal.version,
	    may_be ? "" : ", and it is not this one");
	return err_hint(e, "%s" FIELD_IS("replace", "%02X") " puts this one in its place",
	    may_be ? "without an open channel it is told whether it is the same; " : "",
	    w->goal.version);
}

/* The set that is to be added may be there. To find out costs the channel, so one that stays open
 * is left alone. */
static int look_closer(struct change_card *c, struct key_work *w, struct err *e)
{
	if (!w->goal.channel) {
		err_set(
		    e, ERR_SAFETY, "the card has a key of version %02X already", w->goal.version);
		return err_hint(e,
		    "cards do not tell which; " FIELD_IS(
			"replace", "%02X") " puts this one in its place",
		    w->goal.version);
	}
	if (c->stays_open)
		return other_keys(w, true, e);
	if (key_open(c, NEW_SET, CARD_AS_IT_IS, e) != 0)
		return e->code == ERR_AUTH ? other_keys(w, false, e) : -1;
	w->proved_before = true;
	return 0;
}

static int of_another_kind(const struct key_work *w, struct err *e)
{
	err_set(e, ERR_SAFETY, "key set %02X is on the card with keys of another type or length",
	    w->goal.version);
	return err_hint(e, FIELD_IS("replace", "%02X") " replaces it", w->goal.version);
}

/* What a card that has nothing of it would get. */
static void plan_dry(struct key_work *w, enum proof proof, bool by_hand)
{
	const struct keys_goal *g = &w->goal;
	bool asked =
	    g->replace != 0 || g->rotate != 0 || w->order.own || w->order.first || !by_hand;

	w->change.plan = (struct keys_plan){ .put = true,
		.p1 = g->replace,
		.prove = g->channel && asked && proof == PROOF_DUE,
		.remove = g->rotate };
}

static int plan(struct change_card *c, const struct key_infos *k, enum proof proof,
    struct key_work *w, struct err *e)
{
	struct keys_plan *p = &w->change.plan;
	bool asked = w->goal.replace != 0 || w->goal.rotate != 0;

	if (keys_plan(k, &w->goal, p, e) != 0)
		return -1;
	w->proved_before = proof == PROOF_DONE && w->goal.channel;
	if (w->proved_before) {
		*p = (struct keys_plan){ .remove = p->remove };
		return 0;
	}
	if (!p->put && c->by_hand && !asked && !w->order.first) {
		p->prove = false;
		return look_closer(c, w, e);
	}
	if (!p->put && !key_goal_shown(k, &w->goal))
		return of_another_kind(w, e);
	p->prove =
	    w->goal.channel && proof == PROOF_DUE && (p->prove || w->order.first || !c->by_hand);
	return 0;
}

int key_work_plan(
    struct change_card *c, const struct key_order *o, struct key_work *w, struct err *e)
{
	const struct key_infos *k;
	enum proof proof;
	bool told;

	w->order = *o;
	w->goal = key_goal_of(o);
	if (key_work_make(c, w, e) != 0 || change_keys(c, &k, &told, e) != 0)
		return -1;
	if (!told && !o->first && !c->is_dry) {
		err_set(e, ERR_SAFETY, "the card does not tell which key sets it has");
		return err_hint(e, "nothing is put where it cannot be seen what it replaces");
	}
	w->now = *k;
	proof = proof_of(c, k, &w->goal, o);
	if (c->is_dry) {
		plan_dry(w, proof, c->by_hand);
		return 0;
	}
	return plan(c, k, proof, w, e);
}
