/*
 * What the verbs that change keys share: the channel they work in, how it is opened again with the
 * new set or the old one, check values in words.
 */
#ifndef CMD_CONTENT_KEY_WAYS_H
#define CMD_CONTENT_KEY_WAYS_H

#include "cmd/channel/channel.h"
#include "host/keys.h"

enum { KCV_TEXT = 32 }; /* "504A77 504A77 504A77" */

struct key_ways {
	struct ctx *c;
	struct keystore *ks;
	struct session *session;
	struct channel_kind kind;
	/* What the channel was opened with; old NULL: no entry of type scp03 or scp02. */
	const struct entry *old, *fresh;
	uint8_t old_version, fresh_version;
	const bool
	    *put; /* the card has said that the new set is there; NULL: nothing of the kind */
};

/* The session has just been found or opened with `a`; fresh and fresh_version are set by the caller
 * where there is a new set. */
void key_ways_of(struct key_ways *w, const struct channel_args *a);
/* A keys_opener; ctx is the struct. */
int key_ways_open(void *ctx, bool new_set, bool anew, struct err *e);

/*
 * A supplementary domain with keys of its own is PERSONALIZED: on most cards from then on, on
 * others when it says so itself (GPCS 5.3.2.3, 11.10.2.2). The session is one with the domain. A
 * card that does not tell what it is is left alone.
 */
int key_ways_personalized(struct session *s, struct err *e);

/* Diversification data of the card: as it answered to INITIALIZE UPDATE, in SCP11 those of GET DATA
 * 00CF. ERR_SAFETY when it tells none. */
int key_ways_kdd(struct session *s, uint8_t kdd[static KDD_OCTETS], struct err *e);
/* The check values of a set, in the order of its keys. */
int kcv_text(
    const struct entry *t, const struct key_set *k, char out[static KCV_TEXT], struct err *e);

#endif
