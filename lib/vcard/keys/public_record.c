/* Public keys in the card's memory: their records; and what is left when a domain goes. */
#include <string.h>

#include "vcard/content/content.h"
#include "vcard/core/record.h"
#include "vcard/keys/keys.h"

enum { PUBLIC_RECORD_MAX = RSA_OCTETS_MAX + RSA_EXPONENT_MAX + 2 * AID_MAX };

void public_record(struct wr *w, const struct card_public *k)
{
	uint8_t room[PUBLIC_RECORD_MAX];
	struct wr value = wr_fixed(room, sizeof(room));

	wr_lv(&value, aid_span(&k->domain));
	wr_u8(&value, k->ref.kid);
	wr_u8(&value, k->ref.kvn);
	wr_u8(&value, (uint8_t)k->key.kind);
	if (k->key.kind == AUTHORITY_RSA) {
		wr_lv(&value, span_of(k->key.e, k->key.e_octets));
		wr_bytes(&value, k->key.n, k->key.n_octets);
	} else {
		wr_u8(&value, (uint8_t)k->key.ec.curve);
		wr_put(&value, ec_public_span(&k->key.ec));
	}
	if (!wr_ok(&value))
		w->full = true;
	nvm_record(w, REC_PUBLIC, wr_span(&value));
}

static bool authority_get(struct rd *r, struct authority_key *k)
{
	struct span e, none = { NULL, 0 };
	uint8_t kind, curve;

	if (!rd_u8(r, &kind))
		return false;
	if (kind == AUTHORITY_RSA)
		return rd_lv(r, &e) && authority_rsa(k, rd_rest(r), e, none);
	return kind == AUTHORITY_EC && rd_u8(r, &curve) && curve < EC_CURVES &&
	       authority_ec(k, (enum ec_curve)curve, rd_rest(r));
}

static size_t public_at(const struct chip *c, const struct aid *domain, struct key_ref ref)
{
	size_t i = 0;

	while (i < c->publics_n &&
	       (c->publics[i].ref.kid != ref.kid || c->publics[i].ref.kvn != ref.kvn ||
		   !aid_same(&c->publics[i].domain, domain)))
		i++;
	return i;
}

bool public_get(struct chip *c, struct rd *r)
{
	struct card_public k = { 0 };
	size_t i;

	if (!domain_record_get(r, &k.domain) || !rd_u8(r, &k.ref.kid) || !rd_u8(r, &k.ref.kvn) ||
	    !authority_get(r, &k.key))
		return false;
	i = public_at(c, &k.domain, k.ref);
	if (i == CHIP_PUBLICS_MAX)
		return false;
	c->publics[i] = k;
	if (i == c->publics_n)
		c->publics_n++;
	return true;
}

static void public_remove(struct chip *c, size_t at)
{
	memmove(
	    &c->publics[at], &c->publics[at + 1], (c->publics_n - at - 1) * sizeof(c->publics[0]));
	c->publics_n--;
}

bool public_gone_get(struct chip *c, struct rd *r)
{
	struct key_ref ref;
	struct aid domain;
	size_t at;

	if (!domain_record_get(r, &domain) || !rd_u8(r, &ref.kid) || !rd_u8(r, &ref.kvn))
		return false;
	at = public_at(c, &domain, ref);
	if (at < c->publics_n)
		public_remove(c, at);
	return true;
}

void chip_put_public(struct vcard *v, const struct card_public *k)
{
	public_record(&v->batch, k);
}

void chip_put_public_gone(struct vcard *v, const struct aid *domain, struct key_ref ref)
{
	struct aid name = chip_domain_name(v, domain);
	uint8_t room[AID_MAX + 4];
	struct wr value = wr_fixed(room, sizeof(room));

	wr_lv(&value, aid_span(&name));
	wr_u8(&value, ref.kid);
	wr_u8(&value, ref.kvn);
	nvm_record(&v->batch, REC_PUBLIC_GONE, wr_span(&value));
}

void keys_owner_gone(struct chip *c, const struct aid *owner)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->keys_n; i++)
		if (!aid_same(&c->keys[i].domain, owner))
			c->keys[kept++] = c->keys[i];
	for (size_t i = kept; i < c->keys_n; i++)
		wipe(&c->keys[i], sizeof(c->keys[i]));
	c->keys_n = kept;
	for (size_t i = c->publics_n; i > 0; i--)
		if (aid_same(&c->publics[i - 1].domain, owner))
			public_remove(c, i - 1);
}
