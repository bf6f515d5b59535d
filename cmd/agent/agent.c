/* The life of an agent: start, wait for requests, end. */
#include "cmd/agent/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/agent/intake.h"
#include "cmd/agent/path.h"
#include "base/hex.h"
#include "base/locked.h"
#include "crypto/memory.h"

enum {
	LOOK_MS = 1000,         /* between two looks at the card */
	LOCKED_STORE = 1 << 20, /* octets that a channel needs */
	LOCKED_STACK = 256 << 10
};

void agent_forget_bundle(struct agent *a)
{
	bundle_free(&a->bundle);
	a->has_bundle = false;
	a->bundle_name[0] = '\0';
	memset(&a->plan, 0, sizeof(a->plan));
	a->done = 0;
}

/* What the card holds of the bundle is inert until it is authorized (broadcast.md 5). */
static void describe(const struct agent *a, struct agent_note *n)
{
	const struct card_identity *id = &a->session.id;
	uint32_t total = a->has_bundle && a->plan.package != NULL ? a->plan.package->total : 0;

	hex_put(span_of(id->cin, id->cin_n), n->card, sizeof(n->card));
	if (strlen(a->reader) < sizeof(n->reader))
		memcpy(n->reader, a->reader, strlen(a->reader) + 1);
	snprintf(n->hint, sizeof(n->hint), "scp-open opens a new one");
	if (total == 0)
		return;
	if (a->done == total) {
		snprintf(n->known, sizeof(n->known),
		    "the card took all %u commands of %.120s; info tells what it runs and holds",
		    total, a->bundle_name);
		return;
	}
	snprintf(n->known, sizeof(n->known),
	    "the card took %u of %u commands of %.120s and runs what it ran", a->done, total,
	    a->bundle_name);
	snprintf(n->hint, sizeof(n->hint),
	    "scp-open, then scp-mode broadcast --bundle %.120s goes on where the card stands",
	    a->bundle_name);
}

void agent_end_with(struct agent *a, const char *why, bool told)
{
	struct agent_note n = { .told = told };

	if (a->ending)
		return;
	describe(a, &n);
	snprintf(n.why, sizeof(n.why), "%s", why);
	memcpy(n.path, a->note, sizeof(n.path));
	agent_note_write(&n);
	agent_end(a);
}

void agent_end(struct agent *a)
{
	struct sockaddr_un addr;
	socklen_t n = sizeof(addr);

	if (a->ending)
		return;
	a->ending = true;
	if (!a->card.gone)
		session_close(&a->session);
	session_wipe(&a->session);
	card_close(&a->card);
	agent_forget_bundle(a);
	if (a->listen_fd >= 0) {
		if (getsockname(a->listen_fd, (struct sockaddr *)&addr, &n) == 0 &&
		    n > sizeof(sa_family_t))
			unlink(addr.sun_path);
		close(a->listen_fd);
		a->listen_fd = -1;
	}
	if (a->lock_fd >= 0)
		agent_unlock(a->lock, a->lock_fd);
	a->lock_fd = -1;
}

static void on_signal(int sig)
{
	(void)sig; /* ppoll returns: that is all we need */
}

/* What tells an agent to end. */
static const int ends[] = { SIGTERM, SIGINT, SIGHUP };
enum { ENDS = sizeof(ends) / sizeof(ends[0]) };

/* They are blocked but while we wait for a client. */
static void block_signals(sigset_t *open)
{
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < ENDS; i++)
		sigaddset(&set, ends[i]);
	sigprocmask(SIG_BLOCK, &set, open);
	for (size_t i = 0; i < ENDS; i++)
		sigaction(ends[i], &sa, NULL);
	sa.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &sa, NULL);
	for (size_t i = 0; i < ENDS; i++)
		sigdelset(open, ends[i]);
}

bool agent_told_to_end(void)
{
	sigset_t waiting;
	bool told = false;

	if (sigpending(&waiting) != 0)
		return false;
	for (size_t i = 0; i < ENDS; i++)
		told = told || sigismember(&waiting, ends[i]) == 1;
	return told;
}

/* Only a verb that was run counts as use, not a client that has no whole request. */
static bool is_idle(const struct agent *a, int64_t since)
{
	return intake_now() - since >= (int64_t)a->idle * 1000;
}

/* Waits for the next whole request. False: the agent has ended. */
static bool wait_request(
    struct agent *a, struct intake *in, const sigset_t *open, struct request *q)
{
	int64_t since = intake_now(), look = since + LOOK_MS;
	struct err e = { 0 };
	char why[60];

	for (;;) {
		int64_t end = since + (int64_t)a->idle * 1000;
		int n = intake_wait(in, end < look ? end : look, open, q);

		if (n > 0)
			return true;
		if (n < 0) {
			agent_end_with(a, "its agent was told to end", true);
			return false;
		}
		if (intake_now() >= look) {
			if (card_alive(&a->card, &e) != 0) {
				agent_end_with(a, e.text, false);
				return false;
			}
			look = intake_now() + LOOK_MS;
		}
		if (!is_idle(a, since))
			continue;
		snprintf(why, sizeof(why), "no verb used it for %u s", a->idle);
		agent_end_with(a, why, true);
		return false;
	}
}

static void serve_until_end(struct agent *a, const sigset_t *open)
{
	struct intake in;
	struct request q;

	intake_init(&in, a->listen_fd);
	while (!a->ending && wait_request(a, &in, open, &q)) {
		int64_t begun = intake_now();

		agent_serve(a, &q);
		request_close(&q);
		intake_extend(&in, intake_now() - begun);
	}
	intake_end(&in);
}

/*
 * Keys must not reach the swap or a core file: the agent and all of OpenSSL live in locked memory,
 * and so does the stack. Where the limit allows it, everything else is locked as well.
 */
static int lock_memory(struct agent **a, struct err *e)
{
	struct rlimit r;

	if (locked_begin(LOCKED_STORE, LOCKED_STACK, e) != 0 || crypto_memory_locked(e) != 0)
		return -1;
	if (getrlimit(RLIMIT_MEMLOCK, &r) == 0 && (r.rlim_cur == RLIM_INFINITY || geteuid() == 0))
		(void)!mlockall(MCL_CURRENT | MCL_FUTURE);
	*a = locked_alloc(sizeof(**a));
	return *a == NULL ? err_memory(e) : 0;
}

static int listen_at(struct agent *a, const struct agent_place *p, struct err *e)
{
	mode_t was = umask(0177);
	int rc;

	a->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	unlink(p->addr.sun_path);
	rc = a->listen_fd < 0
		 ? -1
		 : bind(a->listen_fd, (const struct sockaddr *)&p->addr, sizeof(p->addr));
	umask(was);
	if (rc != 0 || listen(a->listen_fd, INTAKE_CLIENTS) != 0)
		return err_errno(e, ERR_OTHER, "%s: cannot listen", p->addr.sun_path);
	return 0;
}

/* Keeps only 0, 1, 2, the lock and the pipe to the parent. */
static void close_inherited(int lock_fd, int pipe_fd)
{
	unsigned low = (unsigned)(lock_fd < pipe_fd ? lock_fd : pipe_fd);
	unsigned high = (unsigned)(lock_fd < pipe_fd ? pipe_fd : lock_fd);

	if (low > 3)
		close_range(3, low - 1, 0);
	if (high > low + 1)
		close_range(low + 1, high - 1, 0);
	close_range(high + 1, ~0u, 0);
}

static void detach_stdio(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; fd >= 0 && i < 3; i++)
		dup2(fd, i);
	if (fd > 2)
		close(fd);
}

struct start {
	struct ctx *c;
	struct agent_place place;
	uint32_t idle;
	int (*open)(struct agent *a, struct ctx *c, void *args, struct err *e);
	void *args;
};

static void child(const struct start *s, int lock_fd, int pipe_fd)
{
	struct agent *a = NULL;
	struct err e = { 0 };
	sigset_t open;
	int rc;

	setsid();
	close_inherited(lock_fd, pipe_fd);
	if (lock_memory(&a, &e) != 0) {
		agent_unlock(s->place.lock, lock_fd);
		goto tell;
	}
	memcpy(a->reader, s->place.reader, sizeof(a->reader));
	memcpy(a->lock, s->place.lock, sizeof(a->lock));
	a->idle = s->idle;
	a->lock_fd = lock_fd;
	a->listen_fd = a->client_fd = -1;
	memcpy(a->note, s->place.note, sizeof(a->note));
	agent_note_remove(a->note);
	rc =
	    ftruncate(lock_fd, 0) != 0 || dprintf(lock_fd, "%d\n%s\n", (int)getpid(), a->reader) < 0
		? err_errno(&e, ERR_OTHER, "%s: cannot write", s->place.lock)
		: listen_at(a, &s->place, &e);
	if (rc == 0)
		rc = s->open(a, s->c, s->args, &e);
	if (rc != 0)
		agent_end(a);
	else if (chdir("/") != 0)
		err_errno(&e, ERR_OTHER, "agent: cannot leave the directory");
tell:
	fflush(s->c->out);
	fflush(s->c->log);
	detach_stdio();
	/* Before anybody knows of us: a signal that comes then is not lost. */
	block_signals(&open);
	if (write(pipe_fd, &e, sizeof(e)) != (ssize_t)sizeof(e) && a != NULL)
		agent_end(a);
	close(pipe_fd);
	if (a != NULL && e.code == ERR_NONE)
		serve_until_end(a, &open);
	if (a != NULL)
		agent_end(a);
	locked_free(a);
}

int agent_start(struct ctx *c, uint32_t idle,
    int (*open_session)(struct agent *a, struct ctx *c, void *args, struct err *e), void *args,
    struct err *e)
{
	struct start s = { .c = c, .idle = idle, .open = open_session, .args = args };
	int lock, pipe_fd[2];
	ssize_t n;
	pid_t pid;

	if (agent_place_of(c->reader, AGENT_MAKE, &s.place, e) != 0)
		return -1;
	lock = agent_lock(&s.place, AGENT_MAKE, e);
	if (lock == AGENT_THERE && agent_poke(&s.place))
		lock = agent_lock(&s.place, AGENT_MAKE, e);
	if (lock == -1)
		return -1;
	if (lock == AGENT_THERE) {
		err_set(e, ERR_READER, "%s: a channel is open already", c->reader);
		return err_hint(e, "cardadm -r %s scp-close", c->reader);
	}
	if (pipe2(pipe_fd, O_CLOEXEC) != 0) {
		agent_unlock(s.place.lock, lock);
		return err_errno(e, ERR_OTHER, "cannot make a pipe");
	}
	fflush(c->out);
	fflush(c->log);
	pid = fork();
	if (pid == 0) {
		child(&s, lock, pipe_fd[1]);
		_exit(0);
	}
	close(pipe_fd[1]);
	if (pid < 0) {
		agent_unlock(s.place.lock, lock);
		close(pipe_fd[0]);
		return err_errno(e, ERR_OTHER, "cannot start the agent");
	}
	close(lock);
	do
		n = read(pipe_fd[0], e, sizeof(*e));
	while (n < 0 && errno == EINTR);
	close(pipe_fd[0]);
	if (n != (ssize_t)sizeof(*e))
		return err_set(e, ERR_OTHER, "the agent ended before it opened the channel");
	return e->code == ERR_NONE ? 0 : -1;
}
