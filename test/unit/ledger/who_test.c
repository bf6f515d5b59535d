/* Who a card is: files that were made anew, numbers and keys that other rows have. */
#include <stdio.h>
#include <stdlib.h>

#include "ledger/ledger.h"
#include "unit.h"

#define KDD_A "0000000000000000000A"
#define KDD_B "0000000000000000000B"

static char dir[] = "/tmp/cardadm-who.XXXXXX";
static char path[64];
static const uint8_t goal_1[32] = { 1 }, goal_2[32] = { 2 };

static struct ledger *open_it(const uint8_t *goal)
{
	const struct ledger_goal g = { .name = "demo", .now = goal };
	struct ledger *l;
	struct err e;

	assert_ok(ledger_open(path, &g, true, &l, &e), &e);
	return l;
}

static int set_up(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "%s/l", mkdtemp(dir));
	return setenv("XDG_STATE_HOME", dir, 1);
}

static int tear_down(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

static void put(struct ledger *l, struct ledger_card c)
{
	struct err e;

	assert_ok(ledger_put(l, &c, &e), &e);
}

static struct ledger_card got(struct ledger *l, const char *file)
{
	struct ledger_card c;
	struct err e;
	bool found;

	assert_ok(ledger_get(l, file, &c, &found, &e), &e);
	assert_true(found);
	return c;
}

static bool made(struct ledger *l, const char *file, const char *as)
{
	struct err e;
	bool remade;

	assert_ok(ledger_made(l, file, as, &remade, &e), &e);
	assert_ok(ledger_flush(l, &e), &e);
	return remade;
}

static void files_made_anew(void **state)
{
	struct ledger *l = open_it(goal_1);
	struct ledger_card c;

	(void)state;
	put(l, (struct ledger_card){ .file = "a",
		   .id = "01",
		   .kdd = KDD_A,
		   .made = "A",
		   .state = ROW_DONE,
		   .step = "load" });
	put(l, (struct ledger_card){ .file = "old", .id = "02", .state = ROW_DONE });
	put(l, (struct ledger_card){ .file = "bad", .id = "03", .made = "A", .state = ROW_FAILED });
	assert_false(made(l, "a", "A"));
	assert_int_equal(got(l, "a").state, ROW_DONE);
	/* Of a ledger that did not keep it: what is there now is taken for it, once. */
	assert_false(made(l, "old", "A"));
	assert_int_equal(got(l, "old").state, ROW_DONE);
	assert_true(made(l, "old", "B"));
	/* What is not done is looked at in any case. */
	assert_false(made(l, "bad", "B"));
	assert_string_equal(got(l, "bad").made, "A");
	assert_true(made(l, "a", "B"));
	c = got(l, "a");
	assert_int_equal(c.state, ROW_PENDING);
	assert_string_equal(c.step, "");
	assert_string_equal(c.made, "B");
	assert_string_equal(c.id, "01");
	assert_string_equal(c.kdd, KDD_A);
	assert_false(made(l, "a", "B"));
	/* No card file any more. */
	put(l, (struct ledger_card){ .file = "a", .made = "B", .state = ROW_DONE });
	assert_true(made(l, "a", ""));
	assert_false(made(l, "none", "A"));
	ledger_close(l);
	/* Its sum is right. */
	l = open_it(goal_1);
	assert_int_equal(got(l, "a").state, ROW_PENDING);
	assert_false(ledger_damaged(l));
	ledger_close(l);
}

static const char *kdd_of(struct ledger *l, const char *file, const char *id)
{
	static char kdd[21];
	struct ledger_card c = { 0 };
	struct err e;

	snprintf(c.file, sizeof(c.file), "%s", file);
	snprintf(c.id, sizeof(c.id), "%s", id);
	assert_ok(ledger_kdd_of(l, &c, kdd, &e), &e);
	return kdd;
}

static const char *id_of(struct ledger *l, const char *file, const char *id, const char *kdd)
{
	static char other[33];
	struct ledger_card c = { 0 };
	struct err e;

	snprintf(c.file, sizeof(c.file), "%s", file);
	snprintf(c.id, sizeof(c.id), "%s", id);
	assert_ok(ledger_others_keys(l, &c, kdd, other, &e), &e);
	return other;
}

static void numbers_and_keys(void **state)
{
	struct ledger *l = open_it(goal_2);

	(void)state;
	put(l, (struct ledger_card){ .file = "x", .id = "11", .kdd = KDD_A, .state = ROW_DONE });
	put(l, (struct ledger_card){ .file = "y", .id = "12" });
	put(l, (struct ledger_card){ .file = "z", .id = "13", .kdd = KDD_B, .in_doubt = true });
	assert_string_equal(kdd_of(l, "new", "11"), KDD_A);
	assert_string_equal(kdd_of(l, "x", "11"), ""); /* its own row */
	assert_string_equal(kdd_of(l, "new", "12"), "");
	assert_string_equal(kdd_of(l, "new", "99"), "");
	assert_string_equal(id_of(l, "new", "12", KDD_A), "11");
	assert_string_equal(id_of(l, "new", "11", KDD_A), ""); /* the same card */
	assert_string_equal(id_of(l, "x", "12", KDD_A), "");   /* that got another number */
	assert_string_equal(id_of(l, "new", "12", KDD_B), ""); /* that may just be getting one */
	ledger_close(l);
	/* Another campaign in the same file. */
	l = open_it(goal_1);
	assert_string_equal(kdd_of(l, "new", "11"), "");
	ledger_close(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_made_anew),
		cmocka_unit_test(numbers_and_keys),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
