#include "keystore/keystore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "keystore/slot.h"

enum { ENTRIES_MAX = 256, SIGNERS_MAX = 8 };

const char *const entry_types[] = { "scp03", "scp02", "issuer", "signer", "bundle-kek", "kos",
	"kmac", "oce", "ca", "oce-ca", "dap", "token", "receipt", NULL };
static const char *const aes_schemes[] = { "none", "kdf3", NULL };
static const char *const des_schemes[] = { "none", "visa2", "visa", "emv", NULL };

static const struct bind_field value_fields[] = {
	{ "hex", BIND_BYTES, .min = 16, .max = KEY_MAX, IN(slot_value, hex) },
	{ "file", BIND_STRING, .min = 1, .max = FILE_NAME_MAX, IN(slot_value, file) },
	{ "kcv", BIND_BYTES, .min = KCV_SIZE, .max = KCV_SIZE, IN(slot_value, kcv) },
};
const struct bind_table value_table = BIND_TABLE(value_fields);
/* A private key is checked against its public key instead. */
static const struct bind_table private_table = { value_fields, 2 };

#define FIELD_VALUE(name, member) \
	{ \
		name, BIND_MAP, .table = &value_table, IN(slot_text, member) \
	}
#define FIELD_PRIVATE \
	{ \
		"private", BIND_MAP, .table = &private_table, IN(slot_text, secret) \
	}
#define FIELD_PUBLIC(size) \
	{ \
		"public", BIND_BYTES, .min = (size), .max = (size), IN(slot_text, public) \
	}

static const struct bind_field type_field = FIELD_TYPE;
static const struct bind_field template_fields[] = {
	{ "template", BIND_STRING, BIND_REQUIRED, .min = 1, .max = TEMPLATE_TEXT_MAX,
	    IN(slot_text, template) },
};
static const struct bind_table template_table = BIND_TABLE(template_fields);
#define CARD_FIELDS(schemes) \
	{ \
		FIELD_TYPE, FIELD_TEST, \
		    { "version", BIND_HEX8, BIND_REQUIRED, .min = 0x01, .max = 0xFF, \
			    IN(slot_text, version) }, \
		    { "diversification", BIND_CHOICE, BIND_REQUIRED, .choices = (schemes), \
			    .table = &template_table, IN(slot_text, diversification) }, \
		    FIELD_VALUE("master", master), FIELD_VALUE("enc", enc), \
		    FIELD_VALUE("mac", mac), FIELD_VALUE("dek", dek), \
	}
static const struct bind_field scp03_fields[] = CARD_FIELDS(aes_schemes);
static const struct bind_field scp02_fields[] = CARD_FIELDS(des_schemes);
static const struct bind_field issuer_fields[] = { FIELD_TYPE, FIELD_TEST, FIELD_PRIVATE,
	FIELD_PUBLIC(P256_PUBLIC) };
static const struct bind_field signer_fields[] = { FIELD_TYPE, FIELD_TEST, FIELD_PRIVATE,
	FIELD_PUBLIC(ED25519_PUBLIC) };
static const struct bind_field kos_fields[] = {
	FIELD_TYPE,
	FIELD_TEST,
	{ "version", BIND_HEX8, BIND_REQUIRED, .min = 0x00, .max = 0xFF, IN(slot_text, version) },
	FIELD_VALUE("value", secret),
};
static const struct bind_field plain_fields[] = { FIELD_TYPE, FIELD_TEST,
	FIELD_VALUE("value", secret) };

static const struct bind_table type_tables[ENTRY_TYPES] = {
	[ENTRY_SCP03] = BIND_TABLE(scp03_fields),
	[ENTRY_SCP02] = BIND_TABLE(scp02_fields),
	[ENTRY_ISSUER] = BIND_TABLE(issuer_fields),
	[ENTRY_SIGNER] = BIND_TABLE(signer_fields),
	[ENTRY_KEK] = BIND_TABLE(plain_fields),
	[ENTRY_KOS] = BIND_TABLE(kos_fields),
	[ENTRY_KMAC] = BIND_TABLE(plain_fields),
};

static const struct bind_table *table_of(int type)
{
	if (type == ENTRY_OCE)
		return &oce_table;
	if (entry_type_is_authority((enum entry_type)type))
		return &authority_table;
	return type == ENTRY_CA || type == ENTRY_OCE_CA ? &ca_table : &type_tables[type];
}

static bind_each take_entry;
static const struct bind_field store_fields[] = {
	{ .key = "cardadm", .kind = BIND_HEADER },
	{ "threshold", BIND_U32, .min = 1, .max = SIGNERS_MAX, IN(keystore, threshold) },
	{ "keys", BIND_EACH, BIND_REQUIRED, .each = take_entry },
};
static const struct bind_table store_table = BIND_TABLE(store_fields);

int take_value(struct keystore *ks, struct slot *s, size_t i, const struct slot_value *v,
    const struct node *at, struct err *e)
{
	if ((v->hex.n == 0) == (v->file[0] == '\0'))
		return doc_error(ks->doc, at, e,
		    "`%s` must be {file: NAME}, or {hex: VALUE} in a test entry", at->key->text);
	if (v->hex.n > 0 && !s->entry.test) {
		doc_error(
		    ks->doc, at, e, "a clear value in an entry that is not marked `test: true`");
		return err_hint(
		    e, "put the value into a file of mode 0600 and name it: {file: NAME}");
	}
	s->value[i] = *v;
	s->value[i].at = at;
	s->entry.in_files = s->entry.in_files || v->hex.n == 0;
	ks->clear = ks->clear || v->hex.n > 0;
	return 0;
}

/* A name of the list for this type, or a template, which must be one for its keys. */
static int take_scheme(struct keystore *ks, struct slot *s, const struct slot_text *w,
    const struct node *map, struct err *e)
{
	const char *const *names = s->entry.type == ENTRY_SCP02 ? des_schemes : aes_schemes;
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

static int take_public(struct keystore *ks, struct slot *s, const struct slot_text *w,
    const struct node *map, struct err *e)
{
	const struct node *at = node_get(map, "public");
	struct entry *t = &s->entry;

	if (at == NULL || entry_type_is_ec(t->type))
		return 0;
	if (t->type == ENTRY_ISSUER && !p256_public_ok(span_of(w->public.b, w->public.n)))
		return doc_error(ks->doc, at, e, "not a public key on P-256");
	memcpy(t->public, w->public.b, w->public.n);
	t->public_n = (uint8_t)w->public.n;
	return 0;
}

static int take_secret(struct keystore *ks, struct slot *s, const struct slot_text *w,
    const struct node *map, struct err *e)
{
	const struct node *at = node_get(map, is_asymmetric(s->entry.type) ? "private" : "value");

	if (at != NULL)
		return take_value(ks, s, 0, &w->secret, at, e);
	if (!is_asymmetric(s->entry.type))
		return doc_error(ks->doc, map, e, "`value` is missing");
	if (entry_type_is_ec(s->entry.type))
		return 0;
	if (node_get(map, "public") == NULL)
		return doc_error(ks->doc, map, e, "neither `private` nor `public` is here");
	return 0;
}

static int fill_entry(struct keystore *ks, struct slot *s, const struct slot_text *w,
    const struct node *map, struct err *e)
{
	struct entry *t = &s->entry;

	t->test = w->test;
	t->version = (uint8_t)w->version;
	if (entry_type_is_authority(t->type))
		return authority_take(ks, s, w, map, e);
	if (entry_type_is_card(t->type) &&
	    (take_scheme(ks, s, w, map, e) != 0 || take_card_keys(ks, s, w, map, e) != 0))
		return -1;
	if (!entry_type_is_card(t->type) && take_secret(ks, s, w, map, e) != 0)
		return -1;
	if (is_asymmetric(t->type) && take_public(ks, s, w, map, e) != 0)
		return -1;
	if (entry_type_is_ec(t->type) && ec_take(ks, s, w, map, e) != 0)
		return -1;
	/* What is in files waits until it is asked for, unless a public key that others are
	 * checked with must come from it. */
	if (t->in_files && !(is_asymmetric(t->type) && t->type != ENTRY_OCE && t->public_n == 0))
		return 0;
	return slot_read(ks, s, e);
}

/* Two names for one key, or for one version of Kos, would make a threshold or a choice hollow. */
static int check_unique(
    const struct keystore *ks, const struct slot *s, const struct node *map, struct err *e)
{
	for (const struct slot *o = ks->slot; o < s; o++) {
		if (o->entry.type != s->entry.type)
			continue;
		if (s->entry.type == ENTRY_KOS && o->entry.version == s->entry.version)
			return doc_error(ks->doc, map->key, e, "`%s` has this kos version already",
			    o->entry.name);
		if (is_asymmetric(s->entry.type) && s->entry.public_n > 0 &&
		    span_eq(span_of(o->entry.public, o->entry.public_n),
			span_of(s->entry.public, s->entry.public_n)))
			return doc_error(
			    ks->doc, map->key, e, "`%s` has the same public key", o->entry.name);
	}
	return 0;
}

static int take_entry(const struct doc *d, const struct node *map, void *to, struct err *e)
{
	struct keystore *ks = to;
	struct slot *s = &ks->slot[ks->n];
	struct slot_text w = { .type = -1 };
	const struct node *type;
	int rc = -1;

	if (!name_ok(map->key->text, ENTRY_NAME_MAX - 1))
		return doc_error(d, map->key, e,
		    "the name of an entry has 1 to 63 letters, digits, dots, underscores and "
		    "hyphens");
	if (map->kind != NODE_MAP)
		return doc_error(
		    d, map, e, "`%s` must be a map of keys and values", map->key->text);
	type = node_get(map, "type");
	if (type == NULL)
		return doc_error(d, map, e, "`type` is missing");
	if (bind_value(d, type, &type_field, &w, e) != 0)
		return -1;
	memcpy(s->entry.name, map->key->text, map->key->n + 1);
	s->entry.type = (enum entry_type)w.type;
	s->entry.line = (int)map->key->line;
	ks->n++;
	if (bind_map(d, map, table_of(w.type), &w, e) == 0 && fill_entry(ks, s, &w, map, e) == 0)
		rc = check_unique(ks, s, map, e);
	wipe(&w, sizeof(w));
	return rc;
}

static int check_threshold(const struct keystore *ks, struct err *e)
{
	const struct node *at = node_get(doc_root(ks->doc), "threshold");
	size_t signers = 0;

	for (size_t i = 0; i < ks->n; i++)
		signers += ks->slot[i].entry.type == ENTRY_SIGNER;
	if (signers > SIGNERS_MAX)
		return doc_error(
		    ks->doc, doc_root(ks->doc), e, "more than %d signers", SIGNERS_MAX);
	if (at != NULL && ks->threshold > signers)
		return doc_error(ks->doc, at, e, "threshold %u with %zu signers in the store",
		    (unsigned)ks->threshold, signers);
	return 0;
}

static int bind_store(struct keystore *ks, struct span text, struct err *e)
{
	const struct node *keys;

	if (doc_parse(ks->path, text, &ks->doc, e) != 0 || doc_is(ks->doc, "keystore/1", e) != 0)
		return -1;
	keys = node_get(doc_root(ks->doc), "keys");
	if (keys != NULL && keys->count > ENTRIES_MAX)
		return doc_error(ks->doc, keys, e, "more than %d entries", ENTRIES_MAX);
	ks->slot = calloc(keys == NULL ? 1 : keys->count + 1, sizeof(*ks->slot));
	if (ks->slot == NULL)
		return err_memory(e);
	if (bind_map(ks->doc, doc_root(ks->doc), &store_table, ks, e) != 0)
		return -1;
	return check_threshold(ks, e);
}

/* Trust anchors stand in the store: who can write it can have any bundle accepted. */
static int check_writable(const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return err_errno(e, ERR_INPUT, "%s: cannot open", path);
	if ((st.st_mode & 022) == 0 && (st.st_uid == geteuid() || st.st_uid == 0))
		return 0;
	err_set(e, ERR_SAFETY, "%s: others can write or own this key store (mode %04o)", path,
	    st.st_mode & 07777u);
	return err_hint(e, "chmod go-w %s", path);
}

int keystore_open(const char *path, struct keystore **out, struct err *e)
{
	struct keystore *ks = calloc(1, sizeof(*ks));
	struct err modes = { .code = ERR_NONE };
	struct wr text = { 0 };
	int rc = -1;

	*out = NULL;
	if (ks == NULL)
		return err_memory(e);
	ks->threshold = 1;
	ks->path = strdup(path);
	if (ks->path == NULL) {
		err_memory(e);
		goto out;
	}
	/* Others may read a store that holds no values: what it holds shows only after parsing. */
	if (file_read_secret(path, DOC_MAX, &text, &modes) != 0) {
		if (modes.code != ERR_SAFETY) {
			*e = modes;
			goto out;
		}
		if (check_writable(path, e) != 0 || file_read(path, DOC_MAX, &text, e) != 0)
			goto out;
	}
	if (bind_store(ks, wr_span(&text), e) != 0)
		goto out;
	if (ks->clear && modes.code != ERR_NONE) {
		*e = modes;
		goto out;
	}
	rc = 0;
out:
	wr_free(&text);
	if (rc == 0) {
		*out = ks;
		return 0;
	}
	keystore_close(ks);
	return err_hint_else(
	    e, "%s is taken for the key store; " VERB("keystore init") " makes one", path);
}

void keystore_close(struct keystore *ks)
{
	if (ks == NULL)
		return;
	for (size_t i = 0; i < ks->n; i++)
		wr_free(&ks->slot[i].certs);
	if (ks->slot != NULL)
		wipe(ks->slot, ks->n * sizeof(*ks->slot));
	free(ks->slot);
	doc_free(ks->doc);
	free(ks->path);
	free(ks);
}
