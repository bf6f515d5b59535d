/*
 * Recorded exchanges as other tools print them, read into commands and answers.
 *
 * Known: our own traces and plain lines "> HEX" and "< HEX", gp -d ("A>>", "A<<"), gpshell and
 * gpshell3 ("Wrapped command -->", "Response <--"), opensc-tool ("Sending:", "Received"). Lines of
 * none of these mean nothing. What went over the wire is kept, never what a tool says it meant.
 */
#ifndef CARD_CAPTURE_H
#define CARD_CAPTURE_H

#include "base/bytes.h"
#include "base/err.h"

/* One command and its answer with status word; borrowed from the capture. */
struct captured {
	struct span command, answer;
	bool masked;   /* some octets of the command were not written down: they read 00 */
	unsigned line; /* of the command */
};

struct capture {
	struct wr text;  /* the octets, command and answer by turns */
	struct wr index; /* struct exchange_at, see capture.c */
	size_t n;
};

/* Reads a file, at most 64 MiB. ERR_INPUT: unreadable, bad hex (with line), no exchange in it.
 * Freed by the caller on success. */
int capture_read(const char *path, struct capture *c, struct err *e);
/* Exchange i < c->n. */
struct captured capture_at(const struct capture *c, size_t i);
void capture_free(struct capture *c);

#endif
