/* INSTALL [for extradition], [for registry update] and [for personalization] (GPCS 9.4, 9.6). */
#include <string.h>

#include "vcard/content/content.h"
#include "vcard/content/manage.h"
#include "vcard/core/card_state.h"

/* What is moved: one of the two. */
struct moved {
	const struct card_app *app;
	const struct card_load_file *file;
};

static const struct aid *moved_domain(const struct moved *m)
{
	return m->app != NULL ? &m->app->domain : &m->file->domain;
}

static bool is_domain(const struct card_app *a)
{
	return a != NULL && (a->privileges & PRIV_SECURITY_DOMAIN) != 0;
}

/* A domain may become its own, but not the child of what is beneath it. */
static bool makes_circle(const struct vcard *v, const struct moved *m, const struct aid *to)
{
	return is_domain(m->app) && !aid_same(&m->app->aid, to) &&
	       chip_is_under(v, to, &m->app->aid);
}

static uint16_t move_room(const struct vcard *v, const struct moved *m, const struct aid *to)
{
	uint32_t nv = m->app != NULL ? app_takes(m->app) : load_file_takes(m->file);
	uint32_t ram = m->app != NULL ? app_takes_volatile(m->app) : 0;

	return quotas_fit(v, to, moved_domain(m), nv, ram) ? SW_OK : SW_NO_MEMORY;
}

/* GPCS 9.4.1: to a domain that may have content, by whom it belongs to: not out of one that has
 * keys of its own, by one above it, and not into another's. */
static uint16_t move_check(const struct call *c, const struct moved *m, const struct aid *to)
{
	bool own = m->app != NULL && is_domain(m->app) && aid_same(&m->app->aid, to);
	uint16_t sw;

	/* Neither out of a container nor into one, nor a container itself. */
	if (!container_reaches(c->v, c->ch, to) ||
	    !container_reaches(c->v, c->ch, moved_domain(m)) ||
	    (m->app != NULL && chip_container(c->v, &m->app->aid) != NULL))
		return SW_CONDITIONS;
	sw = own ? SW_OK : domain_ready(c->v, to);
	if (sw != SW_OK)
		return sw;
	if (is_restricted(c->v, m->app, RESTRICT_EXTRADITION) || !in_reach(c, moved_domain(m)) ||
	    is_walled_off(c, moved_domain(m)) || aid_same(moved_domain(m), to) ||
	    (!own && !may_give_to(c, to)) || makes_circle(c->v, m, to))
		return SW_CONDITIONS;
	/* What that domain would have had to verify it could not any more. */
	if (m->file != NULL && (chip_privileges(c->v, to) & PRIV_DAP_VERIFICATION) != 0)
		return SW_CONDITIONS;
	return move_room(c->v, m, to);
}

static void move_put(struct vcard *v, const struct moved *m, const struct aid *to)
{
	struct card_app a;

	if (m->file != NULL) {
		chip_put_load_file_domain(v, &m->file->aid, to);
		return;
	}
	a = *m->app;
	a.domain = *to;
	chip_put_app(v, &a);
}

uint16_t install_extradition(struct call *c, const struct order *o)
{
	struct moved m = { chip_app(c->v, &o->i.app), chip_load_file(c->v, &o->i.app) };
	struct aid to = chip_domain_name(c->v, &o->i.domain);
	struct operation op = order_operation(o);
	struct done d = { .kind = op.kind, .app = o->i.app, .domain = o->i.domain };
	bool delegated;
	uint16_t sw;

	if (m.app == NULL && m.file == NULL)
		return aid_taken(c->v, &o->i.app) ? SW_CONDITIONS : SW_REFERENCE_NOT_FOUND;
	sw = move_check(c, &m, &to);
	if (sw == SW_OK)
		sw = manage_allowed(c, &op, o->i.token, &delegated);
	if (sw != SW_OK)
		return sw;
	d.old_domain = chip_domain_aid(c->v, moved_domain(&m));
	move_put(c->v, &m, &to);
	return manage_done(c, delegated, &d, o->params.control);
}

/* ---- [for registry update] ---- */

static uint16_t update_privileges(const struct call *c, const struct install *i, struct card_app *a)
{
	uint32_t p = i->privileges;

	if (i->privileges_n == 0)
		return SW_OK;
	/* One octet says nothing of the other two. */
	if (i->privileges_n == 1)
		p |= a->privileges & 0x00FFFF;
	if (privileges_wrong(p) != NULL || ((p ^ a->privileges) & PRIV_SECURITY_DOMAIN) != 0)
		return SW_WRONG_DATA;
	if (single_taken(c->v, p, &a->aid) || !may_give(c, p & ~a->privileges))
		return SW_CONDITIONS;
	a->privileges = p;
	return SW_OK;
}

static uint16_t update_app(const struct call *c, const struct order *o, struct card_app *a)
{
	struct moved m = { chip_app(c->v, &a->aid), NULL };
	struct aid to = chip_domain_name(c->v, &o->i.domain);
	struct rd r = rd_of(o->params.restrict_);
	uint8_t more = 0;
	uint16_t sw = update_privileges(c, &o->i, a);

	if (sw == SW_OK && o->i.domain.n != 0 && !aid_same(&to, &a->domain)) {
		sw = move_check(c, &m, &to);
		a->domain = to;
	}
	if (sw != SW_OK)
		return sw;
	if (o->params.restrict_.n > 0 && (o->params.restrict_.n != 1 || !rd_u8(&r, &more)))
		return SW_WRONG_DATA;
	a->restricted |= more;
	if (o->params.implicit.n > 0) {
		memcpy(a->implicit, o->params.implicit.p, 1);
		a->implicit_n = 1;
	}
	return SW_OK;
}

/* Without an application: what the whole card is not to do any more. */
static uint16_t update_card(struct call *c, const struct order *o)
{
	struct rd r = rd_of(o->params.restrict_);
	struct aid me = manager_of(c);
	uint8_t more;

	if (o->params.restrict_.n != 1 || !rd_u8(&r, &more) || o->i.privileges_n != 0 ||
	    o->i.domain.n != 0)
		return SW_WRONG_DATA;
	if (me.n != 0)
		return SW_CONDITIONS;
	chip_put_restricted(c->v, c->v->chip.content.restricted | more);
	return SW_OK;
}

static uint16_t update(struct call *c, const struct order *o, struct done *d)
{
	const struct card_app *old = chip_app(c->v, &o->i.app);
	struct card_app a;
	uint16_t sw;

	if (is_restricted(c->v, old, RESTRICT_REGISTRY))
		return SW_CONDITIONS;
	if (o->i.app.n == 0)
		return update_card(c, o);
	if (old == NULL)
		return aid_taken(c->v, &o->i.app) ? SW_CONDITIONS : SW_REFERENCE_NOT_FOUND;
	if (!in_reach(c, &old->domain) || chip_container(c->v, &old->aid) != NULL ||
	    !may_be_inside(c, o, NULL))
		return SW_CONDITIONS;
	a = *old;
	d->old_domain = chip_domain_aid(c->v, &old->domain);
	sw = update_app(c, o, &a);
	if (sw == SW_OK)
		chip_put_app(c->v, &a);
	return sw;
}

uint16_t install_registry(struct call *c, const struct order *o)
{
	struct operation op = order_operation(o);
	struct done d = { .kind = op.kind,
		.app = o->i.app,
		.domain = o->i.domain,
		.privileges = o->i.privileges,
		.privileges_n = o->i.privileges_n,
		.params = o->i.params };
	bool delegated;
	uint16_t sw = manage_allowed(c, &op, o->i.token, &delegated);

	if (sw == SW_OK)
		sw = update(c, o, &d);
	return sw == SW_OK ? manage_done(c, delegated, &d, o->params.control) : sw;
}

/* ---- [for personalization] ---- */

/* What STORE DATA brings from now on goes to the application (GPCS 7.3.3); a domain that has keys
 * of its own is nobody else's to fill. */
uint16_t install_personalization(struct call *c, const struct order *o)
{
	const struct card_app *a = chip_app(c->v, &o->i.app);
	struct aid me = manager_of(c);

	if (a == NULL)
		return SW_REFERENCE_NOT_FOUND;
	if (!aid_same(&a->domain, &me) || chip_container(c->v, &a->aid) != NULL ||
	    (a->state & APP_LOCKED) != 0 || is_restricted(c->v, a, RESTRICT_PERSONALIZATION) ||
	    chip_opens_itself(c->v, &a->aid))
		return SW_CONDITIONS;
	c->ch->personalize = a->aid;
	wr_u8(c->out, 0x00);
	return SW_OK;
}
