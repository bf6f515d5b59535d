/*
 * What a terminal does with a card that knows it (trust.md 4 to 6, 8): opens a channel with the key
 * it has there, shows what it is, fetches and puts objects, renews its key, gives it up. What the
 * card says in that channel changes the state file, which is saved before anything that leans on it
 * goes out; what somebody says without one changes no key.
 *
 * The terminal's time is the later one of its clock and what it has seen before. Borrowed: session,
 * terminal.
 */
#ifndef TERMINAL_TALK_H
#define TERMINAL_TALK_H

#include "host/session.h"
#include "terminal/terminal.h"

struct talk {
	/* set by the caller */
	struct session *s; /* on a card that nobody talks to */
	struct terminal *t;
	uint32_t clock; /* the terminal's, seconds since 1970 */
	uint8_t only;   /* the record that is meant; 0: the one of this card */
	bool plans;     /* no card is asked, and the file stays as it is */
	/* found out */
	struct terminal_record *r;
	bool by_pending;  /* the key that waits to be confirmed has opened the channel */
	bool fallen_back; /* the card knows the one before only */
	struct trust_verdict verdict; /* of the last PRESENT or CONFIRM that was answered */
};

/* The later one of clock and last-seen. */
uint32_t talk_now(const struct talk *k);
/* All that can be said without a card: no record of that number, no key that lives: ERR_SAFETY, and
 * unless it is a plan the file says so from now on. `joins`: it is about a first key. */
int talk_check(struct talk *k, bool joins, struct err *e);
/*
 * Finds out which card it is and opens a channel with the newest key that it knows. ERR_AUTH: no
 * key for this card, or none that it knows, which nobody has proved: the record counts as refused
 * and keeps its keys. ERR_SAFETY: the record of this card has ended. ERR_USAGE: several records.
 */
int talk_open(struct talk *k, struct err *e);
/* PRESENT, in an open channel. ERR_CARD: the card's verdict is against it; what it proves is in the
 * file then. */
int talk_present(struct talk *k, struct err *e);
/* RENEW and CONFIRM, once trusted. ERR_CARD. Cut anywhere: the next talk goes on. */
int talk_renew(struct talk *k, struct err *e);
/* The first key of an open record, from a card that the ticket names; in place of one that was
 * never confirmed, too. */
int talk_join(struct talk *k, struct err *e);
/* Once trusted. An object, appended; written, empty: deleted. ERR_CARD. */
int talk_get(struct talk *k, uint8_t number, struct wr *value, struct err *e);
int talk_put(struct talk *k, uint8_t number, struct span value, struct err *e);
/* REVOKE: the record ends, on the card and here. ERR_CARD. */
int talk_revoke(struct talk *k, struct err *e);

#endif
