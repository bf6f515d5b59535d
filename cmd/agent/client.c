/* The client's half of the agent protocol. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmd/agent/agent.h"
#include "cmd/agent/path.h"

static int put_request(int argc, char **argv, struct wr *w, struct err *e)
{
	*w = wr_grow(AGENT_REQUEST_MAX);
	for (int i = 0; i < argc; i++)
		wr_bytes(w, argv[i], strlen(argv[i]) + 1);
	if (argc < AGENT_WORDS && wr_ok(w))
		return 0;
	wr_free(w);
	return err_set(e, ERR_USAGE, "the command line is too long for an open channel");
}

/* The first message carries the length and our descriptors: 0, 1, 2 and the directory. */
static int send_request(int fd, const struct wr *w)
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
	struct cmsghdr *cm = CMSG_FIRSTHDR(&m);
	int fds[AGENT_FDS] = { 0, 1, 2, -1 };
	struct rd r = rd_of(wr_span(w));
	int rc;

	fds[3] = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fds[3] < 0)
		return -1;
	put_u32(head, (uint32_t)w->n);
	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(cm), fds, sizeof(fds));
	rc = sendmsg(fd, &m, MSG_NOSIGNAL) == (ssize_t)sizeof(head) ? 0 : -1;
	close(fds[3]);
	while (rc == 0 && rd_left(&r) > 0) {
		ssize_t n = send(fd, r.s.p, r.s.n, MSG_NOSIGNAL);
		struct span sent;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || !rd_take(&r, (size_t)n, &sent))
			rc = -1;
	}
	return rc;
}

/* Waits for the reply; a first interrupt is passed on, so that the agent ends at a safe point. */
static int wait_reply(int fd, struct ctx *c, struct agent_reply *reply)
{
	size_t got = 0;
	bool told = false;

	while (got < sizeof(*reply)) {
		ssize_t n = recv(fd, (char *)reply + got, sizeof(*reply) - got, 0);

		if (n < 0 && errno == EINTR) {
			if (c->stop != NULL && *c->stop != 0 && !told) {
				told = true;
				if (send(fd, "i", 1, MSG_NOSIGNAL) < 0)
					return -1;
			}
			continue;
		}
		if (n <= 0)
			return -1;
		got += (size_t)n;
	}
	reply->e.text[sizeof(reply->e.text) - 1] = '\0';
	reply->e.hint[sizeof(reply->e.hint) - 1] = '\0';
	return 0;
}

static int reach(const struct agent_place *place, const struct ctx *c, int *fd, struct err *e)
{
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return err_errno(e, ERR_OTHER, "cannot make a socket");
	if (connect(*fd, (const struct sockaddr *)&place->addr, sizeof(place->addr)) == 0)
		return 0;
	err_errno(e, ERR_READER, "%s: the agent of this channel cannot be reached", c->reader);
	close(*fd);
	return err_hint(e, "a channel is being opened or closed just now: try again");
}

/* No agent is there: what a dead one left is cleaned up, but for its note. */
static int nobody(struct ctx *c, const struct agent_place *p, int lock)
{
	agent_note_read(p->note, &c->note);
	if (lock >= 0) {
		unlink(p->addr.sun_path);
		agent_unlock(p->lock, lock);
	}
	return 0;
}

/* The agent hung up: had it found its card gone and run nothing? */
static bool found_lost(struct ctx *c, const struct agent_place *p)
{
	struct err ignored;
	int lock = agent_lock(p, AGENT_LOOK, &ignored);

	if (lock < 0 && lock != AGENT_NONE)
		return false;
	nobody(c, p, lock);
	return c->note.there && !c->note.told;
}

/* As agent_forward, with the agent's place known and somebody there. */
static int forward(const struct agent_place *place, struct ctx *c, const struct wr *request,
    struct agent_reply *reply, struct err *e)
{
	int fd, rc;

	if (reach(place, c, &fd, e) != 0)
		return -1;
	fflush(c->out);
	fflush(c->log);
	rc = send_request(fd, request) == 0 ? wait_reply(fd, c, reply) : -1;
	close(fd);
	if (rc == 0)
		return 1;
	if (found_lost(c, place))
		return 0;
	return err_set(e, ERR_READER, "%s: the agent ended before it answered: the channel is lost",
	    c->reader);
}

int agent_forward(struct ctx *c, int argc, char **argv, int *status, struct err *e)
{
	struct agent_place place;
	struct agent_reply reply = { 0 };
	struct wr request;
	int lock, rc;

	if (c->reader == NULL)
		return 0;
	rc = agent_place_of(c->reader, AGENT_LOOK, &place, e);
	if (rc != 0)
		return rc == AGENT_NONE ? 0 : -1;
	lock = agent_lock(&place, AGENT_LOOK, e);
	if (lock >= 0 || lock == AGENT_NONE)
		return nobody(c, &place, lock);
	if (lock != AGENT_THERE || put_request(argc, argv, &request, e) != 0)
		return -1;
	rc = forward(&place, c, &request, &reply, e);
	wr_free(&request);
	if (rc != 1)
		return rc;
	*e = reply.e;
	*status = reply.status;
	return 1;
}
