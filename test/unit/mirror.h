/*
 * A session of lib/host with a card that only takes secure messaging off: it records each command
 * in the clear and answers what the test says. So commands can be compared with published ones.
 */
#ifndef MIRROR_H
#define MIRROR_H

#include "unit.h"

#include "host/session.h"

enum { MIRROR_COMMANDS = 64 };

struct mirror {
	struct card card;
	struct session s;
	struct scp side;                      /* the card's */
	struct wr plain, data;                /* all commands in a row; of the last one */
	struct span command[MIRROR_COMMANDS]; /* in `plain` */
	size_t n;
	uint8_t rsp[512]; /* of every command, with status word */
	size_t rsp_n;
	size_t silent_at; /* this command gets no answer; 0: none */
	size_t refuse_at; /* this command gets 6A80; 0: none */
	struct err e;
};

/* An open channel; level 0: none. SCP02 has i = 55, SCP03 60. */
void mirror_open(struct mirror *m, enum scp_protocol p, uint8_t level);
void mirror_close(struct mirror *m);
void mirror_answer(struct mirror *m, const char *hex); /* from now on */
/* Command number i, from 0, is this one, Le included as it was asked for. */
#define assert_command(m, i, hex) assert_span((m)->command[i], unit_bytes(hex))

#endif
