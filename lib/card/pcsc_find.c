/* Which reader a name means, and waiting for it. */
#include "card/pcsc.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static bool is_number(const char *name, size_t *v)
{
	size_t n = 0;

	*v = 0;
	for (; isdigit((unsigned char)name[n]) && n < 4; n++)
		*v = *v * 10 + (size_t)(name[n] - '0');
	return n > 0 && name[n] == '\0';
}

static int no_reader(const struct pcsc_readers *r, const char *name, struct err *e)
{
	err_set(e, ERR_READER, "no reader is called `%.100s`", name);
	if (r->n == 0)
		return err_hint(e, "no reader is connected; " FIELD_IS(
				       "wait", "SECONDS") " waits for one; "
							  "vcard:PATH is a virtual card");
	return err_hint(e, VERB("readers") " lists them; vcard:PATH is a virtual card");
}

static int too_many(const struct pcsc_readers *r, const char *name, struct err *e)
{
	char which[sizeof(e->text)] = "";
	size_t n = 0;

	for (size_t i = 0; i < r->n && n < sizeof(which) - 2; i++) {
		if (strcasestr(r->reader[i].name, name) != NULL)
			n += (size_t)snprintf(which + n, sizeof(which) - n, "%s%s",
			    n == 0 ? "" : ", ", r->reader[i].name);
	}
	err_set(e, ERR_READER, "`%.60s` fits more than one reader: %.380s", name, which);
	return err_hint(e, "give the whole name, or its number in " VERB("readers"));
}

/* How many readers the name fits. */
static size_t matches(const struct pcsc_readers *r, const char *name, size_t *at)
{
	size_t number, hits = 0;

	for (size_t i = 0; i < r->n; i++) {
		if (strcmp(r->reader[i].name, name) == 0) {
			*at = i;
			return 1;
		}
	}
	if (is_number(name, &number)) {
		*at = number - 1;
		return number >= 1 && number <= r->n ? 1 : 0;
	}
	for (size_t i = 0; i < r->n && name[0] != '\0'; i++) {
		if (strcasestr(r->reader[i].name, name) == NULL)
			continue;
		*at = i;
		hits++;
	}
	return hits;
}

int pcsc_find(const struct pcsc_readers *r, const char *name, size_t *at, struct err *e)
{
	size_t hits = matches(r, name, at);

	return hits == 1 ? 0 : hits == 0 ? no_reader(r, name, e) : too_many(r, name, e);
}

int pcsc_canonical(const char *name, char *out, size_t cap, struct err *e)
{
	struct pcsc_readers list;
	bool no_daemon;
	size_t at, number;

	if (pcsc_list(&list, NULL, &no_daemon, e) == 0) {
		if (pcsc_find(&list, name, &at, e) != 0)
			return -1;
		name = list.reader[at].name;
	} else if (!no_daemon || is_number(name, &number)) {
		return err_in(e, "%.100s", name);
	}
	/* Without pcscd a name can only be the exact one: what was open there must be found again.
	 */
	if (snprintf(out, cap, "%s", name) >= (int)cap)
		return err_set(e, ERR_READER, "%.80s: name too long", name);
	return 0;
}

/* One look: is the reader there, and a card in it? *end: waiting longer will not help. */
static int look(const char *name, bool *end, struct err *e)
{
	struct pcsc_readers list;
	size_t at, hits;

	*end = false;
	if (pcsc_list(&list, NULL, NULL, e) != 0)
		return err_in(e, "%.100s", name);
	hits = matches(&list, name, &at);
	*end = hits > 1;
	if (hits != 1)
		return hits == 0 ? no_reader(&list, name, e) : too_many(&list, name, e);
	if (list.reader[at].present)
		return 0;
	err_set(e, ERR_READER, "%s: no card in the reader", list.reader[at].name);
	return err_hint(e, "insert a card; " FIELD_IS("wait", "SECONDS") " waits for it");
}

static bool over(const struct timespec *until)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec > until->tv_sec ||
	       (now.tv_sec == until->tv_sec && now.tv_nsec >= until->tv_nsec);
}

/* Looks five times a second: that is soon for a hand, costs nothing, and survives restarts of
 * pcscd. */
int pcsc_wait(const char *name, unsigned seconds, const volatile sig_atomic_t *stop, struct err *e)
{
	const struct timespec step = { .tv_nsec = 200000000 };
	struct timespec until;
	bool end;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += seconds;
	while (look(name, &end, e) != 0) {
		if (end || over(&until))
			return -1;
		nanosleep(&step, NULL); /* a signal ends it early */
		if (stop != NULL && *stop != 0)
			return err_set(e, ERR_INTERRUPTED, "interrupted");
	}
	return 0;
}
