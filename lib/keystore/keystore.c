#include "keystore/keystore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "keystore/kind.h"

enum { ENTRIES_MAX = 256, SIGNERS_MAX = 8 };

static bind_each take_entry;
static const struct bind_field store_fields[] = {
	BIND_HEADER_ROW,
	BIND_U32("threshold", keystore, threshold, 1, SIGNERS_MAX),
	BIND_EACH("keys", take_entry, .flags = BIND_REQUIRED),
};
static const struct bind_table store_table = BIND_TABLE(store_fields);

static int fill_entry(struct keystore *ks, struct slot *s, const struct slot_text *w,
    const struct node *map, struct err *e)
{
	const struct entry_kind *kind = kind_of(s->entry.type);
	struct entry *t = &s->entry;

	t->test = w->test;
	t->version = (uint8_t)w->version;
	if (kind->take(ks, s, w, map, e) != 0)
		return -1;
	/* What is in files waits until it is asked for, unless a public key that others are
	 * checked with must come from it. */
	if (t->in_files && !(kind->anchor && t->public_n == 0))
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
		if (s->entry.public_n > 0 && span_eq(span_of(o->entry.public, o->entry.public_n),
						 span_of(s->entry.public, s->entry.public_n)))
			return doc_error(
			    ks->doc, map->key, e, "`%s` has the same public key", o->entry.name);
	}
	return 0;
}

static bool certifies(enum entry_type t)
{
	return t == ENTRY_CA || t == ENTRY_OCE_CA;
}

/* A grant is a certificate. Whoever trusts its issuer for cards, or a card that trusts it for
 * off-card entities, would take a third party for one. */
static int check_grantor(
    const struct keystore *ks, const struct slot *s, const struct node *map, struct err *e)
{
	const struct entry *t = &s->entry;

	for (const struct slot *o = ks->slot; o < s; o++) {
		const struct entry *u = &o->entry;

		if (!(t->type == ENTRY_GRANTOR && certifies(u->type)) &&
		    !(u->type == ENTRY_GRANTOR && certifies(t->type)))
			continue;
		if (t->public_n > 0 &&
		    span_eq(span_of(t->public, t->public_n), span_of(u->public, u->public_n))) {
			doc_error(ks->doc, map->key, e, "`%s` of type %s has the same public key",
			    u->name, entry_type_str(u->type));
			return err_hint(e, "who signs grants has a key for that alone: a grant is "
					   "a certificate, too");
		}
	}
	return 0;
}

static int take_type(
    const struct doc *d, const struct node *map, enum entry_type *out, struct err *e)
{
	const char *names[ENTRY_TYPES + 1] = { NULL };
	const struct bind_field field = { "type", BIND_CHOICE, .choices = names };
	const struct node *at = node_get(map, "type");
	int type = 0;

	for (enum entry_type t = 0; t < ENTRY_TYPES; t++)
		names[t] = entry_type_str(t);
	if (at == NULL)
		return doc_error(d, map, e, "`type` is missing");
	if (bind_value(d, at, &field, &type, e) != 0)
		return -1;
	*out = (enum entry_type)type;
	return 0;
}

static int take_entry(const struct doc *d, const struct node *map, void *to, struct err *e)
{
	struct keystore *ks = to;
	struct slot *s = &ks->slot[ks->n];
	struct slot_text w = { 0 };
	int rc = -1;

	if (!name_ok(map->key->text, ENTRY_NAME_MAX - 1))
		return doc_error(d, map->key, e,
		    "the name of an entry has 1 to 63 letters, digits, dots, underscores and "
		    "hyphens");
	if (map->kind != NODE_MAP)
		return doc_error(
		    d, map, e, "`%s` must be a map of keys and values", map->key->text);
	if (take_type(d, map, &s->entry.type, e) != 0)
		return -1;
	memcpy(s->entry.name, map->key->text, map->key->n + 1);
	s->entry.line = (int)map->key->line;
	ks->n++;
	if (bind_map(d, map, kind_of(s->entry.type)->fields, &w, e) == 0 &&
	    fill_entry(ks, s, &w, map, e) == 0)
		rc = check_unique(ks, s, map, e) != 0 ? -1 : check_grantor(ks, s, map, e);
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

int keystore_open(const char *path, struct keystore **out, struct err *e)
{
	struct keystore *ks = calloc(1, sizeof(*ks));
	struct err readable = { .code = ERR_NONE };
	/* Trust anchors stand in the store: who can write it can have any bundle accepted. Others
	 * may read one that holds no values: what it holds shows only after parsing. */
	const struct private_asks store = {
		.what = "key store", .secret = true, .readable = &readable
	};
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
	if (file_read_private(path, DOC_MAX, &store, &text, e) != 0 ||
	    bind_store(ks, wr_span(&text), e) != 0)
		goto out;
	if (ks->clear && readable.code != ERR_NONE) {
		*e = readable;
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
