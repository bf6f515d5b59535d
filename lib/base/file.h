/* Files: bounded reading, atomic writing, secrets only from files nobody else can read. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/bytes.h"
#include "base/err.h"

/* Reads a regular file whole into a growing writer that the caller frees. Missing, not a regular
 * file, or longer than max octets: ERR_INPUT naming the path. */
int file_read(const char *path, size_t max, struct wr *out, struct err *e);
/* The same for secrets: refuses a file that is not ours (or root's) or that group or others can
 * read or write: ERR_SAFETY with the remedy. */
int file_read_secret(const char *path, size_t max, struct wr *out, struct err *e);
/* Writes a new file beside path and renames it over path: either the old or the new content is
 * there, never a part. Synced to the disk. Refuses nothing that exists. */
int file_write(const char *path, struct span content, unsigned mode, struct err *e);
/* Creates path, which must not exist yet (ERR_SAFETY if it does), with exactly this mode: whole or
 * not at all. */
int file_create(const char *path, struct span content, unsigned mode, struct err *e);
/* The same without waiting for the disk: for what can be made again. */
int file_create_unsynced(const char *path, struct span content, unsigned mode, struct err *e);
/* `name` as seen from the directory of `file`; absolute names stay. Returns false when too long. */
MUST_CHECK bool path_beside(const char *file, const char *name, char *out, size_t cap);
/*
 * The directory for what must be remembered between runs: $XDG_STATE_HOME/cardadm or
 * ~/.local/state/cardadm, made with mode 0700 when missing; `name` is added to it.
 */
int path_state(const char *name, char *out, size_t cap, struct err *e);
/* The same name, and nothing is made. */
int path_state_named(const char *name, char *out, size_t cap, struct err *e);

#endif
