/*
 * Campaigns in unicast mode: change by change on each card. The card is asked before a change
 * whether it is so already and after it whether it is so now; only what cannot be asked is taken
 * from the ledger, and what the ledger has as done is not done again.
 */
#include "campaign/unicast.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change/step.h"
#include "crypto/digest.h"

/* A text about fields reads here as one about keys of the manifest. */
int task_error(const struct campaign *c, const struct task *t, struct err *e)
{
	if (e->code == ERR_USAGE)
		e->code = ERR_INPUT;
	err_word(e, WORDS_KEYS);
	change_hide_keys(&t->change, e);
	return err_in(e, "%s:%u:%u", c->m.path, t->change.line, t->change.column);
}

/* ---- files ---- */

int unicast_read_step(
    void *campaign, const struct doc *d, const struct node *v, const char *path, struct err *e)
{
	struct campaign *c = campaign;
	struct task *t;

	if (c->unicast == NULL && (c->unicast = calloc(1, sizeof(*c->unicast))) == NULL)
		return err_memory(e);
	t = &c->unicast->task[c->unicast->n];
	if (change_step_read(d, v, path, &t->change, e) != 0)
		return -1;
	c->unicast->n++;
	snprintf(t->name, sizeof(t->name), "%u %s", c->unicast->n, t->change.kind->name);
	return 0;
}

/* What there is to reach: the domain that is worked in, and every change by its content. */
static int name_goal(struct campaign *c, struct err *e)
{
	static const char first[] = "cardadm changes";
	struct wr w = wr_grow(1 << 20);
	bool ok = true;

	wr_put(&w, span_str(first));
	wr_lv(&w, aid_span(&c->m.domain));
	for (uint32_t i = 0; ok && i < c->unicast->n; i++)
		ok = change_goal(&c->unicast->task[i].change, &w);
	ok = ok && wr_ok(&w) && sha256_of(wr_span(&w), c->goal);
	wr_free(&w);
	c->has_former = unicast_former_goal(c->unicast, c->former_goal);
	return ok ? 0 : err_memory(e);
}

/* Key sets are named in the goal by what they are, so they are read here. */
static int open_steps(struct campaign *c, uint32_t today, struct err *e)
{
	(void)today;
	for (uint32_t i = 0; i < c->unicast->n; i++) {
		struct task *t = &c->unicast->task[i];

		if (change_open(&t->change, FROM_STEP, e) != 0 ||
		    change_find_keys(&t->change, c->ks, e) != 0)
			return task_error(c, t, e);
	}
	return name_goal(c, e);
}

static void close_steps(struct campaign *c)
{
	struct unicast *u = c->unicast;

	for (uint32_t i = 0; u != NULL && i < u->n; i++)
		change_free(&u->task[i].change);
	free(u);
	c->unicast = NULL;
}

/* ---- keys of the channel ---- */

/* The set that opens the channel when step i (from 0) is taken. */
static const struct entry *set_at(const struct unicast *u, uint32_t i)
{
	const struct entry *keys = u->set[0].keys;

	for (size_t k = 1; k < u->set_n; k++)
		if (u->set[k].from <= i)
			keys = u->set[k].keys;
	return keys;
}

/* What a step asks of every channel is asked before there is a card. */
static int check_levels(const struct campaign *c, struct err *e)
{
	for (uint32_t i = 0; i < c->unicast->n; i++) {
		const struct task *t = &c->unicast->task[i];
		const struct entry *keys = set_at(c->unicast, i);

		if (!t->change.kind->level_33 ||
		    (unicast_level(c) == 0x33 && keys->type == ENTRY_SCP03))
			continue;
		err_set(e, ERR_SAFETY, "%s needs channels of SCP03 with level 33",
		    t->change.kind->name);
		if (keys->type != ENTRY_SCP03)
			err_hint(e, "`%s` is a key set for SCP02", keys->name);
		return task_error(c, t, e);
	}
	return 0;
}

static int ready(struct campaign *c, struct err *e)
{
	const char *name = c->m.keys[0] == '\0' ? NULL : c->m.keys;

	if (keystore_find_card(c->ks, name, &c->keys, e) != 0)
		return -1;
	return unicast_chain_keys(c, e) != 0 ? -1 : check_levels(c, e);
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
	return !v->card.keys_told || keys_open_channel(&v->card.keys, set->version);
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
		struct ledger_step s = { .state = STEP_PENDING };

		if (set->from != 0 && ledger_step(v->r->l, lc->file, set->from, &s, e) != 0)
			return -1;
		if (s.state == STEP_DONE || s.state == STEP_WAS_SO)
			to->n = 0;
		if (to->n < 2 && has_set(v, set))
			to->set[to->n++] = set;
	}
	if (to->n == 0)
		to->set[to->n++] = &u->set[0]; /* the card will say that it is not there */
	if (to->n == 2 && to->set[0]->version != to->set[1]->version && v->card.keys_told)
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
	enum card_auth auth_failed = v->r->lc->auth_failed;
	bool told;
	const struct key_infos *keys;
	struct sets sets;
	struct err first;

	work_step(v->r, reached_str(REACHED_ESTABLISH));
	if (change_keys(&v->card, &keys, &told, e) != 0 || list_sets(v, &sets, e) != 0)
		return -1;
	change_forget(&v->card); /* what is told outside of a channel is no proof of anything */
	if (visit_channel(v, sets.set[0], e) == 0)
		return 0;
	if (sets.n < 2 || v->r->opening.refused ||
	    (e->code != ERR_AUTH && !v->r->opening.left_alone))
		return -1;
	first = *e;
	v->r->lc->auth_failed = auth_failed;
	if (visit_channel(v, sets.set[1], e) == 0)
		return 0;
	if (e->code == ERR_AUTH)
		*e = first;
	return -1;
}

/* ---- who is told while a step is taken ---- */

static uint32_t number(const struct visit *v)
{
	return (uint32_t)(v->task - v->u->task) + 1;
}

static int note(struct visit *v, const struct ledger_step *s, struct err *e)
{
	v->bare = v->bare || s->bare;
	if (ledger_step_put(v->r->l, v->r->lc->file, number(v), s, e) == 0)
		return 0;
	v->r->ledger_failed = true;
	return -1;
}

/* Durable before its first command. */
static int begin(void *ctx, const struct change *ch, const void *work, struct err *e)
{
	struct visit *v = ctx;
	const struct campaign_calls *calls = v->r->calls;
	struct ledger_step s = { .state = STEP_BEGUN };

	_Static_assert(sizeof(s.intent) >= INTENT_MAX, "the ledger has room for what kinds tell");
	if (ch->kind->intent != NULL)
		ch->kind->intent(work, s.intent);
	if (note(v, &s, e) != 0)
		return -1;
	return calls->changing == NULL
		   ? 0
		   : calls->changing(calls->changes,
			 &(struct change_place){ v->r->lc->file, &v->r->s, ch }, work, e);
}

static void end(void *ctx, const struct change *ch, const void *work, const struct err *e)
{
	struct visit *v = ctx;
	const struct campaign_calls *calls = v->r->calls;

	if (calls->changed != NULL)
		calls->changed(calls->changes,
		    &(struct change_place){ v->r->lc->file, &v->r->s, ch }, work, e);
}

static void progress(void *ctx, const char *what, uint32_t done, uint32_t total)
{
	struct visit *v = ctx;

	(void)what;
	work_tell(v->r, done, total);
}

static bool stop(void *ctx)
{
	struct visit *v = ctx;

	return work_stopping(v->r);
}

/* Something was stored that may have given the card another CIN. */
static int renamed(void *ctx, struct err *e)
{
	struct visit *v = ctx;

	return work_rename(v->r, e);
}

static int serial(void *ctx, const struct grant_issue *g, uint64_t *to, struct err *e)
{
	struct visit *v = ctx;
	const struct campaign_calls *calls = v->r->calls;

	if (calls->serial != NULL)
		return calls->serial(calls->changes, g, to, e);
	return err_set(e, ERR_LEDGER, "no record of serials");
}

static const struct change_calls visit_calls = { .progress = progress,
	.stop = stop,
	.begin = begin,
	.end = end,
	.serial = serial,
	.open = visit_open_set,
	.proof = visit_proof,
	.renamed = renamed };

void visit_begin(struct visit *v, struct run *r, enum visit_kind kind)
{
	*v = (struct visit){ .r = r,
		.u = r->c->unicast,
		.card = { .s = &r->s,
		    .habits = &r->habits.load,
		    .calls = &visit_calls,
		    .is_dry = kind == VISIT_PLAN,
		    .dry_des = kind == VISIT_PLAN && r->c->keys->type == ENTRY_SCP02 } };
	v->card.ctx = v;
}

/* ---- steps ---- */

/* Refused is failed; whatever else ended it leaves open what the card has. */
static int failed(struct visit *v, struct err *e)
{
	struct err le;

	if (v->r->ledger_failed || v->r->card.gone || e->code == ERR_READER ||
	    e->code == ERR_INTEGRITY || e->code == ERR_INTERRUPTED)
		return -1;
	if (note(v, &(struct ledger_step){ .state = STEP_FAILED }, &le) != 0)
		*e = le;
	return -1;
}

/* Names of fields, with commas. */
static void name_fields(const struct change_kind *k, uint64_t bits, char *out, size_t cap)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < k->field_n && n < cap; i++)
		if ((bits & 1ull << i) != 0)
			n += (size_t)snprintf(
			    out + n, cap - n, "%s%s", n == 0 ? "" : ",", k->fields[i].name);
}

/* Under a goal of before it was done, or in doubt, and no card can be asked: it is not done again.
 */
static int blindly(struct visit *v, const struct ledger_step *s, bool *yes, struct err *e)
{
	struct change_so so;

	*yes = v->r->lc->check_once && s->state == STEP_BEGUN;
	if (!*yes)
		return 0;
	if (change_look(&v->card, &v->task->change, &so, e) != 0)
		return failed(v, e);
	*yes = so.is == SO_UNSEEN;
	return 0;
}

/* Writes down what became of it. */
static int settle_step(
    struct visit *v, int rc, const struct change_result *r, enum step_state before, struct err *e)
{
	struct ledger_step s = { .state = STEP_DONE, .bare = !r->proven };

	if (rc != 0)
		return failed(v, e);
	if (r->already) {
		if (before != STEP_BEGUN) /* else that was us */
			s.state = STEP_WAS_SO;
		name_fields(v->task->change.kind, r->unproven, s.unproven, sizeof(s.unproven));
	}
	return note(v, &s, e);
}

static int make_change(struct visit *v, enum step_state before, bool *changed, struct err *e)
{
	struct change_result r;
	int rc = change_run(&v->card, &v->task->change, &r, e);

	*changed = *changed || r.begun;
	rc = settle_step(v, rc, &r, before, e);
	change_result_free(&v->task->change, &r);
	return rc;
}

static int take_step(struct visit *v, bool *changed, struct err *e)
{
	const struct change *ch = &v->task->change;
	struct ledger_step s;
	bool unasked;

	if (ledger_step(v->r->l, v->r->lc->file, number(v), &s, e) != 0) {
		v->r->ledger_failed = true;
		return -1;
	}
	*changed = *changed || s.state == STEP_DONE || s.state == STEP_BEGUN;
	if (s.state == STEP_DONE || s.state == STEP_WAS_SO) {
		v->bare = v->bare || s.bare;
		return 0;
	}
	if (work_stopping(v->r))
		return err_set(e, ERR_INTERRUPTED, "interrupted");
	work_step(v->r, v->task->name);
	if (blindly(v, &s, &unasked, e) != 0)
		return -1;
	if (!unasked) {
		v->card.intent = s.state == STEP_BEGUN ? s.intent : NULL;
		return make_change(v, s.state, changed, e);
	}
	s.state = STEP_WAS_SO;
	name_fields(ch->kind, change_given(ch), s.unproven, sizeof(s.unproven));
	return note(v, &s, e);
}

static int work(struct run *r, struct err *e)
{
	struct visit v;
	bool changed = false;
	int rc;

	visit_begin(&v, r, VISIT_CARD);
	/* Outcomes that belong to another card, which had this name before. They go together with
	 * its number: those of this one are its own, also after a kill. */
	if (r->other_before &&
	    (ledger_steps_forget(r->l, r->lc->file, e) != 0 || ledger_note(r->l, r->lc, e) != 0)) {
		r->ledger_failed = true;
		return -1;
	}
	rc = open_channel(&v, e);
	for (uint32_t i = 0; rc == 0 && i < v.u->n; i++) {
		v.task = &v.u->task[i];
		rc = take_step(&v, &changed, e);
	}
	r->lc->bare = v.bare;
	if (rc == 0 && !changed)
		work_step(r, reached_str(REACHED_ALREADY));
	change_card_free(&v.card);
	if (rc != 0)
		err_word(e, WORDS_KEYS);
	return rc;
}

const struct campaign_mode mode_unicast = { open_steps, ready, close_steps, work };
