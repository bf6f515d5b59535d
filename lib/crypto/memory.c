#include "crypto/memory.h"

#include <openssl/crypto.h>

#include "base/locked.h"

/* OpenSSL tells where it asks from. */
static void *allocate(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return n == 0 ? NULL : locked_alloc(n);
}

static void release(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	locked_free(p);
}

static void *resize(void *p, size_t n, const char *file, int line)
{
	if (n > 0)
		return locked_resize(p, n);
	release(p, file, line);
	return NULL;
}

int crypto_memory_locked(struct err *e)
{
	if (CRYPTO_set_mem_functions(allocate, resize, release) == 1)
		return 0;
	return err_set(e, ERR_OTHER, "OpenSSL was used before its memory could be locked");
}
