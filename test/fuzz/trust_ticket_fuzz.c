/* Tickets as a terminal gets them by whatever way: what is one is written again as it was, and one
 * that was proven with a key is so with no other. */
#include "fuzz.h"

#include "gp/trust.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct key k = fuzz_key(16, 0x70), other = fuzz_key(16, 0x71);
	struct wr w = wr_grow(n + 32);
	struct trust_ticket t, again;

	if (n <= TRUST_TICKET_MAX && trust_ticket_get(span_of(data, n), &t)) {
		CHECK(t.record >= 1 && t.record <= TRUST_RECORDS);
		CHECK(trust_key_octets(t.algorithm) != 0);
		CHECK(!(trust_ticket_proven(&t, &k) && trust_ticket_proven(&t, &other)));
		CHECK(trust_ticket_put(&w, &t, trust_ticket_proven(&t, &k) ? &k : NULL));
		if (t.mac.n == 0 || trust_ticket_proven(&t, &k))
			CHECK(span_eq(wr_span(&w), span_of(data, n)));
		wr_reset(&w);
		CHECK(trust_ticket_put(&w, &t, &k) && trust_ticket_get(wr_span(&w), &again));
		CHECK(trust_ticket_proven(&again, &k));
	}
	wr_free(&w);
	return 0;
}
