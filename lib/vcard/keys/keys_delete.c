/* DELETE of keys (GPCS 11.2.2.3.2): those of one version, those of one identifier, or one key. */
#include "gp/delete.h"
#include "vcard/content/content.h"
#include "vcard/core/card_state.h"
#include "vcard/core/handlers.h"
#include "vcard/keys/keys.h"

enum { DELETE_OCTETS_MAX = 1024 };

struct deletion {
	struct vcard *v;
	struct aid domain;
	struct delete_keys what;
	size_t found, left; /* left: sets by which the domain can still be opened */
	bool closed;        /* a key of an issuer of grants is among them, and the card is closed */
};

static bool is_meant(const struct deletion *d, uint8_t version)
{
	return d->what.kvn < 0 || d->what.kvn == version;
}

static bool in_use(const struct vcard *v, const struct card_keys *k)
{
	for (size_t i = 0; i < CHANNELS; i++)
		if (v->channel[i].open && v->channel[i].session != CHANNEL_IDLE &&
		    v->channel[i].key_version == k->version &&
		    aid_same(&v->channel[i].key_domain, &k->domain))
			return true;
	return false;
}

/* Takes out of the set what is meant; a set without keys goes. */
static uint16_t delete_of_set(struct deletion *d, const struct card_keys *k)
{
	struct card_keys set = *k;
	uint16_t sw = SW_OK;
	bool found = false;

	for (unsigned kid = 1; kid <= KIDS && is_meant(d, k->version); kid++) {
		struct key *key = key_of(&set.keys, kid);

		if (key->n == 0 || (d->what.kid >= 0 && d->what.kid != (int)kid))
			continue;
		wipe_key(key);
		found = true;
	}
	d->found += found;
	d->left += set_opens_channel(d->v, &set);
	if (found && in_use(d->v, k))
		sw = SW_CONDITIONS;
	else if (found && set.keys.enc.n + set.keys.mac.n + set.keys.dek.n == 0)
		chip_put_keys_gone(d->v, &d->domain, k->version);
	else if (found)
		chip_put_keys(d->v, &set);
	wipe(&set, sizeof(set));
	return sw;
}

static bool is_meant_ref(const struct deletion *d, struct key_ref ref)
{
	return is_meant(d, ref.kvn) && (d->what.kid < 0 || d->what.kid == ref.kid);
}

static void delete_publics(struct deletion *d)
{
	const struct chip *c = &d->v->chip;

	for (size_t i = 0; i < c->publics_n; i++)
		if (aid_same(&c->publics[i].domain, &d->domain) &&
		    is_meant_ref(d, c->publics[i].ref)) {
			chip_put_public_gone(d->v, &d->domain, c->publics[i].ref);
			d->found++;
			d->closed |= d->domain.n == 0 && c->containers.closed &&
				     c->publics[i].ref.kvn == KVN_GRANT_ISSUER;
		}
	for (size_t i = 0; i < c->ecka_n && d->domain.n == 0; i++)
		if (is_meant_ref(d, c->ecka[i].ref)) {
			chip_put_ecka_gone(d->v, c->ecka[i].ref);
			d->found++;
		}
	for (size_t i = 0; i < c->ca_n && d->domain.n == 0; i++)
		if (is_meant_ref(d, c->ca[i].ref)) {
			chip_put_ca_gone(d->v, c->ca[i].ref);
			d->found++;
		}
}

/* The keys of the session stay, and so does the last set by which the domain is opened. */
static uint16_t delete_keys(struct deletion *d)
{
	const struct chip *c = &d->v->chip;
	size_t before = 0;

	for (size_t i = 0; i < c->keys_n; i++) {
		uint16_t sw;

		if (!aid_same(&c->keys[i].domain, &d->domain))
			continue;
		before += set_opens_channel(d->v, &c->keys[i]);
		sw = delete_of_set(d, &c->keys[i]);
		if (sw != SW_OK)
			return sw;
	}
	delete_publics(d);
	if (d->found == 0)
		return SW_REFERENCE_NOT_FOUND;
	if (d->closed || (before > 0 && d->left == 0))
		return SW_CONDITIONS;
	return chip_commit(d->v) ? SW_OK : SW_MEMORY_FAILURE;
}

static uint16_t delete_whole(struct call *c, struct span data)
{
	struct deletion d = { .v = c->v, .domain = chip_domain_name(c->v, &c->ch->selected) };
	struct delete_object object;
	bool keys;
	uint16_t sw;

	if (!delete_get(data, &object, &d.what, &keys))
		return SW_WRONG_DATA;
	/* A JCOP deletes keys by whole versions, and no domain with what is related to it. */
	if (c->v->chip.product == PRODUCT_JCOP4 && !keys && c->cmd->p2 == DELETE_RELATED &&
	    chip_is_domain(c->v, &object.aid))
		return SW_WRONG_P1P2;
	if (c->v->chip.product == PRODUCT_JCOP4 && keys && d.what.kid >= 0)
		return SW_WRONG_DATA;
	if (!keys)
		return delete_content(c, &object);
	if (chip_container(c->v, &c->ch->selected) != NULL)
		return access_delete(c, &d.what);
	sw = delete_keys(&d);
	if (sw == SW_OK)
		wr_u8(c->out, 0x00);
	return sw;
}

/* Those with a long token come in several commands (GPCS 11.2.2.1). */
uint16_t do_delete(struct call *c)
{
	struct span whole;
	uint16_t sw;
	bool more;

	if ((c->cmd->p1 & ~DELETE_MORE) != 0x00 || (c->cmd->p2 & ~DELETE_RELATED) != 0x00)
		return SW_WRONG_P1P2;
	sw = chain_take(c, DELETE_OCTETS_MAX, &whole, &more);
	return sw == SW_OK && !more ? delete_whole(c, whole) : sw;
}
