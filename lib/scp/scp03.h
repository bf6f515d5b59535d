/*
 * SCP03 (GlobalPlatform Amendment D): session keys, cryptograms, secure messaging, for both roles.
 *
 * Bytes in, bytes out: no transport, no files, no clock, no randomness; both challenges are
 * arguments. One struct is one session of one side; caller storage, reused from card to card by
 * scp03_begin, released by scp03_wipe. An all-zero struct is a valid empty one.
 * A failing scp03_open_* leaves counter and chaining value as they were and the caller must drop
 * the session (Amendment D 5.6).
 */
#ifndef SCP_SCP03_H
#define SCP_SCP03_H

#include "apdu/apdu.h"
#include "apdu/sw.h"
#include "base/err.h"
#include "crypto/aes.h"

/* Parameter i (Amendment D table 5-1). */
enum scp03_i {
	SCP03_I_S16 = 0x01,
	SCP03_I_PSEUDO_RANDOM = 0x10,
	SCP03_I_RMAC = 0x20,
	SCP03_I_RENC = 0x40
};

/* Security levels of EXTERNAL AUTHENTICATE (table 7-3): only these are legal. */
enum scp03_level {
	LEVEL_AUTHENTICATED = 0x00,
	LEVEL_CMAC = 0x01,
	LEVEL_CDEC = 0x02,
	LEVEL_RMAC = 0x10,
	LEVEL_RENC = 0x20
};

enum { INS_INITIALIZE_UPDATE = 0x50, INS_EXTERNAL_AUTHENTICATE = 0x82 };

struct scp03 {
	struct aes enc, mac, rmac;
	uint8_t mcv[16];     /* MAC chaining value: full CMAC of the last command */
	uint8_t counter[16]; /* encryption counter: value used by the last command */
	uint8_t m;           /* MAC, challenge and cryptogram size: 8 (S8) or 16 (S16) */
	uint8_t level;       /* as agreed in EXTERNAL AUTHENTICATE */
	bool open;           /* EXTERNAL AUTHENTICATE went through */
};

enum scp03_verdict { SCP03_OK, SCP03_BAD_MAC, SCP03_BAD_CRYPTOGRAM, SCP03_MALFORMED, SCP03_FAILED };

bool scp03_i_valid(uint8_t i);                    /* RFU bits zero, R-ENC only with R-MAC */
bool scp03_level_valid(uint8_t level, uint8_t i); /* one of table 7-3 and supported by i */

/* Pseudo-random card challenge (6.2.2.1): KDF(Key-ENC, 02, sequence(3) | AID(5..16)), m octets. */
MUST_CHECK bool scp03_card_challenge(const struct key *key_enc, const uint8_t sequence[static 3],
    struct span aid, uint8_t m, uint8_t *out);
/* Derives the session keys from the static keys and both challenges of m = 8 or 16 octets; closes
 * a session that was open. */
MUST_CHECK bool scp03_begin(struct scp03 *s, const struct key_set *keys, struct span host_challenge,
    struct span card_challenge);
enum scp03_who { SCP03_CARD = 0x00, SCP03_HOST = 0x01 }; /* derivation constants */
/* Cryptogram of one side over host | card challenge, m octets. */
MUST_CHECK bool scp03_cryptogram(struct scp03 *s, enum scp03_who who, struct span host_challenge,
    struct span card_challenge, uint8_t *out);

/* Host: writes the EXTERNAL AUTHENTICATE command and opens the session at `level`. */
MUST_CHECK bool scp03_host_authenticate(struct scp03 *s, uint8_t level, uint8_t channel,
    struct span host_challenge, struct span card_challenge, struct wr *command);
/* Card: checks MAC, then cryptogram; SCP03_OK opens the session at c->p1. */
enum scp03_verdict scp03_card_authenticate(
    struct scp03 *s, const struct capdu *c, struct span host_challenge, struct span card_challenge);

/*
 * A session from a known state instead of a handshake: what CHANGE MODE hands over (broadcast.md
 * 3). S-RMAC is not set; level must have no R-MAC.
 */
MUST_CHECK bool scp03_resume(struct scp03 *s, const struct key *enc, const struct key *mac,
    const uint8_t counter[static 16], const uint8_t mcv[static 16], uint8_t level, uint8_t m);

/* Session keys that come from elsewhere than scp03_begin: SCP11. Wiped by the caller. */
struct scp03_keys {
	struct key enc, mac, rmac;
};
/*
 * A session that opens with these keys (SCP11 ends in one): the encryption counter at zero, the
 * MAC chaining value as given, level one of table 7-3 with C-MAC at least, m = 8 or 16.
 */
MUST_CHECK bool scp03_begin_keys(struct scp03 *s, const struct scp03_keys *keys,
    const uint8_t mcv[static 16], uint8_t level, uint8_t m);

/* Longest plain data field that fits a short command at this level and MAC size: 255 without
 * protection, 255-m with C-MAC, 239 / 223 with C-DECRYPTION. */
size_t scp03_max_data(uint8_t level, uint8_t m);

/*
 * Host: wraps the plain command `c` (CLA without SM bit) as the session's level asks and appends
 * the wire form to `out`. Le is sent when c has one and never added: with R-MAC every command has
 * an answer (Amendment D 6.2.5), so there the caller asks for one. An Le with R-MAC asks for the
 * most, because the protected answer is longer than the plain one. Level 00: written as it is.
 * false: no session, too long, or OpenSSL failed; the state of the session is as before and nothing
 * is appended. c->data must not lie in `out`.
 */
MUST_CHECK bool scp03_seal_command(struct scp03 *s, const struct capdu *c, struct wr *out);
/*
 * Card: verifies and unwraps `c`; the plain data goes to `data` (cap >= c->data.n), *plain borrows
 * it, CLA with the SM bit dropped. Counter and chaining value advance only with SCP03_OK.
 * SCP03_MALFORMED: no secure messaging where the level asks for it (or the reverse), too short, bad
 * padding. SCP03_FAILED: no session, no room, or OpenSSL failed.
 */
enum scp03_verdict scp03_open_command(
    struct scp03 *s, const struct capdu *c, struct capdu *plain, struct wr *data);
/* Card: protects data and status word of the answer to the last command; errors (not 9000, 62xx,
 * 63xx) go out bare and without data. */
MUST_CHECK bool scp03_seal_response(struct scp03 *s, const struct rapdu *r, struct wr *out);
/* Host: checks R-MAC and decrypts; plain data to `data`, *plain borrows it. An error status word
 * alone passes through; one with data is SCP03_MALFORMED (level with R-MAC). */
enum scp03_verdict scp03_open_response(
    struct scp03 *s, struct span response, struct rapdu *plain, struct wr *data);

void scp03_wipe(struct scp03 *s);

#endif
