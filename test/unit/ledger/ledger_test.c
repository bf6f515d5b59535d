/* The ledger: what was put is there after a crash, one writer, many readers, hostile files. */
#include "unit.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ledger/ledger.h"

static char dir[64], path[96];
static const uint8_t goal[32] = { 1 }, other_goal[32] = { 2 };
static const struct ledger_goal demo = { .name = "demo", .now = goal },
				other_demo = { .name = "demo", .now = other_goal };

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/ledger_test.XXXXXX");
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

static struct ledger *open_it(bool write)
{
	struct ledger *l;
	struct err e;

	assert_ok(ledger_open(path, &demo, write, &l, &e), &e);
	return l;
}

static void put(struct ledger *l, const char *file, enum row_state s, const char *step)
{
	struct ledger_card c = { .state = s };
	struct err e;

	snprintf(c.file, sizeof(c.file), "%s", file);
	snprintf(c.step, sizeof(c.step), "%s", step);
	assert_ok(ledger_put(l, &c, &e), &e);
}

static void test_rows(void **state)
{
	struct ledger *l = open_it(true);
	struct ledger_card c = { .file = "f/2",
		.id = "0102",
		.kdd = "00010203040506070809",
		.state = ROW_FAILED,
		.step = "load",
		.reason = "block 3: 'quoted'",
		.auth_failed = true,
		.attempts = 7 };
	struct ledger_card got;
	struct ledger_sums s;
	struct err e;
	bool found;

	(void)state;
	assert_ok(ledger_add(l, "f/3", &e), &e);
	assert_ok(ledger_add(l, "f/1", &e), &e);
	assert_ok(ledger_add(l, "f/2", &e), &e);
	assert_ok(ledger_flush(l, &e), &e);
	assert_ok(ledger_put(l, &c, &e), &e);
	assert_ok(ledger_add(l, "f/2", &e), &e); /* there already: kept as it is */
	assert_ok(ledger_flush(l, &e), &e);
	assert_ok(ledger_get(l, "f/2", &got, &found, &e), &e);
	assert_true(found);
	assert_string_equal(got.id, "0102");
	assert_string_equal(got.kdd, "00010203040506070809");
	assert_string_equal(got.reason, "block 3: 'quoted'");
	assert_int_equal(got.state, ROW_FAILED);
	assert_int_equal(got.attempts, 7);
	assert_true(got.auth_failed);
	put(l, "f/1", ROW_DONE, "already");
	assert_ok(ledger_sum(l, &s, &e), &e);
	assert_true(
	    s.total == 3 && s.done == 1 && s.failed == 1 && s.pending == 1 && s.already == 1);
	assert_ok(ledger_next(l, "", -1, &got, &found, &e), &e);
	assert_string_equal(got.file, "f/1");
	assert_ok(ledger_next(l, got.file, ROW_PENDING, &got, &found, &e), &e);
	assert_string_equal(got.file, "f/3");
	assert_ok(ledger_next(l, got.file, -1, &got, &found, &e), &e);
	assert_false(found);
	ledger_close(l);
}

static void test_goals_are_apart(void **state)
{
	struct ledger *l = open_it(true);
	struct ledger_sums s;
	struct err e;

	(void)state;
	put(l, "a", ROW_DONE, "confirm");
	ledger_close(l);
	assert_ok(ledger_open(path, &other_demo, true, &l, &e), &e);
	assert_ok(ledger_sum(l, &s, &e), &e);
	assert_true(s.total == 0);
	ledger_close(l);
}

static void test_one_writer_many_readers(void **state)
{
	struct ledger *w = open_it(true), *second, *r;
	struct ledger_sums s;
	struct stat st;
	struct err e;

	(void)state;
	assert_int_equal(ledger_open(path, &demo, true, &second, &e), -1);
	assert_int_equal(e.code, ERR_LEDGER);
	assert_non_null(strstr(e.text, "in use"));
	put(w, "a", ROW_DONE, "confirm");
	r = open_it(false);
	assert_ok(ledger_sum(r, &s, &e), &e);
	assert_true(s.done == 1);
	put(w, "b", ROW_DONE, "confirm");
	assert_ok(ledger_sum(r, &s, &e), &e);
	assert_true(s.done == 2);
	ledger_close(r);
	ledger_close(w);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_missing_is_empty(void **state)
{
	struct ledger *l = open_it(false);
	struct ledger_card c;
	struct ledger_sums s;
	struct err e;
	bool found = true;

	(void)state;
	assert_ok(ledger_sum(l, &s, &e), &e);
	assert_true(s.total == 0);
	assert_ok(ledger_next(l, "", -1, &c, &found, &e), &e);
	assert_false(found);
	assert_int_equal(access(path, F_OK), -1);
	ledger_close(l);
}

static void test_hostile_files(void **state)
{
	struct ledger *l;
	struct err e;
	FILE *f = fopen(path, "w");

	(void)state;
	for (int i = 0; i < 5000; i++)
		fprintf(f, "no database");
	fclose(f);
	for (int write = 0; write < 2; write++) {
		assert_int_equal(ledger_open(path, &demo, write, &l, &e), -1);
		assert_int_equal(e.code, ERR_LEDGER);
	}
	unlink(path);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(ledger_open(path, &demo, true, &l, &e), -1);
	assert_int_equal(e.code, ERR_LEDGER);
}

/* A writer killed in the middle: everything that it was told is committed is there. */
static void test_killed_writer(void **state)
{
	struct ledger_sums s;
	struct ledger *l;
	struct err e;
	int told[2];
	pid_t pid;
	char b;

	(void)state;
	for (int round = 0; round < 10; round++) {
		unsigned acknowledged = 0;

		assert_int_equal(pipe(told), 0);
		pid = fork();
		if (pid == 0) {
			l = open_it(true);
			for (int i = 0;; i++) {
				char name[32];

				snprintf(name, sizeof(name), "%d/%06d", round, i);
				put(l, name, ROW_DONE, "confirm");
				if (write(told[1], "x", 1) != 1)
					_exit(1);
			}
		}
		close(told[1]);
		while (acknowledged < 20 && read(told[0], &b, 1) == 1)
			acknowledged++;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		while (read(told[0], &b, 1) == 1)
			acknowledged++;
		close(told[0]);
		l = open_it(true);
		assert_ok(ledger_sum(l, &s, &e), &e);
		assert_true(s.done >= acknowledged);
		ledger_close(l);
		assert_int_equal(unlink(path), 0);
	}
}

/* What is claimed is in doubt from then on, for others too; what is done or refused is not. */
static void test_claims(void **state)
{
	static const char *const files[] = { "1", "2", "3", "4", "5" };
	struct ledger *w = open_it(true), *r;
	struct ledger_card c = { .state = ROW_FAILED, .reason = "why", .auth_failed = true };
	struct ledger_card claimed[8];
	struct err e;
	bool found;
	size_t n;

	(void)state;
	for (size_t i = 0; i < 5; i++)
		assert_ok(ledger_add(w, files[i], &e), &e);
	put(w, "2", ROW_DONE, "confirm");
	snprintf(c.file, sizeof(c.file), "3");
	assert_ok(ledger_put(w, &c, &e), &e);
	r = open_it(false);
	assert_ok(ledger_claim(w, (struct ledger_want){ "", false, 2 }, claimed, &n, &e), &e);
	assert_int_equal(n, 2);
	assert_string_equal(claimed[0].file, "1");
	assert_string_equal(claimed[1].file, "4");
	assert_true(!claimed[1].in_doubt && claimed[1].attempts == 1); /* that it was not before */
	assert_ok(ledger_get(r, "4", &c, &found, &e), &e);
	assert_true(c.in_doubt && c.attempts == 1 && c.state == ROW_PENDING);
	assert_ok(ledger_get(r, "5", &c, &found, &e), &e);
	assert_false(c.in_doubt);
	assert_ok(ledger_claim(w, (struct ledger_want){ "4", false, 8 }, claimed, &n, &e), &e);
	assert_int_equal(n, 1);
	assert_ok(ledger_claim(w, (struct ledger_want){ "5", false, 8 }, claimed, &n, &e), &e);
	assert_int_equal(n, 0);
	put(w, "4", ROW_DONE, "confirm");
	assert_ok(ledger_get(r, "4", &c, &found, &e), &e);
	assert_false(c.in_doubt);
	/* With retry the refused one comes too, and keeps its reason until it has an outcome. */
	assert_ok(ledger_claim(w, (struct ledger_want){ "", true, 8 }, claimed, &n, &e), &e);
	assert_int_equal(n, 3);
	assert_true(claimed[0].in_doubt);
	assert_string_equal(claimed[1].file, "3");
	assert_ok(ledger_get(r, "3", &c, &found, &e), &e);
	assert_true(c.in_doubt && c.auth_failed && strcmp(c.reason, "why") == 0);
	ledger_close(r);
	ledger_close(w);
}

static uint64_t done_seen_by(struct ledger *l)
{
	struct ledger_sums s;
	struct err e;

	assert_ok(ledger_sum(l, &s, &e), &e);
	return s.done;
}

static void shell(const char *what)
{
	char command[640];

	/* As a run leaves it that has not ended cleanly. */
	snprintf(
	    command, sizeof(command), "sqlite3 %s 'PRAGMA application_id = 0; %s'", path, what);
	assert_int_equal(system(command), 0);
}

/* A ledger of schema 1, as earlier versions wrote it, is read on and brought up to date. */
static void test_schema_1(void **state)
{
	struct ledger *l = open_it(true);
	struct ledger_card c;
	struct err e;
	bool found;

	(void)state;
	put(l, "a", ROW_DONE, "confirm");
	ledger_close(l);
	shell("DROP INDEX card_id; DROP INDEX card_kdd; ALTER TABLE card DROP COLUMN made; ALTER "
	      "TABLE card DROP COLUMN bare; "
	      "ALTER TABLE card DROP COLUMN kdd; ALTER TABLE card DROP COLUMN hint; ALTER TABLE "
	      "card DROP COLUMN sum; ALTER TABLE "
	      "step DROP COLUMN sum;"
	      "ALTER TABLE card DROP COLUMN in_doubt; ALTER TABLE card DROP COLUMN check_once;"
	      "ALTER TABLE campaign DROP COLUMN turn; DROP TABLE step; PRAGMA user_version = 1");
	assert_int_equal(ledger_open(path, &demo, false, &l, &e), -1);
	assert_int_equal(e.code, ERR_LEDGER);
	assert_non_null(strstr(e.hint, "campaign run"));
	ledger_close(open_it(true));
	l = open_it(false);
	assert_ok(ledger_get(l, "a", &c, &found, &e), &e);
	assert_true(found && c.state == ROW_DONE && !c.in_doubt);
	ledger_close(l);
	/* And one of schema 2, which had no steps. */
	shell("DROP INDEX card_id; DROP INDEX card_kdd; ALTER TABLE card DROP COLUMN made; ALTER "
	      "TABLE card DROP COLUMN bare; "
	      "ALTER TABLE card DROP COLUMN kdd; ALTER TABLE card DROP COLUMN hint; ALTER TABLE "
	      "card DROP COLUMN sum; ALTER TABLE "
	      "step DROP COLUMN sum;"
	      "ALTER TABLE card DROP COLUMN check_once; ALTER TABLE campaign DROP COLUMN turn;"
	      "DROP TABLE step; PRAGMA user_version = 2");
	assert_int_equal(ledger_open(path, &demo, false, &l, &e), -1);
	l = open_it(true);
	assert_ok(ledger_step_put(l, "a", 1, &(struct ledger_step){ .state = STEP_DONE }, &e), &e);
	assert_ok(ledger_get(l, "a", &c, &found, &e), &e);
	assert_true(found && c.state == ROW_DONE);
	ledger_close(l);
	shell("PRAGMA user_version = 99");
	assert_int_equal(ledger_open(path, &demo, true, &l, &e), -1);
	assert_non_null(strstr(e.text, "newer"));
}

/* Schemas before 8 did not say how outcomes were read: they are not proven, nor steps. */
static void test_schema_5(void **state)
{
	struct ledger *l = open_it(true);
	struct ledger_sums sums;
	struct ledger_step s;
	struct err e;

	(void)state;
	put(l, "a", ROW_DONE, "confirm");
	put(l, "b", ROW_FAILED, "load");
	s = (struct ledger_step){ .state = STEP_DONE };
	assert_ok(ledger_step_put(l, "b", 1, &s, &e), &e);
	s.state = STEP_BEGUN;
	assert_ok(ledger_step_put(l, "b", 2, &s, &e), &e);
	ledger_close(l);
	shell("DROP INDEX card_id; DROP INDEX card_kdd; ALTER TABLE card DROP COLUMN made;"
	      "ALTER TABLE card DROP COLUMN bare; ALTER TABLE step DROP COLUMN bare;"
	      "ALTER TABLE step DROP COLUMN intent;"
	      "ALTER TABLE card DROP COLUMN kdd; ALTER TABLE card DROP COLUMN hint;"
	      "ALTER TABLE step DROP COLUMN unproven; PRAGMA user_version = 5");
	l = open_it(true);
	assert_ok(ledger_sum(l, &sums, &e), &e);
	assert_true(sums.total == 2 && sums.done == 1 && sums.unproven == 1);
	assert_ok(ledger_step(l, "b", 1, &s, &e), &e);
	assert_true(s.state == STEP_DONE && s.bare);
	assert_ok(ledger_step(l, "b", 2, &s, &e), &e);
	assert_true(s.state == STEP_BEGUN && !s.bare);
	/* What is written now says it. */
	put(l, "a", ROW_DONE, "confirm");
	assert_ok(ledger_sum(l, &sums, &e), &e);
	assert_int_equal(sums.unproven, 0);
	ledger_close(l);
}

/* A row that is not what was written is not made whole by bringing the ledger up to date. */
static void test_schema_7_damaged(void **state)
{
	struct ledger *l = open_it(true);
	struct err e;

	(void)state;
	put(l, "a", ROW_DONE, "confirm");
	ledger_close(l);
	shell("DROP INDEX card_id; DROP INDEX card_kdd; ALTER TABLE card DROP COLUMN made;"
	      "ALTER TABLE card DROP COLUMN bare; ALTER TABLE step DROP COLUMN bare;"
	      "ALTER TABLE step DROP COLUMN intent;"
	      "UPDATE card SET attempts = 7; PRAGMA user_version = 7");
	assert_int_equal(ledger_open(path, &demo, true, &l, &e), -1);
	assert_int_equal(e.code, ERR_LEDGER);
	assert_non_null(strstr(e.text, "damaged"));
}

/* What an attempt is remembered by stands there until its outcome does, and counts in the sum. */
static void test_intents(void **state)
{
	struct ledger *l = open_it(true);
	struct ledger_step s = { .state = STEP_BEGUN, .intent = "00000003 6B3506B9" };
	struct err e;

	(void)state;
	put(l, "a", ROW_PENDING, "connect");
	assert_ok(ledger_step_put(l, "a", 1, &s, &e), &e);
	ledger_close(l);
	l = open_it(true);
	assert_ok(ledger_step(l, "a", 1, &s, &e), &e);
	assert_int_equal(s.state, STEP_BEGUN);
	assert_string_equal(s.intent, "00000003 6B3506B9");
	assert_ok(ledger_step_put(l, "a", 1, &(struct ledger_step){ .state = STEP_DONE }, &e), &e);
	assert_ok(ledger_step(l, "a", 1, &s, &e), &e);
	assert_string_equal(s.intent, "");
	s = (struct ledger_step){ .state = STEP_BEGUN, .intent = "00000004 6B3506B9" };
	assert_ok(ledger_step_put(l, "a", 1, &s, &e), &e);
	ledger_close(l);
	shell("UPDATE step SET intent = 2");
	l = open_it(false);
	assert_ok(ledger_step(l, "a", 1, &s, &e), &e);
	assert_int_equal(s.state, STEP_DAMAGED);
	ledger_close(l);
}

static enum step_state step_of(struct ledger *l, const char *file, uint32_t n)
{
	struct ledger_step s;
	struct err e;

	assert_ok(ledger_step(l, file, n, &s, &e), &e);
	return s.state;
}

/* Steps of each card for itself, for each goal; what has begun is durable at once. */
static void test_steps(void **state)
{
	struct ledger *l = open_it(true), *r, *other;
	struct err e;

	(void)state;
	assert_int_equal(step_of(l, "a", 1), STEP_PENDING);
	assert_ok(ledger_step_put(l, "a", 1, &(struct ledger_step){ .state = STEP_DONE }, &e), &e);
	assert_ok(
	    ledger_step_put(l, "a", 2, &(struct ledger_step){ .state = STEP_FAILED }, &e), &e);
	assert_ok(
	    ledger_step_put(l, "b", 1, &(struct ledger_step){ .state = STEP_WAS_SO }, &e), &e);
	assert_ok(ledger_step_put(l, "a", 2, &(struct ledger_step){ .state = STEP_BEGUN }, &e), &e);
	r = open_it(false);
	assert_int_equal(step_of(r, "a", 1), STEP_DONE);
	assert_int_equal(step_of(r, "a", 2), STEP_BEGUN);
	assert_int_equal(step_of(r, "b", 1), STEP_WAS_SO);
	assert_int_equal(step_of(r, "b", 2), STEP_PENDING);
	ledger_close(r);
	assert_ok(ledger_steps_forget(l, "a", &e), &e);
	assert_ok(ledger_flush(l, &e), &e);
	assert_int_equal(step_of(l, "a", 1), STEP_PENDING);
	assert_int_equal(step_of(l, "b", 1), STEP_WAS_SO);
	ledger_close(l);
	assert_ok(ledger_open(path, &other_demo, false, &other, &e), &e);
	assert_int_equal(step_of(other, "b", 1), STEP_PENDING);
	ledger_close(other);
	/* What nobody of us wrote is damage; no file, nothing known. */
	shell("UPDATE step SET state = 1");
	l = open_it(false);
	assert_int_equal(step_of(l, "b", 1), STEP_DAMAGED);
	assert_true(ledger_damaged(l));
	ledger_close(l);
	assert_int_equal(unlink(path), 0);
	l = open_it(false);
	assert_int_equal(step_of(l, "b", 1), STEP_PENDING);
	ledger_close(l);
	assert_string_equal(step_state_str(STEP_WAS_SO), "already");
}

/* Rows under the former form of the goal are carried over once: nothing that was done or begun is
 * forgotten, and nothing of it is believed without asking the card. */
static void test_former_goal(void **state)
{
	const struct ledger_goal new = { .name = "demo", .now = other_goal, .former = goal };
	struct ledger *l = open_it(true);
	struct ledger_card c = {
		.file = "c", .in_doubt = true, .attempts = 3, .auth_failed = true
	};
	struct ledger_sums s;
	struct err e;
	bool found;

	(void)state;
	put(l, "a", ROW_DONE, "confirm");
	put(l, "b", ROW_FAILED, "load");
	assert_ok(ledger_put(l, &c, &e), &e);
	for (uint32_t n = 1; n < 5; n++)
		assert_ok(ledger_step_put(
			      l, "a", n, &(struct ledger_step){ .state = (enum step_state)n }, &e),
		    &e);
	assert_ok(ledger_flush(l, &e), &e);
	ledger_close(l);
	assert_ok(ledger_open(path, &new, false, &l, &e), &e); /* a report changes nothing */
	assert_int_equal(done_seen_by(l), 1);
	assert_int_equal(step_of(l, "a", 2), STEP_DONE);
	ledger_close(l);
	for (int twice = 0; twice < 2; twice++) {
		assert_ok(ledger_open(path, &new, true, &l, &e), &e);
		assert_ok(ledger_sum(l, &s, &e), &e);
		assert_true(s.total == 3 && s.done == 0 && s.failed == 1 && s.pending == 2);
		assert_ok(ledger_get(l, "a", &c, &found, &e), &e);
		assert_true(found && c.check_once && !c.in_doubt && c.state == ROW_PENDING);
		assert_string_equal(c.step, "confirm");
		assert_ok(ledger_get(l, "b", &c, &found, &e), &e);
		assert_true(found && !c.check_once && c.state == ROW_FAILED);
		assert_ok(ledger_get(l, "c", &c, &found, &e), &e);
		assert_true(found && !c.check_once && c.in_doubt && c.attempts == 3);
		assert_true(c.auth_failed);
		assert_int_equal(step_of(l, "a", 1), STEP_BEGUN);
		assert_int_equal(step_of(l, "a", 2), STEP_BEGUN);
		assert_int_equal(step_of(l, "a", 3), STEP_WAS_SO);
		assert_int_equal(step_of(l, "a", 4), STEP_FAILED);
		ledger_close(l);
	}
	/* What was asked is done, and is not carried over again. */
	assert_ok(ledger_open(path, &new, true, &l, &e), &e);
	put(l, "a", ROW_DONE, "already");
	ledger_close(l);
	assert_ok(ledger_open(path, &new, true, &l, &e), &e);
	assert_ok(ledger_get(l, "a", &c, &found, &e), &e);
	assert_true(found && !c.check_once && c.state == ROW_DONE);
	ledger_close(l);
	l = open_it(false);
	assert_int_equal(done_seen_by(l), 0);
	ledger_close(l);
}

/* A report that does not know the goal shows the campaign of this name that was run last. */
static void test_newest_goal(void **state)
{
	const struct ledger_goal any = { .name = "demo" }, nobody = { .name = "nobody" };
	struct ledger *l = open_it(true);
	struct err e;

	(void)state;
	put(l, "a", ROW_DONE, "confirm");
	ledger_close(l);
	assert_ok(ledger_open(path, &other_demo, true, &l, &e), &e);
	ledger_close(l);
	assert_ok(ledger_open(path, &any, false, &l, &e), &e);
	assert_int_equal(done_seen_by(l), 0);
	ledger_close(l);
	ledger_close(open_it(true));
	assert_ok(ledger_open(path, &any, false, &l, &e), &e);
	assert_int_equal(done_seen_by(l), 1);
	ledger_close(l);
	assert_ok(ledger_open(path, &nobody, false, &l, &e), &e);
	assert_int_equal(done_seen_by(l), 0);
	ledger_close(l);
}

static const char *lost(struct ledger *l)
{
	return ledger_lost(l) == NULL ? "" : ledger_lost(l);
}

static void copy(const char *from, const char *to)
{
	char command[512];

	snprintf(command, sizeof(command), "cp %s%s %s%s", path, from, path, to);
	assert_int_equal(system(command), 0);
}

/* A ledger that was here and is not any more, or not that one. */
static void test_lost(void **state)
{
	struct ledger *l = open_it(true);
	struct ledger_card c;
	char other[128];
	struct err e;
	bool found;
	FILE *f;

	(void)state;
	assert_string_equal(lost(l), ""); /* never here before */
	put(l, "a", ROW_DONE, "confirm");
	put(l, "b", ROW_PENDING, "");
	ledger_close(l);
	copy("", ".begun");
	l = open_it(true);
	put(l, "b", ROW_DONE, "confirm");
	ledger_close(l);
	copy("", ".whole");
	l = open_it(true);
	assert_string_equal(lost(l), "");
	ledger_close(l);
	/* Older: what it has as not done is to be asked. */
	for (int i = 0; i < 2; i++) {
		copy(i == 0 ? ".whole" : ".begun", "");
		l = open_it(true);
		assert_non_null(strstr(lost(l), "older copy"));
		assert_ok(ledger_get(l, "a", &c, &found, &e), &e);
		assert_true(!found || !c.check_once);
		assert_ok(ledger_get(l, "b", &c, &found, &e), &e);
		assert_true(!found || c.check_once == (c.state != ROW_DONE));
		ledger_close(l);
	}
	ledger_close(open_it(true));
	assert_int_equal(unlink(path), 0);
	l = open_it(true);
	assert_non_null(strstr(lost(l), "gone"));
	ledger_close(l);
	copy(".whole", "");
	l = open_it(true);
	assert_non_null(strstr(lost(l), "not the ledger"));
	ledger_close(l);
	/* No database any more: renamed, each time to another name. */
	for (int i = 1; i < 3; i++) {
		f = fopen(path, "w");
		assert_non_null(f);
		fprintf(f, "no ledger at all, whatever it was, and longer than a header is: "
			   "that one has a hundred octets, and these are some more");
		fclose(f);
		l = open_it(true);
		assert_non_null(strstr(lost(l), "renamed"));
		snprintf(other, sizeof(other), "%s.unreadable-%d", path, i);
		assert_int_equal(access(other, F_OK), 0);
		ledger_close(l);
		l = open_it(true);
		assert_string_equal(lost(l), "");
		ledger_close(l);
	}
}

struct countdown {
	uint64_t left;
};

static bool at_zero(void *ctx)
{
	struct countdown *c = ctx;

	return c->left-- == 0;
}

/* Distrust of an older copy that is interrupted leaves all rows as they were, or none. */
static void test_lost_interrupted(void **state)
{
	struct countdown at = { 0 };
	const struct ledger_goal asked = {
		.name = "demo", .now = goal, .stop = at_zero, .ctx = &at
	};
	struct ledger *l = open_it(true);
	bool stopped = true;
	struct err e;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char file[16];

		snprintf(file, sizeof(file), "%05d", i);
		assert_ok(ledger_add(l, file, &e), &e);
	}
	assert_ok(ledger_flush(l, &e), &e);
	ledger_close(l);
	copy("", ".older");
	ledger_close(open_it(true));
	for (uint64_t n = 0; stopped; n++) {
		copy(".older", "");
		at.left = n;
		stopped = ledger_open(path, &asked, true, &l, &e) != 0;
		if (stopped) {
			assert_int_equal(e.code, ERR_INTERRUPTED);
			l = open_it(true);
		}
		assert_non_null(strstr(lost(l), "older copy"));
		ledger_close(l);
	}
}

static bool at_once(void *ctx)
{
	(*(int *)ctx)++;
	return true;
}

/* Long reads can be ended. */
static void test_stop(void **state)
{
	struct ledger *l = open_it(true);
	struct ledger_goal asked = demo;
	int times = 0;
	struct err e;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char file[32];

		snprintf(file, sizeof(file), "%d", i);
		assert_ok(ledger_add(l, file, &e), &e);
	}
	assert_ok(ledger_flush(l, &e), &e);
	ledger_close(l);
	shell("SELECT 1"); /* no seal: all rows are looked through */
	asked.stop = at_once;
	asked.ctx = &times;
	for (int write = 0; write < 2; write++) {
		e = (struct err){ 0 };
		assert_int_equal(ledger_open(path, &asked, write, &l, &e), -1);
		assert_int_equal(e.code, ERR_INTERRUPTED);
	}
	assert_int_equal(times, 2);
}

/* What SQLite refuses is told by every function, with the status for it. */
static void test_failing(void **state)
{
	struct ledger *w = open_it(true);
	struct ledger_card c = { .file = "a" }, claimed[1];
	struct ledger_sums s;
	struct ledger_step step;
	struct err e;
	bool found;
	size_t n;

	(void)state;
	put(w, "a", ROW_PENDING, "");
	shell("DROP TABLE card; DROP TABLE step");
#define FAILS(call) \
	e = (struct err){ 0 }; \
	assert_int_equal(call, -1); \
	assert_int_equal(e.code, ERR_LEDGER); \
	assert_non_null(strstr(e.text, path))
	FAILS(ledger_get(w, "a", &c, &found, &e));
	FAILS(ledger_next(w, "", -1, &c, &found, &e));
	FAILS(ledger_sum(w, &s, &e));
	FAILS(ledger_put(w, &c, &e));
	FAILS(ledger_note(w, &c, &e));
	FAILS(ledger_add(w, "b", &e));
	FAILS(ledger_claim(w, (struct ledger_want){ "", false, 1 }, claimed, &n, &e));
	FAILS(ledger_step(w, "a", 1, &step, &e));
	FAILS(ledger_step_put(w, "a", 1, &(struct ledger_step){ .state = STEP_BEGUN }, &e));
	FAILS(ledger_steps_forget(w, "a", &e));
	ledger_close(w);
	FAILS(ledger_open(path, &demo, true, &w, &e));
	shell("PRAGMA user_version = 0");
	FAILS(ledger_open(path, &demo, false, &w, &e));
	assert_non_null(strstr(e.text, "not a ledger"));
}

/* Paths that no ledger can be at. */
static void test_bad_paths(void **state)
{
	static char longer[5000];
	struct ledger *w;
	struct err e;

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	assert_int_equal(ledger_open(longer, &demo, true, &w, &e), -1);
	assert_int_equal(e.code, ERR_LEDGER);
	assert_int_equal(ledger_open("/nowhere/ledger", &demo, true, &w, &e), -1);
	assert_int_equal(e.code, ERR_LEDGER);
	assert_int_equal(ledger_open(dir, &demo, false, &w, &e), -1);
	assert_int_equal(e.code, ERR_LEDGER);
	ledger_close(NULL);
}

/* An intent that cannot be written: nothing is claimed. */
static void test_claim_fails(void **state)
{
	struct ledger *l = open_it(true);
	struct ledger_card c[2];
	struct err e;
	size_t n;

	(void)state;
	put(l, "a", ROW_PENDING, "");
	ledger_close(l);
	shell("CREATE TRIGGER no BEFORE UPDATE ON card BEGIN SELECT RAISE(ABORT, \"no\"); END");
	l = open_it(true);
	assert_int_equal(ledger_claim(l, (struct ledger_want){ "", false, 2 }, c, &n, &e), -1);
	assert_int_equal(e.code, ERR_LEDGER);
	ledger_close(l);
	shell("DROP TRIGGER no");
	l = open_it(true);
	assert_ok(ledger_claim(l, (struct ledger_want){ "", false, 2 }, c, &n, &e), &e);
	assert_int_equal(n, 1);
	assert_int_equal(c[0].attempts, 1);
	ledger_close(l);
}

/* Another process writes for a long time, or dies while it does: no intent goes by in silence. */
static void test_locked(void **state)
{
	struct ledger *w = open_it(true);
	char command[512], begun[128];
	int status;
	pid_t pid;

	(void)state;
	put(w, "a", ROW_PENDING, "");
	snprintf(begun, sizeof(begun), "%s.begun", path);
	snprintf(command, sizeof(command),
	    "(echo BEGIN IMMEDIATE\\;; echo .shell touch %s; sleep 0.3; echo COMMIT\\;) | sqlite3 "
	    "%s",
	    begun, path);
	pid = fork();
	if (pid == 0)
		_exit(system(command) == 0 ? 0 : 1);
	while (access(begun, F_OK) != 0 && waitpid(pid, &status, WNOHANG) == 0)
		usleep(1000);
	put(w, "b", ROW_DONE, "confirm"); /* waits for its turn */
	assert_int_equal(done_seen_by(w), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	ledger_close(w);
}

/* The disk takes no more: the intent is refused, and what was there before is still there. */
static void test_disk_full(void **state)
{
	struct ledger *w = open_it(true);
	struct rlimit was, none;
	struct ledger_card c, claimed[1];
	struct err e = { 0 };
	bool found;
	size_t n;

	(void)state;
	put(w, "a", ROW_PENDING, "load");
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	none = was;
	none.rlim_cur = 16;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	n = 0;
	assert_int_equal(
	    ledger_claim(w, (struct ledger_want){ "", false, 1 }, claimed, &n, &e), -1);
	assert_int_equal(e.code, ERR_LEDGER);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	ledger_close(w);
	w = open_it(false);
	assert_ok(ledger_get(w, "a", &c, &found, &e), &e);
	assert_true(found && !c.in_doubt && strcmp(c.step, "load") == 0);
	ledger_close(w);
}

/* Without a file nothing is known of a card; with a ledger that lacks a table nothing works. */
static void test_parts_missing(void **state)
{
	struct ledger *l = open_it(false);
	struct ledger_card c;
	struct err e;
	bool found = true;

	(void)state;
	assert_ok(ledger_get(l, "a", &c, &found, &e), &e);
	assert_false(found);
	ledger_close(l);
	ledger_close(open_it(true));
	shell("DROP TABLE campaign");
	assert_int_equal(ledger_open(path, &demo, true, &l, &e), -1);
	assert_int_equal(e.code, ERR_LEDGER);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* One more outcome that `r` does not see yet, tried until all of it is so quick that its time
 * cannot be over. How many outcomes there are. */
static uint64_t outcome_waits(struct ledger *w, struct ledger *r)
{
	struct ledger_card c = { .state = ROW_DONE, .step = "confirm" };
	struct err e;
	uint64_t n, seen;
	int64_t begun;

	do {
		begun = now_ms();
		put(w, "0", ROW_PENDING, "establish");
		n = done_seen_by(r) + 1;
		snprintf(c.file, sizeof(c.file), "a%u", (unsigned)n);
		assert_ok(ledger_note(w, &c, &e), &e);
		seen = done_seen_by(r);
	} while (now_ms() - begun >= LEDGER_GROUP_MS);
	assert_int_equal(seen, n - 1);
	return n;
}

/* Outcomes wait for the next intent, but not for long; an intent never waits. */
static void test_groups(void **state)
{
	struct ledger *w = open_it(true), *r;
	struct ledger_card c = { .file = "b", .state = ROW_DONE, .step = "confirm" };
	struct err e;
	uint64_t n;

	(void)state;
	put(w, "0", ROW_PENDING, "establish");
	r = open_it(false);
	n = outcome_waits(w, r);
	assert_int_equal(done_seen_by(w), n);
	put(w, "b", ROW_PENDING, "establish");
	assert_int_equal(done_seen_by(r), n);
	assert_ok(ledger_note(w, &c, &e), &e);
	assert_ok(ledger_flush(w, &e), &e);
	assert_int_equal(done_seen_by(r), n + 1);
	usleep((LEDGER_GROUP_MS + 20) * 1000);
	snprintf(c.file, sizeof(c.file), "c");
	assert_ok(ledger_note(w, &c, &e), &e);
	assert_int_equal(done_seen_by(r), n + 2);
	ledger_close(r);
	ledger_close(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rows, setup, teardown),
		cmocka_unit_test_setup_teardown(test_goals_are_apart, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_writer_many_readers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_missing_is_empty, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed_writer, setup, teardown),
		cmocka_unit_test_setup_teardown(test_groups, setup, teardown),
		cmocka_unit_test_setup_teardown(test_claims, setup, teardown),
		cmocka_unit_test_setup_teardown(test_schema_1, setup, teardown),
		cmocka_unit_test_setup_teardown(test_schema_5, setup, teardown),
		cmocka_unit_test_setup_teardown(test_intents, setup, teardown),
		cmocka_unit_test_setup_teardown(test_schema_7_damaged, setup, teardown),
		cmocka_unit_test_setup_teardown(test_steps, setup, teardown),
		cmocka_unit_test_setup_teardown(test_former_goal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_newest_goal, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lost_interrupted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stop, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_paths, setup, teardown),
		cmocka_unit_test_setup_teardown(test_claim_fails, setup, teardown),
		cmocka_unit_test_setup_teardown(test_locked, setup, teardown),
		cmocka_unit_test_setup_teardown(test_disk_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_parts_missing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
