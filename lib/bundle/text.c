#include "bundle/bundle.h"

#include "base/text.h"

bool bundle_text_ok(struct span s, size_t max)
{
	struct rd r = rd_of(s);
	uint32_t c;

	if (s.n == 0 || s.n > max)
		return false;
	while (rd_left(&r) > 0)
		if (!utf8_next(&r, &c) || char_is_control(c))
			return false; /* would drive the terminal */
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
