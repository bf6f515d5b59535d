/* Grants, and the certificate of one claim. */
#include "gp/grant.h"

#include <string.h>

#include "crypto/digest.h"
#include "gp/day.h"
#include "gp/party.h"

enum {
	TAG_EFFECTIVE = 0x5F25,
	TAG_EXPIRATION = 0x5F24,
	TAG_DOMAIN_KEY_DIGEST = 0x8B,
	DAY_OCTETS = 4,
	KIND_GRANT = 0x01
};

const char *const right_names[] = { "read", "write", "content", "admit", "shared", NULL };

/* ---- digests and names ---- */

bool party_point_digest(const struct ec_public *k, uint8_t out[static PARTY_DIGEST])
{
	return k->n != 0 && sha256_of(ec_public_span(k), out);
}

bool party_key_name(const struct ec_public *k, uint8_t out[static PARTY_NAME])
{
	uint8_t h[PARTY_DIGEST];

	if (!party_point_digest(k, h))
		return false;
	memcpy(out, h, PARTY_NAME);
	return true;
}

bool party_key_digest(const struct ec_public *k, uint8_t out[static PARTY_DIGEST])
{
	uint8_t b[EC_POINT_MAX + 8];
	struct wr w = wr_fixed(b, sizeof(b));

	ec_key_put(&w, k);
	return k->n != 0 && wr_ok(&w) && sha256_of(wr_span(&w), out);
}

bool grant_digest(struct span whole, uint8_t out[static PARTY_DIGEST])
{
	return sha256_of(whole, out);
}

/* ---- grant ---- */

static bool terms_get(struct rd *r, struct grant *g)
{
	struct party_terms terms;
	struct span v;
	struct rd in;
	uint8_t kind;

	if (!strict_get(r, TAG_PARTY_TERMS, 1, PARTY_TERMS_MAX, &v))
		return false;
	in = rd_of(v);
	if (!strict_u8(&in, TAG_PARTY_KIND, &kind) || kind != KIND_GRANT ||
	    !party_aid_get(&in, &g->container) ||
	    !strict_get(&in, TAG_PARTY_CARD, PARTY_DIGEST, PARTY_DIGEST, &g->card) ||
	    !party_terms_get(&in, &terms) ||
	    !strict_maybe(
		&in, TAG_DOMAIN_KEY_DIGEST, DOMAIN_KEY_DIGEST, DOMAIN_KEY_DIGEST, &g->domain_key))
		return false;
	g->rights = terms.rights;
	g->quotas = terms.quotas;
	g->prefix = terms.prefix;
	return rd_left(&in) == 0;
}

static bool date_get(struct rd *r, uint32_t tag, int64_t *midnight)
{
	struct span v;

	return strict_get(r, tag, DAY_OCTETS, DAY_OCTETS, &v) && day_get(v, midnight);
}

bool grant_get(struct span whole, struct grant *out)
{
	struct grant g = { .whole = whole };
	struct span body;
	struct rd r;

	if (!strict_only(whole, TAG_GRANT, &body))
		return false;
	r = rd_of(body);
	if (!party_serial_get(&r, &g.serial) ||
	    !strict_get(&r, TAG_PARTY_NAME, PARTY_NAME, PARTY_NAME, &g.issuer) ||
	    !party_id_get(&r, &g.id) || !party_form_get(&r, &g.form) ||
	    !date_get(&r, TAG_EFFECTIVE, &g.from) || !date_get(&r, TAG_EXPIRATION, &g.until) ||
	    !terms_get(&r, &g) || !party_key_get(&r, &g.key))
		return false;
	g.until += DAY_SECONDS; /* the last day is one on which it holds */
	g.signed_part = span_sub(body, 0, body.n - rd_left(&r));
	if (!strict_get(&r, TAG_PARTY_SIGNATURE, PARTY_SIGNATURE, PARTY_SIGNATURE, &g.signature) ||
	    rd_left(&r) > 0)
		return false;
	*out = g;
	return true;
}

bool grant_signed_by(const struct grant *g, const struct ec_public *issuer)
{
	return issuer->curve == EC_P256 && ec_verify(issuer, g->signed_part, g->signature);
}

bool grant_in_time(const struct grant *g, int64_t now)
{
	return now == 0 || (now >= g->from && now < g->until);
}

static void terms_put(struct wr *w, const struct grant_make *m,
    const uint8_t card[static PARTY_DIGEST], struct span domain_key)
{
	const struct party_terms terms = { m->rights, m->quotas, m->prefix };
	size_t in = tlv_open(w, TAG_PARTY_TERMS);

	tlv_put_u8(w, TAG_PARTY_KIND, KIND_GRANT);
	tlv_put(w, TAG_PARTY_AID, m->container);
	tlv_put(w, TAG_PARTY_CARD, span_of(card, PARTY_DIGEST));
	party_terms_put(w, &terms);
	if (domain_key.n > 0)
		tlv_put(w, TAG_DOMAIN_KEY_DIGEST, domain_key);
	tlv_close(w, in);
}

static bool can_make(const struct grant_make *m)
{
	const struct party_terms terms = { m->rights, m->quotas, m->prefix };
	struct domain_key d;

	return m->serial != 0 && party_id_ok(m->id) && day_ok(m->from) && day_ok(m->until) &&
	       m->container.n >= AID_MIN && m->container.n <= AID_MAX && party_terms_ok(&terms) &&
	       party_key_ok(m->card) && party_key_ok(m->key) && m->issuer->curve == EC_P256 &&
	       (m->domain_key.n == 0 || domain_key_get(m->domain_key, &d));
}

bool grant_put(struct wr *w, const struct grant_make *m)
{
	uint8_t name[PARTY_NAME], card[PARTY_DIGEST], blob[DOMAIN_KEY_DIGEST];
	struct ec_public issuer;
	size_t outer, from;

	if (!can_make(m) || !ec_public_of(m->issuer, &issuer) || !party_key_name(&issuer, name) ||
	    !party_point_digest(m->card, card) || !domain_key_digest(m->domain_key, blob))
		return false;
	outer = tlv_open(w, TAG_GRANT);
	from = w->n;
	strict_put_u64(w, TAG_PARTY_SERIAL, m->serial);
	tlv_put(w, TAG_PARTY_NAME, SPAN(name));
	tlv_put(w, TAG_PARTY_ID, m->id);
	party_form_put(w, m->form);
	day_put(w, TAG_EFFECTIVE, m->from);
	day_put(w, TAG_EXPIRATION, m->until);
	terms_put(w, m, card, span_sub(SPAN(blob), 0, m->domain_key.n == 0 ? 0 : sizeof(blob)));
	party_key_put(w, m->key);
	if (!party_sign(w, from, span_of(NULL, 0), m->issuer))
		return false;
	tlv_close(w, outer);
	return wr_ok(w);
}

/* ---- CERT.OCE of form S ---- */

/* What other certificates may have and this one not: lengths in a longer form, 95 in one octet. */
static bool in_strict_form(struct span whole)
{
	static const uint8_t usage[] = { 0x00, 0x80 };
	struct span body, v;
	struct tlv t;
	struct rd r;

	if (!strict_only(whole, TAG_GRANT, &body) || !tlv_find(body, TAG_PARTY_USAGE, &v) ||
	    !span_eq(v, SPAN(usage)))
		return false;
	r = rd_of(body);
	while (rd_left(&r) > 0)
		if (!tlv_next(&r, &t) || !t.minimal)
			return false;
	/* 46: there is no room in it but for shortest forms. */
	return tlv_find(body, TAG_PARTY_KEY, &v) && v.n == 0x46;
}

bool oce_cert_get(struct span whole, struct cert *out)
{
	struct cert c;

	if (!in_strict_form(whole) || !cert_get(whole, &c) || c.issuer.n != PARTY_NAME ||
	    c.subject.n > PARTY_ID_MAX || !c.has_until || c.discretionary || c.has_terms ||
	    c.restricted || c.key.curve != EC_P256 || c.signature.n != PARTY_SIGNATURE)
		return false;
	*out = c;
	return true;
}

bool oce_cert_vouched(struct span whole, const struct cert *c, const struct grant *g)
{
	uint8_t name[PARTY_NAME];

	return party_key_name(&g->key, name) &&
	       span_eq(span_of(c->issuer.b, c->issuer.n), SPAN(name)) &&
	       span_eq(span_of(c->subject.b, c->subject.n), g->id) &&
	       cert_signed_by(whole, c, &g->key);
}

bool oce_cert_put(struct wr *w, const struct oce_cert_make *m)
{
	static const uint8_t serial[] = { 0x01 };
	uint8_t name[PARTY_NAME];
	struct ec_public party;
	struct cert_make cert = {
		.serial = SPAN(serial),
		.issuer = SPAN(name),
		.subject = m->id,
		.usage = CERT_AGREES,
		.from = m->from,
		.until = m->until,
		.key = m->oce,
		.signer = m->party,
	};

	return party_id_ok(m->id) && (m->from == 0 || day_ok(m->from)) && day_ok(m->until) &&
	       party_key_ok(m->oce) && ec_public_of(m->party, &party) && party_key_ok(&party) &&
	       party_key_name(&party, name) && cert_put(w, &cert);
}
