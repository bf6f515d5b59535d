/* delete-keys: a key set of a card, or one key of it; never the last one that opens a channel. */
#include <stdio.h>

#include "change/kinds.h"

struct remove_keys {
	struct field_u32 version, kid;
	bool factory;
};

#define ROW(member, ...) FIELD_ROW(struct remove_keys, member, __VA_ARGS__)
static const struct field fields[] = {
	ROW(version, "version", FIELD_HEX8, "KVN", "Version of the key set on the card, in hex",
	    .flags = FIELD_REQUIRED | FIELD_OPERAND, .min = 1, .max = 0xFF),
	ROW(kid, "key-id", FIELD_HEX8, "KID", "Only this key of the set, in hex", .max = 0xFF),
	ROW(factory, "factory", FIELD_FLAG, NULL, "The factory set FF is meant"),
};

static struct delete_keys what_of(const struct remove_keys *x)
{
	return (struct delete_keys){ x->kid.given ? (int)x->kid.v : -1, (int)x->version.v };
}

static bool concerns(const struct delete_keys *what, const struct key_info *k)
{
	return k->version == what->kvn && (what->kid < 0 || k->id == what->kid);
}

static size_t count(const struct delete_keys *what, const struct key_infos *k)
{
	size_t n = 0;

	for (size_t i = 0; i < k->n; i++)
		n += concerns(what, &k->key[i]);
	return n;
}

char *delete_keys_name(const struct delete_keys *what, char out[static DELETE_KEYS_NAME])
{
	if (what->kid < 0)
		snprintf(out, DELETE_KEYS_NAME, "key set %02X", (unsigned)what->kvn);
	else
		snprintf(out, DELETE_KEYS_NAME, "key %02X of key set %02X", (unsigned)what->kid,
		    (unsigned)what->kvn);
	return out;
}

/* By hand what is not there is told, and nothing else is done. */
static int is_so(struct change_card *c, const void *x, struct change_so *so, struct err *e)
{
	struct delete_keys what = what_of(x);
	const struct key_infos *k;

	if (c->by_hand)
		return 0;
	if (key_told(c, &k, e) != 0)
		return -1;
	so->is = !c->is_dry && count(&what, k) == 0 ? SO_YES : SO_NO;
	return 0;
}

static int check(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct remove_keys *r = x;
	struct keys_gone *g = work;
	const struct key_infos *k;

	g->what = what_of(x);
	if (key_told(c, &k, e) != 0)
		return err_hint(e, "what cannot be seen is not deleted");
	g->now = *k;
	g->there = c->is_dry || count(&g->what, k) > 0;
	if (!g->there || c->is_dry)
		return 0;
	return keys_may_delete(c->s, k, &g->what, r->factory, e);
}

/*
 * A card does not tell check values. Those that keys of this version have in the key store are
 * shown, as what they are.
 */
static void show_check_values(struct change_card *c, const struct keys_gone *g)
{
	const struct entry *t;
	struct err ignored;

	for (size_t i = 0; c->ks != NULL && (t = keystore_at(c->ks, i)) != NULL; i++) {
		char kcv[KCV_TEXT];
		SECRET_KEY_SET(keys);

		if (entry_type_is_card(t->type) && t->version == g->what.kvn &&
		    keystore_read(c->ks, i, &ignored) == 0 &&
		    key_of_card(c->s, t, &keys, kcv, &ignored) == 0)
			change_note(
			    c, "as %s of the key store its check values are %s", t->name, kcv);
	}
}

static int confirm(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct keys_gone *g = work;
	char name[DELETE_KEYS_NAME], list[200] = "";
	size_t at = 0;

	(void)x;
	if (!g->there)
		return 0;
	for (size_t i = 0; i < g->now.n && at < sizeof(list) - 1; i++)
		if (concerns(&g->what, &g->now.key[i]))
			at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%02X %s-%u",
			    at == 0 ? "" : ", ", g->now.key[i].id, key_type_str(g->now.key[i].type),
			    g->now.key[i].length * 8u);
	show_check_values(c, g);
	return change_ask(
	    c, e, "Delete %s of the card (%s)?", delete_keys_name(&g->what, name), list);
}

/* The answer was lost: the card is connected again, in the channel as before where that is
 * possible, and looked at. */
static int look_again(struct change_card *c, struct keys_gone *g, struct err *e)
{
	err_clear(e);
	if (key_open(c, OLD_SET, CARD_ANEW, e) != 0 || keys_prove(c->s, &g->now, e) != 0)
		return err_in(e, "DELETE: no answer came");
	g->resolved = true;
	if (count(&g->what, &g->now) == 0)
		return 0;
	err_set(e, ERR_READER, "DELETE: no answer came; the card has its keys as before");
	return err_hint(e, "run it again");
}

static int act(struct change_card *c, const void *x, void *work, struct err *e)
{
	struct keys_gone *g = work;
	bool unknown;

	(void)x;
	if (!g->there)
		return 0;
	if (c->is_dry)
		return key_delete_dry(c, &g->what, e);
	if (keys_delete(c->s, &g->what, &unknown, e) != 0 && (!unknown || look_again(c, g, e) != 0))
		return -1;
	g->deleted = true;
	return 0;
}

static int compare(struct change_card *c, const void *x, void *work, struct err *e)
{
	struct keys_gone *g = work;
	const struct key_infos *k;
	bool told;

	(void)x;
	if (c->is_dry || !g->deleted || g->resolved)
		return 0;
	if (change_keys(c, &k, &told, e) != 0)
		return -1;
	g->now = *k;
	if (told && count(&g->what, k) > 0)
		return err_set(e, ERR_INTEGRITY,
		    "DELETE was answered 9000, but the key information still shows it");
	return 0;
}

const struct change_kind change_delete_keys = {
	.name = "delete-keys",
	.fields = fields,
	.field_n = sizeof(fields) / sizeof(fields[0]),
	.size = sizeof(struct remove_keys),
	.work_size = sizeof(struct keys_gone),
	.is_so = is_so,
	.check = check,
	.confirm = confirm,
	.act = act,
	.compare = compare,
};
