/* Requests: what a party wishes for, and the proof that it has the key it names. */
#include "gp/party.h"

enum { KIND_REQUEST = 0x02 };

static const char label[] = "cardadm request 1";

static bool wishes_get(struct rd *r, struct party_request *q)
{
	struct party_terms terms;
	struct span v;
	struct rd in;
	uint8_t kind;

	if (!strict_get(r, TAG_PARTY_TERMS, 1, PARTY_TERMS_MAX, &v))
		return false;
	in = rd_of(v);
	if (!strict_u8(&in, TAG_PARTY_KIND, &kind) || kind != KIND_REQUEST ||
	    !party_terms_get(&in, &terms))
		return false;
	q->rights = terms.rights;
	q->quotas = terms.quotas;
	q->prefix = terms.prefix;
	return rd_left(&in) == 0;
}

static bool key_maybe(struct rd *r, struct domain_key *d)
{
	struct span whole;

	return !strict_ahead(r, TAG_DOMAIN_KEY) ||
	       (strict_whole(r, TAG_DOMAIN_KEY, &whole) && domain_key_get(whole, d));
}

bool party_request_get(struct span whole, struct party_request *out)
{
	struct party_request q = { .whole = whole };
	struct span body;
	struct rd r;

	if (whole.n > PARTY_FILE_MAX || !strict_only(whole, TAG_PARTY_REQUEST, &body))
		return false;
	r = rd_of(body);
	if (!party_id_get(&r, &q.id) || !party_form_get(&r, &q.form) ||
	    !party_key_get(&r, &q.key) || !wishes_get(&r, &q) || !key_maybe(&r, &q.domain_key))
		return false;
	q.signed_part = span_sub(body, 0, body.n - rd_left(&r));
	if (q.form == PARTY_SIGNING &&
	    !strict_get(&r, TAG_PARTY_SIGNATURE, PARTY_SIGNATURE, PARTY_SIGNATURE, &q.signature))
		return false;
	if (rd_left(&r) > 0)
		return false;
	*out = q;
	return true;
}

bool party_request_proven(const struct party_request *q)
{
	struct wr w = wr_grow(sizeof(label) + PARTY_FILE_MAX);
	bool ok;

	if (q->form == PARTY_AGREEMENT)
		return true;
	wr_put(&w, span_str(label));
	wr_put(&w, q->signed_part);
	ok = wr_ok(&w) && ec_verify(&q->key, wr_span(&w), q->signature);
	wr_free(&w);
	return ok;
}

static bool can_make(const struct party_request_make *m)
{
	const struct party_terms terms = { m->rights, m->quotas, m->prefix };
	struct domain_key d;
	struct ec_public own;

	if (!party_id_ok(m->id) || !party_terms_ok(&terms) || !party_key_ok(m->key) ||
	    (m->domain_key.n > 0 && !domain_key_get(m->domain_key, &d)))
		return false;
	return m->sign == NULL || (ec_public_of(m->sign, &own) && ec_public_eq(&own, m->key));
}

bool party_request_put(struct wr *w, const struct party_request_make *m)
{
	const struct party_terms terms = { m->rights, m->quotas, m->prefix };
	size_t outer, from, in;

	if (!can_make(m))
		return false;
	outer = tlv_open(w, TAG_PARTY_REQUEST);
	from = w->n;
	tlv_put(w, TAG_PARTY_ID, m->id);
	party_form_put(w, m->sign != NULL ? PARTY_SIGNING : PARTY_AGREEMENT);
	party_key_put(w, m->key);
	in = tlv_open(w, TAG_PARTY_TERMS);
	tlv_put_u8(w, TAG_PARTY_KIND, KIND_REQUEST);
	party_terms_put(w, &terms);
	tlv_close(w, in);
	wr_put(w, m->domain_key);
	if (m->sign != NULL && !party_sign(w, from, span_str(label), m->sign))
		return false;
	tlv_close(w, outer);
	return wr_ok(w);
}
