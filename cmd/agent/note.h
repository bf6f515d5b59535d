/*
 * What an agent leaves behind when it ends for another reason than scp-close: a note beside its
 * lock, so that the verbs after it can say what happened to the channel and what is known of the
 * card. scp-open and scp-close remove it. Holds no secret.
 */
#ifndef CMD_AGENT_NOTE_H
#define CMD_AGENT_NOTE_H

#include <stdbool.h>

#include "base/err.h"

struct agent_note {
	bool there; /* a channel ended, and none was opened since */
	bool told;  /* a verb has failed with it: nobody works on in the belief that it is open */
	char path[108];   /* of the file */
	char reader[128]; /* its name; "" when too long for one of PC/SC */
	char card[40];    /* CIN in hex; "" when the card tells none */
	char why[480];    /* "the card was removed" */
	char known[240];  /* "it took 12 of 30 commands of app.bundle" */
	char hint[240];
};

/* Writes n->path, 0600. A note that cannot be written is left out. */
void agent_note_write(const struct agent_note *n);
/* Reads the note at `path`; n->there tells whether there is one. */
void agent_note_read(const char *path, struct agent_note *n);
void agent_note_remove(const char *path);
/* "the channel to card 42.. ended: WHY; KNOWN" with this code. Returns -1. */
int agent_note_err(const struct agent_note *n, enum err_code code, struct err *e);

#endif
