/* domain create, extradite, update: supplementary security domains and what belongs to them. */
#include <string.h>

#include "cmd/kit/ask.h"
#include "base/hex.h"
#include "cmd/kit/show.h"
#include "cmd/content/target.h"

/* What nearly all cards have their supplementary domains made from. */
static const struct aid domain_package = { 7, { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x53, 0x50 } };
static const struct aid domain_module = { 8, { 0xA0, 0x00, 0x00, 0x01, 0x51, 0x53, 0x50, 0x41 } };

enum { PARAMETERS_MAX = 200, PARAMS_ROOM = 300 };

struct args {
	struct channel_args channel;
	const char *what, *privileges, *parameters, *token, *restrictions;
	struct opt_u32 quota_data, quota_volatile;
	struct aid package, module, to;
	struct opt_bytes implicit;
};

#define TOKEN_OPT OPT_PATH("token", "FILE", args, token, "Token for it, its octets as they are")

/* One INSTALL for one entry of the registry. */
struct order {
	const struct args *g;
	uint8_t p1;
	const char *what; /* for errors */
	struct aid aid;
	struct install i;
	struct install_params params;
	uint8_t parameters[PARAMETERS_MAX], room[PARAMS_ROOM];
	struct wr token;
	bool already;
	json_t *confirmation;
	/* Refuses, or says with `already` that nothing is to be done. Entries may be NULL: not
	 * there, or the card does not tell. */
	int (*check)(struct order *o, struct target *t, const struct registry *r, struct err *e);
	/* Is what was asked for there? ERR_INTEGRITY. */
	int (*compare)(const struct order *o, const struct registry_entry *x, struct err *e);
	const char *done;       /* "created" */
	const char *conditions; /* what 6985 most often means; NULL: nothing in particular */
};

/* ---- what the three share ---- */

static int not_there(const struct aid *aid, struct err *e)
{
	err_set(e, ERR_CARD, "%s is not on the card", aid_text(aid).s);
	return err_hint(e, "cardadm list shows what there is");
}

static int begin(struct order *o, struct err *e)
{
	struct wr w = wr_fixed(o->room, sizeof(o->room));

	if (aid_parse(o->g->what, "AID", &o->aid, e) != 0)
		return -1;
	if (o->g->token != NULL && octets_read(o->g->token, &o->token, e) != 0)
		return -1;
	o->i.token = wr_span(&o->token);
	o->i.app = o->aid;
	install_params_put(&w, &o->params);
	if (!wr_ok(&w))
		return err_set(e, ERR_USAGE, "the parameters are too long");
	o->i.params = wr_span(&w);
	return 0;
}

static int send(struct order *o, struct target *t, struct err *e)
{
	struct span confirmation;

	if (content_install(t->s, o->p1, &o->i, o->what, &confirmation, e) != 0)
		return e->sw == SW_CONDITIONS && o->conditions != NULL
			   ? err_hint(e, "%s", o->conditions)
			   : -1;
	o->confirmation = out_hex(confirmation);
	return o->confirmation == NULL ? err_memory(e) : 0;
}

static int read_back(struct order *o, struct target *t, json_t **entry, struct err *e)
{
	const struct registry_entry *x;
	struct registry after;
	int rc = 0;

	*entry = json_null();
	if (target_reread(t, &after)) {
		x = registry_find(&after, &o->aid);
		if (x == NULL && registry_is_whole(&after))
			rc = err_set(e, ERR_INTEGRITY,
			    "the card answered 9000 to %s and does not list %s", o->what,
			    aid_text(&o->aid).s);
		else if (x != NULL)
			rc = o->compare(o, x, e);
		if (x != NULL)
			*entry = show_entry(x);
	}
	registry_free(&after);
	return rc;
}

static int tell(struct order *o, struct ctx *c, json_t *take_entry, struct err *e)
{
	json_t *j;

	if (c->json) {
		j = json_pack("{s:s, s:b}", "aid", aid_text(&o->aid).s, o->done, (int)!o->already);
		out_set(&j, "confirmation",
		    o->confirmation == NULL ? json_null() : json_incref(o->confirmation));
		out_set(&j, "entry", take_entry);
		return out_result(c, j, e);
	}
	json_decref(take_entry);
	if (o->already)
		fprintf(c->out, "%s is as asked already\n", aid_text(&o->aid).s);
	else
		fprintf(c->out, "%s: %s\n", o->done, aid_text(&o->aid).s);
	if (json_is_string(o->confirmation))
		fprintf(c->out, "confirmation: %s\n", json_string_value(o->confirmation));
	return 0;
}

static int run_target(struct order *o, struct target *t, struct err *e)
{
	struct registry r = { 0 };
	json_t *entry = NULL;
	int rc = target_registry(t, &r, e);

	if (rc == 0)
		rc = o->check(o, t, &r, e);
	if (rc == 0 && !o->already)
		rc = target_may_manage(t, &r, o->token.n > 0, "--token", e);
	registry_free(&r);
	if (rc == 0 && !o->already)
		rc = send(o, t, e);
	if (rc == 0)
		rc = read_back(o, t, &entry, e);
	if (rc == 0 && !t->is_dry)
		return tell(o, t->c, entry, e);
	json_decref(entry);
	return rc;
}

static int run_order(struct order *o, struct ctx *c, struct err *e)
{
	struct target t;
	int rc;

	o->token = wr_grow(1);
	rc = begin(o, e);
	if (rc == 0)
		rc = target_open(&t, c, &o->g->channel, e);
	if (rc == 0)
		rc = target_close(&t, run_target(o, &t, e), e);
	json_decref(o->confirmation);
	wr_free(&o->token);
	return rc;
}

static int compare_privileges(
    const struct order *o, const struct registry_entry *x, bool exactly, struct err *e)
{
	/* One octet leaves the others to what they are by default (GPCS 11.1.2). */
	uint32_t mask = x->s.privileges_n == 3 && o->i.privileges_n == 3 ? 0xFFFFFF : 0xFF0000;
	uint32_t want = o->i.privileges & mask, have = x->s.privileges & mask;

	if (o->i.privileges_n == 0 || x->s.privileges_n == 0 || have == want ||
	    (!exactly && (have & want) == want))
		return 0;
	return err_set(e, ERR_INTEGRITY,
	    "%s is there with privileges %06X, where %06X were asked for", aid_text(&o->aid).s,
	    x->s.privileges, o->i.privileges);
}

/* ---- create ---- */

static const struct operand create_operands[] = {
	WORD_STRING("AID", args, what, "Of the new domain, in hex"),
};
static const struct opt create_opts[] = {
	OPT_STRING("privileges", "LIST", args, privileges,
	    "Privileges by name besides security-domain, with commas between them"),
	OPT_STRING(
	    "parameters", "HEX", args, parameters, "Parameters of the domain, the value of C9"),
	OPT_U32("quota-data", "OCTETS", args, quota_data, 0, UINT32_MAX,
	    "Most non-volatile memory that it may take"),
	OPT_U32("quota-volatile", "OCTETS", args, quota_volatile, 0, UINT32_MAX,
	    "Most volatile memory that it may take"),
	OPT_AID("package", "AID", args, package, "Package that it is made from (A0000001515350)"),
	OPT_AID("module", "AID", args, module, "Module that it is made from (A000000151535041)"),
	TOKEN_OPT,
	CHANNEL_OPTS(args, channel),
};

static int check_new(struct order *o, struct target *t, const struct registry *r, struct err *e)
{
	const struct registry_entry *x = registry_find(r, &o->aid);
	struct err ignored;

	(void)t;
	if (x == NULL)
		return 0;
	if (registry_is_domain(x) && x->kind == REGISTRY_APPLICATION &&
	    compare_privileges(o, x, false, &ignored) == 0) {
		o->already = true;
		return 0;
	}
	err_set(e, ERR_SAFETY, "%s is on the card already, as %s %s", aid_text(&o->aid).s,
	    x->kind == REGISTRY_APPLICATION && !registry_is_domain(x) ? "an" : "a", entry_kind(x));
	return err_hint(e, registry_is_domain(x) ? "domain update changes its privileges"
						 : "a domain needs an AID of its own");
}

static int compare_new(const struct order *o, const struct registry_entry *x, struct err *e)
{
	if (!registry_is_domain(x))
		return err_set(e, ERR_INTEGRITY, "the card lists %s as no security domain",
		    aid_text(&o->aid).s);
	return compare_privileges(o, x, false, e);
}

/* C9 is always there, if empty (GPCS 11.5.2.3.7); C7 and C8 are quotas here. */
static int take_parameters(struct order *o, struct err *e)
{
	const struct args *g = o->g;
	struct install_params *p = &o->params;
	size_t n = 0;

	if (g->parameters != NULL &&
	    !hex_get(span_str(g->parameters), o->parameters, sizeof(o->parameters), &n))
		return err_set(
		    e, ERR_USAGE, "--parameters: hex octets, at most %d of them", PARAMETERS_MAX);
	p->has_app = true;
	p->app = span_of(o->parameters, n);
	p->has_data = g->quota_data.given;
	p->data = g->quota_data.v;
	p->has_volatile = g->quota_volatile.given;
	p->volatile_ = g->quota_volatile.v;
	return 0;
}

static int take_privileges(struct order *o, uint32_t always, struct err *e)
{
	const char *why;

	if (privileges_parse(o->g->privileges, &o->i.privileges, &o->i.privileges_n, e) != 0)
		return -1;
	o->i.privileges |= always;
	why = privileges_wrong(o->i.privileges);
	return why == NULL ? 0 : err_set(e, ERR_USAGE, "--privileges: %s", why);
}

static int run_create(struct ctx *c, void *args, struct err *e)
{
	struct order o = { .g = args,
		.p1 = INSTALL_AND_SELECTABLE,
		.what = "INSTALL [for install and make selectable]",
		.check = check_new,
		.compare = compare_new,
		.done = "created" };

	o.i.load_file = o.g->package.n > 0 ? o.g->package : domain_package;
	o.i.module = o.g->module.n > 0 ? o.g->module : domain_module;
	if (take_privileges(&o, PRIV_SECURITY_DOMAIN, e) != 0 || take_parameters(&o, e) != 0)
		return -1;
	return run_order(&o, c, e);
}

#define CONTENT_NEEDS (NEED_READER | USES_SESSION | USES_KEYSTORE | MUTATES | DESTROYS | HAS_JSON)

const struct verb verb_domain_create = {
	.name = "domain create",
	.group = "content",
	.summary = "Make a supplementary security domain",
	.needs = CONTENT_NEEDS,
	VERB_OPTS(create_opts),
	VERB_OPERANDS(create_operands),
	.args_size = sizeof(struct args),
	.run = run_create,
};

/* ---- extradite ---- */

static const struct operand extradite_operands[] = {
	WORD_STRING("AID", args, what, "Application, package or domain, in hex"),
};
static const struct opt extradite_opts[] = {
	OPT_AID("to", "AID", args, to, "Domain that it is to belong to", .flags = OPT_REQUIRED),
	TOKEN_OPT,
	CHANNEL_OPTS(args, channel),
};

static int check_move(struct order *o, struct target *t, const struct registry *r, struct err *e)
{
	const struct registry_entry *x = registry_find(r, &o->aid);
	const struct registry_entry *to = registry_find(r, &o->g->to);

	(void)t;
	if (registry_is_whole(r) && x == NULL)
		return not_there(&o->aid, e);
	if (registry_is_whole(r) && to == NULL)
		return not_there(&o->g->to, e);
	if (to != NULL && !registry_is_domain(to))
		return err_set(e, ERR_SAFETY, "--to: %s is no security domain but %s %s",
		    aid_text(&o->g->to).s, to->kind == REGISTRY_APPLICATION ? "an" : "a",
		    entry_kind(to));
	if (x != NULL && x->kind == REGISTRY_ISD)
		return err_set(e, ERR_SAFETY, "the issuer domain belongs to itself");
	o->already = x != NULL && aid_same(&x->s.domain, &o->g->to);
	return 0;
}

static int compare_move(const struct order *o, const struct registry_entry *x, struct err *e)
{
	if (x->s.domain.n == 0 || aid_same(&x->s.domain, &o->g->to))
		return 0;
	return err_set(e, ERR_INTEGRITY, "the card answered 9000, but %s belongs to %s",
	    aid_text(&o->aid).s, aid_text(&x->s.domain).s);
}

static int run_extradite(struct ctx *c, void *args, struct err *e)
{
	struct order o = { .g = args,
		.p1 = INSTALL_FOR_EXTRADITION,
		.what = "INSTALL [for extradition]",
		.check = check_move,
		.compare = compare_move,
		.done = "extradited",
		.conditions = "only a domain that is personalized takes something, and only what "
			      "the domain of the channel manages can be given away" };

	o.i.domain = o.g->to;
	return run_order(&o, c, e);
}

const struct verb verb_domain_extradite = {
	.name = "domain extradite",
	.group = "content",
	.summary = "Give an application, package or domain to another domain",
	.needs = CONTENT_NEEDS,
	VERB_OPTS(extradite_opts),
	VERB_OPERANDS(extradite_operands),
	.args_size = sizeof(struct args),
	.run = run_extradite,
};

/* ---- update ---- */

static const struct operand update_operands[] = {
	WORD_STRING("AID", args, what, "Domain or application, in hex"),
};
static const struct opt update_opts[] = {
	OPT_STRING("privileges", "LIST", args, privileges,
	    "All privileges that it is to have, by name; of a domain besides security-domain"),
	OPT_BYTES("implicit", "HEX", args, implicit, 1, 1,
	    "Implicit selection: 80 contactless, 40 contact, and the channel"),
	OPT_STRING("restrict", "LIST", args, restrictions,
	    "Forbid for ever, with commas: update, personalize, extradite, make-selectable, "
	    "install, load, delete"),
	TOKEN_OPT,
	CHANNEL_OPTS(args, channel),
};

/* GPCS table 11-54. */
static const struct {
	const char *name;
	uint8_t bit;
} restrictions[] = {
	{ "update", 0x40 },
	{ "personalize", 0x20 },
	{ "extradite", 0x10 },
	{ "make-selectable", 0x08 },
	{ "install", 0x04 },
	{ "load", 0x02 },
	{ "delete", 0x01 },
};

static int restrictions_parse(const char *list, uint8_t *bits, struct err *e)
{
	size_t n = 0, k;

	for (const char *at = list; *at != '\0'; at += n + (at[n] == ',')) {
		n = strcspn(at, ",");
		for (k = 0; k < sizeof(restrictions) / sizeof(restrictions[0]); k++)
			if (strlen(restrictions[k].name) == n &&
			    strncmp(restrictions[k].name, at, n) == 0)
				break;
		if (k == sizeof(restrictions) / sizeof(restrictions[0]))
			return err_set(
			    e, ERR_USAGE, "--restrict: `%.*s` is nothing to forbid", (int)n, at);
		*bits |= restrictions[k].bit;
	}
	return 0;
}

static int check_update(struct order *o, struct target *t, const struct registry *r, struct err *e)
{
	const struct registry_entry *x = registry_find(r, &o->aid);
	const struct args *g = o->g;
	struct err ignored;
	char text[160];

	if (registry_is_whole(r) && x == NULL)
		return not_there(&o->aid, e);
	if (x != NULL && x->kind == REGISTRY_LOAD_FILE)
		return err_set(e, ERR_SAFETY,
		    "%s is a package, which has neither privileges nor "
		    "implicit selection",
		    aid_text(&o->aid).s);
	if (x != NULL && registry_is_domain(x) && g->privileges != NULL)
		o->i.privileges |= PRIV_SECURITY_DOMAIN;
	o->already = x != NULL && g->privileges != NULL && g->restrictions == NULL &&
		     g->implicit.n == 0 && x->s.privileges_n == 3 &&
		     compare_privileges(o, x, true, &ignored) == 0;
	if (g->restrictions == NULL || t->is_dry)
		return 0;
	snprintf(text, sizeof(text), "Forbid %.80s to %s for ever?", g->restrictions,
	    aid_text(&o->aid).s);
	return ask(t->c, text, e);
}

static int compare_update(const struct order *o, const struct registry_entry *x, struct err *e)
{
	return compare_privileges(o, x, true, e);
}

static int run_update(struct ctx *c, void *args, struct err *e)
{
	struct order o = { .g = args,
		.p1 = INSTALL_FOR_REGISTRY,
		.what = "INSTALL [for registry update]",
		.check = check_update,
		.compare = compare_update,
		.done = "updated",
		.conditions = "another one may hold a privilege that only one can have, or the "
			      "change is restricted" };
	const struct args *g = o.g;
	uint8_t bits = 0;

	if (g->privileges == NULL && g->implicit.n == 0 && g->restrictions == NULL)
		return err_set(
		    e, ERR_USAGE, "nothing to change: --privileges, --implicit or --restrict");
	if (g->privileges != NULL && take_privileges(&o, 0, e) != 0)
		return -1;
	if (g->restrictions != NULL && restrictions_parse(g->restrictions, &bits, e) != 0)
		return -1;
	o.params.implicit = span_of(g->implicit.b, g->implicit.n);
	o.params.restrict_ = span_of(&bits, g->restrictions != NULL);
	return run_order(&o, c, e);
}

const struct verb verb_domain_update = {
	.name = "domain update",
	.group = "content",
	.summary = "Change the privileges of a domain or an application",
	.needs = CONTENT_NEEDS,
	VERB_OPTS(update_opts),
	VERB_OPERANDS(update_operands),
	.args_size = sizeof(struct args),
	.run = run_update,
};
