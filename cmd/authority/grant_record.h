/*
 * What this station remembers of grants, in its state directory: of each that it issued, before it
 * is signed, so that a serial is used once; and of claims, so that a party finds out afterwards
 * what became of one whose answer was lost, and does not give one access set to two containers.
 */
#ifndef CMD_AUTHORITY_GRANT_RECORD_H
#define CMD_AUTHORITY_GRANT_RECORD_H

#include "change/grant_order.h"
#include "change/kinds.h"
#include "cmd/kit/out.h"

/* Who takes serials, one or, with all zero but `yes`, one after the other: what was read of the
 * record is not read again. */
struct serials {
	bool yes; /* they may run ahead of the clock */
	int64_t at;
	char issuer[2 * PARTY_NAME + 1];
	uint64_t last;
};
/* A grant_serial_taker: the serial of the next grant of this issuer is milliseconds since 1970, or
 * one more than any that was used; in the record when it returns. ERR_LEDGER; ERR_SAFETY: none is
 * left, or as below. */
int grant_serial_take(
    struct serials *s, const struct grant_issue *g, uint64_t *serial, struct err *e);
/* A grant's serials must not run ahead of the clock by more than a day: ERR_SAFETY unless `yes`. */
int grant_serial_allowed(uint64_t serial, int64_t now_ms, bool yes, struct err *e);
/* For change_calls' end: what became of the grant of a change that places one. ERR_LEDGER, a
 * remark. */
int grant_record_end(
    const struct change *ch, const void *work, const struct err *why, struct err *e);
/* A number as JSON has it, or its digits where it is too large for that. */
json_t *serial_json(uint64_t serial);

/* One claim. */
struct claim_note {
	const struct grant *grant;
	struct span card; /* CIN, as the grant file has it */
	const char *keys; /* tells access sets apart without telling them */
};
/*
 * Writes the intent. ERR_SAFETY: the same access set is in another container of this card. *before:
 * this very claim was begun before, and what became of it is not known. ERR_LEDGER.
 */
int claim_begin(const struct claim_note *n, bool *before, struct err *e);
int claim_end(const struct claim_note *n, const char *event, struct err *e);

#endif
