/* dap sign, dap verify: signatures of load files, made and checked without a card. */
#include "base/file.h"
#include "gp/dap.h"
#include "cmd/authority/operation.h"
#include "cmd/kit/out.h"
#include "cmd/content/target.h"
#include "cmd/kit/print.h"

struct args {
	const char *path, *key, *hash, *output, *dap;
	struct aid domain;
	bool descriptor;
};

#define KEY \
	OPT_STRING("key", "NAME", args, key, "Entry of type dap in the key store (the only one)")
#define HASH \
	OPT_CHOICE("hash", "ALGORITHM", args, hash, digest_names, \
	    "Load file data block hash: " DIGEST_WORDS " (what goes with the key)")
#define DESCRIPTOR \
	OPT_FLAG("descriptor", args, descriptor, "The Descriptor component is loaded as well")

static const struct operand operands[] = {
	WORD_PATH("FILE", args, path, "A CAP file"),
};
static const struct opt sign_opts[] = {
	KEY,
	OPT_AID(
	    "domain", "AID", args, domain, "Security domain that verifies", .flags = OPT_REQUIRED),
	HASH,
	DESCRIPTOR,
	OPT_PATH("output", "FILE", args, output, "The new DAP block; must not exist",
	    .flags = OPT_REQUIRED),
};
static const struct opt verify_opts[] = {
	OPT_PATH("dap", "FILE", args, dap, "The DAP block, as dap sign writes it",
	    .flags = OPT_REQUIRED),
	KEY,
	HASH,
	DESCRIPTOR,
};

/* The hash that is signed. */
struct hashed {
	enum digest_alg alg;
	uint8_t b[DIGEST_MAX];
};

static struct span hash_span(const struct hashed *h)
{
	return span_of(h->b, digest_size(h->alg));
}

/* GPCS table C-3: a card refuses a hash that is weaker than the signature over it. */
static int pick_hash(
    const struct args *a, const struct authority_key *k, struct hashed *h, struct err *e)
{
	enum digest_alg least = authority_digest(k, false);
	char text[32];

	h->alg = least > DIGEST_SHA256 ? least : DIGEST_SHA256;
	if (a->hash == NULL)
		return 0;
	if (!digest_from(a->hash, &h->alg))
		return err_set(e, ERR_OTHER, "internal: hash %s", a->hash);
	if (h->alg >= least)
		return 0;
	err_set(e, ERR_SAFETY, "--hash: %s is too weak for a signature with %s", a->hash,
	    authority_describe(k, text, sizeof(text)));
	return err_hint(e, "%s or stronger: cards refuse others", digest_str(least));
}

static int hash_file(
    const struct args *a, const struct authority_key *k, struct hashed *h, struct err *e)
{
	struct cap cap = { 0 };
	int rc = pick_hash(a, k, h, e);

	if (rc == 0)
		rc = cap_read(a->path, &cap, e);
	if (rc == 0 && !digest_of(h->alg, a->descriptor ? cap_whole(&cap) : cap.block, h->b))
		rc = err_set(e, ERR_OTHER, "the hash cannot be computed");
	cap_free(&cap);
	return rc;
}

static json_t *show(const struct args *a, const struct authority_key *k, const struct hashed *h,
    const struct aid *domain)
{
	json_t *o = json_object();
	char text[32];

	out_set_text(&o, "file", a->path);
	out_set(&o, "domain", out_hex(aid_span(domain)));
	out_set(&o, "key", json_text(authority_describe(k, text, sizeof(text))));
	out_set(&o, "algorithm", json_text(digest_str(h->alg)));
	out_set(&o, "hash", out_hex(hash_span(h)));
	return o;
}

static int sign(struct ctx *c, const struct args *a, const struct authority_key *k, struct err *e)
{
	struct wr w = wr_grow(2 * AUTHORITY_SIGNATURE_MAX);
	struct hashed h;
	json_t *o;
	int rc = hash_file(a, k, &h, e);

	if (rc == 0 && !dap_sign(&w, &a->domain, k, hash_span(&h)))
		rc = err_set(e, ERR_OTHER, "the signature cannot be made");
	if (rc == 0)
		rc = file_create(a->output, wr_span(&w), 0644, e);
	if (rc == 0) {
		o = show(a, k, &h, &a->domain);
		out_set_text(&o, "dap", a->output);
		out_set(&o, "octets", json_integer((json_int_t)w.n));
		rc = out_result(c, o, e);
	}
	wr_free(&w);
	return rc;
}

static int sign_run(struct ctx *c, void *args, struct err *e)
{
	const struct args *a = args;
	const struct authority_key *k;
	struct keystore *ks;
	int rc;

	if (ctx_keystore(c, &ks, e) != 0)
		return -1;
	rc = authority_find(ks, ENTRY_DAP, a->key, TO_SIGN, &k, e);
	if (rc == 0)
		rc = sign(c, a, k, e);
	keystore_close(ks);
	return rc;
}

/* What may be the reason, as far as the block tells. */
static int bad_signature(
    const struct args *a, const struct authority_key *k, const struct dap *d, struct err *e)
{
	char text[32];

	err_set(e, ERR_INPUT, "%s: not the signature of this key over %s", a->dap, a->path);
	if (d->signature.n != authority_signature_size(k))
		return err_hint(e, "a signature with %s has %zu octets, this one %zu",
		    authority_describe(k, text, sizeof(text)), authority_signature_size(k),
		    d->signature.n);
	return err_hint(
	    e, "another file, another key, another --hash, or one with or without --descriptor");
}

static int verify(struct ctx *c, const struct args *a, const struct authority_key *k,
    struct span block, struct err *e)
{
	struct hashed h;
	struct dap d;
	json_t *o;

	if (!dap_get(block, &d))
		return err_set(e, ERR_INPUT, "%s: not one DAP block (E2 with 4F and C3)", a->dap);
	if (hash_file(a, k, &h, e) != 0)
		return -1;
	if (!dap_verify(&d, k, hash_span(&h)))
		return bad_signature(a, k, &d, e);
	o = show(a, k, &h, &d.domain);
	out_set(&o, "ok", json_true());
	return out_result(c, o, e);
}

static int verify_run(struct ctx *c, void *args, struct err *e)
{
	const struct args *a = args;
	const struct authority_key *k;
	struct wr block = { 0 };
	struct keystore *ks;
	int rc;

	if (ctx_keystore(c, &ks, e) != 0)
		return -1;
	rc = authority_find(ks, ENTRY_DAP, a->key, TO_VERIFY, &k, e);
	if (rc == 0)
		rc = octets_read(a->dap, &block, e);
	if (rc == 0)
		rc = verify(c, a, k, wr_span(&block), e);
	wr_free(&block);
	keystore_close(ks);
	return rc;
}

const struct verb verb_dap_sign = {
	.name = "dap sign",
	.group = GROUP_AUTHORITY,
	.place = 20,
	.summary = "Sign a CAP file for a security domain to verify",
	.needs = USES_KEYSTORE | HAS_JSON,
	VERB_OPTS(sign_opts),
	VERB_OPERANDS(operands),
	.args_size = sizeof(struct args),
	.run = sign_run,
};
const struct verb verb_dap_verify = {
	.name = "dap verify",
	.group = GROUP_AUTHORITY,
	.place = 30,
	.summary = "Check the DAP signature of a CAP file",
	.needs = USES_KEYSTORE | HAS_JSON,
	VERB_OPTS(verify_opts),
	VERB_OPERANDS(operands),
	.args_size = sizeof(struct args),
	.run = verify_run,
};
