/*
 * Requests as they come in: many clients at once, each up to its whole request, none of them able
 * to hold up another. Reads only; what is asked for is run elsewhere, one request after the other.
 *
 * A client has one deadline for its request as a whole, so that octets that trickle in hold nothing
 * for long. Descriptors that come with a request belong to it until request_close, those of a bad
 * one are closed with it. A client of another user is hung up on.
 */
#ifndef CMD_AGENT_INTAKE_H
#define CMD_AGENT_INTAKE_H

#include <poll.h>
#include <signal.h>

#include "base/bytes.h"
#include "cmd/agent/path.h"

/* Clients at once; one more, and the oldest is hung up on. A request has so long to come in. */
enum { INTAKE_CLIENTS = 64, INTAKE_MS = 5000 };

struct request {
	int client;          /* -1: none */
	int64_t deadline;    /* on the clock of intake_now */
	uint8_t head[4];     /* octets of text that follow */
	size_t head_n, want; /* read of the head; of the text to come */
	struct wr text;      /* words, each with its NUL */
	int fd[AGENT_FDS];   /* 0, 1, 2 and the directory; -1 */
	bool has_fds;
};

struct intake {
	int listen_fd; /* borrowed */
	struct request q[INTAKE_CLIENTS];
	size_t n;
};

/* Milliseconds that go on while the machine sleeps. */
int64_t intake_now(void);
void intake_init(struct intake *in, int listen_fd);
/*
 * Waits until a request is whole, `until` at most and with the signals of `open` let in. 1: *out is
 * the request, or, with text.n = 0, a client that only looked whether we are there; 0: the time is
 * over, or nothing yet; -1: a signal came, or waits to be let in.
 */
int intake_wait(struct intake *in, int64_t until, const sigset_t *open, struct request *out);
/* `ms` were spent on somebody else's request: nobody's deadline comes nearer by them. */
void intake_extend(struct intake *in, int64_t ms);
/* Hangs up on all. */
void intake_end(struct intake *in);
void request_close(struct request *q);

#endif
