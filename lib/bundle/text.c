#include "bundle/bundle.h"

#include "base/text.h"
#include "base/value.h"

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
	return date >= 19700101 && date_ok(date);
}
