/*
 * Sessions of terminals (trust.md 4, 7): who gets one, what wrong tries cost, what ends one.
 * Numbers are those of trust.md 11.
 */
#include "trust_rig.h"

static void assert_same(const struct rig *r, struct wr *before)
{
	struct wr now = memory_of(r);

	assert_true(span_eq(wr_span(before), wr_span(&now)));
	wr_free(&now);
	wr_free(before);
}

/* A terminal with the wrong key that sends EXTERNAL AUTHENTICATE all the same. */
static uint16_t wrong_key(struct rig *r, const struct phone *t)
{
	struct phone_key k = t->current;
	struct phone liar = *t;
	uint16_t sw;

	k.k.b[0] ^= 0x01;
	sw = phone_open(r, &liar, &k, k.version);
	return sw == 1 ? rig_authenticate(r, 0x33) : sw;
}

static uint16_t say_present(struct rig *r, struct phone *t)
{
	int result = presented(r, t);

	return result <= TRUST_PROOF_WRONG ? SW_OK : (uint16_t)result;
}

/* trust 11 */
static void test_own_key(void **state)
{
	struct phone t;
	struct phone_key k;
	struct wr before;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	t = initialize(&r, 1, TRUST_AES_128);
	before = memory_of(&r);
	k = t.current;
	memset(k.k.b, 0x11, k.k.n);
	assert_int_equal(phone_open(&r, &t, &k, 0x11), 1); /* its own cryptogram is none */
	assert_int_equal(rig_authenticate(&r, 0x33), SW_SECURITY_STATUS);
	assert_int_equal(say_present(&r, &t), SW_SECURITY_STATUS);
	for (uint16_t v = 0; v <= 0xFF; v++)
		if (v != 0x11)
			assert_int_equal(
			    phone_open(&r, &t, &t.current, (uint8_t)v), SW_REFERENCE_NOT_FOUND);
	assert_same(&r, &before);
	rig_off(&r);
}

/* trust 12: before, between and after the two commands that open a channel. */
static void test_without_channel(void **state)
{
	static const uint16_t said[][2] = { { INS_PRESENT, 0x0001 }, { INS_RENEW, 0x0001 },
		{ INS_CONFIRM, 0x0001 }, { INS_REVOKE, 0x0001 }, { INS_GET_DATA, 0xDF01 },
		{ INS_STORE_DATA, 0x9000 }, { INS_GET_DATA, 0x0045 }, { INS_PUT_KEY, 0x0081 },
		{ INS_GET_STATUS, 0x4002 }, { INS_DELETE, 0x0000 }, { 0x00, 0x0000 } };
	struct phone t;
	struct wr before;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	t = initialize(&r, 1, TRUST_AES_128);
	before = memory_of(&r);
	for (size_t i = 0; i < 3 * sizeof(said) / sizeof(said[0]); i++) {
		const uint16_t *one = said[i / 3];

		assert_int_equal(select_aid(&r, TRUST), SW_OK);
		if (i % 3 == 1)
			assert_int_equal(
			    rig_send(&r, 0x80, INS_INITIALIZE_UPDATE, 0x1100, rig_challenge(&r)),
			    SW_OK);
		if (i % 3 == 2)
			as_phone(&r, &t);
		assert_int_equal(
		    rig_send(&r, 0x80, (uint8_t)one[0], one[1], unit_bytes("9A046B3790FFA900")),
		    SW_SECURITY_STATUS);
	}
	assert_same(&r, &before);
	rig_off(&r);
}

/* trust 13 */
static void test_levels(void **state)
{
	static const uint8_t levels[] = { 0x01, 0x03, 0x11, 0x13 };
	struct phone t;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	t = initialize(&r, 1, TRUST_AES_128);
	for (size_t i = 0; i < sizeof(levels); i++) {
		as_phone(&r, &t);
		assert_int_equal(rig_initialize(&r, 0x11), SW_OK);
		assert_int_equal(rig_authenticate(&r, levels[i]), SW_WRONG_P1P2);
		assert_int_equal(r.v->channel[0].session, CHANNEL_IDLE);
	}
	assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
	rig_off(&r);
}

/* trust 14: in RAM, of this record alone. */
static void test_tries(void **state)
{
	struct phone t, other;
	struct wr before;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	t = initialize(&r, 1, TRUST_AES_128);
	other = initialize(&r, 2, TRUST_AES_128);
	before = memory_of(&r);
	for (int i = 0; i < TRUST_TRIES_MAX; i++)
		assert_int_equal(wrong_key(&r, &t), SW_SECURITY_STATUS);
	assert_int_equal(wrong_key(&r, &t), SW_AUTH_BLOCKED);
	assert_int_equal(terminal_check(&r, &t), SW_AUTH_BLOCKED);
	assert_same(&r, &before);
	assert_int_equal(terminal_check(&r, &other), TRUST_GRANTED);
	rig_cycle(&r);
	assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
	rig_off(&r);
}

/* trust 15 */
static void test_lasting_tries(void **state)
{
	struct trust_order o = usual_order();
	struct trust_record told_of;
	struct phone t;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	o.terms.failures = 3;
	t = initialize_as(&r, &o);
	assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED); /* the floor need not move again */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(wrong_key(&r, &t), SW_SECURITY_STATUS);
		rig_cycle(&r);
	}
	assert_int_equal(chip_trust(r.v, 1)->failures, 2);
	assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
	assert_int_equal(chip_trust(r.v, 1)->failures, 0);
	assert_int_equal(phone_renew(&r, &t), SW_CONDITIONS); /* in the same second: E' = E */
	t.clock++;
	assert_int_equal(presented(&r, &t), TRUST_GRANTED);
	assert_int_equal(phone_renew(&r, &t), SW_OK);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(wrong_key(&r, &t), SW_SECURITY_STATUS);
		rig_cycle(&r);
	}
	as_operator(&r);
	assert_true(told(&r, 1, &told_of));
	assert_int_equal(told_of.stage, TRUST_REVOKED);
	assert_int_equal(told_of.cause, TRUST_ENDED_BY_FAILURES);
	assert_int_equal(told_of.failures, 3);
	assert_false(told_of.pending);
	/* The pending key is gone, and the right one hears what happened; more is not counted. */
	assert_int_equal(wrong_key(&r, &t), SW_SECURITY_STATUS);
	assert_int_equal(terminal_check(&r, &t), TRUST_IS_REVOKED);
	assert_int_equal(chip_trust(r.v, 1)->failures, 3);
	assert_lasting(&r);
	rig_off(&r);
}

/* trust 15: what memory cannot write down is not judged. */
static void test_lasting_tries_cut(void **state)
{
	struct trust_order o = usual_order();
	struct phone t;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	o.terms.failures = 1;
	t = initialize_as(&r, &o);
	nvm_cut(r.v->nvm, 2, 13); /* behind the sequence counter */
	assert_int_equal(wrong_key(&r, &t), 0);
	rig_cycle(&r);
	assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
	rig_off(&r);
}

/* trust 27: a PRESENT whose MAC is wrong moves nothing, nor does one in clear. */
static void test_tampered(void **state)
{
	struct trust_present p = { .time = 0xFFFFFFFF, .traits = { .imei = span_str(IMEI) } };
	uint8_t room[64], wire[256];
	struct phone t;
	struct wr before;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	t = initialize(&r, 1, TRUST_AES_128);
	before = memory_of(&r);
	for (size_t bit = 0;; bit += 37) {
		struct wr w = wr_fixed(room, sizeof(room)), out = wr_fixed(wire, sizeof(wire));
		struct capdu c = { 0x80, INS_PRESENT, 0x00, 0x01, { 0 }, LE_MAX_SHORT, false };

		as_phone(&r, &t);
		trust_present_put(&w, &p);
		c.data = wr_span(&w);
		assert_true(scp_seal_command(&r.host, &c, &out));
		if (40 + bit >= 8 * (out.n - 1))
			break;
		wire[5 + bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(rig_raw(&r, wr_span(&out)), SW_SECURITY_STATUS);
		assert_int_equal(r.v->channel[0].session, CHANNEL_IDLE);
	}
	assert_same(&r, &before);
	rig_off(&r);
}

/* trust 29: who lengthens the life of the key in its file has another key. */
static void test_expiry_in_the_key(void **state)
{
	struct phone t;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	t = initialize(&r, 1, TRUST_AES_128);
	t.current.expiry++;
	assert_int_equal(phone_open(&r, &t, &t.current, 0x11), 1);
	assert_int_equal(rig_authenticate(&r, 0x33), SW_SECURITY_STATUS);
	t.current.expiry--;
	t.current.generation++;
	assert_int_equal(phone_open(&r, &t, &t.current, 0x11), 1);
	rig_off(&r);
}

/* ---- two channels ---- */

/* trust 38 */
static void test_two_renew(void **state)
{
	struct scp other = { 0 };
	struct phone a, b;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	a = initialize(&r, 1, TRUST_AES_128);
	open_second(&r);
	a.clock = TRUST_EXPIRY - 10;
	b = a;
	assert_int_equal(terminal_check(&r, &a), TRUST_DUE);
	turn(&r, &other);
	assert_int_equal(terminal_check(&r, &b), TRUST_DUE);
	turn(&r, &other);
	assert_int_equal(phone_renew(&r, &a), SW_OK);
	turn(&r, &other);
	assert_int_equal(phone_renew(&r, &b), SW_OK);
	turn(&r, &other);
	assert_int_equal(phone_confirm(&r, &a), SW_CONDITIONS);
	turn(&r, &other);
	assert_int_equal(phone_confirm(&r, &b), SW_OK);
	phone_takes(&b);
	turn(&r, &other);
	assert_int_equal(say_present(&r, &a), SW_CONDITIONS);
	assert_int_equal(phone_renew(&r, &a), SW_CONDITIONS);
	turn(&r, &other);
	assert_int_equal(say_present(&r, &b), SW_OK);
	assert_int_equal(terminal_check(&r, &b), TRUST_GRANTED);
	scp_wipe(&other);
	rig_off(&r);
}

/* What a terminal can ask, in the session that it has; none of it may be done. */
static void all_refused(struct rig *r, struct phone *t)
{
	struct phone copy = *t;
	struct span got;

	assert_int_equal(phone_renew(r, &copy), SW_CONDITIONS);
	assert_int_equal(
	    phone_confirm_with(r, &copy, 1, unit_bytes("00112233445566778899AABBCCDDEEFF")),
	    SW_CONDITIONS);
	assert_int_equal(phone_get(r, 1, &got), SW_CONDITIONS);
	assert_int_equal(phone_put(r, 1, span_str("x")), SW_CONDITIONS);
}

/* trust 42: also a session that is half open, and one of the same record written anew. */
static void test_network_meanwhile(void **state)
{
	struct scp other = { 0 };
	struct span got;
	struct rig r;

	(void)state;
	for (int i = 0; i < 6; i++) {
		struct trust_order end = { .kind = TRUST_REVOKE, .record = 1, .erase = i % 3 == 1 },
				   again = usual_order();
		struct phone t, next;

		trust_on(&r, 0x70);
		t = initialize(&r, 1, TRUST_AES_128);
		t.clock++; /* so that a renewal would be one */
		open_second(&r);
		assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
		assert_int_equal(phone_put(&r, 1, span_str("x")), SW_OK);
		if (i >= 3)
			assert_int_equal(phone_open(&r, &t, &t.current, 0x11), SW_OK);
		turn(&r, &other);
		as_operator(&r);
		again.generation = 2;
		again.keep = true;
		if (i % 3 == 2)
			assert_int_equal(initialize_try(&r, &again, &next), SW_OK);
		else
			assert_int_equal(network_order(&r, &end, NULL), SW_OK);
		turn(&r, &other);
		assert_int_equal(phone_get(&r, 1, &got), SW_CONDITIONS);
		all_refused(&r, &t);
		assert_int_equal(say_present(&r, &t), SW_CONDITIONS);
		scp_wipe(&other);
		rig_off(&r);
	}
}

/* trust 42: INITIALIZE UPDATE before, EXTERNAL AUTHENTICATE after. */
static void test_network_between(void **state)
{
	struct trust_order end = { .kind = TRUST_REVOKE, .record = 1 };
	struct scp other = { 0 };
	struct phone t;
	struct rig r;

	(void)state;
	trust_on(&r, 0x70);
	t = initialize(&r, 1, TRUST_AES_128);
	open_second(&r);
	as_phone(&r, &t);
	assert_int_equal(rig_initialize(&r, 0x11), SW_OK);
	turn(&r, &other);
	as_operator(&r);
	assert_int_equal(network_order(&r, &end, NULL), SW_OK);
	turn(&r, &other);
	assert_true(trust_set(&t.current.k,
	    &(struct trust_place){
		1, 1, TRUST_EXPIRY, unit_hex(trust_case(TRUST_KEYS), "card_id").p },
	    &r.keys));
	assert_int_equal(rig_authenticate(&r, 0x33), SW_CONDITIONS);
	assert_int_equal(terminal_check(&r, &t), TRUST_IS_REVOKED);
	scp_wipe(&other);
	rig_off(&r);
}

/* ---- ends ---- */

/* trust 41 */
static void test_terminal_revokes(void **state)
{
	static const uint8_t algorithms[] = { TRUST_AES_128, TRUST_AES_256, TRUST_P256 };
	struct trust_record told_of;
	struct rig r;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		struct phone t;

		trust_on(&r, 0x70);
		t = initialize(&r, 1, algorithms[i % 3]);
		t.clock++;
		assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
		assert_int_equal(phone_renew(&r, &t), SW_OK);
		if (i < 3) /* it need not be trusted for that */
			as_phone(&r, &t);
		assert_int_equal(say_hex(&r, INS_REVOKE, 0x0001, "00"), SW_WRONG_LENGTH);
		assert_int_equal(say_hex(&r, INS_REVOKE, 0x0002, ""), SW_CONDITIONS);
		assert_int_equal(say_hex(&r, INS_REVOKE, 0x0101, ""), SW_WRONG_P1P2);
		assert_int_equal(say_hex(&r, INS_REVOKE, 0x0001, ""), SW_OK);
		assert_int_equal(say_present(&r, &t), SW_SECURITY_STATUS); /* the session ended */
		assert_int_equal(terminal_check(&r, &t), SW_REFERENCE_NOT_FOUND);
		rig_cycle(&r);
		assert_int_equal(terminal_check(&r, &t), SW_REFERENCE_NOT_FOUND);
		as_operator(&r);
		assert_true(told(&r, 1, &told_of));
		assert_int_equal(told_of.stage, TRUST_REVOKED);
		assert_int_equal(told_of.cause, TRUST_ENDED_BY_TERMINAL);
		assert_false(told_of.pending);
		assert_lasting(&r);
		rig_off(&r);
	}
}

/* trust 43 */
static void test_ended(void **state)
{
	struct rig r;

	(void)state;
	for (int i = 0; i < 4; i++) {
		uint8_t algorithm = i % 2 ? TRUST_P256 : TRUST_AES_128;
		struct trust_order end = { .kind = TRUST_REVOKE, .record = 1 }, o = usual_order();
		int verdict = i < 2 ? TRUST_IS_REVOKED : TRUST_IS_EXPIRED;
		struct phone t;

		trust_on(&r, 0x70);
		t = initialize(&r, 1, algorithm);
		t.clock++;
		assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED); /* the floor is there */
		as_operator(&r);
		if (i < 2)
			assert_int_equal(network_order(&r, &end, NULL), SW_OK);
		else
			t.clock = TRUST_EXPIRY;
		for (int power = 0; power < 2; power++) {
			assert_int_equal(terminal_check(&r, &t), verdict);
			all_refused(&r, &t);
			t.clock = TRUST_NOW;
			assert_int_equal(presented(&r, &t), verdict);
			all_refused(&r, &t);
			rig_cycle(&r);
		}
		o.generation = 2;
		o.algorithm = algorithm;
		t = initialize_as(&r, &o);
		assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
		assert_lasting(&r);
		rig_off(&r);
	}
}

/* trust 53 */
static void test_session_keys_gone(void **state)
{
	struct rig r;

	(void)state;
	for (int i = 0; i < 8; i++) {
		struct scp kept;
		struct phone t;

		trust_on(&r, 0x70);
		t = initialize(&r, 1, i % 2 ? TRUST_P256 : TRUST_AES_128);
		assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
		kept = r.host;
		if (i / 2 == 0)
			vcard_reset(r.v);
		else if (i / 2 == 1)
			rig_send(&r, 0x00, INS_SELECT, 0x0400, unit_bytes(TRUST));
		else if (i / 2 == 2)
			rig_hex(&r, "84420001081122334455667788");
		else
			rig_send(&r, 0x00, INS_SELECT, 0x0400, unit_bytes(ISD));
		if (i / 2 == 0)
			rig_send(&r, 0x00, INS_SELECT, 0x0400, unit_bytes(TRUST));
		r.host = kept;
		assert_int_equal(say_present(&r, &t), SW_SECURITY_STATUS);
		assert_int_equal(r.v->channel[0].trust.record, 0);
		assert_int_equal(terminal_check(&r, &t), TRUST_GRANTED);
		rig_off(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_key),
		cmocka_unit_test(test_without_channel),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_tries),
		cmocka_unit_test(test_lasting_tries),
		cmocka_unit_test(test_lasting_tries_cut),
		cmocka_unit_test(test_tampered),
		cmocka_unit_test(test_expiry_in_the_key),
		cmocka_unit_test(test_two_renew),
		cmocka_unit_test(test_network_meanwhile),
		cmocka_unit_test(test_network_between),
		cmocka_unit_test(test_terminal_revokes),
		cmocka_unit_test(test_ended),
		cmocka_unit_test(test_session_keys_gone),
	};

	return cmocka_run_group_tests(tests, trust_rig_open, trust_rig_close);
}
