/* What a session reaches, whose it is, and which sessions end when something goes. */
#include <string.h>

#include "vcard/containers/internal.h"
#include "vcard/core/card_state.h"
#include "vcard/keys/keys.h"

const struct card_container *chip_container(const struct vcard *v, const struct aid *aid)
{
	const struct card_containers *all = &v->chip.containers;

	for (size_t i = 0; i < all->n; i++)
		if (aid_same(&all->container[i].aid, aid))
			return &all->container[i];
	return NULL;
}

const struct card_container *chip_home(const struct vcard *v, const struct aid *domain)
{
	struct aid at = *domain;

	/* The bound is for damaged files. */
	for (size_t i = 0; i <= HELD_APPS_MAX && at.n != 0; i++) {
		const struct card_container *k = chip_container(v, &at);
		const struct card_app *a = chip_app(v, &at);

		if (k != NULL)
			return k;
		if (a == NULL || aid_same(&a->domain, &at))
			return NULL;
		at = a->domain;
	}
	return NULL;
}

bool container_reaches(
    const struct vcard *v, const struct logical_channel *ch, const struct aid *domain)
{
	return chip_home(v, &ch->selected) == chip_home(v, domain);
}

bool container_shut(const struct vcard *v, const struct aid *domain)
{
	const struct card_container *k = chip_home(v, domain);
	const struct card_app *a = k == NULL ? NULL : chip_app(v, &k->aid);

	if (a == NULL)
		return false;
	return (a->state & APP_LOCKED) != 0 ||
	       (k->stage == STAGE_SEALED && !aid_same(domain, &k->aid));
}

/* ---- parties ---- */

bool party_has_set(const struct card_party *p, uint8_t version)
{
	for (size_t i = 0; i < p->set_n; i++)
		if (p->set[i] == version)
			return true;
	return false;
}

const struct card_party *session_party(const struct vcard *v, const struct logical_channel *ch)
{
	const struct card_container *k = chip_container(v, &ch->selected);

	/* Without C-MAC anybody on the line could speak for it. */
	if (k == NULL || ch->app || ch->session != CHANNEL_UNICAST || ch->claiming ||
	    !aid_same(&ch->key_domain, &k->aid) || (scp_level(&ch->scp) & LEVEL_CMAC) == 0)
		return NULL;
	for (size_t i = 0; i < k->party_n; i++)
		if (party_has_set(&k->party[i], ch->key_version))
			return &k->party[i];
	return NULL;
}

uint16_t container_right(const struct call *c, enum party_right right)
{
	const struct card_party *p = session_party(c->v, c->ch);

	if (chip_container(c->v, &c->ch->selected) == NULL)
		return SW_OK;
	return p != NULL && (p->rights & right) != 0 ? SW_OK : SW_SECURITY_STATUS;
}

uint16_t container_gate(const struct call *c)
{
	switch (c->cmd->ins) {
	case INS_GET_DATA:
	case INS_PUT_KEY:
		return SW_OK;
	}
	if (c->ch->claiming && c->secured)
		return SW_CONDITIONS;
	switch (c->cmd->ins) {
	case INS_INSTALL:
	case INS_LOAD:
	case INS_SET_STATUS:
		return container_right(c, RIGHT_CONTENT);
	}
	return SW_OK;
}

const struct card_grant *container_grant(
    const struct card_container *k, const uint8_t digest[static PARTY_DIGEST])
{
	for (size_t i = 0; k != NULL && i < k->grant_n; i++)
		if (memcmp(k->grant[i].digest, digest, PARTY_DIGEST) == 0)
			return &k->grant[i];
	return NULL;
}

/* ---- sessions that end ---- */

/* What it leans on is gone: the grant of a claim, the access set, the way in itself. */
static bool is_orphan(const struct vcard *v, const struct logical_channel *ch)
{
	const struct card_container *k = chip_container(v, &ch->selected);

	if ((ch->claiming || ch->oce.has_grant) && container_grant(k, ch->oce.grant) == NULL)
		return true;
	return ch->session != CHANNEL_IDLE && !ch->claiming && ch->key_domain.n != 0 &&
	       chip_keys(v, &ch->key_domain, ch->key_version) == NULL;
}

static bool is_selectable(const struct vcard *v, const struct aid *aid)
{
	const struct card_app *a = chip_app(v, aid);

	return a != NULL && (a->state & APP_LOCKED) == 0 && !container_shut(v, aid);
}

unsigned container_visitors(const struct vcard *v, const struct aid *aid)
{
	unsigned visitors = 0;

	for (size_t i = 0; i < CHANNELS; i++) {
		const struct card_container *k = chip_home(v, &v->channel[i].selected);

		if (v->channel[i].open && k != NULL && aid_same(&k->aid, aid))
			visitors |= 1u << i;
	}
	return visitors;
}

void container_settle(struct call *c, unsigned visitors)
{
	for (size_t i = 0; i < CHANNELS; i++) {
		struct logical_channel *ch = &c->v->channel[i];
		bool gone = (visitors & 1u << i) != 0 && !is_selectable(c->v, &ch->selected);

		if (!ch->open || (!gone && !is_orphan(c->v, ch)))
			continue;
		ch->leaving = gone ? LEAVES_DOMAIN : LEAVES_SESSION;
		/* The answer to this command still goes out as the session would have it. */
		if (ch != c->ch)
			channel_leave(&c->v->chip, ch);
	}
}
