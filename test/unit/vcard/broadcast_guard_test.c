/*
 * The order of the card's checks in CHANGE MODE and AUTHORIZE ACTION, and test 11 of section 10 of
 * the specification of the method: every variant, key length and MAC size.
 */
#include "bench.h"

static const struct span none = { NULL, 0 };

/* ---- guards of enter (section 3) ---- */

static void assert_still_unicast(struct bench *b, uint8_t slot_state)
{
	assert_int_equal(bench_channel(b)->session, CHANNEL_UNICAST);
	assert_false(bench_channel(b)->has_saved);
	/* the answer verifies: counter and chaining have advanced on both sides */
	assert_int_equal(bench_slot(b).state, slot_state);
}

static void flip_keys(struct enter *e)
{
	e->keys[3] ^= 0x10;
}

static void unknown_kos(struct enter *e)
{
	e->kos_version = 9;
}

static void unknown_slot(struct enter *e)
{
	e->slot = 1;
}

static void wrong_counter(struct enter *e)
{
	e->counter[15] ^= 1;
}

static void wrong_start(struct enter *e)
{
	e->mcv[0] ^= 1;
}

static void too_long(struct enter *e)
{
	e->length = 0x00010001;
}

struct guard {
	void (*break_it)(struct enter *e);
	uint16_t sw;
};

/* In the order in which they are checked. */
static const struct guard guards[] = {
	{ unknown_kos, SW_REFERENCE_NOT_FOUND },
	{ flip_keys, SW_WRONG_DATA },
	{ unknown_slot, SW_REFERENCE_NOT_FOUND },
	{ wrong_counter, SW_WRONG_DATA },
	{ wrong_start, SW_WRONG_DATA },
};
enum { GUARDS = sizeof(guards) / sizeof(guards[0]) };

static void discard(struct bench *b, const struct package *p, uint16_t want)
{
	uint8_t data[64];
	struct wr w = wr_fixed(data, sizeof(data));
	struct span answer;
	struct verdict v;
	uint16_t sw;

	discard_put(&w, p->campaign, p->number);
	sw = bench_secure(b, INS_AUTHORIZE_ACTION, P1_DISCARD << 8, wr_span(&w), &answer);
	assert_int_equal(sw, want);
	if (sw != SW_OK)
		return;
	assert_true(verdict_get(answer, &v));
	assert_int_equal(v.result, RESULT_DISCARDED);
	assert_int_equal(v.version, b->v->chip.running.version);
}

/* Breaking guard k and all behind it is answered as guard k has it. */
static void test_enter_order(void **state)
{
	struct bench b;
	struct package p, q, refused;
	struct enter e;

	(void)state;
	bench_set_up(&b, &p, 'a', 16, 8);
	bench_load(&b, &p); /* COMPLETE, of another campaign than those that follow */
	package_make(&refused, &b, 'a', 16, 8);
	refused.campaign[0] = 0x01;
	package_stream(&refused);
	discard(&b, &refused, SW_OK);
	for (size_t k = 0; k < GUARDS; k++) {
		package_enter(&refused, 0, &e);
		for (size_t j = k; j < GUARDS; j++)
			guards[j].break_it(&e);
		too_long(&e);
		assert_int_equal(bench_enter(&b, &e), guards[k].sw);
		assert_still_unicast(&b, SLOT_COMPLETE);
	}
	package_enter(&refused, 0, &e);
	too_long(&e);
	assert_int_equal(bench_enter(&b, &e), SW_CONDITIONS);
	package_make(&q, &b, 'a', 16, 8);
	q.campaign[0] = 0x02;
	package_stream(&q);
	package_enter(&q, 0, &e);
	too_long(&e);
	assert_int_equal(bench_enter(&b, &e), SW_CONDITIONS); /* the slot is another's */
	assert_still_unicast(&b, SLOT_COMPLETE);
	discard(&b, &p, SW_OK);
	assert_int_equal(bench_slot(&b).state, SLOT_EMPTY);
	assert_int_equal(bench_enter(&b, &e), SW_NO_MEMORY);
	assert_still_unicast(&b, SLOT_EMPTY);
	assert_int_equal(bench_start(&b, &p, 0), SW_CONDITIONS); /* refused from now on */
	bench_load(&b, &q);
	assert_int_equal(bench_activate(&b, &q), RESULT_ACTIVE);
	assert_int_equal(bench_start(&b, &q, 0), SW_CONDITIONS); /* already active */
	package_free(&q);
	package_free(&refused);
	bench_tear_down(&b, &p);
}

/* j and N: N >= 1, j < N; 82 must be package << 32 + j. */
static void test_enter_counts(void **state)
{
	struct bench b;
	struct package p;
	struct enter e;

	(void)state;
	bench_set_up(&b, &p, 'p', 16, 8);
	package_enter(&p, 0, &e);
	e.total = 0;
	assert_int_equal(bench_enter(&b, &e), SW_WRONG_DATA);
	package_enter(&p, p.total, &e);
	assert_int_equal(bench_enter(&b, &e), SW_WRONG_DATA);
	package_enter(&p, 0, &e);
	e.counter[0] = 1;
	assert_int_equal(bench_enter(&b, &e), SW_WRONG_DATA);
	assert_still_unicast(&b, SLOT_EMPTY);
	bench_tear_down(&b, &p);
}

/* Kos hides nothing that is longer than itself (section 1). */
static void test_enter_short_kos(void **state)
{
	struct bench b;
	struct package p;

	(void)state;
	bench_issue(&b, 32, 0x70);
	b.issue.kos[0].key.n = 16;
	package_make(&p, &b, 'a', 24, 8);
	package_stream(&p);
	bench_on(&b);
	bench_session(&b, 0x33);
	assert_int_equal(bench_start(&b, &p, 0), SW_WRONG_DATA);
	assert_still_unicast(&b, SLOT_EMPTY);
	bench_tear_down(&b, &p);
}

/* The guards before the content: P1 P2, level, form, policy. */
static void test_enter_first_guards(void **state)
{
	static const uint8_t levels[] = { 0x00, 0x01, 0x11 };
	struct bench b;
	struct package p, longer;
	struct enter e;

	(void)state;
	bench_issue(&b, 16, 0x70);
	b.issue.forms[0] = FORM_CLEAR;
	b.issue.form_n = 1;
	package_make(&p, &b, 'p', 16, 8);
	package_stream(&p);
	package_make(&longer, &b, 'p', 24, 8);
	package_stream(&longer);
	bench_on(&b);
	for (size_t n = 0; n < sizeof(levels); n++) {
		bench_session(&b, levels[n]);
		assert_int_equal(bench_secure(&b, INS_CHANGE_MODE, 0x0100, unit_bytes("FF"), NULL),
		    SW_SECURITY_STATUS);
		assert_still_unicast(&b, SLOT_EMPTY);
		assert_int_equal(
		    bench_secure(&b, INS_AUTHORIZE_ACTION, 0x0000, unit_bytes("FF"), NULL),
		    SW_SECURITY_STATUS);
		assert_still_unicast(&b, SLOT_EMPTY);
	}
	bench_session(&b, 0x03);
	assert_int_equal(bench_secure(&b, INS_CHANGE_MODE, 0x0200, none, NULL), SW_WRONG_P1P2);
	assert_int_equal(bench_secure(&b, INS_CHANGE_MODE, 0x0101, none, NULL), SW_WRONG_P1P2);
	assert_int_equal(bench_secure(&b, INS_CHANGE_MODE, 0x0000, none, NULL), SW_WRONG_P1P2);
	assert_int_equal(bench_secure(&b, INS_CHANGE_MODE, 0x0001, none, NULL), SW_CONDITIONS);
	assert_int_equal(
	    bench_secure(&b, INS_CHANGE_MODE, 0x0100, unit_bytes("A000"), NULL), SW_WRONG_DATA);
	assert_int_equal(bench_start(&b, &longer, 0), SW_WRONG_DATA); /* BK longer than ours */
	p.variant = 'a';
	package_enter(&p, 0, &e);
	unknown_kos(&e);
	flip_keys(&e);
	assert_int_equal(bench_enter(&b, &e), SW_CONDITIONS); /* form 01 is not allowed */
	p.variant = 'p';
	assert_int_equal(bench_start(&b, &p, 0), SW_OK);
	package_free(&longer);
	bench_tear_down(&b, &p);
}

/* ---- order of AUTHORIZE ACTION (section 5) ---- */

static void break_campaign(struct authorize *a)
{
	a->package++;
}

static void break_policy(struct authorize *a)
{
	a->algorithm = ALG_CMAC_KMAC;
	a->code_n = 16;
	a->has_signature = false;
}

static void break_target(struct authorize *a)
{
	a->platform[0] ^= 1;
}

static void break_version(struct authorize *a)
{
	a->version = a->base;
}

static void break_length(struct authorize *a)
{
	a->length++;
}

static void break_code(struct authorize *a)
{
	a->code[0] ^= 1;
}

static void break_signature(struct authorize *a)
{
	a->signature[0] ^= 1;
}

struct check {
	void (*break_it)(struct authorize *a);
	uint8_t result;
};

static const struct check checks[] = {
	{ break_campaign, RESULT_CAMPAIGN },
	{ break_policy, RESULT_POLICY },
	{ break_target, RESULT_TARGET },
	{ break_version, RESULT_VERSION },
	{ break_length, RESULT_LENGTH },
	{ break_code, RESULT_SIGNATURE },
	{ break_signature, RESULT_SIGNATURE },
};
enum { CHECKS = sizeof(checks) / sizeof(checks[0]) };

static void test_authorize_order(void **state)
{
	struct bench b;
	struct package p;
	struct authorize a;
	uint8_t result;

	(void)state;
	bench_issue(&b, 16, 0x70);
	memcpy(b.issue.algorithms, "\x04\x05", 2);
	b.issue.algorithm_n = 2;
	package_make(&p, &b, 'a', 16, 8);
	package_stream(&p);
	bench_on(&b);
	bench_session(&b, 0x33);
	package_authorize(&p, &b, ALG_ISSUER, &a);
	for (size_t j = 0; j < CHECKS; j++)
		checks[j].break_it(&a);
	bench_authorize(&b, P1_VERIFY, &a, &result);
	assert_int_equal(result, RESULT_NOT_COMPLETE);
	bench_load(&b, &p);
	for (size_t k = 0; k < CHECKS; k++) {
		package_authorize(&p, &b, ALG_ISSUER, &a);
		for (size_t j = k; j < CHECKS; j++)
			checks[j].break_it(&a);
		assert_int_equal(bench_authorize(&b, P1_VERIFY, &a, &result), SW_AUTH_FAILED);
		assert_int_equal(result, checks[k].result);
	}
	assert_int_equal(bench_secure(&b, INS_AUTHORIZE_ACTION, 0x0301, none, NULL), SW_WRONG_P1P2);
	assert_int_equal(
	    bench_secure(&b, INS_AUTHORIZE_ACTION, 0x0001, none, NULL), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(bench_secure(&b, INS_AUTHORIZE_ACTION, 0x0000, unit_bytes("A100"), NULL),
	    SW_WRONG_DATA);
	/* what the issuer has signed, but is not there */
	package_authorize(&p, &b, ALG_ISSUER, &a);
	b.v->chip.slot_data.p[0] ^= 1;
	bench_authorize(&b, P1_VERIFY, &a, &result);
	assert_int_equal(result, RESULT_CODE);
	b.v->chip.slot_data.p[0] ^= 1;
	/* verify first, any number of times, then for good */
	package_authorize(&p, &b, ALG_DIGEST, &a);
	for (int n = 0; n < 3; n++) {
		assert_int_equal(bench_authorize(&b, P1_VERIFY, &a, &result), SW_OK);
		assert_int_equal(result, RESULT_VERIFIED);
		assert_int_equal(bench_slot(&b).state, SLOT_VERIFIED);
	}
	assert_int_equal(bench_activate(&b, &p), RESULT_ACTIVE);
	/* already active comes before everything else on the content */
	break_target(&a);
	break_length(&a);
	assert_int_equal(bench_authorize(&b, P1_ACTIVATE, &a, &result), SW_OK);
	assert_int_equal(result, RESULT_ALREADY);
	break_code(&a);
	assert_int_equal(bench_authorize(&b, P1_ACTIVATE, &a, &result), SW_AUTH_FAILED);
	assert_int_equal(result, RESULT_NOT_COMPLETE);
	bench_assert_active(&b, &p);
	bench_tear_down(&b, &p);
}

/* N commands with fewer octets than announced are complete, and never authorized. */
static void test_authorize_short_image(void **state)
{
	struct bench b;
	struct package p;
	struct scp s = { 0 };

	(void)state;
	bench_set_up(&b, &p, 'p', 16, 8);
	assert_int_equal(bench_start(&b, &p, 0), SW_OK);
	insider_begin(&s, &p, 0);
	for (uint32_t k = 0; k < p.total; k++)
		assert_int_equal(insider_sends(&b, &s, INS_LOAD, 0, unit_bytes("AABB")), SW_OK);
	assert_int_equal(insider_sends(&b, &s, INS_CHANGE_MODE, 0x0001, none), SW_OK);
	assert_int_equal(bench_slot(&b).state, SLOT_COMPLETE);
	assert_int_equal(bench_activate(&b, &p), RESULT_LENGTH);
	assert_int_equal(bench_slot(&b).state, SLOT_REJECTED);
	scp_wipe(&s);
	bench_tear_down(&b, &p);
}

/* Algorithm 01: only the session that loaded, whatever channel it is on. */
static void test_authorize_other_session(void **state)
{
	struct bench b, c;
	struct package p, again;
	struct authorize a;
	uint8_t result;

	(void)state;
	bench_set_up(&b, &p, 'p', 16, 8);
	bench_load(&b, &p);
	package_authorize(&p, &b, ALG_CMAC_BK, &a);
	vcard_reset(b.v);
	bench_session(&b, 0x33);
	bench_authorize(&b, P1_VERIFY, &a, &result);
	assert_int_equal(result, RESULT_POLICY);
	vcard_reset(b.v);
	assert_int_equal(bench_plain(&b, INS_MANAGE_CHANNEL, 0x0000, none), SW_OK);
	bench_session(&b, 0x33);
	bench_load(&b, &p);
	bench_authorize(&b, P1_VERIFY, &a, &result);
	assert_int_equal(result, RESULT_VERIFIED);
	c = b;
	c.host = (struct scp){ 0 };
	c.channel = 1;
	bench_session(&c, 0x33);
	bench_authorize(&c, P1_VERIFY, &a, &result);
	assert_int_equal(result, RESULT_POLICY);
	/* the same campaign, loaded again from another channel with other keys */
	package_make(&again, &b, 'p', 16, 8);
	package_stream(&again);
	assert_int_equal(bench_start(&c, &again, 0), SW_OK);
	for (uint32_t k = 0; k < again.total; k++) {
		uint8_t wire[300];
		struct wr w = wr_fixed(wire, sizeof(wire));

		wr_put(&w, package_command(&again, k));
		wire[0] |= c.channel; /* which no MAC covers */
		assert_int_equal(bench_raw(&c, wr_span(&w)), SW_OK);
	}
	bench_authorize(&b, P1_VERIFY, &a, &result);
	assert_int_equal(result, RESULT_POLICY);
	scp_wipe(&c.host);
	package_free(&again);
	bench_tear_down(&b, &p);
}

static void test_refused_list(void **state)
{
	struct bench b;
	struct package p, q;
	struct enter e;

	(void)state;
	bench_set_up(&b, &p, 'p', 16, 8);
	bench_load(&b, &p);
	q = p;
	for (uint8_t n = 0; n < REFUSED_MAX; n++) {
		q.campaign[0] = n;
		discard(&b, &q, SW_OK);
	}
	assert_int_equal(bench_slot(&b).state, SLOT_COMPLETE);
	discard(&b, &p, SW_NO_MEMORY);
	assert_int_equal(bench_slot(&b).state, SLOT_COMPLETE);
	discard(&b, &q, SW_OK); /* on the list already */
	bench_cycle(&b);
	bench_session(&b, 0x33);
	package_enter(&q, 0, &e);
	assert_true(broadcast_start_mcv(&q.bk_mac, q.campaign, q.number, q.total, e.mcv));
	assert_int_equal(bench_enter(&b, &e), SW_CONDITIONS);
	assert_int_equal(bench_activate(&b, &p), RESULT_ACTIVE);
	bench_assert_active(&b, &p);
	bench_tear_down(&b, &p);
}

/* ---- 11: variants, key lengths, MAC sizes ---- */

static void flip_each_wrapped_bit(struct bench *b, const struct package *p)
{
	struct enter e;

	if (p->variant != 'a')
		return;
	for (size_t bit = 0; bit < 8u * (2u * p->bk_enc.n + 8); bit++) {
		package_enter(p, 0, &e);
		e.keys[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		assert_int_equal(bench_enter(b, &e), SW_WRONG_DATA);
	}
	assert_still_unicast(b, SLOT_EMPTY);
}

/* The wrapped code is as long as no wrapped keys are, and lies under another key. */
static void code_for_keys(struct bench *b, const struct package *p)
{
	struct authorize a;
	struct enter e;

	if (p->variant != 'a')
		return;
	package_authorize(p, b, ALG_CMAC_BK, &a);
	package_enter(p, 0, &e);
	memcpy(e.keys, a.code, a.code_n);
	e.keys_n = a.code_n;
	assert_int_equal(bench_enter(b, &e), SW_WRONG_DATA);
	/* and at the right length */
	package_enter(p, 0, &e);
	memcpy(e.keys, a.code, a.code_n);
	assert_int_equal(bench_enter(b, &e), SW_WRONG_DATA);
	assert_still_unicast(b, SLOT_EMPTY);
}

static void wrong_nonce(struct bench *b, const struct package *p)
{
	struct authorize a;
	struct enter e;
	uint8_t result;

	if (p->variant != 'b')
		return;
	package_enter(p, 0, &e);
	e.nonce[11] ^= 1;
	assert_int_equal(bench_enter(b, &e), SW_OK);
	bench_stream(b, p, 0);
	assert_int_equal(bench_return(b, p), SW_OK);
	package_authorize(p, b, ALG_DIGEST, &a);
	bench_authorize(b, P1_ACTIVATE, &a, &result);
	assert_int_equal(result, RESULT_CODE);
}

static void variant_works(char variant, uint8_t key_n, uint8_t m)
{
	struct bench b;
	struct package p;
	struct authorize a;
	uint8_t result, literal = variant == 'b' ? ALG_CMAC_KMAC : ALG_CMAC_BK;

	bench_set_up(&b, &p, variant, key_n, m);
	flip_each_wrapped_bit(&b, &p);
	code_for_keys(&b, &p);
	wrong_nonce(&b, &p);
	bench_load(&b, &p);
	assert_span(wr_span(&b.v->chip.slot_data), span_of(p.image, p.length));
	package_authorize(&p, &b, literal, &a);
	for (size_t bit = 0; bit < 8u * a.code_n; bit++) {
		a.code[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
		assert_int_equal(bench_authorize(&b, P1_VERIFY, &a, &result), SW_AUTH_FAILED);
		assert_int_equal(result, RESULT_CODE);
		a.code[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
	}
	assert_int_equal(bench_authorize(&b, P1_VERIFY, &a, &result), SW_OK);
	assert_int_equal(result, RESULT_VERIFIED);
	assert_int_equal(bench_activate(&b, &p), RESULT_ACTIVE);
	bench_assert_active(&b, &p);
	bench_tear_down(&b, &p);
}

static void test_11_variants(void **state)
{
	(void)state;
	for (const char *variant = "abp"; *variant != '\0'; variant++)
		for (uint8_t key_n = 16; key_n <= 32; key_n = (uint8_t)(key_n + 8))
			for (uint8_t m = 8; m <= 16; m = (uint8_t)(m + 8))
				variant_works(*variant, key_n, m);
}

/* Both the keys and the payload under Kos: the station has no BK-MAC, and its code is as good as in
 * variant A. */
static void test_kos_twice(void **state)
{
	SECRET_KEY(kek);
	struct bench b;
	struct package p;
	struct authorize a;
	struct enter e;
	uint8_t both[2 * KEY_MAX], result;
	size_t n;

	(void)state;
	bench_set_up(&b, &p, 'b', 16, 8);
	n = p.bk_enc.n;
	memcpy(both, p.bk_enc.b, n);
	memcpy(&both[n], p.bk_mac.b, n);
	package_enter(&p, 0, &e);
	e.form = FORM_KOS;
	e.bk_mac = (struct key){ 0 };
	assert_true(kos_key(&p.kos, KOS_KEK, p.campaign, p.number, &kek));
	assert_true(aes_wrap(&kek, span_of(both, 2 * n), e.keys));
	e.keys_n = (uint8_t)(2 * n + 8);
	assert_int_equal(bench_enter(&b, &e), SW_OK);
	bench_stream(&b, &p, 0);
	assert_int_equal(bench_return(&b, &p), SW_OK);
	package_authorize(&p, &b, ALG_CMAC_BK, &a);
	assert_int_equal(bench_authorize(&b, P1_VERIFY, &a, &result), SW_OK);
	assert_int_equal(result, RESULT_VERIFIED);
	bench_tear_down(&b, &p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_enter_order),
		cmocka_unit_test(test_enter_counts),
		cmocka_unit_test(test_enter_short_kos),
		cmocka_unit_test(test_enter_first_guards),
		cmocka_unit_test(test_authorize_order),
		cmocka_unit_test(test_authorize_short_image),
		cmocka_unit_test(test_authorize_other_session),
		cmocka_unit_test(test_refused_list),
		cmocka_unit_test(test_11_variants),
		cmocka_unit_test(test_kos_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
