/*
 * A session of lib/host with the virtual card of container_rig.h, and somebody on the line between
 * them who may change or drop what the card answers.
 */
#ifndef UNIT_HOST_RIG_H
#define UNIT_HOST_RIG_H

#include "container_rig.h"
#include "host/session.h"

struct host_rig {
	struct rig r;
	struct card card;
	struct session s;
	struct err e;
	unsigned sent[256]; /* commands by instruction, since the test set it to zero */
	/* What is in rsp from `start` is the card's answer, which may be changed; false: nothing
	 * comes back. NULL: nobody is there. */
	bool (*line)(struct host_rig *h, const struct capdu *c, struct wr *rsp, size_t start);
	void *ctx;
};

void host_on(struct host_rig *h); /* box_on and a session that is not open */
void host_off(struct host_rig *h);
/* Channels of level 33 by lib/host: of the operator; of a party, with what put_access put. */
void host_operator(struct host_rig *h);
void host_party(struct host_rig *h, const char *container, uint8_t version, uint8_t first);
/* In the place of an answer; hex with status word. */
void line_says(struct wr *rsp, size_t start, const char *hex);

#endif
