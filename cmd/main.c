/* cardadm: the process around a verb: limits, signals, errors, exit status. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/agent/agent.h"
#include "cmd/kit/doc.h"
#include "cmd/channel/open.h"
#include "cmd/run.h"
#include "cmd/kit/print.h"

/* The one mutable global: set by SIGINT, SIGTERM and SIGHUP; long work ends at its next safe point.
 */
static volatile sig_atomic_t stop;

static void on_stop(int sig)
{
	(void)sig;
	stop = 1;
}

/*
 * The first signal asks, the second ends the program: the handler is gone after one. But a terminal
 * that goes away says so more than once, and nohup wants it not to be heard at all.
 */
static void catch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_stop }, hup;

	if (sigaction(SIGHUP, NULL, &hup) == 0 && hup.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &sa, NULL);
	sa.sa_flags = (int)SA_RESETHAND;

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sa = (struct sigaction){ .sa_handler = SIG_IGN };
	sigaction(SIGPIPE, &sa, NULL);
}

/* Secrets stay out of core files and of other people's reach; what we create is ours alone unless
 * its mode says otherwise. False when that cannot be had. */
static bool guard_process(void)
{
	const struct rlimit none = { 0, 0 };
	int fd;

	/* A missing 0, 1 or 2 must not become a card or a key file; writing to this one fails. */
	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return false;
	close(fd);
	umask(077);
	return setrlimit(RLIMIT_CORE, &none) == 0 && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0;
}

static void print_error(struct err *e, const struct verb *v)
{
	err_word(e, WORDS_OPTIONS);
	print_line(
	    stderr, "cardadm: %s%s%s", v == NULL ? "" : v->name, v == NULL ? "" : ": ", e->text);
	if (e->hint[0] != '\0')
		print_line(stderr, "cardadm: hint: %s", e->hint);
}

/* The hidden verbs that man pages and shells are made from. False: no such one is asked for. */
static bool run_hidden(int argc, char **argv, int *status)
{
	size_t used = 0;
	const struct verb *v;

	*status = 0;
	if (argc >= 2 && strcmp(argv[1], "__complete") == 0) {
		doc_complete(stdout, argv + 2, (size_t)(argc - 2));
		return true;
	}
	if (argc < 3 || strcmp(argv[1], "__mdoc") != 0)
		return false;
	v = verb_find(argv + 2, (size_t)(argc - 2), &used);
	if (v == NULL)
		*status = ERR_USAGE;
	else
		doc_mdoc(stdout, v);
	return true;
}

/* --wait: for the reader and a card in it. */
static int wait_card(struct ctx *c, struct err *e)
{
	if (c->wait == 0 || c->reader == NULL || reader_wait(c->reader, 0, c->stop, e) == 0)
		return 0;
	ctx_note(c, "%s; waiting %u s at most", e->text, c->wait);
	err_clear(e);
	return reader_wait(c->reader, c->wait, c->stop, e);
}

/* Runs the verb here, or in the agent of the open channel: *status, *e. */
static int run_somewhere(
    const struct line *l, struct ctx *c, int argc, char **argv, int *status, struct err *e)
{
	const struct verb *v = l->verb;

	if (v != NULL && !l->common.help && wait_card(c, e) != 0)
		return -1;
	if (v != NULL && !l->common.help && (v->needs & (USES_SESSION | NEED_SESSION)) != 0) {
		int rc = agent_forward(c, argc, argv, status, e);

		if (rc != 0)
			return rc < 0 ? -1 : 0;
	}
	return run_line(l, c, e);
}

static int run(struct ctx *c, int argc, char **argv)
{
	struct line l = { 0 };
	struct err e = { 0 };
	int status = 0;

	if (run_parse(&l, c, argc, argv, &e) != 0 ||
	    run_somewhere(&l, c, argc, argv, &status, &e) != 0)
		status = e.code == ERR_NONE ? ERR_OTHER : (int)e.code;
	if (status != 0) {
		fflush(stdout);
		line_hide_keys(&l, &e);
		print_error(&e, l.verb);
	}
	line_free(&l);
	return status;
}

int main(int argc, char **argv)
{
	struct ctx c = { .out = stdout, .log = stderr, .in = stdin, .stop = &stop };
	int status;

	if (!guard_process()) {
		print_line(stderr, "cardadm: cannot protect this process: %s", strerror(errno));
		return ERR_OTHER;
	}
	catch_signals();
	if (!run_hidden(argc, argv, &status))
		status = run(&c, argc > 0 ? argc - 1 : 0, argv + 1);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		print_line(stderr, "cardadm: standard output: %s", strerror(errno));
		return status == 0 ? ERR_OTHER : status;
	}
	return status;
}
