/*
 * Claiming a container: a party shows the card the grant that was placed there, proves by SCP11a
 * that the key in it is its own (and that it has the key of the application, where the grant names
 * one), and puts its access keys. From then on the container opens with those alone.
 *
 * What can be checked without the card is the caller's, who has read the grant file: its signature,
 * its days, whose it is. Here the card must be the one that the grant names, which nothing but its
 * receipt proves.
 */
#ifndef HOST_CLAIM_H
#define HOST_CLAIM_H

#include "gp/grant.h"
#include "host/keys.h"
#include "host/scp11.h"

struct claim {
	const struct grant_file *file; /* its certificates end in the key that the grant names */
	const struct ec_private *party;
	const struct key *domain_key; /* NULL: the grant names none */
	const struct key_set *access; /* AES */
	uint8_t version;              /* of the access set: 30 to 3F */
	struct aid issuer; /* where the card's keys are looked up; n = 0: the usual one */
	int64_t now;
};
/* What is found out about the card on the way. */
struct claim_found {
	uint8_t card_version; /* of its key 11 */
	uint8_t issuer_kid;   /* by which the card knows the issuer of the grant */
	bool no_grant; /* the card has no such grant: spent, replaced, taken back, or another's */
};
/*
 * Selects, presents the grant, agrees on keys: the session is open in the end, and takes nothing
 * but the claim. ERR_AUTH: the card refuses the grant or is not the one that it names, nothing
 * changed; ERR_CARD.
 */
int claim_open(struct session *s, const struct claim *c, struct claim_found *f, struct err *e);
/* PUT KEY of the whole set: the claim. *unknown: no answer that can be trusted came. */
int claim_put(struct session *s, const struct claim *c, bool *unknown, struct err *e);

#endif
