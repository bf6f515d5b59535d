/* campaign status, campaign report, and the plan that check and --dry-run show. */
#include "cmd/campaign/show.h"

#include <string.h>

#include "base/hex.h"
#include "base/value.h"
#include "cmd/campaign/steps.h"
#include "cmd/kit/dry.h"
#include "cmd/kit/out.h"
#include "cmd/kit/show.h"
#include "cmd/kit/print.h"

/* ---- plan ---- */

static json_t *readers_json(const struct campaign *cp)
{
	json_t *a = json_array();

	for (size_t i = 0; i < cp->m.readers_n; i++)
		show_add(&a, json_text(cp->m.readers[i]));
	return a;
}

static json_t *packages_json(const struct bundle *b)
{
	json_t *rows = json_array();

	for (size_t i = 0; rows != NULL && i < b->package_n; i++) {
		json_t *o =
		    json_pack("{s:I, s:s, s:I, s:i}", "package", (json_int_t)b->package[i].number,
			"mac", b->package[i].m == 16 ? "S16" : "S8", "commands",
			(json_int_t)b->package[i].total, "key_bits", b->package[i].key_n * 8);

		if (json_array_append_new(rows, o) != 0) {
			json_decref(rows);
			return NULL;
		}
	}
	return rows;
}

void campaign_show_cards(FILE *f, const struct campaign *cp, uint64_t cards)
{
	print_text(f, "campaign %s: ", cp->m.name);
	if (cp->m.readers_n == 0) {
		print_line(f, "%llu cards in %s", (unsigned long long)cards, cp->m.cards);
		return;
	}
	print_raw(f, "cards that are put into ");
	for (size_t i = 0; i < cp->m.readers_n; i++)
		print_text(f, "%s%s", i == 0 ? "" : ", ", cp->m.readers[i]);
	print_raw(f, "\n");
}

json_t *campaign_cards_json(const struct campaign *cp, uint64_t cards)
{
	const bool fed = cp->m.readers_n > 0;
	json_t *o = json_pack("{s:s, s:o}", "campaign", cp->m.name, "cards",
	    fed ? json_null() : json_integer((json_int_t)cards));

	out_set_text(&o, "directory", fed ? NULL : cp->m.cards);
	out_set(&o, "readers", fed ? readers_json(cp) : json_null());
	return o;
}

static json_t *plan_json(const struct campaign *cp, uint64_t cards)
{
	const struct bundle *b = &cp->bundle;
	char campaign[33], digest[65], version[12];
	json_t *o = campaign_cards_json(cp, cards);

	hex_put(SPAN(b->campaign), campaign, sizeof(campaign));
	hex_put_lower(SPAN(b->image_digest), digest, sizeof(digest));
	out_set_text(&o, "bundle", cp->m.bundle);
	out_set(&o, "version", json_text(version_str(b->version, version)));
	out_set(&o, "digest", json_text(digest));
	out_set(&o, "length", json_integer((json_int_t)b->length));
	out_set(&o, "id", json_text(campaign));
	out_set(&o, "variant", json_text(variant_str(b->variant)));
	out_set(&o, "keys", json_text(cp->keys->name));
	out_set(&o, "packages", packages_json(b));
	return o;
}

/* What every card gets that holds nothing of it yet. */
static int show_commands(struct ctx *c, const struct campaign *cp, uint64_t cards, struct err *e)
{
	const struct bundle *b = &cp->bundle;
	struct dry d;

	dry_begin(&d, c, c->json ? plan_json(cp, cards) : NULL);
	for (size_t i = 0; i < b->package_n; i++) {
		const struct package *p = &b->package[i];

		if (dry_enter(&d, b, p, 0, cp->ks, e) != 0)
			return -1;
		dry_stream(&d, p, 0);
		dry_apdu(&d, p->return_command);
		if (cp->m.authorize == AUTHORIZE_NOW &&
		    dry_authorize(&d, b, p, P1_ACTIVATE, e) != 0)
			return -1;
	}
	return dry_end(&d, e);
}

int campaign_show_plan(struct ctx *c, const struct campaign *cp, uint64_t cards, struct err *e)
{
	const struct bundle *b = &cp->bundle;
	char version[12], digest[65];

	if (cp->m.mode == MODE_UNICAST)
		return steps_show_plan(c, cp, cards, e);
	if (c->json && !c->dry_run)
		return out_result(c, plan_json(cp, cards), e);
	if (c->json)
		return show_commands(c, cp, cards, e);
	hex_put_lower(SPAN(b->image_digest), digest, sizeof(digest));
	campaign_show_cards(c->out, cp, cards);
	print_line(c->out, "bundle   %s: version %s, %u octets, variant %s, algorithm %02X",
	    cp->m.bundle, version_str(b->version, version), b->length, variant_str(b->variant),
	    b->algorithm);
	print_line(c->out, "digest   %s", digest);
	for (size_t i = 0; i < b->package_n; i++)
		print_line(c->out, "package  %u: %s, %u commands, broadcast keys of %u bits",
		    b->package[i].number, b->package[i].m == 16 ? "S16" : "S8", b->package[i].total,
		    b->package[i].key_n * 8u);
	print_line(c->out, "keys     %s of %s, key version %02X", cp->keys->name, cp->m.keystore,
	    cp->m.key_version >= 0 ? (unsigned)cp->m.key_version : cp->keys->version);
	print_line(c->out,
	    "each card: SELECT, GET DATA, INITIALIZE UPDATE 8050%02X00, EXTERNAL AUTHENTICATE,",
	    cp->m.key_version >= 0 ? (unsigned)cp->m.key_version : cp->keys->version);
	print_raw(c->out,
	    "  GET DATA FF70 FF71 FF72, CHANGE MODE 845A0100, WRITE STAGE 845E0000 (all commands "
	    "of its package),\n");
	print_line(c->out, "  CHANGE MODE 845A0001%s",
	    cp->m.authorize == AUTHORIZE_NOW ? ", AUTHORIZE ACTION 845C0000, GET DATA FF70" : "");
	return c->dry_run ? show_commands(c, cp, cards, e) : 0;
}

/* ---- sums ---- */

json_t *campaign_sums_json(const struct campaign *cp, const struct ledger_sums *s)
{
	char version[12];
	bool told = cp->m.mode == MODE_BROADCAST && cp->unknown.code == ERR_NONE;

	return json_pack("{s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:b}", "campaign", cp->m.name,
	    "version", told ? json_text(version_str(cp->bundle.version, version)) : json_null(),
	    "total", (json_int_t)s->total, "done", (json_int_t)s->done, "failed",
	    (json_int_t)s->failed, "pending", (json_int_t)s->pending, "already",
	    (json_int_t)s->already, "unproven", (json_int_t)s->unproven, "damaged", s->broken);
}

void campaign_tell_unproven(FILE *f, const struct ledger_sums *s)
{
	if (s->unproven > 0)
		print_line(f, "not proven: %llu of those done, which were not read with R-MAC",
		    (unsigned long long)s->unproven);
}

static void sums_text(FILE *f, const struct campaign *cp, const struct ledger_sums *s)
{
	char version[12];

	print_text(f, "campaign %s", cp->m.name);
	if (cp->m.mode == MODE_UNICAST)
		print_line(f, ", %zu step%s", cp->m.step_n, cp->m.step_n == 1 ? "" : "s");
	else if (cp->unknown.code != ERR_NONE)
		print_raw(f, "\n");
	else
		print_line(f, ", version %s", version_str(cp->bundle.version, version));
	print_line(f, "total    %llu", (unsigned long long)s->total);
	print_line(f, "done     %llu (already %llu)", (unsigned long long)s->done,
	    (unsigned long long)s->already);
	print_line(f, "failed   %llu", (unsigned long long)s->failed);
	print_line(f, "pending  %llu", (unsigned long long)s->pending);
	campaign_tell_unproven(f, s);
	if (s->damaged > 0)
		print_line(f, "damaged  %llu", (unsigned long long)s->damaged);
}

/* Before the first run nothing is known: the cards of the directory are all pending. */
static int sums(const struct campaign *cp, struct ledger *l, struct ledger_sums *s, struct err *e)
{
	if (ledger_sum(l, s, e) != 0)
		return -1;
	if (s->total != 0)
		return 0;
	if (campaign_count_cards(cp, &s->total, e) != 0)
		return -1;
	s->pending = s->total;
	return 0;
}

/* ---- report ---- */

static const char *state_str(const struct ledger_card *lc)
{
	return lc->damaged ? "damaged" : row_state_str(lc->state);
}

/* Refused: by the card, or by somebody on the line who made the answer up. */
static json_t *auth_json(enum card_auth a)
{
	return a == CARD_AUTH_FINE      ? json_null()
	       : a == CARD_AUTH_REFUSED ? json_text("refused")
					: json_text("wrong keys");
}

/* A card that was put into a reader has no file. */
static json_t *card_json(const struct campaign *cp, const struct ledger_card *lc)
{
	json_t *o = json_object();

	out_set_text(&o, "id", lc->id[0] != '\0' ? lc->id : NULL);
	out_set_text(&o, "file", cp->m.readers_n > 0 ? NULL : lc->file);
	out_set_text(&o, "state", state_str(lc));
	out_set_text(&o, "step", lc->step);
	out_set_text(&o, "reason", lc->reason[0] != '\0' ? lc->reason : NULL);
	out_set_text(&o, "hint", lc->hint[0] != '\0' ? lc->hint : NULL);
	out_set(&o, "proven",
	    lc->state == ROW_DONE && !lc->damaged ? json_boolean(!lc->bare) : json_null());
	out_set(&o, "in_doubt", json_boolean(lc->in_doubt));
	out_set(&o, "authentication", auth_json(lc->auth_failed));
	return o;
}

static int interrupted(const struct ctx *c, struct err *e)
{
	return *c->stop == 0 ? 0 : err_set(e, ERR_INTERRUPTED, "interrupted");
}

/* One object whose array is written card by card, so that memory does not grow with the fleet. */
static int report_json(struct ctx *c, const struct campaign *cp, struct ledger *l,
    const struct ledger_sums *s, struct err *e)
{
	json_t *head = campaign_sums_json(cp, s);
	struct ledger_card lc;
	char after[sizeof(lc.file)] = "";
	struct out_stream out;
	json_t *row;
	bool found;

	out_set_text(&head, "bundle", cp->m.mode == MODE_UNICAST ? NULL : cp->m.bundle);
	out_stream_begin(&out, c->out, head, "cards");
	for (;;) {
		if (interrupted(c, e) != 0 || ledger_next(l, after, -1, &lc, &found, e) != 0)
			return -1;
		if (!found)
			break;
		memcpy(after, lc.file, sizeof(after));
		row = card_json(cp, &lc);
		if (cp->m.mode == MODE_UNICAST) {
			json_t *steps;

			if (steps_json(cp, l, lc.file, &steps, e) != 0) {
				json_decref(row);
				return -1;
			}
			out_set(&row, "steps", steps);
		}
		out_stream_row(&out, row);
	}
	return out_stream_end(&out, e);
}

static int report_text(struct ctx *c, const struct campaign *cp, struct ledger *l,
    const struct ledger_sums *s, struct err *e)
{
	struct ledger_card lc;
	char after[sizeof(lc.file)] = "", steps[STEPS_TEXT];
	bool found;

	sums_text(c->out, cp, s);
	print_raw(c->out, "\n");
	print_line(
	    c->out, "%-32s  %-28s  %-8s  %-12s  %s", "CARD", "FILE", "STATE", "STEP", "REASON");
	for (;;) {
		if (interrupted(c, e) != 0 || ledger_next(l, after, -1, &lc, &found, e) != 0)
			return -1;
		if (!found)
			return 0;
		memcpy(after, lc.file, sizeof(after));
		print_line(c->out, "%-32s  %-28s  %-8s  %-12s  %s", lc.id[0] != '\0' ? lc.id : "-",
		    cp->m.readers_n > 0 ? "-" : lc.file, state_str(&lc),
		    lc.step[0] != '\0' ? lc.step : "-", lc.reason[0] != '\0' ? lc.reason : "-");
		if (lc.auth_failed != CARD_AUTH_FINE)
			print_line(c->out, "%-32s  authentication: %s", "",
			    lc.auth_failed == CARD_AUTH_REFUSED
				? "refused, or somebody on the line"
				: "these are not the card's keys; no try was spent");
		if (lc.state == ROW_DONE && lc.bare && !lc.damaged)
			print_line(c->out, "%-32s  not proven: not read with R-MAC", "");
		if (lc.hint[0] != '\0')
			print_line(c->out, "%-32s  hint: %s", "", lc.hint);
		if (cp->m.mode != MODE_UNICAST)
			continue;
		if (steps_text(cp, l, lc.file, steps, e) != 0)
			return -1;
		print_line(c->out, "%-32s  steps: %s", "", steps);
	}
}

static bool stopped(void *ctx)
{
	const struct ctx *c = ctx;

	return *c->stop != 0;
}

void campaign_watch(struct ctx *c, struct campaign *cp)
{
	cp->stop = stopped;
	cp->ctx = c;
}

struct show_args {
	const char *manifest;
};

static const struct operand show_operands[] = {
	WORD_PATH("MANIFEST", show_args, manifest, "The campaign manifest"),
};

typedef int report_fn(struct ctx *c, const struct campaign *cp, struct ledger *l,
    const struct ledger_sums *s, struct err *e);

/* A run would not touch it, or would ask the cards. */
static void remark_doubt(struct ctx *c, const struct ledger *l)
{
	const struct err *why = ledger_doubt(l);

	if (ledger_lost(l) != NULL)
		ctx_note(
		    c, "remark: %s; the next run asks the cards what they have", ledger_lost(l));
	if (why == NULL)
		return;
	ctx_note(c, "remark: %s; what is shown may not be what was written", why->text);
	ctx_note(c, "hint: %s", why->hint);
}

static int with_ledger(struct ctx *c, const char *manifest, report_fn *report, struct err *e)
{
	struct ledger_goal goal;
	struct campaign cp;
	struct ledger *l = NULL;
	struct ledger_sums s;
	int rc;

	if (campaign_open_report(manifest, &cp, e) != 0)
		return -1;
	campaign_watch(c, &cp);
	if (cp.unknown.code != ERR_NONE)
		ctx_note(c, "%s; shown is the run of %s that was last", cp.unknown.text, cp.m.name);
	goal = campaign_goal(&cp);
	rc = ledger_open(cp.ledger_path, &goal, false, &l, e);
	if (rc == 0)
		remark_doubt(c, l);
	if (rc == 0)
		rc = sums(&cp, l, &s, e);
	if (rc == 0)
		rc = report(c, &cp, l, &s, e);
	if (rc == 0 && ledger_damaged(l))
		ctx_note(c, "%s is damaged: what can be read of it is shown", cp.ledger_path);
	ledger_close(l);
	campaign_close(&cp);
	return rc;
}

static int report(struct ctx *c, const struct campaign *cp, struct ledger *l,
    const struct ledger_sums *s, struct err *e)
{
	return c->json ? report_json(c, cp, l, s, e) : report_text(c, cp, l, s, e);
}

static int status(struct ctx *c, const struct campaign *cp, struct ledger *l,
    const struct ledger_sums *s, struct err *e)
{
	(void)l;
	if (c->json)
		return out_result(c, campaign_sums_json(cp, s), e);
	sums_text(c->out, cp, s);
	return 0;
}

static int run_report(struct ctx *c, void *args, struct err *e)
{
	return with_ledger(c, ((struct show_args *)args)->manifest, report, e);
}

static int run_status(struct ctx *c, void *args, struct err *e)
{
	return with_ledger(c, ((struct show_args *)args)->manifest, status, e);
}

const struct verb verb_campaign_status = {
	.name = "campaign status",
	.group = GROUP_CAMPAIGN,
	.place = 30,
	.summary = "Tell how far a campaign is",
	.needs = HAS_JSON,
	VERB_OPERANDS(show_operands),
	.args_size = sizeof(struct show_args),
	.run = run_status,
};

const struct verb verb_campaign_report = {
	.name = "campaign report",
	.group = GROUP_CAMPAIGN,
	.place = 40,
	.summary = "List every card of a campaign with state, step and reason",
	.needs = HAS_JSON,
	VERB_OPERANDS(show_operands),
	.args_size = sizeof(struct show_args),
	.run = run_report,
};
