#include "manifest/step.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "gp/privilege.h"
#include "yaml/bind.h"

/* A step as it stands there. */
struct written {
	struct manifest_step s;
	char file[1025], dap[1025];
	struct bind_bytes aid, parameters, domain;
};

static const char *const actions[] = { "install", "delete", "put-keys", "store-data", "lock",
	"unlock", NULL };
static const char *const hashes[] = { "sha-1", "sha-256", "sha-384", "sha-512", NULL };
static const char *const formats[] = { "dgi", "tlv", "raw", NULL };

const char *manifest_action_str(enum manifest_action a)
{
	return actions[a];
}

const char *manifest_format_str(enum manifest_format f)
{
	return formats[f];
}

static int add_applet(const struct doc *d, const struct node *v, void *to, struct err *e)
{
	struct written *w = to;
	uint8_t b[AID_MAX];
	struct aid *a = &w->s.applet[w->s.applet_n];
	size_t n;

	if (!hex_get(span_of(v->text, v->n), b, sizeof(b), &n) || !aid_from(a, span_of(b, n)))
		return doc_error(d, v, e, "this must be an AID, 5 to 16 octets in hex");
	for (size_t i = 0; i < w->s.applet_n; i++)
		if (span_eq(aid_span(a), aid_span(&w->s.applet[i])))
			return doc_error(d, v, e, "this applet stands here twice");
	w->s.applet_n++;
	return 0;
}

static int add_privilege(const struct doc *d, const struct node *v, void *to, struct err *e)
{
	struct written *w = to;
	uint32_t one;

	if (!privilege_from(v->text, &one)) {
		doc_error(d, v, e, "this is not the name of a privilege");
		return err_hint(e, "card-reset, security-domain, global-lock, ... as list shows");
	}
	w->s.privileges |= one;
	return 0;
}

#define AT(member) .offset = offsetof(struct written, member)
#define AID_AT(member) .min = AID_MIN, .max = AID_MAX, AT(member)
#define FILE_FIELD \
	{ \
		"file", BIND_STRING, BIND_REQUIRED, .min = 1, .max = 1024, AT(file) \
	}

static const struct bind_field install_fields[] = {
	FILE_FIELD,
	{ "applets", BIND_LIST, .min = 1, .max = MANIFEST_APPLETS, .each = add_applet },
	{ "privileges", BIND_LIST, .min = 1, .max = 24, .each = add_privilege },
	{ "parameters", BIND_BYTES, .min = 1, .max = MANIFEST_PARAMETERS, AT(parameters) },
	{ "replace", BIND_BOOL, AT(s.replace) },
	{ "dap", BIND_STRING, .min = 1, .max = 1024, AT(dap) },
	{ "hash", BIND_CHOICE, .choices = hashes, AT(s.hash) },
	{ "domain", BIND_BYTES, AID_AT(domain) },
};
static const struct bind_field delete_fields[] = {
	{ "aid", BIND_BYTES, BIND_REQUIRED, AID_AT(aid) },
	{ "related", BIND_BOOL, AT(s.related) },
};
static const struct bind_field put_keys_fields[] = {
	{ "keys", BIND_NAME, BIND_REQUIRED, .max = 63, AT(s.keys) },
	{ "version", BIND_HEX8, .min = 0x01, .max = 0x7F, AT(s.version) },
	{ "replace", BIND_HEX8, .min = 0x01, .max = 0xFF, AT(s.old) },
	{ "rotate", BIND_BOOL, AT(s.rotate) },
};
static const struct bind_field store_data_fields[] = {
	FILE_FIELD,
	{ "format", BIND_CHOICE, .choices = formats, AT(s.format) },
	{ "application", BIND_BYTES, AID_AT(aid) },
	{ "encrypted", BIND_BOOL, AT(s.encrypted) },
};
static const struct bind_field lock_fields[] = {
	{ "aid", BIND_BYTES, AID_AT(aid) },
	{ "card", BIND_BOOL, AT(s.card) },
};
static const struct bind_table tables[] = { BIND_TABLE(install_fields), BIND_TABLE(delete_fields),
	BIND_TABLE(put_keys_fields), BIND_TABLE(store_data_fields), BIND_TABLE(lock_fields),
	BIND_TABLE(lock_fields) };

/* In the order of enum manifest_action; all are bound to one struct, of which each fills its part.
 */
static const struct bind_field step_fields[] = {
	{ "install", BIND_MAP, .table = &tables[ACTION_INSTALL] },
	{ "delete", BIND_MAP, .table = &tables[ACTION_DELETE] },
	{ "put-keys", BIND_MAP, .table = &tables[ACTION_PUT_KEYS] },
	{ "store-data", BIND_MAP, .table = &tables[ACTION_STORE_DATA] },
	{ "lock", BIND_MAP, .table = &tables[ACTION_LOCK] },
	{ "unlock", BIND_MAP, .table = &tables[ACTION_UNLOCK] },
};
static const struct bind_table step_table = BIND_TABLE(step_fields);

/* What the tables cannot say. */
static int check(
    const struct doc *d, const struct node *v, const struct manifest_step *s, struct err *e)
{
	const char *wrong = privileges_wrong(s->privileges);

	switch (s->action) {
	case ACTION_INSTALL:
		if (wrong != NULL)
			return doc_error(d, node_get(v, "privileges"), e, "%s", wrong);
		return 0;
	case ACTION_PUT_KEYS:
		if (s->rotate && s->old >= 0)
			return doc_error(d, node_get(v, "rotate"), e,
			    "`replace` and `rotate` exclude each other");
		return 0;
	case ACTION_LOCK:
	case ACTION_UNLOCK:
		if (s->card == (s->aid.n != 0))
			return doc_error(d, v, e, "either `aid` or `card: true` must stand here");
		return 0;
	case ACTION_DELETE:
	case ACTION_STORE_DATA:
		break;
	}
	return 0;
}

static bool copy_bytes(struct written *w)
{
	struct rd r = rd_of(span_of(w->parameters.b, w->parameters.n));

	w->s.parameters_n = w->parameters.n;
	return rd_copy(&r, w->s.parameters, w->parameters.n) &&
	       (w->aid.n == 0 || aid_from(&w->s.aid, span_of(w->aid.b, w->aid.n))) &&
	       (w->domain.n == 0 || aid_from(&w->s.domain, span_of(w->domain.b, w->domain.n)));
}

static int read_step(
    const struct doc *d, const struct node *v, const char *path, struct written *w, struct err *e)
{
	const struct node *in = v->first;

	if (v->count != 1)
		return doc_error(
		    d, v, e, "a step is a map with one key, what to do, and this has %u", v->count);
	if (bind_map(d, v, &step_table, w, e) != 0)
		return -1;
	while (strcmp(actions[w->s.action], in->key->text) != 0)
		w->s.action++;
	w->s.line = in->key->line;
	w->s.column = in->key->column;
	if (!copy_bytes(w))
		return doc_error(d, in, e, "this is not understood");
	if (w->file[0] != '\0' && !path_beside(path, w->file, w->s.file, MANIFEST_PATH))
		return doc_error(d, node_get(in, "file"), e, "the path of `file` is too long");
	if (w->dap[0] != '\0' && !path_beside(path, w->dap, w->s.dap, MANIFEST_PATH))
		return doc_error(d, node_get(in, "dap"), e, "the path of `dap` is too long");
	return check(d, in, &w->s, e);
}

int manifest_step_read(const struct doc *d, const struct node *v, const char *path,
    struct manifest_step *out, struct err *e)
{
	struct written w = { .s = { .version = -1, .old = -1, .hash = -1 } };

	if (read_step(d, v, path, &w, e) != 0)
		return -1;
	*out = w.s;
	return 0;
}
