/* Failed authentications of this station, for cards inside and outside campaigns. */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "ledger/ledger.h"

enum statement { ST_REFUSED, ST_RECORD, ST_FORGET, STATEMENTS };

static const char *const sql[STATEMENTS] = {
	[ST_REFUSED] = "SELECT 1 FROM refused WHERE card = ?1 AND key_set = ?2",
	[ST_RECORD] =
	    "INSERT OR REPLACE INTO refused(card, key_set, at) VALUES (?1, ?2, unixepoch())",
	[ST_FORGET] = "DELETE FROM refused WHERE card = ?1 AND key_set = ?2",
};

struct tries {
	sqlite3 *db;
	sqlite3_stmt *st[STATEMENTS];
};

static int fail(const struct tries *t, struct err *e)
{
	return err_set(e, ERR_LEDGER, "record of failed authentications: %s",
	    t->db == NULL ? "out of memory" : sqlite3_errmsg(t->db));
}

static int open_database(struct tries *t, struct err *e)
{
	char path[4096];
	int fd;

	if (path_state("authentications.db", path, sizeof(path), e) != 0) {
		e->code = ERR_LEDGER;
		return -1;
	}
	/* SQLite would make it with the umask; it names cards, so it is for us alone. */
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_errno(e, ERR_LEDGER, "%s: cannot open", path);
	close(fd);
	if (sqlite3_open_v2(path, &t->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK ||
	    sqlite3_busy_timeout(t->db, 5000) != SQLITE_OK ||
	    sqlite3_exec(t->db,
		"PRAGMA synchronous = FULL;"
		"CREATE TABLE IF NOT EXISTS refused(card TEXT NOT NULL, key_set TEXT NOT NULL,"
		" at INTEGER NOT NULL, PRIMARY KEY(card, key_set)) WITHOUT ROWID",
		NULL, NULL, NULL) != SQLITE_OK)
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

/* Runs one statement over (card, key set); *row: it gave a row. */
static int run(struct tries *t, enum statement which, const char *card_id, const char *key_set,
    bool *row, struct err *e)
{
	sqlite3_stmt *st = t->st[which];
	int rc = -1, step;

	if (sqlite3_bind_text(st, 1, card_id, -1, SQLITE_STATIC) == SQLITE_OK &&
	    sqlite3_bind_text(st, 2, key_set, -1, SQLITE_STATIC) == SQLITE_OK) {
		step = sqlite3_step(st);
		*row = step == SQLITE_ROW;
		rc = step == SQLITE_ROW || step == SQLITE_DONE ? 0 : -1;
	}
	if (rc != 0)
		fail(t, e);
	sqlite3_reset(st); /* ends the transaction, so that others may write */
	sqlite3_clear_bindings(st);
	return rc;
}

int tries_refused(
    struct tries *t, const char *card_id, const char *key_set, bool *refused, struct err *e)
{
	return run(t, ST_REFUSED, card_id, key_set, refused, e);
}

int tries_record(struct tries *t, const char *card_id, const char *key_set, struct err *e)
{
	bool row;

	return run(t, ST_RECORD, card_id, key_set, &row, e);
}

int tries_forget(struct tries *t, const char *card_id, const char *key_set, struct err *e)
{
	bool row;

	return run(t, ST_FORGET, card_id, key_set, &row, e);
}
