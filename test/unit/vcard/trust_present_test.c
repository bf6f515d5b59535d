/*
 * PRESENT (trust.md 4, 5): characteristics, time and uses. Numbers are those of trust.md 11.
 */
#include "trust_rig.h"

/* A record with these characteristics, NULL: the usual ones; what of them is sent, says each test.
 */
static struct phone with_traits(struct rig *r, const struct trust_traits *traits, bool revokes)
{
	struct trust_order o = usual_order();

	trust_on(r, 0x70);
	if (traits != NULL)
		o.traits = *traits;
	o.terms.revokes = revokes;
	return initialize_as(r, &o);
}

static int present_as(struct rig *r, struct phone *t, const struct trust_traits *has)
{
	struct trust_present p = { .time = t->clock, .traits = *has };
	uint8_t room[256];
	struct wr w = wr_fixed(room, sizeof(room));
	struct span got;
	uint16_t sw;

	as_phone(r, t);
	trust_present_put(&w, &p);
	sw = say(r, INS_PRESENT, t->record, wr_span(&w), &got);
	if (sw != SW_OK && sw != SW_AUTH_FAILED)
		return sw;
	assert_true(trust_verdict_get(got, &t->verdict));
	return (int)t->verdict.result;
}

/* trust 16, 17 */
static void test_other_imei(void **state)
{
	struct phone t, true_one;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	t = initialize(&r, 1, TRUST_AES_128);
	t.clock++; /* so that a renewal would be one */
	true_one = t;
	t.imei = OTHER_IMEI;
	assert_int_equal(terminal_check(&r, &t), TRUST_DIFFERS);
	assert_int_equal(phone_renew(&r, &t), SW_CONDITIONS);
	assert_int_equal(chip_trust(r.v, 1)->stage, TRUST_ACTIVE);
	assert_int_equal(terminal_check(&r, &true_one), TRUST_GRANTED);
	/* What was trusted is so no more when it shows something else. */
	true_one.imei = OTHER_IMEI;
	assert_int_equal(presented(&r, &true_one), TRUST_DIFFERS);
	assert_int_equal(phone_renew(&r, &true_one), SW_CONDITIONS);
	rig_off(&r);

	t = true_one = with_traits(&r, NULL, true);
	true_one.clock++;
	assert_int_equal(terminal_check(&r, &true_one), TRUST_GRANTED);
	assert_int_equal(phone_renew(&r, &true_one), SW_OK);
	t.imei = OTHER_IMEI;
	assert_int_equal(terminal_check(&r, &t), TRUST_DIFFERS_REVOKED);
	assert_int_equal(chip_trust(r.v, 1)->stage, TRUST_REVOKED);
	assert_int_equal(chip_trust(r.v, 1)->cause, TRUST_ENDED_BY_TRAITS);
	assert_int_equal(chip_trust(r.v, 1)->pending.version, 0);
	rig_cycle(&r);
	assert_int_equal(terminal_check(&r, &true_one), TRUST_IS_REVOKED);
	assert_lasting(&r);
	rig_off(&r);
}

/* trust 17: the characteristic that differs comes with the key that waits to be confirmed. */
static void test_pending_with_other_imei(void **state)
{
	struct phone t;
	struct rig r;

	(void)state;
	for (int revokes = 0; revokes < 2; revokes++) {
		t = with_traits(&r, NULL, revokes == 1);
		t.clock++;
		assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
		assert_int_equal(phone_renew(&r, &t), SW_OK);
		t.imei = OTHER_IMEI;
		assert_int_equal(
		    terminal_check(&r, &t), revokes ? TRUST_DIFFERS_REVOKED : TRUST_DIFFERS);
		assert_int_equal(chip_trust(r.v, 1)->current.generation, 1); /* not promoted */
		t.imei = IMEI;
		assert_int_equal(
		    terminal_check(&r, &t), revokes ? TRUST_IS_REVOKED : TRUST_GRANTED);
		assert_int_equal(chip_trust(r.v, 1)->current.generation, revokes ? 1 : 2);
		rig_off(&r);
	}
}

/* trust 18, 19, 20: each characteristic that the record has, and no other. */
static void test_traits(void **state)
{
	static const uint8_t thumb[TRUST_THUMBPRINT] = { 1, 2, 3 };
	const struct trust_traits all = { .imei = span_str(IMEI),
		.has_throughput = true,
		.throughput = 300,
		.thumbprint = SPAN(thumb),
		.other = span_str("any") };
	struct trust_traits t;
	uint8_t bent[TRUST_THUMBPRINT];
	struct phone one;
	struct rig r;

	(void)state;
	one = with_traits(&r, &all, false);
	assert_int_equal(present_as(&r, &one, &all), TRUST_GRANTED);
	for (int i = 0; i < 8; i++) {
		t = all;
		if (i == 0)
			t.imei = span_of(NULL, 0);
		else if (i == 1)
			t.has_throughput = false;
		else if (i == 2)
			t.thumbprint = span_of(NULL, 0);
		else if (i == 3)
			t.other = span_of(NULL, 0);
		else if (i == 4)
			t.throughput = 299;
		else if (i == 5)
			t.other = span_str("anyx");
		else if (i == 6)
			t.other = span_str("an");
		else
			t = (struct trust_traits){ 0 };
		assert_int_equal(present_as(&r, &one, &t), TRUST_DIFFERS);
	}
	for (size_t bit = 0; bit < 8 * sizeof(thumb); bit += unit_step(13)) {
		memcpy(bent, thumb, sizeof(thumb));
		bent[bit / 8] ^= (uint8_t)(1 << bit % 8);
		t = all;
		t.thumbprint = SPAN(bent);
		assert_int_equal(present_as(&r, &one, &t), TRUST_DIFFERS);
	}
	rig_off(&r);
	t = (struct trust_traits){ .thumbprint = SPAN(thumb) };
	one = with_traits(&r, &t, true);
	assert_int_equal(present_as(&r, &one, &all), TRUST_GRANTED);
	rig_off(&r);
}

/* Not a PRESENT: 6A80, and what was trusted is so no more. */
static void test_form(void **state)
{
	static const char *const bad[] = { "", "9A046B3790FF", "A900", "9A036B3790A900",
		"9A046B3790FFA90000", "A9009A046B3790FF",
		"9A046B3790FFA911810F333532303939303031373631343832" };
	struct phone t;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	t = initialize(&r, 1, TRUST_AES_128);
	t.clock++; /* so that a renewal would be one */
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
		assert_int_equal(say_hex(&r, INS_PRESENT, 0x0001, bad[i]), SW_WRONG_DATA);
		assert_int_equal(phone_renew(&r, &t), SW_CONDITIONS);
	}
	assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
	t.record = 2; /* P2 */
	assert_int_equal(presented(&r, &t), SW_CONDITIONS);
	t.record = 1;
	assert_int_equal(say_hex(&r, INS_PRESENT, 0x0101, ""), SW_WRONG_P1P2);
	assert_int_equal(say_hex(&r, INS_CHANGE_MODE, 0x0000, ""), SW_INS_NOT_SUPPORTED);
	rig_off(&r);
}

/* ---- time ---- */

/* trust 21, 22, 43 */
static void test_edges(void **state)
{
	static const struct {
		uint32_t clock;
		int result;
	} rows[] = { { TRUST_EXPIRY - TRUST_WINDOW - 1, TRUST_GRANTED },
		{ TRUST_EXPIRY - TRUST_WINDOW, TRUST_DUE }, { TRUST_EXPIRY - 1, TRUST_DUE },
		{ TRUST_EXPIRY, TRUST_IS_EXPIRED }, { TRUST_NOW, TRUST_IS_EXPIRED },
		{ 0, TRUST_IS_EXPIRED } };
	struct card_trust set;
	struct phone t;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	t = initialize(&r, 1, TRUST_AES_128);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		t.clock = rows[i].clock;
		assert_int_equal(terminal_check(&r, &t), rows[i].result);
		assert_int_equal(t.verdict.expiry, TRUST_EXPIRY);
		assert_int_equal(t.verdict.renew_from, TRUST_EXPIRY - TRUST_WINDOW);
		if (rows[i].result == TRUST_IS_EXPIRED)
			rig_cycle(&r);
	}
	assert_int_equal(chip_trust(r.v, 1)->stage, TRUST_EXPIRED);
	assert_lasting(&r);
	/* EXPIRED is a state: whatever the card has of the time. */
	set = *chip_trust(r.v, 1);
	set.floor = 0;
	chip_put_trust(r.v, &set);
	assert_true(chip_commit(r.v));
	assert_int_equal(terminal_check(&r, &t), TRUST_IS_EXPIRED);
	rig_off(&r);
}

/* trust 22, 24: the floor moves by the hour, or with anything else that is written. */
static void test_floor(void **state)
{
	struct trust_order o = usual_order();
	struct phone t;
	uint32_t writes;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	t = initialize(&r, 1, TRUST_AES_128);
	assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
	assert_int_equal(chip_trust(r.v, 1)->floor, TRUST_NOW);
	t.clock += TRUST_FLOOR_STEP - 1;
	writes = r.v->writes;
	assert_int_equal(presented(&r, &t), TRUST_GRANTED);
	assert_int_equal(r.v->writes, writes);
	assert_int_equal(t.verdict.now, t.clock);
	t.clock++;
	assert_int_equal(presented(&r, &t), TRUST_GRANTED);
	assert_int_equal(r.v->writes, writes + 1);
	assert_int_equal(chip_trust(r.v, 1)->floor, t.clock);
	t.clock -= 7000;
	assert_int_equal(presented(&r, &t), TRUST_GRANTED);
	assert_int_equal(t.verdict.now, t.clock + 7000);
	assert_int_equal(r.v->writes, writes + 1);
	o.generation = 2;
	o.terms.limited = true;
	o.terms.uses = 9;
	t = initialize_as(&r, &o);
	assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
	t.clock++;
	assert_int_equal(presented(&r, &t), TRUST_GRANTED);
	assert_int_equal(chip_trust(r.v, 1)->floor, t.clock);
	rig_off(&r);
}

/* trust 25 */
static void test_network_time(void **state)
{
	struct trust_order o = { .kind = TRUST_TIME, .has_time = true, .time = TRUST_EXPIRY };
	struct phone t;
	struct span got;
	struct rig r;

	(void)state;
	for (int middle = 0; middle < 2; middle++) {
		trust_on(&r, 0x70);
		t = initialize(&r, 1, TRUST_AES_128);
		as_operator(&r);
		if (middle == 0) {
			assert_int_equal(network_order(&r, &o, NULL), SW_OK);
			assert_int_equal(terminal_check(&r, &t), TRUST_IS_EXPIRED);
			rig_off(&r);
			continue;
		}
		assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
		assert_int_equal(phone_put(&r, 1, span_str("x")), SW_OK);
		chip_put_time(r.v, TRUST_EXPIRY);
		assert_true(chip_commit(r.v));
		assert_int_equal(phone_get(&r, 1, &got), SW_CONDITIONS);
		assert_int_equal(phone_renew(&r, &t), SW_CONDITIONS);
		assert_int_equal(phone_put(&r, 2, span_str("x")), SW_CONDITIONS);
		assert_int_equal(presented(&r, &t), TRUST_IS_EXPIRED);
		rig_off(&r);
	}
}

/* trust 26 */
static void test_far_future(void **state)
{
	struct phone one, two;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	one = initialize(&r, 1, TRUST_AES_128);
	two = initialize(&r, 2, TRUST_AES_128);
	one.clock = 0xFFFFFFFF;
	assert_int_equal(terminal_check(&r, &one), TRUST_IS_EXPIRED);
	assert_int_equal(chip_trust(r.v, 1)->stage, TRUST_EXPIRED);
	assert_int_equal(r.v->chip.containers.time, TRUST_NOW);
	assert_int_equal(terminal_check(&r, &two), TRUST_GRANTED);
	assert_int_equal(two.verdict.now, TRUST_NOW);
	rig_off(&r);
}

/* trust 28 */
static void test_uses(void **state)
{
	struct trust_order o = usual_order();
	struct trust_record told_of;
	struct phone t;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	o.terms.limited = true;
	o.terms.uses = 3;
	t = initialize_as(&r, &o);
	t.clock++;
	for (int i = 0; i < 2; i++)
		assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
	t.imei = OTHER_IMEI; /* costs none */
	assert_int_equal(terminal_check(&r, &t), TRUST_DIFFERS);
	t.imei = IMEI;
	rig_cycle(&r);
	assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
	assert_int_equal(phone_renew(&r, &t), SW_OK);
	/* The answer to CONFIRM is never asked for: the new key opens, with uses of its own. */
	for (int i = 0; i < 3; i++)
		assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
	assert_int_equal(terminal_check(&r, &t), TRUST_USES_SPENT);
	assert_int_equal(phone_renew(&r, &t), SW_CONDITIONS);
	as_operator(&r);
	assert_true(told(&r, 1, &told_of));
	assert_int_equal(told_of.stage, TRUST_ACTIVE);
	assert_true(told_of.limited);
	assert_int_equal(told_of.uses_left, 0);
	assert_lasting(&r);
	rig_off(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_other_imei),
		cmocka_unit_test(test_pending_with_other_imei),
		cmocka_unit_test(test_traits),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_floor),
		cmocka_unit_test(test_network_time),
		cmocka_unit_test(test_far_future),
		cmocka_unit_test(test_uses),
	};

	return cmocka_run_group_tests(tests, trust_rig_open, trust_rig_close);
}
