/*
 * Work on a virtual card in a reader of pcscd against a bare loop of SCardTransmit, which sends the
 * same commands to the same card. Before each pass the card is taken out, becomes what it was
 * before, and is put in again. Several processes take part, and whatever disturbs one makes a pass
 * slower: the fastest pass of each side counts.
 */
#ifndef BENCH_READER_H
#define BENCH_READER_H

#include <sys/types.h>

#include "card/pcsc.h"
#include "record.h"

struct reader {
	struct recorded card;       /* with what `job` sent inside of this process */
	const char *program, *vpcd; /* cardadm; HOST:PORT of vpcd, whose readers are empty */
	void (*job)(struct reader *r);
	void (*forget)(void); /* what else has to be as it was before; NULL: nothing */
	pid_t serving;        /* 0: no card in the reader */
	char name[PCSC_NAME_SIZE];
};

/* Prints the line of the ratio of commands per second, connecting and disconnecting included; goal:
 * 0.9. True: met. */
bool reader_compare(struct reader *r, const char *what);

#endif
