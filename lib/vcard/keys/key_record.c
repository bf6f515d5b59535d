/* Secret keys in the card's memory: their records. */
#include <string.h>

#include "vcard/content/content.h"
#include "vcard/core/record.h"
#include "vcard/keys/keys.h"

static const struct aid issuer; /* n = 0 */

enum { KEYS_RECORD_MAX = 160 };

void key_record_put(struct wr *w, const struct key *k)
{
	wr_lv(w, key_span(k));
}

/* At most KEY_MAX octets; none: no key. */
bool key_record_get(struct rd *r, struct key *k)
{
	struct span s;

	if (!rd_lv(r, &s) || s.n > KEY_MAX)
		return false;
	wipe_key(k);
	return s.n == 0 || key_from(k, s);
}

/* By the name that records have: n = 0 for the ISD. */
static struct card_keys *keys_find(struct chip *c, const struct aid *domain, uint8_t version)
{
	for (size_t i = 0; i < c->keys_n; i++)
		if (c->keys[i].version == version && aid_same(&c->keys[i].domain, domain))
			return &c->keys[i];
	return NULL;
}

static size_t sets_of(const struct chip *c, const struct aid *domain)
{
	size_t n = 0;

	for (size_t i = 0; i < c->keys_n; i++)
		n += aid_same(&c->keys[i].domain, domain);
	return n;
}

/* Each trust record has its two versions in one application. */
static size_t sets_most(const struct aid *domain)
{
	return aid_same(domain, &aid_trust) ? 2 * TRUST_RECORDS : CHIP_KEY_SETS_MAX;
}

/* ---- written ---- */

void key_record_keys(struct wr *w, const struct chip *c, const struct card_keys *k)
{
	bool old = k->domain.n == 0 && (k->type == 0 || k->type == key_type(c));
	uint8_t room[KEYS_RECORD_MAX];
	struct wr value = wr_fixed(room, sizeof(room));

	if (!old) {
		wr_lv(&value, aid_span(&k->domain));
		wr_u8(&value, k->type);
	}
	wr_u8(&value, k->version);
	key_record_put(&value, &k->keys.enc);
	key_record_put(&value, &k->keys.mac);
	key_record_put(&value, &k->keys.dek);
	wr_u24(&value, k->sequence);
	wr_u8(&value, k->tries);
	nvm_record(w, old ? REC_KEYS : REC_DOMAIN_KEYS, wr_span(&value));
	wipe(room, sizeof(room));
}

void chip_put_keys(struct vcard *v, const struct card_keys *k)
{
	key_record_keys(&v->batch, &v->chip, k);
}

/* What names a set; the record is of the ISD's kind or of the one for all domains. */
static uint8_t name_put(
    struct wr *value, const struct aid *domain, enum record isd, enum record other)
{
	if (domain->n == 0)
		return (uint8_t)isd;
	wr_lv(value, aid_span(domain));
	return (uint8_t)other;
}

void chip_put_keys_gone(struct vcard *v, const struct aid *domain, uint8_t version)
{
	struct aid owner = chip_domain_name(v, domain);
	uint8_t room[KEYS_RECORD_MAX];
	struct wr value = wr_fixed(room, sizeof(room));
	uint8_t type = name_put(&value, &owner, REC_KEYS_GONE, REC_DOMAIN_KEYS_GONE);

	wr_u8(&value, version);
	nvm_record(&v->batch, type, wr_span(&value));
}

void chip_put_sequence(struct vcard *v, const struct card_keys *k, uint32_t sequence)
{
	uint8_t room[KEYS_RECORD_MAX];
	struct wr value = wr_fixed(room, sizeof(room));
	uint8_t type = name_put(&value, &k->domain, REC_SEQUENCE, REC_DOMAIN_SEQUENCE);

	wr_u8(&value, k->version);
	wr_u24(&value, sequence);
	nvm_record(&v->batch, type, wr_span(&value));
}

void chip_put_tries(struct vcard *v, const struct card_keys *k, uint8_t tries)
{
	uint8_t room[KEYS_RECORD_MAX];
	struct wr value = wr_fixed(room, sizeof(room));
	uint8_t type = name_put(&value, &k->domain, REC_TRIES, REC_DOMAIN_TRIES);

	wr_u8(&value, k->version);
	wr_u8(&value, tries);
	nvm_record(&v->batch, type, wr_span(&value));
}

/* ---- read ---- */

static bool set_get(struct chip *c, struct rd *r, const struct aid *domain, uint8_t type)
{
	SECRET_KEY_SET(keys);
	struct card_keys *k;
	uint32_t sequence;
	uint8_t version, tries;

	if (!rd_u8(r, &version) || version == 0 || !key_record_get(r, &keys.enc) ||
	    !key_record_get(r, &keys.mac) || !key_record_get(r, &keys.dek) ||
	    !rd_u24(r, &sequence) || !rd_u8(r, &tries) || tries > TRIES_MAX)
		return false;
	k = keys_find(c, domain, version);
	if (k == NULL && (c->keys_n == CHIP_KEYS_MAX || sets_of(c, domain) == sets_most(domain)))
		return false;
	if (k == NULL)
		k = &c->keys[c->keys_n++];
	k->domain = *domain;
	k->type = type;
	k->version = version;
	k->keys = keys;
	k->sequence = sequence;
	k->tries = tries;
	k->wrong = 0;
	return true;
}

bool keys_get(struct chip *c, struct rd *r)
{
	return set_get(c, r, &issuer, key_type(c));
}

bool domain_keys_get(struct chip *c, struct rd *r)
{
	struct aid domain;
	uint8_t type;

	return domain_record_get(r, &domain) && rd_u8(r, &type) && set_get(c, r, &domain, type);
}

static bool gone_get(struct chip *c, struct rd *r, const struct aid *domain)
{
	struct card_keys *k;
	uint8_t version;
	size_t at;

	if (!rd_u8(r, &version))
		return false;
	k = keys_find(c, domain, version);
	if (k == NULL)
		return true;
	at = (size_t)(k - c->keys);
	memmove(&c->keys[at], &c->keys[at + 1], (c->keys_n - at - 1) * sizeof(*k));
	c->keys_n--;
	wipe(&c->keys[c->keys_n], sizeof(*k));
	return true;
}

bool keys_gone_get(struct chip *c, struct rd *r)
{
	return gone_get(c, r, &issuer);
}

bool domain_keys_gone_get(struct chip *c, struct rd *r)
{
	struct aid domain;

	return domain_record_get(r, &domain) && gone_get(c, r, &domain);
}

static bool counter_get(struct chip *c, struct rd *r, const struct aid *domain)
{
	struct card_keys *k;
	uint32_t sequence;
	uint8_t version;

	if (!rd_u8(r, &version) || !rd_u24(r, &sequence))
		return false;
	k = keys_find(c, domain, version);
	if (k != NULL)
		k->sequence = sequence;
	return true;
}

bool sequence_get(struct chip *c, struct rd *r)
{
	return counter_get(c, r, &issuer);
}

bool domain_sequence_get(struct chip *c, struct rd *r)
{
	struct aid domain;

	return domain_record_get(r, &domain) && counter_get(c, r, &domain);
}

static bool left_get(struct chip *c, struct rd *r, const struct aid *domain)
{
	struct card_keys *k;
	uint8_t version, tries;

	if (!rd_u8(r, &version) || !rd_u8(r, &tries) || tries > TRIES_MAX)
		return false;
	k = keys_find(c, domain, version);
	if (k != NULL)
		k->tries = tries;
	return true;
}

bool tries_get(struct chip *c, struct rd *r)
{
	return left_get(c, r, &issuer);
}

bool domain_tries_get(struct chip *c, struct rd *r)
{
	struct aid domain;

	return domain_record_get(r, &domain) && left_get(c, r, &domain);
}
