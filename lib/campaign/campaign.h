/*
 * Campaigns: what a manifest asks for, brought to all its cards, one after the other, with a
 * ledger: a bundle by broadcast, or a list of steps. Memory does not grow with the number of cards.
 * Prints nothing: told to the caller by callback.
 */
#ifndef CAMPAIGN_CAMPAIGN_H
#define CAMPAIGN_CAMPAIGN_H

#include "campaign/job.h"
#include "channel/opening.h"
#include "host/content.h"
#include "ledger/ledger.h"
#include "manifest/manifest.h"

struct campaign_mode;
struct change;
struct grant_issue;
struct unicast;

/* A campaign with all its files read and checked against each other; nothing sent to any card. */
struct campaign {
	struct manifest m;
	struct keystore *ks;
	const struct entry *keys; /* of the channel; borrowed from ks */
	const struct campaign_mode *mode;
	struct bundle bundle;    /* broadcast */
	struct unicast *unicast; /* see unicast.h; NULL in broadcast */
	uint8_t goal[32]; /* names what is to be reached: bundle, authorized or not; or the steps */
	/* The same as earlier versions named it, if they did otherwise: see ledger.h. */
	uint8_t former_goal[32];
	bool has_former;
	char ledger_path[MANIFEST_PATH];
	/* For reports: what the goal is made of cannot be read, and why; ERR_NONE: it can. Then of
	 * keys, bundle and steps only what the manifest says is known. */
	struct err unknown;
	/* Asked while there is much to read: true ends that with ERR_INTERRUPTED. May be NULL; set
	 * by the caller when it is open. */
	bool (*stop)(void *ctx);
	void *ctx;
};
/* ERR_INPUT, ERR_AUTH, ERR_SAFETY as for the files themselves; fields are keys of the manifest in
 * the words of this error and of all reasons in the ledger. */
int campaign_open(const char *manifest, struct campaign *c, struct err *e);
/* To look back: the same without what only a run needs, card keys and dates; c->keys stays NULL.
 * Only the manifest must be there, see `unknown`. */
int campaign_open_report(const char *manifest, struct campaign *c, struct err *e);
void campaign_close(struct campaign *c);
/* Which rows of the ledger are this campaign's; points into *c. */
struct ledger_goal campaign_goal(const struct campaign *c);

/* What became of a card that was put into a reader. */
enum fed {
	FED_UNKNOWN, /* it does not tell who it is, or proves to be another than was done under its
			number: no row in the ledger is its own, the reason is in the row given */
	FED_DUPLICATE, /* done before: it was asked who it is, with a channel if its keys are its
			  own */
	FED_REFUSED,   /* an authentication failed on it before: nothing but its number was asked */
	FED_DONE,
	FED_FAILED
};

/* What a product does differently. */
struct campaign_habits {
	struct content_habits load;
	const struct profile *profile; /* NULL: none fits; borrowed as long as the run lasts */
};

/* Where a step is taken. */
struct change_place {
	const char *card; /* its file, or reader */
	const struct session *s;
	const struct change *change;
};

struct campaign_calls {
	/* Opens a card by its file path, or by what feed said; ERR_READER when it is in use
	 * elsewhere. */
	int (*open)(void *ctx, const char *name, struct card *card, struct err *e);
	/* What a card file says it was made as, up to 32 characters, without opening the card; "":
	 * it does not say. May be NULL: no file does. */
	void (*made)(void *ctx, const char *path, char out[static 33]);
	/* What the operator should know before work begins: one sentence. May be NULL. */
	void (*remark)(void *ctx, const char *text);
	/* The cards are listed, work begins. May be NULL, like progress and stop. */
	void (*begin)(void *ctx, const struct ledger_sums *sums);
	/* A card moves on (state pending) or ends (done, failed); done/total in commands while
	 * loading. */
	void (*progress)(void *ctx, const struct ledger_card *c, uint32_t done, uint32_t total);
	/*
	 * For `cards: {readers: ...}`. feed waits for a card that was not there before, in any of
	 * the readers: 1 and its reader's name; 0: no more will come; -1: *e. fed tells what became
	 * of it: it can be taken out.
	 */
	int (*feed)(void *ctx, char reader[static MANIFEST_READER_NAME], struct err *e);
	void (*fed)(void *ctx, const char *reader, enum fed how, const struct ledger_card *lc);
	/* What is known of the product that was identified; may be NULL: nothing. */
	void (*habits)(void *ctx, const struct session *s, struct campaign_habits *h);
	/* For a record of changes, called with `changes`: the change is about to be made on the
	 * card
	 * (-1: nothing is sent); and what came of it, why NULL: done. May be NULL. */
	int (*changing)(
	    void *changes, const struct change_place *at, const void *work, struct err *e);
	void (*changed)(
	    void *changes, const struct change_place *at, const void *work, const struct err *why);
	/* The serial of a grant that is about to be signed, called with `changes`: as change_calls
	 * have it. NULL: campaigns that sign grants fail. */
	int (*serial)(void *changes, const struct grant_issue *g, uint64_t *serial, struct err *e);
	void *changes;
	/* true: end at the next safe point. */
	bool (*stop)(void *ctx);
	void *ctx;
	bool retry_authentication; /* try again where an authentication failed */
};

struct campaign_result {
	struct ledger_sums sums;
	uint64_t cards_tried;
	uint64_t duplicates, unknown; /* cards put into readers, see enum fed */
};
/*
 * Lists the cards into the ledger, then works on each that is not done. 0 when all are done;
 * ERR_UNDONE when some are not; ERR_INTERRUPTED; ERR_LEDGER; ERR_SAFETY when a limit was reached.
 */
int campaign_run(struct campaign *c, const struct campaign_calls *calls, struct campaign_result *r,
    struct err *e);
/* Adds the cards of the directory, if there is one, to a ledger that is open for writing; names are
 * not kept here. n->remade is added to. */
struct campaign_listed {
	uint64_t n;      /* how many there are */
	uint64_t remade; /* whose rows were done with another file of that name: pending again */
};
int campaign_list_cards(const struct campaign *c, const struct campaign_calls *calls,
    struct ledger *l, struct campaign_listed *n, struct err *e);
/* Files that look like cards below the manifest's directory, without opening them; none where cards
 * come from readers. */
int campaign_count_cards(const struct campaign *c, uint64_t *n, struct err *e);
/* The same; none at all is ERR_INPUT, since a run over nothing would look like success. */
int campaign_need_cards(const struct campaign *c, uint64_t *n, struct err *e);

#endif
