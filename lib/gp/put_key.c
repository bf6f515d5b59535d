#include "gp/put_key.h"

#include "gp/cert.h"
#include "gp/key_value.h"

enum { LONGEST_ONE_OCTET = 0x80 };

bool put_key_is_asymmetric(const struct put_key *k)
{
	return k->n == 1 && !key_value_is_secret(key_value_type(k, 0));
}

/* ---- put ---- */

static void type_put(struct wr *w, const struct put_key *k, uint8_t type)
{
	if (k->extended)
		wr_u8(w, KEY_TYPE_EXTENDED);
	wr_u8(w, type);
}

/* Lengths as BER has them. */
static void length_put(struct wr *w, size_t n)
{
	if (n >= 0x100) {
		wr_u8(w, 0x82);
		wr_u16(w, (uint16_t)n);
		return;
	}
	if (n >= 0x80)
		wr_u8(w, 0x81);
	wr_u8(w, (uint8_t)n);
}

static void clear_put(struct wr *w, const struct put_key *k, uint8_t type, struct span value)
{
	type_put(w, k, type);
	length_put(w, value.n);
	wr_put(w, value);
}

/* Type, length, [clear length], ciphertext. Values that need padding always have their clear length
 * in front (GPCS 11.8.2.3.2). */
static bool secret_put(
    struct wr *w, const struct put_key *k, uint8_t type, struct span value, const struct key *dek)
{
	uint8_t ct[KEY_VALUE_MAX];
	size_t n;
	bool bare;

	if (!key_value_encrypt(k->des, dek, value, ct, &n))
		return false;
	bare = n == value.n && (k->bare || type == KEY_TYPE_DES);
	type_put(w, k, type);
	length_put(w, bare ? n : n + 1);
	if (!bare)
		wr_u8(w, (uint8_t)value.n);
	wr_bytes(w, ct, n);
	return true;
}

static bool symmetric_put(struct wr *w, const struct put_key *k, size_t i, const struct key *dek)
{
	uint8_t kcv[PUT_KEY_KCV], type = key_value_type(k, i);

	if (!key_value_is_secret(type) || !key_value_check(type, &k->key[i], kcv) ||
	    !secret_put(w, k, type, key_span(&k->key[i]), dek))
		return false;
	wr_lv(w, SPAN(kcv));
	return true;
}

/* GPCS tables 11-73, 11-75; there is no check value. */
static bool asymmetric_put(struct wr *w, const struct put_key *k, const struct key *dek)
{
	const struct authority_key *a = &k->asymmetric;
	uint8_t curve;

	if (k->type[0] == KEY_TYPE_RSA_MODULUS) {
		if (a->kind != AUTHORITY_RSA)
			return false;
		clear_put(w, k, KEY_TYPE_RSA_MODULUS, span_of(a->n, a->n_octets));
		clear_put(w, k, KEY_TYPE_RSA_EXPONENT, span_of(a->e, a->e_octets));
		wr_u8(w, 0x00);
		return true;
	}
	if (a->kind != AUTHORITY_EC || (k->type[0] == KEY_TYPE_EC_PRIVATE && a->ec_half.n == 0))
		return false;
	curve = curve_reference(a->ec.curve);
	if (k->type[0] == KEY_TYPE_EC_PUBLIC)
		clear_put(w, k, KEY_TYPE_EC_PUBLIC, ec_public_span(&a->ec));
	else if (k->type[0] != KEY_TYPE_EC_PRIVATE ||
		 !secret_put(w, k, KEY_TYPE_EC_PRIVATE, span_of(a->ec_half.b, a->ec_half.n), dek))
		return false;
	clear_put(w, k, KEY_TYPE_EC_PARAMETER, span_of(&curve, 1));
	wr_u8(w, 0x00);
	return true;
}

static bool field_put(struct wr *w, const struct put_key *k, size_t i, const struct key *dek)
{
	const struct put_key_use *use = &k->use[i];

	if (!(put_key_is_asymmetric(k) ? asymmetric_put(w, k, dek) : symmetric_put(w, k, i, dek)))
		return false;
	if (k->extended) {
		wr_lv(w, span_of(use->usage, use->usage_n));
		wr_lv(w, span_of(&use->access, use->access_n));
	}
	return true;
}

bool put_key_put(struct wr *w, const struct put_key *k, const struct key *dek)
{
	size_t start = w->n;

	if (k->n < 1 || k->n > PUT_KEY_KEYS || k->version < 1 || k->version > KEY_VERSION_MAX)
		return false;
	wr_u8(w, k->version);
	for (size_t i = 0; i < k->n; i++)
		if (!field_put(w, k, i, dek)) {
			wr_cut(w, start);
			return false;
		}
	return wr_ok(w);
}

/* ---- get ---- */

/* The next component; 128 octets may have the length 80, too. */
static bool component_get(struct rd *r, const struct put_key *k, uint8_t *type, struct span *value)
{
	uint8_t first, one;
	uint16_t n;

	if ((k->extended && (!rd_u8(r, &first) || first != KEY_TYPE_EXTENDED)) || !rd_u8(r, type) ||
	    !rd_u8(r, &one))
		return false;
	n = one;
	if (one == 0x81) {
		if (!rd_u8(r, &one))
			return false;
		n = one;
	} else if (one == 0x82) {
		if (!rd_u16(r, &n))
			return false;
	} else if (one > LONGEST_ONE_OCTET) {
		return false;
	}
	return n > 0 && rd_take(r, n, value);
}

/* Decrypts: a component of whole blocks has no length in front of it (GPCS 11.8.2.3.3). */
static bool secret_get(const struct put_key *k, struct span component, const struct key *dek,
    uint8_t clear[static KEY_VALUE_MAX], size_t *n)
{
	uint8_t told = (uint8_t)component.n;
	struct rd r = rd_of(component);

	if (component.n % key_value_block(k->des) != 0 && !rd_u8(&r, &told))
		return false;
	*n = told;
	return key_value_decrypt(k->des, dek, rd_rest(&r), told, clear);
}

static enum put_key_verdict symmetric_get(
    struct rd *r, struct put_key *k, uint8_t type, struct span component, const struct key *dek)
{
	struct key *key = &k->key[k->n];
	uint8_t clear[KEY_VALUE_MAX], want[PUT_KEY_KCV];
	struct span value;
	struct rd in;
	size_t n = 0;
	bool ok;

	k->type[k->n] = type;
	if (!rd_lv(r, &value) || value.n != PUT_KEY_KCV)
		return PUT_KEY_MALFORMED;
	in = rd_of(value);
	ok = secret_get(k, component, dek, clear, &n) && key_from(key, span_of(clear, n)) &&
	     key_value_check(type, key, want) && rd_copy(&in, k->kcv[k->n], PUT_KEY_KCV);
	wipe(clear, sizeof(clear));
	/* A failing cipher refuses the command too: there is no key to store. */
	if (!ok)
		return PUT_KEY_MALFORMED;
	return ct_equal(SPAN(want), value) ? PUT_KEY_OK : PUT_KEY_BAD_KCV;
}

/* By its reference; a key without one is of the NIST curve that has its size. */
static bool curve_of(struct rd *r, const struct put_key *k, size_t field, enum ec_curve *c)
{
	struct rd copy = *r;
	struct span value;
	struct rd in;
	uint8_t type, reference;

	if (component_get(&copy, k, &type, &value) && type == KEY_TYPE_EC_PARAMETER) {
		in = rd_of(value);
		*r = copy;
		return value.n == 1 && rd_u8(&in, &reference) && curve_from_reference(reference, c);
	}
	*c = field == ec_field(EC_P256) ? EC_P256 : field == ec_field(EC_P384) ? EC_P384 : EC_P521;
	return true;
}

static bool ec_get(struct rd *r, struct put_key *k, struct span component, const struct key *dek)
{
	struct authority_key *a = &k->asymmetric;
	uint8_t clear[KEY_VALUE_MAX];
	enum ec_curve curve;
	size_t n = 0;
	bool ok;

	if (k->type[0] == KEY_TYPE_EC_PUBLIC)
		return curve_of(r, k, component.n / 2, &curve) && authority_ec(a, curve, component);
	ok = secret_get(k, component, dek, clear, &n) && curve_of(r, k, n, &curve) &&
	     authority_ec_private(a, curve, span_of(clear, n));
	wipe(clear, sizeof(clear));
	return ok;
}

/* Modulus and exponent in either order. */
static bool rsa_get(struct rd *r, struct put_key *k, uint8_t type, struct span first)
{
	struct span second, none = { NULL, 0 };
	uint8_t other;

	if (!component_get(r, k, &other, &second) || other == type ||
	    (other != KEY_TYPE_RSA_EXPONENT && other != KEY_TYPE_RSA_MODULUS))
		return false;
	k->type[0] = KEY_TYPE_RSA_MODULUS;
	return type == KEY_TYPE_RSA_MODULUS ? authority_rsa(&k->asymmetric, first, second, none)
					    : authority_rsa(&k->asymmetric, second, first, none);
}

/* It comes alone, and has no check value. */
static enum put_key_verdict asymmetric_get(
    struct rd *r, struct put_key *k, uint8_t type, struct span component, const struct key *dek)
{
	struct span kcv;
	bool ok;

	if (k->n != 0)
		return PUT_KEY_MALFORMED;
	k->type[0] = type;
	if (type == KEY_TYPE_RSA_MODULUS || type == KEY_TYPE_RSA_EXPONENT)
		ok = rsa_get(r, k, type, component);
	else
		ok = (type == KEY_TYPE_EC_PUBLIC || type == KEY_TYPE_EC_PRIVATE) &&
		     ec_get(r, k, component, dek);
	return ok && rd_lv(r, &kcv) && kcv.n == 0 ? PUT_KEY_OK : PUT_KEY_MALFORMED;
}

static bool use_get(struct rd *r, struct put_key_use *use)
{
	struct span usage, access;
	struct rd in;

	if (!rd_lv(r, &usage) || !rd_lv(r, &access) || usage.n > sizeof(use->usage) || access.n > 1)
		return false;
	in = rd_of(usage);
	use->usage_n = (uint8_t)usage.n;
	use->access_n = (uint8_t)access.n;
	if (!rd_copy(&in, use->usage, usage.n))
		return false;
	in = rd_of(access);
	return access.n == 0 || rd_u8(&in, &use->access);
}

static enum put_key_verdict field_get(struct rd *r, const struct key *dek, struct put_key *k)
{
	enum put_key_verdict v;
	struct span component;
	uint8_t type;

	/* All keys of a command are in one format. */
	if (!component_get(r, k, &type, &component))
		return PUT_KEY_MALFORMED;
	v = key_value_is_secret(type) ? symmetric_get(r, k, type, component, dek)
				      : asymmetric_get(r, k, type, component, dek);
	if (v == PUT_KEY_OK && k->extended && !use_get(r, &k->use[k->n]))
		v = PUT_KEY_MALFORMED;
	return v;
}

static enum put_key_verdict fields_get(struct span data, const struct key *dek, struct put_key *k)
{
	struct rd r = rd_of(data), peek;
	uint8_t first = 0;

	if (!rd_u8(&r, &k->version) || k->version < 1 || k->version > KEY_VERSION_MAX)
		return PUT_KEY_MALFORMED;
	peek = r;
	k->extended = rd_u8(&peek, &first) && first == KEY_TYPE_EXTENDED;
	do {
		enum put_key_verdict v;

		if (k->n == PUT_KEY_KEYS || put_key_is_asymmetric(k))
			return PUT_KEY_MALFORMED;
		v = field_get(&r, dek, k);
		if (v != PUT_KEY_OK)
			return v;
		k->n++;
	} while (rd_left(&r) > 0);
	return PUT_KEY_OK;
}

enum put_key_verdict put_key_get(struct span data, const struct key *dek, struct put_key *k)
{
	struct put_key got = { .des = k->des };
	enum put_key_verdict v = fields_get(data, dek, &got);

	if (v == PUT_KEY_OK)
		*k = got;
	wipe(&got, sizeof(got));
	return v;
}

/* ---- answer ---- */

void put_key_answer_put(struct wr *w, const struct put_key *k)
{
	wr_u8(w, k->version);
	for (size_t i = 0; i < k->n && i < PUT_KEY_KEYS && !put_key_is_asymmetric(k); i++)
		wr_put(w, SPAN(k->kcv[i]));
}

bool put_key_answer_ok(struct span data, const struct put_key *k)
{
	uint8_t version, got[PUT_KEY_KCV], want[PUT_KEY_KCV];
	struct rd r = rd_of(data);

	if (k->n > PUT_KEY_KEYS || !rd_u8(&r, &version) || version != k->version)
		return false;
	for (size_t i = 0; i < k->n && !put_key_is_asymmetric(k); i++)
		if (!rd_copy(&r, got, PUT_KEY_KCV) ||
		    !key_value_check(key_value_type(k, i), &k->key[i], want) ||
		    !span_eq(SPAN(got), SPAN(want)))
			return false;
	return rd_left(&r) == 0;
}
