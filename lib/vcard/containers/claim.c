/*
 * How a party comes in: it presents the grant that was placed (PERFORM SECURITY OPERATION), opens a
 * session with the card's key (MUTUAL AUTHENTICATE, channel/scp11.c) and puts its access set, which
 * spends the grant. Nothing is written before that.
 */
#include <string.h>

#include "gp/delete.h"
#include "gp/put_key.h"
#include "scp/scp11.h"
#include "vcard/containers/internal.h"
#include "vcard/keys/keys.h"

const struct ec_public *grant_issuer(const struct vcard *v, struct span name, uint8_t *kid)
{
	for (size_t i = 0; i < v->chip.publics_n; i++) {
		const struct card_public *k = &v->chip.publics[i];
		uint8_t own[PARTY_NAME];

		if (k->domain.n != 0 || k->ref.kvn != KVN_GRANT_ISSUER ||
		    k->key.kind != AUTHORITY_EC || k->key.ec.curve != EC_P256 ||
		    !party_key_name(&k->key.ec, own) || !span_eq(SPAN(own), name))
			continue;
		*kid = k->ref.kid;
		return &k->key.ec;
	}
	return NULL;
}

/* ---- PERFORM SECURITY OPERATION ---- */

static bool is_issuer(const struct vcard *v, const struct card_grant *g, uint8_t kid)
{
	uint8_t own;

	return grant_issuer(v, SPAN(g->issuer), &own) != NULL &&
	       own == (kid & (uint8_t)~PSO_MORE_CERTIFICATES);
}

uint16_t claim_reference(const struct call *c)
{
	const struct card_container *k = chip_container(c->v, &c->ch->selected);

	if ((c->cmd->p1 & (uint8_t)~PSO_MORE_BLOCKS) != KVN_GRANT_ISSUER)
		return SW_REFERENCE_NOT_FOUND;
	for (size_t i = 0; i < k->grant_n; i++)
		if (is_issuer(c->v, &k->grant[i], c->cmd->p2))
			return SW_OK;
	return SW_REFERENCE_NOT_FOUND;
}

/* Octet by octet the one that was placed, so its form and signature are known to be good. */
static uint16_t take_grant(const struct call *c, struct span whole)
{
	const struct card_container *k = chip_container(c->v, &c->ch->selected);
	struct oce *o = &c->ch->oce;
	bool last = (o->kid & PSO_MORE_CERTIFICATES) == 0;
	const struct card_grant *held;
	struct grant g;

	if (!grant_digest(whole, o->grant))
		return SW_UNKNOWN;
	held = container_grant(k, o->grant);
	if (held == NULL || !is_issuer(c->v, held, o->kid) || !grant_get(whole, &g))
		return SW_CERTIFICATE_NOT_ALLOWED;
	if (!grant_in_time(&g, c->v->chip.containers.time))
		return SW_DATA_INVALIDATED;
	if ((g.form == PARTY_AGREEMENT) != last)
		return SW_WRONG_DATA;
	o->has_grant = true;
	o->has_issuer = !last;
	o->id_n = held->party.id_n;
	memcpy(o->id, held->party.id, sizeof(o->id));
	if (last)
		o->key = g.key;
	else
		o->issuer = g.key;
	return SW_OK;
}

/* T may lag behind, for it moves by orders only: that a certificate of today begins later than T
 * says nothing, that it has ended before T does. */
static uint16_t take_oce(const struct call *c, struct span whole)
{
	struct oce *o = &c->ch->oce;
	const struct grant g = { .id = span_of(o->id, o->id_n), .key = o->issuer };
	uint32_t now = c->v->chip.containers.time;
	struct cert cert;

	if ((o->kid & PSO_MORE_CERTIFICATES) != 0 || !oce_cert_get(whole, &cert))
		return SW_WRONG_DATA;
	if (!oce_cert_vouched(whole, &cert, &g))
		return SW_CERTIFICATE_INVALID;
	if (now != 0 && cert.until <= now)
		return SW_DATA_INVALIDATED;
	o->has_issuer = false;
	o->key = cert.key;
	return SW_OK;
}

uint16_t claim_certificate(const struct call *c, struct span whole)
{
	return c->ch->oce.has_issuer ? take_oce(c, whole) : take_grant(c, whole);
}

/* ---- MUTUAL AUTHENTICATE ---- */

bool card_key_is(const struct card_ecka *own, const uint8_t digest[static PARTY_DIGEST])
{
	struct ec_public point;
	uint8_t have[PARTY_DIGEST];

	return own->origin != ORIGIN_PUT && own->ref.kid == KID_SCP11A &&
	       own->key.curve == EC_P256 && ec_public_of(&own->key, &point) &&
	       party_point_digest(&point, have) && memcmp(have, digest, PARTY_DIGEST) == 0;
}

uint16_t claim_check(const struct call *c, const struct oce *introduced,
    const struct card_ecka **own, struct span *domain_key)
{
	const struct card_container *k = chip_container(c->v, &c->ch->selected);
	const struct card_grant *g;

	if (c->cmd->ins != INS_MUTUAL_AUTHENTICATE || c->cmd->p2 == KID_SCP11B ||
	    c->cmd->p2 == KID_SCP11C)
		return SW_REFERENCE_NOT_FOUND;
	g = introduced->has_grant ? container_grant(k, introduced->grant) : NULL;
	if (g == NULL || introduced->key.n == 0)
		return SW_CONDITIONS;
	*own = chip_ecka(c->v, (struct key_ref){ c->cmd->p2, c->cmd->p1 });
	if (*own == NULL || !card_key_is(*own, g->card))
		return SW_REFERENCE_NOT_FOUND;
	*domain_key = key_span(&g->dk);
	return SW_OK;
}

void claim_opened(struct logical_channel *ch, const struct oce *introduced)
{
	ch->claiming = true;
	ch->key_domain = ch->selected;
	ch->key_version = 0;
	memcpy(ch->oce.grant, introduced->grant, sizeof(ch->oce.grant));
}

/* ---- PUT KEY and DELETE of access sets ---- */

enum { P2_WHOLE_SET = 0x81 };

uint16_t access_form(const struct call *c)
{
	if (c->cmd->p2 != P2_WHOLE_SET || (c->ch->claiming && c->cmd->p1 != 0x00))
		return SW_WRONG_DATA;
	return SW_OK;
}

static bool is_access_set(const struct put_key *put)
{
	for (size_t i = 0; i < put->n; i++)
		if (put->type[i] != KEY_TYPE_AES)
			return false;
	return put->n == PUT_KEY_KEYS;
}

uint16_t access_check(const struct call *c, const struct put_key *put)
{
	const struct card_container *k = chip_container(c->v, &c->ch->selected);
	const struct card_party *p = session_party(c->v, c->ch);
	uint8_t old = c->cmd->p1;

	if (c->ch->claiming ? container_grant(k, c->ch->oce.grant) == NULL : p == NULL)
		return SW_SECURITY_STATUS;
	if (p != NULL && old != 0 && !party_has_set(p, old))
		return SW_REFERENCE_NOT_FOUND;
	if (p != NULL && old == 0 && p->set_n == CONTAINER_SETS_MAX)
		return SW_NO_MEMORY;
	if (!is_access_set(put) || put->version < KVN_ACCESS_FIRST ||
	    put->version > KVN_ACCESS_LAST ||
	    (put->version != old && chip_keys(c->v, &k->aid, put->version) != NULL))
		return SW_WRONG_DATA;
	return SW_OK;
}

static void grant_remove(struct card_container *k, const uint8_t digest[static PARTY_DIGEST])
{
	size_t kept = 0;

	for (size_t i = 0; i < k->grant_n; i++)
		if (memcmp(k->grant[i].digest, digest, PARTY_DIGEST) != 0)
			k->grant[kept++] = k->grant[i];
	k->grant_n = kept;
}

/* The grant is spent; whose seal it was is the owner again. */
static void claim_put(
    struct card_container *k, const uint8_t digest[static PARTY_DIGEST], uint8_t version)
{
	const struct card_grant *g = container_grant(k, digest);
	struct card_party *p = &k->party[k->stage == STAGE_CLAIMED ? k->party_n : 0];

	*p = g->party;
	p->set[0] = version;
	p->set_n = 1;
	k->party_n = k->stage == STAGE_CLAIMED ? k->party_n + 1 : 1;
	k->stage = STAGE_CLAIMED;
	grant_remove(k, digest);
}

static struct card_party *party_of_set(struct card_container *k, uint8_t version)
{
	for (size_t i = 0; i < k->party_n; i++)
		if (party_has_set(&k->party[i], version))
			return &k->party[i];
	return NULL;
}

void access_put(struct call *c, const struct put_key *put)
{
	struct card_container k = *chip_container(c->v, &c->ch->selected);
	struct card_party *p = party_of_set(&k, c->ch->key_version);
	uint8_t old = c->cmd->p1;

	if (c->ch->claiming) {
		claim_put(&k, c->ch->oce.grant, put->version);
	} else if (old == 0) {
		p->set[p->set_n++] = put->version;
	} else {
		for (size_t i = 0; i < p->set_n; i++)
			if (p->set[i] == old)
				p->set[i] = put->version;
	}
	chip_put_container(c->v, &k);
	wipe(&k, sizeof(k));
}

/* The session goes on under the set that it has just put or replaced; others under that end. */
void access_done(struct call *c, const struct put_key *put)
{
	uint8_t old = c->cmd->p1;

	for (size_t i = 0; i < CHANNELS && old != 0; i++) {
		struct logical_channel *ch = &c->v->channel[i];

		if (ch != c->ch && ch->session != CHANNEL_IDLE && ch->key_version == old &&
		    aid_same(&ch->key_domain, &c->ch->key_domain))
			session_end(ch);
	}
	if (c->ch->claiming || c->ch->key_version == old)
		c->ch->key_version = put->version;
	c->ch->claiming = false;
	oce_forget(&c->ch->oce);
	container_settle(c, 0);
}

uint16_t access_delete(struct call *c, const struct delete_keys *what)
{
	struct card_container k = *chip_container(c->v, &c->ch->selected);
	struct card_party *p = party_of_set(&k, c->ch->key_version);
	uint16_t sw = SW_OK;
	size_t kept = 0;

	if (p == NULL || session_party(c->v, c->ch) == NULL)
		sw = SW_SECURITY_STATUS;
	else if (what->kvn < 0 || what->kid >= 0)
		sw = SW_WRONG_DATA; /* a set is there as a whole or not at all */
	else if (!party_has_set(p, (uint8_t)what->kvn))
		sw = SW_REFERENCE_NOT_FOUND;
	else if (p->set_n == 1 || what->kvn == c->ch->key_version)
		sw = SW_CONDITIONS;
	if (sw != SW_OK)
		goto out;
	for (size_t i = 0; i < p->set_n; i++)
		if (p->set[i] != what->kvn)
			p->set[kept++] = p->set[i];
	p->set_n = (uint8_t)kept;
	chip_put_keys_gone(c->v, &k.aid, (uint8_t)what->kvn);
	chip_put_container(c->v, &k);
	if (chip_commit(c->v))
		container_settle(c, 0);
	else
		sw = SW_MEMORY_FAILURE;
out:
	wipe(&k, sizeof(k));
	return sw;
}
