#include "cmd/terminal/clock.h"

#include <string.h>
#include <time.h>

#include "base/value.h"

static int bad(struct err *e, const char *why)
{
	return err_set(e, ERR_USAGE, "--clock: %s", why);
}

int clock_get(const char *text, uint32_t *now, struct err *e)
{
	time_t clock = time(NULL);
	struct tm tm = { 0 }, given;
	const char *end;
	uint32_t ahead;

	if (clock <= 0 || clock > (time_t)UINT32_MAX)
		return bad(e, "this machine's clock is not set");
	*now = (uint32_t)clock;
	if (text == NULL)
		return 0;
	if (text[0] == '+') {
		if (!duration_get(text + 1, &ahead))
			return bad(e, "+TIME is days or hours: +26d, +12h");
		if (ahead > UINT32_MAX - *now)
			return bad(e, "times end at 2106-02-07T06:28Z");
		*now += ahead;
		return 0;
	}
	end = strlen(text) == 17 ? strptime(text, "%Y-%m-%dT%H:%MZ", &tm) : NULL;
	given = tm;
	clock = end == NULL || *end != '\0' ? -1 : timegm(&tm);
	if (tm.tm_mday != given.tm_mday) /* there is no such day */
		clock = -1;
	if (clock > (time_t)UINT32_MAX)
		return bad(e, "times end at 2106-02-07T06:28Z");
	if (clock <= 0)
		return bad(e, "+TIME, or YYYY-MM-DDTHH:MMZ");
	*now = (uint32_t)clock;
	return 0;
}
