#include "base/value.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* n characters, all of them digits: at most ten, so that 64 bits do. */
static bool digits(const char *text, size_t n, uint32_t *v)
{
	uint64_t x = 0;

	if (n == 0 || n > 10)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		x = x * 10 + (uint64_t)(text[i] - '0');
	}
	if (x > UINT32_MAX)
		return false;
	*v = (uint32_t)x;
	return true;
}

bool decimal_get(const char *text, uint32_t *v)
{
	return digits(text, strlen(text), v);
}

char luhn_digit(const char *digits, size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned d = (unsigned)(digits[n - 1 - i] - '0') * (i % 2 == 0 ? 2 : 1);

		sum += d / 10 + d % 10;
	}
	return (char)('0' + (10 - sum % 10) % 10);
}

bool date_ok(uint32_t date)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	uint32_t y = date / 10000, m = date / 100 % 100, d = date % 100;
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

	if (y < 1 || y > 9999 || m < 1 || m > 12 || d < 1)
		return false;
	return d <= days[m - 1] + (m == 2 && leap ? 1u : 0u);
}

bool date_get(const char *text, uint32_t *date)
{
	uint32_t y, m, d, x;

	if (strlen(text) != 10 || text[4] != '-' || text[7] != '-' || !digits(text, 4, &y) ||
	    !digits(text + 5, 2, &m) || !digits(text + 8, 2, &d))
		return false;
	x = y * 10000 + m * 100 + d;
	if (y < 2000 || !date_ok(x))
		return false;
	*date = x;
	return true;
}

char *date_str(uint32_t date, char out[static DATE_SIZE])
{
	snprintf(
	    out, DATE_SIZE, "%04u-%02u-%02u", date / 10000 % 10000, date / 100 % 100, date % 100);
	return out;
}

char *time_str(int64_t seconds, char out[static TIME_SIZE])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(out, TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(out, TIME_SIZE, "%lld", (long long)seconds);
	return out;
}

int64_t time_now_ms(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint32_t date_today(void)
{
	time_t now = time(NULL);
	struct tm tm;

	if (now == (time_t)-1 || localtime_r(&now, &tm) == NULL)
		return UINT32_MAX;
	return (uint32_t)(tm.tm_year + 1900) * 10000 + (uint32_t)(tm.tm_mon + 1) * 100 +
	       (uint32_t)tm.tm_mday;
}

bool duration_get(const char *text, uint32_t *seconds)
{
	size_t n = strlen(text);
	uint32_t x, unit;

	if (n < 2 || !digits(text, n - 1, &x) || x == 0)
		return false;
	unit = text[n - 1] == 'd' ? 86400 : text[n - 1] == 'h' ? 3600 : 0;
	if (unit == 0 || x > UINT32_MAX / unit)
		return false;
	*seconds = x * unit;
	return true;
}

static bool version_part(const char *text, size_t n, uint32_t *v)
{
	return (n == 1 || text[0] != '0') && digits(text, n, v) && *v <= 0xFFFF;
}

bool version_get(const char *text, uint32_t *v)
{
	size_t n = strcspn(text, ".");
	uint32_t major, minor;

	if (text[n] != '.' || !version_part(text, n, &major) ||
	    !version_part(text + n + 1, strlen(text + n + 1), &minor))
		return false;
	*v = major << 16 | minor;
	return true;
}

char *version_str(uint32_t v, char out[static VERSION_SIZE])
{
	snprintf(out, VERSION_SIZE, "%u.%u", v >> 16, v & 0xFFFF);
	return out;
}
