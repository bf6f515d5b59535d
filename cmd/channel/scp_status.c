/* scp-status: where an open channel stands, and which cards are left alone. */
#include <time.h>

#include "base/hex.h"
#include "base/value.h"
#include "channel/opening.h"
#include "cmd/agent/agent.h"
#include "cmd/kit/out.h"
#include "cmd/kit/print.h"
#include "cmd/kit/show.h"

/* ---- cards that refused, or seemed to ---- */

enum { REFUSED_SHOWN = 1000 };

static const char *outcome(const struct tries_mark *m)
{
	return m->begun ? "not known" : "refused";
}

/* Each row of the record to `show`, as long as it wants more. One that cannot be read is a remark:
 * the state of the channel counts. */
static void each_refused(
    struct ctx *c, bool (*show)(void *ctx, const struct tries_row *r), void *ctx)
{
	struct tries_row r = { 0 };
	struct tries *t;
	bool found = true;
	struct err e;

	if (tries_open(&t, &e) != 0) {
		ctx_note(c, "%s", e.text);
		return;
	}
	while (found) {
		if (tries_next(t, &r, &found, &e) != 0) {
			ctx_note(c, "%s", e.text);
			break;
		}
		if (found && !show(ctx, &r))
			break;
	}
	tries_close(t);
}

struct refused {
	struct ctx *c;
	json_t *rows;
	size_t n;
};

static bool show_text(void *ctx, const struct tries_row *r)
{
	struct refused *x = ctx;
	char at[TIME_SIZE];

	if (x->n++ == 0)
		print_line(x->c->out,
		    "left alone: cards that refused an authentication, or somebody on the line "
		    "did");
	print_line(x->c->out, "  card %s, key %s, %s, %s, %u time%s", r->card, r->key_set,
	    time_str(r->at, at), r->mark.begun ? "outcome not known" : "refused", r->mark.count,
	    r->mark.count == 1 ? "" : "s");
	return true;
}

static void refused_text(struct ctx *c)
{
	struct refused x = { .c = c };

	each_refused(c, show_text, &x);
}

static bool show_json(void *ctx, const struct tries_row *r)
{
	struct refused *x = ctx;
	char at[TIME_SIZE];

	if (x->n++ == REFUSED_SHOWN)
		return false;
	show_add(&x->rows, json_pack("{s:s, s:s, s:s, s:s, s:I}", "card", r->card, "key",
			       r->key_set, "at", time_str(r->at, at), "outcome", outcome(&r->mark),
			       "count", (json_int_t)r->mark.count));
	return true;
}

/* Without any there is no member. */
static void refused_json(struct ctx *c, json_t **j)
{
	struct refused x = { .c = c, .rows = json_array() };

	each_refused(c, show_json, &x);
	if (x.n > REFUSED_SHOWN)
		ctx_note(
		    c, "more than %d cards are left alone: the first are shown", REFUSED_SHOWN);
	if (x.n > 0)
		out_set(j, "left_alone", x.rows);
	else
		json_decref(x.rows);
}

/* ---- the channel ---- */

static const char *mode_str(enum session_mode m)
{
	static const char *const names[] = { "closed", "unicast", "broadcast" };

	return names[m];
}

static int status_closed(struct ctx *c, struct err *e)
{
	const struct agent_note *n = &c->note;
	struct err how;
	json_t *j;

	if (c->json) {
		j = json_pack("{s:b}", "open", 0);
		out_set_text(&j, "reader", c->reader);
		if (n->there)
			out_set(&j, "ended",
			    json_pack("{s:o, s:o, s:o}", "card", json_text(n->card), "reason",
				json_text(n->why), "known", json_text(n->known)));
		refused_json(c, &j);
		return out_result(c, j, e);
	}
	print_line(c->out, "no channel is open to %s", c->reader);
	if (n->there) {
		agent_note_err(n, ERR_READER, &how);
		print_line(c->out, "%s", how.text);
		ctx_note(c, "hint: %s", how.hint);
	}
	refused_text(c);
	return 0;
}

static json_t *bundle_json(const struct agent *a)
{
	json_t *o = json_object();

	out_set_text(&o, "file", a->bundle_name);
	out_set(&o, "done", json_integer((json_int_t)a->done));
	out_set(&o, "total", json_integer((json_int_t)a->plan.package->total));
	return o;
}

static int run_status(struct ctx *c, void *args, struct err *e)
{
	const struct agent *a = c->agent;
	const struct session *s;
	char text[80];
	json_t *j;

	(void)args;
	if (a == NULL)
		return status_closed(c, e);
	s = &a->session;
	if (!c->json) {
		print_line(c->out, "channel open to %s", a->reader);
		/* In SCP11b we have no keys. */
		print_line(c->out, "mode %s, %s, key set %s version %s", mode_str(s->mode),
		    show_session_text(s, text, sizeof(text)),
		    a->keys[0] == '\0' ? "of the card" : a->keys, out_hex8(s->iu.key_version).s);
		if (a->has_bundle && a->plan.package != NULL)
			print_line(c->out, "bundle %s: %u of %u commands", a->bundle_name, a->done,
			    a->plan.package->total);
		refused_text(c);
		return 0;
	}
	j = json_pack("{s:b}", "open", 1);
	out_set_text(&j, "reader", a->reader);
	out_set(&j, "mode", json_text(mode_str(s->mode)));
	show_session(&j, s);
	out_set(&j, "keys", a->keys[0] == '\0' ? json_null() : json_text(a->keys));
	out_set(&j, "key_version", json_text(out_hex8(s->iu.key_version).s));
	if (a->has_bundle && a->plan.package != NULL)
		out_set(&j, "bundle", bundle_json(a));
	refused_json(c, &j);
	return out_result(c, j, e);
}

const struct verb verb_scp_status = {
	.name = "scp-status",
	.group = GROUP_CHANNEL,
	.place = 30,
	.summary = "Tell whether a channel is open and where it stands",
	.needs = NEED_READER | USES_SESSION | HAS_JSON,
	.run = run_status,
};
