/* bundle show, bundle verify */
#include <stdlib.h>

#include "base/value.h"
#include "cmd/campaign/bundle_out.h"
#include "campaign/job.h"
#include "cmd/kit/print.h"

struct file_args {
	const char *path;
};

static const struct operand file_operands[] = {
	WORD_PATH("BUNDLE", file_args, path, "A bundle that bundle build has made"),
};

static bool store_named(const struct ctx *c)
{
	const char *env = getenv("CARDADM_KEYSTORE");

	return c->keystore != NULL || (env != NULL && env[0] != '\0');
}

/*
 * Opens for show: with the signatures checked where there is a store, without otherwise. `doubt`
 * says why they do not count; empty: they do.
 */
static int open_to_show(
    struct bundle *b, const struct keystore *ks, struct err *doubt, struct err *e)
{
	struct bundle_trust trust;

	if (ks == NULL)
		err_set(doubt, ERR_INPUT, "no key store is named");
	else if (job_trust(ks, &trust, doubt) == 0 && bundle_open(b, &trust, 0, doubt) == 0)
		return 0;
	/* A field that is wrong shows itself a second time, and then there is nothing to show. */
	return bundle_open_unverified(b, e);
}

static json_t *describe(
    const char *path, const struct bundle *b, const struct keystore *ks, const struct err *doubt)
{
	const char *weakness = bundle_weakness(b->algorithm);
	json_t *o = json_object();

	out_set_text(&o, "file", path);
	out_set(&o, "size", json_integer((json_int_t)b->raw.n));
	out_set(&o, "bundle", out_hex_lower(SPAN(b->digest)));
	out_set(&o, "verified", json_boolean(doubt->code == ERR_NONE));
	if (doubt->code != ERR_NONE)
		out_set(&o, "not_verified", json_text(doubt->text));
	out_set(&o, "expired", json_boolean(b->expiry != 0 && date_today() > b->expiry));
	bundle_out_head(&o, b);
	if (weakness != NULL)
		out_set(&o, "weakness", json_text(weakness));
	if (b->has_signature)
		out_set(&o, "issuer_signature", out_hex(SPAN(b->signature)));
	out_set(&o, "packages", bundle_out_packages(b));
	out_set(&o, "signers", bundle_out_signers(b, ks));
	return o;
}

static int show_run(struct ctx *c, void *args, struct err *e)
{
	const struct file_args *a = args;
	struct keystore *ks = NULL;
	struct err doubt = { 0 };
	struct bundle b = { 0 };
	int rc;

	if (store_named(c) && ctx_keystore(c, &ks, e) != 0)
		return -1;
	rc = bundle_read(a->path, &b, e);
	if (rc == 0) {
		rc = open_to_show(&b, ks, &doubt, e);
		rc = rc == 0 ? out_result(c, describe(a->path, &b, ks, &doubt), e)
			     : err_in(e, "%s", a->path);
		bundle_free(&b);
	}
	if (ks != NULL)
		keystore_close(ks);
	return rc;
}

const struct verb verb_bundle_show = {
	.name = "bundle show",
	.group = GROUP_CAMPAIGN,
	.place = 60,
	.summary = "Show what is in a bundle, verified if there is a key store",
	.needs = USES_KEYSTORE | HAS_JSON,
	VERB_OPERANDS(file_operands),
	.args_size = sizeof(struct file_args),
	.run = show_run,
};

static json_t *verdict(const char *path, const struct bundle *b, const struct keystore *ks)
{
	json_t *o = json_object();

	out_set_text(&o, "file", path);
	out_set(&o, "verified", json_true());
	out_set(&o, "threshold", json_integer(keystore_threshold(ks)));
	out_set(&o, "bundle", out_hex_lower(SPAN(b->digest)));
	bundle_out_head(&o, b);
	out_set(&o, "signers", bundle_out_signers(b, ks));
	return o;
}

static int verify_run(struct ctx *c, void *args, struct err *e)
{
	const struct file_args *a = args;
	struct keystore *ks;
	struct bundle b;
	int rc;

	if (ctx_keystore(c, &ks, e) != 0)
		return -1;
	rc = job_bundle(a->path, ks, date_today(), &b, e);
	if (rc == 0) {
		rc = out_result(c, verdict(a->path, &b, ks), e);
		bundle_free(&b);
	}
	keystore_close(ks);
	return rc;
}

const struct verb verb_bundle_verify = {
	.name = "bundle verify",
	.group = GROUP_CAMPAIGN,
	.place = 70,
	.summary = "Check the signatures and every field of a bundle",
	.needs = USES_KEYSTORE | HAS_JSON,
	VERB_OPERANDS(file_operands),
	.args_size = sizeof(struct file_args),
	.run = verify_run,
};
