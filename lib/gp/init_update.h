/*
 * The answer to INITIALIZE UPDATE: of SCP03 (Amendment D table 7-2), of SCP02 (GPCS table E-8) and
 * of SCP01 (Card Specification 2.1.1 annex D).
 */
#ifndef GP_INIT_UPDATE_H
#define GP_INIT_UPDATE_H

#include "gp/command.h"

struct init_update {
	uint8_t kdd[KDD_SIZE];
	uint8_t key_version;
	uint8_t scp;                /* 01, 02, 03 */
	uint8_t i;                  /* SCP03; the others do not tell it: 0 */
	uint8_t m;                  /* challenge and cryptogram size: 8 or 16 */
	uint8_t card_challenge[16]; /* SCP02: sequence counter(2) | challenge(6) */
	uint8_t cryptogram[16];
	bool has_sequence; /* by the length of the answer, which some cards' i contradicts */
	uint8_t sequence[SEQUENCE_SIZE]; /* SCP02: 00 and its two octets */
};

/* `data` without status word; m as the host challenge that was sent: 29/32 or 45/48 octets, 28 of
 * SCP01 and SCP02, with m = 8 only. */
MUST_CHECK bool init_update_get(struct span data, uint8_t m, struct init_update *u);
void init_update_put(struct wr *w, const struct init_update *u);

#endif
