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
	ST_STEP,
	ST_STEP_PUT,
	ST_STEPS_FORGET,
	STATEMENTS
};

struct ledger {
	char path[4096];
	uint8_t goal[32]; /* the rows that count stand under it */
	int lock_fd;      /* held for writing; closed after the database, see store.c */
	sqlite3 *db;      /* NULL: no file yet, nothing known */
	sqlite3_stmt *st[STATEMENTS];
	bool grouped;              /* a transaction is open */
	struct timespec committed; /* when the last one ended; zero: never */
};

/* ERR_LEDGER with what SQLite says of it. Returns -1. */
int store_fail(const struct ledger *l, const char *what, struct err *e);
int store_exec(struct ledger *l, const char *text, struct err *e);
/* Prepares the statements of rows.c. */
int rows_prepare(struct ledger *l, struct err *e);

/* Makes the tables, or brings those of an earlier version up to date; write = false only looks. */
int schema_check(struct ledger *l, bool write, struct err *e);
/*
 * Which rows count: names the goal in the file when writing, and carries over what stands under
 * its former form; for reports takes the former one, or the newest of this name, where it must.
 */
int goal_find(struct ledger *l, const struct ledger_goal *g, bool write, struct err *e);

#endif
