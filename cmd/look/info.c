/* info, keys: what a card tells without authentication. */

#include <stdlib.h>

#include "cmd/look/discovery.h"
#include "change/key_change.h"
#include "cmd/kit/out.h"
#include "cmd/kit/show.h"
#include "tlv/tlv.h"
#include "cmd/kit/print.h"

struct look {
	struct session *s;
	struct discovery found;
};

/* The session and what is known of its card, in an open channel without a new selection. */
static int begin(struct ctx *c, const struct aid *asked, struct look *l, struct err *e)
{
	if (ctx_session(c, &l->s, e) != 0)
		return -1;
	if (l->s->mode == SESSION_CLOSED)
		return discovery_look(c, l->s, asked, &l->found, e);
	if (asked->n > 0) {
		err_set(e, ERR_USAGE, "--sd: a channel is open, and with its domain");
		return err_hint(e, "scp-close it first");
	}
	if (card_profiles(c, &l->found.profiles, e) != 0)
		return -1;
	card_profile(c, l->found.profiles, l->s->card, &l->s->id, &l->found.match);
	return 0;
}

/* GET DATA, and the value without the tag that some cards leave out. */
static int read_object(
    struct session *s, uint16_t tag, struct span *val, bool *found, struct err *e)
{
	struct span inner;

	if (session_get_data(s, tag, val, found, e) != 0)
		return -1;
	if (*found && tlv_find(*val, tag, &inner))
		*val = inner;
	return 0;
}

static int add_hex(struct session *s, uint16_t tag, const char *name, json_t **o, struct err *e)
{
	struct span val;
	bool found;

	if (read_object(s, tag, &val, &found, e) != 0)
		return -1;
	out_set(o, name, found ? out_hex(val) : json_null());
	return 0;
}

static int bad_object(uint16_t tag, struct err *e)
{
	return err_set(e, ERR_CARD, "data object %04X of the card is malformed", tag);
}

static int add_keys(struct session *s, struct key_infos *k, json_t **o, struct err *e)
{
	struct span val;
	bool found;

	k->n = 0;
	if (session_get_data(s, TAG_KEY_INFORMATION, &val, &found, e) != 0)
		return -1;
	if (found && !key_infos_get(val, k))
		return bad_object(TAG_KEY_INFORMATION, e);
	out_set(o, "keys", show_keys(k));
	return 0;
}

static int add_resources(struct session *s, json_t **o, struct err *e)
{
	struct resources r = { 0 };
	struct span val;
	bool found;

	if (session_get_data(s, TAG_RESOURCES, &val, &found, e) != 0)
		return -1;
	if (found && !resources_get(val, &r))
		return bad_object(TAG_RESOURCES, e);
	out_set(o, "memory", show_resources(&r));
	return 0;
}

/* FF70 to FF72: only cards that know CHANGE MODE have them (broadcast.md 6). */
static int add_broadcast(struct session *s, json_t **o, struct err *e)
{
	struct system_data system;
	struct policy_data policy;
	struct slot_data slot;
	struct span val;
	bool found;

	if (session_get_data(s, TAG_SYSTEM, &val, &found, e) != 0)
		return -1;
	if (!found)
		return 0;
	if (!system_data_get(val, &system))
		return bad_object(TAG_SYSTEM, e);
	out_set(o, "system", show_system(&system));
	if (session_get_data(s, TAG_SLOTS, &val, &found, e) != 0)
		return -1;
	if (found && !slot_data_get(val, &slot))
		return bad_object(TAG_SLOTS, e);
	if (found)
		out_set(o, "slot", show_slot(&slot));
	if (session_get_data(s, TAG_POLICY, &val, &found, e) != 0)
		return -1;
	if (found && !policy_data_get(val, &policy))
		return bad_object(TAG_POLICY, e);
	if (found)
		out_set(o, "policy", show_policy(&policy));
	return 0;
}

static json_t *gp_version(const struct card_data *d)
{
	if (d->version_n == 0)
		return json_null();
	if (d->version_n < 3)
		return json_sprintf("%u.%u", d->version[0], d->version[1]);
	return json_sprintf("%u.%u.%u", d->version[0], d->version[1], d->version[2]);
}

static void add_identity(const struct session *s, const struct profile_match *m, json_t **o)
{
	const struct card *card = s->card;

	out_set_text(o, "reader", card->name);
	out_set(o, "atr", out_hex(span_of(card->atr, card->atr_n)));
	out_set(o, "atr_means", show_atr(span_of(card->atr, card->atr_n)));
	out_set(o, "profile", show_profile(m));
	out_set(o, "aid", out_hex(aid_span(s->domain.n > 0 ? &s->domain : &aid_isd)));
	out_set(o, "selection", show_selection(&s->id));
	out_set(o, "globalplatform", gp_version(&s->data));
	out_set(o, "channels", show_card_data_channels(&s->data));
	out_set(o, "capabilities", show_capabilities(&s->caps));
	out_set(o, "cin", out_hex(span_of(s->id.cin, s->id.cin_n)));
}

struct args {
	struct aid aid;
};

static const struct opt opts[] = {
	OPT_AID("sd", "AID", args, aid, "Security domain to look at"),
};

static int add_all(struct look *l, struct ctx *c, json_t **o, struct err *e)
{
	struct session *s = l->s;
	struct key_infos k;

	(void)c;
	add_identity(s, &l->found.match, o);
	if (add_hex(s, TAG_IIN, "iin", o, e) != 0 ||
	    add_hex(s, TAG_DIVERSIFICATION_DATA, "diversification_data", o, e) != 0 ||
	    add_hex(s, TAG_SEQUENCE_COUNTER, "sequence_counter", o, e) != 0 ||
	    add_hex(s, TAG_CONFIRMATION_COUNTER, "confirmation_counter", o, e) != 0 ||
	    add_resources(s, o, e) != 0 || add_broadcast(s, o, e) != 0 ||
	    add_keys(s, &k, o, e) != 0)
		return -1;
	if (s->id.has_cplc)
		out_set(o, "cplc", show_cplc(SPAN(s->id.cplc)));
	return 0;
}

/* Looks at the card and prints the object that `add` fills. */
static int look_and_show(struct ctx *c, const struct args *g,
    int (*add)(struct look *l, struct ctx *c, json_t **o, struct err *e), struct err *e)
{
	struct look l = { 0 };
	json_t *o = NULL;
	int rc = begin(c, &g->aid, &l, e);

	if (rc == 0) {
		o = json_object();
		rc = add(&l, c, &o, e);
	}
	if (rc == 0)
		rc = out_result(c, o, e);
	else
		json_decref(o);
	discovery_free(&l.found);
	return rc;
}

static int run_info(struct ctx *c, void *args, struct err *e)
{
	return look_and_show(c, args, add_all, e);
}

const struct verb verb_info = {
	.name = "info",
	.group = GROUP_LOOK,
	.place = 20,
	.summary = "Show what a card tells about itself without authentication",
	.needs = NEED_READER | USES_SESSION | HAS_JSON,
	VERB_OPTS(opts),
	.args_size = sizeof(struct args),
	.run = run_info,
};

static bool may_be_set(const struct key_info *k, const struct entry *t)
{
	return t->version == k->version && k->id >= 1 && k->id <= 3 &&
	       k->type == (t->type == ENTRY_SCP02 ? KEY_TYPE_DES : KEY_TYPE_AES) &&
	       (t->keys.enc.n == 0 || t->keys.enc.n == k->length);
}

/* Of an EC key cards tell different lengths. */
static bool may_be_authority(const struct key_info *k, const struct entry *t)
{
	struct keys_goal g;

	return key_usual(t, &g) && g.version == k->version && k->id == 1 && g.type == k->type &&
	       (g.length == 0 || g.length == k->length);
}

/* Entries whose version and kind are those of this key: more nobody can tell without the card. */
static json_t *entries_for(const struct key_info *k, const struct keystore *ks)
{
	json_t *a = json_array();
	const struct entry *t;

	for (size_t i = 0; (t = keystore_at(ks, i)) != NULL; i++)
		if ((entry_type_is_card(t->type) && may_be_set(k, t)) ||
		    (entry_type_is_authority(t->type) && may_be_authority(k, t)))
			show_add(&a, json_text(t->name));
	return a;
}

/* With a key store: which entries a key may be. Without one nothing is said of that. */
static int add_entries(struct ctx *c, const struct key_infos *k, json_t **o, struct err *e)
{
	const char *named = getenv("CARDADM_KEYSTORE");
	struct keystore *ks = NULL;
	json_t *row;
	size_t i;

	if (c->keystore == NULL && (named == NULL || named[0] == '\0'))
		return 0;
	if (ctx_keystore(c, &ks, e) != 0)
		return -1;
	json_array_foreach(json_object_get(*o, "keys"), i, row)
	{
		out_set(&row, "entries", entries_for(&k->key[i], ks));
	}
	keystore_close(ks);
	ctx_note(c, "version and kind of these entries agree; the card tells no key check values, "
		    "scp-open --probe tells which entry fits");
	return 0;
}

static int add_key_list(struct look *l, struct ctx *c, json_t **o, struct err *e)
{
	struct key_infos k;

	if (add_keys(l->s, &k, o, e) != 0)
		return -1;
	/* That there is none is an error word. */
	out_told(c, session_has_rmac(l->s) && json_object_get(*o, "keys") != NULL);
	return add_entries(c, &k, o, e);
}

static int run_keys(struct ctx *c, void *args, struct err *e)
{
	return look_and_show(c, args, add_key_list, e);
}

const struct verb verb_keys = {
	.name = "keys",
	.group = GROUP_LOOK,
	.place = 30,
	.summary = "List the keys on a card: version, identifier, type, length, use",
	.needs = NEED_READER | USES_SESSION | USES_KEYSTORE | HAS_JSON,
	VERB_OPTS(opts),
	.args_size = sizeof(struct args),
	.run = run_keys,
};
