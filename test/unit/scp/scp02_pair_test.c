/*
 * SCP02, host against card: every parameter i, every level, all lengths, channels, R-MAC in turn,
 * implicit initiation, limits. The known answers are in scp02_test.c.
 */
#include "unit.h"

#include "scp02_pair.h"
#include "scp_start.h"

static void test_every_option(void **state)
{
	(void)state;
	for (size_t i = 0; i < EXPLICITS; i++) {
		for (size_t l = 0; l < LEVELS02; l++) {
			struct pair02 p = { 0 };

			open_pair02(&p, explicit_i[i], levels02[l]);
			exchanges02(&p, l % 2 == 0 ? 0x80 : 0x00);
			wipe_pair02(&p);
		}
	}
}

/* Other options give other messages: no bit of i is without effect. */
static void test_options_differ(void **state)
{
	uint8_t first[EXPLICITS][2][300] = { 0 };
	struct capdu c = { .cla = 0x80, .ins = 0xF2, .data = SPAN(hc) };

	(void)state;
	for (size_t i = 0; i < EXPLICITS; i++) {
		struct pair02 p = { 0 };

		open_pair02(&p, explicit_i[i], 0x01);
		for (int k = 0; k < 2; k++) {
			struct wr w = wr_fixed(first[i][k], 300);

			assert_true(scp_seal_command(&p.host, &c, &w));
		}
		wipe_pair02(&p);
	}
	for (size_t i = 0; i < EXPLICITS; i++) {
		for (size_t j = 0; j < EXPLICITS; j++) {
			/* R-MAC and the kind of card challenge do not show in commands. */
			uint8_t d = (explicit_i[i] ^ explicit_i[j]) &
				    (SCP02_I_THREE_KEYS | SCP02_I_ICV_ENCRYPTION);

			assert_int_equal(d == 0, memcmp(first[i], first[j], 600) == 0);
		}
	}
}

/* The channel is in the class byte and in no MAC. */
static void test_channels(void **state)
{
	(void)state;
	for (uint8_t ch = 0; ch < 20; ch++) {
		struct capdu c = { .cla = cla_with_channel(0x80, ch), .ins = 0xE2 }, plain;
		uint8_t zero_b[64], b[64], answer[2][64];
		struct wr w0 = wr_fixed(zero_b, sizeof(zero_b)), w = wr_fixed(b, sizeof(b));
		struct rapdu r = { SPAN(hc), SW_OK };
		struct pair02 p = { 0 }, q = { 0 };

		c.data = SPAN(hc);
		open_pair02(&p, 0x35, 0x13);
		open_pair02(&q, 0x35, 0x13);
		assert_true(scp_seal_command(&p.host, &c, &w));
		assert_int_equal(b[0], ch < 4 ? 0x84 | ch : 0xE0 | (ch - 4));
		c.cla = 0x80;
		assert_true(scp_seal_command(&q.host, &c, &w0));
		assert_memory_equal(&b[1], &zero_b[1], w.n - 1);
		assert_int_equal(try_command02(&p.card, wr_span(&w), &plain), SCP_OK);
		assert_int_equal(plain.cla, cla_with_channel(0x80, ch));
		assert_int_equal(try_command02(&q.card, wr_span(&w0), &plain), SCP_OK);
		for (int k = 0; k < 2; k++) {
			struct wr a = wr_fixed(answer[k], sizeof(answer[k]));

			assert_true(scp_seal_response(k == 0 ? &p.card : &q.card, &r, &a));
			assert_int_equal(a.n, 18);
		}
		assert_memory_equal(answer[0], answer[1], 18);
		wipe_pair02(&p);
		wipe_pair02(&q);
	}
}

/* An error is bare on the wire, but chained: both sides go on together behind it. The host takes
 * one with its R-MAC as well. */
static void test_errors_are_chained(void **state)
{
	struct capdu c = { .cla = 0x80, .ins = 0xE2, .data = SPAN(hc) }, plain;
	uint8_t b[64], out[64], mac[8];
	struct wr w = wr_fixed(b, sizeof(b)), d = wr_fixed(out, sizeof(out));
	struct rapdu bad = { .sw = SW_CONDITIONS }, got;
	struct pair02 p = { 0 };

	(void)state;
	open_pair02(&p, 0x35, 0x11);
	memcpy(mac, p.host.u.scp02.ricv, 8);
	exchange02(&p, &c, &bad);
	assert_memory_not_equal(mac, p.host.u.scp02.ricv, 8);
	exchange02(&p, &c, &(struct rapdu){ SPAN(hc), SW_OK });
	assert_true(scp_seal_command(&p.host, &c, &w));
	assert_int_equal(try_command02(&p.card, wr_span(&w), &plain), SCP_OK);
	wr_reset(&w);
	assert_true(scp_seal_response(&p.card, &bad, &w));
	wr_cut(&w, 0);
	wr_bytes(&w, p.card.u.scp02.ricv, 8);
	wr_u16(&w, SW_CONDITIONS);
	b[0] ^= 1;
	refuse_response02(&p.host, wr_span(&w));
	b[0] ^= 1;
	wr_insert(&w, 0, span_of(hc, 1));
	refuse_response02(&p.host, wr_span(&w)); /* an error with data */
	wr_cut(&w, 0);
	wr_bytes(&w, p.card.u.scp02.ricv, 8);
	wr_u16(&w, SW_CONDITIONS);
	assert_int_equal(scp_open_response(&p.host, wr_span(&w), &got, &d), SCP_OK);
	assert_int_equal(got.data.n, 0);
	exchange02(&p, &c, &(struct rapdu){ SPAN(hc), SW_OK });
	wipe_pair02(&p);
}

/* An answer belongs to one command, and there is one answer to it. */
static void test_answers_in_turn(void **state)
{
	struct capdu c = { .cla = 0x80, .ins = 0xE2, .data = SPAN(hc) }, plain;
	struct rapdu r = { SPAN(hc), SW_OK }, got;
	uint8_t b[64], answer[64], out[64];
	struct wr w = wr_fixed(b, sizeof(b)), a = wr_fixed(answer, sizeof(answer));
	struct wr d = wr_fixed(out, sizeof(out));
	struct pair02 p = { 0 };

	(void)state;
	open_pair02(&p, 0x35, 0x11);
	assert_false(scp_seal_response(&p.card, &r, &a));
	assert_true(scp_seal_command(&p.host, &c, &w));
	assert_int_equal(try_command02(&p.card, wr_span(&w), &plain), SCP_OK);
	assert_true(scp_seal_response(&p.card, &r, &a));
	assert_int_equal(scp_open_response(&p.host, wr_span(&a), &got, &d), SCP_OK);
	assert_int_equal(scp_open_response(&p.host, wr_span(&a), &got, &d), SCP_FAILED);
	assert_false(scp_seal_response(&p.card, &r, &a));
	/* the old answer to a new command */
	c.p1 = 1;
	wr_reset(&w);
	assert_true(scp_seal_command(&p.host, &c, &w));
	assert_int_equal(scp_open_response(&p.host, wr_span(&a), &got, &d), SCP_BAD_MAC);
	wipe_pair02(&p);
}

/* No outside value exists: that the first C-MAC is chained to a MAC over the AID and covers the
 * unmodified command is checked against the definition, E.3.3 and E.4.4. */
static void test_implicit(void **state)
{
	struct span aid = unit_bytes("A000000003000000");
	const uint8_t sequence[2] = { 0x00, 0xFF }, counted[2] = { 0x01, 0x00 };
	struct key_set keys = three_keys02();

	(void)state;
	for (size_t i = 0; i < IMPLICITS; i++) {
		struct capdu c = { .cla = 0x81, .ins = 0xE2, .data = SPAN(hc) }, plain;
		const struct span parts[] = { unit_bytes("80E2000008"), SPAN(hc) };
		uint8_t b[64], zero[8] = { 0 }, icv[8], mac[8];
		struct wr w = wr_fixed(b, sizeof(b));
		struct pair02 p = { 0 }, later = { 0 };

		assert_true(scp02_begin_implicit(&p.host, &keys, implicit_i[i], sequence, aid));
		assert_true(scp02_begin_implicit(&p.card, &keys, implicit_i[i], sequence, aid));
		begin02(&later, 0x15); /* any session, for an object with the session keys */
		assert_true(begin_counter(&later.host, &keys, 0x04 | (implicit_i[i] & 1), counted));
		assert_span(key_span(&p.host.u.scp02.dek), key_span(&later.host.u.scp02.dek));
		assert_int_equal(p.host.level, LEVEL_CMAC);
		assert_true(scp_seal_command(&p.host, &c, &w));
		assert_int_equal(b[0], 0x85);
		assert_int_equal(b[4], 16);
		assert_true(
		    begin_counter(&later.host, &keys, 0x04 | (implicit_i[i] & 1), sequence));
		assert_true(des_mac_retail(&later.host.u.scp02.mac, zero, &aid, 1, icv));
		assert_true(des_mac_retail(&later.host.u.scp02.mac, icv, parts, 2, mac));
		assert_span(span_of(&b[13], 8), SPAN(mac));
		flip_command02(&p.card, wr_span(&w));
		assert_int_equal(try_command02(&p.card, wr_span(&w), &plain), SCP_OK);
		assert_span(plain.data, c.data);
		/* The next ICV is encrypted where i says so. */
		if ((implicit_i[i] & SCP02_I_ICV_ENCRYPTION) != 0)
			assert_true(des_single(&later.host.u.scp02.mac, mac, mac));
		assert_true(des_mac_retail(&later.host.u.scp02.mac, mac, parts, 2, mac));
		wr_reset(&w);
		assert_true(scp_seal_command(&p.host, &c, &w));
		assert_span(span_of(&b[13], 8), SPAN(mac));
		assert_int_equal(try_command02(&p.card, wr_span(&w), &plain), SCP_OK);
		exchanges02(&p, 0x80);
		wipe_pair02(&p);
		wipe_pair02(&later);
	}
}

static void test_parameters(void **state)
{
	static const uint8_t last[2] = { 0xFF, 0xFF }, long_aid[17] = { 0xA0 };
	struct key_set keys = three_keys02(), odd = keys;
	struct span aid = unit_bytes("A000000003000000");
	struct scp s = { 0 };
	size_t valid = 0;
	uint8_t b[32];

	(void)state;
	for (unsigned i = 0; i <= 0xFF; i++) {
		bool ex = memchr(explicit_i, (int)i, EXPLICITS) != NULL;
		bool im = memchr(implicit_i, (int)(i & 0xDF), IMPLICITS) != NULL;

		assert_int_equal(scp_i_valid(PROTOCOL_SCP02, (uint8_t)i), ex || im);
		assert_int_equal(begin_counter(&s, &keys, (uint8_t)i, cc), ex);
		assert_int_equal(scp02_begin_implicit(&s, &keys, (uint8_t)i, cc, aid), im);
		for (size_t l = 0; l < LEVELS02; l++)
			assert_int_equal(scp_level_valid(PROTOCOL_SCP02, levels02[l], (uint8_t)i),
			    (levels02[l] & LEVEL_RMAC) == 0 || (i & 0x20) != 0);
		valid += scp_level_valid(PROTOCOL_SCP02, (uint8_t)i, 0x75);
	}
	assert_int_equal(valid, LEVELS02);
	assert_false(scp02_begin_implicit(&s, &keys, 0x1A, last, aid)); /* the counter ends */
	odd.mac.n = 24;
	assert_false(begin_counter(&s, &odd, 0x15, cc));
	assert_true(begin_counter(&s, &odd, 0x14, cc)); /* one base key: Key-ENC */
	assert_false(scp02_card_challenge(&s, span_of(NULL, 0), b));
	for (size_t n = 0; n <= sizeof(long_aid); n++)
		assert_int_equal(
		    scp02_card_challenge(&s, span_of(long_aid, n), b), n >= 5 && n <= 16);
	for (size_t n = 0; n <= sizeof(long_aid); n++)
		assert_int_equal(scp02_begin_implicit(&s, &keys, 0x1A, cc, span_of(long_aid, n)),
		    n >= 5 && n <= 16);
	scp_wipe(&s);
	assert_false(scp02_card_challenge(&s, aid, b));
	assert_int_equal(scp_max_data_at(PROTOCOL_SCP02, 0x00, 8), 255);
	assert_int_equal(scp_max_data_at(PROTOCOL_SCP02, 0x10, 8), 255);
	assert_int_equal(scp_max_data_at(PROTOCOL_SCP02, 0x11, 8), 247);
	assert_int_equal(scp_max_data_at(PROTOCOL_SCP02, 0x13, 8), 239);
}

/* Nothing is done without a session, too long, extended, or without room. */
static void test_misuse(void **state)
{
	uint8_t b[600], data[APDU_SHORT_DATA] = { 0 };
	struct capdu c = { .cla = 0x80, .ins = 0xE2 }, plain;
	struct wr w = wr_fixed(b, sizeof(b)), none = wr_fixed(NULL, 0);
	struct rapdu r = { .sw = SW_OK };
	struct pair02 p = { 0 };
	struct state02 before;

	(void)state;
	assert_false(scp_seal_command(&p.host, &c, &w));
	assert_int_equal(scp_open_command(&p.card, &c, &plain, &w), SCP_FAILED);
	assert_false(scp_seal_response(&p.card, &r, &w));
	assert_int_equal(scp_open_response(&p.host, SPAN(hc), &r, &w), SCP_FAILED);
	begin02(&p, 0x35);
	assert_false(scp_seal_command(&p.host, &c, &w)); /* not authenticated */
	assert_false(scp_host_authenticate(&p.host, CHALLENGES(SPAN(hc), SPAN(cc)), 0x33, 0, &w));
	assert_false(
	    scp_host_authenticate(&p.host, CHALLENGES(span_of(hc, 7), SPAN(cc)), 0x01, 0, &w));
	assert_false(
	    scp_host_authenticate(&p.host, CHALLENGES(SPAN(hc), SPAN(cc)), 0x01, 0, &none));
	assert_false(p.host.open);
	for (size_t l = 0; l < LEVELS02; l++) {
		wipe_pair02(&p);
		open_pair02(&p, 0x35, levels02[l]);
		before = state_of02(&p.host);
		c = (struct capdu){ .cla = 0x80, .ins = 0xE2 };
		c.data = span_of(data, scp_max_data_at(PROTOCOL_SCP02, levels02[l], 8) + 1);
		wr_reset(&w);
		assert_false(scp_seal_command(&p.host, &c, &w));
		c.data = span_of(data, 10);
		c.extended = true;
		assert_false(scp_seal_command(&p.host, &c, &w));
		assert_int_equal(scp_open_command(&p.card, &c, &plain, &w), SCP_MALFORMED);
		c.extended = false;
		c.le = 257;
		assert_false(scp_seal_command(&p.host, &c, &w));
		c.le = LE_NONE;
		assert_false(scp_seal_command(&p.host, &c, &none));
		c.cla = 0x84;
		if ((levels02[l] & LEVEL_CMAC) != 0)
			assert_false(scp_seal_command(&p.host, &c, &w)); /* sealed already */
		assert_int_equal(w.n, 0);
		assert_state02(&p.host, &before);
	}
	wipe_pair02(&p);
}

/* Short of room when the answer is good: the session stays where it was. */
static void test_no_room(void **state)
{
	struct capdu c = { .cla = 0x80, .ins = 0xE2, .data = SPAN(hc) }, plain;
	struct rapdu r = { SPAN(hc), SW_OK }, got;
	uint8_t b[64], answer[64], out[64];
	struct wr w = wr_fixed(b, sizeof(b)), a = wr_fixed(answer, sizeof(answer));
	struct wr small = wr_fixed(out, 7), d = wr_fixed(out, sizeof(out));
	struct pair02 p = { 0 };
	struct state02 before;

	(void)state;
	open_pair02(&p, 0x35, 0x13);
	assert_true(scp_seal_command(&p.host, &c, &w));
	assert_true(capdu_get(wr_span(&w), &c));
	before = state_of02(&p.card);
	assert_int_equal(scp_open_command(&p.card, &c, &plain, &small), SCP_FAILED);
	assert_state02(&p.card, &before);
	assert_int_equal(scp_open_command(&p.card, &c, &plain, &d), SCP_OK);
	before = state_of02(&p.card);
	small = wr_fixed(out, 17);
	assert_false(scp_seal_response(&p.card, &r, &small));
	assert_int_equal(small.n, 0);
	assert_state02(&p.card, &before);
	assert_true(scp_seal_response(&p.card, &r, &a));
	before = state_of02(&p.host);
	small = wr_fixed(out, 7);
	assert_int_equal(scp_open_response(&p.host, wr_span(&a), &got, &small), SCP_FAILED);
	assert_state02(&p.host, &before);
	wr_reset(&d);
	assert_int_equal(scp_open_response(&p.host, wr_span(&a), &got, &d), SCP_OK);
	wipe_pair02(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_option),
		cmocka_unit_test(test_options_differ),
		cmocka_unit_test(test_channels),
		cmocka_unit_test(test_errors_are_chained),
		cmocka_unit_test(test_answers_in_turn),
		cmocka_unit_test(test_implicit),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
