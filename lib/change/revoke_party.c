/* revoke-party: a third party is put out of its container, or of all that it has on the card. */
#include <stdio.h>
#include <time.h>

#include "change/kinds.h"
#include "host/container.h"

/* Without container: each that the party is in. */
struct revoke_party {
	struct revoke_party_shown shown;
	struct aid container;
	bool no_time;
};
BEGINS_WITH(struct revoke_party_shown, struct revoke_party, shown);

#define ROW(member, ...) FIELD_ROW(struct revoke_party, member, __VA_ARGS__)
static const struct field fields[] = {
	ROW(shown.party, "party", FIELD_TEXT, "ID", "Name of the party, as in its grant",
	    .flags = FIELD_REQUIRED | FIELD_OPERAND, .min = 1, .max = PARTY_ID_MAX),
	ROW(container, "container", FIELD_AID, "AID", "The container (each that the party is in)"),
	ROW(shown.keep, "keep", FIELD_FLAG, NULL,
	    "Leave what lies in the container, for a new grant with the same key of the owner"),
	ROW(no_time, "no-time", FIELD_FLAG, NULL, "Leave the card's clock alone"),
};

/* ---- what the card shows ---- */

/* The party is in it, or has a grant for it that is not used. A sealed one does not say whose it
 * was: who names it, and does not want it kept, wants it emptied. */
static bool concerns(const struct revoke_party *x, const struct container *c)
{
	struct span id = span_str(x->shown.party.s);
	struct container_party p;
	struct container_grant g;

	if (x->container.n > 0 && !span_eq(aid_span(&x->container), c->aid))
		return false;
	if (container_party_find(c, id, &p) || container_grant_find(c, id, &g))
		return true;
	return x->container.n > 0 && c->stage == STAGE_SEALED && !x->shown.keep;
}

static int look(
    struct change_card *c, const struct revoke_party *x, struct revoke_work *w, struct err *e)
{
	struct wr state = { 0 };
	struct containers all;
	struct container one;
	struct rd r;
	bool there;
	int rc = containers_read(c->s, NULL, &state, &all, &there, e);

	w->n = 0;
	if (rc == 0 && !(there && all.is_operator))
		rc = err_set(e, ERR_CARD, "GET DATA FF73: not what an issuer domain is told");
	if (rc == 0) {
		w->card_time = all.time;
		r = rd_of(all.containers);
		while (w->n < REVOKE_MAX && container_next(&r, &one))
			if (concerns(x, &one) && aid_from(&w->list[w->n], one.aid))
				w->n++;
	}
	wr_free(&state);
	return rc;
}

static int is_so(struct change_card *c, const void *x, struct change_so *so, struct err *e)
{
	struct revoke_work w = { .n = 0 };

	if (c->is_dry)
		return 0;
	if (look(c, x, &w, e) != 0)
		return -1;
	so->is = w.n == 0 ? SO_YES : SO_NO;
	return 0;
}

/* ---- done and compared ---- */

static int check(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct revoke_party *v = x;
	struct revoke_work *w = work;

	if (!c->is_dry)
		return look(c, x, w, e) != 0 ? -1 : placing_clock(c, w->card_time, v->no_time, e);
	if (v->container.n == 0)
		change_note(c, "which containers it is in, only the card tells");
	w->list[0] = v->container;
	w->n = v->container.n > 0 ? 1 : 0;
	return 0;
}

static int confirm(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct revoke_party *v = x;
	const struct revoke_work *w = work;

	for (size_t i = 0; i < w->n; i++) {
		struct registry_entry one = { .kind = REGISTRY_APPLICATION };

		one.s.aid = w->list[i];
		change_list(c, i == 0 ? "the containers:" : NULL, &one);
	}
	return change_ask(c, e, "Put %s out, %s?", v->shown.party.s,
	    v->shown.keep ? "leaving what lies there" : "deleting what it owns there");
}

static int act(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct revoke_party *v = x;
	struct revoke_work *w = work;

	for (w->done = 0; w->done < w->n; w->done++) {
		const struct container_order o = { .kind = ORDER_REVOKE,
			.container = aid_span(&w->list[w->done]),
			.party = span_str(v->shown.party.s),
			.keep = v->shown.keep,
			.has_time = !v->no_time,
			.time = (uint32_t)time(NULL) };
		struct span answer;
		bool unknown;

		if (container_send(c->s, &o, &answer, &unknown, e) == 0)
			continue;
		return unknown ? err_hint(e, "the same again finds out what became of it") : -1;
	}
	return 0;
}

/* A container that was emptied is none any more; one that is kept is sealed. */
static int compare(struct change_card *c, const void *x, void *work, struct err *e)
{
	struct revoke_work now = { .n = 0 };

	(void)work;
	if (c->is_dry)
		return 0;
	if (look(c, x, &now, e) != 0)
		return -1;
	return now.n == 0 ? 0
			  : err_set(e, ERR_INTEGRITY,
				"the card answered 9000 and does not show what was ordered");
}

static void describe(const void *x, char *out, size_t cap)
{
	const struct revoke_party *v = x;

	snprintf(out, cap, "%s%s%s%s", v->shown.party.s, v->container.n > 0 ? " of " : "",
	    v->container.n > 0 ? aid_hex(&v->container).s : "", v->shown.keep ? ", keep" : "");
}

const struct change_kind change_revoke_party = {
	.name = "revoke-party",
	.fields = fields,
	.field_n = sizeof(fields) / sizeof(fields[0]),
	.size = sizeof(struct revoke_party),
	.work_size = sizeof(struct revoke_work),
	.level_33 = true,
	.is_so = is_so,
	.check = check,
	.confirm = confirm,
	.act = act,
	.compare = compare,
	.describe = describe,
};
