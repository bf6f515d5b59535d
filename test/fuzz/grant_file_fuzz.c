/* Grant files from strangers, in PEM or not: what is one is written again as it was. */
#include "fuzz.h"

#include "crypto/armour.h"
#include "gp/grant.h"

static void one(struct span s)
{
	struct wr again = wr_grow(PARTY_FILE_MAX);
	struct grant_file f;
	bool of_card;

	if (grant_file_get(s, &f)) {
		CHECK(f.grant.domain_key.n == 0 ? f.domain_key.whole.n == 0
						: f.domain_key.whole.n > 0);
		CHECK(f.cin.n >= 1 && f.iin.n >= 1 && f.certs.n >= 1);
		grant_file_put(&again, &f);
		CHECK(wr_ok(&again) && span_eq(wr_span(&again), s));
		of_card = grant_file_of_card(&f);
		CHECK(!of_card || f.certs.n > PARTY_DIGEST);
	}
	wr_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct wr octets = wr_grow(ARMOUR_TEXT_MAX);

	one(span_of(data, n));
	if (armour_get(span_of(data, n), GRANT_PEM, PARTY_FILE_MAX, &octets))
		one(wr_span(&octets));
	wr_free(&octets);
	return 0;
}
