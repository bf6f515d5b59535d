#include "campaign_steps.h"

#include <string.h>

#include "base/hex.h"
#include "dry.h"
#include "out.h"

/* ---- a card that takes everything ---- */

struct taker {
	struct dry *dry; /* NULL: only counted */
	uint32_t commands;
};

static void print(struct dry *d, const struct capdu *c, struct span command)
{
	char text[120];

	if (c->ins == INS_INITIALIZE_UPDATE && c->data.n == 8) {
		snprintf(text, sizeof(text), "8050%02X0008****************00", c->p1);
		dry_text(d, text, "INITIALIZE UPDATE");
	} else if (c->ins == INS_EXTERNAL_AUTHENTICATE && c->data.n == 16) {
		snprintf(text, sizeof(text), "8482%02X0010********************************", c->p1);
		dry_text(d, text, "EXTERNAL AUTHENTICATE, if the card's cryptogram is right");
	} else {
		dry_apdu(d, command);
	}
}

static int take(void *ctx, struct span command, struct wr *rsp, struct err *e)
{
	struct taker *t = ctx;
	struct capdu c;
	bool read = capdu_get(command, &c);

	(void)e;
	t->commands++;
	if (t->dry != NULL && read)
		print(t->dry, &c, command);
	wr_u16(rsp, read && (c.ins == INS_GET_DATA || c.ins == INS_GET_STATUS)
			? SW_REFERENCE_NOT_FOUND
			: SW_OK);
	return 0;
}

static void leave(void *ctx)
{
	(void)ctx;
}

/* Commands of step i, 0: of opening the channel. */
static int count(const struct campaign *cp, uint32_t i, struct dry *dry, uint32_t *n, struct err *e)
{
	static const struct card_ops ops = { .transmit = take, .close = leave };
	struct taker t = { .dry = dry };
	struct card card = { .ops = &ops, .ctx = &t };
	int rc = unicast_plan(cp, i, &card, e);

	*n = t.commands;
	return rc;
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
		json_array_append_new(applets,
		    out_hex(
			t->m->applet_n > 0 ? aid_span(&t->m->applet[i]) : t->cap.applets[i].aid));
	out_set(o, "package", out_hex(t->cap.package));
	out_set(o, "version", json_string(version));
	out_set(o, "octets", json_integer((json_int_t)t->cap.block.n));
	out_set(o, "applets", applets);
	out_set(o, "replace", json_boolean(t->m->replace));
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

static json_t *readers_json(const struct campaign *cp)
{
	json_t *a = json_array();

	for (size_t i = 0; i < cp->m.readers_n; i++)
		json_array_append_new(a, json_string(cp->m.readers[i]));
	return a;
}

static int plan_json(const struct campaign *cp, uint64_t cards, json_t **out, struct err *e)
{
	const bool fed = cp->m.readers_n > 0;
	json_t *steps = json_array(),
	       *o = json_pack("{s:s, s:o, s:o, s:o, s:s, s:s, s:s}", "campaign", cp->m.name,
		   "cards", fed ? json_null() : json_integer((json_int_t)cards), "directory",
		   fed ? json_null() : json_string(cp->m.cards), "readers",
		   fed ? readers_json(cp) : json_null(), "keys", cp->keys->name, "key_version",
		   out_hex8(cp->unicast->set[0].version).s, "level", out_hex8(unicast_level(cp)).s);
	uint32_t n, all;
	int rc = count(cp, 0, NULL, &all, e);

	for (uint32_t i = 1; rc == 0 && i <= cp->unicast->n; i++) {
		rc = count(cp, i, NULL, &n, e);
		all += n;
		json_array_append_new(steps, step_json(&cp->unicast->task[i - 1], n));
	}
	out_set(&o, "steps", steps);
	out_set(&o, "commands", json_integer(all));
	if (rc != 0) {
		json_decref(o);
		return -1;
	}
	*out = o;
	return o == NULL ? err_memory(e) : 0;
}

static int show_text(FILE *f, const struct campaign *cp, uint64_t cards, struct err *e)
{
	uint32_t n, all;

	campaign_show_cards(f, cp, cards);
	fprintf(f, "keys     %s of %s, key version %02X\n", cp->keys->name, cp->m.keystore,
	    cp->unicast->set[0].version);
	if (count(cp, 0, NULL, &all, e) != 0)
		return -1;
	for (uint32_t i = 1; i <= cp->unicast->n; i++) {
		const struct task *t = &cp->unicast->task[i - 1];

		if (count(cp, i, NULL, &n, e) != 0)
			return -1;
		all += n;
		fprintf(f, "step     %-13s ", t->name);
		step_line(f, t);
		fprintf(f, "; %u commands\n", n);
	}
	fprintf(f,
	    "each card: %u commands at level %02X, for one that has nothing of it; what is so "
	    "already\n  is skipped. The registry is read before and after each step.\n",
	    all, unicast_level(cp));
	return 0;
}

static int show_commands(struct ctx *c, const struct campaign *cp, json_t *take_head, struct err *e)
{
	struct dry d;
	uint32_t n;

	dry_begin(&d, c, take_head);
	for (uint32_t i = 0; i <= cp->unicast->n; i++)
		if (count(cp, i, &d, &n, e) != 0)
			return -1;
	return dry_end(&d, e);
}

int steps_show_plan(struct ctx *c, const struct campaign *cp, uint64_t cards, struct err *e)
{
	json_t *o = NULL;

	if (c->json ? plan_json(cp, cards, &o, e) != 0 : show_text(c->out, cp, cards, e) != 0)
		return -1;
	if (c->dry_run)
		return show_commands(c, cp, o, e);
	return c->json ? out_result(c, o, e) : 0;
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
		json_array_append_new(
		    *out, json_pack("{s:s, s:s}", "step", manifest_action_str(t->m->action),
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
