/*
 * What the state directory remembers of the ledgers that were written here: for each path which one
 * it was, and how often it was begun and ended. So it shows when one is gone, or when an older copy
 * is in its place, which looks like a ledger of cards that were never worked on.
 */
#include "ledger/store.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/file.h"
#include "ledger/state_db.h"

enum { ID = 16 };

/* What is known of one ledger: there, or here. */
struct mark {
	uint8_t id[ID];
	sqlite3_int64 turn; /* grows with each beginning and each end */
	bool known;
};

static int station_fail(sqlite3 *db, struct err *e)
{
	return err_set(e, ERR_LEDGER, "record of ledgers: %s",
	    db == NULL ? "out of memory" : sqlite3_errmsg(db));
}

static int station_open(sqlite3 **db, struct err *e)
{
	if (state_db_open("ledgers.db", db, e) != 0)
		return -1;
	if (sqlite3_exec(*db,
		"CREATE TABLE IF NOT EXISTS ledger(path TEXT PRIMARY KEY, id BLOB NOT NULL,"
		" turn INTEGER NOT NULL) WITHOUT ROWID",
		NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	station_fail(*db, e);
	sqlite3_close(*db);
	return -1;
}

/* One statement: ?1 path, ?2 id, ?3 turn, where it has them; a row is an id and a turn. */
static int ask(sqlite3 *db, const char *sql, const char *path, struct mark *m, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

	if (rc == SQLITE_OK && path != NULL)
		rc = sqlite3_bind_text(st, 1, path, -1, SQLITE_STATIC);
	if (rc == SQLITE_OK && sqlite3_bind_parameter_count(st) == 3)
		rc = sqlite3_bind_blob(st, 2, m->id, ID, SQLITE_STATIC) == SQLITE_OK
			 ? sqlite3_bind_int64(st, 3, m->turn)
			 : SQLITE_NOMEM;
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	m->known = m->known || rc == SQLITE_ROW;
	if (rc == SQLITE_ROW && sqlite3_column_bytes(st, 0) == ID) {
		memcpy(m->id, sqlite3_column_blob(st, 0), ID);
		m->turn = sqlite3_column_int64(st, 1);
	}
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		station_fail(db, e);
	sqlite3_finalize(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : -1;
}

static int recall(sqlite3 *db, const char *path, struct mark *m, struct err *e)
{
	*m = (struct mark){ 0 };
	return ask(db, "SELECT id, turn FROM ledger WHERE path = ?1", path, m, e);
}

static int remember(sqlite3 *db, const char *path, struct mark *m, struct err *e)
{
	return ask(
	    db, "INSERT OR REPLACE INTO ledger(path, id, turn) VALUES (?1, ?2, ?3)", path, m, e);
}

bool station_knows(const char *path)
{
	char real[PATH_MAX];
	struct mark m = { 0 };
	sqlite3 *db;
	struct err e;

	if (realpath(path, real) == NULL || station_open(&db, &e) != 0)
		return false;
	if (recall(db, real, &m, &e) != 0)
		m.known = false;
	sqlite3_close(db);
	return m.known;
}

/* The ledger's own mark; one that has none yet gets a name. */
static int own_mark(struct ledger *l, struct mark *m, struct err *e)
{
	*m = (struct mark){ 0 };
	if (store_exec(l,
		"CREATE TABLE IF NOT EXISTS mark(id BLOB PRIMARY KEY, turn INTEGER NOT NULL,"
		" path TEXT NOT NULL) WITHOUT ROWID",
		e) != 0)
		return -1;
	if (ask(l->db, "SELECT id, turn FROM mark LIMIT 1", NULL, m, e) != 0)
		return -1;
	if (!m->known && getrandom(m->id, ID, 0) != ID)
		return err_errno(e, ERR_LEDGER, "%s: no random numbers", l->path);
	return 0;
}

static int put_mark(struct ledger *l, struct mark *m, struct err *e)
{
	return ask(l->db, "INSERT OR REPLACE INTO mark(id, turn, path) VALUES (?2, ?3, ?1)",
	    l->path, m, e);
}

/* Compares what is there with what was; "" in l->lost: nothing is lost. */
static void compare(struct ledger *l, bool fresh, const struct mark *own, const struct mark *was)
{
	const char *what = NULL;

	if (!was->known)
		return;
	if (fresh)
		what = "the ledger that was written here is gone";
	else if (memcmp(own->id, was->id, ID) != 0)
		what = "it is not the ledger that was written here last";
	else if (own->turn < was->turn)
		what = "it is an older copy of the ledger that was written here";
	if (what != NULL && l->lost[0] == '\0')
		snprintf(l->lost, sizeof(l->lost), "%.440s: %s", l->path, what);
}

/* The real path of a file that may be gone. */
static bool real_path(const char *path, char out[static PATH_MAX])
{
	char dir[PATH_MAX], real[PATH_MAX];
	const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;

	if (realpath(path, out) != NULL)
		return true;
	return path_beside(path, ".", dir, sizeof(dir)) && realpath(dir, real) != NULL &&
	       snprintf(out, PATH_MAX, "%s/%s", real, name) < PATH_MAX;
}

void station_look(struct ledger *l)
{
	char real[PATH_MAX], path[PATH_MAX];
	struct mark own = { 0 }, was = { 0 };
	sqlite3 *db = NULL;
	struct err e;

	/* What was first: a run that begins meanwhile writes into the ledger before that. */
	if (real_path(l->path, real) &&
	    path_state_named("ledgers.db", path, sizeof(path), &e) == 0 &&
	    sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
	    recall(db, real, &was, &e) == 0 &&
	    (l->db == NULL || ask(l->db, "SELECT id, turn FROM mark LIMIT 1", NULL, &own, &e) == 0))
		compare(l, l->db == NULL, &own, &was);
	sqlite3_close(db);
}

/* What it has as not done may be done, or begun, since. One statement: rows that were changed and
 * whose sums were not are damaged. */
static int distrust(struct ledger *l, struct err *e)
{
	return store_exec(l,
	    "UPDATE card SET check_once = 1,"
	    " sum = sum64(goal, file, id, state, step, reason, auth_failed, attempts, in_doubt, 1,"
	    " hint, bare) WHERE state <> 1",
	    e);
}

int station_begin(struct ledger *l, bool fresh, struct err *e)
{
	char real[PATH_MAX];
	struct mark own, was;
	sqlite3 *db;
	int rc;

	if (realpath(l->path, real) == NULL)
		return err_errno(e, ERR_LEDGER, "%s: cannot be used", l->path);
	if (station_open(&db, e) != 0)
		return -1;
	rc = recall(db, real, &was, e);
	if (rc == 0)
		rc = own_mark(l, &own, e);
	if (rc == 0) {
		compare(l, fresh, &own, &was);
		if (own.turn < was.turn && memcmp(own.id, was.id, ID) == 0)
			own.turn = was.turn;
		own.turn++;
		if (l->lost[0] != '\0' && !fresh)
			rc = distrust(l, e);
	}
	if (rc == 0)
		rc = put_mark(l, &own, e);
	if (rc == 0)
		rc = remember(db, real, &own, e);
	sqlite3_close(db);
	return rc;
}

void station_end(struct ledger *l)
{
	char real[PATH_MAX];
	struct mark own;
	sqlite3 *db;
	struct err e;

	if (realpath(l->path, real) == NULL || station_open(&db, &e) != 0)
		return;
	if (own_mark(l, &own, &e) == 0) {
		own.turn++;
		/* First in the ledger: one that is ahead of the record is nothing strange. */
		if (put_mark(l, &own, &e) == 0)
			(void)remember(db, real, &own, &e);
	}
	sqlite3_close(db);
}
