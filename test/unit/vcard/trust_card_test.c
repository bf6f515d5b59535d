/*
 * Trust records on the virtual card against the octets of test/vectors/trust.json, which an
 * independent model made; then the whole course of a record with a host of our own, for each
 * algorithm.
 */
#include "trust_rig.h"

static void assert_played(struct rig *r, struct span command, struct span answer)
{
	rig_raw(r, command);
	assert_span(span_of(r->answer, r->answer_n), answer);
}

static void play_session(struct rig *r, const json_t *session)
{
	assert_played(r, unit_hex(session, "initialize_update"), unit_hex(session, "answer"));
	assert_played(r, unit_hex(session, "external_authenticate"), unit_bytes("9000"));
}

static void play_select(struct rig *r)
{
	assert_int_equal(select_aid(r, TRUST), SW_OK);
	assert_span(rig_answer(r), unit_bytes("6F098407F0545255535401"));
}

static void play_order(struct rig *r, const json_t *v)
{
	assert_played(r,
	    unit_bytes(json_string_value(json_array_get(json_object_get(v, "wrapped"), 0))),
	    unit_hex(v, "answer"));
}

/* trust 2. Orders of the network: four initializations and others in one session. */
static void play_network(struct rig *r)
{
	const json_t *v = trust_case("initialization by the network");

	play_session(r, json_object_get(v, "session"));
	play_order(r, v);
}

static void test_orders_wire(void **state)
{
	const json_t *others = json_object_get(
	    trust_case("other orders of the network, in the same session, one after the other"),
	    "orders");
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	play_network(&r);
	play_order(&r, trust_case("initialization, P-256, record 3, in the same session"));
	play_order(&r, trust_case("open initialization, record 4: the first terminal with this "
				  "IMEI gets a key"));
	for (size_t i = 0; i < json_array_size(others); i++) {
		const json_t *o = json_array_get(others, i);

		assert_played(&r, unit_hex(o, "wrapped"), unit_hex(o, "answer"));
	}
	assert_int_equal(chip_trust(r.v, 1)->stage, TRUST_REVOKED);
	assert_int_equal(chip_trust(r.v, 3)->stage, TRUST_ACTIVE);
	assert_int_equal(chip_trust(r.v, 4)->stage, TRUST_OPEN);
	assert_int_equal(r.v->chip.containers.time, 0x6B379090);
	assert_lasting(&r);
	rig_off(&r);
}

static struct span wrapped_of(const json_t *step)
{
	return unit_hex(step, "wrapped");
}

/* Check, object, put, in the session of the case. Its random numbers are the model's own, so that
 * the course ends before RENEW. */
static void test_talk_wire(void **state)
{
	const json_t *v = trust_case(TRUST_TALK);
	const char *steps[] = { "PRESENT: trusted, renewal due", "get object 1", "put object 2" };
	struct trust_order o = {
		.kind = TRUST_OBJECT, .record = 1, .number = 1, .value = span_str("login")
	};
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	play_network(&r);
	as_operator(&r);
	assert_int_equal(network_order(&r, &o, NULL), SW_OK);
	play_select(&r);
	play_session(&r, json_object_get(v, "session"));
	for (size_t i = 0; i < 3; i++) {
		const json_t *step = trust_step(v, "steps", steps[i]);

		assert_played(&r, wrapped_of(step), unit_hex(step, "answer"));
	}
	rig_off(&r);
}

/* Each verdict is the first command of a session with sequence counter 2. */
static void play_verdict(struct rig *r, const char *what)
{
	const json_t *v = trust_case("PRESENT refused: 6300 with a verdict that carries an R-MAC "
				     "(each the first command of a session with sequence counter "
				     "2)");
	const json_t *step = trust_step(v, "verdicts", what);

	play_select(r);
	play_session(r, json_object_get(v, "session"));
	assert_played(r, wrapped_of(step), unit_hex(step, "answer"));
}

/* A card on which the key was used once. */
static void once_used(struct rig *r, const struct trust_order *more)
{
	struct trust_order o = usual_order();
	struct phone t;

	trust_on(r, 0x70);
	if (more != NULL)
		o.terms = more->terms;
	t = initialize_as(r, &o);
	as_phone(r, &t);
}

static void test_verdicts_wire(void **state)
{
	struct trust_order o = usual_order(), time = { .kind = TRUST_TIME, .has_time = true },
			   end = { .kind = TRUST_REVOKE, .record = 1 };
	struct rig r;

	(void)state;
	once_used(&r, NULL);
	play_verdict(&r, "another IMEI, kept");
	assert_int_equal(chip_trust(r.v, 1)->stage, TRUST_ACTIVE);
	rig_off(&r);
	o.terms.revokes = true;
	once_used(&r, &o);
	play_verdict(&r, "another IMEI, revoked by the card");
	assert_int_equal(chip_trust(r.v, 1)->cause, TRUST_ENDED_BY_TRAITS);
	rig_off(&r);
	once_used(&r, NULL);
	as_operator(&r);
	assert_int_equal(network_order(&r, &end, NULL), SW_OK);
	play_verdict(&r, "revoked");
	rig_off(&r);
	o = usual_order();
	o.terms.limited = true;
	once_used(&r, &o);
	play_verdict(&r, "uses spent");
	rig_off(&r);
	(void)time;
}

static void test_revoke_wire(void **state)
{
	const json_t *v = trust_case("revocation by the terminal");
	const json_t *step = trust_step(v, "steps", "REVOKE");
	struct phone t;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	t = initialize(&r, 1, TRUST_AES_128);
	as_phone(&r, &t);
	as_phone(&r, &t);
	play_select(&r);
	play_session(&r, json_object_get(v, "session"));
	assert_played(&r, wrapped_of(step), unit_hex(step, "answer"));
	assert_int_equal(chip_trust(r.v, 1)->cause, TRUST_ENDED_BY_TERMINAL);
	rig_off(&r);
}

/* FF74 as the model writes it: record 1 renewing, record 3 revoked by its terminal. */
static void test_state_wire(void **state)
{
	struct trust_order o = usual_order();
	struct phone one, three;
	struct rig r;
	struct span got;
	struct card_trust t;

	(void)state;
	trust_on(&r, 0x70);
	one = initialize(&r, 1, TRUST_AES_128);
	o.record = 3;
	o.algorithm = TRUST_P256;
	o.traits.has_throughput = false;
	three = initialize_as(&r, &o);
	one.clock = three.clock = 0x6B5B1B00;
	as_phone(&r, &one);
	assert_int_equal(presented(&r, &one), TRUST_DUE);
	assert_int_equal(phone_renew(&r, &one), SW_OK);
	as_phone(&r, &three);
	assert_int_equal(presented(&r, &three), TRUST_DUE);
	assert_int_equal(say(&r, INS_REVOKE, 3, span_of(NULL, 0), NULL), SW_OK);
	as_operator(&r);
	assert_int_equal(say(&r, INS_GET_DATA, TAG_TRUSTS, span_of(NULL, 0), &got), SW_OK);
	assert_span(got,
	    unit_hex(trust_case("FF74 as the network reads it: record 1 renewing, record 3 revoked "
				"by the terminal"),
		"answer"));
	t = *chip_trust(r.v, 1);
	assert_int_equal(t.pending.version, 0x21);
	assert_lasting(&r);
	rig_off(&r);
}

static void test_time_rows(void **state)
{
	const json_t *rows = json_object_get(
	    trust_case("time: now = max(card time, floor of the record, claimed)"), "rows");

	(void)state;
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		uint32_t t = (uint32_t)json_integer_value(json_object_get(row, "card_time"));
		struct phone one;
		struct card_trust set;
		struct rig r;

		trust_on(&r, 0x70);
		one = initialize(&r, 1, TRUST_AES_128);
		set = *chip_trust(r.v, 1);
		set.floor = (uint32_t)json_integer_value(json_object_get(row, "floor"));
		chip_put_trust(r.v, &set);
		chip_put_time(r.v, t);
		assert_true(chip_commit(r.v));
		one.clock = (uint32_t)json_integer_value(json_object_get(row, "claimed"));
		as_phone(&r, &one);
		assert_int_equal(presented(&r, &one), strtoul(unit_str(row, "result"), NULL, 16));
		assert_int_equal(one.verdict.now, json_integer_value(json_object_get(row, "now")));
		rig_off(&r);
	}
}

/* ---- the whole course ---- */

/* trust 3 */
static void check_course(uint8_t record, uint8_t algorithm, uint8_t i)
{
	struct phone t;
	struct rig r;
	struct span got;

	trust_on(&r, i);
	t = initialize(&r, record, algorithm);
	as_phone(&r, &t);
	assert_int_equal(presented(&r, &t), TRUST_GRANTED);
	assert_int_equal(phone_put(&r, 5, span_str("rights")), SW_OK);
	assert_int_equal(phone_get(&r, 5, &got), SW_OK);
	assert_span(got, span_str("rights"));
	t.clock = TRUST_EXPIRY - TRUST_WINDOW;
	assert_int_equal(presented(&r, &t), TRUST_DUE);
	assert_int_equal(phone_renew(&r, &t), SW_OK);
	assert_int_equal(t.pending.generation, 2);
	assert_int_equal(t.pending.expiry, t.clock + TRUST_PERIOD);
	assert_int_equal(phone_confirm(&r, &t), SW_OK);
	assert_int_equal(t.verdict.result, TRUST_GRANTED);
	/* It stays trusted, and opens with the new key from now on. */
	assert_int_equal(phone_get(&r, 5, &got), SW_OK);
	assert_int_not_equal(phone_open(&r, &t, &t.current, 0x10 + record), SW_OK);
	phone_takes(&t);
	assert_int_equal(phone_open(&r, &t, &t.current, 0x20 + record), SW_OK);
	assert_int_equal(presented(&r, &t), TRUST_GRANTED);
	assert_int_equal(phone_get(&r, 5, &got), SW_OK);
	assert_span(got, span_str("rights"));
	assert_lasting(&r);
	rig_off(&r);
}

static void test_courses(void **state)
{
	(void)state;
	check_course(1, TRUST_AES_128, 0x70);
	check_course(7, TRUST_AES_256, 0x70);
	check_course(2, TRUST_AES_256, 0x71);
	check_course(1, TRUST_AES_128, 0x60);
	check_course(3, TRUST_P256, 0x70);
}

static void test_course_open(void **state)
{
	struct trust_order o = usual_order();
	struct phone t;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	o.open = true;
	o.record = 4;
	o.algorithm = TRUST_AES_256;
	t = initialize_as(&r, &o);
	assert_int_equal(phone_open_anonymous(&r, &t), SW_OK);
	assert_int_equal(presented(&r, &t), TRUST_OPENED);
	assert_int_equal(t.verdict.renew_from, TRUST_NOW);
	assert_int_equal(phone_renew(&r, &t), SW_OK);
	assert_int_equal(phone_confirm(&r, &t), SW_OK);
	assert_int_equal(chip_trust(r.v, 4)->stage, TRUST_ACTIVE);
	phone_takes(&t);
	/* Who did not show a key does not speak for the record any more. */
	assert_int_equal(presented(&r, &t), SW_CONDITIONS);
	assert_int_equal(phone_open(&r, &t, &t.current, 0x24), SW_OK);
	assert_int_equal(presented(&r, &t), TRUST_GRANTED);
	assert_lasting(&r);
	rig_off(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_orders_wire),
		cmocka_unit_test(test_talk_wire),
		cmocka_unit_test(test_verdicts_wire),
		cmocka_unit_test(test_revoke_wire),
		cmocka_unit_test(test_state_wire),
		cmocka_unit_test(test_time_rows),
		cmocka_unit_test(test_courses),
		cmocka_unit_test(test_course_open),
	};

	return cmocka_run_group_tests(tests, trust_rig_open, trust_rig_close);
}
