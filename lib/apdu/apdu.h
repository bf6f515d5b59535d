/*
 * Command and response APDUs (ISO 7816-3 12.1, 7816-4 5.1): cases 1-4, short and extended, both
 * directions; what the class byte says (GPCS 11.1.4). No transport here.
 */
#ifndef APDU_APDU_H
#define APDU_APDU_H

#include "base/bytes.h"

#define APDU_MAX_COMMAND (4 + 3 + 65535 + 2)
#define APDU_MAX_RESPONSE (65536 + 2)
#define APDU_SHORT_DATA 255

enum le { LE_NONE = 0, LE_MAX_SHORT = 256, LE_MAX_EXTENDED = 65536 };

/* A command. `le` is the number of octets expected, LE_NONE for none; data is borrowed. */
struct capdu {
	uint8_t cla, ins, p1, p2;
	struct span data;
	uint32_t le;
	bool extended; /* written or read with three-octet Lc / extended Le */
};

struct rapdu {
	struct span data; /* borrowed */
	uint16_t sw;
};

/* Parses a whole command APDU; false when it fits none of the cases. */
MUST_CHECK bool capdu_get(struct span s, struct capdu *c);
/* Writes it; data over 255 octets or le over 256 need `extended`, else w->full is set. */
void capdu_put(struct wr *w, const struct capdu *c);
MUST_CHECK bool rapdu_get(struct span s, struct rapdu *r);
void rapdu_put(struct wr *w, const struct rapdu *r);

/* Class byte: logical channel 0-19, secure messaging, first (0x) or further (4x, Cx) interindustry.
 */
uint8_t cla_channel(uint8_t cla);
uint8_t cla_with_channel(uint8_t cla, uint8_t channel); /* keeps SM and proprietary bit */
bool cla_is_sm(uint8_t cla); /* GlobalPlatform secure messaging: 04, 84, 60, E0 */
bool cla_valid(uint8_t cla); /* one of the classes of GPCS 11.1.4 */
uint8_t cla_add_sm(uint8_t cla);
uint8_t cla_drop_sm(uint8_t cla);
uint8_t cla_mac_form(uint8_t cla); /* 84 or 04: as it enters a C-MAC (Amendment D 6.2.4) */

#endif
