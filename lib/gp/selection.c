#include "gp/selection.h"

#include <string.h>

#include "tlv/tlv.h"

enum {
	TAG_FCI = 0x6F,
	TAG_FCI_AID = 0x84,
	TAG_FCI_PROPRIETARY = 0xA5,
	TAG_FCI_MAX = 0x9F65,
	TAG_FCI_PRODUCTION = 0x9F6E,
	TAG_RES_APPLICATIONS = 0x81,
	TAG_RES_NON_VOLATILE = 0x82,
	TAG_RES_VOLATILE = 0x83
};

/* A number of 1 to 4 octets. */
static bool number_get(struct span s, uint32_t *v)
{
	struct rd r = rd_of(s);
	uint8_t b;

	if (s.n < 1 || s.n > 4)
		return false;
	*v = 0;
	while (rd_u8(&r, &b))
		*v = *v << 8 | b;
	return true;
}

void fci_get(struct span data, struct fci *f)
{
	struct span in, own, val;
	uint32_t max;
	struct rd r;

	memset(f, 0, sizeof(*f));
	if (!tlv_find(data, TAG_FCI, &in))
		return;
	if (tlv_find(in, TAG_FCI_AID, &val) && !aid_from(&f->aid, val))
		f->aid.n = 0;
	if (!tlv_find(in, TAG_FCI_PROPRIETARY, &own))
		return;
	if (tlv_find(own, TAG_FCI_MAX, &val) && number_get(val, &max) && max <= UINT16_MAX)
		f->max_data = (uint16_t)max;
	if (!tlv_find(own, TAG_FCI_PRODUCTION, &val) || val.n > sizeof(f->production))
		return;
	r = rd_of(val);
	if (rd_copy(&r, f->production, val.n))
		f->production_n = (uint8_t)val.n;
}

bool resources_get(struct span data, struct resources *out)
{
	struct resources got = { .told = true };
	struct span in, val;

	if (!tlv_find(data, TAG_RESOURCES, &in))
		in = data;
	if (!tlv_find(in, TAG_RES_APPLICATIONS, &val) || !number_get(val, &got.applications) ||
	    !tlv_find(in, TAG_RES_NON_VOLATILE, &val) || !number_get(val, &got.non_volatile) ||
	    !tlv_find(in, TAG_RES_VOLATILE, &val) || !number_get(val, &got.volatile_))
		return false;
	*out = got;
	return true;
}

static unsigned is_leap(unsigned year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Day of the year, from 1, to month and day; false when the year has no such day. */
static bool day_of_year(unsigned year, unsigned yday, struct cplc_date *d)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	d->year = year;
	for (unsigned m = 0; m < 12; m++) {
		unsigned n = days[m] + (m == 1 ? is_leap(year) : 0);

		if (yday <= n) {
			d->month = m + 1;
			d->day = yday;
			return true;
		}
		yday -= n;
	}
	return false;
}

bool cplc_date_get(struct span two, uint32_t today, struct cplc_date *d)
{
	struct rd r = rd_of(two);
	unsigned digit[4];
	uint16_t v;

	if (two.n != 2 || !rd_u16(&r, &v))
		return false;
	for (unsigned i = 0; i < 4; i++) {
		digit[i] = v >> (12 - 4 * i) & 0x0F;
		if (digit[i] > 9)
			return false;
	}
	d->digit = digit[0];
	d->yday = digit[1] * 100 + digit[2] * 10 + digit[3];
	if (d->yday < 1 || d->yday > 366)
		return false;
	/* Three decades: the day may lie ahead in this year, and 366 needs a leap year. */
	for (unsigned back = 0; back < 30; back++) {
		unsigned year = today / 10000 - back;

		if (year % 10 == d->digit && day_of_year(year, d->yday, d) &&
		    year * 10000 + d->month * 100 + d->day <= today)
			return true;
	}
	return false;
}
