#include "gp/strict.h"

bool strict_ahead(const struct rd *r, uint32_t tag)
{
	struct rd ahead = *r;
	struct tlv t;

	return tlv_next(&ahead, &t) && t.tag == tag;
}

bool strict_get(struct rd *r, uint32_t tag, size_t least, size_t most, struct span *value)
{
	struct rd ahead = *r;
	struct tlv t;

	if (!tlv_next(&ahead, &t) || t.tag != tag || !t.minimal || t.val.n < least ||
	    t.val.n > most)
		return false;
	*r = ahead;
	*value = t.val;
	return true;
}

bool strict_maybe(struct rd *r, uint32_t tag, size_t least, size_t most, struct span *value)
{
	*value = span_of(NULL, 0);
	return !strict_ahead(r, tag) || strict_get(r, tag, least, most, value);
}

bool strict_whole(struct rd *r, uint32_t tag, struct span *whole)
{
	struct rd ahead = *r;
	struct span value;

	return strict_get(&ahead, tag, 0, SIZE_MAX, &value) &&
	       rd_take(r, rd_left(r) - rd_left(&ahead), whole);
}

/* A value of n octets, as a reader of its own. */
static bool number(struct rd *r, uint32_t tag, size_t n, struct rd *in)
{
	struct span v;

	if (!strict_get(r, tag, n, n, &v))
		return false;
	*in = rd_of(v);
	return true;
}

bool strict_u8(struct rd *r, uint32_t tag, uint8_t *v)
{
	struct rd in;

	return number(r, tag, 1, &in) && rd_u8(&in, v);
}

bool strict_u16(struct rd *r, uint32_t tag, uint16_t *v)
{
	struct rd in;

	return number(r, tag, 2, &in) && rd_u16(&in, v);
}

bool strict_u32(struct rd *r, uint32_t tag, uint32_t *v)
{
	struct rd in;

	return number(r, tag, 4, &in) && rd_u32(&in, v);
}

bool strict_u64(struct rd *r, uint32_t tag, uint64_t *v)
{
	struct rd in;

	return number(r, tag, 8, &in) && rd_u64(&in, v);
}

bool strict_only(struct span s, uint32_t tag, struct span *value)
{
	struct rd r = rd_of(s);

	return strict_get(&r, tag, 0, SIZE_MAX, value) && rd_left(&r) == 0;
}

void strict_put_u16(struct wr *w, uint32_t tag, uint16_t v)
{
	uint8_t b[2];
	struct wr in = wr_fixed(b, sizeof(b));

	wr_u16(&in, v);
	tlv_put(w, tag, SPAN(b));
}

void strict_put_u64(struct wr *w, uint32_t tag, uint64_t v)
{
	uint8_t b[8];

	put_u64(b, v);
	tlv_put(w, tag, SPAN(b));
}
