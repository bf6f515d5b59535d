/*
 * domain-create, domain-extradite, domain-update: supplementary security domains and what belongs
 * to them. Each is one INSTALL for one entry of the registry.
 */
#include <stdio.h>
#include <string.h>

#include "change/kinds.h"

enum { PARAMETERS_MAX = 200, PARAMS_ROOM = 300 };

#define TOKEN_ROW(type) \
	FIELD_ROW(type, token, "token", FIELD_FILE, "FILE", "Token for it, its octets as they are")

/* ---- what the three share ---- */

/* Of one card. */
struct domain_work {
	struct domain_told told;
	uint32_t privileges; /* update: that it is to have, its being a domain included */
};
BEGINS_WITH(struct domain_told, struct domain_work, told);

static int open_token(struct field_file *f, struct err *e)
{
	return f->path[0] == '\0' ? 0 : field_file_read(f, FIELD_FILE_MAX, e);
}

static int find(struct change_card *c, const struct aid *aid, const struct registry **r,
    const struct registry_entry **x, struct err *e)
{
	if (change_registry(c, r, e) != 0)
		return -1;
	*x = registry_find(*r, aid);
	return 0;
}

/* One order, as it is sent. */
struct order {
	uint8_t p1;
	const char *what;       /* for errors */
	const char *conditions; /* what 6985 most often means; NULL: nothing in particular */
	struct install i;
	struct install_params params;
};

static int send(struct change_card *c, struct order *o, const struct field_file *token,
    struct domain_work *w, struct err *e)
{
	uint8_t room[PARAMS_ROOM];
	struct wr params = wr_fixed(room, sizeof(room)),
		  kept = wr_fixed(w->told.confirmation, sizeof(w->told.confirmation));
	struct span confirmation;

	install_params_put(&params, &o->params);
	if (!wr_ok(&params))
		return err_set(e, ERR_USAGE, "the parameters are too long");
	o->i.params = wr_span(&params);
	o->i.token = wr_span(&token->octets);
	if (content_install(c->s, o->p1, &o->i, o->what, &confirmation, e) != 0)
		return e->sw == SW_CONDITIONS && o->conditions != NULL
			   ? err_hint(e, "%s", o->conditions)
			   : -1;
	wr_put(&kept, confirmation);
	w->told.confirmation_n = wr_ok(&kept) ? kept.n : 0;
	return 0;
}

/* The entry after the order; NULL: the card does not tell. */
static int find_after(struct change_card *c, const struct aid *aid, const char *what,
    const struct registry_entry **x, struct err *e)
{
	const struct registry *r;

	if (find(c, aid, &r, x, e) != 0)
		return -1;
	if (*x != NULL || !registry_is_whole(r))
		return 0;
	return err_set(e, ERR_INTEGRITY, "the card answered 9000 to %s and does not list %s", what,
	    aid_hex(aid).s);
}

enum { AT_LEAST, EXACTLY };
/* One octet leaves the others to what they are by default (GPCS 11.1.2). */
static bool privileges_are(
    const struct field_privileges *p, uint32_t always, const struct registry_entry *x, int how)
{
	uint32_t mask = x->s.privileges_n == 3 && p->n == 3 ? 0xFFFFFF : 0xFF0000;
	uint32_t want = (p->v | always) & mask, have = x->s.privileges & mask;

	return x->s.privileges_n == 0 || have == want || (how == AT_LEAST && (have & want) == want);
}

static int other_privileges(
    const struct aid *aid, const struct registry_entry *x, uint32_t want, struct err *e)
{
	return err_set(e, ERR_INTEGRITY,
	    "%s is there with privileges %06X, where %06X were asked for", aid_hex(aid).s,
	    x->s.privileges, want);
}

/* ---- create ---- */

struct domain_create {
	struct aid aid;
	struct field_privileges privileges;
	struct field_bytes parameters;
	struct field_u32 quota_data, quota_volatile;
	struct aid package, module;
	struct field_file token;
};
BEGINS_WITH(struct aid, struct domain_create, aid);

#define ROW(member, ...) FIELD_ROW(struct domain_create, member, __VA_ARGS__)
static const struct field create_fields[] = {
	ROW(aid, "aid", FIELD_AID, "AID", "Of the new domain, in hex",
	    .flags = FIELD_REQUIRED | FIELD_OPERAND),
	ROW(privileges, "privileges", FIELD_PRIVILEGES, "LIST",
	    "Privileges by name besides security-domain, with commas between them"),
	ROW(parameters, "parameters", FIELD_BYTES, "HEX",
	    "Parameters of the domain, the value of C9", .max = PARAMETERS_MAX),
	ROW(quota_data, "quota-data", FIELD_U32, "OCTETS",
	    "Most non-volatile memory that it may take", .max = UINT32_MAX),
	ROW(quota_volatile, "quota-volatile", FIELD_U32, "OCTETS",
	    "Most volatile memory that it may take", .max = UINT32_MAX),
	ROW(package, "package", FIELD_AID, "AID", "Package that it is made from (A0000001515350)"),
	ROW(module, "module", FIELD_AID, "AID", "Module that it is made from (A000000151535041)"),
	TOKEN_ROW(struct domain_create),
};
#undef ROW

static int open_create(void *x, struct err *e)
{
	struct domain_create *d = x;
	const char *why;

	if (!d->privileges.given)
		d->privileges.n = 1;
	why = privileges_wrong(d->privileges.v | PRIV_SECURITY_DOMAIN);
	if (why != NULL)
		return err_set(e, ERR_USAGE, FIELD("privileges") ": %s", why);
	return open_token(&d->token, e);
}

static bool is_as_created(const struct domain_create *d, const struct registry_entry *x)
{
	return x->kind == REGISTRY_APPLICATION && registry_is_domain(x) &&
	       privileges_are(&d->privileges, PRIV_SECURITY_DOMAIN, x, AT_LEAST) &&
	       (d->package.n == 0 || x->s.load_file.n == 0 ||
		   aid_same(&d->package, &x->s.load_file));
}

static int create_is_so(struct change_card *c, const void *x, struct change_so *so, struct err *e)
{
	static const size_t shown[] = { offsetof(struct domain_create, aid),
		offsetof(struct domain_create, privileges), offsetof(struct domain_create, package),
		offsetof(struct domain_create, token), SIZE_MAX };
	const struct domain_create *d = x;
	const struct registry_entry *there;
	const struct registry *r;

	if (find(c, &d->aid, &r, &there, e) != 0)
		return -1;
	if (there == NULL || !is_as_created(d, there))
		return 0;
	so->is = SO_YES;
	so->unproven = change_given_but(c->kind, d, shown);
	if (there->s.privileges_n == 0 && d->privileges.given)
		so->unproven |= change_bit(c->kind, shown[1]);
	if (there->s.load_file.n == 0 && d->package.n > 0)
		so->unproven |= change_bit(c->kind, shown[2]);
	return 0;
}

static int create_check(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct domain_create *d = x;
	const struct registry_entry *there;
	const struct registry *r;

	(void)work;
	if (find(c, &d->aid, &r, &there, e) != 0)
		return -1;
	if (there == NULL)
		return change_may_manage(c, d->token.octets.n > 0, "token", e);
	err_set(e, ERR_SAFETY, "%s is on the card already, as %s %s", aid_hex(&d->aid).s,
	    there->kind == REGISTRY_APPLICATION && !registry_is_domain(there) ? "an" : "a",
	    entry_kind(there));
	if (registry_is_domain(there))
		return err_hint(e, VERB("domain update") " changes its privileges");
	return err_hint(e, "a domain needs an AID of its own");
}

static const char create_what[] = "INSTALL [for install and make selectable]";

/* C9 is always there, if empty (GPCS 11.5.2.3.7); C7 and C8 are quotas here. */
static int create_act(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct domain_create *d = x;
	struct order o = { .p1 = INSTALL_AND_SELECTABLE,
		.what = create_what,
		.i = { .load_file = d->package.n > 0 ? d->package : content_domain_package,
		    .module = d->module.n > 0 ? d->module : content_domain_module,
		    .app = d->aid,
		    .privileges = d->privileges.v | PRIV_SECURITY_DOMAIN,
		    .privileges_n = d->privileges.n },
		.params = { .has_app = true,
		    .app = span_of(d->parameters.b, d->parameters.n),
		    .has_data = d->quota_data.given,
		    .data = d->quota_data.v,
		    .has_volatile = d->quota_volatile.given,
		    .volatile_ = d->quota_volatile.v } };

	return send(c, &o, &d->token, work, e);
}

static int create_compare(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct domain_create *d = x;
	const struct registry_entry *there;

	(void)work;
	if (find_after(c, &d->aid, create_what, &there, e) != 0)
		return -1;
	if (there == NULL)
		return 0;
	if (!registry_is_domain(there))
		return err_set(e, ERR_INTEGRITY, "the card lists %s as no security domain",
		    aid_hex(&d->aid).s);
	if (!privileges_are(&d->privileges, PRIV_SECURITY_DOMAIN, there, AT_LEAST))
		return other_privileges(&d->aid, there, d->privileges.v | PRIV_SECURITY_DOMAIN, e);
	return 0;
}

const struct change_kind change_domain_create = {
	.name = "domain-create",
	.fields = create_fields,
	.field_n = sizeof(create_fields) / sizeof(create_fields[0]),
	.size = sizeof(struct domain_create),
	.work_size = sizeof(struct domain_work),
	.open = open_create,
	.is_so = create_is_so,
	.check = create_check,
	.act = create_act,
	.compare = create_compare,
};

/* ---- extradite ---- */

struct domain_extradite {
	struct aid aid, to;
	struct field_file token;
};
BEGINS_WITH(struct aid, struct domain_extradite, aid);

#define ROW(member, ...) FIELD_ROW(struct domain_extradite, member, __VA_ARGS__)
static const struct field extradite_fields[] = {
	ROW(aid, "aid", FIELD_AID, "AID", "Application, package or domain, in hex",
	    .flags = FIELD_REQUIRED | FIELD_OPERAND),
	ROW(to, "to", FIELD_AID, "AID", "Domain that it is to belong to", .flags = FIELD_REQUIRED),
	TOKEN_ROW(struct domain_extradite),
};
#undef ROW

static int open_extradite(void *x, struct err *e)
{
	return open_token(&((struct domain_extradite *)x)->token, e);
}

/* Not all cards tell what belongs to whom. */
static int extradite_is_so(
    struct change_card *c, const void *x, struct change_so *so, struct err *e)
{
	const struct domain_extradite *d = x;
	const struct registry_entry *there;
	const struct registry *r;

	if (find(c, &d->aid, &r, &there, e) != 0)
		return -1;
	if (there == NULL || there->kind == REGISTRY_ISD)
		return 0;
	if (there->s.domain.n == 0)
		so->is = SO_UNSEEN;
	else if (aid_same(&there->s.domain, &d->to))
		so->is = SO_YES;
	return 0;
}

static int extradite_check(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct domain_extradite *d = x;
	const struct registry_entry *there, *to;
	const struct registry *r;

	(void)work;
	if (find(c, &d->aid, &r, &there, e) != 0)
		return -1;
	to = registry_find(r, &d->to);
	if (registry_is_whole(r) && there == NULL)
		return change_not_there(&d->aid, e);
	if (registry_is_whole(r) && to == NULL)
		return change_not_there(&d->to, e);
	if (to != NULL && !registry_is_domain(to))
		return err_set(e, ERR_SAFETY, "%s is no security domain but %s %s",
		    aid_hex(&d->to).s, to->kind == REGISTRY_APPLICATION ? "an" : "a",
		    entry_kind(to));
	if (there != NULL && there->kind == REGISTRY_ISD)
		return err_set(e, ERR_SAFETY, "the issuer domain belongs to itself");
	return change_may_manage(c, d->token.octets.n > 0, "token", e);
}

static const char extradite_what[] = "INSTALL [for extradition]";

static int extradite_act(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct domain_extradite *d = x;
	struct order o = { .p1 = INSTALL_FOR_EXTRADITION,
		.what = extradite_what,
		.conditions = "only a domain that is personalized takes something, and only what "
			      "the domain of the channel manages can be given away",
		.i = { .app = d->aid, .domain = d->to } };

	return send(c, &o, &d->token, work, e);
}

static int extradite_compare(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct domain_extradite *d = x;
	const struct registry_entry *there;

	(void)work;
	if (find_after(c, &d->aid, extradite_what, &there, e) != 0)
		return -1;
	if (there == NULL || there->s.domain.n == 0 || aid_same(&there->s.domain, &d->to))
		return 0;
	return err_set(e, ERR_INTEGRITY, "the card answered 9000, but %s belongs to %s",
	    aid_hex(&d->aid).s, aid_hex(&there->s.domain).s);
}

const struct change_kind change_domain_extradite = {
	.name = "domain-extradite",
	.fields = extradite_fields,
	.field_n = sizeof(extradite_fields) / sizeof(extradite_fields[0]),
	.size = sizeof(struct domain_extradite),
	.work_size = sizeof(struct domain_work),
	.open = open_extradite,
	.is_so = extradite_is_so,
	.check = extradite_check,
	.act = extradite_act,
	.compare = extradite_compare,
};

/* ---- update ---- */

/* GPCS table 11-54: from bit 7 down. */
static const char *const restrictions[] = { "update", "personalize", "extradite", "make-selectable",
	"install", "load", "delete", NULL };

struct domain_update {
	struct aid aid;
	struct field_privileges privileges;
	struct field_bytes implicit;
	struct field_bits forbidden;
	struct field_file token;
};
BEGINS_WITH(struct aid, struct domain_update, aid);

#define ROW(member, ...) FIELD_ROW(struct domain_update, member, __VA_ARGS__)
static const struct field update_fields[] = {
	ROW(aid, "aid", FIELD_AID, "AID", "Domain or application, in hex",
	    .flags = FIELD_REQUIRED | FIELD_OPERAND),
	ROW(privileges, "privileges", FIELD_PRIVILEGES, "LIST",
	    "All privileges that it is to have, by name; of a domain besides security-domain"),
	ROW(implicit, "implicit", FIELD_BYTES, "HEX",
	    "Implicit selection: 80 contactless, 40 contact, and the channel", .min = 1, .max = 1),
	ROW(forbidden, "restrict", FIELD_CHOICES, "LIST",
	    "Forbid for ever, with commas: update, personalize, extradite, make-selectable, "
	    "install, load, delete",
	    .choices = restrictions),
	TOKEN_ROW(struct domain_update),
};
#undef ROW

static int open_update(void *x, struct err *e)
{
	struct domain_update *d = x;

	if (d->privileges.given || d->implicit.given || d->forbidden.v != 0)
		return open_token(&d->token, e);
	return err_set(e, ERR_USAGE,
	    "nothing to change: " FIELD("privileges") ", " FIELD("implicit") " or " FIELD(
		"restrict"));
}

static uint32_t always(const struct registry_entry *x)
{
	return x != NULL && registry_is_domain(x) ? (uint32_t)PRIV_SECURITY_DOMAIN : 0;
}

/*
 * What is forbidden no card tells, so it is forbidden again where nobody knows that it was: that
 * does no harm. Implicit selection those tell that have it. By hand it is asked for now.
 */
static int update_is_so(struct change_card *c, const void *x, struct change_so *so, struct err *e)
{
	const struct domain_update *d = x;
	const struct registry_entry *t;
	const struct registry *r;
	bool hidden = d->forbidden.v != 0, privileges;

	if (find(c, &d->aid, &r, &t, e) != 0)
		return -1;
	if (t == NULL || t->kind == REGISTRY_LOAD_FILE ||
	    (c->by_hand && (hidden || d->implicit.given)))
		return 0;
	privileges = d->privileges.given && t->s.privileges_n == 3;
	if (privileges && !privileges_are(&d->privileges, always(t), t, EXACTLY))
		return 0;
	if (d->implicit.given && (t->s.implicit_n != 1 || t->s.implicit[0] != d->implicit.b[0]))
		return 0;
	so->is = !hidden && (privileges || d->implicit.given) ? SO_YES : SO_UNSEEN;
	if (hidden)
		so->unproven |= change_bit(c->kind, offsetof(struct domain_update, forbidden));
	if (d->privileges.given && !privileges)
		so->unproven |= change_bit(c->kind, offsetof(struct domain_update, privileges));
	return 0;
}

static int update_check(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct domain_update *d = x;
	struct domain_work *w = work;
	const struct registry_entry *there;
	const struct registry *r;

	if (find(c, &d->aid, &r, &there, e) != 0)
		return -1;
	if (registry_is_whole(r) && there == NULL)
		return change_not_there(&d->aid, e);
	if (there != NULL && there->kind == REGISTRY_LOAD_FILE)
		return err_set(e, ERR_SAFETY,
		    "%s is a package, which has neither privileges nor implicit selection",
		    aid_hex(&d->aid).s);
	w->privileges = d->privileges.v | (d->privileges.given ? always(there) : 0);
	return change_may_manage(c, d->token.octets.n > 0, "token", e);
}

static int update_confirm(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct domain_update *d = x;
	char list[80] = "";

	(void)work;
	if (d->forbidden.v == 0)
		return 0;
	for (size_t i = 0; restrictions[i] != NULL; i++) {
		size_t n = strlen(list);

		if ((d->forbidden.v & 1u << i) != 0)
			snprintf(
			    list + n, sizeof(list) - n, "%s%s", n == 0 ? "" : ",", restrictions[i]);
	}
	return change_ask(c, e, "Forbid %s to %s for ever?", list, aid_hex(&d->aid).s);
}

static const char update_what[] = "INSTALL [for registry update]";

static int update_act(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct domain_update *d = x;
	struct domain_work *w = work;
	uint8_t bits = 0;
	struct order o = { .p1 = INSTALL_FOR_REGISTRY,
		.what = update_what,
		.conditions = "another one may hold a privilege that only one can have, or the "
			      "change is restricted",
		.i = { .app = d->aid,
		    .privileges = w->privileges,
		    .privileges_n = d->privileges.given ? d->privileges.n : 0 },
		.params = { .implicit = span_of(d->implicit.b, d->implicit.n),
		    .restrict_ = span_of(&bits, d->forbidden.v != 0) } };

	for (size_t i = 0; restrictions[i] != NULL; i++)
		if ((d->forbidden.v & 1u << i) != 0)
			bits = (uint8_t)(bits | 0x40 >> i);
	return send(c, &o, &d->token, w, e);
}

static int update_compare(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct domain_update *d = x;
	const struct domain_work *w = work;
	const struct registry_entry *there;

	if (find_after(c, &d->aid, update_what, &there, e) != 0)
		return -1;
	if (there == NULL || !d->privileges.given ||
	    privileges_are(&d->privileges, always(there), there, EXACTLY))
		return 0;
	return other_privileges(&d->aid, there, w->privileges, e);
}

const struct change_kind change_domain_update = {
	.name = "domain-update",
	.fields = update_fields,
	.field_n = sizeof(update_fields) / sizeof(update_fields[0]),
	.size = sizeof(struct domain_update),
	.work_size = sizeof(struct domain_work),
	.open = open_update,
	.is_so = update_is_so,
	.check = update_check,
	.confirm = update_confirm,
	.act = update_act,
	.compare = update_compare,
};
