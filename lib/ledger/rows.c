/* Rows and steps of an open ledger. */
#include "ledger/store.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS \
	"file, id, state, step, reason, auth_failed, attempts, in_doubt, check_once, hint, bare"
#define CARDS "SELECT " COLUMNS ", sum = " CARD_SUM ", kdd, made FROM card"
/* The sum of a row that is to be (goal, COLUMNS) of these values. */
#define SUM_OF(values) "sum64(" values ")"
#define PUT_VALUES "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12"
#define ADD_VALUES "?1, ?2, '', 0, '', '', 0, 0, 0, 0, '', 0"

static const char *const sql[STATEMENTS] = {
	[ST_ADD] = "INSERT OR IGNORE INTO card(goal, " COLUMNS ", sum)"
		   " VALUES (" ADD_VALUES ", " SUM_OF(ADD_VALUES) ")",
	[ST_PUT] =
	    "INSERT INTO card(goal, " COLUMNS ", updated, sum, kdd, made)"
	    " VALUES (" PUT_VALUES ", unixepoch(), " SUM_OF(
		PUT_VALUES) ", ?13, ?14)"
			    " ON CONFLICT(goal, file) DO UPDATE SET id = ?3, state = ?4, step = "
			    "?5, reason = ?6,"
			    " auth_failed = ?7, attempts = ?8, in_doubt = ?9, check_once = ?10,"
			    " hint = ?11, bare = ?12,"
			    " updated = excluded.updated, sum = excluded.sum, kdd = ?13,"
			    " made = ?14",
	[ST_GET] = CARDS " WHERE goal = ?1 AND file = ?2",
	[ST_NEXT] =
	    CARDS " WHERE goal = ?1 AND file > ?2 AND (?3 < 0 OR state = ?3) ORDER BY file LIMIT 1",
	[ST_SCAN] = CARDS " WHERE +goal = ?1",
	[ST_TO_DO] = CARDS " WHERE goal = ?1 AND file > ?2 AND state <> 1"
			   " AND (?3 OR auth_failed <> 1) ORDER BY file LIMIT ?4",
	[ST_CLAIM] = "UPDATE card SET in_doubt = 1, attempts = attempts + 1, updated = unixepoch(),"
		     " sum = sum64(goal, file, id, state, step, reason, auth_failed, attempts + 1,"
		     " 1, check_once, hint, bare) WHERE goal = ?1 AND file = ?2",
	[ST_SUM] = "SELECT count(*), total(state = 1), total(state = 2), total(state = 0),"
		   " total(state = 1 AND step = 'already'), total(state <> 1 AND auth_failed = 1),"
		   " total(state = 1 AND bare)"
		   " FROM card WHERE goal = ?1",
	[ST_DAMAGED] = "SELECT 1 FROM card WHERE sum <> " CARD_SUM
		       " UNION ALL SELECT 1 FROM step WHERE sum <> " STEP_SUM " LIMIT 1",
	[ST_STEP] = "SELECT state, sum = " STEP_SUM
		    ", unproven, bare, intent FROM step WHERE goal = ?1 AND file = ?2 AND n = ?3",
	[ST_STEPS_BAD] = "SELECT 1 FROM step WHERE goal = ?1 AND file = ?2 AND sum <> " STEP_SUM,
	[ST_STEP_PUT] = "INSERT OR REPLACE INTO step(goal, file, n, state, unproven, bare, intent,"
			" updated, sum) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, unixepoch(),"
			" sum64(?1, ?2, ?3, ?4, ?5, ?6, ?7))",
	[ST_STEPS_FORGET] = "DELETE FROM step WHERE goal = ?1 AND file = ?2",
	[ST_MADE] = "UPDATE card SET made = ?3"
		    " WHERE goal = ?1 AND file = ?2 AND state = 1 AND made = ''",
	/* A row that is not what was written stays so. */
	[ST_REMADE] =
	    "UPDATE card SET state = 0, step = '', bare = 0, made = ?3, updated = unixepoch(),"
	    " sum = sum64(goal, file, id, 0, '', reason, auth_failed, attempts, in_doubt,"
	    " check_once, hint, 0) WHERE goal = ?1 AND file = ?2 AND state = 1"
	    " AND made <> ?3 AND sum = " CARD_SUM,
	[ST_KDD_OF] = "SELECT kdd FROM card WHERE goal = ?1 AND file <> ?2 AND id = ?3"
		      " AND kdd <> '' LIMIT 1",
	[ST_ID_OF] = "SELECT id FROM card WHERE goal = ?1 AND file <> ?2 AND kdd = ?3"
		     " AND id <> ?4 AND id <> '' AND in_doubt = 0 LIMIT 1",
};

const char *row_state_str(enum row_state s)
{
	static const char *const names[] = { "pending", "done", "failed" };

	return names[s];
}

const char *step_state_str(enum step_state s)
{
	static const char *const names[] = { "pending", "begun", "done", "already", "failed",
		"damaged" };

	return names[s];
}

int rows_prepare(struct ledger *l, struct err *e)
{
	for (int i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(
			l->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &l->st[i], NULL) != SQLITE_OK)
			return store_fail(l, "cannot be read", e);
	return 0;
}

/* A statement with the goal bound; NULL: out of memory. */
static sqlite3_stmt *begin(struct ledger *l, enum statement which)
{
	sqlite3_stmt *st = l->st[which];

	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	if (sqlite3_bind_blob(st, 1, l->goal, sizeof(l->goal), SQLITE_STATIC) != SQLITE_OK)
		return NULL;
	return st;
}

sqlite3_stmt *rows_begin(struct ledger *l, enum statement which, const char *file, struct err *e)
{
	sqlite3_stmt *st = begin(l, which);

	if (st != NULL && sqlite3_bind_text(st, 2, file, -1, SQLITE_STATIC) == SQLITE_OK)
		return st;
	store_fail(l, "cannot be used", e);
	return NULL;
}

int rows_finish(struct ledger *l, sqlite3_stmt *st, struct err *e)
{
	int rc = sqlite3_step(st) == SQLITE_DONE ? 0 : store_fail(l, "cannot be written", e);

	sqlite3_reset(st);
	return rc;
}

static int group(struct ledger *l, struct err *e)
{
	if (l->failed.code != ERR_NONE)
		return store_fail(l, "", e);
	if (!l->grouped && store_exec(l, "BEGIN IMMEDIATE", e) != 0)
		return -1;
	l->grouped = true;
	return 0;
}

int ledger_add(struct ledger *l, const char *file, struct err *e)
{
	sqlite3_stmt *st = group(l, e) == 0 ? rows_begin(l, ST_ADD, file, e) : NULL;

	return st == NULL ? -1 : rows_finish(l, st, e);
}

int ledger_flush(struct ledger *l, struct err *e)
{
	if (l->failed.code != ERR_NONE)
		return store_fail(l, "", e);
	if (!l->grouped)
		return 0;
	if (store_exec(l, "COMMIT", e) != 0)
		return -1;
	l->grouped = false;
	clock_gettime(CLOCK_MONOTONIC, &l->committed);
	return 0;
}

static int put(struct ledger *l, const struct ledger_card *c, struct err *e)
{
	sqlite3_stmt *st = rows_begin(l, ST_PUT, c->file, e);
	bool bound = st != NULL &&
		     sqlite3_bind_text(st, 3, c->id, -1, SQLITE_STATIC) == SQLITE_OK &&
		     sqlite3_bind_int(st, 4, (int)c->state) == SQLITE_OK &&
		     sqlite3_bind_text(st, 5, c->step, -1, SQLITE_STATIC) == SQLITE_OK &&
		     sqlite3_bind_text(st, 6, c->reason, -1, SQLITE_STATIC) == SQLITE_OK &&
		     sqlite3_bind_int(st, 7, (int)c->auth_failed) == SQLITE_OK &&
		     sqlite3_bind_int64(st, 8, c->attempts) == SQLITE_OK &&
		     sqlite3_bind_int(st, 9, c->in_doubt) == SQLITE_OK &&
		     sqlite3_bind_int(st, 10, c->check_once) == SQLITE_OK &&
		     sqlite3_bind_text(st, 11, c->hint, -1, SQLITE_STATIC) == SQLITE_OK &&
		     sqlite3_bind_int(st, 12, c->bare) == SQLITE_OK &&
		     sqlite3_bind_text(st, 13, c->kdd, -1, SQLITE_STATIC) == SQLITE_OK &&
		     sqlite3_bind_text(st, 14, c->made, -1, SQLITE_STATIC) == SQLITE_OK;

	return bound ? rows_finish(l, st, e) : store_fail(l, "cannot be written", e);
}

int ledger_put(struct ledger *l, const struct ledger_card *c, struct err *e)
{
	return group(l, e) == 0 && put(l, c, e) == 0 ? ledger_flush(l, e) : -1;
}

/* Nothing was committed for so long that what is grouped should be. */
static bool overdue(const struct ledger *l)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - l->committed.tv_sec) * 1000 +
		   (now.tv_nsec - l->committed.tv_nsec) / 1000000 >=
	       LEDGER_GROUP_MS;
}

int ledger_note(struct ledger *l, const struct ledger_card *c, struct err *e)
{
	if (group(l, e) != 0 || put(l, c, e) != 0)
		return -1;
	return overdue(l) ? ledger_flush(l, e) : 0;
}

/* No column is ever NULL: without a text there was no memory for it. */
static bool column(sqlite3_stmt *st, int i, char *out, size_t cap)
{
	const unsigned char *t = sqlite3_column_text(st, i);

	if (t != NULL)
		snprintf(out, cap, "%s", (const char *)t);
	return t != NULL;
}

static bool columns(sqlite3_stmt *st, struct ledger_card *c)
{
	int state = sqlite3_column_int(st, 2), auth;

	memset(c, 0, sizeof(*c));
	c->state = state == 1 ? ROW_DONE : state == 2 ? ROW_FAILED : ROW_PENDING;
	auth = sqlite3_column_int(st, 5);
	c->auth_failed = auth == CARD_AUTH_WRONG_KEYS ? CARD_AUTH_WRONG_KEYS
			 : auth != 0                  ? CARD_AUTH_REFUSED
						      : CARD_AUTH_FINE;
	c->attempts = (uint32_t)sqlite3_column_int64(st, 6);
	c->in_doubt = sqlite3_column_int(st, 7) != 0;
	c->check_once = sqlite3_column_int(st, 8) != 0;
	c->bare = sqlite3_column_int(st, 10) != 0;
	c->damaged = sqlite3_column_int(st, 11) == 0;
	return column(st, 0, c->file, sizeof(c->file)) && column(st, 1, c->id, sizeof(c->id)) &&
	       column(st, 3, c->step, sizeof(c->step)) &&
	       column(st, 4, c->reason, sizeof(c->reason)) &&
	       column(st, 9, c->hint, sizeof(c->hint)) && column(st, 12, c->kdd, sizeof(c->kdd)) &&
	       column(st, 13, c->made, sizeof(c->made));
}

/* A row is not what was written. A report shows it as such; no card is worked on after it. */
static int found_damaged(struct ledger *l, const char *file, struct err *e)
{
	if (l->write)
		return store_damaged(l, e, "the row of %s is not what was written", file);
	l->damaged = true;
	return 0;
}

/* The row that a statement is at. */
static int take_row(struct ledger *l, sqlite3_stmt *st, struct ledger_card *c, struct err *e)
{
	if (!columns(st, c))
		return store_fail(l, "cannot be read", e);
	/* "" begins a list, so no row may be called so. */
	if (c->file[0] == '\0') {
		snprintf(c->file, sizeof(c->file), "?");
		c->damaged = true;
	}
	return c->damaged ? found_damaged(l, c->file, e) : 0;
}

/* Rows come in rising order: else a loop over them might never end. *more: it goes on. */
static int rises(struct ledger *l, const char *after, const char *file, bool *more, struct err *e)
{
	*more = strcmp(file, after) > 0;
	return *more ? 0 : found_damaged(l, file, e);
}

/* At the end, or where nothing more can be read; rc: of the last step. */
static int last_row(struct ledger *l, int rc, struct err *e)
{
	if (rc == SQLITE_CORRUPT && !l->write)
		l->damaged = true;
	else if (rc != SQLITE_DONE)
		return store_fail(l, "cannot be read", e);
	return 0;
}

static int row(
    struct ledger *l, sqlite3_stmt *st, struct ledger_card *c, bool *found, struct err *e)
{
	int rc = sqlite3_step(st);

	*found = rc == SQLITE_ROW;
	rc = *found ? take_row(l, st, c, e) : last_row(l, rc, e);
	sqlite3_reset(st);
	return rc;
}

/* All that the steps of a card say is what was written. */
static int check_steps(struct ledger *l, const char *file, struct err *e)
{
	sqlite3_stmt *st = rows_begin(l, ST_STEPS_BAD, file, e);
	int rc;

	if (st == NULL)
		return -1;
	rc = sqlite3_step(st);
	sqlite3_reset(st);
	return rc == SQLITE_ROW ? found_damaged(l, file, e) : last_row(l, rc, e);
}

int ledger_step(
    struct ledger *l, const char *file, uint32_t n, struct ledger_step *s, struct err *e)
{
	sqlite3_stmt *st;
	int rc, v;

	*s = (struct ledger_step){ .state = STEP_PENDING };
	if (l->db == NULL)
		return 0;
	st = rows_begin(l, ST_STEP, file, e);
	if (st == NULL)
		return -1;
	if (sqlite3_bind_int64(st, 3, n) != SQLITE_OK)
		return store_fail(l, "cannot be read", e);
	rc = sqlite3_step(st);
	v = rc == SQLITE_ROW ? sqlite3_column_int(st, 0) : STEP_PENDING;
	if (v > STEP_PENDING && v <= STEP_FAILED)
		s->state = (enum step_state)v;
	if (rc == SQLITE_ROW && (!column(st, 2, s->unproven, sizeof(s->unproven)) ||
				    !column(st, 4, s->intent, sizeof(s->intent))))
		rc = SQLITE_NOMEM;
	s->bare = rc == SQLITE_ROW && sqlite3_column_int(st, 3) != 0;
	if ((rc == SQLITE_ROW && sqlite3_column_int(st, 1) == 0) ||
	    (rc == SQLITE_CORRUPT && !l->write))
		s->state = STEP_DAMAGED;
	else if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		store_fail(l, "cannot be read", e);
	else
		rc = SQLITE_DONE;
	sqlite3_reset(st);
	if (s->state != STEP_DAMAGED)
		return rc == SQLITE_DONE ? 0 : -1;
	return found_damaged(l, file, e);
}

int ledger_step_put(
    struct ledger *l, const char *file, uint32_t n, const struct ledger_step *s, struct err *e)
{
	sqlite3_stmt *st = group(l, e) == 0 ? rows_begin(l, ST_STEP_PUT, file, e) : NULL;

	if (st == NULL)
		return -1;
	if (sqlite3_bind_int64(st, 3, n) != SQLITE_OK ||
	    sqlite3_bind_int(st, 4, (int)s->state) != SQLITE_OK ||
	    sqlite3_bind_text(st, 5, s->unproven, -1, SQLITE_TRANSIENT) != SQLITE_OK ||
	    sqlite3_bind_int(st, 6, s->bare) != SQLITE_OK ||
	    sqlite3_bind_text(st, 7, s->intent, -1, SQLITE_TRANSIENT) != SQLITE_OK)
		return store_fail(l, "cannot be written", e);
	if (rows_finish(l, st, e) != 0)
		return -1;
	return s->state == STEP_BEGUN || overdue(l) ? ledger_flush(l, e) : 0;
}

int ledger_steps_forget(struct ledger *l, const char *file, struct err *e)
{
	sqlite3_stmt *st = group(l, e) == 0 ? rows_begin(l, ST_STEPS_FORGET, file, e) : NULL;

	return st == NULL ? -1 : rows_finish(l, st, e);
}

int ledger_get(
    struct ledger *l, const char *file, struct ledger_card *c, bool *found, struct err *e)
{
	sqlite3_stmt *st;

	*found = false;
	if (l->db == NULL)
		return 0;
	st = rows_begin(l, ST_GET, file, e);
	if (st == NULL || row(l, st, c, found, e) != 0)
		return -1;
	return l->write && *found ? check_steps(l, file, e) : 0;
}

/* The order of a damaged ledger leads astray, or round and round: its rows as they lie there. */
static int next_lying(struct ledger *l, const char *after, int only, struct ledger_card *c,
    bool *found, struct err *e)
{
	sqlite3_stmt *st = after[0] == '\0' ? begin(l, ST_SCAN) : l->st[ST_SCAN];
	int rc;

	if (st == NULL)
		return store_fail(l, "cannot be read", e);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		if (take_row(l, st, c, e) != 0)
			return -1;
		*found = only < 0 || only == (int)c->state;
		if (*found)
			return 0;
	}
	*found = false;
	sqlite3_reset(st);
	return last_row(l, rc, e);
}

int ledger_next(struct ledger *l, const char *after, int only, struct ledger_card *c, bool *found,
    struct err *e)
{
	char behind[sizeof(c->file)]; /* `after` may be the row to be filled */
	sqlite3_stmt *st;

	*found = false;
	if (l->db == NULL)
		return 0;
	snprintf(behind, sizeof(behind), "%s", after);
	if (l->lying)
		return next_lying(l, after, only, c, found, e);
	st = rows_begin(l, ST_NEXT, behind, e);
	if (st == NULL || sqlite3_bind_int(st, 3, only) != SQLITE_OK)
		return store_fail(l, "cannot be read", e);
	if (row(l, st, c, found, e) != 0)
		return -1;
	return *found ? rises(l, behind, c->file, found, e) : 0;
}

static int list_to_do(
    struct ledger *l, struct ledger_want want, struct ledger_card *out, size_t *n, struct err *e)
{
	sqlite3_stmt *st = begin(l, ST_TO_DO);
	int rc, bad = 0;
	bool more = true;

	if (st == NULL || sqlite3_bind_text(st, 2, want.after, -1, SQLITE_STATIC) != SQLITE_OK ||
	    sqlite3_bind_int(st, 3, want.retry) != SQLITE_OK ||
	    sqlite3_bind_int64(st, 4, (sqlite3_int64)want.max) != SQLITE_OK)
		return store_fail(l, "cannot be read", e);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW && more) { /* want.max rows at most: LIMIT */
		struct ledger_card *c = &out[*n];

		bad = take_row(l, st, c, e);
		if (bad == 0)
			bad = rises(l, want.after, c->file, &more, e);
		if (bad != 0)
			break;
		want.after = c->file;
		++*n;
	}
	if (bad == 0)
		bad = last_row(l, rc, e);
	sqlite3_reset(st);
	return bad;
}

int ledger_claim(
    struct ledger *l, struct ledger_want want, struct ledger_card *out, size_t *n, struct err *e)
{
	*n = 0;
	if (group(l, e) != 0 || list_to_do(l, want, out, n, e) != 0)
		return -1;
	for (size_t i = 0; i < *n; i++) {
		sqlite3_stmt *st;

		if (check_steps(l, out[i].file, e) != 0)
			return -1;
		st = rows_begin(l, ST_CLAIM, out[i].file, e);
		if (st == NULL || rows_finish(l, st, e) != 0)
			return -1;
		out[i].attempts++;
	}
	return ledger_flush(l, e);
}

/* ---- sums ---- */

/* All rows of a damaged ledger that can be read. */
static int sum_lying(struct ledger *l, struct ledger_sums *s, struct err *e)
{
	struct ledger_card c = { 0 };
	bool found;

	for (;;) {
		if (next_lying(l, c.file, -1, &c, &found, e) != 0)
			return -1;
		if (!found)
			return 0;
		s->total++;
		s->damaged += c.damaged;
		if (c.damaged)
			continue;
		s->done += c.state == ROW_DONE;
		s->failed += c.state == ROW_FAILED;
		s->pending += c.state == ROW_PENDING;
		s->already += c.state == ROW_DONE && strcmp(c.step, "already") == 0;
		s->unproven += c.state == ROW_DONE && c.bare;
		s->auth_failed += c.state != ROW_DONE && c.auth_failed == CARD_AUTH_REFUSED;
	}
}

static void sums_of(sqlite3_stmt *st, struct ledger_sums *s)
{
	s->total = (uint64_t)sqlite3_column_int64(st, 0);
	s->done = (uint64_t)sqlite3_column_int64(st, 1);
	s->failed = (uint64_t)sqlite3_column_int64(st, 2);
	s->pending = (uint64_t)sqlite3_column_int64(st, 3);
	s->already = (uint64_t)sqlite3_column_int64(st, 4);
	s->auth_failed = (uint64_t)sqlite3_column_int64(st, 5);
	s->unproven = (uint64_t)sqlite3_column_int64(st, 6);
}

int rows_check(struct ledger *l, bool *whole, struct err *e)
{
	sqlite3_stmt *st = l->st[ST_DAMAGED];
	int rc = sqlite3_step(st);

	*whole = rc == SQLITE_DONE;
	sqlite3_reset(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE || rc == SQLITE_CORRUPT
		   ? 0
		   : store_fail(l, "cannot be read", e);
}

int ledger_sum(struct ledger *l, struct ledger_sums *s, struct err *e)
{
	sqlite3_stmt *st;
	int rc;

	memset(s, 0, sizeof(*s));
	if (l->db == NULL)
		return 0;
	s->broken = l->damaged;
	if (l->lying)
		return sum_lying(l, s, e);
	st = begin(l, ST_SUM);
	if (st == NULL)
		return store_fail(l, "cannot be read", e);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		sums_of(st, s);
	else
		store_fail(l, "cannot be read", e);
	sqlite3_reset(st);
	return rc == SQLITE_ROW ? 0 : -1;
}

bool ledger_damaged(const struct ledger *l)
{
	return l->damaged;
}
