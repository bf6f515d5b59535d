#include "change/grant_order.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/value.h"
#include "crypto/digest.h"
#include "gp/day.h"

enum { DAY_MS = 86400000 };

/* ---- whose it is ---- */

static int is_party(
    const struct keystore *ks, const char *name, const struct ec_public *key, struct err *e)
{
	struct party_entry k;

	if (party_key_find(ks, ENTRY_PARTY, name, false, &k, e) != 0)
		return -1;
	if (ec_public_eq(&k.key, key))
		return 0;
	return err_set(e, ERR_SAFETY, "the request is not of `%s`: it has another key", k.name);
}

static int is_fingerprint(struct span want, const struct ec_public *key, struct err *e)
{
	uint8_t digest[PARTY_DIGEST];
	char have[FINGERPRINT_TEXT];

	if (!party_key_digest(key, digest))
		return err_set(e, ERR_OTHER, "the fingerprint cannot be computed");
	if (span_eq(span_of(digest, PARTY_NAME), want))
		return 0;
	err_set(e, ERR_SAFETY, "the request has fingerprint %s, not this one",
	    fingerprint_text(key, have));
	return err_hint(e, "it may be somebody else's: ask the party again");
}

/* A signature proves that somebody has the key, not who: that is known from elsewhere. */
static int check_whose(
    struct grant_order *o, const struct grant_terms *t, const struct keystore *ks, struct err *e)
{
	const struct party_request *q = &o->request.request;
	char id[PARTY_ID_TEXT], fingerprint[FINGERPRINT_TEXT];
	struct party_entry k;

	if (t->party != NULL && is_party(ks, t->party, &q->key, e) != 0)
		return -1;
	if (t->fingerprint.n > 0)
		return is_fingerprint(t->fingerprint, &q->key, e);
	if (t->party != NULL)
		return 0;
	if (party_known(ks, &q->key, &k, e) != 0)
		return -1;
	o->known = k.name;
	o->known_in = keystore_path(ks);
	if (k.name != NULL)
		return 0;
	err_set(e, ERR_SAFETY, "nobody has said that this is the request of %s",
	    party_id_text(q->id, id));
	return err_hint(e,
	    "ask the party for its fingerprint, and give it with " FIELD(
		"fingerprint") ": %s, if "
			       "it is that",
	    fingerprint_text(&q->key, fingerprint));
}

/* ---- what it gets ---- */

static int take_terms(struct grant_order *o, const struct grant_terms *t, struct err *e)
{
	const struct party_request *q = &o->request.request;

	o->rights = t->has_rights ? t->rights : q->rights & (uint8_t)~RIGHT_SHARED;
	if (t->shared)
		o->rights |= RIGHT_SHARED;
	o->quotas = q->quotas;
	if (t->data_quota.given)
		o->quotas.data_quota = t->data_quota;
	if (t->data_reserve.given)
		o->quotas.data_reserve = t->data_reserve;
	o->until = t->until;
	if (o->until >= day_of((int64_t)time(NULL)))
		return 0;
	return err_set(e, ERR_SAFETY, FIELD("valid-until") ": that day has passed");
}

int grant_order_read(
    struct grant_order *o, const struct grant_terms *t, const char *path, struct err *e)
{
	if (party_file_read_as(path, 1u << PARTY_FILE_REQUEST, &o->request, e) != 0)
		return -1;
	if (!party_request_proven(&o->request.request))
		return err_set(e, ERR_INPUT, "%s: the party's key did not sign it", path);
	return take_terms(o, t, e);
}

int grant_order_keyed(
    struct grant_order *o, const struct grant_terms *t, const struct keystore *ks, struct err *e)
{
	if (grantors_check(ks, e) != 0 || check_whose(o, t, ks, e) != 0 ||
	    party_key_find(ks, ENTRY_GRANTOR, t->issuer, true, &o->issuer, e) != 0)
		return -1;
	return party_key_name(&o->issuer.key, o->issuer_name)
		   ? 0
		   : err_set(e, ERR_OTHER, "the name of the issuer cannot be computed");
}

void grant_order_free(struct grant_order *o)
{
	party_file_free(&o->request);
}

bool grant_order_makes(const struct grant_order *o)
{
	const struct quotas *q = &o->quotas;

	return q->volatile_quota.given || q->data_quota.given || q->volatile_reserve.given ||
	       q->data_reserve.given;
}

static bool quota_is(const struct quota *a, const struct quota *b)
{
	return a->given == b->given && (!a->given || a->n == b->n);
}

/* Of a later party the right to admit is left out. */
bool grant_order_gave(const struct grant_order *o, const struct grant *g)
{
	const struct party_request *q = &o->request.request;
	const uint8_t but = (uint8_t)~RIGHT_ADMIT;

	return ec_public_eq(&g->key, &q->key) && span_eq(g->id, q->id) && g->form == q->form &&
	       (g->rights & but) == (o->rights & but) && day_of(g->until - 1) == o->until &&
	       quota_is(&g->quotas.data_quota, &o->quotas.data_quota) &&
	       quota_is(&g->quotas.data_reserve, &o->quotas.data_reserve) &&
	       quota_is(&g->quotas.volatile_quota, &o->quotas.volatile_quota) &&
	       quota_is(&g->quotas.volatile_reserve, &o->quotas.volatile_reserve) &&
	       span_eq(g->prefix, q->prefix) && domain_key_named(g, q->domain_key.whole) &&
	       span_eq(g->issuer, SPAN(o->issuer_name));
}

/* ---- signing ---- */

int grant_serial_check(uint64_t serial, int64_t now_ms, struct err *e)
{
	if (serial <= (uint64_t)now_ms + DAY_MS)
		return 0;
	return err_set(e, ERR_SAFETY,
	    "serial %" PRIu64 " is more than a day ahead of the clock: every grant of this issuer "
	    "for this card would have to be above it from then on",
	    serial);
}

int grant_order_sign(
    const struct grant_order *o, const struct grant_card *card, struct wr *w, struct err *e)
{
	const struct party_request *q = &o->request.request;
	const int64_t now_ms = time_now_ms();
	struct grant_make m = { .id = q->id,
		.form = q->form,
		.until = o->until,
		.container = aid_span(card->container),
		.card = card->key,
		.rights = card->rights,
		.quotas = o->quotas,
		.prefix = q->prefix,
		.domain_key = q->domain_key.whole,
		.key = &q->key,
		.issuer = o->issuer.own };

	m.from = day_of(now_ms / 1000);
	if (card->serial == NULL)
		return err_set(e, ERR_LEDGER, "no record of serials");
	if (card->serial(card->ctx,
		&(struct grant_issue){
		    &o->issuer.key, card->above, q->id, m.container, card->cin, &q->key, now_ms },
		&m.serial, e) != 0)
		return -1;
	return grant_put(w, &m) ? 0 : err_set(e, ERR_OTHER, "the grant cannot be made");
}

int container_aid_new(struct aid *aid, struct err *e)
{
	static const uint8_t rid[] = { 0xF0, 0x43, 0x41, 0x52, 0x44 };

	aid->n = AID_MAX;
	memcpy(aid->b, rid, sizeof(rid));
	return random_bytes(aid->b + sizeof(rid), AID_MAX - sizeof(rid))
		   ? 0
		   : err_set(e, ERR_OTHER, "no random numbers");
}
