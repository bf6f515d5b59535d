/*
 * The run of a campaign: one card after the other. Before anything is sent to a card the ledger
 * durably knows the intent to work on it; what came of it follows. Intents are written for several
 * cards at once where cards are so fast that a sync for each would cost more than they do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/hex.h"
#include "campaign/campaign.h"

/* Cards whose intents are written together: as many as take CLAIM_MS, and no more than CLAIM_MAX.
 * With real cards, which take seconds, that is one. */
enum { CLAIM_MAX = 128, CLAIM_MS = 100 };

struct run {
	struct campaign *c;
	const struct campaign_calls *calls;
	struct ledger *l;
	struct tries *tries;
	struct ledger_card *lc; /* the card at work */
	struct card card;
	struct session s;
	enum step step;
	bool ledger_failed;
	bool refused; /* EXTERNAL AUTHENTICATE was refused: a try is spent */
	uint32_t refused_in_a_row;
	uint32_t failures;
};

static void tell(struct run *r, uint32_t done, uint32_t total)
{
	if (r->calls->progress != NULL)
		r->calls->progress(r->calls->ctx, r->lc, r->step, done, total);
}

static void enter_step(struct run *r, enum step step)
{
	r->step = step;
	snprintf(r->lc->step, sizeof(r->lc->step), "%s", step_str(step));
	tell(r, 0, 0);
}

static bool stopping(const struct run *r)
{
	return r->calls->stop != NULL && r->calls->stop(r->calls->ctx);
}

/* ---- authentication ---- */

static void key_set_name(const struct init_update *u, char out[static 8])
{
	hex_put(span_of(&u->key_version, 1), out, 8);
}

static int give_keys(void *ctx, const struct init_update *u, struct key_set *out, struct err *e)
{
	const struct run *r = ctx;

	return job_card_keys(r->c->keys, u, out, e);
}

/* What this station knows of the card from elsewhere; the ledger has the intent already. */
static int before_auth(void *ctx, const struct init_update *u, struct err *e)
{
	struct run *r = ctx;
	bool refused = false;
	char set[8];

	key_set_name(u, set);
	if (!r->calls->retry_authentication &&
	    tries_refused(r->tries, r->lc->id, set, &refused, e) != 0) {
		r->ledger_failed = true;
		return -1;
	}
	if (refused) {
		err_set(e, ERR_AUTH, "this card refused key set %s before: not tried again", set);
		return err_hint(e, "check the keys, then campaign run --retry-authentication");
	}
	return 0;
}

static void after_auth(void *ctx, const struct init_update *u, bool accepted)
{
	struct run *r = ctx;
	struct err e = { 0 };
	char set[8];

	key_set_name(u, set);
	r->refused = !accepted;
	/* A refusal is in the ledger's row as well; a success may forget an old refusal. */
	if (!accepted && tries_record(r->tries, r->lc->id, set, &e) != 0)
		r->ledger_failed = true;
	if (accepted && r->calls->retry_authentication &&
	    tries_forget(r->tries, r->lc->id, set, &e) != 0)
		r->ledger_failed = true;
}

static int establish(struct run *r, struct err *e)
{
	const struct manifest *m = &r->c->m;
	struct session_asks asks = { .level = m->level,
		.s16 = m->s16,
		.keys = give_keys,
		.before_auth = before_auth,
		.after_auth = after_auth,
		.ctx = r };

	asks.key_version = m->key_version >= 0 ? (uint8_t)m->key_version : r->c->keys->version;
	enter_step(r, STEP_ESTABLISH);
	if (session_open(&r->s, &asks, e) == 0) {
		r->lc->auth_failed = false;
		return 0;
	}
	if (e->code == ERR_AUTH)
		r->lc->auth_failed = true;
	return -1;
}

/* ---- one card ---- */

static bool load_step(void *ctx, uint32_t done, uint32_t total)
{
	struct run *r = ctx;

	tell(r, done, total);
	return !stopping(r);
}

static int load(struct run *r, const struct job_plan *p, struct err *e)
{
	const struct broadcast_progress progress = { load_step, r };
	uint32_t done = p->j;

	enter_step(r, STEP_SWITCH);
	if (job_switch(&r->s, &r->c->bundle, p, r->c->ks, e) != 0)
		return -1;
	enter_step(r, STEP_LOAD);
	if (broadcast_play(&r->s, p->package->commands, p->package->total, &done, &progress, e) !=
	    0)
		return -1;
	enter_step(r, STEP_RETURN);
	return broadcast_return(&r->s, p->package->return_command, e);
}

static int authorize(struct run *r, const struct job_plan *p, struct err *e)
{
	struct verdict v;

	enter_step(r, STEP_AUTHORIZE);
	if (job_authorize(&r->s, &r->c->bundle, p->package, AUTHORIZE_ACTIVATE, &v, e) != 0)
		return -1;
	enter_step(r, STEP_CONFIRM);
	return job_confirm(&r->s, &r->c->bundle, e);
}

static int identify(struct run *r, struct err *e)
{
	char path[MANIFEST_PATH];

	enter_step(r, STEP_CONNECT);
	if (!path_beside(r->c->m.path, r->lc->file, path, sizeof(path)))
		return err_set(e, ERR_INPUT, "%s: name too long", r->lc->file);
	if (r->calls->open(r->calls->ctx, path, &r->card, e) != 0)
		return -1;
	session_init(&r->s, &r->card);
	enter_step(r, STEP_IDENTIFY);
	if (session_discover(&r->s, NULL, e) != 0)
		return -1;
	if (r->s.id.cin_n == 0)
		return err_set(e, ERR_CARD, "the card tells no CIN: it cannot be told from others");
	hex_put(span_of(r->s.id.cin, r->s.id.cin_n), r->lc->id, sizeof(r->lc->id));
	return 0;
}

static int job(struct run *r, struct err *e)
{
	struct job_plan p;

	if (identify(r, e) != 0 || establish(r, e) != 0 ||
	    job_plan(&r->s, &r->c->bundle, r->c->m.allow_literal_mac, &p, e) != 0)
		return -1;
	if (p.need == NEED_NOTHING ||
	    (p.need == NEED_AUTHORIZE && r->c->m.authorize == AUTHORIZE_LATER)) {
		enter_step(r, STEP_ALREADY);
		return 0;
	}
	if (p.need == NEED_LOAD && load(r, &p, e) != 0)
		return -1;
	return r->c->m.authorize == AUTHORIZE_LATER ? 0 : authorize(r, &p, e);
}

/* Writes down how it ended. Returns -1 only for what ends the whole run. */
static int settle(struct run *r, int rc, struct err *e)
{
	struct ledger_card *lc = r->lc;

	lc->in_doubt = false;
	if (rc != 0 && (r->ledger_failed || e->code == ERR_LEDGER))
		return -1;
	if (rc != 0 && e->code == ERR_INTERRUPTED) {
		struct err le;

		return ledger_note(r->l, lc, &le) == 0 ? -1 : (*e = le, -1);
	}
	lc->state = rc == 0 ? CARD_DONE : CARD_FAILED;
	snprintf(lc->reason, sizeof(lc->reason), "%s", rc == 0 ? "" : e->text);
	r->failures += rc == 0 ? 0 : 1;
	r->refused_in_a_row = r->refused ? r->refused_in_a_row + 1 : 0;
	if (ledger_note(r->l, lc, e) != 0)
		return -1;
	tell(r, 0, 0);
	return 0;
}

static int work(struct run *r, struct ledger_card *lc, struct err *e)
{
	int rc;

	r->lc = lc;
	r->refused = false;
	lc->state = CARD_PENDING;
	lc->reason[0] = '\0';
	memset(&r->card, 0, sizeof(r->card));
	memset(&r->s, 0, sizeof(r->s));
	rc = job(r, e);
	if (r->s.card != NULL) {
		if (!r->card.gone)
			session_close(&r->s);
		session_wipe(&r->s);
	}
	card_close(&r->card);
	return settle(r, rc, e);
}

static int check_limits(const struct run *r, struct err *e)
{
	const struct manifest *m = &r->c->m;

	if (m->limit_authentications != 0 && r->refused_in_a_row >= m->limit_authentications) {
		err_set(e, ERR_SAFETY,
		    "%u cards in a row refused the authentication: stopped, since wrong keys "
		    "cost each card a try",
		    r->refused_in_a_row);
		return err_hint(e,
		    "check key set %s; limits: {authentications: N} changes the limit",
		    r->c->keys->name);
	}
	if (m->limit_failures != 0 && r->failures >= m->limit_failures)
		return err_set(e, ERR_SAFETY,
		    "%u cards failed: stopped, as limits: {failures: %u} asks", r->failures,
		    m->limit_failures);
	return 0;
}

/* The rest of what was claimed: nothing was sent, as if it had not been. */
static int release(struct run *r, struct ledger_card *claimed, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		claimed[i].in_doubt = false;
		claimed[i].attempts--;
		if (ledger_note(r->l, &claimed[i], e) != 0)
			return -1;
	}
	return 0;
}

static int work_claimed(struct run *r, struct ledger_card *claimed, size_t n,
    struct campaign_result *res, struct err *e)
{
	struct err le;
	size_t i = 0;
	int rc = 0;

	while (rc == 0 && i < n) {
		if (stopping(r)) {
			rc = err_set(e, ERR_INTERRUPTED, "interrupted");
			break;
		}
		res->cards_tried++;
		rc = work(r, &claimed[i++], e);
		if (rc == 0)
			rc = check_limits(r, e);
	}
	if (rc != 0 && !r->ledger_failed && release(r, claimed + i, n - i, &le) != 0)
		*e = le;
	return rc;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int work_all(struct run *r, struct campaign_result *res, struct err *e)
{
	struct ledger_card *claimed = calloc(CLAIM_MAX, sizeof(*claimed));
	char after[sizeof(claimed->file)] = "";
	size_t n = 0, max = 1;
	int rc = 0;

	if (claimed == NULL)
		return err_memory(e);
	while (rc == 0) {
		double begun = seconds();

		rc = ledger_claim(r->l, after, r->calls->retry_authentication, max, claimed, &n, e);
		if (rc != 0 || n == 0)
			break;
		memcpy(after, claimed[n - 1].file, sizeof(after));
		rc = work_claimed(r, claimed, n, res, e);
		if (seconds() - begun > CLAIM_MS / 1e3)
			max = max > 1 ? max / 2 : 1;
		else if (max < CLAIM_MAX)
			max = max * 4 < CLAIM_MAX ? max * 4 : CLAIM_MAX;
	}
	free(claimed);
	return rc;
}

int campaign_run(struct campaign *c, const struct campaign_calls *calls,
    struct campaign_result *res, struct err *e)
{
	struct run r = { .c = c, .calls = calls };
	struct err last = { 0 };
	int rc;

	memset(res, 0, sizeof(*res));
	if (ledger_open(c->ledger_path, c->goal, c->m.name, true, &r.l, e) != 0)
		return -1;
	rc = tries_open(&r.tries, e);
	if (rc == 0)
		rc = campaign_list_cards(c, r.l, e);
	if (rc == 0)
		rc = ledger_sum(r.l, &res->sums, e);
	if (rc == 0 && calls->begin != NULL)
		calls->begin(calls->ctx, &res->sums);
	if (rc == 0)
		rc = work_all(&r, res, e);
	/* Outcomes still grouped; and that the ledger failed counts more than what was before. */
	if (ledger_flush(r.l, &last) != 0 || ledger_sum(r.l, &res->sums, &last) != 0) {
		*e = last;
		rc = -1;
	}
	tries_close(r.tries);
	ledger_close(r.l);
	if (rc == 0 && res->sums.done != res->sums.total)
		rc = err_set(e, ERR_UNDONE, "%llu of %llu cards are not done",
		    (unsigned long long)(res->sums.total - res->sums.done),
		    (unsigned long long)res->sums.total);
	return rc;
}
