/* The terminal's clock, which rehearsals may play. */
#ifndef CMD_TERMINAL_CLOCK_H
#define CMD_TERMINAL_CLOCK_H

#include "base/err.h"
#include "base/bytes.h"

/* --clock: NULL is now; "+26d" from now; "2027-01-01T10:40Z". Seconds since 1970. ERR_USAGE. */
int clock_get(const char *text, uint32_t *now, struct err *e);

#endif
