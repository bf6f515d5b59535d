/* Loading a CAP file: the part that load and install share, and the kind load. */
#include "change/kinds.h"

#include <stdio.h>
#include <string.h>

#include "gp/dap.h"

/* ---- the file ---- */

/* The blocks of each file go in front of the data as they are. */
static int read_daps(struct load_source *l, enum digest_alg *alg, struct err *e)
{
	for (size_t i = 0; i < l->dap.n; i++) {
		struct field_file *f = &l->dap.list[i];

		if (field_file_read(f, FIELD_FILE_MAX, e) != 0)
			return -1;
		if (!dap_series(wr_span(&f->octets), alg))
			return err_set(
			    e, ERR_INPUT, "%s: no DAP block (E2 with 4F and C3)", f->path);
		wr_put(&l->head, wr_span(&f->octets));
	}
	return 0;
}

/* Hash, DAP blocks and the head of the data, the load token. */
static int read_attachments(struct load_source *l, struct err *e)
{
	enum digest_alg alg = DIGEST_SHA256;
	bool has_token = l->load_token.path[0] != '\0';

	if (read_daps(l, &alg, e) != 0)
		return -1;
	load_file_head_put(&l->head, NULL, 0, l->data.n, false, NULL);
	if (!wr_ok(&l->head))
		return err_memory(e);
	if (has_token && field_file_read(&l->load_token, FIELD_FILE_MAX, e) != 0)
		return -1;
	if (l->hash.given)
		alg = (enum digest_alg)l->hash.i; /* the place in digest_names */
	if (!l->hash.given && l->dap.n == 0 && !has_token)
		return 0;
	if (!digest_of(alg, l->data, l->digest))
		return err_set(e, ERR_OTHER, "the hash cannot be computed");
	l->digest_n = digest_size(alg);
	return 0;
}

static int take_names(struct load_source *l, struct err *e)
{
	if (!aid_from(&l->package, l->cap.package))
		return err_set(e, ERR_INPUT, "%s: the package has no proper AID", l->file.path);
	for (; l->applet_n < l->cap.applet_n; l->applet_n++)
		if (!aid_from(&l->applet[l->applet_n], l->cap.applets[l->applet_n].aid))
			return err_set(e, ERR_INPUT, "%s: applet %zu has no proper AID",
			    l->file.path, l->applet_n + 1);
	return 0;
}

static int check_field(const struct field_bytes *f, struct err *e)
{
	struct install_params p;

	if (!f->given || install_params_get(span_of(f->b, f->n), &p))
		return 0;
	err_set(e, ERR_USAGE, FIELD("load-field") ": not TLVs as INSTALL has them");
	return err_hint(e, "C9 for the application, EF for the system, EA for toolkits");
}

int load_file_open(struct load_source *l, struct err *e)
{
	l->head = wr_grow(1 << 20);
	if (check_field(&l->load_field, e) != 0 || cap_read(l->file.path, &l->cap, e) != 0 ||
	    take_names(l, e) != 0)
		return -1;
	l->data = l->descriptor ? cap_whole(&l->cap) : l->cap.block;
	if (read_attachments(l, e) != 0)
		return -1;
	return sha256_of(l->cap.block, l->file.digest) ? 0 : err_memory(e);
}

void load_file_close(struct load_source *l)
{
	cap_free(&l->cap);
	wr_free(&l->head);
}

bool load_file_given(const struct load_source *l)
{
	return l->domain.n > 0 || l->hash.given || l->dap.n > 0 || l->load_token.path[0] != '\0' ||
	       l->load_field.given || l->block.given || l->extended || l->descriptor || l->cleanup;
}

/* ---- what is there ---- */

static bool version_is(const struct registry_entry *x, const struct load_source *l)
{
	return x->s.version_n == 0 || (x->s.version[0] == l->cap.major &&
					  (x->s.version_n < 2 || x->s.version[1] == l->cap.minor));
}

static bool domain_is(const struct registry_entry *x, const struct load_source *l)
{
	return l->domain.n == 0 || x->s.domain.n == 0 || aid_same(&x->s.domain, &l->domain);
}

bool load_file_is_so(const struct load_source *l, const struct registry *r,
    const struct change_kind *k, uint64_t *unproven)
{
	const struct registry_entry *x = registry_find(r, &l->package);
	const struct field *domain = field_find(k->fields, k->field_n, "domain");

	if (x == NULL || x->kind != REGISTRY_LOAD_FILE || !version_is(x, l) || !domain_is(x, l))
		return false;
	if (x->s.domain.n > 0 && domain != NULL)
		*unproven &= ~(1ull << (domain - k->fields));
	return true;
}

static bool has_applications(const struct registry *r, const struct registry_entry *x)
{
	size_t at = 0;

	return registry_dependent(r, x, &at) != NULL;
}

/* ---- before the first command that changes anything ---- */

static void make_load(const struct load_source *l, struct content_load *to)
{
	*to = (struct content_load){ .head = wr_span(&l->head),
		.data = l->data,
		.install = { .load_file = l->package,
		    .domain = l->domain,
		    .hash = span_of(l->digest, l->digest_n),
		    .params = span_of(l->load_field.b, l->load_field.n),
		    .token = wr_span(&l->load_token.octets) } };
}

/* What is asked for goes before what is known of the product. */
static int choose_block(
    struct change_card *c, const struct load_source *l, struct load_work *w, struct err *e)
{
	static const struct content_habits none;
	struct content_load *x = &w->load;
	size_t most;

	make_load(l, x);
	x->extended = l->extended;
	content_load_choose(c->s, c->habits == NULL ? &none : c->habits, x);
	if (l->block.given)
		x->block = l->block.v;
	most = content_block(c->s, x->extended);
	if (l->block.given && x->block > most) {
		err_set(e, ERR_SAFETY,
		    FIELD_IS("block", "%zu") ": at most %zu octets fit in this channel", x->block,
		    most);
		if (x->extended)
			return err_hint(e, "leave it out for as many as fit");
		return err_hint(
		    e, "leave it out for as many as fit, or take " FIELD_IS("extended", "true"));
	}
	if (content_load_check(c->s, x, &w->outcome.blocks, e) != 0)
		return err_in(e, "%s", l->file.path);
	return 0;
}

/* Where the package is to go. */
static int check_domain(const struct load_source *l, const struct registry *r, struct err *e)
{
	const struct registry_entry *to = registry_find(r, &l->domain);

	if (l->domain.n == 0 || (to != NULL && registry_is_domain(to)))
		return 0;
	if (to != NULL)
		return err_set(e, ERR_SAFETY,
		    FIELD("domain") ": %s is no security domain but %s %s", aid_hex(&to->s.aid).s,
		    to->kind == REGISTRY_APPLICATION ? "an" : "a", entry_kind(to));
	if (!registry_is_whole(r))
		return 0;
	err_set(e, ERR_CARD, FIELD("domain") ": %s is not on the card", aid_hex(&l->domain).s);
	return err_hint(e, VERB("list") " shows what there is");
}

static int check_daps(
    struct change_card *c, const struct load_source *l, const struct registry *r, struct err *e)
{
	const struct aid *to = l->domain.n > 0 ? &l->domain : &c->s->domain;

	if (content_dap_check(r, to, wr_span(&l->head), e) == 0)
		return 0;
	err_in(e, "%s", l->file.path);
	return err_hint(e, FIELD_IS("dap", "FILE") " brings one, " VERB("dap sign") " makes it");
}

/* The package is there, and is not what is asked for, or is asked for once more. */
static int refuse_package(struct change_card *c, const struct load_source *l,
    const struct registry_entry *there, const struct registry *r, struct err *e)
{
	struct aid_hex aid = aid_hex(&l->package);

	if (c->by_hand) {
		err_set(e, ERR_SAFETY, "%s: package %s is on the card already%s", l->file.path,
		    aid.s,
		    has_applications(r, there) ? ", with applications"
					       : "; no application uses it");
		return err_hint(e, FIELD_IS("replace", "true") " deletes it first; " VERB(
				       "install AID") " makes an application of it as it is");
	}
	if (!version_is(there, l))
		err_set(e, ERR_SAFETY,
		    "package %s of version %u.%u is on the card, %u.%u in the file", aid.s,
		    there->s.version[0], there->s.version[1], l->cap.major, l->cap.minor);
	else
		err_set(e, ERR_SAFETY, "package %s is on the card, in domain %s", aid.s,
		    aid_hex(&there->s.domain).s);
	return err_hint(e,
	    FIELD_IS("replace", "true") " deletes it first, with its applications and their data");
}

static int check_package(struct change_card *c, const struct load_source *l, struct load_work *w,
    const struct registry *r, struct err *e)
{
	const struct registry_entry *there = registry_find(r, &l->package);

	if (there == NULL && c->is_dry && c->by_hand && l->replace) {
		change_note(c, "DELETE goes out for what is on the card only");
		return removals_put(&w->removals, &l->package, DELETE_RELATED, e);
	}
	if (there == NULL)
		return 0;
	if (there->kind != REGISTRY_LOAD_FILE)
		return err_set(e, ERR_SAFETY, "%s: AID %s is on the card already, as %s",
		    l->file.path, aid_hex(&l->package).s, entry_kind(there));
	w->keep = !c->by_hand && version_is(there, l) && domain_is(there, l);
	if (w->keep)
		return 0;
	if (l->replace)
		return removals_add(&w->removals, r, there, WITH_RELATED, e);
	if (l->cleanup && !has_applications(r, there))
		return removals_add(&w->removals, r, there, ITSELF_ONLY, e);
	return refuse_package(c, l, there, r, e);
}

int load_file_check(
    struct change_card *c, const struct load_source *l, struct load_work *w, struct err *e)
{
	const struct registry *r;

	if (change_content(c, &r, e) != 0 || choose_block(c, l, w, e) != 0 ||
	    check_domain(l, r, e) != 0 || check_package(c, l, w, r, e) != 0)
		return -1;
	if (w->keep)
		return 0;
	if (check_daps(c, l, r, e) != 0)
		return -1;
	return change_may_manage(c, l->load_token.path[0] != '\0', "load-token", e);
}

/* ---- the load ---- */

struct stepper {
	struct change_card *c;
	const struct load_source *l;
};

/* With its last block a card checks and links the package, which takes as long as ten others. */
static bool step(void *ctx, uint32_t block, uint32_t blocks)
{
	struct stepper *p = ctx;
	char what[80];

	snprintf(what, sizeof(what),
	    block + 1 == blocks ? "%.50s, the card checks and links" : "%.50s", p->l->file.path);
	change_progress(p->c, what, block, blocks);
	return !change_stopped(p->c);
}

static const char *what_now(const struct content_outcome *o)
{
	if (o->unknown && o->block + 1 >= o->blocks)
		return "whether the card has the package is not known";
	return o->unknown ? "the card has dropped it, or will" : "the card drops what it has";
}

/* One that is longer than there is room for is none of a card's. */
static void keep_confirmation(struct load_work *w, struct span confirmation)
{
	struct rd r = rd_of(confirmation);

	w->confirmation_n = confirmation.n < CONFIRMATION_MAX ? confirmation.n : CONFIRMATION_MAX;
	if (!rd_copy(&r, w->confirmation, w->confirmation_n))
		w->confirmation_n = 0;
}

static int send(
    struct change_card *c, const struct load_source *l, struct load_work *w, struct err *e)
{
	struct stepper s = { c, l };
	const struct content_progress p = { step, &s };
	struct content_outcome *o = &w->outcome;

	if (content_memory_check(c->s, cap_least_memory(&l->cap), e) != 0)
		return err_in(e, "%s", l->file.path);
	if (content_load(c->s, &w->load, c->is_dry ? NULL : &p, o, e) == 0) {
		keep_confirmation(w, o->confirmation);
		return 0;
	}
	if (o->stage == STAGE_LOAD)
		change_note(c, "stage LOAD: the card took %u of %u blocks; %s", o->block, o->blocks,
		    what_now(o));
	else
		change_note(c, "stage %s: no block was sent", content_stage_str(o->stage));
	return -1;
}

int load_file_send(
    struct change_card *c, const struct load_source *l, struct load_work *w, struct err *e)
{
	static const struct span no_token;

	if (removals_do(c, &w->removals, no_token, e) != 0)
		return -1;
	return w->keep ? 0 : send(c, l, w, e);
}

/* ---- afterwards ---- */

static void clean_up(struct change_card *c, const struct load_source *l)
{
	const struct delete_object d = { .aid = l->package };
	struct span none;
	struct err e;

	if (content_delete(c->s, DELETE_RELATED, &d, &none, &e) == 0)
		change_note(c, "cleaned up: package %s is deleted again", aid_hex(&l->package).s);
	else
		change_note(c, "not cleaned up: %s", e.text);
}

/* What to do goes behind why it failed. */
static void add_remedy(struct err *e, const char *remedy)
{
	char why[sizeof(e->hint)];

	memcpy(why, e->hint, sizeof(why));
	err_hint(e, "%s%s%s", why, why[0] == '\0' ? "" : "; ", remedy);
}

/* What is left, as far as the card can still be asked. */
static void look_for_rest(
    struct change_card *c, const struct load_source *l, struct load_work *w, struct err *why)
{
	struct aid_hex aid = aid_hex(&l->package);
	const struct registry_entry *there;
	const struct registry *r;
	struct err e;

	if (change_registry(c, &r, &e) != 0 || !r->told[REGISTRY_LOAD_FILE])
		return;
	there = registry_find(r, &l->package);
	if (there == NULL) {
		change_note(c, "nothing of package %s is left on the card", aid.s);
	} else if (l->cleanup && w->outcome.stage == STAGE_LOAD) {
		clean_up(c, l);
	} else {
		bool used = has_applications(r, there);

		change_note(c, "package %s is left on the card%s", aid.s,
		    used ? ", with applications" : "");
		add_remedy(why, used ? VERB("delete --related") " takes the package away"
				     : "the same again with " FIELD_IS(
					   "cleanup", "true") " takes the package away");
	}
}

void load_file_leftover(
    struct change_card *c, const struct load_source *l, struct load_work *w, struct err *why)
{
	bool asks = !c->s->lost && !c->s->card->gone && why->code != ERR_READER &&
		    why->code != ERR_INTEGRITY;

	if (w->keep || w->outcome.stage == STAGE_NONE ||
	    (w->outcome.stage == STAGE_FOR_LOAD && !w->outcome.unknown))
		return;
	if (asks)
		look_for_rest(c, l, w, why);
	else
		add_remedy(why, VERB("list") " shows what is left; the same again with " FIELD_IS(
				    "cleanup", "true") " takes it away");
}

static bool has_module(const struct registry_entry *x, const struct aid *aid)
{
	for (size_t i = 0; i < x->s.module_n; i++)
		if (aid_same(&x->s.module[i], aid))
			return true;
	return false;
}

int load_file_compare(struct change_card *c, const struct load_source *l, struct err *e)
{
	const struct registry_entry *there;
	const struct registry *after;
	struct aid_hex aid = aid_hex(&l->package);

	if (change_content(c, &after, e) != 0)
		return -1;
	there = registry_find(after, &l->package);
	if (!after->told[REGISTRY_LOAD_FILE] || after->cut)
		return 0;
	/* It went to a domain that the one of the channel need not see. */
	if (there == NULL && l->domain.n > 0 && !registry_is_whole(after))
		return 0;
	if (there == NULL || there->kind != REGISTRY_LOAD_FILE)
		return err_set(e, ERR_INTEGRITY,
		    "%s: the card answered 9000 to the last block and does not list package %s",
		    l->file.path, aid.s);
	if (!domain_is(there, l))
		return err_set(e, ERR_INTEGRITY, "%s: the card lists package %s in domain %s",
		    l->file.path, aid.s, aid_hex(&there->s.domain).s);
	for (size_t i = 0; after->has_modules && there->s.module_n > 0 && i < l->applet_n; i++)
		if (!has_module(there, &l->applet[i]) && there->s.module_n < STATUS_MODULES_MAX)
			return err_set(e, ERR_INTEGRITY,
			    "%s: the card does not list module %s of package %s", l->file.path,
			    aid_hex(&l->applet[i]).s, aid.s);
	return 0;
}

void load_work_free(struct load_work *w)
{
	removals_free(&w->removals);
}

void load_file_describe(const struct load_source *l, size_t applets, char *out, size_t cap)
{
	snprintf(out, cap, "%.120s: package %s, version %u.%u, %zu octets, %zu applet%s%s",
	    l->file.path, aid_hex(&l->package).s, l->cap.major, l->cap.minor, l->data.n, applets,
	    applets == 1 ? "" : "s", l->replace ? ", replaces another version" : "");
}

/* ---- the kind ---- */

struct load {
	struct load_source l;
};
BEGINS_WITH(struct load_source, struct load, l);

static const struct field fields[] = { LOAD_FIELDS(struct load, l) };

static int open_load(void *x, struct err *e)
{
	return load_file_open(&((struct load *)x)->l, e);
}

static void close_load(void *x)
{
	load_file_close(&((struct load *)x)->l);
}

static int is_so(struct change_card *c, const void *x, struct change_so *so, struct err *e)
{
	static const size_t how[] = { offsetof(struct load, l.file),
		offsetof(struct load, l.replace), offsetof(struct load, l.cleanup),
		offsetof(struct load, l.block), offsetof(struct load, l.extended),
		offsetof(struct load, l.load_token), SIZE_MAX };
	const struct registry *r;

	if (c->by_hand)
		return 0;
	if (change_content(c, &r, e) != 0)
		return -1;
	so->unproven = change_given_but(c->kind, x, how);
	so->is = load_file_is_so(&((const struct load *)x)->l, r, c->kind, &so->unproven) ? SO_YES
											  : SO_NO;
	return 0;
}

static int check(struct change_card *c, const void *x, void *work, struct err *e)
{
	return load_file_check(c, &((const struct load *)x)->l, work, e);
}

static int confirm(struct change_card *c, const void *x, void *work, struct err *e)
{
	(void)x;
	return removals_confirm(c, &((struct load_work *)work)->removals, e);
}

static int act(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct load *l = x;

	if (load_file_send(c, &l->l, work, e) == 0)
		return 0;
	return err_in(e, "%s", l->l.file.path);
}

static int compare(struct change_card *c, const void *x, void *work, struct err *e)
{
	(void)work;
	return load_file_compare(c, &((const struct load *)x)->l, e);
}

static void undo(struct change_card *c, const void *x, void *work, struct err *why)
{
	load_file_leftover(c, &((const struct load *)x)->l, work, why);
}

static void describe(const void *x, char *out, size_t cap)
{
	const struct load *l = x;

	load_file_describe(&l->l, l->l.applet_n, out, cap);
}

static void free_work(void *work)
{
	load_work_free(work);
}

const struct change_kind change_load = {
	.name = "load",
	.fields = fields,
	.field_n = sizeof(fields) / sizeof(fields[0]),
	.size = sizeof(struct load),
	.work_size = sizeof(struct load_work),
	.open = open_load,
	.close = close_load,
	.is_so = is_so,
	.check = check,
	.confirm = confirm,
	.act = act,
	.compare = compare,
	.undo = undo,
	.work_free = free_work,
	.describe = describe,
};
