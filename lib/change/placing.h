/*
 * Placing a grant on one card: what authorize-party and reserve have in common. What the card shows
 * of the party decides whether there is anything to do; the file for the party is on the disk
 * before the card is changed, then comes the container unless a domain of its AID is there, then
 * the order, and FF73 is read back. Inside of lib/change, and for who shows what became of it.
 */
#ifndef CHANGE_PLACING_H
#define CHANGE_PLACING_H

#include "change/change.h"
#include "host/card_seen.h"
#include "host/party_file.h"

/* What FF73 says of a party. */
enum place_state {
	PLACE_FREE,    /* nothing of it: the grant may be placed */
	PLACE_WAITING, /* the very grant is there, unused */
	PLACE_CLAIMED, /* it is in the container */
	PLACE_OTHER    /* it is there under another grant */
};

/* The answer to `place`: at most 100 octets (placed_get takes no more). */
enum { PLACED_MAX = 128 };
/* The work on one card. */
struct placing {
	struct card_seen card;
	char path[FIELD_PATH]; /* the file for the party */
	struct party_file
	    file; /* with the grant, as it was found: of a run before, of the issuer */
	bool has_file;
	struct aid container; /* n = 0: not chosen yet */
	struct aid in;        /* where the party was found */
	uint64_t serial;      /* of its grant there */
	bool waits;           /* which was not used yet */
	enum place_state is;
	bool there; /* a domain of this AID is on the card */
	/* happened */
	struct wr own;            /* the grant that was signed */
	struct grant_file placed; /* grant.whole.n = 0: nothing was to be placed */
	bool made;                /* the container */
	bool has_receipt, receipt_proven;
	uint16_t counter;
	uint8_t answer[PLACED_MAX]; /* with a receipt: what it answers for */
	size_t answer_n;
};
void placing_free(void *work);
/* The grant that the card has in the end; whole.n = 0: only the card has it. */
const struct grant *placing_grant(const struct placing *w);

/* What is asked of it. */
struct placing_asks {
	struct span id;
	uint8_t rights;
	/* A grant that is so: of the file that is there. NULL: there is none. */
	const struct grant *grant;
	bool anywhere; /* in whatever container the party is found */
	bool make;     /* the container may be made, with the quotas of the grant */
	bool no_time;
	const struct key *receipt_key; /* NULL: receipts are not looked at */
};
/* FF73, which w->card has: w->is, and where. By hand a party in a container without a grant that is
 * known is another's. */
void placing_look(struct change_card *c, struct placing *w, const struct placing_asks *a);
/* All that speaks against placing: ERR_SAFETY. Finds out whether the domain is there. */
int placing_check(
    struct change_card *c, struct placing *w, const struct placing_asks *a, struct err *e);
/* Asks, where it takes the place of grants that were not used. */
int placing_confirm(
    struct change_card *c, struct placing *w, const struct placing_asks *a, struct err *e);
/* w->placed is whole: all of it but for reading back. ERR_CARD, ERR_INTEGRITY, ERR_AUTH. */
int placing_act(
    struct change_card *c, struct placing *w, const struct placing_asks *a, struct err *e);
/* Only the file for the party. */
int placing_write(const struct placing *w, const struct grant_file *f, struct err *e);
/* The compare of both kinds: FF73 shows it waiting, or ERR_INTEGRITY. work: struct placing. */
int placing_compare(struct change_card *c, const void *x, void *work, struct err *e);

/* T of the card jumps over more than a year: ERR_SAFETY, by hand a question. */
int placing_clock(struct change_card *c, uint32_t card_time, bool no_time, struct err *e);
/* In a plan: what asks the card before anything is placed. */
int placing_plan(struct change_card *c, struct err *e);

#endif
