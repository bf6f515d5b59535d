#include "cmd/campaign/steps.h"

#include <string.h>

#include "base/hex.h"
#include "cmd/kit/dry.h"
#include "cmd/kit/out.h"
#include "cmd/kit/show.h"

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
		.state = LOAD_FILE_LOADED };

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

static void set_aid(json_t **o, const char *name, const struct aid *a)
{
	if (a->n > 0)
		out_set(o, name, out_hex(aid_span(a)));
}

static void set_install(json_t **o, const struct task *t)
{
	json_t *applets = json_array();
	char version[16];

	snprintf(version, sizeof(version), "%u.%u", t->cap.major, t->cap.minor);
	for (size_t i = 0; i < (t->m->applet_n > 0 ? t->m->applet_n : t->cap.applet_n); i++)
		show_add(&applets, out_hex(t->m->applet_n > 0 ? aid_span(&t->m->applet[i])
							      : t->cap.applets[i].aid));
	out_set(o, "package", out_hex(t->cap.package));
	out_set(o, "version", json_string(version));
	out_set(o, "octets", json_integer((json_int_t)t->cap.block.n));
	out_set(o, "applets", applets);
	out_set(o, "replace", json_boolean(t->m->replace));
	if (t->m->dap[0] != '\0')
		out_set(o, "dap", json_string(t->m->dap));
	if (t->hash_n > 0)
		out_set(o, "hash", out_hex(span_of(t->hash, t->hash_n)));
	set_aid(o, "domain", &t->m->domain);
}

static void set_put_keys(json_t **o, const struct task *t)
{
	out_set(o, "keys", json_string(t->m->keys));
	out_set(o, "version", json_string(out_hex8(t->version).s));
	if (t->m->old >= 0)
		out_set(o, "replace", json_string(out_hex8((uint8_t)t->m->old).s));
	out_set(o, "rotate", json_boolean(t->m->rotate));
}

static json_t *step_json(const struct task *t, uint32_t commands)
{
	json_t *o = json_pack("{s:s}", "step", manifest_action_str(t->m->action));

	if (t->m->file[0] != '\0')
		out_set(&o, "file", json_string(t->m->file));
	set_aid(&o, t->m->action == ACTION_STORE_DATA ? "application" : "aid", &t->m->aid);
	switch (t->m->action) {
	case ACTION_INSTALL:
		set_install(&o, t);
		break;
	case ACTION_DELETE:
		out_set(&o, "related", json_boolean(t->m->related));
		break;
	case ACTION_PUT_KEYS:
		set_put_keys(&o, t);
		break;
	case ACTION_STORE_DATA:
		out_set(&o, "format", json_string(manifest_format_str(t->m->format)));
		out_set(&o, "octets", json_integer((json_int_t)t->data.n));
		break;
	case ACTION_LOCK:
	case ACTION_UNLOCK:
		out_set(&o, "card", json_boolean(t->m->card));
		break;
	}
	out_set(&o, "commands", json_integer(commands));
	return o;
}

static void step_line(FILE *f, const struct task *t)
{
	const struct manifest_step *m = t->m;
	char aid[HEX_SIZE(AID_MAX)];

	hex_put(m->action == ACTION_INSTALL ? t->cap.package : aid_span(&m->aid), aid, sizeof(aid));
	switch (m->action) {
	case ACTION_INSTALL:
		fprintf(f, "%s: package %s, version %u.%u, %zu octets, %zu applet%s%s", m->file,
		    aid, t->cap.major, t->cap.minor, t->cap.block.n,
		    m->applet_n > 0 ? m->applet_n : t->cap.applet_n,
		    (m->applet_n > 0 ? m->applet_n : t->cap.applet_n) == 1 ? "" : "s",
		    m->replace ? ", replaces another version" : "");
		break;
	case ACTION_DELETE:
		fprintf(f, "%s%s", aid, m->related ? " and what is made from it" : "");
		break;
	case ACTION_PUT_KEYS:
		fprintf(f, "%s as %02X", m->keys, t->version);
		if (m->old >= 0)
			fprintf(f, ", replaces %02X", (unsigned)m->old);
		if (m->rotate)
			fputs(", then the set of the channel is deleted", f);
		break;
	case ACTION_STORE_DATA:
		fprintf(f, "%s: %zu octets, %s%s%s", m->file, t->data.n,
		    manifest_format_str(m->format), m->aid.n > 0 ? ", to " : "", aid);
		break;
	case ACTION_LOCK:
	case ACTION_UNLOCK:
		fputs(m->card ? "the card" : aid, f);
		break;
	}
}

/* ---- the plan ---- */

static json_t *plan_json(const struct campaign *cp, uint64_t cards, const struct taker *t)
{
	const bool fed = cp->m.readers_n > 0;
	json_t *steps = json_array(),
	       *o = json_pack("{s:s, s:o, s:o, s:o, s:s, s:s, s:s}", "campaign", cp->m.name,
		   "cards", fed ? json_null() : json_integer((json_int_t)cards), "directory",
		   fed ? json_null() : json_string(cp->m.cards), "readers",
		   fed ? campaign_readers_json(cp) : json_null(), "keys", cp->keys->name,
		   "key_version", out_hex8(cp->unicast->set[0].version).s, "level",
		   out_hex8(unicast_level(cp)).s);

	for (uint32_t i = 1; i <= cp->unicast->n; i++)
		show_add(&steps, step_json(&cp->unicast->task[i - 1], t->commands[i]));
	out_set(&o, "steps", steps);
	out_set(&o, "commands", json_integer(all_commands(cp, t)));
	return o;
}

static void show_text(FILE *f, const struct campaign *cp, uint64_t cards, const struct taker *t)
{
	campaign_show_cards(f, cp, cards);
	fprintf(f, "keys     %s of %s, key version %02X\n", cp->keys->name, cp->m.keystore,
	    cp->unicast->set[0].version);
	fprintf(f, "channel  level %02X; %u commands\n", unicast_level(cp), t->commands[0]);
	for (uint32_t i = 1; i <= cp->unicast->n; i++) {
		fprintf(f, "step     %-13s ", cp->unicast->task[i - 1].name);
		step_line(f, &cp->unicast->task[i - 1]);
		fprintf(f, "; %u command%s\n", t->commands[i], t->commands[i] == 1 ? "" : "s");
	}
	fprintf(f,
	    "each card: %u commands when it has nothing of it, those that look before and after a "
	    "step included;\n  what is so already is skipped\n",
	    all_commands(cp, t));
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

int steps_json(
    const struct campaign *cp, struct ledger *l, const char *file, json_t **out, struct err *e)
{
	*out = json_array();
	for (uint32_t i = 1; i <= cp->unicast->n; i++) {
		const struct task *t = &cp->unicast->task[i - 1];
		enum step_state s;

		if (ledger_step(l, file, i, &s, e) != 0) {
			json_decref(*out);
			return -1;
		}
		show_add(out, json_pack("{s:s, s:s}", "step", manifest_action_str(t->m->action),
				  "state", step_state_str(s)));
	}
	return 0;
}

int steps_text(const struct campaign *cp, struct ledger *l, const char *file,
    char out[static STEPS_TEXT], struct err *e)
{
	size_t at = 0;

	out[0] = '\0';
	for (uint32_t i = 1; i <= cp->unicast->n; i++) {
		enum step_state s;

		if (ledger_step(l, file, i, &s, e) != 0)
			return -1;
		at += (size_t)snprintf(
		    out + at, STEPS_TEXT - at, "%s%s", i == 1 ? "" : ",", step_state_str(s));
	}
	return 0;
}
