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
	.group = "keys",
	.summary = "Make a new key store",
	VERB_OPTS(init_opts),
	VERB_OPERANDS(init_operands),
	.args_size = sizeof(struct init_args),
	.run = init_run,
};

/* keystore list */

static bool kcv_add(json_t *list, const struct entry *t, const struct key *k)
{
	uint8_t kcv[3];

	return entry_check_value(t, k, kcv) && json_array_append_new(list, out_hex(SPAN(kcv))) == 0;
}

/* Check values: one, or three (ENC, MAC, DEK) where a key set has no common master key. */
static json_t *kcv_list(const struct entry *t)
{
	json_t *list = json_array();
	bool ok = list != NULL;

	if (ok && entry_type_is_card(t->type) && t->keys.enc.n > 0) {
		ok = kcv_add(list, t, &t->keys.enc);
		if (ok && !(ct_equal(key_span(&t->keys.enc), key_span(&t->keys.mac)) &&
			      ct_equal(key_span(&t->keys.enc), key_span(&t->keys.dek))))
			ok = kcv_add(list, t, &t->keys.mac) && kcv_add(list, t, &t->keys.dek);
	} else if (ok && t->public_n == 0 && t->secret.n > 0) {
		ok = kcv_add(list, t, &t->secret);
	}
	if (ok)
		return list;
	json_decref(list);
	return NULL;
}

static json_t *fingerprint(const struct entry *t)
{
	uint8_t f[FINGERPRINT_SIZE];

	if (t->public_n == 0 && !authority_is_public(&t->authority))
		return json_null();
	return entry_fingerprint(t, f) ? out_hex(SPAN(f)) : NULL;
}

/* Of the key in it; 0: not read. */
static unsigned entry_bits(const struct entry *t)
{
	if (entry_type_is_authority(t->type))
		return authority_bits(&t->authority);
	if (entry_type_is_ec(t->type))
		return t->ec.n == 0 ? 0 : ec_bits(t->ec.curve);
	return 8u * (entry_type_is_card(t->type) ? t->keys.enc.n : t->secret.n);
}

/* The kind of key in an entry that may have one of several; null: not read. */
static json_t *entry_algorithm(const struct entry *t)
{
	char text[32];

	if (t->authority.kind != AUTHORITY_NONE)
		return json_text(authority_describe(&t->authority, text, sizeof(text)));
	return t->public_n > 0 && entry_type_is_ec(t->type)
		   ? json_sprintf("EC %s", ec_curve_str(t->curve))
		   : json_null();
}

/* What may be shown of an entry: never a secret key. Public ones whole only in JSON. */
static json_t *entry_row(const struct entry *t, bool with_public)
{
	bool card = entry_type_is_card(t->type);
	unsigned bits = entry_bits(t);
	bool versioned = card || t->type == ENTRY_KOS;
	json_t *o = json_object();

	out_set_text(&o, "name", t->name);
	out_set(&o, "type", json_text(entry_type_str(t->type)));
	out_set(&o, "version", versioned ? json_text(out_hex8(t->version).s) : json_null());
	out_set(&o, "diversification",
	    card ? json_text(diversification_str(t->diversification)) : json_null());
	out_set(&o, "bits", bits == 0 ? json_null() : json_integer(bits));
	out_set(&o, "algorithm", entry_algorithm(t));
	out_set(&o, "kcv", kcv_list(t));
	out_set(&o, "fingerprint", fingerprint(t));
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
	ctx_keystore_done(c, ks);
	return out_result(c, o, e);
}

const struct verb verb_keystore_list = {
	.name = "keystore list",
	.group = "keys",
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
	ctx_keystore_done(c, ks);
	return rc;
}

const struct verb verb_keystore_check = {
	.name = "keystore check",
	.group = "keys",
	.summary = "Open every value of a key store and check it",
	.needs = USES_KEYSTORE | HAS_JSON,
	.run = check_run,
};
