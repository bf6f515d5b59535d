#include "cmd/kit/ask.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "cmd/agent/agent.h"
#include "cmd/kit/print.h"

/*
 * Waits until something can be read; false when interrupted. In the agent signals are blocked and
 * the client's interrupt comes over its socket, so it looks for both now and then.
 */
static bool wait_answer(struct ctx *c)
{
	struct pollfd p[2] = { { .fd = fileno(c->in), .events = POLLIN },
		{ .fd = c->agent == NULL ? -1 : c->agent->client_fd, .events = POLLIN } };
	int n;

	do {
		n = poll(p, 2, c->agent == NULL ? -1 : 500);
		if (c->agent != NULL && agent_interrupted(c->agent, c))
			return false;
	} while (n == 0 || (n < 0 && errno == EINTR && *c->stop == 0));
	return n > 0 && *c->stop == 0;
}

void ask_note(struct ctx *c, const char *fmt, ...)
{
	va_list ap;

	if (c->quiet && c->yes)
		return;
	va_start(ap, fmt);
	print_note(c->log, fmt, ap);
	va_end(ap);
}

int ask(struct ctx *c, const char *question, struct err *e)
{
	char answer[16] = "";

	if (c->yes)
		return 0;
	if (!isatty(fileno(c->in)) || !isatty(fileno(c->log))) {
		err_set(e, ERR_SAFETY, "not confirmed: there is no terminal to ask on");
		return err_hint(
		    e, "--yes does it without asking, --dry-run shows what it would do");
	}
	print_text(c->log, "%s [y/N] ", question);
	fflush(c->log);
	if (!wait_answer(c))
		return err_set(e, ERR_INTERRUPTED, "interrupted: nothing was done");
	if (fgets(answer, sizeof(answer), c->in) != NULL) {
		answer[strcspn(answer, "\n")] = '\0';
		if (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0)
			return 0;
	}
	return err_set(e, ERR_SAFETY, "not confirmed: nothing was done");
}
