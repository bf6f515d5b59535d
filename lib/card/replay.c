#include "card/trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"

enum { REPLAY_MAX_FILE = 64 << 20, SHOWN = 40 };

struct replay {
	char path[200];
	struct wr text;
	struct rd at;  /* what is still to be played */
	unsigned line; /* of the last line that was taken */
};

/* One octet string of a trace; hidden octets are 00 in bytes and 01 in mask. */
struct pattern {
	struct wr bytes, mask;
};

static void pattern_free(struct pattern *p)
{
	wr_free(&p->bytes);
	wr_free(&p->mask);
}

static struct pattern pattern_new(void)
{
	return (struct pattern){ wr_grow(APDU_MAX_RESPONSE), wr_grow(APDU_MAX_RESPONSE) };
}

static bool pattern_get(struct span text, struct pattern *p)
{
	struct rd r = rd_of(text);
	struct span two;
	uint8_t v = 0;

	wr_reset(&p->bytes);
	wr_reset(&p->mask);
	while (rd_left(&r) > 0) {
		if (r.s.p[0] == ' ' || r.s.p[0] == '\t' || r.s.p[0] == '\r') {
			if (!rd_u8(&r, &v))
				return false;
			continue;
		}
		if (!rd_take(&r, 2, &two))
			return false;
		v = 0;
		if (!span_eq(two, span_str("**"))) {
			if (!hex_exact(two, &v, 1))
				return false;
			wr_u8(&p->mask, 0);
		} else {
			wr_u8(&p->mask, 1);
		}
		wr_u8(&p->bytes, v);
	}
	return wr_ok(&p->bytes) && wr_ok(&p->mask);
}

/* Takes the next line that is neither empty nor a comment; *kind is its first character. */
static bool line_next(struct replay *p, uint8_t *kind, struct span *rest)
{
	struct span line;

	while (rd_left(&p->at) > 0) {
		const uint8_t *nl = memchr(p->at.s.p, '\n', p->at.s.n);
		size_t n = nl == NULL ? p->at.s.n : (size_t)(nl - p->at.s.p);
		uint8_t end;

		if (!rd_take(&p->at, n, &line) || (nl != NULL && !rd_u8(&p->at, &end)))
			return false;
		p->line++;
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line = span_sub(line, 0, line.n - 1);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		*kind = line.p[0];
		*rest = span_sub(line, 1, line.n);
		return true;
	}
	return false;
}

/* Takes the next line if it is of this kind, passing over the "!" lines in between. */
static bool take(struct replay *p, uint8_t want, struct pattern *pat)
{
	struct replay was = *p;
	struct span rest;
	uint8_t kind;

	while (line_next(p, &kind, &rest)) {
		if (kind == '!')
			continue;
		if (kind == want && pattern_get(rest, pat))
			return true;
		break;
	}
	*p = was;
	return false;
}

static bool pattern_fits(const struct pattern *p, struct span got, size_t *diff)
{
	struct span want = wr_span(&p->bytes), mask = wr_span(&p->mask);

	for (size_t i = 0; i < want.n && i < got.n; i++) {
		if (mask.p[i] == 0 && want.p[i] != got.p[i]) {
			*diff = i;
			return false;
		}
	}
	*diff = want.n < got.n ? want.n : got.n;
	return want.n == got.n;
}

/* At most SHOWN octets from `from` on, hidden ones as "**". */
static void show(struct span s, struct span mask, size_t from, char *out, size_t cap)
{
	FILE *f = fmemopen(out, cap, "w");

	out[0] = '\0';
	if (f == NULL)
		return;
	if (from > 0)
		fputs("..", f);
	for (size_t i = from; i < s.n && i < from + SHOWN; i++) {
		if (i < mask.n && mask.p[i] != 0)
			fputs("**", f);
		else
			fprintf(f, "%02X", s.p[i]);
	}
	if (s.n > from + SHOWN)
		fputs("..", f);
	fclose(f);
	out[cap - 1] = '\0';
}

static int differs(
    const struct replay *p, const struct pattern *pat, struct span got, size_t diff, struct err *e)
{
	size_t from = diff < SHOWN / 2 ? 0 : diff - SHOWN / 2;
	char want_text[2 * SHOWN + 8], got_text[2 * SHOWN + 8];
	struct wr mask = wr_grow(APDU_MAX_COMMAND);
	size_t off, n;

	/* What may not be in a trace may not be in a message either. */
	trace_hidden(got, &off, &n);
	wr_fill(&mask, 0, off);
	wr_fill(&mask, 1, n);
	show(wr_span(&pat->bytes), wr_span(&pat->mask), from, want_text, sizeof(want_text));
	show(got, wr_span(&mask), from, got_text, sizeof(got_text));
	wr_free(&mask);
	return err_set(e, ERR_INPUT,
	    "%s:%u: command differs from the recorded one at octet %zu: expected %s, got %s",
	    p->path, p->line, diff + 1, want_text, got_text);
}

static int at_end(const struct replay *p, struct span got, struct err *e)
{
	char what[160];

	err_set(e, ERR_INPUT, "%s:%u: the trace ends here, but one more command came: %s", p->path,
	    p->line, trace_describe(got, what, sizeof(what)));
	return err_hint(e, "replay the verbs that were recorded, in the same order");
}

static int replay_transmit(void *ctx, struct span command, struct wr *rsp, struct err *e)
{
	struct replay *p = ctx;
	struct pattern pat = pattern_new();
	size_t diff;
	int rc = 0;

	if (!take(p, '>', &pat))
		rc = at_end(p, command, e);
	else if (!pattern_fits(&pat, command, &diff))
		rc = differs(p, &pat, command, diff, e);
	else if (!take(p, '<', &pat))
		rc = err_set(e, ERR_READER, "%s:%u: no answer was recorded", p->path, p->line);
	else
		wr_put(rsp, wr_span(&pat.bytes));
	pattern_free(&pat);
	return rc;
}

static void replay_close(void *ctx)
{
	struct replay *p = ctx;

	wr_free(&p->text);
	free(p);
}

static const struct card_ops replay_ops = { .transmit = replay_transmit, .close = replay_close };

/* Takes " T=0" off the end of an ATR line. */
static struct span protocol_off(struct span rest, bool *t0)
{
	struct span mark = span_str(" T=0");

	if (rest.n < mark.n || !span_eq(span_sub(rest, rest.n - mark.n, mark.n), mark))
		return rest;
	*t0 = true;
	return span_sub(rest, 0, rest.n - mark.n);
}

/* Looks at every line once, so that a bad file is refused before the first command. */
static int check(const struct replay *p, struct card *c, struct err *e)
{
	struct replay at = *p;
	struct pattern pat = pattern_new();
	uint8_t kind, before = '<';
	struct span rest;
	bool atr = false;
	int rc = 0;

	while (rc == 0 && line_next(&at, &kind, &rest)) {
		if (kind == '!')
			rest = protocol_off(rest, &c->t0);
		if ((kind != '>' && kind != '<' && kind != '!') || !pattern_get(rest, &pat)) {
			rc = err_set(e, ERR_INPUT,
			    "%s:%u: neither a command, an answer, an ATR nor a comment", p->path,
			    at.line);
		} else if (kind == '<' && before != '>') {
			rc = err_set(
			    e, ERR_INPUT, "%s:%u: answer without a command", p->path, at.line);
		} else if (kind == '!' && pat.bytes.n > sizeof(c->atr)) {
			rc = err_set(
			    e, ERR_INPUT, "%s:%u: ATR of more than 33 octets", p->path, at.line);
		} else if (kind == '!' && !atr) {
			struct rd r = rd_of(wr_span(&pat.bytes));

			c->atr_n = rd_left(&r);
			atr = rd_copy(&r, c->atr, c->atr_n);
		}
		before = kind;
	}
	pattern_free(&pat);
	return rc;
}

int replay_open(const char *path, struct card *c, struct err *e)
{
	struct replay *p = calloc(1, sizeof(*p));

	memset(c, 0, sizeof(*c));
	if (p == NULL)
		return err_memory(e);
	if (file_read(path, REPLAY_MAX_FILE, &p->text, e) != 0) {
		free(p);
		return err_hint_else(e, FIELD_IS("trace", "FILE") " records what replay: plays");
	}
	snprintf(p->path, sizeof(p->path), "%s", path);
	p->at = rd_of(wr_span(&p->text));
	if (check(p, c, e) != 0) {
		memset(c, 0, sizeof(*c));
		replay_close(p);
		return err_hint_else(e, FIELD_IS("trace", "FILE") " records what replay: plays");
	}
	snprintf(c->name, sizeof(c->name), "replay:%s", path);
	c->ops = &replay_ops;
	c->ctx = p;
	return 0;
}

static bool is_init_update(const struct pattern *pat, struct capdu *c)
{
	return capdu_get(wr_span(&pat->bytes), c) && c->ins == 0x50 && (c->cla & 0x80) != 0;
}

bool card_is_replay(const struct card *c)
{
	return trace_inner(c)->ops == &replay_ops;
}

bool replay_host_challenge(const struct card *card, uint8_t *out, size_t n)
{
	const struct card *c = trace_inner(card);
	struct pattern pat = pattern_new();
	struct replay at;
	struct capdu cmd;
	struct span rest;
	uint8_t kind;
	bool found = false;

	if (c->ops != &replay_ops)
		return false;
	at = *(const struct replay *)c->ctx;
	while (!found && line_next(&at, &kind, &rest))
		found = kind == '>' && pattern_get(rest, &pat) && is_init_update(&pat, &cmd);
	found = found && cmd.data.n == n;
	if (found) {
		struct rd r = rd_of(cmd.data);

		found = rd_copy(&r, out, n);
	}
	pattern_free(&pat);
	return found;
}
