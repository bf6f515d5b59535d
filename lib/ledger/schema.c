/* The tables of a ledger, how those of earlier versions become them, and under which goal the rows
 * stand that count. */
#include "ledger/store.h"

#include <stdio.h>
#include <string.h>

enum { SCHEMA_VERSION = 10 };

#define STEP_TABLE(more) \
	"CREATE TABLE IF NOT EXISTS step(" \
	" goal BLOB NOT NULL, file TEXT NOT NULL, n INTEGER NOT NULL, state INTEGER NOT NULL," \
	" updated INTEGER NOT NULL" more ", PRIMARY KEY(goal, file, n)) WITHOUT ROWID;"

#define BARE ", bare INTEGER NOT NULL DEFAULT 0"
#define INTENT ", intent TEXT NOT NULL DEFAULT ''"
#define SUM ", sum INTEGER NOT NULL DEFAULT 0"

/* Who else has this number, or these keys: asked once for each card. */
#define INDICES \
	"CREATE INDEX IF NOT EXISTS card_id ON card(goal, id);" \
	"CREATE INDEX IF NOT EXISTS card_kdd ON card(goal, kdd);"

static const char tables[] =
    "CREATE TABLE IF NOT EXISTS campaign("
    " goal BLOB PRIMARY KEY, name TEXT NOT NULL, begun INTEGER NOT NULL,"
    " turn INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS card("
    " goal BLOB NOT NULL, file TEXT NOT NULL, id TEXT NOT NULL DEFAULT '',"
    " state INTEGER NOT NULL DEFAULT 0, step TEXT NOT NULL DEFAULT '',"
    " reason TEXT NOT NULL DEFAULT '', auth_failed INTEGER NOT NULL DEFAULT 0,"
    " attempts INTEGER NOT NULL DEFAULT 0, updated INTEGER NOT NULL DEFAULT 0,"
    " in_doubt INTEGER NOT NULL DEFAULT 0, check_once INTEGER NOT NULL DEFAULT 0,"
    " hint TEXT NOT NULL DEFAULT ''" SUM ", kdd TEXT NOT NULL DEFAULT ''" BARE
    ", made TEXT NOT NULL DEFAULT '', PRIMARY KEY(goal, file)) WITHOUT ROWID;" STEP_TABLE(
	SUM ", unproven TEXT NOT NULL DEFAULT ''" BARE INTENT) INDICES;

/* How outcomes of before were read is not known. A row that is not what was written stays so. */
#define CARDS_BARE \
	"UPDATE card SET bare = state = 1, sum = " CARD_SUM_OF( \
	    ", state = 1") " WHERE sum = " CARD_SUM_OF("") ";"
#define STEPS_BARE \
	"UPDATE step SET bare = state IN (2, 3), sum = " STEP_SUM_OF( \
	    ", state IN (2, 3)") " WHERE sum = " STEP_SUM_OF("") ";"

/* upgrade[v]: from schema v to v + 1; from none at once to the newest. */
static const char *const upgrade[SCHEMA_VERSION] = {
	[1] = "ALTER TABLE card ADD COLUMN in_doubt INTEGER NOT NULL DEFAULT 0;",
	[2] = STEP_TABLE(""),
	[3] = "ALTER TABLE campaign ADD COLUMN turn INTEGER NOT NULL DEFAULT 0;"
	      "ALTER TABLE card ADD COLUMN check_once INTEGER NOT NULL DEFAULT 0;",
	[4] = "ALTER TABLE card ADD COLUMN sum INTEGER NOT NULL DEFAULT 0;"
	      "ALTER TABLE step ADD COLUMN sum INTEGER NOT NULL DEFAULT 0;",
	/* Sums of rows that were there before are those of what is found. */
	[5] = "ALTER TABLE step ADD COLUMN unproven TEXT NOT NULL DEFAULT '';"
	      "ALTER TABLE card ADD COLUMN hint TEXT NOT NULL DEFAULT '';"
	      "UPDATE card SET sum = " CARD_SUM_OF("") ";"
						       "UPDATE step SET sum = " STEP_SUM_OF("") ";",
	/* Not of the sum: one that is wrong keeps a card from being worked on. */
	[6] = "ALTER TABLE card ADD COLUMN kdd TEXT NOT NULL DEFAULT '';",
	[7] = "ALTER TABLE card ADD COLUMN bare INTEGER NOT NULL DEFAULT 0;"
	      "ALTER TABLE step ADD COLUMN bare INTEGER NOT NULL DEFAULT 0;" CARDS_BARE STEPS_BARE,
	/* Not of the sum either: a wrong one costs a question to the card. */
	[8] = "ALTER TABLE card ADD COLUMN made TEXT NOT NULL DEFAULT '';"
	      "UPDATE card SET made = kdd;" INDICES,
	[9] = "ALTER TABLE step ADD COLUMN intent TEXT NOT NULL DEFAULT '';"
	      "UPDATE step SET sum = " STEP_SUM " WHERE sum = " STEP_SUM_OF(", bare") ";",
};

static int bring_up(struct ledger *l, int version, struct err *e)
{
	char mark[64];

	snprintf(mark, sizeof(mark), "PRAGMA user_version = %d; COMMIT", SCHEMA_VERSION);
	if (store_exec(l, "BEGIN IMMEDIATE", e) != 0)
		return -1;
	if (version == 0 && store_exec(l, tables, e) != 0)
		return -1;
	for (int v = version; v > 0 && v < SCHEMA_VERSION; v++)
		if (store_exec(l, upgrade[v], e) != 0)
			return -1;
	return store_exec(l, mark, e);
}

int schema_check(struct ledger *l, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int version = -1;

	if (sqlite3_prepare_v2(l->db, "PRAGMA user_version", -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		version = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	if (version < 0)
		return store_fail(l, "cannot be read", e);
	if (version > SCHEMA_VERSION) {
		err_set(
		    e, ERR_LEDGER, "%s: written by a newer cardadm (schema %d)", l->path, version);
		return err_hint(e, "use that version");
	}
	if (version == SCHEMA_VERSION)
		return 0;
	if (l->write)
		return bring_up(l, version, e);
	if (version == 0)
		return err_set(e, ERR_LEDGER, "%s: not a ledger", l->path);
	err_set(e, ERR_LEDGER, "%s: written by an older cardadm (schema %d)", l->path, version);
	return err_hint(e, VERB("campaign run") " brings it up to date");
}

/* ---- goals ---- */

/* One statement with up to three parameters; *row: it gave a row, whose first column is a goal. */
struct asks {
	const char *sql;
	const uint8_t *goal, *former; /* ?1, ?2; NULL: not used */
	const char *name;             /* ?3 */
};

static bool bind(sqlite3_stmt *st, const struct asks *a)
{
	return (a->goal == NULL ||
		   sqlite3_bind_blob(st, 1, a->goal, 32, SQLITE_STATIC) == SQLITE_OK) &&
	       (a->former == NULL ||
		   sqlite3_bind_blob(st, 2, a->former, 32, SQLITE_STATIC) == SQLITE_OK) &&
	       (a->name == NULL ||
		   sqlite3_bind_text(st, 3, a->name, -1, SQLITE_STATIC) == SQLITE_OK);
}

static int ask(struct ledger *l, const struct asks *a, bool *found, uint8_t *goal, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int rc = SQLITE_ERROR;

	if (sqlite3_prepare_v2(l->db, a->sql, -1, &st, NULL) == SQLITE_OK && bind(st, a))
		rc = sqlite3_step(st);
	if (found != NULL)
		*found = rc == SQLITE_ROW;
	if (rc == SQLITE_ROW && goal != NULL && sqlite3_column_bytes(st, 0) == 32)
		memcpy(goal, sqlite3_column_blob(st, 0), 32);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		store_fail(l, "cannot be used", e);
	sqlite3_finalize(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

static int is_named(struct ledger *l, const uint8_t *goal, bool *so, struct err *e)
{
	const struct asks a = { "SELECT goal FROM campaign WHERE goal = ?1", goal, NULL, NULL };

	return ask(l, &a, so, NULL, e);
}

/*
 * Everything under the former goal comes to stand under the new one. What was done there is to be
 * asked of the card once more, since what the goal says in its new form may say more; what was in
 * doubt stays so.
 */
static int carry_over(struct ledger *l, const uint8_t *former, struct err *e)
{
	static const char *const moves[] = {
		"INSERT INTO campaign(goal, name, begun, turn)"
		" SELECT ?1, name, begun, turn FROM campaign WHERE goal = ?2",
		"DELETE FROM campaign WHERE goal = ?2 AND ?1 NOTNULL",
		"UPDATE card SET goal = ?1, check_once = check_once OR state = 1,"
		" state = CASE state WHEN 1 THEN 0 ELSE state END WHERE goal = ?2",
		"UPDATE step SET goal = ?1, state = CASE state WHEN 2 THEN 1 ELSE state END"
		" WHERE goal = ?2",
		"UPDATE card SET sum = " CARD_SUM " WHERE goal = ?1 AND ?2 NOTNULL",
		"UPDATE step SET sum = " STEP_SUM " WHERE goal = ?1 AND ?2 NOTNULL",
	};
	const struct asks bad = {
		"SELECT goal FROM card WHERE goal = ?2 AND sum <> " CARD_SUM
		" UNION ALL SELECT goal FROM step WHERE goal = ?2 AND sum <> " STEP_SUM,
		NULL, former, NULL
	};
	bool damaged;

	if (ask(l, &bad, &damaged, NULL, e) != 0)
		return -1;
	if (damaged)
		return store_damaged(l, e, "a row is not what was written");
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		const struct asks a = { moves[i], l->goal, former, NULL };

		if (ask(l, &a, NULL, NULL, e) != 0)
			return -1;
	}
	return 0;
}

static int name_goal(struct ledger *l, const struct ledger_goal *g, struct err *e)
{
	const struct asks name = {
		"INSERT INTO campaign(goal, name, begun, turn) VALUES"
		" (?1, ?3, unixepoch(),"
		" (SELECT ifnull(max(turn), 0) + 1 FROM campaign))"
		" ON CONFLICT(goal) DO UPDATE SET name = ?3, turn = excluded.turn",
		l->goal, NULL, g->name
	};
	bool now, former = false;

	if (store_exec(l, "BEGIN IMMEDIATE", e) != 0 || is_named(l, l->goal, &now, e) != 0 ||
	    (g->former != NULL && is_named(l, g->former, &former, e) != 0) ||
	    (!now && former && carry_over(l, g->former, e) != 0) ||
	    ask(l, &name, NULL, NULL, e) != 0)
		return -1;
	return store_exec(l, "COMMIT", e);
}

int goal_find(struct ledger *l, const struct ledger_goal *g, struct err *e)
{
	const struct asks newest = {
		"SELECT goal FROM campaign WHERE name = ?3 ORDER BY turn DESC, begun DESC LIMIT 1",
		NULL, NULL, g->name
	};
	bool now, former = false;

	if (l->write)
		return name_goal(l, g, e);
	if (g->now == NULL)
		return ask(l, &newest, &now, l->goal, e);
	if (is_named(l, g->now, &now, e) != 0 ||
	    (!now && g->former != NULL && is_named(l, g->former, &former, e) != 0))
		return -1;
	if (former)
		memcpy(l->goal, g->former, sizeof(l->goal));
	return 0;
}
