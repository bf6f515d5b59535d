/* scp-mode, scp-status, scp-close: what happens to an open channel. */
#include <string.h>
#include <time.h>

#include "agent.h"
#include "base/hex.h"
#include "campaign/job.h"
#include "out.h"

/* ---- scp-mode ---- */

struct mode_args {
	const char *mode;
	const char *bundle;
	bool allow_literal;
};

static const char *const modes[] = { "broadcast", "unicast", NULL };

static const struct operand mode_operands[] = {
	{ "broadcast|unicast", OPT_CHOICE, offsetof(struct mode_args, mode), false, modes,
	    "The channel to switch to" },
};
static const struct opt mode_opts[] = {
	{ "bundle", 0, OPT_PATH, "BUNDLE", "The bundle whose broadcast keys are handed to the card",
	    offsetof(struct mode_args, bundle), 0, 0, 0, NULL },
	{ "allow-literal-mac", 0, OPT_FLAG, NULL, "Accept a bundle with algorithm 01 or 02",
	    offsetof(struct mode_args, allow_literal), 0, 0, 0, NULL },
};

/* The data of enter with its keys masked, for --dry-run. */
static int show_enter(struct ctx *c, struct agent *a, struct err *e)
{
	const struct package *p = a->plan.package;
	char mcv[33], campaign[33];

	(void)e;
	hex_put(SPAN(a->bundle.campaign), campaign, sizeof(campaign));
	hex_put(SPAN(p->mcv), mcv, sizeof(mcv));
	fprintf(c->out,
	    "# nothing is sent\n"
	    "845A0100 ** A0{80=** 82=counter 83=chaining value 84=%s 85=%s 86=%08X 87=%08X 88=%08X "
	    "89=%s 8C=%s 92=%08X} 00\n"
	    "# CHANGE MODE enter, resumed after command %u of %u\n",
	    out_hex8(p->form).s, campaign, p->number, p->total, a->plan.j, out_hex8(p->inner).s,
	    out_hex8(p->slot).s, a->bundle.length, a->plan.j, p->total);
	return 0;
}

static int refuse_nothing_to_load(struct agent *a, struct err *e)
{
	char version[12];

	if (a->plan.need == NEED_NOTHING) {
		err_set(e, ERR_SAFETY, "the card runs version %s of this bundle already",
		    version_str(a->bundle.version, version));
		return err_hint(e, "there is nothing to load or to authorize");
	}
	err_set(e, ERR_SAFETY, "the card holds the whole payload of this bundle already");
	return err_hint(e, "cardadm -r READER authorize load --bundle %s", a->bundle_name);
}

static int go_broadcast(struct ctx *c, struct agent *a, const struct mode_args *g, struct err *e)
{
	struct keystore *ks = NULL;
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
	agent_forget_bundle(a);
	if (job_bundle(g->bundle, ks, job_today(), &a->bundle, e) != 0)
		goto out;
	a->has_bundle = true;
	snprintf(a->bundle_name, sizeof(a->bundle_name), "%s", g->bundle);
	if (job_plan(&a->session, &a->bundle, g->allow_literal, &a->plan, e) != 0)
		goto out;
	if (a->plan.need != NEED_LOAD) {
		rc = refuse_nothing_to_load(a, e);
		goto out;
	}
	if (c->dry_run) {
		rc = show_enter(c, a, e);
		goto out;
	}
	rc = job_switch(&a->session, &a->bundle, &a->plan, ks, e);
	if (rc == 0) {
		a->done = a->plan.j;
		if (a->done > 0)
			ctx_note(c, "the card has %u of %u commands already: load goes on there",
			    a->done, a->plan.package->total);
	}
out:
	ctx_keystore_done(c, ks);
	return rc;
}

static int go_unicast(struct ctx *c, struct agent *a, const struct mode_args *g, struct err *e)
{
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
		fprintf(c->out, "# nothing is sent\n845A0001 ...  CHANGE MODE return, from %s\n",
		    a->bundle_name);
		return 0;
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
		fprintf(c->out, "broadcast mode: %s, package %u, %u commands\n", a->bundle_name,
		    a->plan.package->number, a->plan.package->total);
	else
		fprintf(c->out, "back in the diversified channel\n");
	return 0;
}

const struct verb verb_scp_mode = {
	.name = "scp-mode",
	.group = "channel",
	.summary = "Switch an open channel to broadcast keys, or back",
	.needs = NEED_READER | NEED_SESSION | USES_KEYSTORE | MUTATES | HAS_JSON,
	VERB_OPTS(mode_opts),
	VERB_OPERANDS(mode_operands),
	.args_size = sizeof(struct mode_args),
	.run = run_mode,
};

/* ---- scp-status ---- */

static const char *mode_str(enum session_mode m)
{
	static const char *const names[] = { "closed", "unicast", "broadcast" };

	return names[m];
}

static int run_status(struct ctx *c, void *args, struct err *e)
{
	const struct agent *a = c->agent;
	const struct session *s;
	json_t *j;

	(void)args;
	if (a == NULL) {
		if (c->json)
			return out_result(
			    c, json_pack("{s:b, s:s}", "open", 0, "reader", c->reader), e);
		fprintf(c->out, "no channel is open to %s\n", c->reader);
		return 0;
	}
	s = &a->session;
	if (!c->json) {
		fprintf(c->out, "channel open to %s\n", a->reader);
		fprintf(c->out, "mode %s, SCP03 i=%s, level %s, %s, key set %s version %s\n",
		    mode_str(s->mode), out_hex8(s->iu.i).s, out_hex8(s->level).s,
		    s->iu.m == 16 ? "S16" : "S8", a->keys, out_hex8(s->iu.key_version).s);
		if (a->has_bundle && a->plan.package != NULL)
			fprintf(c->out, "bundle %s: %u of %u commands\n", a->bundle_name, a->done,
			    a->plan.package->total);
		return 0;
	}
	j = json_pack("{s:b, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "open", 1, "reader",
	    a->reader, "mode", mode_str(s->mode), "protocol", "SCP03", "i", out_hex8(s->iu.i).s,
	    "level", out_hex8(s->level).s, "mac", s->iu.m == 16 ? "S16" : "S8", "keys", a->keys,
	    "key_version", out_hex8(s->iu.key_version).s);
	if (a->has_bundle && a->plan.package != NULL)
		out_set(&j, "bundle",
		    json_pack("{s:s, s:I, s:I}", "file", a->bundle_name, "done",
			(json_int_t)a->done, "total", (json_int_t)a->plan.package->total));
	return out_result(c, j, e);
}

const struct verb verb_scp_status = {
	.name = "scp-status",
	.group = "channel",
	.summary = "Tell whether a channel is open and where it stands",
	.needs = NEED_READER | USES_SESSION | HAS_JSON,
	.run = run_status,
};

/* ---- scp-close ---- */

static int run_close(struct ctx *c, void *args, struct err *e)
{
	(void)args;
	(void)e;
	if (c->agent == NULL)
		ctx_note(c, "no channel is open to %s", c->reader);
	else
		agent_end(c->agent);
	return 0;
}

const struct verb verb_scp_close = {
	.name = "scp-close",
	.group = "channel",
	.summary = "Close an open channel and wipe its keys",
	.needs = NEED_READER | USES_SESSION,
	.run = run_close,
};
