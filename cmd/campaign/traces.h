/*
 * What went over the wires of a campaign, card by card: `campaign run --trace`. The exchanges of a
 * card are gathered in memory and written as one block when it is done or given up, so that blocks
 * of cards worked on side by side would not mix. A block is a trace (card/trace.h) behind a comment
 * that names the card and its outcome.
 *
 * Into one file, or into a directory: there each card has a file named after its CIN, and what told
 * none shares "unidentified.trace". Files are appended to.
 */
#ifndef CMD_CAMPAIGN_TRACES_H
#define CMD_CAMPAIGN_TRACES_H

#include <stdio.h>

#include "card/card.h"
#include "ledger/ledger.h"

/* All zero: no traces are kept, and every function here does nothing. */
struct traces {
	const char *path; /* borrowed */
	bool directory;
	FILE *f; /* gathers the card at work; NULL: none */
	char *text;
	size_t n;
	struct err failed; /* the first block that could not be written */
};

/* path may be NULL: none are kept. ERR_OTHER: nothing can be written there; nothing was sent yet.
 */
int traces_begin(struct traces *t, const char *path, struct err *e);
/* A card that was opened just now. On errors it is as it was. */
int traces_card(struct traces *t, struct card *card, struct err *e);
/* It was closed: writes its block. lc->state pending: the run ended before the card did. */
void traces_write(struct traces *t, const struct ledger_card *lc);
/* A block is missing: the run is to end, since what is sent would not be recorded. */
bool traces_broken(const struct traces *t);
/* Writes what is left. A missing block is the outcome then: -1, *e, over whatever it was. */
int traces_end(struct traces *t, int rc, struct err *e);

#endif
