#include "gp/card_data.h"

#include "tlv/tlv.h"

/* Card Data (GPCS H.2): application tags inside 73, each with object identifiers. */
enum {
	TAG_RECOGNITION = 0x73,
	TAG_OID = 0x06,
	TAG_MANAGEMENT = 0x60, /* version of the specification */
	TAG_IDENTIFICATION = 0x63,
	TAG_SCP_OPTION = 0x64
};
enum { ARC_RECOGNITION = 1, ARC_MANAGEMENT, ARC_IDENTIFICATION, ARC_SCP };

/* Capabilities (GPCS H.4). */
enum { TAG_SCP_ENTRY = 0xA0, TAG_SCP_ID = 0x80, TAG_SCP_IS = 0x81, TAG_KEY_SIZES = 0x82 };

/* Key Information Template (GPCS 11.3.3.1). */
enum { TAG_KEY_ENTRY = 0xC0, TYPE_EXTENDED = 0xFF, LENGTH_LARGE = 256 };

static const uint8_t oid_gp[] = { 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B }; /* 1.2.840.114283 */

/* An identifier of GlobalPlatform: gives its next arc and lends what follows. */
static bool oid_get(struct span oid, uint8_t *arc, struct rd *rest)
{
	struct rd r = rd_of(oid);
	struct span prefix;

	if (!span_starts(oid, SPAN(oid_gp)) || !rd_take(&r, sizeof(oid_gp), &prefix) ||
	    !rd_u8(&r, arc))
		return false;
	*rest = r;
	return true;
}

static void version_get(struct rd *r, struct card_data *d)
{
	while (d->version_n < sizeof(d->version) && rd_u8(r, &d->version[d->version_n]))
		d->version_n++;
}

/* scp in one octet (cards write 80 as it is), then i as an arc in base 128: 9B 06 is 0D86. */
static void option_get(struct rd *r, struct card_data *d)
{
	struct scp_option o = { 0 };
	uint32_t i = 0;
	uint8_t b;

	if (d->scp_n == CARD_DATA_SCPS || !rd_u8(r, &o.scp))
		return;
	do {
		if (!rd_u8(r, &b))
			return;
		i = i << 7 | (b & 0x7F);
		if (i > 0xFFFF)
			return;
	} while ((b & 0x80) != 0);
	o.i = (uint16_t)i;
	d->scp[d->scp_n++] = o;
}

/* One application tag; a 64 may hold several identifiers. */
static void object_get(const struct tlv *object, struct card_data *d)
{
	struct rd r = rd_of(object->val), rest;
	struct tlv t;
	uint8_t arc;

	while (tlv_next(&r, &t)) {
		if (t.tag != TAG_OID || !oid_get(t.val, &arc, &rest))
			continue;
		if (object->tag == TAG_MANAGEMENT && arc == ARC_MANAGEMENT && d->version_n == 0)
			version_get(&rest, d);
		if (object->tag == TAG_SCP_OPTION && arc == ARC_SCP)
			option_get(&rest, d);
	}
}

bool card_data_get(struct span data, struct card_data *d)
{
	struct card_data got = { 0 };
	struct span in = data;
	struct tlv t;
	struct rd r;

	if (!tlv_find(data, TAG_CARD_DATA, &in))
		in = data;
	if (!tlv_find(in, TAG_RECOGNITION, &in))
		return false;
	r = rd_of(in);
	while (rd_left(&r) > 0) {
		if (!tlv_next(&r, &t))
			return false;
		object_get(&t, &got);
	}
	*d = got;
	return true;
}

/* 06 { GlobalPlatform, arc, rest }, in a template of its own unless tag is 0. */
static void oid_put(struct wr *w, uint32_t tag, uint8_t arc, struct span rest)
{
	size_t outer = tag == 0 ? 0 : tlv_open(w, tag);
	size_t inner = tlv_open(w, TAG_OID);

	wr_put(w, SPAN(oid_gp));
	wr_u8(w, arc);
	wr_put(w, rest);
	tlv_close(w, inner);
	if (tag != 0)
		tlv_close(w, outer);
}

static void option_put(struct wr *w, const struct scp_option *o)
{
	uint8_t b[4];
	struct wr arcs = wr_fixed(b, sizeof(b));

	wr_u8(&arcs, o->scp);
	if (o->i >= 1 << 14)
		wr_u8(&arcs, (uint8_t)(0x80 | o->i >> 14));
	if (o->i >= 1 << 7)
		wr_u8(&arcs, (uint8_t)(0x80 | (o->i >> 7 & 0x7F)));
	wr_u8(&arcs, o->i & 0x7F);
	oid_put(w, TAG_SCP_OPTION, ARC_SCP, wr_span(&arcs));
}

void card_data_put(struct wr *w, const struct card_data *d)
{
	size_t outer = tlv_open(w, TAG_CARD_DATA);
	size_t inner = tlv_open(w, TAG_RECOGNITION);

	oid_put(w, 0, ARC_RECOGNITION, span_of(NULL, 0));
	if (d->version_n > 0)
		oid_put(w, TAG_MANAGEMENT, ARC_MANAGEMENT, span_of(d->version, d->version_n));
	oid_put(w, TAG_IDENTIFICATION, ARC_IDENTIFICATION, span_of(NULL, 0));
	for (size_t i = 0; i < d->scp_n; i++)
		option_put(w, &d->scp[i]);
	tlv_close(w, inner);
	tlv_close(w, outer);
}

/* One A0: no scp in it, or a form we do not know, is passed over. */
static void capability_get(struct span entry, struct capabilities *c)
{
	struct capability got = { 0 };
	struct span val;
	struct rd r;

	if (c->n == CARD_DATA_SCPS || !tlv_find(entry, TAG_SCP_ID, &val))
		return;
	r = rd_of(val);
	if (!rd_u8(&r, &got.scp))
		return;
	if (tlv_find(entry, TAG_SCP_IS, &val)) {
		r = rd_of(val);
		while (got.i_n < CAPABILITY_IS && rd_u8(&r, &got.i[got.i_n]))
			got.i_n++;
	}
	if (tlv_find(entry, TAG_KEY_SIZES, &val)) {
		r = rd_of(val);
		if (!rd_u8(&r, &got.key_sizes))
			return;
	}
	c->scp[c->n++] = got;
}

bool capabilities_get(struct span data, struct capabilities *c)
{
	struct capabilities got = { 0 };
	struct span in = data;
	struct tlv t;
	struct rd r;

	/* A card has been seen that puts one 67 into another. */
	for (int depth = 0; depth < 2 && tlv_find(in, TAG_CAPABILITIES, &in); depth++)
		;
	r = rd_of(in);
	while (rd_left(&r) > 0) {
		if (!tlv_next(&r, &t))
			return false;
		if (t.tag == TAG_SCP_ENTRY)
			capability_get(t.val, &got);
	}
	*c = got;
	return true;
}

void capabilities_put(struct wr *w, const struct capabilities *c)
{
	size_t outer = tlv_open(w, TAG_CAPABILITIES);

	for (size_t k = 0; k < c->n; k++) {
		const struct capability *s = &c->scp[k];
		size_t entry = tlv_open(w, TAG_SCP_ENTRY);

		tlv_put_u8(w, TAG_SCP_ID, s->scp);
		tlv_put(w, TAG_SCP_IS, span_of(s->i, s->i_n));
		if (s->key_sizes != 0)
			tlv_put_u8(w, TAG_KEY_SIZES, s->key_sizes);
		tlv_close(w, entry);
	}
	tlv_close(w, outer);
}

/* Usage and access, each with its length, and nothing behind them. */
static bool usage_get(struct rd r, struct key_info *k)
{
	struct span usage, access;
	struct rd u, a;

	if (!rd_lv(&r, &usage) || !rd_lv(&r, &access) || rd_left(&r) > 0 ||
	    usage.n > sizeof(k->usage) || access.n > 1)
		return false;
	u = rd_of(usage);
	a = rd_of(access);
	if (!rd_copy(&u, k->usage, usage.n) || !rd_copy(&a, &k->access, access.n))
		return false;
	k->usage_n = (uint8_t)usage.n;
	k->access_n = (uint8_t)access.n;
	return true;
}

/* Extended form: further components of type and length, some with FF before them, then usage and
 * access. A tail that fits no form tells nothing. */
static void extended_tail_get(struct rd r, struct key_info *k)
{
	uint16_t n;
	uint8_t b;

	while (rd_left(&r) > 0 && !usage_get(r, k)) {
		if (!rd_u8(&r, &b) || (b == TYPE_EXTENDED && !rd_u8(&r, &b)) || !rd_u16(&r, &n))
			return;
	}
}

/*
 * KID, KVN, then the first component: type and length of one octet, or FF, type and length of
 * two. Cards mix the two in one entry, so of the other components nothing is kept. A key without
 * a component keeps type and length 0.
 */
static bool key_info_get(struct span entry, struct key_info *k)
{
	struct key_info got = { 0 };
	struct rd r = rd_of(entry);
	uint8_t n;

	if (!rd_u8(&r, &got.id) || !rd_u8(&r, &got.version))
		return false;
	if (rd_u8(&r, &got.type)) {
		if (got.type == TYPE_EXTENDED) {
			if (!rd_u8(&r, &got.type) || !rd_u16(&r, &got.length))
				return false;
			extended_tail_get(r, &got);
		} else {
			if (!rd_u8(&r, &n))
				return false;
			got.length = n == 0 ? LENGTH_LARGE : n;
			if (rd_left(&r) == 2 && rd_u8(&r, &got.second) && rd_u8(&r, &n))
				got.second_length = n == 0 && got.second != KEY_TYPE_EC_PARAMETER
							? LENGTH_LARGE
							: n;
		}
	}
	*k = got;
	return true;
}

bool key_infos_get(struct span data, struct key_infos *k)
{
	struct key_infos got = { 0 };
	struct span in = data;
	struct tlv t;
	struct rd r;

	if (!tlv_find(data, TAG_KEY_INFORMATION, &in))
		in = data;
	r = rd_of(in);
	while (rd_left(&r) > 0 && got.n < KEY_INFO_MAX) {
		if (!tlv_next(&r, &t))
			return false;
		if (t.tag == TAG_KEY_ENTRY && key_info_get(t.val, &got.key[got.n]))
			got.n++;
	}
	*k = got;
	return true;
}

void key_infos_put(struct wr *w, const struct key_infos *k)
{
	size_t outer = tlv_open(w, TAG_KEY_INFORMATION);

	for (size_t i = 0; i < k->n; i++) {
		const struct key_info *key = &k->key[i];
		size_t entry = tlv_open(w, TAG_KEY_ENTRY);

		wr_u8(w, key->id);
		wr_u8(w, key->version);
		wr_u8(w, key->type);
		wr_u8(w, key->length >= LENGTH_LARGE ? 0 : (uint8_t)key->length);
		if (key->second != 0) {
			wr_u8(w, key->second);
			wr_u8(w,
			    key->second_length >= LENGTH_LARGE ? 0 : (uint8_t)key->second_length);
		}
		tlv_close(w, entry);
	}
	tlv_close(w, outer);
}

const struct cplc_field cplc_fields[] = {
	{ "ic_fabricator", 0, 2, false },
	{ "ic_type", 2, 2, false },
	{ "os_id", 4, 2, false },
	{ "os_release_date", 6, 2, true },
	{ "os_release_level", 8, 2, false },
	{ "ic_fabrication_date", 10, 2, true },
	{ "ic_serial_number", 12, 4, false },
	{ "ic_batch_id", 16, 2, false },
	{ "module_fabricator", 18, 2, false },
	{ "module_packaging_date", 20, 2, true },
	{ "icc_manufacturer", 22, 2, false },
	{ "embedding_date", 24, 2, true },
	{ "prepersonalizer", 26, 2, false },
	{ "prepersonalization_date", 28, 2, true },
	{ "prepersonalization_equipment", 30, 4, false },
	{ "personalizer", 34, 2, false },
	{ "personalization_date", 36, 2, true },
	{ "personalization_equipment", 38, 4, false },
};
const size_t cplc_field_n = sizeof(cplc_fields) / sizeof(cplc_fields[0]);

bool cplc_get(struct span data, struct span *cplc)
{
	enum { HEADER_SIZE = 3 }; /* 9F 7F 2A */
	static const uint8_t tag[] = { TAG_CPLC >> 8, TAG_CPLC & 0xFF };

	/* The length octet of some cards is wrong: the octets that are there count. */
	if (data.n == HEADER_SIZE + CPLC_SIZE && span_starts(data, SPAN(tag))) {
		*cplc = span_sub(data, HEADER_SIZE, CPLC_SIZE);
		return true;
	}
	if (data.n != CPLC_SIZE)
		return false;
	*cplc = data;
	return true;
}
