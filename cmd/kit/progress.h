/* Progress of long work on the log: one line that is updated on a terminal, nothing elsewhere. */
#ifndef CMD_KIT_PROGRESS_H
#define CMD_KIT_PROGRESS_H

#include <time.h>

#include "cmd/kit/verb.h"

struct progress {
	FILE *log;
	char what[80];
	bool terminal;
	unsigned tail; /* the last one takes as long as so many others; set after progress_begin */
	struct timespec began, shown;
};

void progress_begin(struct progress *p, struct ctx *c, const char *what);
/* Redraws at most ten times a second: bar, percentage, rate, time left. */
void progress_show(struct progress *p, uint64_t done, uint64_t total);
void progress_end(struct progress *p);

#endif
