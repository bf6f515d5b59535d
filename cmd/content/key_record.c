#include "cmd/kit/print.h"
#include "cmd/content/key_record.h"

#include <time.h>
#include <unistd.h>

#include "cmd/channel/channel.h"
#include "cmd/kit/out.h"
#include "cmd/kit/record.h"

static const char record_file[] = "keys.jsonl";

static json_t *line_of(const struct key_record *r, const char *event)
{
	char at[RECORD_TIME];

	return json_pack("{s:s, s:s, s:s}", "id", r->id, "at", record_now(at), "event", event);
}

static void add_members(json_t **o, json_t *take)
{
	if (*o == NULL || (take != NULL && json_object_update(*o, take) != 0)) {
		json_decref(*o);
		*o = NULL;
	}
	json_decref(take);
}

/* ---- what is changed ---- */

static json_t *version_or_null(bool there, uint8_t version)
{
	return there ? json_text(out_hex8(version).s) : json_null();
}

static json_t *intent_to_put(const struct change *ch, const struct key_work *w)
{
	const struct keys_plan *plan = &w->change.plan;
	bool first = ch->kind == &change_domain_personalize;
	json_t *o = json_pack("{s:s, s:s, s:s, s:b}", "verb",
	    first ? "domain personalize" : ch->kind->name, "name", w->order.entry->name, "version",
	    out_hex8(w->goal.version).s, "put", (int)plan->put);

	out_set(&o, key_work_is_public(w) ? "fingerprint" : "kcv", json_text(w->kcv));
	out_set(&o, "replace", version_or_null(plan->p1 != 0, plan->p1));
	out_set(&o, "delete", version_or_null(plan->remove != 0, plan->remove));
	if (w->order.into.n > 0)
		out_set(&o, "into", out_hex(aid_span(&w->order.into)));
	return o;
}

static json_t *intent_to_delete(const struct change *ch, const struct keys_gone *g)
{
	json_t *o = json_pack(
	    "{s:s, s:s}", "verb", ch->kind->name, "version", out_hex8((uint8_t)g->what.kvn).s);

	out_set(&o, "key_id", version_or_null(g->what.kid >= 0, (uint8_t)g->what.kid));
	return o;
}

/* NULL: it changes no keys. */
static json_t *intent(const struct change *ch, const void *work)
{
	const struct key_work *w = work;
	const struct keys_gone *g = work;
	struct key_order o;

	if (ch->kind == &change_delete_keys)
		return g->there ? intent_to_delete(ch, g) : NULL;
	if (!key_order_of(ch, &o) || (!w->change.plan.put && w->change.plan.remove == 0))
		return NULL;
	return intent_to_put(ch, w);
}

static json_t *outcome(const struct change *ch, const void *work)
{
	const struct key_work *w = work;
	const struct keys_gone *g = work;

	if (ch->kind == &change_delete_keys)
		return json_pack(
		    "{s:b, s:b}", "deleted", (int)g->deleted, "resolved", (int)g->resolved);
	return json_pack("{s:b, s:b, s:b, s:b}", "put", (int)w->change.put, "proved",
	    (int)w->change.proved, "deleted", (int)w->change.removed, "resolved",
	    (int)w->change.resolved);
}

/* ---- both lines ---- */

static void make_id(struct key_record *r, const struct session *s)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_REALTIME, &t);
	/* Several cards at work in one process have sessions of their own. */
	snprintf(r->id, sizeof(r->id), "%lld.%09ld-%ld-%04lx", (long long)t.tv_sec, t.tv_nsec,
	    (long)getpid(), (unsigned long)((uintptr_t)s >> 4 & 0xFFFF));
}

int key_record_begin(struct key_record *r, const struct key_place *at, const struct change *ch,
    const void *work, struct err *e)
{
	json_t *what = intent(ch, work), *o;
	char card[33];

	r->id[0] = '\0';
	if (what == NULL)
		return 0;
	make_id(r, at->s);
	channel_card_id(at->s, &at->s->iu, card);
	o = line_of(r, "intent");
	out_set(&o, "uid", json_integer((json_int_t)getuid()));
	out_set_text(&o, "reader", at->reader);
	if (at->campaign != NULL)
		out_set(&o, "campaign", json_text(at->campaign));
	out_set(&o, "card", json_text(card));
	out_set(&o, "domain", out_hex(aid_span(&at->s->domain)));
	add_members(&o, what);
	if (record_append(record_file, o, e) == 0)
		return 0;
	r->id[0] = '\0';
	return -1;
}

int key_record_end(struct key_record *r, const struct change *ch, const void *work,
    const struct err *why, struct err *e)
{
	json_t *o;

	if (r->id[0] == '\0')
		return 0;
	o = line_of(r, why == NULL ? "done" : "failed");
	if (why != NULL)
		out_set(&o, "error", json_text(why->text));
	add_members(&o, outcome(ch, work));
	r->id[0] = '\0';
	return record_append(record_file, o, e);
}
