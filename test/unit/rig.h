/*
 * A virtual card in a file of its own and a host made of lib/scp alone, for the tests of the card.
 */
#ifndef UNIT_RIG_H
#define UNIT_RIG_H

#include "unit.h"

#include "gp/init_update.h"
#include "vcard/core/card_state.h"

struct rig {
	char dir[64], path[96];
	struct vcard_issue issue;
	struct key_set keys; /* that the host uses */
	struct vcard *v;
	struct scp host;
	uint8_t channel;      /* logical channel of commands */
	struct init_update u; /* last answer of INITIALIZE UPDATE */
	uint8_t answer[8192]; /* of the last command, status word included, as it came */
	size_t answer_n;
	uint8_t plain[8192];
	enum vcard_answer how;
	struct wr *record; /* of the test; NULL: none. A recording, as `explain` reads it */
};

void rig_issue(struct rig *r, size_t key_n, uint8_t i); /* fills r->issue; change it, then rig_on */
void rig_on(struct rig *r);                             /* creates the file and powers the card */
void rig_cycle(struct rig *r);                          /* power off and on */
void rig_off(struct rig *r);                            /* power off, removes all files */

struct span rig_answer(const struct rig *r); /* data of the last answer, without status word */
/* Octets as they are; the status word, 0 when nothing came back. */
uint16_t rig_raw(struct rig *r, struct span command);
uint16_t rig_hex(struct rig *r, const char *command);
/* Plain command on r->channel; cla without channel. */
uint16_t rig_send(struct rig *r, uint8_t cla, uint8_t ins, uint16_t p1p2, struct span data);
/* Wrapped by r->host as its level says; the answer is checked and opened into *data. */
uint16_t rig_secure(
    struct rig *r, uint8_t cla, uint8_t ins, uint16_t p1p2, struct span data, struct span *answer);
/* GET DATA, unprotected; fails the test unless 9000. */
struct span rig_get(struct rig *r, uint16_t tag);

struct span rig_challenge(const struct rig *r); /* of the host, as long as this card takes it */
uint16_t rig_initialize(struct rig *r, uint8_t version); /* and scp03_begin, cryptogram compared */
uint16_t rig_authenticate(struct rig *r, uint8_t level);
void rig_session(struct rig *r, uint8_t version, uint8_t level); /* both, must succeed */

#endif
