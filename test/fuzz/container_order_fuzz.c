/* Orders and objects as a card gets them, the answer to place as a host does: what is one is
 * written again as it was. */
#include "fuzz.h"

#include "gp/container.h"

static void order(struct span s)
{
	struct wr again = wr_grow(s.n + 1);
	struct container_order o;

	if (container_order_get(s, &o)) {
		CHECK(o.kind >= ORDER_PLACE && o.kind <= ORDER_CLOSE);
		CHECK((o.grant.whole.n > 0) == (o.kind == ORDER_PLACE));
		CHECK((o.domain_key.whole.n > 0) == (o.grant.domain_key.n > 0));
		CHECK((o.container.n > 0) == (o.kind == ORDER_REVOKE));
		CHECK(o.party.n > 0 || !o.keep);
		CHECK((o.serial != 0) == (o.kind == ORDER_RAISE));
		container_order_put(&again, &o);
		CHECK(wr_ok(&again) && span_eq(wr_span(&again), s));
	}
	wr_free(&again);
}

static void placed(struct span s)
{
	const struct key k = fuzz_key(16, 0x70);
	struct wr again = wr_grow(s.n + 1);
	struct placed p;

	if (placed_get(s, &p)) {
		CHECK(p.serial != 0 && p.card.n == PARTY_DIGEST);
		if (placed_proven(&p, &k) || !p.has_receipt) {
			CHECK(placed_put(&again, &p, p.has_receipt ? &k : NULL));
			CHECK(span_eq(wr_span(&again), s));
		}
	}
	wr_free(&again);
}

static void objects(struct span s)
{
	struct wr again = wr_grow(s.n + 1);
	struct rd r = rd_of(s);
	struct span value;
	uint8_t number;

	while (party_object_next(&r, &number, &value)) {
		CHECK(number >= 0x01 && number <= 0x7F && value.n <= CONTAINER_OBJECT_MAX);
		party_object_put(&again, number, value);
	}
	CHECK(span_eq(wr_span(&again), span_sub(s, 0, s.n - rd_left(&r))));
	wr_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	order(span_of(data, n));
	placed(span_of(data, n));
	objects(span_of(data, n));
	return 0;
}
