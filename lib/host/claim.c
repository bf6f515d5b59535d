#include "host/claim.h"

#include <string.h>

#include "gp/container.h"
#include "gp/day.h"
#include "host/choose.h"

enum { CHAIN_MAX = 4096 };

/* ---- our side ---- */

/* What is presented: the grant as it was placed; of a signing party also a certificate for the key
 * of this one claim, which is good from yesterday to tomorrow. */
static int make_chain(
    const struct claim *c, struct ec_private *own, struct wr *chain, struct err *e)
{
	const struct grant *g = &c->file->grant;
	struct ec_public pub;

	wr_put(chain, g->whole);
	if (g->form == PARTY_AGREEMENT) {
		*own = *c->party;
		return wr_ok(chain) ? 0 : err_memory(e);
	}
	if (!ec_generate(EC_P256, own) || !ec_public_of(own, &pub) ||
	    !oce_cert_put(chain, &(struct oce_cert_make){ .id = g->id,
				     .from = day_of(c->now - DAY_SECONDS),
				     .until = day_of(c->now + DAY_SECONDS),
				     .oce = &pub,
				     .party = c->party }))
		return err_set(e, ERR_OTHER, "the key of this claim cannot be made");
	return 0;
}

/* ---- the card's key, and by which identifier it knows the issuer ---- */

/* Which of the card's keys the grant names. What a stranger says here only leads to a card that
 * cannot make the receipt. */
static int find_card_key(struct session *s, const struct key_infos *k, const struct grant *g,
    uint8_t *version, struct err *e)
{
	struct ec_public key;
	bool is = false;

	for (size_t i = 0; i < k->n; i++) {
		if (k->key[i].id != KID_SCP11A)
			continue;
		*version = k->key[i].version;
		if (scp11_card_key_is(
			s, (struct key_ref){ KID_SCP11A, *version }, g->card.p, &key, &is, e) != 0)
			return -1;
		if (is)
			return 0;
	}
	err_set(e, ERR_AUTH, "this card does not have the key that the grant names");
	return err_hint(e, "it is for another card, or the card has another key 11 since");
}

static int look(struct session *s, const struct claim *c, struct key_infos *k,
    struct claim_found *f, struct err *e)
{
	bool told;

	if (session_discover(s, &c->issuer, e) != 0 || keys_read(s, k, &told, e) != 0)
		return -1;
	if (!told)
		return err_set(e, ERR_AUTH, "the card does not tell which keys it has");
	return find_card_key(s, k, &c->file->grant, &f->card_version, e);
}

/* ---- the handshake ---- */

static int attempt(struct session *s, const struct scp11_asks *asks, const struct aid *container,
    struct claim_found *f, struct err *e)
{
	struct scp11_asks a = *asks;
	struct scp11_card card;
	struct choice11 choice;

	a.domain = *container;
	a.key_version = f->card_version;
	a.ca_version = KVN_GRANT_ISSUER;
	if (!session_discovered(s, container) && session_discover(s, container, e) != 0)
		return -1;
	if (choose_scp11(s, NULL, &a, &choice, e) != 0)
		return -1;
	choice.ca.kid = f->issuer_kid;
	return session_open_scp11(s, &choice, &a, &card, e);
}

static void explain(struct claim_found *f, struct err *e)
{
	switch (e->sw) {
	case SW_CERTIFICATE_NOT_ALLOWED:
		f->no_grant = true;
		err_hint(e, "this grant is not the one that waits in the container: it was spent, "
			    "replaced or taken back, or is for another container");
		break;
	case SW_REFERENCE_NOT_FOUND:
		err_hint(e, "no grant waits in this container");
		break;
	case SW_CERTIFICATE_INVALID:
		err_hint(e, "the key of the claim was not signed by the party of the grant");
		break;
	case SW_DATA_INVALIDATED:
		err_hint(e, "by the card's clock it is not one of the days of the grant");
		break;
	}
}

/* The card may have several issuers, and does not tell which of them is the grant's: one that it is
 * not is a reference that leads to nothing, and costs nothing. */
static int handshake(struct session *s, const struct scp11_asks *asks, const struct key_infos *k,
    const struct aid *container, struct claim_found *f, struct err *e)
{
	err_set(e, ERR_AUTH, "the card has no issuer of grants (version 74)");
	f->no_grant = true;
	for (size_t i = 0; i < k->n; i++) {
		if (k->key[i].version != KVN_GRANT_ISSUER)
			continue;
		f->issuer_kid = k->key[i].id;
		f->no_grant = false;
		if (attempt(s, asks, container, f, e) == 0)
			return 0;
		if (e->sw != SW_REFERENCE_NOT_FOUND)
			break;
		f->no_grant = true;
	}
	explain(f, e);
	return -1;
}

/* The last certificate of the file, which goes with the grant: the caller has seen to it. */
static bool card_key(const struct grant_file *file, struct ec_public *key)
{
	struct rd r = rd_of(file->certs);
	struct cert leaf = { 0 };
	struct span one;

	while (cert_next(&r, &one))
		if (!cert_get(one, &leaf))
			return false;
	*key = leaf.key;
	return key->n > 0;
}

int claim_open(struct session *s, const struct claim *c, struct claim_found *f, struct err *e)
{
	const struct grant *g = &c->file->grant;
	struct wr chain = wr_grow(CHAIN_MAX);
	struct ec_public card;
	SECRET_EC(own);
	struct scp11_asks asks = { .variant = SCP11A,
		.level = LEVEL_CMAC | LEVEL_CDEC | LEVEL_RMAC | LEVEL_RENC,
		.s16 = -1,
		.key_n = c->access->enc.n,
		.own = &own,
		.now = c->now,
		.card = &card };
	struct key_infos k = { 0 };
	struct aid container;
	int rc = -1;

	memset(f, 0, sizeof(*f));
	if (!card_key(c->file, &card) || !aid_from(&container, g->container))
		return err_set(e, ERR_INPUT, "the certificates of the card are malformed");
	if (c->domain_key != NULL)
		asks.domain_key = key_span(c->domain_key);
	if (make_chain(c, &own, &chain, e) == 0 && look(s, c, &k, f, e) == 0) {
		asks.chain = wr_span(&chain);
		rc = handshake(s, &asks, &k, &container, f, e);
	}
	wr_free(&chain);
	return rc;
}

int claim_put(struct session *s, const struct claim *c, bool *unknown, struct err *e)
{
	struct put_key k;
	int rc;

	keys_from_set(&k, c->version, KEY_TYPE_AES, c->access);
	rc = keys_put_set(s, 0, 1, &k, unknown, e);
	wipe(&k, sizeof(k));
	return rc;
}
