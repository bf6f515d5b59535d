/* What a terminal and its card say to each other in a session: PRESENT, RENEW, CONFIRM, their
 * answers, and the HostID. */
#include "fuzz.h"

#include "gp/trust_keys.h"

static void same(struct wr *w, struct span s)
{
	CHECK(wr_ok(w) && span_eq(wr_span(w), s));
	wr_reset(w);
}

static void said(struct wr *w, struct span s)
{
	struct trust_host_id h;
	struct trust_present p;
	struct trust_confirm c;

	if (trust_present_get(s, &p)) {
		CHECK(p.traits.imei.n == 0 || imei_ok(p.traits.imei));
		CHECK(trust_traits_fit(&p.traits, &p.traits));
		trust_present_put(w, &p);
		same(w, s);
	}
	if (trust_confirm_get(s, &c)) {
		trust_confirm_put(w, &c);
		same(w, s);
	}
	if (trust_host_id_get(s, &h)) {
		trust_host_id_put(w, &h);
		same(w, s);
	}
}

static void answered(struct wr *w, struct span s)
{
	struct trust_verdict v;
	struct trust_renewal n;

	if (trust_verdict_get(s, &v)) {
		CHECK(trust_result_str(v.result) != NULL);
		trust_verdict_put(w, &v);
		same(w, s);
	}
	if (trust_renewal_get(s, &n)) {
		CHECK(trust_record_of(n.version) != 0 && n.key.n == trust_key_octets(n.algorithm));
		CHECK(trust_other_version(trust_other_version(n.version)) == n.version);
		CHECK(trust_renewal_put(w, &n));
		same(w, s);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct wr w = wr_grow(n + 1);

	said(&w, span_of(data, n));
	answered(&w, span_of(data, n));
	wr_free(&w);
	return 0;
}
