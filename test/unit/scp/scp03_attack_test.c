/*
 * SCP03 under attack: flipped bits and cut messages are never accepted and leave the
 * session as it was. The known answers are in scp03_test.c.
 */
#include "unit.h"

#include "scp03_pair.h"
#include "scp_start.h"

static void refuse_command(struct scp *card, struct span wire)
{
	struct state before = state_of(card);
	struct capdu plain;

	assert_int_not_equal(try_command(card, wire, &plain), SCP_OK);
	assert_state(card, &before);
}

/* Every bit but the channel number, which no C-MAC covers (Amendment D 6.2.4). */
static void flip_command(struct scp *card, struct span wire)
{
	uint8_t b[300];

	for (size_t bit = 0; bit < wire.n * 8; bit++) {
		if (bit < 2)
			continue;
		memcpy(b, wire.p, wire.n);
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		refuse_command(card, span_of(b, wire.n));
	}
	for (size_t n = 0; n < wire.n; n++)
		refuse_command(card, span_sub(wire, 0, n));
}

static void attack_commands(struct pair *p)
{
	static const size_t lengths[] = { 0, 1, 15, 16, 17, 64, 200 };
	uint8_t b[300], data[200] = { 1 };
	struct capdu c = { .cla = 0x80, .ins = 0xE2, .p1 = 0x80, .p2 = 1 }, plain;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct wr w = wr_fixed(b, sizeof(b));

		c.data = span_of(data, lengths[i]);
		assert_true(scp_seal_command(&p->host, &c, &w));
		flip_command(&p->card, wr_span(&w));
		assert_int_equal(try_command(&p->card, wr_span(&w), &plain), SCP_OK);
		assert_span(plain.data, c.data);
		refuse_command(&p->card, wr_span(&w)); /* the same again: replayed */
	}
}

static void refuse_response(struct scp *host, struct span wire)
{
	uint8_t data[300];
	struct wr d = wr_fixed(data, sizeof(data));
	struct state before = state_of(host);
	struct rapdu plain;
	enum scp_verdict v = scp_open_response(host, wire, &plain, &d);

	assert_state(host, &before);
	assert_int_equal(d.n, 0);
	/* Two octets alone can be an error, which nothing protects: but never a success. */
	if (v == SCP_OK && wire.n == 2)
		assert_false(sw_is_success_or_warning(plain.sw));
	else
		assert_int_not_equal(v, SCP_OK);
}

static void flip_response(struct scp *host, struct span wire)
{
	uint8_t b[300];

	for (size_t bit = 0; bit < wire.n * 8; bit++) {
		memcpy(b, wire.p, wire.n);
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		refuse_response(host, span_of(b, wire.n));
	}
	for (size_t n = 0; n < wire.n; n++)
		refuse_response(host, span_sub(wire, 0, n));
}

static void attack_responses(struct pair *p)
{
	static const size_t lengths[] = { 0, 1, 15, 16, 100 };
	uint8_t b[300], out[300], data[100] = { 7 };
	struct rapdu r = { .sw = SW_OK }, plain;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct wr w = wr_fixed(b, sizeof(b)), d = wr_fixed(out, sizeof(out));

		r.data = span_of(data, lengths[i]);
		r.sw = i % 2 == 0 ? SW_OK : SW_MORE_DATA;
		assert_true(scp_seal_response(&p->card, &r, &w));
		flip_response(&p->host, wr_span(&w));
		assert_int_equal(scp_open_response(&p->host, wr_span(&w), &plain, &d), SCP_OK);
		assert_span(plain.data, r.data);
		assert_int_equal(plain.sw, r.sw);
	}
}

static void test_tampering(void **state)
{
	(void)state;
	for (size_t l = 1; l < sizeof(levels); l++) {
		for (size_t i = 0; i < 2 * 3; i++) {
			struct pair p = { 0 };

			open_pair(&p, levels[l], sizes[i % 2], key_sizes[i / 2]);
			attack_commands(&p);
			if ((levels[l] & LEVEL_RMAC) != 0)
				attack_responses(&p);
			wipe_pair(&p);
		}
	}
}

/* Le and the channel are outside the C-MAC: what changes is only themselves. */
static void test_outside_the_mac(void **state)
{
	struct capdu c = { .cla = 0x80, .ins = 0xF2, .p1 = 0x40, .p2 = 2, .le = LE_MAX_SHORT },
		     plain;
	uint8_t b[64], data[] = { 0x4F, 0x00 };
	struct wr w = wr_fixed(b, sizeof(b));
	struct pair p = { 0 };

	(void)state;
	c.data = SPAN(data);
	open_pair(&p, 0x03, 8, 16);
	assert_true(scp_seal_command(&p.host, &c, &w));
	b[0] |= 2;
	b[w.n - 1] = 5;
	assert_int_equal(try_command(&p.card, wr_span(&w), &plain), SCP_OK);
	assert_span(plain.data, c.data);
	assert_int_equal(plain.cla, 0x82);
	assert_int_equal(plain.le, 5);
	wipe_pair(&p);
}

static void refuse_authenticate(struct pair *p, struct span wire, enum scp_verdict want)
{
	struct state before = state_of(&p->card);
	enum scp_verdict v = SCP_MALFORMED;
	struct capdu c;

	if (capdu_get(wire, &c))
		v = scp_card_authenticate(&p->card, CHALLENGES(p->hc, p->cc), &c);
	assert_int_not_equal(v, SCP_OK);
	if (want != SCP_OK)
		assert_int_equal(v, want);
	assert_state(&p->card, &before);
	assert_false(p->card.open);
}

static void test_authenticate(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(levels) * 2; i++) {
		uint8_t level = levels[i / 2], b[64], full[16], bad[64];
		struct wr w = wr_fixed(b, sizeof(b));
		struct pair p = { 0 };
		struct capdu c;

		begin(&p, sizes[i % 2], 16);
		assert_true(scp_host_authenticate(&p.host, CHALLENGES(p.hc, p.cc), level, 0, &w));
		for (size_t bit = 2; bit < w.n * 8; bit++) {
			memcpy(bad, b, w.n);
			bad[bit / 8] ^= (uint8_t)(1 << bit % 8);
			refuse_authenticate(&p, span_of(bad, w.n), SCP_OK);
		}
		for (size_t n = 0; n < w.n; n++)
			refuse_authenticate(&p, span_of(b, n), SCP_OK);
		bad[w.n - 1] = b[w.n - 1] ^ 1;
		memcpy(bad, b, w.n - 1);
		refuse_authenticate(&p, span_of(bad, w.n), SCP_BAD_MAC);
		/* A wrong cryptogram under a right MAC: the order of the checks shows. */
		static const uint8_t zero[16];
		struct span parts[] = { SPAN(zero), span_of(bad, 5 + (size_t)p.host.m) };

		bad[5] ^= 1;
		assert_true(aes_cmac(&p.host.u.scp03.mac, parts, 2, full));
		memcpy(&bad[5 + p.host.m], full, p.host.m);
		refuse_authenticate(&p, span_of(bad, w.n), SCP_BAD_CRYPTOGRAM);
		/* Another instruction under a right MAC is none. */
		bad[5] ^= 1;
		bad[1] = 0x84;
		assert_true(aes_cmac(&p.host.u.scp03.mac, parts, 2, full));
		memcpy(&bad[5 + p.host.m], full, p.host.m);
		refuse_authenticate(&p, span_of(bad, w.n), SCP_MALFORMED);
		assert_true(capdu_get(wr_span(&w), &c));
		assert_int_equal(
		    scp_card_authenticate(&p.card, CHALLENGES(p.hc, p.cc), &c), SCP_OK);
		assert_int_equal(
		    scp_card_authenticate(&p.card, CHALLENGES(p.hc, p.cc), &c), SCP_FAILED);
		wipe_pair(&p);
	}
}

/* Seals `body` as it is: what only a holder of S-MAC could send. */
static struct span forge(struct scp *s, struct span body, uint8_t *out)
{
	const uint8_t header[] = { 0x84, 0xE2, 0, 0, (uint8_t)(body.n + s->m) };
	const struct span parts[] = { SPAN(s->u.scp03.mcv), SPAN(header), body };
	struct wr w = wr_fixed(out, 64);
	uint8_t full[16];

	assert_true(aes_cmac(&s->u.scp03.mac, parts, 3, full));
	wr_put(&w, SPAN(header));
	wr_put(&w, body);
	wr_bytes(&w, full, s->m);
	assert_true(wr_ok(&w));
	return wr_span(&w);
}

static void test_bad_padding(void **state)
{
	static const char *const plain[] = {
		"80000000000000000000000000000000", /* padding only: an encrypted nothing */
		"00000000000000000000000000000000", /* no padding */
		"00000000000000000000000000000001",
		"01020304050607080000000000000000",
		"0102030405060708090A0B0C0D0E0F10",
	};
	struct pair p = { 0 };
	struct capdu c;

	(void)state;
	open_pair(&p, 0x03, 8, 16);
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		uint8_t icv[16] = { [15] = 1 }, body[16], b[64];

		assert_true(aes_block(&p.host.u.scp03.enc, icv, icv));
		assert_true(aes_cbc_encrypt(&p.host.u.scp03.enc, icv, unit_bytes(plain[i]), body));
		refuse_command(&p.card, forge(&p.host, SPAN(body), b));
		refuse_command(&p.card, forge(&p.host, span_of(body, 15), b));
	}
	uint8_t b[64];

	assert_int_equal(try_command(&p.card, forge(&p.host, span_of(NULL, 0), b), &c), SCP_OK);
	assert_int_equal(c.data.n, 0);
	wipe_pair(&p);
}

/* A session takes no plain commands, and one without secure messaging no protected ones. */
static void test_class(void **state)
{
	struct capdu c = { .cla = 0x80, .ins = 0xE2 };
	uint8_t b[64], data[20] = { 0 };
	struct pair p = { 0 };

	(void)state;
	c.data = SPAN(data);
	for (size_t l = 0; l < sizeof(levels); l++) {
		struct wr w = wr_fixed(b, sizeof(b));
		struct capdu plain;

		c.cla = levels[l] == 0 ? 0x84 : 0x80;
		open_pair(&p, levels[l], 8, 16);
		capdu_put(&w, &c);
		refuse_command(&p.card, wr_span(&w));
		b[0] ^= 4;
		if (levels[l] == 0)
			assert_int_equal(try_command(&p.card, wr_span(&w), &plain), SCP_OK);
		wipe_pair(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tampering),
		cmocka_unit_test(test_outside_the_mac),
		cmocka_unit_test(test_authenticate),
		cmocka_unit_test(test_bad_padding),
		cmocka_unit_test(test_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
