#include <stddef.h>

#include "cmd/kit/out.h"
#include "cmd/kit/print.h"

/* keystore init */

struct init_args {
	bool test_keys;
	const char *path;
};

static const struct opt init_opts[] = {
	OPT_FLAG("test-keys", init_args, test_keys,
	    "Fill it with keys for tests: the well-known card keys, random others"),
};
static const struct operand init_operands[] = {
	WORD_PATH("FILE", init_args, path, "The new key store; must not exist"),
};

static int init_run(struct ctx *c, void *args, struct err *e)
{
	const struct init_args *a = args;

	if ((a->test_keys ? keystore_init_test : keystore_init_empty)(a->path, e) != 0)
		return -1;
	if (a->test_keys)
		ctx_note(c, "%s holds keys for tests only: never use them on real cards", a->path);
	else
		ctx_note(c, "%s is empty: comments in it show how to fill it", a->path);
	return 0;
}

const struct verb verb_keystore_init = {
	.name = "keystore init",
	.group = GROUP_KEYS,
	.place = 10,
	.summary = "Make a new key store",
	VERB_OPTS(init_opts),
	VERB_OPERANDS(init_operands),
	.args_size = sizeof(struct init_args),
	.run = init_run,
};

/* keystore list */

static json_t *text_or_null(const char *s)
{
	return s == NULL || s[0] == '\0' ? json_null() : json_text(s);
}

static json_t *kcv_list(const struct entry_shown *x)
{
	json_t *list = json_array();

	for (size_t i = 0; list != NULL && i < x->kcv_n; i++)
		if (json_array_append_new(list, out_hex(SPAN(x->kcv[i]))) != 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

/* What may be shown of an entry: never a secret key. Public ones whole only in JSON. */
static json_t *entry_row(const struct entry *t, bool with_public)
{
	struct entry_shown x;
	json_t *o;

	if (!entry_show(t, &x))
		return NULL;
	o = json_object();
	out_set_text(&o, "name", t->name);
	out_set(&o, "type", json_text(entry_type_str(t->type)));
	out_set(&o, "version", x.versioned ? json_text(out_hex8(t->version).s) : json_null());
	out_set(&o, "diversification", text_or_null(x.diversification));
	out_set(&o, "bits", x.bits == 0 ? json_null() : json_integer(x.bits));
	out_set(&o, "algorithm", text_or_null(x.algorithm));
	out_set(&o, "kcv", kcv_list(&x));
	out_set(&o, "fingerprint", x.has_fingerprint ? out_hex(SPAN(x.fingerprint)) : json_null());
	if (with_public)
		out_set(&o, "public", out_hex(span_of(t->public, t->public_n)));
	out_set(&o, "test", json_boolean(t->test));
	return o;
}

static int list_run(struct ctx *c, void *args, struct err *e)
{
	json_t *o = json_object(), *rows = json_array();
	struct keystore *ks;
	const struct entry *t;

	(void)args;
	if (ctx_keystore(c, &ks, e) != 0) {
		json_decref(o);
		json_decref(rows);
		return -1;
	}
	for (size_t i = 0; (t = keystore_at(ks, i)) != NULL; i++) {
		struct err unread;

		/* A store is often listed by those who may not read its keys: show what is known.
		 */
		if (keystore_read(ks, i, &unread) != 0)
			ctx_note(c, "%s", unread.text);
		if (json_array_append_new(rows, entry_row(t, c->json)) != 0) {
			json_decref(rows);
			rows = NULL;
		}
	}
	out_set(&o, "threshold", json_integer(keystore_threshold(ks)));
	out_set(&o, "keys", rows);
	keystore_close(ks);
	return out_result(c, o, e);
}

const struct verb verb_keystore_list = {
	.name = "keystore list",
	.group = GROUP_KEYS,
	.place = 20,
	.summary = "Show the entries of a key store, never a key",
	.needs = USES_KEYSTORE | HAS_JSON,
	.run = list_run,
};

/* keystore check */

static int check_entries(
    struct ctx *c, const struct keystore *ks, size_t *n, size_t *tests, struct err *e)
{
	const struct entry *t;

	for (*n = 0; (t = keystore_at(ks, *n)) != NULL; (*n)++) {
		if (keystore_read(ks, *n, e) != 0)
			return -1;
		if (!t->test)
			continue;
		ctx_note(c, "`%s` is a test key: never use it on real cards", t->name);
		(*tests)++;
	}
	return 0;
}

static int check_run(struct ctx *c, void *args, struct err *e)
{
	size_t n = 0, tests = 0;
	struct keystore *ks;
	json_t *o;
	int rc;

	(void)args;
	if (ctx_keystore(c, &ks, e) != 0)
		return -1;
	rc = check_entries(c, ks, &n, &tests, e);
	if (rc == 0) {
		o = json_object();
		out_set(&o, "ok", json_true());
		out_set(&o, "entries", json_integer((json_int_t)n));
		out_set(&o, "test", json_integer((json_int_t)tests));
		out_set(&o, "threshold", json_integer(keystore_threshold(ks)));
		rc = out_result(c, o, e);
	}
	keystore_close(ks);
	return rc;
}

const struct verb verb_keystore_check = {
	.name = "keystore check",
	.group = GROUP_KEYS,
	.place = 30,
	.summary = "Open every value of a key store and check it",
	.needs = USES_KEYSTORE | HAS_JSON,
	.run = check_run,
};
