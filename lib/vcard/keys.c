/* PUT KEY (GPCS 11.8, Amendment D 7.2) and DELETE of keys (GPCS 11.2). */
#include "crypto/kdf.h"
#include "gp/put_key.h"
#include "tlv/tlv.h"
#include "vcard/handlers.h"

enum { MORE_COMMANDS = 0x80, SEVERAL_KEYS = 0x80, VERSION_MASK = 0x7F };
enum { TAG_DELETE_KID = 0xD0, TAG_DELETE_KVN = 0xD2, TAG_AID = 0x4F };

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

static bool complete(const struct key_set *k)
{
	return k->enc.n != 0 && k->mac.n != 0 && k->dek.n != 0;
}

/* The factory set serves to bring in the first set of one's own, and goes with that. */
static bool only_factory(const struct vcard *v, const struct aid *domain)
{
	return chip_keys_count(v, domain) == 1 && chip_keys(v, domain, FACTORY_VERSION) != NULL;
}

static uint16_t set_put(struct vcard *v, const struct card_keys *k)
{
	if (!lengths_agree(&k->keys))
		return SW_WRONG_DATA;
	if (only_factory(v, &k->domain) && complete(&k->keys))
		chip_put_keys_gone(v, &k->domain, FACTORY_VERSION);
	else if (chip_keys(v, &k->domain, k->version) == NULL &&
		 (chip_keys_count(v, &k->domain) == KEY_SETS_MAX ||
		     v->chip.keys_n == CARD_KEYS_MAX))
		return SW_NO_MEMORY;
	chip_put_keys(v, k);
	return SW_OK;
}

/* AES keys: a card of SCP02 has no use for them. */
uint16_t keys_add(
    struct vcard *v, const struct aid *domain, uint8_t version, const struct key_set *keys)
{
	struct card_keys k = { .domain = chip_domain_name(v, domain),
		.type = key_type(&v->chip),
		.version = version,
		.keys = *keys,
		.tries = TRIES_MAX };
	uint16_t sw = v->chip.i02 != 0 ? SW_WRONG_DATA : set_put(v, &k);

	wipe(&k, sizeof(k));
	return sw;
}

/* The set as it is before the command: the one to replace, or for P1 = 00 what it is added to. */
static uint16_t set_before(const struct call *c, uint8_t version, struct card_keys *k)
{
	const struct aid *domain = &c->ch->selected;
	uint8_t p1 = c->cmd->p1;
	const struct card_keys *old = chip_keys(c->v, domain, p1 != 0 ? p1 : version);

	if (p1 != 0 && old == NULL)
		return SW_REFERENCE_NOT_FOUND;
	/* Under a new version it must not run into another set. */
	if (p1 != 0 && p1 != version && chip_keys(c->v, domain, version) != NULL)
		return SW_WRONG_DATA;
	if (old != NULL)
		*k = *old;
	else
		*k = (struct card_keys){ .domain = chip_domain_name(c->v, domain),
			.type = key_type(&c->v->chip),
			.tries = TRIES_MAX };
	k->version = version;
	return SW_OK;
}

/* Puts the keys of the command into the set, numbered from kid on. */
static uint16_t keys_merge(
    struct card_keys *set, const struct put_key *put, unsigned kid, bool replace)
{
	for (size_t i = 0; i < put->n; i++) {
		struct key *slot = key_of(&set->keys, kid + (unsigned)i);

		if (slot == NULL || (slot->n != 0) != replace)
			return SW_WRONG_DATA;
		/* Replacing keeps type and length (GPCS 11.8.2.3). */
		if (replace && slot->n != put->key[i].n)
			return SW_WRONG_DATA;
		*slot = put->key[i];
	}
	if (put->n == KIDS) { /* a whole set: Amendment D 6.2.2.1 */
		set->sequence = 0;
		set->tries = TRIES_MAX;
	}
	return SW_OK;
}

static uint16_t put_keys(struct call *c, const struct put_key *put)
{
	uint8_t p1 = c->cmd->p1;
	unsigned kid = c->cmd->p2 & VERSION_MASK;
	struct card_keys set = { 0 };
	uint16_t sw;

	if (put->version == 0 || put->version > VERSION_MASK)
		return SW_WRONG_DATA;
	if ((put->n > 1) != ((c->cmd->p2 & SEVERAL_KEYS) != 0))
		return SW_WRONG_DATA;
	sw = set_before(c, put->version, &set);
	if (sw == SW_OK)
		sw = keys_merge(&set, put, kid, p1 != 0);
	if (sw == SW_OK)
		sw = set_put(c->v, &set);
	if (sw == SW_OK && p1 != 0 && p1 != put->version)
		chip_put_keys_gone(c->v, &set.domain, p1);
	wipe(&set, sizeof(set));
	return sw;
}

uint16_t do_put_key(struct call *c)
{
	struct put_key put = { .des = c->v->chip.i02 != 0 };
	enum put_key_verdict verdict;
	uint16_t sw;

	if ((c->cmd->p1 & MORE_COMMANDS) != 0 || (c->cmd->p2 & VERSION_MASK) == 0)
		return SW_WRONG_P1P2;
	verdict = put_key_get(c->cmd->data, &c->ch->dek, &put);
	if (verdict == PUT_KEY_OK)
		sw = put_keys(c, &put);
	else
		sw = verdict == PUT_KEY_BAD_KCV ? SW_SECURITY_STATUS : SW_WRONG_DATA;
	if (sw == SW_OK && !chip_commit(c->v))
		sw = SW_MEMORY_FAILURE;
	if (sw == SW_OK) {
		wr_u8(c->out, put.version);
		for (size_t i = 0; i < put.n; i++)
			wr_bytes(c->out, put.kcv[i], sizeof(put.kcv[i]));
	}
	wipe(&put, sizeof(put));
	return sw;
}

static bool set_in_use(const struct vcard *v, const struct card_keys *k)
{
	for (size_t i = 0; i < CHANNELS; i++)
		if (v->channel[i].open && v->channel[i].session != SESSION_IDLE &&
		    v->channel[i].key_version == k->version &&
		    span_eq(aid_span(&v->channel[i].key_domain), aid_span(&k->domain)))
			return true;
	return false;
}

/* D2 names the set, D0 one key of it; without D0 the set goes. */
static uint16_t delete_keys(struct call *c, uint8_t version, unsigned kid)
{
	struct vcard *v = c->v;
	const struct aid *domain = &c->ch->selected;
	const struct card_keys *old = version == 0 ? NULL : chip_keys(v, domain, version);
	struct card_keys set;
	struct key *k;

	if (old == NULL)
		return SW_REFERENCE_NOT_FOUND;
	if (chip_keys_count(v, domain) == 1 || set_in_use(v, old))
		return SW_CONDITIONS;
	set = *old;
	k = key_of(&set.keys, kid);
	if (kid != 0 && (k == NULL || k->n == 0)) {
		wipe(&set, sizeof(set));
		return SW_REFERENCE_NOT_FOUND;
	}
	if (k != NULL)
		wipe_key(k);
	if (k == NULL || set.keys.enc.n + set.keys.mac.n + set.keys.dek.n == 0)
		chip_put_keys_gone(v, domain, version);
	else
		chip_put_keys(v, &set);
	wipe(&set, sizeof(set));
	return chip_commit(v) ? SW_OK : SW_MEMORY_FAILURE;
}

uint16_t do_delete(struct call *c)
{
	struct rd r = rd_of(c->cmd->data);
	uint8_t version = 0, kid = 0;
	struct span aid;
	struct tlv t;
	uint16_t sw;

	if (c->cmd->p1 != 0x00 || (c->cmd->p2 & 0x7F) != 0x00)
		return SW_WRONG_P1P2;
	if (tlv_find(c->cmd->data, TAG_AID, &aid))
		return delete_content(c);
	while (rd_left(&r) > 0) {
		struct rd value;

		if (!tlv_next(&r, &t) || t.val.n != 1)
			return SW_WRONG_DATA;
		value = rd_of(t.val);
		if ((t.tag != TAG_DELETE_KID && t.tag != TAG_DELETE_KVN) ||
		    !rd_u8(&value, t.tag == TAG_DELETE_KID ? &kid : &version))
			return SW_WRONG_DATA;
	}
	sw = delete_keys(c, version, kid);
	if (sw == SW_OK)
		wr_u8(c->out, 0x00);
	return sw;
}
