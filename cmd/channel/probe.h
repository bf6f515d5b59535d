/*
 * scp-open --probe: which key sets of a store, with which diversification, fit a live card. One
 * INITIALIZE UPDATE for each key version and never EXTERNAL AUTHENTICATE.
 */
#ifndef CMD_CHANNEL_PROBE_H
#define CMD_CHANNEL_PROBE_H

#include "cmd/kit/verb.h"

struct probe_asks {
	const struct opt_strings *keys; /* none: every card key set of the store */
	bool diversifications;          /* try every named scheme, not only the entry's own */
	int key_version;                /* -1: every set that the card lists, else its default */
	bool s16;
	struct aid aid;
};

/* ERR_AUTH when none fits. */
int probe_run(struct ctx *c, const struct probe_asks *a, struct err *e);

#endif
