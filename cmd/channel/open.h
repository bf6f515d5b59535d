/*
 * The composition root: from a reader's name to a card. The only place that knows both lib/card
 * and lib/vcard.
 *   vcard:PATH   a virtual card inside this process
 *   replay:PATH  a recorded trace
 *   else         a PC/SC reader: exact name, unique part of it, or a number from `readers`
 * Nothing ever falls back to something else.
 */
#ifndef CMD_CHANNEL_OPEN_H
#define CMD_CHANNEL_OPEN_H

#include <signal.h>

#include "card/card.h"

int open_reader(const char *name, struct card *card, struct err *e);
int open_vcard(const char *path, struct card *card, struct err *e);
/* What a card file says it was made as, in hex; "": it is none. */
void vcard_made(const char *path, char out[static 33]);
/*
 * Waits until the reader is there with a card in it, or the card's file is, for `seconds` at most
 * (0: one look). ERR_READER: none came; ERR_INTERRUPTED when *stop (may be NULL).
 */
int reader_wait(
    const char *name, unsigned seconds, const volatile sig_atomic_t *stop, struct err *e);
/* The name that stands for the same card however it was written: "vcard:/real/path". */
int reader_canonical(const char *name, char *out, size_t cap, struct err *e);

#endif
