/* Opening and closing the database of a campaign. */
#include "ledger/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/private.h"
#include "base/sum.h"

/* So many steps of SQLite's machine take some milliseconds. */
enum { STOP_STEPS = 100000 };

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
	if (rc == SQLITE_INTERRUPT)
		return err_set(e, ERR_INTERRUPTED, "interrupted");
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
	return sqlite3_exec(l->db, text, NULL, NULL, NULL) == SQLITE_OK
		   ? 0
		   : store_fail(l, "cannot be written", e);
}

/* In directories where all may write, a log beside it would be taken for its last changes. */
static int check_beside(const struct ledger *l, const struct private_asks *a, struct err *e)
{
	static const char *const beside[] = { "-wal", "-shm", "-journal" };
	char path[sizeof(l->path) + 16];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < sizeof(beside) / sizeof(beside[0]); i++) {
		int fd;

		snprintf(path, sizeof(path), "%s%s", l->path, beside[i]);
		fd = open(path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			continue;
		rc = private_check(fd, path, a, e);
		close(fd);
	}
	return rc;
}

/* Could others have written what stands in it? A report says so; no card is worked on after it. */
static int check_owner(struct ledger *l, int fd, struct err *e)
{
	const struct private_asks ledger = { .what = "ledger", .own = true };
	struct err why;

	if (private_check(fd, l->path, &ledger, &why) == 0 && check_beside(l, &ledger, &why) == 0)
		return 0;
	if (!l->write) {
		l->doubt = why;
		return 0;
	}
	*e = why;
	return -1;
}

/*
 * The lock is an flock on the database file itself. Its descriptor must be closed after SQLite's:
 * closing any descriptor of a file drops the POSIX locks that SQLite holds on it.
 */
static int take_lock(struct ledger *l, struct err *e)
{
	l->lock_fd = open(l->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (l->lock_fd < 0)
		return err_errno(e, ERR_LEDGER, "%s: cannot open the ledger", l->path);
	if (check_owner(l, l->lock_fd, e) != 0)
		return -1;
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

static int asked_to_stop(void *ctx)
{
	const struct ledger *l = ctx;

	return l->stop(l->stop_ctx);
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
	if (l->stop != NULL)
		sqlite3_progress_handler(l->db, STOP_STEPS, asked_to_stop, l);
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
	int fd = open(l->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc;

	if (fd < 0)
		return err_errno(e, ERR_LEDGER, "%s: cannot open the ledger", l->path);
	rc = check_owner(l, fd, e);
	if (rc == 0)
		rc = seal_look(l, fd, seal, e);
	if (rc == 0 && *seal == SEAL_BROKEN)
		rc = seal_look(l, fd, seal, e);
	close(fd);
	return rc;
}

/*
 * Read-only where it may not be written. What was left in the middle needs files beside it, for
 * which there may be no place: if all of it is in the file, that alone is read.
 */
static int open_read_only(struct ledger *l, struct err *e)
{
	static const char *const beside[] = { "-wal", "-journal" };
	char uri[3 * sizeof(l->path)], *to = uri;
	char path[sizeof(l->path) + 16];

	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s%s", l->path, beside[i]);
		if (access(path, F_OK) == 0) {
			store_fail(l, "cannot be read", e);
			return err_hint(e,
			    "its last run has not ended: copy it, with %s, to where you may write",
			    path);
		}
	}
	to += sprintf(to, "file:");
	for (const char *p = l->path; *p != '\0'; p++)
		to += sprintf(to, strchr("?#%", *p) != NULL ? "%%%02x" : "%c", (unsigned char)*p);
	sprintf(to, "?immutable=1");
	sqlite3_close(l->db);
	l->db = NULL;
	if (sqlite3_open_v2(uri, &l->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) == SQLITE_OK)
		return 0;
	return store_fail(l, "cannot be opened", e);
}

/* Can SQLite read it as it is? */
static bool is_readable(struct ledger *l)
{
	int rc = sqlite3_exec(l->db, "PRAGMA schema_version", NULL, NULL, NULL);

	return rc != SQLITE_CANTOPEN && (rc & 0xFF) != SQLITE_READONLY;
}

/* Made by a run that came no further. */
static bool is_empty(struct ledger *l)
{
	sqlite3_stmt *st = NULL;
	bool empty = sqlite3_prepare_v2(l->db, "SELECT 1 FROM sqlite_schema LIMIT 1", -1, &st,
			 NULL) == SQLITE_OK &&
		     sqlite3_step(st) == SQLITE_DONE;

	sqlite3_finalize(st);
	return empty;
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
	if (!l->write && !is_readable(l) && open_read_only(l, e) != 0)
		return -1;
	if (!l->write && is_empty(l)) {
		sqlite3_close(l->db);
		l->db = NULL;
		return 0;
	}
	if (prepare(l, seal, e) != 0 || (l->write && station_begin(l, seal == SEAL_NEW, e) != 0))
		return -1;
	return goal_find(l, g, e);
}

/*
 * No database any more, where there was a ledger of ours: it is put aside, with what is beside it,
 * and the run goes on without, as where it is gone. Anything else of that name is left alone.
 */
static int put_aside(struct ledger *l, struct err *e)
{
	static const char *const beside[] = { "-wal", "-shm", "-journal", "" };
	char from[sizeof(l->path) + 16], to[sizeof(l->path) + 48];
	int n = 1;

	if (sqlite3_errcode(l->db) != SQLITE_NOTADB || !station_knows(l->path))
		return -1;
	do
		snprintf(to, sizeof(to), "%s.unreadable-%d", l->path, n);
	while (access(to, F_OK) == 0 && n++ < 1000);
	sqlite3_close(l->db);
	l->db = NULL;
	for (size_t i = 0; i < 4; i++) {
		snprintf(from, sizeof(from), "%s%s", l->path, beside[i]);
		snprintf(to, sizeof(to), "%s.unreadable-%d%s", l->path, n, beside[i]);
		if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) != 0 &&
		    errno != ENOENT)
			return err_errno(e, ERR_LEDGER, "%s: cannot be put aside", from);
	}
	close(l->lock_fd);
	l->lock_fd = -1;
	l->failed = (struct err){ 0 };
	snprintf(l->lost, sizeof(l->lost), "%.440s: no ledger any more, renamed to *.unreadable-%d",
	    l->path, n);
	return 0;
}

static int open_or_renew(struct ledger *l, const struct ledger_goal *g, struct err *e)
{
	if (open_database(l, g, e) == 0)
		return 0;
	if (!l->write || l->db == NULL || put_aside(l, e) != 0)
		return -1;
	return open_database(l, g, e);
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
	n->stop = g->stop;
	n->stop_ctx = g->ctx;
	if (open_or_renew(n, g, e) != 0) {
		n->failed.code = ERR_LEDGER; /* leave it as it is */
		ledger_close(n);
		return -1;
	}
	if (write)
		sqlite3_progress_handler(n->db, 0, NULL, NULL);
	else if (!n->lying)
		station_look(n);
	*l = n;
	return 0;
}

const char *ledger_lost(const struct ledger *l)
{
	return l->lost[0] == '\0' ? NULL : l->lost;
}

const struct err *ledger_doubt(const struct ledger *l)
{
	return l->doubt.code == ERR_NONE ? NULL : &l->doubt;
}

void ledger_close(struct ledger *l)
{
	if (l == NULL)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(l->st[i]);
	if (l->write && l->db != NULL && !l->grouped && l->failed.code == ERR_NONE) {
		station_end(l);
		seal_write(l);
	}
	sqlite3_close(l->db);
	if (l->lock_fd >= 0)
		close(l->lock_fd);
	free(l);
}
