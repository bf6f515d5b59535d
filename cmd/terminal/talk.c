/* terminal check, renew, get, put, revoke, join: a terminal and the card in it. */
#include <string.h>

#include "base/file.h"
#include "base/value.h"
#include "cmd/kit/ask.h"
#include "cmd/kit/dry.h"
#include "cmd/kit/out.h"
#include "cmd/kit/print.h"
#include "cmd/terminal/show.h"
#include "terminal/talk.h"

#define TALK_NEEDS (NEED_READER | MUTATES | HAS_JSON)

struct args {
	const char *path, *clock, *number, *data, *output;
	struct opt_u32 record;
	bool no_renew;
};

#define FILE_WORD WORD_PATH("FILE", args, path, "State file of the terminal")
#define NUMBER_WORD WORD_STRING("N", args, number, "Number of the object, 1 to 15")
#define RECORD_OPT(...) \
	OPT_U32("record", "R", args, record, 1, TRUST_RECORDS, \
	    "Record of the card that is meant, where the file knows several" __VA_ARGS__)

/* ---- what is common ---- */

struct work {
	struct ctx *c;
	const struct args *a;
	struct terminal t;
	struct talk k;
};

/* What a verb says in its channel, one behind the other. */
enum says {
	SAYS_PRESENT = 1,
	SAYS_RENEW = 2, /* and CONFIRM */
	SAYS_GET = 4,
	SAYS_PUT = 8,
	SAYS_REVOKE = 16,
	JOINS = 32 /* in a channel in which the card alone proves itself */
};

static int plan(struct ctx *c, unsigned says, struct err *e)
{
	static const struct {
		enum says when;
		const char *command, *meaning;
	} lines[] = {
		{ SAYS_PRESENT, "844200****", "PRESENT: time and characteristics" },
		{ SAYS_RENEW, "844600****", "RENEW: the card makes a new key" },
		{ SAYS_RENEW, "844800****", "CONFIRM: it has arrived" },
		{ SAYS_GET, "84CADF****", "GET DATA: the object" },
		{ SAYS_PUT, "84E29000**", "STORE DATA: the object" },
		{ SAYS_REVOKE, "844E00****", "REVOKE: the record ends" },
	};
	struct dry d;

	dry_begin(&d, c, NULL);
	dry_text(&d, "00A4040007F054525553540100", "SELECT: the trust application");
	if ((says & JOINS) != 0) {
		dry_text(&d, "8088**13A6****5F49****00",
		    "INTERNAL AUTHENTICATE: the card proves itself");
	} else {
		dry_text(&d, "8050****08****************00",
		    "INITIALIZE UPDATE with the terminal's key (of P-256: MUTUAL AUTHENTICATE)");
		dry_text(&d, "84823300**", "EXTERNAL AUTHENTICATE, level 33");
	}
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if ((says & lines[i].when) != 0)
			dry_text(&d, lines[i].command, lines[i].meaning);
	return dry_end(&d, e);
}

/* Everything before the card, then the card. */
static int begin(struct work *w, struct ctx *c, const struct args *a, bool joins, struct err *e)
{
	w->c = c;
	w->a = a;
	w->k = (struct talk){
		.t = &w->t, .only = a->record.given ? (uint8_t)a->record.v : 0, .plans = c->dry_run
	};
	if (clock_get(a->clock, &w->k.clock, e) != 0 || terminal_open(a->path, &w->t, e) != 0)
		return -1;
	if (talk_check(&w->k, joins, e) != 0)
		return -1;
	return c->dry_run ? 0 : ctx_session(c, &w->k.s, e);
}

static int trusted(struct work *w, struct err *e)
{
	if (talk_open(&w->k, e) != 0 || talk_present(&w->k, e) != 0)
		return -1;
	if (w->k.fallen_back)
		ctx_note(w->c,
		    "the card knows the key of generation %u only: the newer one was "
		    "never confirmed",
		    w->k.r->current.generation);
	return 0;
}

/* The channel is of no use to anybody else. */
static int end(struct work *w, int rc)
{
	if (w->k.s != NULL)
		session_close(w->k.s);
	terminal_close(&w->t);
	return rc;
}

static bool is_due(const struct work *w)
{
	return w->k.verdict.result == TRUST_DUE;
}

static json_t *verdict_json(const struct work *w, bool renewed)
{
	json_t *o = json_object();
	char text[TIME_SIZE];

	terminal_show_record(&o, w->k.r);
	out_set(&o, "result", json_text(trust_result_str(w->k.verdict.result)));
	out_set(&o, "due", json_boolean(is_due(w)));
	out_set(&o, "renewed", json_boolean(renewed));
	out_set(&o, "renewal_from", json_text(time_str(w->k.verdict.renew_from, text)));
	out_set(&o, "now", json_text(time_str(w->k.verdict.now, text)));
	return o;
}

static int object_number(const char *text, uint8_t *n, struct err *e)
{
	uint32_t v = 0;
	bool ok = decimal_get(text, &v) && v >= 1 && v <= TRUST_OBJECTS;

	*n = (uint8_t)v;
	return ok ? 0
		  : err_set(
			e, ERR_USAGE, "N: the number of an object is from 1 to %d", TRUST_OBJECTS);
}

/* ---- check, renew ---- */

static int run_check(struct work *w, bool must_renew, struct err *e)
{
	bool renewed;

	if (trusted(w, e) != 0)
		return -1;
	renewed = must_renew || (is_due(w) && !w->a->no_renew);
	if (renewed && talk_renew(&w->k, e) != 0)
		return -1;
	if (!renewed && is_due(w))
		ctx_note(w->c, "a new key is due: terminal renew fetches it");
	return out_result(w->c, verdict_json(w, renewed), e);
}

static int check_or_renew(struct ctx *c, void *args, bool must_renew, struct err *e)
{
	struct work w = { 0 };
	int rc = begin(&w, c, args, false, e);

	if (rc == 0)
		rc = c->dry_run ? plan(c, SAYS_PRESENT | (must_renew ? SAYS_RENEW : 0u), e)
				: run_check(&w, must_renew, e);
	return end(&w, rc);
}

static int check_run(struct ctx *c, void *args, struct err *e)
{
	return check_or_renew(c, args, false, e);
}

static int renew_run(struct ctx *c, void *args, struct err *e)
{
	return check_or_renew(c, args, true, e);
}

static const struct operand file_operands[] = { FILE_WORD };
static const struct opt check_opts[] = {
	RECORD_OPT(),
	CLOCK_OPT(args),
	OPT_FLAG("no-renew", args, no_renew, "Do not fetch a new key, even when it is due"),
};
static const struct opt talk_opts[] = { RECORD_OPT(), CLOCK_OPT(args) };

const struct verb verb_terminal_check = {
	.name = "terminal check",
	.group = GROUP_TERMINAL,
	.place = 30,
	.summary = "Ask the card whether it trusts a terminal; renews its key when that is due",
	.needs = TALK_NEEDS,
	VERB_OPTS(check_opts),
	VERB_OPERANDS(file_operands),
	.args_size = sizeof(struct args),
	.run = check_run,
};
const struct verb verb_terminal_renew = {
	.name = "terminal renew",
	.group = GROUP_TERMINAL,
	.place = 40,
	.summary = "Fetch a new key for a terminal from the card",
	.needs = TALK_NEEDS,
	VERB_OPTS(talk_opts),
	VERB_OPERANDS(file_operands),
	.args_size = sizeof(struct args),
	.run = renew_run,
};

/* ---- get, put ---- */

static json_t *object_json(const struct work *w, uint8_t n, size_t octets)
{
	json_t *o = json_object();

	out_set(&o, "record", json_integer(w->k.r->record));
	out_set(&o, "object", json_integer(n));
	out_set(&o, "octets", json_integer((json_int_t)octets));
	return o;
}

static int run_get(struct work *w, uint8_t n, struct err *e)
{
	struct wr value = wr_grow(TRUST_OBJECT_MAX);
	json_t *o;
	int rc = trusted(w, e) != 0 ? -1 : talk_get(&w->k, n, &value, e);

	if (rc == 0 && w->a->output != NULL)
		rc = file_create(w->a->output, wr_span(&value), 0600, e);
	if (rc == 0) {
		o = object_json(w, n, value.n);
		if (w->a->output != NULL)
			out_set_text(&o, "output", w->a->output);
		else
			out_set(&o, "value", out_hex(wr_span(&value)));
		rc = out_result(w->c, o, e);
	}
	wr_free(&value);
	return rc;
}

static int get_run(struct ctx *c, void *args, struct err *e)
{
	const struct args *a = args;
	struct work w = { 0 };
	uint8_t n;
	int rc = object_number(a->number, &n, e);

	/* Before the card counts a use of the key. */
	if (rc == 0 && a->output != NULL)
		rc = file_is_new(a->output, e);
	if (rc == 0)
		rc = begin(&w, c, args, false, e);
	if (rc == 0)
		rc = c->dry_run ? plan(c, SAYS_PRESENT | SAYS_GET, e) : run_get(&w, n, e);
	return end(&w, rc);
}

static int run_put(struct work *w, uint8_t n, struct span value, struct err *e)
{
	json_t *o;

	if (trusted(w, e) != 0 || talk_put(&w->k, n, value, e) != 0)
		return -1;
	o = object_json(w, n, value.n);
	out_set(&o, value.n > 0 ? "stored" : "removed", json_true());
	return out_result(w->c, o, e);
}

static int put_run(struct ctx *c, void *args, struct err *e)
{
	const struct args *a = args;
	struct wr value = { 0 };
	struct work w = { 0 };
	uint8_t n;
	int rc = object_number(a->number, &n, e);

	if (rc == 0)
		rc = file_read(a->data, TRUST_OBJECT_MAX, &value, e);
	if (rc == 0)
		rc = begin(&w, c, a, false, e);
	if (rc == 0)
		rc = c->dry_run ? plan(c, SAYS_PRESENT | SAYS_PUT, e)
				: run_put(&w, n, wr_span(&value), e);
	wr_free(&value);
	return end(&w, rc);
}

static const struct operand get_operands[] = { FILE_WORD, NUMBER_WORD };
static const struct operand put_operands[] = {
	FILE_WORD,
	NUMBER_WORD,
	WORD_PATH("DATA", args, data, "What is put there, its octets as they are; none: it goes"),
};
static const struct opt get_opts[] = {
	OPT_PATH("output", "FILE", args, output, "A new file for what is there (shown in hex)"),
	RECORD_OPT(),
	CLOCK_OPT(args),
};

const struct verb verb_terminal_get = {
	.name = "terminal get",
	.group = GROUP_TERMINAL,
	.place = 60,
	.summary = "Get an object that the card keeps for a terminal",
	.needs = TALK_NEEDS,
	VERB_OPTS(get_opts),
	VERB_OPERANDS(get_operands),
	.args_size = sizeof(struct args),
	.run = get_run,
};
const struct verb verb_terminal_put = {
	.name = "terminal put",
	.group = GROUP_TERMINAL,
	.place = 70,
	.summary = "Put an object where a terminal finds it again",
	.needs = TALK_NEEDS,
	VERB_OPTS(talk_opts),
	VERB_OPERANDS(put_operands),
	.args_size = sizeof(struct args),
	.run = put_run,
};

/* ---- revoke, join ---- */

static int run_revoke(struct work *w, struct err *e)
{
	json_t *o;

	if (talk_open(&w->k, e) != 0 || talk_revoke(&w->k, e) != 0)
		return -1;
	o = json_object();
	terminal_show_record(&o, w->k.r);
	return out_result(w->c, o, e);
}

static int revoke_run(struct ctx *c, void *args, struct err *e)
{
	struct work w = { 0 };
	int rc = begin(&w, c, args, false, e);

	if (rc == 0 && !c->dry_run)
		rc = ask(c,
		    "The card never trusts this key again, and the terminal forgets it. Go on?", e);
	if (rc == 0)
		rc = c->dry_run ? plan(c, SAYS_REVOKE, e) : run_revoke(&w, e);
	return end(&w, rc);
}

static int run_join(struct work *w, struct err *e)
{
	return talk_join(&w->k, e) == 0 ? out_result(w->c, verdict_json(w, true), e) : -1;
}

static int join_run(struct ctx *c, void *args, struct err *e)
{
	struct work w = { 0 };
	int rc = begin(&w, c, args, true, e);

	if (rc == 0)
		rc = c->dry_run ? plan(c, JOINS | SAYS_PRESENT | SAYS_RENEW, e) : run_join(&w, e);
	return end(&w, rc);
}

static const struct opt join_opts[] = {
	OPT_U32("record", "R", args, record, 1, TRUST_RECORDS, "Record of the card that is open",
	    .flags = OPT_REQUIRED),
	CLOCK_OPT(args),
};

const struct verb verb_terminal_revoke = {
	.name = "terminal revoke",
	.group = GROUP_TERMINAL,
	.place = 80,
	.summary = "End the trust of a card in a terminal, from the terminal",
	.needs = TALK_NEEDS | DESTROYS,
	VERB_OPTS(talk_opts),
	VERB_OPERANDS(file_operands),
	.args_size = sizeof(struct args),
	.run = revoke_run,
};
const struct verb verb_terminal_join = {
	.name = "terminal join",
	.group = GROUP_TERMINAL,
	.place = 90,
	.summary = "Fetch the first key of an open record",
	.needs = TALK_NEEDS,
	VERB_OPTS(join_opts),
	VERB_OPERANDS(file_operands),
	.args_size = sizeof(struct args),
	.run = join_run,
};
