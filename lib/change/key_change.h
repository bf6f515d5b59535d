/*
 * Bringing a key set of the key store to a card: what put-keys does, and what gives a domain its
 * first keys. From the entry and the card's key information to one plan (host/keys.h), done with
 * proof. Not here: how a channel is opened, which is change_calls' open, and the record of key
 * changes, which begin and end write.
 */
#ifndef CHANGE_KEY_CHANGE_H
#define CHANGE_KEY_CHANGE_H

#include "change/change.h"

enum { KCV_TEXT = 32 }; /* "504A77 504A77 504A77", or one of 16 digits */

/* What is asked for. */
struct key_order {
	const struct entry *entry; /* of the key store, read */
	uint8_t version;           /* that the keys get on the card */
	uint8_t replace, rotate;   /* host/keys.h; 00: not asked for */
	bool own;                  /* rotate: the set of the channel, whatever version it has */
	/* It is for the domain of the channel, which need not have keys of its own yet: then those
	 * of the domain that it belongs to open the channel. The set proves itself in any case. */
	bool first;
	struct aid into; /* through its parent, into this domain; n = 0: that of the channel */
};
/* That of a change: false for one that brings no keys. */
bool key_order_of(const struct change *ch, struct key_order *o);
/* What can be said against it before any card: ERR_SAFETY; ERR_USAGE: it cannot prove itself. */
int key_order_check(const struct key_order *o, struct err *e);

/* On one card; freed with key_work_free. */
struct key_work {
	struct key_order order;
	struct keys_goal goal;
	struct keys_change change; /* what is to be done, and what happened */
	struct put_key keys;
	char kcv[KCV_TEXT];   /* what may be shown of the keys; in a plan empty */
	bool proved_before;   /* the channel was opened with them */
	struct key_infos now; /* as the card told them last */
};
struct keys_goal key_goal_of(const struct key_order *o);
/* The keys of that version are there, of this type and length. */
bool key_goal_shown(const struct key_infos *k, const struct keys_goal *g);
/* The keys for this card and what may be shown of them; in a plan zeros as long. */
int key_work_make(struct change_card *c, struct key_work *w, struct err *e);
/* "check values", "check value", "fingerprint": what is in kcv. */
const char *key_work_shown_as(const struct key_work *w);
bool key_work_is_public(const struct key_work *w);

/* The card shows all that was asked for, as far as it shows keys; not by hand. `keys`: bit of the
 * field that names them. */
int key_order_is_so(struct change_card *c, const struct key_order *o, uint64_t keys,
    struct change_so *so, struct err *e);
/* The keys for this card, and what is to be done: ERR_SAFETY, ERR_AUTH. */
int key_work_plan(
    struct change_card *c, const struct key_order *o, struct key_work *w, struct err *e);
int key_work_confirm(struct change_card *c, const struct key_work *w, struct err *e);
int key_work_do(struct change_card *c, struct key_work *w, struct err *e);
/* What was put is there, of its type and length: ERR_INTEGRITY. */
int key_work_compare(struct change_card *c, struct key_work *w, struct err *e);
void key_work_free(void *work);

/* ---- what other changes of keys need ---- */

/* Key information, of a card that has it: ERR_SAFETY. In a plan there is none. */
int key_told(struct change_card *c, const struct key_infos **k, struct err *e);
/* Diversification data of the card: as it answered to INITIALIZE UPDATE, in SCP11 those of GET DATA
 * 00CF. ERR_SAFETY when it tells none. */
int key_card_data(struct session *s, uint8_t kdd[static KDD_OCTETS], struct err *e);
/* The keys of a card key set for this card, wiped by the caller, and their check values. */
int key_of_card(struct session *s, const struct entry *t, struct key_set *keys,
    char kcv[static KCV_TEXT], struct err *e);
/*
 * A supplementary domain with keys of its own is PERSONALIZED: on most cards from then on, on
 * others when it says so itself (GPCS 5.3.2.3, 11.10.2.2). The session is one with the domain. A
 * card that does not tell what it is is left alone.
 */
int key_personalized(struct session *s, struct err *e);
/* calls->open; without one ERR_READER: who asks later finds out. */
int key_open(struct change_card *c, enum keys_set which, enum keys_card card, struct err *e);
/* DELETE and what follows it, in a plan. */
int key_delete_dry(struct change_card *c, const struct delete_keys *what, struct err *e);
/* How the keys of the change at work prove themselves; *own: see there. */
enum proof key_proof(struct change_card *c, uint8_t *own);

/* The version that a set gets when nothing is said: the entry's; of a key that authorizes content
 * the one that cards look for it under, as far as there is a convention. */
uint8_t key_usual_version(const struct entry *t);
/* What there is on a card when a key of type dap, token or receipt, which was read, was put under
 * the version that cards look for it under. False: it was not read. */
bool key_usual(const struct entry *t, struct keys_goal *g);

#endif
