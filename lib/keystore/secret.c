/* Entries of one symmetric key: bundle-kek, kos, kmac, domain-key. */
#include "keystore/kind.h"

static const struct bind_field secret_fields[] = { FIELD_TYPE, FIELD_TEST,
	FIELD_VALUE("value", secret) };
static const struct bind_field kos_fields[] = { FIELD_TYPE, FIELD_TEST, FIELD_VERSION(0x00),
	FIELD_VALUE("value", secret) };
const struct bind_table secret_table = BIND_TABLE(secret_fields);
const struct bind_table kos_table = BIND_TABLE(kos_fields);

int secret_take(struct keystore *ks, struct slot *s, const struct slot_text *w,
    const struct node *map, struct err *e)
{
	const struct node *at = node_get(map, "value");

	if (at == NULL)
		return doc_error(ks->doc, map, e, "`value` is missing");
	return take_value(ks, s, 0, &w->secret, at, e);
}

int secret_read(const struct keystore *ks, struct slot *s, struct err *e)
{
	return read_value(ks, s, &s->value[0], &symmetric_key, &s->entry.secret, e);
}

bool secret_show(const struct entry *t, struct entry_shown *out)
{
	out->bits = 8u * t->secret.n;
	return t->secret.n == 0 || show_check_value(t, &t->secret, out);
}

bool kos_show(const struct entry *t, struct entry_shown *out)
{
	out->versioned = true;
	return secret_show(t, out);
}
