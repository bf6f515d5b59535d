#include "card/worker.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

enum phase { IDLE, ASKED, ABANDONED, QUIT };

/* Answers faster than this are waited for without sleeping: waking up would take as long again.
 * Real cards are slower, and then nobody spins. */
enum { BRISK_NS = 200000, TURNS = 16 };

/* Semaphores rather than a condition: one wake-up each way, and no lock to meet at. */
struct worker {
	pthread_t thread;
	sem_t asked, done;
	atomic_int
	    phase; /* ASKED becomes IDLE by the thread or ABANDONED by the caller, never both */
	atomic_bool brisk; /* the last job was fast */
	int job;
	void *state;
	void (*run)(void *state, int job);
	void (*release)(void *state);
};

static void destroy(struct worker *w)
{
	sem_destroy(&w->asked);
	sem_destroy(&w->done);
	free(w);
}

static long since(const struct timespec *from)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec - from->tv_sec > 1
		   ? BRISK_NS
		   : (t.tv_sec - from->tv_sec) * 1000000000 + t.tv_nsec - from->tv_nsec;
}

/* Looks again and again for a short time, and lets others run in between. */
static bool comes_soon(const struct worker *w, sem_t *s)
{
	struct timespec begun;

	if (!atomic_load(&w->brisk))
		return false;
	clock_gettime(CLOCK_MONOTONIC, &begun);
	do {
		for (int i = 0; i < TURNS; i++) {
			if (sem_trywait(s) == 0)
				return true;
			sched_yield();
		}
	} while (since(&begun) < BRISK_NS);
	return false;
}

static void wait_for(sem_t *s)
{
	while (sem_wait(s) != 0 && errno == EINTR)
		;
}

static void *main_of(void *arg)
{
	struct worker *w = arg;

	for (;;) {
		int asked = ASKED;

		if (!comes_soon(w, &w->asked))
			wait_for(&w->asked);
		if (atomic_load(&w->phase) == QUIT)
			return NULL;
		w->run(w->state, w->job);
		if (!atomic_compare_exchange_strong(&w->phase, &asked, IDLE))
			break;
		sem_post(&w->done);
	}
	w->release(w->state);
	destroy(w);
	return NULL;
}

/* Signals are for the thread of the caller. */
static bool start(struct worker *w)
{
	sigset_t all, was;
	bool ok;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &was);
	ok = pthread_create(&w->thread, NULL, main_of, w) == 0;
	pthread_sigmask(SIG_SETMASK, &was, NULL);
	return ok;
}

struct worker *worker_new(
    void *state, void (*run)(void *state, int job), void (*release)(void *state))
{
	struct worker *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->state = state;
	w->run = run;
	w->release = release;
	atomic_init(&w->phase, IDLE);
	sem_init(&w->asked, 0, 0);
	sem_init(&w->done, 0, 0);
	if (start(w))
		return w;
	destroy(w);
	return NULL;
}

static struct timespec after(struct timespec t, unsigned ms)
{
	t.tv_sec += ms / 1000;
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

bool worker_run(struct worker *w, int job, unsigned ms)
{
	struct timespec begun, until;
	pthread_t thread = w->thread;
	int asked = ASKED, rc;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	until = after(begun, ms);
	w->job = job;
	atomic_store(&w->phase, ASKED);
	sem_post(&w->asked);
	if (comes_soon(w, &w->done))
		return true;
	do {
		rc = sem_clockwait(&w->done, CLOCK_MONOTONIC, &until);
	} while (rc != 0 && errno == EINTR);
	if (rc == 0) {
		atomic_store(&w->brisk, since(&begun) < BRISK_NS);
		return true;
	}
	if (!atomic_compare_exchange_strong(&w->phase, &asked, ABANDONED)) {
		wait_for(&w->done); /* it came in the very last moment */
		return true;
	}
	pthread_detach(thread);
	return false;
}

void worker_free(struct worker *w)
{
	if (w == NULL)
		return;
	atomic_store(&w->phase, QUIT);
	sem_post(&w->asked);
	pthread_join(w->thread, NULL);
	w->release(w->state);
	destroy(w);
}
