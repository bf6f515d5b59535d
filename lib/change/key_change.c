/* Keys put, proved, the old ones deleted; and the same in a plan, without keys. */
#include "change/key_change.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Nothing is asked before a set is merely added. */
int key_work_confirm(struct change_card *c, const struct key_work *w, struct err *e)
{
	const struct keys_plan *plan = &w->change.plan;
	const char *name = w->order.entry->name;
	char text[300] = "";
	size_t n = 0;

	if (plan->p1 == 0 && plan->remove == 0)
		return 0;
	if (plan->put && plan->p1 != 0)
		n = (size_t)snprintf(text, sizeof(text),
		    "replace key set %02X of the card by %s as %02X, %s %s", plan->p1, name,
		    w->goal.version, key_work_shown_as(w), w->kcv);
	else if (plan->put)
		n = (size_t)snprintf(text, sizeof(text), "put %s as key set %02X, %s %s", name,
		    w->goal.version, key_work_shown_as(w), w->kcv);
	if (plan->remove != 0)
		snprintf(text + n, sizeof(text) - n,
		    "%sdelete key set %02X of the card once %s opens a channel",
		    n == 0 ? "" : ", then ", plan->remove, name);
	text[0] = (char)toupper((unsigned char)text[0]);
	return change_ask(c, e, "%s?", text);
}

/* ---- done ---- */

int key_open(struct change_card *c, enum keys_set which, enum keys_card card, struct err *e)
{
	if (c->calls->open != NULL)
		return c->calls->open(c->ctx, c->change, which, card, e);
	err_set(e, ERR_READER, "which keys the card has is not known");
	return err_hint(e, "run it again: it goes on from what the card has");
}

/* A keys_opener. */
static int opener(void *ctx, enum keys_set which, enum keys_card card, struct err *e)
{
	return key_open(ctx, which, card, e);
}

int key_personalized(struct session *s, struct err *e)
{
	const struct registry_entry *x;
	struct registry r;
	struct err ignored;
	int rc = 0;

	if (registry_read(s, &r, &ignored) == 0) {
		x = registry_find(&r, &s->domain);
		if (x != NULL && x->s.state == APP_SELECTABLE)
			rc = content_set_status(
			    s, SET_APPLICATION, DOMAIN_PERSONALIZED, &s->domain, e);
	}
	registry_free(&r);
	return rc;
}

static int read_dry(struct change_card *c, struct err *e)
{
	struct key_infos k;
	bool told;

	return keys_read(c->s, &k, &told, e);
}

/* As long as it will be; the keys are zeros, and so is what they are encrypted under. */
static int put_dry(struct change_card *c, struct key_work *w, struct err *e)
{
	static const struct key nothing = { .n = 16 };
	struct capdu cmd = { .cla = 0x80, .ins = INS_PUT_KEY, .le = LE_MAX_SHORT };
	size_t most = content_block(c->s, false);
	struct wr data = wr_grow(KEYS_LONGEST);
	struct rapdu r;
	int rc = 0;

	w->keys.des = w->goal.type == KEY_TYPE_DES;
	cmd.p2 = w->keys.n > 1 ? 0x81 : 0x01;
	if (!put_key_put(&data, &w->keys, &nothing) || most == 0)
		rc = err_set(e, ERR_OTHER, "PUT KEY: the keys cannot be encrypted");
	for (size_t at = 0; rc == 0 && at < data.n; at += most) {
		cmd.p1 = (uint8_t)(w->change.plan.p1 | (at + most < data.n ? 0x80u : 0u));
		cmd.data = span_sub(wr_span(&data), at, most);
		rc = session_do(c->s, &cmd, "PUT KEY", &r, e);
	}
	wr_free(&data);
	return rc == 0 ? read_dry(c, e) : -1;
}

int key_delete_dry(struct change_card *c, const struct delete_keys *what, struct err *e)
{
	struct capdu cmd = { .cla = 0x80, .ins = INS_DELETE, .le = LE_MAX_SHORT };
	uint8_t data[16];
	struct wr w = wr_fixed(data, sizeof(data));
	struct rapdu r;

	delete_keys_put(&w, what);
	cmd.data = wr_span(&w);
	return session_do(c->s, &cmd, "DELETE", &r, e) == 0 ? read_dry(c, e) : -1;
}

static int do_dry(struct change_card *c, struct key_work *w, struct err *e)
{
	const struct keys_plan *plan = &w->change.plan;

	if (put_dry(c, w, e) != 0 || (plan->prove && key_open(c, NEW_SET, CARD_AS_IT_IS, e) != 0))
		return -1;
	if (plan->remove == 0)
		return 0;
	return key_delete_dry(c, &(struct delete_keys){ -1, plan->remove }, e);
}

int key_work_do(struct change_card *c, struct key_work *w, struct err *e)
{
	struct keys_change *x = &w->change;

	x->s = c->s;
	x->keys = &w->keys;
	x->kid = 1;
	x->open = opener;
	x->ctx = c;
	if (c->is_dry)
		return do_dry(c, w, e);
	if (keys_change(x, e) != 0)
		return -1;
	return w->order.first ? key_personalized(c->s, e) : 0;
}

int key_work_compare(struct change_card *c, struct key_work *w, struct err *e)
{
	const struct key_infos *k;
	bool told;

	if (c->is_dry || (!w->change.put && !w->change.removed))
		return 0;
	if (change_keys(c, &k, &told, e) != 0)
		return -1;
	w->now = *k;
	if (!told || key_goal_shown(k, &w->goal))
		return 0;
	return err_set(e, ERR_INTEGRITY,
	    "PUT KEY was answered 9000, but key set %02X is not of the type and length that were "
	    "sent",
	    w->goal.version);
}

void key_work_free(void *work)
{
	struct key_work *w = work;

	wipe(&w->keys, sizeof(w->keys));
}
