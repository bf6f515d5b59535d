/*
 * What a card must hold to in broadcast loading, while somebody who may hold the broadcast keys
 * sends what he likes. The tests carry the numbers of the list in section 10 of the specification
 * of the method: 1 to 5 and 10, as far as they concern the card.
 */
#include "bench.h"

static const struct span none = { NULL, 0 };

/* The wrapped AUTHORIZE ACTION of algorithm 05. */
static void wrap_authorize(struct bench *b, const struct package *p, struct wr *wire)
{
	uint8_t data[256];
	struct wr w = wr_fixed(data, sizeof(data));
	struct authorize a;

	package_authorize(p, b, ALG_ISSUER, &a);
	authorize_put(&w, &a);
	bench_wrap(&b->host, INS_AUTHORIZE_ACTION, 0, wr_span(&w), wire);
}

static uint8_t open_verdict(struct bench *b)
{
	struct wr w = wr_fixed(b->plain, sizeof(b->plain));
	struct rapdu r;
	struct verdict v;

	assert_int_equal(scp_open_response(&b->host, bench_answer(b), &r, &w), SCP_OK);
	assert_true(verdict_get(r.data, &v));
	return v.result;
}

/* 1. AUTHORIZE ACTION is computed before any command of the stream is sent. */
static void authorize_ahead(uint32_t total)
{
	struct bench b;
	struct package p;
	uint8_t buf[300];
	struct wr wire = wr_fixed(buf, sizeof(buf));

	bench_issue(&b, 16, 0x70);
	package_make(&p, &b, 'a', 16, 8);
	p.total = total;
	p.block = total > 100 ? 1 : 200;
	p.length = total > 100 ? total - 9 : total * 200 - 60;
	package_stream(&p);
	bench_on(&b);
	bench_session(&b, 0x33);
	assert_int_equal(bench_start(&b, &p, 0), SW_OK);
	wrap_authorize(&b, &p, &wire);
	bench_stream(&b, &p, 0);
	assert_int_equal(b.v->chip.slot.done, total);
	assert_int_equal(b.v->chip.slot.state, SLOT_COMPLETE);
	assert_int_equal(bench_return(&b, &p), SW_OK);
	assert_int_equal(bench_raw(&b, wr_span(&wire)), SW_OK);
	assert_int_equal(open_verdict(&b), RESULT_ACTIVE);
	bench_assert_active(&b, &p);
	bench_tear_down(&b, &p);
}

static void test_01_authorize_ahead(void **state)
{
	(void)state;
	authorize_ahead(1);
	authorize_ahead(3);
	authorize_ahead(2179);
}

static void test_01_stream_failed_between(void **state)
{
	struct bench b;
	struct package p;
	uint8_t buf[300];
	struct wr wire = wr_fixed(buf, sizeof(buf));
	struct scp s = { 0 };

	(void)state;
	bench_set_up(&b, &p, 'a', 16, 8);
	assert_int_equal(bench_start(&b, &p, 0), SW_OK);
	wrap_authorize(&b, &p, &wire);
	insider_begin(&s, &p, 0);
	assert_int_equal(
	    insider_sends(&b, &s, INS_WRITE_STAGE, 0, unit_bytes("00000000AABB")), SW_OK);
	assert_int_equal(
	    insider_sends(&b, &s, INS_WRITE_STAGE, 0, unit_bytes("00000003CC")), SW_WRONG_P1P2);
	/* what would be right is not written any more */
	assert_int_equal(
	    insider_sends(&b, &s, INS_WRITE_STAGE, 0, unit_bytes("00000002CC")), SW_CONDITIONS);
	assert_int_equal(insider_sends(&b, &s, INS_CHANGE_MODE, 0x0001, none), SW_OK);
	assert_span(wr_span(&b.v->chip.slot_data), unit_bytes("AABB"));
	assert_int_equal(bench_raw(&b, wr_span(&wire)), SW_AUTH_FAILED);
	assert_int_equal(open_verdict(&b), RESULT_NOT_COMPLETE);
	assert_int_equal(bench_slot(&b).done, 1);
	scp_wipe(&s);
	bench_tear_down(&b, &p);
}

/* 2. Enter is answered under S-RMAC, stream and return bare, the verdict encrypted with the
 * diversified counter. */
static void test_02_answer_contexts(void **state)
{
	struct bench b;
	struct package p;
	struct authorize a;
	uint8_t result, counter[16] = { 0 };

	(void)state;
	bench_set_up(&b, &p, 'b', 32, 16);
	assert_int_equal(bench_start(&b, &p, 0), SW_OK);
	assert_int_equal(b.answer_n, 16 + 2);
	for (uint32_t k = 0; k < p.total; k++) {
		assert_int_equal(bench_raw(&b, package_command(&p, k)), SW_OK);
		assert_int_equal(b.answer_n, 2);
	}
	assert_int_equal(bench_return(&b, &p), SW_OK);
	assert_int_equal(b.answer_n, 2);
	package_authorize(&p, &b, ALG_ISSUER, &a);
	assert_int_equal(bench_authorize(&b, P1_ACTIVATE, &a, &result), SW_OK);
	assert_int_equal(result, RESULT_ACTIVE);
	assert_int_equal(b.answer_n, 32 + 16 + 2);
	counter[15] = 2;
	assert_span(SPAN(bench_channel(&b)->scp.u.scp03.counter), SPAN(counter));
	bench_tear_down(&b, &p);
}

/* All of the card's memory but the slot. */
static void freeze(const struct vcard *v, struct chip *c)
{
	memcpy(c, &v->chip, sizeof(*c));
	memset(&c->slot, 0, sizeof(c->slot));
	memset(&c->slot_data, 0, sizeof(c->slot_data));
}

struct abuse {
	uint8_t ins;
	uint16_t p1p2;
	const char *data;
	uint16_t sw;
};

static const struct abuse abuses[] = {
	{ INS_CHANGE_MODE, 0x0000, "", SW_CONDITIONS },
	{ INS_CHANGE_MODE, 0x0002, "", SW_CONDITIONS },
	{ INS_CHANGE_MODE, 0x0001, "00", SW_CONDITIONS },
	{ INS_CHANGE_MODE, 0x0100, NULL, SW_CONDITIONS },
	{ INS_CHANGE_MODE, 0x0001, "", SW_OK }, /* early return */
	{ INS_AUTHORIZE_ACTION, 0x0000, "A100", SW_CONDITIONS },
	{ INS_AUTHORIZE_ACTION, 0x0200, "A11885100123456789ABCDEF0123456789ABCDEF860400000001",
	    SW_CONDITIONS },
	{ INS_PUT_KEY, 0x0081, "3188101112131415161718191A1B1C1D1E1F2003504A77", SW_CONDITIONS },
	{ INS_STORE_DATA, 0x8800, "00CF0A3132333435363738393A", SW_OK }, /* it is data */
	{ INS_LOAD, 0x8000, "C4820001AA", SW_OK },                       /* so is this */
	{ INS_INSTALL, 0x0200, "08A000000151000001000000", SW_CONDITIONS },
	{ INS_SET_STATUS, 0x807F, "", SW_CONDITIONS },
	{ INS_DELETE, 0x0000, "4F08A000000151000001", SW_CONDITIONS },
	{ INS_SELECT, 0x0400, "A000000151000000", SW_CONDITIONS },
	{ INS_MANAGE_CHANNEL, 0x8000, "", SW_CONDITIONS },
	{ INS_GET_DATA, 0x0066, "", SW_CONDITIONS },
	{ INS_GET_STATUS, 0x8000, "4F00", SW_CONDITIONS },
	{ INS_INITIALIZE_UPDATE, 0x3000, "0102030405060708", SW_CONDITIONS },
	{ INS_EXTERNAL_AUTHENTICATE, 0x0300, "0102030405060708", SW_CONDITIONS },
	{ INS_WRITE_STAGE, 0x0100, "00000000AA", SW_WRONG_P1P2 },
	{ INS_WRITE_STAGE, 0x0001, "00000000AA", SW_REFERENCE_NOT_FOUND },
	{ INS_WRITE_STAGE, 0x0000, "000000", SW_WRONG_DATA },
	{ INS_WRITE_STAGE, 0x0000, "00000001AA", SW_WRONG_P1P2 },
};

/* 3. Whoever holds BK can fill the slot and go back, and nothing else. */
static void test_03_insider(void **state)
{
	struct bench b;
	struct package p;
	struct chip before, after;

	(void)state;
	bench_set_up(&b, &p, 'a', 16, 8);
	for (size_t n = 0; n < sizeof(abuses) / sizeof(abuses[0]); n++) {
		const struct abuse *t = &abuses[n];
		struct scp s = { 0 };
		uint8_t data[256];
		struct wr w = wr_fixed(data, sizeof(data));
		struct enter e;

		package_enter(&p, 0, &e);
		if (t->data == NULL)
			enter_put(&w, &e);
		else
			wr_put(&w, unit_bytes(t->data));
		assert_int_equal(bench_enter(&b, &e), SW_OK);
		insider_begin(&s, &p, 0);
		freeze(b.v, &before);
		assert_int_equal(insider_sends(&b, &s, t->ins, t->p1p2, wr_span(&w)), t->sw);
		freeze(b.v, &after);
		assert_memory_equal(&before, &after, sizeof(before));
		assert_int_equal(
		    b.v->chip.slot.done, t->sw == SW_OK && t->ins != INS_CHANGE_MODE ? 1 : 0);
		if (t->sw != SW_OK)
			/* refused once: only return helps */
			assert_int_equal(
			    insider_sends(&b, &s, INS_WRITE_STAGE, 0, unit_bytes("00000000AA")),
			    SW_CONDITIONS);
		if (t->ins != INS_CHANGE_MODE || t->sw != SW_OK)
			assert_int_equal(
			    insider_sends(&b, &s, INS_CHANGE_MODE, 0x0001, none), SW_OK);
		assert_int_equal(bench_channel(&b)->session, CHANNEL_UNICAST);
		scp_wipe(&s);
	}
	/* the diversified channel has gone on counting all the while */
	assert_int_equal(bench_slot(&b).state, SLOT_RECEIVING);
	bench_tear_down(&b, &p);
}

/* 3, continued: more than N commands, more than was announced. */
static void test_03_too_much(void **state)
{
	struct bench b;
	struct package p;
	struct scp s = { 0 };

	(void)state;
	bench_set_up(&b, &p, 'a', 16, 8);
	assert_int_equal(bench_start(&b, &p, 0), SW_OK);
	bench_stream(&b, &p, 0);
	insider_begin(&s, &p, p.total);
	assert_int_equal(insider_sends(&b, &s, INS_LOAD, 0, none), SW_CONDITIONS);
	assert_int_equal(insider_sends(&b, &s, INS_CHANGE_MODE, 0x0001, none), SW_OK);
	assert_int_equal(b.v->chip.slot.state, SLOT_COMPLETE);
	scp_wipe(&s);
	p.length = 3;
	for (unsigned ins = INS_STORE_DATA; ins <= INS_LOAD; ins += INS_LOAD - INS_STORE_DATA) {
		assert_int_equal(bench_start(&b, &p, 0), SW_OK);
		insider_begin(&s, &p, 0);
		assert_int_equal(
		    insider_sends(&b, &s, (uint8_t)ins, 0, unit_bytes("AABBCCDD")), SW_NO_MEMORY);
		assert_int_equal(b.v->chip.slot_data.n, 0);
		assert_int_equal(
		    insider_sends(&b, &s, (uint8_t)ins, 0, unit_bytes("AABBCC")), SW_CONDITIONS);
		assert_int_equal(insider_sends(&b, &s, INS_CHANGE_MODE, 0x0001, none), SW_OK);
		scp_wipe(&s);
	}
	bench_tear_down(&b, &p);
}

/* 4. Return wrapped in the wrong channel, sent again, a verdict asked for again. */
static void test_04_replay(void **state)
{
	struct bench b;
	struct package p;
	uint8_t buf[300];
	struct wr wire = wr_fixed(buf, sizeof(buf));

	(void)state;
	bench_set_up(&b, &p, 'a', 16, 8);
	bench_load(&b, &p);
	assert_int_equal(bench_secure(&b, INS_CHANGE_MODE, 0x0001, none, NULL), SW_CONDITIONS);
	assert_int_equal(bench_slot(&b).state, SLOT_COMPLETE); /* the session stays */
	assert_int_equal(bench_return(&b, &p), SW_SECURITY_STATUS);
	assert_int_equal(bench_channel(&b)->session, CHANNEL_IDLE);

	bench_session(&b, 0x33);
	wrap_authorize(&b, &p, &wire);
	assert_int_equal(bench_raw(&b, wr_span(&wire)), SW_OK);
	assert_int_equal(open_verdict(&b), RESULT_ACTIVE);
	assert_int_equal(bench_raw(&b, wr_span(&wire)), SW_SECURITY_STATUS);
	assert_int_equal(bench_channel(&b)->session, CHANNEL_IDLE);
	bench_assert_active(&b, &p);
	bench_tear_down(&b, &p);
}

static uint8_t verdict(struct bench *b, const struct authorize *a)
{
	uint8_t result;
	uint16_t sw = bench_authorize(b, P1_VERIFY, a, &result);

	assert_int_equal(sw, result < RESULT_NOT_COMPLETE ? SW_OK : SW_AUTH_FAILED);
	return result;
}

/* 5. A card that takes algorithm 05 only. */
static void test_05_policy(void **state)
{
	static const uint8_t others[] = { ALG_CMAC_BK, ALG_CMAC_KMAC, ALG_DIGEST };
	struct bench b;
	struct package p;
	struct authorize a;

	(void)state;
	bench_issue(&b, 16, 0x70);
	b.issue.algorithms[0] = ALG_ISSUER;
	b.issue.algorithm_n = 1;
	package_make(&p, &b, 'a', 16, 8);
	package_stream(&p);
	bench_on(&b);
	bench_session(&b, 0x33);
	bench_load(&b, &p);
	for (size_t n = 0; n < sizeof(others); n++) {
		package_authorize(&p, &b, others[n], &a);
		assert_int_equal(verdict(&b, &a), RESULT_POLICY);
	}
	assert_int_equal(bench_slot(&b).state, SLOT_COMPLETE);
	assert_int_equal(bench_activate(&b, &p), RESULT_ACTIVE);
	bench_tear_down(&b, &p);
}

/* Changes one thing; `sign`: the issuer really signed that. */
struct misfit {
	void (*change)(struct authorize *a);
	bool sign;
	uint8_t result;
};

static void other_platform(struct authorize *a)
{
	a->platform[7] ^= 1;
}

static void other_target(struct authorize *a)
{
	a->target.b[7] ^= 1;
}

static void longer_target(struct authorize *a)
{
	a->target.n++;
}

static void higher_base(struct authorize *a)
{
	a->base++;
}

static void lower_base(struct authorize *a)
{
	a->base--;
}

static void other_version(struct authorize *a)
{
	a->version++;
}

static void same_version(struct authorize *a)
{
	a->version = a->base;
}

static void other_length(struct authorize *a)
{
	a->length--;
}

static void other_campaign(struct authorize *a)
{
	a->campaign[0] ^= 1;
}

static void other_package(struct authorize *a)
{
	a->package++;
}

static void other_digest(struct authorize *a)
{
	a->code[31] ^= 1;
}

static void other_signature(struct authorize *a)
{
	a->signature[63] ^= 1;
}

static const struct misfit misfits[] = {
	{ other_platform, true, RESULT_TARGET },
	{ other_target, true, RESULT_TARGET },
	{ longer_target, true, RESULT_TARGET },
	{ higher_base, true, RESULT_TARGET },
	{ lower_base, false, RESULT_SIGNATURE },
	{ other_version, false, RESULT_SIGNATURE },
	{ same_version, true, RESULT_VERSION },
	{ other_length, true, RESULT_LENGTH },
	{ other_campaign, true, RESULT_CAMPAIGN },
	{ other_package, true, RESULT_CAMPAIGN },
	{ other_digest, false, RESULT_SIGNATURE },
	{ other_signature, false, RESULT_SIGNATURE },
};

static void test_05_misfits(void **state)
{
	struct bench b;
	struct package p;
	struct authorize a;
	uint8_t result;

	(void)state;
	bench_set_up(&b, &p, 'a', 16, 8);
	bench_load(&b, &p);
	for (size_t n = 0; n < sizeof(misfits) / sizeof(misfits[0]); n++) {
		package_authorize(&p, &b, ALG_ISSUER, &a);
		misfits[n].change(&a);
		if (misfits[n].sign)
			package_sign(&p, &b, &a);
		assert_int_equal(verdict(&b, &a), misfits[n].result);
		assert_int_equal(bench_slot(&b).state, SLOT_COMPLETE);
	}
	/* finally: what is asked wrongly leaves the slot */
	for (size_t n = 0; n < sizeof(misfits) / sizeof(misfits[0]); n++) {
		package_authorize(&p, &b, ALG_ISSUER, &a);
		misfits[n].change(&a);
		if (misfits[n].sign)
			package_sign(&p, &b, &a);
		assert_int_equal(bench_authorize(&b, P1_ACTIVATE, &a, &result), SW_AUTH_FAILED);
		assert_int_equal(result, misfits[n].result);
		assert_int_equal(bench_slot(&b).state, SLOT_COMPLETE);
	}
	/* what is not what was signed goes */
	b.v->chip.slot_data.p[9] ^= 1;
	assert_int_equal(bench_activate(&b, &p), RESULT_CODE);
	assert_int_equal(bench_slot(&b).state, SLOT_REJECTED);
	assert_int_equal(bench_slot(&b).received, 0);
	assert_int_equal(bench_activate(&b, &p), RESULT_NOT_COMPLETE);
	bench_load(&b, &p);
	assert_int_equal(bench_activate(&b, &p), RESULT_ACTIVE);
	bench_assert_active(&b, &p);
	bench_tear_down(&b, &p);
}

/* 5, continued: algorithms 01 and 02; 01 only in the session that loaded. */
static void test_05_literal_codes(void **state)
{
	struct bench b;
	struct package p;
	struct authorize a;
	uint8_t result;

	(void)state;
	for (int again = 0; again < 2; again++) {
		bench_set_up(&b, &p, again ? 'p' : 'a', 16, 8);
		bench_load(&b, &p);
		package_authorize(&p, &b, ALG_CMAC_BK, &a);
		assert_int_equal(a.wrapped, !again);
		bench_cycle(&b);
		bench_session(&b, 0x33);
		assert_int_equal(verdict(&b, &a), RESULT_POLICY);
		bench_load(&b, &p); /* "it loads again from j = 0" */
		assert_int_equal(verdict(&b, &a), RESULT_VERIFIED);
		assert_int_equal(bench_slot(&b).state, SLOT_VERIFIED);
		a.code[3] ^= 1;
		assert_int_equal(verdict(&b, &a), RESULT_CODE);
		a.code[3] ^= 1;
		assert_int_equal(bench_authorize(&b, P1_ACTIVATE, &a, &result), SW_OK);
		assert_int_equal(result, RESULT_ACTIVE);
		assert_int_equal(bench_channel(&b)->bk_mac.n, 0);
		assert_int_equal(verdict(&b, &a), RESULT_ALREADY);
		bench_assert_active(&b, &p);
		bench_tear_down(&b, &p);
	}
}

/* 10. What was made for another campaign, package, N or MAC size: the first command ends it. */
static void test_10_foreign_stream(void **state)
{
	struct bench b;
	struct package p, q;

	(void)state;
	bench_set_up(&b, &p, 'a', 16, 8);
	for (int n = 0; n < 4; n++) {
		package_make(&q, &b, 'a', 16, n == 3 ? 16 : 8);
		q.bk_enc = p.bk_enc;
		q.bk_mac = p.bk_mac;
		q.number = p.number;
		if (n == 0)
			q.campaign[15] ^= 1;
		if (n == 1)
			q.number++;
		if (n == 2)
			q.total++;
		if (n == 3)
			q.block = p.block - 16;
		package_stream(&q);
		assert_int_equal(bench_start(&b, &p, 0), SW_OK);
		assert_int_equal(bench_raw(&b, package_command(&p, 0)), SW_OK);
		assert_int_equal(bench_raw(&b, package_command(&q, 1)), SW_SECURITY_STATUS);
		assert_int_equal(bench_channel(&b)->session, CHANNEL_IDLE);
		assert_false(bench_channel(&b)->has_saved);
		assert_int_equal(bench_slot(&b).done, 1);
		bench_session(&b, 0x33);
		assert_int_equal(bench_start(&b, &p, 0), SW_OK);
		assert_int_equal(bench_raw(&b, package_command(&q, 0)), SW_SECURITY_STATUS);
		assert_int_equal(bench_slot(&b).done, 0);
		bench_session(&b, 0x33);
		package_free(&q);
	}
	bench_tear_down(&b, &p);
}

/* 10, continued: order, omission, repetition. */
static void test_10_order(void **state)
{
	static const uint32_t wrong[] = { 0, 2 };
	struct bench b;
	struct package p;

	(void)state;
	bench_set_up(&b, &p, 'p', 24, 16);
	for (size_t n = 0; n < 2; n++) {
		assert_int_equal(bench_start(&b, &p, 0), SW_OK);
		assert_int_equal(bench_raw(&b, package_command(&p, 0)), SW_OK);
		assert_int_equal(bench_raw(&b, package_command(&p, wrong[n])), SW_SECURITY_STATUS);
		assert_int_equal(bench_slot(&b).received, p.block);
		bench_session(&b, 0x33);
	}
	bench_tear_down(&b, &p);
}

/* 10, continued: unprotected commands in broadcast mode. */
static void test_10_unprotected(void **state)
{
	struct bench b;
	struct package p;

	(void)state;
	bench_set_up(&b, &p, 'a', 16, 8);
	assert_int_equal(bench_start(&b, &p, 0), SW_OK);
	assert_int_equal(bench_plain(&b, INS_GET_DATA, TAG_SLOTS, none), SW_SECURITY_STATUS);
	assert_int_equal(bench_channel(&b)->session, CHANNEL_IDLE);
	assert_int_equal(bench_raw(&b, package_command(&p, 0)), SW_SECURITY_STATUS);
	assert_int_equal(bench_slot(&b).done, 0);

	bench_session(&b, 0x33);
	assert_int_equal(bench_start(&b, &p, 0), SW_OK);
	assert_int_equal(bench_plain(&b, INS_SELECT, 0x0400, aid_span(&aid_isd)), SW_OK);
	assert_int_equal(bench_channel(&b)->session, CHANNEL_IDLE);
	assert_int_equal(bench_return(&b, &p), SW_SECURITY_STATUS);

	bench_session(&b, 0x33);
	assert_int_equal(bench_start(&b, &p, 0), SW_OK);
	bench_session(&b, 0x33); /* INITIALIZE UPDATE is executed */
	assert_false(bench_channel(&b)->has_saved);
	assert_int_equal(bench_slot(&b).state, SLOT_RECEIVING);
	bench_tear_down(&b, &p);
}

/* 10, continued: two logical channels, of which one may be in broadcast mode. */
static void test_10_two_channels(void **state)
{
	struct bench b, c;
	struct package p;

	(void)state;
	bench_set_up(&b, &p, 'a', 16, 8);
	bench_plain(&b, INS_GET_DATA, 0x0066, none); /* ends the session: open the channel free */
	assert_int_equal(bench_plain(&b, INS_MANAGE_CHANNEL, 0x0000, none), SW_OK);
	assert_int_equal(b.answer[0], 1);
	c = b;
	c.host = (struct scp){ 0 };
	c.channel = 1;
	bench_session(&b, 0x33);
	bench_session(&c, 0x33);
	assert_int_equal(bench_start(&b, &p, 0), SW_OK);
	assert_int_equal(bench_raw(&b, package_command(&p, 0)), SW_OK);
	assert_int_equal(bench_start(&c, &p, 0), SW_CONDITIONS);
	assert_int_equal(bench_slot(&c).done, 1); /* unaffected */
	assert_int_equal(bench_raw(&b, package_command(&p, 1)), SW_OK);
	assert_int_equal(bench_activate(&c, &p), RESULT_NOT_COMPLETE);
	assert_int_equal(bench_raw(&b, package_command(&p, 2)), SW_OK);
	assert_int_equal(bench_activate(&c, &p), RESULT_ACTIVE);
	assert_int_equal(bench_return(&b, &p), SW_OK);
	bench_assert_active(&b, &p);
	scp_wipe(&c.host);
	bench_tear_down(&b, &p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_01_authorize_ahead),
		cmocka_unit_test(test_01_stream_failed_between),
		cmocka_unit_test(test_02_answer_contexts),
		cmocka_unit_test(test_03_insider),
		cmocka_unit_test(test_03_too_much),
		cmocka_unit_test(test_04_replay),
		cmocka_unit_test(test_05_policy),
		cmocka_unit_test(test_05_misfits),
		cmocka_unit_test(test_05_literal_codes),
		cmocka_unit_test(test_10_foreign_stream),
		cmocka_unit_test(test_10_order),
		cmocka_unit_test(test_10_unprotected),
		cmocka_unit_test(test_10_two_channels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
