/*
 * What comes to a card in several commands of one kind, put together again out of a recording: the
 * blocks of STORE DATA (GPCS 11.11) and the certificate blocks of PERFORM SECURITY OPERATION
 * (Amendment F 7.5). Judges nothing.
 */
#ifndef HOST_GATHER_H
#define HOST_GATHER_H

#include "apdu/apdu.h"

enum { GATHER_MAX = 8192 };

struct gather {
	struct wr data;
	uint8_t ins, next; /* block that is due; ins 0: nothing is under way */
	bool stray;        /* the last block was one whose beginning is not there */
	unsigned line;     /* of the first command */
};

void gather_init(struct gather *g);
void gather_free(struct gather *g); /* wipes */
/* The next command, data in clear: true when it is the last of its row, and *whole lends all of
 * the row until the next. Blocks whose beginning is not there come to nothing. */
bool gather_next(struct gather *g, const struct capdu *c, unsigned line, struct span *whole);
/* What was gathered so far holds an object of a party (DFnn), or may do so. */
bool gather_has_object(const struct gather *g);

#endif
