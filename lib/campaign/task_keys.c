/* The step put-keys: a set is added, takes the place of another, or the channel's own is rotated.
 */
#include <string.h>

#include "campaign/unicast.h"

static int ready_keys(struct campaign *c, struct task *t, struct err *e)
{
	if (keystore_find_card(c->ks, t->m->keys, &t->keys, e) != 0)
		return -1;
	t->version = t->m->version >= 0 ? (uint8_t)t->m->version : t->keys->version;
	if (t->version >= 1 && t->version <= KEYS_VERSION_MAX)
		return 0;
	err_set(e, ERR_INPUT, "key set %s has version %02X, which PUT KEY cannot give",
	    t->keys->name, t->version);
	return err_hint(e, "`version: KVN` gives it another, 01 to 7F");
}

/* The set of the channel that this step brings; NULL: it brings one beside. */
static const struct channel_set *set_of(const struct visit *v, const struct task *t)
{
	uint32_t n = (uint32_t)(t - v->u->task) + 1;

	for (size_t i = 0; i < v->u->set_n; i++)
		if (v->u->set[i].from == n)
			return &v->u->set[i];
	return NULL;
}

/* The version that has to be gone, -1: none. */
static int leaving(const struct visit *v, const struct task *t)
{
	const struct channel_set *set = set_of(v, t);

	if (!t->m->rotate)
		return t->m->old;
	return set == NULL ? -1 : v->u->set[set - v->u->set - 1].version;
}

static enum key_type type_of(const struct entry *keys)
{
	return keys->type == ENTRY_SCP02 ? KEY_TYPE_DES : KEY_TYPE_AES;
}

/* Triple DES has several types, by the mode that a key is for (GPCS table 11-16). */
static bool key_is(const struct key_info *k, const struct entry *keys)
{
	bool des = k->type >= KEY_TYPE_DES && k->type < KEY_TYPE_PSK;

	return (keys->type == ENTRY_SCP02 ? des : k->type == KEY_TYPE_AES) &&
	       k->length == keys->keys.enc.n;
}

/* The three keys, of the type and length that these have. */
static bool has_keys(const struct key_infos *k, uint8_t version, const struct entry *keys)
{
	for (uint8_t kid = 1; kid <= 3; kid++) {
		const struct key_info *x = keys_at(k, version, kid);

		if (x == NULL || !key_is(x, keys))
			return false;
	}
	return true;
}

static int told_keys(struct visit *v, const struct key_infos **keys, struct err *e)
{
	bool told;

	if (visit_keys(v, keys, &told, e) != 0)
		return -1;
	return told ? 0 : err_set(e, ERR_CARD, "the card does not tell which keys it has");
}

/* Behind this step, or a later one that took its place. */
static bool proven(const struct visit *v, const struct task *t)
{
	const struct channel_set *set = set_of(v, t);

	return set == NULL || v->set >= set;
}

static int keys_are_so(struct visit *v, const struct task *t, bool *so, struct err *e)
{
	const struct key_infos *k;
	int gone = leaving(v, t);

	if (told_keys(v, &k, e) != 0)
		return -1;
	*so = has_keys(k, t->version, t->keys) && proven(v, t) &&
	      (gone < 0 || gone == t->version || keys_at(k, (uint8_t)gone, 0) == NULL);
	return 0;
}

/* What the change of one card's keys goes by. */
struct change {
	struct visit *v;
	const struct channel_set *set; /* NULL: the set opens no channel here */
};

/* Without an answer it ends here: the next run asks the card which keys it has. */
static int open_with(void *ctx, bool new_set, bool anew, struct err *e)
{
	struct change *c = ctx;

	if (anew || !new_set || c->set == NULL) {
		err_set(e, ERR_READER, "that is to be asked at the next run");
		return err_hint(e, "the next run goes on from what the card has");
	}
	return visit_channel(c->v, c->set, e);
}

/* What is there under this version already must be what was meant. */
static int plan(const struct visit *v, const struct task *t, const struct key_infos *k,
    struct keys_plan *p, struct err *e)
{
	const struct keys_goal goal = { .version = t->version,
		.replace = t->m->old >= 0 ? (uint8_t)t->m->old : 0,
		.rotate = t->m->rotate ? (uint8_t)leaving(v, t) : 0,
		.type = (uint8_t)type_of(t->keys),
		.length = t->keys->keys.enc.n,
		.channel = true };

	if (keys_plan(k, &goal, p, e) != 0)
		return -1;
	if (p->put || has_keys(k, t->version, t->keys))
		return 0;
	err_set(e, ERR_SAFETY, "key set %02X is on the card with keys of another type or length",
	    t->version);
	return err_hint(e, "`replace: %02X` replaces it", t->version);
}

static int change(struct visit *v, const struct task *t, struct keys_change *x, struct err *e)
{
	struct put_key k = { 0 };
	SECRET_KEY_SET(set);
	int rc;

	if (!entry_card_keys(t->keys, v->r->s.iu.kdd, &set))
		return err_set(
		    e, ERR_AUTH, "key set %s: the card's keys cannot be derived", t->keys->name);
	keys_from_set(&k, t->version, type_of(t->keys), &set);
	x->keys = &k;
	rc = keys_change(x, e);
	wipe(&k, sizeof(k));
	return rc;
}

static int put_keys(struct visit *v, const struct task *t, struct err *e)
{
	struct change c = { v, set_of(v, t) };
	struct keys_change x = { .s = &v->r->s, .kid = 1, .open = open_with, .ctx = &c };
	const struct key_infos *k;

	if (told_keys(v, &k, e) != 0 || plan(v, t, k, &x.plan, e) != 0)
		return -1;
	/* It was the channel's own that went or goes: what comes goes through the new one. */
	x.plan.prove = c.set != NULL && v->set < c.set;
	return change(v, t, &x, e);
}

/* ---- the plan ---- */

/* Octets of one key: of AES type, length, clear length, whole blocks, check value; of triple DES
 * the same without clear length (GPCS 11.8.2.3, Amendment D 7.2). */
static size_t key_field(const struct entry *keys)
{
	size_t n = keys->keys.enc.n;

	return keys->type == ENTRY_SCP02 ? n + 6 : 3 + (n + 15) / 16 * 16 + 4;
}

static int plan_read(struct visit *v, struct err *e)
{
	const struct key_infos *k;
	bool told;

	visit_changed(v);
	return visit_keys(v, &k, &told, e);
}

/* As long as it will be, without keys. */
static int plan_put(struct visit *v, const struct task *t, struct err *e)
{
	uint8_t data[KEYS_LONGEST];
	struct wr w = wr_fixed(data, sizeof(data));
	struct capdu c = { .cla = 0x80, .ins = INS_PUT_KEY, .p2 = 0x81, .le = LE_MAX_SHORT };
	struct rapdu r;

	c.p1 = t->m->old >= 0 ? (uint8_t)t->m->old : 0;
	wr_u8(&w, t->version);
	wr_fill(&w, 0, 3 * key_field(t->keys));
	c.data = wr_span(&w);
	return session_do(&v->r->s, &c, "PUT KEY", &r, e);
}

static int plan_delete(struct visit *v, const struct task *t, struct err *e)
{
	const struct delete_keys d = { .kid = -1, .kvn = leaving(v, t) };
	struct capdu c = { .cla = 0x80, .ins = INS_DELETE, .le = LE_MAX_SHORT };
	uint8_t data[16];
	struct wr w = wr_fixed(data, sizeof(data));
	struct rapdu r;

	delete_keys_put(&w, &d);
	c.data = wr_span(&w);
	return session_do(&v->r->s, &c, "DELETE", &r, e);
}

static int plan_keys(struct visit *v, const struct task *t, struct err *e)
{
	if (plan_read(v, e) != 0 || plan_put(v, t, e) != 0 || plan_read(v, e) != 0)
		return -1;
	if (set_of(v, t) != NULL && plan_channel(v, t->version, false, e) != 0)
		return -1;
	if (t->m->rotate && (plan_delete(v, t, e) != 0 || plan_read(v, e) != 0))
		return -1;
	return plan_read(v, e);
}

const struct task_kind task_put_keys = {
	.ready = ready_keys,
	.is_so = keys_are_so,
	.act = put_keys,
	.plan = plan_keys,
};
