/*
 * SCP02 under attack: flipped bits and cut messages are never accepted and leave the session as it
 * was. The known answers are in scp02_test.c.
 */
#include "unit.h"

#include "scp02_pair.h"
#include "scp_start.h"

static void attack(struct pair02 *p)
{
	static const size_t lengths[] = { 0, 1, 7, 8, 9, 40, 200 };
	uint8_t b[300], out[300], data[200] = { 1 };

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct wr w = wr_fixed(b, sizeof(b)), d = wr_fixed(out, sizeof(out));
		struct capdu c = { .cla = 0x80, .ins = 0xE2, .p1 = 0x80 }, plain;
		struct rapdu r = { .sw = i % 2 == 0 ? SW_OK : SW_MORE_DATA }, got;

		c.data = span_of(data, lengths[i]);
		r.data = span_of(data, lengths[i]);
		assert_true(scp_seal_command(&p->host, &c, &w));
		flip_command02(&p->card, wr_span(&w));
		assert_int_equal(try_command02(&p->card, wr_span(&w), &plain), SCP_OK);
		refuse_command02(&p->card, wr_span(&w)); /* the same again: replayed */
		wr_reset(&w);
		assert_true(scp_seal_response(&p->card, &r, &w));
		if ((p->host.level & LEVEL_RMAC) != 0)
			flip_response02(&p->host, wr_span(&w));
		assert_int_equal(scp_open_response(&p->host, wr_span(&w), &got, &d), SCP_OK);
		assert_span(got.data, r.data);
	}
}

static void test_tampering(void **state)
{
	static const uint8_t some_i[] = { 0x04, 0x15, 0x35 };

	(void)state;
	for (size_t l = 0; l < LEVELS02; l++) {
		if ((levels02[l] & LEVEL_CMAC) == 0)
			continue;
		for (size_t i = 0; i < sizeof(some_i); i++) {
			struct pair02 p = { 0 };

			open_pair02(&p, some_i[i], levels02[l]);
			attack(&p);
			wipe_pair02(&p);
		}
	}
}

static void refuse_authenticate(struct pair02 *p, struct span wire, enum scp_verdict want)
{
	struct state02 before = state_of02(&p->card);
	enum scp_verdict v = SCP_MALFORMED;
	struct capdu c;

	if (capdu_get(wire, &c))
		v = scp_card_authenticate(&p->card, CHALLENGES(SPAN(hc), SPAN(cc)), &c);
	assert_int_not_equal(v, SCP_OK);
	if (want != SCP_OK)
		assert_int_equal(v, want);
	assert_state02(&p->card, &before);
}

static void test_authenticate(void **state)
{
	(void)state;
	for (size_t l = 0; l < LEVELS02; l++) {
		uint8_t b[32], bad[32], zero[8] = { 0 };
		struct span covered = span_of(bad, 5 + 8);
		struct wr w = wr_fixed(b, sizeof(b));
		struct pair02 p = { 0 };
		struct capdu c;

		begin02(&p, 0x35);
		assert_true(scp_host_authenticate(
		    &p.host, CHALLENGES(SPAN(hc), SPAN(cc)), levels02[l], 0, &w));
		assert_int_equal(w.n, 21);
		for (size_t bit = 2; bit < w.n * 8; bit++) {
			memcpy(bad, b, w.n);
			bad[bit / 8] ^= (uint8_t)(1 << bit % 8);
			refuse_authenticate(&p, span_of(bad, w.n), SCP_OK);
		}
		for (size_t n = 0; n < w.n; n++)
			refuse_authenticate(&p, span_of(b, n), SCP_OK);
		memcpy(bad, b, w.n);
		bad[20] ^= 1;
		refuse_authenticate(&p, span_of(bad, w.n), SCP_BAD_MAC);
		/* A wrong cryptogram under a right MAC: the order of the checks shows. */
		bad[5] ^= 1;
		assert_true(des_mac_retail(&p.host.u.scp02.mac, zero, &covered, 1, &bad[13]));
		refuse_authenticate(&p, span_of(bad, w.n), SCP_BAD_CRYPTOGRAM);
		bad[5] ^= 1;
		bad[1] = 0x84;
		assert_true(des_mac_retail(&p.host.u.scp02.mac, zero, &covered, 1, &bad[13]));
		refuse_authenticate(&p, span_of(bad, w.n), SCP_MALFORMED);
		/* A level that there is not, under a right MAC. */
		bad[1] = 0x82;
		bad[2] = 0x33;
		assert_true(des_mac_retail(&p.host.u.scp02.mac, zero, &covered, 1, &bad[13]));
		refuse_authenticate(&p, span_of(bad, w.n), SCP_MALFORMED);
		assert_true(capdu_get(wr_span(&w), &c));
		assert_int_equal(
		    scp_card_authenticate(&p.card, CHALLENGES(SPAN(hc), SPAN(cc)), &c), SCP_OK);
		assert_int_equal(
		    scp_card_authenticate(&p.card, CHALLENGES(SPAN(hc), SPAN(cc)), &c), SCP_FAILED);
		wipe_pair02(&p);
	}
}

/* Seals a body as it is for a plain text that it may not be: what only a holder of the session
 * keys could send. */
static struct span forge(struct scp *s, struct span clear, struct span body, uint8_t *out)
{
	const uint8_t header[] = { 0x84, 0xE2, 0, 0, (uint8_t)(clear.n + 8) };
	const struct span parts[] = { SPAN(header), clear };
	struct wr w = wr_fixed(out, 64);
	uint8_t icv[8], mac[8];

	assert_true(des_single(&s->u.scp02.mac, s->u.scp02.icv, icv));
	assert_true(des_mac_retail(&s->u.scp02.mac, icv, parts, 2, mac));
	wr_bytes(&w, header, 4);
	wr_u8(&w, (uint8_t)(body.n + 8));
	wr_put(&w, body);
	wr_bytes(&w, mac, 8);
	assert_true(wr_ok(&w));
	return wr_span(&w);
}

static void test_bad_padding(void **state)
{
	static const struct {
		const char *padded;
		size_t n; /* of the plain text that the MAC is over */
	} bad[] = {
		{ "8000000000000000", 0 }, /* padding only: an encrypted nothing */
		{ "0000000000000000", 0 }, /* no padding */
		{ "0000000000000001", 8 }, { "0102030405060708", 8 },
		{ "01020380000000000000000000000000", 3 }, /* more padding than it takes */
	};
	static const uint8_t zero[8];
	struct pair02 p = { 0 };
	struct capdu c;
	uint8_t b[64];

	(void)state;
	open_pair02(&p, 0x15, 0x03);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct span padded = unit_bytes(bad[i].padded);
		uint8_t body[16];

		assert_true(des_cbc(&p.host.u.scp02.enc, ENCRYPT, zero, padded, body));
		refuse_command02(&p.card,
		    forge(&p.host, span_sub(padded, 0, bad[i].n), span_of(body, padded.n), b));
		refuse_command02(&p.card,
		    forge(&p.host, span_sub(padded, 0, bad[i].n), span_of(body, padded.n - 1), b));
	}
	assert_int_equal(
	    try_command02(&p.card, forge(&p.host, span_of(NULL, 0), span_of(NULL, 0), b), &c),
	    SCP_OK);
	assert_int_equal(c.data.n, 0);
	wipe_pair02(&p);
}

/* A session takes no plain commands, and one without C-MAC no protected ones. */
static void test_class(void **state)
{
	struct capdu c = { .cla = 0x80, .ins = 0xE2 };
	uint8_t b[64], data[20] = { 0 };
	struct pair02 p = { 0 };

	(void)state;
	c.data = SPAN(data);
	for (size_t l = 0; l < LEVELS02; l++) {
		struct wr w = wr_fixed(b, sizeof(b));

		c.cla = (levels02[l] & LEVEL_CMAC) == 0 ? 0x84 : 0x80;
		open_pair02(&p, 0x35, levels02[l]);
		capdu_put(&w, &c);
		refuse_command02(&p.card, wr_span(&w));
		wipe_pair02(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tampering),
		cmocka_unit_test(test_authenticate),
		cmocka_unit_test(test_bad_padding),
		cmocka_unit_test(test_class),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
