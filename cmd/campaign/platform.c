#include "cmd/campaign/platform.h"

#include <string.h>

#include "base/hex.h"

static bool printable(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 || s.p[i] > 0x7E)
			return false;
	return true;
}

int platform_from(const char *text, uint8_t out[static PLATFORM_SIZE], struct err *e)
{
	struct span s = span_str(text);

	if (hex_exact(s, out, PLATFORM_SIZE))
		return 0;
	if (s.n != PLATFORM_SIZE || !printable(s))
		return err_set(e, ERR_USAGE,
		    "--platform: '%s' is not 8 ASCII characters or 16 hex digits", text);
	memcpy(out, s.p, PLATFORM_SIZE);
	return 0;
}

char *platform_str(const uint8_t p[static PLATFORM_SIZE], char out[static PLATFORM_TEXT])
{
	if (!printable(span_of(p, PLATFORM_SIZE)))
		return hex_put(span_of(p, PLATFORM_SIZE), out, PLATFORM_TEXT);
	memcpy(out, p, PLATFORM_SIZE);
	out[PLATFORM_SIZE] = '\0';
	return out;
}
