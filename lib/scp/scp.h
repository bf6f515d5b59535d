/*
 * Secure channel sessions: SCP01 (the card's side only opens), SCP02, SCP03, behind one set of
 * functions. Keys, cryptograms and secure messaging for both roles. SCP11 ends in session keys and
 * is a session of SCP03 from then on (scp11.h). What only one protocol has is in scp01.h to
 * scp03.h.
 *
 * Bytes in, bytes out: no transport, no files, no clock, no randomness; both challenges are
 * arguments. One struct is one session of one side; caller storage, reused from card to card by
 * scp_begin, released by scp_wipe. An all-zero struct is a valid empty one: with no session
 * everything is false or SCP_FAILED, and so is what a protocol cannot do.
 * A failing scp_open_* leaves the state of the session as it was and the caller must drop it
 * (Amendment D 5.6).
 */
#ifndef SCP_SCP_H
#define SCP_SCP_H

#include "apdu/apdu.h"
#include "apdu/sw.h"
#include "base/err.h"
#include "scp/scp01.h"
#include "scp/scp02.h"
#include "scp/scp03.h"

/* As a card names it in card data and in the answer to INITIALIZE UPDATE. */
enum scp_protocol { PROTOCOL_NONE = 0, PROTOCOL_SCP01 = 1, PROTOCOL_SCP02 = 2, PROTOCOL_SCP03 = 3 };

/* Security levels of EXTERNAL AUTHENTICATE (GPCS table 10-1): which sums are legal depends on
 * protocol and i. */
enum scp_level {
	LEVEL_AUTHENTICATED = 0x00,
	LEVEL_CMAC = 0x01,
	LEVEL_CDEC = 0x02,
	LEVEL_RMAC = 0x10,
	LEVEL_RENC = 0x20
};

enum { INS_INITIALIZE_UPDATE = 0x50, INS_EXTERNAL_AUTHENTICATE = 0x82 };

enum scp_role { ROLE_CARD, ROLE_HOST };

/*
 * What became of a protected message. SCP_MALFORMED: no secure messaging where the level asks for
 * it (or the reverse), too short, bad padding. SCP_FAILED: no session, no room, or OpenSSL failed.
 */
enum scp_verdict { SCP_OK, SCP_BAD_MAC, SCP_BAD_CRYPTOGRAM, SCP_MALFORMED, SCP_FAILED };

struct scp {
	const struct scp_ops *ops; /* NULL: nothing begun */
	uint8_t i;                 /* as begun with; SCP03: not used */
	uint8_t m;                 /* octets of challenges, cryptograms, MACs: 8, or 16 (S16) */
	uint8_t level;             /* as agreed in EXTERNAL AUTHENTICATE */
	bool open;                 /* EXTERNAL AUTHENTICATE went through */
	union {
		struct scp01 scp01;
		struct scp02 scp02;
		struct scp03 scp03;
	} u;
};

/* What a session is begun with. Challenges as INITIALIZE UPDATE has them: 8 octets, in SCP03 with
 * S16 16; the card's one of SCP02 with the sequence counter in front. */
struct scp_start {
	enum scp_protocol protocol;
	uint8_t i; /* SCP03: not used */
	const struct key_set *keys;
	struct span host_challenge, card_challenge;
};

MUST_CHECK bool scp_protocol_from(const char *name, enum scp_protocol *p); /* "scp02" */
const char *scp_protocol_str(enum scp_protocol p);                         /* "SCP02" */
bool scp_i_valid(enum scp_protocol p, uint8_t i);
bool scp_level_valid(enum scp_protocol p, uint8_t level, uint8_t i);
/* Longest plain data field of a short command at this level with MACs of m octets: 255 without
 * protection, 255-m with C-MAC, less with C-DECRYPTION. */
size_t scp_max_data_at(enum scp_protocol p, uint8_t level, uint8_t m);

/* Derives the session keys; closes a session that was open. On failure the session is wiped. */
MUST_CHECK bool scp_begin(struct scp *s, const struct scp_start *a);
/* Cryptogram of one side over the challenges of `a`, scp_mac_size octets. */
MUST_CHECK bool scp_cryptogram(
    struct scp *s, const struct scp_start *a, enum scp_role who, uint8_t *out);
/* Host: writes the EXTERNAL AUTHENTICATE command and opens the session at `level`. */
MUST_CHECK bool scp_host_authenticate(
    struct scp *s, const struct scp_start *a, uint8_t level, uint8_t channel, struct wr *command);
/* Card: checks MAC, then cryptogram; SCP_OK opens the session at c->p1. */
enum scp_verdict scp_card_authenticate(
    struct scp *s, const struct scp_start *a, const struct capdu *c);

enum scp_protocol scp_protocol(const struct scp *s);
uint8_t scp_mac_size(const struct scp *s); /* 8 or 16; 0: nothing begun */
uint8_t scp_level(const struct scp *s);    /* LEVEL_*; 0 too when no session is open */
size_t scp_max_data(const struct scp *s);  /* as scp_max_data_at; nothing begun: 255 */

/*
 * Host: wraps the plain command `c` (CLA without SM bit) as the session's level asks and appends
 * the wire form to `out`. Le is sent when c has one; an Le with R-MAC asks for the most, because
 * the protected answer is longer than the plain one. Level 00: written as it is.
 * false: no session, too long, or OpenSSL failed; the state of the session is as before and nothing
 * is appended. c->data must not lie in `out`.
 */
MUST_CHECK bool scp_seal_command(struct scp *s, const struct capdu *c, struct wr *out);
/* Card: verifies and unwraps `c`; the plain data goes to `data` (cap >= c->data.n), *plain borrows
 * it, CLA with the SM bit dropped. The state of the session advances only with SCP_OK. */
enum scp_verdict scp_open_command(
    struct scp *s, const struct capdu *c, struct capdu *plain, struct wr *data);
/* Card: protects data and status word of the answer to the last command. */
MUST_CHECK bool scp_seal_response(struct scp *s, const struct rapdu *r, struct wr *out);
/* Host: checks R-MAC and decrypts; plain data to `data`, *plain borrows it. An error status word
 * alone passes through. */
enum scp_verdict scp_open_response(
    struct scp *s, struct span response, struct rapdu *plain, struct wr *data);

void scp_wipe(struct scp *s);

/*
 * What a protocol does; NULL where it cannot. scp.c calls them with ops, i and m set, checks what
 * all have in common (a session, challenges of m octets, class octet, a MAC at least, lengths) and
 * undoes on failure what was appended. A protocol looks for room and advances when nothing can fail
 * any more.
 */
struct scp_ops {
	enum scp_protocol protocol;
	bool extended; /* knows extended length */
	uint8_t block; /* octets of a block of its cipher */
	bool (*i_valid)(uint8_t i);
	bool (*level_valid)(uint8_t level, uint8_t i);
	uint8_t i_most; /* i with every level: where i is not known (EXTERNAL AUTHENTICATE) */
	bool (*begin)(struct scp *s, const struct scp_start *a);
	bool (*cryptogram)(
	    struct scp *s, const struct scp_start *a, enum scp_role who, uint8_t *out);
	/* The C-MAC of `c` over `body`, which may be another data field than that of `c`; the
	 * chain goes on with the full MAC. */
	bool (*command_mac)(
	    struct scp *s, const struct capdu *c, struct span body, uint8_t full[static 16]);
	/* EXTERNAL AUTHENTICATE was right: its full MAC begins the chains. */
	void (*opened)(struct scp *s, const uint8_t full[static 16]);
	bool (*seal_command)(struct scp *s, const struct capdu *c, struct wr *out);
	enum scp_verdict (*open_command)(
	    struct scp *s, const struct capdu *c, struct capdu *plain, struct wr *data);
	bool (*seal_response)(struct scp *s, const struct rapdu *r, struct wr *out);
	enum scp_verdict (*open_response)(struct scp *s, const struct rapdu *r, struct wr *data);
	void (*wipe)(struct scp *s);
};
/* For the protocols: makes it an empty session of this one; what another one left is wiped. */
void scp_become(struct scp *s, const struct scp_ops *ops, uint8_t i, uint8_t m);

#endif
