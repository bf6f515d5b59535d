/* Card keys: scp03, scp02. */
#include "keystore/kind.h"

static const char *const aes_schemes[] = { "none", "kdf3", NULL };
static const char *const des_schemes[] = { "none", "visa2", "visa", "emv", NULL };

static const struct bind_field template_fields[] = {
	BIND_STRING("template", slot_text, template, .flags = BIND_REQUIRED),
};
static const struct bind_table template_table = BIND_TABLE(template_fields);
#define CARD_FIELDS(schemes) \
	{ \
		FIELD_TYPE, FIELD_TEST, FIELD_VERSION(0x01), \
		    BIND_CHOICE("diversification", slot_text, diversification, schemes, \
			.flags = BIND_REQUIRED, .table = &template_table), \
		    FIELD_VALUE("master", master), FIELD_VALUE("enc", enc), \
		    FIELD_VALUE("mac", mac), FIELD_VALUE("dek", dek), \
	}
static const struct bind_field scp03_fields[] = CARD_FIELDS(aes_schemes);
static const struct bind_field scp02_fields[] = CARD_FIELDS(des_schemes);
const struct bind_table scp03_table = BIND_TABLE(scp03_fields);
const struct bind_table scp02_table = BIND_TABLE(scp02_fields);

/* One of these names, or a template, which must be one for the keys of this type. */
static int take_scheme(struct keystore *ks, struct slot *s, const struct slot_text *w,
    const struct node *map, const char *const *names, struct err *e)
{
	const struct node *at = node_get(map, "diversification");
	struct entry *t = &s->entry;
	const char *why;

	if (at->kind != NODE_MAP) {
		if (diversification_from(names[w->diversification], &t->diversification))
			return 0;
		return err_set(e, ERR_OTHER, "internal: scheme %d", w->diversification);
	}
	t->diversification = DIVERSIFY_TEMPLATE;
	if (!template_from(w->template, &t->template, &why))
		return doc_error(ks->doc, node_get(at, "template"), e, "%s", why);
	if (t->template.counter != (t->type == ENTRY_SCP03))
		return doc_error(ks->doc, node_get(at, "template"), e,
		    "a template %s the counter $_ is for keys of type %s",
		    t->template.counter ? "with" : "without",
		    entry_type_str(t->template.counter ? ENTRY_SCP03 : ENTRY_SCP02));
	return 0;
}

static int take_card_keys(struct keystore *ks, struct slot *s, const struct slot_text *w,
    const struct node *map, struct err *e)
{
	const char *const names[VALUES] = { "enc", "mac", "dek" };
	const struct slot_value *each[VALUES] = { &w->enc, &w->mac, &w->dek };
	const struct node *master = node_get(map, "master");

	for (size_t i = 0; i < VALUES; i++) {
		const struct node *at = node_get(map, names[i]);

		if (master != NULL && at != NULL)
			return doc_error(
			    ks->doc, at->key, e, "`master` stands for enc, mac and dek: not both");
		if (master == NULL && at == NULL)
			return doc_error(ks->doc, map, e,
			    "`%s` is missing, or `master` for all three", names[i]);
		if (take_value(ks, s, i, master != NULL ? &w->master : each[i],
			master != NULL ? master : at, e) != 0)
			return -1;
	}
	return 0;
}

int scp03_take(struct keystore *ks, struct slot *s, const struct slot_text *w,
    const struct node *map, struct err *e)
{
	if (take_scheme(ks, s, w, map, aes_schemes, e) != 0)
		return -1;
	return take_card_keys(ks, s, w, map, e);
}

int scp02_take(struct keystore *ks, struct slot *s, const struct slot_text *w,
    const struct node *map, struct err *e)
{
	if (take_scheme(ks, s, w, map, des_schemes, e) != 0)
		return -1;
	return take_card_keys(ks, s, w, map, e);
}

int card_read(const struct keystore *ks, struct slot *s, struct err *e)
{
	struct key *to[VALUES] = { &s->entry.keys.enc, &s->entry.keys.mac, &s->entry.keys.dek };

	for (size_t i = 0; i < VALUES; i++) {
		if (i > 0 && s->value[i].at == s->value[0].at) { /* master */
			*to[i] = *to[0];
			continue;
		}
		if (read_value(ks, s, &s->value[i], &symmetric_key, to[i], e) != 0)
			return -1;
		if (to[i]->n != to[0]->n)
			return doc_error(
			    ks->doc, s->value[i].at, e, "enc, mac and dek differ in length");
	}
	return 0;
}

/* One check value, or three (ENC, MAC, DEK) where the set has no common master key. */
bool card_show(const struct entry *t, struct entry_shown *out)
{
	const struct key_set *k = &t->keys;

	out->versioned = true;
	out->diversification = diversification_str(t->diversification);
	out->bits = 8u * k->enc.n;
	if (k->enc.n == 0)
		return true;
	if (!show_check_value(t, &k->enc, out))
		return false;
	if (ct_equal(key_span(&k->enc), key_span(&k->mac)) &&
	    ct_equal(key_span(&k->enc), key_span(&k->dek)))
		return true;
	return show_check_value(t, &k->mac, out) && show_check_value(t, &k->dek, out);
}
