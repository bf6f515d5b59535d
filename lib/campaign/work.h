/*
 * The work on one card of a campaign, from opening it to its row in the ledger. Inside of
 * lib/campaign: run.c brings cards from files, feed.c from readers.
 */
#ifndef CAMPAIGN_WORK_H
#define CAMPAIGN_WORK_H

#include "campaign/campaign.h"

struct run {
	struct campaign *c;
	const struct campaign_calls *calls;
	struct ledger *l;
	struct tries *tries;
	struct ledger_card *lc; /* the card at work */
	struct card card;
	struct session s;
	enum step step;
	bool ledger_failed;
	struct err ledger_err; /* how, when a callback could not say it */
	bool refused;          /* EXTERNAL AUTHENTICATE was refused: a try is spent */
	uint32_t refused_in_a_row;
	uint32_t failures;
};

bool work_stopping(const struct run *r);
/* The card of a claimed row. Returns -1 only for what ends the whole run. */
int work_file(struct run *r, struct ledger_card *lc, struct err *e);
/* The card in a reader, whose row is found, or made, by its CIN: *lc and *how. The same return. */
int work_reader(
    struct run *r, const char *reader, struct ledger_card *lc, enum fed *how, struct err *e);
/* ERR_SAFETY when a limit of the manifest is reached. */
int work_limits(const struct run *r, struct err *e);

/* Cards that are fed into readers, until there are no more. */
int feed_all(struct run *r, struct campaign_result *res, struct err *e);

#endif
