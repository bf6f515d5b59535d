#include "host/choose.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { S8 = 8, S16 = 16, VERSIONS_SHOWN = 8 };

static void because(struct choice *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void because(struct choice *c, const char *fmt, ...)
{
	va_list ap;

	if (c->why_n == CHOICE_REASONS)
		return;
	va_start(ap, fmt);
	vsnprintf(c->why[c->why_n++], CHOICE_REASON_MAX, fmt, ap);
	va_end(ap);
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
		because(c, "protocol %s: as asked%s", scp_protocol_str(c->protocol),
		    silent || offered(s, c->protocol) ? "" : ", though the card does not offer it");
		return 0;
	}
	c->protocol = a->des ? PROTOCOL_SCP02 : PROTOCOL_SCP03;
	if (a->des && !offered(s, PROTOCOL_SCP02) && offered(s, PROTOCOL_SCP01))
		c->protocol = PROTOCOL_SCP01;
	if (!silent && !offered(s, c->protocol))
		return refuse_protocol(a, c, e);
	because(c, "protocol %s: the keys of %s are %s, %s", scp_protocol_str(c->protocol), a->keys,
	    kind, silent ? "and the card does not say what it offers" : "and the card offers it");
	c->silent = silent;
	return 0;
}

/* SCP03 says its i in the answer to INITIALIZE UPDATE, which counts; SCP01 and SCP02 do not. */
static void choose_i(const struct session *s, const struct choose_asks *a, struct choice *c)
{
	bool des = c->protocol != PROTOCOL_SCP03;
	struct offers o;

	if (des && a->i != 0) {
		c->i = a->i;
		because(c, "i %02X: as asked", a->i);
		return;
	}
	offers_get(s, c->protocol, &o);
	c->i = -1;
	for (size_t k = 0; k < o.n; k++) {
		/* Implicit initiation knows no INITIALIZE UPDATE. */
		if (o.i[k] > 0xFF || !scp_i_valid(c->protocol, (uint8_t)o.i[k]) ||
		    (des && (o.i[k] & SCP02_I_EXPLICIT) == 0))
			continue;
		c->i = o.i[k];
		because(c, "i %02X: the card's %s", (unsigned)c->i,
		    k < o.of_card_data ? "card data"
		    : o.n == 1         ? "capabilities"
				       : "capabilities, the first of several");
		return;
	}
	if (!des) {
		because(c, "i: the answer to INITIALIZE UPDATE tells it");
		return;
	}
	c->i = c->protocol == PROTOCOL_SCP02 ? 0x15 : 0x05;
	because(c, "i %02X: the card does not tell, and most such cards have it", (unsigned)c->i);
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
	because(c, "key version %02X: %s%s%s", version, asked ? "as asked" : "of key set ",
	    asked ? "" : a->keys,
	    version == 0  ? ", the card's default"
	    : k->n == 0   ? ", the card lists no keys"
	    : key == NULL ? ", though the card does not list it"
			  : ", which the card lists");
	if (a->profile == NULL || a->factory_version < 0 || version != a->factory_version ||
	    a->factory_p1 == version)
		return 0;
	c->p1 = (uint8_t)a->factory_p1;
	because(c, "P1 %02X: cards of profile %s are so asked for their version %02X", c->p1,
	    a->profile, version);
	return 0;
}

/* ---- MAC size ---- */

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
		because(c, "%s: as asked", a->s16 > 0 ? "S16" : "S8");
		return 0;
	}
	if (s8 || s16) {
		c->m = s8 ? S8 : S16;
		because(c, "%s: %s", s8 ? "S8" : "S16",
		    s8 && s16 ? "the card offers it, and S16" : "the card offers nothing else");
		return 0;
	}
	if (a->profile != NULL && a->profile_s16 >= 0) {
		c->m = a->profile_s16 > 0 ? S16 : S8;
		because(c, "%s: of profile %s", c->m == S16 ? "S16" : "S8", a->profile);
		return 0;
	}
	because(c, "S8: the card does not tell, and S16 was not asked for");
	return 0;
}

int choose(const struct session *s, const struct key_infos *k, const struct choose_asks *a,
    struct choice *c, struct err *e)
{
	memset(c, 0, sizeof(*c));
	if (choose_protocol(s, a, c, e) != 0)
		return -1;
	choose_i(s, a, c);
	if (choose_version(k, a, c, e) != 0)
		return -1;
	return choose_mac_size(s, a, c, e);
}
