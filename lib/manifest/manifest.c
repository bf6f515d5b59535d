#include "manifest/manifest.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "yaml/bind.h"

/* The file as it stands, before names are joined to its folder. */
struct written {
	char name[128];
	char keystore[1025], keys[64], cards[1025], bundle[1025];
	char readers[MANIFEST_READERS][MANIFEST_READER_NAME];
	size_t readers_n;
	uint32_t serial, expires;
	int key_version, level, s16;
	int mode, via, authorize;
	bool allow_literal_mac;
	uint32_t limit_failures, limit_authentications, limit_mismatches, limit_refusals;
	struct bind_bytes domain; /* `sd`, which was called `domain` before */
	struct manifest *m;       /* counts the steps */
	const struct manifest_steps *steps;
};

static const char *const modes[] = { "broadcast", "unicast", NULL }; /* as enum manifest_mode */
static const char *const vias[] = { "change-mode", "put-key", NULL };
enum { VIA_CHANGE_MODE = 0 };
static const char *const whens[] = { "now", "later", NULL }; /* as enum manifest_when */
static const char *const levels[] = { "03", "13", "33", NULL };
static const uint8_t level_of[] = { 0x03, 0x13, 0x33 };
static const char *const no_yes[] = { "false", "true", NULL };

static int add_reader(const struct doc *d, const struct node *v, void *to, struct err *e)
{
	struct written *w = to;
	char *name = w->readers[w->readers_n];

	if (v->n >= MANIFEST_READER_NAME || strpbrk(v->text, "\r\n") != NULL)
		return doc_error(d, v, e, "this is not the name of a reader");
	memcpy(name, v->text, v->n + 1);
	for (size_t i = 0; i < w->readers_n; i++)
		if (strcmp(w->readers[i], name) == 0)
			return doc_error(d, v, e, "this reader stands here twice");
	w->readers_n++;
	return 0;
}

static int add_step(const struct doc *d, const struct node *v, void *to, struct err *e)
{
	struct written *w = to;

	w->m->step_n++;
	return w->steps == NULL ? 0 : w->steps->read(w->steps->ctx, d, v, w->m->path, e);
}

static const struct bind_field cards_fields[] = {
	BIND_STRING("directory", written, cards),
	BIND_LIST("readers", add_reader, 1, MANIFEST_READERS),
};
static const struct bind_table cards_table = BIND_TABLE(cards_fields);

static const struct bind_field limits_fields[] = {
	BIND_U32("failures", written, limit_failures, 0, 100000000),
	BIND_U32("authentications", written, limit_authentications, 0, 1000),
	BIND_U32("mismatches", written, limit_mismatches, 0, 1000),
	BIND_U32("refusals", written, limit_refusals, 1, 5),
};
static const struct bind_table limits_table = BIND_TABLE(limits_fields);

/* cardadm-manifest(5) describes each. */
static const struct bind_field manifest_fields[] = {
	BIND_HEADER_ROW,
	BIND_NAME("name", written, name, .flags = BIND_REQUIRED),
	BIND_U32("serial", written, serial, 1, 999999999),
	BIND_DATE("expires", written, expires),
	BIND_STRING("keystore", written, keystore, .flags = BIND_REQUIRED),
	BIND_NAME("keys", written, keys),
	BIND_HEX8("key-version", written, key_version, 0x01, 0xFF),
	BIND_BYTES("sd", written, domain, AID_MIN, AID_MAX),
	BIND_BYTES("domain", written, domain, AID_MIN, AID_MAX),
	BIND_CHOICE("level", written, level, levels),
	BIND_CHOICE("s16", written, s16, no_yes),
	BIND_MAP("cards", cards_table, .flags = BIND_REQUIRED),
	BIND_CHOICE("mode", written, mode, modes, .flags = BIND_REQUIRED),
	BIND_CHOICE("via", written, via, vias),
	BIND_STRING("bundle", written, bundle),
	BIND_MAPS("steps", add_step, 1, MANIFEST_STEPS),
	BIND_CHOICE("authorize", written, authorize, whens),
	BIND_BOOL("allow-literal-mac", written, allow_literal_mac),
	BIND_MAP("limits", limits_table),
};
static const struct bind_table manifest_table = BIND_TABLE(manifest_fields);

/* What belongs to one of the modes only. */
static const struct {
	const char *key;
	enum manifest_mode mode;
} only[] = { { "bundle", MODE_BROADCAST }, { "via", MODE_BROADCAST },
	{ "authorize", MODE_BROADCAST }, { "allow-literal-mac", MODE_BROADCAST },
	{ "steps", MODE_UNICAST } };

static int check_mode(const struct doc *d, const struct written *w, struct err *e)
{
	const struct node *root = doc_root(d), *mode = node_get(root, "mode");
	const char *needed = w->mode == MODE_UNICAST ? "steps" : "bundle";

	for (size_t i = 0; i < sizeof(only) / sizeof(only[0]); i++) {
		const struct node *v = node_get(root, only[i].key);

		if (v != NULL && only[i].mode != (enum manifest_mode)w->mode)
			return doc_error(d, v->key, e, "`%s` goes with `mode: %s` only",
			    only[i].key, modes[only[i].mode]);
	}
	if (node_get(root, needed) == NULL)
		return doc_error(
		    d, mode, e, "`%s` is missing, which `mode: %s` needs", needed, modes[w->mode]);
	return 0;
}

/* What the format knows and this version of the program does not do. */
static int check_supported(const struct doc *d, const struct written *w, struct err *e)
{
	if (w->via == VIA_CHANGE_MODE)
		return 0;
	doc_error(d, node_get(doc_root(d), "via"), e,
	    "via `%s` is not supported by this version of cardadm", vias[w->via]);
	return err_hint(e, "only `via: change-mode` is");
}

/* Either card files or readers. */
static int check_cards(const struct doc *d, const struct written *w, struct err *e)
{
	const struct node *cards = node_get(doc_root(d), "cards");

	if (w->cards[0] == '\0' && w->readers_n == 0)
		return doc_error(d, cards, e, "`directory` or `readers` is missing");
	if (w->cards[0] != '\0' && w->readers_n != 0)
		return doc_error(d, node_get(cards, "readers"), e,
		    "`directory` and `readers` exclude each other");
	return 0;
}

static int join(const struct doc *d, struct manifest *m, const char *key, const char *name,
    char *out, struct err *e)
{
	if (path_beside(m->path, name, out, MANIFEST_PATH))
		return 0;
	return doc_error(d, node_get(doc_root(d), key), e, "the path of `%s` is too long", key);
}

/* "./fleet/" is "fleet": cards are known by their names, which must not change with such spelling.
 */
static void copy_directory(const char *written, char out[static MANIFEST_PATH])
{
	size_t n;

	while (written[0] == '.' && written[1] == '/') {
		written += 2;
		while (written[0] == '/')
			written++;
		if (written[0] == '\0')
			written = ".";
	}
	while (written[0] == '/' && written[1] == '/')
		written++;
	n = strlen(written);
	while (n > 1 && written[n - 1] == '/')
		n--;
	snprintf(out, MANIFEST_PATH, "%.*s", (int)n, written);
}

static int fill(const struct doc *d, const struct written *w, struct manifest *m, struct err *e)
{
	memcpy(m->name, w->name, sizeof(m->name));
	memcpy(m->keys, w->keys, sizeof(m->keys));
	copy_directory(w->cards, m->cards_as_written);
	memcpy(m->readers, w->readers, sizeof(m->readers));
	m->readers_n = w->readers_n;
	m->serial = w->serial;
	m->expires = w->expires;
	m->key_version = w->key_version;
	if (node_get(doc_root(d), "sd") != NULL && node_get(doc_root(d), "domain") != NULL)
		return doc_error(d, node_get(doc_root(d), "domain")->key, e,
		    "`sd` and `domain`, as it was called before, are one");
	if (w->domain.n > 0 && !aid_from(&m->domain, span_of(w->domain.b, w->domain.n)))
		return err_set(e, ERR_INPUT, "%s: `sd` is no AID", m->path);
	m->level = w->level < 0 ? -1 : level_of[w->level];
	m->s16 = w->s16;
	m->mode = w->mode == MODE_UNICAST ? MODE_UNICAST : MODE_BROADCAST;
	m->authorize = w->authorize == 0 ? AUTHORIZE_NOW : AUTHORIZE_LATER;
	m->allow_literal_mac = w->allow_literal_mac;
	m->limit_failures = w->limit_failures;
	m->limit_authentications = w->limit_authentications;
	m->limit_mismatches = w->limit_mismatches;
	m->limit_refusals = w->limit_refusals;
	if (join(d, m, "keystore", w->keystore, m->keystore, e) != 0 ||
	    (w->readers_n == 0 && join(d, m, "cards", w->cards, m->cards, e) != 0))
		return -1;
	return m->mode == MODE_UNICAST ? 0 : join(d, m, "bundle", w->bundle, m->bundle, e);
}

static int load(
    const struct doc *d, const struct manifest_steps *steps, struct manifest *m, struct err *e)
{
	struct written w = { .key_version = -1,
		.level = -1,
		.s16 = -1,
		.limit_authentications = 3,
		.limit_mismatches = 3,
		.limit_refusals = 1,
		.m = m,
		.steps = steps };

	if (doc_is(d, "campaign/1", e) != 0 ||
	    bind_map(d, doc_root(d), &manifest_table, &w, e) != 0 || check_cards(d, &w, e) != 0 ||
	    check_mode(d, &w, e) != 0 || check_supported(d, &w, e) != 0)
		return -1;
	return fill(d, &w, m, e);
}

int manifest_load(
    const char *path, const struct manifest_steps *steps, struct manifest *m, struct err *e)
{
	struct doc *d;
	int rc;

	memset(m, 0, sizeof(*m));
	if (snprintf(m->path, sizeof(m->path), "%s", path) >= (int)sizeof(m->path))
		return err_set(e, ERR_INPUT, "the path of the manifest is too long");
	if (doc_read(path, &d, e) != 0)
		return err_hint_else(e, "cardadm-campaign-run(1) shows what a manifest looks like");
	rc = load(d, steps, m, e);
	doc_free(d);
	return rc == 0
		   ? 0
		   : err_hint_else(e, "cardadm-campaign-run(1) shows what a manifest looks like");
}
