/*
 * What this station remembers of grants, in its state directory: of each that it issued, before it
 * is signed, so that a serial is used once; and of claims, so that a party finds out afterwards
 * what became of one whose answer was lost, and does not give one access set to two containers.
 */
#ifndef CMD_AUTHORITY_GRANT_RECORD_H
#define CMD_AUTHORITY_GRANT_RECORD_H

#include "cmd/kit/out.h"
#include "gp/grant.h"

/* What is written of a grant that is about to be issued. */
struct grant_issue {
	const struct ec_public *issuer;
	uint64_t above; /* its last serial as far as the card tells; 0: not known */
	struct span party, container, card; /* card: CIN; n = 0: not known */
	const struct ec_public *key;        /* of the party */
	int64_t now_ms;
	bool yes; /* it may run ahead of the clock */
};
/* The serial of the next grant of this issuer: milliseconds since 1970, or one more than any that
 * was used; in the record when it returns. ERR_LEDGER; ERR_SAFETY: none is left, or as below. */
int grant_serial_take(const struct grant_issue *g, uint64_t *serial, struct err *e);
/* A grant's serials must not run ahead of the clock by more than a day: ERR_SAFETY unless `yes`. */
int grant_serial_check(uint64_t serial, int64_t now_ms, bool yes, struct err *e);
/* What became of it: "placed", "failed". ERR_LEDGER. */
int grant_outcome(const struct grant *g, const char *event, struct err *e);
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
