#include "bundle/bundle.h"

/* Lead octet of a UTF-8 sequence: how many follow, and the bits it gives. */
static bool utf8_lead(uint8_t c, unsigned *more, uint32_t *bits)
{
	static const struct {
		uint8_t mask, lead;
	} kinds[] = { { 0x80, 0x00 }, { 0xE0, 0xC0 }, { 0xF0, 0xE0 }, { 0xF8, 0xF0 } };

	for (unsigned i = 0; i < 4; i++) {
		if ((c & kinds[i].mask) != kinds[i].lead)
			continue;
		*more = i;
		*bits = c & ~kinds[i].mask & 0xFFu;
		return true;
	}
	return false;
}

bool bundle_text_ok(struct span s, size_t max)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	struct rd r = rd_of(s);
	uint8_t c;

	if (s.n == 0 || s.n > max)
		return false;
	while (rd_u8(&r, &c)) {
		unsigned more;
		uint32_t u;

		if (!utf8_lead(c, &more, &u))
			return false;
		for (unsigned i = 0; i < more; i++) {
			if (!rd_u8(&r, &c) || (c & 0xC0) != 0x80)
				return false;
			u = u << 6 | (c & 0x3F);
		}
		if (u < least[more] || u > 0x10FFFF || (u >= 0xD800 && u <= 0xDFFF))
			return false;
		if (u < 0x20 || (u >= 0x7F && u < 0xA0))
			return false; /* would drive the terminal */
	}
	return true;
}

bool bundle_date_ok(uint32_t date)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	uint32_t y = date / 10000, m = date / 100 % 100, d = date % 100;
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

	if (y < 1970 || y > 9999 || m < 1 || m > 12 || d < 1)
		return false;
	return d <= days[m - 1] + (m == 2 && leap ? 1u : 0u);
}
