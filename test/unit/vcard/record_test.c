/* The record of built (campaign, package) pairs. */
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "bundle/record.h"

static const uint8_t one[16] = { 1 }, two[16] = { 2 };
static char state_dir[64], record_path[4096];

static int fresh(void **state)
{
	struct err e = { 0 };

	(void)state;
	strcpy(state_dir, "/tmp/record_test.XXXXXX");
	assert_non_null(mkdtemp(state_dir));
	assert_int_equal(setenv("XDG_STATE_HOME", state_dir, 1), 0);
	return path_state("bundles", record_path, sizeof(record_path), &e);
}

static int gone(void **state)
{
	char dir[128];

	(void)state;
	snprintf(dir, sizeof(dir), "%s/cardadm", state_dir);
	unlink(record_path);
	rmdir(dir);
	return rmdir(state_dir);
}

static void used_once(void **state)
{
	struct err e = { 0 };
	struct stat st;

	(void)state;
	assert_ok(bundle_record_check(one, 1, 2, &e), &e);
	assert_ok(bundle_record_add(one, 1, 2, 20250131, &e), &e);
	assert_int_equal(stat(record_path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	for (uint32_t p = 1; p <= 2; p++) {
		assert_int_equal(bundle_record_check(one, p, 1, &e), -1);
		assert_int_equal(e.code, ERR_SAFETY);
		assert_non_null(strstr(e.text, "2025-01-31"));
		assert_non_null(strstr(unit_hint(&e), "--campaign"));
		assert_int_equal(bundle_record_add(one, p, 1, 20250201, &e), -1);
		assert_int_equal(e.code, ERR_SAFETY);
	}
	assert_ok(bundle_record_check(one, 3, 2, &e), &e);
	assert_ok(bundle_record_check(two, 1, 2, &e), &e);
	/* A range that only touches one. */
	assert_ok(bundle_record_add(one, UINT32_MAX, 1, 20250201, &e), &e);
	assert_int_equal(bundle_record_check(one, UINT32_MAX - 1, 2, &e), -1);
	assert_int_equal(bundle_record_check(one, 2, 2, &e), -1);
}

static void append_text(const char *text)
{
	FILE *f = fopen(record_path, "a");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* A line cut off by a crash is dropped; a damaged one is not passed over. */
static void damaged(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_ok(bundle_record_add(one, 1, 1, 20250131, &e), &e);
	append_text("2025-02-01 0200000000");
	assert_ok(bundle_record_check(two, 1, 1, &e), &e);
	assert_ok(bundle_record_add(two, 1, 1, 20250203, &e), &e);
	assert_int_equal(bundle_record_check(two, 1, 1, &e), -1);
	assert_non_null(strstr(e.text, "2025-02-03"));
	assert_int_equal(bundle_record_check(one, 1, 1, &e), -1);
	append_text("2025-02-01 0200000000000000000000000000000000 x000000001\n");
	assert_int_equal(bundle_record_check(two, 9, 1, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.text, ":3:"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(used_once, fresh, gone),
		cmocka_unit_test_setup_teardown(damaged, fresh, gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
