/* The registry in the journal: records 21 to 28, and whether what they say holds together. */
#include <string.h>

#include "vcard/content/content.h"
#include "vcard/core/record.h"

enum { NAME_MAX = 2 * (AID_MAX + 1), FILE_HEAD_MAX = 4096, APP_VALUE_MAX = 1024 };
enum { HAS_QUOTA = 1, HAS_VOLATILE_QUOTA = 2 };

static void aid_put(struct wr *w, const struct aid *a)
{
	wr_lv(w, aid_span(a));
}

/* May be empty where that has a meaning. */
static bool aid_or_none(struct rd *r, struct aid *a)
{
	struct span s;

	*a = (struct aid){ 0 };
	return rd_lv(r, &s) && (s.n == 0 || aid_from(a, s));
}

static bool aid_take(struct rd *r, struct aid *a)
{
	return aid_or_none(r, a) && a->n > 0;
}

/* ---- load files ---- */

static struct card_load_file *file_find(struct chip *c, const struct aid *aid)
{
	for (size_t i = 0; i < c->content.file_n; i++)
		if (aid_same(&c->content.file[i].aid, aid))
			return &c->content.file[i];
	return NULL;
}

static void load_file_put(struct wr *w, const struct card_load_file *f)
{
	aid_put(w, &f->aid);
	aid_put(w, &f->domain);
	wr_u8(w, f->major);
	wr_u8(w, f->minor);
	wr_lv(w, span_of(f->hash, f->hash_n));
	wr_u8(w, f->module_n);
	for (size_t i = 0; i < f->module_n; i++)
		aid_put(w, &f->module[i]);
	wr_u8(w, f->import_n);
	for (size_t i = 0; i < f->import_n; i++) {
		aid_put(w, &f->import[i].aid);
		wr_u8(w, f->import[i].major);
		wr_u8(w, f->import[i].minor);
	}
	wr_put(w, wr_span(&f->data));
}

static bool names_get(struct rd *r, struct card_load_file *f)
{
	if (!rd_u8(r, &f->module_n) || f->module_n > STATUS_MODULES_MAX)
		return false;
	for (size_t i = 0; i < f->module_n; i++)
		if (!aid_take(r, &f->module[i]))
			return false;
	if (!rd_u8(r, &f->import_n) || f->import_n > HELD_IMPORTS_MAX)
		return false;
	for (size_t i = 0; i < f->import_n; i++)
		if (!aid_take(r, &f->import[i].aid) || !rd_u8(r, &f->import[i].major) ||
		    !rd_u8(r, &f->import[i].minor))
			return false;
	return true;
}

bool load_file_record_get(struct chip *c, struct rd *r)
{
	struct card_content *all = &c->content;
	struct card_load_file f = { 0 };
	struct span hash;
	struct rd value;

	if (!aid_take(r, &f.aid) || !aid_or_none(r, &f.domain) || !rd_u8(r, &f.major) ||
	    !rd_u8(r, &f.minor) || !rd_lv(r, &hash) || hash.n > HELD_HASH_MAX || !names_get(r, &f))
		return false;
	value = rd_of(hash);
	f.hash_n = (uint8_t)hash.n;
	if (!rd_copy(&value, f.hash, hash.n) || all->file_n == HELD_FILES_MAX ||
	    file_find(c, &f.aid) != NULL)
		return false;
	f.data = wr_grow(HELD_DATA_MAX);
	wr_put(&f.data, rd_rest(r));
	if (!wr_ok(&f.data)) {
		wr_free(&f.data);
		return false;
	}
	all->file[all->file_n++] = f;
	return true;
}

bool load_file_domain_get(struct chip *c, struct rd *r)
{
	struct card_load_file *f;
	struct aid aid, domain;

	if (!aid_take(r, &aid) || !aid_or_none(r, &domain))
		return false;
	f = file_find(c, &aid);
	if (f != NULL)
		f->domain = domain;
	return f != NULL;
}

bool load_file_gone_get(struct chip *c, struct rd *r)
{
	struct card_content *all = &c->content;
	struct card_load_file *f;
	struct aid aid;
	size_t at;

	if (!aid_take(r, &aid))
		return false;
	f = file_find(c, &aid);
	if (f == NULL)
		return false;
	wr_free(&f->data);
	at = (size_t)(f - all->file);
	memmove(f, &all->file[at + 1], (all->file_n - at - 1) * sizeof(*f));
	all->file_n--;
	memset(&all->file[all->file_n], 0, sizeof(*f));
	return true;
}

/* ---- applications ---- */

static struct card_app *app_find(struct chip *c, const struct aid *aid)
{
	for (size_t i = 0; i < c->content.app_n; i++)
		if (aid_same(&c->content.app[i].aid, aid))
			return &c->content.app[i];
	return NULL;
}

static void app_put(struct wr *w, const struct card_app *a)
{
	aid_put(w, &a->aid);
	aid_put(w, &a->load_file);
	aid_put(w, &a->module);
	aid_put(w, &a->domain);
	wr_u8(w, a->state);
	wr_u24(w, a->privileges);
	wr_lv(w, span_of(a->implicit, a->implicit_n));
	wr_u8(w, a->restricted);
	wr_u8(w, (uint8_t)((a->has_quota ? HAS_QUOTA : 0) |
			   (a->has_volatile_quota ? HAS_VOLATILE_QUOTA : 0)));
	wr_u32(w, a->quota);
	wr_u32(w, a->volatile_quota);
	wr_u32(w, a->reserved);
	wr_u32(w, a->reserved_volatile);
	wr_bytes(w, a->params, a->params_n);
}

static bool app_read(struct rd *r, struct card_app *a)
{
	struct span implicit;
	struct rd value;
	uint8_t has;

	if (!aid_take(r, &a->aid) || !aid_take(r, &a->load_file) || !aid_take(r, &a->module) ||
	    !aid_or_none(r, &a->domain) || !rd_u8(r, &a->state) || !rd_u24(r, &a->privileges) ||
	    !rd_lv(r, &implicit) || implicit.n > sizeof(a->implicit) || !rd_u8(r, &a->restricted) ||
	    !rd_u8(r, &has) || !rd_u32(r, &a->quota) || !rd_u32(r, &a->volatile_quota) ||
	    !rd_u32(r, &a->reserved) || !rd_u32(r, &a->reserved_volatile) ||
	    rd_left(r) > HELD_PARAMS_MAX)
		return false;
	value = rd_of(implicit);
	a->implicit_n = (uint8_t)implicit.n;
	a->has_quota = (has & HAS_QUOTA) != 0;
	a->has_volatile_quota = (has & HAS_VOLATILE_QUOTA) != 0;
	a->params_n = (uint16_t)rd_left(r);
	return rd_copy(&value, a->implicit, implicit.n) && rd_copy(r, a->params, a->params_n);
}

bool app_get(struct chip *c, struct rd *r)
{
	struct card_content *all = &c->content;
	struct card_app a = { 0 }, *old;

	if (!app_read(r, &a))
		return false;
	old = app_find(c, &a.aid);
	if (old == NULL && all->app_n == HELD_APPS_MAX)
		return false;
	if (old == NULL)
		old = &all->app[all->app_n++];
	*old = a;
	return true;
}

bool app_gone_get(struct chip *c, struct rd *r)
{
	struct card_content *all = &c->content;
	struct card_app *a;
	struct aid aid;
	size_t at;

	if (!aid_take(r, &aid))
		return false;
	a = app_find(c, &aid);
	if (a == NULL)
		return false;
	at = (size_t)(a - all->app);
	memmove(a, &all->app[at + 1], (all->app_n - at - 1) * sizeof(*a));
	all->app_n--;
	memset(&all->app[all->app_n], 0, sizeof(*a));
	keys_owner_gone(c, &aid);
	objects_owner_gone(c, &aid);
	container_owner_gone(c, &aid);
	return true;
}

/* ---- the rest ---- */

bool receipts_get(struct chip *c, struct rd *r)
{
	return rd_u16(r, &c->content.receipts);
}

bool restricted_get(struct chip *c, struct rd *r)
{
	return rd_u8(r, &c->content.restricted);
}

bool page_get(struct chip *c, struct rd *r)
{
	return rd_u16(r, &c->content.page);
}

/* ---- changes ---- */

void chip_put_load_file(struct vcard *v, const struct card_load_file *f)
{
	struct wr value = wr_grow(HELD_DATA_MAX + FILE_HEAD_MAX);

	/* What is in the journal must be applicable. */
	if (v->chip.content.file_n == HELD_FILES_MAX || f->module_n > STATUS_MODULES_MAX ||
	    f->import_n > HELD_IMPORTS_MAX || file_find(&v->chip, &f->aid) != NULL)
		v->batch.full = true;
	load_file_put(&value, f);
	if (!wr_ok(&value))
		v->batch.full = true;
	nvm_record(&v->batch, REC_LOAD_FILE, wr_span(&value));
	wr_free(&value);
}

void chip_put_load_file_domain(struct vcard *v, const struct aid *file, const struct aid *domain)
{
	uint8_t room[NAME_MAX];
	struct wr value = wr_fixed(room, sizeof(room));

	aid_put(&value, file);
	aid_put(&value, domain);
	nvm_record(&v->batch, REC_LOAD_FILE_DOMAIN, wr_span(&value));
}

static void put_name(struct vcard *v, uint8_t record, const struct aid *aid)
{
	uint8_t room[NAME_MAX];
	struct wr value = wr_fixed(room, sizeof(room));

	aid_put(&value, aid);
	nvm_record(&v->batch, record, wr_span(&value));
}

void chip_put_load_file_gone(struct vcard *v, const struct aid *file)
{
	put_name(v, REC_LOAD_FILE_GONE, file);
}

void chip_put_app(struct vcard *v, const struct card_app *a)
{
	uint8_t room[APP_VALUE_MAX];
	struct wr value = wr_fixed(room, sizeof(room));

	if (v->chip.content.app_n == HELD_APPS_MAX && app_find(&v->chip, &a->aid) == NULL)
		v->batch.full = true;
	app_put(&value, a);
	if (!wr_ok(&value))
		v->batch.full = true;
	nvm_record(&v->batch, REC_APP, wr_span(&value));
}

void chip_put_app_gone(struct vcard *v, const struct aid *aid)
{
	put_name(v, REC_APP_GONE, aid);
}

void chip_put_receipts(struct vcard *v, uint16_t counter)
{
	uint8_t room[2] = { (uint8_t)(counter >> 8), (uint8_t)counter };

	nvm_record(&v->batch, REC_RECEIPTS, SPAN(room));
}

void chip_put_restricted(struct vcard *v, uint8_t restricted)
{
	nvm_record(&v->batch, REC_RESTRICTED, span_of(&restricted, 1));
}

/* ---- the whole ---- */

static void numbers_snapshot(struct wr *w, const struct card_content *c)
{
	uint8_t receipts[2] = { (uint8_t)(c->receipts >> 8), (uint8_t)c->receipts };
	uint8_t page[2] = { (uint8_t)(c->page >> 8), (uint8_t)c->page };

	if (c->receipts != 0)
		nvm_record(w, REC_RECEIPTS, SPAN(receipts));
	if (c->restricted != 0)
		nvm_record(w, REC_RESTRICTED, span_of(&c->restricted, 1));
	if (c->page != 0)
		nvm_record(w, REC_PAGE, SPAN(page));
}

void content_snapshot(struct wr *w, const struct chip *c)
{
	struct wr value = wr_grow(HELD_DATA_MAX + FILE_HEAD_MAX);

	numbers_snapshot(w, &c->content);
	for (size_t i = 0; i < c->content.file_n; i++) {
		wr_reset(&value);
		load_file_put(&value, &c->content.file[i]);
		w->full = w->full || !wr_ok(&value);
		nvm_record(w, REC_LOAD_FILE, wr_span(&value));
	}
	for (size_t i = 0; i < c->content.app_n; i++) {
		wr_reset(&value);
		app_put(&value, &c->content.app[i]);
		w->full = w->full || !wr_ok(&value);
		nvm_record(w, REC_APP, wr_span(&value));
	}
	wr_free(&value);
}

void content_wipe(struct card_content *c)
{
	for (size_t i = 0; i < c->file_n; i++)
		wr_free(&c->file[i].data);
	c->file_n = 0;
}

static bool is_domain(const struct chip *c, const struct aid *aid)
{
	if (aid->n == 0)
		return true;
	for (size_t i = 0; i < c->content.app_n; i++)
		if (aid_same(&c->content.app[i].aid, aid))
			return (c->content.app[i].privileges & PRIV_SECURITY_DOMAIN) != 0;
	return false;
}

static bool has_module(const struct chip *c, const struct card_app *a)
{
	if (aid_same(&a->load_file, &aid_domain_package))
		return aid_same(&a->module, &aid_domain_module);
	for (size_t i = 0; i < c->content.file_n; i++) {
		const struct card_load_file *f = &c->content.file[i];

		for (size_t j = 0; aid_same(&f->aid, &a->load_file) && j < f->module_n; j++)
			if (aid_same(&f->module[j], &a->module))
				return true;
	}
	return false;
}

/* GPCS 11.1.1. */
static bool state_known(const struct card_app *a)
{
	uint8_t s = (uint8_t)(a->state & ~APP_LOCKED);

	if ((a->privileges & PRIV_SECURITY_DOMAIN) != 0)
		return s == APP_INSTALLED || s == APP_SELECTABLE || s == DOMAIN_PERSONALIZED;
	return s == APP_INSTALLED || (s & APP_SELECTABLE) == APP_SELECTABLE;
}

/* Every application has its module, everything its domain, no privilege has two holders. */
bool content_sound(const struct chip *c)
{
	const struct card_content *all = &c->content;
	uint32_t single = 0;

	for (size_t i = 0; i < all->file_n; i++)
		if (!is_domain(c, &all->file[i].domain))
			return false;
	for (size_t i = 0; i < all->app_n; i++) {
		const struct card_app *a = &all->app[i];
		uint32_t one = a->privileges & (PRIV_CARD_RESET | PRIV_FINAL_APPLICATION);

		if (!is_domain(c, &a->domain) || !has_module(c, a) || !state_known(a) ||
		    privileges_wrong(a->privileges) != NULL || (single & one) != 0 || a->aid.n == 0)
			return false;
		single |= one;
	}
	return true;
}
