#include "host/choose.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { S8 = 8, S16 = 16, VERSIONS_SHOWN = 8 };
enum { I_SCP01 = 0x05, I_SCP02 = 0x15 }; /* where nobody tells it: what nearly all cards have */

void reasons_add(struct reasons *r, const char *fmt, ...)
{
	va_list ap;

	if (r->n == REASONS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(r->text[r->n++], REASON_MAX, fmt, ap);
	va_end(ap);
}

/* ---- what is asked for ---- */

/* The protocols that may come of it: those that the keys are for, or the one that was named. */
static unsigned protocols_asked(const struct choose_asks *a)
{
	if (a->protocol != PROTOCOL_NONE)
		return 1u << a->protocol;
	return a->des ? 1u << PROTOCOL_SCP02 | 1u << PROTOCOL_SCP01 : 1u << PROTOCOL_SCP03;
}

static const char *asked_str(const struct choose_asks *a)
{
	return a->protocol == PROTOCOL_NONE && a->des
		   ? "SCP02 or SCP01"
		   : scp_protocol_str(a->protocol == PROTOCOL_NONE ? PROTOCOL_SCP03 : a->protocol);
}

int choose_check(const struct choose_asks *a, struct err *e)
{
	bool level = a->level < 0, i = a->i == 0;
	unsigned asked = protocols_asked(a);

	for (enum scp_protocol p = PROTOCOL_SCP01; p <= PROTOCOL_SCP03; p++) {
		if ((asked & 1u << p) == 0)
			continue;
		level = level || (a->level <= 0xFF && scp_level_valid(p, (uint8_t)a->level, 0xFF));
		i = i || (p != PROTOCOL_SCP03 && scp_i_valid(p, a->i));
	}
	if (!level)
		return err_set(e, ERR_SAFETY, "there is no security level %02X in %s",
		    (unsigned)a->level, asked_str(a));
	if (!i)
		return err_set(e, ERR_SAFETY, "there is no parameter i = %02X to choose in %s",
		    a->i, asked_str(a));
	return 0;
}

/* ---- what the card offers ---- */

/* The parameters i of one protocol: those of card data, then those of the capabilities. */
struct offers {
	size_t n, of_card_data;
	uint16_t i[CARD_DATA_SCPS + CARD_DATA_SCPS * CAPABILITY_IS];
};

static void offers_get(const struct session *s, enum scp_protocol protocol, struct offers *o)
{
	memset(o, 0, sizeof(*o));
	for (size_t k = 0; k < s->data.scp_n; k++)
		if (s->data.scp[k].scp == protocol)
			o->i[o->n++] = s->data.scp[k].i;
	o->of_card_data = o->n;
	for (size_t k = 0; k < s->caps.n; k++) {
		const struct capability *cap = &s->caps.scp[k];

		for (size_t j = 0; cap->scp == protocol && j < cap->i_n; j++)
			o->i[o->n++] = cap->i[j];
	}
}

static bool offered(const struct session *s, enum scp_protocol protocol)
{
	struct offers o;

	offers_get(s, protocol, &o);
	return o.n > 0;
}

/* ---- protocol and i ---- */

static int refuse_protocol(const struct choose_asks *a, const struct choice *c, struct err *e)
{
	err_set(e, ERR_SAFETY, "key set %s is for %s, which the card does not offer", a->keys,
	    a->des ? "SCP02 and SCP01" : scp_protocol_str(c->protocol));
	return err_hint(
	    e, VERB("info") " shows what it offers; " FIELD("protocol") " decides against that");
}

static int choose_protocol(
    const struct session *s, const struct choose_asks *a, struct choice *c, struct err *e)
{
	const char *kind = a->des ? "triple DES" : "AES";
	bool silent = s->data.scp_n == 0 && s->caps.n == 0;

	if (a->protocol != PROTOCOL_NONE) {
		c->protocol = a->protocol;
		reasons_add(&c->why, "protocol %s: as asked%s", scp_protocol_str(c->protocol),
		    silent || offered(s, c->protocol) ? "" : ", though the card does not offer it");
		return 0;
	}
	c->protocol = a->des ? PROTOCOL_SCP02 : PROTOCOL_SCP03;
	if (a->des && !offered(s, PROTOCOL_SCP02) && offered(s, PROTOCOL_SCP01))
		c->protocol = PROTOCOL_SCP01;
	if (!silent && !offered(s, c->protocol))
		return refuse_protocol(a, c, e);
	reasons_add(&c->why, "protocol %s: the keys of %s are %s, %s",
	    scp_protocol_str(c->protocol), a->keys, kind,
	    silent ? "and the card does not say what it offers" : "and the card offers it");
	c->silent = silent;
	/* Of a card that does not say what it offers the answer decides between the two. */
	if (silent)
		c->protocols = protocols_asked(a);
	return 0;
}

/* The i of a card that does not answer with it, for a protocol that begins with INITIALIZE UPDATE:
 * implicit initiation knows none. -1: none is told. *at: which of the offers. */
static int told_i(const struct offers *o, enum scp_protocol p, size_t *at)
{
	for (size_t k = 0; k < o->n; k++) {
		if (o->i[k] > 0xFF || !scp_i_valid(p, (uint8_t)o->i[k]) ||
		    (p != PROTOCOL_SCP03 && (o->i[k] & SCP02_I_EXPLICIT) == 0))
			continue;
		*at = k;
		return o->i[k];
	}
	return -1;
}

static uint8_t assumed_i(enum scp_protocol p)
{
	return p == PROTOCOL_SCP02 ? I_SCP02 : I_SCP01;
}

/* SCP03 says its i in the answer to INITIALIZE UPDATE, which counts; SCP01 and SCP02 do not. */
static void choose_i(const struct session *s, const struct choose_asks *a, struct choice *c)
{
	bool des = c->protocol != PROTOCOL_SCP03;
	struct offers o;
	size_t at = 0;

	if (des && a->i != 0) {
		c->i = a->i;
		c->i_asked = true;
		reasons_add(&c->why, "i %02X: as asked", a->i);
		return;
	}
	offers_get(s, c->protocol, &o);
	c->i = told_i(&o, c->protocol, &at);
	if (c->i >= 0) {
		reasons_add(&c->why, "i %02X: the card's %s", (unsigned)c->i,
		    at < o.of_card_data ? "card data"
		    : o.n == 1          ? "capabilities"
					: "capabilities, the first of several");
		return;
	}
	if (!des) {
		reasons_add(&c->why, "i: the answer to INITIALIZE UPDATE tells it");
		return;
	}
	c->i = assumed_i(c->protocol);
	reasons_add(
	    &c->why, "i %02X: the card does not tell, and most such cards have it", (unsigned)c->i);
}

/* ---- key version and P1 ---- */

/* One key of the set, NULL when the card does not list it. */
static const struct key_info *listed(const struct key_infos *k, uint8_t version)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->key[i].version == version && k->key[i].id >= 1 && k->key[i].id <= 3)
			return &k->key[i];
	return NULL;
}

static char *versions_of(const struct key_infos *k, char *out, size_t cap)
{
	unsigned shown = 0;

	out[0] = '\0';
	for (size_t i = 0; i < k->n && shown < VERSIONS_SHOWN; i++) {
		size_t at = strlen(out);

		if (listed(k, k->key[i].version) != &k->key[i])
			continue;
		snprintf(out + at, cap - at, "%s%02X", shown++ == 0 ? "" : ", ", k->key[i].version);
	}
	return out[0] == '\0' ? strcpy(out, "none") : out;
}

static bool kind_fits(const struct key_info *key, const struct choose_asks *a)
{
	return key->type == (a->des ? KEY_TYPE_DES : KEY_TYPE_AES) &&
	       (a->key_octets == 0 || key->length == 0 || key->length == a->key_octets);
}

/* The entry's version must be on the card, with keys of the entry's kind. */
static int check_version(
    const struct key_infos *k, const struct choose_asks *a, uint8_t version, struct err *e)
{
	const struct key_info *key = listed(k, version);
	char list[4 * VERSIONS_SHOWN + 8];

	if (k->n == 0)
		return 0;
	if (key == NULL) {
		err_set(e, ERR_AUTH, "the card lists no key set of version %02X, which %s has: %s",
		    version, a->keys, versions_of(k, list, sizeof(list)));
		return err_hint(e, FIELD("key-version") " names another");
	}
	if (kind_fits(key, a))
		return 0;
	err_set(e, ERR_SAFETY,
	    "key version %02X of the card is %s of %u octets, key set %s is %s of %u", version,
	    key_type_str(key->type), key->length, a->keys, a->des ? "des" : "aes", a->key_octets);
	return err_hint(e, FIELD("key-version") " decides against what the card lists");
}

static int choose_version(
    const struct key_infos *k, const struct choose_asks *a, struct choice *c, struct err *e)
{
	bool asked = a->key_version >= 0;
	uint8_t version = asked ? (uint8_t)a->key_version : a->key_set;
	const struct key_info *key = listed(k, version);

	if (!asked && check_version(k, a, version, e) != 0)
		return -1;
	c->key_version = c->p1 = version;
	reasons_add(&c->why, "key version %02X: %s%s%s", version,
	    asked ? "as asked" : "of key set ", asked ? "" : a->keys,
	    version == 0  ? ", the card's default"
	    : k->n == 0   ? ", the card lists no keys"
	    : key == NULL ? ", though the card does not list it"
			  : ", which the card lists");
	if (a->profile == NULL || a->profile->factory_version != version ||
	    a->profile->factory_p1 == version)
		return 0;
	c->p1 = (uint8_t)a->profile->factory_p1;
	reasons_add(&c->why, "P1 %02X: cards of profile %s are so asked for their version %02X",
	    c->p1, a->profile->name, version);
	return 0;
}

/* ---- MAC size ---- */

static int not_offered(const struct choice *c, struct err *e)
{
	bool s16 = c->m == S16;

	err_set(e, ERR_SAFETY, "%s was asked for, but the card offers only %s", s16 ? "S16" : "S8",
	    s16 ? "S8" : "S16");
	return err_hint(
	    e, "the card data tell, see " VERB("info") "; ask for nothing and it is chosen");
}

int choose_mac_size(
    const struct session *s, const struct choose_asks *a, struct choice *c, struct err *e)
{
	bool s8 = false, s16 = false;
	struct offers o;

	c->m = S8;
	if (c->protocol != PROTOCOL_SCP03) {
		if (a->s16 > 0)
			return err_set(e, ERR_SAFETY, "S16 is of SCP03 and SCP11, not of %s",
			    scp_protocol_str(c->protocol));
		return 0;
	}
	offers_get(s, c->protocol, &o);
	for (size_t k = 0; k < o.n; k++)
		*((o.i[k] & SCP03_I_S16) != 0 ? &s16 : &s8) = true;
	if (a->s16 >= 0) {
		c->m = a->s16 > 0 ? S16 : S8;
		reasons_add(&c->why, "%s: as asked", a->s16 > 0 ? "S16" : "S8");
		return o.n == 0 || (c->m == S16 ? s16 : s8) ? 0 : not_offered(c, e);
	}
	if (s8 || s16) {
		c->m = s8 ? S8 : S16;
		reasons_add(&c->why, "%s: %s", s8 ? "S8" : "S16",
		    s8 && s16 ? "the card offers it, and S16" : "the card offers nothing else");
		return 0;
	}
	if (a->profile != NULL && a->profile->s16 >= 0) {
		c->m = a->profile->s16 > 0 ? S16 : S8;
		reasons_add(
		    &c->why, "%s: of profile %s", c->m == S16 ? "S16" : "S8", a->profile->name);
		return 0;
	}
	reasons_add(&c->why, "S8: the card does not tell, and S16 was not asked for");
	return 0;
}

int choose(const struct session *s, const struct key_infos *k, const struct choose_asks *a,
    struct choice *c, struct err *e)
{
	memset(c, 0, sizeof(*c));
	c->level = a->level;
	c->needs_rmac = a->needs_rmac;
	c->profile = a->profile;
	if (choose_check(a, e) != 0 || choose_protocol(s, a, c, e) != 0)
		return -1;
	if (c->protocols == 0)
		c->protocols = 1u << c->protocol;
	choose_i(s, a, c);
	if (choose_version(k, a, c, e) != 0)
		return -1;
	return choose_mac_size(s, a, c, e);
}

/* ---- with the answer to INITIALIZE UPDATE ---- */

static int contradicts(const struct init_update *u, const char *who, const char *is, struct err *e)
{
	err_set(e, ERR_AUTH, "the card answers with i = %02X, but %s %s", u->i, who, is);
	return err_hint(
	    e, "somebody may sit between reader and card; nothing was sent, no try spent");
}

/* The i of the answer is not protected yet, and decides whether there is R-MAC. */
static int check_i(const struct session *s, const struct choice *c, struct err *e)
{
	const struct init_update *u = &s->iu;
	char named[5 * VERSIONS_SHOWN + 8] = "";
	struct offers o;

	if (u->scp != PROTOCOL_SCP03)
		return 0;
	if (!scp_i_valid(PROTOCOL_SCP03, u->i))
		return err_set(
		    e, ERR_AUTH, "the card reports i = %02X, which does not exist", u->i);
	offers_get(s, PROTOCOL_SCP03, &o);
	for (size_t k = 0; k < o.n; k++) {
		size_t at = strlen(named);

		if (o.i[k] == u->i)
			break;
		if (k < VERSIONS_SHOWN)
			snprintf(
			    named + at, sizeof(named) - at, "%s%02X", at == 0 ? "" : ", ", o.i[k]);
		if (k + 1 == o.n)
			return contradicts(u,
			    o.of_card_data > 0 ? "its card data say" : "its capabilities say",
			    named, e);
	}
	if (c->profile == NULL || c->profile->i < 0 || c->profile->i == u->i)
		return 0;
	snprintf(named, sizeof(named), "has %02X", (unsigned)c->profile->i);
	return contradicts(u, c->profile->name, named, e);
}

/* SCP01 and SCP02 do not answer with their i; and which of the two it is may only show now. */
static int settle_i(struct session *s, const struct choice *c, struct err *e)
{
	struct init_update *u = &s->iu;
	enum scp_protocol p = (enum scp_protocol)u->scp;
	struct offers o;
	size_t at = 0;
	int told;

	s->i_from = I_ANSWERED;
	if (p == PROTOCOL_SCP03)
		return 0;
	offers_get(s, p, &o);
	told = told_i(&o, p, &at);
	s->i_from = c->i_asked ? I_ASKED : told >= 0 ? I_CARD_DATA : I_ASSUMED;
	u->i = c->i_asked ? (uint8_t)c->i : told >= 0 ? (uint8_t)told : assumed_i(p);
	if (scp_i_valid(p, u->i) && (u->i & SCP02_I_EXPLICIT) != 0)
		return 0;
	return err_set(e, ERR_SAFETY, "%s with i = %02X does not begin with INITIALIZE UPDATE",
	    scp_protocol_str(p), u->i);
}

/* The highest that the card says it can. */
static uint8_t best_level(const struct init_update *u)
{
	uint8_t level = LEVEL_CDEC | LEVEL_CMAC;

	if (u->scp == PROTOCOL_SCP02 && (u->i & SCP02_I_RMAC) != 0)
		level |= LEVEL_RMAC;
	if (u->scp == PROTOCOL_SCP03 && (u->i & SCP03_I_RMAC) != 0)
		level |= LEVEL_RMAC;
	if (u->scp == PROTOCOL_SCP03 && (u->i & SCP03_I_RENC) != 0)
		level |= LEVEL_RENC;
	return level;
}

static int settle_level(
    const struct session *s, const struct choice *c, uint8_t *level, struct err *e)
{
	const struct init_update *u = &s->iu;
	uint8_t i = u->i;

	*level = c->level < 0 ? best_level(u) : (uint8_t)c->level;
	if (c->level < 0 && c->needs_rmac && (*level & LEVEL_RMAC) == 0) {
		err_set(e, ERR_SAFETY,
		    "the card offers no R-MAC (i = %02X): nothing that it answers would be proven",
		    i);
		return err_hint(e, FIELD_IS("level", "03") " accepts that");
	}
	/* A card that tells nothing may have R-MAC: whoever asks for it will see. */
	if (u->scp == PROTOCOL_SCP02 && s->i_from == I_ASSUMED)
		i |= SCP02_I_RMAC;
	if (scp_level_valid((enum scp_protocol)u->scp, *level, i))
		return 0;
	if (s->i_from == I_ASSUMED)
		return err_set(e, ERR_SAFETY, "%s has no level %02X",
		    scp_protocol_str((enum scp_protocol)u->scp), *level);
	err_set(e, ERR_SAFETY, "the card cannot do level %02X: it reports i = %02X", *level, i);
	return err_hint(
	    e, "without " FIELD("level") " the highest level that the card can is taken");
}

int choose_by_answer(struct session *s, const struct choice *c, uint8_t *level, struct err *e)
{
	const struct init_update *u = &s->iu;

	if (c->key_version != 0 && u->key_version != c->key_version)
		return err_set(e, ERR_AUTH,
		    "key version %02X was asked for, the card answers with %02X", c->key_version,
		    u->key_version);
	if (check_i(s, c, e) != 0 || settle_i(s, c, e) != 0)
		return -1;
	return settle_level(s, c, level, e);
}
