#include "gp/day.h"

#include <time.h>

#include "tlv/tlv.h"

enum { DAY_OCTETS = 4 };

static bool two_digits(struct rd *r, int *v)
{
	uint8_t b;

	if (!rd_u8(r, &b) || b >> 4 > 9 || (b & 0x0F) > 9)
		return false;
	*v = (b >> 4) * 10 + (b & 0x0F);
	return true;
}

bool day_get(struct span s, int64_t *out)
{
	struct rd r = rd_of(s);
	struct tm tm = { 0 };
	int century, year, month, day;
	time_t t;

	if (!two_digits(&r, &century) || !two_digits(&r, &year) || !two_digits(&r, &month) ||
	    !two_digits(&r, &day) || rd_left(&r) != 0)
		return false;
	tm.tm_year = century * 100 + year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	t = timegm(&tm);
	if (tm.tm_mon != month - 1 || tm.tm_mday != day)
		return false; /* timegm made another day of it */
	*out = (int64_t)t;
	return true;
}

static void digits_put(uint32_t date, uint8_t out[static DAY_OCTETS])
{
	for (int i = DAY_OCTETS - 1; i >= 0; i--) {
		uint32_t two = date % 100;

		out[i] = (uint8_t)(two / 10 << 4 | two % 10);
		date /= 100;
	}
}

void day_put(struct wr *w, uint32_t tag, uint32_t date)
{
	uint8_t b[DAY_OCTETS];

	digits_put(date, b);
	tlv_put(w, tag, SPAN(b));
}

static bool day_begin(uint32_t date, int64_t *midnight)
{
	uint8_t b[DAY_OCTETS];

	digits_put(date, b);
	return date <= 99991231 && day_get(SPAN(b), midnight);
}

bool day_end(uint32_t date, uint32_t *seconds)
{
	int64_t midnight;

	if (!day_begin(date, &midnight) || midnight < 0 || midnight > UINT32_MAX - DAY_SECONDS)
		return false;
	*seconds = (uint32_t)(midnight + DAY_SECONDS);
	return true;
}

bool day_ok(uint32_t date)
{
	int64_t midnight;

	return day_begin(date, &midnight);
}

uint32_t day_of(int64_t seconds)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900)
		return 0;
	return (uint32_t)(tm.tm_year + 1900) * 10000 + (uint32_t)(tm.tm_mon + 1) * 100 +
	       (uint32_t)tm.tm_mday;
}
