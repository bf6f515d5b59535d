#include "cmd/content/cap_load.h"

#include <string.h>

#include "cmd/kit/ask.h"
#include "base/hex.h"
#include "gp/dap.h"
#include "cmd/kit/show.h"

enum { FIELD_MAX = 512 };

const char *const cap_hashes[] = { "sha-1", "sha-256", "sha-384", "sha-512", NULL };

/* ---- the file ---- */

/* The blocks of one file go in front of the data as they are. */
static int read_dap(struct cap_load *x, const char *path, enum digest_alg *alg, struct err *e)
{
	struct wr w = wr_grow(1);
	int rc = octets_read(path, &w, e);

	if (rc == 0 && !dap_series(wr_span(&w), alg))
		rc = err_set(e, ERR_INPUT, "%s: no DAP block (E2 with 4F and C3)", path);
	wr_put(&x->head, wr_span(&w));
	wr_free(&w);
	return rc;
}

/* Hash, DAP blocks and the head of the data, the load token. */
static int read_attachments(struct cap_load *x, struct span data, struct err *e)
{
	const struct cap_args *a = x->a;
	enum digest_alg alg = DIGEST_SHA256;

	for (size_t i = 0; i < a->daps.n; i++)
		if (read_dap(x, a->daps.v[i], &alg, e) != 0)
			return -1;
	load_file_head_put(&x->head, NULL, 0, data.n, false, NULL);
	if (!wr_ok(&x->head))
		return err_memory(e);
	if (a->token != NULL && octets_read(a->token, &x->token, e) != 0)
		return -1;
	if (a->hash != NULL && !digest_from(a->hash, &alg))
		return err_set(e, ERR_USAGE, "--hash: %s is no hash", a->hash);
	if (a->hash == NULL && a->daps.n == 0 && a->token == NULL)
		return 0;
	if (!digest_of(alg, data, x->hash))
		return err_set(e, ERR_OTHER, "the hash cannot be computed");
	x->hash_n = digest_size(alg);
	return 0;
}

bool cap_args_given(const struct cap_args *a)
{
	return a->domain.n > 0 || a->hash != NULL || a->token != NULL || a->field != NULL ||
	       a->daps.n > 0 || a->block.given || a->extended || a->descriptor || a->replace ||
	       a->cleanup;
}

int field_parse(const char *text, const char *what, struct wr *w, struct err *e)
{
	struct install_params p;
	uint8_t b[FIELD_MAX];
	size_t n;

	if (!hex_get(span_str(text), b, sizeof(b), &n))
		return err_set(e, ERR_USAGE, "%s: hex octets, at most %d of them", what, FIELD_MAX);
	if (!install_params_get(span_of(b, n), &p)) {
		err_set(e, ERR_USAGE, "%s: not TLVs as INSTALL has them", what);
		return err_hint(e, "C9 for the application, EF for the system, EA for toolkits");
	}
	wr_put(w, span_of(b, n));
	return wr_ok(w) ? 0 : err_memory(e);
}

static int take_names(struct cap_load *x, struct err *e)
{
	if (!aid_from(&x->package, x->cap.package))
		return err_set(e, ERR_INPUT, "%s: the package has no proper AID", x->path);
	for (; x->applet_n < x->cap.applet_n; x->applet_n++)
		if (!aid_from(&x->applet[x->applet_n], x->cap.applets[x->applet_n].aid))
			return err_set(e, ERR_INPUT, "%s: applet %zu has no proper AID", x->path,
			    x->applet_n + 1);
	return 0;
}

int cap_load_read(struct cap_load *x, const char *path, const struct cap_args *a, struct err *e)
{
	struct span data;

	x->path = path;
	x->a = a;
	x->head = wr_grow(1 << 20);
	x->token = wr_grow(1);
	x->field = wr_grow(FIELD_MAX);
	if (a->field != NULL && field_parse(a->field, "--load-field", &x->field, e) != 0)
		return -1;
	if (cap_read(path, &x->cap, e) != 0 || take_names(x, e) != 0)
		return -1;
	data = a->descriptor ? cap_whole(&x->cap) : x->cap.block;
	if (read_attachments(x, data, e) != 0)
		return -1;
	x->l = (struct content_load){ .head = wr_span(&x->head),
		.data = data,
		.install = { .load_file = x->package,
		    .domain = a->domain,
		    .hash = span_of(x->hash, x->hash_n),
		    .params = wr_span(&x->field),
		    .token = wr_span(&x->token) } };
	return 0;
}

void cap_load_free(struct cap_load *x)
{
	cap_free(&x->cap);
	wr_free(&x->head);
	wr_free(&x->token);
	wr_free(&x->field);
	json_decref(x->confirmation);
}

/* ---- before the first command that changes anything ---- */

/* What the operator asks for goes before what is known of the product. */
static int choose_block(struct cap_load *x, const struct target *t, struct err *e)
{
	const struct session *s = t->s;
	struct content_load *l = &x->l;
	size_t most;

	l->extended = x->a->extended;
	content_load_choose(s, &t->habits, l);
	if (x->a->block.given)
		l->block = x->a->block.v;
	most = content_block(s, l->extended);
	if (x->a->block.given && l->block > most) {
		err_set(e, ERR_SAFETY, "--block %zu: at most %zu octets fit in this channel",
		    l->block, most);
		return err_hint(e, "leave it out for as many as fit%s",
		    l->extended ? "" : ", or take --extended");
	}
	if (content_load_check(s, l, &x->o.blocks, e) != 0)
		return err_in(e, "%s", x->path);
	return 0;
}

static bool has_applications(const struct registry *r, const struct registry_entry *x)
{
	size_t at = 0;

	return registry_dependent(r, x, &at) != NULL;
}

/* Where the package is to go. */
static int check_domain(const struct cap_load *x, const struct registry *r, struct err *e)
{
	const struct registry_entry *to = registry_find(r, &x->a->domain);

	if (x->a->domain.n == 0 || (to != NULL && registry_is_domain(to)))
		return 0;
	if (to != NULL)
		return err_set(e, ERR_SAFETY, "--domain: %s is no security domain but %s %s",
		    aid_text(&to->s.aid).s, to->kind == REGISTRY_APPLICATION ? "an" : "a",
		    entry_kind(to));
	if (!registry_is_whole(r))
		return 0;
	err_set(e, ERR_CARD, "--domain: %s is not on the card", aid_text(&x->a->domain).s);
	return err_hint(e, "cardadm list shows what there is");
}

static int check_daps(
    const struct cap_load *x, const struct target *t, const struct registry *r, struct err *e)
{
	const struct aid *to = x->a->domain.n > 0 ? &x->a->domain : &t->s->domain;

	if (content_dap_check(r, to, wr_span(&x->head), e) == 0)
		return 0;
	err_in(e, "%s", x->path);
	return err_hint(e, "--dap FILE brings one, dap sign makes it");
}

int cap_load_check(struct cap_load *x, const struct target *t, const struct registry *r,
    struct removals *m, struct err *e)
{
	const struct registry_entry *there = registry_find(r, &x->package);

	if (choose_block(x, t, e) != 0 || check_domain(x, r, e) != 0 || check_daps(x, t, r, e) != 0)
		return -1;
	if (there == NULL && t->is_dry && x->a->replace) {
		ctx_note(t->c, "DELETE goes out for what is on the card only");
		return old_removals_put(m, &x->package, DELETE_RELATED, e);
	}
	if (there == NULL)
		return 0;
	if (there->kind != REGISTRY_LOAD_FILE)
		return err_set(e, ERR_SAFETY, "%s: AID %s is on the card already, as %s", x->path,
		    aid_text(&x->package).s, entry_kind(there));
	if (x->a->replace)
		return old_removals_add(m, r, there, true, e);
	if (x->a->cleanup && !has_applications(r, there))
		return old_removals_add(m, r, there, false, e);
	err_set(e, ERR_SAFETY, "%s: package %s is on the card already%s", x->path,
	    aid_text(&x->package).s,
	    has_applications(r, there) ? ", with applications" : "; no application uses it");
	return err_hint(e,
	    "--replace deletes it first; cardadm install AID makes an application of it as it is");
}

/* ---- the load ---- */

struct load_progress {
	struct ctx *c;
	struct progress bar;
	const char *path;
};

/* With its last block a card checks and links the package, which takes as long as ten others. */
static bool step(void *ctx, uint32_t block, uint32_t blocks)
{
	struct load_progress *p = ctx;

	if (block + 1 == blocks)
		snprintf(
		    p->bar.what, sizeof(p->bar.what), "%.50s, the card checks and links", p->path);
	progress_show(&p->bar, block, blocks);
	return !ctx_stopped(p->c);
}

static const char *what_now(const struct content_outcome *o)
{
	if (o->unknown && o->block + 1 >= o->blocks)
		return "whether the card has the package is not known";
	return o->unknown ? "the card has dropped it, or will" : "the card drops what it has";
}

int cap_load_send(struct cap_load *x, struct target *t, struct err *e)
{
	struct load_progress lp = { .c = t->c, .path = x->path };
	const struct content_progress p = { step, &lp };
	int rc;

	if (content_memory_check(t->s, cap_least_memory(&x->cap), e) != 0)
		return err_in(e, "%s", x->path);
	progress_begin(&lp.bar, t->c, x->path);
	lp.bar.tail = 10;
	rc = content_load(t->s, &x->l, t->is_dry ? NULL : &p, &x->o, e);
	progress_end(&lp.bar);
	if (rc == 0) {
		x->confirmation = out_hex(x->o.confirmation);
		return x->confirmation == NULL ? err_memory(e) : 0;
	}
	if (x->o.stage == STAGE_LOAD)
		ctx_note(t->c, "stage LOAD: the card took %u of %u blocks; %s", x->o.block,
		    x->o.blocks, what_now(&x->o));
	else
		ctx_note(t->c, "stage %s: no block was sent", content_stage_str(x->o.stage));
	cap_load_leftover(x, t, e);
	return err_in(e, "%s", x->path);
}

/* ---- afterwards ---- */

static void clean_up(struct cap_load *x, struct target *t)
{
	struct removals m = { .n = 1 };
	struct err e;

	m.list[0] = (struct removal){ x->package, DELETE_RELATED };
	if (old_removals_do(t, &m, span_of(NULL, 0), NULL, &e) == 0)
		ctx_note(t->c, "cleaned up: package %s is deleted again", aid_text(&x->package).s);
	else
		ctx_note(t->c, "not cleaned up: %s", e.text);
}

/* What to do goes behind why it failed. */
static void add_remedy(struct err *e, const char *remedy)
{
	char why[sizeof(e->hint)];

	memcpy(why, e->hint, sizeof(why));
	err_hint(e, "%s%s%s", why, why[0] == '\0' ? "" : "; ", remedy);
}

/* What is left, as far as the card can still be asked. */
static void look_for_rest(struct cap_load *x, struct target *t, struct err *e)
{
	struct aid_text aid = aid_text(&x->package);
	const struct registry_entry *there;
	struct registry r;

	if (!target_reread(t, &r))
		return;
	there = registry_find(&r, &x->package);
	if (there == NULL) {
		ctx_note(t->c, "nothing of package %s is left on the card", aid.s);
	} else if (x->a->cleanup && x->o.stage == STAGE_LOAD) {
		clean_up(x, t);
	} else {
		bool used = has_applications(&r, there);

		ctx_note(t->c, "package %s is left on the card%s", aid.s,
		    used ? ", with applications" : "");
		add_remedy(e, used ? "cardadm delete --related takes the package away"
				   : "the same command with --cleanup takes the package away");
	}
	registry_free(&r);
}

void cap_load_leftover(struct cap_load *x, struct target *t, struct err *e)
{
	bool asks =
	    !t->s->lost && !t->s->card->gone && e->code != ERR_READER && e->code != ERR_INTEGRITY;

	if (t->is_dry || (x->o.stage == STAGE_FOR_LOAD && !x->o.unknown))
		return;
	if (asks)
		look_for_rest(x, t, e);
	else
		add_remedy(e, "cardadm list shows what is left; the same command with --cleanup "
			      "takes it away");
}

static bool has_module(const struct registry_entry *x, const struct aid *aid)
{
	for (size_t i = 0; i < x->s.module_n; i++)
		if (aid_same(&x->s.module[i], aid))
			return true;
	return false;
}

int cap_load_compare(const struct cap_load *x, const struct registry *after, struct err *e)
{
	const struct registry_entry *there = registry_find(after, &x->package);
	struct aid_text aid = aid_text(&x->package);

	if (!after->told[REGISTRY_LOAD_FILE] || after->cut)
		return 0;
	/* It went to a domain that the one of the channel need not see. */
	if (there == NULL && x->a->domain.n > 0 && !registry_is_whole(after))
		return 0;
	if (there == NULL || there->kind != REGISTRY_LOAD_FILE)
		return err_set(e, ERR_INTEGRITY,
		    "%s: the card answered 9000 to the last block and does not list package %s",
		    x->path, aid.s);
	if (x->a->domain.n > 0 && there->s.domain.n > 0 &&
	    !aid_same(&x->a->domain, &there->s.domain))
		return err_set(e, ERR_INTEGRITY, "%s: the card lists package %s in domain %s",
		    x->path, aid.s, aid_text(&there->s.domain).s);
	for (size_t i = 0; after->has_modules && there->s.module_n > 0 && i < x->applet_n; i++)
		if (!has_module(there, &x->applet[i]) && there->s.module_n < STATUS_MODULES_MAX)
			return err_set(e, ERR_INTEGRITY,
			    "%s: the card does not list module %s of package %s", x->path,
			    aid_text(&x->applet[i]).s, aid.s);
	return 0;
}

json_t *cap_load_show(const struct cap_load *x)
{
	json_t *o = json_object(), *applets = json_array();

	for (size_t i = 0; i < x->applet_n; i++)
		show_add(&applets, out_hex(aid_span(&x->applet[i])));
	out_set(&o, "file", json_string(x->path));
	out_set(&o, "package", out_hex(aid_span(&x->package)));
	out_set(&o, "version", json_sprintf("%u.%u", x->cap.major, x->cap.minor));
	out_set(&o, "octets", json_integer((json_int_t)(x->l.head.n + x->l.data.n)));
	out_set(&o, "blocks", json_integer((json_int_t)x->o.blocks));
	out_set(&o, "hash", out_hex(span_of(x->hash, x->hash_n)));
	out_set(&o, "modules", applets);
	out_set(&o, "confirmation", json_incref(x->confirmation));
	return o;
}

void cap_load_tell(const struct cap_load *x, struct ctx *c)
{
	fprintf(c->out, "loaded: %s %u.%u, %zu octets in %u blocks\n", aid_text(&x->package).s,
	    x->cap.major, x->cap.minor, x->l.head.n + x->l.data.n, x->o.blocks);
	if (json_is_string(x->confirmation))
		fprintf(c->out, "confirmation: %s\n", json_string_value(x->confirmation));
}
