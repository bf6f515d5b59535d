/*
 * Renewal (trust.md 4 to 6): the new key, its receipt, open records, and power that fails before,
 * in and after every write. Numbers are those of trust.md 11.
 */
#include "trust_rig.h"

static const uint8_t algorithms[] = { TRUST_AES_128, TRUST_AES_256, TRUST_P256 };

/* A record whose terminal was trusted when renewal was due. */
static struct phone due(struct rig *r, uint8_t algorithm)
{
	struct phone t;

	trust_on(r, 0x70);
	t = initialize(r, 1, algorithm);
	t.clock = TRUST_EXPIRY - TRUST_WINDOW;
	assert_int_equal(terminal_check(r, &t), TRUST_DUE);
	return t;
}

/* trust 30 */
static void test_when(void **state)
{
	struct card_trust set;
	struct phone t;
	struct rig r;

	(void)state;
	t = due(&r, TRUST_AES_128);
	assert_int_equal(phone_renew(&r, &t), SW_OK);
	assert_int_equal(t.pending.generation, 2);
	assert_int_equal(t.pending.version, 0x21);
	assert_int_equal(t.pending.expiry, t.clock + TRUST_PERIOD);
	rig_off(&r);
	trust_on(&r, 0x70);
	t = initialize(&r, 1, TRUST_AES_128);
	t.clock++;
	assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
	assert_int_equal(say_hex(&r, INS_RENEW, 0x0001, "00"), SW_WRONG_LENGTH);
	assert_int_equal(phone_renew(&r, &t), SW_OK); /* before it is due */
	/* No number is left for another key. */
	set = *chip_trust(r.v, 1);
	set.last = UINT32_MAX;
	chip_put_trust(r.v, &set);
	assert_true(chip_commit(r.v));
	assert_int_equal(phone_renew(&r, &t), SW_CONDITIONS);
	rig_off(&r);
	trust_on(&r, 0x70);
	t = initialize(&r, 1, TRUST_AES_128);
	t.clock = TRUST_EXPIRY;
	assert_int_equal(terminal_check(&r, &t), TRUST_IS_EXPIRED);
	assert_int_equal(phone_renew(&r, &t), SW_CONDITIONS);
	rig_off(&r);
}

/* trust 31 */
static void test_horizon(void **state)
{
	struct trust_order o = usual_order();
	struct phone t;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	o.terms.horizon = TRUST_EXPIRY + 100;
	t = initialize_as(&r, &o);
	t.clock = TRUST_EXPIRY - 10;
	assert_int_equal(terminal_check(&r, &t), TRUST_DUE);
	assert_int_equal(phone_renew(&r, &t), SW_OK);
	assert_int_equal(t.pending.expiry, o.terms.horizon);
	assert_int_equal(phone_confirm(&r, &t), SW_OK);
	phone_takes(&t);
	assert_int_equal(terminal_check(&r, &t), TRUST_DUE);
	assert_int_equal(phone_renew(&r, &t), SW_CONDITIONS);
	t.clock = o.terms.horizon;
	assert_int_equal(terminal_check(&r, &t), TRUST_IS_EXPIRED);
	rig_off(&r);
}

/* trust 32 */
static void test_not_trusted(void **state)
{
	struct trust_order end = { .kind = TRUST_REVOKE, .record = 1 };
	struct phone t;
	struct rig r;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		t = due(&r, algorithms[i]); /* by the floor a renewal would be one */
		as_phone(&r, &t);
		assert_int_equal(phone_renew(&r, &t), SW_CONDITIONS);
		as_operator(&r);
		assert_int_equal(network_order(&r, &end, NULL), SW_OK);
		as_phone(&r, &t);
		assert_int_equal(phone_renew(&r, &t), SW_CONDITIONS);
		assert_int_equal(presented(&r, &t), TRUST_IS_REVOKED);
		assert_int_equal(phone_renew(&r, &t), SW_CONDITIONS);
		rig_off(&r);
	}
}

/* trust 34 */
static void test_wrong_proof(void **state)
{
	uint8_t room[EC_SIGNATURE_MAX];
	struct rig r;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		uint8_t algorithm = algorithms[i % 3];
		struct phone t = due(&r, algorithm), other;
		struct wr w = wr_fixed(room, sizeof(room));

		assert_int_equal(phone_confirm_with(&r, &t, 1, unit_bytes("00")), SW_WRONG_DATA);
		assert_int_equal(phone_renew(&r, &t), SW_OK);
		other = t;
		phone_proof(&t, &w);
		assert_int_equal(
		    phone_confirm_with(&r, &t, 1, wr_span(&w)), SW_CONDITIONS); /* old n' */
		assert_int_equal(phone_confirm_with(&r, &t, 3, wr_span(&w)), SW_CONDITIONS);
		if (i < 3) {
			room[w.n - 1] ^= 0x01;
		} else { /* of another session */
			assert_int_equal(phone_open(&r, &t, &t.current, 0x11), SW_OK);
			assert_int_equal(presented(&r, &t), TRUST_DUE);
		}
		assert_int_equal(phone_confirm_with(&r, &t, 2, wr_span(&w)), SW_AUTH_FAILED);
		assert_int_equal(t.verdict.result, TRUST_PROOF_WRONG);
		assert_int_equal(t.verdict.generation, 1);
		assert_int_equal(chip_trust(r.v, 1)->pending.version, 0);
		/* n' opens nothing, n goes on, and the number is not given again. */
		assert_int_equal(
		    phone_open(&r, &other, &other.pending, 0x21), SW_REFERENCE_NOT_FOUND);
		assert_int_equal(terminal_check(&r, &other), TRUST_DUE);
		assert_int_equal(phone_renew(&r, &other), SW_OK);
		assert_int_equal(other.pending.generation, 3);
		assert_lasting(&r);
		rig_off(&r);
	}
}

/* trust 35, 50 */
static void test_old_key(void **state)
{
	struct phone t;
	struct phone_key old;
	struct rig r;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		t = due(&r, algorithms[i % 3]);
		old = t.current;
		assert_int_equal(phone_renew(&r, &t), SW_OK);
		if (i < 3)
			assert_int_equal(phone_confirm(&r, &t), SW_OK);
		assert_int_equal(phone_open(&r, &t, &t.pending, 0x21), SW_OK);
		assert_int_equal(presented(&r, &t), TRUST_GRANTED);
		assert_int_equal(phone_open(&r, &t, &old, 0x11), SW_REFERENCE_NOT_FOUND);
		assert_int_equal(chip_trust(r.v, 1)->current.generation, 2);
		/* And back to the first version, with a third key. */
		phone_takes(&t);
		t.clock += 3600;
		assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
		assert_int_equal(phone_renew(&r, &t), SW_OK);
		assert_int_equal(t.pending.version, 0x11);
		assert_int_equal(phone_confirm(&r, &t), SW_OK);
		phone_takes(&t);
		assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
		rig_off(&r);
	}
}

/* trust 36 */
static void test_twice(void **state)
{
	struct phone t, first;
	struct rig r;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		t = due(&r, algorithms[i]);
		assert_int_equal(phone_renew(&r, &t), SW_OK);
		first = t;
		assert_int_equal(phone_renew(&r, &t), SW_OK);
		assert_int_equal(t.pending.generation, 3);
		assert_int_equal(t.pending.version, first.pending.version);
		assert_false(span_eq(key_span(&t.pending.k), key_span(&first.pending.k)));
		assert_int_equal(phone_confirm(&r, &first), SW_CONDITIONS);
		assert_int_equal(phone_confirm(&r, &t), SW_OK);
		assert_int_equal(phone_confirm(&r, &t), SW_CONDITIONS);
		rig_off(&r);
	}
}

/* trust 37: in its own time, and not after it. */
static void test_promoted_late(void **state)
{
	struct phone t;
	struct rig r;

	(void)state;
	for (size_t i = 0; i < 12; i++) {
		bool ended = i % 2 == 1, late = i >= 6;
		struct phone old;

		t = due(&r, algorithms[i / 2 % 3]);
		assert_int_equal(phone_renew(&r, &t), SW_OK);
		old = t;
		old.clock = TRUST_EXPIRY;
		old.pending.generation = 0;
		if (ended) /* the card has heard of it */
			assert_int_equal(terminal_check(&r, &old), TRUST_IS_EXPIRED);
		t.clock = late ? t.pending.expiry : TRUST_EXPIRY + 1;
		assert_int_equal(terminal_check(&r, &t), late ? TRUST_IS_EXPIRED : TRUST_GRANTED);
		assert_int_equal(chip_trust(r.v, 1)->stage, late ? TRUST_EXPIRED : TRUST_ACTIVE);
		if (late) {
			t.clock = TRUST_NOW;
			assert_int_equal(presented(&r, &t), TRUST_IS_EXPIRED);
		} else {
			assert_int_equal(phone_renew(&r, &t), SW_OK); /* and it goes on */
		}
		rig_off(&r);
	}
}

/* trust 39: on the card's side; the other one's key opens nothing. */
static void test_copied_file(void **state)
{
	struct trust_record told_of;
	struct phone t, copy;
	struct rig r;

	(void)state;
	t = due(&r, TRUST_AES_128);
	copy = t;
	assert_int_equal(terminal_check(&r, &copy), TRUST_DUE);
	assert_int_equal(phone_renew(&r, &copy), SW_OK);
	assert_int_equal(phone_confirm(&r, &copy), SW_OK);
	assert_int_equal(terminal_check(&r, &t), SW_REFERENCE_NOT_FOUND);
	as_operator(&r);
	assert_true(told(&r, 1, &told_of));
	assert_int_equal(told_of.generation, 2);
	rig_off(&r);
}

/* ---- open records ---- */

static struct phone opened(struct rig *r, uint8_t algorithm)
{
	struct trust_order o = usual_order();

	trust_on(r, 0x70);
	o.open = true;
	o.algorithm = algorithm;
	return initialize_as(r, &o);
}

static int check_anonymous(struct rig *r, struct phone *t)
{
	uint16_t sw = phone_open_anonymous(r, t);

	return sw == SW_OK ? presented(r, t) : sw;
}

/* trust 48 */
static void test_open(void **state)
{
	struct trust_order put = {
		.kind = TRUST_OBJECT, .record = 1, .number = 1, .value = span_str("mine")
	};
	struct phone t, second;
	struct span got;
	struct rig r;

	(void)state;
	t = second = opened(&r, TRUST_AES_128);
	assert_int_equal(network_order(&r, &put, NULL), SW_OK);
	t.imei = OTHER_IMEI;
	for (int i = 0; i < 10; i++)
		assert_int_equal(check_anonymous(&r, &t), TRUST_DIFFERS);
	assert_int_equal(check_anonymous(&r, &t), SW_CONDITIONS);
	assert_int_equal(check_anonymous(&r, &second), SW_CONDITIONS);
	vcard_reset(r.v);
	assert_int_equal(check_anonymous(&r, &t), TRUST_DIFFERS);
	t.imei = IMEI;
	t.clock = TRUST_EXPIRY + 5; /* is not believed */
	assert_int_equal(check_anonymous(&r, &t), TRUST_OPENED);
	/* The first key is all that there is for it: no object, no revocation. */
	assert_int_equal(phone_get(&r, 1, &got), SW_CONDITIONS);
	assert_int_equal(phone_put(&r, 1, span_str("x")), SW_CONDITIONS);
	assert_int_equal(say_hex(&r, INS_REVOKE, 0x0001, ""), SW_CONDITIONS);
	assert_int_equal(phone_renew(&r, &t), SW_OK);
	assert_int_equal(t.pending.generation, 2);
	assert_int_equal(t.pending.expiry, TRUST_NOW + TRUST_PERIOD);
	assert_int_equal(phone_confirm(&r, &t), SW_OK);
	phone_takes(&t);
	assert_int_equal(phone_get(&r, 1, &got), SW_CONDITIONS);
	assert_int_equal(check_anonymous(&r, &second), SW_REFERENCE_NOT_FOUND);
	t.clock = TRUST_NOW;
	assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
	assert_int_equal(phone_get(&r, 1, &got), SW_OK);
	assert_span(got, span_str("mine"));
	assert_lasting(&r);
	rig_off(&r);
}

/* trust 48: the network's time alone ends the waiting. */
static void test_open_ends(void **state)
{
	struct trust_order o = { .kind = TRUST_TIME, .has_time = true, .time = TRUST_EXPIRY };
	struct phone t;
	struct rig r;

	(void)state;
	t = opened(&r, TRUST_AES_256);
	assert_int_equal(network_order(&r, &o, NULL), SW_OK);
	assert_int_equal(check_anonymous(&r, &t), TRUST_IS_EXPIRED);
	assert_int_equal(chip_trust(r.v, 1)->stage, TRUST_EXPIRED);
	assert_int_equal(presented(&r, &t), SW_CONDITIONS);
	assert_int_equal(check_anonymous(&r, &t), SW_REFERENCE_NOT_FOUND);
	rig_off(&r);
}

/* trust 48: two records, one session: what was shown for one counts for no other. */
static void test_open_two(void **state)
{
	struct trust_order o = usual_order();
	struct phone t, closed;
	struct rig r;

	(void)state;
	t = opened(&r, TRUST_AES_128);
	o.record = 2;
	o.open = true;
	assert_int_equal(initialize_try(&r, &o, &closed), SW_OK);
	closed = initialize(&r, 3, TRUST_AES_128);
	assert_int_equal(check_anonymous(&r, &t), TRUST_OPENED);
	t.record = 2;
	assert_int_equal(phone_renew(&r, &t), SW_CONDITIONS);
	assert_int_equal(presented(&r, &t), TRUST_OPENED);
	for (uint8_t record = 0; record < 9; record++) {
		t.record = record;
		if (record != 1 && record != 2)
			assert_int_equal(presented(&r, &t), SW_CONDITIONS);
	}
	rig_off(&r);
}

/* trust 33 of an open record: CONFIRM lost on the way there, the key opens and is promoted. */
static void test_open_promoted(void **state)
{
	struct phone t;
	struct rig r;

	(void)state;
	t = opened(&r, TRUST_AES_128);
	assert_int_equal(check_anonymous(&r, &t), TRUST_OPENED);
	assert_int_equal(phone_renew(&r, &t), SW_OK);
	rig_cycle(&r);
	assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
	assert_int_equal(chip_trust(r.v, 1)->stage, TRUST_ACTIVE);
	assert_int_equal(t.current.generation, 2);
	t.clock++;
	assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
	assert_int_equal(phone_renew(&r, &t), SW_OK);
	rig_off(&r);
}

/* A key that nobody confirmed in its time does not end the waiting for the true terminal. */
static void test_open_pending_ends(void **state)
{
	struct trust_order o = usual_order(),
			   time = { .kind = TRUST_TIME, .has_time = true, .time = TRUST_NOW + 60 };
	struct phone t, late;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	o.open = true;
	o.terms.period = 60;
	o.terms.window = 0;
	t = late = initialize_as(&r, &o);
	assert_int_equal(check_anonymous(&r, &late), TRUST_OPENED);
	assert_int_equal(phone_renew(&r, &late), SW_OK);
	as_operator(&r);
	assert_int_equal(network_order(&r, &time, NULL), SW_OK);
	assert_int_equal(terminal_check(&r, &late), TRUST_IS_EXPIRED);
	assert_int_equal(chip_trust(r.v, 1)->stage, TRUST_OPEN);
	assert_int_equal(phone_open(&r, &late, &late.pending, 0x21), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(check_anonymous(&r, &t), TRUST_OPENED);
	assert_lasting(&r);
	rig_off(&r);
}

/* ---- power ---- */

struct cut_case {
	struct phone t;
	bool revoked; /* the command was to end the record */
};

static uint16_t cut_present(struct rig *r, struct cut_case *c)
{
	return presented(r, &c->t) == TRUST_GRANTED ? SW_OK : 0;
}

static uint16_t cut_renew(struct rig *r, struct cut_case *c)
{
	return phone_renew(r, &c->t);
}

static uint16_t cut_confirm(struct rig *r, struct cut_case *c)
{
	return phone_confirm(r, &c->t);
}

static uint16_t cut_revoke(struct rig *r, struct cut_case *c)
{
	c->revoked = true;
	return say_hex(r, INS_REVOKE, 0x0001, "");
}

static uint16_t cut_put(struct rig *r, struct cut_case *c)
{
	(void)c;
	return phone_put(r, 1, span_str("later"));
}

static uint16_t cut_delete(struct rig *r, struct cut_case *c)
{
	(void)c;
	return phone_put(r, 2, span_of(NULL, 0));
}

/* Up to the command in question; the terminal is in its session. */
static void cut_before(struct rig *r, struct cut_case *c, uint8_t algorithm, int step)
{
	*c = (struct cut_case){ .t = due(r, algorithm) };
	assert_int_equal(phone_put(r, 1, span_str("first")), SW_OK);
	assert_int_equal(phone_put(r, 2, span_str("two")), SW_OK);
	if (step >= 1)
		assert_int_equal(phone_renew(r, &c->t), SW_OK);
	if (step == 2)
		assert_int_equal(phone_open(r, &c->t, &c->t.pending, 0x21), SW_OK);
}

/* Afterwards: a check is trusted and both have the same key, unless the record was to end. */
static void goes_on(struct rig *r, struct cut_case *c)
{
	int result;

	c->t.clock++;
	result = terminal_check(r, &c->t);
	if (c->revoked && result == SW_REFERENCE_NOT_FOUND)
		return;
	assert_true(result == TRUST_GRANTED || result == TRUST_DUE);
	assert_int_equal(c->t.current.generation, chip_trust(r->v, 1)->current.generation);
	assert_int_equal(phone_renew(r, &c->t), SW_OK);
	assert_int_equal(phone_confirm(r, &c->t), SW_OK);
	phone_takes(&c->t);
	assert_int_equal(terminal_check(r, &c->t), TRUST_GRANTED);
	assert_lasting(r);
}

/* trust 33, on the card's side: each row of section 6, and the commands beside it. keep -1: the
 * write is done and its answer is lost. */
static void test_cuts(void **state)
{
	static const struct {
		int step;
		uint16_t (*run)(struct rig *r, struct cut_case *c);
	} steps[] = { { 0, cut_renew }, { 1, cut_renew }, { 1, cut_confirm }, { 2, cut_present },
		{ 1, cut_revoke }, { 0, cut_put }, { 0, cut_delete } };
	static const int keep[] = { -1, 0, 1, 13, 90, 1 << 20 };
	enum { STEPS = sizeof(steps) / sizeof(steps[0]), KEEPS = sizeof(keep) / sizeof(keep[0]) };

	(void)state;
	for (size_t i = 0; i < 3 * STEPS * KEEPS; i++) {
		int kept = keep[i % KEEPS];
		size_t s = i / KEEPS % STEPS;
		struct cut_case c, then;
		struct wr before;
		struct rig r;

		cut_before(&r, &c, algorithms[i / KEEPS / STEPS], steps[s].step);
		before = memory_of(&r);
		then = c;
		if (kept >= 0)
			nvm_cut(r.v->nvm, 1, (size_t)kept);
		assert_int_equal(steps[s].run(&r, &c), kept >= 0 ? 0 : SW_OK);
		/* The terminal has not heard the answer. */
		then.revoked = c.revoked;
		rig_cycle(&r);
		if (kept >= 0) {
			struct wr after = memory_of(&r);

			assert_true(span_eq(wr_span(&before), wr_span(&after)));
			wr_free(&after);
		}
		wr_free(&before);
		goes_on(&r, &then);
		rig_off(&r);
	}
}

/* trust 33: and once more in what comes after that. */
static void test_cut_twice(void **state)
{
	(void)state;
	for (size_t i = 0; i < 3 * 16; i += unit_step(1)) {
		struct cut_case c;
		struct rig r;

		cut_before(&r, &c, algorithms[i / 16], 0);
		for (int round = 0; round < 2; round++) {
			unsigned how = (unsigned)(i >> (2 * round)) & 3;
			bool lost = (how & 1) != 0; /* the answer, or the write */
			int result;

			if (!lost)
				nvm_cut(r.v->nvm, how >= 2 ? 2 : 1, 13);
			if (phone_renew(&r, &c.t) == SW_OK && how >= 2) {
				struct phone told_nothing = c.t;

				(void)phone_confirm(&r, &told_nothing);
			}
			rig_cycle(&r);
			c.t.clock++;
			result = terminal_check(&r, &c.t);
			assert_true(result == TRUST_GRANTED || result == TRUST_DUE);
		}
		goes_on(&r, &c);
		rig_off(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_when),
		cmocka_unit_test(test_horizon),
		cmocka_unit_test(test_not_trusted),
		cmocka_unit_test(test_wrong_proof),
		cmocka_unit_test(test_old_key),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_promoted_late),
		cmocka_unit_test(test_copied_file),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_open_ends),
		cmocka_unit_test(test_open_two),
		cmocka_unit_test(test_open_promoted),
		cmocka_unit_test(test_open_pending_ends),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_cut_twice),
	};

	return cmocka_run_group_tests(tests, trust_rig_open, trust_rig_close);
}
