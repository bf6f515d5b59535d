/*
 * Cards in real readers: PC/SC by way of pcscd. The only place that includes winscard.h.
 *
 * A card is held exclusively, with a transaction, from pcsc_open to card_close, and reset at the
 * end, so that nobody inherits what was authenticated. Calls into PC/SC run in a thread of their
 * own and have a time limit here: a reader, driver or daemon that hangs does not hang us.
 */
#ifndef CARD_PCSC_H
#define CARD_PCSC_H

#include <signal.h>

#include "card/card.h"

enum { PCSC_READERS_MAX = 32, PCSC_NAME_SIZE = 128 };

struct pcsc_reader {
	char name[PCSC_NAME_SIZE];
	bool present;    /* there is a card in it */
	bool in_use;     /* somebody holds the card exclusively */
	bool mute;       /* the card does not answer to reset */
	uint16_t events; /* counts cards put in and taken out, as long as pcscd runs */
	uint8_t atr[33];
	size_t atr_n;
};

struct pcsc_readers {
	size_t n;
	struct pcsc_reader reader[PCSC_READERS_MAX];
};

/* Milliseconds; 0 means the default. */
struct pcsc_limits {
	unsigned connect; /* connecting and listing: 10 s */
	unsigned command; /* one command: 60 s; card_limit changes it */
};

/* The readers with their state. ERR_READER when pcscd does not run or does not answer; *no_daemon
 * tells the first (may be NULL). */
int pcsc_list(
    struct pcsc_readers *out, const struct pcsc_limits *l, bool *no_daemon, struct err *e);
/* The reader that `name` means: its exact name; or a number, counted from 1 as pcsc_list has them;
 * or a part of one name only, in upper or lower case. ERR_READER with the candidates otherwise. */
int pcsc_find(const struct pcsc_readers *r, const char *name, size_t *at, struct err *e);
/* Waits until the reader that `name` means is there with a card in it, for `seconds` at most (0:
 * one look). ERR_READER: none came, or the name fits more than one; ERR_INTERRUPTED: *stop (may be
 * NULL). */
int pcsc_wait(const char *name, unsigned seconds, const volatile sig_atomic_t *stop, struct err *e);
/* Connects to the card in the reader that `name` means. ERR_READER. */
int pcsc_open(const char *name, const struct pcsc_limits *l, struct card *c, struct err *e);
/* The exact name of the reader that `name` means; `name` itself, unless a number, when pcscd does
 * not run. */
int pcsc_canonical(const char *name, char *out, size_t cap, struct err *e);

#endif
