/* SCP03 at its limits: channels, lengths, Le, room, errors, levels, misuse. */
#include "unit.h"

#include "scp03_pair.h"
#include "scp_start.h"

/* Channels 0-3: 84..87; 4-19: E0..EF. The MAC is that of channel 0 (84), of CLA 00 that of 04. */
static void test_channels(void **state)
{
	uint8_t data[3] = { 1, 2, 3 }, b[64], first[64], mac[8];
	struct capdu c = { .ins = 0xE2 }, plain;

	(void)state;
	c.data = SPAN(data);
	for (unsigned i = 0; i < 40; i++) {
		uint8_t iso = i >= 20, ch = (uint8_t)(i % 20), top = iso ? 0 : 0x80;
		struct wr w = wr_fixed(b, sizeof(b)), a = wr_fixed(first, sizeof(first));
		struct pair p = { 0 };

		begin(&p, 8, 16);
		assert_true(scp_host_authenticate(&p.host, CHALLENGES(p.hc, p.cc), 1, ch, &a));
		assert_int_equal(first[0], ch < 4 ? 0x84 + ch : 0xE0 + ch - 4);
		assert_true(capdu_get(wr_span(&a), &plain));
		assert_int_equal(
		    scp_card_authenticate(&p.card, CHALLENGES(p.hc, p.cc), &plain), SCP_OK);
		c.cla = cla_with_channel(top, ch);
		assert_true(scp_seal_command(&p.host, &c, &w));
		assert_int_equal(b[0], top | (ch < 4 ? 4 + ch : 0x60 + ch - 4));
		if (ch == 0)
			memcpy(mac, &b[8], 8);
		assert_span(span_of(&b[8], 8), SPAN(mac));
		assert_int_equal(try_command(&p.card, wr_span(&w), &plain), SCP_OK);
		assert_int_equal(plain.cla, c.cla);
		wipe_pair(&p);
	}
}

static void check_fits(struct pair *p, struct capdu *c, size_t n, size_t wire, bool fits)
{
	static uint8_t data[66000], b[APDU_MAX_COMMAND];
	struct wr w = wr_fixed(b, sizeof(b));
	struct state before = state_of(&p->host);
	struct capdu plain;

	c->data = span_of(data, n);
	assert_int_equal(scp_seal_command(&p->host, c, &w), fits);
	if (!fits) {
		assert_int_equal(w.n, 0);
		assert_state(&p->host, &before);
		return;
	}
	assert_int_equal(w.n, wire);
	assert_int_equal(try_command(&p->card, wr_span(&w), &plain), SCP_OK);
	assert_span(plain.data, c->data);
	assert_int_equal(plain.extended, c->extended);
}

static void test_lengths(void **state)
{
	static const struct {
		uint8_t level, m;
		size_t data, body;
	} v[] = { { 0x00, 8, 255, 255 }, { 0x00, 16, 255, 255 }, { 0x01, 8, 247, 255 },
		{ 0x11, 8, 247, 255 }, { 0x01, 16, 239, 255 }, { 0x11, 16, 239, 255 },
		{ 0x03, 8, 239, 248 }, { 0x13, 8, 239, 248 }, { 0x33, 8, 239, 248 },
		{ 0x03, 16, 223, 240 }, { 0x13, 16, 223, 240 }, { 0x33, 16, 223, 240 } };

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct capdu c = { .cla = 0x80, .ins = 0xE8 };
		struct pair p = { 0 };

		assert_int_equal(scp_max_data_at(PROTOCOL_SCP03, v[i].level, v[i].m), v[i].data);
		open_pair(&p, v[i].level, v[i].m, 16);
		check_fits(&p, &c, v[i].data, 5 + v[i].body, true);
		if (v[i].level != 0)
			check_fits(&p, &c, v[i].data + 1, 0, false);
		c.extended = true;
		if (v[i].level != 0)
			check_fits(&p, &c, 65535, 0, false);
		check_fits(&p, &c, 65488,
		    7 + (v[i].level == 0              ? 65488
			    : v[i].level & LEVEL_CDEC ? (size_t)65504 + v[i].m
						      : (size_t)65488 + v[i].m),
		    true);
		wipe_pair(&p);
	}
}

/* With R-MAC an answer is longer than the Le of the plain command. No Le is never given one. */
static void test_le(void **state)
{
	static const struct {
		uint8_t level, le_wire;
	} v[] = { { 0x01, 5 }, { 0x03, 5 }, { 0x11, 0 }, { 0x33, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct capdu c = { .cla = 0x80, .ins = 0xCA, .le = 5 };
		uint8_t b[32];
		struct wr w = wr_fixed(b, sizeof(b));
		struct pair p = { 0 };

		open_pair(&p, v[i].level, 8, 16);
		assert_true(scp_seal_command(&p.host, &c, &w));
		assert_int_equal(w.n, 5 + 8 + 1);
		assert_int_equal(b[13], v[i].le_wire);
		c.le = LE_NONE;
		wr_reset(&w);
		assert_true(scp_seal_command(&p.host, &c, &w));
		assert_int_equal(w.n, 5 + 8);
		c.le = LE_MAX_SHORT + 1;
		assert_false(scp_seal_command(&p.host, &c, &w));
		wipe_pair(&p);
	}
}

/* A writer that is too small fails the call, not the session. */
static void test_no_room(void **state)
{
	(void)state;
	for (size_t l = 0; l < sizeof(levels); l++) {
		struct capdu c = { .cla = 0x80, .ins = 0xE2, .le = LE_MAX_SHORT }, got;
		struct rapdu r = { .sw = SW_OK }, plain;
		uint8_t b[80], data[20] = { 1 }, d[80], ans[80];
		struct wr w = wr_fixed(b, sizeof(b)), a = wr_fixed(ans, sizeof(ans)), small;
		struct pair p = { 0 };
		struct state before;

		r.data = c.data = SPAN(data);
		open_pair(&p, levels[l], 8, 16);
		before = state_of(&p.host);
		assert_true(scp_seal_command(&p.host, &c, &w));
		memcpy(p.host.u.scp03.mcv, before.mcv, 16);
		memcpy(p.host.u.scp03.counter, before.counter, 16);
		for (size_t n = 0; n < w.n; n++) {
			small = wr_fixed(d, n);
			assert_false(scp_seal_command(&p.host, &c, &small));
			assert_int_equal(small.n, 0);
			assert_state(&p.host, &before);
		}
		assert_true(capdu_get(wr_span(&w), &c));
		small = wr_fixed(d, 19);
		assert_int_equal(scp_open_command(&p.card, &c, &got, &small), SCP_FAILED);
		assert_state(&p.card, &before);
		assert_int_equal(try_command(&p.card, wr_span(&w), &got), SCP_OK);
		assert_true(scp_seal_response(&p.card, &r, &a));
		for (size_t n = 0; n < a.n; n++) {
			small = wr_fixed(d, n);
			assert_false(scp_seal_response(&p.card, &r, &small));
			assert_int_equal(small.n, 0);
		}
		small = wr_fixed(d, sizeof(d));
		memcpy(p.host.u.scp03.mcv, p.card.u.scp03.mcv, 16);
		memcpy(p.host.u.scp03.counter, p.card.u.scp03.counter, 16);
		assert_int_equal(scp_open_response(&p.host, wr_span(&a), &plain, &small), SCP_OK);
		assert_span(plain.data, r.data);
		wipe_pair(&p);
	}
}

/* Errors go out bare; one that brings data along is none of the card's. */
static void test_error_answers(void **state)
{
	uint8_t b[64], d[64], data[4] = { 1 };
	struct pair p = { 0 };

	(void)state;
	for (size_t l = 3; l < sizeof(levels); l++) {
		struct rapdu r = { .sw = SW_REFERENCE_NOT_FOUND }, plain;
		struct wr w = wr_fixed(b, sizeof(b)), out = wr_fixed(d, sizeof(d));

		r.data = SPAN(data);
		open_pair(&p, levels[l], 8, 16);
		assert_true(scp_seal_response(&p.card, &r, &w));
		assert_span(wr_span(&w), unit_bytes("6A88"));
		assert_int_equal(scp_open_response(&p.host, wr_span(&w), &plain, &out), SCP_OK);
		assert_int_equal(plain.sw, 0x6A88);
		assert_int_equal(plain.data.n, 0);
		assert_int_equal(
		    scp_open_response(&p.host, unit_bytes("016A88"), &plain, &out), SCP_MALFORMED);
		assert_int_equal(
		    scp_open_response(&p.host, unit_bytes("9000"), &plain, &out), SCP_MALFORMED);
		wipe_pair(&p);
	}
}

/* The counter carries over all octets; the state handed over goes on where it was. */
static void test_resume(void **state)
{
	struct key k = unit_key("404142434445464748494A4B4C4D4E4F");
	struct span before = unit_bytes("0000000000000000000000FFFFFFFFFF");
	struct span after = unit_bytes("00000000000000000000010000000000");
	struct capdu c = { .cla = 0x80, .ins = 0xE2, .data = SPAN(challenges) }, plain;
	uint8_t b[64], icv[16], cipher[48], pad[48] = { 0 };
	struct wr w = wr_fixed(b, sizeof(b));
	struct scp host = { 0 }, card = { 0 };

	(void)state;
	assert_true(
	    scp03_resume(&host, &k, &k, (struct scp03_point){ before.p, after.p, 0x03, 8 }));
	assert_true(
	    scp03_resume(&card, &k, &k, (struct scp03_point){ before.p, after.p, 0x03, 8 }));
	assert_true(scp_seal_command(&host, &c, &w));
	assert_span(SPAN(host.u.scp03.counter), after);
	memcpy(pad, challenges, 32);
	pad[32] = 0x80;
	assert_true(aes_block(&host.u.scp03.enc, after.p, icv));
	assert_true(aes_cbc_encrypt(&host.u.scp03.enc, icv, SPAN(pad), cipher));
	assert_span(span_of(&b[5], 48), SPAN(cipher));
	assert_int_equal(try_command(&card, wr_span(&w), &plain), SCP_OK);
	assert_false(
	    scp03_resume(&host, &k, &k, (struct scp03_point){ before.p, after.p, 0x11, 8 }));
	assert_false(host.open);
	assert_false(
	    scp03_resume(&host, &k, &k, (struct scp03_point){ before.p, after.p, 0x01, 9 }));
	k.n = 17;
	assert_false(
	    scp03_resume(&host, &k, &k, (struct scp03_point){ before.p, after.p, 0x01, 8 }));
	scp_wipe(&card);
	scp_wipe(&host);
}

static void test_misuse(void **state)
{
	struct key_set keys = { unit_key("404142434445464748494A4B4C4D4E4F"),
		unit_key("404142434445464748494A4B4C4D4E4F"), { 0 } };
	struct span c8 = span_of(challenges, 8), c16 = span_of(challenges, 16);
	struct capdu c = { .cla = 0x80 };
	struct rapdu r = { .sw = SW_OK };
	uint8_t b[64];
	struct wr w = wr_fixed(b, sizeof(b));
	struct scp s = { 0 };

	(void)state;
	assert_false(scp_seal_command(&s, &c, &w));
	assert_false(scp_seal_response(&s, &r, &w));
	assert_int_equal(scp_open_command(&s, &c, &c, &w), SCP_FAILED);
	assert_int_equal(scp_open_response(&s, unit_bytes("9000"), &r, &w), SCP_FAILED);
	assert_false(scp_cryptogram(&s, CHALLENGES(c8, c8), ROLE_HOST, b));
	assert_false(scp_host_authenticate(&s, CHALLENGES(c8, c8), 1, 0, &w));
	assert_false(scp_begin(&s, START(PROTOCOL_SCP03, 0, &keys, c8, c16)));
	assert_false(scp_begin(
	    &s, START(PROTOCOL_SCP03, 0, &keys, span_of(challenges, 7), span_of(challenges, 7))));
	assert_true(scp_begin(&s, START(PROTOCOL_SCP03, 0, &keys, c8, c8)));
	assert_false(scp_cryptogram(&s, CHALLENGES(c16, c16), ROLE_HOST, b));
	assert_false(scp_host_authenticate(&s, CHALLENGES(c8, c8), 0x10, 0, &w));
	assert_false(scp_seal_command(&s, &c, &w)); /* not authenticated yet */
	assert_int_equal(w.n, 0);
	assert_true(scp_host_authenticate(&s, CHALLENGES(c8, c8), 1, 0, &w));
	assert_false(scp_host_authenticate(&s, CHALLENGES(c8, c8), 1, 0, &w));
	assert_true(
	    scp_begin(&s, START(PROTOCOL_SCP03, 0, &keys, c8, c8))); /* ends the open session */
	assert_false(s.open);
	keys.mac.n = 24;
	assert_false(scp_begin(&s, START(PROTOCOL_SCP03, 0, &keys, c8, c8)));
	assert_false(scp03_card_challenge(&keys.enc, challenges, c8, 9, b));
	assert_false(scp03_card_challenge(&keys.enc, challenges, span_of(challenges, 4), 8, b));
	assert_false(scp03_card_challenge(&keys.enc, challenges, span_of(challenges, 17), 8, b));
	scp_wipe(&s);
}

static void test_parameters(void **state)
{
	size_t valid_i = 0, valid = 0;

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		if (!scp_i_valid(PROTOCOL_SCP03, (uint8_t)i))
			continue;
		valid_i++;
		for (unsigned level = 0; level < 256; level++)
			valid += scp_level_valid(PROTOCOL_SCP03, (uint8_t)level, (uint8_t)i);
	}
	assert_int_equal(valid_i, 12);            /* 00 20 60, each with 10, each with 01 */
	assert_int_equal(valid, 4 * (3 + 5 + 6)); /* table 7-3 */
	assert_true(scp_i_valid(PROTOCOL_SCP03, 0x70) && scp_i_valid(PROTOCOL_SCP03, 0x71));
	assert_false(scp_i_valid(PROTOCOL_SCP03, 0x40) || scp_i_valid(PROTOCOL_SCP03, 0x02) ||
		     scp_i_valid(PROTOCOL_SCP03, 0x80));
	assert_false(scp_level_valid(PROTOCOL_SCP03, 0x10, 0x70) ||
		     scp_level_valid(PROTOCOL_SCP03, 0x30, 0x70));
	assert_false(scp_level_valid(PROTOCOL_SCP03, 0x33, 0x20));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_channels),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_le),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_error_answers),
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
