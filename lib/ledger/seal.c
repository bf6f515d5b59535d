/*
 * Is the file still the one that was written? A run that ends cleanly leaves its sum in the header
 * of the database, in the field that is there for applications; the next one compares it before
 * anything else and takes it away before it writes. Where none is, the run before was killed, or
 * goes on: then SQLite is asked to look its structure through, and each row has a sum of its own.
 */
#include "ledger/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sum.h"

/* Fields of the header (SQLite file format, 1.3): 4 octets each, big-endian. */
enum { HEADER = 100, CHANGES = 24, APPLICATION = 68, VALID_FOR = 92, WRITTEN_BY = 96 };

static bool is_beside(const struct ledger *l, const char *suffix)
{
	char path[sizeof(l->path) + 16];

	snprintf(path, sizeof(path), "%s%s", l->path, suffix);
	return access(path, F_OK) == 0;
}

/* Cut down to a field of the header; 0 stands for none. */
static uint32_t cut(uint64_t sum)
{
	uint32_t v = (uint32_t)(sum ^ sum >> 32);

	return v == 0 ? 1 : v;
}

/* Something else than a database has no seal; SQLite will say so. */
static bool is_database(const uint8_t header[static HEADER])
{
	static const char magic[16] = "SQLite format 3";

	return memcmp(header, magic, sizeof(magic)) == 0;
}

/* Takes out what changes when the seal is written, and returns the seal. */
static uint32_t take_seal(uint8_t header[static HEADER])
{
	struct rd r = rd_of(span_of(header + APPLICATION, 4));
	uint32_t seal = 0;

	if (!rd_u32(&r, &seal))
		seal = 0;
	memset(header + CHANGES, 0, 4);
	memset(header + APPLICATION, 0, 4);
	memset(header + VALID_FOR, 0, 4);
	memset(header + WRITTEN_BY, 0, 4);
	return seal;
}

/* The seal of the file, 0: none, and what it should be. false: it cannot be read. */
static bool read_file(int fd, uint32_t *seal, uint32_t *want)
{
	uint8_t block[65536];
	uint64_t sum = SUM64_START;
	ssize_t n;
	off_t at = 0;

	*seal = 0;
	while ((n = pread(fd, block, sizeof(block), at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (at == 0 && n >= HEADER && is_database(block))
			*seal = take_seal(block);
		sum = sum64(sum, span_of(block, (size_t)n));
		at += n;
	}
	*want = cut(sum);
	return true;
}

int seal_look(const struct ledger *l, int fd, enum seal *how, struct err *e)
{
	uint32_t seal, want;
	struct stat st;

	*how = SEAL_NONE;
	if (fstat(fd, &st) != 0)
		return err_errno(e, ERR_LEDGER, "%s: cannot be read", l->path);
	/* Left behind by a run that was killed: the file alone is not all that was written. */
	if (is_beside(l, "-wal") || is_beside(l, "-journal"))
		return 0;
	if (st.st_size == 0) {
		*how = SEAL_NEW;
		return 0;
	}
	if (!read_file(fd, &seal, &want))
		return err_errno(e, ERR_LEDGER, "%s: cannot be read", l->path);
	if (seal != 0)
		*how = seal == want ? SEAL_WHOLE : SEAL_BROKEN;
	return 0;
}

int seal_quick_check(struct ledger *l, bool *whole, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(l->db, "PRAGMA quick_check(1)", -1, &st, NULL);
	const unsigned char *said;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	said = rc == SQLITE_ROW ? sqlite3_column_text(st, 0) : NULL;
	*whole = said != NULL && strcmp((const char *)said, "ok") == 0;
	if (rc != SQLITE_ROW && rc != SQLITE_CORRUPT)
		store_fail(l, "cannot be read", e);
	sqlite3_finalize(st);
	return rc == SQLITE_ROW || rc == SQLITE_CORRUPT ? 0 : -1;
}

int seal_break(struct ledger *l, struct err *e)
{
	/* In the file itself, before what follows goes into a log of its own, which may be lost. */
	return store_exec(l, "PRAGMA application_id = 0", e);
}

void seal_write(struct ledger *l)
{
	char mark[64];
	uint32_t seal, want;
	sqlite3_stmt *st = NULL;
	bool alone;

	/* Somebody who reads keeps the log: then there is no seal, which costs the next run a look
	 * at the file. It is not worth waiting for. */
	sqlite3_busy_timeout(l->db, 0);
	alone =
	    sqlite3_prepare_v2(l->db, "PRAGMA journal_mode = DELETE", -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW &&
	    strcmp((const char *)sqlite3_column_text(st, 0), "delete") == 0;
	sqlite3_finalize(st);
	if (!alone || !read_file(l->lock_fd, &seal, &want))
		return;
	snprintf(mark, sizeof(mark), "PRAGMA application_id = %d", (int)want);
	(void)sqlite3_exec(l->db, mark, NULL, NULL, NULL);
}
