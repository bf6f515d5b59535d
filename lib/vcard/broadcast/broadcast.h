/*
 * Broadcast mode on the virtual card (broadcast.md 3 to 7): the slot that a stream fills, the image
 * that the card runs, and CHANGE MODE, WRITE STAGE, AUTHORIZE ACTION. Not here: the diversified
 * session (channel/), and that a card of other make has none of it (products/).
 *
 * Slot and image are in struct chip, which owns them. What a channel does next is in mode.h, what
 * the files of this room share in stage.h. Only lib/vcard and its tests include this.
 */
#ifndef VCARD_BROADCAST_BROADCAST_H
#define VCARD_BROADCAST_BROADCAST_H

#include "gp/broadcast.h"

struct vcard;

/* The one slot, 00. An EMPTY slot has all other fields zero. */
struct card_slot {
	uint8_t state; /* enum slot_state */
	uint8_t campaign[CAMPAIGN_SIZE];
	uint32_t package, total, done; /* 86 87 88 */
	uint32_t length;               /* 92, as announced */
	uint8_t form, inner;
	uint8_t kos_version;             /* 8B when inner is 01 */
	uint8_t nonce[INNER_NONCE_SIZE]; /* 8E when inner is 01 */
	/* What only the same stream goes on with (broadcast.md 3); never told. */
	uint8_t keys_id[SLOT_KEYS_SIZE]; /* of BK */
	uint8_t mcv[16];                 /* chaining value after command `done` */
};

/* What the card runs. */
struct running {
	uint32_t version;
	uint8_t digest[DIGEST_SIZE]; /* of the image */
	bool has_campaign;           /* false: as issued, never updated */
	uint8_t campaign[CAMPAIGN_SIZE];
	uint32_t package;
	uint8_t algorithm; /* it was authorized with */
	uint8_t code[16];  /* literal code of algorithms 01 and 02, else zeros */
};

/* Application number `index` (from 0) of the running image, when that starts with 7F6E
 * (broadcast.md 6): its AID (5..16 octets) and what SELECT answers; false: no more. SELECT and GET
 * STATUS are built on it. */
MUST_CHECK bool image_app(
    const struct vcard *v, size_t index, struct span *aid, struct span *answer);

/* Changes, as in card_state.h: put, then commit once. */
void chip_put_slot(struct vcard *v, const struct card_slot *s);   /* header; data stay */
void chip_put_slot_empty(struct vcard *v);                        /* EMPTY, data erased */
void chip_put_slot_erase(struct vcard *v);                        /* data erased, header stays */
void chip_put_slot_data(struct vcard *v, struct span bytes);      /* added to slot_data */
void chip_put_activate(struct vcard *v, const struct running *r); /* runs slot_data; slot EMPTY */
void chip_put_refused(struct vcard *v, const uint8_t campaign[static 16]); /* adds one */

#endif
