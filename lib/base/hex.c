#include "base/hex.h"

static char *put(struct span s, char *out, size_t cap, const char *digits)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && n + 2 < cap; i++) {
		out[n++] = digits[s.p[i] >> 4];
		out[n++] = digits[s.p[i] & 0x0F];
	}
	if (cap > 0)
		out[n] = '\0';
	return out;
}

char *hex_put(struct span s, char *out, size_t cap)
{
	return put(s, out, cap, "0123456789ABCDEF");
}

char *hex_put_lower(struct span s, char *out, size_t cap)
{
	return put(s, out, cap, "0123456789abcdef");
}

static int digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

bool hex_get(struct span text, uint8_t *out, size_t cap, size_t *n)
{
	size_t len = 0, i = 0;

	while (i < text.n) {
		int hi, lo;

		if (text.p[i] == ' ' || text.p[i] == '\t' || text.p[i] == '\n' ||
		    text.p[i] == '\r') {
			i++;
			continue;
		}
		hi = digit(text.p[i]);
		lo = i + 1 < text.n ? digit(text.p[i + 1]) : -1;
		if (hi < 0 || lo < 0 || len >= cap)
			return false;
		out[len++] = (uint8_t)(hi << 4 | lo);
		i += 2;
	}
	*n = len;
	return true;
}

bool hex_exact(struct span text, uint8_t *out, size_t n)
{
	size_t got;

	return hex_get(text, out, n, &got) && got == n;
}
