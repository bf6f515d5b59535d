/* SELECT (GPCS 11.9, 6.4.2): of the issuer's domain, of what system and image bring, of domains and
 * applications in the registry. */
#include "vcard/broadcast/broadcast.h"
#include "vcard/broadcast/mode.h"
#include "vcard/channel/channel.h"
#include "vcard/content/content.h"
#include "vcard/core/card_state.h"
#include "vcard/core/handlers.h"
#include "vcard/products/product.h"

enum { SW_CARD_LOCKED = 0x6283, P2_FIRST = 0x00, P2_NEXT = 0x02 };

/* An entry that may be selected. */
struct selectable {
	struct aid aid;
	const struct card_app *app; /* of the registry; NULL: the ISD, or a resident */
	bool isd;
	struct resident resident;
};

/* Number i: 0 is the ISD, then what system and image bring, then the registry. */
static bool entry_at(const struct vcard *v, size_t i, struct selectable *e)
{
	size_t n = 0;

	*e = (struct selectable){ .aid = v->chip.isd, .isd = i == 0 };
	if (i == 0)
		return true;
	while (chip_resident(v, n, &e->resident)) {
		e->aid = e->resident.aid;
		if (++n == i)
			return true;
	}
	if (i - 1 - n >= v->chip.content.app_n)
		return false;
	e->resident = (struct resident){ 0 };
	e->app = &v->chip.content.app[i - 1 - n];
	e->aid = e->app->aid;
	return true;
}

/* GPCS 5.3: INSTALLED and LOCKED ones are not there for SELECT. */
static bool is_selectable(const struct vcard *v, const struct selectable *e)
{
	if (e->app == NULL)
		return (e->resident.state & APP_LOCKED) == 0;
	return (e->app->state & APP_LOCKED) == 0 && e->app->state != APP_INSTALLED &&
	       !container_shut(v, &e->aid);
}

/* P2; a UICC knows also what TS 102 221 has in it: FCP wanted, or no data. */
static uint8_t occurrence(const struct call *c)
{
	return c->v->chip.product == PRODUCT_UICC ? c->cmd->p2 & P2_NEXT : c->cmd->p2;
}

/* Where the search starts: at the beginning, or behind what is selected now. */
static size_t search_start(const struct call *c)
{
	struct selectable e;

	if (occurrence(c) == P2_FIRST)
		return 0;
	for (size_t i = 0; entry_at(c->v, i, &e); i++)
		if (aid_same(&e.aid, &c->ch->selected))
			return i + 1;
	return 0;
}

/* In LIFE_LOCKED nothing but the holder of the Final Application privilege is there (5.1.1.4). */
static bool is_final(const struct vcard *v, const struct selectable *e)
{
	uint32_t has = e->isd           ? chip_privileges(v, &v->chip.isd)
		       : e->app != NULL ? e->app->privileges
					: 0;

	return (has & PRIV_FINAL_APPLICATION) != 0;
}

static uint16_t select_entry(struct call *c, const struct selectable *e)
{
	bool locked = c->v->chip.life_cycle == LIFE_LOCKED;
	bool domain =
	    e->isd || (e->app != NULL && (e->app->privileges & PRIV_SECURITY_DOMAIN) != 0);

	if (locked && !is_final(c->v, e))
		return SW_NOT_FOUND;
	c->ch->app = !domain;
	c->ch->files = false;
	c->ch->selected = e->aid;
	if (domain)
		store_forget(c->v, &e->aid);
	if (domain)
		product_fci_put(c->out, &c->v->chip, channel_name(c->ch));
	else
		wr_put(c->out, e->resident.answer); /* empty for those of the registry */
	return locked ? SW_CARD_LOCKED : SW_OK;
}

enum { IMPLICIT_CONTACT = 0x40, IMPLICIT_CHANNEL = 0x1F };

static bool is_implicit(const struct card_app *a, uint8_t number)
{
	for (size_t i = 0; i < a->implicit_n; i++)
		if ((a->implicit[i] & IMPLICIT_CONTACT) != 0 &&
		    (a->implicit[i] & IMPLICIT_CHANNEL) == number)
			return true;
	return false;
}

/* The one for this channel, else the one for the basic channel, else the holder of Card Reset. */
static const struct card_app *implicit_app(const struct vcard *v, uint8_t number)
{
	const struct card_content *all = &v->chip.content;
	const struct card_app *found = NULL;
	int best = 0;

	for (size_t i = 0; i < all->app_n; i++) {
		const struct card_app *a = &all->app[i];
		int rank = is_implicit(a, number)                   ? 3
			   : is_implicit(a, 0)                      ? 2
			   : (a->privileges & PRIV_CARD_RESET) != 0 ? 1
								    : 0;

		if (rank > best) {
			best = rank;
			found = a;
		}
	}
	return found;
}

static const struct card_app *final_app(const struct vcard *v)
{
	const struct card_content *all = &v->chip.content;

	for (size_t i = 0; i < all->app_n; i++)
		if ((all->app[i].privileges & PRIV_FINAL_APPLICATION) != 0)
			return &all->app[i];
	return NULL;
}

void select_implicit(struct vcard *v, uint8_t number)
{
	struct logical_channel *ch = &v->channel[number];
	struct selectable e = {
		.app = v->chip.life_cycle == LIFE_LOCKED ? final_app(v) : implicit_app(v, number)
	};

	if (e.app == NULL || !is_selectable(v, &e))
		return;
	ch->app = (e.app->privileges & PRIV_SECURITY_DOMAIN) == 0;
	ch->selected = e.app->aid;
}

/* Containers and what is in them are found by their whole AID only, and an application of the image
 * does not stand for one of the registry (containers.md 6). */
static bool is_found(const struct call *c, const struct selectable *e)
{
	bool named = occurrence(c) == P2_FIRST && c->cmd->data.n == e->aid.n;

	if (e->app == NULL)
		return e->isd || !named || chip_app(c->v, &e->aid) == NULL;
	return named || chip_home(c->v, &e->aid) == NULL;
}

/* Without an AID: the ISD. */
uint16_t do_select(struct call *c)
{
	struct span wanted = c->cmd->data;
	uint8_t p2 = occurrence(c);
	struct selectable e;

	if (files_are_meant(c))
		return files_select(c);
	if (c->cmd->p1 != 0x04 || (p2 != P2_FIRST && p2 != P2_NEXT))
		return SW_WRONG_P1P2;
	if (wanted.n != 0 && (wanted.n < AID_MIN || wanted.n > AID_MAX))
		return SW_WRONG_LENGTH;
	c->ch->alias = (struct aid){ 0 };
	if (product_means_isd(&c->v->chip, wanted, &c->ch->alias))
		wanted.n = 0;
	mode_step(c->ch, EVENT_END, SW_OK);
	content_forget_load(c->ch);
	c->ch->personalize = (struct aid){ 0 };
	for (size_t i = wanted.n == 0 ? 0 : search_start(c); entry_at(c->v, i, &e); i++)
		if (span_starts(aid_span(&e.aid), wanted) && is_selectable(c->v, &e) &&
		    is_found(c, &e))
			return select_entry(c, &e);
	return SW_NOT_FOUND;
}
