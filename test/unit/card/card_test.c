/* card_transmit against scripted cards: 61xx, 6Cxx, T=0, endless and silent ones. */
#include "unit.h"

#include <unistd.h>

#include "card/card.h"

/* Answers by a list of {expected command, answer}; answer NULL: silence. */
struct step {
	const char *cmd, *rsp;
};
struct script {
	const struct step *steps;
	size_t n, at;
	unsigned sent;
	struct span always; /* n > 0: the answer to everything */
	size_t blocks;      /* > 0: so many answers of 256 octets that promise more, then 9000 */
	unsigned slow_ms;   /* each answer takes so long */
	bool dead;
	unsigned limit;
};

static int script_transmit(void *ctx, struct span command, struct wr *rsp, struct err *e)
{
	struct script *s = ctx;

	s->sent++;
	usleep(s->slow_ms * 1000);
	if (s->blocks > 0) {
		wr_fill(rsp, 0xDA, 256);
		wr_u16(rsp, --s->blocks > 0 ? 0x6100 : 0x9000);
		return 0;
	}
	if (s->always.n > 0) {
		wr_put(rsp, s->always);
		return 0;
	}
	assert_true(s->at < s->n);
	assert_span(command, unit_bytes(s->steps[s->at].cmd));
	if (s->steps[s->at].rsp == NULL)
		return err_set(e, ERR_READER, "no answer");
	wr_put(rsp, unit_bytes(s->steps[s->at++].rsp));
	return 0;
}

static void script_close(void *ctx)
{
	((struct script *)ctx)->sent = 1000;
}

static int script_alive(void *ctx, struct err *e)
{
	return ((struct script *)ctx)->dead ? err_set(e, ERR_READER, "taken out") : 0;
}

static void script_limit(void *ctx, unsigned ms)
{
	((struct script *)ctx)->limit = ms;
}

static const struct card_ops script_ops = {
	.transmit = script_transmit,
	.close = script_close,
	.alive = script_alive,
	.limit = script_limit,
};

/* Runs one command; gives the answer or NULL and e. */
static int run_given(
    const char *given, const struct step *steps, size_t n, bool t0, struct wr *rsp, struct err *e)
{
	struct script s = { .steps = steps, .n = n };
	struct card c = { .ops = &script_ops, .ctx = &s, .t0 = t0 };
	int rc = card_transmit(&c, unit_bytes(given), rsp, e);

	if (rc == 0)
		assert_int_equal(s.at, n);
	return rc;
}

static int run(const struct step *steps, size_t n, bool t0, struct wr *rsp, struct err *e)
{
	return run_given(steps[0].cmd, steps, n, t0, rsp, e);
}

/* T=0, a command of case 4: it goes out without its Le. */
#define RUN_T0(given, want, ...) \
	do { \
		static const struct step steps[] = { __VA_ARGS__ }; \
		struct wr rsp = wr_grow(APDU_MAX_RESPONSE); \
		struct err e = { 0 }; \
		assert_ok( \
		    run_given(given, steps, sizeof(steps) / sizeof(steps[0]), true, &rsp, &e), \
		    &e); \
		assert_span(wr_span(&rsp), unit_bytes(want)); \
		wr_free(&rsp); \
	} while (0)

#define RUN(t0, want, ...) \
	do { \
		static const struct step steps[] = { __VA_ARGS__ }; \
		struct wr rsp = wr_grow(APDU_MAX_RESPONSE); \
		struct err e = { 0 }; \
		assert_ok(run(steps, sizeof(steps) / sizeof(steps[0]), t0, &rsp, &e), &e); \
		assert_span(wr_span(&rsp), unit_bytes(want)); \
		wr_free(&rsp); \
	} while (0)

static void test_plain(void **state)
{
	(void)state;
	RUN(false, "AABB9000", { "80CA006600", "AABB9000" });
	RUN(false, "6A88", { "80CA006600", "6A88" });
	RUN(false, "9000", { "00A40400", "9000" });
}

static void test_61(void **state)
{
	(void)state;
	RUN(false, "01029000", { "80CA006600", "6102" }, { "00C0000002", "01029000" });
	/* Data that comes with 61xx counts; 00 stands for 256; the channel is kept, protection not.
	 */
	RUN(false, "0102036282", { "84F2400002010200", "016101" }, { "00C0000001", "026100" },
	    { "00C0000000", "036282" });
	RUN(false, "AA9000", { "8281000000", "6101" }, { "02C0000001", "AA9000" });
}

static void test_6c(void **state)
{
	(void)state;
	RUN(false, "01029000", { "80CA006600", "6C02" }, { "80CA006602", "01029000" });
	/* Once only; the second is the card's answer. */
	RUN(false, "6C03", { "80CA006600", "6C02" }, { "80CA006602", "6C03" });
	/* GET RESPONSE may be corrected too. */
	RUN(false, "019000", { "80CA006600", "6105" }, { "00C0000005", "6C01" },
	    { "00C0000001", "019000" });
	/* What came with the correction comes again: it counts once. */
	RUN(false, "01029000", { "80CA006600", "01026C02" }, { "80CA006602", "01029000" });
	/* No Le, nothing to correct. */
	RUN(false, "6C02", { "80E2000001AA", "6C02" });
}

static void test_t0(void **state)
{
	(void)state;
	/* Case 4 goes out as case 3 (ISO 7816-3 12.1.3). */
	RUN(true, "6F009000", { "00A404000411223344", "6102" }, { "00C0000002", "6F009000" });
	struct script s = { 0 };
	struct card c = { .ops = &script_ops, .ctx = &s, .t0 = true };
	struct wr rsp = wr_grow(APDU_MAX_RESPONSE);
	struct err e = { 0 };

	assert_int_equal(card_transmit(&c, unit_bytes("80E2000000000211220000"), &rsp, &e), -1);
	assert_int_equal(e.code, ERR_SAFETY);
	assert_int_equal(s.sent, 0);
}

static void test_t0_drops_le(void **state)
{
	struct script s = { 0 };
	struct card c = { .ops = &script_ops, .ctx = &s, .t0 = true };
	static const struct step case3[] = { { "80E20000021122", "9000" } };
	struct wr rsp = wr_grow(APDU_MAX_RESPONSE);
	struct err e = { 0 };

	(void)state;
	s.steps = case3;
	s.n = 1;
	assert_ok(card_transmit(&c, unit_bytes("80E2000002112200"), &rsp, &e), &e);
	wr_free(&rsp);
}

/* ETSI TS 102 221 7.3.1.1.4: on T=0 a warning stands before the data that it belongs to. */
static void test_t0_warning(void **state)
{
	(void)state;
	RUN_T0("80F24000024F0000", "01026310", { "80F24000024F00", "6310" },
	    { "00C0000000", "6C02" }, { "00C0000002", "01029000" });
	RUN_T0("01A4040002A00000", "01026283", { "01A4040002A000", "6283" },
	    { "01C0000000", "016101" }, { "01C0000001", "029000" });
	/* Nothing waits: the warning is all. */
	RUN_T0("80F24000024F0000", "63C2", { "80F24000024F00", "63C2" }, { "00C0000000", "6985" });
	RUN_T0("80F24000024F0000", "6300", { "80F24000024F00", "6300" }, { "00C0000000", "9000" });
	/* A second warning, with the data, is the later word; an error after some data is the end.
	 */
	RUN_T0(
	    "80F24000024F0000", "016310", { "80F24000024F00", "6283" }, { "00C0000000", "016310" });
	RUN_T0("80F24000024F0000", "016F00", { "80F24000024F00", "6283" },
	    { "00C0000000", "016101" }, { "00C0000001", "6F00" });
	/* Asked once only, and only for a command that had data and Le. */
	RUN_T0("80F24000024F0000", "6310", { "80F24000024F00", "6310" }, { "00C0000000", "6310" });
	RUN_T0("80F24000024F0000", "6310", { "80F24000024F00", "6102" }, { "00C0000002", "6310" });
	RUN(true, "6283", { "80CA006600", "6283" });
	RUN(true, "63C2", { "00200000023132", "63C2" });
	RUN(false, "6283", { "80F24000024F0000", "6283" });
}

static void test_endless(void **state)
{
	static const struct {
		const char *always;
		unsigned sent;
	} cases[] = {
		{ "6101", CARD_IDLE_ROUNDS },  /* more, and never anything */
		{ "016101", CARD_MAX_ROUNDS }, /* one octet each time */
	};
	struct wr rsp = wr_grow(APDU_MAX_RESPONSE);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script s = { .always = unit_bytes(cases[i].always) };
		struct card c = { .ops = &script_ops, .ctx = &s };
		struct err e = { 0 };

		assert_int_equal(card_transmit(&c, unit_bytes("80CA006600"), &rsp, &e), -1);
		assert_int_equal(e.code, ERR_CARD);
		assert_non_null(strstr(e.text, "does not come to an end"));
		assert_int_equal(s.sent, cases[i].sent);
		assert_int_equal(rsp.n, 0);
	}
	wr_free(&rsp);
}

/* 6Cxx for ever: corrected once, then it is the card's answer. */
static void test_wrong_le_for_ever(void **state)
{
	struct script s = { .always = unit_bytes("6C05") };
	struct card c = { .ops = &script_ops, .ctx = &s };
	struct wr rsp = wr_grow(APDU_MAX_RESPONSE);
	struct err e = { 0 };

	(void)state;
	assert_ok(card_transmit(&c, unit_bytes("80CA006600"), &rsp, &e), &e);
	assert_span(wr_span(&rsp), unit_bytes("6C05"));
	assert_int_equal(s.sent, 2);
	/* Now and then a round of GET RESPONSE between them does not help either. */
	static const struct step pair[] = { { "80CA006600", "6105" }, { "00C0000005", "6C04" },
		{ "00C0000004", "6105" }, { "00C0000005", "6C04" }, { "00C0000004", "6C05" } };
	assert_ok(run(pair, 5, false, &rsp, &e), &e);
	assert_span(wr_span(&rsp), unit_bytes("6C05"));
	wr_free(&rsp);
}

/* 64 KiB by GET RESPONSE is the most; the octet after it is too much. */
static void test_whole_64k(void **state)
{
	struct script s = { .blocks = 256 };
	struct card c = { .ops = &script_ops, .ctx = &s, .t0 = true };
	struct wr rsp = wr_grow(APDU_MAX_RESPONSE);
	struct rapdu r;
	struct err e = { 0 };

	(void)state;
	assert_ok(card_transmit(&c, unit_bytes("80CA006600"), &rsp, &e), &e);
	assert_int_equal(s.sent, 256);
	assert_true(rapdu_get(wr_span(&rsp), &r));
	assert_int_equal(r.data.n, 65536);
	assert_int_equal(r.data.p[65535], 0xDA);
	assert_int_equal(r.sw, SW_OK);
	s = (struct script){ .blocks = 257 };
	assert_int_equal(card_transmit(&c, unit_bytes("80CA006600"), &rsp, &e), -1);
	assert_int_equal(e.code, ERR_CARD);
	assert_non_null(strstr(e.text, "longer than 65536 octets"));
	assert_int_equal(rsp.n, 0);
	wr_free(&rsp);
}

static void test_slow(void **state)
{
	struct script s = { .always = unit_bytes("016101"), .slow_ms = 5 };
	struct card c = { .ops = &script_ops, .ctx = &s };
	struct wr rsp = wr_grow(APDU_MAX_RESPONSE);
	struct err e = { 0 };

	(void)state;
	card_limit(&c, 20);
	assert_int_equal(s.limit, 20);
	assert_int_equal(card_transmit(&c, unit_bytes("80CA006600"), &rsp, &e), -1);
	assert_int_equal(e.code, ERR_READER);
	assert_string_equal(unit_hint(&e), "--timeout SECONDS gives a command more time");
	assert_in_range(s.sent, 1, 4);
	assert_true(c.gone);
	/* With time enough the answer is taken to its end. */
	s = (struct script){ .blocks = 3 };
	c = (struct card){ .ops = &script_ops, .ctx = &s };
	card_limit(&c, 600000);
	wr_reset(&rsp);
	assert_ok(card_transmit(&c, unit_bytes("80CA006600"), &rsp, &e), &e);
	assert_int_equal(s.sent, 3);
	wr_free(&rsp);
}

static void test_alive(void **state)
{
	static const struct card_ops silent = { .close = script_close };
	struct script s = { 0 };
	struct card c = { .ops = &script_ops, .ctx = &s }, plain = { .ops = &silent, .ctx = &s };
	struct err e = { 0 };

	(void)state;
	assert_ok(card_alive(&c, &e), &e);
	s.dead = true;
	assert_int_equal(card_alive(&c, &e), -1);
	assert_int_equal(e.code, ERR_READER);
	assert_string_equal(e.text, "taken out");
	assert_true(c.gone);
	s.dead = false; /* another card, or the same again: ours is gone */
	assert_int_equal(card_alive(&c, &e), -1);
	assert_ok(card_alive(&plain, &e), &e);
	card_limit(&plain, 10);
	assert_int_equal(plain.limit_ms, 10);
	card_limit(&plain, 0);
	assert_int_equal(plain.limit_ms, 10);
}

static void test_too_long(void **state)
{
	uint8_t big[40000] = { 0 };
	struct script s = { .always = SPAN(big) };
	struct card c = { .ops = &script_ops, .ctx = &s };
	struct wr rsp = wr_grow(APDU_MAX_RESPONSE);
	struct err e = { 0 };

	(void)state;
	big[sizeof(big) - 2] = 0x61;
	assert_int_equal(card_transmit(&c, unit_bytes("80CA006600"), &rsp, &e), -1);
	assert_int_equal(e.code, ERR_CARD);
	assert_int_equal(s.sent, 2);
	wr_free(&rsp);
}

static void test_short_answer(void **state)
{
	static const uint8_t one[1] = { 0x90 };
	struct wr rsp = wr_grow(APDU_MAX_RESPONSE);
	struct err e = { 0 };
	struct script s = { .always = SPAN(one) };
	struct card c = { .ops = &script_ops, .ctx = &s };

	(void)state;
	assert_int_equal(card_transmit(&c, unit_bytes("80CA006600"), &rsp, &e), -1);
	assert_int_equal(e.code, ERR_CARD);
	assert_true(c.gone);
	/* Empty after a 61xx as well: what came before is no status word. */
	static const struct step steps[] = { { "80CA006600", "01026102" }, { "00C0000002", "" } };
	assert_int_equal(run(steps, 2, false, &rsp, &e), -1);
	assert_int_equal(e.code, ERR_CARD);
	wr_free(&rsp);
}

static void test_gone(void **state)
{
	static const struct step steps[] = { { "80CA006600", NULL } };
	struct script s = { .steps = steps, .n = 1 };
	struct card c = { .ops = &script_ops, .ctx = &s };
	struct wr rsp = wr_grow(APDU_MAX_RESPONSE);
	struct err e = { 0 };

	(void)state;
	assert_int_equal(card_transmit(&c, unit_bytes("80CA006600"), &rsp, &e), -1);
	assert_int_equal(e.code, ERR_READER);
	assert_true(c.gone);
	assert_int_equal(card_transmit(&c, unit_bytes("80CA006600"), &rsp, &e), -1);
	assert_int_equal(e.code, ERR_READER);
	assert_int_equal(s.sent, 1);
	card_close(&c);
	assert_int_equal(s.sent, 1000);
	card_close(&c);
	wr_free(&rsp);
}

static void test_send(void **state)
{
	static const struct step steps[] = { { "80CA004500", "45019A9000" } };
	struct script s = { .steps = steps, .n = 1 };
	struct card c = { .ops = &script_ops, .ctx = &s };
	struct capdu cmd = { .cla = 0x80, .ins = 0xCA, .p2 = 0x45, .le = LE_MAX_SHORT };
	struct wr rsp = wr_grow(APDU_MAX_RESPONSE);
	struct rapdu r;
	struct err e = { 0 };
	uint8_t big[300] = { 0 };

	(void)state;
	assert_ok(card_send(&c, &cmd, &rsp, &r, &e), &e);
	assert_int_equal(r.sw, SW_OK);
	assert_span(r.data, unit_bytes("45019A"));
	cmd.data = SPAN(big);
	assert_int_equal(card_send(&c, &cmd, &rsp, &r, &e), -1);
	assert_int_equal(s.sent, 1);
	wr_free(&rsp);
}

/* A card that is none takes a limit and forgets it. */
static void test_limit_of_none(void **state)
{
	struct card none = { 0 };

	(void)state;
	card_limit(&none, 5);
	assert_int_equal(none.limit_ms, 5);
	card_limit(&none, 0);
	assert_int_equal(none.limit_ms, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_61),
		cmocka_unit_test(test_6c),
		cmocka_unit_test(test_t0),
		cmocka_unit_test(test_t0_drops_le),
		cmocka_unit_test(test_t0_warning),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_wrong_le_for_ever),
		cmocka_unit_test(test_whole_64k),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_alive),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_short_answer),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_send),
		cmocka_unit_test(test_limit_of_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
