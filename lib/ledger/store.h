/*
 * Inside of lib/ledger: the open database of a campaign. store.c opens, upgrades and closes it,
 * rows.c reads and writes what stands in it.
 */
#ifndef LEDGER_STORE_H
#define LEDGER_STORE_H

#include <sqlite3.h>

#include "ledger/ledger.h"

enum statement {
	ST_ADD,
	ST_PUT,
	ST_GET,
	ST_NEXT,
	ST_TO_DO,
	ST_CLAIM,
	ST_SUM,
	ST_DAMAGED, /* a row of any goal that is not what was written */
	ST_SCAN,    /* rows as they lie there, without trust in their order */
	ST_STEP,
	ST_STEPS_BAD,
	ST_STEP_PUT,
	ST_STEPS_FORGET,
	ST_MADE,
	ST_REMADE,
	ST_KDD_OF,
	ST_ID_OF,
	STATEMENTS
};

struct ledger {
	char path[4096];
	uint8_t goal[32]; /* the rows that count stand under it */
	int lock_fd;      /* held for writing; closed after the database, see store.c */
	sqlite3 *db;      /* NULL: no file yet, nothing known */
	sqlite3_stmt *st[STATEMENTS];
	bool write;
	bool damaged;   /* for reports: something in it is not what was written */
	bool lying;     /* and that was found when it was opened: rows are read as they lie there */
	bool grouped;   /* a transaction is open */
	char lost[512]; /* see ledger_lost; "": nothing */
	struct err doubt;        /* see ledger_doubt; code ERR_NONE: none */
	bool (*stop)(void *ctx); /* see ledger.h */
	void *stop_ctx;
	struct err failed;         /* the first error of writing: nothing is written after it */
	struct timespec committed; /* when the last one ended; zero: never */
};

/* The sums of rows: every column that is read counts, but for kdd and made (see schema.c). sum64 is
 * a function of ours, see store.c. */
#define CARD_SUM_OF(more) \
	"sum64(goal, file, id, state, step, reason, auth_failed, attempts, in_doubt, check_once," \
	" hint" more ")"
#define STEP_SUM_OF(more) "sum64(goal, file, n, state, unproven" more ")"
#define CARD_SUM CARD_SUM_OF(", bare")
#define STEP_SUM STEP_SUM_OF(", bare, intent")

/* ERR_LEDGER with what SQLite says of it; when writing the first error stays. Returns -1. */
int store_fail(struct ledger *l, const char *what, struct err *e);
/* ERR_LEDGER: something is not what was written. Returns -1. */
int store_damaged(struct ledger *l, struct err *e, const char *fmt, ...) PRINTF_LIKE(3, 4);
int store_exec(struct ledger *l, const char *text, struct err *e);
/* Prepares the statements of rows.c. */
int rows_prepare(struct ledger *l, struct err *e);
/* A statement with the goal and the file of a card bound; and the end of one that writes. NULL and
 * -1: *e. */
sqlite3_stmt *rows_begin(struct ledger *l, enum statement which, const char *file, struct err *e);
int rows_finish(struct ledger *l, sqlite3_stmt *st, struct err *e);
/* Compares the sums of all rows. */
int rows_check(struct ledger *l, bool *whole, struct err *e);

/* Makes the tables, or brings those of an earlier version up to date; for reports only looks. */
int schema_check(struct ledger *l, struct err *e);
/*
 * Which rows count: names the goal in the file when writing, and carries over what stands under
 * its former form; for reports takes the former one, or the newest of this name, where it must.
 */
int goal_find(struct ledger *l, const struct ledger_goal *g, struct err *e);

/*
 * What this station remembers of the ledger at this path, see station.c. station_begin is called
 * when it is open for writing, before a row is read; fresh: there was none. station_end before its
 * seal is written; station_knows before it is opened. station_look is for reports, with what is
 * there open, or nothing: it writes nothing, and where nothing can be read nothing is said.
 */
int station_begin(struct ledger *l, bool fresh, struct err *e);
void station_end(struct ledger *l);
bool station_knows(const char *path);
void station_look(struct ledger *l);

/* The state of the whole file, see seal.c. */
enum seal {
	SEAL_NEW,  /* nothing in it yet */
	SEAL_NONE, /* the last run has not ended cleanly, or goes on */
	SEAL_WHOLE,
	SEAL_BROKEN /* not what the last run left */
};
/* Before the database is opened. fd: of the file. */
int seal_look(const struct ledger *l, int fd, enum seal *how, struct err *e);
/* For SEAL_NONE: SQLite looks through the structure, not the content. */
int seal_quick_check(struct ledger *l, bool *whole, struct err *e);
/* Before the first change. */
int seal_break(struct ledger *l, struct err *e);
/* After the last: the file stands alone then, with its seal, where it can be. */
void seal_write(struct ledger *l);

#endif
