/* What a domain has: finding its keys, its public keys, its data objects. */
#include "vcard/handlers.h"

static bool is_of(const struct vcard *v, const struct aid *stored, const struct aid *domain)
{
	struct aid name = chip_domain_name(v, domain);

	return aid_eq(stored, &name);
}

const struct card_keys *chip_keys(const struct vcard *v, const struct aid *domain, uint8_t version)
{
	const struct chip *c = &v->chip;

	for (size_t i = 0; i < c->keys_n; i++)
		if ((version == 0 || c->keys[i].version == version) &&
		    is_of(v, &c->keys[i].domain, domain))
			return &c->keys[i];
	return NULL;
}

size_t chip_keys_count(const struct vcard *v, const struct aid *domain)
{
	size_t n = 0;

	for (size_t i = 0; i < v->chip.keys_n; i++)
		n += is_of(v, &v->chip.keys[i].domain, domain);
	return n;
}

static bool opens_channel(const struct vcard *v, const struct card_keys *k)
{
	return k->type == key_type(&v->chip) && k->keys.enc.n != 0 && k->keys.mac.n != 0 &&
	       k->keys.dek.n != 0;
}

/* *has: the domain has some set that opens a channel. */
static const struct card_keys *own_keys(
    const struct vcard *v, const struct aid *domain, uint8_t version, bool *has)
{
	const struct chip *c = &v->chip;

	*has = false;
	for (size_t i = 0; i < c->keys_n; i++) {
		if (!is_of(v, &c->keys[i].domain, domain) || !opens_channel(v, &c->keys[i]))
			continue;
		*has = true;
		if (version == 0 || c->keys[i].version == version)
			return &c->keys[i];
	}
	return NULL;
}

const struct card_keys *chip_channel_keys(
    const struct vcard *v, const struct aid *domain, uint8_t version)
{
	struct aid at = chip_domain_name(v, domain);

	/* The bound is for damaged files. */
	for (size_t i = 0; i <= CONTENT_APPS_MAX; i++) {
		const struct card_app *a = at.n == 0 ? NULL : chip_app(v, &at);
		bool has;
		const struct card_keys *k = own_keys(v, &at, version, &has);

		/* One that is its own has nobody to turn to. */
		if (has || a == NULL || is_of(v, &a->domain, &at))
			return k;
		at = a->domain;
	}
	return NULL;
}

const struct card_public *chip_public(
    const struct vcard *v, const struct aid *domain, struct key_ref ref)
{
	for (size_t i = 0; i < v->chip.publics_n; i++) {
		const struct card_public *k = &v->chip.publics[i];

		if (k->ref.kid == ref.kid && k->ref.kvn == ref.kvn && is_of(v, &k->domain, domain))
			return k;
	}
	return NULL;
}

bool chip_authority(
    const struct vcard *v, const struct aid *domain, uint8_t version, struct authority_key *k)
{
	const struct card_public *p = chip_public(v, domain, (struct key_ref){ 0x01, version });
	const struct card_keys *set = chip_keys(v, domain, version);

	if (p != NULL)
		*k = p->key;
	if (p != NULL)
		return true;
	return set != NULL && set->keys.enc.n != 0 &&
	       authority_secret(k, set->type == KEY_TYPE_DES ? AUTHORITY_DES : AUTHORITY_AES,
		   key_span(&set->keys.enc));
}

bool chip_object(const struct vcard *v, const struct aid *owner, uint16_t tag, struct span *value)
{
	for (size_t i = 0; i < v->chip.objects_n; i++) {
		const struct card_object *o = &v->chip.objects[i];

		if (o->tag == tag && is_of(v, &o->owner, owner)) {
			*value = wr_span(&o->value);
			return true;
		}
	}
	return false;
}
