/* Keys of SCP11 in the card's memory: their records, and finding them. */
#include <string.h>

#include "vcard/core/record.h"
#include "vcard/keys/keys.h"

/* The octet of the curve tells the origin, too. */
enum { ORIGIN_SHIFT = 4, CURVE_MASK = 0x0F };
enum { ECKA_RECORD_MAX = VCARD_CERTS_MAX + 96, CA_RECORD_MAX = 192 + 21 * VCARD_ALLOWED_MAX };

static void id_put(struct wr *w, const struct x509_id *id)
{
	wr_lv(w, span_of(id->b, id->n));
}

static bool id_get(struct rd *r, struct x509_id *id)
{
	struct span s;
	struct rd in;

	if (!rd_lv(r, &s) || s.n > sizeof(id->b))
		return false;
	in = rd_of(s);
	id->n = (uint8_t)s.n;
	return rd_copy(&in, id->b, s.n);
}

static void ref_put(struct wr *w, struct key_ref ref)
{
	wr_u8(w, ref.kid);
	wr_u8(w, ref.kvn);
}

static bool ref_get(struct rd *r, struct key_ref *ref)
{
	return rd_u8(r, &ref->kid) && rd_u8(r, &ref->kvn);
}

static bool same(struct key_ref a, struct key_ref b)
{
	return a.kid == b.kid && a.kvn == b.kvn;
}

static void ecka_put(struct wr *w, const struct card_ecka *k)
{
	ref_put(w, k->ref);
	wr_u8(w, (uint8_t)(k->key.curve | k->origin << ORIGIN_SHIFT));
	wr_lv(w, span_of(k->key.b, k->key.n));
	wr_bytes(w, k->certs, k->certs_n);
}

bool ecka_get(struct chip *c, struct rd *r)
{
	struct card_ecka *k;
	struct key_ref ref;
	struct span scalar;
	uint8_t curve;
	size_t i = 0;

	if (!ref_get(r, &ref) || !rd_u8(r, &curve) || !rd_lv(r, &scalar) ||
	    rd_left(r) > sizeof(k->certs))
		return false;
	while (i < c->ecka_n && !same(c->ecka[i].ref, ref))
		i++;
	if (i == VCARD_ECKA_MAX)
		return false;
	k = &c->ecka[i];
	if (curve >> ORIGIN_SHIFT > ORIGIN_MADE ||
	    !ec_private_from(&k->key, (enum ec_curve)(curve & CURVE_MASK), scalar))
		return false;
	k->ref = ref;
	k->origin = curve >> ORIGIN_SHIFT;
	k->certs_n = (uint16_t)rd_left(r);
	if (i == c->ecka_n)
		c->ecka_n++;
	return rd_copy(r, k->certs, k->certs_n);
}

static void ca_put(struct wr *w, const struct card_ca *k)
{
	ref_put(w, k->ref);
	wr_u8(w, (uint8_t)k->key.curve);
	wr_lv(w, ec_public_span(&k->key));
	id_put(w, &k->id);
	wr_u16(w, k->counter);
	wr_u8(w, k->has_list);
	for (size_t i = 0; i < k->allowed_n; i++)
		id_put(w, &k->allowed[i]);
}

bool ca_get(struct chip *c, struct rd *r)
{
	struct card_ca k = { 0 };
	struct span point;
	uint8_t curve, has_list;
	size_t i = 0;

	if (!ref_get(r, &k.ref) || !rd_u8(r, &curve) || !rd_lv(r, &point) || !id_get(r, &k.id) ||
	    !rd_u16(r, &k.counter) || !rd_u8(r, &has_list) ||
	    !ec_public_from(&k.key, (enum ec_curve)curve, point))
		return false;
	k.has_list = has_list != 0;
	while (rd_left(r) > 0) {
		if (k.allowed_n == VCARD_ALLOWED_MAX || !id_get(r, &k.allowed[k.allowed_n]))
			return false;
		k.allowed_n++;
	}
	while (i < c->ca_n && !same(c->ca[i].ref, k.ref))
		i++;
	if (i == VCARD_CA_MAX)
		return false;
	c->ca[i] = k;
	if (i == c->ca_n)
		c->ca_n++;
	return true;
}

bool ecka_gone_get(struct chip *c, struct rd *r)
{
	struct key_ref ref;
	size_t i = 0;

	if (!ref_get(r, &ref))
		return false;
	while (i < c->ecka_n && !same(c->ecka[i].ref, ref))
		i++;
	if (i == c->ecka_n)
		return true;
	c->ecka_n--;
	memmove(&c->ecka[i], &c->ecka[i + 1], (c->ecka_n - i) * sizeof(c->ecka[0]));
	wipe(&c->ecka[c->ecka_n], sizeof(c->ecka[0]));
	return true;
}

bool ca_gone_get(struct chip *c, struct rd *r)
{
	struct key_ref ref;
	size_t i = 0;

	if (!ref_get(r, &ref))
		return false;
	while (i < c->ca_n && !same(c->ca[i].ref, ref))
		i++;
	if (i == c->ca_n)
		return true;
	c->ca_n--;
	memmove(&c->ca[i], &c->ca[i + 1], (c->ca_n - i) * sizeof(c->ca[0]));
	return true;
}

static void gone_put(struct vcard *v, enum record type, struct key_ref ref)
{
	uint8_t room[2];
	struct wr value = wr_fixed(room, sizeof(room));

	ref_put(&value, ref);
	nvm_record(&v->batch, (uint8_t)type, wr_span(&value));
}

void chip_put_ecka_gone(struct vcard *v, struct key_ref ref)
{
	gone_put(v, REC_ECKA_GONE, ref);
}

void chip_put_ca_gone(struct vcard *v, struct key_ref ref)
{
	gone_put(v, REC_CA_GONE, ref);
}

void chip_put_ecka(struct vcard *v, const struct card_ecka *k)
{
	uint8_t room[ECKA_RECORD_MAX];
	struct wr value = wr_fixed(room, sizeof(room));

	ecka_put(&value, k);
	nvm_record(&v->batch, REC_ECKA, wr_span(&value));
	wipe(room, sizeof(room));
}

void chip_put_ca(struct vcard *v, const struct card_ca *k)
{
	uint8_t room[CA_RECORD_MAX];
	struct wr value = wr_fixed(room, sizeof(room));

	ca_put(&value, k);
	nvm_record(&v->batch, REC_CA, wr_span(&value));
}

static bool fits(struct key_ref have, struct key_ref want)
{
	return have.kid == want.kid && (want.kvn == 0 || have.kvn == want.kvn);
}

const struct card_ecka *chip_ecka(const struct vcard *v, struct key_ref ref)
{
	for (size_t i = 0; i < v->chip.ecka_n; i++)
		if (fits(v->chip.ecka[i].ref, ref))
			return &v->chip.ecka[i];
	return NULL;
}

const struct card_ca *chip_ca(const struct vcard *v, struct key_ref ref)
{
	for (size_t i = 0; i < v->chip.ca_n; i++)
		if (fits(v->chip.ca[i].ref, ref))
			return &v->chip.ca[i];
	return NULL;
}

void ecka_snapshot(struct wr *w, const struct chip *c)
{
	uint8_t room[ECKA_RECORD_MAX];
	struct wr value = wr_fixed(room, sizeof(room));

	for (size_t i = 0; i < c->ecka_n; i++) {
		wr_reset(&value);
		ecka_put(&value, &c->ecka[i]);
		nvm_record(w, REC_ECKA, wr_span(&value));
	}
	for (size_t i = 0; i < c->ca_n; i++) {
		wr_reset(&value);
		ca_put(&value, &c->ca[i]);
		nvm_record(w, REC_CA, wr_span(&value));
	}
	wipe(room, sizeof(room));
}
