#include "cmd/authority/grant_make.h"

#include <time.h>

#include "base/hex.h"
#include "cmd/authority/grant_record.h"
#include "cmd/authority/place.h"
#include "gp/day.h"

/* ---- whose it is ---- */

static int check_proof(const struct party_file *f, struct err *e)
{
	if (party_request_proven(&f->request))
		return 0;
	return err_set(e, ERR_INPUT, "%s: the party's key did not sign it", f->path);
}

static int is_party(
    const struct keystore *ks, const char *name, const struct ec_public *key, struct err *e)
{
	struct party_key k;

	if (party_key_find(ks, ENTRY_PARTY, name, false, &k, e) != 0)
		return -1;
	if (ec_public_eq(&k.key, key))
		return 0;
	return err_set(e, ERR_SAFETY, "the request is not of `%s`: it has another key", k.name);
}

static int is_fingerprint(const struct opt_bytes *want, const struct ec_public *key, struct err *e)
{
	uint8_t digest[PARTY_DIGEST];
	char have[FINGERPRINT_TEXT];

	if (!party_key_digest(key, digest))
		return err_set(e, ERR_OTHER, "the fingerprint cannot be computed");
	if (span_eq(span_of(digest, PARTY_NAME), span_of(want->b, want->n)))
		return 0;
	err_set(e, ERR_SAFETY, "the request has fingerprint %s, not this one",
	    fingerprint_text(key, have));
	return err_hint(e, "it may be somebody else's: ask the party again");
}

/* A signature proves that somebody has the key, not who: that is known from elsewhere. */
static int check_whose(struct ctx *c, const struct keystore *ks, const struct grant_terms *t,
    const struct party_request *q, struct err *e)
{
	char id[PARTY_ID_TEXT], fingerprint[FINGERPRINT_TEXT];
	struct party_key k;

	if (t->party != NULL && is_party(ks, t->party, &q->key, e) != 0)
		return -1;
	if (t->fingerprint.n > 0)
		return is_fingerprint(&t->fingerprint, &q->key, e);
	if (t->party != NULL)
		return 0;
	if (party_known(ks, &q->key, &k, e) != 0)
		return -1;
	if (k.name != NULL) {
		ctx_note(c, "party: the key is that of `%s` in %s", k.name, keystore_path(ks));
		return 0;
	}
	err_set(e, ERR_SAFETY, "nobody has said that this is the request of %s",
	    party_id_text(q->id, id));
	return err_hint(e,
	    "ask the party for its fingerprint, and give it with --fingerprint: %s, if it is that",
	    fingerprint_text(&q->key, fingerprint));
}

/* ---- what it gets ---- */

static int take_terms(struct grant_order *o, const struct grant_terms *t, struct err *e)
{
	const struct party_request *q = &o->request.request;

	o->rights = q->rights & (uint8_t)~RIGHT_SHARED;
	if (t->rights != NULL && rights_parse(t->rights, &o->rights, e) != 0)
		return -1;
	if (t->shared)
		o->rights |= RIGHT_SHARED;
	o->quotas = q->quotas;
	if (t->quota_data.given)
		o->quotas.data_quota = (struct quota){ true, t->quota_data.v };
	if (t->reserve_data.given)
		o->quotas.data_reserve = (struct quota){ true, t->reserve_data.v };
	o->until = t->valid_until.v;
	if (o->until >= day_of((int64_t)time(NULL)))
		return 0;
	return err_set(e, ERR_SAFETY, "--valid-until: that day has passed");
}

int grant_order_take(struct grant_order *o, struct ctx *c, const struct keystore *ks,
    const struct grant_terms *t, struct err *e)
{
	o->yes = c->yes;
	if (grantors_check(ks, e) != 0 ||
	    container_aid_parse(t->container, &o->container, &o->is_new, e) != 0 ||
	    party_file_read_as(t->request, 1u << PARTY_FILE_REQUEST, &o->request, e) != 0 ||
	    check_proof(&o->request, e) != 0 ||
	    check_whose(c, ks, t, &o->request.request, e) != 0 || take_terms(o, t, e) != 0 ||
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

int grant_order_sign(
    const struct grant_order *o, const struct grant_card *card, struct wr *w, struct err *e)
{
	const struct party_request *q = &o->request.request;
	struct timespec now = { 0 };
	int64_t now_ms;
	struct grant_make m = { .id = q->id,
		.form = q->form,
		.until = o->until,
		.container = aid_span(&o->container),
		.card = card->key,
		.rights = o->rights,
		.quotas = o->quotas,
		.prefix = q->prefix,
		.domain_key = q->domain_key.whole,
		.key = &q->key,
		.issuer = o->issuer.own };

	clock_gettime(CLOCK_REALTIME, &now);
	now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	m.from = day_of((int64_t)now.tv_sec);
	if (grant_serial_take(&(struct grant_issue){ &o->issuer.key, card->above, q->id,
				  m.container, card->cin, &q->key, now_ms, o->yes },
		&m.serial, e) != 0)
		return -1;
	return grant_put(w, &m) ? 0 : err_set(e, ERR_OTHER, "the grant cannot be made");
}
