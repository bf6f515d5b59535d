/* bundle build */
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/value.h"
#include "bundle/record.h"
#include "cmd/campaign/bundle_out.h"
#include "campaign/job.h"
#include "crypto/digest.h"
#include "cmd/campaign/platform.h"

struct args {
	const char *image, *output, *variant, *algorithm, *key_size, *name, *platform;
	const char *issuer, *kos, *kmac, *kek;
	struct opt_u32 version, base, expires, package;
	struct opt_bytes campaign;
	struct aid target;
	struct opt_strings signer;
	bool s16, allow_literal_mac;
};

static const char *const variants[] = { "a", "b", "plain", NULL };
static const char *const algorithms[] = { "01", "02", "04", "05", NULL };
static const char *const key_sizes[] = { "128", "192", "256", NULL };

static const struct opt opts[] = {
	OPT_PATH("image", "FILE", args, image,
	    "What the cards shall run: any octets, at most 16 MiB", .flags = OPT_REQUIRED),
	OPT_VERSION("version", "VERSION", args, version,
	    "Its version, such as 3.2; cards never go back", .flags = OPT_REQUIRED),
	OPT_PATH("output", "FILE", args, output, "The new bundle; must not exist",
	    .flags = OPT_REQUIRED),
	OPT_CHOICE("variant", "VARIANT", args, variant, variants,
	    "Who can read what: a hides the broadcast keys from the server (default), b the "
	    "payload, plain nothing"),
	OPT_CHOICE("algorithm", "CODE", args, algorithm, algorithms,
	    "Integrity code: 05 signed by the issuer (default), 04 SHA-256, 01 and 02 MACs"),
	OPT_CHOICE(
	    "key-size", "BITS", args, key_size, key_sizes, "Length of the broadcast keys (128)"),
	OPT_FLAG("s16", args, s16, "Add a package for channels with 16-octet MACs"),
	OPT_STRING(
	    "name", "TEXT", args, name, "What people call the bundle (the name of the image file)"),
	OPT_DATE("expires", "DATE", args, expires, "Last day on which it may be played"),
	OPT_BYTES("campaign", "HEX", args, campaign, 16, 16, "Campaign id of 16 octets (random)"),
	OPT_U32(
	    "package", "NUMBER", args, package, 1, UINT32_MAX, "Number of the first package (1)"),
	OPT_STRING("platform", "PLATFORM", args, platform,
	    "Platform it is for: 8 ASCII characters or 16 hex digits (PLAT-A01)"),
	OPT_AID("target", "AID", args, target, "What it updates (A000000151000001)"),
	OPT_VERSION(
	    "base", "VERSION", args, base, "Lowest version that a card must run before (0.0)"),
	OPT_STRING("issuer", "NAME", args, issuer,
	    "Issuer key that authorizes the image, for algorithm 05"),
	OPT_STRINGS("signer", "NAME", args, signer, "Key that signs the bundle"),
	OPT_STRING("kos", "NAME", args, kos, "Kos of the cards, for variants a and b"),
	OPT_STRING("kmac", "NAME", args, kmac, "KMAC of the cards, for algorithm 02"),
	OPT_STRING(
	    "kek", "NAME", args, kek, "Bundle KEK of those who play it, for variants b and plain"),
	OPT_FLAG("allow-literal-mac", args, allow_literal_mac,
	    "Build with algorithm 01 or 02 although whoever opens one card can forge"),
};

/* A key that this build uses, by name or as the only one of its type. */
static int pick(const struct keystore *ks, enum entry_type type, const char *name,
    const struct entry **out, struct err *e)
{
	if (keystore_find(ks, type, name, out, e) != 0)
		return -1;
	if ((*out)->secret.n > 0)
		return 0;
	err_set(e, ERR_AUTH, "%s '%s': only the public key is in %s", entry_type_str(type),
	    (*out)->name, keystore_path(ks));
	return err_hint(e, "bundles are built where the private key is");
}

/* An option for something that this build does not use is a misunderstanding. */
static int unused(const char *given, const char *option, const char *what, struct err *e)
{
	if (given == NULL)
		return 0;
	return err_set(e, ERR_USAGE, "--%s: only %s", option, what);
}

static int pick_signers(
    const struct args *a, const struct keystore *ks, struct bundle_plan *p, struct err *e)
{
	const struct entry *t;

	if (a->signer.n > BUNDLE_SIGNERS)
		return err_set(e, ERR_USAGE, "--signer: at most %u", BUNDLE_SIGNERS);
	do {
		const char *name = a->signer.n == 0 ? NULL : a->signer.v[p->signer_n];

		if (pick(ks, ENTRY_SIGNER, name, &t, e) != 0)
			return -1;
		p->signer[p->signer_n++] = &t->secret;
	} while (p->signer_n < a->signer.n);
	return 0;
}

static int pick_keys(
    const struct args *a, const struct keystore *ks, struct bundle_plan *p, struct err *e)
{
	const struct entry *t;

	if (p->variant == VARIANT_PLAIN) {
		if (unused(a->kos, "kos", "variants a and b use it", e) != 0)
			return -1;
	} else {
		if (pick(ks, ENTRY_KOS, a->kos, &t, e) != 0)
			return -1;
		p->kos = &t->secret;
		p->kos_version = t->version;
	}
	if (p->variant == VARIANT_A) {
		if (unused(a->kek, "kek", "variants b and plain use it", e) != 0)
			return -1;
	} else {
		if (pick(ks, ENTRY_KEK, a->kek, &t, e) != 0)
			return -1;
		p->kek = &t->secret;
		p->kek_name = t->name;
	}
	if (p->algorithm != ALG_CMAC_KMAC) {
		if (unused(a->kmac, "kmac", "algorithm 02 uses it", e) != 0)
			return -1;
	} else {
		if (pick(ks, ENTRY_KMAC, a->kmac, &t, e) != 0)
			return -1;
		p->kmac = &t->secret;
	}
	if (p->algorithm != ALG_ISSUER) {
		if (unused(a->issuer, "issuer", "algorithm 05 uses it", e) != 0)
			return -1;
	} else {
		if (pick(ks, ENTRY_ISSUER, a->issuer, &t, e) != 0)
			return -1;
		p->issuer = &t->secret;
	}
	return pick_signers(a, ks, p, e);
}

static uint8_t variant_of(const char *name)
{
	if (name == NULL || strcmp(name, "a") == 0)
		return VARIANT_A;
	return strcmp(name, "b") == 0 ? VARIANT_B : VARIANT_PLAIN;
}

static uint8_t algorithm_of(const char *name)
{
	uint8_t v = ALG_ISSUER;

	if (name != NULL && !hex_exact(span_str(name), &v, 1))
		return 0;
	return v;
}

static uint8_t key_size_of(const char *name)
{
	if (name == NULL || strcmp(name, "128") == 0)
		return 16;
	return strcmp(name, "192") == 0 ? 24 : 32;
}

/* --name, or the image's file name. */
static int name_of(const struct args *a, const char **name, struct err *e)
{
	const char *slash = strrchr(a->image, '/');

	*name = a->name != NULL ? a->name : slash == NULL ? a->image : slash + 1;
	if (bundle_text_ok(span_str(*name), BUNDLE_NAME_MAX))
		return 0;
	return err_set(e, ERR_USAGE, "--name: 1 to %u octets of printable UTF-8", BUNDLE_NAME_MAX);
}

static int plan_from(
    const struct args *a, const struct keystore *ks, struct bundle_plan *p, struct err *e)
{
	static const struct aid target = { .n = 8, .b = { 0xA0, 0, 0, 0x01, 0x51, 0, 0, 0x01 } };
	char version[12], base[12];

	*p = (struct bundle_plan){ .version = a->version.v,
		.base = a->base.v,
		.expiry = a->expires.v,
		.target = a->target.n > 0 ? a->target : target,
		.variant = variant_of(a->variant),
		.algorithm = algorithm_of(a->algorithm),
		.key_n = key_size_of(a->key_size),
		.s16 = a->s16,
		.package = a->package.given ? a->package.v : 1,
		.allow_literal_mac = a->allow_literal_mac };
	if (a->campaign.n > 0)
		memcpy(p->campaign, a->campaign.b, sizeof(p->campaign));
	else if (!random_bytes(p->campaign, sizeof(p->campaign)))
		return err_set(e, ERR_OTHER, "the system gives no random octets");
	/* The card runs at least the base and only ever a higher version after it. */
	if (p->version <= p->base)
		return err_set(e, ERR_USAGE,
		    "--version %s is not above the base %s: no card could take it",
		    version_str(p->version, version), version_str(p->base, base));
	if (a->expires.given && a->expires.v < date_today())
		return err_set(e, ERR_USAGE, "--expires: that day is over");
	if (platform_from(a->platform != NULL ? a->platform : PLATFORM_DEFAULT, p->platform, e) !=
		0 ||
	    name_of(a, &p->name, e) != 0)
		return -1;
	return pick_keys(a, ks, p, e);
}

/* Reads the new bundle as those who play it will: with the signers' public keys. */
static int read_back(const struct bundle_plan *p, struct wr *raw, struct bundle *b, struct err *e)
{
	struct bundle_trust trust = { .n = p->signer_n, .k = (uint8_t)p->signer_n };
	uint8_t public[BUNDLE_SIGNERS][ED25519_PUBLIC];
	int rc = 0;

	for (size_t i = 0; i < p->signer_n; i++) {
		trust.signer[i] = public[i];
		if (!ed25519_public(p->signer[i], public[i]))
			rc = err_set(e, ERR_OTHER, "a signer's key does not work");
	}
	if (rc != 0) {
		wr_free(raw);
		return rc;
	}
	if (bundle_take(raw, b, e) != 0)
		return -1;
	if (bundle_open(b, &trust, 0, e) == 0)
		return 0;
	bundle_free(b);
	return -1;
}

static json_t *describe(const struct args *a, const struct bundle *b, const struct keystore *ks)
{
	json_t *o = json_object();

	out_set_text(&o, "file", a->output);
	out_set(&o, "size", json_integer((json_int_t)b->raw.n));
	out_set(&o, "bundle", out_hex_lower(SPAN(b->digest)));
	bundle_out_head(&o, b);
	out_set(&o, "packages", bundle_out_packages(b));
	out_set(&o, "signers", bundle_out_signers(b, ks));
	return o;
}

/* Builds, claims the (campaign, package) pairs, writes: in this order, so that no pair is ever
 * used for two files. */
static int build(const struct args *a, const struct bundle_plan *p, struct bundle *b, struct err *e)
{
	uint32_t count = p->s16 ? 2 : 1;
	struct wr raw;

	if (bundle_record_check(p->campaign, p->package, count, e) != 0 ||
	    bundle_build(p, &raw, e) != 0 || read_back(p, &raw, b, e) != 0)
		return -1;
	if (bundle_record_add(p->campaign, p->package, count, date_today(), e) == 0 &&
	    file_create(a->output, wr_span(&b->raw), 0644, e) == 0)
		return 0;
	bundle_free(b);
	return -1;
}

static int run(struct ctx *c, void *args, struct err *e)
{
	const struct args *a = args;
	struct wr image = wr_grow(1);
	struct keystore *ks;
	struct bundle_plan p;
	struct bundle b;
	int rc;

	if (file_is_new(a->output, e) != 0)
		return -1;
	if (ctx_keystore(c, &ks, e) != 0)
		return -1;
	/* bundle_build refuses what is longer than an image may be. */
	rc = file_read(a->image, BUNDLE_MAX, &image, e);
	if (rc == 0 && image.n == 0)
		rc = err_set(e, ERR_SAFETY, "%s: the image is empty", a->image);
	if (rc != 0)
		err_hint_else(e, "--image names the file that the cards shall run");
	if (rc == 0 && (rc = plan_from(a, ks, &p, e)) == 0) {
		p.image = wr_span(&image);
		rc = build(a, &p, &b, e);
	}
	if (rc == 0) {
		rc = out_result(c, describe(a, &b, ks), e);
		bundle_free(&b);
	}
	wr_free(&image);
	keystore_close(ks);
	return rc;
}

const struct verb verb_bundle_build = {
	.name = "bundle build",
	.group = GROUP_CAMPAIGN,
	.place = 50,
	.summary = "Encrypt an image once for all cards of a campaign",
	.needs = USES_KEYSTORE | HAS_JSON,
	VERB_OPTS(opts),
	.args_size = sizeof(struct args),
	.run = run,
};
