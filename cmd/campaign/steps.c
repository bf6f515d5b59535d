#include "cmd/campaign/steps.h"

#include <string.h>

#include "base/hex.h"
#include "cmd/kit/dry.h"
#include "cmd/kit/fields.h"
#include "cmd/kit/out.h"
#include "cmd/kit/show.h"
#include "cmd/kit/print.h"

/* ---- a card that takes everything ---- */

struct taker {
	struct dry *dry; /* NULL: only counted */
	uint32_t step;   /* whose commands come */
	uint32_t commands[MANIFEST_STEPS + 1];
};

/* What only comes to be when it is sent. */
static void print_masked(struct dry *d, const struct capdu *c, size_t clear, const char *what)
{
	char text[2 * APDU_SHORT_DATA + 16];
	size_t at = (size_t)snprintf(
	    text, sizeof(text), "%02X%02X%02X%02X%02zX", c->cla, c->ins, c->p1, c->p2, c->data.n);

	hex_put(span_sub(c->data, 0, clear), text + at, sizeof(text) - at);
	at += 2 * clear;
	for (size_t i = clear; i < c->data.n && at + 2 < sizeof(text); i++, at += 2)
		memcpy(text + at, "**", 3);
	snprintf(text + at, sizeof(text) - at, "%s", c->le == LE_NONE ? "" : "00");
	dry_text(d, text, what);
}

static void print(struct dry *d, const struct capdu *c, struct span command)
{
	if (c->ins == INS_INITIALIZE_UPDATE)
		print_masked(d, c, 0, "INITIALIZE UPDATE");
	else if (c->ins == INS_EXTERNAL_AUTHENTICATE)
		print_masked(d, c, 0, "EXTERNAL AUTHENTICATE, if the card's cryptogram is right");
	else if (c->ins == INS_PUT_KEY)
		print_masked(d, c, 1, "PUT KEY of a whole set");
	else
		dry_apdu(d, command);
}

/* Every card has a package; one that tells of none is asked twice. */
static void put_package(struct wr *rsp)
{
	/* That of the issuer domain, A0000001515350. */
	static const struct status_entry x = { .aid = { 7, { 0xA0, 0, 0, 1, 0x51, 0x53, 0x50 } },
		.state = ELF_LOADED };

	status_entry_put(rsp, &x);
}

static int take(void *ctx, struct span command, struct wr *rsp, struct err *e)
{
	struct taker *t = ctx;
	struct capdu c;
	bool read = capdu_get(command, &c);

	(void)e;
	t->commands[t->step]++;
	if (t->dry != NULL && read)
		print(t->dry, &c, command);
	if (read && c.ins == INS_GET_STATUS && c.p1 == STATUS_MODULES)
		put_package(rsp);
	wr_u16(rsp, read && c.ins == INS_GET_DATA ? SW_REFERENCE_NOT_FOUND : SW_OK);
	return 0;
}

static void leave(void *ctx)
{
	(void)ctx;
}

static void begin_step(void *ctx, uint32_t i)
{
	((struct taker *)ctx)->step = i;
}

/* The commands of each step; 0: of opening the channel. */
static int play(const struct campaign *cp, struct taker *t, struct err *e)
{
	static const struct card_ops ops = { .transmit = take, .close = leave };
	struct card card = { .ops = &ops, .ctx = t };

	return unicast_plan(cp, &card, begin_step, t, e);
}

static uint32_t all_commands(const struct campaign *cp, const struct taker *t)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i <= cp->unicast->n; i++)
		n += t->commands[i];
	return n;
}

/* ---- what each step is ---- */

/* What is in the file besides what the fields say. */
static void set_package(json_t **o, const struct load_source *l)
{
	json_t *applets = json_array();

	for (size_t i = 0; i < l->applet_n; i++)
		show_add(&applets, out_hex(aid_span(&l->applet[i])));
	out_set(o, "package", out_hex(aid_span(&l->package)));
	out_set(o, "version", json_sprintf("%u.%u", l->cap.major, l->cap.minor));
	out_set(o, "octets", json_integer((json_int_t)l->data.n));
	out_set(o, "applets", applets);
}

static json_t *step_json(const struct task *t, uint32_t commands)
{
	const struct change *ch = &t->change;
	json_t *o = json_pack("{s:s}", "step", ch->kind->name);

	fields_json(&o, ch);
	/* What both begin with. */
	if (ch->kind == &change_install || ch->kind == &change_load)
		set_package(&o, ch->x);
	out_set(&o, "commands", json_integer(commands));
	return o;
}

static void step_line(FILE *f, const struct task *t)
{
	char text[300] = "";

	if (t->change.kind->describe != NULL)
		t->change.kind->describe(t->change.x, text, sizeof(text));
	print_text(f, "%s", text);
}

/* ---- the plan ---- */

static json_t *plan_json(const struct campaign *cp, uint64_t cards, const struct taker *t)
{
	json_t *steps = json_array(), *o = campaign_cards_json(cp, cards);

	out_set(&o, "keys", json_text(cp->keys->name));
	out_set(&o, "key_version", json_text(out_hex8(cp->unicast->set[0].version).s));
	out_set(&o, "level", json_text(out_hex8(unicast_level(cp)).s));
	for (uint32_t i = 1; i <= cp->unicast->n; i++)
		show_add(&steps, step_json(&cp->unicast->task[i - 1], t->commands[i]));
	out_set(&o, "steps", steps);
	out_set(&o, "commands", json_integer(all_commands(cp, t)));
	return o;
}

static void show_text(FILE *f, const struct campaign *cp, uint64_t cards, const struct taker *t)
{
	campaign_show_cards(f, cp, cards);
	print_line(f, "keys     %s of %s, key version %02X", cp->keys->name, cp->m.keystore,
	    cp->unicast->set[0].version);
	print_line(f, "channel  level %02X; %u commands", unicast_level(cp), t->commands[0]);
	for (uint32_t i = 1; i <= cp->unicast->n; i++) {
		print_text(f, "step     %-13s ", cp->unicast->task[i - 1].name);
		step_line(f, &cp->unicast->task[i - 1]);
		print_line(f, "; %u command%s", t->commands[i], t->commands[i] == 1 ? "" : "s");
	}
	print_line(f,
	    "each card: %u commands when it has nothing of it, those that look before and after a "
	    "step included;",
	    all_commands(cp, t));
	print_raw(f, "  what is so already is skipped\n");
}

int steps_show_plan(struct ctx *c, const struct campaign *cp, uint64_t cards, struct err *e)
{
	struct taker t = { 0 }, printer = { 0 };
	json_t *o = NULL;
	struct dry d;

	if (play(cp, &t, e) != 0)
		return -1;
	if (c->json)
		o = plan_json(cp, cards, &t);
	else
		show_text(c->out, cp, cards, &t);
	if (!c->dry_run)
		return c->json ? out_result(c, o, e) : 0;
	dry_begin(&d, c, o);
	printer.dry = &d;
	return play(cp, &printer, e) == 0 ? dry_end(&d, e) : -1;
}

/* ---- how far a card is ---- */

/* "a,b" as a list; it comes from the ledger. */
static json_t *names_json(const char *names)
{
	char name[sizeof(((struct ledger_step *)0)->unproven)];
	json_t *a = json_array();

	while (*names != '\0') {
		size_t n = strcspn(names, ",");

		snprintf(name, sizeof(name), "%.*s", (int)n, names);
		show_add(&a, json_text(name));
		names += n + (names[n] == ',');
	}
	return a;
}

int steps_json(
    const struct campaign *cp, struct ledger *l, const char *file, json_t **out, struct err *e)
{
	*out = json_array();
	for (uint32_t i = 1; i <= cp->unicast->n; i++) {
		const struct task *t = &cp->unicast->task[i - 1];
		struct ledger_step s;
		json_t *o;

		if (ledger_step(l, file, i, &s, e) != 0) {
			json_decref(*out);
			return -1;
		}
		o = json_pack(
		    "{s:s, s:s}", "step", t->change.kind->name, "state", step_state_str(s.state));
		if (s.state == STEP_DONE || s.state == STEP_WAS_SO)
			out_set(&o, "proven", json_boolean(!s.bare));
		if (s.unproven[0] != '\0')
			out_set(&o, "unproven", names_json(s.unproven));
		show_add(out, o);
	}
	return 0;
}

int steps_text(const struct campaign *cp, struct ledger *l, const char *file,
    char out[static STEPS_TEXT], struct err *e)
{
	size_t at = 0;

	out[0] = '\0';
	for (uint32_t i = 1; i <= cp->unicast->n; i++) {
		struct ledger_step s;

		if (ledger_step(l, file, i, &s, e) != 0)
			return -1;
		at += (size_t)snprintf(out + at, STEPS_TEXT - at, "%s%s%s", i == 1 ? "" : ",",
		    step_state_str(s.state), s.unproven[0] == '\0' ? "" : " (unproven)");
	}
	return 0;
}
