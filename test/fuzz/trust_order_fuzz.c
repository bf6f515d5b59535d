/* Orders about trust records as a card gets them, and objects of them: what is one is written again
 * as it was. */
#include "fuzz.h"

#include "gp/trust.h"

static void check_kind(const struct trust_order *o)
{
	bool starts = o->kind == TRUST_INITIALIZE, pair = o->algorithm == TRUST_P256;

	CHECK(o->kind >= TRUST_INITIALIZE && o->kind <= TRUST_TIME);
	CHECK((trust_key_octets(o->algorithm) != 0) == starts);
	CHECK(!starts || (o->key.n > 0) == (!pair && !o->open));
	CHECK((o->point.n > 0) == (starts && pair) && !(pair && o->open));
	CHECK(!starts ||
	      (o->terms.horizon >= o->terms.expiry && o->terms.period >= TRUST_PERIOD_MIN &&
		  o->terms.window < o->terms.period));
	CHECK(!starts || (o->traits.whole.n > 0 && o->has_time));
	CHECK((o->number != 0) == (o->kind == TRUST_OBJECT));
	CHECK(o->number <= TRUST_OBJECTS && o->value.n <= TRUST_OBJECT_MAX);
}

static void order(struct span s)
{
	struct wr again = wr_grow(s.n + 1);
	struct trust_order o, same;

	if (trust_order_get(s, &o)) {
		check_kind(&o);
		trust_order_put(&again, &o);
		CHECK(wr_ok(&again) && trust_order_get(wr_span(&again), &same));
		/* Flags may be there and say nothing. */
		CHECK(span_eq(wr_span(&again), s) ||
		      (o.kind == TRUST_INITIALIZE && !o.open && !o.keep && again.n < s.n));
	}
	wr_free(&again);
}

static void object(struct span s)
{
	struct rd r = rd_of(s);
	struct span value;
	uint8_t number;

	while (trust_object_get(&r, &number, &value))
		CHECK(number >= 1 && number <= TRUST_OBJECTS && value.n <= TRUST_OBJECT_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	order(span_of(data, n));
	object(span_of(data, n));
	return 0;
}
