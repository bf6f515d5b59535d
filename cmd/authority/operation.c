#include "cmd/authority/operation.h"

#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "gp/privilege.h"
#include "cmd/kit/out.h"
#include "cmd/content/target.h"
#include "cmd/kit/print.h"

enum { FIELD_MAX = 1024 };

const char *const token_kinds[] = { "load", "install", "make-selectable", "load-install",
	"extradition", "registry-update", "delete", NULL };

/* ---- which options go with which kind ---- */

enum {
	LOADS = 1 << TOKEN_LOAD | 1 << TOKEN_ALL,
	INSTALLS = 1 << TOKEN_INSTALL | 1 << TOKEN_ALL,
	MOVES = 1 << TOKEN_EXTRADITION | 1 << TOKEN_REGISTRY,
	NAMES_APP = 1 << TOKEN_INSTALL | 1 << TOKEN_SELECTABLE | 1 << TOKEN_ALL
};

static int check_options(const struct operation_args *a, enum token_kind kind, struct err *e)
{
	const struct {
		bool given;
		const char *name;
		unsigned kinds;
	} rows[] = {
		{ a->domain.n > 0, "domain", LOADS | MOVES },
		{ a->hash != NULL, "hash", LOADS },
		{ a->digest.n > 0, "digest", LOADS },
		{ a->descriptor, "descriptor", LOADS },
		{ a->package.n > 0, "package", 1 << TOKEN_INSTALL | 1 << TOKEN_SELECTABLE },
		{ a->applet.n > 0, "applet", INSTALLS },
		{ a->instance.n > 0, "instance", INSTALLS },
		{ a->privileges != NULL, "privileges", NAMES_APP | 1 << TOKEN_REGISTRY },
		{ a->parameters != NULL, "parameters", INSTALLS },
		{ a->field != NULL, "field", ~(1u << TOKEN_DELETE) },
		{ a->control != NULL, "control", 1 << TOKEN_DELETE },
		{ a->no_selectable, "no-selectable", 1 << TOKEN_INSTALL },
		{ a->related, "related", 1 << TOKEN_DELETE },
		{ a->old_domain.n > 0, "old-domain", MOVES },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].given && (rows[i].kinds & 1u << kind) == 0)
			return err_set(
			    e, ERR_USAGE, "--%s does not go with %s", rows[i].name, a->kind);
	if (a->field != NULL && a->parameters != NULL)
		return err_set(
		    e, ERR_USAGE, "--field is all parameters: --parameters does not go with it");
	if (a->digest.n > 0 && a->hash != NULL)
		return err_set(e, ERR_USAGE, "--digest is the hash: --hash does not go with it");
	return 0;
}

/* ---- values ---- */

static int hex_read(const char *text, const char *what, struct wr *w, struct err *e)
{
	size_t n = strlen(text) / 2;
	uint8_t *to = wr_space(w, n);

	if (to == NULL || !hex_get(span_str(text), to, n, &n) || n == 0) {
		wr_reset(w);
		return err_set(e, ERR_USAGE, "--%s: hex octets, 1 to %d of them", what, FIELD_MAX);
	}
	wr_cut(w, n);
	return 0;
}

/* As the verb install has it: C9 is always there, if empty. */
static int read_params(struct operation_read *x, struct err *e)
{
	const struct operation_args *a = x->a;
	struct wr app = wr_grow(FIELD_MAX);
	struct install_params p = { .has_app = true };
	int rc = 0;

	if (a->field != NULL)
		rc = hex_read(a->field, "field", &x->params, e);
	else if ((INSTALLS & 1u << x->o.kind) != 0) {
		if (a->parameters != NULL)
			rc = hex_read(a->parameters, "parameters", &app, e);
		p.app = wr_span(&app);
		install_params_put(&x->params, &p);
	}
	wr_free(&app);
	if (rc == 0 && !wr_ok(&x->params))
		rc = err_set(e, ERR_USAGE, "--parameters: too long");
	x->o.install.params = wr_span(&x->params);
	return rc;
}

static int read_privileges(struct operation_read *x, struct err *e)
{
	struct install *i = &x->o.install;

	if (x->a->privileges == NULL && x->o.kind == TOKEN_REGISTRY)
		return 0; /* stay as they are */
	if ((NAMES_APP & 1u << x->o.kind) == 0 && x->o.kind != TOKEN_REGISTRY)
		return 0;
	return privileges_parse(x->a->privileges, &i->privileges, &i->privileges_n, e);
}

/* ---- the CAP file, or an AID in its place ---- */

static bool is_file(const char *what)
{
	return access(what, F_OK) == 0;
}

static int need_aid(const struct operation_read *x, struct aid *aid, struct err *e)
{
	if (x->a->what == NULL)
		return err_set(e, ERR_USAGE, "%s needs an AID", x->a->kind);
	return aid_parse(x->a->what, "FILE|AID", aid, e);
}

static int read_cap(struct operation_read *x, struct aid *package, struct err *e)
{
	if (cap_read(x->a->what, &x->cap, e) != 0)
		return -1;
	if (aid_from(package, x->cap.package))
		return 0;
	return err_set(e, ERR_INPUT, "%s: the package has no proper AID", x->a->what);
}

/* Package and hash for INSTALL [for load]. */
static int read_load(struct operation_read *x, struct install *i, struct err *e)
{
	const struct operation_args *a = x->a;
	enum digest_alg alg = DIGEST_SHA256;

	i->domain = a->domain;
	if (a->what == NULL || !is_file(a->what)) {
		if (a->digest.n == 0) {
			err_set(
			    e, ERR_USAGE, "%s needs a CAP file, or an AID with --digest", a->kind);
			return a->what == NULL ? -1 : err_hint(e, "no file %.100s", a->what);
		}
		if (!digest_by_size(a->digest.n, &alg))
			return err_set(e, ERR_USAGE,
			    "--digest: %zu octets are of no hash (20, 32, 48, 64)", a->digest.n);
		i->hash = span_of(a->digest.b, a->digest.n);
		return need_aid(x, &i->load_file, e);
	}
	if (a->digest.n > 0)
		return err_set(e, ERR_USAGE, "--digest is for an AID, and %s is a file", a->what);
	if (read_cap(x, &i->load_file, e) != 0)
		return -1;
	if (a->hash != NULL && !digest_from(a->hash, &alg))
		return err_set(e, ERR_OTHER, "internal: hash %s", a->hash);
	if (!digest_of(alg, a->descriptor ? cap_whole(&x->cap) : x->cap.block, x->hash))
		return err_set(e, ERR_OTHER, "the hash cannot be computed");
	i->hash = span_of(x->hash, digest_size(alg));
	return 0;
}

/* The applet that --applet names, or the only one. */
static int pick_applet(const struct operation_read *x, struct aid *module, struct err *e)
{
	const struct aid *asked = &x->a->applet;

	for (size_t i = 0; i < x->cap.applet_n; i++)
		if (x->cap.applet_n == 1 && asked->n == 0)
			return aid_from(module, x->cap.applets[0].aid)
				   ? 0
				   : err_set(e, ERR_INPUT, "%s: the applet has no proper AID",
					 x->a->what);
		else if (asked->n > 0 && span_eq(aid_span(asked), x->cap.applets[i].aid)) {
			*module = *asked;
			return 0;
		}
	if (x->cap.applet_n == 0)
		return err_set(e, ERR_INPUT, "%s has no applets: it is a library", x->a->what);
	if (asked->n > 0)
		err_set(e, ERR_USAGE, "--applet: %s has no such applet", x->a->what);
	else
		err_set(e, ERR_USAGE, "%s has %zu applets, and a token is for one", x->a->what,
		    x->cap.applet_n);
	return err_hint(e, "cap show lists them; --applet AID picks one");
}

/* Package, module and application for INSTALL [for install]. */
static int read_install(struct operation_read *x, struct install *i, struct err *e)
{
	const struct operation_args *a = x->a;

	if (x->o.kind == TOKEN_ALL && (a->what == NULL || !is_file(a->what)))
		return err_set(e, ERR_USAGE, "%s needs a CAP file", a->kind);
	if (a->what != NULL && is_file(a->what)) {
		if (a->package.n > 0)
			return err_set(
			    e, ERR_USAGE, "--package is for an AID, and %s is a file", a->what);
		/* load-install has read it */
		if ((x->cap.block.n == 0 && read_cap(x, &i->load_file, e) != 0) ||
		    pick_applet(x, &i->module, e) != 0)
			return -1;
	} else {
		if (a->applet.n > 0)
			return err_set(e, ERR_USAGE, "--applet is for a CAP file");
		if (need_aid(x, &i->module, e) != 0)
			return -1;
		if (a->package.n == 0)
			return err_set(e, ERR_USAGE, "%s of an AID needs --package", a->kind);
		i->load_file = a->package;
	}
	i->app = a->instance.n > 0 ? a->instance : i->module;
	return 0;
}

/* ---- each kind ---- */

static int read_registry(struct operation_read *x, struct err *e)
{
	struct install *i = &x->o.install;

	i->domain = x->a->domain;
	if (x->a->what != NULL && need_aid(x, &i->app, e) != 0)
		return -1;
	if (x->a->what == NULL && x->a->field == NULL)
		return err_set(
		    e, ERR_USAGE, "%s needs an AID, or --field for the card", x->a->kind);
	return 0;
}

static int read_delete(struct operation_read *x, struct err *e)
{
	x->o.p2 = x->a->related ? DELETE_RELATED : DELETE_OBJECT;
	if (x->a->control != NULL && hex_read(x->a->control, "control", &x->control, e) != 0)
		return -1;
	x->o.object.control = wr_span(&x->control);
	return need_aid(x, &x->o.object.aid, e);
}

static int read_kind(struct operation_read *x, struct err *e)
{
	struct install *i = &x->o.install;

	switch (x->o.kind) {
	case TOKEN_LOAD:
		return read_load(x, i, e);
	case TOKEN_INSTALL:
		x->o.p1 = x->a->no_selectable ? INSTALL_FOR_INSTALL : INSTALL_AND_SELECTABLE;
		return read_install(x, i, e);
	case TOKEN_SELECTABLE:
		return need_aid(x, &i->app, e);
	case TOKEN_ALL:
		if (read_load(x, &x->o.first, e) != 0)
			return -1;
		i->load_file = x->o.first.load_file;
		return read_install(x, i, e);
	case TOKEN_EXTRADITION:
		i->domain = x->a->domain;
		if (i->domain.n == 0)
			return err_set(e, ERR_USAGE, "%s needs --domain: where to", x->a->kind);
		return need_aid(x, &i->app, e);
	case TOKEN_REGISTRY:
		return read_registry(x, e);
	default:
		return read_delete(x, e);
	}
}

int operation_read(struct operation_read *x, const struct operation_args *a, struct err *e)
{
	x->a = a;
	x->params = wr_grow(FIELD_MAX);
	x->control = wr_grow(FIELD_MAX);
	if (!token_kind_from(a->kind, &x->o.kind))
		return err_set(e, ERR_USAGE, "KIND: %s is no kind of token", a->kind);
	if (check_options(a, x->o.kind, e) != 0 || read_privileges(x, e) != 0 ||
	    read_params(x, e) != 0)
		return -1;
	return read_kind(x, e);
}

void operation_free(struct operation_read *x)
{
	cap_free(&x->cap);
	wr_free(&x->params);
	wr_free(&x->control);
}

/* ---- receipts ---- */

static int missing(const char *option, const struct operation_read *x, struct err *e)
{
	return err_set(
	    e, ERR_USAGE, "--%s is missing: the receipt of %s names it", option, x->a->kind);
}

int operation_done(const struct operation_read *x, struct done *d, struct err *e)
{
	const struct install *i = &x->o.install;
	enum token_kind kind = x->o.kind;

	*d = (struct done){ .kind = kind,
		.load_file = kind == TOKEN_SELECTABLE ? x->a->package : i->load_file,
		.app = kind == TOKEN_DELETE ? x->o.object.aid : i->app,
		.domain = kind == TOKEN_ALL ? x->o.first.domain : i->domain,
		.old_domain = x->a->old_domain,
		.privileges = i->privileges,
		.privileges_n = i->privileges_n,
		.params = i->params };
	if (d->load_file.n == 0 && kind == TOKEN_SELECTABLE)
		return missing("package", x, e);
	if (d->domain.n == 0 && (LOADS & 1u << kind) != 0)
		return missing("domain", x, e);
	if (d->old_domain.n == 0 &&
	    (kind == TOKEN_EXTRADITION || (kind == TOKEN_REGISTRY && d->domain.n > 0)))
		return missing("old-domain", x, e);
	return 0;
}

/* ---- showing ---- */

static void set_aid(json_t **o, const char *name, const struct aid *aid)
{
	if (aid->n > 0)
		out_set(o, name, out_hex(aid_span(aid)));
}

json_t *operation_show(const struct operation_read *x)
{
	const struct install *i = &x->o.install;
	const struct install *load = x->o.kind == TOKEN_ALL ? &x->o.first : i;
	json_t *o = json_object();

	out_set(&o, "kind", json_text(token_kind_str(x->o.kind)));
	set_aid(&o, "package", &i->load_file);
	set_aid(&o, "module", &i->module);
	set_aid(&o, "application", x->o.kind == TOKEN_DELETE ? &x->o.object.aid : &i->app);
	set_aid(&o, "domain", &load->domain);
	if (load->hash.n > 0)
		out_set(&o, "hash", out_hex(load->hash));
	return o;
}

int authority_find(const struct keystore *ks, enum entry_type type, const char *name,
    enum authority_use use, const struct authority_key **k, struct err *e)
{
	const struct entry *t;

	if (keystore_find(ks, type, name, &t, e) != 0)
		return -1;
	*k = &t->authority;
	if (use == TO_VERIFY || authority_signs(&t->authority))
		return 0;
	err_set(e, ERR_AUTH, "%s '%s': only the public key is in %s", entry_type_str(type), t->name,
	    keystore_path(ks));
	return err_hint(e, "signatures are made where the private key is");
}

int operation_run(struct ctx *c, const struct operation_args *a, const void *args,
    operation_use *use, struct err *e)
{
	struct operation_read x = { 0 };
	struct keystore *ks;
	int rc;

	if (ctx_keystore(c, &ks, e) != 0)
		return -1;
	rc = operation_read(&x, a, e);
	if (rc == 0)
		rc = use(c, args, &x, ks, e);
	operation_free(&x);
	keystore_close(ks);
	return rc;
}
