/*
 * Records in the state directory: one JSON object in each line, only ever appended, for what this
 * station must know later on; or in a file that is named with a path. Readers pass over lines that
 * are damaged.
 */
#ifndef CMD_KIT_RECORD_H
#define CMD_KIT_RECORD_H

#include <jansson.h>

#include "base/err.h"

/* The time now as records have it, "2026-11-21T08:00:00Z"; returns out. */
enum { RECORD_TIME = 32 };
char *record_now(char out[static RECORD_TIME]);
/* Appends one line to the file of this name, whole and on the disk when it returns; takes the
 * object over. ERR_LEDGER. */
int record_append(const char *file, json_t *take, struct err *e);
/* The same without waiting for the disk: an outcome that can be found out again. */
int record_note(const char *file, json_t *take, struct err *e);
/* An open record that nobody else reads or writes meanwhile, for what depends on what is in it. */
struct record;
int record_lock(const char *file, struct record **r, struct err *e);
/* The same for who has read it before: only lines behind octet *at, which is moved to its end by
 * this and by record_add. In a record that is shorter than that, all lines, and *at was 0. */
int record_lock_behind(const char *file, int64_t *at, struct record **r, struct err *e);
int record_add(struct record *r, json_t *take, struct err *e);
/* All lines so far, an array; owned by the record. */
const json_t *record_rows(const struct record *r);
void record_unlock(struct record *r); /* NULL is fine */

#endif
