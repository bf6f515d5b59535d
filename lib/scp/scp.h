/*
 * A secure channel session of whatever protocol, behind one set of functions: SCP01 (the card's
 * side only opens), SCP02, SCP03. SCP11 ends in session keys and is an SCP03 session from then on:
 * scp_as_scp03.
 *
 * Everything said in scp03.h holds: one struct is one session of one side, caller storage, reused
 * from card to card, an all-zero struct is a valid empty one, no session: false or SCP03_FAILED.
 * What a protocol cannot do is false or SCP03_FAILED as well.
 */
#ifndef SCP_SCP_H
#define SCP_SCP_H

#include "scp/scp01.h"
#include "scp/scp02.h"
#include "scp/scp03.h"

/* As a card names it in card data and in the answer to INITIALIZE UPDATE. */
enum scp_protocol { PROTOCOL_NONE = 0, PROTOCOL_SCP01 = 1, PROTOCOL_SCP02 = 2, PROTOCOL_SCP03 = 3 };

struct scp_ops;

struct scp {
	const struct scp_ops *ops; /* NULL: nothing begun; set by scp_begin and scp_as_scp03 only */
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

/* Derives the session keys. */
MUST_CHECK bool scp_begin(struct scp *s, const struct scp_start *a);
/* Cryptogram of one side over the challenges of `a`, scp_mac_size octets. */
MUST_CHECK bool scp_cryptogram(
    struct scp *s, const struct scp_start *a, enum scp03_who who, uint8_t out[static 16]);
/* EXTERNAL AUTHENTICATE, host and card. */
MUST_CHECK bool scp_host_authenticate(
    struct scp *s, const struct scp_start *a, uint8_t level, uint8_t channel, struct wr *command);
enum scp03_verdict scp_card_authenticate(
    struct scp *s, const struct scp_start *a, const struct capdu *c);

enum scp_protocol scp_protocol(const struct scp *s);
uint8_t scp_mac_size(const struct scp *s); /* 8 or 16; 0: nothing begun */
uint8_t scp_level(const struct scp *s);    /* LEVEL_*; 0 too when no session is open */
size_t scp_max_data(const struct scp *s);  /* longest plain data field of a short command */

MUST_CHECK bool scp_seal_command(struct scp *s, const struct capdu *c, struct wr *out);
enum scp03_verdict scp_open_command(
    struct scp *s, const struct capdu *c, struct capdu *plain, struct wr *data);
MUST_CHECK bool scp_seal_response(struct scp *s, const struct rapdu *r, struct wr *out);
enum scp03_verdict scp_open_response(
    struct scp *s, struct span response, struct rapdu *plain, struct wr *data);

/* The SCP03 session in it. Of another protocol: that session is wiped and an empty one is there,
 * to be begun or resumed with scp03.h. */
struct scp03 *scp_as_scp03(struct scp *s);
void scp_wipe(struct scp *s);

#endif
