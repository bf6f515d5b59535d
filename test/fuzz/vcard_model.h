/*
 * What a virtual card may change at a command, by who gave it: told beforehand by whoever made the
 * command, held against the card afterwards.
 */
#ifndef VCARD_MODEL_H
#define VCARD_MODEL_H

#include "fuzz.h"

#include "vcard/core/card_state.h"

/* Whose word a command is: anybody's, one that the open diversified or broadcast channel
 * verifies, the right EXTERNAL AUTHENTICATE. */
enum authority { ANYBODY, AUTHENTICATION, UNICAST, BROADCAST };

struct model {
	struct chip chip; /* without image and slot_data */
	struct wr image, slot_data;
	enum channel_state session[CHANNELS];
	uint8_t level[CHANNELS];
};

void model_begin(struct model *m);
void model_end(struct model *m);
/* The card as it is before a command. */
void model_take(struct model *m, const struct vcard *v);
/* What `command` has done. sw 0: no answer came. */
void model_check(const struct model *m, const struct vcard *v, enum authority who,
    struct span command, uint16_t sw);
/* All that lasts, as octets. */
void model_lasting(const struct vcard *v, struct wr *w);

#endif
