/*
 * Do these keys fit? The answer to one INITIALIZE UPDATE of SCP01, SCP02 or SCP03 tells, for any
 * number of keys, without EXTERNAL AUTHENTICATE, which is what costs a try. Live cards and
 * recordings alike.
 *
 * What the answer proves depends on the protocol. The card cryptogram is made with the ENC key in
 * SCP01 and SCP02, with the MAC key in SCP03; a pseudo-random card challenge is made with the MAC
 * key in SCP02, with the ENC key in SCP03. Of the DEK nothing is proven.
 */
#ifndef HOST_PROBE_H
#define HOST_PROBE_H

#include "host/session.h"
#include "scp/scp.h"

/* One INITIALIZE UPDATE, what was sent and answered. */
struct probe {
	struct init_update iu;
	uint8_t host_challenge[16]; /* iu.m octets */
	struct aid domain; /* that was selected; n = 0: not known, a challenge proves nothing */
};

/* `answer` without status word. False for what is no answer to INITIALIZE UPDATE of a protocol that
 * we know; p->domain is left empty. */
MUST_CHECK bool probe_get(struct probe *p, struct span host_challenge, struct span answer);
enum scp_protocol probe_protocol(const struct probe *p);

enum proof {
	PROOF_NONE,  /* the answer does not tell */
	PROOF_RIGHT, /* this is the card's key */
	PROOF_WRONG
};
struct probe_result {
	enum proof enc, mac;
};
/*
 * Compares card cryptogram and card challenge with these card keys. Keys of a length that the
 * protocol does not have are wrong. False when the cryptography failed.
 *
 * A challenge that SCP02 keys do not make proves nothing, because the answer does not say whether
 * it is pseudo-random.
 */
MUST_CHECK bool probe_keys(
    const struct probe *p, const struct key_set *keys, struct probe_result *r);
/* Something is proven, and nothing wrong. */
bool probe_fits(const struct probe_result *r);
/* "ENC and MAC", "MAC", "ENC", "nothing" */
const char *probe_proven(const struct probe_result *r);

/*
 * Sends one INITIALIZE UPDATE in the domain that session_discover selected: p1, host challenge of
 * m octets. *sw is its status word; p is filled when it is 9000. ERR_AUTH for an answer of no form
 * that we know.
 */
int probe_card(
    struct session *s, uint8_t p1, uint8_t m, struct probe *p, uint16_t *sw, struct err *e);

#endif
