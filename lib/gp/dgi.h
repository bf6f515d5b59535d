/*
 * STORE DATA (GPCS 11.11): P1, and data grouping identifiers: DGI(2) | length (1, or FF and 2) |
 * value. The key groups 00B9, 8113 and so on are put_key_dgi's.
 */
#ifndef GP_DGI_H
#define GP_DGI_H

#include "base/bytes.h"

enum store_p1 {
	STORE_LAST = 0x80,
	STORE_ENCRYPTED = 0x60,
	STORE_APPLICATION_DEPENDENT = 0x20,
	STORE_DGI = 0x08,
	STORE_TLV = 0x10,
	STORE_FORMAT = 0x18,
	STORE_RESPONSE = 0x01
};

struct dgi {
	uint16_t id;
	struct span value; /* borrowed */
};
/* False, cursor unmoved, at the end or when malformed. */
MUST_CHECK bool dgi_next(struct rd *r, struct dgi *d);
void dgi_put(struct wr *w, uint16_t id, struct span value); /* longer than FFFF: w->full */
/* All of s is whole groups. */
MUST_CHECK bool dgi_sound(struct span s);

#endif
