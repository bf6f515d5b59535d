/* The record of authentications that cards did not take. */
#include "unit.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/ledger.h"

static char dir[64];

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/tries_test.XXXXXX");
	return mkdtemp(dir) == NULL ? -1 : setenv("XDG_STATE_HOME", dir, 1);
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

/* What the record says of this card and set: how many, "begun" when the outcome is not known. */
static void says(struct tries *t, const char *card, const char *set, unsigned count, bool begun)
{
	struct tries_mark m;
	struct err e;

	assert_ok(tries_look(t, card, set, &m, &e), &e);
	assert_int_equal(m.count, count);
	assert_int_equal(m.begun, begun);
}

static void counted_from_the_beginning_taken_back_when_accepted(void **state)
{
	struct tries *t, *other;
	struct err e;

	(void)state;
	assert_ok(tries_open(&t, &e), &e);
	assert_ok(tries_open(&other, &e), &e);
	says(t, "CARD", "30", 0, false);
	assert_ok(tries_begin(t, "CARD", "30", &e), &e);
	says(other, "CARD", "30", 1, true);
	assert_ok(tries_refused(t, "CARD", "30", &e), &e);
	says(other, "CARD", "30", 1, false);
	assert_ok(tries_begin(other, "CARD", "30", &e), &e);
	says(t, "CARD", "30", 2, true);
	says(t, "CARD", "31", 0, false);
	says(t, "OTHER", "30", 0, false);
	assert_ok(tries_forget(other, "CARD", "30", &e), &e);
	says(t, "CARD", "30", 0, false);
	assert_ok(tries_forget(other, "CARD", "30", &e), &e); /* nothing to forget */
	tries_close(t);
	tries_close(other);
	tries_close(NULL);
}

static bool wrong(struct tries *t, const char *card, const char *set, const char *keys)
{
	bool w = true;
	struct err e;

	assert_ok(tries_wrong_keys(t, card, set, keys, &w, &e), &e);
	return w;
}

/* Wrong keys are no refusal, and other keys under the same name are not meant. */
static void wrong_keys_are_another_mark(void **state)
{
	struct tries *t;
	struct err e;

	(void)state;
	assert_ok(tries_open(&t, &e), &e);
	assert_false(wrong(t, "CARD", "30", "K1"));
	assert_ok(tries_wrong_keys_put(t, "CARD", "30", "K1", &e), &e);
	assert_ok(tries_wrong_keys_put(t, "CARD", "30", "K1", &e), &e);
	assert_ok(tries_wrong_keys_put(t, "CARD", "30", "K2", &e), &e);
	assert_true(wrong(t, "CARD", "30", "K1"));
	assert_true(wrong(t, "CARD", "30", "K2"));
	assert_false(wrong(t, "CARD", "30", "K3"));
	assert_false(wrong(t, "CARD", "31", "K1"));
	says(t, "CARD", "30", 0, false);
	assert_ok(tries_forget(t, "CARD", "30", &e), &e);
	assert_false(wrong(t, "CARD", "30", "K1"));
	assert_false(wrong(t, "CARD", "30", "K2"));
	tries_close(t);
}

static void all_refusals_one_after_the_other(void **state)
{
	static const char *const cards[] = { "A", "B", "B", "C" }, *const sets[] = { "30", "2",
		"30", "30 in A0" };
	struct tries_row r = { 0 };
	struct tries *t;
	bool found;
	struct err e;

	(void)state;
	assert_ok(tries_open(&t, &e), &e);
	for (size_t i = 4; i-- > 0;)
		assert_ok(tries_begin(t, cards[i], sets[i], &e), &e);
	assert_ok(tries_refused(t, "C", "30 in A0", &e), &e);
	for (size_t i = 0; i < 4; i++) {
		assert_ok(tries_next(t, &r, &found, &e), &e);
		assert_true(found);
		assert_string_equal(r.card, cards[i]);
		assert_string_equal(r.key_set, sets[i]);
		assert_int_equal(r.mark.count, 1);
		assert_int_equal(r.mark.begun, i < 3);
		assert_true(r.at > 0);
	}
	assert_ok(tries_next(t, &r, &found, &e), &e);
	assert_false(found);
	tries_close(t);
}

/* Killed right behind tries_begin: it is there, and later runs find it. */
static void killed_in_between(void **state)
{
	struct tries *t;
	struct err e;
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		if (tries_open(&t, &e) == 0 && tries_begin(t, "CARD", "30", &e) == 0)
			raise(SIGKILL);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_ok(tries_open(&t, &e), &e);
	says(t, "CARD", "30", 1, true);
	tries_close(t);
}

/* A record of before: its refusals are refusals, with their outcome. */
static void a_record_of_the_former_form(void **state)
{
	struct tries *t;
	struct err e;
	char command[400];

	(void)state;
	snprintf(command, sizeof(command),
	    "mkdir %s/cardadm && sqlite3 %s/cardadm/authentications.db 'CREATE TABLE refused(card "
	    "TEXT NOT NULL, key_set TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY(card, "
	    "key_set)) WITHOUT ROWID; INSERT INTO refused VALUES(\"CARD\", \"30\", 7)'",
	    dir, dir);
	assert_int_equal(system(command), 0);
	assert_ok(tries_open(&t, &e), &e);
	says(t, "CARD", "30", 1, false);
	assert_ok(tries_begin(t, "CARD", "30", &e), &e);
	says(t, "CARD", "30", 2, true);
	tries_close(t);
	assert_ok(tries_open(&t, &e), &e);
	says(t, "CARD", "30", 2, true);
	tries_close(t);
}

/* The disk takes no more: nothing may go out. */
static void a_full_disk(void **state)
{
	struct rlimit was, none;
	struct tries *t;
	struct err e = { 0 };

	(void)state;
	assert_ok(tries_open(&t, &e), &e);
	assert_ok(tries_begin(t, "A", "30", &e), &e);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
	none = was;
	none.rlim_cur = 16;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_equal(tries_begin(t, "B", "30", &e), -1);
	assert_int_equal(e.code, ERR_LEDGER);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
	tries_close(t);
	assert_ok(tries_open(&t, &e), &e);
	says(t, "A", "30", 1, true);
	says(t, "B", "30", 0, false);
	tries_close(t);
}

#define FAILS(call) \
	e = (struct err){ 0 }; \
	assert_int_equal(call, -1); \
	assert_int_equal(e.code, ERR_LEDGER)

static void what_cannot_be_read_or_written(void **state)
{
	struct tries *t;
	char command[256];
	struct tries_mark m;
	struct err e;

	(void)state;
	assert_ok(tries_open(&t, &e), &e);
	snprintf(command, sizeof(command),
	    "sqlite3 %s/cardadm/authentications.db 'DROP TABLE refused'", dir);
	assert_int_equal(system(command), 0);
	FAILS(tries_look(t, "C", "30", &m, &e));
	FAILS(tries_begin(t, "C", "30", &e));
	FAILS(tries_refused(t, "C", "30", &e));
	FAILS(tries_forget(t, "C", "30", &e));
	tries_close(t);
	snprintf(command, sizeof(command),
	    "yes no database | head -c 5000 >%s/cardadm/authentications.db", dir);
	assert_int_equal(system(command), 0);
	FAILS(tries_open(&t, &e));
	snprintf(command, sizeof(command),
	    "cd %s/cardadm && rm authentications.db && mkdir authentications.db", dir);
	assert_int_equal(system(command), 0);
	FAILS(tries_open(&t, &e));
	snprintf(command, sizeof(command),
	    "cd %s/cardadm && rmdir authentications.db && (umask 077; sqlite3 authentications.db "
	    "'CREATE TABLE refused(other)')",
	    dir);
	assert_int_equal(system(command), 0);
	FAILS(tries_open(&t, &e));
	snprintf(command, sizeof(command), "rm -r %s/cardadm && touch %s/cardadm", dir, dir);
	assert_int_equal(system(command), 0);
	FAILS(tries_open(&t, &e));
	assert_int_equal(setenv("XDG_STATE_HOME", "/proc/nowhere", 1), 0);
	FAILS(tries_open(&t, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
		TEST(counted_from_the_beginning_taken_back_when_accepted),
		TEST(wrong_keys_are_another_mark),
		TEST(all_refusals_one_after_the_other),
		TEST(killed_in_between),
		TEST(a_record_of_the_former_form),
		TEST(a_full_disk),
		TEST(what_cannot_be_read_or_written),
	};

	return cmocka_run_group_tests_name("tries", tests, NULL, NULL);
}
