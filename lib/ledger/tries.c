/* Failed authentications of this station, for cards inside and outside campaigns. */
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include "base/file.h"
#include "ledger/ledger.h"

static int fail(sqlite3 *db, struct err *e)
{
	return err_set(e, ERR_LEDGER, "record of failed authentications: %s",
	    db == NULL ? "out of memory" : sqlite3_errmsg(db));
}

static int open_tries(sqlite3 **db, struct err *e)
{
	char path[4096];
	int fd;

	*db = NULL;
	if (path_state("authentications.db", path, sizeof(path), e) != 0)
		return -1;
	/* SQLite would make it with the umask; it names cards, so it is for us alone. */
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_errno(e, ERR_LEDGER, "%s: cannot open", path);
	close(fd);
	if (sqlite3_open_v2(path, db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
	    sqlite3_busy_timeout(*db, 5000) != SQLITE_OK ||
	    sqlite3_exec(*db,
		"PRAGMA synchronous = FULL;"
		"CREATE TABLE IF NOT EXISTS refused(card TEXT NOT NULL, key_set TEXT NOT NULL,"
		" at INTEGER NOT NULL, PRIMARY KEY(card, key_set)) WITHOUT ROWID",
		NULL, NULL, NULL) != SQLITE_OK) {
		fail(*db, e);
		sqlite3_close(*db);
		return -1;
	}
	return 0;
}

/* Runs one statement over (card, key set); *row: it gave a row. */
static int run(const char *text, const char *card_id, const char *key_set, bool *row, struct err *e)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db;
	int rc = -1, step;

	if (open_tries(&db, e) != 0)
		return -1;
	if (sqlite3_prepare_v2(db, text, -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_bind_text(st, 1, card_id, -1, SQLITE_STATIC) == SQLITE_OK &&
	    sqlite3_bind_text(st, 2, key_set, -1, SQLITE_STATIC) == SQLITE_OK) {
		step = sqlite3_step(st);
		*row = step == SQLITE_ROW;
		rc = step == SQLITE_ROW || step == SQLITE_DONE ? 0 : -1;
	}
	if (rc != 0)
		fail(db, e);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return rc;
}

int tries_refused(const char *card_id, const char *key_set, bool *refused, struct err *e)
{
	return run(
	    "SELECT 1 FROM refused WHERE card = ?1 AND key_set = ?2", card_id, key_set, refused, e);
}

int tries_record(const char *card_id, const char *key_set, struct err *e)
{
	bool row;

	return run("INSERT OR REPLACE INTO refused(card, key_set, at) VALUES (?1, ?2, unixepoch())",
	    card_id, key_set, &row, e);
}

int tries_forget(const char *card_id, const char *key_set, struct err *e)
{
	bool row;

	return run(
	    "DELETE FROM refused WHERE card = ?1 AND key_set = ?2", card_id, key_set, &row, e);
}
