/* What a domain has: finding its keys and its public keys. */
#include "vcard/content/content.h"
#include "vcard/core/card_state.h"
#include "vcard/keys/keys.h"

static bool is_of(const struct vcard *v, const struct aid *stored, const struct aid *domain)
{
	struct aid name = chip_domain_name(v, domain);

	return aid_same(stored, &name);
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

uint8_t key_type(const struct chip *c)
{
	return c->i02 != 0 ? KEY_TYPE_DES : KEY_TYPE_AES;
}

bool set_opens_channel(const struct vcard *v, const struct card_keys *k)
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
		if (!is_of(v, &c->keys[i].domain, domain) || !set_opens_channel(v, &c->keys[i]))
			continue;
		*has = true;
		if (version == 0 || c->keys[i].version == version)
			return &c->keys[i];
	}
	return NULL;
}

/* The nearest domain, from this one upwards, that has a set which opens a channel; *domain becomes
 * it. False: none has. */
static bool find_owner(const struct vcard *v, struct aid *domain)
{
	*domain = chip_domain_name(v, domain);
	/* The bound is for damaged files. */
	for (size_t i = 0; i <= HELD_APPS_MAX; i++) {
		const struct card_app *a = domain->n == 0 ? NULL : chip_app(v, domain);
		bool has;

		(void)own_keys(v, domain, 0, &has);
		if (has)
			return true;
		/* One that is its own has nobody to turn to, and a container has nobody else. */
		if (a == NULL || chip_container(v, domain) != NULL || aid_same(&a->domain, domain))
			return false;
		*domain = a->domain;
	}
	return false;
}

const struct card_keys *chip_channel_keys(
    const struct vcard *v, const struct aid *domain, uint8_t version)
{
	struct aid owner = *domain;
	bool has;

	/* Parties and terminals are known by their versions: there is no first one. */
	if (version == 0 && (chip_home(v, domain) != NULL || trust_is(v, domain)))
		return NULL;
	if (trust_is(v, domain))
		return own_keys(v, domain, version, &has);
	return find_owner(v, &owner) ? own_keys(v, &owner, version, &has) : NULL;
}

bool chip_opens_itself(const struct vcard *v, const struct aid *domain)
{
	bool has;

	(void)own_keys(v, domain, 0, &has);
	return has;
}

bool chip_opened_by_isd(const struct vcard *v, const struct aid *domain)
{
	struct aid owner = *domain;

	return chip_is_isd(v, domain) || (find_owner(v, &owner) && owner.n == 0);
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

void chip_count_wrong(struct vcard *v, const struct card_keys *k)
{
	v->chip.keys[k - v->chip.keys].wrong++;
}

void chip_forget_wrong(struct vcard *v)
{
	for (size_t i = 0; i < v->chip.keys_n; i++)
		v->chip.keys[i].wrong = 0;
}
