/* put-keys: a key set is added, takes the place of another one, or rotates it out with proof. */
#include "change/key_change.h"

#include <stdio.h>

/* rotate.v 0: the set of the channel, whatever version it has. */
struct put_keys {
	struct field_keys keys;
	struct field_u32 as, replace, rotate;
};

#define ROW(member, ...) FIELD_ROW(struct put_keys, member, __VA_ARGS__)
static const struct field fields[] = {
	ROW(keys, "keys", FIELD_KEYS, "NAME",
	    "Entry of the key store: a key set, diversified for the card as it says, or a key of "
	    "type dap, token or receipt",
	    .flags = FIELD_REQUIRED | FIELD_OPERAND | FIELD_AUTHORITY),
	ROW(as, "as", FIELD_HEX8, "KVN", "Version that it gets on the card, in hex (the entry's)",
	    .min = 1, .max = KEYS_VERSION_MAX, .former = "version"),
	ROW(replace, "replace", FIELD_HEX8, "KVN", "Replace this set of the card, in one command",
	    .min = 1, .max = KEYS_VERSION_MAX),
	ROW(rotate, "rotate", FIELD_HEX8, "KVN",
	    "Delete this set of the card once a channel was opened with the new one; true: the one "
	    "that the channel was opened with",
	    .flags = FIELD_OR_TRUE, .min = 1, .max = 0xFF),
};

static int open_put(void *x, struct err *e)
{
	const struct put_keys *p = x;

	if (!p->replace.given || !p->rotate.given)
		return 0;
	return err_set(
	    e, ERR_USAGE, FIELD("replace") " and " FIELD("rotate") " do not go together");
}

static bool order_of(const void *x, struct key_order *o)
{
	const struct put_keys *p = x;

	*o = (struct key_order){ .entry = p->keys.entry };
	if (o->entry == NULL)
		return false;
	o->version = p->as.given ? (uint8_t)p->as.v : key_usual_version(o->entry);
	o->replace = p->replace.given ? (uint8_t)p->replace.v : 0;
	o->rotate = p->rotate.given ? (uint8_t)p->rotate.v : 0;
	o->own = p->rotate.given && p->rotate.v == 0;
	return true;
}

static int keyed(void *x, const struct keystore *ks, struct err *e)
{
	struct key_order o;

	(void)ks;
	return order_of(x, &o) ? key_order_check(&o, e) : err_memory(e);
}

/* By hand what is there already is told, or refused, by what is to be done. */
static int is_so(struct change_card *c, const void *x, struct change_so *so, struct err *e)
{
	struct key_order o;

	(void)order_of(x, &o);
	if (c->by_hand)
		return 0;
	return key_order_is_so(
	    c, &o, change_bit(&change_put_keys, offsetof(struct put_keys, keys)), so, e);
}

static int check(struct change_card *c, const void *x, void *work, struct err *e)
{
	struct key_order o;

	(void)order_of(x, &o);
	return key_work_plan(c, &o, work, e);
}

static int confirm(struct change_card *c, const void *x, void *work, struct err *e)
{
	(void)x;
	return key_work_confirm(c, work, e);
}

static int act(struct change_card *c, const void *x, void *work, struct err *e)
{
	(void)x;
	return key_work_do(c, work, e);
}

static int compare(struct change_card *c, const void *x, void *work, struct err *e)
{
	(void)x;
	return key_work_compare(c, work, e);
}

static void describe(const void *x, char *out, size_t cap)
{
	const struct put_keys *p = x;
	struct key_order o;
	size_t n;

	if (!order_of(x, &o))
		return;
	n = (size_t)snprintf(out, cap, "%s as %02X", p->keys.name, o.version);
	if (n < cap && o.replace != 0)
		snprintf(out + n, cap - n, ", replaces %02X", o.replace);
	else if (n < cap && o.own)
		snprintf(out + n, cap - n, ", then the set of the channel is deleted");
	else if (n < cap && o.rotate != 0)
		snprintf(out + n, cap - n, ", then key set %02X is deleted", o.rotate);
}

const struct change_kind change_put_keys = {
	.name = "put-keys",
	.fields = fields,
	.field_n = sizeof(fields) / sizeof(fields[0]),
	.size = sizeof(struct put_keys),
	.work_size = sizeof(struct key_work),
	.open = open_put,
	.order = order_of,
	.keyed = keyed,
	.is_so = is_so,
	.check = check,
	.confirm = confirm,
	.act = act,
	.compare = compare,
	.work_free = key_work_free,
	.describe = describe,
};
