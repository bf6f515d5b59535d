/* SET STATUS (GPCS 11.10): of the card, of an application or domain, of a domain and all in it. */
#include "vcard/content/content.h"
#include "vcard/content/manage.h"
#include "vcard/core/card_state.h"
#include "vcard/core/handlers.h"

/* GPCS 5.1.1 and figure 5-1; which privilege of the domain it takes (6.6.2.3, 6.6.2.4), none: it is
 * the issuer's. */
static const struct {
	uint8_t from, to;
	uint32_t privilege;
} transitions[] = {
	{ LIFE_OP_READY, LIFE_INITIALIZED, 0 },
	{ LIFE_INITIALIZED, LIFE_SECURED, 0 },
	{ LIFE_SECURED, LIFE_LOCKED, PRIV_CARD_LOCK },
	{ LIFE_LOCKED, LIFE_SECURED, PRIV_CARD_LOCK },
	{ LIFE_OP_READY, LIFE_TERMINATED, PRIV_CARD_TERMINATE },
	{ LIFE_INITIALIZED, LIFE_TERMINATED, PRIV_CARD_TERMINATE },
	{ LIFE_SECURED, LIFE_TERMINATED, PRIV_CARD_TERMINATE },
	{ LIFE_LOCKED, LIFE_TERMINATED, PRIV_CARD_TERMINATE },
};

static bool transition_allowed(const struct call *c, uint8_t from, uint8_t to)
{
	struct aid me = manager_of(c);
	uint32_t has = chip_privileges(c->v, &me);

	for (size_t i = 0; i < sizeof(transitions) / sizeof(transitions[0]); i++)
		if (transitions[i].from == from && transitions[i].to == to)
			return transitions[i].privilege == 0
				   ? me.n == 0
				   : (has & transitions[i].privilege) != 0;
	return false;
}

static uint16_t set_card(struct call *c)
{
	if (!transition_allowed(c, c->v->chip.life_cycle, c->cmd->p2))
		return SW_CONDITIONS;
	chip_put_life_cycle(c->v, c->cmd->p2);
	return SW_OK;
}

/* It is the manager's, or he may lock everywhere. */
static bool may_lock(const struct call *c, const struct card_app *a)
{
	struct aid me = manager_of(c);

	return container_reaches(c->v, c->ch, &a->domain) &&
	       (in_reach(c, &a->domain) || (chip_privileges(c->v, &me) & PRIV_GLOBAL_LOCK) != 0);
}

/* 6985 when it is so already, and for what cannot be locked (GPCS 5.3.1.3, 6.6.2.6). */
static uint16_t put_lock(struct vcard *v, const struct card_app *a, bool lock)
{
	struct card_app changed = *a;

	if (((a->state & APP_LOCKED) != 0) == lock)
		return SW_CONDITIONS;
	if (lock && (a->privileges & PRIV_FINAL_APPLICATION) != 0)
		return SW_CONDITIONS;
	changed.state = (uint8_t)(a->state ^ APP_LOCKED);
	chip_put_app(v, &changed);
	return SW_OK;
}

/* A domain says of itself that it is PERSONALIZED, or locks itself. */
static uint16_t set_self(struct call *c, const struct card_app *a)
{
	struct card_app changed = *a;

	if ((c->cmd->p2 & APP_LOCKED) != 0)
		return put_lock(c->v, a, true);
	if (c->cmd->p2 != DOMAIN_PERSONALIZED)
		return SW_WRONG_DATA;
	if (a->state != APP_SELECTABLE)
		return SW_CONDITIONS;
	changed.state = DOMAIN_PERSONALIZED;
	chip_put_app(c->v, &changed);
	return SW_OK;
}

/* What the image brings lives and goes with it: no states of its own; the trust application is the
 * issuer's. Nor has the ISD, whose state
 * is the card's. */
static uint16_t set_application(struct call *c, const struct aid *aid)
{
	const struct card_app *a = chip_app(c->v, aid);

	if (trust_is(c->v, aid) && manager_of(c).n == 0)
		return trust_set_locked(c->v, (c->cmd->p2 & APP_LOCKED) != 0);
	if (a == NULL)
		return aid_taken(c->v, aid) ? SW_CONDITIONS : SW_REFERENCE_NOT_FOUND;
	if (a == channel_domain(c->v, c->ch))
		return set_self(c, a);
	if (!may_lock(c, a))
		return SW_CONDITIONS;
	return put_lock(c->v, a, (c->cmd->p2 & APP_LOCKED) != 0);
}

/* All that can change does; that nothing could is an error, and so is a Final Application. */
static uint16_t set_domain(struct call *c, const struct aid *aid)
{
	const struct card_content *all = &c->v->chip.content;
	const struct card_app *domain = chip_app(c->v, aid);
	bool lock = (c->cmd->p2 & APP_LOCKED) != 0;
	uint16_t sw = SW_CONDITIONS;

	if (domain == NULL)
		return aid_taken(c->v, aid) ? SW_CONDITIONS : SW_REFERENCE_NOT_FOUND;
	if ((domain->privileges & PRIV_SECURITY_DOMAIN) == 0)
		return SW_WRONG_DATA;
	if (!may_lock(c, domain))
		return SW_CONDITIONS;
	for (size_t i = 0; i < all->app_n; i++) {
		const struct card_app *a = &all->app[i];

		/* Of a container the lock is enough: what is in it is not there. */
		if (a != domain && (!chip_is_under(c->v, &a->domain, aid) ||
				       !container_reaches(c->v, c->ch, &a->domain)))
			continue;
		if (lock && (a->privileges & PRIV_FINAL_APPLICATION) != 0)
			return SW_CONDITIONS;
		if (put_lock(c->v, a, lock) == SW_OK)
			sw = SW_OK;
	}
	return sw;
}

uint16_t do_set_status(struct call *c)
{
	struct aid aid = { 0 };
	unsigned visitors;
	uint16_t sw;

	if (c->cmd->p1 != SET_ISD && c->cmd->p1 != SET_APPLICATION &&
	    c->cmd->p1 != SET_DOMAIN_AND_ALL)
		return SW_WRONG_P1P2;
	if (c->cmd->p1 != SET_ISD && !aid_from(&aid, c->cmd->data))
		return SW_WRONG_DATA;
	if (c->cmd->p1 == SET_ISD)
		sw = set_card(c);
	else
		sw = c->cmd->p1 == SET_APPLICATION ? set_application(c, &aid) : set_domain(c, &aid);
	if (sw != SW_OK)
		return sw;
	visitors = container_visitors(c->v, &aid);
	if (!chip_commit(c->v))
		return SW_MEMORY_FAILURE;
	container_settle(c, visitors);
	return SW_OK;
}
