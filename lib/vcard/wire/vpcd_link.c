/* A card behind vpcd: nothing here blocks but looking up the host. */
#include "vcard/wire/vpcd_link.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "apdu/sw.h"

enum {
	FRAME_HEAD = 2,
	FRAME_MAX = 0xFFFF,
	RETRY_MS = 100, /* between two tries to connect */
	CTRL_OFF = 0x00,
	CTRL_ON = 0x01,
	CTRL_RESET = 0x02,
	CTRL_ATR = 0x04
};

int64_t link_now(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- connecting ---- */

static int look_up(struct vpcd_link *l, struct err *e)
{
	const struct addrinfo want = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	char port[12];
	int rc;

	snprintf(port, sizeof(port), "%u", l->port);
	rc = getaddrinfo(l->host, port, &want, &l->addresses);
	if (rc != 0)
		return err_set(e, ERR_READER, "vpcd at %s: %s", l->host, gai_strerror(rc));
	l->next_address = l->addresses;
	return 0;
}

static void disconnect(struct vpcd_link *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
	wr_reset(&l->in);
	wr_reset(&l->out);
	l->sent = 0;
	l->want = FRAME_HEAD;
	l->content = false;
	l->heard = false;
}

/* This address does not work now: the next one at once, or all of them again after a while. */
static void try_later(struct vpcd_link *l, int error)
{
	disconnect(l);
	l->error = error;
	l->stage = WAITING;
	l->next_address = l->next_address == NULL ? NULL : l->next_address->ai_next;
	l->next_try = link_now() + (l->next_address == NULL ? RETRY_MS : 0);
	if (l->next_address == NULL)
		l->next_address = l->addresses;
}

static void try_connect(struct vpcd_link *l)
{
	const struct addrinfo *a = l->next_address;
	const int on = 1;

	l->fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
	if (l->fd < 0) {
		try_later(l, errno);
		return;
	}
	/* Its failure costs speed only. */
	(void)setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(l->fd, a->ai_addr, a->ai_addrlen) == 0)
		l->stage = SERVING;
	else if (errno == EINPROGRESS)
		l->stage = CONNECTING;
	else
		try_later(l, errno);
}

static void end_connect(struct vpcd_link *l)
{
	int error = 0;
	socklen_t n = sizeof(error);

	if (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
		error = errno;
	if (error != 0)
		try_later(l, error);
	else
		l->stage = SERVING;
}

/* ---- frames ---- */

/* Connection lost: the card has no power until it is back. */
static void lost(struct vpcd_link *l, int error)
{
	if (l->heard)
		l->job->tell(l->job->ctx, VPCD_LOST, l->path);
	vcard_reset(l->card);
	if (l->heard)
		l->deadline = link_now() + l->job->wait_ms;
	try_later(l, error);
	/* Never at once: who drops every connection must not keep us busy. */
	l->next_try = link_now() + RETRY_MS;
}

static void take_out(struct vpcd_link *l, enum vpcd_event why)
{
	disconnect(l);
	vcard_close(l->card);
	l->card = NULL;
	l->stage = OUT;
	l->job->tell(l->job->ctx, why, l->path);
}

static void flush_out(struct vpcd_link *l)
{
	struct span rest = span_sub(wr_span(&l->out), l->sent, l->out.n);
	ssize_t n = send(l->fd, rest.p, rest.n, MSG_NOSIGNAL);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		lost(l, errno);
		return;
	}
	l->sent += (size_t)n;
	if (l->sent == l->out.n) {
		wr_reset(&l->out);
		l->sent = 0;
	}
}

/* Puts the length before what is in `out` and sends it. */
static void answer(struct vpcd_link *l)
{
	uint8_t bytes[FRAME_HEAD];
	struct wr head = wr_fixed(bytes, sizeof(bytes));

	if (!wr_ok(&l->out) || l->out.n > FRAME_MAX) {
		wr_reset(&l->out);
		wr_u16(&l->out, SW_UNKNOWN);
	}
	wr_u16(&head, (uint16_t)l->out.n);
	wr_insert(&l->out, 0, wr_span(&head));
	if (wr_ok(&l->out))
		flush_out(l);
	else
		lost(l, ENOMEM);
}

static void run_command(struct vpcd_link *l)
{
	switch (vcard_transmit(l->card, wr_span(&l->in), &l->out)) {
	case VCARD_ANSWER:
		answer(l);
		break;
	case VCARD_SILENT:
		take_out(l, VPCD_SILENT);
		break;
	case VCARD_GONE:
		take_out(l, VPCD_REMOVED);
		break;
	}
}

/* A whole frame is in `in`. */
static void run_frame(struct vpcd_link *l)
{
	struct rd r = rd_of(wr_span(&l->in));
	uint8_t control = 0;

	l->heard = true;
	if (l->in.n != 1 || !rd_u8(&r, &control)) {
		run_command(l);
		return;
	}
	switch (control) {
	case CTRL_OFF:
	case CTRL_ON:
	case CTRL_RESET:
		vcard_reset(l->card);
		break;
	case CTRL_ATR:
		wr_put(&l->out, vcard_atr(l->card));
		l->answered_atr = true;
		answer(l);
		break;
	default: /* vpcd passes on any octet that a program sends, and waits for the answer */
		run_command(l);
	}
}

/* Receives what the frame still lacks, no more. True when `want` octets are there. */
static bool fill(struct vpcd_link *l)
{
	const int on = 1;
	size_t had = l->in.n;
	uint8_t *p = wr_space(&l->in, l->want - had);
	ssize_t n;

	if (p == NULL) {
		lost(l, ENOMEM);
		return false;
	}
	/* vpcd writes length and content apart: without this, which the kernel forgets after each
	 * acknowledgement, Nagle's algorithm there waits 40 ms for the delayed one here. */
	(void)setsockopt(l->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
	n = recv(l->fd, p, l->want - had, 0);
	wr_cut(&l->in, had + (n > 0 ? (size_t)n : 0));
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		lost(l, n == 0 ? ECONNRESET : errno);
		return false;
	}
	return l->in.n == l->want;
}

static void receive(struct vpcd_link *l)
{
	struct rd r;
	uint16_t n;

	if (!fill(l))
		return;
	if (!l->content) {
		r = rd_of(wr_span(&l->in));
		if (!rd_u16(&r, &n) || n == 0) {
			lost(l, EPROTO);
			return;
		}
		wr_reset(&l->in);
		l->want = n;
		l->content = true;
		if (!fill(l))
			return;
	}
	run_frame(l);
	if (l->stage != SERVING)
		return;
	wr_reset(&l->in);
	l->want = FRAME_HEAD;
	l->content = false;
}

/* ---- from outside ---- */

static int not_there(const struct vpcd_link *l, struct err *e)
{
	if (l->stage == SERVING) {
		err_set(e, ERR_READER, "vpcd at %s port %u takes no card", l->host, l->port);
		return err_hint(e, "another card may be connected there");
	}
	err_set(e, ERR_READER, "no vpcd at %s port %u: %s", l->host, l->port,
	    l->error == 0 ? "no answer" : strerror(l->error));
	return err_hint(e, "pcscd with the driver vpcd must run, with one slot for each card on "
			   "this port and those that follow; " FIELD("wait") " gives it more time");
}

int link_step(struct vpcd_link *l, short events, struct err *e)
{
	if (l->stage != OUT && !l->heard && link_now() >= l->deadline)
		return not_there(l, e);
	switch (l->stage) {
	case WAITING:
		if (link_now() >= l->next_try)
			try_connect(l);
		break;
	case CONNECTING:
		if (events != 0)
			end_connect(l);
		break;
	case SERVING:
		if (events != 0 && l->out.n > 0)
			flush_out(l);
		else if (events != 0)
			receive(l);
		break;
	case OUT:
		break;
	}
	return 0;
}

void link_init(struct vpcd_link *l)
{
	l->fd = -1;
	l->in = wr_grow(FRAME_MAX);
	l->out = wr_grow(FRAME_HEAD + FRAME_MAX);
	l->want = FRAME_HEAD;
}

int link_open(struct vpcd_link *l, struct err *e)
{
	if (look_up(l, e) != 0 || vcard_open(l->path, &l->card, e) != 0)
		return -1;
	l->deadline = link_now() + l->job->wait_ms;
	return 0;
}

void link_close(struct vpcd_link *l)
{
	disconnect(l);
	vcard_close(l->card);
	l->card = NULL;
	if (l->addresses != NULL)
		freeaddrinfo(l->addresses);
	l->addresses = NULL;
	wr_free(&l->in);
	wr_free(&l->out);
}
