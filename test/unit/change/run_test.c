/*
 * One change on one card: who is called when, what the result has, and what is not called when
 * nothing is to be done or nothing is sent.
 */
#include "change_rig.h"

static struct err e;
static char told[200]; /* what was called, in a row */
static bool refuse;

static void add(const char *what)
{
	size_t n = strlen(told);

	snprintf(told + n, sizeof(told) - n, "%s%s", n == 0 ? "" : " ", what);
}

static int ask(void *ctx, const char *question, struct err *err)
{
	(void)ctx;
	(void)question;
	add("ask");
	return refuse ? err_set(err, ERR_SAFETY, "no") : 0;
}

static int begin(void *ctx, const struct change *ch, const void *work, struct err *err)
{
	(void)ctx;
	(void)ch;
	(void)work;
	(void)err;
	add("begin");
	return 0;
}

static void end(void *ctx, const struct change *ch, const void *work, const struct err *why)
{
	(void)ctx;
	(void)ch;
	(void)work;
	add(why == NULL ? "done" : "failed");
}

static int renamed(void *ctx, struct err *err)
{
	(void)ctx;
	(void)err;
	add("renamed");
	return 0;
}

/* Runs it; the registry that came with the result has `aid`, NULL: not asked. */
static int run(const char *kind, const char *text, const char *aid, bool *there)
{
	static const struct change_calls calls = {
		.ask = ask, .begin = begin, .end = end, .renamed = renamed
	};
	struct change_card c = { .s = &change_session, .calls = &calls };
	struct change_result r;
	struct change ch;
	struct aid a;
	int rc;

	told[0] = '\0';
	change_words(&ch, kind, text);
	rc = change_run(&c, &ch, &r, &e);
	if (aid != NULL) {
		assert_true(aid_from(&a, unit_bytes(aid)));
		assert_non_null(r.registry);
		*there = registry_find(r.registry, &a) != NULL;
	}
	change_result_free(&ch, &r);
	change_card_free(&c);
	change_free(&ch);
	return rc;
}

static void in_order(void **state)
{
	bool there;

	(void)state;
	assert_ok(run("domain-create", "aid=A00000015100000001", "A00000015100000001", &there), &e);
	assert_string_equal(told, "begin done");
	assert_true(there);
	assert_ok(run("domain-create", "aid=A00000015100000001", "A00000015100000001", &there), &e);
	assert_string_equal(told, "");
	assert_true(there);
	/* Refused by the card: it was begun, and failed. */
	assert_int_equal(
	    run("domain-create", "aid=A00000015100000002 quota-data=1", NULL, NULL), -1);
	assert_int_equal(e.code, ERR_CARD);
	assert_string_equal(told, "begin failed");
	/* Refused by whoever was asked: nothing was begun. */
	refuse = true;
	assert_int_equal(run("delete", "aid=A00000015100000001", NULL, NULL), -1);
	assert_string_equal(told, "ask");
	refuse = false;
	assert_ok(run("delete", "aid=A00000015100000001", "A00000015100000001", &there), &e);
	assert_string_equal(told, "ask begin done");
	assert_false(there);
}

/* Only data for the domain itself may give the card another CIN. */
static void another_name(void **state)
{
	(void)state;
	assert_ok(run("store-data", "file=examples/iin.hex format=tlv", NULL, NULL), &e);
	assert_string_equal(told, "begin renamed done");
	assert_ok(run("install", "file=examples/hello.cap", NULL, NULL), &e);
	assert_ok(
	    run("store-data", "file=examples/iin.hex format=raw application=F04341524441444D0101",
		NULL, NULL),
	    &e);
	assert_string_equal(told, "begin done");
}

static int on(void **state)
{
	(void)state;
	change_rig_on();
	return 0;
}

static int off(void **state)
{
	(void)state;
	change_rig_off();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_order, on, off),
		cmocka_unit_test_setup_teardown(another_name, on, off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
