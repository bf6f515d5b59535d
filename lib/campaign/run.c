/*
 * The run of a campaign: one card after the other. Before anything is sent to a card the ledger
 * durably knows the intent to work on it; what came of it follows. Intents are written for several
 * cards at once where cards are so fast that a sync for each would cost more than they do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "campaign/work.h"

/* Cards whose intents are written together: as many as take CLAIM_MS, and no more than CLAIM_MAX.
 * With real cards, which take seconds, that is one. */
enum { CLAIM_MAX = 128, CLAIM_MS = 100 };
/* Most times that a directory is read before it counts that it and the ledger do not agree. */
enum { LISTINGS = 3 };

/* The rest of what was claimed: nothing was sent, as if it had not been. One that was in doubt
 * stays so. */
static int release(struct run *r, struct ledger_card *claimed, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
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
		if (work_stopping(r)) {
			rc = err_set(e, ERR_INTERRUPTED, "interrupted");
			break;
		}
		res->cards_tried++;
		rc = work_file(r, &claimed[i++], e);
		if (rc == 0)
			rc = work_limits(r, e);
	}
	if (rc != 0 && !r->ledger_failed && e->code != ERR_LEDGER &&
	    release(r, claimed + i, n - i, &le) != 0)
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

		rc = ledger_claim(
		    r->l, (struct ledger_want){ after, work_retries(r), max }, claimed, &n, e);
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

/* The ledger does not have what was written into it: nothing that it says can end the run well. */
static int rows_lost(const struct campaign *c, struct err *e)
{
	err_set(e, ERR_LEDGER, "%s: damaged: it does not have all cards any more", c->ledger_path);
	return err_hint(e, "move it away: a run without it asks every card what it has");
}

static void tell_lost(const struct run *r)
{
	char text[600];

	if (ledger_lost(r->l) == NULL || r->calls->remark == NULL)
		return;
	snprintf(text, sizeof(text), "%s; the cards are asked what they have", ledger_lost(r->l));
	r->calls->remark(r->calls->ctx, text);
}

static void tell_remade(const struct run *r)
{
	const unsigned long long n = r->listed.remade;
	char text[100];

	if (n == 0 || r->calls->remark == NULL)
		return;
	snprintf(text, sizeof(text), "%llu card file%s not the one%s that %s done: new card%s", n,
	    n == 1 ? " is" : "s are", n == 1 ? "" : "s", n == 1 ? "was" : "were",
	    n == 1 ? "" : "s");
	r->calls->remark(r->calls->ctx, text);
}

/* Lists the cards, and compares what the ledger has then. More than once: a directory that others
 * write in meanwhile may tell a name twice. */
static int begin_run(struct run *r, struct campaign_result *res, struct err *e)
{
	for (int i = 0; i == 0 || (i < LISTINGS && res->sums.total < r->listed.n); i++)
		if (campaign_list_cards(r->c, r->calls, r->l, &r->listed, e) != 0 ||
		    ledger_sum(r->l, &res->sums, e) != 0)
			return -1;
	if (res->sums.total < r->listed.n)
		return rows_lost(r->c, e);
	tell_lost(r);
	tell_remade(r);
	if (r->calls->begin != NULL)
		r->calls->begin(r->calls->ctx, &res->sums);
	return 0;
}

/* Every row had its turn, unless it was done before or is not to be tried. */
static int all_had_turn(const struct run *r, const struct ledger_sums *before,
    const struct campaign_result *res, struct err *e)
{
	uint64_t left = before->total - before->done;

	if (!work_retries(r))
		left -= before->auth_failed;
	return r->c->m.readers_n > 0 || res->cards_tried == left ? 0 : rows_lost(r->c, e);
}

/* Outcomes still grouped, and the sums. That the ledger failed counts more than what was before,
 * but the first failure counts. */
static int end_run(struct run *r, int rc, struct campaign_result *res, struct err *e)
{
	struct err last = { 0 };

	if (ledger_flush(r->l, &last) == 0 && ledger_sum(r->l, &res->sums, &last) == 0)
		return rc != 0 || res->sums.total >= r->listed.n ? rc : rows_lost(r->c, e);
	if (rc == 0 || e->code != ERR_LEDGER)
		*e = last;
	return -1;
}

int campaign_run(struct campaign *c, const struct campaign_calls *calls,
    struct campaign_result *res, struct err *e)
{
	const struct ledger_goal goal = campaign_goal(c);
	struct run r = { .c = c, .calls = calls };
	struct ledger_sums before;
	int rc;

	memset(res, 0, sizeof(*res));
	if (ledger_open(c->ledger_path, &goal, true, &r.l, e) != 0)
		return -1;
	rc = tries_open(&r.tries, e);
	if (rc == 0)
		rc = begin_run(&r, res, e);
	before = res->sums;
	if (rc == 0)
		rc = c->m.readers_n > 0 ? feed_all(&r, res, e) : work_all(&r, res, e);
	if (rc == 0)
		rc = all_had_turn(&r, &before, res, e);
	rc = end_run(&r, rc, res, e);
	tries_close(r.tries);
	ledger_close(r.l);
	if (rc == 0 && res->sums.done != res->sums.total)
		rc = err_set(e, ERR_UNDONE, "%llu of %llu cards are not done",
		    (unsigned long long)(res->sums.total - res->sums.done),
		    (unsigned long long)res->sums.total);
	if (rc == 0 && res->unknown != 0)
		rc = err_set(e, ERR_UNDONE, "%llu card%s could not be identified",
		    (unsigned long long)res->unknown, res->unknown == 1 ? "" : "s");
	return rc;
}
