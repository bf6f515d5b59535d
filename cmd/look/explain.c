/* explain: reads a captured exchange, names what is in it, and checks it with keys. */
#include <stdlib.h>
#include <string.h>

#include "apdu/sw.h"
#include "base/hex.h"
#include "card/capture.h"
#include "card/trace.h"
#include "gp/command.h"
#include "gp/scp11_data.h"
#include "host/audit_party.h"
#include "cmd/kit/out.h"
#include "cmd/kit/print.h"
#include "cmd/look/explain.h"

struct args {
	const char *file;
	struct opt_strings keys, terminals;
	bool well_known;
};

static const struct operand operands[] = {
	WORD_PATH("FILE", args, file, "The recording"),
};
static const struct opt opts[] = {
	OPT_STRINGS("keys", "NAME", args, keys,
	    "Check with this key of the key store: card key set, grantor, party, receipt"),
	OPT_STRINGS("terminal", "FILE", args, terminals,
	    "State file of a terminal: its keys are tried, too"),
	OPT_FLAG("probe-well-known", args, well_known, "Try the published test keys as well"),
};

struct explain {
	struct ctx *c;
	struct explain_keys keys;
	struct audit audit;
	struct party_audit party;
	struct capture cap;
	struct out_stream rows;
	bool failed; /* memory or cryptography failed */
	/* what came out */
	bool verified; /* something was checked and right */
	const struct candidate *fits;
	unsigned no_key;       /* sessions that no key set given fits */
	unsigned mistake_line; /* the first mistake, 0: none */
	enum finding mistake;
	char mistake_side[sizeof(((struct party_note *)0)->text)];
};

/* ---- one exchange ---- */

static void note_finding(struct explain *x, unsigned line, enum finding f, const char *side)
{
	if (f == FINDING_OK)
		x->verified = true;
	if (f == FINDING_NO_KEY)
		x->no_key++;
	if (f <= FINDING_NO_KEY || x->mistake_line != 0)
		return;
	x->mistake_line = line;
	x->mistake = f;
	snprintf(x->mistake_side, sizeof(x->mistake_side), "%s", side);
}

/* What of the command is shown as a tree: blocks of BER-TLV together, with the last of them. */
static struct span objects_of_command(const struct shown *s, struct span whole)
{
	const struct capdu *c = &s->clear;
	bool named =
	    c->ins == INS_STORE_DATA || c->ins == INS_PERFORM_SECURITY_OPERATION || is_agreement(c);
	bool blocks = c->ins == INS_PERFORM_SECURITY_OPERATION ||
		      (c->ins == INS_STORE_DATA && (c->p1 & 0x18) == 0x10);
	struct span data = blocks ? whole : c->data;
	size_t off, hidden;

	trace_hidden(s->plain, &off, &hidden);
	if (!s->readable || (!s->r.has_plain && !named) || !is_tree(data) ||
	    (hidden > 0 && c->ins != INS_CHANGE_MODE))
		return span_of(NULL, 0);
	return data;
}

/* Which of several key sets a session is of. */
static void note_key_set(const struct explain *x, struct shown *s)
{
	struct party_notes *n = &s->notes;

	if (s->clear.ins != INS_INITIALIZE_UPDATE || s->r.reply != FINDING_OK || x->keys.n < 2 ||
	    n->n == PARTY_NOTES_MAX)
		return;
	n->v[n->n].finding = FINDING_NONE;
	snprintf(n->v[n->n].text, sizeof(n->v[n->n].text), "key set %s", x->audit.fits->name);
	n->n++;
}

/* Opens what was recorded as far as the keys go. `w` is storage for the plain command. */
static void look_at(
    struct explain *x, const struct captured *ex, struct span answer, struct shown *s, struct wr *w)
{
	struct party_exchange p;
	struct span whole;

	audit_next(&x->audit, ex->command, answer, ex->masked, &s->r);
	if (x->audit.fits != NULL)
		x->fits = x->audit.fits;
	s->line = ex->line;
	s->command = ex->command;
	if (!party_exchange_of(&p, ex->command, answer, ex->masked, &s->r))
		return;
	p.line = ex->line;
	s->clear = p.command;
	s->readable = p.readable;
	s->answer = p.reply;
	wr_reset(w);
	if (s->r.has_plain)
		capdu_put(w, &s->r.plain);
	s->plain = wr_span(w);
	party_audit_next(&x->party, &p, &s->notes, &whole);
	note_key_set(x, s);
	s->data = objects_of_command(s, whole);
	s->hide_plain = party_hides_command(&x->party, &s->clear);
	s->hide_answer = party_hides_answer(&s->clear) && s->answer.data.n > 0;
}

/* Without C-ENC what was hidden in the plain command stands in the recorded one as well. */
static bool command_is_clear(const struct shown *s)
{
	struct capdu c;

	return !s->r.has_plain || (capdu_get(s->command, &c) && c.data.n >= s->clear.data.n &&
				      span_eq(span_sub(c.data, 0, s->clear.data.n), s->clear.data));
}

/* ---- the recording ---- */

/* Answer i whole: what GET RESPONSE fetched is added, a command repeated with another Le counts
 * once. Returns the index behind what was used. */
static size_t join(const struct capture *cap, size_t i, struct captured *first, struct wr *answer)
{
	struct captured x = capture_at(cap, i);
	struct capdu c, next;
	struct rapdu r;

	*first = x;
	wr_reset(answer);
	wr_put(answer, x.answer);
	while (rapdu_get(wr_span(answer), &r) && i + 1 < cap->n) {
		struct captured y = capture_at(cap, i + 1);
		bool more = r.sw >> 8 == 0x61, again = r.sw >> 8 == 0x6C;

		if (!capdu_get(y.command, &next) || !capdu_get(first->command, &c))
			break;
		if (!(more && next.ins == 0xC0) && !(again && next.ins == c.ins && next.p1 == c.p1))
			break;
		wr_cut(answer, more ? answer->n - 2 : 0);
		wr_put(answer, y.answer);
		if (again)
			first->command = y.command;
		i++;
	}
	return i + 1;
}

static void note_findings(struct explain *x, const struct shown *s)
{
	note_finding(x, s->line, s->r.command, "command");
	note_finding(x, s->line, s->r.reply, "answer");
	for (size_t i = 0; i < s->notes.n; i++)
		note_finding(x, s->line, s->notes.v[i].finding, s->notes.v[i].text);
}

/* Goes through the recording: once to judge it as a whole, once to show it. */
static void explain_all(struct explain *x, bool show)
{
	struct wr answer = wr_grow(APDU_MAX_RESPONSE), plain = wr_grow(APDU_MAX_COMMAND);

	audit_init(&x->audit, x->keys.candidates, x->keys.n);
	party_audit_init(&x->party, &x->keys.trust);
	for (size_t i = 0; i < x->cap.n;) {
		struct captured ex;
		struct shown s = { 0 };

		i = join(&x->cap, i, &ex, &answer);
		x->failed = x->failed || !wr_ok(&answer);
		if (!rapdu_get(wr_span(&answer), &s.answer))
			continue;
		look_at(x, &ex, wr_span(&answer), &s, &plain);
		x->failed = x->failed || !wr_ok(&plain);
		s.hide_command = s.hide_plain && command_is_clear(&s);
		if (!show)
			note_findings(x, &s);
		else if (x->c->json)
			out_stream_row(&x->rows, shown_json(&s));
		else
			shown_text(x->c->out, &s);
	}
	x->failed = x->failed || x->audit.failed;
	audit_wipe(&x->audit);
	party_audit_free(&x->party);
	wr_free(&plain);
	wr_free(&answer);
}

static json_t *head_json(const struct explain *x, const char *file)
{
	const struct candidate *f = x->fits;
	json_t *o = json_object();

	out_set_text(&o, "file", file);
	out_set(&o, "keys", f == NULL ? json_null() : json_text(f->name));
	out_set(&o, "diversification",
	    f == NULL ? json_null() : json_text(diversification_str(f->diversification)));
	out_set(&o, "verified", json_boolean(x->verified && x->mistake_line == 0));
	out_set(&o, "mistake",
	    x->mistake_line == 0 ? json_null()
				 : json_pack("{s:I, s:s, s:s}", "line", (json_int_t)x->mistake_line,
				       "side", x->mistake_side, "what", finding_str(x->mistake)));
	return o;
}

static void sum_up(struct explain *x)
{
	if (x->fits != NULL)
		ctx_note(x->c, "key set: %s, diversification %s", x->fits->name,
		    diversification_str(x->fits->diversification));
	if (x->fits != NULL && x->no_key > 0)
		ctx_note(x->c, "%u session%s of other keys, not checked", x->no_key,
		    x->no_key == 1 ? "" : "s");
	if (x->mistake_line != 0)
		ctx_note(x->c, "first mistake: line %u, %s: %s", x->mistake_line, x->mistake_side,
		    finding_str(x->mistake));
}

static int outcome(const struct explain *x, const char *file, struct err *e)
{
	if (x->no_key > 0 && x->fits == NULL) {
		err_set(e, ERR_AUTH, "%s: none of the %zu keys fits", file, x->keys.n);
		return err_hint(e,
		    "name other key sets with --keys, a terminal's file with --terminal, or try "
		    "--probe-well-known");
	}
	if (x->mistake_line != 0)
		return err_set(e, ERR_INTEGRITY, "%s:%u: %s: %s", file, x->mistake_line,
		    x->mistake_side, finding_str(x->mistake));
	return 0;
}

static int run_with(struct explain *x, const struct args *g, struct err *e)
{
	int rc = 0;

	if (capture_read(g->file, &x->cap, e) != 0)
		return err_hint_else(e, "--trace records what a verb sends and gets");
	explain_all(x, false);
	if (!x->failed && x->c->json)
		out_stream_begin(&x->rows, x->c->out, head_json(x, g->file), "exchanges");
	if (!x->failed) {
		explain_all(x, true);
		if (x->c->json)
			rc = out_stream_end(&x->rows, e);
		sum_up(x);
	}
	capture_free(&x->cap);
	if (x->failed)
		return err_memory(e);
	return rc == 0 ? outcome(x, g->file, e) : -1;
}

static int run(struct ctx *c, void *args, struct err *e)
{
	const struct args *g = args;
	struct explain x = { .c = c };
	struct keystore *ks = NULL;
	int rc = -1;

	if ((g->keys.n > 0 && (ctx_keystore(c, &ks, e) != 0 ||
				  explain_keys_named(&x.keys, ks, &g->keys, e) != 0)) ||
	    (g->well_known && explain_keys_published(&x.keys, e) != 0))
		goto out;
	for (size_t i = 0; i < g->terminals.n; i++)
		if (explain_keys_terminal(&x.keys, g->terminals.v[i], e) != 0)
			goto out;
	rc = run_with(&x, g, e);
out:
	explain_keys_wipe(&x.keys);
	keystore_close(ks);
	return rc;
}

const struct verb verb_explain = {
	.name = "explain",
	.group = GROUP_LOOK,
	.place = 50,
	.summary = "Name and check what is in a captured exchange",
	.needs = USES_KEYSTORE | HAS_JSON,
	VERB_OPTS(opts),
	VERB_OPERANDS(operands),
	.args_size = sizeof(struct args),
	.run = run,
};
