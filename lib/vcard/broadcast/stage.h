/*
 * What the parts of broadcast mode on the card share: CHANGE MODE (broadcast.c), writing to the
 * slot (stage.c), AUTHORIZE ACTION (authorize.c). Only lib/vcard and its tests include this.
 */
#ifndef VCARD_BROADCAST_STAGE_H
#define VCARD_BROADCAST_STAGE_H

#include "vcard/core/card_state.h"

/* NULL: the card has no Kos of this version. */
const struct vcard_kos *card_kos(const struct chip *chip, uint8_t version);
/* The policy of the card allows this algorithm (FF72, tag 90). */
bool card_takes_algorithm(const struct chip *chip, uint8_t algorithm);
/* The slot is not empty and belongs to this campaign. */
bool slot_holds(const struct card_slot *s, const uint8_t campaign[static 16]);
bool campaign_refused(const struct chip *chip, const uint8_t campaign[static 16]);

#endif
