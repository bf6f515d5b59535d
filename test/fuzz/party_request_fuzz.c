/* Requests from strangers, in PEM or not. */
#include "fuzz.h"

#include "crypto/armour.h"
#include "gp/grant.h"

static void one(struct span s)
{
	struct party_request q;

	if (!party_request_get(s, &q))
		return;
	CHECK(s.n <= PARTY_FILE_MAX && span_eq(q.whole, s));
	CHECK(q.id.n >= 1 && q.id.n <= PARTY_ID_MAX && q.key.n == 65);
	CHECK((q.rights & ~RIGHTS_ALL) == 0);
	CHECK(q.prefix.n == 0 || (q.prefix.n >= 5 && q.prefix.n <= 15));
	CHECK(q.signature.n == (q.form == PARTY_SIGNING ? 64 : 0));
	CHECK(q.signed_part.n + q.signature.n < s.n);
	CHECK(party_request_proven(&q) || q.form == PARTY_SIGNING);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct wr octets = wr_grow(ARMOUR_TEXT_MAX);

	one(span_of(data, n));
	if (armour_get(span_of(data, n), PARTY_REQUEST_PEM, PARTY_FILE_MAX, &octets)) {
		CHECK(octets.n <= PARTY_FILE_MAX);
		one(wr_span(&octets));
	}
	wr_free(&octets);
	return 0;
}
