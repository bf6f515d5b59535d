/*
 * Which terminal a card is to trust, of very many cards: a table of a line each,
 *	CARD,IMEI[,THROUGHPUT[,PUBLIC-KEY-FILE]]
 * CARD is the number of the card (CIN) in hex. Lines that begin with # and empty ones do not count.
 * Each card and each IMEI stands there once.
 *
 * Files of keys are named beside the table, and not opened here.
 */
#ifndef CHANGE_TERMINALS_H
#define CHANGE_TERMINALS_H

#include "base/err.h"
#include "gp/trust.h"

enum { TERMINALS_MAX = 1000000, TERMINALS_OCTETS = 128 << 20, TERMINAL_CIN = 16 };

struct terminal_row {
	uint8_t cin[TERMINAL_CIN], cin_n;
	char imei[IMEI_DIGITS]; /* no NUL */
	bool has_throughput;
	uint32_t throughput;
	struct span key_file; /* borrowed from the table's octets; n = 0: none */
	uint32_t line;
};
struct terminals {
	struct terminal_row *list; /* by card */
	size_t n;
};

/* All of it is checked. `path` for messages. ERR_INPUT with the line. terminals_free in any case;
 * the octets are borrowed as long. */
int terminals_read(struct terminals *t, const char *path, struct span octets, struct err *e);
/* NULL: none of this card. */
const struct terminal_row *terminals_find(const struct terminals *t, struct span cin);
void terminals_free(struct terminals *t);

#endif
