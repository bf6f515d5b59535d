/*
 * Traces: what went over the wire, as text.
 *
 * Format: lines "> HEX" and "< HEX", each followed by a comment line "# ..." that names the
 * command or status; a head of "# cardadm trace 1", "# reader NAME", "! ATR" (" T=0" behind
 * it where the card talks that). The few clear secrets (data of VERIFY and its like) are written as
 * "**", which replay takes as a wildcard. Comments and empty lines mean nothing.
 */
#ifndef CARD_TRACE_H
#define CARD_TRACE_H

#include <stdio.h>

#include "card/card.h"

/* Puts a tracer around *c: all traffic is appended to the file at `path` (created 0600). *c then
 * is the tracer and owns the card that it was. On failure *c stays what it was. ERR_OTHER. */
int trace_wrap(struct card *c, const char *path, struct err *e);
/* The same into a stream that stays the caller's, and that outlives the tracer; `name` is what
 * errors call it. */
int trace_wrap_stream(struct card *c, FILE *f, const char *name, struct err *e);
/* The card inside a tracer, or c itself when it is none. Borrowed. */
const struct card *trace_inner(const struct card *c);
/* Ends the trace: *c is again the card that it was. A card that is no tracer stays as it is. */
void trace_unwrap(struct card *c);
/* One line that says what a command is: "CHANGE MODE enter, 136 octets". */
char *trace_describe(struct span command, char *out, size_t cap);

/* Octets *off .. *off + *n - 1 of a command are secret and never written; *n = 0: none. */
void trace_hidden(struct span command, size_t *off, size_t *n);

/* A command in hex, its secrets as "**". */
void trace_put(FILE *f, struct span command);

/* Opens a recorded trace as a card: answers come in recorded order, a command that differs ends
 * with ERR_INPUT and a text that shows both. */
int replay_open(const char *path, struct card *c, struct err *e);
/* The host challenge of the next recorded INITIALIZE UPDATE; false when c is no replay. */
MUST_CHECK bool replay_host_challenge(const struct card *c, uint8_t *out, size_t n);
/* It is a recording, whatever is wrapped around it. */
bool card_is_replay(const struct card *c);

#endif
