/* put-keys: brings a key set of the key store to a card; adds, replaces, rotates with proof. */
#include <ctype.h>
#include <string.h>

#include "cmd/agent/agent.h"
#include "cmd/kit/ask.h"
#include "base/hex.h"
#include "cmd/kit/dry.h"
#include "cmd/content/key_put.h"
#include "cmd/kit/show.h"

static const struct operand operands[] = {
	WORD_STRING("NAME", put_request, name,
	    "Entry of the key store: a key set, diversified for the card as it says, or a key of "
	    "type "
	    "dap, token or receipt"),
};
static const struct opt opts[] = {
	OPT_HEX8("as", "KVN", put_request, as, 1, KEYS_VERSION_MAX,
	    "Version that it gets on the card, in hex (the entry's)"),
	OPT_HEX8("replace", "KVN", put_request, replace, 1, KEYS_VERSION_MAX,
	    "Replace this set of the card, in one command"),
	OPT_HEX8("rotate", "KVN", put_request, rotate, 1, 0xFF,
	    "Delete this set of the card once a channel was opened with the new one"),
	CHANNEL_OPTS(put_request, channel),
};

/* ---- what is to do ---- */

static int other_keys(const struct key_put *p, bool may_be, struct err *e)
{
	err_set(e, ERR_SAFETY, "the card has a key set %02X already%s", p->goal.version,
	    may_be ? "" : ", and it is not this one");
	return err_hint(e, "%s--replace %02X puts this one in its place",
	    may_be ? "without an open channel it is told whether it is the same; " : "",
	    p->goal.version);
}

/* The set that is to be added may be there. To find out costs the channel, so an open one is left
 * alone. */
static int look_closer(struct key_put *p, struct err *e)
{
	if (!p->goal.channel) {
		err_set(
		    e, ERR_SAFETY, "the card has a key of version %02X already", p->goal.version);
		return err_hint(e,
		    "cards do not tell which; --replace %02X puts this one in its place",
		    p->goal.version);
	}
	if (p->w.c->agent != NULL)
		return other_keys(p, true, e);
	if (key_ways_open(&p->w, true, false, e) != 0)
		return e->code == ERR_AUTH ? other_keys(p, false, e) : -1;
	p->proved = true;
	return 0;
}

static int plan(struct key_put *p, struct err *e)
{
	struct keys_plan *plan = &p->change.plan;
	struct key_infos k;
	bool told;

	if (keys_read(p->w.session, &k, &told, e) != 0)
		return -1;
	if (!told && !p->g->domain) {
		err_set(e, ERR_SAFETY, "the card does not tell which key sets it has");
		return err_hint(e, "nothing is put where it cannot be seen what it replaces");
	}
	/* A domain without keys of its own is opened with its parent's, which then prove nothing.
	 */
	if (told && (p->g->domain || p->g->channel.domain.n > 0) &&
	    keys_at(&k, p->goal.version, 0) == NULL)
		p->proved = false;
	if (keys_plan(&k, &p->goal, plan, e) != 0)
		return -1;
	plan->prove = plan->prove || p->g->domain;
	if (p->proved)
		*plan = (struct keys_plan){ .remove = plan->remove };
	else if (!plan->put && p->goal.replace == 0 && p->goal.rotate == 0) {
		plan->prove = false;
		return look_closer(p, e);
	}
	return 0;
}

/* Nothing is asked before a set is merely added. */
static int confirm(const struct key_put *p, struct err *e)
{
	const struct keys_plan *plan = &p->change.plan;
	char text[300];
	size_t n = 0;

	if (plan->p1 == 0 && plan->remove == 0)
		return 0;
	if (plan->put && plan->p1 != 0)
		n = (size_t)snprintf(text, sizeof(text),
		    "replace key set %02X of the card by %s as %02X, %s %s", plan->p1,
		    p->w.fresh->name, p->goal.version, key_put_shown_as(p), p->kcv);
	else if (plan->put)
		n = (size_t)snprintf(text, sizeof(text), "put %s as key set %02X, %s %s",
		    p->w.fresh->name, p->goal.version, key_put_shown_as(p), p->kcv);
	if (plan->remove != 0)
		snprintf(text + n, sizeof(text) - n,
		    "%sdelete key set %02X of the card once %s opens a channel",
		    n == 0 ? "" : ", then ", plan->remove, p->w.fresh->name);
	strncat(text, "?", sizeof(text) - strlen(text) - 1);
	text[0] = (char)toupper((unsigned char)text[0]);
	return ask(p->w.c, text, e);
}

/* ---- results ---- */

static void tell_text(const struct key_put *p, FILE *out)
{
	const struct keys_change *x = &p->change;
	unsigned version = p->goal.version;

	if (x->put)
		fprintf(out, "%s %02X put: %s, %s %s\n", p->goal.channel ? "key set" : "key",
		    version, p->w.fresh->name, key_put_shown_as(p), p->kcv);
	else
		fprintf(out, "key set %02X of the card is %s already\n", version, p->w.fresh->name);
	if (x->resolved)
		fprintf(out, "an answer was lost; what the card has was found out\n");
	if (x->proved)
		fprintf(out, "a channel was opened with it\n");
	if (x->put && x->plan.p1 != 0 && x->plan.p1 != version)
		fprintf(out, "key set %02X is gone, it was replaced\n", x->plan.p1);
	if (x->removed)
		fprintf(out, "key set %02X deleted\n", p->goal.rotate);
}

static json_t *version_or_null(bool there, uint8_t version)
{
	return there ? json_string(out_hex8(version).s) : json_null();
}

static int tell(struct key_put *p, struct err *e)
{
	const struct keys_change *x = &p->change;
	struct key_infos k;
	bool told;
	json_t *o;

	if (!p->w.c->json) {
		tell_text(p, p->w.c->out);
		return 0;
	}
	if (keys_read(p->w.session, &k, &told, e) != 0)
		return -1;
	o = json_pack("{s:s, s:s, s:s, s:b, s:b}", "name", p->w.fresh->name, "version",
	    out_hex8(p->goal.version).s, key_put_is_public(p) ? "fingerprint" : "kcv", p->kcv,
	    "put", (int)x->put, "proved", (int)(x->proved || p->proved));
	if (p->g->domain)
		out_set(&o, "aid", out_hex(aid_span(&p->w.session->domain)));
	out_set(&o, "replaced", version_or_null(x->put && x->plan.p1 != 0, x->plan.p1));
	out_set(&o, "deleted", version_or_null(x->removed, p->goal.rotate));
	out_set(&o, "resolved", json_boolean(x->resolved));
	out_set(&o, "keys", show_keys(&k));
	return out_result(p->w.c, o, e);
}

/* The channel that stays open is the new set's. */
static void keep_channel(const struct key_put *p)
{
	struct agent *a = p->w.c->agent;

	if (a == NULL || !p->change.proved)
		return;
	snprintf(a->keys, sizeof(a->keys), "%s", p->w.fresh->name);
	ctx_note(p->w.c, "the open channel is one of key set %02X now", p->goal.version);
}

/* ---- the run ---- */

static bool opened_with_it(const struct key_put *p)
{
	return p->w.old == p->w.fresh && p->w.old_version == p->w.fresh_version;
}

/*
 * A run before this one may have come so far that the old keys open nothing any more. Comparing
 * cryptograms costs no try, so the new ones are looked at once.
 */
static int open_channel(struct ctx *c, struct key_put *p, struct err *e)
{
	struct channel_args with_new = p->g->channel;
	struct err with_old;

	if (channel_session(c, &p->g->channel, &p->w.session, e) == 0)
		return 0;
	if (c->agent != NULL || e->code != ERR_AUTH || !c->card_open ||
	    (p->goal.replace == 0 && p->goal.rotate == 0 && !p->g->domain))
		return -1;
	with_old = *e;
	ctx_note(c, "%s", e->text);
	ctx_note(c, "looking whether %s is on the card already", p->w.fresh->name);
	with_new.keys = p->w.fresh->name;
	with_new.protocol = NULL;
	with_new.key_version = (struct opt_u32){ true, p->goal.version };
	if (channel_session(c, &with_new, &p->w.session, e) == 0) {
		p->proved = true;
		return 0;
	}
	if (e->code == ERR_AUTH)
		*e = with_old;
	return -1;
}

static json_t *intent(const struct key_put *p)
{
	const struct keys_plan *plan = &p->change.plan;
	json_t *o = json_pack("{s:s, s:s, s:s, s:b}", "verb", "put-keys", "name", p->w.fresh->name,
	    "version", out_hex8(p->goal.version).s, "put", (int)plan->put);

	out_set(&o, key_put_is_public(p) ? "fingerprint" : "kcv", json_string(p->kcv));
	out_set(&o, "replace", version_or_null(plan->p1 != 0, plan->p1));
	out_set(&o, "delete", version_or_null(plan->remove != 0, plan->remove));
	return o;
}

static json_t *outcome(const struct keys_change *x)
{
	return json_pack("{s:b, s:b, s:b, s:b}", "put", (int)x->put, "proved", (int)x->proved,
	    "deleted", (int)x->removed, "resolved", (int)x->resolved);
}

/* What only looks is not recorded. */
static int change_recorded(struct key_put *p, struct err *e)
{
	struct keys_change *x = &p->change;
	bool changes = x->plan.put || x->plan.remove != 0;
	int rc = 0;

	p->record.fd = -1;
	if (changes)
		rc = key_record_begin(&p->record, p->w.c, x->s, intent(p), e);
	if (rc == 0)
		rc = keys_change(x, e);
	if (x->put)
		channel_forget(p->w.c, x->s, p->goal.version);
	if (x->removed)
		channel_forget(p->w.c, x->s, p->goal.rotate);
	rc = key_record_end(&p->record, rc, e, outcome(x));
	return rc == 0 && p->g->domain ? key_ways_personalized(x->s, e) : rc;
}

static int change(struct key_put *p, struct err *e)
{
	struct keys_change *x = &p->change;

	x->s = p->w.session;
	x->keys = &p->keys;
	x->kid = 1;
	x->open = key_ways_open;
	x->ctx = &p->w;
	key_ways_of(&p->w, &p->g->channel);
	p->w.put = &x->put;
	p->proved = p->proved || opened_with_it(p);
	if (key_put_make(p, e) != 0 || plan(p, e) != 0 || confirm(p, e) != 0)
		return -1;
	return change_recorded(p, e);
}

static int show_plan(struct ctx *c, struct key_put *p, struct err *e)
{
	char text[80];
	struct dry d;

	dry_begin(&d, c, json_pack("{s:s}", "name", p->w.fresh->name));
	dry_text(&d, "80CA00E000", "GET DATA, the key sets before");
	key_put_dry(&d, p, channel_plan_data(c, &p->g->channel));
	dry_text(&d, "80CA00E000", "GET DATA, the key sets after");
	if (p->goal.replace != 0 || p->goal.rotate != 0 || p->g->domain) {
		snprintf(text, sizeof(text), "8050%02X0008****************00", p->goal.version);
		dry_text(&d, text, "INITIALIZE UPDATE, the new set is to prove itself");
		dry_text(&d, "8482**0010********************************",
		    "EXTERNAL AUTHENTICATE, if the card's cryptogram is right");
	}
	if (p->goal.rotate != 0) {
		snprintf(text, sizeof(text), "80E4000003D201%02X00", p->goal.rotate);
		dry_text(&d, text, "DELETE, before secure messaging");
	}
	return dry_end(&d, e);
}

int put_keys_run(struct ctx *c, const struct put_request *g, struct err *e)
{
	struct key_put p = { .g = g, .w = { .c = c } };
	int rc = -1;

	if (ctx_keystore(c, &p.w.ks, e) != 0)
		return -1;
	if (key_put_find(&p, e) != 0)
		goto out;
	if (c->dry_run) {
		rc = show_plan(c, &p, e);
		goto out;
	}
	rc = open_channel(c, &p, e);
	if (rc == 0)
		rc = change(&p, e);
	if (rc == 0) {
		keep_channel(&p);
		rc = tell(&p, e);
	}
out:
	wipe(&p.keys, sizeof(p.keys));
	ctx_keystore_done(c, p.w.ks);
	return rc;
}

static int run(struct ctx *c, void *args, struct err *e)
{
	return put_keys_run(c, args, e);
}

const struct verb verb_put_keys = {
	.name = "put-keys",
	.group = "content",
	.summary = "Put a key set on a card: add, replace, or rotate with proof",
	.needs = NEED_READER | USES_SESSION | USES_KEYSTORE | MUTATES | DESTROYS | HAS_JSON,
	VERB_OPTS(opts),
	VERB_OPERANDS(operands),
	.args_size = sizeof(struct put_request),
	.run = run,
};
