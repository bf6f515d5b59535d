/* explain: one exchange in words and as JSON. */
#include <stdlib.h>

#include "apdu/sw.h"
#include "base/hex.h"
#include "card/trace.h"
#include "cmd/kit/out.h"
#include "cmd/kit/print.h"
#include "cmd/look/explain.h"
#include "gp/scp11_data.h"
#include "gp/trust.h"

enum { LINE_OCTETS = 64 };

bool is_agreement(const struct capdu *c)
{
	return (c->ins == INS_MUTUAL_AUTHENTICATE || c->ins == INS_INTERNAL_AUTHENTICATE) &&
	       c->p2 != 0x00 && !cla_is_sm(c->cla);
}

/* PRESENT, RENEW, CONFIRM, REVOKE. */
static bool is_of_terminal(uint8_t ins)
{
	return ins == INS_PRESENT || ins == INS_RENEW || ins == INS_CONFIRM || ins == INS_REVOKE;
}

/* Of the command, or of its answer. */
static struct tree tree_of(const struct shown *s, bool sent)
{
	return (struct tree){ .place = is_agreement(&s->clear)        ? IN_AUTHENTICATE
				       : is_of_terminal(s->clear.ins) ? IN_TERMINAL
								      : IN_NOTHING,
		.change_mode = sent && s->clear.ins == INS_CHANGE_MODE };
}

static void put_command(FILE *f, const char *before, struct span command, bool hide)
{
	char *text = command_text(command, hide);

	print_line(f, "%s%.128s%s", before, text == NULL ? "" : text,
	    command.n > LINE_OCTETS ? "..." : "");
	free(text);
}

static void put_check(FILE *f, enum finding g)
{
	if (g != FINDING_NONE)
		print_text(f, " [%s]", finding_str(g));
}

static void put_answer(FILE *f, const struct shown *s)
{
	const struct tree t = tree_of(s, false);
	struct span data = s->answer.data;
	char hex[HEX_SIZE(LINE_OCTETS)];

	print_text(f, "     < %04X %s", s->answer.sw, sw_text(s->answer.sw));
	put_check(f, s->r.reply);
	if (s->hide_answer)
		print_line(f, ": **");
	else
		print_line(f, "%s%s%s", data.n > 0 ? ": " : "",
		    hex_put(span_sub(data, 0, LINE_OCTETS - 1), hex, sizeof(hex)),
		    data.n > LINE_OCTETS - 1 ? "..." : "");
	if (is_tree(data))
		tree_text(f, data, &t);
}

void shown_text(FILE *f, const struct shown *s)
{
	struct tree t = tree_of(s, true);
	char words[200];

	print_text(f, "%5u  %s", s->line,
	    trace_describe(s->r.has_plain ? s->plain : s->command, words, sizeof(words)));
	put_check(f, s->r.command);
	print_line(f, "%s", "");
	put_command(f, "     > ", s->command, s->hide_command);
	if (s->r.has_plain)
		put_command(f, "       plain ", s->plain, s->hide_plain);
	if (s->data.n > 0)
		tree_text(f, s->data, &t);
	put_answer(f, s);
	for (size_t i = 0; i < s->notes.n; i++) {
		print_text(f, "       - %s", s->notes.v[i].text);
		put_check(f, s->notes.v[i].finding);
		print_line(f, "%s", "");
	}
}

static json_t *check_json(enum finding f)
{
	return f == FINDING_NONE ? json_null() : json_text(finding_str(f));
}

static json_t *command_json(struct span command, bool hide)
{
	char *text = command_text(command, hide);
	json_t *o = text == NULL ? NULL : json_text(text);

	free(text);
	return o;
}

static json_t *notes_json(const struct party_notes *n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n->n; i++) {
		json_t *o = json_object();

		out_set(&o, "text", json_text(n->v[i].text));
		out_set(&o, "check", check_json(n->v[i].finding));
		if (json_array_append_new(list, o) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

json_t *shown_json(const struct shown *s)
{
	const struct tree sent = tree_of(s, true), answer = tree_of(s, false);
	struct span data = s->answer.data;
	char words[200];
	json_t *o = json_object();

	out_set(&o, "line", json_integer(s->line));
	out_set(&o, "name",
	    json_text(
		trace_describe(s->r.has_plain ? s->plain : s->command, words, sizeof(words))));
	out_set(&o, "command", command_json(s->command, s->hide_command));
	out_set(&o, "plain", s->r.has_plain ? command_json(s->plain, s->hide_plain) : json_null());
	out_set(&o, "command_check", check_json(s->r.command));
	if (s->data.n > 0)
		out_set(&o, "sent", tree_json(s->data, &sent));
	out_set(&o, "sw", json_sprintf("%04X", s->answer.sw));
	out_set(&o, "status", json_text(sw_text(s->answer.sw)));
	out_set(&o, "answer",
	    data.n == 0      ? json_null()
	    : s->hide_answer ? json_text("**")
			     : out_hex(data));
	out_set(&o, "answer_check", check_json(s->r.reply));
	if (is_tree(data))
		out_set(&o, "objects", tree_json(data, &answer));
	if (s->notes.n > 0)
		out_set(&o, "notes", notes_json(&s->notes));
	return o;
}
