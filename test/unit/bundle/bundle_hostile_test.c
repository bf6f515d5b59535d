/*
 * What a hostile bundle file can be: flipped, cut, signed by the wrong or too few, or signed by the
 * right one and wrong in a field.
 */
#include "bundle_house.h"

#include "crypto/digest.h"
#include "crypto/sign.h"
#include "tlv/tlv.h"

/* Opens a copy of these octets with all trust; the error code. */
static enum err_code open_copy(struct span file, const struct bundle_trust *t)
{
	struct wr raw = wr_grow(BUNDLE_MAX);
	struct err e = { 0 };
	struct bundle b;

	wr_put(&raw, file);
	if (bundle_take(&raw, &b, &e) == 0 && bundle_open(&b, t, 20250101, &e) == 0)
		e.code = ERR_NONE;
	bundle_free(&b);
	return e.code;
}

static void flips(void **state)
{
	static const uint8_t variants[] = { VARIANT_A, VARIANT_B, VARIANT_PLAIN };
	struct bundle_trust t = trust_of(3, 1);

	(void)state;
	for (size_t v = 0; v < 3; v++) {
		struct bundle_plan plan = small_plan(variants[v]);
		struct wr out;

		plan.expiry = 20300101;
		build_small(&plan, &out);
		assert_int_equal(open_copy(wr_span(&out), &t), ERR_NONE);
		for (size_t bit = 0; bit < 8 * out.n; bit += unit_step(13)) {
			out.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_int_equal(open_copy(wr_span(&out), &t), ERR_INPUT);
			out.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		wr_free(&out);
	}
}

static void cut_or_longer(void **state)
{
	struct bundle_plan plan = small_plan(VARIANT_A);
	struct bundle_trust t = trust_of(3, 1);
	struct wr out;

	(void)state;
	build_small(&plan, &out);
	for (size_t n = 0; n < out.n; n++)
		assert_int_equal(open_copy(span_sub(wr_span(&out), 0, n), &t), ERR_INPUT);
	wr_u8(&out, 0);
	assert_int_equal(open_copy(wr_span(&out), &t), ERR_INPUT);
	wr_free(&out);
}

/* A file from this signed part and these A4s. */
static void envelope(struct wr *w, struct span body, struct span signatures)
{
	size_t mark;

	wr_reset(w);
	mark = tlv_open(w, B_BUNDLE);
	wr_put(w, body);
	wr_put(w, signatures);
	tlv_close(w, mark);
	assert_true(wr_ok(w));
}

static void sign_body(struct wr *signatures, struct span body, const struct key *signer)
{
	uint8_t public[32], digest[32], sig[64];
	struct wr msg = wr_grow(BUNDLE_MAX);
	size_t a4;

	wr_bytes(&msg, "cardadm bundle 1", 17);
	wr_put(&msg, body);
	assert_true(ed25519_public(signer, public) && sha256_of(SPAN(public), digest));
	assert_true(ed25519_sign(signer, wr_span(&msg), sig));
	a4 = tlv_open(signatures, 0xA4);
	tlv_put(signatures, 0x9F23, span_of(digest, 8));
	tlv_put(signatures, 0x5F37, SPAN(sig));
	tlv_close(signatures, a4);
	wr_free(&msg);
}

static void signers(void **state)
{
	struct bundle_plan plan = small_plan(VARIANT_A);
	struct bundle_trust one = trust_of(1, 1), two = trust_of(2, 2), twice = trust_of(2, 2);
	struct bundle_trust stranger = { .signer = { house.signer_pub[2] }, .n = 1, .k = 1 };
	struct bundle_trust zero = trust_of(1, 0), none = { .k = 1 };
	struct wr out, w = wr_grow(BUNDLE_MAX), a4 = wr_grow(4096);
	struct bundle b;
	struct err e = { 0 };

	(void)state;
	plan.signer_n = 2;
	build_small(&plan, &out);
	assert_int_equal(open_copy(wr_span(&out), &one), ERR_NONE);
	assert_int_equal(open_copy(wr_span(&out), &two), ERR_NONE);
	assert_int_equal(open_copy(wr_span(&out), &stranger), ERR_INPUT);
	assert_int_equal(open_copy(wr_span(&out), &zero), ERR_INPUT);
	assert_int_equal(open_copy(wr_span(&out), &none), ERR_INPUT);
	two.k = 3;
	assert_int_equal(open_copy(wr_span(&out), &two), ERR_INPUT);
	two.k = 2;

	assert_ok(bundle_take(&out, &b, &e), &e);
	/* One signature counts once, however often key store or file name it. */
	sign_body(&a4, b.signed_part, &house.signer[0]);
	envelope(&w, b.signed_part, wr_span(&a4));
	twice.signer[1] = twice.signer[0];
	assert_int_equal(open_copy(wr_span(&w), &one), ERR_NONE);
	assert_int_equal(open_copy(wr_span(&w), &twice), ERR_INPUT);
	assert_int_equal(open_copy(wr_span(&w), &two), ERR_INPUT);
	sign_body(&a4, b.signed_part, &house.signer[0]);
	envelope(&w, b.signed_part, wr_span(&a4));
	assert_int_equal(open_copy(wr_span(&w), &one), ERR_INPUT);
	/* A wrong signature of a known signer is not passed over because another one is right. */
	wr_reset(&a4);
	sign_body(&a4, b.signed_part, &house.signer[0]);
	sign_body(&a4, span_str("something else"), &house.signer[1]);
	envelope(&w, b.signed_part, wr_span(&a4));
	two.k = 1;
	assert_int_equal(open_copy(wr_span(&w), &one), ERR_NONE);
	assert_int_equal(open_copy(wr_span(&w), &two), ERR_INPUT);
	/* No signature at all. */
	envelope(&w, b.signed_part, span_of(NULL, 0));
	assert_int_equal(open_copy(wr_span(&w), &one), ERR_INPUT);
	/* Something behind the first A4 that nobody has signed. */
	wr_reset(&a4);
	sign_body(&a4, b.signed_part, &house.signer[0]);
	tlv_put_u8(&a4, 0x99, 1);
	envelope(&w, b.signed_part, wr_span(&a4));
	assert_int_equal(open_copy(wr_span(&w), &one), ERR_INPUT);
	bundle_free(&b);
	wr_free(&w);
	wr_free(&a4);
}

/* The right signer signs nonsense: every bit of the signed part flipped and signed anew must be
 * taken or refused, never worse. */
static void signed_nonsense(void **state)
{
	struct bundle_plan plan = small_plan(VARIANT_B);
	struct bundle_trust t = trust_of(1, 1);
	struct wr out, w = wr_grow(BUNDLE_MAX), a4 = wr_grow(4096), body = wr_grow(BUNDLE_MAX);
	size_t refused = 0;
	struct err e = { 0 };
	struct bundle b;

	(void)state;
	plan.s16 = true;
	build_small(&plan, &out);
	assert_ok(bundle_take(&out, &b, &e), &e);
	wr_put(&body, b.signed_part);
	for (size_t bit = 0; bit < 8 * body.n; bit += unit_step(13)) {
		enum err_code code;

		body.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		wr_reset(&a4);
		sign_body(&a4, wr_span(&body), &house.signer[0]);
		envelope(&w, wr_span(&body), wr_span(&a4));
		code = open_copy(wr_span(&w), &t);
		assert_true(code == ERR_NONE || code == ERR_INPUT);
		refused += code == ERR_INPUT;
		body.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_true(refused > 8 * 100 / unit_step(13));
	bundle_free(&b);
	wr_free(&w);
	wr_free(&a4);
	wr_free(&body);
}

/* Replaces the first `from` in a signed bundle by `to`, signs anew, and opens. */
static enum err_code edited(const struct bundle *b, const char *from, const char *to)
{
	struct span f = unit_bytes(from), v = unit_bytes(to), s = b->signed_part;
	struct wr w = wr_grow(BUNDLE_MAX), a4 = wr_grow(4096), body = wr_grow(BUNDLE_MAX);
	struct bundle_trust t = trust_of(1, 1);
	enum err_code code;
	size_t at = 0;

	while (at < s.n && !span_starts(span_sub(s, at, s.n), f))
		at++;
	if (at == s.n)
		fail_msg("%s is not in the bundle", from);
	wr_put(&body, span_sub(s, 0, at));
	wr_put(&body, v);
	wr_put(&body, span_sub(s, at + f.n, s.n));
	sign_body(&a4, wr_span(&body), &house.signer[0]);
	envelope(&w, wr_span(&body), wr_span(&a4));
	code = open_copy(wr_span(&w), &t);
	wr_free(&body);
	wr_free(&w);
	wr_free(&a4);
	return code;
}

static void fields(void **state)
{
	static const struct {
		const char *from, *to;
	} edits[] = {
		{ "800101", "800102" },   /* format */
		{ "800101", "80810101" }, /* length not in the shortest form */
		{ "9A010A", "9A010B" },   /* another variant's rules */
		{ "9A010A", "9A010C" },
		{ "900105", "900104" }, /* 5F37 without 05 */
		{ "900105", "900102" },
		{ "920400000258", "920400000100" }, /* length: the stream carries more */
		{ "920400000258", "920400000300" },
		{ "920400000258", "920400000000" },
		{ "990420300101", "990420301301" }, /* no such month */
		{ "990420300101", "9904203A0101" },
		{ "9D05736D616C6C", "9D05736D1B6C6C" }, /* escape in the name */
		{ "9D05736D616C6C", "9D05736D61C0AF" }, /* overlong UTF-8 */
		{ "9F210108", "9F210109" },
		{ "9F210108", "9F210110" }, /* two for one MAC size */
		{ "9F220110", "9F220118" },
		{ "860400000001", "860400000002" }, /* numbers and counters */
		{ "860400000002", "860400000001" },
		{ "8210000000000000000000000001", "8210000000000000000000000003" },
		{ "840101", "840100" },
		{ "890100", "890101" },
		{ "8C0100", "8C0101" }, /* not the slot of the stream */
		{ "870400000003", "870400000002" },
		{ "870400000003", "870400000004" },
		{ "9F2B10", "9F2B08" },
		{ "845E0000", "845E0001" },
		{ "845E0000", "84E20000" },
		{ "845E0000", "805E0000" },
		{ "845A0001", "845A0002" },
	};
	struct bundle_plan plan = small_plan(VARIANT_A);
	uint8_t image[600] = { 0 };
	struct err e = { 0 };
	struct bundle b;
	struct wr out;

	(void)state;
	plan.image = SPAN(image);
	plan.s16 = true;
	plan.expiry = 20300101;
	build_small(&plan, &out);
	assert_ok(bundle_take(&out, &b, &e), &e);
	assert_int_equal(edited(&b, "9D05736D616C6C", "9D05736D61C3B6"), ERR_NONE);
	for (size_t i = 0; i < sizeof(edits) / sizeof(edits[0]); i++)
		if (edited(&b, edits[i].from, edits[i].to) != ERR_INPUT)
			fail_msg("taken: %s as %s", edits[i].from, edits[i].to);
	bundle_free(&b);
}

/* The head of one bundle with these A3s, signed anew. */
static enum err_code assembled(const struct bundle *head, struct span first, struct span second)
{
	struct wr w = wr_grow(BUNDLE_MAX), a4 = wr_grow(4096), body = wr_grow(BUNDLE_MAX);
	struct bundle_trust t = trust_of(1, 1);
	struct rd r = rd_of(head->signed_part);
	enum err_code code;
	struct tlv tlv;

	while (tlv_next(&r, &tlv) && tlv.tag != B_PACKAGE)
		tlv_put(&body, tlv.tag, tlv.val);
	tlv_put(&body, B_PACKAGE, first);
	if (second.n > 0)
		tlv_put(&body, B_PACKAGE, second);
	sign_body(&a4, wr_span(&body), &house.signer[0]);
	envelope(&w, wr_span(&body), wr_span(&a4));
	code = open_copy(wr_span(&w), &t);
	wr_free(&body);
	wr_free(&w);
	wr_free(&a4);
	return code;
}

static struct span nth_package(const struct bundle *b, size_t n)
{
	struct rd r = rd_of(b->signed_part);
	struct tlv t = { 0 };

	do
		assert_true(tlv_next(&r, &t));
	while (t.tag != B_PACKAGE || n-- > 0);
	return t.val;
}

/* Numbers ascend, and there is one package for each MAC size. */
static void packages(void **state)
{
	struct bundle_plan plan = small_plan(VARIANT_A);
	struct span s8_1, s16_2, s8_2, s16_3;
	struct bundle one, two;
	struct err e = { 0 };
	struct wr out;

	(void)state;
	plan.s16 = true;
	build_small(&plan, &out);
	assert_ok(bundle_take(&out, &one, &e), &e);
	plan.package = 2;
	build_small(&plan, &out);
	assert_ok(bundle_take(&out, &two, &e), &e);
	s8_1 = nth_package(&one, 0);
	s16_2 = nth_package(&one, 1);
	s8_2 = nth_package(&two, 0);
	s16_3 = nth_package(&two, 1);
	assert_int_equal(assembled(&one, s8_1, span_of(NULL, 0)), ERR_NONE);
	assert_int_equal(assembled(&one, s16_2, span_of(NULL, 0)), ERR_NONE);
	assert_int_equal(assembled(&one, s8_1, s16_3), ERR_NONE);
	assert_int_equal(assembled(&one, s16_2, s8_1), ERR_INPUT);
	assert_int_equal(assembled(&one, s8_2, s16_2), ERR_INPUT);
	assert_int_equal(assembled(&one, s8_1, s8_2), ERR_INPUT);
	assert_int_equal(assembled(&one, s16_2, s16_3), ERR_INPUT);
	bundle_free(&one);
	bundle_free(&two);
}

static void expiry(void **state)
{
	struct bundle_plan plan = small_plan(VARIANT_A);
	struct bundle_trust t = trust_of(1, 1);
	struct err e = { 0 };
	struct bundle b;
	struct wr out;

	(void)state;
	plan.expiry = 20280229;
	build_small(&plan, &out);
	assert_ok(bundle_take(&out, &b, &e), &e);
	assert_ok(bundle_open(&b, &t, 20280229, &e), &e);
	assert_int_equal(b.expiry, 20280229);
	assert_ok(bundle_open(&b, &t, 0, &e), &e);
	assert_int_equal(bundle_open(&b, &t, 20280301, &e), -1);
	assert_int_equal(e.code, ERR_SAFETY);
	assert_non_null(strstr(e.text, "2028-02-29"));
	bundle_free(&b);
	assert_true(bundle_date_ok(20240229) && bundle_date_ok(20000229));
	assert_false(
	    bundle_date_ok(20250229) || bundle_date_ok(21000229) || bundle_date_ok(20250431));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(flips),
		cmocka_unit_test(cut_or_longer),
		cmocka_unit_test(signers),
		cmocka_unit_test(signed_nonsense),
		cmocka_unit_test(fields),
		cmocka_unit_test(packages),
		cmocka_unit_test(expiry),
	};

	return cmocka_run_group_tests(tests, bundle_house, NULL);
}
