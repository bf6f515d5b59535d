#include "bundle/bundle.h"

#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/value.h"
#include "bundle/internal.h"
#include "crypto/aes.h"
#include "crypto/digest.h"
#include "crypto/sign.h"
#include "tlv/tlv.h"

const char bundle_signed_prefix[16 + 1] = "cardadm bundle 1";

static const struct variant_rule rules[] = {
	{ VARIANT_A, FORM_KOS, INNER_NONE, ALG_CMAC_BK, true, "a" },
	{ VARIANT_B, FORM_CLEAR, INNER_KOS, ALG_CMAC_KMAC, false, "b" },
	{ VARIANT_PLAIN, FORM_CLEAR, INNER_NONE, ALG_CMAC_BK, false, "plain" },
};

const struct variant_rule *variant_rule(uint8_t variant)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].variant == variant)
			return &rules[i];
	return NULL;
}

const char *variant_str(uint8_t v)
{
	const struct variant_rule *rule = variant_rule(v);

	return rule == NULL ? "unknown" : rule->name;
}

bool bundle_signer_id(const uint8_t public[static 32], uint8_t out[static 8])
{
	uint8_t digest[SHA256_SIZE];

	if (!sha256_of(span_of(public, ED25519_PUBLIC), digest))
		return false;
	memcpy(out, digest, 8);
	return true;
}

/* Takes one A4: who signed, and the signature. */
static int get_signer(struct rd *r, uint8_t id[static 8], struct span *signature, struct err *e)
{
	struct span value;
	struct rd in;

	if (field(r, B_SIGNER, 1, 255, &value, e) != 0)
		return -1;
	in = rd_of(value);
	if (field_copy(&in, B_SIGNER_ID, id, 8, e) != 0 ||
	    field(&in, B_SIGNATURE, SIGNATURE_SIZE, SIGNATURE_SIZE, signature, e) != 0)
		return err_in(e, "signature");
	if (rd_left(&in) > 0)
		return err_set(e, ERR_INPUT, "signature: more octets than it should have");
	return 0;
}

static bool signed_already(const struct bundle *b, const uint8_t id[static 8])
{
	for (size_t i = 0; i < b->signer_n; i++)
		if (span_eq(SPAN(b->signer_id[i]), span_of(id, 8)))
			return true;
	return false;
}

static int split_signatures(struct bundle *b, struct err *e)
{
	struct rd r = rd_of(b->signatures);

	while (rd_left(&r) > 0) {
		uint8_t id[8];
		struct span signature;

		if (b->signer_n == BUNDLE_SIGNERS)
			return err_set(e, ERR_INPUT, "more than %u signatures", BUNDLE_SIGNERS);
		if (get_signer(&r, id, &signature, e) != 0)
			return -1;
		if (signed_already(b, id))
			return err_set(e, ERR_INPUT, "two signatures of one signer");
		memcpy(b->signer_id[b->signer_n++], id, sizeof(id));
	}
	return 0;
}

/* The envelope: 7F71 and the A4s at its end; what lies before them is only measured. */
static int split(struct bundle *b, struct err *e)
{
	struct rd outer = rd_of(wr_span(&b->raw));
	struct rd r;
	struct span value;
	size_t before = 0;
	struct tlv t;

	if (field(&outer, B_BUNDLE, 1, BUNDLE_MAX, &value, e) != 0 || rd_left(&outer) > 0)
		return err_set(
		    e, ERR_INPUT, "not a bundle, or cut off, or something behind its end");
	r = rd_of(value);
	do {
		before = value.n - rd_left(&r);
		if (!tlv_next(&r, &t))
			return err_set(e, ERR_INPUT, "no signature, or malformed before it");
	} while (t.tag != B_SIGNER);
	b->signed_part = span_sub(value, 0, before);
	b->signatures = span_sub(value, before, value.n - before);
	if (split_signatures(b, e) != 0)
		return -1;
	if (!sha256_of(wr_span(&b->raw), b->digest))
		return err_set(e, ERR_OTHER, "SHA-256 failed");
	return 0;
}

int bundle_take(struct wr *raw, struct bundle *b, struct err *e)
{
	*b = (struct bundle){ .raw = *raw };
	*raw = wr_grow(raw->limit);
	if (split(b, e) == 0)
		return 0;
	bundle_free(b);
	return -1;
}

int bundle_read(const char *path, struct bundle *b, struct err *e)
{
	struct wr raw;

	*b = (struct bundle){ .raw = wr_grow(BUNDLE_MAX) };
	if (file_read(path, BUNDLE_MAX, &raw, e) != 0)
		return err_hint_else(
		    e, "%s is taken for the bundle; " VERB("bundle build") " makes one", path);
	if (bundle_take(&raw, b, e) == 0)
		return 0;
	err_in(e, "%s", path);
	return err_hint_else(
	    e, VERB("bundle build") " makes bundles; one that was sent may have been damaged");
}

void bundle_free(struct bundle *b)
{
	wr_free(&b->raw);
	*b = (struct bundle){ .raw = wr_grow(BUNDLE_MAX) };
}

/* Has a trusted key of this id made the signature? *known: there is such a key. */
static int verify_one(const struct bundle_trust *t, const uint8_t id[static 8], struct span msg,
    struct span signature, bool *known)
{
	*known = false;
	for (size_t i = 0; i < t->n && i < BUNDLE_SIGNERS; i++) {
		uint8_t mine[8];

		if (!bundle_signer_id(t->signer[i], mine))
			return -1;
		if (!span_eq(SPAN(mine), span_of(id, 8)))
			continue;
		*known = true;
		if (ed25519_verify(span_of(t->signer[i], ED25519_PUBLIC), msg, signature))
			return 0;
	}
	return -1;
}

/* Counts the distinct trusted signers; a wrong signature of a trusted one is never passed over. */
static int verify(struct bundle *b, const struct bundle_trust *t, struct span msg, struct err *e)
{
	struct rd r = rd_of(b->signatures);
	size_t good = 0;

	for (size_t i = 0; i < b->signer_n; i++) {
		char hex[HEX_SIZE(8)];
		struct span signature;
		uint8_t id[8];
		bool known;

		if (get_signer(&r, id, &signature, e) != 0)
			return -1;
		b->signer_ok[i] = verify_one(t, id, msg, signature, &known) == 0;
		if (known && !b->signer_ok[i])
			return err_set(e, ERR_INPUT, "the signature of signer %s is wrong",
			    hex_put(SPAN(id), hex, sizeof(hex)));
		good += b->signer_ok[i];
	}
	if (t->k > 0 && good >= t->k)
		return 0;
	err_set(e, ERR_INPUT, "signed by %zu of the key store's signers, %u must have signed", good,
	    t->k > 0 ? t->k : 1u);
	return err_hint(e,
	    VERB("bundle show") " lists who signed it, " VERB("keystore list") " whom you trust");
}

static int verify_signatures(struct bundle *b, const struct bundle_trust *t, struct err *e)
{
	struct wr msg = wr_grow(BUNDLE_MAX + sizeof(bundle_signed_prefix));
	int rc = -1;

	wr_put(&msg, SIGNED_PREFIX);
	wr_put(&msg, b->signed_part);
	if (wr_ok(&msg))
		rc = verify(b, t, wr_span(&msg), e);
	else
		err_memory(e);
	wr_free(&msg);
	return rc;
}

int bundle_open_unverified(struct bundle *b, struct err *e)
{
	memset(b->signer_ok, 0, sizeof(b->signer_ok));
	return bundle_parse(b, e);
}

int bundle_open(struct bundle *b, const struct bundle_trust *t, uint32_t today, struct err *e)
{
	char last[DATE_SIZE];

	if (verify_signatures(b, t, e) != 0 || bundle_parse(b, e) != 0)
		return -1;
	if (today != 0 && b->expiry != 0 && today > b->expiry)
		return err_set(e, ERR_SAFETY, "the bundle has expired: its last day was %s",
		    date_str(b->expiry, last));
	return 0;
}

const struct package *bundle_package(const struct bundle *b, uint8_t m)
{
	for (size_t i = 0; i < b->package_n; i++)
		if (b->package[i].m == m)
			return &b->package[i];
	return NULL;
}

/*
 * The chaining value after command j: its C-MAC as on the wire, which in S8 is only the first
 * half; the other half is the checkpoint.
 */
static int mcv_after(const struct package *p, uint32_t j, uint8_t out[static 16], struct err *e)
{
	struct wr w = wr_fixed(out, 16);
	struct rd r = rd_of(p->commands);
	struct tlv t = { 0 };

	for (uint32_t i = 0; i < j; i++)
		if (!tlv_next(&r, &t))
			return err_set(e, ERR_INPUT, "the stream ends before command %u", j);
	wr_put(&w, span_sub(t.val, t.val.n - p->m, p->m));
	if (p->m == 8)
		wr_put(&w, span_sub(p->checkpoints, 8 * (size_t)(j - 1), 8));
	if (!wr_ok(&w) || w.n != 16)
		return err_set(e, ERR_INPUT, "no checkpoint after command %u", j);
	return 0;
}

/* Puts BK-ENC and BK-MAC, unwrapped, where form 00 has them. */
static int unwrap_keys(
    const struct package *p, const struct key *kek, struct enter *out, struct err *e)
{
	uint8_t clear[2 * KEY_MAX];
	struct span both = span_of(clear, 2u * p->key_n);
	int rc = 0;

	if (kek == NULL || kek->n == 0)
		return err_set(e, ERR_AUTH, "the bundle KEK %.*s is not here", (int)p->kek_name.n,
		    (const char *)p->kek_name.p);
	if (!aes_unwrap(kek, p->keys, clear) ||
	    !key_from(&out->bk_mac, span_sub(both, p->key_n, p->key_n)))
		rc = err_set(e, ERR_AUTH,
		    "the bundle KEK does not open the keys of package %u (made with %.*s)",
		    p->number, (int)p->kek_name.n, (const char *)p->kek_name.p);
	if (rc == 0) {
		memcpy(out->keys, clear, p->key_n);
		out->keys_n = p->key_n;
	}
	wipe(clear, sizeof(clear));
	return rc;
}

/* The card computes the start value itself; whoever has the keys can tell before it refuses. */
static int check_start(
    const struct bundle *b, const struct package *p, const struct key *bk_mac, struct err *e)
{
	uint8_t start[16];

	if (!broadcast_start_mcv(bk_mac, b->campaign, p->number, p->total, start))
		return err_set(
		    e, ERR_OTHER, "the start value of package %u cannot be computed", p->number);
	if (ct_equal(SPAN(start), SPAN(p->mcv)))
		return 0;
	return err_set(e, ERR_INPUT, "tag %02X: not the start value of package %u with %u commands",
	    B_MCV, p->number, p->total);
}

int bundle_enter(const struct bundle *b, const struct package *p, uint32_t j, const struct key *kek,
    struct enter *out, struct err *e)
{
	*out = (struct enter){ .form = p->form,
		.package = p->number,
		.total = p->total,
		.done = j,
		.inner = p->inner,
		.has_kos_version = p->has_kos_version,
		.kos_version = p->kos_version,
		.slot = p->slot,
		.has_nonce = p->has_nonce,
		.length = b->length };
	memcpy(out->campaign, b->campaign, sizeof(out->campaign));
	memcpy(out->nonce, p->nonce, sizeof(out->nonce));
	if (j >= p->total)
		return err_set(
		    e, ERR_SAFETY, "command %u of %u cannot be the next one", j + 1, p->total);
	broadcast_counter(p->number, j, out->counter);
	if (j == 0)
		memcpy(out->mcv, p->mcv, sizeof(out->mcv));
	else if (mcv_after(p, j, out->mcv, e) != 0)
		return -1;
	if (p->form == FORM_CLEAR)
		return unwrap_keys(p, kek, out, e) == 0 ? check_start(b, p, &out->bk_mac, e) : -1;
	memcpy(out->keys, p->keys.p, p->keys.n);
	out->keys_n = (uint8_t)p->keys.n;
	return 0;
}

void bundle_authorize(const struct bundle *b, const struct package *p, struct authorize *out)
{
	struct span code = SPAN(b->image_digest);

	if (p->wrapped_code.n > 0)
		code = p->wrapped_code;
	else if (p->code.n > 0)
		code = p->code;
	*out = (struct authorize){ .package = p->number,
		.algorithm = b->algorithm,
		.wrapped = p->wrapped_code.n > 0,
		.code_n = (uint8_t)code.n,
		.length = b->length,
		.version = b->version,
		.target = b->target,
		.base = b->base,
		.has_signature = b->has_signature };
	memcpy(out->campaign, b->campaign, sizeof(out->campaign));
	memcpy(out->code, code.p, code.n);
	memcpy(out->platform, b->platform, sizeof(out->platform));
	if (b->has_signature)
		memcpy(out->signature, b->signature, sizeof(out->signature));
}
