/* Ledgers whose octets are not those that were written: no run believes them, none goes on for
 * ever, a report shows what is left. */
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger/ledger.h"

enum { CARDS = 40, DONE = 10, STEPS = 2, FILE_MAX = 1 << 22 };

static char dir[64], path[96];
static const uint8_t goal[32] = { 1 };
static const struct ledger_goal demo = { .name = "demo", .now = goal };

static int setup(void **state)
{
	(void)state;
	/* Where syncs cost nothing, if there is such a place. */
	snprintf(dir, sizeof(dir), "%s/ledger_damage.XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
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

static void name(char out[static 32], unsigned i)
{
	snprintf(out, 32, "fleet/%04u.card", i);
}

static void fill(struct ledger *l)
{
	struct err e;

	for (unsigned i = 0; i < CARDS; i++) {
		struct ledger_card c = { .state = i < DONE ? ROW_DONE : ROW_FAILED, .attempts = 1 };

		name(c.file, i);
		snprintf(c.id, sizeof(c.id), "%032u", i);
		snprintf(c.step, sizeof(c.step), "2 install");
		snprintf(c.reason, sizeof(c.reason), "%s", i < DONE ? "" : "6A84 no room");
		assert_ok(ledger_put(l, &c, &e), &e);
		for (uint32_t n = 1; n <= STEPS; n++)
			assert_ok(
			    ledger_step_put(l, c.file, n,
				&(struct ledger_step){ .state = i < DONE ? STEP_DONE : STEP_BEGUN },
				&e),
			    &e);
	}
	assert_ok(ledger_flush(l, &e), &e);
}

/* ends = false: as a run leaves it that is killed. */
static void make(bool ends)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct ledger *l;
		struct err e;

		assert_ok(ledger_open(path, &demo, true, &l, &e), &e);
		fill(l);
		if (ends)
			ledger_close(l);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* What a run does over these cards. Returns how many it worked on, -1: it stopped, *e. */
static int run_over(struct err *e)
{
	struct ledger_card c[4] = { 0 };
	struct ledger_sums s;
	struct ledger *l;
	char after[sizeof(c->file)] = "", file[32];
	int worked = 0;
	size_t n = 1;

	if (ledger_open(path, &demo, true, &l, e) != 0)
		return -1;
	for (unsigned i = 0; i < CARDS; i++) {
		name(file, i);
		if (ledger_add(l, file, e) != 0)
			goto stop;
	}
	if (ledger_flush(l, e) != 0 || ledger_sum(l, &s, e) != 0)
		goto stop;
	if (s.total < CARDS) {
		err_set(e, ERR_LEDGER, "rows are missing");
		goto stop;
	}
	while (n > 0) {
		if (ledger_claim(l, (struct ledger_want){ after, false, 4 }, c, &n, e) != 0)
			goto stop;
		for (size_t i = 0; i < n; i++) {
			struct ledger_step step;

			assert_true(worked++ < CARDS);
			memcpy(after, c[i].file, sizeof(after));
			if (ledger_step(l, c[i].file, 2, &step, e) != 0)
				goto stop;
			c[i].state = ROW_DONE;
			c[i].in_doubt = false;
			if (ledger_note(l, &c[i], e) != 0)
				goto stop;
		}
	}
	if (ledger_flush(l, e) != 0 || ledger_sum(l, &s, e) != 0)
		goto stop;
	assert_true(s.done == s.total);
	ledger_close(l);
	return worked;
stop:
	assert_int_equal(e->code, ERR_LEDGER);
	ledger_close(l);
	return -1;
}

/* A report ends and invents nothing. Returns the rows that are as they were written. */
static unsigned report_over(bool *damaged)
{
	struct ledger_card c = { 0 };
	struct ledger_sums s;
	struct ledger *l;
	unsigned rows = 0, good = 0;
	bool found = true;
	struct err e;

	*damaged = true;
	if (ledger_open(path, &demo, false, &l, &e) != 0)
		return 0;
	assert_ok(ledger_sum(l, &s, &e), &e);
	for (; found && rows < 2 * CARDS; rows++) {
		assert_ok(ledger_next(l, c.file, -1, &c, &found, &e), &e);
		good += found && !c.damaged;
	}
	assert_true(rows < 2 * CARDS);
	*damaged = ledger_damaged(l);
	ledger_close(l);
	return good;
}

struct image {
	uint8_t *octets;
	size_t n;
};

static struct image load(const char *suffix)
{
	static uint8_t room[2][FILE_MAX];
	struct image i = { room[suffix[0] == '\0' ? 0 : 1], 0 };
	char file[128];
	ssize_t n;
	int fd;

	snprintf(file, sizeof(file), "%s%s", path, suffix);
	fd = open(file, O_RDONLY);
	if (fd < 0)
		return i;
	n = read(fd, i.octets, FILE_MAX);
	assert_true(n >= 0 && n < FILE_MAX);
	i.n = (size_t)n;
	close(fd);
	return i;
}

static void store(const char *suffix, const struct image *i)
{
	char file[128];
	int fd;

	snprintf(file, sizeof(file), "%s%s", path, suffix);
	if (i->n == 0) {
		unlink(file);
		return;
	}
	fd = open(file, O_RDWR | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, i->octets, i->n), (ssize_t)i->n);
	close(fd);
}

static void put_back(const struct image *main, const struct image *wal)
{
	char file[128];

	snprintf(file, sizeof(file), "%s-shm", path);
	unlink(file);
	store("", main);
	store("-wal", wal);
}

/* In the header: the counters of changes, the version that wrote it last. They say nothing. And
 * without its first octets it is no ledger any more: it is put aside then. */
static bool says_nothing(size_t at)
{
	return at < 16 || (at >= 24 && at < 28) || (at >= 92 && at < 100);
}

/* Behind a clean end any bit is seen before anything else; nothing is written into such a file. */
static void test_sealed(void **state)
{
	static const struct image none = { NULL, 0 };
	static uint8_t before[FILE_MAX];
	struct image whole, now;
	struct err e;
	bool damaged;

	(void)state;
	make(true);
	whole = load("");
	memcpy(before, whole.octets, whole.n);
	assert_int_equal(report_over(&damaged), CARDS);
	assert_false(damaged);
	for (size_t bit = 0; bit < whole.n * 8; bit += 509 * unit_step(7)) {
		struct image flipped = { before, whole.n };

		before[bit / 8] ^= (uint8_t)(1u << bit % 8);
		put_back(&flipped, &none);
		if (!says_nothing(bit / 8)) {
			assert_int_equal(run_over(&e), -1);
			now = load("");
			assert_span(span_of(now.octets, now.n), span_of(flipped.octets, flipped.n));
			(void)report_over(&damaged);
			assert_true(damaged);
		}
		before[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	put_back(&(struct image){ before, whole.n }, &none);
	assert_int_equal(run_over(&e), CARDS - DONE);
}

/* Behind a run that was killed: either it is told, or every card that was not done has its turn,
 * once. What was committed last may be gone: then the cards are asked. */
static void flip_killed(const char *suffix, size_t stride)
{
	static uint8_t main_octets[FILE_MAX], wal_octets[FILE_MAX];
	struct image main = load(""), wal = load("-wal");
	struct image *flipped = suffix[0] == '\0' ? &main : &wal;
	unsigned told = 0, done = 0;

	memcpy(main_octets, main.octets, main.n);
	memcpy(wal_octets, wal.octets, wal.n);
	main.octets = main_octets;
	wal.octets = wal_octets;
	for (size_t bit = 0; bit < flipped->n * 8; bit += stride * unit_step(7)) {
		struct err e;
		bool damaged;
		int worked;

		flipped->octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
		put_back(&main, &wal);
		(void)report_over(&damaged);
		put_back(&main, &wal);
		worked = run_over(&e);
		told += worked < 0;
		done += worked >= 0;
		assert_true(worked < 0 || worked >= CARDS - DONE);
		flipped->octets[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_true(done > 0 && (told > 0 || flipped == &wal));
	put_back(&main, &wal);
}

static void test_killed(void **state)
{
	char command[256];
	struct err e;

	(void)state;
	make(false);
	flip_killed("-wal", 80021);
	/* All of it in the file itself. */
	snprintf(command, sizeof(command), "sqlite3 %s 'PRAGMA wal_checkpoint(TRUNCATE)' >%s/out",
	    path, dir);
	assert_int_equal(system(command), 0);
	flip_killed("", 797);
	assert_int_equal(run_over(&e), CARDS - DONE);
}

/* One row of many: the others are shown, and nothing is said of it but that it is damaged. */
static void test_report_of_one_row(void **state)
{
	char command[512];
	struct ledger_card c = { 0 };
	struct ledger_sums s;
	struct ledger_step step;
	struct ledger *l;
	bool damaged, found;
	struct err e;

	(void)state;
	make(true);
	snprintf(command, sizeof(command),
	    "sqlite3 %s \"PRAGMA application_id = 0; UPDATE card SET state = 1 WHERE file ="
	    " 'fleet/0020.card'; UPDATE step SET state = 2 WHERE file = 'fleet/0021.card'"
	    " AND n = 1\"",
	    path);
	assert_int_equal(system(command), 0);
	assert_int_equal(report_over(&damaged), CARDS - 1);
	assert_true(damaged);
	assert_int_equal(run_over(&e), -1);
	assert_non_null(strstr(e.text, "damaged"));
	assert_non_null(strstr(e.hint, "move it away"));
	assert_ok(ledger_open(path, &demo, false, &l, &e), &e);
	assert_ok(ledger_sum(l, &s, &e), &e);
	assert_true(s.total == CARDS && s.damaged == 1 && s.broken);
	assert_true(s.done == DONE && s.failed == CARDS - DONE - 1);
	assert_ok(ledger_get(l, "fleet/0020.card", &c, &found, &e), &e);
	assert_true(found && c.damaged);
	assert_ok(ledger_step(l, "fleet/0021.card", 1, &step, &e), &e);
	assert_int_equal(step.state, STEP_DAMAGED);
	assert_string_equal(step_state_str(step.state), "damaged");
	ledger_close(l);
}

/* A row that goes bad while the run is on is found before its card is touched. */
static void test_bad_row_in_a_run(void **state)
{
	static const char *const changes[] = {
		"UPDATE card SET id = 'other' WHERE file = 'fleet/0020.card'",
		"UPDATE step SET state = 2 WHERE file = 'fleet/0020.card'",
	};
	struct ledger_card c[64];
	char command[512];
	struct ledger *l;
	struct err e;
	bool found;
	size_t n;

	(void)state;
	make(true);
	for (size_t i = 0; i < 2; i++) {
		assert_ok(ledger_open(path, &demo, true, &l, &e), &e);
		assert_ok(ledger_claim(l, (struct ledger_want){ "", false, 10 }, c, &n, &e), &e);
		snprintf(command, sizeof(command), "sqlite3 %s \"%s\"", path, changes[i]);
		assert_int_equal(system(command), 0);
		assert_int_equal(ledger_get(l, "fleet/0020.card", c, &found, &e), -1);
		assert_int_equal(e.code, ERR_LEDGER);
		assert_int_equal(
		    ledger_claim(l, (struct ledger_want){ c[0].file, false, 10 }, c, &n, &e), -1);
		/* And nothing is written any more. */
		assert_int_equal(ledger_put(l, c, &e), -1);
		assert_int_equal(ledger_flush(l, &e), -1);
		ledger_close(l);
		unlink(path);
		make(true);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sealed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_report_of_one_row, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_row_in_a_run, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
