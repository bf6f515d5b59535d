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

/* The three keys of a secure channel set, KID 01 to 03, as one PUT KEY; type: KEY_TYPE_AES or _DES.
 * Wiped by the caller. */
void keys_from_set(
    struct put_key *k, uint8_t version, enum key_type type, const struct key_set *set);

/*
 * Sends one PUT KEY with all keys of `k`, the first being kid: replaces set `old` (00: adds). The
 * session has C-MAC and decides k->des; what is too long for one command of it goes out in several.
 * ERR_CARD: refused, nothing changed; ERR_INTEGRITY: the keys are on the card,
 * but it answered with other check values. *unknown: no answer that can be trusted came, the card
 * has the keys as before or the new ones.
 */
int keys_put_set(
    struct session *s, uint8_t old, uint8_t kid, struct put_key *k, bool *unknown, struct err *e);
/* One DELETE of a set, or of one key of it. *unknown: as above. */
int keys_delete(struct session *s, const struct delete_keys *k, bool *unknown, struct err *e);

/* Key information (00E0). told = false: the card gives none, by an error word that anybody on the
 * wire can say; *k is empty, and proves nothing. */
int keys_read(struct session *s, struct key_infos *k, bool *told, struct err *e);
/* The same where it is to prove what the card has and has not: that it gives none is ERR_INTEGRITY.
 * A card with an open channel has the set that it was opened with, at least. */
int keys_prove(struct session *s, struct key_infos *k, struct err *e);
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
 * What is wanted of a card: that it has a set as `version`. With `replace` it takes the place of
 * that set, in one command; with `rotate` that set is deleted once the new one has opened a
 * channel. Zero: not asked for; at most one of the two.
 */
struct keys_goal {
	uint8_t version, replace, rotate;
	uint8_t type;    /* of the new keys: enum key_type */
	uint16_t length; /* octets of each; 0: whatever cards say of such a key */
	bool channel;    /* it is a set that opens a channel, and so can be proved */
};
/* What can be said against it before the card is looked at: ERR_SAFETY. keys_plan does it too. */
int keys_goal_check(const struct keys_goal *g, struct err *e);
/* What is still to do for it, in this order. */
struct keys_plan {
	bool put;
	uint8_t p1;     /* of PUT KEY: the set that is replaced, 00: none */
	bool prove;     /* open a channel with the new set */
	uint8_t remove; /* then delete this set; 00: none */
};
/*
 * From the key information of the card. Nothing to put: a set of that version is there, and opening
 * a channel with it tells whether it is the one that is wanted. ERR_SAFETY when the goal cannot be
 * reached from there: the set to replace or rotate is not there, it is of another kind, or the
 * version is taken.
 */
int keys_plan(
    const struct key_infos *k, const struct keys_goal *g, struct keys_plan *p, struct err *e);

/*
 * Opens a channel with the new or the old set in the session of the change, comparing the card's
 * cryptogram first, so that keys which do not fit (ERR_AUTH) cost no try. CARD_ANEW: the card gave
 * no answer, so it has to be connected again before.
 */
enum keys_set { OLD_SET, NEW_SET };
enum keys_card { CARD_AS_IT_IS, CARD_ANEW };
typedef int keys_opener(void *ctx, enum keys_set which, enum keys_card card, struct err *e);
/*
 * After a lost answer: which of two sets does the card have? `open` is called for the new set and,
 * if that does not fit (ERR_AUTH), once for the old. 0: the channel is open with the one that
 * *is_new tells. An error of the first that is not ERR_AUTH ends it; when neither fits, ERR_AUTH
 * with both reasons.
 */
int keys_which(keys_opener *open, void *ctx, bool *is_new, struct err *e);

/* One change of the keys of a domain, step by step as planned. */
struct keys_change {
	struct session *s;     /* open */
	struct keys_plan plan; /* the caller sets prove to false when it is proved already */
	struct put_key *keys;
	uint8_t kid; /* of the first */
	keys_opener *open;
	void *ctx;
	/* what happened */
	bool put, proved, removed;
	bool resolved; /* an answer was lost, and what the card has was found out */
};
/*
 * ERR_READER, text saying so, when a lost answer turned out to be a command that was not carried
 * out: the card is as before. ERR_INTEGRITY: the key information does not show what was put. An
 * error of the proof leaves the old set on the card. After a proof the session is open with the new
 * set.
 */
int keys_change(struct keys_change *x, struct err *e);

#endif
