#include "gp/lv.h"

void ber_lv_put(struct wr *w, struct span s)
{
	if (s.n > 0xFFFF) {
		w->full = true;
	} else if (s.n > 0xFF) {
		wr_u8(w, 0x82);
		wr_u16(w, (uint16_t)s.n);
	} else {
		if (s.n >= 0x80)
			wr_u8(w, 0x81);
		wr_u8(w, (uint8_t)s.n);
	}
	wr_put(w, s);
}

bool ber_lv_get(struct rd *r, struct span *s)
{
	struct rd at = *r;
	uint8_t first, one;
	uint16_t n;

	if (!rd_u8(&at, &first))
		return false;
	n = first;
	if (first == 0x81) {
		if (!rd_u8(&at, &one))
			return false;
		n = one;
	} else if (first == 0x82) {
		if (!rd_u16(&at, &n))
			return false;
	} else if (first > 0x82) {
		return false;
	}
	if (!rd_take(&at, n, s))
		return false;
	*r = at;
	return true;
}

void token_text_put(struct wr *w, uint8_t p1, uint8_t p2, struct span data)
{
	wr_u8(w, p1);
	wr_u8(w, p2);
	if (data.n > 0xFF)
		wr_u24(w, (uint32_t)data.n);
	else
		wr_u8(w, (uint8_t)data.n);
	wr_put(w, data);
}
