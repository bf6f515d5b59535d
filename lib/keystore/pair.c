/* Entries of a key pair on the one curve of their type: issuer, signer. */
#include <string.h>

#include "keystore/kind.h"

static const struct bind_field private_fields[] = {
	VALUE_HEX(16, KEY_MAX),
	VALUE_FILE,
};
/* No kcv: a private key is checked against its public key instead. */
static const struct bind_table private_table = BIND_TABLE(private_fields);

#define PAIR_FIELDS(size) \
	{ \
		FIELD_TYPE, FIELD_TEST, FIELD_SECRET("private", secret, private_table), \
		    BIND_BYTES("public", slot_text, public, size, size), \
	}
static const struct bind_field issuer_fields[] = PAIR_FIELDS(P256_PUBLIC);
static const struct bind_field signer_fields[] = PAIR_FIELDS(ED25519_PUBLIC);
const struct bind_table issuer_table = BIND_TABLE(issuer_fields);
const struct bind_table signer_table = BIND_TABLE(signer_fields);

/* ---- taking an entry ---- */

int signer_take(struct keystore *ks, struct slot *s, const struct slot_text *w,
    const struct node *map, struct err *e)
{
	const struct node *at = node_get(map, "private");

	if (at == NULL && node_get(map, "public") == NULL)
		return doc_error(ks->doc, map, e, "neither `private` nor `public` is here");
	if (at != NULL && take_value(ks, s, 0, &w->secret, at, e) != 0)
		return -1;
	memcpy(s->entry.public, w->public.b, w->public.n);
	s->entry.public_n = (uint8_t)w->public.n;
	return 0;
}

/* The same, and the point is on its curve. */
int issuer_take(struct keystore *ks, struct slot *s, const struct slot_text *w,
    const struct node *map, struct err *e)
{
	const struct node *at = node_get(map, "public");

	if (signer_take(ks, s, w, map, e) != 0)
		return -1;
	if (at != NULL && !p256_public_ok(span_of(w->public.b, w->public.n)))
		return doc_error(ks->doc, at, e, "not a public key on P-256");
	return 0;
}

/* ---- reading ---- */

static int keep_private(const struct keystore *ks, struct slot *s, const struct slot_value *v,
    struct span value, struct key *to, struct err *e)
{
	(void)s;
	if (value.n != 32)
		return doc_error(
		    ks->doc, v->at, e, "a private key has 32 octets, this one %zu", value.n);
	if (!key_from(to, value))
		return err_set(e, ERR_OTHER, "internal: key of %zu octets", value.n);
	return 0;
}

static const struct value_form private_key = { keep_private, KEY_MAX };

int issuer_read(const struct keystore *ks, struct slot *s, struct err *e)
{
	uint8_t pub[P256_PUBLIC];

	if (s->value[0].at == NULL)
		return 0;
	if (read_value(ks, s, &s->value[0], &private_key, &s->entry.secret, e) != 0)
		return -1;
	return check_pair(
	    ks, s, p256_public(&s->entry.secret, pub) ? SPAN(pub) : span_of(NULL, 0), e);
}

int signer_read(const struct keystore *ks, struct slot *s, struct err *e)
{
	uint8_t pub[ED25519_PUBLIC];

	if (s->value[0].at == NULL)
		return 0;
	if (read_value(ks, s, &s->value[0], &private_key, &s->entry.secret, e) != 0)
		return -1;
	return check_pair(
	    ks, s, ed25519_public(&s->entry.secret, pub) ? SPAN(pub) : span_of(NULL, 0), e);
}

bool pair_show(const struct entry *t, struct entry_shown *out)
{
	out->bits = 8u * t->secret.n;
	return t->public_n == 0 || show_fingerprint(t, out);
}
