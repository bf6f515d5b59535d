/* apdu: commands as bytes, through the open channel if there is one. */
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "cmd/kit/dry.h"
#include "cmd/kit/out.h"
#include "cmd/kit/print.h"

struct args {
	struct opt_strings words;
};

static const struct operand operands[] = {
	WORD_STRINGS("APDU", args, words,
	    "Command in hex; =SW behind it names the status that it must end with, else 9000"),
};

/* Commands and expectations as they were written. */
struct script {
	struct wr bytes; /* all commands; room for the longest */
	struct {
		size_t at, n;
		uint16_t expect;
	} step[256];
	size_t n;
};

static struct span step_bytes(const struct script *s, size_t i)
{
	return span_sub(wr_span(&s->bytes), s->step[i].at, s->step[i].n);
}

static int add_expectation(struct script *s, const char *word, struct err *e)
{
	uint8_t sw[2];

	if (s->n == 0)
		return err_set(e, ERR_USAGE, "%.40s: no command stands before it", word);
	if (!hex_exact(span_str(word + 1), sw, 2))
		return err_set(e, ERR_USAGE, "%.40s: not a status of four hex digits", word);
	s->step[s->n - 1].expect = (uint16_t)(sw[0] << 8 | sw[1]);
	return 0;
}

static int add_command(struct script *s, const char *word, struct err *e)
{
	size_t n, cap = strlen(word) / 2 + 1;
	uint8_t *b = malloc(cap);
	struct capdu c;
	int rc = -1;

	if (b == NULL)
		return err_memory(e);
	if (!hex_get(span_str(word), b, cap, &n)) {
		err_set(e, ERR_USAGE, "%.40s: not hex octets", word);
		err_hint(e, "a command is written as 00A4040000, two digits for each octet");
		goto out;
	}
	if (!capdu_get(span_of(b, n), &c)) {
		err_set(
		    e, ERR_USAGE, "%.40s: not a command: header, Lc, data and Le do not fit", word);
		err_hint(e, "CLA INS P1 P2, then Lc and so many octets of data, then Le");
		goto out;
	}
	s->step[s->n].at = s->bytes.n;
	s->step[s->n].n = n;
	s->step[s->n++].expect = SW_OK;
	wr_bytes(&s->bytes, b, n);
	rc = wr_ok(&s->bytes) ? 0 : err_memory(e);
out:
	free(b);
	return rc;
}

/* Everything is read before the first command goes out. */
static int read_script(struct script *s, const struct opt_strings *words, struct err *e)
{
	for (size_t i = 0; i < words->n; i++) {
		const char *w = words->v[i];
		int rc = w[0] == '=' ? add_expectation(s, w, e) : add_command(s, w, e);

		if (rc != 0)
			return -1;
	}
	return 0;
}

static int show_answer(struct ctx *c, struct span command, const struct rapdu *r)
{
	json_t *o;

	if (c->json) {
		o = json_object();
		out_set(&o, "command", out_command(command));
		out_set(&o, "data", out_hex(r->data));
		out_set(&o, "sw", json_sprintf("%04X", r->sw));
		out_set(&o, "text", json_text(sw_text(r->sw)));
		return out_json_line(c->out, o);
	}
	o = out_hex(r->data);
	if (o == NULL)
		return -1;
	if (json_is_string(o))
		print_line(c->out, "%s", json_string_value(o));
	json_decref(o);
	print_line(c->out, "%04X %s", r->sw, sw_text(r->sw));
	return 0;
}

/* In an open channel: what it cannot carry. */
static int check_for_channel(const struct script *script, struct err *e)
{
	for (size_t i = 0; i < script->n; i++) {
		struct capdu c;

		if (!capdu_get(step_bytes(script, i), &c))
			return err_set(e, ERR_USAGE, "command %zu: not a command", i + 1);
		if (cla_is_sm(c.cla)) {
			err_set(e, ERR_USAGE, "command %zu: class %02X asks for secure messaging",
			    i + 1, c.cla);
			return err_hint(
			    e, "the open channel wraps commands itself: give the plain class");
		}
		if (c.ins == INS_SELECT || c.ins == INS_INITIALIZE_UPDATE ||
		    c.ins == INS_EXTERNAL_AUTHENTICATE) {
			err_set(e, ERR_SAFETY, "command %zu would end the open channel", i + 1);
			return err_hint(e, "scp-close first");
		}
	}
	return 0;
}

static int send_step(
    struct ctx *c, struct session *s, const struct script *script, size_t i, struct err *e)
{
	struct span command = step_bytes(script, i);
	struct capdu cmd;
	struct rapdu r;

	if (!capdu_get(command, &cmd))
		return err_set(e, ERR_USAGE, "command %zu: not a command", i + 1);
	if (session_send(s, &cmd, &r, e) != 0)
		return err_in(e, "command %zu", i + 1);
	if (show_answer(c, command, &r) != 0)
		return err_memory(e);
	if (r.sw != script->step[i].expect)
		return err_sw(e, ERR_CARD, r.sw, "command %zu", i + 1);
	return 0;
}

static int run(struct ctx *c, void *args, struct err *e)
{
	const struct args *g = args;
	struct script *script = calloc(1, sizeof(*script));
	struct session *s;
	struct dry d;
	int rc = -1;

	if (script == NULL)
		return err_memory(e);
	script->bytes = wr_grow(16u << 20);
	if (read_script(script, &g->words, e) != 0)
		goto out;
	if (c->dry_run) {
		dry_begin(&d, c, NULL);
		for (size_t i = 0; i < script->n; i++)
			dry_apdu(&d, step_bytes(script, i));
		rc = dry_end(&d, e);
		goto out;
	}
	rc = ctx_session(c, &s, e);
	if (rc == 0 && s->mode != SESSION_CLOSED)
		rc = check_for_channel(script, e);
	for (size_t i = 0; i < script->n && rc == 0; i++) {
		rc = ctx_stopped(c)
			 ? err_set(e, ERR_INTERRUPTED, "stopped before command %zu", i + 1)
			 : send_step(c, s, script, i, e);
	}
out:
	wr_free(&script->bytes);
	free(script);
	return rc;
}

const struct verb verb_apdu = {
	.name = "apdu",
	.group = GROUP_LOOK,
	.place = 40,
	.summary = "Send commands given in hex, through the open channel if there is one",
	.needs = NEED_READER | USES_SESSION | MUTATES | HAS_JSON,
	VERB_OPERANDS(operands),
	.args_size = sizeof(struct args),
	.run = run,
};
