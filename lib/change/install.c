/* install: a CAP file from loading to selectable, or an application of a package on the card. */
#include <stdio.h>
#include <string.h>

#include "change/kinds.h"

struct install_change {
	struct install_shown shown;
	struct aid module, package, instance;
	struct field_aids applet;
	struct field_privileges privileges;
	struct field_bytes parameters, field;
	struct field_file token;

	struct wr params; /* the parameters field */
};
BEGINS_WITH(struct install_shown, struct install_change, shown);
/* Of one card. */
struct install_work {
	struct install_told told;
	bool there[CAP_APPLETS_MAX]; /* as asked: not installed again */
	size_t done;                 /* of the list, those that are there left out */
};
BEGINS_WITH(struct install_told, struct install_work, told);

#define ROW(member, ...) FIELD_ROW(struct install_change, member, __VA_ARGS__)
static const struct field fields[] = {
	ROW(module, "module", FIELD_AID, "AID", "Module of a package on the card",
	    .flags = FIELD_NO_OPTION),
	ROW(package, "package", FIELD_AID, "AID", "Package on the card that has module AID"),
	ROW(applet, "applet", FIELD_AIDS, "AID", "Only this applet of the file (all)",
	    .former = "applets"),
	ROW(instance, "instance", FIELD_AID, "AID", "AID of the application (that of the applet)"),
	ROW(privileges, "privileges", FIELD_PRIVILEGES, "LIST",
	    "Privileges by name, with commas between them"),
	ROW(parameters, "parameters", FIELD_BYTES, "HEX",
	    "Application parameters, the value of C9"),
	ROW(field, "field", FIELD_BYTES, "HEX",
	    "Whole parameters field instead: C9, EF for the system, EA for toolkits", .min = 1),
	ROW(shown.no_selectable, "no-selectable", FIELD_FLAG, NULL,
	    "Install and do not make selectable"),
	ROW(token, "token", FIELD_FILE, "FILE", "Install token, its octets as they are"),
	LOAD_FIELDS(struct install_change, shown.l),
};

static bool from_file(const struct install_change *x)
{
	return x->shown.l.file.path[0] != '\0';
}

/* ---- everything that needs no card ---- */

static int add_one(struct install_change *x, const struct aid *module, struct err *e)
{
	for (size_t i = 0; i < x->shown.n; i++)
		if (aid_same(&x->shown.list[i].module, module))
			return err_set(
			    e, ERR_USAGE, FIELD("applet") ": %s is there twice", aid_hex(module).s);
	x->shown.list[x->shown.n++] = (struct install_one){ *module, *module };
	return 0;
}

static int pick_applet(struct install_change *x, const struct aid *aid, struct err *e)
{
	const struct load_source *l = &x->shown.l;

	for (size_t i = 0; i < l->applet_n; i++)
		if (aid_same(&l->applet[i], aid))
			return add_one(x, aid, e);
	err_set(
	    e, ERR_USAGE, FIELD("applet") ": %s has no applet %s", l->file.path, aid_hex(aid).s);
	if (l->applet_n == 0)
		return -1;
	return err_hint(e, "it has %s%s%s", aid_hex(&l->applet[0]).s,
	    l->applet_n > 1 ? " and others: " : "",
	    l->applet_n > 1 ? VERB("cap show") " lists them" : "");
}

static int pick_applets(struct install_change *x, struct err *e)
{
	if (x->applet.n > CAP_APPLETS_MAX)
		return err_set(e, ERR_USAGE, FIELD("applet") ": at most %d", CAP_APPLETS_MAX);
	for (size_t i = 0; i < x->applet.n; i++)
		if (pick_applet(x, &x->applet.list[i], e) != 0)
			return -1;
	for (size_t i = 0; x->applet.n == 0 && i < x->shown.l.applet_n; i++)
		if (add_one(x, &x->shown.l.applet[i], e) != 0)
			return -1;
	if (x->shown.n > 0)
		return 0;
	err_set(e, ERR_INPUT, "%s has no applets: it is a library", x->shown.l.file.path);
	return err_hint(e, VERB("load") " loads it");
}

static int take_file(struct install_change *x, struct err *e)
{
	if (x->module.n > 0)
		return err_set(e, ERR_USAGE, "either " FIELD("file") " or " FIELD("module"));
	if (x->package.n > 0)
		return err_set(e, ERR_USAGE, FIELD("package") " is for a module on the card");
	return load_file_open(&x->shown.l, e) != 0 ? -1 : pick_applets(x, e);
}

static int take_module(struct install_change *x, struct err *e)
{
	if (x->module.n == 0)
		return err_set(e, ERR_USAGE, FIELD("file") " or " FIELD("module") " is missing");
	if (load_file_given(&x->shown.l) || x->applet.n > 0)
		return err_set(e, ERR_USAGE,
		    "%s is a module on the card: " FIELD("domain") ", " FIELD("applet") ", " FIELD(
			"dap") " and the like are for files",
		    aid_hex(&x->module).s);
	return add_one(x, &x->module, e);
}

/* C9 is always there, if empty (GPCS 11.5.2.3.7). */
static int take_parameters(struct install_change *x, struct err *e)
{
	struct install_params p = { .has_app = true,
		.app = span_of(x->parameters.b, x->parameters.n) };

	x->params = wr_grow(2 * FIELD_OCTETS);
	if (!x->field.given) {
		install_params_put(&x->params, &p);
		return wr_ok(&x->params) ? 0 : err_memory(e);
	}
	if (x->parameters.given)
		return err_set(e, ERR_USAGE, FIELD("parameters") " is a part of " FIELD("field"));
	if (!install_params_get(span_of(x->field.b, x->field.n), &p)) {
		err_set(e, ERR_USAGE, FIELD("field") ": not TLVs as INSTALL has them");
		return err_hint(e, "C9 for the application, EF for the system, EA for toolkits");
	}
	wr_bytes(&x->params, x->field.b, x->field.n);
	return wr_ok(&x->params) ? 0 : err_memory(e);
}

static int open_install(void *install, struct err *e)
{
	struct install_change *x = install;
	bool has_token = x->token.path[0] != '\0';

	if (take_parameters(x, e) != 0 ||
	    (has_token && field_file_read(&x->token, FIELD_FILE_MAX, e) != 0) ||
	    (from_file(x) ? take_file(x, e) : take_module(x, e)) != 0)
		return -1;
	if (x->shown.n > 1 && (x->instance.n > 0 || has_token)) {
		err_set(e, ERR_USAGE, "%s is for one applet, and %s has %zu",
		    x->instance.n > 0 ? FIELD("instance") : FIELD("token"), x->shown.l.file.path,
		    x->shown.n);
		return err_hint(e, FIELD_IS("applet", "AID") " picks one");
	}
	if (x->instance.n > 0)
		x->shown.list[0].app = x->instance;
	return 0;
}

static void close_install(void *install)
{
	struct install_change *x = install;

	load_file_close(&x->shown.l);
	wr_free(&x->params);
}

/* ---- what the card shows ---- */

/* One octet, here or there, leaves the others to what they are by default (GPCS 11.1.2). */
static bool privileges_are(const struct install_change *x, const struct registry_entry *there)
{
	uint32_t mask = there->s.privileges_n == 3 && x->privileges.n == 3 ? 0xFFFFFF : 0xFF0000;

	return !x->privileges.given || there->s.privileges_n == 0 ||
	       (there->s.privileges & mask) == (x->privileges.v & mask);
}

/* As an application of the package, with the privileges, in the state that was asked for; one that
 * is locked was made selectable before. */
static bool one_is_so(const struct install_change *x, const struct aid *package,
    const struct install_one *i, const struct registry *r)
{
	const struct registry_entry *there = registry_find(r, &i->app);
	bool selectable;

	if (there == NULL || there->kind != REGISTRY_APPLICATION)
		return false;
	selectable = (there->s.state & APP_SELECTABLE) == APP_SELECTABLE;
	return (there->s.load_file.n == 0 || package->n == 0 ||
		   aid_same(&there->s.load_file, package)) &&
	       privileges_are(x, there) && (selectable || x->shown.no_selectable);
}

static int is_so(struct change_card *c, const void *install, struct change_so *so, struct err *e)
{
#define AT(member) offsetof(struct install_change, member)
	static const size_t shown[] = { AT(shown.l.file), AT(module), AT(package), AT(applet),
		AT(instance), AT(shown.no_selectable), AT(token), AT(shown.l.replace),
		AT(shown.l.cleanup), AT(shown.l.block), AT(shown.l.extended),
		AT(shown.l.load_token), SIZE_MAX };
	const struct install_change *x = install;
	const struct aid *package = from_file(x) ? &x->shown.l.package : &x->package;
	const struct registry *r;

	if (c->by_hand)
		return 0;
	if (change_content(c, &r, e) != 0)
		return -1;
	so->unproven = change_given_but(c->kind, x, shown);
	so->is = !from_file(x) || load_file_is_so(&x->shown.l, r, c->kind, &so->unproven) ? SO_YES
											  : SO_NO;
	for (size_t i = 0; so->is == SO_YES && i < x->shown.n; i++) {
		const struct registry_entry *there = registry_find(r, &x->shown.list[i].app);

		so->is = one_is_so(x, package, &x->shown.list[i], r) ? SO_YES : SO_NO;
		if (there != NULL && there->s.privileges_n > 0)
			so->unproven &= ~change_bit(c->kind, AT(privileges));
	}
	return 0;
#undef AT
}

/* ---- what speaks against it ---- */

/* The package of a module that was named without one. */
static int find_package(
    const struct install_change *x, struct install_work *w, const struct registry *r, struct err *e)
{
	const struct aid *module = &x->module;

	w->told.package = from_file(x) ? x->shown.l.package : x->package;
	for (size_t i = 0; w->told.package.n == 0 && i < r->n; i++)
		for (size_t k = 0; k < r->entry[i].s.module_n; k++)
			if (aid_same(&r->entry[i].s.module[k], module))
				w->told.package = r->entry[i].s.aid;
	if (w->told.package.n > 0)
		return 0;
	if (r->has_modules && registry_is_whole(r))
		return err_set(
		    e, ERR_CARD, "no package on the card has module %s", aid_hex(module).s);
	return err_set(e, ERR_USAGE,
	    FIELD("package") " is needed: the card was not asked, or does not "
			     "tell, which package has module %s",
	    aid_hex(module).s);
}

static int check_package(
    const struct install_change *x, struct install_work *w, const struct registry *r, struct err *e)
{
	if (find_package(x, w, r, e) != 0)
		return -1;
	if (registry_find(r, &w->told.package) == NULL && registry_is_whole(r))
		return err_set(
		    e, ERR_CARD, "package %s is not on the card", aid_hex(&w->told.package).s);
	return 0;
}

/* It goes with the package that is replaced. */
static bool goes_anyway(const struct removals *m, const struct registry_entry *x)
{
	for (size_t i = 0; i < m->n; i++)
		if (aid_same(&m->list[i].aid, &x->s.aid) ||
		    (m->list[i].p2 == DELETE_RELATED && aid_same(&m->list[i].aid, &x->s.load_file)))
			return true;
	return false;
}

static int check_name(struct change_card *c, const struct install_change *x, struct install_work *w,
    size_t i, struct err *e)
{
	struct removals *m = &w->told.load.removals;
	const struct registry_entry *there;
	const struct registry *r;

	if (change_content(c, &r, e) != 0)
		return -1;
	there = registry_find(r, &x->shown.list[i].app);
	if (there == NULL && c->is_dry && c->by_hand && x->shown.l.replace && !from_file(x))
		return removals_put(m, &x->shown.list[i].app, DELETE_OBJECT, e);
	if (there == NULL || goes_anyway(m, there))
		return 0;
	w->there[i] = !c->by_hand && one_is_so(x, &w->told.package, &x->shown.list[i], r);
	if (w->there[i])
		return 0;
	if (x->shown.l.replace && there->kind != REGISTRY_LOAD_FILE)
		return removals_add(m, r, there, WITH_RELATED, e);
	err_set(e, ERR_SAFETY, "%s is on the card already, as %s %s%s", aid_hex(&there->s.aid).s,
	    there->kind == REGISTRY_APPLICATION ? "an" : "a", entry_kind(there),
	    c->by_hand ? "" : ", and not as it is asked for");
	return err_hint(e,
	    FIELD_IS("replace", "true") " deletes it first, " FIELD("instance") " gives "
										"another AID");
}

static int check(struct change_card *c, const void *install, void *work, struct err *e)
{
	const struct install_change *x = install;
	struct install_work *w = work;
	const struct registry *r;

	if (change_content(c, &r, e) != 0)
		return -1;
	if (from_file(x)) {
		w->told.package = x->shown.l.package;
		if (load_file_check(c, &x->shown.l, &w->told.load, e) != 0)
			return -1;
	} else if (check_package(x, w, r, e) != 0) {
		return -1;
	}
	for (size_t i = 0; i < x->shown.n; i++)
		if (check_name(c, x, w, i, e) != 0)
			return -1;
	return change_may_manage(c, x->token.path[0] != '\0', "token", e);
}

static int confirm(struct change_card *c, const void *x, void *work, struct err *e)
{
	(void)x;
	return removals_confirm(c, &((struct install_work *)work)->told.load.removals, e);
}

/* ---- done ---- */

static int install_one(struct change_card *c, const struct install_change *x,
    struct install_work *w, const struct install_one *one, struct err *e)
{
	struct install i = { .load_file = w->told.package,
		.module = one->module,
		.app = one->app,
		.privileges = x->privileges.v,
		.privileges_n = x->privileges.given ? x->privileges.n : 1,
		.params = wr_span(&x->params),
		.token = wr_span(&x->token.octets) };
	struct span confirmation;

	if (change_stopped(c))
		return err_set(
		    e, ERR_INTERRUPTED, "stopped before application %s", aid_hex(&one->app).s);
	if (content_install(c->s,
		x->shown.no_selectable ? INSTALL_FOR_INSTALL : INSTALL_AND_SELECTABLE, &i,
		x->shown.no_selectable ? "INSTALL [for install]"
				       : "INSTALL [for install and make selectable]",
		&confirmation, e) != 0)
		return err_in(e, "application %s", aid_hex(&one->app).s);
	confirmation_add(&w->told.confirmations, confirmation);
	return wr_ok(&w->told.confirmations) ? 0 : err_memory(e);
}

static int act(struct change_card *c, const void *install, void *work, struct err *e)
{
	const struct install_change *x = install;
	struct install_work *w = work;

	if (from_file(x) && load_file_send(c, &x->shown.l, &w->told.load, e) != 0)
		return err_in(e, "%s", x->shown.l.file.path);
	if (!from_file(x) && removals_do(c, &w->told.load.removals, span_of(NULL, 0), e) != 0)
		return -1;
	for (size_t i = 0; i < x->shown.n; i++) {
		if (w->there[i])
			continue;
		if (install_one(c, x, w, &x->shown.list[i], e) != 0) {
			if (from_file(x))
				change_note(c,
				    "stage INSTALL: the package is loaded, %zu of %zu applications "
				    "are installed",
				    w->done, x->shown.n);
			return -1;
		}
		w->done++;
	}
	return 0;
}

static void undo(struct change_card *c, const void *install, void *work, struct err *why)
{
	const struct install_change *x = install;
	struct install_work *w = work;

	if (from_file(x))
		load_file_leftover(c, &x->shown.l, &w->told.load, why);
}

/* ---- read back ---- */

static int compare_one(const struct install_change *x, const struct aid *package,
    const struct install_one *one, const struct registry *after, struct err *e)
{
	const struct registry_entry *there = registry_find(after, &one->app);
	struct aid_hex app = aid_hex(&one->app);
	uint32_t mask = there != NULL && there->s.privileges_n == 3 ? 0xFFFFFF : 0xFF0000;

	if (there == NULL || there->kind != REGISTRY_APPLICATION)
		return err_set(e, ERR_INTEGRITY,
		    "the card answered 9000 to INSTALL and does not list application %s", app.s);
	if (!x->shown.no_selectable && (there->s.state & APP_SELECTABLE) != APP_SELECTABLE)
		return err_set(e, ERR_INTEGRITY, "application %s is %s, not selectable", app.s,
		    entry_state(there));
	if (there->s.privileges_n > 0 &&
	    (there->s.privileges & x->privileges.v & mask) != (x->privileges.v & mask))
		return err_set(e, ERR_INTEGRITY,
		    "application %s is there without all the privileges asked for", app.s);
	if (there->s.load_file.n > 0 && !aid_same(&there->s.load_file, package))
		return err_set(e, ERR_INTEGRITY, "application %s is listed as of package %s", app.s,
		    aid_hex(&there->s.load_file).s);
	return 0;
}

static int compare(struct change_card *c, const void *install, void *work, struct err *e)
{
	const struct install_change *x = install;
	struct install_work *w = work;
	const struct registry *after;

	if (change_content(c, &after, e) != 0 ||
	    (from_file(x) && load_file_compare(c, &x->shown.l, e) != 0))
		return -1;
	for (size_t i = 0; i < x->shown.n; i++)
		if (after->told[REGISTRY_APPLICATION] && !after->cut &&
		    compare_one(x, &w->told.package, &x->shown.list[i], after, e) != 0)
			return -1;
	return 0;
}

static void describe(const void *install, char *out, size_t cap)
{
	const struct install_change *x = install;

	if (from_file(x))
		load_file_describe(&x->shown.l, x->shown.n, out, cap);
	else
		snprintf(out, cap, "module %s", aid_hex(&x->module).s);
}

static void free_work(void *work)
{
	struct install_work *w = work;

	load_work_free(&w->told.load);
	wr_free(&w->told.confirmations);
}

const struct change_kind change_install = {
	.name = "install",
	.fields = fields,
	.field_n = sizeof(fields) / sizeof(fields[0]),
	.size = sizeof(struct install_change),
	.work_size = sizeof(struct install_work),
	.open = open_install,
	.close = close_install,
	.is_so = is_so,
	.check = check,
	.confirm = confirm,
	.act = act,
	.compare = compare,
	.undo = undo,
	.work_free = free_work,
	.describe = describe,
};
