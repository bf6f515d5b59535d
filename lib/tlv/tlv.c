#include "tlv/tlv.h"

enum {
	TAG_CONSTRUCTED = 0x20,
	TAG_NUMBER = 0x1F, /* all ones: the number follows in further octets */
	TAG_MORE = 0x80,
	LENGTH_LONG = 0x80,
	LENGTH_OCTETS_MAX = 4,
	DEPTH_MAX = 8,
	/* ETSI TS 102 226 5.2.1: these hold whole APDUs, although bit 6 says "constructed". */
	TAG_C_APDU = 0x22,
	TAG_R_APDU = 0x23
};

static bool get_tag(struct rd *r, uint32_t *tag)
{
	uint8_t b;

	if (!rd_u8(r, &b))
		return false;
	*tag = b;
	if ((b & TAG_NUMBER) != TAG_NUMBER)
		return true;
	for (int i = 0; i < 2; i++) {
		if (!rd_u8(r, &b) || (i == 0 && b == TAG_MORE))
			return false;
		*tag = *tag << 8 | b;
		if ((b & TAG_MORE) == 0)
			return true;
	}
	return false;
}

static bool get_length(struct rd *r, size_t *n, bool *minimal)
{
	uint8_t first, b;
	size_t v = 0;
	int octets;

	if (!rd_u8(r, &first))
		return false;
	if (first < LENGTH_LONG) {
		*n = first;
		*minimal = true;
		return true;
	}
	octets = first & ~LENGTH_LONG;
	if (octets == 0 || octets > LENGTH_OCTETS_MAX)
		return false;
	for (int i = 0; i < octets; i++) {
		if (!rd_u8(r, &b))
			return false;
		v = v << 8 | b;
	}
	*n = v;
	*minimal = octets == 1 ? v >= LENGTH_LONG : v >> (8 * (octets - 1)) != 0;
	return true;
}

bool tlv_next(struct rd *r, struct tlv *t)
{
	struct rd at = *r;
	struct tlv got;
	size_t n;

	if (!get_tag(&at, &got.tag) || !get_length(&at, &n, &got.minimal) ||
	    !rd_take(&at, n, &got.val))
		return false;
	*r = at;
	*t = got;
	return true;
}

bool tlv_find(struct span s, uint32_t tag, struct span *val)
{
	struct rd r = rd_of(s);
	struct tlv t;

	while (tlv_next(&r, &t)) {
		if (t.tag != tag)
			continue;
		*val = t.val;
		return true;
	}
	return false;
}

bool tlv_expect(struct rd *r, uint32_t tag, struct span *val)
{
	struct rd at = *r;
	struct tlv t;

	if (!tlv_next(&at, &t) || t.tag != tag)
		return false;
	*r = at;
	*val = t.val;
	return true;
}

bool tlv_expect_n(struct rd *r, uint32_t tag, void *to, size_t n)
{
	struct rd at = *r, in;
	struct span val;

	if (!tlv_expect(&at, tag, &val) || val.n != n)
		return false;
	in = rd_of(val);
	if (!rd_copy(&in, to, n))
		return false;
	*r = at;
	return true;
}

bool tlv_constructed(uint32_t tag)
{
	uint32_t first = tag;

	if (tag == TAG_C_APDU || tag == TAG_R_APDU)
		return false;
	while (first > 0xFF)
		first >>= 8;
	return (first & TAG_CONSTRUCTED) != 0;
}

static bool canonical(struct span s, int depth)
{
	struct rd r = rd_of(s);
	struct tlv t;

	while (rd_left(&r) > 0) {
		if (!tlv_next(&r, &t) || !t.minimal)
			return false;
		if (!tlv_constructed(t.tag))
			continue;
		if (depth == DEPTH_MAX || !canonical(t.val, depth + 1))
			return false;
	}
	return true;
}

bool tlv_canonical(struct span s)
{
	return canonical(s, 1);
}

static void put_tag(struct wr *w, uint32_t tag)
{
	if (tag > 0xFFFFFF)
		w->full = true;
	else if (tag > 0xFFFF)
		wr_u24(w, tag);
	else if (tag > 0xFF)
		wr_u16(w, (uint16_t)tag);
	else
		wr_u8(w, (uint8_t)tag);
}

static void put_length(struct wr *w, size_t n)
{
	if (n < LENGTH_LONG) {
		wr_u8(w, (uint8_t)n);
	} else if (n <= 0xFF) {
		wr_u8(w, LENGTH_LONG | 1);
		wr_u8(w, (uint8_t)n);
	} else if (n <= 0xFFFF) {
		wr_u8(w, LENGTH_LONG | 2);
		wr_u16(w, (uint16_t)n);
	} else if (n <= 0xFFFFFF) {
		wr_u8(w, LENGTH_LONG | 3);
		wr_u24(w, (uint32_t)n);
	} else if (n <= 0xFFFFFFFF) {
		wr_u8(w, LENGTH_LONG | 4);
		wr_u32(w, (uint32_t)n);
	} else {
		w->full = true;
	}
}

void tlv_put(struct wr *w, uint32_t tag, struct span val)
{
	put_tag(w, tag);
	put_length(w, val.n);
	wr_put(w, val);
}

void tlv_put_u8(struct wr *w, uint32_t tag, uint8_t v)
{
	tlv_put(w, tag, span_of(&v, 1));
}

void tlv_put_u32(struct wr *w, uint32_t tag, uint32_t v)
{
	uint8_t b[4];

	put_u32(b, v);
	tlv_put(w, tag, SPAN(b));
}

size_t tlv_open(struct wr *w, uint32_t tag)
{
	put_tag(w, tag);
	return w->n;
}

void tlv_close(struct wr *w, size_t mark)
{
	uint8_t b[1 + LENGTH_OCTETS_MAX];
	struct wr length = wr_fixed(b, sizeof(b));

	if (mark > w->n) {
		w->full = true;
		return;
	}
	put_length(&length, w->n - mark);
	if (length.full)
		w->full = true;
	wr_insert(w, mark, wr_span(&length));
}
