/* Files: bounded reading, atomic writing, secrets only from files nobody else can read. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/bytes.h"
#include "base/err.h"
#include "base/private.h"

/* Reads a regular file whole into a growing writer that the caller frees. Missing, not a regular
 * file, or longer than max octets: ERR_INPUT naming the path. */
int file_read(const char *path, size_t max, struct wr *out, struct err *e);
/* The same for what others could use against us: see private.h. */
int file_read_private(
    const char *path, size_t max, const struct private_asks *a, struct wr *out, struct err *e);
/* The same for secrets: nobody else may read or write the file, or replace it: ERR_INPUT with the
 * remedy. */
int file_read_secret(const char *path, size_t max, struct wr *out, struct err *e);
/* Writes a new file beside path and renames it over path: either the old or the new content is
 * there, never a part. Synced to the disk. Refuses nothing that exists. */
int file_write(const char *path, struct span content, unsigned mode, struct err *e);
/*
 * A file that one process works with at a time: read whole, then replaced, as often as it likes.
 * Private as file_read_private says, no symbolic link. Locked by another process: ERR_SAFETY. What
 * will replace it is PATH.unfinished until then; one that a killed process left goes.
 */
struct held_file {
	char path[4096];
	int fd; /* of the file that is under this name now, locked; -1: not held */
};
int file_hold(const char *path, size_t max, const struct private_asks *a, struct held_file *f,
    struct wr *out, struct err *e);
/* As file_write; what is under the name is locked at every moment. */
int file_hold_write(struct held_file *f, struct span content, unsigned mode, struct err *e);
void file_let_go(struct held_file *f);
/* Creates path, which must not exist yet (ERR_SAFETY if it does), with exactly this mode: whole or
 * not at all. */
int file_create(const char *path, struct span content, unsigned mode, struct err *e);
/* Before work that file_create would find to be in vain: 0, or ERR_SAFETY as it says. */
int file_is_new(const char *path, struct err *e);
/* The same as file_create without waiting for the disk: for what can be made again. */
int file_create_unsynced(const char *path, struct span content, unsigned mode, struct err *e);
/* `name` as seen from the directory of `file`; absolute names stay. Returns false when too long. */
MUST_CHECK bool path_beside(const char *file, const char *name, char *out, size_t cap);
/*
 * The directory for what must be remembered between runs: $XDG_STATE_HOME/cardadm or
 * ~/.local/state/cardadm, made with mode 0700 when missing; `name` is added to it. One that others
 * can write in or replace is ERR_INPUT, see private.h.
 */
int path_state(const char *name, char *out, size_t cap, struct err *e);
/* The same name, and nothing is made. */
int path_state_named(const char *name, char *out, size_t cap, struct err *e);
/*
 * Opens, or makes with mode 0600, a record in it, whose path is put into `path`. One that is not
 * the caller's alone to write is ERR_INPUT, as above. Returns the descriptor, or -1.
 */
struct state_file {
	int flags;          /* of open(2): O_RDWR, O_APPEND ... */
	enum err_code code; /* where it cannot be opened */
};
int path_state_open(
    const char *name, const struct state_file *s, char *path, size_t cap, struct err *e);

#endif
