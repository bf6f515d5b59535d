/*
 * Feeding cards: waits for cards that are put into the readers of a campaign and tells the operator
 * what became of them. Gives campaign_run its calls for `cards: {readers: ...}`.
 */
#ifndef CMD_CAMPAIGN_FEED_H
#define CMD_CAMPAIGN_FEED_H

#include <time.h>

#include "campaign/campaign.h"
#include "cmd/campaign/traces.h"
#include "cmd/look/profiles.h"
#include "cmd/kit/progress.h"
#include "cmd/kit/verb.h"

struct feed {
	struct ctx *c;
	struct {
		char name[MANIFEST_READER_NAME]; /* exact */
		bool worked;                     /* on the card that is in it now */
		uint16_t events;                 /* pcsc_reader.events then */
	} slots[MANIFEST_READERS];
	size_t n, last;            /* last: the reader of the card at work */
	uint32_t idle;             /* seconds without a card after which it ends; 0: none */
	unsigned timeout_ms;       /* of one command; 0: that of the reader */
	bool troubled;             /* pcscd does not answer: told once */
	struct profiles *profiles; /* borrowed; NULL: there are none */
	struct traces *traces;     /* borrowed */
	struct timespec started;   /* the run; zero before its ledger is open */
	struct timespec waiting;   /* since when */
	struct timespec began;     /* the card at work */
	struct progress progress;
};

/* What the profiles know of the card that was identified. */
void habits_find(
    struct ctx *c, const struct profiles *p, const struct session *s, struct campaign_habits *h);

/* Finds each reader of the manifest: ERR_READER, ERR_INPUT when two names mean one. */
int feed_begin(
    struct feed *f, struct ctx *c, const struct campaign *cp, uint32_t idle, struct err *e);
/* Members of struct campaign_calls; ctx is a struct feed. */
int feed_next(void *ctx, char reader[static MANIFEST_READER_NAME], struct err *e);
int feed_open(void *ctx, const char *reader, struct card *card, struct err *e);
void feed_progress(void *ctx, const struct ledger_card *lc, uint32_t done, uint32_t total);
void feed_told(void *ctx, const char *reader, enum fed how, const struct ledger_card *lc);
void feed_remark(void *ctx, const char *text);
void feed_start(void *ctx, const struct ledger_sums *s);
bool feed_stop(void *ctx);
void feed_habits(void *ctx, const struct session *s, struct campaign_habits *h);

#endif
