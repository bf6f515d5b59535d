/*
 * Containers of third parties, as an operator or a party works with them in an open session: the
 * orders, what the card tells of its containers, objects. What the answers mean is said in hints;
 * who asks first, and what is remembered, is up to the caller.
 *
 * All of it needs security level 33: what the card tells here decides what is done, and orders are
 * nobody else's business.
 */
#ifndef HOST_CONTAINER_H
#define HOST_CONTAINER_H

#include "gp/container.h"
#include "host/content.h"

/* The session is one of level 33 in SCP03 or SCP11: ERR_SAFETY. */
int container_session_check(const struct session *s, struct err *e);

/* Makes the security domain that a grant needs, with authorized management and the quotas and
 * reservations given. ERR_CARD. */
int container_make(struct session *s, const struct aid *aid, const struct quotas *q, struct err *e);

/*
 * One order, of whatever kind. *answer borrows from the session until its next command; only place
 * has one. ERR_CARD; *unknown: no answer that can be trusted came, the card has done it or not.
 */
int container_send(struct session *s, const struct container_order *o, struct span *answer,
    bool *unknown, struct err *e);

/*
 * GET DATA FF73 into `into`, which the caller frees and from which *c borrows; of one container
 * only, or with NULL of all that the session sees. ERR_CARD; *there false: the card has no such
 * container (6A88: an error word, which proves nothing).
 */
int containers_read(struct session *s, const struct aid *only, struct wr *into,
    struct containers *c, bool *there, struct err *e);
/* The container of this AID in it, the party of this id, the grant of this digest. */
MUST_CHECK bool container_find(const struct containers *all, struct span aid, struct container *c);
MUST_CHECK bool container_party_find(
    const struct container *c, struct span id, struct container_party *p);
MUST_CHECK bool container_grant_find(
    const struct container *c, struct span id, struct container_grant *g);
/* Last serial of this issuer; false: the card has no such issuer. */
MUST_CHECK bool container_issuer_find(
    const struct containers *all, struct span name, uint64_t *serial);

/* An object of the party whose session it is; empty: removes it. ERR_CARD. */
int container_object_write(struct session *s, uint8_t number, struct span value, struct err *e);
/* Appends the value. ERR_CARD, also when there is none. */
int container_object_read(struct session *s, uint8_t number, struct wr *value, struct err *e);

#endif
