/*
 * How verbs that change keys open channels: with the set of before, or with the one that the change
 * brings, in the session that is at work. For the callbacks of a change (lib/change).
 */
#ifndef CMD_CONTENT_KEY_WAYS_H
#define CMD_CONTENT_KEY_WAYS_H

#include "change/kinds.h"
#include "cmd/channel/channel.h"

struct key_ways {
	struct ctx *c;
	struct keystore *ks; /* NULL: none was needed */
	struct session *session;
	struct channel_kind kind;
	/* What the channel was opened with; NULL: no entry of type scp03 or scp02. */
	const struct entry *old;
	uint8_t old_version;
	bool proved;                 /* the channel was opened with the set that is wanted */
	const struct key_work *work; /* once something may have been put; else NULL */
};

/* The session has just been found or opened with `a`. */
void key_ways_of(struct key_ways *w, struct session *s, const struct channel_args *a);
/* In a dry run nothing was opened: only what the channel would be opened with. */
void key_ways_dry(struct key_ways *w, const struct channel_args *a);
/* As change_calls' open and proof. */
int key_ways_open(struct key_ways *w, const struct change *ch, enum keys_set which,
    enum keys_card card, struct err *e);
enum proof key_ways_proof(const struct key_ways *w, const struct change *ch);
/*
 * A run before this one may have come so far that the old keys open nothing any more: the options
 * to look whether the card has the new ones, which costs no try. False: it cannot be so.
 */
bool key_ways_with_new(
    const struct change *ch, const struct channel_args *a, struct channel_args *with_new);
/* After a change, also a failed one: refusals of sets that are others now are forgotten, and the
 * channel that stays open is the new set's. */
void key_ways_after(struct key_ways *w, const struct change *ch, const void *work);

#endif
