/*
 * SCP01 (Card Specification 2.1.1 annex D): deprecated, but old cards speak nothing else. i = 05
 * and 15, which encrypts the ICV. The host's side opens channels; the card's side is here to check
 * recordings with.
 *
 * As scp02.h in all other respects. There is no R-MAC: answers are bare. The DEK is the static key.
 */
#ifndef SCP_SCP01_H
#define SCP_SCP01_H

#include "crypto/des.h"
#include "scp/scp03.h"

enum { SCP01_I_ICV_ENCRYPTION = 0x10, SCP01_MAC = 8 };

struct scp01 {
	struct des enc, mac;
	struct key dek; /* static */
	uint8_t icv[8]; /* the last C-MAC */
	uint8_t i, level;
	bool open;
};

bool scp01_i_valid(uint8_t i);         /* 05, 15 */
bool scp01_level_valid(uint8_t level); /* 00, 01, 03 */

/* Derives the session keys from both challenges of 8 octets; closes a session that was open. */
MUST_CHECK bool scp01_begin(struct scp01 *s, const struct key_set *keys, uint8_t i,
    struct span host_challenge, struct span card_challenge);
MUST_CHECK bool scp01_cryptogram(struct scp01 *s, enum scp03_who who, struct span host_challenge,
    struct span card_challenge, uint8_t *out);
MUST_CHECK bool scp01_host_authenticate(struct scp01 *s, uint8_t level, uint8_t channel,
    struct span host_challenge, struct span card_challenge, struct wr *command);

/* The card's side, as in scp03.h. */
enum scp03_verdict scp01_card_authenticate(
    struct scp01 *s, const struct capdu *c, struct span host_challenge, struct span card_challenge);

/* Longest plain data field: 255, with C-MAC 247, with C-DECRYPTION 239. */
size_t scp01_max_data(uint8_t level);

MUST_CHECK bool scp01_seal_command(struct scp01 *s, const struct capdu *c, struct wr *out);
enum scp03_verdict scp01_open_command(
    struct scp01 *s, const struct capdu *c, struct capdu *plain, struct wr *data);
/* Nothing protects an answer: it is only taken apart. */
enum scp03_verdict scp01_open_response(
    struct scp01 *s, struct span response, struct rapdu *plain, struct wr *data);

void scp01_wipe(struct scp01 *s);

#endif
