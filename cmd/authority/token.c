/* token make, token verify: tokens of delegated management, without a card. */
#include "base/file.h"
#include "cmd/authority/operation.h"
#include "cmd/kit/out.h"
#include "cmd/content/target.h"
#include "cmd/kit/print.h"

enum { INPUT_MAX = 4096 };

struct args {
	struct operation_args operation;
	const char *key, *output, *token;
};

#define KEY \
	OPT_STRING("key", "NAME", args, key, "Entry of type token in the key store (the only one)")

static const struct operand operands[] = { OPERATION_OPERANDS(args, operation) };
static const struct opt make_opts[] = {
	KEY,
	OPT_PATH(
	    "output", "FILE", args, output, "The new token; must not exist", .flags = OPT_REQUIRED),
	OPERATION_OPTS(args, operation),
};
static const struct opt verify_opts[] = {
	KEY,
	OPT_PATH("token", "FILE", args, token, "The token, its octets as they are",
	    .flags = OPT_REQUIRED),
	OPERATION_OPTS(args, operation),
};

/* A card refuses a load file hash that is weaker than the token over it (GPCS table C-3). */
static int check_hash(const struct operation_read *x, const struct authority_key *k, struct err *e)
{
	struct span hash = x->o.kind == TOKEN_ALL ? x->o.first.hash : x->o.install.hash;
	enum digest_alg least = authority_digest(k, false);
	char text[32];

	if (hash.n == 0 || hash.n >= digest_size(least))
		return 0;
	err_set(e, ERR_SAFETY, "the load file hash of %zu octets is too weak for a token with %s",
	    hash.n, authority_describe(k, text, sizeof(text)));
	return err_hint(e, "--hash %s or stronger: cards refuse others", digest_str(least));
}

/* What is shown of both verbs: the operation, the kind of key, what is signed. */
static json_t *show(const struct operation_read *x, const struct authority_key *k, struct err *e)
{
	struct wr input = wr_grow(INPUT_MAX);
	json_t *o = NULL;
	char text[32];

	token_input(&input, &x->o);
	if (wr_ok(&input)) {
		o = operation_show(x);
		out_set(&o, "key", json_text(authority_describe(k, text, sizeof(text))));
		out_set(&o, "input", out_hex(wr_span(&input)));
	} else {
		err_set(e, ERR_USAGE, "the parameters are too long for a token");
	}
	wr_free(&input);
	return o;
}

static int make(struct ctx *c, const struct args *a, const struct operation_read *x,
    const struct authority_key *k, struct err *e)
{
	struct wr token = wr_grow(AUTHORITY_SIGNATURE_MAX);
	json_t *o = show(x, k, e);
	int rc = o == NULL ? -1 : check_hash(x, k, e);

	if (rc == 0 && !token_sign(&x->o, k, &token))
		rc = err_set(e, ERR_OTHER, "the token cannot be made");
	if (rc == 0)
		rc = file_create(a->output, wr_span(&token), 0644, e);
	if (rc == 0) {
		out_set_text(&o, "token", a->output);
		out_set(&o, "octets", json_integer((json_int_t)token.n));
		rc = out_result(c, o, e);
	} else {
		json_decref(o);
	}
	wr_free(&token);
	return rc;
}

static int check(struct ctx *c, const struct args *a, const struct operation_read *x,
    const struct authority_key *k, struct err *e)
{
	struct wr token = { 0 };
	json_t *o = show(x, k, e);
	char text[32];
	int rc = o == NULL ? -1 : octets_read(a->token, &token, e);

	if (rc == 0 && !token_verify(&x->o, k, wr_span(&token))) {
		rc = err_set(e, ERR_INPUT, "%s: not the token of this key for this %s", a->token,
		    a->operation.kind);
		if (token.n != authority_signature_size(k))
			err_hint(e, "a token with %s has %zu octets, this one %zu",
			    authority_describe(k, text, sizeof(text)), authority_signature_size(k),
			    token.n);
		else
			err_hint(e, "every value counts: AIDs, hash, privileges, parameters");
	}
	wr_free(&token);
	if (rc != 0) {
		json_decref(o);
		return -1;
	}
	out_set(&o, "ok", json_true());
	return out_result(c, o, e);
}

static int make_with(struct ctx *c, const void *args, const struct operation_read *x,
    const struct keystore *ks, struct err *e)
{
	const struct args *a = args;
	const struct authority_key *k;

	if (authority_find(ks, ENTRY_TOKEN, a->key, TO_SIGN, &k, e) != 0)
		return -1;
	return make(c, a, x, k, e);
}

static int check_with(struct ctx *c, const void *args, const struct operation_read *x,
    const struct keystore *ks, struct err *e)
{
	const struct args *a = args;
	const struct authority_key *k;

	if (authority_find(ks, ENTRY_TOKEN, a->key, TO_VERIFY, &k, e) != 0)
		return -1;
	return check(c, a, x, k, e);
}

static int make_run(struct ctx *c, void *args, struct err *e)
{
	return operation_run(c, &((struct args *)args)->operation, args, make_with, e);
}

static int verify_run(struct ctx *c, void *args, struct err *e)
{
	return operation_run(c, &((struct args *)args)->operation, args, check_with, e);
}

const struct verb verb_token_make = {
	.name = "token make",
	.group = GROUP_AUTHORITY,
	.place = 40,
	.summary = "Allow a delegated domain one operation on its cards",
	.needs = USES_KEYSTORE | HAS_JSON,
	VERB_OPTS(make_opts),
	VERB_OPERANDS(operands),
	.args_size = sizeof(struct args),
	.run = make_run,
};
const struct verb verb_token_verify = {
	.name = "token verify",
	.group = GROUP_AUTHORITY,
	.place = 50,
	.summary = "Check what a token allows",
	.needs = USES_KEYSTORE | HAS_JSON,
	VERB_OPTS(verify_opts),
	VERB_OPERANDS(operands),
	.args_size = sizeof(struct args),
	.run = verify_run,
};
