/*
 * SCP02 (GPCS annex E): session keys, cryptograms, secure messaging with two-key triple DES, for
 * both roles, explicit and implicit initiation.
 *
 * Like scp03.h, of which levels and verdicts are: bytes in, bytes out; caller storage, reused from
 * card to card by scp02_begin, released by scp02_wipe; an all-zero struct is a valid empty one; a
 * failing open leaves the state of the session as it was and the caller must drop it. Short length
 * only: annex E knows no other. BEGIN and END R-MAC SESSION are not here.
 *
 * Card challenge here means sequence counter(2) | challenge(6), the eight octets that
 * INITIALIZE UPDATE answers with.
 */
#ifndef SCP_SCP02_H
#define SCP_SCP02_H

#include "crypto/des.h"
#include "scp/scp03.h"

/* Parameter i (table E-1). */
enum scp02_i {
	SCP02_I_THREE_KEYS = 0x01, /* clear: one base key, which is then Key-ENC of the set */
	SCP02_I_UNMODIFIED = 0x02, /* C-MAC on the unmodified APDU */
	SCP02_I_EXPLICIT = 0x04,
	SCP02_I_ICV_AID = 0x08, /* the first ICV is a MAC over the AID: implicit initiation */
	SCP02_I_ICV_ENCRYPTION = 0x10,
	SCP02_I_RMAC = 0x20,
	SCP02_I_PSEUDO_RANDOM = 0x40
};

#define SCP02_MAC 8 /* octets of challenges, cryptograms, MACs */

struct scp02 {
	struct des enc, mac, rmac;
	struct key dek;                    /* session key for sensitive data, as in PUT KEY */
	uint8_t icv[8];                    /* the last C-MAC, or what takes its place at first */
	uint8_t ricv[8];                   /* the last R-MAC, or what takes its place */
	uint8_t last[5 + APDU_SHORT_DATA]; /* the command that R-MAC is due for, plain */
	uint16_t last_n;                   /* 0: none */
	uint8_t i, level;
	bool first; /* no C-MAC yet: the ICV is not encrypted */
	bool open;
};

/* Explicit initiation on the modified APDU, or implicit on the unmodified one with an ICV of the
 * AID: what table E-1 has names for. */
bool scp02_i_valid(uint8_t i);
bool scp02_level_valid(uint8_t level, uint8_t i); /* one of table E-11 and supported by i */

/* Derives the session keys for this value of the sequence counter; closes a session that was
 * open. */
MUST_CHECK bool scp02_begin(
    struct scp02 *s, const struct key_set *keys, uint8_t i, const uint8_t sequence[static 2]);
/* The well-known pseudo-random card challenge (E.4.2.3), without the counter; after scp02_begin. */
MUST_CHECK bool scp02_card_challenge(struct scp02 *s, struct span aid, uint8_t out[static 6]);
/* Cryptogram of one side, 8 octets. */
MUST_CHECK bool scp02_cryptogram(struct scp02 *s, enum scp03_who who, struct span host_challenge,
    struct span card_challenge, uint8_t *out);
/* Host: writes the EXTERNAL AUTHENTICATE command and opens the session at `level`. */
MUST_CHECK bool scp02_host_authenticate(struct scp02 *s, uint8_t level, uint8_t channel,
    struct span host_challenge, struct span card_challenge, struct wr *command);
/* Card: checks MAC, then cryptogram; SCP03_OK opens the session at c->p1. The card counts a session
 * when the MAC was right (E.1.2), so with SCP03_BAD_CRYPTOGRAM too. */
enum scp03_verdict scp02_card_authenticate(
    struct scp02 *s, const struct capdu *c, struct span host_challenge, struct span card_challenge);

/*
 * Implicit initiation (E.1.2.2, E.3.3), both roles: the session is open with C-MAC and the host
 * proves itself with the first one. The card counts the session when that is right.
 */
MUST_CHECK bool scp02_begin_implicit(struct scp02 *s, const struct key_set *keys, uint8_t i,
    const uint8_t sequence[static 2], struct span aid);

/* Longest plain data field: 255, with C-MAC 247, with C-DECRYPTION 239. */
size_t scp02_max_data(uint8_t level);

/*
 * As in scp03.h. With R-MAC the answer to each command must be sealed or opened before the next
 * command. Answers with an error status word go out bare; their R-MAC is computed nevertheless,
 * because the next one is chained to it (E.4.5). The host also takes an error with its R-MAC.
 */
MUST_CHECK bool scp02_seal_command(struct scp02 *s, const struct capdu *c, struct wr *out);
enum scp03_verdict scp02_open_command(
    struct scp02 *s, const struct capdu *c, struct capdu *plain, struct wr *data);
MUST_CHECK bool scp02_seal_response(struct scp02 *s, const struct rapdu *r, struct wr *out);
enum scp03_verdict scp02_open_response(
    struct scp02 *s, struct span response, struct rapdu *plain, struct wr *data);

void scp02_wipe(struct scp02 *s);

#endif
