/* The answer to reset (ISO 7816-3 8.2): what a card says of its transmission, and its historical
 * octets. */
#ifndef APDU_ATR_H
#define APDU_ATR_H

#include "base/bytes.h"

#define ATR_MAX 33 /* TS to TCK */

struct atr {
	bool inverse;           /* TS 3F */
	uint16_t protocols;     /* bit T set: T=0, T=1, ... T=15 is offered */
	bool has_ta1;           /* else Fi and Di are the defaults, 11 */
	uint8_t ta1;            /* Fi in the high nibble, Di in the low one */
	struct span historical; /* borrowed from what was parsed */
	bool has_check;         /* TCK is there */
	bool check_ok;          /* T0 to TCK come to 00; true without TCK */
};

/* False when it is cut short or longer than it says; of a wrong check octet only check_ok tells. */
MUST_CHECK bool atr_get(struct span s, struct atr *a);
/* Fi, Di of TA1 (ISO 7816-3 tables 7 and 8); 0 for values that are reserved. */
unsigned atr_fi(uint8_t ta1);
unsigned atr_di(uint8_t ta1);
/* The historical octets say that extended length is taken (ISO 7816-4 8.1.1.2.7). */
bool atr_extended(struct span historical);

#endif
