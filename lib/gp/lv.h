/* Fields of the last kind in INSTALL data and confirmations, with a length in BER, and what tokens
 * sign of a command. */
#ifndef GP_LV_H
#define GP_LV_H

#include "base/bytes.h"

/* Length and value (GPCS 11.5.2.3); longer than FFFF: w->full. */
void ber_lv_put(struct wr *w, struct span s);
/* A single octet 80 is the length 128, which cards and hosts write in place of 81 80. False, cursor
 * unmoved, when it is malformed. */
MUST_CHECK bool ber_lv_get(struct rd *r, struct span *s);
/* P1 | P2 | Lc' | data, Lc' in three octets where one is too few (GPCS C.4). */
void token_text_put(struct wr *w, uint8_t p1, uint8_t p2, struct span data);

#endif
