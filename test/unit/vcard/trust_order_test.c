/*
 * Orders of the network about trust records (trust.md 3): what is refused and leaves everything as
 * it was, what a new record inherits, objects, and what there is room for. Numbers are those of
 * trust.md 11.
 */
#include "trust_rig.h"

#include "vcard/keys/keys.h"

/* What the card remembers has not changed since. */
static void assert_same(const struct rig *r, struct wr *before)
{
	struct wr now = memory_of(r);

	assert_true(span_eq(wr_span(before), wr_span(&now)));
	wr_free(&now);
	wr_free(before);
}

static struct key some_key(size_t n)
{
	struct key k = { .n = (uint8_t)n };

	memset(k.b, 0x5A, n);
	return k;
}

/* The order, which is refused and changes nothing. */
static void refused(struct rig *r, struct trust_order *o, uint16_t sw)
{
	struct key k = some_key(trust_key_octets(o->algorithm));
	struct wr before = memory_of(r);

	assert_int_equal(network_order(r, o, &k), sw);
	assert_same(r, &before);
}

/* ---- initialize ---- */

/* trust 5 */
static void test_initialize_form(void **state)
{
	static const struct {
		uint32_t expiry, horizon, period, window, time;
		uint16_t sw;
	} terms[] = {
		{ TRUST_EXPIRY, TRUST_HORIZON, 3600, 3600, TRUST_NOW, SW_WRONG_DATA },
		{ TRUST_EXPIRY, TRUST_HORIZON, 3600, 3601, TRUST_NOW, SW_WRONG_DATA },
		{ TRUST_EXPIRY, TRUST_HORIZON, 0x3B, 0, TRUST_NOW, SW_WRONG_DATA },
		{ TRUST_EXPIRY, TRUST_EXPIRY - 1, 3600, 0, TRUST_NOW, SW_WRONG_DATA },
		{ TRUST_EXPIRY, TRUST_HORIZON, 3600, 0, TRUST_EXPIRY, SW_CONDITIONS },
		{ TRUST_NOW, TRUST_HORIZON, 3600, 0, 0, SW_CONDITIONS }, /* T */
		{ TRUST_NOW - 1, TRUST_HORIZON, 3600, 0, 0, SW_CONDITIONS },
		{ TRUST_NOW + 1, TRUST_NOW + 1, 0x3C, 0x3B, TRUST_NOW, SW_OK },
	};
	struct trust_order o = { .kind = TRUST_TIME, .has_time = true, .time = TRUST_NOW };
	struct key k = some_key(16);
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	as_operator(&r);
	assert_int_equal(network_order(&r, &o, NULL), SW_OK);
	for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
		o = usual_order();
		o.terms = (struct trust_terms){ .expiry = terms[i].expiry,
			.horizon = terms[i].horizon,
			.period = terms[i].period,
			.window = terms[i].window };
		o.time = terms[i].time;
		if (terms[i].sw == SW_OK)
			assert_int_equal(network_order(&r, &o, &k), SW_OK);
		else
			refused(&r, &o, terms[i].sw);
	}
	o = usual_order();
	o.generation = 2;
	o.traits = (struct trust_traits){ 0 };
	refused(&r, &o, SW_WRONG_DATA);
	for (uint8_t record = 0; record < 10; record++) {
		o = usual_order();
		o.generation = 2;
		o.record = record == 9 ? 0xFF : record;
		if (record < 1 || record > 7)
			refused(&r, &o, SW_REFERENCE_NOT_FOUND);
	}
	rig_off(&r);
}

/* trust 5: P-256 with 84; a point that is none; an open record with a key. */
static void test_initialize_keys(void **state)
{
	struct trust_order o = usual_order();
	uint8_t room[512], point[65] = { 0x04, 1, 2, 3 };
	struct wr w = wr_fixed(room, sizeof(room)), before;
	struct key k = some_key(16);
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	as_operator(&r);
	before = memory_of(&r);
	o.key = key_span(&k);
	trust_order_put(&w, &o);
	for (size_t i = 0; i + 3 < w.n; i++)
		if (room[i] == 0x82 && room[i + 1] == 0x01 && room[i + 2] == TRUST_AES_128) {
			room[i + 2] = TRUST_P256;
			break;
		}
	assert_int_equal(network_raw(&r, wr_span(&w)), SW_WRONG_DATA);
	o = usual_order();
	o.algorithm = TRUST_P256;
	o.point = SPAN(point);
	assert_int_equal(network_order(&r, &o, NULL), SW_WRONG_DATA);
	assert_same(&r, &before);
	o = usual_order();
	o.open = true;
	refused(&r, &o, SW_WRONG_DATA);
	rig_off(&r);
}

/* trust 6 */
static void test_generation(void **state)
{
	static const struct {
		uint32_t n;
		uint16_t sw;
	} next[] = { { 5, SW_CONDITIONS }, { 4, SW_CONDITIONS }, { 0, SW_CONDITIONS },
		{ 5 + 0x10000, SW_CONDITIONS }, { UINT32_MAX, SW_CONDITIONS },
		{ 5 + 0xFFFF, SW_OK } };
	struct trust_order o = usual_order(), end = { .kind = TRUST_REVOKE, .record = 1 };
	struct key k = some_key(16);
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	as_operator(&r);
	o.generation = 0;
	refused(&r, &o, SW_CONDITIONS);
	o.generation = 5;
	assert_int_equal(network_order(&r, &o, &k), SW_OK);
	/* Neither revocation nor power brings a number back. */
	end.erase = true;
	assert_int_equal(network_order(&r, &end, NULL), SW_OK);
	rig_cycle(&r);
	as_operator(&r);
	for (size_t i = 0; i < sizeof(next) / sizeof(next[0]); i++) {
		o = usual_order();
		o.generation = next[i].n;
		if (next[i].sw != SW_OK)
			refused(&r, &o, next[i].sw);
		else
			assert_int_equal(network_order(&r, &o, &k), SW_OK);
	}
	rig_off(&r);
}

/* trust 6: nor is one used again that a renewal took and nobody confirmed. */
static void test_generation_of_a_renewal(void **state)
{
	struct trust_order o = usual_order();
	struct phone t;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	t = initialize(&r, 1, TRUST_AES_128);
	t.clock += 60;
	assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
	assert_int_equal(phone_renew(&r, &t), SW_OK);
	assert_int_equal(phone_renew(&r, &t), SW_OK);
	assert_int_equal(t.pending.generation, 3);
	as_operator(&r);
	for (uint32_t n = 1; n <= 3; n++) {
		o = usual_order();
		o.generation = n;
		refused(&r, &o, SW_CONDITIONS);
	}
	o = usual_order();
	o.generation = 4;
	t = initialize_as(&r, &o);
	assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
	rig_off(&r);
}

/* trust 7: and no identifier of the card, which comes last of the checks. */
static void test_key_check(void **state)
{
	struct trust_order o = usual_order();
	struct key k = some_key(16);
	struct phone t;
	struct wr before;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	t = initialize(&r, 1, TRUST_AES_128);
	as_operator(&r);
	before = memory_of(&r);
	o.generation = 2;
	o.key = key_span(&k); /* of no use as it is: its check value is zero */
	assert_int_equal(network_order(&r, &o, NULL), SW_SECURITY_STATUS);
	assert_same(&r, &before);
	assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
	as_operator(&r);
	r.v->chip.cin_n = 0;
	refused(&r, &o, SW_REFERENCE_NOT_FOUND);
	rig_off(&r);
}

/* trust 8: the octets that reach the memory are none of the order, or all; the old terminal or the
 * new one is trusted. */
static void test_cut(void **state)
{
	static const uint8_t algorithms[] = { TRUST_AES_128, TRUST_AES_256, TRUST_P256 };
	static const size_t keep[] = { 0, 1, 13, 100, 1u << 20 };

	(void)state;
	for (size_t i = 0; i < 9 * sizeof(keep) / sizeof(keep[0]); i++) {
		struct trust_order o = usual_order();
		struct phone t, other;
		struct wr before;
		struct rig r;

		trust_on(&r, 0x70);
		t = initialize(&r, 1, algorithms[i % 3]);
		o.algorithm = algorithms[i / 3 % 3];
		o.generation = 2;
		as_operator(&r);
		before = memory_of(&r);
		nvm_cut(r.v->nvm, 1, keep[i / 9]);
		assert_int_equal(initialize_try(&r, &o, &other), 0); /* no answer */
		rig_cycle(&r);
		assert_same(&r, &before);
		assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
		t = initialize_as(&r, &o);
		rig_cycle(&r);
		assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
		assert_lasting(&r);
		rig_off(&r);
	}
}

/* ---- who may ---- */

/* trust 9, 10 */
static void test_levels(void **state)
{
	static const struct {
		uint8_t level;
		uint16_t order, state;
	} levels[] = { { 0x00, SW_SECURITY_STATUS, SW_SECURITY_STATUS },
		{ 0x01, SW_SECURITY_STATUS, SW_SECURITY_STATUS },
		{ 0x11, SW_SECURITY_STATUS, SW_SECURITY_STATUS },
		{ 0x03, SW_OK, SW_SECURITY_STATUS }, { 0x13, SW_OK, SW_SECURITY_STATUS },
		{ 0x33, SW_OK, SW_OK } };
	struct trust_order o = { .kind = TRUST_TIME, .has_time = true };
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		assert_int_equal(select_aid(&r, ISD), SW_OK);
		r.keys = r.issue.keys;
		rig_session(&r, 0x30, levels[i].level);
		o.time = TRUST_NOW + (uint32_t)i;
		assert_int_equal(network_order(&r, &o, NULL), levels[i].order);
		assert_int_equal(r.v->chip.containers.time == o.time, levels[i].order == SW_OK);
		assert_int_equal(
		    say(&r, INS_GET_DATA, TAG_TRUSTS, span_of(NULL, 0), NULL), levels[i].state);
	}
	assert_int_equal(select_aid(&r, ISD), SW_OK);
	assert_int_equal(
	    rig_send(&r, 0x80, INS_GET_DATA, TAG_TRUSTS, span_of(NULL, 0)), SW_SECURITY_STATUS);
	rig_off(&r);
}

/* trust 9: a party in its container; a domain of the issuer's; a stranger in SCP11b; a terminal. */
static void test_strangers(void **state)
{
	static const struct grant_spec acme = { .who = "acme", .rights = 7 };
	struct trust_order o = { .kind = TRUST_REVOKE, .record = 1 };
	struct phone t;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	t = initialize(&r, 1, TRUST_AES_128);
	become_party(&r, &acme, 0x30);
	assert_int_equal(as_party(&r, BOX, 0x30, 0x30), SW_OK);
	assert_int_equal(network_order(&r, &o, NULL), SW_SECURITY_STATUS);
	assert_int_equal(
	    say(&r, INS_GET_DATA, TAG_TRUSTS, span_of(NULL, 0), NULL), SW_REFERENCE_NOT_FOUND);
	as_operator(&r);
	personal_domain(&r, DOMAIN, "80");
	assert_int_equal(select_aid(&r, DOMAIN), SW_OK);
	r.keys = r.issue.keys;
	rig_session(&r, 0x30, 0x33);
	assert_int_equal(network_order(&r, &o, NULL), SW_SECURITY_STATUS);
	assert_int_equal(
	    say(&r, INS_GET_DATA, TAG_TRUSTS, span_of(NULL, 0), NULL), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(stranger_open(&r, &t, ISD), SW_OK);
	assert_int_equal(network_order(&r, &o, NULL), SW_SECURITY_STATUS);
	assert_int_equal(
	    say(&r, INS_GET_DATA, TAG_TRUSTS, span_of(NULL, 0), NULL), SW_SECURITY_STATUS);
	assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
	assert_int_not_equal(network_order(&r, &o, NULL), SW_OK);
	assert_int_not_equal(say(&r, INS_GET_DATA, TAG_TRUSTS, span_of(NULL, 0), NULL), SW_OK);
	assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
	rig_off(&r);
}

/* trust 44: the octets of an order once more, in its session and in the next one. */
static void test_replay(void **state)
{
	const json_t *v = trust_case("initialization by the network");
	const char *order = json_string_value(json_array_get(json_object_get(v, "wrapped"), 0));
	const json_t *s = json_object_get(v, "session");
	struct wr before;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	rig_raw(&r, unit_hex(s, "initialize_update"));
	rig_raw(&r, unit_hex(s, "external_authenticate"));
	assert_int_equal(rig_raw(&r, unit_bytes(order)), SW_OK);
	before = memory_of(&r);
	assert_int_equal(rig_raw(&r, unit_bytes(order)), SW_SECURITY_STATUS);
	assert_int_equal(rig_raw(&r, unit_hex(s, "external_authenticate")), SW_CONDITIONS);
	rig_raw(&r, unit_hex(s, "initialize_update")); /* another challenge of the card */
	assert_int_equal(rig_raw(&r, unit_hex(s, "external_authenticate")), SW_SECURITY_STATUS);
	as_operator(&r);
	assert_int_equal(rig_raw(&r, unit_bytes(order)), SW_SECURITY_STATUS);
	wr_free(&before);
	assert_int_equal(chip_trust(r.v, 1)->last, 1);
	rig_off(&r);
}

/* ---- objects ---- */

static uint16_t order_object(struct rig *r, uint8_t record, uint8_t number, struct span value)
{
	struct trust_order o = {
		.kind = TRUST_OBJECT, .record = record, .number = number, .value = value
	};

	return network_order(r, &o, NULL);
}

/* trust 46 */
static void test_objects(void **state)
{
	static const uint8_t most[TRUST_OBJECT_MAX + 1] = { 1, 2, 3 };
	struct phone one, two;
	struct span got;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	one = initialize(&r, 1, TRUST_AES_128);
	two = initialize(&r, 2, TRUST_AES_128);
	as_phone(&r, &one);
	assert_int_equal(phone_put(&r, 1, span_str("x")), SW_CONDITIONS); /* before PRESENT */
	assert_int_equal(phone_get(&r, 1, &got), SW_CONDITIONS);
	assert_int_equal(presented(&r, &one), TRUST_GRANTED);
	assert_int_equal(phone_get(&r, 1, &got), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(phone_put(&r, 1, span_of(NULL, 0)), SW_REFERENCE_NOT_FOUND);
	for (uint8_t n = 1; n <= 15; n++)
		assert_int_equal(phone_put(&r, n, span_of(most, TRUST_OBJECT_MAX)), SW_OK);
	assert_int_equal(phone_get(&r, 15, &got), SW_OK);
	assert_span(got, span_of(most, TRUST_OBJECT_MAX));
	assert_int_equal(phone_put(&r, 1, SPAN(most)), SW_WRONG_DATA);     /* 401 octets */
	assert_int_equal(phone_put(&r, 16, span_str("x")), SW_WRONG_DATA); /* DF10 */
	assert_int_equal(phone_put(&r, 0, span_str("x")), SW_WRONG_DATA);
	assert_int_equal(phone_get(&r, 16, &got), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(say_hex(&r, INS_STORE_DATA, 0x9001, "DF010178"), SW_WRONG_P1P2);
	assert_int_equal(say_hex(&r, INS_STORE_DATA, 0x9000, "DF010178DF020178"), SW_WRONG_DATA);
	assert_int_equal(phone_put(&r, 1, span_of(NULL, 0)), SW_OK);
	assert_int_equal(phone_get(&r, 1, &got), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(terminal_check(&r, &two), TRUST_GRANTED);
	for (uint8_t n = 1; n <= 15; n++)
		assert_int_equal(phone_get(&r, n, &got), SW_REFERENCE_NOT_FOUND);
	assert_lasting(&r);
	rig_off(&r);
}

/* trust 46: those of the network; nobody else's way leads to them. */
static void test_objects_of_the_network(void **state)
{
	static const uint8_t most[TRUST_OBJECT_MAX + 1] = { 1, 2, 3 };
	struct phone t;
	struct span got;
	struct wr before;
	struct rig r;
	size_t n;

	(void)state;
	trust_on(&r, 0x70);
	t = initialize(&r, 3, TRUST_AES_256);
	as_operator(&r);
	assert_int_equal(order_object(&r, 1, 1, span_str("x")), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(order_object(&r, 3, 1, span_of(NULL, 0)), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(order_object(&r, 3, 1, span_of(most, TRUST_OBJECT_MAX)), SW_OK);
	assert_int_equal(order_object(&r, 3, 2, SPAN(most)), SW_WRONG_DATA);
	assert_int_equal(order_object(&r, 3, 16, span_str("x")), SW_WRONG_DATA);
	before = memory_of(&r);
	n = r.v->chip.objects_n;
	r.v->chip.objects_n = CHIP_OBJECTS_MAX; /* the table of the card is full */
	assert_int_equal(order_object(&r, 3, 2, span_str("x")), SW_NO_MEMORY);
	r.v->chip.objects_n = n;
	assert_same(&r, &before);
	assert_int_equal(
	    say(&r, INS_GET_DATA, 0xDF01, span_of(NULL, 0), NULL), SW_REFERENCE_NOT_FOUND);
	/* A domain by whose name they are kept cannot be made, nor the ISD be called so. */
	assert_int_equal(install_domain(&r, TRUST "03", "80"), SW_CONDITIONS);
	assert_int_equal(install_domain(&r, TRUST, "80"), SW_CONDITIONS);
	assert_int_equal(say_hex(&r, INS_STORE_DATA, 0x9000, "4F08" TRUST "03"), SW_WRONG_DATA);
	assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
	assert_int_equal(phone_get(&r, 1, &got), SW_OK);
	assert_span(got, span_of(most, TRUST_OBJECT_MAX));
	rig_off(&r);
}

/* trust 47 */
static void test_inherited(void **state)
{
	struct span got;
	struct rig r;

	(void)state;
	for (int keep = 0; keep < 2; keep++) {
		struct trust_order o = usual_order();
		struct phone t;

		trust_on(&r, 0x70);
		t = initialize(&r, 1, TRUST_AES_128);
		assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
		assert_int_equal(phone_put(&r, 1, span_str("mine")), SW_OK);
		assert_int_equal(phone_put(&r, 15, span_str("too")), SW_OK);
		o.generation = 2;
		o.keep = keep == 1;
		t = initialize_as(&r, &o);
		assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
		for (int i = 0; i < 2; i++)
			assert_int_equal(phone_get(&r, i == 0 ? 1 : 15, &got),
			    keep == 1 ? SW_OK : SW_REFERENCE_NOT_FOUND);
		assert_lasting(&r);
		rig_off(&r);
	}
}

/* ---- room ---- */

/* Two keys of each record have room in the card, whoever else has sets. */
static void test_all_records(void **state)
{
	struct phone t[TRUST_RECORDS];
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	for (uint8_t i = 0; i < TRUST_RECORDS; i++) {
		t[i] = initialize(&r, (uint8_t)(i + 1), i % 2 ? TRUST_AES_256 : TRUST_AES_128);
		t[i].clock += 60;
		assert_int_equal(terminal_check(&r, &t[i]), TRUST_GRANTED);
		assert_int_equal(phone_renew(&r, &t[i]), SW_OK);
	}
	assert_lasting(&r);
	rig_cycle(&r);
	for (uint8_t i = 0; i < TRUST_RECORDS; i++)
		assert_int_equal(terminal_check(&r, &t[i]), TRUST_GRANTED);
	rig_off(&r);
}

/* The table of all sets is full: no order and no renewal is begun, the old keys go on. */
static void test_no_room(void **state)
{
	struct trust_order o = usual_order();
	struct key k = some_key(16);
	struct phone t;
	struct wr before;
	struct rig r;
	size_t n;

	(void)state;
	trust_on(&r, 0x70);
	t = initialize(&r, 1, TRUST_AES_128);
	t.clock += 60;
	assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
	before = memory_of(&r);
	n = r.v->chip.keys_n;
	r.v->chip.keys_n = CHIP_KEYS_MAX;
	assert_int_equal(phone_renew(&r, &t), SW_NO_MEMORY);
	r.v->chip.keys_n = n;
	as_operator(&r);
	o.record = 2;
	r.v->chip.keys_n = CHIP_KEYS_MAX;
	assert_int_equal(network_order(&r, &o, &k), SW_NO_MEMORY);
	r.v->chip.keys_n = n;
	assert_same(&r, &before);
	assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
	assert_int_equal(phone_renew(&r, &t), SW_OK);
	rig_off(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_initialize_form),
		cmocka_unit_test(test_initialize_keys),
		cmocka_unit_test(test_generation),
		cmocka_unit_test(test_generation_of_a_renewal),
		cmocka_unit_test(test_key_check),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_strangers),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_objects_of_the_network),
		cmocka_unit_test(test_inherited),
		cmocka_unit_test(test_all_records),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, trust_rig_open, trust_rig_close);
}
