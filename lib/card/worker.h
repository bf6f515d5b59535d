/*
 * A thread that runs one job at a time for a caller who does not wait for ever. Made for calls that
 * can hang in a driver or a daemon and cannot be cancelled.
 *
 * The state belongs to the thread while a job runs and to the caller in between. A job that is not
 * done in time is abandoned: worker, thread and state then are lost to the caller, and free
 * themselves should the job ever return.
 */
#ifndef CARD_WORKER_H
#define CARD_WORKER_H

#include "base/bytes.h"

struct worker;

/* Starts the thread. `release` is called with the state at the end. NULL: no memory, no thread; the
 * state then stays with the caller. */
struct worker *worker_new(
    void *state, void (*run)(void *state, int job), void (*release)(void *state));
/* Runs a job and waits up to `ms` milliseconds. False: abandoned, w and its state are gone. */
MUST_CHECK bool worker_run(struct worker *w, int job, unsigned ms);
/* Ends the thread and releases the state; NULL is fine. */
void worker_free(struct worker *w);

#endif
