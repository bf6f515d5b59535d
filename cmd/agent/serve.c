/* One request to the agent after the other: a command line and the descriptors to run it with. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "cmd/agent/agent.h"
#include "cmd/agent/path.h"
#include "cmd/run.h"

struct request {
	struct wr text;
	int fd[AGENT_FDS];
	char *argv[AGENT_WORDS];
	int argc;
};

static void request_close(struct request *q)
{
	for (int i = 0; i < AGENT_FDS; i++)
		if (q->fd[i] >= 0)
			close(q->fd[i]);
	wr_free(&q->text);
}

static bool peer_is_us(int fd)
{
	struct ucred cred;
	socklen_t n = sizeof(cred);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) == 0 && cred.uid == geteuid();
}

static bool receive_head(int fd, uint32_t *n, int fds[AGENT_FDS])
{
	union {
		char b[CMSG_SPACE(AGENT_FDS * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	uint8_t head[4];
	struct iovec iov = { head, sizeof(head) };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.b,
		.msg_controllen = sizeof(control.b) };
	struct cmsghdr *cm;

	if (recvmsg(fd, &m, MSG_CMSG_CLOEXEC | MSG_WAITALL) != (ssize_t)sizeof(head))
		return false;
	cm = CMSG_FIRSTHDR(&m);
	if (cm == NULL || cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS ||
	    cm->cmsg_len != CMSG_LEN(AGENT_FDS * sizeof(int)))
		return false;
	memcpy(fds, CMSG_DATA(cm), AGENT_FDS * sizeof(int));
	*n = get_u32(head);
	return *n > 0 && *n <= AGENT_REQUEST_MAX;
}

static bool receive_text(int fd, uint32_t n, struct wr *w)
{
	uint8_t block[4096];

	while (w->n < n) {
		size_t want = n - w->n < sizeof(block) ? n - w->n : sizeof(block);
		ssize_t got = recv(fd, block, want, 0);

		if (got <= 0)
			return false;
		wr_bytes(w, block, (size_t)got);
	}
	return wr_ok(w) && w->p[w->n - 1] == '\0';
}

static bool request_receive(int fd, struct request *q)
{
	struct timeval limit = { .tv_sec = 5 };
	uint32_t n;

	*q = (struct request){ .text = wr_grow(AGENT_REQUEST_MAX), .fd = { -1, -1, -1, -1 } };
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) != 0 ||
	    !peer_is_us(fd) || !receive_head(fd, &n, q->fd) || !receive_text(fd, n, &q->text))
		return false;
	for (size_t at = 0; at < q->text.n; at += strlen((char *)q->text.p + at) + 1) {
		if (q->argc + 1 >= AGENT_WORDS)
			return false;
		q->argv[q->argc++] = (char *)q->text.p + at;
	}
	return q->argc > 0;
}

static int request_run(struct agent *a, struct request *q, struct err *e)
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
	rc = verb_run(&c, q->argc, q->argv, e);
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

void agent_serve(struct agent *a, int fd)
{
	struct agent_reply reply = { 0 };
	struct request q;

	/* Without its card the agent runs nothing and says nothing: its note tells the client. */
	if (card_alive(&a->card, &reply.e) != 0) {
		agent_end_with(a, reply.e.text, false);
		return;
	}
	a->client_fd = fd;
	if (request_receive(fd, &q)) {
		if (request_run(a, &q, &reply.e) != 0)
			reply.status = reply.e.code;
		if (a->card.gone || a->session.mode == SESSION_CLOSED)
			end_lost(a, &reply.e);
		if (send(fd, &reply, sizeof(reply), MSG_NOSIGNAL) < 0)
			a->client_fd = -1; /* nobody waits for it any more */
	}
	request_close(&q);
	a->client_fd = -1;
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
