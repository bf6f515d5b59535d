/* The records of the card's journal: what each does to struct chip, and a chip as records. */
#ifndef VCARD_RECORD_H
#define VCARD_RECORD_H

#include "vcard/card_state.h"

enum record {
	REC_IDENTITY = 1, /* what is written at issuance and never changes */
	REC_LIFE_CYCLE,
	REC_IIN,
	REC_CIN,
	REC_KEYS, /* adds or replaces a set */
	REC_KEYS_GONE,
	REC_SEQUENCE,
	REC_TRIES,
	REC_SLOT, /* header */
	REC_SLOT_EMPTY,
	REC_SLOT_ERASE,
	REC_SLOT_DATA, /* added to what is there */
	REC_ACTIVATE,  /* header of what runs now; its image is the slot's data */
	REC_REFUSED,   /* one campaign more */
	REC_RUNNING,
	REC_IMAGE,
	REC_FAULT_DONE
};

/* A chip with nothing in it. chip_wipe releases and wipes. */
void chip_init(struct chip *c);
void chip_wipe(struct chip *c);
bool chip_apply(void *chip, uint8_t type, struct span value); /* an nvm_apply */
/* After a replay: everything that must be there is there and in range. */
MUST_CHECK bool chip_sound(const struct chip *c);
void chip_snapshot(struct wr *w, const struct chip *c); /* the records that make this chip */

/* Values of records. */
void keys_put(struct wr *w, const struct card_keys *k);
void slot_put(struct wr *w, const struct slot *s);
void running_put(struct wr *w, const struct running *r);

#endif
