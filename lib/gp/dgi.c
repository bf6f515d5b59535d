#include "gp/dgi.h"

enum { LONG_LENGTH = 0xFF };

bool dgi_next(struct rd *r, struct dgi *d)
{
	struct rd at = *r;
	struct dgi got;
	uint16_t n;
	uint8_t one;

	if (!rd_u16(&at, &got.id) || !rd_u8(&at, &one))
		return false;
	n = one;
	if (one == LONG_LENGTH && !rd_u16(&at, &n))
		return false;
	if (!rd_take(&at, n, &got.value))
		return false;
	*r = at;
	*d = got;
	return true;
}

void dgi_put(struct wr *w, uint16_t id, struct span value)
{
	if (value.n > 0xFFFF)
		w->full = true;
	wr_u16(w, id);
	if (value.n < LONG_LENGTH) {
		wr_u8(w, (uint8_t)value.n);
	} else {
		wr_u8(w, LONG_LENGTH);
		wr_u16(w, (uint16_t)value.n);
	}
	wr_put(w, value);
}

bool dgi_sound(struct span s)
{
	struct rd r = rd_of(s);
	struct dgi d;

	while (rd_left(&r) > 0)
		if (!dgi_next(&r, &d))
			return false;
	return true;
}
