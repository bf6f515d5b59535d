/* campaign check, run: a bundle, or a list of steps, to many cards. */
#include "campaign/campaign.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hex.h"
#include "cmd/authority/grant_record.h"
#include "cmd/campaign/show.h"
#include "cmd/content/key_record.h"
#include "cmd/campaign/feed.h"
#include "cmd/campaign/traces.h"
#include "cmd/channel/open.h"
#include "cmd/kit/out.h"
#include "cmd/kit/print.h"

/* ---- campaign check ---- */

struct check_args {
	const char *manifest;
};

static const struct operand manifest_operands[] = {
	WORD_PATH("MANIFEST", check_args, manifest, "The campaign manifest"),
};

/* Whom cards trust that take this bundle (cardadm-security(7) has the table). */
static void remark_trust(struct ctx *c, const struct campaign *cp)
{
	const struct bundle *b = &cp->bundle;

	if (cp->m.mode == MODE_UNICAST)
		return;
	if (pair_trusts_station(b->algorithm, b->package[0].form))
		ctx_note(c,
		    "remark: algorithm %02X with form 00 trusts the station: cards that take this "
		    "bundle take any image from whoever has their keys",
		    b->algorithm);
	else if (b->algorithm == ALG_CMAC_BK)
		ctx_note(c,
		    "remark: cards that take algorithm %02X in form 00 as well trust the station; "
		    "those for this bundle are issued with form 01 alone",
		    b->algorithm);
}

/* What a campaign says that trusts bare answers. */
static void tell_level(struct ctx *c, const struct campaign *cp)
{
	if (cp->m.level >= 0 && (cp->m.level & LEVEL_RMAC) == 0)
		ctx_note(c,
		    "level %02X has no R-MAC: that cards answered so is all that is known of "
		    "them, nothing is proven",
		    (unsigned)cp->m.level);
}

static int run_check(struct ctx *c, void *args, struct err *e)
{
	const struct check_args *g = args;
	struct campaign cp;
	uint64_t n;
	int rc;

	if (campaign_open(g->manifest, &cp, e) != 0)
		return -1;
	campaign_watch(c, &cp);
	tell_level(c, &cp);
	rc = campaign_need_cards(&cp, &n, e);
	if (rc == 0)
		rc = campaign_show_plan(c, &cp, n, e);
	if (rc == 0)
		remark_trust(c, &cp);
	campaign_close(&cp);
	return rc;
}

const struct verb verb_campaign_check = {
	.name = "campaign check",
	.group = GROUP_CAMPAIGN,
	.place = 10,
	.summary = "Check a manifest and all that it names, and tell what a run would do",
	.needs = HAS_JSON,
	VERB_OPERANDS(manifest_operands),
	.args_size = sizeof(struct check_args),
	.run = run_check,
};

/* ---- campaign run ---- */

struct run_args {
	const char *manifest;
	bool retry;
	struct opt_u32 idle, timeout;
};

static const struct operand run_operands[] = {
	WORD_PATH("MANIFEST", run_args, manifest, "The campaign manifest"),
};
static const struct opt run_opts[] = {
	OPT_FLAG("retry-authentication", run_args, retry,
	    "Work again on cards where an authentication failed"),
	OPT_U32("idle", "SECONDS", run_args, idle, 1, 86400,
	    "End when no card was put into a reader for so long"),
	OPT_U32(
	    "timeout", "SECONDS", run_args, timeout, 1, 86400, "Longest time for one command (60)"),
};

/* What a terminal shows in one line, and what is written line by line elsewhere. */
struct view {
	struct ctx *c;
	bool terminal;
	struct ledger_sums before; /* as the ledger had it when the run began */
	uint64_t done, failed;     /* in this run */
	struct timespec began, shown;
	const char *name;
	unsigned timeout_ms; /* of one command; 0: not given */
	struct profiles *profiles;
	struct traces *traces;
};

static double since(const struct timespec *from)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - from->tv_sec) + (double)(now.tv_nsec - from->tv_nsec) / 1e9;
}

static void begin(void *ctx, const struct ledger_sums *s)
{
	struct view *v = ctx;

	v->before = *s;
	clock_gettime(CLOCK_MONOTONIC, &v->began);
	v->shown = v->began;
	if (!v->c->quiet)
		print_line(v->c->log, "campaign %s: %llu card%s, %llu done before", v->name,
		    (unsigned long long)s->total, s->total == 1 ? "" : "s",
		    (unsigned long long)s->done);
}

static void show_line(struct view *v, const struct ledger_card *lc, uint32_t done, uint32_t total)
{
	static const char full[] = "####################";
	uint64_t now = v->done + v->failed, ended = v->before.done + now, all = v->before.total;
	double t = since(&v->began);
	int n = all == 0 ? 0 : (int)(ended * (sizeof(full) - 1) / all);
	double left = now == 0 ? 0 : t / (double)now * (double)(all - ended);

	print_raw(v->c->log, "\r");
	print_text(v->c->log, "[%-*.*s] %llu/%llu, %llu failed, %.0f/s, %.0f s left  %s %s",
	    (int)sizeof(full) - 1, n, full, (unsigned long long)ended, (unsigned long long)all,
	    (unsigned long long)v->failed, t > 0 ? (double)now / t : 0, left, lc->file, lc->step);
	if (total > 0)
		print_text(v->c->log, " %u/%u", done, total);
	print_raw(v->c->log, "\033[K");
	fflush(v->c->log);
}

static void show_end(struct view *v, const struct ledger_card *lc)
{
	if (lc->state == ROW_DONE)
		v->done++;
	else
		v->failed++;
	if (v->c->quiet || (lc->state == ROW_DONE && v->c->verbose == 0))
		return;
	if (v->terminal)
		print_raw(v->c->log, "\r\033[K");
	print_line(v->c->log, "%s: %s at %s%s%s", lc->file, row_state_str(lc->state), lc->step,
	    lc->reason[0] != '\0' ? ": " : "", lc->reason);
}

static void progress(void *ctx, const struct ledger_card *lc, uint32_t done, uint32_t total)
{
	struct view *v = ctx;

	if (lc->state != ROW_PENDING) {
		traces_write(v->traces, lc);
		show_end(v, lc);
	}
	if (v->c->quiet || since(&v->shown) < (v->terminal ? 0.1 : 10))
		return;
	clock_gettime(CLOCK_MONOTONIC, &v->shown);
	if (v->terminal) {
		show_line(v, lc, done, total);
		return;
	}
	print_line(v->c->log, "%llu of %llu cards, %llu failed, %.0f per second",
	    (unsigned long long)(v->before.done + v->done + v->failed),
	    (unsigned long long)v->before.total, (unsigned long long)v->failed,
	    (double)(v->done + v->failed) / since(&v->began));
}

static void remark(void *ctx, const char *text)
{
	const struct view *v = ctx;

	ctx_note(v->c, "%s", text);
}

static bool stop(void *ctx)
{
	const struct view *v = ctx;

	return *v->c->stop != 0 || traces_broken(v->traces);
}

static int open_card(void *ctx, const char *path, struct card *card, struct err *e)
{
	const struct view *v = ctx;

	if (open_vcard(path, card, e) != 0)
		return -1;
	card_limit(card, v->timeout_ms);
	if (traces_card(v->traces, card, e) == 0)
		return 0;
	card_close(card);
	return -1;
}

static void made(void *ctx, const char *path, char out[static 33])
{
	(void)ctx;
	vcard_made(path, out);
}

static void habits(void *ctx, const struct session *s, struct campaign_habits *h)
{
	const struct view *v = ctx;

	habits_find(v->c, v->profiles, s, h);
}

static void show_sums(
    struct ctx *c, const struct campaign *cp, const struct campaign_result *r, double seconds)
{
	const struct ledger_sums *s = &r->sums;

	if (c->json)
		(void)out_json(
		    c->out, campaign_sums_json(cp, s)); /* the run's own outcome counts */
	else {
		print_line(c->out,
		    "%llu card%s: %llu done (%llu already), %llu failed, %llu pending; %.1f s",
		    (unsigned long long)s->total, s->total == 1 ? "" : "s",
		    (unsigned long long)s->done, (unsigned long long)s->already,
		    (unsigned long long)s->failed, (unsigned long long)s->pending, seconds);
		campaign_tell_unproven(c->out, s);
	}
}

/* What to do about cards that are not done. */
static void hint(const struct campaign_result *r, const struct run_args *g, struct err *e)
{
	if (e->code == ERR_INTERRUPTED)
		err_hint(e, "the next run goes on where this one ended");
	else if (e->code == ERR_UNDONE && r->sums.auth_failed > 0)
		err_hint(e,
		    "cardadm campaign report %s; where an authentication failed (%llu) it is "
		    "repeated only with --retry-authentication",
		    g->manifest, (unsigned long long)r->sums.auth_failed);
	else if (e->code == ERR_UNDONE)
		err_hint(e, "cardadm campaign report %s", g->manifest);
}

/* Changes of keys are recorded as those of verbs are. */
struct recorder {
	struct ctx *c;
	const char *campaign;
	struct key_record record;
	struct serials serials;
};

static int changing(void *changes, const struct change_place *at, const void *work, struct err *e)
{
	struct recorder *r = changes;
	const struct key_place place = { at->card, at->s, r->campaign };

	return key_record_begin(&r->record, &place, at->change, work, e);
}

static void changed(
    void *changes, const struct change_place *at, const void *work, const struct err *why)
{
	struct recorder *r = changes;
	struct err e;

	if (key_record_end(&r->record, at->change, work, why, &e) != 0)
		ctx_note(r->c, "%s", e.text);
	if (grant_record_end(at->change, work, why, &e) != 0)
		ctx_note(r->c, "%s", e.text);
}

static int serial(void *changes, const struct grant_issue *g, uint64_t *to, struct err *e)
{
	struct recorder *r = changes;

	return grant_serial_take(&r->serials, g, to, e);
}

/* Card files, one after the other. */
static int run_files(
    struct campaign *cp, struct view *v, bool retry, struct campaign_result *r, struct err *e)
{
	struct recorder recorder = { .c = v->c, .campaign = cp->m.name };
	const struct campaign_calls calls = { .open = open_card,
		.made = made,
		.remark = remark,
		.begin = begin,
		.progress = progress,
		.habits = habits,
		.changing = changing,
		.changed = changed,
		.serial = serial,
		.changes = &recorder,
		.stop = stop,
		.ctx = v,
		.retry_authentication = retry };
	int rc = campaign_run(cp, &calls, r, e);

	if (v->terminal)
		print_raw(v->c->log, "\r\033[K");
	return rc;
}

/* Cards that are put into readers. */
static int run_readers(struct campaign *cp, struct view *v, const struct run_args *g,
    struct campaign_result *r, struct err *e)
{
	struct feed f;
	int rc;
	struct recorder recorder = { .c = v->c, .campaign = cp->m.name };
	const struct campaign_calls calls = { .open = feed_open,
		.remark = feed_remark,
		.begin = feed_start,
		.progress = feed_progress,
		.feed = feed_next,
		.fed = feed_told,
		.habits = feed_habits,
		.changing = changing,
		.changed = changed,
		.serial = serial,
		.changes = &recorder,
		.stop = feed_stop,
		.ctx = &f,
		.retry_authentication = g->retry };

	if (feed_begin(&f, v->c, cp, g->idle.given ? g->idle.v : 0, e) != 0)
		return -1;
	f.timeout_ms = v->timeout_ms;
	f.profiles = v->profiles;
	f.traces = v->traces;
	rc = campaign_run(cp, &calls, r, e);
	v->began = f.started;
	return rc;
}

static int run_open(struct ctx *c, struct campaign *cp, const struct run_args *g, struct err *e)
{
	struct view v = { .c = c,
		.terminal = !c->quiet && isatty(fileno(c->log)) == 1,
		.name = cp->m.name,
		.timeout_ms = g->timeout.given ? g->timeout.v * 1000 : 0 };
	struct campaign_result r = { 0 };
	struct traces traces;
	uint64_t n;
	int rc;

	if (g->idle.given && cp->m.readers_n == 0)
		return err_set(e, ERR_USAGE, "--idle is for `cards: {readers: [...]}`");
	if (c->dry_run)
		return campaign_need_cards(cp, &n, e) != 0 ? -1 : campaign_show_plan(c, cp, n, e);
	if (traces_begin(&traces, c->trace, e) != 0)
		return -1;
	v.traces = &traces;
	if (card_profiles(c, &v.profiles, e) != 0)
		return -1;
	rc = cp->m.readers_n > 0 ? run_readers(cp, &v, g, &r, e)
				 : run_files(cp, &v, g->retry, &r, e);
	if (v.began.tv_sec != 0)
		show_sums(c, cp, &r, since(&v.began));
	profiles_free(v.profiles);
	if (rc != 0)
		hint(&r, g, e);
	return traces_end(&traces, rc, e);
}

static int run_run(struct ctx *c, void *args, struct err *e)
{
	const struct run_args *g = args;
	struct campaign cp;
	int rc;

	if (campaign_open(g->manifest, &cp, e) != 0)
		return -1;
	campaign_watch(c, &cp);
	if (cp.m.keys[0] == '\0')
		ctx_note(c, "keys: %s, the only card key set in %s", cp.keys->name, cp.m.keystore);
	tell_level(c, &cp);
	rc = run_open(c, &cp, g, e);
	campaign_close(&cp);
	return rc;
}

const struct verb verb_campaign_run = {
	.name = "campaign run",
	.group = GROUP_CAMPAIGN,
	.place = 20,
	.summary = "Bring every card of the manifest that is not done yet to its goal",
	.needs = MUTATES | HAS_JSON | TRACES,
	VERB_OPTS(run_opts),
	VERB_OPERANDS(run_operands),
	.args_size = sizeof(struct run_args),
	.run = run_run,
};
