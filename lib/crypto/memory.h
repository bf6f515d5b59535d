/*
 * Where OpenSSL keeps what it works with. Keyed contexts hold keys, and expanded keys that tell
 * them; in a process that lives long they belong into locked memory (base/locked.h).
 */
#ifndef CRYPTO_MEMORY_H
#define CRYPTO_MEMORY_H

#include "base/err.h"

/* From now on all memory of OpenSSL comes from the store that locked_begin has begun. Before any
 * other use of OpenSSL, else ERR_OTHER. */
int crypto_memory_locked(struct err *e);

#endif
