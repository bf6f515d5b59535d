/* OpenSSL in locked memory: only from its first use on, and then it works as ever. */
#include "unit.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/locked.h"
#include "crypto/aes.h"
#include "crypto/memory.h"

static const struct key key = { .n = 16, .b = { 0x2B, 0x7E, 0x15, 0x16 } };

/* In a child, for it cannot be undone. Its exit status. */
static int child(int (*run)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(run());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int too_late(void)
{
	uint8_t mac[16];
	struct err e;

	if (!cmac(&key, span_str("abc"), mac))
		return 1;
	return crypto_memory_locked(&e) == -1 && e.code == ERR_OTHER ? 0 : 2;
}

static int in_time(void)
{
	uint8_t mac[16], again[16];
	struct aes a = { 0 };
	struct span msg = span_str("abc");
	struct err e;

	if (locked_begin(1 << 20, 1 << 16, &e) != 0 || crypto_memory_locked(&e) != 0)
		return 1;
	for (int i = 0; i < 3; i++) {
		if (!aes_set_key(&a, &key) || !aes_cmac(&a, &msg, 1, mac) ||
		    !cmac(&key, msg, again) || memcmp(mac, again, 16) != 0)
			return 2;
		aes_wipe(&a);
	}
	return 0;
}

static void before_any_use(void **state)
{
	(void)state;
	assert_int_equal(child(too_late), 0);
	assert_int_equal(child(in_time), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(before_any_use) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
