/*
 * Virtual cards whose conversation with a campaign is recorded, and campaigns over them.
 *
 * Challenges of these cards follow from their keys and counters, so that a copy of a card from
 * before takes what was recorded, command for command.
 */
#ifndef BENCH_RECORD_H
#define BENCH_RECORD_H

#include "campaign/campaign.h"

struct recorded {
	char path[4096];
	struct wr before; /* the file */
	struct wr sent;   /* length(4), command, status word(2), and so on */
};

/* Reads the file of a card that nothing was done to. */
void recorded_read(struct recorded *r, const char *path);
/* Gives the card back its state from before. */
void recorded_restore(const struct recorded *r);
/* Opens it inside this process and writes down what is sent. */
void recorded_open(struct recorded *r, struct card *card);
/* Takes the next command and the status word that it was answered with; false at the end. */
MUST_CHECK bool recorded_next(struct rd *r, struct span *command, struct span *sw);

/* Runs ./campaign.yaml, all of whose cards must come to a good end; forgets the ledger before. */
void campaign_forget(void);
void campaign_whole(int (*open)(void *ctx, const char *path, struct card *card, struct err *e),
    void *ctx, uint64_t cards);

#endif
