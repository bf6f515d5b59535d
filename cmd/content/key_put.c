#include "cmd/content/key_put.h"

#include <string.h>

#include "base/hex.h"

/* ---- before the card is touched ---- */

/* A card key set, or a key that authorizes content; with its values. */
static int find_entry(struct key_put *p, struct err *e)
{
	const struct entry *t;

	for (size_t i = 0; (t = keystore_at(p->w.ks, i)) != NULL; i++)
		if (strcmp(t->name, p->g->name) == 0 && entry_type_is_authority(t->type)) {
			p->w.fresh = t;
			return keystore_read(p->w.ks, i, e);
		}
	return keystore_find_card(p->w.ks, p->g->name, &p->w.fresh, e);
}

/* KID and type of what is put; of a key that authorizes the version that cards look for it under,
 * as far as there is a convention. */
static uint8_t usual_version(const struct entry *t)
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

bool key_put_usual(const struct entry *t, struct keys_goal *g)
{
	*g = (struct keys_goal){ .version = usual_version(t) };
	if (t->authority.kind == AUTHORITY_NONE)
		return false;
	goal_of_authority(&t->authority, g);
	return true;
}

static int find_goal(struct key_put *p, struct err *e)
{
	const struct put_request *g = p->g;
	const struct entry *t = p->w.fresh;
	uint8_t version = g->as.given ? (uint8_t)g->as.v : usual_version(t);

	p->w.fresh_version = version;
	p->goal = (struct keys_goal){ .version = version,
		.replace = g->replace.given ? (uint8_t)g->replace.v : 0,
		.rotate = g->rotate.given ? (uint8_t)g->rotate.v : 0,
		.type = t->type == ENTRY_SCP02 ? KEY_TYPE_DES : KEY_TYPE_AES,
		.length = t->keys.enc.n,
		.channel = true };
	if (entry_type_is_authority(t->type))
		goal_of_authority(&t->authority, &p->goal);
	if (g->replace.given && g->rotate.given)
		return err_set(e, ERR_USAGE, "--replace and --rotate do not go together");
	if (!p->goal.channel && (g->rotate.given || g->domain))
		return err_set(e, ERR_USAGE,
		    "%s is a key that opens no channel, and so cannot prove itself", t->name);
	return keys_goal_check(&p->goal, e);
}

/* ---- what the card gets ---- */

static int make_authority(struct key_put *p, struct err *e)
{
	const struct authority_key *k = &p->w.fresh->authority;
	uint8_t shown[FINGERPRINT_SIZE];
	bool ok;

	p->keys = (struct put_key){ .version = p->goal.version, .n = 1, .type = { p->goal.type } };
	if (authority_is_public(k)) {
		p->keys.asymmetric = *k;
		ok = authority_fingerprint(k, shown);
		hex_put(SPAN(shown), p->kcv, sizeof(p->kcv));
	} else {
		p->keys.key[0] = k->secret;
		ok = entry_check_value(p->w.fresh, &k->secret, shown);
		hex_put(span_of(shown, 3), p->kcv, sizeof(p->kcv));
	}
	return ok ? 0 : err_set(e, ERR_OTHER, "check values cannot be computed");
}

int key_put_make(struct key_put *p, struct err *e)
{
	const struct entry *t = p->w.fresh;
	uint8_t kdd[KDD_OCTETS] = { 0 };
	SECRET_KEY_SET(keys);

	if (!p->goal.channel)
		return make_authority(p, e);
	if (t->diversification != DIVERSIFY_NONE && key_ways_kdd(p->w.session, kdd, e) != 0)
		return -1;
	if (!entry_card_keys(t, kdd, &keys))
		return err_set(
		    e, ERR_AUTH, "key set %s: the card's keys cannot be derived", t->name);
	keys_from_set(&p->keys, p->goal.version, (enum key_type)p->goal.type, &keys);
	return kcv_text(t, &keys, p->kcv, e);
}

bool key_put_is_public(const struct key_put *p)
{
	return !p->goal.channel && authority_is_public(&p->w.fresh->authority);
}

const char *key_put_shown_as(const struct key_put *p)
{
	if (p->goal.channel)
		return "check values";
	return key_put_is_public(p) ? "fingerprint" : "check value";
}

/* ---- dry runs ---- */

/* Keys of this length; their values do not matter. */
static void dry_keys(struct key_put *p)
{
	struct err ignored;
	struct key_set blank = { .enc = { .n = (uint8_t)p->goal.length } };

	blank.mac = blank.dek = blank.enc;
	if (p->goal.channel)
		keys_from_set(&p->keys, p->goal.version, (enum key_type)p->goal.type, &blank);
	else
		(void)make_authority(p, &ignored);
}

/* Public keys as they are, secret ones masked: of which length they are shows. */
void key_put_dry(struct dry *d, struct key_put *p, size_t most)
{
	static const struct key nothing = { .n = 16 };
	char text[2 * APDU_SHORT_DATA + 32], hex[2 * APDU_SHORT_DATA + 1];
	struct wr w = wr_grow(KEYS_LONGEST);
	bool public;

	dry_keys(p);
	public = put_key_is_asymmetric(&p->keys);
	p->keys.des = p->goal.type == KEY_TYPE_DES;
	if (!put_key_put(&w, &p->keys, &nothing))
		d->rows.failed = true;
	for (size_t at = 0; at < w.n; at += most) {
		struct span part = span_sub(wr_span(&w), at, most);
		bool more = at + most < w.n;

		hex_put(part, hex, sizeof(hex));
		for (size_t i = at == 0 ? 2 : 0; !public && hex[i] != '\0'; i++)
			hex[i] = '*';
		snprintf(text, sizeof(text), "80D8%02X%02X%02zX%s00",
		    p->goal.replace | (more ? 0x80u : 0u), p->keys.n > 1 ? 0x81u : 0x01u, part.n,
		    hex);
		dry_text(d, text, "PUT KEY, before secure messaging; unless it is there");
	}
	wr_free(&w);
}

int key_put_find(struct key_put *p, struct err *e)
{
	return find_entry(p, e) == 0 ? find_goal(p, e) : -1;
}
