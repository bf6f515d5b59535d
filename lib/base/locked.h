/*
 * Memory for secrets that never reaches the swap, a core file or a child: pages locked in memory,
 * blocks of them wiped when they are given back. For a process that holds secrets for long; it
 * begins the store, of which there is one, as long as the process lives.
 *
 * Without a store these functions are those of the C library and wipe nothing: who ends soon needs
 * no locked pages, and a campaign over many cards not what they cost.
 */
#ifndef BASE_LOCKED_H
#define BASE_LOCKED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * Begins the store with `octets` of it at once; more is locked when needed, as far as the user's
 * limit (RLIMIT_MEMLOCK) goes. Also locks the stack for `stack` octets below the caller. ERR_SAFETY
 * naming what is needed and what the limit is. Not twice, and before threads are started.
 */
int locked_begin(size_t octets, size_t stack, struct err *e);

/* All zero, aligned for any type; NULL: no more can be locked. locked_free takes NULL. */
void *locked_alloc(size_t n);
/* What was there stays, as far as n goes; NULL: p is as it was. A block as small as it was may hold
 * octets behind its n that were in use before. */
void *locked_resize(void *p, size_t n);
void locked_free(void *p);

#endif
