/* Opening and closing the database of a campaign. */
#include "ledger/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

int store_fail(const struct ledger *l, const char *what, struct err *e)
{
	return err_set(e, ERR_LEDGER, "%s: %s: %s", l->path, what,
	    l->db == NULL ? "out of memory" : sqlite3_errmsg(l->db));
}

int store_exec(struct ledger *l, const char *text, struct err *e)
{
	return sqlite3_exec(l->db, text, NULL, NULL, NULL) == SQLITE_OK
		   ? 0
		   : store_fail(l, "cannot be written", e);
}

/*
 * The lock is an flock on the database file itself. Its descriptor must be closed after SQLite's:
 * closing any descriptor of a file drops the POSIX locks that SQLite holds on it.
 */
static int take_lock(struct ledger *l, struct err *e)
{
	l->lock_fd = open(l->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (l->lock_fd < 0)
		return err_errno(e, ERR_LEDGER, "%s: cannot open the ledger", l->path);
	if (flock(l->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	err_set(e, ERR_LEDGER, "%s: in use by another run of this campaign", l->path);
	return err_hint(e, "wait for it to end; campaign status shows how far it is");
}

static int prepare(struct ledger *l, bool write, struct err *e)
{
	if (sqlite3_busy_timeout(l->db, 5000) != SQLITE_OK)
		return store_fail(l, "cannot be used", e);
	/* FULL: a committed intent must be on the disk before its command goes out. */
	if (write && store_exec(l, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", e) != 0)
		return -1;
	return schema_check(l, write, e) == 0 ? rows_prepare(l, e) : -1;
}

static int open_database(struct ledger *l, const struct ledger_goal *g, bool write, struct err *e)
{
	/* For reports too, so that the last to close it clears -wal and -shm away; SQLite takes it
	 * read-only where it may not be written. */
	int flags = SQLITE_OPEN_READWRITE | (write ? SQLITE_OPEN_CREATE : 0);

	if (!write && access(l->path, F_OK) != 0)
		return 0; /* nothing known yet */
	if (write && take_lock(l, e) != 0)
		return -1;
	if (sqlite3_open_v2(l->path, &l->db, flags, NULL) != SQLITE_OK)
		return store_fail(l, "cannot be opened", e);
	return prepare(l, write, e) == 0 ? goal_find(l, g, write, e) : -1;
}

int ledger_open(
    const char *path, const struct ledger_goal *g, bool write, struct ledger **l, struct err *e)
{
	struct ledger *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return err_memory(e);
	n->lock_fd = -1;
	if (g->now != NULL)
		memcpy(n->goal, g->now, sizeof(n->goal));
	if (snprintf(n->path, sizeof(n->path), "%s", path) >= (int)sizeof(n->path)) {
		free(n);
		return err_set(e, ERR_LEDGER, "%s: name too long", path);
	}
	if (open_database(n, g, write, e) != 0) {
		ledger_close(n);
		return -1;
	}
	*l = n;
	return 0;
}

void ledger_close(struct ledger *l)
{
	if (l == NULL)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(l->st[i]);
	sqlite3_close(l->db);
	if (l->lock_fd >= 0)
		close(l->lock_fd);
	free(l);
}
