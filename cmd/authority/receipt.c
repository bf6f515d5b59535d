/* receipt verify: what a card confirmed, checked without it. */
#include <string.h>

#include "base/hex.h"
#include "cmd/authority/operation.h"
#include "cmd/kit/out.h"
#include "cmd/kit/print.h"

struct args {
	struct operation_args operation;
	const char *key, *receipt;
	struct opt_u32 counter;
	struct opt_bytes unique;
};

static const struct operand operands[] = { OPERATION_OPERANDS(args, operation) };
static const struct opt opts[] = {
	OPT_STRING(
	    "key", "NAME", args, key, "Entry of type receipt in the key store (the only one)"),
	OPT_STRING("receipt", "HEX", args, receipt,
	    "The confirmation that the card answered, all of it", .flags = OPT_REQUIRED),
	OPT_U32("counter", "NUMBER", args, counter, 0, CONFIRMATION_COUNTER_MAX,
	    "The confirmation counter must be this"),
	OPT_BYTES("unique", "HEX", args, unique, 1, 64,
	    "The card unique data must be this: values of 42 and 45"),
	OPT_AID("old-domain", "AID", args, operation.old_domain,
	    "Security domain that it belonged to before"),
	OPERATION_OPTS(args, operation),
};

static int take(const char *text, struct wr *w, struct receipt *r, struct err *e)
{
	size_t n = strlen(text) / 2;
	uint8_t *to = wr_space(w, n);

	if (to == NULL || !hex_get(span_str(text), to, n, &n))
		return err_set(
		    e, ERR_USAGE, "--receipt: hex octets, at most %d of them", CONFIRMATION_MAX);
	switch (receipt_get(span_of(to, n), r)) {
	case RECEIPT_GOT:
		break;
	case RECEIPT_NONE:
		return err_set(e, ERR_INPUT, "--receipt: 00, so the card confirmed nothing");
	default:
		return err_set(e, ERR_INPUT,
		    "--receipt: not a confirmation: lengths do not fit, or something is left over");
	}
	if (r->receipt.n > 0)
		return 0;
	return err_set(e, ERR_INPUT, "--receipt: a confirmation that the card did not sign");
}

static int check_values(const struct args *a, const struct receipt *r, struct err *e)
{
	char hex[HEX_SIZE(64)];

	if (a->counter.given && a->counter.v != r->counter)
		return err_set(e, ERR_INPUT, "the confirmation counter is %u, not %u", r->counter,
		    a->counter.v);
	if (a->unique.n > 0 && !span_eq(r->unique, span_of(a->unique.b, a->unique.n)))
		return err_set(e, ERR_INPUT,
		    "the receipt is of another card: its unique data are %s",
		    hex_put(span_sub(r->unique, 0, 64), hex, sizeof(hex)));
	return 0;
}

static int check_signature(const struct args *a, const struct receipt *r, const struct done *d,
    const struct authority_key *k, struct err *e)
{
	char text[32];

	if (receipt_verify(r, d, k))
		return 0;
	err_set(e, ERR_INPUT, "not a receipt of this key for this %s", a->operation.kind);
	if (r->receipt.n != authority_signature_size(k))
		return err_hint(e, "a receipt with %s has %zu octets, this one %zu",
		    authority_describe(k, text, sizeof(text)), authority_signature_size(k),
		    r->receipt.n);
	return err_hint(e, "every AID counts, and the domain that the package went to");
}

static json_t *show(
    const struct operation_read *x, const struct receipt *r, const struct authority_key *k)
{
	json_t *o = operation_show(x);
	char text[32];

	out_set(&o, "key", json_text(authority_describe(k, text, sizeof(text))));
	out_set(&o, "counter", json_integer(r->counter));
	out_set(&o, "unique", out_hex(r->unique));
	out_set(&o, "token_id", out_hex(r->id));
	out_set(&o, "token_digest", out_hex(r->digest));
	out_set(&o, "ok", json_true());
	return o;
}

static int verify(struct ctx *c, const void *args, const struct operation_read *x,
    const struct keystore *ks, struct err *e)
{
	const struct args *a = args;
	struct wr octets = wr_grow(CONFIRMATION_MAX);
	const struct authority_key *k;
	struct receipt r;
	struct done d;
	int rc = operation_done(x, &d, e);

	if (rc == 0)
		rc = take(a->receipt, &octets, &r, e);
	if (rc == 0)
		rc = authority_find(ks, ENTRY_RECEIPT, a->key, TO_VERIFY, &k, e);
	if (rc == 0)
		rc = check_signature(a, &r, &d, k, e);
	if (rc == 0)
		rc = check_values(a, &r, e);
	if (rc == 0)
		rc = out_result(c, show(x, &r, k), e);
	wr_free(&octets);
	return rc;
}

static int run(struct ctx *c, void *args, struct err *e)
{
	return operation_run(c, &((struct args *)args)->operation, args, verify, e);
}

const struct verb verb_receipt_verify = {
	.name = "receipt verify",
	.group = GROUP_AUTHORITY,
	.place = 60,
	.summary = "Check what a card confirmed",
	.needs = USES_KEYSTORE | HAS_JSON,
	VERB_OPTS(opts),
	VERB_OPERANDS(operands),
	.args_size = sizeof(struct args),
	.run = run,
};
