/*
 * Files that others could use against us: ledgers, keys, card files, records. Who may write one, or
 * put another in its place, decides what we do with cards; who may read a key has it.
 *
 * What is judged is what is open, and the directories that lead to it by its real path: a name that
 * somebody changes meanwhile does not help him. A directory is safe that belongs to the caller or
 * to root and that nobody else can write in: no others, and no group but the caller's own
 * (effective) one; or that is sticky, so that what is ours in it stays. In a user namespace that
 * root is not of, directories above the file's own may be of users outside.
 */
#ifndef BASE_PRIVATE_H
#define BASE_PRIVATE_H

#include <stdbool.h>

#include "base/err.h"

struct private_asks {
	const char *what; /* as the error calls it: "ledger" */
	bool secret;      /* nobody else may read it */
	bool own;         /* it must be the caller's: root's is not good enough */
	/* With secret: that others may read it is told here, and is no error. NULL: it is one. */
	struct err *readable;
};

/* Judges the file that is open as fd and was opened by this path. ERR_INPUT names path, mode or
 * owner, and the remedy. A file without a name cannot be replaced. */
int private_check(int fd, const char *path, const struct private_asks *a, struct err *e);
/* The same of a directory that is to hold such files; ERR_OTHER where there is none. */
int private_directory(const char *path, const char *what, struct err *e);

#endif
