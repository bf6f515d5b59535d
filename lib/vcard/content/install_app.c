/* INSTALL [for install], [for make selectable] and both (GPCS 9.3.6, 9.3.7). */
#include <string.h>

#include "vcard/content/content.h"
#include "vcard/content/manage.h"
#include "vcard/core/card_state.h"

/* Where an instance comes from. */
struct origin {
	struct aid load_file, module, domain;
	bool domain_module; /* it becomes a supplementary domain */
};

static bool has_module(const struct card_load_file *f, const struct aid *module)
{
	for (size_t i = 0; i < f->module_n; i++)
		if (aid_same(&f->module[i], module))
			return true;
	return false;
}

/* The only module of a load file serves when none is named. */
static bool source_in(const struct card_load_file *f, const struct install *i, struct origin *s)
{
	if (i->load_file.n != 0 && !aid_same(&f->aid, &i->load_file))
		return false;
	if (i->module.n == 0 && f->module_n != 1)
		return false;
	s->load_file = f->aid;
	s->domain = f->domain;
	s->module = i->module.n != 0 ? i->module : f->module[0];
	return has_module(f, &s->module);
}

static bool is_domain_module(const struct install *i)
{
	if (i->load_file.n != 0 && !aid_same(&i->load_file, &aid_domain_package))
		return false;
	return i->module.n == 0 ? i->load_file.n != 0 : aid_same(&i->module, &aid_domain_module);
}

/* pending: the load file of a combined INSTALL, which alone counts then; NULL: the registry. */
static bool source_find(const struct call *c, const struct install *i,
    const struct card_load_file *pending, struct origin *s)
{
	const struct card_content *all = &c->v->chip.content;

	*s = (struct origin){ .domain = manager_of(c) };
	if (pending != NULL)
		return source_in(pending, i, s);
	if (is_domain_module(i)) {
		s->load_file = aid_domain_package;
		s->module = aid_domain_module;
		s->domain_module = true;
		return true;
	}
	for (size_t n = 0; n < all->file_n; n++)
		if (source_in(&all->file[n], i, s))
			return true;
	return false;
}

/* GPCS 11.1.2: what is not told by one octet is by default. */
static uint32_t privileges_whole(const struct install *i)
{
	bool domain = (i->privileges & PRIV_SECURITY_DOMAIN) != 0;

	return i->privileges | (i->privileges_n == 1 && domain ? PRIV_TRUSTED_PATH : 0);
}

static uint16_t privileges_check(
    const struct call *c, const struct order *o, const struct origin *s)
{
	uint32_t p = privileges_whole(&o->i);

	if (o->i.privileges_n == 0 || privileges_wrong(p) != NULL)
		return SW_WRONG_DATA;
	if (s->domain_module != ((p & PRIV_SECURITY_DOMAIN) != 0))
		return SW_WRONG_DATA;
	return single_taken(c->v, p, &o->i.app) || !may_give(c, p) ? SW_CONDITIONS : SW_OK;
}

static uint16_t app_of(const struct order *o, const struct origin *s, struct card_app *a)
{
	const struct install_params *p = &o->params;

	if (!p->has_app) /* C9 is mandatory, if empty (11.5.2.3.7) */
		return SW_WRONG_DATA;
	if (p->app.n > HELD_PARAMS_MAX)
		return SW_NO_MEMORY;
	*a = (struct card_app){ .aid = o->i.app,
		.load_file = s->load_file,
		.module = s->module,
		.domain = s->domain,
		.state = o->p1 == INSTALL_FOR_INSTALL ? APP_INSTALLED : APP_SELECTABLE,
		.privileges = privileges_whole(&o->i),
		.has_quota = p->has_data,
		.has_volatile_quota = p->has_volatile,
		.quota = p->data,
		.volatile_quota = p->volatile_,
		.reserved = p->reserved_data,
		.reserved_volatile = p->reserved_volatile,
		.params_n = (uint16_t)p->app.n };
	if (p->app.n > 0)
		memcpy(a->params, p->app.p, p->app.n);
	if (p->implicit.n > 0 && o->p1 == INSTALL_FOR_INSTALL)
		return SW_WRONG_DATA; /* what is not selectable is not selected */
	if (p->implicit.n > 0)
		memcpy(a->implicit, p->implicit.p, 1);
	a->implicit_n = p->implicit.n > 0;
	return SW_OK;
}

static uint16_t app_fits(const struct call *c, const struct card_app *a)
{
	if (c->v->chip.content.app_n == HELD_APPS_MAX)
		return SW_NO_MEMORY;
	if ((a->has_quota && app_takes(a) > a->quota) ||
	    (a->has_volatile_quota && app_takes_volatile(a) > a->volatile_quota))
		return SW_NO_MEMORY;
	return content_fits(c->v, &a->domain, app_takes(a), app_takes_volatile(a)) ? SW_OK
										   : SW_NO_MEMORY;
}

static uint16_t install_new(
    struct call *c, const struct order *o, const struct card_load_file *pending, struct card_app *a)
{
	struct origin s;
	uint16_t sw;

	if (!source_find(c, &o->i, pending, &s))
		return SW_REFERENCE_NOT_FOUND;
	if (s.domain_module && chip_home(c->v, &c->ch->selected) != NULL)
		return SW_CONDITIONS;
	if (is_restricted(c->v, NULL, RESTRICT_INSTALL) || aid_taken(c->v, &o->i.app) ||
	    (pending != NULL && aid_same(&pending->aid, &o->i.app)))
		return SW_CONDITIONS;
	if ((!s.domain_module && !in_reach(c, &s.domain)) || !may_be_inside(c, o, &o->i.app))
		return SW_CONDITIONS;
	sw = privileges_check(c, o, &s);
	if (sw == SW_OK)
		sw = app_of(o, &s, a);
	return sw == SW_OK ? app_fits(c, a) : sw;
}

/* The first command of a combined one, for its token. */
static bool first_get(const struct loading *l, struct operation *op)
{
	return install_get(INSTALL_ALL, INSTALL_FIRST, wr_span(&l->first), &op->first);
}

static uint16_t install_with(
    struct call *c, const struct order *o, const struct card_load_file *pending)
{
	struct operation op = order_operation(o);
	struct done d = { .kind = op.kind, .app = o->i.app };
	struct card_app a;
	bool delegated;
	uint16_t sw = install_new(c, o, pending, &a);

	if (sw == SW_OK && pending != NULL && !first_get(&c->ch->loading, &op))
		sw = SW_UNKNOWN;
	if (sw == SW_OK)
		sw = manage_allowed(c, &op, o->i.token, &delegated);
	if (sw != SW_OK)
		return sw;
	d.load_file = a.load_file;
	d.domain = chip_domain_aid(c->v, &a.domain);
	if (pending != NULL)
		chip_put_load_file(c->v, pending);
	chip_put_app(c->v, &a);
	return manage_done(c, delegated, &d, o->params.control);
}

uint16_t install_app(struct call *c, const struct order *o)
{
	const struct loading *l = &c->ch->loading;
	struct card_load_file f;
	uint16_t sw;

	if (o->p1 != INSTALL_ALL)
		return install_with(c, o, NULL);
	if (!l->active || !l->combined || !l->whole)
		return SW_CONDITIONS;
	sw = load_check(c, &f);
	if (sw != SW_OK)
		return sw;
	sw = install_with(c, o, &f);
	wr_free(&f.data);
	content_forget_load(c->ch);
	return sw;
}

/* ---- [for make selectable] ---- */

/* The only privilege that may come along is Card Reset (GPCS 11.5.2.3.3). */
static uint16_t selectable_privileges(
    const struct call *c, const struct install *i, struct card_app *a)
{
	uint32_t more = i->privileges_n == 0 ? 0 : i->privileges & ~a->privileges;

	if ((more & ~(uint32_t)PRIV_CARD_RESET) != 0)
		return SW_WRONG_DATA;
	if (single_taken(c->v, more, &a->aid) || !may_give(c, more))
		return SW_CONDITIONS;
	a->privileges |= more;
	return SW_OK;
}

uint16_t install_selectable(struct call *c, const struct order *o)
{
	const struct card_app *old = chip_app(c->v, &o->i.app);
	struct operation op = order_operation(o);
	struct done d = { .kind = op.kind, .app = o->i.app };
	struct card_app a;
	bool delegated;
	uint16_t sw;

	if (old == NULL)
		return SW_REFERENCE_NOT_FOUND;
	if (old->state != APP_INSTALLED || is_restricted(c->v, old, RESTRICT_SELECTABLE) ||
	    !in_reach(c, &old->domain) || chip_container(c->v, &old->aid) != NULL ||
	    !may_be_inside(c, o, NULL))
		return SW_CONDITIONS;
	a = *old;
	a.state = APP_SELECTABLE;
	d.load_file = a.load_file;
	sw = selectable_privileges(c, &o->i, &a);
	if (sw == SW_OK)
		sw = manage_allowed(c, &op, o->i.token, &delegated);
	if (sw != SW_OK)
		return sw;
	if (o->params.implicit.n > 0) {
		memcpy(a.implicit, o->params.implicit.p, 1);
		a.implicit_n = 1;
	}
	chip_put_app(c->v, &a);
	return manage_done(c, delegated, &d, o->params.control);
}
