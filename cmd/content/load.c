/* load, authorize load: CAP files, and the payload of a bundle in an open channel. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/kit/print.h"
#include "cmd/agent/agent.h"
#include "cmd/kit/ask.h"
#include "base/hex.h"
#include "base/value.h"
#include "campaign/job.h"
#include "cmd/content/change.h"
#include "cmd/kit/dry.h"
#include "cmd/kit/out.h"
#include "cmd/kit/progress.h"
#include "cmd/run.h"

/* ---- load ---- */

struct load_args {
	struct change_args change;
	const char *path;
};

static const struct opt load_opts[] = { CHANNEL_OPTS(load_args, change.channel) };
static const struct operand load_operands[] = {
	WORD_PATH("FILE", load_args, path,
	    "A CAP file; in broadcast mode the bundle that scp-mode named"),
};

struct load_progress {
	struct ctx *c;
	struct agent *a;
	struct progress bar;
};

static bool load_step(void *ctx, uint32_t done, uint32_t total)
{
	struct load_progress *p = ctx;

	progress_show(&p->bar, done, total);
	return !agent_interrupted(p->a, p->c);
}

static int same_bundle(const struct agent *a, const char *path, struct err *e)
{
	struct bundle b;
	int rc;

	if (bundle_read(path, &b, e) != 0)
		return -1;
	rc = memcmp(b.digest, a->bundle.digest, sizeof(b.digest));
	bundle_free(&b);
	if (rc == 0)
		return 0;
	err_set(e, ERR_SAFETY, "%s: not the bundle that scp-mode named", path);
	return err_hint(e, "the channel was switched with %s", a->bundle_name);
}

static int load_bundle(struct ctx *c, const char *path, struct err *e)
{
	struct agent *a = c->agent;
	struct load_progress lp = { .c = c, .a = a };
	const struct broadcast_progress p = { load_step, &lp };
	struct dry d;
	uint32_t total;
	int rc;

	if (a == NULL)
		return run_no_channel(c, e);
	if (a->session.mode != SESSION_BROADCAST) {
		err_set(e, ERR_SAFETY, "the channel is not in broadcast mode");
		return err_hint(e, "scp-mode broadcast --bundle %s", path);
	}
	if (same_bundle(a, path, e) != 0)
		return -1;
	total = a->plan.package->total;
	if (c->dry_run) {
		dry_begin(&d, c, NULL);
		dry_stream(&d, a->plan.package, a->done);
		return dry_end(&d, e);
	}
	progress_begin(&lp.bar, c, path);
	rc = broadcast_play(&a->session, a->plan.package->commands, total, &a->done, &p, e);
	progress_end(&lp.bar);
	if (rc != 0)
		return err_in(e, "%s", path);
	/* The broadcast channel has no R-MAC, whatever the other one has (broadcast.md 4):
	 * what was loaded counts once it is authorized. */
	out_told(c, false);
	if (c->json)
		return out_result(c,
		    json_pack("{s:I, s:I, s:I}", "commands", (json_int_t)a->done, "total",
			(json_int_t)total, "length", (json_int_t)a->bundle.length),
		    e);
	print_line(c->out, "loaded: %u commands, %u octets", total, a->bundle.length);
	return 0;
}

static int load_told(
    struct ctx *c, const struct change *ch, const struct change_result *r, struct err *e)
{
	const struct load_source *l = ch->x;
	const struct load_work *w = r->work;
	json_t *o;

	if (!c->json) {
		load_tell(l, w, c);
		return 0;
	}
	o = load_json(l, w);
	out_set(&o, "deleted", removals_json(&w->removals));
	return out_result(c, o, e);
}

/* A CAP file is an archive. What is no file at all, a pipe say, whoever reads it whole refuses. */
static int look(const char *path, bool *is_cap, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	uint8_t b[8];
	ssize_t n;

	if (fd < 0) {
		err_errno(e, ERR_INPUT, "%s: cannot open", path);
		return err_hint(e, "a CAP file, or the bundle that scp-mode named");
	}
	n = read(fd, b, sizeof(b));
	close(fd);
	*is_cap = n > 0 && cap_is_archive(span_of(b, (size_t)n));
	return 0;
}

static int run_load(struct ctx *c, void *args, struct err *e)
{
	struct load_args *g = args;
	const struct load_source *l = g->change.change.x;
	bool is_cap = false;

	if (look(g->path, &is_cap, e) != 0)
		return -1;
	if (is_cap) {
		if (change_take(&g->change.change, "file", g->path, e) != 0)
			return err_in(e, "FILE");
		return change_verb(c, &g->change, load_told, e);
	}
	if (load_file_given(l) || l->replace)
		return err_set(
		    e, ERR_USAGE, "%s is no CAP file, which these options are for", g->path);
	return load_bundle(c, g->path, e);
}

const struct verb verb_load = {
	.name = "load",
	.group = GROUP_CONTENT,
	.place = 20,
	.summary = "Load a CAP file, or in broadcast mode the payload of a bundle",
	.needs = CHANGE_NEEDS,
	VERB_CHANGE(change_load, load_args, change.change),
	VERB_OPTS(load_opts),
	VERB_OPERANDS(load_operands),
	.run = run_load,
};

/* ---- authorize load ---- */

struct authorize_args {
	const char *bundle;
	bool verify_only, discard, allow_literal;
};

static const struct opt authorize_opts[] = {
	OPT_PATH("bundle", "BUNDLE", authorize_args, bundle,
	    "The bundle; default: the one that scp-mode named"),
	OPT_FLAG(
	    "verify-only", authorize_args, verify_only, "Have the card verify and not activate"),
	OPT_FLAG("discard", authorize_args, discard,
	    "Drop what the slot holds and refuse this campaign for good"),
	OPT_FLAG("allow-literal-mac", authorize_args, allow_literal,
	    "Accept a bundle with algorithm 01 or 02"),
};

static int tell_verdict(
    struct ctx *c, const struct bundle *b, const struct verdict *v, struct err *e)
{
	char version[12], digest[65];

	version_str(v->version, version);
	hex_put_lower(SPAN(b->image_digest), digest, sizeof(digest));
	if (c->json)
		return out_result(c,
		    json_pack("{s:s, s:i, s:s, s:s}", "result", authorize_result_str(v->result),
			"code", v->result, "version", version, "digest", digest),
		    e);
	if (v->result == RESULT_ACTIVE || v->result == RESULT_ALREADY)
		print_line(c->out, "%s: the card runs version %s", authorize_result_str(v->result),
		    version);
	else
		print_line(c->out, "%s: the card still runs version %s",
		    authorize_result_str(v->result), version);
	return 0;
}

/* A refused campaign is refused for ever: the card's list has no way back (broadcast.md 5). */
static int confirm_discard(struct ctx *c, const struct bundle *b, struct err *e)
{
	char question[160], campaign[2 * CAMPAIGN_SIZE + 1];

	snprintf(question, sizeof(question),
	    "Drop what the slot holds, and have this card refuse campaign %s for good?",
	    hex_put(SPAN(b->campaign), campaign, sizeof(campaign)));
	return ask(c, question, e);
}

/* In the open channel, with `b` verified. */
static int authorize(
    struct ctx *c, const struct authorize_args *g, const struct bundle *b, struct err *e)
{
	struct session *s = &c->agent->session;
	const struct package *p = bundle_package(b, s->iu.m);
	enum authorize_p1 p1 = g->discard ? P1_DISCARD : g->verify_only ? P1_VERIFY : P1_ACTIVATE;
	struct verdict v;
	struct dry d;
	int rc;

	if (p == NULL) {
		err_set(e, ERR_SAFETY, "the bundle has no package for %s",
		    s->iu.m == 16 ? "S16" : "S8");
		return err_hint(e, "build it with --s16 for cards with 16-octet MACs");
	}
	if ((b->algorithm == ALG_CMAC_BK || b->algorithm == ALG_CMAC_KMAC) && !g->allow_literal &&
	    !g->discard) {
		err_set(e, ERR_SAFETY, "the bundle is authorized by a literal MAC (algorithm %02X)",
		    b->algorithm);
		return err_hint(
		    e, "bundle show tells why that is weak; --allow-literal-mac accepts it");
	}
	if (c->dry_run) {
		dry_begin(&d, c, NULL);
		rc = dry_authorize(&d, b, p, p1, e);
		return rc == 0 ? dry_end(&d, e) : -1;
	}
	if (g->discard && confirm_discard(c, b, e) != 0)
		return -1;
	rc = g->discard ? broadcast_discard(s, p->slot, b->campaign, p->number, &v, e)
			: job_authorize(s, b, p, p1, &v, e);
	if (rc == 0 && p1 == P1_ACTIVATE)
		rc = job_confirm(s, b, e);
	out_told(c, session_has_rmac(s));
	if (rc == 0)
		rc = tell_verdict(c, b, &v, e);
	if (rc == 0)
		out_tell_bare(c);
	return rc;
}

static int run_authorize(struct ctx *c, void *args, struct err *e)
{
	const struct authorize_args *g = args;
	struct agent *a = c->agent;
	struct keystore *ks = NULL;
	struct bundle other = { 0 };
	const struct bundle *b = &a->bundle;
	int rc = -1;

	if (g->verify_only && g->discard)
		return err_set(e, ERR_USAGE, "--verify-only and --discard exclude each other");
	if (a->session.mode == SESSION_BROADCAST) {
		err_set(
		    e, ERR_SAFETY, "the channel is in broadcast mode, which carries no authority");
		return err_hint(e, "scp-mode unicast first");
	}
	if (g->bundle == NULL && !a->has_bundle)
		return err_set(e, ERR_USAGE, "--bundle BUNDLE is needed: scp-mode named none");
	if (g->bundle != NULL) {
		/* What an expired bundle left in a card may still be dropped. */
		uint32_t today = g->discard ? 0 : date_today();

		if (ctx_keystore(c, &ks, e) != 0 ||
		    job_bundle(g->bundle, ks, today, &other, e) != 0)
			goto out;
		b = &other;
	}
	rc = authorize(c, g, b, e);
out:
	bundle_free(&other);
	keystore_close(ks);
	return rc;
}

const struct verb verb_authorize_load = {
	.name = "authorize load",
	.group = GROUP_AUTHORITY,
	.place = 10,
	.summary = "Have the card verify what it holds and put it to use",
	.needs = NEED_READER | NEED_SESSION | USES_KEYSTORE | MUTATES | DESTROYS | HAS_JSON,
	VERB_OPTS(authorize_opts),
	.args_size = sizeof(struct authorize_args),
	.run = run_authorize,
};
