#include "gp/key_dgi.h"

#include "gp/cert.h"
#include "gp/key_value.h"
#include "tlv/tlv.h"

enum crt_tag {
	TAG_COMMON = 0xB7,
	TAG_CRT = 0xB9,
	TAG_TYPE = 0x80,
	TAG_LENGTH = 0x81,
	TAG_KID = 0x82,
	TAG_KVN = 0x83,
	TAG_KCV = 0x84,
	TAG_CURVE = 0x85,
	TAG_USAGE = 0x95,
	TAG_ACCESS = 0x96,
	TAG_PURPOSE = 0x97
};
enum { USAGE_ENC = 0x38, USAGE_MAC = 0x34, USAGE_DEK = 0xC8 }; /* GPCS 11.1.9, both ways */
enum { USAGE_VERIFY = 0x82, USAGE_SIGN = 0x42 };

/* ---- put ---- */

static void length_put(struct wr *w, size_t n)
{
	size_t mark = tlv_open(w, TAG_LENGTH);

	if (n > 0xFF)
		wr_u16(w, (uint16_t)n);
	else
		wr_u8(w, (uint8_t)n);
	tlv_close(w, mark);
}

static void use_put(struct wr *w, const struct key_dgi *k, size_t i, uint8_t type)
{
	const struct put_key_use *use = &k->put.use[i];
	uint8_t usage = k->kid[i] == 1 ? USAGE_ENC : k->kid[i] == 2 ? USAGE_MAC : USAGE_DEK;

	if (!key_value_is_secret(type))
		usage = type == KEY_TYPE_EC_PRIVATE ? USAGE_SIGN : USAGE_VERIFY;
	if (use->usage_n != 0)
		tlv_put(w, TAG_USAGE, span_of(use->usage, use->usage_n));
	else
		tlv_put_u8(w, TAG_USAGE, usage);
	if (use->access_n != 0)
		tlv_put_u8(w, TAG_ACCESS, use->access);
}

/* A template of table 11-92 or its like; a secret key has its check value at the end. */
static bool full_put(struct wr *w, const struct key_dgi *k, size_t i, uint8_t type, size_t length)
{
	size_t mark = tlv_open(w, TAG_CRT);
	uint8_t kcv[PUT_KEY_KCV];

	use_put(w, k, i, type);
	tlv_put_u8(w, TAG_TYPE, type);
	length_put(w, length);
	tlv_put_u8(w, TAG_KID, k->kid[i]);
	tlv_put_u8(w, TAG_KVN, k->put.version);
	if (key_value_is_secret(type)) {
		if (!key_value_check(type, &k->put.key[i], kcv))
			return false;
		tlv_put(w, TAG_KCV, SPAN(kcv));
	}
	tlv_close(w, mark);
	return true;
}

static void common_put(struct wr *w, const struct key_dgi *k)
{
	size_t mark = tlv_open(w, TAG_COMMON), purpose;

	tlv_put_u8(w, TAG_TYPE, key_value_type(&k->put, 0));
	length_put(w, k->put.key[0].n);
	tlv_put_u8(w, TAG_KVN, k->put.version);
	tlv_put_u8(w, TAG_ACCESS, k->put.use[0].access_n != 0 ? k->put.use[0].access : 0x00);
	if (k->purpose != 0) {
		purpose = tlv_open(w, TAG_PURPOSE);
		wr_u16(w, k->purpose);
		tlv_close(w, purpose);
	}
	tlv_close(w, mark);
}

static bool brief_put(struct wr *w, const struct key_dgi *k, size_t i)
{
	size_t mark = tlv_open(w, TAG_CRT);
	uint8_t kcv[PUT_KEY_KCV];

	if (key_value_type(&k->put, i) != key_value_type(&k->put, 0) ||
	    k->put.key[i].n != k->put.key[0].n ||
	    !key_value_check(key_value_type(&k->put, i), &k->put.key[i], kcv))
		return false;
	tlv_put_u8(w, TAG_KID, k->kid[i]);
	tlv_put(w, TAG_KCV, SPAN(kcv));
	tlv_close(w, mark);
	return true;
}

static bool secrets_put(struct wr *w, const struct key_dgi *k, const struct key *dek)
{
	uint8_t room[256], ct[KEY_VALUE_MAX];
	struct wr crts = wr_fixed(room, sizeof(room));
	size_t n;

	if (k->common)
		common_put(&crts, k);
	for (size_t i = 0; i < k->put.n; i++) {
		uint8_t type = key_value_type(&k->put, i);

		if (!key_value_is_secret(type) ||
		    !(k->common ? brief_put(&crts, k, i)
				: full_put(&crts, k, i, type, k->put.key[i].n)))
			return false;
	}
	dgi_put(w, DGI_KEYS, wr_span(&crts));
	for (size_t i = 0; i < k->put.n; i++) {
		if (!key_value_encrypt(k->put.des, dek, key_span(&k->put.key[i]), ct, &n))
			return false;
		dgi_put(w, DGI_SECRET, span_of(ct, n));
	}
	return wr_ok(&crts);
}

static bool rsa_put(struct wr *w, const struct key_dgi *k)
{
	const struct authority_key *a = &k->put.asymmetric;
	uint8_t room[128];
	struct wr crts = wr_fixed(room, sizeof(room));

	if (a->kind != AUTHORITY_RSA || !full_put(&crts, k, 0, KEY_TYPE_RSA_MODULUS, a->n_octets) ||
	    !full_put(&crts, k, 0, KEY_TYPE_RSA_EXPONENT, a->e_octets))
		return false;
	dgi_put(w, DGI_KEYS, wr_span(&crts));
	dgi_put(w, DGI_RSA_MODULUS, span_of(a->n, a->n_octets));
	dgi_put(w, DGI_RSA_EXPONENT, span_of(a->e, a->e_octets));
	return wr_ok(&crts);
}

static bool ec_put(struct wr *w, const struct key_dgi *k, const struct key *dek)
{
	const struct authority_key *a = &k->put.asymmetric;
	bool private = k->put.type[0] == KEY_TYPE_EC_PRIVATE;
	struct span value = private ? span_of(a->ec_half.b, a->ec_half.n) : ec_public_span(&a->ec);
	uint8_t room[128], ct[KEY_VALUE_MAX];
	struct wr crts = wr_fixed(room, sizeof(room));
	size_t mark, n;

	if (a->kind != AUTHORITY_EC || value.n == 0 ||
	    !full_put(&crts, k, 0, k->put.type[0], value.n))
		return false;
	mark = tlv_open(&crts, TAG_CRT);
	tlv_put_u8(&crts, TAG_TYPE, KEY_TYPE_EC_PARAMETER);
	tlv_put_u8(&crts, TAG_CURVE, curve_reference(a->ec.curve));
	tlv_close(&crts, mark);
	dgi_put(w, DGI_KEYS, wr_span(&crts));
	if (!private) {
		dgi_put(w, DGI_EC_PUBLIC, value);
		return wr_ok(&crts);
	}
	if (!key_value_encrypt(k->put.des, dek, value, ct, &n))
		return false;
	dgi_put(w, DGI_EC_PRIVATE, span_of(ct, n));
	return wr_ok(&crts);
}

bool key_dgi_put(struct wr *w, const struct key_dgi *k, const struct key *dek)
{
	size_t start = w->n;
	bool ok = k->put.n >= 1 && k->put.n <= PUT_KEY_KEYS && k->put.version >= 1 &&
		  k->put.version <= KEY_VERSION_MAX;

	if (ok && !put_key_is_asymmetric(&k->put))
		ok = secrets_put(w, k, dek);
	else if (ok && k->common) /* that form is for secret keys */
		ok = false;
	else if (ok)
		ok = k->put.type[0] == KEY_TYPE_RSA_MODULUS ? rsa_put(w, k) : ec_put(w, k, dek);
	if (!ok)
		wr_cut(w, start);
	return ok && wr_ok(w);
}

/* ---- get ---- */

/* One control reference template, or what B7 says for all of them. */
struct crt {
	uint8_t type, kid, version, curve;
	uint16_t length;
	bool has_type, has_length, has_kid, has_version, has_kcv, has_curve;
	uint8_t kcv[PUT_KEY_KCV];
	struct put_key_use use;
	uint16_t purpose;
};

static bool octet_get(struct span s, uint8_t *v, bool *has)
{
	struct rd r = rd_of(s);

	*has = true;
	return s.n == 1 && rd_u8(&r, v);
}

/* One octet or two. */
static bool number_get(struct span s, uint16_t *v)
{
	struct rd r = rd_of(s);
	uint8_t one;

	if (s.n == 2)
		return rd_u16(&r, v);
	if (s.n != 1 || !rd_u8(&r, &one))
		return false;
	*v = one;
	return true;
}

static bool crt_tag_get(const struct tlv *t, struct crt *c)
{
	struct rd r = rd_of(t->val);
	bool has;

	switch (t->tag) {
	case TAG_TYPE:
		return octet_get(t->val, &c->type, &c->has_type);
	case TAG_LENGTH:
		c->has_length = true;
		return number_get(t->val, &c->length);
	case TAG_KID:
		return octet_get(t->val, &c->kid, &c->has_kid);
	case TAG_KVN:
		return octet_get(t->val, &c->version, &c->has_version);
	case TAG_CURVE:
		return octet_get(t->val, &c->curve, &c->has_curve);
	case TAG_KCV:
		c->has_kcv = true;
		return t->val.n == PUT_KEY_KCV && rd_copy(&r, c->kcv, PUT_KEY_KCV);
	case TAG_USAGE:
		c->use.usage_n = (uint8_t)t->val.n;
		return t->val.n >= 1 && t->val.n <= sizeof(c->use.usage) &&
		       rd_copy(&r, c->use.usage, t->val.n);
	case TAG_ACCESS:
		c->use.access_n = 1;
		return octet_get(t->val, &c->use.access, &has);
	case TAG_PURPOSE:
		return t->val.n == 2 && number_get(t->val, &c->purpose);
	}
	return false;
}

/* What the template says itself goes over what *c holds already. */
static bool crt_get(struct span s, struct crt *c)
{
	struct rd r = rd_of(s);
	struct tlv t;

	while (rd_left(&r) > 0)
		if (!tlv_next(&r, &t) || !crt_tag_get(&t, c))
			return false;
	return true;
}

/* Everything that is announced, and where its values are. */
struct announced {
	struct crt crt[PUT_KEY_KEYS];
	size_t n;
	bool common;
	uint16_t purpose;
};

static bool announced_get(struct span s, struct announced *a)
{
	struct crt common = { 0 };
	struct rd r = rd_of(s);
	struct tlv t;

	while (rd_left(&r) > 0) {
		if (!tlv_next(&r, &t))
			return false;
		if (t.tag == TAG_COMMON && a->n == 0 && !a->common) {
			a->common = true;
			if (!crt_get(t.val, &common))
				return false;
			a->purpose = common.purpose;
			continue;
		}
		if (t.tag != TAG_CRT || a->n == PUT_KEY_KEYS)
			return false;
		a->crt[a->n] = common;
		if (!crt_get(t.val, &a->crt[a->n]) || !a->crt[a->n].has_type)
			return false;
		a->n++;
	}
	return a->n > 0;
}

static bool value_get(struct rd *groups, uint16_t id, struct span *value)
{
	struct dgi d;

	if (!dgi_next(groups, &d) || d.id != id)
		return false;
	*value = d.value;
	return true;
}

static bool names_key(const struct crt *c)
{
	return c->has_length && c->has_kid && c->has_version && c->version >= 1 &&
	       c->version <= KEY_VERSION_MAX;
}

static enum put_key_verdict secret_get(
    struct rd *groups, const struct crt *c, struct key_dgi *k, size_t i, const struct key *dek)
{
	uint8_t clear[KEY_VALUE_MAX], kcv[PUT_KEY_KCV];
	struct key *key = &k->put.key[i];
	struct span value;
	bool ok;

	if (!names_key(c) || !c->has_kcv || !key_value_is_secret(c->type) ||
	    c->version != k->put.version)
		return PUT_KEY_MALFORMED;
	ok = value_get(groups, DGI_SECRET, &value) &&
	     key_value_decrypt(k->put.des, dek, value, c->length, clear) &&
	     key_from(key, span_of(clear, c->length)) && key_value_check(c->type, key, kcv);
	wipe(clear, sizeof(clear));
	if (!ok)
		return PUT_KEY_MALFORMED;
	for (size_t n = 0; n < PUT_KEY_KCV; n++)
		k->put.kcv[i][n] = c->kcv[n];
	return ct_equal(SPAN(kcv), SPAN(c->kcv)) ? PUT_KEY_OK : PUT_KEY_BAD_KCV;
}

/* Modulus, exponent: of one key. */
static bool rsa_get(struct rd *groups, const struct announced *a, struct key_dgi *k)
{
	const struct crt *n = &a->crt[0], *e = &a->crt[1];
	struct span modulus, exponent, none = { NULL, 0 };

	return a->n == 2 && names_key(e) && e->type == KEY_TYPE_RSA_EXPONENT && e->kid == n->kid &&
	       e->version == n->version && value_get(groups, DGI_RSA_MODULUS, &modulus) &&
	       value_get(groups, DGI_RSA_EXPONENT, &exponent) && modulus.n == n->length &&
	       exponent.n == e->length &&
	       authority_rsa(&k->put.asymmetric, modulus, exponent, none);
}

/* The key and the reference of its curve; the length of a point may leave out its first octet. */
static bool ec_get(
    struct rd *groups, const struct announced *a, struct key_dgi *k, const struct key *dek)
{
	const struct crt *c = &a->crt[0];
	bool private = c->type == KEY_TYPE_EC_PRIVATE;
	uint8_t clear[KEY_VALUE_MAX];
	struct span value;
	enum ec_curve curve;
	bool ok;

	if (a->n != 2 || a->crt[1].type != KEY_TYPE_EC_PARAMETER || !a->crt[1].has_curve ||
	    !curve_from_reference(a->crt[1].curve, &curve) ||
	    !value_get(groups, private ? DGI_EC_PRIVATE : DGI_EC_PUBLIC, &value))
		return false;
	if (!private)
		return (c->length == value.n || c->length + 1u == value.n) &&
		       authority_ec(&k->put.asymmetric, curve, value);
	ok = c->length == ec_field(curve) &&
	     key_value_decrypt(k->put.des, dek, value, c->length, clear) &&
	     authority_ec_private(&k->put.asymmetric, curve, span_of(clear, c->length));
	wipe(clear, sizeof(clear));
	return ok;
}

static enum put_key_verdict keys_get(
    struct rd *groups, const struct announced *a, struct key_dgi *k, const struct key *dek)
{
	enum put_key_verdict v = PUT_KEY_OK;

	k->put.n = a->n;
	for (size_t i = 0; i < a->n && v == PUT_KEY_OK; i++) {
		k->put.type[i] = a->crt[i].type;
		k->put.use[i] = a->crt[i].use;
		k->kid[i] = a->crt[i].kid;
		v = secret_get(groups, &a->crt[i], k, i, dek);
	}
	return v;
}

enum put_key_verdict key_dgi_get(struct rd *groups, const struct key *dek, struct key_dgi *k)
{
	struct key_dgi got = { .put.des = k->put.des };
	enum put_key_verdict v = PUT_KEY_MALFORMED;
	struct announced a = { 0 };
	const struct crt *first = &a.crt[0];
	struct span template;

	if (!value_get(groups, DGI_KEYS, &template) || !announced_get(template, &a) ||
	    !names_key(first))
		return v;
	got.common = a.common;
	got.purpose = a.purpose;
	got.put.version = first->version;
	if (key_value_is_secret(first->type)) {
		v = keys_get(groups, &a, &got, dek);
	} else if (!a.common) {
		got.put.n = 1;
		got.put.type[0] = first->type;
		got.put.use[0] = first->use;
		got.kid[0] = first->kid;
		if (first->type == KEY_TYPE_RSA_MODULUS ? rsa_get(groups, &a, &got)
							: (first->type == KEY_TYPE_EC_PUBLIC ||
							      first->type == KEY_TYPE_EC_PRIVATE) &&
							      ec_get(groups, &a, &got, dek))
			v = PUT_KEY_OK;
	}
	if (v == PUT_KEY_OK)
		*k = got;
	wipe(&got, sizeof(got));
	return v;
}
