/* Opening and closing the database of a campaign. */
#include "ledger/store.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/sum.h"

static int set_aside(struct err *e)
{
	return err_hint(e, "move it away: a run without it asks every card what it has");
}

int store_fail(struct ledger *l, const char *what, struct err *e)
{
	int rc = l->db == NULL ? SQLITE_NOMEM : sqlite3_errcode(l->db);

	if (l->failed.code != ERR_NONE) {
		*e = l->failed;
		return -1;
	}
	err_set(e, ERR_LEDGER, "%s: %s: %s", l->path, what,
	    l->db == NULL ? "out of memory" : sqlite3_errmsg(l->db));
	if (rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB)
		set_aside(e);
	if (l->write)
		l->failed = *e;
	return -1;
}

int store_damaged(struct ledger *l, struct err *e, const char *fmt, ...)
{
	char what[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	err_set(e, ERR_LEDGER, "%s: damaged: %s", l->path, what);
	set_aside(e);
	if (l->write)
		l->failed = *e;
	return -1;
}

int store_exec(struct ledger *l, const char *text, struct err *e)
{
	if (l->failed.code != ERR_NONE)
		return store_fail(l, "", e);
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
	return err_hint(e, "wait for it to end; " VERB("campaign status") " shows how far it is");
}

/* sum64(value, ...) in SQL: of all that its arguments are, as 64 bits. */
static void sum_values(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	uint64_t sum = SUM64_START;

	for (int i = 0; i < n; i++) {
		uint8_t octets[8];
		struct wr w = wr_fixed(octets, sizeof(octets));
		int type = sqlite3_value_type(v[i]);

		if (type == SQLITE_TEXT || type == SQLITE_BLOB) {
			const void *p = sqlite3_value_blob(v[i]);

			sum = sum64(sum, span_of(p, (size_t)sqlite3_value_bytes(v[i])));
		} else {
			wr_u64(&w, (uint64_t)sqlite3_value_int64(v[i]));
			sum = sum64(sum, wr_span(&w));
		}
	}
	sqlite3_result_int64(ctx, (sqlite3_int64)sum);
}

/* Not what was written: no card may be sent anything; a report shows what it can. */
static int broken(struct ledger *l, const char *what, struct err *e)
{
	if (l->write)
		return store_damaged(l, e, "%s", what);
	l->damaged = l->lying = true;
	return 0;
}

/* The content, where the last run could not seal it. */
static int check_rows(struct ledger *l, enum seal seal, struct err *e)
{
	bool whole;

	if (seal == SEAL_WHOLE || seal == SEAL_NEW || l->lying)
		return 0;
	if (rows_check(l, &whole, e) != 0)
		return -1;
	return whole ? 0 : broken(l, "a row is not what was written", e);
}

static int check_structure(struct ledger *l, enum seal seal, struct err *e)
{
	bool whole = seal != SEAL_BROKEN;

	if (seal == SEAL_NONE && seal_quick_check(l, &whole, e) != 0)
		return -1;
	return whole ? 0 : broken(l, "it is not what the last run left", e);
}

static int prepare(struct ledger *l, enum seal seal, struct err *e)
{
	if (sqlite3_busy_timeout(l->db, 5000) != SQLITE_OK ||
	    sqlite3_create_function(l->db, "sum64", -1,
		SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL, sum_values, NULL,
		NULL) != SQLITE_OK)
		return store_fail(l, "cannot be used", e);
	if (check_structure(l, seal, e) != 0 || (l->write && seal_break(l, e) != 0))
		return -1;
	/* FULL: a committed intent must be on the disk before its command goes out. */
	if (l->write &&
	    store_exec(l, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", e) != 0)
		return -1;
	return schema_check(l, e) == 0 && rows_prepare(l, e) == 0 ? check_rows(l, seal, e) : -1;
}

/* For reports. Twice, since a run that begins meanwhile changes what is being read. */
static int look(struct ledger *l, enum seal *seal, struct err *e)
{
	/* Closed before SQLite opens it, see take_lock. */
	int fd = open(l->path, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return err_errno(e, ERR_LEDGER, "%s: cannot open the ledger", l->path);
	rc = seal_look(l, fd, seal, e);
	if (rc == 0 && *seal == SEAL_BROKEN)
		rc = seal_look(l, fd, seal, e);
	close(fd);
	return rc;
}

static int open_database(struct ledger *l, const struct ledger_goal *g, struct err *e)
{
	/* For reports too, so that the last to close it clears -wal and -shm away; SQLite takes it
	 * read-only where it may not be written. */
	int flags = SQLITE_OPEN_READWRITE | (l->write ? SQLITE_OPEN_CREATE : 0);
	enum seal seal;

	if (!l->write && access(l->path, F_OK) != 0)
		return 0; /* nothing known yet */
	if (l->write ? take_lock(l, e) != 0 || seal_look(l, l->lock_fd, &seal, e) != 0
		     : look(l, &seal, e) != 0)
		return -1;
	if (sqlite3_open_v2(l->path, &l->db, flags, NULL) != SQLITE_OK)
		return store_fail(l, "cannot be opened", e);
	return prepare(l, seal, e) == 0 ? goal_find(l, g, e) : -1;
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
	n->write = write;
	if (open_database(n, g, e) != 0) {
		n->failed.code = ERR_LEDGER; /* leave it as it is */
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
	if (l->write && l->db != NULL && !l->grouped && l->failed.code == ERR_NONE)
		seal_write(l);
	sqlite3_close(l->db);
	if (l->lock_fd >= 0)
		close(l->lock_fd);
	free(l);
}
