/*
 * Campaigns in unicast mode: step by step on each card. The card is asked before a step whether it
 * is so already and after it whether it is so now; only what cannot be asked is taken from the
 * ledger, and what the ledger has as done is not done again.
 */
#include "campaign/unicast.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"

static const struct task_kind *const kinds[] = { [ACTION_INSTALL] = &task_install,
	[ACTION_DELETE] = &task_delete,
	[ACTION_PUT_KEYS] = &task_put_keys,
	[ACTION_STORE_DATA] = &task_store_data,
	[ACTION_LOCK] = &task_lock,
	[ACTION_UNLOCK] = &task_lock };

int task_error(const struct campaign *c, const struct task *t, struct err *e)
{
	return err_in(e, "%s:%u:%u", c->m.path, t->m->line, t->m->column);
}

/* ---- files ---- */

/* Everything of a step that the cards come to see, and nothing else: file names do not count. */
static void put_step(struct wr *w, const struct task *t)
{
	const struct manifest_step *m = t->m;

	wr_u8(w, (uint8_t)m->action);
	wr_put(w, SPAN(t->digest));
	wr_u8(w, (uint8_t)m->applet_n);
	for (size_t i = 0; i < m->applet_n; i++)
		wr_lv(w, aid_span(&m->applet[i]));
	wr_u32(w, m->privileges);
	wr_lv(w, span_of(m->parameters, m->parameters_n));
	wr_lv(w, aid_span(&m->aid));
	wr_u8(w, m->replace);
	wr_u8(w, m->related);
	wr_u8(w, m->card);
	wr_lv(w, span_str(m->keys));
	wr_u16(w, (uint16_t)m->version);
	wr_u16(w, (uint16_t)m->old);
	wr_u8(w, m->rotate);
	wr_u8(w, (uint8_t)m->format);
	wr_u8(w, m->encrypted);
}

static int name_goal(struct campaign *c, struct err *e)
{
	static const char first[] = "cardadm unicast steps";
	struct wr w = wr_grow(1 << 20);
	bool ok;

	wr_put(&w, span_str(first));
	for (uint32_t i = 0; i < c->unicast->n; i++)
		put_step(&w, &c->unicast->task[i]);
	ok = wr_ok(&w) && sha256_of(wr_span(&w), c->goal);
	wr_free(&w);
	return ok ? 0 : err_memory(e);
}

static int open_steps(struct campaign *c, uint32_t today, struct err *e)
{
	struct unicast *u = calloc(1, sizeof(*u));

	(void)today;
	if (u == NULL)
		return err_memory(e);
	c->unicast = u;
	for (size_t i = 0; i < c->m.step_n; i++) {
		struct task *t = &u->task[u->n++];

		t->m = &c->m.step[i];
		t->kind = kinds[t->m->action];
		snprintf(
		    t->name, sizeof(t->name), "%zu %s", i + 1, manifest_action_str(t->m->action));
		/* The manifest's path is put in front of it by whoever asked. */
		if (t->kind->open != NULL && t->kind->open(c, t, e) != 0)
			return err_in(e, "step %s", t->name);
	}
	return name_goal(c, e);
}

static void close_steps(struct campaign *c)
{
	struct unicast *u = c->unicast;

	for (uint32_t i = 0; u != NULL && i < u->n; i++)
		if (u->task[i].kind->close != NULL)
			u->task[i].kind->close(&u->task[i]);
	free(u);
	c->unicast = NULL;
}

/* ---- keys of the channel ---- */

static int wrong_version(
    const struct campaign *c, const struct task *t, const char *why, struct err *e)
{
	err_set(e, ERR_INPUT, "key set %02X is the one that the channel is opened with by then%s",
	    t->version, why);
	return task_error(c, t, e);
}

/* Which steps change the set that opens channels, and to what. */
static int chain_keys(struct campaign *c, struct err *e)
{
	struct unicast *u = c->unicast;
	const struct manifest *m = &c->m;

	u->set[0].keys = c->keys;
	u->set[0].version = m->key_version >= 0 ? (uint8_t)m->key_version : c->keys->version;
	u->set_n = 1;
	for (uint32_t i = 0; i < u->n; i++) {
		struct task *t = &u->task[i];
		const struct channel_set *now = &u->set[u->set_n - 1];
		bool in_use = t->m->old == now->version;

		if (t->m->action != ACTION_PUT_KEYS)
			continue;
		if (t->version == now->version && t->m->rotate)
			return wrong_version(c, t, ": rotating needs a version of its own", e);
		if (t->version == now->version && !in_use) {
			wrong_version(c, t, "", e);
			return err_hint(e, "`replace: %02X` replaces it", t->version);
		}
		/* One version number, other keys, and no channel that would prove them. */
		t->unseen = t->m->old == t->version && !in_use;
		/* A factory set goes by itself when the first other set comes. */
		if (t->m->rotate || in_use || (now->version == KEYS_FACTORY && t->m->old < 0))
			u->set[u->set_n++] = (struct channel_set){ t->keys, t->version, i + 1 };
	}
	return 0;
}

static int ready(struct campaign *c, struct err *e)
{
	const char *name = c->m.keys[0] == '\0' ? NULL : c->m.keys;

	if (keystore_find_card(c->ks, name, &c->keys, e) != 0)
		return -1;
	for (uint32_t i = 0; i < c->unicast->n; i++) {
		struct task *t = &c->unicast->task[i];

		if (t->kind->ready != NULL && t->kind->ready(c, t, e) != 0)
			return task_error(c, t, e);
	}
	return chain_keys(c, e);
}

int visit_channel(struct visit *v, const struct channel_set *set, struct err *e)
{
	if (work_channel(v->r, set->keys, set->version, e) != 0)
		return -1;
	v->set = set;
	return 0;
}

static bool has_set(const struct visit *v, const struct channel_set *set)
{
	return !v->keys_told || keys_open_channel(&v->keys, set->version);
}

/* Sets that the card may have, in the order in which they are tried: at most two. */
struct sets {
	const struct channel_set *set[2];
	size_t n;
};

/*
 * The sets behind the last step that is known as done. Of two that are both there the older one
 * opens the channel: the newer is to be proven yet. Only where both have one version number
 * nothing but trying tells, and a card that was worked on before is likelier to have the new one.
 */
static int list_sets(struct visit *v, struct sets *to, struct err *e)
{
	const struct unicast *u = v->u;
	const struct ledger_card *lc = v->r->lc;

	to->n = 0;
	for (size_t i = 0; i < u->set_n; i++) {
		const struct channel_set *set = &u->set[i];
		enum step_state s = STEP_PENDING;

		if (set->from != 0 && ledger_step(v->r->l, lc->file, set->from, &s, e) != 0)
			return -1;
		if (s == STEP_DONE || s == STEP_WAS_SO)
			to->n = 0;
		if (to->n < 2 && has_set(v, set))
			to->set[to->n++] = set;
	}
	if (to->n == 0)
		to->set[to->n++] = &u->set[0]; /* the card will say that it is not there */
	if (to->n == 2 && to->set[0]->version != to->set[1]->version && v->keys_told)
		to->n = 1;
	if (to->n == 2 && lc->attempts > 1) {
		const struct channel_set *first = to->set[0];

		to->set[0] = to->set[1];
		to->set[1] = first;
	}
	return 0;
}

/* A set that does not fit costs no try: the card's cryptogram is compared first. */
static int open_channel(struct visit *v, struct err *e)
{
	bool auth_failed = v->r->lc->auth_failed, told;
	const struct key_infos *keys;
	struct sets sets;
	struct err first;

	work_step(v->r, step_str(STEP_ESTABLISH));
	if (visit_keys(v, &keys, &told, e) != 0 || list_sets(v, &sets, e) != 0)
		return -1;
	visit_changed(v); /* what is told outside of a channel is no proof of anything */
	if (visit_channel(v, sets.set[0], e) == 0)
		return 0;
	if (sets.n < 2 || e->code != ERR_AUTH || v->r->refused)
		return -1;
	first = *e;
	v->r->lc->auth_failed = auth_failed;
	if (visit_channel(v, sets.set[1], e) == 0)
		return 0;
	if (e->code == ERR_AUTH)
		*e = first;
	return -1;
}

/* ---- what the card tells ---- */

void visit_changed(struct visit *v)
{
	registry_free(&v->registry);
	v->registry_known = v->keys_known = false;
}

int visit_registry(struct visit *v, const struct registry **reg, struct err *e)
{
	*reg = &v->registry;
	if (v->registry_known)
		return 0;
	registry_free(&v->registry);
	if (registry_read(&v->r->s, &v->registry, e) != 0)
		return -1;
	v->registry_known = true;
	return 0;
}

int visit_keys(struct visit *v, const struct key_infos **keys, bool *told, struct err *e)
{
	*keys = &v->keys;
	if (!v->keys_known && keys_read(&v->r->s, &v->keys, &v->keys_told, e) != 0)
		return -1;
	v->keys_known = true;
	*told = v->keys_told;
	return 0;
}

/* ---- steps ---- */

static int note(struct visit *v, const struct task *t, enum step_state s, struct err *e)
{
	uint32_t n = (uint32_t)(t - v->u->task) + 1;

	if (ledger_step_put(v->r->l, v->r->lc->file, n, s, e) == 0)
		return 0;
	v->r->ledger_failed = true;
	return -1;
}

/* Refused is failed; whatever else ended it leaves open what the card has. */
static int failed(struct visit *v, const struct task *t, struct err *e)
{
	struct err le;

	if (v->r->ledger_failed || v->r->card.gone || e->code == ERR_READER ||
	    e->code == ERR_INTEGRITY || e->code == ERR_INTERRUPTED)
		return -1;
	if (note(v, t, STEP_FAILED, &le) != 0)
		*e = le;
	return -1;
}

static int act(struct visit *v, const struct task *t, struct err *e)
{
	bool so = t->unseen;

	/* Durable before its first command. */
	if (note(v, t, STEP_BEGUN, e) != 0)
		return -1;
	if (t->kind->act(v, t, e) != 0)
		return failed(v, t, e);
	visit_changed(v);
	if (!so && t->kind->is_so(v, t, &so, e) != 0)
		return failed(v, t, e);
	if (so)
		return note(v, t, STEP_DONE, e);
	err_set(e, ERR_INTEGRITY, "the card said that it was done, but does not show it");
	return failed(v, t, e);
}

static int take_step(struct visit *v, const struct task *t, bool *changed, struct err *e)
{
	uint32_t n = (uint32_t)(t - v->u->task) + 1;
	enum step_state s;
	bool so = false;

	if (ledger_step(v->r->l, v->r->lc->file, n, &s, e) != 0) {
		v->r->ledger_failed = true;
		return -1;
	}
	*changed = *changed || s == STEP_DONE || s == STEP_BEGUN;
	if (s == STEP_DONE || s == STEP_WAS_SO)
		return 0;
	if (work_stopping(v->r))
		return err_set(e, ERR_INTERRUPTED, "interrupted");
	work_step(v->r, t->name);
	if (!t->unseen && t->kind->is_so(v, t, &so, e) != 0)
		return failed(v, t, e);
	/* Found so after it had begun: that was us. */
	if (so)
		return note(v, t, s == STEP_BEGUN ? STEP_DONE : STEP_WAS_SO, e);
	*changed = true;
	return act(v, t, e);
}

static int work(struct run *r, struct err *e)
{
	struct visit v = { .r = r, .u = r->c->unicast };
	bool changed = false;
	int rc = 0;

	/* Outcomes that belong to another card, which had this name before. */
	if (r->other_before && ledger_steps_forget(r->l, r->lc->file, e) != 0) {
		r->ledger_failed = true;
		return -1;
	}
	rc = open_channel(&v, e);
	for (uint32_t i = 0; rc == 0 && i < v.u->n; i++)
		rc = take_step(&v, &v.u->task[i], &changed, e);
	if (rc == 0 && !changed)
		work_step(r, step_str(STEP_ALREADY));
	registry_free(&v.registry);
	return rc;
}

const struct campaign_mode mode_unicast = { open_steps, ready, close_steps, work };
