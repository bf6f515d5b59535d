/*
 * What put-keys brings to a card: the entry of the key store as it is asked for, and as the one
 * PUT KEY that it becomes for this card.
 */
#ifndef CMD_CONTENT_KEY_PUT_H
#define CMD_CONTENT_KEY_PUT_H

#include "cmd/kit/dry.h"
#include "cmd/content/key_record.h"
#include "cmd/content/key_ways.h"
#include "cmd/content/put_keys.h"

/* One run. All zero but for g and w.c, w.ks. */
struct key_put {
	const struct put_request *g;
	struct key_ways w;
	struct keys_goal goal;
	struct keys_change change;
	struct put_key keys;
	char kcv[KCV_TEXT];
	struct key_record record;
	bool proved; /* the channel was opened with the set that is wanted */
};

/* What there is on a card when a key of type dap, token or receipt, which was read, was put as
 * put-keys does it. False: it was not read. */
bool key_put_usual(const struct entry *t, struct keys_goal *g);
/* The entry and what is wanted of the card: all that can be checked before it is touched. */
int key_put_find(struct key_put *p, struct err *e);
/* The keys, in the open session, and what is shown of them. The caller wipes p->keys. */
int key_put_make(struct key_put *p, struct err *e);
/* A public key, of which a fingerprint is shown. */
bool key_put_is_public(const struct key_put *p);
/* "check values", "check value", "fingerprint": what is in p->kcv. */
const char *key_put_shown_as(const struct key_put *p);
/* PUT KEY as it would be sent, `most` octets in a command: public keys as they are, of secret ones
 * only how many octets they take. */
void key_put_dry(struct dry *d, struct key_put *p, size_t most);

#endif
