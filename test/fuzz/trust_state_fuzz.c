/* FF74 as a host gets it: nothing in it is refused any more once the whole was taken, and it is
 * written again as it was. */
#include "fuzz.h"

#include "gp/trust.h"
#include "tlv/tlv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct wr w = wr_grow(n + 1);
	struct trust_record t;
	struct trust_state s;
	size_t all, count = 0;
	struct rd r;

	if (trust_state_get(span_of(data, n), &s)) {
		all = trust_state_open(&w, s.time);
		for (r = rd_of(s.records); trust_record_next(&r, &t); count++) {
			CHECK(t.record >= 1 && t.record <= TRUST_RECORDS);
			CHECK(t.stage >= TRUST_OPEN && t.stage <= TRUST_REVOKED);
			CHECK(t.cause <= TRUST_ENDED_BY_TRAITS);
			CHECK(t.traits_digest.n == TRUST_TRAITS_DIGEST);
			trust_record_put(&w, &t);
		}
		CHECK(rd_left(&r) == 0 && count <= TRUST_RECORDS);
		tlv_close(&w, all);
		CHECK(wr_ok(&w) && span_eq(wr_span(&w), span_of(data, n)));
	}
	wr_free(&w);
	return 0;
}
