/* Inside lib/terminal: what its files share. */
#ifndef TERMINAL_INTERNAL_H
#define TERMINAL_INTERNAL_H

#include "terminal/talk.h"

/* A channel of SCP11b, for a first key. */
int talk_open_unknown(struct talk *k, struct err *e);

#endif
