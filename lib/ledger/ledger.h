/*
 * The ledger: what is known of each card of a campaign, in SQLite beside the manifest.
 *
 * Rows are keyed by the campaign's goal (SHA-256 of the bundle) and the card's file; the id (CIN)
 * is learnt when the card is first reached. An intent is committed before the first command that
 * cannot be undone, the outcome after the last; an intent without outcome means: ask the card. A
 * failed commit is ERR_LEDGER and nothing more may be sent to any card: every call that writes
 * then fails with this first error.
 *
 * What is not what was written (a flipped bit) is ERR_LEDGER when a card is to be worked on: the
 * file has a sum where the run before ended cleanly, else its structure is looked through, and each
 * row has a sum. For reports it is marked, and what can be read is shown.
 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include <time.h>

#include "base/bytes.h"
#include "base/err.h"

enum row_state { ROW_PENDING, ROW_DONE, ROW_FAILED };
const char *row_state_str(enum row_state s); /* "pending", "done", "failed" */

/* Refused: never repeated of itself; wrong keys cost no try: with others it may go on. */
enum card_auth { CARD_AUTH_FINE, CARD_AUTH_REFUSED, CARD_AUTH_WRONG_KEYS };

struct ledger_card {
	char file[1024]; /* relative to the manifest */
	char id[33];     /* CIN in hex, "" until known */
	char kdd[21];    /* diversification data that its keys were proven with, in hex; "": none */
	char made[33];   /* what the file said it was made as; "": not known */
	enum row_state state;
	char step[24];              /* last step reached, "already", "" */
	char reason[480];           /* "" : none */
	char hint[240];             /* what to do about it; "": nothing known */
	enum card_auth auth_failed; /* why no channel came to be, where it was that */
	uint32_t attempts;
	bool in_doubt; /* an intent without outcome: more may have been done than is written here */
	/* Was done under the goal's former form: the card is to be asked whether it is so, and
	 * nothing that cannot be asked is to be repeated. */
	bool check_once;
	/* What it ended as was read without R-MAC, or by a version that did not say: not proven. */
	bool bare;
	/* For reports: not what was written; what stands in it is not to be trusted. */
	bool damaged;
};

struct ledger_sums {
	uint64_t total, done, failed, pending, already;
	uint64_t unproven;    /* of those done: as ledger_card.bare */
	uint64_t auth_failed; /* of those not done: that refused an authentication */
	uint64_t damaged;     /* for reports: in total, and nowhere else */
	bool broken;          /* for reports: as ledger_damaged */
};

struct ledger;

/* Which rows of a ledger count. */
struct ledger_goal {
	const char *name; /* of the campaign */
	/* 32 octets. NULL, for reports where what the goal is made of is gone: the one of this name
	 * that was run last. */
	const uint8_t *now;
	/*
	 * The same goal as an earlier version named it, 32 octets; NULL: none. Rows that stand
	 * under it are carried over when the ledger is opened for writing, once and together: done
	 * becomes pending with check_once, a step that was done has begun, all else stays. Reports
	 * show them as they are.
	 */
	const uint8_t *former;
	/* Asked now and then while the whole file is read: true ends that with ERR_INTERRUPTED. May
	 * be NULL. For reports as long as the ledger is open, else only until then. */
	bool (*stop)(void *ctx);
	void *ctx;
};

/*
 * Opens or makes the ledger at `path`. write = false: for reports; a missing file then is an empty
 * ledger, and nothing is written, so that it may lie on a medium that cannot be.
 *
 * The state directory remembers each ledger that was written here. One that is gone since, another
 * one or an older copy in its place, one that is no database any more (which a run renames, and
 * does not remove) are no error: ledger_lost tells it, to reports too. For a run, what such a copy
 * has as not done is check_once.
 */
int ledger_open(
    const char *path, const struct ledger_goal *g, bool write, struct ledger **l, struct err *e);
/* For reports: others could have written what stands in it, and how; NULL: nobody. Borrowed. For
 * writing such a ledger is refused: ERR_INPUT, see base/private.h. */
const struct err *ledger_doubt(const struct ledger *l);
/* What became of the ledger that was here before; NULL: nothing. Borrowed. */
const char *ledger_lost(const struct ledger *l);
/* What is grouped and was not flushed is given up. */
void ledger_close(struct ledger *l);
/* For reports: something was found that is not what was written; what can be read is. */
bool ledger_damaged(const struct ledger *l);

/* Adds a card if it is not there yet. Grouped into one transaction until ledger_flush. */
int ledger_add(struct ledger *l, const char *file, struct err *e);
/*
 * What the file of a card says it was made as, up to 32 characters: a row that was done with a file
 * that said otherwise is pending again, and *remade. Grouped like ledger_add. The row keeps number
 * and keys that it knew: whether the card is another one is found out when it is reached.
 */
int ledger_made(struct ledger *l, const char *file, const char *made, bool *remade, struct err *e);
/* What the card with the number of c proved itself with, as another row of this goal has it; "":
 * none. */
int ledger_kdd_of(
    struct ledger *l, const struct ledger_card *c, char kdd[static 21], struct err *e);
/* The number of another card that proved itself with these diversification data, where its outcome
 * is known; "": none. */
int ledger_others_keys(struct ledger *l, const struct ledger_card *c, const char *kdd,
    char id[static 33], struct err *e);
/* Commits what is grouped. */
int ledger_flush(struct ledger *l, struct err *e);
/* Which cards are to be worked on next. */
struct ledger_want {
	const char *after; /* this one, by its file; "" to begin */
	bool retry;        /* those too that an authentication failed on */
	size_t max;        /* so many at most */
};
/*
 * The intent to work on cards: takes the next ones that are not done. Their rows are in_doubt from
 * now on and count one attempt more: committed when it returns, with all that was grouped before.
 * out has room for want.max, and says of in_doubt what it was; *n is 0 at the end.
 */
int ledger_claim(
    struct ledger *l, struct ledger_want want, struct ledger_card *out, size_t *n, struct err *e);
/* Writes the row back, committed when it returns, with all that was grouped before. */
int ledger_put(struct ledger *l, const struct ledger_card *c, struct err *e);
/*
 * Writes the row back, committed with the next claim, put or flush: for outcomes. One that is lost
 * costs a question to the card, which knows best. When nothing was committed for LEDGER_GROUP_MS it
 * is committed at once: others are told in time, and slow cards hide what it costs.
 */
enum { LEDGER_GROUP_MS = 200 };
int ledger_note(struct ledger *l, const struct ledger_card *c, struct err *e);
int ledger_get(
    struct ledger *l, const char *file, struct ledger_card *c, bool *found, struct err *e);

/*
 * Steps of one card, where a campaign is a list of them; n counts from 1. A step that changes
 * something has begun before its first command: one that is found so later is in doubt.
 */
enum step_state {
	STEP_PENDING,
	STEP_BEGUN,
	STEP_DONE,
	STEP_WAS_SO,
	STEP_FAILED,
	STEP_DAMAGED /* only for reports: not what was written */
};
/* "pending", "begun", "done", "already", "failed", "damaged" */
const char *step_state_str(enum step_state s);
struct ledger_step {
	enum step_state state;
	/* Names of what was asked for and the card does not show, with commas; "": none. */
	char unproven[160];
	bool bare; /* as in ledger_card */
	/* STEP_BEGUN: what is to be remembered of the attempt, for who looks what became of it; "":
	 * nothing. */
	char intent[40];
};
/* STEP_PENDING when nothing is known of it. */
int ledger_step(
    struct ledger *l, const char *file, uint32_t n, struct ledger_step *s, struct err *e);
/* Commits STEP_BEGUN before it returns, with all that was grouped before; others as ledger_note. */
int ledger_step_put(
    struct ledger *l, const char *file, uint32_t n, const struct ledger_step *s, struct err *e);
/* All that is known of the steps of this card. */
int ledger_steps_forget(struct ledger *l, const char *file, struct err *e);

int ledger_sum(struct ledger *l, struct ledger_sums *s, struct err *e);
/*
 * Cards in order of file, one by one, without holding them all: the first with a name greater than
 * `after` ("" to begin) that is in the state `only` (-1: any). *found false at the end.
 */
int ledger_next(struct ledger *l, const char *after, int only, struct ledger_card *c, bool *found,
    struct err *e);

/*
 * Failed authentications of this station, in its state directory, for cards outside campaigns too:
 * at most one per card and key set, unless somebody says so. key_set: name and version of the key
 * set. Open as long as a run lasts; several may be open at once, and in several processes.
 *
 * An authentication is in the record before it goes out and taken back when the card took it: who
 * is killed in between, or cannot write any more, has left what keeps the next one from repeating
 * it.
 */
struct tries;
int tries_open(struct tries **t, struct err *e); /* *t is NULL when it fails */
void tries_close(struct tries *t);               /* NULL is fine */
struct tries_mark {
	uint32_t count; /* how many authentications the card did not take; 0: none */
	bool begun;     /* what became of the last one is not known */
};
int tries_look(
    struct tries *t, const char *card_id, const char *key_set, struct tries_mark *m, struct err *e);
/* Counts one more; on the disk when it returns. */
int tries_begin(struct tries *t, const char *card_id, const char *key_set, struct err *e);
/* What became of it: the card refused; or took it, and all counts are gone. Lost by a power cut, it
 * is as if the outcome were not known. */
int tries_refused(struct tries *t, const char *card_id, const char *key_set, struct err *e);
int tries_forget(struct tries *t, const char *card_id, const char *key_set, struct err *e);
/*
 * Another mark: the card's cryptogram was not the one of these keys. It cost no try. `keys` names
 * the keys without telling them, so that others under this name are not meant. tries_forget takes
 * it back as well.
 */
int tries_wrong_keys(struct tries *t, const char *card_id, const char *key_set, const char *keys,
    bool *wrong, struct err *e);
int tries_wrong_keys_put(
    struct tries *t, const char *card_id, const char *key_set, const char *keys, struct err *e);
/* The refusals, one after the other: the first behind *r, which begins with zeros. *found false at
 * the end. */
struct tries_row {
	char card[64], key_set[64];
	struct tries_mark mark;
	int64_t at; /* seconds since 1970 */
};
int tries_next(struct tries *t, struct tries_row *r, bool *found, struct err *e);

#endif
