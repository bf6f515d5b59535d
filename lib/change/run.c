/* A change on one card, from looking to comparing; and what the kinds ask of a card. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hex.h"
#include "change/change.h"
#include "gp/card_data.h"

/* ---- who is asked and told ---- */

int change_ask(struct change_card *c, struct err *e, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	if (c->is_dry || c->calls->ask == NULL)
		return 0;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return c->calls->ask(c->ctx, text, e);
}

void change_list(struct change_card *c, const char *head, const struct registry_entry *x)
{
	if (!c->is_dry && c->calls->list != NULL)
		c->calls->list(c->ctx, head, x);
}

void change_note(struct change_card *c, const char *fmt, ...)
{
	char text[480];
	va_list ap;

	if (c->calls->note == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->calls->note(c->ctx, text);
}

void change_progress(struct change_card *c, const char *what, uint32_t done, uint32_t total)
{
	if (!c->is_dry && c->calls->progress != NULL)
		c->calls->progress(c->ctx, what, done, total);
}

bool change_stopped(const struct change_card *c)
{
	return c->calls->stop != NULL && c->calls->stop(c->ctx);
}

/* ---- what the card tells ---- */

static void forget_registry(struct change_card *c)
{
	registry_free(&c->registry);
	c->registry = (struct registry){ 0 };
	c->registry_known = false;
}

void change_forget(struct change_card *c)
{
	forget_registry(c);
	c->keys_known = false;
}

void change_card_free(struct change_card *c)
{
	change_forget(c);
}

static void tell_oddities(struct change_card *c, const struct registry *r)
{
	if (r->cut)
		change_note(c, "the card cuts its list short: there is more on it than it tells");
	if (r->skipped > 0)
		change_note(c, "the card lists %zu entr%s without a proper AID", r->skipped,
		    r->skipped == 1 ? "y" : "ies");
}

/* Nothing is known, and the card decides. */
static int without_registry(struct change_card *c, struct err *e)
{
	forget_registry(c);
	if (e->code != ERR_CARD || c->s->lost)
		return -1;
	change_note(c, "%s", e->text);
	change_note(c, "the registry cannot be read: the card decides what goes");
	err_clear(e);
	return 0;
}

int change_registry(struct change_card *c, const struct registry **r, struct err *e)
{
	*r = &c->registry;
	if (c->registry_known)
		return 0;
	forget_registry(c);
	if ((c->by_hand ? registry_read : registry_list)(c->s, &c->registry, e) != 0) {
		if (!c->by_hand || without_registry(c, e) != 0)
			return -1;
	} else if (c->is_dry) {
		forget_registry(c);
	} else {
		tell_oddities(c, &c->registry);
	}
	c->registry_known = true;
	return 0;
}

int change_content(struct change_card *c, const struct registry **r, struct err *e)
{
	if (change_registry(c, r, e) != 0)
		return -1;
	if (c->by_hand || c->is_dry ||
	    ((*r)->told[REGISTRY_APPLICATION] && (*r)->told[REGISTRY_LOAD_FILE]))
		return 0;
	return err_set(e, ERR_CARD, "the card does not tell what is on it");
}

int change_keys(struct change_card *c, const struct key_infos **k, bool *told, struct err *e)
{
	*k = &c->keys;
	if (!c->keys_known && keys_read(c->s, &c->keys, &c->keys_told, e) != 0)
		return -1;
	c->keys_known = true;
	*told = c->keys_told;
	return 0;
}

int change_may_manage(struct change_card *c, bool token, const char *field, struct err *e)
{
	const struct registry_entry *x;
	const struct registry *r;

	if (change_registry(c, &r, e) != 0)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		if (r->entry[i].kind == REGISTRY_ISD && r->entry[i].s.state == LIFE_LOCKED) {
			err_set(
			    e, ERR_SAFETY, "the card is locked: what is on it cannot be changed");
			return err_hint(e, VERB("unlock --card") " unlocks it");
		}
	x = registry_find(r, &c->s->domain);
	if (x == NULL || token || (x->s.privileges & PRIV_DELEGATED_MANAGEMENT) == 0)
		return 0;
	err_set(e, ERR_SAFETY,
	    "security domain %s has delegated management: it needs a token for this",
	    aid_hex(&x->s.aid).s);
	return err_hint(e, FIELD_IS("%s", "FILE") ", as " VERB("token make") " writes it", field);
}

int change_clock(struct change_card *c, uint32_t card_time, struct err *e)
{
	enum { A_YEAR = 366 * 86400 };
	int64_t ahead = (int64_t)card_time - (int64_t)time(NULL);

	const char *why =
	    ahead > 0
		? "the clock of the card is more than a year ahead of this one"
		: "the clock of the card would jump over more than a year, and never goes back";

	if (card_time == 0 || (ahead <= A_YEAR && ahead >= -A_YEAR))
		return 0;
	if (!c->by_hand)
		return err_set(e, ERR_SAFETY, "%s", why);
	change_note(c, "%s", why);
	return change_ask(c, e, "Is the clock of this station right?");
}

int change_not_there(const struct aid *aid, struct err *e)
{
	err_set(e, ERR_CARD, "%s is not on the card", aid_hex(aid).s);
	return err_hint(e, VERB("list") " shows what there is");
}

/* ---- one change ---- */

/* Before any of the kind's functions is called. */
static void begin_card(struct change_card *c, const struct change *ch)
{
	static const struct change_calls none;

	c->change = ch;
	c->kind = ch->kind;
	if (c->calls == NULL)
		c->calls = &none;
}

int change_look(struct change_card *c, const struct change *ch, struct change_so *so, struct err *e)
{
	*so = (struct change_so){ SO_NO, 0 };
	begin_card(c, ch);
	return ch->kind->is_so(c, ch->x, so, e);
}

static int look(
    struct change_card *c, const struct change *ch, struct change_result *r, struct err *e)
{
	struct change_so so;

	if (change_look(c, ch, &so, e) != 0)
		return -1;
	r->already = so.is == SO_YES;
	r->unproven = r->already ? so.unproven : 0;
	return 0;
}

static int act(
    struct change_card *c, const struct change *ch, struct change_result *r, struct err *e)
{
	const struct change_kind *k = ch->kind;

	if (!c->is_dry && c->calls->begin != NULL && c->calls->begin(c->ctx, ch, r->work, e) != 0)
		return -1;
	r->begun = true;
	if (k->act(c, ch->x, r->work, e) != 0) {
		change_forget(c);
		if (k->undo != NULL && !c->is_dry)
			k->undo(c, ch->x, r->work, e);
		return -1;
	}
	change_forget(c);
	return k->compare == NULL ? 0 : k->compare(c, ch->x, r->work, e);
}

static int run(
    struct change_card *c, const struct change *ch, struct change_result *r, struct err *e)
{
	const struct change_kind *k = ch->kind;
	int rc;

	if (look(c, ch, r, e) != 0)
		return -1;
	if (r->already)
		return 0;
	if (k->check(c, ch->x, r->work, e) != 0 ||
	    (k->confirm != NULL && !c->is_dry && k->confirm(c, ch->x, r->work, e) != 0))
		return -1;
	rc = act(c, ch, r, e);
	if (r->begun && !c->is_dry && c->calls->end != NULL)
		c->calls->end(c->ctx, ch, r->work, rc == 0 ? NULL : e);
	return rc;
}

int change_run(
    struct change_card *c, const struct change *ch, struct change_result *r, struct err *e)
{
	const struct change_kind *k = ch->kind;
	int rc;

	*r = (struct change_result){ .proven = session_has_rmac(c->s) };
	begin_card(c, ch);
	r->work = calloc(1, k->work_size > 0 ? k->work_size : 1);
	if (r->work == NULL)
		return err_memory(e);
	rc = run(c, ch, r, e);
	/* A change of keys may end in another channel, or without one. */
	r->proven = r->proven && session_has_rmac(c->s);
	r->registry = c->registry_known ? &c->registry : NULL;
	return rc;
}

void change_result_free(const struct change *ch, struct change_result *r)
{
	if (r->work != NULL && ch->kind->work_free != NULL)
		ch->kind->work_free(r->work);
	free(r->work);
	r->work = NULL;
}

/* ---- words ---- */

struct aid_hex aid_hex(const struct aid *a)
{
	struct aid_hex t;

	hex_put(aid_span(a), t.s, sizeof(t.s));
	return t;
}

const char *entry_state(const struct registry_entry *x)
{
	return x->kind == REGISTRY_ISD ? card_life_cycle_str(x->s.state)
				       : app_state_str(x->s.state, registry_is_domain(x));
}

const char *entry_kind(const struct registry_entry *x)
{
	if (x->kind == REGISTRY_LOAD_FILE)
		return "package";
	if (x->kind == REGISTRY_ISD)
		return "issuer domain";
	return registry_is_domain(x) ? "security domain" : "application";
}
