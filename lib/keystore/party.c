/*
 * Entries of third parties on the card: grantor, who signs grants, and party, who gets them.
 * Written as dap and token are, in PEM or in hex with `curve:`, but on P-256 alone, the curve of
 * grants.
 */
#include <stdio.h>
#include <string.h>

#include "keystore/kind.h"

static const char *const forms[] = { "signing", "agreement", NULL };

static const struct bind_field grantor_fields[] = { FIELD_TYPE, FIELD_TEST, FIELD_HALVES };
static const struct bind_field party_fields[] = {
	FIELD_TYPE,
	FIELD_TEST,
	BIND_CHOICE("form", slot_text, form, forms, .flags = BIND_REQUIRED),
	FIELD_HALVES,
};
const struct bind_table grantor_table = BIND_TABLE(grantor_fields);
const struct bind_table party_table = BIND_TABLE(party_fields);

static int keep(const struct keystore *ks, struct slot *s, const struct half *h, struct err *e)
{
	const struct authority_key *k = &h->key;
	struct entry *t = &s->entry;

	if (k->kind != AUTHORITY_EC || k->ec.curve != EC_P256)
		return doc_error(ks->doc, h->at, e, "not a key on P-256");
	if (t->public_n > 0 && !span_eq(span_of(t->public, t->public_n), ec_public_span(&k->ec)))
		return doc_error(
		    ks->doc, h->at, e, "private and public key do not belong together");
	memcpy(t->public, k->ec.b, k->ec.n);
	t->public_n = k->ec.n;
	t->curve = k->ec.curve;
	t->ec = k->ec_half;
	return 0;
}

/* The public half at once, be it in a file: it is no secret, and what is found wrong with it is
 * found before a card is asked. */
int grantor_take(struct keystore *ks, struct slot *s, const struct slot_text *w,
    const struct node *map, struct err *e)
{
	if (authority_take(ks, s, w, map, e) != 0)
		return -1;
	if (s->public_half.at == NULL)
		return 0;
	return half_read(ks, s, false, e) != 0 ? -1 : keep(ks, s, &s->public_half, e);
}

int party_take(struct keystore *ks, struct slot *s, const struct slot_text *w,
    const struct node *map, struct err *e)
{
	s->entry.agreement = w->form == 1;
	return grantor_take(ks, s, w, map, e);
}

int party_read(const struct keystore *ks, struct slot *s, struct err *e)
{
	if (s->private_half.at == NULL)
		return 0;
	return half_read(ks, s, true, e) != 0 ? -1 : keep(ks, s, &s->private_half, e);
}

bool party_show(const struct entry *t, struct entry_shown *out)
{
	out->bits = t->ec.n == 0 ? 0 : ec_bits(t->ec.curve);
	if (t->public_n == 0)
		return true;
	snprintf(out->algorithm, sizeof(out->algorithm), "EC %s", ec_curve_str(t->curve));
	return show_fingerprint(t, out);
}
