/*
 * Keys of a domain: put, replaced, deleted, rotated with proof. One PUT KEY for a whole set, so
 * that it is there whole or not at all (GPCS 11.8); returned check values are compared.
 */
#ifndef HOST_KEYS_H
#define HOST_KEYS_H

#include "gp/delete.h"
#include "gp/put_key.h"
#include "host/session.h"

/*
 * Sends one PUT KEY with all keys of `k`: replaces set `old` (00: adds). Session with C-MAC.
 * ERR_CARD: refused; ERR_INTEGRITY: the card answered with other check values; ERR_READER with
 * *unknown set: no answer came, the card has the old or the new set.
 */
int keys_put(struct session *s, uint8_t old, uint8_t kid, const struct put_key *k, bool *unknown,
    struct err *e);
/* One DELETE of a set, or of one key of it. */
int keys_delete(struct session *s, const struct delete_keys *k, struct err *e);

#endif
