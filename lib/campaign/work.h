/*
 * The work on one card of a campaign, from opening it to its row in the ledger. Inside of
 * lib/campaign: run.c brings cards from files, feed.c from readers.
 */
#ifndef CAMPAIGN_WORK_H
#define CAMPAIGN_WORK_H

#include "campaign/campaign.h"

struct run;

/* How a campaign gets its goal onto a card: one for each mode of the manifest. */
struct campaign_mode {
	/* Reads the files that the manifest names and names the goal. today: YYYYMMDD; 0: to look
	 * back, also at what has expired. */
	int (*open)(struct campaign *c, uint32_t today, struct err *e);
	/* What only a run needs: keys, and whether everything goes together. */
	int (*ready)(struct campaign *c, struct err *e);
	void (*close)(struct campaign *c);
	/* On a card that was identified: to the goal. */
	int (*work)(struct run *r, struct err *e);
};
extern const struct campaign_mode mode_broadcast, mode_unicast;

struct run {
	const struct campaign *c;
	const struct campaign_calls *calls;
	struct ledger *l;
	struct campaign_listed listed; /* cards in the directory when the run began */
	struct tries *tries;
	struct ledger_card *lc; /* the card at work */
	struct card card;
	struct session s;
	struct campaign_habits habits;
	struct opening opening; /* of the channel, as it went last */
	bool other_before;      /* the row's outcomes are those of another card */
	char kdd_elsewhere[21]; /* what another row's card of this number proved itself with */
	bool ledger_failed;
	bool known_refused; /* by the ledger, which other stations may have written */
	uint32_t refused_in_a_row, wrong_in_a_row;
	char wrong_set[SESSION_KEY_SET], wrong_keys[CHANNEL_KEYS]; /* of the last of these */
	uint32_t failures;
};

bool work_stopping(const struct run *r);
/* The card has come to a step; and, while it takes long, how far that is. */
void work_step(struct run *r, const char *name);
void work_tell(struct run *r, uint32_t done, uint32_t total);
/* Opens a channel with the keys of an entry, with all that campaigns keep watch on: tries, and
 * that it is still the card that was identified. Ends one that is open. */
int work_channel(struct run *r, const struct entry *keys, uint8_t version, struct err *e);
/* Something was stored that may have given the card another CIN: in its channel it is the same card
 * all the same. */
int work_rename(struct run *r, struct err *e);
/* The card of a claimed row. Returns -1 only for what ends the whole run. */
int work_file(struct run *r, struct ledger_card *lc, struct err *e);
/* The card in a reader, whose row is found, or made, by its CIN: *lc and *how. The same return. */
int work_reader(
    struct run *r, const char *reader, struct ledger_card *lc, enum fed *how, struct err *e);
/* Cards that refused an authentication are asked again. */
bool work_retries(const struct run *r);
/* ERR_SAFETY when a limit of the manifest is reached. */
int work_limits(const struct run *r, struct err *e);

/* Cards that are fed into readers, until there are no more. */
int feed_all(struct run *r, struct campaign_result *res, struct err *e);

#endif
