/* vcard serve: virtual cards in the readers of pcscd, in the foreground. */
#include "vcard/wire/vpcd.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "cmd/kit/verb.h"
#include "cmd/kit/print.h"

enum { WAIT_SECONDS = 5 };

struct args {
	struct opt_strings paths;
	const char *vpcd;
	struct opt_u32 wait;
};

static const struct opt opts[] = {
	OPT_STRING("vpcd", "HOST:PORT", args, vpcd, "Where vpcd takes the first card",
	    .flags = OPT_REQUIRED),
	OPT_U32("wait", "SECONDS", args, wait, 0, 86400, "How long vpcd may be away (5)"),
};

static const struct operand operands[] = {
	WORD_STRINGS("PATH", args, paths, "Card files, one for each port from PORT on"),
};

static void tell(void *ctx, enum vpcd_event event, const char *path)
{
	struct ctx *c = ctx;

	switch (event) {
	case VPCD_READY: /* scripts wait for this line: it comes with --quiet too */
		print_raw(c->log, "ready\n");
		fflush(c->log);
		break;
	case VPCD_LOST:
		ctx_note(c, "%s: vpcd closed the connection, trying again", path);
		break;
	case VPCD_REMOVED:
		ctx_note(c, "%s: the card is out of the reader", path);
		break;
	case VPCD_SILENT:
		ctx_note(c, "%s: the card does not answer any more and is taken out", path);
		break;
	}
}

/* SIGINT, SIGTERM and SIGHUP, which end it, become readable; the mask before is kept in *before. */
static int stop_signals(sigset_t *before, struct err *e)
{
	struct sigaction hup;
	sigset_t ends;
	int fd;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	/* Under nohup it is not to be heard. */
	if (sigaction(SIGHUP, NULL, &hup) == 0 && hup.sa_handler != SIG_IGN)
		sigaddset(&ends, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &ends, before) != 0)
		return err_errno(e, ERR_OTHER, "cannot block signals");
	fd = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0) {
		err_errno(e, ERR_OTHER, "cannot wait for signals");
		sigprocmask(SIG_SETMASK, before, NULL);
	}
	return fd;
}

static int run(struct ctx *c, void *args, struct err *e)
{
	const struct args *g = args;
	struct vpcd_job job = {
		.address = g->vpcd,
		.paths = g->paths.v,
		.n = g->paths.n,
		.wait_ms = (g->wait.given ? g->wait.v : WAIT_SECONDS) * 1000,
		.tell = tell,
		.ctx = c,
	};
	sigset_t before;
	int rc;

	job.stop_fd = stop_signals(&before, e);
	if (job.stop_fd < 0)
		return -1;
	rc = *c->stop != 0 ? 0 : vpcd_serve(&job, e);
	close(job.stop_fd);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return rc;
}

const struct verb verb_vcard_serve = {
	.name = "vcard serve",
	.group = GROUP_VIRTUAL,
	.place = 30,
	.summary = "Put virtual cards into the readers of pcscd, through vpcd",
	.needs = 0,
	VERB_OPTS(opts),
	VERB_OPERANDS(operands),
	.args_size = sizeof(struct args),
	.run = run,
};
