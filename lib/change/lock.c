/* lock, unlock: an application, a domain with all that it holds, the card. */
#include "change/kinds.h"

#include <stdio.h>

#include "gp/card_data.h"

struct lock {
	struct lock_shown shown;
};
BEGINS_WITH(struct lock_shown, struct lock, shown);

#define ROW(member, ...) FIELD_ROW(struct lock, member, __VA_ARGS__)
static const struct field fields[] = {
	ROW(shown.aid, "aid", FIELD_AID, "AID",
	    "An application or a security domain by itself, in hex", .flags = FIELD_OPERAND),
	ROW(shown.domain, "domain", FIELD_AID, "AID",
	    "A security domain and all applications that it holds"),
	ROW(shown.card, "card", FIELD_FLAG, NULL, "The whole card: only its issuer domain answers"),
};

/* Which way. */
enum way { LOCK, UNLOCK };

static enum way way_of(const struct change_card *c)
{
	return c->kind == &change_lock ? LOCK : UNLOCK;
}

static int open_lock(void *x, struct err *e)
{
	const struct lock *l = x;

	if ((l->shown.aid.n > 0) + (l->shown.domain.n > 0) + l->shown.card == 1)
		return 0;
	return err_set(e, ERR_USAGE,
	    "one of AID, " FIELD_IS("domain", "AID") " and " FIELD_IS("card", "true") " is needed");
}

/* One SET STATUS. */
struct order {
	uint8_t p1, state;
	struct aid aid; /* n = 0: the card */
	char name[64];
};

static struct order order_of(const struct lock *l, enum way way)
{
	struct order o = { .p1 = SET_APPLICATION, .state = way == LOCK ? APP_LOCKED : 0x00 };

	if (l->shown.card) {
		o.p1 = SET_ISD;
		o.state = way == LOCK ? LIFE_LOCKED : LIFE_SECURED;
		snprintf(o.name, sizeof(o.name), "the card");
		return o;
	}
	o.aid = l->shown.domain.n > 0 ? l->shown.domain : l->shown.aid;
	if (l->shown.domain.n > 0)
		o.p1 = SET_DOMAIN_AND_ALL;
	snprintf(o.name, sizeof(o.name), "%s", aid_hex(&o.aid).s);
	return o;
}

/* ---- what the card shows ---- */

static bool is_locked(const struct registry_entry *x)
{
	return x->kind == REGISTRY_ISD ? x->s.state == LIFE_LOCKED : (x->s.state & APP_LOCKED) != 0;
}

static const struct registry_entry *subject(const struct registry *r, const struct order *o)
{
	if (o->p1 != SET_ISD)
		return registry_find(r, &o->aid);
	for (size_t i = 0; i < r->n; i++)
		if (r->entry[i].kind == REGISTRY_ISD)
			return &r->entry[i];
	return NULL;
}

/* All that the order is about is as asked. */
static bool shown_so(const struct registry *r, const struct order *o, enum way way)
{
	const struct registry_entry *of = subject(r, o), *d;
	size_t at = 0;

	if (of == NULL || is_locked(of) != (way == LOCK))
		return false;
	while (o->p1 == SET_DOMAIN_AND_ALL && (d = registry_dependent(r, of, &at)) != NULL)
		if (d->kind == REGISTRY_APPLICATION && is_locked(d) != (way == LOCK))
			return false;
	return true;
}

static int is_so(struct change_card *c, const void *x, struct change_so *so, struct err *e)
{
	enum way way = way_of(c);
	struct order o = order_of(x, way);
	const struct registry *r;

	if (change_registry(c, &r, e) != 0)
		return -1;
	so->is = shown_so(r, &o, way) ? SO_YES : SO_NO;
	return 0;
}

/* ---- what speaks against it ---- */

static int check_card_state(const struct registry_entry *of, enum way way, struct err *e)
{
	if (of->s.state == LIFE_TERMINATED)
		return err_set(e, ERR_SAFETY, "the card is terminated, for good");
	if (way == UNLOCK || of->s.state == LIFE_SECURED)
		return 0;
	err_set(e, ERR_SAFETY, "the card is %s: only a secured one is locked",
	    card_life_cycle_str(of->s.state));
	return err_hint(e, VERB("apdu 80F0800F00") " makes it secured, for good");
}

static int check(struct change_card *c, const void *x, void *work, struct err *e)
{
	struct order o = order_of(x, way_of(c));
	const struct registry_entry *of;
	const struct registry *r;

	(void)work;
	if (change_registry(c, &r, e) != 0)
		return -1;
	of = subject(r, &o);
	if (of == NULL && o.p1 == SET_ISD)
		return c->by_hand || c->is_dry
			   ? 0
			   : err_set(e, ERR_CARD, "the card does not tell its state");
	if (of == NULL)
		return c->is_dry || (c->by_hand && !registry_is_whole(r))
			   ? 0
			   : change_not_there(&o.aid, e);
	if (of->kind == REGISTRY_LOAD_FILE)
		return err_set(e, ERR_SAFETY,
		    "%s is a package: only applications, domains and the card are locked", o.name);
	if (of->kind == REGISTRY_ISD && o.p1 != SET_ISD) {
		err_set(e, ERR_SAFETY, "%s is the issuer domain", o.name);
		return err_hint(e, FIELD_IS("card", "true") " locks and unlocks the card");
	}
	if (o.p1 == SET_DOMAIN_AND_ALL && !registry_is_domain(of))
		return err_set(e, ERR_SAFETY, "%s is no security domain", o.name);
	return o.p1 == SET_ISD ? check_card_state(of, way_of(c), e) : 0;
}

static int confirm_lock(struct change_card *c, const void *x, void *work, struct err *e)
{
	struct order o = order_of(x, LOCK);
	const struct registry_entry *of, *d;
	const struct registry *r;
	size_t at = 0;

	(void)work;
	if (change_registry(c, &r, e) != 0)
		return -1;
	of = subject(r, &o);
	if (o.p1 == SET_DOMAIN_AND_ALL && of != NULL) {
		change_list(c, "this locks:", of);
		while ((d = registry_dependent(r, of, &at)) != NULL)
			if (d->kind == REGISTRY_APPLICATION)
				change_list(c, NULL, d);
	}
	return change_ask(c, e, "Lock %s%s?", o.name,
	    o.p1 == SET_DOMAIN_AND_ALL ? " with all that it holds" : "");
}

/* ---- done and compared ---- */

static int act(struct change_card *c, const void *x, void *work, struct err *e)
{
	struct order o = order_of(x, way_of(c));

	(void)work;
	return content_set_status(c->s, o.p1, o.state, &o.aid, e);
}

/* A card that is locked lists itself to few: silence is no proof. */
static int compare(struct change_card *c, const void *x, void *work, struct err *e)
{
	struct order o = order_of(x, way_of(c));
	const struct registry *r;

	(void)work;
	if (change_registry(c, &r, e) != 0)
		return -1;
	if (subject(r, &o) == NULL || shown_so(r, &o, way_of(c)))
		return 0;
	return err_set(e, ERR_INTEGRITY,
	    "%s: the card answered 9000 to SET STATUS and lists it as %s", o.name,
	    entry_state(subject(r, &o)));
}

static void describe(const void *x, char *out, size_t cap)
{
	snprintf(out, cap, "%s", order_of(x, LOCK).name);
}

const struct change_kind change_lock = {
	.name = "lock",
	.fields = fields,
	.field_n = sizeof(fields) / sizeof(fields[0]),
	.size = sizeof(struct lock),
	.open = open_lock,
	.is_so = is_so,
	.check = check,
	.confirm = confirm_lock,
	.act = act,
	.compare = compare,
	.describe = describe,
};

const struct change_kind change_unlock = {
	.name = "unlock",
	.fields = fields,
	.field_n = sizeof(fields) / sizeof(fields[0]),
	.size = sizeof(struct lock),
	.open = open_lock,
	.is_so = is_so,
	.check = check,
	.act = act,
	.compare = compare,
	.describe = describe,
};
