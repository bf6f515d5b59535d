/* Steps that change what is on a card: install, delete, lock and unlock, store-data. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/hexfile.h"
#include "campaign/unicast.h"
#include "crypto/digest.h"
#include "gp/dap.h"
#include "host/personalize.h"

enum { STORE_MAX = 1 << 16 };

static char *aid_str(const struct aid *a, char out[static HEX_SIZE(AID_MAX)])
{
	return hex_put(aid_span(a), out, HEX_SIZE(AID_MAX));
}

/* The registry, of a card that tells of applications and load files. */
static int whole_registry(struct visit *v, const struct registry **reg, struct err *e)
{
	if (visit_registry(v, reg, e) != 0)
		return -1;
	if ((*reg)->told[REGISTRY_APPLICATION] && (*reg)->told[REGISTRY_LOAD_FILE])
		return 0;
	return err_set(e, ERR_CARD, "the card does not tell what is on it");
}

/* ---- install ---- */

/* DAP blocks, the hash that goes with them, and the head of the load file. */
static int read_daps(struct task *t, struct err *e)
{
	enum digest_alg alg = DIGEST_SHA256;

	t->data = wr_grow(1 << 20);
	if (t->m->dap[0] != '\0' && file_read(t->m->dap, STORE_MAX, &t->data, e) != 0)
		return -1;
	if (t->m->dap[0] != '\0' && !dap_series(wr_span(&t->data), &alg))
		return err_set(e, ERR_INPUT, "%s: no DAP block (E2 with 4F and C3)", t->m->dap);
	load_file_head_put(&t->data, NULL, 0, t->cap.block.n, false, NULL);
	if (!wr_ok(&t->data))
		return err_memory(e);
	if (t->m->dap[0] == '\0' && t->m->hash < 0)
		return 0;
	if (t->m->hash >= 0)
		alg = (enum digest_alg)t->m->hash;
	t->hash_n = digest_size(alg);
	return digest_of(alg, t->cap.block, t->hash) ? 0 : err_memory(e);
}

static int open_cap(struct campaign *c, struct task *t, struct err *e)
{
	(void)c;
	if (cap_read(t->m->file, &t->cap, e) != 0 || read_daps(t, e) != 0)
		return -1;
	return sha256_of(t->cap.block, t->digest) ? 0 : err_memory(e);
}

static void close_cap(struct task *t)
{
	cap_free(&t->cap);
	wr_free(&t->data);
}

/* Applet number i that is to be there: of those that the step names, else of the file. */
static bool applet_at(const struct task *t, size_t i, struct aid *a)
{
	if (t->m->applet_n > 0) {
		if (i < t->m->applet_n)
			*a = t->m->applet[i];
		return i < t->m->applet_n;
	}
	return i < t->cap.applet_n && aid_from(a, t->cap.applets[i].aid);
}

static bool in_file(const struct task *t, const struct aid *a)
{
	for (size_t i = 0; i < t->cap.applet_n; i++)
		if (span_eq(t->cap.applets[i].aid, aid_span(a)))
			return true;
	return false;
}

static int ready_cap(struct campaign *c, struct task *t, struct err *e)
{
	char hex[HEX_SIZE(AID_MAX)];

	(void)c;
	for (size_t i = 0; i < t->m->applet_n; i++)
		if (!in_file(t, &t->m->applet[i])) {
			err_set(e, ERR_INPUT, "%s: no applet %s in it", t->m->file,
			    aid_str(&t->m->applet[i], hex));
			return err_hint(e, "cap show lists the applets of a file");
		}
	if (load_blocks(t->data.n + t->cap.block.n, APDU_SHORT_DATA) > LOAD_BLOCKS_MAX)
		return err_set(e, ERR_SAFETY, "%s: %zu octets are too many for a card", t->m->file,
		    t->cap.block.n);
	return 0;
}

static const struct registry_entry *find_package(const struct registry *reg, const struct task *t)
{
	struct aid aid;

	return aid_from(&aid, t->cap.package) ? registry_find(reg, &aid) : NULL;
}

static bool version_is(const struct registry_entry *x, const struct task *t)
{
	return x->s.version_n == 0 || (x->s.version[0] == t->cap.major &&
					  (x->s.version_n < 2 || x->s.version[1] == t->cap.minor));
}

static bool applet_is_so(const struct registry *reg, const struct task *t, const struct aid *a)
{
	const struct registry_entry *x = registry_find(reg, a);

	return x != NULL && x->kind == REGISTRY_APPLICATION &&
	       (x->s.load_file.n == 0 || span_eq(aid_span(&x->s.load_file), t->cap.package));
}

static int install_is_so(struct visit *v, const struct task *t, bool *so, struct err *e)
{
	const struct registry_entry *package;
	const struct registry *reg;
	struct aid a;

	if (whole_registry(v, &reg, e) != 0)
		return -1;
	package = find_package(reg, t);
	*so = package != NULL && version_is(package, t);
	for (size_t i = 0; *so && applet_at(t, i, &a); i++)
		*so = applet_is_so(reg, t, &a);
	return 0;
}

/* The package is there in another version: with everything made from it, it goes. */
static int remove_old(
    struct visit *v, const struct task *t, const struct registry_entry *old, struct err *e)
{
	const struct delete_object d = { .aid = old->s.aid };
	char hex[HEX_SIZE(AID_MAX)];

	if (!t->m->replace) {
		err_set(e, ERR_SAFETY,
		    "package %s of version %u.%u is on the card, %u.%u in the file",
		    aid_str(&old->s.aid, hex), old->s.version[0], old->s.version[1], t->cap.major,
		    t->cap.minor);
		return err_hint(e, "`replace: true` deletes it first, with its applications and "
				   "their data");
	}
	visit_changed(v);
	return content_delete(&v->r->s, DELETE_RELATED, &d, NULL, e);
}

/* An AID that an application of another package has cannot be given a second time. */
static int check_free(const struct registry *reg, const struct task *t, struct err *e)
{
	char hex[HEX_SIZE(AID_MAX)];
	struct aid a;

	for (size_t i = 0; applet_at(t, i, &a); i++)
		if (registry_find(reg, &a) != NULL && !applet_is_so(reg, t, &a)) {
			err_set(e, ERR_SAFETY, "%s is on the card, and not of this package",
			    aid_str(&a, hex));
			return err_hint(e, "a `delete` step in front of this one removes it");
		}
	return 0;
}

static bool load_step(void *ctx, uint32_t block, uint32_t blocks)
{
	struct run *r = ctx;

	work_tell(r, block, blocks);
	return !work_stopping(r);
}

static int check_daps(
    struct visit *v, const struct task *t, const struct registry *reg, struct err *e)
{
	const struct aid *to = t->m->domain.n > 0 ? &t->m->domain : &v->r->s.domain;

	if (content_dap_check(reg, to, wr_span(&t->data), e) == 0)
		return 0;
	return err_hint(e, "`dap: FILE` in the step brings one, cardadm dap sign makes it");
}

static int load(struct visit *v, const struct task *t, struct err *e)
{
	const struct content_progress progress = { load_step, v->r };
	struct content_load l = { .head = wr_span(&t->data), .data = t->cap.block };
	struct content_outcome o;
	uint32_t blocks;

	l.install.hash = span_of(t->hash, t->hash_n);
	l.install.domain = t->m->domain;
	if (!aid_from(&l.install.load_file, t->cap.package))
		return err_memory(e);
	content_load_choose(&v->r->s, &v->r->habits.load, &l);
	if (content_load_check(&v->r->s, &l, &blocks, e) != 0 ||
	    content_memory_check(&v->r->s, cap_least_memory(&t->cap), e) != 0)
		return err_in(e, "%s", t->m->file);
	return content_load(&v->r->s, &l, &progress, &o, e);
}

static int install_applet(struct visit *v, const struct task *t, const struct aid *a, struct err *e)
{
	struct install_params params = { .has_app = true,
		.app = span_of(t->m->parameters, t->m->parameters_n) };
	struct install i = { .module = *a, .app = *a, .privileges = t->m->privileges };
	uint8_t out[MANIFEST_PARAMETERS + 8];
	struct wr w = wr_fixed(out, sizeof(out));

	install_params_put(&w, &params);
	if (!wr_ok(&w) || !aid_from(&i.load_file, t->cap.package))
		return err_memory(e);
	i.params = wr_span(&w);
	i.privileges_n = (i.privileges & 0xFFFF) != 0 ? 3 : 1;
	return content_install(
	    &v->r->s, INSTALL_AND_SELECTABLE, &i, "INSTALL [for install]", NULL, e);
}

static int install(struct visit *v, const struct task *t, struct err *e)
{
	const struct registry_entry *package;
	const struct registry *reg;
	struct aid a;

	if (whole_registry(v, &reg, e) != 0)
		return -1;
	package = find_package(reg, t);
	if (package != NULL && !version_is(package, t)) {
		if (remove_old(v, t, package, e) != 0 || whole_registry(v, &reg, e) != 0)
			return -1;
		package = NULL;
	}
	if (check_free(reg, t, e) != 0)
		return -1;
	if (package == NULL && (check_daps(v, t, reg, e) != 0 || load(v, t, e) != 0))
		return -1;
	for (size_t i = 0; applet_at(t, i, &a); i++)
		if (!applet_is_so(reg, t, &a) && install_applet(v, t, &a, e) != 0)
			return -1;
	return 0;
}

const struct task_kind task_install = {
	.open = open_cap,
	.ready = ready_cap,
	.close = close_cap,
	.is_so = install_is_so,
	.act = install,
};

/* ---- delete ---- */

static int delete_is_so(struct visit *v, const struct task *t, bool *so, struct err *e)
{
	const struct registry *reg;

	if (whole_registry(v, &reg, e) != 0)
		return -1;
	*so = registry_find(reg, &t->m->aid) == NULL;
	return 0;
}

static int delete (struct visit *v, const struct task *t, struct err *e)
{
	const struct delete_object d = { .aid = t->m->aid };

	return content_delete(
	    &v->r->s, t->m->related ? DELETE_RELATED : DELETE_OBJECT, &d, NULL, e);
}

const struct task_kind task_delete = { .is_so = delete_is_so, .act = delete };

/* ---- lock, unlock ---- */

/* What is locked or unlocked: the issuer domain stands for the card. */
static const struct registry_entry *find_lockable(const struct registry *reg, const struct task *t)
{
	if (!t->m->card)
		return registry_find(reg, &t->m->aid);
	for (size_t i = 0; i < reg->n; i++)
		if (reg->entry[i].kind == REGISTRY_ISD)
			return &reg->entry[i];
	return NULL;
}

static int lock_find(
    struct visit *v, const struct task *t, const struct registry_entry **x, struct err *e)
{
	const struct registry *reg;
	char hex[HEX_SIZE(AID_MAX)];

	if (visit_registry(v, &reg, e) != 0)
		return -1;
	*x = find_lockable(reg, t);
	if (*x != NULL)
		return 0;
	if (t->m->card)
		return err_set(e, ERR_CARD, "the card does not tell its state");
	return err_set(e, ERR_SAFETY, "%s is not on the card", aid_str(&t->m->aid, hex));
}

static int lock_is_so(struct visit *v, const struct task *t, bool *so, struct err *e)
{
	const struct registry_entry *x;
	bool locked;

	if (lock_find(v, t, &x, e) != 0)
		return -1;
	locked = t->m->card ? x->s.state == CARD_LOCKED : (x->s.state & APP_LOCKED) != 0;
	*so = locked == (t->m->action == ACTION_LOCK);
	return 0;
}

/* The card is locked by its issuer domain. */
static int lock(struct visit *v, const struct task *t, struct err *e)
{
	bool down = t->m->action == ACTION_LOCK;

	if (t->m->card)
		return content_set_status(
		    &v->r->s, SET_ISD, down ? CARD_LOCKED : CARD_SECURED, &v->r->s.domain, e);
	return content_set_status(&v->r->s, SET_APPLICATION, down ? APP_LOCKED : 0, &t->m->aid, e);
}

static int plan_lock(struct visit *v, const struct task *t, struct err *e)
{
	const struct registry *reg;

	if (visit_registry(v, &reg, e) != 0 || lock(v, t, e) != 0)
		return -1;
	visit_changed(v);
	return visit_registry(v, &reg, e);
}

const struct task_kind task_lock = { .is_so = lock_is_so, .act = lock, .plan = plan_lock };

/* ---- store-data ---- */

static unsigned store_format(const struct task *t)
{
	return t->m->format == FORMAT_DGI ? STORE_DGI : t->m->format == FORMAT_TLV ? STORE_TLV : 0u;
}

static int open_data(struct campaign *c, struct task *t, struct err *e)
{
	size_t n;

	(void)c;
	t->unseen = true;
	t->data = wr_grow(STORE_MAX);
	if (hexfile_read(t->m->file, &t->data, e) != 0)
		return -1;
	if (personalize_check(store_format(t), wr_span(&t->data), &n, e) != 0)
		return err_in(e, "%s", t->m->file);
	return sha256_of(wr_span(&t->data), t->digest) ? 0 : err_memory(e);
}

static void close_data(struct task *t)
{
	wr_free(&t->data);
}

/* Under the DEK of this card's channel; in a plan, which has none, as long as it will be. */
static int encrypt(struct visit *v, const struct task *t, struct wr *out, struct err *e)
{
	const struct session *s = &v->r->s;

	if (s->mode != SESSION_UNICAST)
		return personalize_blank(v->u->set[0].keys->type == ENTRY_SCP02, store_format(t),
		    wr_span(&t->data), out, e);
	return personalize_encrypt(s, store_format(t), wr_span(&t->data), out, e);
}

static int store(struct visit *v, const struct task *t, struct err *e)
{
	const struct install i = { .app = t->m->aid };
	struct span data = wr_span(&t->data);
	unsigned p1 = store_format(t);
	struct wr out = wr_grow(2 * STORE_MAX);
	int rc = 0;

	if (t->m->encrypted) {
		p1 |= STORE_ENCRYPTED;
		rc = encrypt(v, t, &out, e);
		data = wr_span(&out);
	}
	if (rc == 0 && i.app.n > 0)
		rc = content_install(&v->r->s, INSTALL_FOR_PERSONALIZATION, &i,
		    "INSTALL [for personalization]", NULL, e);
	if (rc == 0)
		rc = content_store(&v->r->s, (uint8_t)p1, data, e);
	wr_free(&out);
	return rc == 0 && i.app.n == 0 ? work_rename(v->r, e) : rc;
}

const struct task_kind task_store_data = {
	.open = open_data,
	.close = close_data,
	.act = store,
};
