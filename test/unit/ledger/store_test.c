/* How a ledger is opened: what is committed is on the disk, and a database that cannot promise that
 * is not used. */
#include "unit.h"

#include <unistd.h>

#include "ledger/store.h"

static char dir[64], path[96];
static const uint8_t goal[32] = { 1 };
static const struct ledger_goal demo = { .name = "demo", .now = goal };

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/store_test.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/c.ledger", dir);
	return setenv("XDG_STATE_HOME", dir, 1);
}

static int teardown(void **state)
{
	char command[96];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static void pragma_is(sqlite3 *db, const char *name, const char *want)
{
	char text[64];
	sqlite3_stmt *st;

	snprintf(text, sizeof(text), "PRAGMA %s", name);
	assert_int_equal(sqlite3_prepare_v2(db, text, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(st, 0), want);
	sqlite3_finalize(st);
}

static void commits_reach_the_disk(void **state)
{
	struct ledger *l;
	struct err e = { 0 };

	(void)state;
	assert_ok(ledger_open(path, &demo, true, &l, &e), &e);
	pragma_is(l->db, "journal_mode", "wal");
	pragma_is(l->db, "synchronous", "2"); /* FULL */
	ledger_close(l);
}

/* Somebody else reads in the database all the time, in another mode than ours: it cannot be
 * changed, and that is said, not passed over. */
static void mode_that_cannot_be_set(void **state)
{
	struct ledger *l;
	struct err e = { 0 };
	sqlite3 *other;

	(void)state;
	assert_ok(ledger_open(path, &demo, true, &l, &e), &e);
	ledger_close(l);
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(other, "PRAGMA journal_mode = DELETE; BEGIN; SELECT * FROM sqlite_schema",
		NULL, NULL, NULL),
	    SQLITE_OK);
	assert_int_equal(ledger_open(path, &demo, true, &l, &e), -1);
	assert_int_equal(e.code, ERR_LEDGER);
	assert_non_null(strstr(e.text, "cannot be written"));
	assert_int_equal(sqlite3_close(other), SQLITE_OK);
	assert_ok(ledger_open(path, &demo, true, &l, &e), &e);
	ledger_close(l);
}

/* A file that is as its last run left it, with tables that lack what is asked of them: it is
 * refused when it is opened, not when a card is to be looked up. */
static void tables_of_somebody_else(void **state)
{
	struct ledger *l;
	struct err e = { 0 };

	(void)state;
	assert_ok(ledger_open(path, &demo, true, &l, &e), &e);
	assert_int_equal(sqlite3_exec(l->db, "ALTER TABLE step RENAME COLUMN unproven TO other",
			     NULL, NULL, NULL),
	    SQLITE_OK);
	ledger_close(l);
	for (int write = 0; write <= 1; write++) {
		e = (struct err){ 0 };
		assert_int_equal(ledger_open(path, &demo, write == 1, &l, &e), -1);
		assert_int_equal(e.code, ERR_LEDGER);
		assert_non_null(strstr(e.text, "cannot be read"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(commits_reach_the_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(mode_that_cannot_be_set, setup, teardown),
		cmocka_unit_test_setup_teardown(tables_of_somebody_else, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
