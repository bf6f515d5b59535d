/* What the verbs of a terminal show and take alike. */
#ifndef CMD_TERMINAL_SHOW_H
#define CMD_TERMINAL_SHOW_H

#include "cmd/kit/show.h"
#include "cmd/kit/verb.h"
#include "cmd/terminal/clock.h"
#include "terminal/terminal.h"

#define CLOCK_OPT(type) \
	OPT_STRING("clock", "TIME", type, clock, \
	    "Play the terminal's clock: +26d or +12h from now, or YYYY-MM-DDTHH:MMZ")

/* imei, se, removable, throughput, thumbprint: those that there are. */
void terminal_show_names(json_t **o, const struct terminal *t);
/* record, card, algorithm, state, generation, expiry, pending: no key. */
void terminal_show_record(json_t **o, const struct terminal_record *r);

#endif
