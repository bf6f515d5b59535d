/* install: a CAP file from loading to selectable, or an application of a package on the card. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "cmd/content/cap_load.h"
#include "cmd/kit/show.h"

enum { PARAMETERS_MAX = 512 };

struct args {
	const char *what, *privileges, *parameters, *field, *token;
	struct aid package, instance;
	struct opt_strings applets;
	bool no_selectable;
	struct cap_args cap;
	struct channel_args channel;
};

static const struct opt opts[] = {
	OPT_AID("package", "AID", args, package, "Package on the card that has module AID"),
	OPT_STRINGS("applet", "AID", args, applets, "Only this applet of the file (all)"),
	OPT_AID("instance", "AID", args, instance, "AID of the application (that of the applet)"),
	OPT_STRING(
	    "privileges", "LIST", args, privileges, "Privileges by name, with commas between them"),
	OPT_STRING(
	    "parameters", "HEX", args, parameters, "Application parameters, the value of C9"),
	OPT_STRING("field", "HEX", args, field,
	    "Whole parameters field instead: C9, EF for the system, EA for toolkits"),
	OPT_FLAG("no-selectable", args, no_selectable, "Install and do not make selectable"),
	OPT_PATH("token", "FILE", args, token, "Install token, its octets as they are"),
	CAP_LOAD_OPTS(args, cap),
	CHANNEL_OPTS(args, channel),
};
static const struct operand operands[] = {
	WORD_PATH(
	    "FILE|AID", args, what, "A CAP file, or the AID of a module of a package on the card"),
};

/* One application to be made. */
struct instance {
	struct aid module, app;
	json_t *confirmation;
};
struct job {
	const struct args *g;
	bool from_file;
	struct cap_load load;
	struct aid package;
	struct instance list[CAP_APPLETS_MAX];
	size_t n;
	uint32_t privileges;
	uint8_t privileges_n, p1;
	struct wr params, token;
	struct removals removals;
	json_t *deleted;
};

/* ---- everything that needs no card ---- */

static int add_instance(struct job *j, const struct aid *module, struct err *e)
{
	for (size_t i = 0; i < j->n; i++)
		if (aid_same(&j->list[i].module, module))
			return err_set(
			    e, ERR_USAGE, "--applet: %s is there twice", aid_text(module).s);
	j->list[j->n++] = (struct instance){ *module, *module, NULL };
	return 0;
}

static int pick_applet(struct job *j, const char *text, struct err *e)
{
	const struct cap_load *x = &j->load;
	struct aid aid;

	if (aid_parse(text, "--applet", &aid, e) != 0)
		return -1;
	for (size_t i = 0; i < x->applet_n; i++)
		if (aid_same(&x->applet[i], &aid))
			return add_instance(j, &aid, e);
	err_set(e, ERR_USAGE, "--applet: %s has no applet %s", x->path, aid_text(&aid).s);
	if (x->applet_n > 0)
		err_hint(e, "it has %s%s", aid_text(&x->applet[0]).s,
		    x->applet_n > 1 ? " and others: cap show lists them" : "");
	return -1;
}

static int pick_applets(struct job *j, struct err *e)
{
	const struct opt_strings *asked = &j->g->applets;
	const struct cap_load *x = &j->load;

	if (asked->n > CAP_APPLETS_MAX)
		return err_set(e, ERR_USAGE, "--applet: at most %d", CAP_APPLETS_MAX);
	for (size_t i = 0; i < asked->n; i++)
		if (pick_applet(j, asked->v[i], e) != 0)
			return -1;
	for (size_t i = 0; asked->n == 0 && i < x->applet_n; i++)
		if (add_instance(j, &x->applet[i], e) != 0)
			return -1;
	if (j->n > 0)
		return 0;
	err_set(e, ERR_INPUT, "%s has no applets: it is a library", x->path);
	return err_hint(e, "cardadm load loads it");
}

static int take_module(struct job *j, struct err *e)
{
	const struct args *g = j->g;
	struct cap_args file_only = g->cap;
	struct aid module;

	file_only.replace = false;
	if (aid_parse(g->what, "FILE|AID", &module, e) != 0) {
		err_set(e, ERR_INPUT, "%s: no such file, and no AID", g->what);
		return -1;
	}
	if (cap_args_given(&file_only) || g->applets.n > 0)
		return err_set(e, ERR_USAGE,
		    "%s is a module on the card: --domain, --applet, "
		    "--dap and the like are for files",
		    g->what);
	j->package = g->package; /* none: looked up in the registry */
	return add_instance(j, &module, e);
}

/* C9 is always there, if empty (GPCS 11.5.2.3.7). */
static int take_parameters(struct job *j, struct err *e)
{
	const char *text = j->g->parameters;
	uint8_t value[PARAMETERS_MAX];
	struct install_params p = { .has_app = true };
	size_t n = 0;

	if (text != NULL && j->g->field != NULL)
		return err_set(e, ERR_USAGE, "--parameters is a part of --field");
	if (j->g->field != NULL)
		return field_parse(j->g->field, "--field", &j->params, e);
	if (text != NULL && !hex_get(span_str(text), value, sizeof(value), &n))
		return err_set(
		    e, ERR_USAGE, "--parameters: hex octets, at most %d of them", PARAMETERS_MAX);
	p.app = span_of(value, n);
	install_params_put(&j->params, &p);
	return wr_ok(&j->params) ? 0 : err_memory(e);
}

static int prepare(struct job *j, struct err *e)
{
	const struct args *g = j->g;

	j->p1 = g->no_selectable ? INSTALL_FOR_INSTALL : INSTALL_AND_SELECTABLE;
	j->from_file = access(g->what, F_OK) == 0;
	if (privileges_parse(g->privileges, &j->privileges, &j->privileges_n, e) != 0 ||
	    take_parameters(j, e) != 0)
		return -1;
	if (g->token != NULL && octets_read(g->token, &j->token, e) != 0)
		return -1;
	if (!j->from_file) {
		if (take_module(j, e) != 0)
			return -1;
	} else {
		if (g->package.n > 0)
			return err_set(e, ERR_USAGE, "--package is for a module on the card");
		if (cap_load_read(&j->load, g->what, &g->cap, e) != 0 || pick_applets(j, e) != 0)
			return -1;
		j->package = j->load.package;
	}
	if (j->n > 1 && (g->instance.n > 0 || g->token != NULL)) {
		err_set(e, ERR_USAGE, "%s is for one applet, and %s has %zu",
		    g->instance.n > 0 ? "--instance" : "--token", g->what, j->n);
		return err_hint(e, "--applet AID picks one");
	}
	if (g->instance.n > 0)
		j->list[0].app = g->instance;
	return 0;
}

/* ---- what the card has ---- */

/* The package of a module that was named without one. */
static int find_package(struct job *j, const struct registry *r, struct err *e)
{
	const struct aid *module = &j->list[0].module;

	for (size_t i = 0; j->package.n == 0 && i < r->n; i++)
		for (size_t k = 0; k < r->entry[i].s.module_n; k++)
			if (aid_same(&r->entry[i].s.module[k], module))
				j->package = r->entry[i].s.aid;
	if (j->package.n > 0)
		return 0;
	if (r->has_modules && registry_is_whole(r))
		return err_set(
		    e, ERR_CARD, "no package on the card has module %s", aid_text(module).s);
	return err_set(e, ERR_USAGE,
	    "--package is needed: the card was not asked, or does not "
	    "tell, which package has module %s",
	    aid_text(module).s);
}

static int check_package(struct job *j, const struct registry *r, struct err *e)
{
	const struct registry_entry *x;

	if (find_package(j, r, e) != 0)
		return -1;
	x = registry_find(r, &j->package);
	if (x == NULL && registry_is_whole(r))
		return err_set(
		    e, ERR_CARD, "package %s is not on the card", aid_text(&j->package).s);
	return 0;
}

/* It goes with the package that is replaced. */
static bool goes_anyway(const struct job *j, const struct registry_entry *x)
{
	for (size_t i = 0; i < j->removals.n; i++)
		if (aid_same(&j->removals.list[i].aid, &x->s.aid) ||
		    (j->removals.list[i].p2 == DELETE_RELATED &&
			aid_same(&j->removals.list[i].aid, &x->s.load_file)))
			return true;
	return false;
}

static int check_names(struct job *j, bool is_dry, const struct registry *r, struct err *e)
{
	for (size_t i = 0; i < j->n; i++) {
		const struct registry_entry *x = registry_find(r, &j->list[i].app);

		if (x == NULL && is_dry && j->g->cap.replace && !j->from_file &&
		    old_removals_put(&j->removals, &j->list[i].app, DELETE_OBJECT, e) != 0)
			return -1;
		if (x == NULL || goes_anyway(j, x))
			continue;
		if (!j->g->cap.replace || x->kind == REGISTRY_LOAD_FILE) {
			err_set(e, ERR_SAFETY, "%s is on the card already, as %s %s",
			    aid_text(&x->s.aid).s, x->kind == REGISTRY_APPLICATION ? "an" : "a",
			    entry_kind(x));
			return err_hint(e, "--replace deletes it first, --instance gives another "
					   "AID");
		}
		if (old_removals_add(&j->removals, r, x, true, e) != 0)
			return -1;
	}
	return 0;
}

static int check(struct job *j, struct target *t, const struct registry *r, struct err *e)
{
	if (j->from_file ? cap_load_check(&j->load, t, r, &j->removals, e) != 0
			 : check_package(j, r, e) != 0)
		return -1;
	if (check_names(j, t->is_dry, r, e) != 0)
		return -1;
	if ((j->from_file &&
		target_may_manage(t, r, j->load.token.n > 0, "--load-token", e) != 0) ||
	    target_may_manage(t, r, j->token.n > 0, "--token", e) != 0)
		return -1;
	return j->removals.n == 0 || t->is_dry ? 0 : old_removals_ask(t->c, &j->removals, r, e);
}

/* ---- do ---- */

static int install_one(struct job *j, struct target *t, struct instance *x, struct err *e)
{
	struct install i = { .load_file = j->package,
		.module = x->module,
		.app = x->app,
		.privileges = j->privileges,
		.privileges_n = j->privileges_n,
		.params = wr_span(&j->params),
		.token = wr_span(&j->token) };
	struct span confirmation;

	if (ctx_stopped(t->c))
		return err_set(
		    e, ERR_INTERRUPTED, "stopped before application %s", aid_text(&x->app).s);
	if (content_install(t->s, j->p1, &i,
		j->g->no_selectable ? "INSTALL [for install]"
				    : "INSTALL [for install and make selectable]",
		&confirmation, e) != 0)
		return err_in(e, "application %s", aid_text(&x->app).s);
	x->confirmation = out_hex(confirmation);
	return x->confirmation == NULL ? err_memory(e) : 0;
}

static int install_all(struct job *j, struct target *t, struct err *e)
{
	for (size_t i = 0; i < j->n; i++) {
		if (install_one(j, t, &j->list[i], e) == 0)
			continue;
		if (j->from_file) {
			ctx_note(t->c,
			    "stage INSTALL: the package is loaded, %zu of %zu "
			    "applications are installed",
			    i, j->n);
			cap_load_leftover(&j->load, t, e);
		}
		return -1;
	}
	return 0;
}

static int act(struct job *j, struct target *t, struct err *e)
{
	if (j->removals.n > 0 &&
	    old_removals_do(t, &j->removals, span_of(NULL, 0), j->deleted, e) != 0)
		return -1;
	if (j->from_file && cap_load_send(&j->load, t, e) != 0)
		return -1;
	return install_all(j, t, e);
}

/* ---- read back ---- */

static int compare_one(
    const struct job *j, const struct instance *x, const struct registry *after, struct err *e)
{
	const struct registry_entry *there = registry_find(after, &x->app);
	uint32_t mask = there != NULL && there->s.privileges_n == 3 ? 0xFFFFFF : 0xFF0000;

	if (there == NULL || there->kind != REGISTRY_APPLICATION)
		return err_set(e, ERR_INTEGRITY,
		    "the card answered 9000 to INSTALL and does not list application %s",
		    aid_text(&x->app).s);
	if (!j->g->no_selectable && (there->s.state & APP_SELECTABLE) != APP_SELECTABLE)
		return err_set(e, ERR_INTEGRITY, "application %s is %s, not selectable",
		    aid_text(&x->app).s, entry_state(there));
	if (there->s.privileges_n > 0 &&
	    (there->s.privileges & j->privileges & mask) != (j->privileges & mask))
		return err_set(e, ERR_INTEGRITY,
		    "application %s is there without all the privileges asked for",
		    aid_text(&x->app).s);
	if (there->s.load_file.n > 0 && !aid_same(&there->s.load_file, &j->package))
		return err_set(e, ERR_INTEGRITY, "application %s is listed as of package %s",
		    aid_text(&x->app).s, aid_text(&there->s.load_file).s);
	return 0;
}

static int compare(struct job *j, struct target *t, struct err *e)
{
	struct registry after;
	int rc = 0;

	if (target_reread(t, &after)) {
		if (j->from_file)
			rc = cap_load_compare(&j->load, &after, e);
		for (size_t i = 0; rc == 0 && i < j->n; i++)
			if (after.told[REGISTRY_APPLICATION] && !after.cut)
				rc = compare_one(j, &j->list[i], &after, e);
	}
	registry_free(&after);
	return rc;
}

static json_t *instance_rows(struct job *j)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < j->n; i++) {
		json_t *o = json_object();

		out_set(&o, "aid", out_hex(aid_span(&j->list[i].app)));
		out_set(&o, "module", out_hex(aid_span(&j->list[i].module)));
		out_set(&o, "confirmation", json_incref(j->list[i].confirmation));
		show_add(&rows, o);
	}
	return rows;
}

static int tell(struct job *j, struct ctx *c, struct err *e)
{
	json_t *o;

	if (c->json) {
		o = j->from_file ? cap_load_show(&j->load) : json_object();
		if (!j->from_file)
			out_set(&o, "package", out_hex(aid_span(&j->package)));
		out_set(&o, "selectable", json_boolean(!j->g->no_selectable));
		out_set(&o, "deleted", json_incref(j->deleted));
		out_set(&o, "applications", instance_rows(j));
		return out_result(c, o, e);
	}
	if (j->from_file)
		cap_load_tell(&j->load, c);
	for (size_t i = 0; i < j->n; i++) {
		fprintf(c->out, "installed: %s from %s%s\n", aid_text(&j->list[i].app).s,
		    aid_text(&j->package).s, j->g->no_selectable ? ", not selectable" : "");
		if (json_is_string(j->list[i].confirmation))
			fprintf(c->out, "confirmation: %s\n",
			    json_string_value(j->list[i].confirmation));
	}
	return 0;
}

static int run_target(struct job *j, struct target *t, struct err *e)
{
	struct registry r;
	int rc = target_registry(t, &r, e);

	if (rc == 0)
		rc = check(j, t, &r, e);
	registry_free(&r);
	if (rc != 0 || act(j, t, e) != 0 || compare(j, t, e) != 0)
		return -1;
	return t->is_dry ? 0 : tell(j, t->c, e);
}

static int run(struct ctx *c, void *args, struct err *e)
{
	const struct args *g = args;
	struct job *j = calloc(1, sizeof(*j));
	struct target t;
	int rc;

	if (j == NULL)
		return err_memory(e);
	j->g = g;
	j->params = wr_grow(2 * PARAMETERS_MAX);
	j->token = wr_grow(1);
	j->deleted = json_array();
	rc = j->deleted == NULL ? err_memory(e) : prepare(j, e);
	if (rc == 0)
		rc = target_open(&t, c, &g->channel, e);
	if (rc == 0)
		rc = target_close(&t, run_target(j, &t, e), e);
	for (size_t i = 0; i < j->n; i++)
		json_decref(j->list[i].confirmation);
	json_decref(j->deleted);
	cap_load_free(&j->load);
	wr_free(&j->params);
	wr_free(&j->token);
	free(j);
	return rc;
}

const struct verb verb_install = {
	.name = "install",
	.group = "content",
	.summary = "Load a CAP file and install its applications",
	.needs = NEED_READER | USES_SESSION | USES_KEYSTORE | MUTATES | DESTROYS | HAS_JSON,
	VERB_OPTS(opts),
	VERB_OPERANDS(operands),
	.args_size = sizeof(struct args),
	.run = run,
};
