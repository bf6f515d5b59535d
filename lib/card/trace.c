#include "card/trace.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"

struct tracer {
	struct card inner;
	FILE *f;
	bool lent; /* f is the caller's */
};

static void put_hex(FILE *f, struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		fprintf(f, "%02X", s.p[i]);
}

void trace_put(FILE *f, struct span command)
{
	size_t off, n;

	trace_hidden(command, &off, &n);
	put_hex(f, n == 0 ? command : span_sub(command, 0, off));
	for (size_t i = 0; i < n; i++)
		fputs("**", f);
	if (n != 0)
		put_hex(f, span_sub(command, off + n, command.n));
}

static void put_command(FILE *f, struct span command)
{
	char what[160];

	fputs("> ", f);
	trace_put(f, command);
	fprintf(f, "\n# %s\n", trace_describe(command, what, sizeof(what)));
}

static void put_answer(FILE *f, struct span answer)
{
	struct rapdu r;

	fputs("< ", f);
	put_hex(f, answer);
	if (rapdu_get(answer, &r))
		fprintf(f, "\n# %04X %s\n", r.sw, sw_text(r.sw));
	else
		fputs("\n# no status word\n", f);
}

/* The trace must be whole: what cannot be recorded is not sent. */
static int tracer_transmit(void *ctx, struct span command, struct wr *rsp, struct err *e)
{
	struct tracer *t = ctx;
	size_t before = rsp->n;

	put_command(t->f, command);
	if (fflush(t->f) != 0)
		return err_errno(e, ERR_OTHER, "cannot write the trace, the command was not sent");
	if (t->inner.ops->transmit(t->inner.ctx, command, rsp, e) != 0) {
		fprintf(t->f, "# no answer: %s\n", e->text);
		fflush(t->f);
		return -1;
	}
	put_answer(t->f, span_sub(wr_span(rsp), before, rsp->n));
	if (fflush(t->f) != 0)
		return err_errno(
		    e, ERR_OTHER, "cannot write the trace, its last answer is missing");
	return 0;
}

static int tracer_alive(void *ctx, struct err *e)
{
	struct tracer *t = ctx;

	if (card_alive(&t->inner, e) == 0)
		return 0;
	fprintf(t->f, "# card gone: %s\n", e->text);
	fflush(t->f);
	return -1;
}

static void tracer_limit(void *ctx, unsigned ms)
{
	struct tracer *t = ctx;

	card_limit(&t->inner, ms);
}

static void tracer_end(struct tracer *t)
{
	if (!t->lent)
		fclose(t->f);
	free(t);
}

static void tracer_close(void *ctx)
{
	struct tracer *t = ctx;

	card_close(&t->inner);
	tracer_end(t);
}

static const struct card_ops tracer_ops = {
	.transmit = tracer_transmit,
	.close = tracer_close,
	.alive = tracer_alive,
	.limit = tracer_limit,
};

/* Takes over t and its file, whatever becomes of it. */
static int wrap(struct card *c, struct tracer *t, const char *path, struct err *e)
{
	t->inner = *c;
	fprintf(t->f, "# cardadm trace 1\n# reader %s\n! ", t->inner.name);
	put_hex(t->f, span_of(t->inner.atr, t->inner.atr_n));
	fputs(t->inner.t0 ? " T=0\n" : "\n", t->f);
	if (fflush(t->f) != 0) {
		err_errno(e, ERR_OTHER, "%s: cannot write the trace", path);
		tracer_end(t);
		return -1;
	}
	c->ops = &tracer_ops;
	c->ctx = t;
	return 0;
}

int trace_wrap_stream(struct card *c, FILE *f, const char *name, struct err *e)
{
	struct tracer *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return err_memory(e);
	t->f = f;
	t->lent = true;
	return wrap(c, t, name, e);
}

int trace_wrap(struct card *c, const char *path, struct err *e)
{
	struct tracer *t = calloc(1, sizeof(*t));
	int fd;

	if (t == NULL)
		return err_memory(e);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0600);
	t->f = fd < 0 ? NULL : fdopen(fd, "a");
	if (t->f == NULL) {
		err_errno(e, ERR_OTHER, "%s: cannot write the trace", path);
		if (fd >= 0)
			close(fd);
		free(t);
		return err_hint(e, FIELD("trace") " names a file in a directory that is there");
	}
	return wrap(c, t, path, e);
}

void trace_unwrap(struct card *c)
{
	struct tracer *t = c->ctx;
	bool gone = c->gone;

	if (c->ops != &tracer_ops)
		return;
	*c = t->inner;
	c->gone = gone;
	tracer_end(t);
}

const struct card *trace_inner(const struct card *c)
{
	const struct tracer *t = c->ctx;

	return c->ops == &tracer_ops ? &t->inner : c;
}
