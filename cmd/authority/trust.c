/* trust-init, trust-status, trust-put, revoke terminal: which terminals a card trusts, as the
 * network says it. */
#include "base/value.h"
#include "cmd/content/change.h"
#include "cmd/kit/print.h"
#include "cmd/kit/show.h"
#include "host/trust.h"

static const struct opt opts[] = { CHANNEL_OPTS(change_args, channel) };

/* Before the card. */
static int check_channel(struct ctx *c, const struct channel_args *a, struct err *e)
{
	struct keystore *ks = NULL;
	int rc = 0;

	if (c->agent == NULL && !c->dry_run)
		rc = ctx_keystore(c, &ks, e);
	if (rc == 0)
		rc = channel_whole_check(c, a, ks, "trust records", e);
	if (ks != NULL)
		keystore_close(ks);
	return rc;
}

static int run(struct ctx *c, struct change_args *g, change_teller *tell, struct err *e)
{
	return check_channel(c, &g->channel, e) == 0 ? change_verb(c, g, tell, e) : -1;
}

static json_t *time_json(uint32_t seconds)
{
	char text[TIME_SIZE];

	return json_text(time_str(seconds, text));
}

/* ---- trust-init ---- */

static int init_tell(
    struct ctx *c, const struct change *ch, const struct change_result *r, struct err *e)
{
	const struct trust_init_shown *x = ch->x;
	const struct trust_told *w = r->work;
	json_t *o = json_object();

	out_set(&o, "record", json_integer(x->record.v));
	out_set(&o, "imei", json_text(x->imei.s));
	out_set(&o, "already", json_boolean(r->already));
	if (!r->already) {
		out_set(&o, "state", json_text(trust_stage_str(w->stage)));
		out_set(&o, "algorithm", json_text(trust_algorithm_str(w->algorithm)));
		out_set(&o, "generation", json_integer(w->generation));
		out_set(&o, "expires", time_json(w->expiry));
		out_set(&o, "renewal_from", time_json(w->expiry - w->window));
		out_set(&o, "horizon", time_json(w->horizon));
	}
	out_set_text(&o, "ticket", x->ticket.path);
	return out_result(c, o, e);
}

static int init_run(struct ctx *c, void *args, struct err *e)
{
	return run(c, args, init_tell, e);
}

const struct verb verb_trust_init = {
	.name = "trust-init",
	.group = GROUP_AUTHORITY,
	.place = 200,
	.summary = "Make a card trust a terminal",
	.needs = CHANGE_NEEDS,
	VERB_CHANGE(change_trust_init, change_args, change),
	VERB_OPTS(opts),
	.run = init_run,
};

/* ---- trust-status ---- */

struct status_args {
	struct channel_args channel;
};
static const struct opt status_opts[] = { CHANNEL_OPTS(status_args, channel) };

static json_t *pending_json(const struct trust_record *t)
{
	json_t *o = json_object();

	out_set(&o, "generation", json_integer(t->pending_generation));
	out_set(&o, "expires", time_json(t->pending_expiry));
	return o;
}

static json_t *record_json(const struct trust_record *t)
{
	json_t *o = json_object();

	out_set(&o, "record", json_integer(t->record));
	out_set(&o, "state", json_text(trust_stage_str(t->stage)));
	if (t->cause != TRUST_ENDED_NOT)
		out_set(&o, "ended_by", json_text(trust_cause_str(t->cause)));
	out_set(&o, "algorithm", json_text(trust_algorithm_str(t->algorithm)));
	out_set(&o, "generation", json_integer(t->generation));
	out_set(&o, "last_generation", json_integer(t->last));
	out_set(&o, "expires", time_json(t->expiry));
	out_set(&o, "horizon", time_json(t->horizon));
	out_set(&o, "failures", json_integer(t->failures));
	if (t->limited)
		out_set(&o, "uses_left", json_integer(t->uses_left));
	out_set(&o, "characteristics", out_hex(t->traits_digest));
	if (t->floor > 0)
		out_set(&o, "terminal_time", time_json(t->floor));
	if (t->pending)
		out_set(&o, "pending", pending_json(t));
	return o;
}

static json_t *status_json(const struct trust_state *all)
{
	json_t *o = json_object(), *rows = json_array();
	struct rd r = rd_of(all->records);
	struct trust_record t;

	while (trust_record_next(&r, &t))
		show_add(&rows, record_json(&t));
	out_set(&o, "time", all->time == 0 ? json_null() : time_json(all->time));
	out_set(&o, "records", rows);
	return o;
}

static void record_text(FILE *f, const struct trust_record *t)
{
	char expires[TIME_SIZE], more[TIME_SIZE];

	print_text(f, "record %u: %s", t->record, trust_stage_str(t->stage));
	if (t->cause != TRUST_ENDED_NOT)
		print_text(f, ", ended by %s", trust_cause_str(t->cause));
	print_line(f, ", %s", trust_algorithm_str(t->algorithm));
	print_line(f, "  generation %u, %s %s; horizon %s", t->generation,
	    t->stage == TRUST_OPEN ? "waiting until" : "until", time_str(t->expiry, expires),
	    time_str(t->horizon, more));
	if (t->pending)
		print_line(f, "  generation %u waits to be confirmed, until %s",
		    t->pending_generation, time_str(t->pending_expiry, more));
	if (t->last != t->generation && !(t->pending && t->last == t->pending_generation))
		print_line(f, "  last generation %u", t->last);
	if (t->failures > 0)
		print_line(
		    f, "  %u wrong authentication%s", t->failures, t->failures == 1 ? "" : "s");
	if (t->limited)
		print_line(f, "  %u use%s left", t->uses_left, t->uses_left == 1 ? "" : "s");
	if (t->floor > 0)
		print_line(f, "  terminal's time %s", time_str(t->floor, more));
}

static int status_text(FILE *f, const struct trust_state *all)
{
	char text[TIME_SIZE];
	struct rd r = rd_of(all->records);
	struct trust_record t;
	bool any = false;

	if (all->time > 0)
		print_line(f, "time of the card: %s", time_str(all->time, text));
	for (; trust_record_next(&r, &t); any = true)
		record_text(f, &t);
	if (!any)
		print_raw(f, "no records\n");
	return 0;
}

static int status_run(struct ctx *c, void *args, struct err *e)
{
	const struct status_args *a = args;
	struct wr octets = { 0 };
	struct trust_state all;
	struct session *s;
	int rc = -1;

	if (check_channel(c, &a->channel, e) == 0 && channel_session(c, &a->channel, &s, e) == 0)
		rc = trust_read(s, &octets, &all, e);
	if (rc == 0) {
		out_told(c, true);
		rc = c->json ? out_result(c, status_json(&all), e) : status_text(c->out, &all);
	}
	wr_free(&octets);
	return rc;
}

const struct verb verb_trust_status = {
	.name = "trust-status",
	.group = GROUP_AUTHORITY,
	.place = 210,
	.summary = "Show which terminals a card trusts",
	.needs = NEED_READER | USES_SESSION | USES_KEYSTORE | HAS_JSON,
	VERB_OPTS(status_opts),
	.args_size = sizeof(struct status_args),
	.run = status_run,
};

/* ---- trust-put ---- */

static int put_tell(
    struct ctx *c, const struct change *ch, const struct change_result *r, struct err *e)
{
	const struct trust_put_shown *x = ch->x;
	json_t *o = json_object();

	(void)r;
	out_set(&o, "record", json_integer(x->record.v));
	out_set(&o, "object", json_integer(x->number.v));
	out_set(&o, "octets", json_integer((json_int_t)x->file.octets.n));
	out_set(&o, "stored", json_true());
	return out_result(c, o, e);
}

static int put_run(struct ctx *c, void *args, struct err *e)
{
	return run(c, args, put_tell, e);
}

const struct verb verb_trust_put = {
	.name = "trust-put",
	.group = GROUP_AUTHORITY,
	.place = 220,
	.summary = "Put an object for a terminal that is trusted",
	.needs = CHANGE_NEEDS & ~DESTROYS,
	VERB_CHANGE(change_trust_put, change_args, change),
	VERB_OPTS(opts),
	.run = put_run,
};

/* ---- revoke terminal ---- */

static int revoke_tell(
    struct ctx *c, const struct change *ch, const struct change_result *r, struct err *e)
{
	const struct revoke_terminal_shown *x = ch->x;
	json_t *o = json_object();

	out_set(&o, "record", json_integer(x->record.v));
	out_set(&o, "revoked", json_true());
	out_set(&o, "erased", json_boolean(x->erase && !r->already));
	out_set(&o, "already", json_boolean(r->already));
	return out_result(c, o, e);
}

static int revoke_run(struct ctx *c, void *args, struct err *e)
{
	return run(c, args, revoke_tell, e);
}

const struct verb verb_revoke_terminal = {
	.name = "revoke terminal",
	.group = GROUP_AUTHORITY,
	.place = 155,
	.summary = "End a card's trust in a terminal",
	.needs = CHANGE_NEEDS,
	VERB_CHANGE(change_revoke_terminal, change_args, change),
	VERB_OPTS(opts),
	.run = revoke_run,
};
