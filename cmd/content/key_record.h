/*
 * The record of key changes: $XDG_STATE_HOME/cardadm/keys.jsonl, 0600. Each change is two lines of
 * JSON, its intent, on the disk before the first command that changes anything, and its outcome. An
 * intent without an outcome is in doubt. Check values and fingerprints are in it, never keys.
 */
#ifndef CMD_CONTENT_KEY_RECORD_H
#define CMD_CONTENT_KEY_RECORD_H

#include <jansson.h>

#include "cmd/kit/verb.h"

struct key_record {
	struct ctx *c;
	int fd;      /* -1: nothing begun */
	char id[48]; /* of both lines */
};

/*
 * Writes the intent: who, when, card and domain of the session, and `take` (an object, taken over).
 * ERR_LEDGER: it cannot be written, and the caller sends nothing. key_record_end in any case, which
 * may find nothing begun.
 */
int key_record_begin(
    struct key_record *r, struct ctx *c, const struct session *s, json_t *take, struct err *e);
/* Writes the outcome: done, or failed with the text of *e, and `take` (NULL: nothing more). A
 * failure of that is a remark. Returns rc. */
int key_record_end(struct key_record *r, int rc, const struct err *e, json_t *take);

#endif
