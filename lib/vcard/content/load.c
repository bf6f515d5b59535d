/*
 * INSTALL [for load] and LOAD (GPCS 11.6, 9.3.5): blocks are gathered until the last one; then the
 * load file is checked as a whole and enters the registry with one write, or nothing does.
 */
#include <string.h>

#include "gp/load_file.h"
#include "vcard/content/content.h"
#include "vcard/content/manage.h"
#include "vcard/core/card_state.h"
#include "vcard/core/handlers.h"

enum { INSTALL_KEPT_MAX = 4096 };

/* Octets that a load asks for in advance (C6, C8; C7). */
static uint32_t asked(const struct install_params *p)
{
	return (p->has_code ? p->code : 0) + (p->has_data ? p->data : 0);
}

static uint16_t load_possible(struct call *c, const struct order *o, const struct aid *domain)
{
	struct vcard *v = c->v;
	enum digest_alg alg;
	uint16_t sw;

	if (!container_reaches(v, c->ch, domain) || !may_be_inside(c, o, &o->i.load_file))
		return SW_CONDITIONS;
	sw = domain_ready(v, domain);
	if (sw != SW_OK)
		return sw;
	if (is_restricted(v, NULL, RESTRICT_LOAD) || aid_taken(v, &o->i.load_file) ||
	    !may_give_to(c, domain))
		return SW_CONDITIONS;
	if (o->i.hash.n != 0 && !digest_by_size(o->i.hash.n, &alg))
		return SW_WRONG_DATA;
	/* A load token vouches for what is loaded by its hash only (C.4.1). */
	if (o->i.token.n > 0 && o->i.hash.n == 0)
		return SW_WRONG_DATA;
	if ((o->params.has_code && o->params.code > HELD_DATA_MAX) ||
	    (o->params.has_data && o->params.data > HELD_DATA_MAX))
		return SW_NO_MEMORY;
	if (v->chip.content.file_n == HELD_FILES_MAX ||
	    !content_fits(v, domain, HELD_FILE_OVERHEAD + asked(&o->params),
		o->params.has_volatile ? o->params.volatile_ : 0))
		return SW_NO_MEMORY;
	return SW_OK;
}

/* Where it will be: with the domain that is named, or the one of the session. */
static struct aid load_domain(const struct call *c, const struct order *o)
{
	return o->i.domain.n != 0 ? chip_domain_name(c->v, &o->i.domain) : manager_of(c);
}

uint16_t install_load(struct call *c, const struct order *o)
{
	struct aid domain = load_domain(c, o);
	struct loading *l = &c->ch->loading;
	struct operation op = order_operation(o);
	bool combined = o->p1 == INSTALL_ALL, delegated = false;
	uint16_t sw;

	content_forget_load(c->ch);
	sw = load_possible(c, o, &domain);
	/* The token of a combined one comes with its last command. */
	if (sw == SW_OK && !combined)
		sw = manage_allowed(c, &op, o->i.token, &delegated);
	else if (sw == SW_OK && o->i.token.n > 0)
		sw = SW_WRONG_DATA;
	if (sw != SW_OK)
		return sw;
	*l = (struct loading){ .active = true,
		.combined = combined,
		.delegated = delegated,
		.load_file = o->i.load_file,
		.domain = domain,
		.hash_n = (uint8_t)o->i.hash.n };
	if (o->i.hash.n > 0)
		memcpy(l->hash, o->i.hash.p, o->i.hash.n);
	l->data = wr_grow(HELD_DATA_MAX);
	l->first = wr_grow(INSTALL_KEPT_MAX);
	wr_put(&l->first, o->data);
	if (!wr_ok(&l->first)) {
		content_forget_load(c->ch);
		return SW_NO_MEMORY;
	}
	wr_u8(c->out, 0x00);
	return SW_OK;
}

/* ---- LOAD ---- */

static uint16_t load_block(struct call *c)
{
	struct loading *l = &c->ch->loading;
	size_t whole;
	bool wrong;

	if (!l->active || l->whole)
		return SW_CONDITIONS;
	if ((c->cmd->p1 & ~LOAD_LAST) != 0 || c->cmd->p2 != l->next)
		return SW_WRONG_P1P2;
	if (!content_fits_load(c->v, l, l->data.n + c->cmd->data.n))
		return SW_NO_MEMORY;
	wr_put(&l->data, c->cmd->data);
	if (!wr_ok(&l->data))
		return SW_NO_MEMORY;
	whole = load_file_octets(wr_span(&l->data), &wrong);
	if (wrong || (whole != 0 && l->data.n > whole))
		return SW_WRONG_DATA;
	/* What it will have is known long before it is there. */
	if (whole != 0 && !content_fits_load(c->v, l, whole))
		return SW_NO_MEMORY;
	l->next++;
	return SW_OK;
}

/* B6 of the INSTALL [for load], for the confirmation. */
static struct span first_control(const struct loading *l)
{
	struct install_params p;
	struct install i;

	return install_get(INSTALL_FOR_LOAD, INSTALL_ALONE, wr_span(&l->first), &i) &&
		       install_params_get(i.params, &p)
		   ? p.control
		   : (struct span){ NULL, 0 };
}

static uint16_t load_last(struct call *c)
{
	struct loading *l = &c->ch->loading;
	struct done d = { .kind = TOKEN_LOAD,
		.load_file = l->load_file,
		.domain = chip_domain_aid(c->v, &l->domain) };
	struct card_load_file f;
	uint16_t sw = load_check(c, &f);

	if (sw != SW_OK)
		return sw;
	if (l->combined) {
		/* It enters the registry together with its instance, by the last INSTALL. */
		l->whole = true;
		wr_u8(c->out, 0x00);
	} else {
		chip_put_load_file(c->v, &f);
		sw = manage_done(c, l->delegated, &d, first_control(l));
		content_forget_load(c->ch);
	}
	wr_free(&f.data);
	return sw;
}

uint16_t do_load(struct call *c)
{
	bool last = (c->cmd->p1 & LOAD_LAST) != 0;
	uint16_t sw = load_block(c);

	if (sw == SW_OK && last)
		sw = load_last(c);
	else if (sw == SW_OK && c->ch->loading.next == LOAD_BLOCKS_MAX)
		sw = SW_CONDITIONS; /* there is no number for another block */
	else if (sw == SW_OK)
		wr_u8(c->out, 0x00);
	if (sw != SW_OK)
		content_forget_load(c->ch);
	return sw;
}
