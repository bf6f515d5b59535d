#include "apdu/atr.h"

enum { TS_INVERSE = 0x3F, TS_DIRECT = 0x3B };

/* TAi to TDi as the indicator announces them; TDi in *next, 0 when there is none. */
static bool group_get(struct rd *r, unsigned i, uint8_t announced, struct atr *a, uint8_t *next)
{
	uint8_t b;

	*next = 0;
	if ((announced & 0x10) != 0) {
		if (!rd_u8(r, &b))
			return false;
		if (i == 1) {
			a->has_ta1 = true;
			a->ta1 = b;
		}
	}
	if ((announced & 0x20) != 0 && !rd_u8(r, &b))
		return false;
	if ((announced & 0x40) != 0 && !rd_u8(r, &b))
		return false;
	if ((announced & 0x80) == 0)
		return true;
	if (!rd_u8(r, next))
		return false;
	a->protocols |= (uint16_t)(1u << (*next & 0x0F));
	return true;
}

static bool check_get(struct span s, struct rd *r, struct atr *a)
{
	struct rd all = rd_of(span_sub(s, 1, s.n - 1));
	uint8_t sum = 0, b;

	a->check_ok = true;
	if (rd_left(r) == 0)
		return true;
	if (rd_left(r) > 1)
		return false;
	a->has_check = true;
	while (rd_u8(&all, &b))
		sum ^= b;
	a->check_ok = sum == 0;
	return true;
}

bool atr_get(struct span s, struct atr *a)
{
	struct atr got = { 0 };
	struct rd r = rd_of(s);
	uint8_t ts, t0, announced;

	if (s.n > ATR_MAX || !rd_u8(&r, &ts) || (ts != TS_DIRECT && ts != TS_INVERSE) ||
	    !rd_u8(&r, &t0))
		return false;
	got.inverse = ts == TS_INVERSE;
	announced = t0;
	for (unsigned i = 1; announced >= 0x10; i++)
		if (!group_get(&r, i, announced, &got, &announced))
			return false;
	if (got.protocols == 0)
		got.protocols = 1; /* without TD1 the card speaks T=0 (ISO 7816-3 8.2.3) */
	if (!rd_take(&r, t0 & 0x0F, &got.historical) || !check_get(s, &r, &got))
		return false;
	*a = got;
	return true;
}

unsigned atr_fi(uint8_t ta1)
{
	static const uint16_t fi[16] = { 372, 372, 558, 744, 1116, 1488, 1860, 0, 0, 512, 768, 1024,
		1536, 2048, 0, 0 };

	return fi[ta1 >> 4];
}

unsigned atr_di(uint8_t ta1)
{
	static const uint8_t di[16] = { 0, 1, 2, 4, 8, 16, 32, 64, 12, 20, 0, 0, 0, 0, 0, 0 };

	return di[ta1 & 0x0F];
}

/* COMPACT-TLV behind category 00 (with three octets of status at the end) or 80; the third octet of
 * the card capabilities, tag 7, has the bit. */
bool atr_extended(struct span historical)
{
	enum { CAPABILITIES = 7, EXTENDED = 0x40, STATUS_SIZE = 3 };
	struct rd r = rd_of(historical), v;
	struct span val;
	uint8_t b;

	if (!rd_u8(&r, &b) || (b != 0x00 && b != 0x80) || (b == 0x00 && rd_left(&r) < STATUS_SIZE))
		return false;
	if (b == 0x00)
		r = rd_of(span_sub(historical, 1, historical.n - 1 - STATUS_SIZE));
	while (rd_u8(&r, &b) && rd_take(&r, b & 0x0F, &val)) {
		v = rd_of(span_sub(val, 2, 1));
		if (b >> 4 == CAPABILITIES)
			return rd_u8(&v, &b) && (b & EXTENDED) != 0;
	}
	return false;
}
