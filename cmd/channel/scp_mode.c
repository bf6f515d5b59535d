/* scp-mode, scp-close: what happens to an open channel. */
#include <string.h>
#include <time.h>

#include "cmd/agent/agent.h"
#include "base/hex.h"
#include "base/value.h"
#include "campaign/job.h"
#include "cmd/kit/dry.h"
#include "cmd/kit/out.h"
#include "cmd/kit/show.h"
#include "cmd/kit/print.h"

/* ---- scp-mode ---- */

struct mode_args {
	const char *mode;
	const char *bundle;
	bool allow_literal;
};

static const char *const modes[] = { "broadcast", "unicast", NULL };

static const struct operand mode_operands[] = {
	WORD_CHOICE("broadcast|unicast", mode_args, mode, modes, "The channel to switch to"),
};
static const struct opt mode_opts[] = {
	OPT_PATH("bundle", "BUNDLE", mode_args, bundle,
	    "The bundle whose broadcast keys are handed to the card"),
	OPT_FLAG("allow-literal-mac", mode_args, allow_literal,
	    "Accept a bundle with algorithm 01 or 02"),
};

/* The bundle that is named, and what the card needs of it; not yet the agent's. */
struct pick {
	struct bundle bundle;
	struct job_plan plan;
};

static int refuse_nothing_to_load(
    const struct agent *a, const struct pick *n, const char *name, struct err *e)
{
	char version[12];

	if (n->plan.due == DUE_NOTHING) {
		err_set(e, ERR_SAFETY, "the card runs version %s of this bundle already",
		    version_str(n->bundle.version, version));
		return err_hint(e, "there is nothing to load or to authorize");
	}
	err_set(e, ERR_SAFETY, "the card holds the whole payload of this bundle already");
	return err_hint(e, "cardadm -r %s authorize load --bundle %s", a->reader, name);
}

/* From now on the agent knows this bundle, whether it is loaded or only authorized. */
static void keep(struct agent *a, struct pick *n, const char *name)
{
	agent_forget_bundle(a);
	a->bundle = n->bundle;
	a->plan = n->plan;
	a->plan.package = bundle_package(&a->bundle, n->plan.package->m);
	n->bundle = (struct bundle){ 0 };
	a->has_bundle = true;
	snprintf(a->bundle_name, sizeof(a->bundle_name), "%s", name);
	a->done = a->plan.due == DUE_LOAD ? a->plan.j : a->plan.package->total;
}

static int dry_broadcast(
    struct ctx *c, const struct pick *n, const struct keystore *ks, struct err *e)
{
	struct dry d;

	dry_begin(&d, c, NULL);
	return dry_enter(&d, &n->bundle, n->plan.package, n->plan.j, ks, e) == 0 ? dry_end(&d, e)
										 : -1;
}

static int pick_bundle(struct agent *a, const struct mode_args *g, const struct keystore *ks,
    struct pick *n, struct err *e)
{
	if (job_bundle(g->bundle, ks, date_today(), &n->bundle, e) != 0)
		return -1;
	return job_plan(&a->session, &n->bundle, g->allow_literal, &n->plan, e);
}

/* Where load begins. */
static void tell_start(struct ctx *c, struct agent *a)
{
	uint32_t total = a->plan.package->total;

	if (a->plan.j > 0)
		ctx_note(c, "the card has %u of %u commands already: load goes on there", a->done,
		    total);
	else if (a->done > 0)
		ctx_note(c,
		    "the card has %u of %u commands already, but not of this stream: load begins "
		    "anew",
		    a->done, total);
	a->done = a->plan.j;
}

static int go_broadcast(struct ctx *c, struct agent *a, const struct mode_args *g, struct err *e)
{
	struct pick n = { 0 };
	struct keystore *ks = NULL;
	enum due due;
	int rc = -1;

	if (g->bundle == NULL)
		return err_set(e, ERR_USAGE, "broadcast mode needs --bundle BUNDLE");
	if (a->session.mode == SESSION_BROADCAST) {
		err_set(e, ERR_SAFETY, "the channel is in broadcast mode already, with %s",
		    a->bundle_name);
		return err_hint(e, "scp-mode unicast goes back");
	}
	if (ctx_keystore(c, &ks, e) != 0)
		return -1;
	if (pick_bundle(a, g, ks, &n, e) != 0)
		goto out;
	if (n.plan.due != DUE_LOAD)
		refuse_nothing_to_load(a, &n, g->bundle, e);
	else if (c->dry_run)
		rc = dry_broadcast(c, &n, ks, e);
	if (c->dry_run)
		goto out;
	due = n.plan.due;
	keep(a, &n, g->bundle);
	if (due != DUE_LOAD)
		goto out;
	rc = job_switch(&a->session, &a->bundle, &a->plan, ks, e);
	if (rc == 0)
		tell_start(c, a);
out:
	bundle_free(&n.bundle);
	keystore_close(ks);
	return rc;
}

static int go_unicast(struct ctx *c, struct agent *a, const struct mode_args *g, struct err *e)
{
	struct dry d;

	if (g->bundle != NULL)
		return err_set(e, ERR_USAGE, "--bundle goes with broadcast only");
	if (a->session.mode != SESSION_BROADCAST) {
		err_set(e, ERR_SAFETY, "the channel is not in broadcast mode");
		return err_hint(e, "scp-status tells where it stands");
	}
	if (a->done != a->plan.package->total) {
		err_set(e, ERR_SAFETY,
		    "%u of %u commands loaded: the return command fits only after all", a->done,
		    a->plan.package->total);
		return err_hint(e, "load %s first, or scp-close to give up", a->bundle_name);
	}
	if (c->dry_run) {
		dry_begin(&d, c, NULL);
		dry_apdu(&d, a->plan.package->return_command);
		return dry_end(&d, e);
	}
	return broadcast_return(&a->session, a->plan.package->return_command, e);
}

static int run_mode(struct ctx *c, void *args, struct err *e)
{
	const struct mode_args *g = args;
	struct agent *a = c->agent;
	bool broadcast = strcmp(g->mode, "broadcast") == 0;
	int rc = broadcast ? go_broadcast(c, a, g, e) : go_unicast(c, a, g, e);

	if (rc != 0 || c->dry_run)
		return rc;
	if (c->json)
		return out_result(c,
		    json_pack("{s:s, s:I, s:I}", "mode", g->mode, "done", (json_int_t)a->done,
			"total", (json_int_t)a->plan.package->total),
		    e);
	if (broadcast)
		print_line(c->out, "broadcast mode: %s, package %u, %u commands", a->bundle_name,
		    a->plan.package->number, a->plan.package->total);
	else
		print_line(c->out, "back in the diversified channel");
	return 0;
}

const struct verb verb_scp_mode = {
	.name = "scp-mode",
	.group = GROUP_CHANNEL,
	.place = 20,
	.summary = "Switch an open channel to broadcast keys, or back",
	.needs = NEED_READER | NEED_SESSION | USES_KEYSTORE | MUTATES | HAS_JSON,
	VERB_OPTS(mode_opts),
	VERB_OPERANDS(mode_operands),
	.args_size = sizeof(struct mode_args),
	.run = run_mode,
};

/* ---- scp-close ---- */

static int run_close(struct ctx *c, void *args, struct err *e)
{
	struct err how;

	(void)args;
	(void)e;
	if (c->agent != NULL) {
		agent_end(c->agent);
		return 0;
	}
	if (!c->note.there) {
		ctx_note(c, "no channel is open to %s", c->reader);
		return 0;
	}
	agent_note_err(&c->note, ERR_READER, &how);
	ctx_note(c, "%s", how.text);
	agent_note_remove(c->note.path);
	return 0;
}

const struct verb verb_scp_close = {
	.name = "scp-close",
	.group = GROUP_CHANNEL,
	.place = 40,
	.summary = "Close an open channel and wipe its keys",
	.needs = NEED_READER | USES_SESSION,
	.run = run_close,
};
