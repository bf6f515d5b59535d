/* list: what is on a card. */
#include <stdlib.h>

#include "cap/cap.h"
#include "cmd/channel/channel.h"
#include "gp/trust.h"
#include "host/registry.h"
#include "cmd/content/target.h"
#include "cmd/kit/print.h"

struct args {
	bool isd, applications, load_files;
	struct channel_args channel;
};

static const struct opt opts[] = {
	OPT_FLAG("isd", args, isd, "Only the issuer domain"),
	OPT_FLAG("applications", args, applications, "Only applications and security domains"),
	OPT_FLAG("load-files", args, load_files, "Only packages and their modules"),
	CHANNEL_OPTS(args, channel),
};

static bool wanted(const struct args *g, enum registry_kind kind)
{
	bool all = !g->isd && !g->applications && !g->load_files;

	switch (kind) {
	case REGISTRY_ISD:
		return all || g->isd;
	case REGISTRY_APPLICATION:
		return all || g->applications;
	case REGISTRY_LOAD_FILE:
		return all || g->load_files;
	}
	return false;
}

/* ---- for people ---- */

struct tree {
	const struct registry *r;
	const struct args *g;
	FILE *out;
	bool *shown; /* by entry */
	bool flat;
};

static void put_names(FILE *f, uint32_t privileges, int indent)
{
	const char *comma = "";

	if (privileges == 0)
		return;
	print_text(f, "%*s  privileges: ", indent, "");
	for (uint32_t bit = 0x800000; bit != 0; bit >>= 1) {
		if ((privileges & bit) == 0 || privilege_str(bit) == NULL)
			continue;
		print_text(f, "%s%s", comma, privilege_str(bit));
		comma = ", ";
	}
	print_raw(f, "\n");
}

static void put_modules(const struct tree *t, const struct registry_entry *x, int indent)
{
	for (size_t i = 0; i < x->s.module_n; i++)
		print_line(t->out, "%*s  %s  module", indent, "", aid_hex(&x->s.module[i]).s);
}

/* What of this AID there is everywhere; NULL: not known. */
static const char *known_name(const struct registry_entry *x)
{
	if (x->kind == REGISTRY_LOAD_FILE)
		return cap_package_str(aid_span(&x->s.aid));
	return aid_same(&x->s.aid, &aid_trust) ? "trust application" : NULL;
}

static void put_entry(const struct tree *t, const struct registry_entry *x, int indent)
{
	const char *name = known_name(x);

	print_text(t->out, "%*s%s  %s", indent, "", aid_hex(&x->s.aid).s, entry_kind(x));
	if (x->s.version_n > 0)
		print_text(t->out, " %u.%u", x->s.version[0], x->s.version[1]);
	print_text(t->out, "  %s", entry_state(x));
	if (x->kind == REGISTRY_APPLICATION && x->s.load_file.n > 0)
		print_text(t->out, "  from %s", aid_hex(&x->s.load_file).s);
	if (t->flat && x->s.domain.n > 0 && x->kind != REGISTRY_ISD)
		print_text(t->out, "  in %s", aid_hex(&x->s.domain).s);
	if (name != NULL)
		print_text(t->out, "  %s", name);
	print_raw(t->out, "\n");
	put_names(t->out, x->s.privileges, indent);
	if (x->kind == REGISTRY_LOAD_FILE)
		put_modules(t, x, indent);
}

static bool is_in(const struct registry_entry *x, const struct registry_entry *domain)
{
	return x != domain && x->kind != REGISTRY_ISD && x->s.domain.n > 0 &&
	       aid_same(&x->s.domain, &domain->s.aid);
}

/* What belongs to a domain, behind it: applications, then packages; a domain with its own. */
static void put_branch(struct tree *t, size_t at, int indent)
{
	const struct registry_entry *domain = &t->r->entry[at];

	put_entry(t, domain, indent);
	t->shown[at] = true;
	if (!registry_is_domain(domain))
		return;
	for (int files = 0; files <= 1; files++)
		for (size_t i = 0; i < t->r->n; i++)
			if (!t->shown[i] && is_in(&t->r->entry[i], domain) &&
			    (t->r->entry[i].kind == REGISTRY_LOAD_FILE) == files)
				put_branch(t, i, indent < 64 ? indent + 2 : indent);
}

/* The issuer domain first; then what no domain that was told holds. */
static void put_tree(struct tree *t)
{
	for (size_t i = 0; i < t->r->n; i++)
		if (t->r->entry[i].kind == REGISTRY_ISD)
			put_branch(t, i, 0);
	for (int domains = 1; domains >= 0; domains--)
		for (size_t i = 0; i < t->r->n; i++)
			if (!t->shown[i] && registry_is_domain(&t->r->entry[i]) == domains)
				put_branch(t, i, 0);
}

static void put_flat(struct tree *t)
{
	for (size_t i = 0; i < t->r->n; i++)
		if (wanted(t->g, t->r->entry[i].kind))
			put_entry(t, &t->r->entry[i], 0);
}

static int show_tree(struct ctx *c, const struct args *g, const struct registry *r, struct err *e)
{
	struct tree t = { .r = r,
		.g = g,
		.out = c->out,
		.shown = calloc(r->n + 1, sizeof(bool)),
		.flat = g->isd || g->applications || g->load_files };

	if (t.shown == NULL)
		return err_memory(e);
	if (t.flat)
		put_flat(&t);
	else
		put_tree(&t);
	free(t.shown);
	return 0;
}

/* ---- what it is worth ---- */

static bool is_proven(const struct args *g, const struct registry *r)
{
	for (int k = REGISTRY_ISD; k <= REGISTRY_LOAD_FILE; k++)
		if (wanted(g, (enum registry_kind)k) && !registry_proven(r, (enum registry_kind)k))
			return false;
	return true;
}

/* What is missing may have been taken away on the wire, so the list is no success. A supplementary
 * domain has nothing to prove it with: it lists its own part, which most often is itself alone. */
static int in_doubt(struct ctx *c, const struct args *g, const struct registry *r, struct err *e)
{
	for (int k = REGISTRY_ISD; k <= REGISTRY_LOAD_FILE; k++) {
		if (!wanted(g, (enum registry_kind)k) ||
		    registry_doubt_kind(r, (enum registry_kind)k, e) == 0)
			continue;
		if (r->issuer)
			return -1;
		ctx_note(c, "%s", e->text);
		err_clear(e);
	}
	return 0;
}

/* ---- JSON ---- */

static int show_json(struct ctx *c, const struct args *g, const struct registry *r, struct err *e)
{
	json_t *o = json_object(), *rows = json_array();

	for (size_t i = 0; i < r->n; i++)
		if (wanted(g, r->entry[i].kind) &&
		    json_array_append_new(rows, show_entry(&r->entry[i])) != 0) {
			json_decref(rows);
			rows = NULL;
		}
	out_set(&o, "form", json_text(r->old_form ? "deprecated" : "tlv"));
	out_set(&o, "complete", json_boolean(!r->cut && r->skipped == 0));
	out_set(&o, "proven", json_boolean(is_proven(g, r)));
	out_set(&o, "entries", rows);
	return out_result(c, o, e);
}

static void tell_gaps(struct ctx *c, const struct args *g, const struct registry *r)
{
	static const char *const names[] = { "its issuer domain", "applications", "packages" };

	for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
		if (wanted(g, (enum registry_kind)k) && !r->told[k])
			ctx_note(c, "the card does not list %s in this channel", names[k]);
	if (r->cut)
		ctx_note(c, "the card cuts its list short: there is more on it than it tells");
	if (r->skipped > 0)
		ctx_note(c, "entries without a proper AID are left out: %zu", r->skipped);
}

static int run(struct ctx *c, void *args, struct err *e)
{
	const struct args *g = args;
	struct registry r = { 0 };
	struct session *s;
	int rc;

	if (channel_check(&g->channel, e) != 0 || channel_session(c, &g->channel, &s, e) != 0)
		return -1;
	rc = registry_read(s, &r, e);
	if (rc == 0) {
		tell_gaps(c, g, &r);
		rc = c->json ? show_json(c, g, &r, e) : show_tree(c, g, &r, e);
	}
	if (rc == 0)
		rc = in_doubt(c, g, &r, e);
	registry_free(&r);
	return rc;
}

const struct verb verb_list = {
	.name = "list",
	.group = GROUP_CONTENT,
	.place = 10,
	.summary = "Show the domains, packages and applications on a card",
	.needs = NEED_READER | USES_SESSION | USES_KEYSTORE | HAS_JSON,
	VERB_OPTS(opts),
	.args_size = sizeof(struct args),
	.run = run,
};
