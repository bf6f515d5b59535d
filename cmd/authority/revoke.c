/* revoke grant, revoke serials: grants that an operator takes back. */
#include <string.h>
#include <time.h>

#include "base/value.h"
#include "cmd/authority/grant_record.h"
#include "cmd/authority/place.h"
#include "change/party_keys.h"
#include "cmd/kit/ask.h"
#include "cmd/kit/print.h"

#define REVOKE_NEEDS (NEED_READER | USES_SESSION | USES_KEYSTORE | MUTATES | DESTROYS | HAS_JSON)

struct args {
	const char *issuer, *up_to;
	struct aid container;
	bool no_time;
	struct channel_args channel;
};

static const struct opt grant_opts[] = {
	OPT_AID("container", "AID", args, container, "The container", .flags = OPT_REQUIRED),
	OPT_FLAG("no-time", args, no_time, "Leave the card's clock alone"),
	CHANNEL_OPTS(args, channel),
};
static const struct opt serials_opts[] = {
	OPT_STRING("issuer", "NAME", args, issuer,
	    "Entry of type grantor in the key store (the only one)"),
	OPT_STRING("up-to", "SERIAL", args, up_to,
	    "Grants up to this serial are not taken any more", .flags = OPT_REQUIRED),
	OPT_FLAG("no-time", args, no_time, "Leave the card's clock alone"),
	CHANNEL_OPTS(args, channel),
};

/* One run. */
struct work {
	struct ctx *c;
	const struct args *a;
	struct keystore *ks;
	struct party_entry issuer; /* serials */
	uint8_t issuer_name[PARTY_NAME];
	struct container_order order;
	struct target t;
	struct wr state;
	struct containers all;
	bool done; /* there was something to do */
};

static int look(struct work *w, struct err *e)
{
	bool there;

	wr_free(&w->state);
	return containers_read(w->t.s, NULL, &w->state, &w->all, &there, e);
}

/* Gives the order, unless it is so, and reads back. */
typedef bool is_so(const struct work *w);

static int give(struct work *w, is_so *so, const char *question, struct err *e)
{
	struct card_seen seen = { .cin_n = 0 };
	struct order_time time;
	struct span answer;
	bool unknown;

	if (!w->t.is_dry && look(w, e) != 0)
		return -1;
	if (!w->t.is_dry && so(w))
		return 0;
	seen.all = w->all;
	if (order_time_of(w->c, &seen, w->a->no_time, &time, e) != 0 ||
	    (!w->t.is_dry && ask(w->c, question, e) != 0))
		return -1;
	w->order.has_time = time.given;
	w->order.time = time.v;
	if (container_send(w->t.s, &w->order, &answer, &unknown, e) != 0)
		return unknown ? err_hint(e, "the same command again finds out what became of it")
			       : -1;
	w->done = true;
	if (w->t.is_dry)
		return 0;
	if (look(w, e) != 0)
		return -1;
	return so(w) ? 0
		     : err_set(e, ERR_INTEGRITY,
			   "the card answered 9000 and does not show what was ordered");
}

static int begin(struct work *w, struct err *e)
{
	if (w->c->agent == NULL || w->order.kind == ORDER_RAISE)
		if (ctx_keystore(w->c, &w->ks, e) != 0)
			return w->c->dry_run && w->order.kind != ORDER_RAISE ? (err_clear(e), 0)
									     : -1;
	return container_channel_check(w->c, &w->a->channel, w->ks, e);
}

static int run(struct work *w, is_so *so, const char *question, struct err *e)
{
	if (container_target_open(&w->t, w->c, &w->a->channel, e) != 0)
		return -1;
	return target_close(&w->t, give(w, so, question, e), e);
}

static int end(struct work *w, int rc, json_t *take, struct err *e)
{
	if (rc == 0 && !w->c->dry_run) {
		out_set(&take, "already", json_boolean(!w->done));
		rc = out_result(w->c, take, e);
	} else {
		json_decref(take);
	}
	wr_free(&w->state);
	if (w->ks != NULL)
		keystore_close(w->ks);
	return rc;
}

/* ---- grant ---- */

static bool grants_are_out(const struct work *w)
{
	struct container c;

	return !container_find(&w->all, w->order.container, &c) || c.grants.n == 0;
}

static int grant_run(struct ctx *c, void *args, struct err *e)
{
	const struct args *a = args;
	struct work w = { .c = c, .a = a, .order = { .kind = ORDER_REVOKE } };
	json_t *o = json_object();
	char question[160];
	int rc;

	w.order.container = aid_span(&a->container);
	snprintf(question, sizeof(question), "Take back every grant of %s that was not used?",
	    aid_hex(&a->container).s);
	rc = begin(&w, e);
	if (rc == 0)
		rc = run(&w, grants_are_out, question, e);
	out_set(&o, "container", out_hex(w.order.container));
	out_set(&o, "revoked", json_true());
	return end(&w, rc, o, e);
}

/* ---- serials ---- */

static bool is_raised(const struct work *w)
{
	uint64_t serial;

	return container_issuer_find(&w->all, w->order.issuer, &serial) &&
	       serial >= w->order.serial;
}

static int serial_parse(const char *text, uint64_t *v, struct err *e)
{
	*v = 0;
	for (const char *p = text; *p >= '0' && *p <= '9'; p++) {
		if (*v > (SERIAL_LAST - (uint64_t)(*p - '0')) / 10)
			break;
		*v = *v * 10 + (uint64_t)(*p - '0');
		if (p[1] == '\0' && *v > 0)
			return 0;
	}
	return err_set(e, ERR_USAGE, "--up-to: a serial is a number from 1 to 2^64-1");
}

static int find_issuer(struct work *w, struct err *e)
{
	if (serial_parse(w->a->up_to, &w->order.serial, e) != 0 || begin(w, e) != 0 ||
	    party_key_find(w->ks, ENTRY_GRANTOR, w->a->issuer, false, &w->issuer, e) != 0)
		return -1;
	if (!party_key_name(&w->issuer.key, w->issuer_name))
		return err_set(e, ERR_OTHER, "the name of the issuer cannot be computed");
	w->order.issuer = SPAN(w->issuer_name);
	return grant_serial_allowed(w->order.serial, time_now_ms(), w->c->yes, e);
}

static int serials_run(struct ctx *c, void *args, struct err *e)
{
	const struct args *a = args;
	struct work w = { .c = c, .a = a, .order = { .kind = ORDER_RAISE } };
	json_t *o = json_object();
	char question[160];
	int rc = find_issuer(&w, e);

	snprintf(question, sizeof(question), "Refuse every grant of this issuer up to %s for ever?",
	    a->up_to);
	if (rc == 0)
		rc = run(&w, is_raised, question, e);
	out_set(&o, "issuer", out_hex(SPAN(w.issuer_name)));
	out_set(&o, "up_to", serial_json(w.order.serial));
	return end(&w, rc, o, e);
}

const struct verb verb_revoke_grant = {
	.name = "revoke grant",
	.group = GROUP_AUTHORITY,
	.place = 140,
	.summary = "Take back the grants of a container that were not used",
	.needs = REVOKE_NEEDS,
	VERB_OPTS(grant_opts),
	.args_size = sizeof(struct args),
	.run = grant_run,
};
const struct verb verb_revoke_serials = {
	.name = "revoke serials",
	.group = GROUP_AUTHORITY,
	.place = 150,
	.summary = "Refuse grants up to a serial that are not placed yet",
	.needs = REVOKE_NEEDS,
	VERB_OPTS(serials_opts),
	.args_size = sizeof(struct args),
	.run = serials_run,
};
