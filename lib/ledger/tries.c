/* Failed authentications of this station, for cards inside and outside campaigns. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/ledger.h"
#include "ledger/state_db.h"

enum statement {
	ST_COUNT,
	ST_BEGIN,
	ST_RECORD,
	ST_FORGET,
	ST_WRONG,
	ST_WRONG_PUT,
	ST_WRONG_FORGET,
	ST_NEXT,
	STATEMENTS
};

static const char *const sql[STATEMENTS] = {
	[ST_COUNT] = "SELECT count, begun FROM refused WHERE card = ?1 AND key_set = ?2",
	[ST_BEGIN] = "INSERT INTO refused(card, key_set, at, count, begun)"
		     " VALUES (?1, ?2, unixepoch(), 1, 1) ON CONFLICT(card, key_set)"
		     " DO UPDATE SET at = unixepoch(), count = count + 1, begun = 1",
	[ST_RECORD] = "UPDATE refused SET begun = 0 WHERE card = ?1 AND key_set = ?2",
	[ST_FORGET] = "DELETE FROM refused WHERE card = ?1 AND key_set = ?2",
	[ST_WRONG] = "SELECT 1, 0 FROM wrong WHERE card = ?1 AND key_set = ?2 AND keys = ?3",
	[ST_WRONG_PUT] = "INSERT OR REPLACE INTO wrong(card, key_set, keys, at)"
			 " VALUES (?1, ?2, ?3, unixepoch())",
	[ST_WRONG_FORGET] = "DELETE FROM wrong WHERE card = ?1 AND key_set = ?2",
	[ST_NEXT] = "SELECT count, begun, card, key_set, at FROM refused"
		    " WHERE (card, key_set) > (?1, ?2) ORDER BY card, key_set LIMIT 1",
};

/*
 * From one version to the next. 1 counts refusals and knows those whose outcome did not come; 2
 * knows of keys that were wrong.
 */
static const char *const schema[] = {
	"CREATE TABLE IF NOT EXISTS refused(card TEXT NOT NULL, key_set TEXT NOT NULL,"
	" at INTEGER NOT NULL, PRIMARY KEY(card, key_set)) WITHOUT ROWID;"
	"ALTER TABLE refused ADD COLUMN count INTEGER NOT NULL DEFAULT 1;"
	"ALTER TABLE refused ADD COLUMN begun INTEGER NOT NULL DEFAULT 0;"
	"PRAGMA user_version = 1",
	"CREATE TABLE wrong(card TEXT NOT NULL, key_set TEXT NOT NULL, keys TEXT NOT NULL,"
	" at INTEGER NOT NULL, PRIMARY KEY(card, key_set, keys)) WITHOUT ROWID;"
	"PRAGMA user_version = 2",
};
enum { SCHEMA_VERSION = sizeof(schema) / sizeof(schema[0]) };

struct tries {
	sqlite3 *db;
	sqlite3_stmt *st[STATEMENTS];
};

static int fail(const struct tries *t, struct err *e)
{
	return err_set(e, ERR_LEDGER, "record of failed authentications: %s",
	    t->db == NULL ? "out of memory" : sqlite3_errmsg(t->db));
}

static int exec(struct tries *t, const char *text)
{
	return sqlite3_exec(t->db, text, NULL, NULL, NULL);
}

static int version_of(struct tries *t)
{
	sqlite3_stmt *st = NULL;
	int v = -1;

	if (sqlite3_prepare_v2(t->db, "PRAGMA user_version", -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		v = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	return v;
}

/* Several may come at once: only one of them changes the file. */
static bool bring_up_to_date(struct tries *t)
{
	int v = version_of(t);

	if (v >= SCHEMA_VERSION || v < 0)
		return v >= 0;
	if (exec(t, "BEGIN IMMEDIATE") != SQLITE_OK)
		return false;
	for (v = version_of(t); v >= 0 && v < SCHEMA_VERSION; v++)
		if (exec(t, schema[v]) != SQLITE_OK)
			return false;
	return exec(t, "COMMIT") == SQLITE_OK;
}

static int open_database(struct tries *t, struct err *e)
{
	if (state_db_open("authentications.db", &t->db, e) != 0)
		return -1;
	if (/* WAL: an authentication waits for one write to the disk, taking it back for none. */
	    exec(t, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL") != SQLITE_OK ||
	    !bring_up_to_date(t))
		return fail(t, e);
	for (int i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(
			t->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &t->st[i], NULL) != SQLITE_OK)
			return fail(t, e);
	return 0;
}

int tries_open(struct tries **out, struct err *e)
{
	struct tries *t = calloc(1, sizeof(*t));

	*out = NULL;
	if (t == NULL)
		return err_memory(e);
	if (open_database(t, e) != 0) {
		tries_close(t);
		return -1;
	}
	*out = t;
	return 0;
}

void tries_close(struct tries *t)
{
	if (t == NULL)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(t->st[i]);
	sqlite3_close(t->db);
	free(t);
}

/* What a statement is about. keys: NULL: no third parameter. */
struct about {
	const char *card, *key_set, *keys;
};

static bool bind(sqlite3_stmt *st, const struct about *a)
{
	return sqlite3_bind_text(st, 1, a->card, -1, SQLITE_STATIC) == SQLITE_OK &&
	       sqlite3_bind_text(st, 2, a->key_set, -1, SQLITE_STATIC) == SQLITE_OK &&
	       (a->keys == NULL ||
		   sqlite3_bind_text(st, 3, a->keys, -1, SQLITE_STATIC) == SQLITE_OK);
}

/* Runs one statement; *m, unless NULL: what the row says, zero without one. */
static int run(struct tries *t, enum statement which, const struct about *a, struct tries_mark *m,
    struct err *e)
{
	sqlite3_stmt *st = t->st[which];
	int rc = -1, step;

	if (bind(st, a)) {
		step = sqlite3_step(st);
		if (m != NULL && step == SQLITE_ROW) {
			m->count = (uint32_t)sqlite3_column_int64(st, 0);
			m->begun = sqlite3_column_int(st, 1) != 0;
		}
		rc = step == SQLITE_ROW || step == SQLITE_DONE ? 0 : -1;
	}
	if (rc != 0)
		fail(t, e);
	sqlite3_reset(st); /* ends the transaction, so that others may write */
	sqlite3_clear_bindings(st);
	return rc;
}

/* What is not on the disk after a power cut would be on the safe side: no sync for it. */
static int run_lazily(struct tries *t, enum statement which, const struct about *a, struct err *e)
{
	int rc = -1;

	if (exec(t, "PRAGMA synchronous = NORMAL") == SQLITE_OK)
		rc = run(t, which, a, NULL, e);
	else
		fail(t, e);
	if (exec(t, "PRAGMA synchronous = FULL") != SQLITE_OK && rc == 0)
		rc = fail(t, e);
	return rc;
}

int tries_look(
    struct tries *t, const char *card_id, const char *key_set, struct tries_mark *m, struct err *e)
{
	*m = (struct tries_mark){ 0 };
	return run(t, ST_COUNT, &(struct about){ card_id, key_set, NULL }, m, e);
}

int tries_begin(struct tries *t, const char *card_id, const char *key_set, struct err *e)
{
	return run(t, ST_BEGIN, &(struct about){ card_id, key_set, NULL }, NULL, e);
}

int tries_refused(struct tries *t, const char *card_id, const char *key_set, struct err *e)
{
	return run_lazily(t, ST_RECORD, &(struct about){ card_id, key_set, NULL }, e);
}

int tries_forget(struct tries *t, const char *card_id, const char *key_set, struct err *e)
{
	const struct about a = { card_id, key_set, NULL };

	return run_lazily(t, ST_FORGET, &a, e) == 0 ? run_lazily(t, ST_WRONG_FORGET, &a, e) : -1;
}

int tries_wrong_keys(struct tries *t, const char *card_id, const char *key_set, const char *keys,
    bool *wrong, struct err *e)
{
	struct tries_mark m = { 0 };
	int rc = run(t, ST_WRONG, &(struct about){ card_id, key_set, keys }, &m, e);

	*wrong = m.count != 0;
	return rc;
}

int tries_wrong_keys_put(
    struct tries *t, const char *card_id, const char *key_set, const char *keys, struct err *e)
{
	return run_lazily(t, ST_WRONG_PUT, &(struct about){ card_id, key_set, keys }, e);
}

int tries_next(struct tries *t, struct tries_row *r, bool *found, struct err *e)
{
	const struct tries_row after = *r;
	sqlite3_stmt *st = t->st[ST_NEXT];
	int step = SQLITE_ERROR, at;
	const char *card, *set;

	*found = false;
	if (bind(st, &(struct about){ after.card, after.key_set, NULL }))
		step = sqlite3_step(st);
	if (step == SQLITE_ROW) {
		card = (const char *)sqlite3_column_text(st, 2);
		set = (const char *)sqlite3_column_text(st, 3);
		r->mark.count = (uint32_t)sqlite3_column_int64(st, 0);
		r->mark.begun = sqlite3_column_int(st, 1) != 0;
		r->at = sqlite3_column_int64(st, 4);
		snprintf(r->card, sizeof(r->card), "%s", card == NULL ? "" : card);
		snprintf(r->key_set, sizeof(r->key_set), "%s", set == NULL ? "" : set);
		/* One that was cut would come for ever. */
		at = strcmp(r->card, after.card);
		*found = at > 0 || (at == 0 && strcmp(r->key_set, after.key_set) > 0);
	} else if (step != SQLITE_DONE) {
		fail(t, e);
	}
	sqlite3_reset(st);
	return step == SQLITE_ROW || step == SQLITE_DONE ? 0 : -1;
}
