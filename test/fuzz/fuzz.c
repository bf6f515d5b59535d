#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void fuzz_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

void fuzz_check_err(int rc, const struct err *e)
{
	CHECK(rc == 0 || rc == -1);
	if (rc == 0)
		return;
	CHECK((e->code >= ERR_OTHER && e->code <= ERR_LEDGER) || e->code == ERR_INTERRUPTED);
	CHECK(e->text[0] != '\0');
	CHECK(memchr(e->text, '\0', sizeof(e->text)) != NULL);
	CHECK(memchr(e->hint, '\0', sizeof(e->hint)) != NULL);
}

uint8_t fuzz_u8(struct rd *in)
{
	uint8_t v;

	return rd_u8(in, &v) ? v : 0;
}

uint16_t fuzz_u16(struct rd *in)
{
	uint16_t v;

	return rd_u16(in, &v) ? v : 0;
}

uint32_t fuzz_u32(struct rd *in)
{
	uint32_t v;

	return rd_u32(in, &v) ? v : 0;
}

struct span fuzz_take(struct rd *in, size_t n)
{
	struct span s;

	return rd_take(in, n, &s) ? s : rd_rest(in);
}

struct span fuzz_lv(struct rd *in)
{
	return fuzz_take(in, fuzz_u8(in));
}

struct key fuzz_key(size_t n, uint8_t first)
{
	struct key k = { .n = (uint8_t)n };

	for (size_t i = 0; i < n; i++)
		k.b[i] = (uint8_t)(first + i);
	return k;
}

static char path[64];

static void remove_file(void)
{
	unlink(path);
}

const char *fuzz_path(void)
{
	if (path[0] == '\0') {
		const char *dir = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

		snprintf(path, sizeof(path), "%s/cardadm-fuzz.%ld", dir, (long)getpid());
		atexit(remove_file);
	}
	return path;
}

void fuzz_file(struct span content)
{
	int fd = open(fuzz_path(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	CHECK(fd >= 0);
	CHECK(write(fd, content.p, content.n) == (ssize_t)content.n);
	CHECK(close(fd) == 0);
}
