#include <string.h>

#include "bundle/internal.h"
#include "crypto/digest.h"
#include "crypto/sign.h"
#include "tlv/tlv.h"

static bool aes_length(size_t n)
{
	return n == 16 || n == 24 || n == 32;
}

/* A key that hides BK, or something of its worth: there, an AES key, not shorter than BK. */
static int check_hiding_key(const char *what, const struct key *k, uint8_t bk_n, struct err *e)
{
	if (k == NULL || k->n == 0)
		return err_set(e, ERR_AUTH, "this variant needs a %s", what);
	if (!aes_length(k->n))
		return err_set(
		    e, ERR_SAFETY, "the %s has %u octets, AES keys have 16, 24 or 32", what, k->n);
	if (k->n < bk_n)
		return err_set(e, ERR_SAFETY,
		    "the %s (%u octets) is shorter than the broadcast keys (%u)", what, k->n, bk_n);
	return 0;
}

/* Section 2: which code goes with which variant. */
static int check_algorithm(
    const struct bundle_plan *p, const struct variant_rule *rule, struct err *e)
{
	if (p->algorithm == ALG_DIGEST)
		return 0;
	if (p->algorithm == ALG_ISSUER) {
		if (p->issuer == NULL || p->issuer->n != 32)
			return err_set(e, ERR_AUTH, "algorithm 05 needs the issuer's private key");
		return 0;
	}
	if (p->algorithm != ALG_CMAC_BK && p->algorithm != ALG_CMAC_KMAC)
		return err_set(e, ERR_SAFETY, "algorithm %02X does not exist", p->algorithm);
	if (p->algorithm != rule->literal)
		return err_set(e, ERR_SAFETY, "algorithm %02X does not go with variant %s",
		    p->algorithm, rule->name);
	if (!p->allow_literal_mac) {
		err_set(e, ERR_SAFETY, "algorithm %02X is a MAC whose key every card has",
		    p->algorithm);
		return err_hint(e,
		    "whoever opens one card can make another image with the same code; "
		    "use 05; " FIELD_IS("allow-literal-mac", "true") " accepts it");
	}
	if (p->algorithm == ALG_CMAC_KMAC && (p->kmac == NULL || p->kmac->n == 0))
		return err_set(e, ERR_AUTH, "algorithm 02 needs a KMAC");
	if (p->algorithm == ALG_CMAC_KMAC && !aes_length(p->kmac->n))
		return err_set(e, ERR_SAFETY, "the KMAC has %u octets, AES keys have 16, 24 or 32",
		    p->kmac->n);
	return 0;
}

static int check_signers(const struct bundle_plan *p, struct err *e)
{
	if (p->signer_n == 0)
		return err_set(e, ERR_AUTH, "a bundle needs a signer");
	if (p->signer_n > BUNDLE_SIGNERS)
		return err_set(e, ERR_SAFETY, "more than %u signers", BUNDLE_SIGNERS);
	for (size_t i = 0; i < p->signer_n; i++)
		for (size_t k = 0; k < i; k++)
			if (ct_equal(key_span(p->signer[i]), key_span(p->signer[k])))
				return err_set(e, ERR_SAFETY, "a signer is given twice");
	return 0;
}

static int check_plan(const struct bundle_plan *p, struct err *e)
{
	const struct variant_rule *rule = variant_rule(p->variant);

	if (rule == NULL)
		return err_set(e, ERR_SAFETY, "variant %02X does not exist", p->variant);
	if (p->image.n == 0)
		return err_set(e, ERR_SAFETY, "the image is empty");
	if (p->image.n > IMAGE_MAX)
		return err_set(
		    e, ERR_SAFETY, "the image has %zu octets, more than %u", p->image.n, IMAGE_MAX);
	if (!aes_length(p->key_n))
		return err_set(
		    e, ERR_SAFETY, "broadcast keys of %u octets: AES has 16, 24 or 32", p->key_n);
	if ((rule->form == FORM_KOS || rule->inner == INNER_KOS) &&
	    check_hiding_key("Kos", p->kos, p->key_n, e) != 0)
		return -1;
	if (rule->form == FORM_CLEAR && check_hiding_key("bundle KEK", p->kek, p->key_n, e) != 0)
		return -1;
	if (rule->form == FORM_CLEAR &&
	    (p->kek_name == NULL || !bundle_text_ok(span_str(p->kek_name), KEK_NAME_MAX)))
		return err_set(e, ERR_SAFETY, "the bundle KEK has no usable name");
	if (p->package == 0 || (p->s16 && p->package == UINT32_MAX))
		return err_set(e, ERR_SAFETY, "package number %u is out of range", p->package);
	if (p->name == NULL || !bundle_text_ok(span_str(p->name), BUNDLE_NAME_MAX))
		return err_set(e, ERR_SAFETY, "the name is not 1 to %u octets of printable UTF-8",
		    BUNDLE_NAME_MAX);
	if (p->target.n < AID_MIN || p->target.n > AID_MAX)
		return err_set(e, ERR_SAFETY, "the target is not an AID");
	if (p->expiry != 0 && !bundle_date_ok(p->expiry))
		return err_set(e, ERR_SAFETY, "the expiry %u is not a date", p->expiry);
	return check_algorithm(p, rule, e) == 0 ? check_signers(p, e) : -1;
}

static bool sign_issuer(
    const struct bundle_plan *plan, const uint8_t digest[static 32], uint8_t signature[static 64])
{
	struct authorize a = { .length = (uint32_t)plan->image.n,
		.version = plan->version,
		.target = plan->target,
		.base = plan->base };
	uint8_t text[256];
	struct wr w = wr_fixed(text, sizeof(text));

	memcpy(a.campaign, plan->campaign, sizeof(a.campaign));
	memcpy(a.platform, plan->platform, sizeof(a.platform));
	authorize_signed_text(&w, &a, digest);
	return wr_ok(&w) && p256_sign(plan->issuer, wr_span(&w), signature);
}

static void put_expiry(struct wr *w, uint32_t date)
{
	uint8_t bcd[4];

	for (size_t i = sizeof(bcd); i-- > 0; date /= 100)
		bcd[i] = (uint8_t)(date / 10 % 10 << 4 | date % 10);
	tlv_put(w, B_EXPIRY, SPAN(bcd));
}

/* Tag A1. */
static bool put_head(struct wr *w, const struct bundle_plan *plan)
{
	uint8_t digest[SHA256_SIZE], signature[SIGNATURE_SIZE];
	size_t a1 = tlv_open(w, B_IMAGE);

	if (!sha256_of(plan->image, digest))
		return false;
	tlv_put(w, B_CAMPAIGN, SPAN(plan->campaign));
	tlv_put_u8(w, B_VARIANT, plan->variant);
	tlv_put_u32(w, B_VERSION, plan->version);
	tlv_put(w, B_TARGET, aid_span(&plan->target));
	tlv_put(w, B_PLATFORM, SPAN(plan->platform));
	tlv_put_u32(w, B_BASE, plan->base);
	tlv_put_u32(w, B_LENGTH, (uint32_t)plan->image.n);
	tlv_put(w, B_DIGEST, SPAN(digest));
	tlv_put_u8(w, B_ALGORITHM, plan->algorithm);
	if (plan->algorithm == ALG_ISSUER) {
		if (!sign_issuer(plan, digest, signature))
			return false;
		tlv_put(w, B_SIGNATURE, SPAN(signature));
	}
	if (plan->expiry != 0)
		put_expiry(w, plan->expiry);
	tlv_put(w, B_NAME, span_str(plan->name));
	tlv_close(w, a1);
	return true;
}

/* Tags A4 over `message`, which begins with the prefix. */
static bool put_signatures(struct wr *w, const struct bundle_plan *plan, struct span message)
{
	for (size_t i = 0; i < plan->signer_n; i++) {
		uint8_t public[ED25519_PUBLIC], id[8], signature[SIGNATURE_SIZE];
		size_t a4 = tlv_open(w, B_SIGNER);

		if (!ed25519_public(plan->signer[i], public) || !bundle_signer_id(public, id) ||
		    !ed25519_sign(plan->signer[i], message, signature))
			return false;
		tlv_put(w, B_SIGNER_ID, SPAN(id));
		tlv_put(w, B_SIGNATURE, SPAN(signature));
		tlv_close(w, a4);
	}
	return true;
}

int bundle_build_with(
    const struct bundle_plan *plan, const struct broadcast_keys *bk, struct wr *out, struct err *e)
{
	struct wr body = wr_grow(BUNDLE_MAX);
	size_t mark;
	bool ok;

	*out = wr_grow(BUNDLE_MAX);
	if (check_plan(plan, e) != 0)
		return -1;
	wr_put(&body, SIGNED_PREFIX);
	tlv_put_u8(&body, B_FORMAT, BUNDLE_FORMAT);
	ok = put_head(&body, plan) && package_build_all(&body, plan, bk) && wr_ok(&body);
	mark = tlv_open(out, B_BUNDLE);
	wr_put(out, span_sub(wr_span(&body), SIGNED_PREFIX.n, body.n));
	ok = ok && put_signatures(out, plan, wr_span(&body));
	tlv_close(out, mark);
	wr_free(&body);
	if (ok && wr_ok(out))
		return 0;
	wr_free(out);
	return err_set(
	    e, ERR_OTHER, "cannot build the bundle: out of memory, or cryptography failed");
}

int bundle_build(const struct bundle_plan *plan, struct wr *out, struct err *e)
{
	struct broadcast_keys bk[2] = { 0 };
	bool ok = true;
	int rc = -1;

	*out = wr_grow(BUNDLE_MAX);
	if (check_plan(plan, e) != 0)
		return -1;
	for (size_t i = 0; i < 2; i++) {
		bk[i].enc.n = bk[i].mac.n = plan->key_n;
		ok = ok && random_bytes(bk[i].enc.b, plan->key_n) &&
		     random_bytes(bk[i].mac.b, plan->key_n);
	}
	if (ok)
		rc = bundle_build_with(plan, bk, out, e);
	else
		err_set(e, ERR_OTHER, "the system gives no random octets");
	wipe(bk, sizeof(bk));
	return rc;
}
