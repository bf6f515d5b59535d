/* One poll loop over all cards: no card waits for another. */
#include "vcard/wire/vpcd.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/value.h"
#include "vcard/wire/vpcd_link.h"

struct server {
	const struct vpcd_job *job;
	char host[256];
	struct vpcd_link *links;
	struct pollfd *fds; /* links, then stop_fd */
	bool ready;
};

/* "HOST:PORT" or "[HOST]:PORT". */
static int parse_address(const char *address, char *host, size_t cap, unsigned *port, struct err *e)
{
	const char *colon = strrchr(address, ':');
	const char *from = address;
	size_t n = colon == NULL ? 0 : (size_t)(colon - address);

	if (n > 2 && address[0] == '[' && address[n - 1] == ']') {
		from++;
		n -= 2;
	}
	if (n == 0 || n >= cap || strlen(colon + 1) > 5 || !decimal_get(colon + 1, port))
		return err_set(e, ERR_USAGE, "`%.80s` is not HOST:PORT", address);
	memcpy(host, from, n);
	host[n] = '\0';
	if (*port < 1 || *port > 65535)
		return err_set(e, ERR_USAGE, "`%.80s` is not a port", colon + 1);
	return 0;
}

/* ---- the loop ---- */

/* Fills in what to wait for; milliseconds until something is due, -1: nothing. */
static int prepare(struct server *s)
{
	int64_t due = INT64_MAX, now = link_now();

	for (size_t i = 0; i < s->job->n; i++) {
		const struct vpcd_link *l = &s->links[i];
		bool writing = l->stage == CONNECTING || l->out.n > 0;

		s->fds[i] = (struct pollfd){ .fd = l->fd, .events = writing ? POLLOUT : POLLIN };
		if (l->stage == WAITING && l->next_try < due)
			due = l->next_try;
		if (l->stage != OUT && !l->heard && l->deadline < due)
			due = l->deadline;
	}
	s->fds[s->job->n] = (struct pollfd){ .fd = s->job->stop_fd, .events = POLLIN };
	if (due == INT64_MAX)
		return -1;
	return due <= now ? 0 : (int)(due - now);
}

/* Tells once that all cards are there; with none left it is over. */
static int take_stock(struct server *s, struct err *e)
{
	size_t in = 0, answered = 0;

	for (size_t i = 0; i < s->job->n; i++) {
		in += s->links[i].stage != OUT;
		answered += s->links[i].stage != OUT && s->links[i].answered_atr;
	}
	if (in == 0)
		return err_set(e, ERR_READER, "no card is left");
	if (!s->ready && answered == in) {
		s->ready = true;
		s->job->tell(s->job->ctx, VPCD_READY, NULL);
	}
	return 0;
}

static int loop(struct server *s, struct err *e)
{
	for (;;) {
		int rc = poll(s->fds, (nfds_t)s->job->n + 1, prepare(s));

		if (rc < 0 && errno != EINTR)
			return err_errno(e, ERR_OTHER, "cannot wait for vpcd");
		if (rc < 0)
			continue;
		if (s->fds[s->job->n].revents != 0)
			return 0;
		for (size_t i = 0; i < s->job->n; i++)
			if (link_step(&s->links[i], s->fds[i].revents, e) != 0)
				return -1;
		if (take_stock(s, e) != 0)
			return -1;
	}
}

/* ---- setting up ---- */

static void close_links(struct server *s)
{
	for (size_t i = 0; s->links != NULL && i < s->job->n; i++)
		link_close(&s->links[i]);
	free(s->links);
	free(s->fds);
}

static int open_links(struct server *s, unsigned port, struct err *e)
{
	s->links = calloc(s->job->n, sizeof(*s->links));
	s->fds = calloc(s->job->n + 1, sizeof(*s->fds));
	if (s->links == NULL || s->fds == NULL) {
		free(s->links);
		s->links = NULL;
		return err_memory(e);
	}
	for (size_t i = 0; i < s->job->n; i++)
		link_init(&s->links[i]);
	for (size_t i = 0; i < s->job->n; i++) {
		struct vpcd_link *l = &s->links[i];

		l->job = s->job;
		l->path = s->job->paths[i];
		l->host = s->host;
		l->port = port + (unsigned)i;
		if (link_open(l, e) != 0)
			return -1;
	}
	return 0;
}

int vpcd_serve(const struct vpcd_job *job, struct err *e)
{
	struct server s = { .job = job };
	unsigned port = 0;
	int rc;

	if (parse_address(job->address, s.host, sizeof(s.host), &port, e) != 0)
		return -1;
	if (job->n == 0 || job->n > 65536 - port)
		return err_set(
		    e, ERR_USAGE, "%zu cards do not fit on the ports from %u", job->n, port);
	rc = open_links(&s, port, e);
	if (rc == 0)
		rc = loop(&s, e);
	close_links(&s);
	return rc;
}
