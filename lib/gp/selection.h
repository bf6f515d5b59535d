/* What the answer to SELECT of a security domain and the free data objects FF21, C2 tell
 * (GPCS 11.9.3.1, 11.3; TS 102 226 8.2.1.7). */
#ifndef GP_SELECTION_H
#define GP_SELECTION_H

#include "gp/command.h"

#define FCI_PRODUCTION_MAX 48

/* File control information of a domain (GPCS table 11-76). */
struct fci {
	struct aid aid;       /* of what is selected; n = 0: not told */
	uint16_t max_data;    /* most octets in the data field of a command; 0: not told */
	uint8_t production_n; /* application production life cycle data, 9F6E */
	uint8_t production[FCI_PRODUCTION_MAX];
};
/* Lenient: what is missing or malformed counts as not told. */
void fci_get(struct span data, struct fci *f);

/* Extended card resources, the value of FF21. */
struct resources {
	bool told;
	uint32_t applications, non_volatile, volatile_; /* octets free */
};
MUST_CHECK bool resources_get(struct span data, struct resources *r); /* with or without FF21 */

/* A CPLC date: the latest day up to today that fits, or ten years before. */
struct cplc_date {
	unsigned year, month, day; /* month and day from 1 */
	unsigned digit, yday;      /* as the card has them: last digit of the year, day from 1 */
};
/* False for a date that is not set or none: not BCD, day 000 or after the last of the year.
 * today: YYYYMMDD. */
MUST_CHECK bool cplc_date_get(struct span two, uint32_t today, struct cplc_date *d);

#endif
