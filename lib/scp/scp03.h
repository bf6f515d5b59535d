/*
 * SCP03 (GlobalPlatform Amendment D): AES, S8 and S16.
 *
 * Used through scp.h; here is only what no other protocol has: the card challenge that can be
 * computed ahead, and sessions that open without a handshake of SCP03. Le is never added: with
 * R-MAC every command has an answer (Amendment D 6.2.5), so there the caller asks for one. Errors
 * (not 9000, 62xx, 63xx) go out bare and without data; one with data is malformed (level with
 * R-MAC).
 */
#ifndef SCP_SCP03_H
#define SCP_SCP03_H

#include "crypto/aes.h"

/* Parameter i (Amendment D table 5-1). */
enum scp03_i {
	SCP03_I_S16 = 0x01,
	SCP03_I_PSEUDO_RANDOM = 0x10,
	SCP03_I_RMAC = 0x20,
	SCP03_I_RENC = 0x40
};

struct scp03 {
	struct aes enc, mac, rmac;
	uint8_t mcv[16];     /* MAC chaining value: full CMAC of the last command */
	uint8_t counter[16]; /* encryption counter: value used by the last command */
};

/* i: RFU bits zero, R-ENC only with R-MAC. Levels: those of table 7-3 that i supports. */
struct scp_ops;
extern const struct scp_ops scp03_ops;

/* Pseudo-random card challenge (6.2.2.1): KDF(Key-ENC, 02, sequence(3) | AID(5..16)), m octets. */
MUST_CHECK bool scp03_card_challenge(const struct key *key_enc, const uint8_t sequence[static 3],
    struct span aid, uint8_t m, uint8_t *out);

struct scp;
/* Where a session stands; what is pointed to is borrowed. */
struct scp03_point {
	const uint8_t *counter; /* 16 octets: encryption counter of the last command */
	const uint8_t *mcv;     /* 16 octets: MAC chaining value, full CMAC of the last command */
	uint8_t level;          /* without R-MAC */
	uint8_t m;              /* 8 (S8) or 16 (S16) */
};
/*
 * A session from a known state instead of a handshake: what CHANGE MODE hands over (broadcast.md
 * 3). S-RMAC is not set.
 */
MUST_CHECK bool scp03_resume(
    struct scp *s, const struct key *enc, const struct key *mac, struct scp03_point at);

/* Session keys that come from elsewhere than scp_begin: SCP11. Wiped by the caller. */
struct scp03_keys {
	struct key enc, mac, rmac;
};
/*
 * A session that opens with these keys (SCP11 ends in one): the encryption counter at zero, the
 * MAC chaining value as given, level one of table 7-3 with C-MAC at least, m = 8 or 16.
 */
MUST_CHECK bool scp03_begin_keys(struct scp *s, const struct scp03_keys *keys,
    const uint8_t mcv[static 16], uint8_t level, uint8_t m);

#endif
