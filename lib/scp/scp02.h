/*
 * SCP02 (GPCS annex E): two-key triple DES, explicit and implicit initiation.
 *
 * Used through scp.h; here is only what no other protocol has. Short length only: annex E knows no
 * other. BEGIN and END R-MAC SESSION are not here.
 *
 * Card challenge means sequence counter(2) | challenge(6), the eight octets that INITIALIZE UPDATE
 * answers with. The card counts a session when the MAC of EXTERNAL AUTHENTICATE was right (E.1.2),
 * so with SCP_BAD_CRYPTOGRAM too.
 *
 * With R-MAC the answer to each command must be sealed or opened before the next command. Answers
 * with an error status word go out bare; their R-MAC is computed nevertheless, because the next one
 * is chained to it (E.4.5). The host also takes an error with its R-MAC.
 */
#ifndef SCP_SCP02_H
#define SCP_SCP02_H

#include "apdu/apdu.h"
#include "crypto/des.h"

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
	bool first;                        /* no C-MAC yet: the ICV is not encrypted */
};

/* i: explicit initiation on the modified APDU, or implicit on the unmodified one with an ICV of the
 * AID: what table E-1 has names for. Levels: those of table E-11 that i supports. */
struct scp_ops;
extern const struct scp_ops scp02_ops;

struct scp;
/* The well-known pseudo-random card challenge (E.4.2.3), without the counter; after scp_begin.
 * false: not a session of SCP02, no AID, or OpenSSL failed. */
MUST_CHECK bool scp02_card_challenge(struct scp *s, struct span aid, uint8_t out[static 6]);
/*
 * Implicit initiation (E.1.2.2, E.3.3), both roles: the session is open with C-MAC and the host
 * proves itself with the first one. The card counts the session when that is right.
 */
MUST_CHECK bool scp02_begin_implicit(struct scp *s, const struct key_set *keys, uint8_t i,
    const uint8_t sequence[static 2], struct span aid);

#endif
