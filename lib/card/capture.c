#include "card/capture.h"

#include <stdio.h>
#include <string.h>

#include "apdu/apdu.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/secret.h"

enum { CAPTURE_MAX_FILE = 64 << 20, DUMP_COLUMNS = 48 };

/* Where an exchange stands in capture.text. */
struct exchange_at {
	uint32_t at, command_n, answer_n, line;
	bool masked;
};

struct reader {
	const char *path;
	struct capture *c;
	struct err *e;
	unsigned line;
	uint8_t octets[APDU_MAX_COMMAND]; /* the command that waits for its answer */
	size_t n;
	bool waiting, masked;
	unsigned command_line;
	/* opensc-tool: status word first, then a dump until another line */
	bool dumping;
	struct wr dump;
	uint16_t dump_sw;
};

/* ---- octets ---- */

/* Hex with blanks; "**" is an octet that was hidden. */
static bool get_octets(struct span text, uint8_t *out, size_t cap, size_t *n, bool *masked)
{
	struct rd r = rd_of(text);
	struct span two;

	*n = 0;
	*masked = false;
	while (rd_left(&r) > 0) {
		uint8_t c = r.s.p[0];

		if (c == ' ' || c == '\t' || c == '\r') {
			if (!rd_take(&r, 1, &two))
				return false;
			continue;
		}
		if (!rd_take(&r, 2, &two) || *n == cap)
			return false;
		if (span_eq(two, span_str("**"))) {
			*masked = true;
			out[(*n)++] = 0;
		} else if (hex_exact(two, &out[*n], 1)) {
			(*n)++;
		} else {
			return false;
		}
	}
	return true;
}

static int bad_line(struct reader *r, const char *what)
{
	return err_set(r->e, ERR_INPUT, "%s:%u: %s", r->path, r->line, what);
}

static int take_command(struct reader *r, struct span hex)
{
	if (!get_octets(hex, r->octets, sizeof(r->octets), &r->n, &r->masked))
		return bad_line(r, "the command is not hex octets");
	if (r->n < 4)
		return bad_line(r, "a command has four octets at least");
	r->waiting = true;
	r->command_line = r->line;
	return 0;
}

static int keep(struct reader *r, struct span answer)
{
	struct exchange_at x = { .at = (uint32_t)r->c->text.n,
		.command_n = (uint32_t)r->n,
		.answer_n = (uint32_t)answer.n,
		.line = r->command_line,
		.masked = r->masked };

	if (!r->waiting)
		return 0; /* an answer without a command: the recording begins in the middle */
	r->waiting = false;
	wr_bytes(&r->c->text, r->octets, r->n);
	wr_put(&r->c->text, answer);
	wr_bytes(&r->c->index, &x, sizeof(x));
	r->c->n++;
	return wr_ok(&r->c->text) && wr_ok(&r->c->index) ? 0 : err_memory(r->e);
}

static int take_answer(struct reader *r, struct span hex)
{
	static const char *const bad = "the answer is not hex octets with a status word";
	struct wr w = wr_grow(APDU_MAX_RESPONSE);
	bool masked;
	size_t n;
	int rc;

	wr_fill(&w, 0, hex.n / 2 + 1 < APDU_MAX_RESPONSE ? hex.n / 2 + 1 : APDU_MAX_RESPONSE);
	if (!wr_ok(&w))
		rc = err_memory(r->e);
	else if (!get_octets(hex, w.p, w.n, &n, &masked) || n < 2)
		rc = bad_line(r, bad);
	else
		rc = keep(r, span_sub(wr_span(&w), 0, n));
	wr_free(&w);
	return rc;
}

/* ---- the forms ---- */

static bool after(struct span line, const char *prefix, struct span *rest)
{
	size_t n = strlen(prefix);

	if (!span_starts(line, span_str(prefix)))
		return false;
	*rest = span_sub(line, n, line.n - n);
	return true;
}

/* gp -d: what stands behind the last closing parenthesis. */
static struct span behind_parentheses(struct span s)
{
	for (size_t i = s.n; i > 0; i--)
		if (s.p[i - 1] == ')')
			return span_sub(s, i, s.n - i);
	return s;
}

/* opensc-tool: "Received (SW1=0x90, SW2=0x00)", with or without a dump in the lines below. */
static int begin_dump(struct reader *r, struct span rest)
{
	unsigned sw1, sw2;
	char text[40];

	snprintf(
	    text, sizeof(text), "%.*s", (int)(rest.n < 39 ? rest.n : 39), (const char *)rest.p);
	if (sscanf(text, "(SW1=0x%2x, SW2=0x%2x", &sw1, &sw2) != 2)
		return bad_line(r, "the status word is not to be read");
	r->dumping = true;
	r->dump_sw = (uint16_t)(sw1 << 8 | sw2);
	wr_reset(&r->dump);
	return 0;
}

static int end_dump(struct reader *r)
{
	if (!r->dumping)
		return 0;
	r->dumping = false;
	wr_u16(&r->dump, r->dump_sw);
	return wr_ok(&r->dump) ? keep(r, wr_span(&r->dump)) : bad_line(r, "the answer is too long");
}

/* A line of a dump: sixteen octets in hex, then the same as text. */
static bool dump_line(struct reader *r, struct span line)
{
	uint8_t b[16];
	bool masked;
	size_t n;

	if (!get_octets(span_sub(line, 0, DUMP_COLUMNS), b, sizeof(b), &n, &masked) || n == 0)
		return false;
	wr_bytes(&r->dump, b, n);
	return true;
}

static int take_line(struct reader *r, struct span line)
{
	struct span rest;

	if (r->dumping && dump_line(r, line))
		return 0;
	if (end_dump(r) != 0)
		return -1;
	if (after(line, "A>>", &rest))
		return take_command(r, behind_parentheses(rest));
	if (after(line, "A<<", &rest))
		return take_answer(r, behind_parentheses(rest));
	/* gpshell3 prints the command twice; the wrapped one, which comes second, was sent. */
	if (after(line, "Wrapped command -->", &rest) || after(line, "Command -->", &rest) ||
	    after(line, "Sending:", &rest) || after(line, "> ", &rest))
		return take_command(r, rest);
	if (after(line, "Response <--", &rest) || after(line, "< ", &rest))
		return take_answer(r, rest);
	return after(line, "Received ", &rest) ? begin_dump(r, rest) : 0;
}

static int take_lines(struct reader *r, struct span text)
{
	struct rd at = rd_of(text);

	while (rd_left(&at) > 0) {
		const uint8_t *nl = memchr(at.s.p, '\n', at.s.n);
		struct span line, end;

		if (!rd_take(&at, nl == NULL ? at.s.n : (size_t)(nl - at.s.p), &line) ||
		    (nl != NULL && !rd_take(&at, 1, &end)))
			break;
		r->line++;
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line = span_sub(line, 0, line.n - 1);
		if (take_line(r, line) != 0)
			return -1;
	}
	return end_dump(r);
}

int capture_read(const char *path, struct capture *c, struct err *e)
{
	struct reader r = { .path = path, .c = c, .e = e, .dump = wr_grow(APDU_MAX_RESPONSE) };
	struct wr file;
	int rc;

	if (file_read(path, CAPTURE_MAX_FILE, &file, e) != 0)
		return -1;
	*c = (struct capture){ .text = wr_grow(CAPTURE_MAX_FILE),
		.index = wr_grow(CAPTURE_MAX_FILE) };
	rc = take_lines(&r, wr_span(&file));
	if (rc == 0 && c->n == 0) {
		rc = err_set(e, ERR_INPUT, "%s: no command with its answer in this file", path);
		err_hint(e, "known are traces of cardadm, gp -d, gpshell, opensc-tool, and lines "
			    "\"> HEX\" and \"< HEX\"");
	}
	wr_free(&r.dump);
	wr_free(&file);
	wipe(r.octets, sizeof(r.octets));
	if (rc != 0)
		capture_free(c);
	return rc;
}

struct captured capture_at(const struct capture *c, size_t i)
{
	struct exchange_at x;
	struct rd r = rd_of(span_sub(wr_span(&c->index), i * sizeof(x), sizeof(x)));
	struct captured out = { 0 };

	if (rd_copy(&r, &x, sizeof(x))) {
		out.command = span_sub(wr_span(&c->text), x.at, x.command_n);
		out.answer = span_sub(wr_span(&c->text), (size_t)x.at + x.command_n, x.answer_n);
		out.line = x.line;
		out.masked = x.masked;
	}
	return out;
}

void capture_free(struct capture *c)
{
	wr_free(&c->text);
	wr_free(&c->index);
	c->n = 0;
}
