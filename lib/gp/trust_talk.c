/* Trust records: what terminal and card say to each other in their session. */
#include <string.h>

#include "crypto/kdf.h"
#include "gp/strict.h"
#include "gp/trust.h"
#include "gp/trust_keys.h"

enum {
	TAG_VERSION = 0x80,
	TAG_ALGORITHM = 0x82,
	TAG_GENERATION = 0x83,
	TAG_KEY = 0x84,
	TAG_KCV = 0x85,
	TAG_EXPIRY = 0x86,
	TAG_PROOF = 0x86,
	TAG_RESULT = 0x95,
	TAG_RENEW_FROM = 0x98,
	TAG_TIME = 0x9A,
	TAG_TRAITS = 0xA9,
	TAG_VERDICT = 0xA2,
	TAG_RENEWAL = 0xA3
};

static const struct {
	enum trust_result result;
	const char *words;
} results[] = {
	{ TRUST_GRANTED, "trusted" },
	{ TRUST_DUE, "trusted, renewal is due" },
	{ TRUST_OPENED, "open: the first key can be fetched" },
	{ TRUST_DIFFERS, "a characteristic differs" },
	{ TRUST_DIFFERS_REVOKED, "a characteristic differs, the record is revoked" },
	{ TRUST_IS_EXPIRED, "expired" },
	{ TRUST_IS_REVOKED, "revoked" },
	{ TRUST_USES_SPENT, "all uses of the key are spent" },
	{ TRUST_PROOF_WRONG, "the proof of receipt is wrong" },
};
enum { RESULTS = sizeof(results) / sizeof(results[0]) };

static bool is_result(uint8_t v)
{
	for (size_t i = 0; i < RESULTS; i++)
		if (results[i].result == (enum trust_result)v)
			return true;
	return false;
}

const char *trust_result_str(enum trust_result r)
{
	for (size_t i = 0; i < RESULTS; i++)
		if (results[i].result == r)
			return results[i].words;
	return "unknown";
}

bool trust_present_get(struct span s, struct trust_present *out)
{
	struct trust_present p = { 0 };
	struct rd r = rd_of(s);
	struct span traits;

	if (!strict_u32(&r, TAG_TIME, &p.time) ||
	    !strict_get(&r, TAG_TRAITS, 0, TRUST_TRAITS_MAX, &traits) || rd_left(&r) > 0 ||
	    !trust_traits_get(traits, &p.traits))
		return false;
	*out = p;
	return true;
}

void trust_present_put(struct wr *w, const struct trust_present *p)
{
	tlv_put_u32(w, TAG_TIME, p->time);
	trust_traits_put(w, &p->traits);
}

bool trust_verdict_get(struct span s, struct trust_verdict *out)
{
	struct trust_verdict v = { 0 };
	struct span body;
	struct rd r;
	uint8_t result;

	if (!strict_only(s, TAG_VERDICT, &body))
		return false;
	r = rd_of(body);
	if (!strict_u8(&r, TAG_RESULT, &result) || !is_result(result) ||
	    !strict_u32(&r, TAG_GENERATION, &v.generation) ||
	    !strict_u32(&r, TAG_EXPIRY, &v.expiry) ||
	    !strict_u32(&r, TAG_RENEW_FROM, &v.renew_from) || !strict_u32(&r, TAG_TIME, &v.now) ||
	    rd_left(&r) > 0)
		return false;
	v.result = (enum trust_result)result;
	*out = v;
	return true;
}

void trust_verdict_put(struct wr *w, const struct trust_verdict *v)
{
	size_t in = tlv_open(w, TAG_VERDICT);

	tlv_put_u8(w, TAG_RESULT, (uint8_t)v->result);
	tlv_put_u32(w, TAG_GENERATION, v->generation);
	tlv_put_u32(w, TAG_EXPIRY, v->expiry);
	tlv_put_u32(w, TAG_RENEW_FROM, v->renew_from);
	tlv_put_u32(w, TAG_TIME, v->now);
	tlv_close(w, in);
}

static bool check_value(struct span key, uint8_t kcv[static PUT_KEY_KCV])
{
	SECRET_KEY(k);

	return key_from(&k, key) && key_check_value(&k, kcv);
}

static bool kcv_get(struct rd *r, struct trust_renewal *v)
{
	struct span kcv;

	return strict_get(r, TAG_KCV, PUT_KEY_KCV, PUT_KEY_KCV, &kcv) &&
	       check_value(v->key, v->kcv) && span_eq(SPAN(v->kcv), kcv);
}

bool trust_renewal_get(struct span s, struct trust_renewal *out)
{
	struct trust_renewal v = { 0 };
	struct span body;
	struct rd r;
	size_t n;

	if (!strict_only(s, TAG_RENEWAL, &body))
		return false;
	r = rd_of(body);
	if (!strict_u8(&r, TAG_VERSION, &v.version) || trust_record_of(v.version) == 0 ||
	    !strict_u8(&r, TAG_ALGORITHM, &v.algorithm) ||
	    (n = trust_key_octets(v.algorithm)) == 0 ||
	    !strict_u32(&r, TAG_GENERATION, &v.generation) ||
	    !strict_get(&r, TAG_KEY, n, n, &v.key) ||
	    (v.algorithm != TRUST_P256 && !kcv_get(&r, &v)) ||
	    !strict_u32(&r, TAG_EXPIRY, &v.expiry) ||
	    !strict_u32(&r, TAG_RENEW_FROM, &v.renew_from) || rd_left(&r) > 0)
		return false;
	*out = v;
	return true;
}

bool trust_renewal_put(struct wr *w, const struct trust_renewal *v)
{
	size_t in = tlv_open(w, TAG_RENEWAL);
	uint8_t kcv[PUT_KEY_KCV];

	tlv_put_u8(w, TAG_VERSION, v->version);
	tlv_put_u8(w, TAG_ALGORITHM, v->algorithm);
	tlv_put_u32(w, TAG_GENERATION, v->generation);
	tlv_put(w, TAG_KEY, v->key);
	if (v->algorithm != TRUST_P256) {
		if (!check_value(v->key, kcv))
			return false;
		tlv_put(w, TAG_KCV, SPAN(kcv));
	}
	tlv_put_u32(w, TAG_EXPIRY, v->expiry);
	tlv_put_u32(w, TAG_RENEW_FROM, v->renew_from);
	tlv_close(w, in);
	return wr_ok(w);
}

bool trust_confirm_get(struct span s, struct trust_confirm *out)
{
	struct trust_confirm c = { 0 };
	struct rd r = rd_of(s);

	if (!strict_u32(&r, TAG_GENERATION, &c.generation) ||
	    !strict_get(&r, TAG_PROOF, TRUST_PROOF_AES, TRUST_PROOF_P256, &c.proof) ||
	    (c.proof.n != TRUST_PROOF_AES && c.proof.n != TRUST_PROOF_P256) || rd_left(&r) > 0)
		return false;
	*out = c;
	return true;
}

void trust_confirm_put(struct wr *w, const struct trust_confirm *c)
{
	tlv_put_u32(w, TAG_GENERATION, c->generation);
	tlv_put(w, TAG_PROOF, c->proof);
}
