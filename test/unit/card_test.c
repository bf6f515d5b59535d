/* card_transmit against scripted cards: 61xx, 6Cxx, T=0, endless and silent ones. */
#include "unit.h"

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
};

static int script_transmit(void *ctx, struct span command, struct wr *rsp, struct err *e)
{
	struct script *s = ctx;

	s->sent++;
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

static int script_reset(void *ctx, struct err *e)
{
	(void)ctx;
	return err_set(e, ERR_READER, "no reset");
}

static void script_close(void *ctx)
{
	((struct script *)ctx)->sent = 1000;
}

static const struct card_ops script_ops = { script_transmit, script_reset, script_close };

/* Runs one command; gives the answer or NULL and e. */
static int run(const struct step *steps, size_t n, bool t0, struct wr *rsp, struct err *e)
{
	struct script s = { .steps = steps, .n = n };
	struct card c = { .ops = &script_ops, .ctx = &s, .t0 = t0 };
	int rc = card_transmit(&c, unit_bytes(steps[0].cmd), rsp, e);

	if (rc == 0)
		assert_int_equal(s.at, n);
	return rc;
}

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

static void test_endless(void **state)
{
	static const char *const always[] = { "6101", "016101" };
	struct wr rsp = wr_grow(APDU_MAX_RESPONSE);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct script s = { .always = unit_bytes(always[i]) };
		struct card c = { .ops = &script_ops, .ctx = &s };
		struct err e = { 0 };

		assert_int_equal(card_transmit(&c, unit_bytes("80CA006600"), &rsp, &e), -1);
		assert_int_equal(e.code, ERR_CARD);
		assert_int_equal(s.sent, CARD_MAX_ROUNDS);
		assert_int_equal(rsp.n, 0);
	}
	wr_free(&rsp);
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
	assert_int_equal(card_reset(&c, &e), -1);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_61),
		cmocka_unit_test(test_6c),
		cmocka_unit_test(test_t0),
		cmocka_unit_test(test_t0_drops_le),
		cmocka_unit_test(test_endless),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_short_answer),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_send),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
