/*
 * Keys of a domain: put, replaced, deleted, rotated with proof. One PUT KEY for a whole set, so
 * that it is there whole or not at all (GPCS 11.8); returned check values are compared. What a card
 * has after an answer was lost is found out by opening a channel, never by sending again.
 *
 * Keys go out under the DEK of the session: the static one of SCP01 and SCP03, the session key of
 * SCP02 and SCP11.
 */
#ifndef HOST_KEYS_H
#define HOST_KEYS_H

#include "gp/delete.h"
#include "gp/put_key.h"
#include "host/session.h"

enum {
	KEYS_FACTORY = 0xFF, /* version of the set that a card leaves the factory with */
	KEYS_VERSION_MAX = 0x7F,
	KEYS_LONGEST = 1024 /* octets of one PUT KEY, over all its commands */
};

/* The three keys of a secure channel set, KID 01 to 03, as one PUT KEY. Wiped by the caller. */
void keys_from_set(struct put_key *k, uint8_t version, bool des, const struct key_set *set);

/*
 * Sends one PUT KEY with all keys of `k`, the first being kid: replaces set `old` (00: adds). The
 * session has C-MAC. ERR_CARD: refused, nothing changed; ERR_INTEGRITY: the keys are on the card,
 * but it answered with other check values. *unknown: no answer that can be trusted came, the card
 * has the keys as before or the new ones.
 */
int keys_put_set(struct session *s, uint8_t old, uint8_t kid, const struct put_key *k,
    bool *unknown, struct err *e);
/* One DELETE of a set, or of one key of it. *unknown: as above. */
int keys_delete(struct session *s, const struct delete_keys *k, bool *unknown, struct err *e);

/* Key information (00E0). told = false: the card has none, *k is empty. */
int keys_read(struct session *s, struct key_infos *k, bool *told, struct err *e);
/* The key with this version and identifier; kid 0: the first of the version. NULL: none. */
const struct key_info *keys_at(const struct key_infos *k, uint8_t version, uint8_t kid);
/* Key set `version` can open a channel: it has keys 01, 02 and 03, or an SCP11 key. */
bool keys_open_channel(const struct key_infos *k, uint8_t version);

/*
 * May set `version`, or of it the key kid (-1: all), be deleted? ERR_SAFETY with a hint when it is
 * the set that the session was opened with, or when without it no set would open a channel any
 * more; and the factory set, unless `factory` says that it is meant.
 */
int keys_may_delete(const struct session *s, const struct key_infos *k,
    const struct delete_keys *what, bool factory, struct err *e);

/*
 * After a lost answer: which of two sets does the card have? `open` opens a channel with the new
 * set or the old one, comparing the card's cryptogram first, so that keys which do not fit cost no
 * try; it is called for the new set and, if that does not fit (ERR_AUTH), once for the old. 0: the
 * channel is open with the one that *is_new tells. An error of the first that is not ERR_AUTH ends
 * it; when neither fits, ERR_AUTH with both reasons.
 */
typedef int keys_opener(void *ctx, bool new_set, struct err *e);
int keys_which(keys_opener *open, void *ctx, bool *is_new, struct err *e);

#endif
