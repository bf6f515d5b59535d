/* With which of its keys, and of ours, a card is opened by SCP11; S8 or S16. */
#include <string.h>

#include "host/choose.h"

enum { SCP11_ID = 0x11, S8 = 8, S16 = 16 };

static int mac_size(
    const struct session *s, const struct scp11_asks *a, struct choice11 *c, struct err *e)
{
	static const uint8_t bits[] = {
		[SCP11A] = SCP11_I_A, [SCP11B] = SCP11_I_B, [SCP11C] = SCP11_I_C
	};
	bool told = false, has = false, s16 = false, s8 = false;

	for (size_t k = 0; k < s->data.scp_n; k++) {
		uint8_t first = scp11_i_first(s->data.scp[k].i);

		if (s->data.scp[k].scp != SCP11_ID)
			continue;
		told = true;
		if ((first & bits[a->variant]) == 0)
			continue;
		has = true;
		s16 = s16 || (first & SCP11_I_S16) != 0;
		s8 = s8 || (first & SCP11_I_S16) == 0;
	}
	if (told && !has)
		return err_set(e, ERR_SAFETY, "the card data offers SCP11, but not %s",
		    scp11_variant_str(a->variant));
	c->m = (a->s16 < 0 ? s16 && !s8 : a->s16 > 0) ? S16 : S8;
	if (told && !(c->m == S16 ? s16 : s8))
		return err_set(e, ERR_SAFETY, "%s was asked for, but the card offers only %s",
		    c->m == S16 ? "S16" : "S8", c->m == S16 ? "S8" : "S16");
	return 0;
}

/* The version of the card's key with this identifier, when there is exactly one. */
static int only_version(const struct key_infos *k, struct key_ref *ref, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < k->n; i++) {
		if (k->key[i].id != ref->kid || (n > 0 && k->key[i].version == ref->kvn))
			continue;
		ref->kvn = k->key[i].version;
		n++;
	}
	if (n == 1)
		return 0;
	if (n == 0)
		return err_set(e, ERR_AUTH, "the card names no key with identifier %02X", ref->kid);
	err_set(e, ERR_AUTH, "the card has %zu keys with identifier %02X", n, ref->kid);
	return err_hint(e, "name the version that is meant");
}

bool choose_scp11_needs_keys(const struct scp11_asks *a)
{
	return a->key_version == 0 || (a->ca_version == 0 && a->variant != SCP11B);
}

static int keys(
    const struct key_infos *k, const struct scp11_asks *a, struct choice11 *c, struct err *e)
{
	c->key = (struct key_ref){ scp11_kid(a->variant), a->key_version };
	c->ca = (struct key_ref){ KID_CA_KLOC, a->ca_version };
	if (!choose_scp11_needs_keys(a))
		return 0;
	if (k == NULL) {
		err_set(e, ERR_AUTH, "the card does not tell which keys it has");
		return err_hint(e, "name the key version");
	}
	if (a->key_version == 0 && only_version(k, &c->key, e) != 0)
		return -1;
	return a->ca_version == 0 && a->variant != SCP11B ? only_version(k, &c->ca, e) : 0;
}

static void say(const struct scp11_asks *a, struct choice11 *c)
{
	reasons_add(&c->why, "protocol %s: as asked", scp11_variant_str(a->variant));
	reasons_add(&c->why, "key %02X, version %02X: %s", c->key.kid, c->key.kvn,
	    a->key_version != 0 ? "as asked" : "the only one that the card has for it");
	reasons_add(&c->why, "%s: %s", c->m == S16 ? "S16" : "S8",
	    a->s16 >= 0 ? "as asked" : "as card data says, S8 if it does not");
	if (a->variant == SCP11B)
		reasons_add(&c->why,
		    "SCP11b: the card does not know who we are, and lets nothing be changed");
	else
		reasons_add(&c->why, "CA key %02X, version %02X: %s", c->ca.kid, c->ca.kvn,
		    a->ca_version != 0 ? "as asked" : "the only one that the card has");
}

int choose_scp11(const struct session *s, const struct key_infos *k, const struct scp11_asks *a,
    struct choice11 *c, struct err *e)
{
	memset(c, 0, sizeof(*c));
	if (mac_size(s, a, c, e) != 0 || keys(k, a, c, e) != 0)
		return -1;
	say(a, c);
	return 0;
}
