/*
 * A card to talk to. The seam between hosts and transports: PC/SC, a virtual card, a replayed
 * trace, and a tracer around any of them. Owns nothing of what a command means.
 */
#ifndef CARD_CARD_H
#define CARD_CARD_H

#include "apdu/apdu.h"
#include "apdu/sw.h"
#include "base/err.h"

struct card_ops {
	/* Sends one APDU, bytes of the wire, and appends the answer with its status word to `rsp`.
	 * Returns -1 when no answer came: ERR_READER, text naming what happened; the card's
	 * volatile state must then be taken as lost. */
	int (*transmit)(void *ctx, struct span command, struct wr *rsp, struct err *e);
	void (*close)(void *ctx);
	/* Is the card still there? Asked without disturbing it; -1: gone, ERR_READER. May be NULL.
	 */
	int (*alive)(void *ctx, struct err *e);
	/* Longest time for one exchange, in milliseconds. May be NULL: there is none. */
	void (*limit)(void *ctx, unsigned ms);
};

struct card {
	const struct card_ops *ops;
	void *ctx;
	char name[256]; /* as the operator named it: "vcard:fleet/0001.card" */
	uint8_t atr[33];
	size_t atr_n;
	bool t0;           /* T=0: case 4 goes out as case 3, answers come by GET RESPONSE */
	bool gone;         /* transmit failed: nothing more may be sent */
	unsigned limit_ms; /* longest time for one command with all its rounds; 0: none */
};

/* Limits against hostile cards: rounds of 61xx and 6Cxx of one command, and those among them in a
 * row that bring no data. The answer itself is limited by the writer: APDU_MAX_RESPONSE. */
enum { CARD_MAX_ROUNDS = 4096, CARD_IDLE_ROUNDS = 32 };

/*
 * Sends a command that is ready for the wire and collects the whole answer: 61xx with GET
 * RESPONSE on the same channel, 6Cxx by repeating with the Le named (once), and with T=0 what waits
 * behind a warning (62xx, 63xx), which then is the status. `rsp` is reset first and then holds data
 * and status word. Errors: ERR_READER (no answer, or not in time), ERR_CARD (answers for ever,
 * answer too long).
 */
int card_transmit(struct card *c, struct span command, struct wr *rsp, struct err *e);
/* The same from a parsed command to a parsed answer; *r borrows rsp. */
int card_send(
    struct card *c, const struct capdu *cmd, struct wr *rsp, struct rapdu *r, struct err *e);
/* Is the card still there? -1 when it is gone or was before: ERR_READER. */
int card_alive(struct card *c, struct err *e);
/* Longest time for one command; 0 leaves it as it is. */
void card_limit(struct card *c, unsigned ms);
void card_close(struct card *c); /* may be called twice, and on an all-zero card */

#endif
