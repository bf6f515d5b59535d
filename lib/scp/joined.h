/*
 * Commands that are protected as a whole and come in several, joined by b8 of P1 (GPCS 11.1.5): the
 * MAC is over the whole with its length in three octets, and stands at the end of the last one. The
 * others are answered 9000 without protection. SCP03 only here. That this is such a command shows
 * in its MAC, which is none: a command may also come in several that are protected each for itself.
 */
#ifndef SCP_JOINED_H
#define SCP_JOINED_H

#include "apdu/apdu.h"

enum { JOINED_MAX = 2304, JOINED_PARTS_MAX = 64 }; /* octets of the whole, and in how many */

/* On its way. All zero: none. */
struct joined {
	bool open;
	unsigned parts;
	struct capdu head; /* as the whole has it; without data */
	struct wr data;    /* so far, and then the whole's; owned */
};
/* INSTALL, DELETE and PUT KEY come so. */
bool joined_may(uint8_t ins);
/* A protected command that did not open is the first of several; false: it is simply wrong. */
MUST_CHECK bool joined_begin(struct joined *j, const struct capdu *first);

enum joined_step {
	JOINED_WHOLE, /* *whole: the command itself, or all of it; borrows until joined_forget */
	JOINED_MORE,  /* is one more of several */
	JOINED_BROKEN /* does not go on with what was on its way, or is too much of it */
};
/* What comes next. Broken: what was on its way is forgotten, and *whole is the command itself. A
 * card ends its session then, since all 9000 so far were for parts that nobody has verified. */
enum joined_step joined_next(struct joined *j, const struct capdu *c, struct capdu *whole);
void joined_forget(struct joined *j);

#endif
