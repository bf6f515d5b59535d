#include "cmd/kit/print.h"
#include "cmd/content/change.h"

#include <string.h>

#include "cmd/agent/agent.h"
#include "cmd/authority/grant_record.h"
#include "cmd/content/key_record.h"
#include "cmd/content/key_ways.h"
#include "cmd/kit/ask.h"
#include "cmd/kit/progress.h"
#include "cmd/kit/show.h"

/* One run, for the callbacks. */
struct maker {
	struct target t;
	struct progress bar;
	bool showing;
	struct key_ways ways;
	struct key_record record;
	struct serials serials;
};

static int ask_it(void *ctx, const char *question, struct err *e)
{
	struct maker *m = ctx;

	return ask(m->t.c, question, e);
}

static void list(void *ctx, const char *head, const struct registry_entry *x)
{
	struct maker *m = ctx;

	if (head != NULL)
		ask_note(m->t.c, "%s", head);
	if (x != NULL && x->s.state == 0)
		ask_note(m->t.c, "  %s", aid_hex(&x->s.aid).s);
	else if (x != NULL)
		note_entry(m->t.c, x);
}

static void note(void *ctx, const char *text)
{
	struct maker *m = ctx;

	ctx_note(m->t.c, "%s", text);
}

static void progress(void *ctx, const char *what, uint32_t done, uint32_t total)
{
	struct maker *m = ctx;

	if (!m->showing) {
		progress_begin(&m->bar, m->t.c, what);
		m->bar.tail = 10;
		m->showing = true;
	}
	snprintf(m->bar.what, sizeof(m->bar.what), "%s", what);
	progress_show(&m->bar, done, total);
}

static bool stop(void *ctx)
{
	struct maker *m = ctx;

	return ctx_stopped(m->t.c);
}

/* ---- keys ---- */

/* In a dry run a channel is two lines. */
static int open_dry(struct maker *m, const struct change *ch)
{
	struct key_order o;
	char text[80];

	if (!key_order_of(ch, &o))
		return 0;
	snprintf(text, sizeof(text), "8050%02X0008****************00", o.version);
	dry_text(&m->t.dry, text, "INITIALIZE UPDATE, the new set is to prove itself");
	dry_text(&m->t.dry, "8482**0010********************************",
	    "EXTERNAL AUTHENTICATE, if the card's cryptogram is right");
	return 0;
}

static int open_again(
    void *ctx, const struct change *ch, enum keys_set which, enum keys_card card, struct err *e)
{
	struct maker *m = ctx;

	return m->t.is_dry ? open_dry(m, ch) : key_ways_open(&m->ways, ch, which, card, e);
}

static enum proof proof(void *ctx, const struct change *ch, uint8_t *own)
{
	const struct maker *m = ctx;

	if (!m->t.is_dry)
		return key_ways_proof(&m->ways, ch);
	*own = m->ways.old_version;
	return PROOF_DUE;
}

static int begin(void *ctx, const struct change *ch, const void *work, struct err *e)
{
	struct maker *m = ctx;
	const struct ctx *c = m->t.c;
	const struct key_place at = { .reader = c->agent != NULL ? c->agent->reader : c->reader,
		.s = m->t.s };
	struct key_order o;

	if (key_order_of(ch, &o))
		m->ways.work = work;
	return key_record_begin(&m->record, &at, ch, work, e);
}

static void end(void *ctx, const struct change *ch, const void *work, const struct err *why)
{
	struct maker *m = ctx;
	struct err e;

	if (key_record_end(&m->record, ch, work, why, &e) != 0)
		ctx_note(m->t.c, "%s", e.text);
	if (grant_record_end(ch, work, why, &e) != 0)
		ctx_note(m->t.c, "%s", e.text);
	key_ways_after(&m->ways, ch, work);
}

static int serial(void *ctx, const struct grant_issue *g, uint64_t *to, struct err *e)
{
	struct maker *m = ctx;

	return grant_serial_take(&m->serials, g, to, e);
}

static const struct change_calls calls = { .ask = ask_it,
	.list = list,
	.note = note,
	.progress = progress,
	.stop = stop,
	.begin = begin,
	.end = end,
	.serial = serial,
	.open = open_again,
	.proof = proof };

/* ---- the verb ---- */

static void tell_unproven(struct maker *m, const struct change *ch, uint64_t bits)
{
	for (size_t i = 0; i < ch->kind->field_n; i++)
		if ((bits & 1ull << i) != 0)
			ctx_note(m->t.c, "it is there already, but the card does not show its %s",
			    ch->kind->fields[i].name);
}

static int run(struct maker *m, const struct change *ch, change_teller *tell, struct err *e)
{
	struct change_card card = { .s = m->t.s,
		.habits = &m->t.habits,
		.calls = &calls,
		.ctx = m,
		.is_dry = m->t.is_dry,
		.dry_des = m->t.dry_des,
		.by_hand = true,
		.stays_open = m->t.c->agent != NULL,
		.ks = m->ways.ks };
	struct change_result r;
	int rc = change_run(&card, ch, &r, e);

	if (m->showing)
		progress_end(&m->bar);
	if (rc == 0 && !m->t.is_dry) {
		tell_unproven(m, ch, r.unproven);
		out_told(m->t.c, r.proven);
		rc = tell(m->t.c, ch, &r, e);
	}
	if (rc == 0)
		out_tell_bare(m->t.c);
	change_result_free(ch, &r);
	change_card_free(&card);
	return rc;
}

static bool names_keys(const struct change_kind *k)
{
	for (size_t i = 0; i < k->field_n; i++)
		if (k->fields[i].kind == FIELD_KEYS || k->fields[i].kind == FIELD_ENTRY)
			return true;
	return k->keyed != NULL;
}

/* The key sets that it names, before any card. A dry run that names none needs no store. */
static int find_keys(struct maker *m, struct ctx *c, struct change *ch, struct err *e)
{
	if (!names_keys(ch->kind) && (c->dry_run || ch->kind != &change_delete_keys))
		return 0;
	return ctx_keystore(c, &m->ways.ks, e) != 0 ? -1 : change_find_keys(ch, m->ways.ks, e);
}

static int open_card(struct maker *m, struct ctx *c, const struct change *ch,
    const struct channel_args *channel, struct err *e)
{
	struct channel_args with_new;
	struct err with_old;
	int rc = target_open(&m->t, c, channel, e);

	if (rc != 0 && c->agent == NULL && e->code == ERR_AUTH && c->card_open &&
	    key_ways_with_new(ch, channel, &with_new)) {
		with_old = *e;
		ctx_note(c, "%s", e->text);
		ctx_note(c, "looking whether %s is on the card already", with_new.keys);
		rc = target_open(&m->t, c, &with_new, e);
		m->ways.proved = rc == 0;
		if (rc != 0 && e->code == ERR_AUTH)
			*e = with_old;
	}
	if (rc == 0 && m->t.is_dry)
		key_ways_dry(&m->ways, channel);
	else if (rc == 0)
		key_ways_of(&m->ways, m->t.s, channel);
	return rc;
}

int change_verb(struct ctx *c, struct change_args *a, change_teller *tell, struct err *e)
{
	struct maker m = { .ways = { .c = c }, .serials = { .yes = c->yes } };
	struct change *ch = &a->change;
	int rc = change_open(ch, FROM_LINE, e);

	if (rc == 0)
		rc = find_keys(&m, c, ch, e);
	if (rc == 0)
		rc = open_card(&m, c, ch, &a->channel, e);
	if (rc == 0)
		rc = target_close(&m.t, run(&m, ch, tell, e), e);
	if (m.ways.ks != NULL)
		keystore_close(m.ways.ks);
	return rc;
}

/* ---- what several verbs show ---- */

void confirmation_tell(struct ctx *c, struct span confirmation)
{
	if (confirmation.n == 0)
		return;
	print_raw(c->out, "confirmation: ");
	for (size_t i = 0; i < confirmation.n; i++)
		print_text(c->out, "%02X", confirmation.p[i]);
	print_raw(c->out, "\n");
}

json_t *removals_json(const struct removals *m)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < m->done; i++) {
		json_t *o = json_object();

		out_set(&o, "aid", out_hex(aid_span(&m->list[i].aid)));
		out_set(&o, "related", json_boolean(m->list[i].p2 == DELETE_RELATED));
		out_set(&o, "confirmation", out_hex(removals_confirmation(m, i)));
		show_add(&rows, o);
	}
	return rows;
}

void removals_tell(const struct removals *m, struct ctx *c)
{
	for (size_t i = 0; i < m->done; i++) {
		print_line(c->out, "deleted: %s%s", aid_hex(&m->list[i].aid).s,
		    m->list[i].p2 == DELETE_RELATED ? " and what is made from it" : "");
		confirmation_tell(c, removals_confirmation(m, i));
	}
}

json_t *load_json(const struct load_source *l, const struct load_work *w)
{
	json_t *o = json_object(), *applets = json_array();

	for (size_t i = 0; i < l->applet_n; i++)
		show_add(&applets, out_hex(aid_span(&l->applet[i])));
	out_set_text(&o, "file", l->file.path);
	out_set(&o, "package", out_hex(aid_span(&l->package)));
	out_set(&o, "version", json_sprintf("%u.%u", l->cap.major, l->cap.minor));
	out_set(&o, "octets", json_integer((json_int_t)(l->head.n + l->data.n)));
	out_set(&o, "blocks", json_integer((json_int_t)w->outcome.blocks));
	out_set(&o, "hash", out_hex(span_of(l->digest, l->digest_n)));
	out_set(&o, "modules", applets);
	out_set(&o, "confirmation", out_hex(span_of(w->confirmation, w->confirmation_n)));
	return o;
}

void load_tell(const struct load_source *l, const struct load_work *w, struct ctx *c)
{
	print_line(c->out, "loaded: %s %u.%u, %zu octets in %u blocks", aid_hex(&l->package).s,
	    l->cap.major, l->cap.minor, l->head.n + l->data.n, w->outcome.blocks);
	confirmation_tell(c, span_of(w->confirmation, w->confirmation_n));
}
