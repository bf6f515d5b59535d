#include "ask.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

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
	fprintf(c->log, "%s [y/N] ", question);
	fflush(c->log);
	if (fgets(answer, sizeof(answer), c->in) != NULL) {
		answer[strcspn(answer, "\n")] = '\0';
		if (strcasecmp(answer, "y") == 0 || strcasecmp(answer, "yes") == 0)
			return 0;
	}
	return err_set(e, ERR_SAFETY, "not confirmed: nothing was done");
}
