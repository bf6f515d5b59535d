/*
 * Digests and signatures against known answers: SHA-256 of FIPS 180-4 examples, Ed25519 of RFC
 * 8032 section 7.1, P-256 of RFC 6979 A.2.5 (keys and signatures; ours are randomized, so theirs
 * are verified and ours verified too).
 */
#include "unit.h"

#include "crypto/digest.h"
#include "crypto/sign.h"

#define P256_PRIVATE "C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721"
#define P256_POINT \
	"0460FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6" \
	"7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"
/* The order of the curve and the number after it, which has the point of 1. */
#define P256_ORDER "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"
#define P256_BEYOND "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632552"

static const struct {
	const char *priv, *pub, *msg, *sig;
} rfc8032[] = {
	{ "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
	    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39"
	    "70"
	    "1cf9b46bd25bf5f0595bbe24655141438e7a100b" },
	{ "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
	    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f36"
	    "13"
	    "d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
};

static const struct {
	const char *msg, *sig;
} rfc6979[] = {
	{ "sample", "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
		    "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8" },
	{ "test", "F1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367"
		  "019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083" },
};

typedef bool (*verifier)(struct span pub, struct span msg, struct span sig);

/* Any flipped bit of key, message or signature, and any other length, is refused. */
static void check_tamper(verifier verify, struct span pub, struct span msg, struct span sig)
{
	uint8_t b[200];
	struct wr w = wr_fixed(b, sizeof(b));

	wr_put(&w, pub);
	wr_put(&w, msg);
	wr_put(&w, sig);
	assert_true(wr_ok(&w));
	for (size_t i = 0; i < 8 * w.n; i += 3) {
		b[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_false(verify(span_of(b, pub.n), span_of(b + pub.n, msg.n),
		    span_of(b + pub.n + msg.n, sig.n)));
		b[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	assert_false(verify(pub, msg, span_sub(sig, 0, sig.n - 1)));
	assert_false(verify(pub, msg, span_of(NULL, 0)));
	assert_false(verify(span_sub(pub, 0, pub.n - 1), msg, sig));
	assert_false(verify(span_of(NULL, 0), msg, sig));
}

static void ed25519_known(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rfc8032) / sizeof(rfc8032[0]); i++) {
		struct key priv = unit_key(rfc8032[i].priv);
		struct span pub = unit_bytes(rfc8032[i].pub), sig = unit_bytes(rfc8032[i].sig);
		struct span msg = unit_bytes(rfc8032[i].msg);
		uint8_t got_pub[32], got[64];

		assert_true(ed25519_public(&priv, got_pub));
		assert_span(SPAN(got_pub), pub);
		assert_true(ed25519_sign(&priv, msg, got));
		assert_span(SPAN(got), sig);
		assert_true(ed25519_verify(pub, msg, sig));
		check_tamper(ed25519_verify, pub, msg, sig);
	}
}

static void ed25519_fresh(void **state)
{
	uint8_t pub[32], other[32], sig[64];
	struct span msg = span_str("cardadm bundle 1");
	struct key a, b, none = { 0 };

	(void)state;
	assert_true(ed25519_generate(&a, pub));
	assert_true(ed25519_generate(&b, other));
	assert_false(span_eq(SPAN(pub), SPAN(other)));
	assert_true(ed25519_sign(&a, msg, sig));
	assert_true(ed25519_verify(SPAN(pub), msg, SPAN(sig)));
	assert_false(ed25519_verify(SPAN(other), msg, SPAN(sig)));
	assert_false(ed25519_sign(&none, msg, sig));
	assert_false(ed25519_public(&none, pub));
}

static void p256_known(void **state)
{
	struct key priv = unit_key(P256_PRIVATE);
	struct span pub = unit_bytes(P256_POINT);
	uint8_t got_pub[65], got[64];

	(void)state;
	assert_true(p256_public(&priv, got_pub));
	assert_span(SPAN(got_pub), pub);
	assert_true(p256_public_ok(pub));
	for (size_t i = 0; i < sizeof(rfc6979) / sizeof(rfc6979[0]); i++) {
		struct span msg = span_str(rfc6979[i].msg), sig = unit_bytes(rfc6979[i].sig);

		assert_true(p256_verify(pub, msg, sig));
		check_tamper(p256_verify, pub, msg, sig);
		assert_true(p256_sign(&priv, msg, got));
		assert_true(p256_verify(pub, msg, SPAN(got)));
	}
}

/* r and s start with zero octets now and then: the plain form must keep its 64 octets. */
static void p256_many(void **state)
{
	uint8_t pub[65], sig[64];
	struct key priv;

	(void)state;
	assert_true(p256_generate(&priv, pub));
	for (uint32_t i = 0; i < 600; i++) {
		uint8_t b[4];

		put_u32(b, i);
		assert_true(p256_sign(&priv, SPAN(b), sig));
		assert_true(p256_verify(SPAN(pub), SPAN(b), SPAN(sig)));
	}
}

static void p256_bad_keys(void **state)
{
	struct key zero = { .n = 32 }, order = unit_key(P256_ORDER), shorter = unit_key("01");
	struct key beyond = unit_key(P256_BEYOND);
	struct span pub = unit_bytes(P256_POINT);
	uint8_t b[65], sig[64] = { 0 };

	(void)state;
	assert_false(p256_public(&zero, b));
	assert_false(p256_public(&order, b));
	assert_false(p256_public(&beyond, b));
	assert_false(p256_public(&shorter, b));
	assert_false(p256_sign(&order, span_str("x"), sig));
	assert_false(p256_verify(pub, span_str("x"), SPAN(sig)));
	memcpy(b, pub.p, sizeof(b));
	b[0] = 0x07; /* hybrid form of the same point */
	assert_false(p256_public_ok(SPAN(b)));
	b[0] = 0x04;
	b[64] ^= 1; /* off the curve */
	assert_false(p256_public_ok(SPAN(b)));
	assert_false(p256_public_ok(span_sub(pub, 0, 33)));
	assert_false(p256_public_ok(unit_bytes("00")));
}

static void digests(void **state)
{
	struct span parts[] = { span_str("a"), span_of(NULL, 0), span_str("bc") };
	uint8_t got[32];

	(void)state;
	assert_true(sha256_of(span_str("abc"), got));
	assert_span(SPAN(got),
	    unit_bytes("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"));
	assert_true(sha256(parts, 3, got));
	assert_span(SPAN(got),
	    unit_bytes("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"));
	assert_true(sha256(NULL, 0, got));
	assert_span(SPAN(got),
	    unit_bytes("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"));
}

static void randomness(void **state)
{
	static uint8_t a[5000], b[5000];

	(void)state;
	assert_true(random_bytes(a, sizeof(a)));
	assert_true(random_bytes(b, sizeof(b)));
	assert_memory_not_equal(a, b, sizeof(a));
	assert_memory_not_equal(a + 4968, b + 4968, 32); /* to the last octets */
	assert_true(random_bytes(NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ed25519_known),
		cmocka_unit_test(ed25519_fresh),
		cmocka_unit_test(p256_known),
		cmocka_unit_test(p256_many),
		cmocka_unit_test(p256_bad_keys),
		cmocka_unit_test(digests),
		cmocka_unit_test(randomness),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
