/* One request to the agent after the other: a command line and the descriptors to run it with. */
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

static int request_run(struct agent *a, struct request *q, int argc, char **argv, struct err *e)
{
	static const char *const modes[3] = { "r", "w", "w" };
	volatile sig_atomic_t stop = 0;
	struct ctx c = { .agent = a, .stop = &stop };
	FILE *f[3] = { NULL, NULL, NULL };
	int rc = -1;

	for (int i = 0; i < 3; i++) {
		f[i] = fdopen(q->fd[i], modes[i]);
		if (f[i] == NULL) {
			err_errno(e, ERR_OTHER, "agent: cannot use the descriptors");
			goto out;
		}
		q->fd[i] = -1;
	}
	if (fchdir(q->fd[3]) != 0) {
		err_errno(e, ERR_OTHER, "agent: cannot enter the directory");
		goto out;
	}
	c.in = f[0];
	c.out = f[1];
	c.log = f[2];
	rc = verb_run(&c, argc, argv, e);
	if (fflush(c.out) != 0 && rc == 0)
		rc = err_errno(e, ERR_OTHER, "cannot write the results");
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
	sigset_t waiting;
	char b;

	if (a->client_fd >= 0 && recv(a->client_fd, &b, 1, MSG_DONTWAIT) >= 0)
		*c->stop = 1;
	if (sigpending(&waiting) == 0 && sigismember(&waiting, SIGTERM) == 1)
		*c->stop = 1;
	return *c->stop != 0;
}
