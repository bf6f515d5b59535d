/* A key set of the key store as it is asked for, and as the keys of one card. */
#include <string.h>

#include "base/hex.h"
#include "change/key_change.h"
#include "tlv/tlv.h"

/* ---- what is asked for ---- */

uint8_t key_usual_version(const struct entry *t)
{
	switch (t->type) {
	case ENTRY_TOKEN:
		return 0x70;
	case ENTRY_RECEIPT:
		return 0x71;
	case ENTRY_DAP:
		return 0x73;
	default:
		return t->version;
	}
}

static void goal_of_authority(const struct authority_key *k, struct keys_goal *g)
{
	switch (k->kind) {
	case AUTHORITY_RSA:
		g->type = KEY_TYPE_RSA_MODULUS;
		g->length = k->n_octets;
		break;
	case AUTHORITY_EC:
		g->type = KEY_TYPE_EC_PUBLIC;
		break;
	default:
		g->type = k->kind == AUTHORITY_DES ? KEY_TYPE_DES : KEY_TYPE_AES;
		g->length = k->secret.n;
	}
	g->channel = false;
}

bool key_usual(const struct entry *t, struct keys_goal *g)
{
	*g = (struct keys_goal){ .version = key_usual_version(t) };
	if (t->authority.kind == AUTHORITY_NONE)
		return false;
	goal_of_authority(&t->authority, g);
	return true;
}

bool key_order_of(const struct change *ch, struct key_order *o)
{
	*o = (struct key_order){ .entry = NULL };
	return ch->kind->order != NULL && ch->kind->order(ch->x, o);
}

struct keys_goal key_goal_of(const struct key_order *o)
{
	const struct entry *t = o->entry;
	struct keys_goal g = { .version = o->version,
		.replace = o->replace,
		.rotate = o->rotate,
		.type = t->type == ENTRY_SCP02 ? KEY_TYPE_DES : KEY_TYPE_AES,
		.length = t->keys.enc.n,
		.channel = true };

	if (entry_type_is_authority(t->type))
		goal_of_authority(&t->authority, &g);
	return g;
}

int key_order_check(const struct key_order *o, struct err *e)
{
	struct keys_goal g = key_goal_of(o);

	if (!g.channel && (o->rotate != 0 || o->own || o->first))
		return err_set(e, ERR_USAGE,
		    "%s is a key that opens no channel, and so cannot prove itself",
		    o->entry->name);
	return keys_goal_check(&g, e);
}

/* ---- the keys of this card ---- */

int key_card_data(struct session *s, uint8_t kdd[static KDD_OCTETS], struct err *e)
{
	struct span v, inner;
	struct rd r;
	bool found;

	if (s->kid == 0) {
		memcpy(kdd, s->iu.kdd, KDD_OCTETS);
		return 0;
	}
	if (session_get_data(s, TAG_DIVERSIFICATION_DATA, &v, &found, e) != 0)
		return -1;
	if (found && tlv_find(v, TAG_DIVERSIFICATION_DATA, &inner))
		v = inner;
	r = rd_of(v);
	if (found && v.n == KDD_OCTETS && rd_copy(&r, kdd, KDD_OCTETS))
		return 0;
	err_set(e, ERR_SAFETY,
	    "in an SCP11 channel the card does not tell what its keys are diversified with");
	return err_hint(e, "open the channel with a card key set");
}

static int check_values(
    const struct entry *t, const struct key_set *k, char out[static KCV_TEXT], struct err *e)
{
	const struct key *keys[3] = { &k->enc, &k->mac, &k->dek };
	size_t at = 0;

	for (size_t i = 0; i < 3; i++) {
		uint8_t kcv[3];

		if (!entry_check_value(t, keys[i], kcv))
			return err_set(e, ERR_OTHER, "check values cannot be computed");
		if (i > 0)
			out[at++] = ' ';
		hex_put(SPAN(kcv), out + at, KCV_TEXT - at);
		at += 2 * sizeof(kcv);
	}
	return 0;
}

int key_of_card(struct session *s, const struct entry *t, struct key_set *keys,
    char kcv[static KCV_TEXT], struct err *e)
{
	uint8_t kdd[KDD_OCTETS] = { 0 };

	if (t->diversification != DIVERSIFY_NONE && key_card_data(s, kdd, e) != 0)
		return -1;
	if (!entry_card_keys(t, kdd, keys))
		return err_set(
		    e, ERR_AUTH, "key set %s: the card's keys cannot be derived", t->name);
	return check_values(t, keys, kcv, e);
}

static int make_authority(struct key_work *w, struct err *e)
{
	const struct entry *t = w->order.entry;
	const struct authority_key *k = &t->authority;
	uint8_t shown[FINGERPRINT_SIZE];
	bool ok;

	w->keys = (struct put_key){ .version = w->goal.version, .n = 1, .type = { w->goal.type } };
	if (authority_is_public(k)) {
		w->keys.asymmetric = *k;
		ok = authority_fingerprint(k, shown);
		hex_put(SPAN(shown), w->kcv, sizeof(w->kcv));
	} else {
		w->keys.key[0] = k->secret;
		ok = entry_check_value(t, &k->secret, shown);
		hex_put(span_of(shown, 3), w->kcv, sizeof(w->kcv));
	}
	return ok ? 0 : err_set(e, ERR_OTHER, "check values cannot be computed");
}

/* In a plan zeros of the same length: what they are does not matter. */
static void make_blank(struct key_work *w)
{
	struct key_set blank = { .enc = { .n = (uint8_t)w->goal.length } };

	blank.mac = blank.dek = blank.enc;
	if (w->goal.channel)
		keys_from_set(&w->keys, w->goal.version, (enum key_type)w->goal.type, &blank);
	else if (!key_work_is_public(w))
		w->keys.key[0] = blank.enc;
	memset(w->kcv, 0, sizeof(w->kcv));
}

int key_work_make(struct change_card *c, struct key_work *w, struct err *e)
{
	SECRET_KEY_SET(keys);

	if (!w->goal.channel && make_authority(w, e) != 0)
		return -1;
	if (c->is_dry)
		make_blank(w);
	if (c->is_dry || !w->goal.channel)
		return 0;
	if (key_of_card(c->s, w->order.entry, &keys, w->kcv, e) != 0)
		return -1;
	keys_from_set(&w->keys, w->goal.version, (enum key_type)w->goal.type, &keys);
	return 0;
}

bool key_work_is_public(const struct key_work *w)
{
	return !w->goal.channel && authority_is_public(&w->order.entry->authority);
}

const char *key_work_shown_as(const struct key_work *w)
{
	if (w->goal.channel)
		return "check values";
	return key_work_is_public(w) ? "fingerprint" : "check value";
}
