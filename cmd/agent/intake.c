#include "cmd/agent/intake.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* What reading from a client came to. */
enum got { GOT_MORE, GOT_ALL, GOT_NOTHING, GOT_BAD };

int64_t intake_now(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void intake_init(struct intake *in, int listen_fd)
{
	in->listen_fd = listen_fd;
	in->n = 0;
}

void request_close(struct request *q)
{
	for (int i = 0; i < AGENT_FDS; i++)
		if (q->fd[i] >= 0)
			close(q->fd[i]);
	wr_free(&q->text);
	if (q->client >= 0)
		close(q->client);
	q->client = -1;
}

/* Takes the request at `i` out of the list; the order of the others, by age, stays. */
static struct request take_out(struct intake *in, size_t i)
{
	struct request q = in->q[i];

	in->n--;
	for (; i < in->n; i++)
		in->q[i] = in->q[i + 1];
	return q;
}

static void drop(struct intake *in, size_t i)
{
	struct request q = take_out(in, i);

	request_close(&q);
}

void intake_end(struct intake *in)
{
	while (in->n > 0)
		drop(in, in->n - 1);
}

void intake_extend(struct intake *in, int64_t ms)
{
	for (size_t i = 0; i < in->n; i++)
		in->q[i].deadline += ms;
}

static bool peer_is_us(int fd)
{
	struct ucred cred;
	socklen_t n = sizeof(cred);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) == 0 && cred.uid == geteuid();
}

/* False: out of descriptors, say, which may pass, so no busy loop. */
static bool accept_one(struct intake *in)
{
	int fd = accept4(in->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED;
	if (!peer_is_us(fd)) {
		close(fd);
		return true;
	}
	if (in->n == INTAKE_CLIENTS)
		drop(in, 0);
	in->q[in->n++] = (struct request){ .client = fd,
		.deadline = intake_now() + INTAKE_MS,
		.text = wr_grow(AGENT_REQUEST_MAX),
		.fd = { -1, -1, -1, -1 } };
	return true;
}

/* Every descriptor that came is ours to close: all of a message that has others than we expect. */
static bool keep_fds(struct request *q, struct msghdr *m)
{
	bool ok = (m->msg_flags & MSG_CTRUNC) == 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		int fds[AGENT_FDS];

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = n < AGENT_FDS ? n : AGENT_FDS; /* the buffer takes no more */
		memcpy(fds, CMSG_DATA(c), n * sizeof(int));
		if (ok && n == AGENT_FDS && !q->has_fds) {
			memcpy(q->fd, fds, sizeof(fds));
			q->has_fds = true;
			continue;
		}
		for (size_t i = 0; i < n; i++)
			close(fds[i]);
		ok = false;
	}
	return ok;
}

static enum got take_octets(struct request *q, const uint8_t *p, size_t n)
{
	struct rd r = rd_of(span_of(p, n));

	if (q->head_n < sizeof(q->head)) {
		if (!rd_copy(&r, q->head + q->head_n, n))
			return GOT_BAD;
		q->head_n += n;
		q->want = get_u32(q->head);
		if (q->head_n < sizeof(q->head))
			return GOT_MORE;
		return q->want > 0 && q->want <= AGENT_REQUEST_MAX ? GOT_MORE : GOT_BAD;
	}
	wr_put(&q->text, r.s);
	if (!wr_ok(&q->text))
		return GOT_BAD;
	if (q->text.n < q->want)
		return GOT_MORE;
	return q->has_fds && q->text.p[q->text.n - 1] == '\0' ? GOT_ALL : GOT_BAD;
}

/* Reads once, never beyond the request: an octet behind it is an interrupt. */
static enum got receive(struct request *q)
{
	union {
		char b[CMSG_SPACE(AGENT_FDS * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	uint8_t block[4096];
	size_t left =
	    q->head_n < sizeof(q->head) ? sizeof(q->head) - q->head_n : q->want - q->text.n;
	struct iovec iov = { block, left < sizeof(block) ? left : sizeof(block) };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.b,
		.msg_controllen = sizeof(control.b) };
	ssize_t n = recvmsg(q->client, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? GOT_MORE : GOT_BAD;
	if (!keep_fds(q, &m))
		return GOT_BAD;
	if (n == 0)
		return q->head_n == 0 ? GOT_NOTHING : GOT_BAD;
	return take_octets(q, block, (size_t)n);
}

/* Reads from who has something to say, the oldest first. */
static bool read_all(struct intake *in, const struct pollfd *p, struct request *out)
{
	size_t at = 0;

	for (size_t i = 0, n = in->n; i < n; i++) {
		enum got g = p[i].revents == 0 ? GOT_MORE : receive(&in->q[at]);

		if (g == GOT_ALL || g == GOT_NOTHING) {
			*out = take_out(in, at);
			return true;
		}
		if (g == GOT_BAD)
			drop(in, at);
		else
			at++;
	}
	return false;
}

static void drop_late(struct intake *in)
{
	int64_t now = intake_now();

	for (size_t i = 0; i < in->n;)
		if (in->q[i].deadline <= now)
			drop(in, i);
		else
			i++;
}

static bool signal_waits(const sigset_t *open)
{
	sigset_t waiting;

	if (sigpending(&waiting) != 0)
		return false;
	for (int s = 1; s < SIGRTMIN; s++)
		if (sigismember(&waiting, s) == 1 && sigismember(open, s) == 0)
			return true;
	return false;
}

int intake_wait(struct intake *in, int64_t until, const sigset_t *open, struct request *out)
{
	static const struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };
	struct pollfd p[INTAKE_CLIENTS + 1];
	int64_t ms = until - intake_now();
	struct timespec limit;
	int n;

	for (size_t i = 0; i < in->n; i++) {
		int64_t left = in->q[i].deadline - intake_now();

		p[i] = (struct pollfd){ .fd = in->q[i].client, .events = POLLIN };
		ms = left < ms ? left : ms;
	}
	p[in->n] = (struct pollfd){ .fd = in->listen_fd, .events = POLLIN };
	ms = ms < 0 ? 0 : ms;
	limit = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
	n = ppoll(p, in->n + 1, &limit, open);
	/* With octets there to read ppoll lets no signal in. */
	if (n < 0 || signal_waits(open))
		return -1;
	if (n > 0) {
		bool connects = p[in->n].revents != 0;

		if (read_all(in, p, out))
			return 1;
		if (connects && !accept_one(in))
			nanosleep(&pause, NULL);
	}
	drop_late(in);
	return 0;
}
