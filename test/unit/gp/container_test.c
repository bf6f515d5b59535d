/*
 * Orders, the answer to place, FF73 and objects: test/vectors/containers.json (an independent model
 * of containers.md), read, made again and compared octet by octet; then what is not in form.
 */
#include "party_vectors.h"

#include "gp/container.h"
#include "tlv/tlv.h"

/* ---- orders ---- */

static void same_again(const struct container_order *o, struct span want)
{
	uint8_t b[PARTY_WHOLE_MAX];
	struct wr w = wr_fixed(b, sizeof(b));

	container_order_put(&w, o);
	assert_true(wr_ok(&w));
	assert_span(wr_span(&w), want);
}

static void test_place(void **state)
{
	struct span whole = unit_hex(party_case("place: order, session, wire"), "order");
	struct container_order o;

	(void)state;
	assert_true(container_order_get(whole, &o));
	assert_int_equal(o.kind, ORDER_PLACE);
	assert_span(o.grant.whole, unit_hex(party_d3(), "grant"));
	assert_int_equal(o.grant.serial, 0x000001A2CE8BD400);
	assert_int_equal(o.domain_key.whole.n, 0);
	assert_true(o.has_time);
	assert_int_equal(o.time, 0x6B378280);
	same_again(&o, whole);
}

static void test_admit(void **state)
{
	const json_t *v = party_case("admit: the owner places a grant for a second party");
	struct container_order o;

	(void)state;
	assert_true(container_order_get(unit_hex(v, "order"), &o));
	assert_int_equal(o.kind, ORDER_PLACE);
	assert_false(o.has_time); /* an order of a party has none */
	assert_span(o.grant.id, span_str("BANK"));
	same_again(&o, unit_hex(v, "order"));
}

static void test_place_with_domain_key(void **state)
{
	struct container_order o = { .kind = ORDER_PLACE }, got;
	uint8_t b[PARTY_WHOLE_MAX];
	struct wr w = wr_fixed(b, sizeof(b));

	(void)state;
	o.grant.whole = unit_hex(party_d0(), "grant");
	o.domain_key.whole = unit_hex(party_case("domain key for one card"), "blob");
	container_order_put(&w, &o);
	assert_true(container_order_get(wr_span(&w), &got));
	assert_span(got.domain_key.whole, o.domain_key.whole);
	assert_true(domain_key_named(&got.grant, got.domain_key.whole));
	/* 8B and 7F76: both or neither. */
	wr_reset(&w);
	o.domain_key.whole.n = 0;
	container_order_put(&w, &o);
	assert_false(container_order_get(wr_span(&w), &got));
	wr_reset(&w);
	o.grant.whole = unit_hex(party_d3(), "grant");
	o.domain_key.whole = unit_hex(party_case("domain key for one card"), "blob");
	container_order_put(&w, &o);
	assert_false(container_order_get(wr_span(&w), &got));
}

static void test_orders_of_operator(void **state)
{
	const json_t *orders =
	    json_object_get(party_case("orders of the operator in the same session, one after the "
				       "other"),
		"orders");
	struct span container = unit_hex(party_case("keys"), "container");
	struct container_order o[4];

	(void)state;
	assert_int_equal(json_array_size(orders), 4);
	for (size_t i = 0; i < 4; i++) {
		struct span whole = unit_hex(json_array_get(orders, i), "order");

		assert_true(container_order_get(whole, &o[i]));
		same_again(&o[i], whole);
		assert_int_equal(o[i].kind, i == 0 ? ORDER_RAISE : ORDER_REVOKE);
		if (i > 0)
			assert_span(o[i].container, container);
	}
	assert_span(o[0].issuer, unit_hex(party_case("keys"), "operator_name_42"));
	assert_int_equal(o[0].serial, 0x000001A2CE8D5AA0);
	assert_span(o[1].party, span_str("ACME"));
	assert_false(o[1].keep);
	assert_true(o[1].has_time && o[1].time == 0x6B3782BC);
	assert_true(o[2].keep && !o[2].has_time);
	assert_int_equal(o[3].party.n, 0);
}

static const struct {
	const char *order;
	bool good;
} orders[] = {
	{ "BF7303800104", true },
	{ "BF7309800104"
	  "9A0400000001",
	    true },
	{ "BF7309800104"
	  "9A0400000000",
	    true },
	{ "BF738103800104", false }, /* length not minimal */
	{ "BF730480810104", false }, /* nor here */
	{ "FF7303800104", false },   /* the tag of the state */
	{ "BF7303800104"
	  "00",
	    false }, /* behind it */
	{ "BF7303800100", false },
	{ "BF7303800105", false },
	{ "BF73048002"
	  "0004",
	    false },
	{ "BF7300", false },
	{ "BF7308800104"
	  "9A03000000",
	    false },
	{ "BF7305800104"
	  "9A00",
	    false },
	{ "BF730F800104"
	  "9A0400000001"
	  "9A0400000001",
	    false },
	{ "BF730F800104"
	  "4F0AF0434152440102030405",
	    false },
	{ "BF730A800102"
	  "4F05F043415244",
	    true },
	{ "BF7309800102"
	  "4F04F0434152",
	    false },
	{ "BF7303800102", false },
	{ "BF7316800102"
	  "4F11F0434152440102030405060708090A0B0C",
	    false },
	{ "BF7311800102"
	  "4F05F043415244"
	  "5F200158"
	  "830100",
	    true },
	{ "BF7311800102"
	  "4F05F043415244"
	  "5F200158"
	  "830101",
	    true },
	{ "BF7311800102"
	  "4F05F043415244"
	  "5F200158"
	  "830102",
	    false },
	{ "BF730E800102"
	  "4F05F043415244"
	  "5F200158",
	    false }, /* 83 goes with 5F20 */
	{ "BF730D800102"
	  "4F05F043415244"
	  "830100",
	    false },
	{ "BF7310800102"
	  "4F05F043415244"
	  "5F2000"
	  "830100",
	    false },
	{ "BF7311800102"
	  "4F05F043415244"
	  "830100"
	  "5F200158",
	    false }, /* order */
	{ "BF7317800102"
	  "4F05F043415244"
	  "5F200158"
	  "830100"
	  "9A0400000001",
	    true },
	{ "BF7317800103"
	  "4208547A349461642C2B"
	  "93080000000000000001",
	    true },
	{ "BF7317800103"
	  "4208547A349461642C2B"
	  "93080000000000000000",
	    false },
	{ "BF7317800103"
	  "93080000000000000001"
	  "4208547A349461642C2B",
	    false },
	{ "BF7316800103"
	  "4207547A349461642C"
	  "93080000000000000001",
	    false },
	{ "BF730D800103"
	  "4208547A349461642C2B",
	    false },
	{ "BF7303800101", false },
	{ "BF7307800101"
	  "7F2100",
	    false },
};

static void test_order_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		struct span s = unit_bytes(orders[i].order);
		struct container_order o;

		if (container_order_get(s, &o) != orders[i].good)
			fail_msg("%s", orders[i].order);
		if (orders[i].good)
			same_again(&o, s);
	}
}

static void test_order_cut(void **state)
{
	struct span whole = unit_hex(party_case("place: order, session, wire"), "order");
	struct container_order o;

	(void)state;
	for (size_t n = 0; n < whole.n; n++)
		assert_false(container_order_get(span_sub(whole, 0, n), &o));
}

/* ---- the answer to place ---- */

static void test_placed(void **state)
{
	const json_t *v = party_case("place: order, session, wire");
	struct key receipt_key = unit_key(unit_str(v, "receipt_key_71"));
	struct span whole = unit_hex(v, "answer_plain");
	uint8_t b[PARTY_WHOLE_MAX];
	struct wr w = wr_fixed(b, sizeof(b));
	struct grant g, other;
	struct placed p;

	(void)state;
	assert_true(grant_get(unit_hex(party_d3(), "grant"), &g));
	assert_true(grant_get(unit_hex(party_d0(), "grant"), &other));
	assert_true(placed_get(whole, &p));
	assert_true(placed_is_of(&p, &g));
	assert_false(placed_is_of(&p, &other));
	assert_true(p.has_receipt);
	assert_int_equal(p.counter, 1);
	assert_true(placed_proven(&p, &receipt_key));
	assert_true(placed_put(&w, &p, &receipt_key));
	assert_span(wr_span(&w), whole);
	receipt_key.b[0] ^= 1;
	assert_false(placed_proven(&p, &receipt_key));
}

static void test_placed_without_receipt(void **state)
{
	const json_t *v = party_case("admit: the owner places a grant for a second party");
	struct key k = unit_key("707172737475767778797A7B7C7D7E7F");
	uint8_t b[PARTY_WHOLE_MAX];
	struct wr w = wr_fixed(b, sizeof(b));
	struct placed p;

	(void)state;
	assert_true(placed_get(unit_hex(v, "answer_plain"), &p));
	assert_false(p.has_receipt);
	assert_false(p.data_quota.given);
	assert_false(placed_proven(&p, &k));
	assert_true(placed_put(&w, &p, NULL));
	assert_span(wr_span(&w), unit_hex(v, "answer_plain"));
}

/* Each bit of it: read as something else, or its receipt is wrong. */
static void test_placed_bits(void **state)
{
	const json_t *v = party_case("place: order, session, wire");
	struct key receipt_key = unit_key(unit_str(v, "receipt_key_71"));
	struct span whole = unit_hex(v, "answer_plain");
	uint8_t b[PARTY_WHOLE_MAX];
	struct placed p;

	(void)state;
	memcpy(b, whole.p, whole.n);
	for (size_t i = 0; i < whole.n * 8; i++) {
		b[i / 8] ^= (uint8_t)(1 << i % 8);
		if (placed_get(span_of(b, whole.n), &p))
			assert_false(placed_proven(&p, &receipt_key));
		b[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t n = 0; n < whole.n; n++)
		assert_false(placed_get(span_of(b, n), &p));
}

/* ---- FF73 ---- */

/* Reads all of an answer and writes it again. */
static void state_again(struct span answer)
{
	uint8_t b[PARTY_WHOLE_MAX];
	struct wr w = wr_fixed(b, sizeof(b));
	size_t all = tlv_open(&w, TAG_CONTAINERS), one;
	struct container_issuer issuer;
	struct container_object object;
	struct container_party party;
	struct container_grant grant;
	struct containers s;
	struct container c;
	struct rd r, in;

	assert_true(containers_get(answer, &s));
	r = rd_of(s.containers);
	while (container_next(&r, &c)) {
		one = container_open(&w, &c);
		in = rd_of(c.parties);
		while (container_party_next(&in, &party))
			container_party_put(&w, &party);
		in = rd_of(c.grants);
		while (container_grant_next(&in, &grant))
			container_grant_put(&w, &grant);
		in = rd_of(c.objects);
		while (container_object_next(&in, &object))
			container_object_put(&w, &object);
		tlv_close(&w, one);
	}
	r = rd_of(s.issuers);
	while (container_issuer_next(&r, &issuer))
		container_issuer_put(&w, &issuer);
	if (s.is_operator)
		containers_end_put(&w, s.closed, s.time);
	tlv_close(&w, all);
	assert_true(wr_ok(&w));
	assert_span(wr_span(&w), answer);
}

static void test_state_of_operator(void **state)
{
	struct span answer = unit_hex(party_case("FF73 as the operator reads it"), "answer");
	struct container_issuer issuer;
	struct container_party party;
	struct container_grant grant;
	struct container c[2];
	struct containers s;
	struct rd r, in;

	(void)state;
	assert_true(containers_get(answer, &s));
	assert_true(s.is_operator && s.closed);
	assert_int_equal(s.time, 0x6B378280);
	r = rd_of(s.containers);
	assert_true(container_next(&r, &c[0]) && container_next(&r, &c[1]));
	assert_int_equal(rd_left(&r), 0);
	assert_span(c[0].aid, unit_hex(party_case("keys"), "container"));
	assert_int_equal(c[0].stage, STAGE_CLAIMED);
	assert_false(c[0].locked);
	assert_int_equal(c[0].quotas.data_quota.n, 20000);
	assert_false(c[0].quotas.data_reserve.given);
	assert_int_equal(c[0].used, 0x929);
	assert_int_equal(c[0].objects.n, 0);
	in = rd_of(c[0].parties);
	assert_true(container_party_next(&in, &party));
	assert_span(party.id, span_str("ACME"));
	assert_int_equal(party.serial, 0x000001A2CE8BD400);
	assert_int_equal(party.rights, 0x0F);
	assert_int_equal(party.versions.n, 0);
	assert_false(container_party_next(&in, &party));
	assert_int_equal(c[1].stage, STAGE_GRANTED);
	assert_int_equal(c[1].quotas.data_reserve.n, 30000);
	in = rd_of(c[1].grants);
	assert_true(container_grant_next(&in, &grant));
	assert_span(grant.id, span_str("BANK"));
	assert_span(grant.digest, unit_hex(party_d0(), "digest"));
	in = rd_of(s.issuers);
	assert_true(container_issuer_next(&in, &issuer));
	assert_span(issuer.name, unit_hex(party_case("keys"), "operator_name_42"));
	assert_true(container_issuer_next(&in, &issuer));
	assert_int_equal(issuer.serial, 7);
	assert_false(container_issuer_next(&in, &issuer));
	state_again(answer);
}

static void test_state_of_party(void **state)
{
	struct span answer = unit_hex(party_case("FF73 as the party reads it"), "answer");
	struct container_object object;
	struct container_party party;
	struct containers s;
	struct container c;
	struct rd r;

	(void)state;
	assert_true(containers_get(answer, &s));
	assert_false(s.is_operator);
	r = rd_of(s.containers);
	assert_true(container_next(&r, &c));
	r = rd_of(c.parties);
	assert_true(container_party_next(&r, &party));
	assert_span(party.versions, unit_bytes("30"));
	r = rd_of(c.objects);
	assert_true(container_object_next(&r, &object));
	assert_int_equal(object.number, 5);
	assert_int_equal(object.length, 5);
	state_again(answer);
}

#define ONE \
	"4F05F043415244" \
	"800101" \
	"C80400000000" \
	"D80400000000" \
	"8A0400000000"
#define END \
	"8C0100" \
	"9A0400000000"
#define SERIAL "93080000000000000001"
static const struct {
	const char *body; /* of FF73 */
	bool good;
} states[] = {
	{ END, true },
	{ "", false }, /* a party is in a container */
	{ "A01C" ONE, true },
	{ "A01C" ONE "A01C" ONE, false }, /* in one, as a party */
	{ "A01C" ONE "A01C" ONE END, true },
	{ "A01C" ONE "A514"
	  "4208547A349461642C2B" SERIAL,
	    false },
	{ "A01C" ONE "A514"
	  "4208547A349461642C2B" SERIAL END,
	    true },
	{ "A514"
	  "4208547A349461642C2B" SERIAL "A01C" ONE END,
	    false },
	{ "A01C" ONE "8C0100", false },
	{ "A01C" ONE "9A0400000000", false },
	{ "8C0102"
	  "9A0400000000",
	    false },
	{ END "00", false },
	{ "A01C"
	  "4F05F043415244"
	  "800181"
	  "C80400000000"
	  "D80400000000"
	  "8A0400000000",
	    true },
	{ "A01C"
	  "4F05F043415244"
	  "800103"
	  "C80400000000"
	  "D80400000000"
	  "8A0400000000",
	    true },
	{ "A01C"
	  "4F05F043415244"
	  "800104"
	  "C80400000000"
	  "D80400000000"
	  "8A0400000000",
	    false },
	{ "A01C"
	  "4F05F043415244"
	  "800100"
	  "C80400000000"
	  "D80400000000"
	  "8A0400000000",
	    false },
	{ "A016"
	  "4F05F043415244"
	  "800101"
	  "D80400000000"
	  "8A0400000000",
	    false },
	{ "A022"
	  "4F05F043415244"
	  "800101"
	  "C70400000001"
	  "C80400000000"
	  "D80400000000"
	  "8A0400000000",
	    true },
	{ "A0811C" ONE, false },
	{ "A032" ONE "A114"
	  "5F200158" SERIAL "820101"
	  "8300",
	    false },
	{ "A033" ONE "A115"
	  "5F200158" SERIAL "820101"
	  "830130",
	    false }, /* length of A1 */
	{ "A032" ONE "A114"
	  "5F200158" SERIAL "820101"
	  "830130",
	    true },
	{ "A034" ONE "A116"
	  "5F200158" SERIAL "820101"
	  "83033031"
	  "32",
	    false },
	{ "A02F" ONE "A111"
	  "5F200158" SERIAL "820120",
	    false },
	{ "A02F" ONE "A111"
	  "5F200158" SERIAL "820101",
	    true },
	{ "A02F" ONE "A111"
	  "5F200158"
	  "93080000000000000000"
	  "820101",
	    false },
	{ "A025" ONE "A307"
	  "800101"
	  "92020001",
	    true },
	{ "A025" ONE "A307"
	  "800180"
	  "92020001",
	    false },
	{ "A025" ONE "A307"
	  "800100"
	  "92020001",
	    false },
	{ "A025" ONE "A307"
	  "800101"
	  "92020000",
	    false },
	{ "A025" ONE "A307"
	  "800101"
	  "92021001",
	    false },
	{ "A038" ONE "A307"
	  "800101"
	  "92020001"
	  "A111"
	  "5F200158" SERIAL "820101",
	    false },
};

static void test_state_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		uint8_t b[PARTY_WHOLE_MAX];
		struct wr w = wr_fixed(b, sizeof(b));
		struct containers s;

		tlv_put(&w, TAG_CONTAINERS, unit_bytes(states[i].body));
		if (containers_get(wr_span(&w), &s) != states[i].good)
			fail_msg("%s", states[i].body);
		if (states[i].good)
			state_again(wr_span(&w));
	}
}

/* More of anything than a card can have is none. */
static void test_state_limits(void **state)
{
	const struct container c = { .aid = unit_bytes("F043415244"), .stage = STAGE_CLAIMED };
	const struct container_party party = { span_str("X"), 1, 0, { NULL, 0 } };
	uint8_t b[PARTY_WHOLE_MAX];

	(void)state;
	for (size_t n = 1; n <= CONTAINERS_MAX + 1; n++) {
		struct wr w = wr_fixed(b, sizeof(b));
		size_t all = tlv_open(&w, TAG_CONTAINERS);
		struct containers s;

		for (size_t i = 0; i < n; i++)
			tlv_close(&w, container_open(&w, &c));
		containers_end_put(&w, true, 0);
		tlv_close(&w, all);
		assert_int_equal(containers_get(wr_span(&w), &s), n <= CONTAINERS_MAX);
	}
	for (size_t n = 1; n <= CONTAINER_PARTIES_MAX + 1; n++) {
		struct wr w = wr_fixed(b, sizeof(b));
		size_t all = tlv_open(&w, TAG_CONTAINERS), one = container_open(&w, &c);
		struct containers s;

		for (size_t i = 0; i < n; i++)
			container_party_put(&w, &party);
		tlv_close(&w, one);
		tlv_close(&w, all);
		assert_int_equal(containers_get(wr_span(&w), &s), n <= CONTAINER_PARTIES_MAX);
	}
}

static void test_state_cut(void **state)
{
	struct span whole = unit_hex(party_case("FF73 as the operator reads it"), "answer");
	struct containers s;

	(void)state;
	for (size_t n = 0; n < whole.n; n++)
		assert_false(containers_get(span_sub(whole, 0, n), &s));
}

static void test_stages(void **state)
{
	(void)state;
	assert_string_equal(container_stage_str(STAGE_GRANTED), "granted");
	assert_string_equal(container_stage_str(STAGE_CLAIMED), "claimed");
	assert_string_equal(container_stage_str(STAGE_SEALED), "sealed");
	assert_string_equal(container_stage_str((enum container_stage)9), "unknown");
}

/* ---- objects ---- */

static void test_objects(void **state)
{
	const json_t *steps =
	    json_object_get(party_case("session of the party with its access keys"), "steps");
	struct span put = unit_hex(json_array_get(steps, 0), "plain");
	struct span get = unit_hex(json_array_get(steps, 1), "answer_plain");
	struct span delete = unit_hex(json_array_get(steps, 2), "plain");
	uint8_t b[64], number;
	struct wr w = wr_fixed(b, sizeof(b));
	struct span value;
	struct rd r;

	(void)state;
	party_object_put(&w, 5, span_str("hello"));
	assert_span(wr_span(&w), span_sub(put, 5, put.n));
	assert_span(wr_span(&w), get);
	r = rd_of(get);
	assert_true(party_object_next(&r, &number, &value));
	assert_int_equal(number, 5);
	assert_span(value, span_str("hello"));
	assert_false(party_object_next(&r, &number, &value));
	wr_reset(&w);
	party_object_put(&w, 5, span_of(NULL, 0));
	assert_span(wr_span(&w), span_sub(delete, 5, delete.n));
}

static void test_object_form(void **state)
{
	static const struct {
		const char *hex;
		bool good;
	} v[] = { { "DF010100", true }, { "DF7F00", true }, { "DF000100", false },
		{ "DF810100", false }, { "DF01810100", false }, { "DE0100", false },
		{ "DF0102FF", false } };
	static uint8_t b[2 * CONTAINER_OBJECT_MAX], value[CONTAINER_OBJECT_MAX + 1];
	struct wr w = wr_fixed(b, sizeof(b));
	struct span got;
	uint8_t number;
	struct rd r;

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		r = rd_of(unit_bytes(v[i].hex));
		if (party_object_next(&r, &number, &got) != v[i].good)
			fail_msg("%s", v[i].hex);
	}
	party_object_put(&w, 1, span_of(value, CONTAINER_OBJECT_MAX));
	r = rd_of(wr_span(&w));
	assert_true(party_object_next(&r, &number, &got));
	wr_reset(&w);
	party_object_put(&w, 1, SPAN(value));
	r = rd_of(wr_span(&w));
	assert_false(party_object_next(&r, &number, &got));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_place),
		cmocka_unit_test(test_admit),
		cmocka_unit_test(test_place_with_domain_key),
		cmocka_unit_test(test_orders_of_operator),
		cmocka_unit_test(test_order_form),
		cmocka_unit_test(test_order_cut),
		cmocka_unit_test(test_placed),
		cmocka_unit_test(test_placed_without_receipt),
		cmocka_unit_test(test_placed_bits),
		cmocka_unit_test(test_state_of_operator),
		cmocka_unit_test(test_state_of_party),
		cmocka_unit_test(test_state_form),
		cmocka_unit_test(test_state_limits),
		cmocka_unit_test(test_state_cut),
		cmocka_unit_test(test_stages),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_object_form),
	};

	return cmocka_run_group_tests(tests, party_open_vectors, party_close_vectors);
}
