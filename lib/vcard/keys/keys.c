/* PUT KEY (GPCS 11.8, Amendment D 7.2): sets of secret keys. */
#include "crypto/kdf.h"
#include "gp/put_key.h"
#include "tlv/tlv.h"
#include "vcard/content/content.h"
#include "vcard/core/card_state.h"
#include "vcard/core/handlers.h"
#include "vcard/keys/keys.h"

enum { SEVERAL_KEYS = 0x80, VERSION_MASK = 0x7F };
/* Of one PUT KEY over all its commands: an RSA key of 4096 bits, and some. */
enum { PUT_KEY_OCTETS_MAX = 1024 };

struct key *key_of(struct key_set *k, unsigned kid)
{
	switch (kid) {
	case 1:
		return &k->enc;
	case 2:
		return &k->mac;
	case 3:
		return &k->dek;
	}
	return NULL;
}

/* The keys of one set are of one length; absent ones do not count. */
static bool lengths_agree(const struct key_set *k)
{
	uint8_t n = k->enc.n != 0 ? k->enc.n : k->mac.n != 0 ? k->mac.n : k->dek.n;

	return (k->enc.n == 0 || k->enc.n == n) && (k->mac.n == 0 || k->mac.n == n) &&
	       (k->dek.n == 0 || k->dek.n == n);
}

/* The factory set serves to bring in the first set of one's own, and goes with that. */
static bool only_factory(const struct vcard *v, const struct aid *domain)
{
	return chip_keys_count(v, domain) == 1 && chip_keys(v, domain, FACTORY_VERSION) != NULL;
}

/* A set by which its domain is opened makes a supplementary one PERSONALIZED (GPCS 5.3.2). */
static void personalize(struct vcard *v, const struct aid *domain)
{
	const struct card_app *a = domain->n == 0 ? NULL : chip_app(v, domain);
	struct card_app now;

	if (a == NULL || a->state != APP_SELECTABLE)
		return;
	now = *a;
	now.state = DOMAIN_PERSONALIZED;
	chip_put_app(v, &now);
}

static uint16_t set_put(struct vcard *v, const struct card_keys *k)
{
	bool opens = set_opens_channel(v, k);

	if (!lengths_agree(&k->keys))
		return SW_WRONG_DATA;
	if (opens)
		personalize(v, &k->domain);
	if (only_factory(v, &k->domain) && opens)
		chip_put_keys_gone(v, &k->domain, FACTORY_VERSION);
	else if (chip_keys(v, &k->domain, k->version) == NULL &&
		 (chip_keys_count(v, &k->domain) == CHIP_KEY_SETS_MAX ||
		     v->chip.keys_n == CHIP_KEYS_MAX))
		return SW_NO_MEMORY;
	chip_put_keys(v, k);
	return SW_OK;
}

/* The set as it is before the command: the one to replace, or what it is added to. */
static uint16_t set_before(
    const struct vcard *v, const struct aid *domain, int old, uint8_t version, struct card_keys *k)
{
	const struct card_keys *was = chip_keys(v, domain, old > 0 ? (uint8_t)old : version);

	if (old > 0 && was == NULL)
		return SW_REFERENCE_NOT_FOUND;
	/* Under a new version it must not run into another set. */
	if (old > 0 && old != version && chip_keys(v, domain, version) != NULL)
		return SW_WRONG_DATA;
	if (was != NULL)
		*k = *was;
	else
		*k =
		    (struct card_keys){ .domain = chip_domain_name(v, domain), .tries = TRIES_MAX };
	k->version = version;
	return SW_OK;
}

/* Replacing keeps type and length (GPCS 11.8.2.3.3); adding finds the place empty. */
static bool may_take(const struct key *slot, const struct key *with, int old)
{
	if (old < 0)
		return true;
	return old > 0 ? slot->n == with->n : slot->n == 0;
}

/* Puts the keys of the command into the set. */
static uint16_t keys_merge(struct card_keys *set, const struct put_key *put,
    const uint8_t kid[static PUT_KEY_KEYS], int old)
{
	bool whole = put->n == KIDS;

	if (set->type == 0 || (old < 0 && whole))
		set->type = put->type[0];
	for (size_t i = 0; i < put->n; i++) {
		struct key *slot = key_of(&set->keys, kid[i]);

		if (slot == NULL || put->type[i] != set->type || !may_take(slot, &put->key[i], old))
			return SW_WRONG_DATA;
		*slot = put->key[i];
	}
	if (whole) { /* Amendment D 6.2.2.1 */
		set->sequence = 0;
		set->tries = TRIES_MAX;
	}
	return SW_OK;
}

static bool has_public(const struct vcard *v, const struct aid *domain, uint8_t version,
    const uint8_t kid[static PUT_KEY_KEYS], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (public_taken(v, domain, (struct key_ref){ kid[i], version }))
			return true;
	return false;
}

static uint16_t secret_put(struct vcard *v, const struct aid *domain, int old,
    const struct put_key *put, const uint8_t kid[static PUT_KEY_KEYS])
{
	struct card_keys set = { 0 };
	uint16_t sw;

	if (has_public(v, domain, put->version, kid, put->n))
		return SW_WRONG_DATA;
	sw = set_before(v, domain, old, put->version, &set);
	if (sw == SW_OK)
		sw = keys_merge(&set, put, kid, old);
	if (sw == SW_OK)
		sw = set_put(v, &set);
	if (sw == SW_OK && old > 0 && old != put->version)
		chip_put_keys_gone(v, domain, (uint8_t)old);
	wipe(&set, sizeof(set));
	return sw;
}

uint16_t keys_put(struct vcard *v, const struct aid *domain, int old, const struct put_key *put,
    const uint8_t kid[static PUT_KEY_KEYS])
{
	if (put_key_is_asymmetric(put))
		return public_put(v, domain, old, put, kid[0]);
	return secret_put(v, domain, old, put, kid);
}

/* The whole data field is there. */
static uint16_t put_whole(struct call *c, struct span data)
{
	uint8_t first = c->cmd->p2 & VERSION_MASK, kid[PUT_KEY_KEYS];
	struct put_key put = { .des = c->v->chip.i02 != 0 };
	enum put_key_verdict verdict = put_key_get(data, &c->ch->dek, &put);
	bool container = chip_container(c->v, &c->ch->selected) != NULL;
	uint16_t sw = SW_OK;

	for (uint8_t i = 0; i < PUT_KEY_KEYS; i++)
		kid[i] = (uint8_t)(first + i);
	if (verdict != PUT_KEY_OK)
		sw = verdict == PUT_KEY_BAD_KCV ? SW_SECURITY_STATUS : SW_WRONG_DATA;
	else if ((put.n > 1) != ((c->cmd->p2 & SEVERAL_KEYS) != 0))
		sw = SW_WRONG_DATA;
	else if (container)
		sw = access_check(c, &put);
	if (sw == SW_OK)
		sw = keys_put(c->v, &c->ch->selected, c->cmd->p1, &put, kid);
	if (sw == SW_OK && container)
		access_put(c, &put);
	if (sw == SW_OK && !chip_commit(c->v))
		sw = SW_MEMORY_FAILURE;
	if (sw == SW_OK && container)
		access_done(c, &put);
	if (sw == SW_OK)
		put_key_answer_put(c->out, &put);
	wipe(&put, sizeof(put));
	return sw;
}

/* The commands of a chain speak of the same keys (GPCS 11.8.2.3.3); nothing changes before its last
 * one. */
uint16_t do_put_key(struct call *c)
{
	struct span whole;
	uint16_t sw = SW_OK;
	bool more;

	if (chip_container(c->v, &c->ch->selected) != NULL)
		sw = access_form(c);
	if (sw != SW_OK)
		return sw;
	if ((c->cmd->p2 & VERSION_MASK) == 0)
		return SW_WRONG_P1P2;
	sw = chain_take(c, PUT_KEY_OCTETS_MAX, &whole, &more);
	return sw == SW_OK && !more ? put_whole(c, whole) : sw;
}
