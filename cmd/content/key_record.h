/*
 * The record of key changes: $XDG_STATE_HOME/cardadm/keys.jsonl, 0600. Each change is two lines of
 * JSON, its intent, on the disk before the first command that changes anything, and its outcome. An
 * intent without an outcome is in doubt. Check values and fingerprints are in it, never keys.
 *
 * All ways that change keys write it alike, from the callbacks begin and end of a change
 * (lib/change): verbs, and the steps of campaigns. Nothing is kept open in between, so many cards
 * may be at work at once.
 */
#ifndef CMD_CONTENT_KEY_RECORD_H
#define CMD_CONTENT_KEY_RECORD_H

#include <jansson.h>

#include "change/kinds.h"

struct key_record {
	char id[48]; /* of both lines; "": nothing begun */
};
/* Where it happens. Borrowed. */
struct key_place {
	const char *reader;      /* its name, or the file of a card */
	const struct session *s; /* in an open channel */
	const char *campaign;    /* NULL: a verb */
};

/*
 * For change_calls' begin: writes the intent of a change that changes keys; of others, and of one
 * that only looks, nothing. ERR_LEDGER: it cannot be written, and nothing may be sent.
 */
int key_record_begin(struct key_record *r, const struct key_place *at, const struct change *ch,
    const void *work, struct err *e);
/* For change_calls' end: the outcome of what was begun; why: of a failure, NULL: done. *e when that
 * cannot be written: a remark. */
int key_record_end(struct key_record *r, const struct change *ch, const void *work,
    const struct err *why, struct err *e);

#endif
