#include "gp/cert.h"

#include "gp/day.h"
#include "tlv/tlv.h"

enum {
	TAG_CERTIFICATE = 0x7F21,
	TAG_SERIAL = 0x93,
	TAG_ISSUER = 0x42,
	TAG_SUBJECT = 0x5F20,
	TAG_USAGE = 0x95,
	TAG_EFFECTIVE = 0x5F25,
	TAG_EXPIRATION = 0x5F24,
	TAG_DISCRETIONARY = 0x53,
	TAG_DISCRETIONARY_TLV = 0x73,
	TAG_RESTRICTIONS = 0xBF20,
	TAG_PUBLIC_KEY = 0x7F49,
	TAG_SIGNATURE = 0x5F37,
	TAG_SEQUENCE_DER = 0x30
};

enum { DISCRETIONARY_MAX = 127 };

/* GPCS table B-2; curves that are not here we do not have. */
static const struct {
	enum ec_curve curve;
	uint8_t reference;
} references[] = {
	{ EC_P256, 0x00 },
	{ EC_P384, 0x01 },
	{ EC_P521, 0x02 },
	{ EC_BRAINPOOL_P256R1, 0x03 },
};

uint8_t curve_reference(enum ec_curve c)
{
	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++)
		if (references[i].curve == c)
			return references[i].reference;
	return 0xFF;
}

bool curve_from_reference(uint8_t reference, enum ec_curve *c)
{
	for (size_t i = 0; i < sizeof(references) / sizeof(references[0]); i++) {
		if (references[i].reference == reference) {
			*c = references[i].curve;
			return true;
		}
	}
	return false;
}

void ec_key_put(struct wr *w, const struct ec_public *k)
{
	tlv_put(w, TAG_EC_POINT, ec_public_span(k));
	tlv_put_u8(w, TAG_EC_PARAMETER, curve_reference(k->curve));
}

bool ec_key_get(struct span s, struct ec_public *k)
{
	struct rd r = rd_of(s);
	struct span point;
	enum ec_curve curve;
	uint8_t reference;

	return tlv_expect(&r, TAG_EC_POINT, &point) &&
	       tlv_expect_n(&r, TAG_EC_PARAMETER, &reference, 1) && rd_left(&r) == 0 &&
	       curve_from_reference(reference, &curve) && ec_public_from(k, curve, point);
}

bool cert_next(struct rd *r, struct span *cert)
{
	struct rd ahead = *r;
	struct tlv t;

	return tlv_next(&ahead, &t) && (t.tag == TAG_CERTIFICATE || t.tag == TAG_SEQUENCE_DER) &&
	       rd_take(r, rd_left(r) - rd_left(&ahead), cert);
}

/* ---- GlobalPlatform format ---- */

static bool id_get(struct rd *r, uint32_t tag, struct x509_id *id)
{
	struct span v;
	struct rd in;

	if (!tlv_expect(r, tag, &v) || v.n == 0 || v.n > CERT_ID_MAX)
		return false;
	in = rd_of(v);
	id->n = (uint8_t)v.n;
	return rd_copy(&in, id->b, v.n);
}

static bool usage_get(struct rd *r, uint16_t *usage)
{
	struct span v;
	struct rd in;
	uint8_t one;

	if (!tlv_expect(r, TAG_USAGE, &v))
		return false;
	in = rd_of(v);
	if (v.n == 2)
		return rd_u16(&in, usage);
	if (v.n != 1 || !rd_u8(&in, &one))
		return false;
	*usage = one;
	return true;
}

/* Midnight behind the last day: an expiration date is a day on which the certificate still holds.
 */
static void until_get(struct span v, struct cert *c)
{
	c->has_until = day_get(v, &c->until);
	if (c->has_until)
		c->until += DAY_SECONDS;
}

/* The fields from 5F25 to BF20: of four only the expiration date must be there. */
static bool middle_get(struct rd *r, struct cert *c)
{
	struct span v;

	c->from = INT64_MIN;
	if (tlv_expect(r, TAG_EFFECTIVE, &v) && !day_get(v, &c->from))
		return false;
	if (!tlv_expect(r, TAG_EXPIRATION, &v) || v.n != 4)
		return false;
	until_get(v, c);
	c->discretionary = tlv_expect(r, TAG_DISCRETIONARY, &v);
	c->has_terms = !c->discretionary && tlv_expect(r, TAG_DISCRETIONARY_TLV, &v);
	if (v.n > DISCRETIONARY_MAX) /* without them v is the date still */
		return false;
	c->restricted = tlv_expect(r, TAG_RESTRICTIONS, &v);
	return !(c->restricted && c->usage == CERT_SIGNS);
}

static bool gp_get(struct span body, struct cert *c)
{
	struct rd r = rd_of(body);
	struct span key;

	if (!id_get(&r, TAG_SERIAL, &c->serial) || !id_get(&r, TAG_ISSUER, &c->issuer) ||
	    !id_get(&r, TAG_SUBJECT, &c->subject) || !usage_get(&r, &c->usage) ||
	    !middle_get(&r, c) || !tlv_expect(&r, TAG_PUBLIC_KEY, &key) ||
	    !ec_key_get(key, &c->key))
		return false;
	c->signed_part = span_sub(body, 0, body.n - rd_left(&r));
	c->role = X509_ROLE_NONE;
	return tlv_expect(&r, TAG_SIGNATURE, &c->signature) && rd_left(&r) == 0;
}

/* ---- X.509 ---- */

static bool x509_cert_get(struct span whole, struct cert *c)
{
	struct x509_info info;

	if (!x509_get(whole, &info))
		return false;
	c->serial = info.serial;
	c->issuer = info.authority_key;
	c->subject = info.subject_key;
	c->usage = info.signs ? CERT_SIGNS : info.agrees ? CERT_AGREES : 0;
	c->from = info.from;
	c->until = info.until;
	c->has_until = true;
	c->role = info.role;
	c->key = info.key;
	return true;
}

bool cert_get(struct span whole, struct cert *out)
{
	struct rd r = rd_of(whole);
	struct cert c = { 0 };
	struct tlv t;

	if (whole.n > CERT_SIZE_MAX || !tlv_next(&r, &t) || rd_left(&r) != 0)
		return false;
	c.format = t.tag == TAG_CERTIFICATE ? CERT_GP : CERT_X509;
	if (t.tag == TAG_CERTIFICATE ? !gp_get(t.val, &c) : !x509_cert_get(whole, &c))
		return false;
	*out = c;
	return true;
}

bool cert_signed_by(struct span whole, const struct cert *c, const struct ec_public *issuer)
{
	if (c->format == CERT_X509)
		return x509_signed_by(whole, issuer);
	return ec_verify(issuer, c->signed_part, c->signature);
}

/* ---- making ---- */

static bool id_fits(struct span id)
{
	return id.n >= 1 && id.n <= CERT_ID_MAX;
}

bool cert_put(struct wr *w, const struct cert_make *m)
{
	uint8_t sig[EC_SIGNATURE_MAX];
	struct wr s = wr_fixed(sig, sizeof(sig));
	size_t outer, key, from;

	if (!id_fits(m->serial) || !id_fits(m->issuer) || !id_fits(m->subject) || m->key->n == 0)
		return false;
	outer = tlv_open(w, TAG_CERTIFICATE);
	from = w->n;
	tlv_put(w, TAG_SERIAL, m->serial);
	tlv_put(w, TAG_ISSUER, m->issuer);
	tlv_put(w, TAG_SUBJECT, m->subject);
	if (m->usage == CERT_SIGNS)
		tlv_put_u8(w, TAG_USAGE, CERT_SIGNS);
	else
		tlv_put(w, TAG_USAGE, SPAN(((const uint8_t[]){ 0x00, 0x80 })));
	if (m->from != 0)
		day_put(w, TAG_EFFECTIVE, m->from);
	day_put(w, TAG_EXPIRATION, m->until);
	if (m->restricted.n > 0)
		tlv_put(w, TAG_RESTRICTIONS, m->restricted);
	key = tlv_open(w, TAG_PUBLIC_KEY);
	ec_key_put(w, m->key);
	tlv_close(w, key);
	if (!wr_ok(w) || !ec_sign(m->signer, span_sub(wr_span(w), from, w->n - from), &s))
		return false;
	tlv_put(w, TAG_SIGNATURE, wr_span(&s));
	tlv_close(w, outer);
	return wr_ok(w);
}
