/*
 * Trust records of terminals, as the network works with them in an open session to the issuer
 * domain: the orders (BF74), what the card tells of its records (FF74), and what a ticket says of
 * the card. What the answers mean is said in hints; which key, which terminal and what is
 * remembered is up to the caller.
 *
 * All of it needs security level 33, but for a session without a channel, in a plan.
 */
#ifndef HOST_TRUST_H
#define HOST_TRUST_H

#include "gp/trust.h"
#include "gp/trust_keys.h"
#include "host/content.h"

/* GET DATA FF74 into `into`, which the caller frees and from which *t borrows. ERR_CARD: the card
 * has no trust records, or tells nonsense; ERR_SAFETY: not a session of level 33. */
int trust_read(struct session *s, struct wr *into, struct trust_state *t, struct err *e);
/* The record of this number in it. */
MUST_CHECK bool trust_find(const struct trust_state *t, uint8_t record, struct trust_record *r);

/*
 * One order, of whatever kind. ERR_CARD; *unknown: no answer that can be trusted came, the card has
 * done it or not.
 */
int trust_send(struct session *s, const struct trust_order *o, bool *unknown, struct err *e);
/*
 * Puts a key into an order of initialize, under the data encryption key of the session, as PUT KEY
 * has it; in a session without a channel zeros as long as that. `room` has KEY_MAX octets, from
 * which the order borrows. ERR_OTHER.
 */
int trust_seal(const struct session *s, const struct key *k, uint8_t room[static KEY_MAX],
    struct trust_order *o, struct err *e);

/*
 * 8B of a ticket: SHA-256 of the point of the card's key of this number (11, 13), which the card
 * tells in its certificate within the channel of its administrator; nobody else has to vouch for
 * it. ERR_AUTH: it has no such key, or several, or tells no certificate of it.
 */
int trust_card_key(struct session *s, uint8_t kid, uint8_t digest[static 32], struct err *e);

#endif
