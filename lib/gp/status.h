/* GET STATUS entries (GPCS 11.4, TLV format). */
#ifndef GP_STATUS_H
#define GP_STATUS_H

#include "gp/command.h"

struct status_entry {
	struct aid aid;
	uint8_t state;
	uint8_t privileges[3];
	uint8_t privileges_n; /* 0, 1 or 3 */
	struct aid load_file, domain;
};
/* Takes the next E3 of an answer; unknown tags inside are skipped. */
MUST_CHECK bool status_entry_next(struct rd *r, struct status_entry *s);
void status_entry_put(struct wr *w, const struct status_entry *s);

#endif
