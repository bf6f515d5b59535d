/* Days as GlobalPlatform writes them: YYYYMMDD in BCD (Amendment F 6.1, tags 5F25 and 5F24). */
#ifndef GP_DAY_H
#define GP_DAY_H

#include "base/bytes.h"

enum { DAY_SECONDS = 86400 };

/* Midnight at the start of the day, UTC, seconds since 1970; false when it is no day. */
MUST_CHECK bool day_get(struct span s, int64_t *midnight);
/* The TLV; `date` as a number: YYYYMMDD, not checked. */
void day_put(struct wr *w, uint32_t tag, uint32_t date);
/* Where the day, YYYYMMDD, ends, UTC, seconds since 1970; false when it is no day, or none of 1970
 * to 2105. */
MUST_CHECK bool day_end(uint32_t date, uint32_t *seconds);
/* There is such a day. */
MUST_CHECK bool day_ok(uint32_t date);
/* The day, YYYYMMDD, of a point in time, UTC; 0: none. */
uint32_t day_of(int64_t seconds);

#endif
