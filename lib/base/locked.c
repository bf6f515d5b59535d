#include "base/locked.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

/* Sizes in steps of a quarter of a power of two, 64 octets to 64 KiB, so all of them multiples of
 * 16; what is larger has pages of its own. */
enum {
	SMALLEST_LOG = 6,
	LARGEST_LOG = 16,
	STEPS = 4,
	CLASSES = (LARGEST_LOG - SMALLEST_LOG) * STEPS + 1,
	CHUNK = 256 << 10
};

struct block {
	size_t n; /* octets with this header */
	struct block *next;
};

struct store {
	pthread_mutex_t lock;
	struct block *unused[CLASSES];
	uint8_t *at; /* of the chunk that blocks are cut from */
	size_t left;
};

/* One for the process: the allocator that OpenSSL is given has no other way to find it. */
static struct store *store;

/* ---- pages ---- */

static void *pages(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (mlock(p, n) == 0 && madvise(p, n, MADV_DONTDUMP) == 0 &&
	    madvise(p, n, MADV_WIPEONFORK) == 0)
		return p;
	munmap(p, n);
	return NULL;
}

/* Kept out of line: its frame is the stack that is locked. */
__attribute__((noinline)) static int lock_stack(size_t n)
{
	volatile uint8_t *frame = __builtin_alloca(n);

	for (size_t i = 0; i < n; i += 1024)
		frame[i] = 0;
	return mlock((const void *)frame, n);
}

static int refuse(size_t need, struct err *e)
{
	struct rlimit r = { 0, 0 };

	(void)!getrlimit(RLIMIT_MEMLOCK, &r);
	err_set(e, ERR_SAFETY,
	    "session keys cannot be locked in memory: %zu KiB are needed, the limit is %llu KiB",
	    need >> 10, (unsigned long long)r.rlim_cur >> 10);
	return err_hint(e,
	    "`ulimit -l` shows the limit; memlock in limits.conf or LimitMEMLOCK= of a service "
	    "raises it");
}

int locked_begin(size_t octets, size_t stack, struct err *e)
{
	struct store *s = pages(octets);

	if (s == NULL)
		return refuse(octets + stack, e);
	if (lock_stack(stack) != 0) {
		munmap(s, octets);
		return refuse(octets + stack, e);
	}
	if (pthread_mutex_init(&s->lock, NULL) != 0) {
		munmap(s, octets);
		return err_memory(e);
	}
	s->at = (uint8_t *)s + (sizeof(*s) + 15) / 16 * 16;
	s->left = octets - (sizeof(*s) + 15) / 16 * 16;
	store = s;
	return 0;
}

/* ---- blocks ---- */

/* The class of a block and its size, which is the least of the class that holds n. */
static size_t class_of(size_t n, size_t *size)
{
	size_t log = SMALLEST_LOG, step, i;

	while (((size_t)1 << (log + 1)) < n)
		log++;
	if (n <= (size_t)1 << SMALLEST_LOG) {
		*size = (size_t)1 << SMALLEST_LOG;
		return 0;
	}
	step = ((size_t)1 << log) / STEPS;
	i = (n - ((size_t)1 << log) + step - 1) / step;
	*size = ((size_t)1 << log) + i * step;
	return (log - SMALLEST_LOG) * STEPS + i;
}

static struct block *cut(struct store *s, size_t n)
{
	struct block *b;

	if (s->left < n) {
		s->at = pages(CHUNK); /* what is left of the former one stays unused */
		s->left = s->at == NULL ? 0 : CHUNK;
	}
	if (s->left < n)
		return NULL;
	b = (void *)s->at;
	s->at += n;
	s->left -= n;
	return b;
}

static size_t page_size(size_t n)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (n + page - 1) / page * page;
}

static struct block *take(struct store *s, size_t n)
{
	size_t size, class;
	struct block *b;

	if (n > (size_t)1 << LARGEST_LOG) {
		size = page_size(n);
		b = pages(size);
	} else {
		class = class_of(n, &size);
		pthread_mutex_lock(&s->lock);
		b = s->unused[class];
		if (b != NULL)
			s->unused[class] = b->next;
		else
			b = cut(s, size);
		pthread_mutex_unlock(&s->lock);
	}
	if (b != NULL)
		*b = (struct block){ .n = size };
	return b;
}

static void give(struct store *s, struct block *b)
{
	size_t size, class;

	explicit_bzero(b + 1, b->n - sizeof(*b));
	if (b->n > (size_t)1 << LARGEST_LOG) {
		munmap(b, b->n);
		return;
	}
	class = class_of(b->n, &size);
	pthread_mutex_lock(&s->lock);
	b->next = s->unused[class];
	s->unused[class] = b;
	pthread_mutex_unlock(&s->lock);
}

void *locked_alloc(size_t n)
{
	struct block *b;

	if (store == NULL)
		return calloc(1, n);
	if (n > SIZE_MAX / 2)
		return NULL;
	b = take(store, n + sizeof(*b));
	return b == NULL ? NULL : b + 1;
}

void *locked_resize(void *p, size_t n)
{
	struct block *b = p;
	void *to;

	if (store == NULL)
		return realloc(p, n);
	if (p == NULL)
		return locked_alloc(n);
	b--;
	if (n <= b->n - sizeof(*b))
		return p;
	to = locked_alloc(n);
	if (to == NULL)
		return NULL;
	memcpy(to, p, b->n - sizeof(*b));
	locked_free(p);
	return to;
}

void locked_free(void *p)
{
	if (store == NULL)
		free(p);
	else if (p != NULL)
		give(store, (struct block *)p - 1);
}
