/* Locked memory: the same as the C library's without a store, wiped and used again with one. */
#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/locked.h"

enum { STORE = 64 << 10, STACK = 64 << 10 };

static bool all_zero(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

/* The kilobytes that this process has locked. */
static long locked_kb(void)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[128];
	long kb = -1;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "VmLck: %ld", &kb) == 1)
			break;
	fclose(f);
	return kb;
}

static void without_store(void **state)
{
	uint8_t *p = locked_alloc(100), *q;

	(void)state;
	assert_non_null(p);
	assert_true(all_zero(p, 100));
	memset(p, 7, 100);
	q = locked_resize(p, 5000);
	assert_non_null(q);
	assert_int_equal(q[99], 7);
	locked_free(q);
	locked_free(NULL);
}

static void begun(void **state)
{
	struct err e;
	long before = locked_kb();

	(void)state;
	assert_ok(locked_begin(STORE, STACK, &e), &e);
#ifndef __SANITIZE_ADDRESS__ /* which locks nothing */
	assert_true(locked_kb() >= before + (STORE + STACK) / 1024);
#endif
	(void)before;
}

/* Every size: aligned, zero, apart from the others, and what is given back is wiped and comes
 * again. */
static void blocks(void **state)
{
	static const size_t sizes[] = { 1, 16, 17, 47, 48, 49, 63, 64, 100, 1000, 4096, 30000,
		65519, 65520, 65521, 200000 };
	enum { N = sizeof(sizes) / sizeof(sizes[0]) };
	uint8_t *p[N];

	(void)state;
	for (size_t i = 0; i < N; i++) {
		p[i] = locked_alloc(sizes[i]);
		assert_non_null(p[i]);
		assert_int_equal((uintptr_t)p[i] % 16, 0);
		assert_true(all_zero(p[i], sizes[i]));
		memset(p[i], (int)i + 1, sizes[i]);
	}
	for (size_t i = 0; i < N; i++) {
		assert_int_equal(p[i][0], i + 1);
		assert_int_equal(p[i][sizes[i] - 1], i + 1);
	}
	for (size_t i = 0; i < N; i++) {
		uint8_t *again;

		locked_free(p[i]);
		if (sizes[i] > 60000)
			continue; /* its pages are gone */
		assert_true(all_zero(p[i], sizes[i]));
		again = locked_alloc(sizes[i]);
		assert_ptr_equal(again, p[i]);
		assert_true(all_zero(again, sizes[i]));
		locked_free(again);
	}
	assert_null(locked_alloc(SIZE_MAX));
	assert_null(locked_alloc(SIZE_MAX - 8));
}

static void resized(void **state)
{
	uint8_t *p = locked_resize(NULL, 40), *q;

	(void)state;
	assert_non_null(p);
	memset(p, 9, 40);
	assert_ptr_equal(locked_resize(p, 48), p);
	assert_ptr_equal(locked_resize(p, 10), p);
	q = locked_resize(p, 100000);
	assert_non_null(q);
	assert_true(all_zero(p, 40)); /* the key that was in it is not left behind */
	assert_int_equal(q[39], 9);
	assert_null(locked_resize(q, SIZE_MAX));
	assert_int_equal(q[39], 9);
	locked_free(q);
	locked_free(NULL);
}

/* More than the store began with. */
static void grown(void **state)
{
	uint8_t *p[400];

	(void)state;
	for (size_t i = 0; i < 400; i++) {
		p[i] = locked_alloc(1000);
		assert_non_null(p[i]);
		memset(p[i], (int)i, 1000);
	}
	for (size_t i = 0; i < 400; i++) {
		assert_int_equal(p[i][999], (uint8_t)i);
		locked_free(p[i]);
	}
}

/* A child has none of it: its pages would not be locked. */
static void forked(void **state)
{
	uint8_t *p = locked_alloc(32);
	int status;
	pid_t pid;

	(void)state;
	memset(p, 5, 32);
	pid = fork();
	if (pid == 0)
		_exit(all_zero(p, 32) ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(p[31], 5);
	locked_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_store),
		cmocka_unit_test(begun),
		cmocka_unit_test(blocks),
		cmocka_unit_test(resized),
		cmocka_unit_test(grown),
		cmocka_unit_test(forked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
