/*
 * domain-personalize: the first key set of a supplementary domain, by which it becomes
 * PERSONALIZED. In a channel to the domain itself, which the keys of its parent open as long as it
 * has none (GPCS 7.3.1: what most cards do), or through its parent in STORE DATA (11.11.4).
 */
#include <string.h>

#include "change/kinds.h"
#include "gp/key_dgi.h"

struct personalize {
	struct personalize_shown shown;
	struct field_keys with;
	struct field_u32 as;
	bool common;
};
BEGINS_WITH(struct personalize_shown, struct personalize, shown);

#define ROW(member, ...) FIELD_ROW(struct personalize, member, __VA_ARGS__)
static const char *const ways[] = { "channel", "store-data", NULL };
static const struct field fields[] = {
	ROW(shown.aid, "aid", FIELD_AID, "AID", "The supplementary domain, in hex",
	    .flags = FIELD_REQUIRED | FIELD_OPERAND),
	ROW(with, "with", FIELD_KEYS, "NAME", "Key set of the key store that it gets",
	    .flags = FIELD_REQUIRED),
	ROW(as, "as", FIELD_HEX8, "KVN", "Version that it gets in the domain, in hex (the entry's)",
	    .min = 1, .max = KEYS_VERSION_MAX),
	ROW(shown.by, "by", FIELD_CHOICE, "WAY",
	    "PUT KEY in a channel to the domain, opened with its parent's keys, or STORE DATA "
	    "through its parent (channel)",
	    .choices = ways),
	ROW(common, "common", FIELD_FLAG, NULL,
	    "Through the parent in the form of the UICC configuration, with a template B7"),
};

static bool through_parent(const struct personalize *x)
{
	return x->shown.by.i == 1;
}

static bool find_order(const void *x, struct key_order *o)
{
	const struct personalize *p = x;

	*o = (struct key_order){ .entry = p->with.entry, .first = true };
	if (through_parent(p))
		o->into = p->shown.aid;
	if (o->entry != NULL)
		o->version = p->as.given ? (uint8_t)p->as.v : o->entry->version;
	return o->entry != NULL;
}

static struct key_order order_of(const struct personalize *x)
{
	struct key_order o;

	(void)find_order(x, &o);
	return o;
}

static int open_personalize(void *x, struct err *e)
{
	const struct personalize *p = x;

	if (!p->common || through_parent(p))
		return 0;
	return err_set(e, ERR_USAGE, FIELD("common") " goes with " FIELD_IS("by", "store-data"));
}

static int keyed(void *x, const struct keystore *ks, struct err *e)
{
	struct key_order o = order_of(x);

	(void)ks;
	return key_order_check(&o, e);
}

/* ---- through the parent ---- */

static int find_domain(struct change_card *c, const struct personalize *x,
    const struct registry_entry **d, struct err *e)
{
	const struct registry *r;

	if (change_registry(c, &r, e) != 0)
		return -1;
	*d = registry_find(r, &x->shown.aid);
	if (*d == NULL && registry_is_whole(r))
		return err_set(e, ERR_CARD, "%s is not on the card", aid_hex(&x->shown.aid).s);
	if (*d != NULL && !registry_is_domain(*d))
		return err_set(e, ERR_SAFETY, "%s is no security domain", aid_hex(&x->shown.aid).s);
	return 0;
}

static bool is_personalized(const struct registry_entry *d)
{
	return d != NULL && (d->s.state & DOMAIN_PERSONALIZED) == DOMAIN_PERSONALIZED;
}

/* The keys prove themselves in a channel to the domain. One to its parent that is to stay open, and
 * would end by that, is left alone. */
static int prove(struct change_card *c, struct key_work *w, struct err *e)
{
	uint8_t own;

	if (c->stays_open || c->is_dry || key_proof(c, &own) == PROOF_NEVER)
		return 0;
	if (key_open(c, NEW_SET, CARD_AS_IT_IS, e) != 0)
		return -1;
	w->change.proved = true;
	return key_personalized(c->s, e);
}

/* The keys that are there are these when they open a channel. */
static int prove_already(struct change_card *c, struct key_work *w, struct err *e)
{
	if (!c->stays_open && prove(c, w, e) == 0 && w->change.proved)
		return 0;
	if (!c->stays_open && e->code != ERR_AUTH)
		return -1;
	err_set(e, ERR_SAFETY, "domain %s has keys already", aid_hex(&w->order.into).s);
	return err_hint(e,
	    VERB("put-keys") " " FIELD_IS("sd", "%s") " changes them, with those that it has",
	    aid_hex(&w->order.into).s);
}

static int plan_through(
    struct change_card *c, const struct personalize *x, struct key_work *w, struct err *e)
{
	const struct registry_entry *d;

	w->order = order_of(x);
	w->goal = key_goal_of(&w->order);
	if (find_domain(c, x, &d, e) != 0 || key_work_make(c, w, e) != 0)
		return -1;
	w->change.plan.put = !is_personalized(d);
	return w->change.plan.put ? 0 : prove_already(c, w, e);
}

static bool put_groups(
    struct change_card *c, const struct personalize *x, const struct key_work *w, struct wr *out)
{
	static const struct key nothing = { .n = 16 };
	struct key_dgi k = { .common = x->common,
		.put = w->keys,
		.kid = { 1, 2, 3 },
		.purpose = w->order.entry->type == ENTRY_SCP02 ? PURPOSE_SCP02 : PURPOSE_SCP03 };
	bool ok;

	k.put.des = c->is_dry ? c->dry_des : scp_protocol(&c->s->scp) != PROTOCOL_SCP03;
	ok = key_dgi_put(out, &k, c->is_dry ? &nothing : &c->s->dek) && wr_ok(out);
	wipe(&k, sizeof(k));
	return ok;
}

/* Only some of the values are encrypted, so nothing is said of it in P1. */
static int store(
    struct change_card *c, const struct personalize *x, struct key_work *w, struct err *e)
{
	const struct install i = { .app = x->shown.aid };
	struct wr groups = wr_grow(KEYS_LONGEST);
	struct span none;
	int rc = 0;

	if (!put_groups(c, x, w, &groups))
		rc = err_set(e, ERR_OTHER, "the keys cannot be encrypted");
	if (rc == 0)
		rc = content_install(c->s, INSTALL_FOR_PERSONALIZATION, &i,
		    "INSTALL [for personalization]", &none, e);
	if (rc == 0)
		rc = content_store(c->s, STORE_DGI, wr_span(&groups), e);
	wr_free(&groups);
	if (rc != 0)
		return -1;
	w->change.put = true;
	if (prove(c, w, e) == 0)
		return 0;
	return err_in(e, "the card took the keys, but in domain %s key set %02X opens no channel",
	    aid_hex(&x->shown.aid).s, w->goal.version);
}

/* ---- either way ---- */

/* By hand what is there already is told, or refused, by what is to be done. */
static int is_so(struct change_card *c, const void *x, struct change_so *so, struct err *e)
{
	const struct personalize *p = x;
	const struct change_kind *k = &change_domain_personalize;
	uint64_t keys = change_bit(k, offsetof(struct personalize, with));
	const struct key_order o = order_of(p);
	const struct registry_entry *d;

	if (c->by_hand)
		return 0;
	if (!through_parent(p))
		return key_order_is_so(c, &o, keys, so, e);
	if (find_domain(c, p, &d, e) != 0)
		return -1;
	if (!is_personalized(d))
		return 0;
	so->is = SO_YES;
	so->unproven = keys | change_bit(k, offsetof(struct personalize, as));
	if (!p->as.given)
		so->unproven = keys;
	return 0;
}

static int check(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct personalize *p = x;
	struct key_order o = order_of(p);

	if (through_parent(p))
		return plan_through(c, p, work, e);
	if (!c->is_dry && !aid_same(&c->s->domain, &p->shown.aid)) {
		err_set(e, ERR_SAFETY, "the open channel is one to another domain");
		return err_hint(e, FIELD_IS("by", "store-data") " goes through it");
	}
	return key_work_plan(c, &o, work, e);
}

static int confirm(struct change_card *c, const void *x, void *work, struct err *e)
{
	return through_parent(x) ? 0 : key_work_confirm(c, work, e);
}

static int act(struct change_card *c, const void *x, void *work, struct err *e)
{
	struct key_work *w = work;

	if (!through_parent(x))
		return key_work_do(c, w, e);
	return w->change.plan.put ? store(c, x, w, e) : 0;
}

static int compare(struct change_card *c, const void *x, void *work, struct err *e)
{
	return through_parent(x) ? 0 : key_work_compare(c, work, e);
}

const struct change_kind change_domain_personalize = {
	.name = "domain-personalize",
	.fields = fields,
	.field_n = sizeof(fields) / sizeof(fields[0]),
	.size = sizeof(struct personalize),
	.work_size = sizeof(struct key_work),
	.open = open_personalize,
	.order = find_order,
	.keyed = keyed,
	.is_so = is_so,
	.check = check,
	.confirm = confirm,
	.act = act,
	.compare = compare,
	.work_free = key_work_free,
};
