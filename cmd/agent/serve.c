/* One request to the agent after the other: a command line and the descriptors to run it with. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmd/agent/agent.h"
#include "cmd/agent/intake.h"
#include "cmd/agent/path.h"
#include "cmd/run.h"

/* The words of a request, borrowed from its text; 0: too many. */
static int words_of(const struct request *q, char *argv[AGENT_WORDS])
{
	int argc = 0;

	for (size_t at = 0; at < q->text.n; at += strlen((char *)q->text.p + at) + 1) {
		if (argc + 1 >= AGENT_WORDS)
			return 0;
		argv[argc++] = (char *)q->text.p + at;
	}
	argv[argc] = NULL;
	return argc;
}

/* Where the results of one request go: owns the descriptor. */
struct results {
	struct ctx *c;
	int fd;
};

/* A pager may take them when it likes: who ends us meanwhile does not wait for that. A pipe that
 * has room takes PIPE_BUF octets at once. */
static ssize_t put_results(void *cookie, const char *text, size_t n)
{
	const struct results *r = cookie;
	struct rd rest = rd_of(span_of((const uint8_t *)text, n));
	struct pollfd p = { .fd = r->fd, .events = POLLOUT };
	struct span sent;

	while (rd_left(&rest) > 0) {
		int rc = poll(&p, 1, *r->c->stop != 0 ? 0 : 500);
		ssize_t k;

		if (rc == 0 && agent_interrupted(r->c->agent, r->c)) {
			errno = EINTR;
			return 0;
		}
		if (rc <= 0)
			continue;
		k = write(r->fd, rest.s.p, rest.s.n < PIPE_BUF ? rest.s.n : PIPE_BUF);
		if (k < 0 && errno != EINTR && errno != EAGAIN)
			return 0;
		if (k > 0 && !rd_take(&rest, (size_t)k, &sent))
			return 0;
	}
	return (ssize_t)n;
}

static int close_results(void *cookie)
{
	const struct results *r = cookie;

	return close(r->fd);
}

/* The streams of a request; its descriptors 0, 1 and 2 go with them. */
static bool open_streams(struct request *q, struct results *r, FILE *f[3])
{
	const cookie_io_functions_t io = { .write = put_results, .close = close_results };

	r->fd = q->fd[1];
	f[0] = fdopen(q->fd[0], "r");
	f[1] = fopencookie(r, "w", io);
	f[2] = fdopen(q->fd[2], "w");
	if (f[1] != NULL && isatty(r->fd) == 1)
		setvbuf(f[1], NULL, _IOLBF, BUFSIZ);
	for (int i = 0; i < 3; i++)
		if (f[i] != NULL)
			q->fd[i] = -1;
	return f[0] != NULL && f[1] != NULL && f[2] != NULL;
}

static int cannot_write(const struct ctx *c, struct err *e)
{
	if (*c->stop != 0)
		return err_set(e, ERR_INTERRUPTED, "interrupted");
	return err_errno(e, ERR_OTHER, "cannot write the results");
}

static int request_run(struct agent *a, struct request *q, int argc, char **argv, struct err *e)
{
	volatile sig_atomic_t stop = 0;
	struct ctx c = { .agent = a, .stop = &stop };
	struct results results = { .c = &c };
	FILE *f[3] = { NULL, NULL, NULL };
	int rc = -1;

	if (!open_streams(q, &results, f)) {
		err_errno(e, ERR_OTHER, "agent: cannot use the descriptors");
		goto out;
	}
	if (fchdir(q->fd[3]) != 0) {
		err_errno(e, ERR_OTHER, "agent: cannot enter the directory");
		goto out;
	}
	c.in = f[0];
	c.out = f[1];
	c.log = f[2];
	rc = verb_run(&c, argc, argv, e);
	if ((fflush(c.out) != 0 || ferror(c.out)) && rc == 0)
		rc = cannot_write(&c, e);
out:
	for (int i = 0; i < 3; i++)
		if (f[i] != NULL)
			fclose(f[i]);
	if (chdir("/") != 0)
		a->ending = true;
	return rc;
}

/* The card is gone, or the channel is lost: nothing is left to hold. */
static void end_lost(struct agent *a, struct err *e)
{
	struct agent_note n;
	size_t used;

	if (a->ending) /* scp-close */
		return;
	agent_end_with(a, e->code == ERR_NONE ? "the card ended it" : e->text, true);
	agent_note_read(a->note, &n);
	used = strlen(e->hint);
	if (e->code != ERR_NONE && n.there)
		snprintf(
		    e->hint + used, sizeof(e->hint) - used, "%s%s", used == 0 ? "" : "; ", n.hint);
}

void agent_serve(struct agent *a, struct request *q)
{
	struct agent_reply reply = { 0 };
	char *argv[AGENT_WORDS];
	int argc;

	/* Without its card the agent runs nothing and says nothing: its note tells the client. */
	if (card_alive(&a->card, &reply.e) != 0) {
		agent_end_with(a, reply.e.text, false);
		return;
	}
	argc = words_of(q, argv);
	if (argc == 0)
		return;
	a->client_fd = q->client;
	if (request_run(a, q, argc, argv, &reply.e) != 0)
		reply.status = reply.e.code;
	if (a->card.gone || a->session.mode == SESSION_CLOSED)
		end_lost(a, &reply.e);
	a->client_fd = -1;
	/* It fits the buffer of a socket; a client that went away does not wait for it. */
	(void)!send(q->client, &reply, sizeof(reply), MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool agent_interrupted(struct agent *a, struct ctx *c)
{
	char b;

	if (a->client_fd >= 0 && recv(a->client_fd, &b, 1, MSG_DONTWAIT) >= 0)
		*c->stop = 1;
	if (agent_told_to_end())
		*c->stop = 1;
	return *c->stop != 0;
}
