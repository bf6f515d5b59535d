/*
 * Grants: test/vectors/containers.json, then each field and each bit wrong; and that a grant is
 * nobody's certificate.
 */
#include "party_vectors.h"

#include "gp/grant.h"
#include "tlv/tlv.h"

#define NOON_2027_02_01 1801483200

/* ---- names and digests ---- */

static void test_names(void **state)
{
	const json_t *keys = party_case("keys");
	struct ec_public op = party_point("operator"), is = party_point("authority"),
			 card = party_point("card"), acme = party_point("acme");
	uint8_t name[PARTY_NAME], digest[PARTY_DIGEST];

	(void)state;
	assert_true(party_key_name(&op, name));
	assert_span(SPAN(name), unit_hex(keys, "operator_name_42"));
	assert_true(party_key_name(&is, name));
	assert_span(SPAN(name), unit_hex(keys, "authority_name_42"));
	assert_true(party_point_digest(&card, digest));
	assert_span(SPAN(digest), unit_hex(keys, "card_key_digest_81"));
	assert_true(party_key_digest(&acme, digest));
	assert_span(span_of(digest, PARTY_NAME),
	    unit_hex(party_case("request, signing key (S)"), "fingerprint"));
}

static void test_no_key_has_no_name(void **state)
{
	struct ec_public none = { 0 };
	uint8_t name[PARTY_NAME], digest[PARTY_DIGEST];

	(void)state;
	assert_false(party_key_name(&none, name));
	assert_false(party_point_digest(&none, digest));
	assert_false(party_key_digest(&none, digest));
}

/* ---- grants ---- */

static void test_grant_d3(void **state)
{
	const json_t *v = party_d3(), *keys = party_case("keys");
	struct ec_public op = party_point("operator"), is = party_point("authority"),
			 acme = party_point("acme");
	struct span whole = unit_hex(v, "grant");
	uint8_t digest[PARTY_DIGEST];
	struct grant g;

	(void)state;
	assert_int_equal(whole.n, json_integer_value(json_object_get(v, "length")));
	assert_true(grant_get(whole, &g));
	assert_span(g.whole, whole);
	assert_int_equal(g.serial, 0x000001A2CE8BD400);
	assert_span(g.issuer, unit_hex(keys, "operator_name_42"));
	assert_span(g.id, span_str("ACME"));
	assert_int_equal(g.form, PARTY_SIGNING);
	assert_int_equal(g.from, 1798761600);  /* 2027-01-01 */
	assert_int_equal(g.until, 1830297600); /* 2028-01-01: behind the last day */
	assert_span(g.container, unit_hex(keys, "container"));
	assert_span(g.card, unit_hex(keys, "card_key_digest_81"));
	assert_int_equal(g.rights, RIGHT_READ | RIGHT_WRITE | RIGHT_CONTENT | RIGHT_ADMIT);
	assert_true(g.quotas.data_quota.given);
	assert_int_equal(g.quotas.data_quota.n, 20000);
	assert_false(g.quotas.volatile_quota.given);
	assert_false(g.quotas.volatile_reserve.given);
	assert_false(g.quotas.data_reserve.given);
	assert_int_equal(g.prefix.n, 0);
	assert_int_equal(g.domain_key.n, 0);
	assert_true(ec_public_eq(&g.key, &acme));
	assert_span(g.signed_part, unit_hex(v, "signed_part"));
	assert_true(grant_signed_by(&g, &op));
	assert_false(grant_signed_by(&g, &is));
	assert_true(grant_digest(whole, digest));
	assert_span(SPAN(digest), unit_hex(v, "digest"));
}

static void test_grant_d0(void **state)
{
	const json_t *v = party_d0();
	struct ec_public is = party_point("authority"), bank = party_point("bank");
	struct span whole = unit_hex(v, "grant");
	struct span blob = unit_hex(party_case("domain key for one card"), "blob");
	uint8_t digest[PARTY_DIGEST];
	struct grant g;

	(void)state;
	assert_true(grant_get(whole, &g));
	assert_int_equal(g.serial, 7);
	assert_int_equal(g.form, PARTY_AGREEMENT);
	assert_int_equal(g.until, 1814400000); /* 2027-06-30, behind it */
	assert_span(g.container, unit_hex(v, "container"));
	assert_int_equal(g.rights, RIGHT_READ | RIGHT_WRITE | RIGHT_CONTENT);
	assert_int_equal(g.quotas.volatile_quota.n, 1024);
	assert_int_equal(g.quotas.data_quota.n, 50000);
	assert_int_equal(g.quotas.volatile_reserve.n, 512);
	assert_int_equal(g.quotas.data_reserve.n, 30000);
	assert_span(g.prefix, unit_bytes("A000000099"));
	assert_span(g.domain_key, unit_hex(party_case("domain key for one card"), "digest_8B"));
	assert_true(ec_public_eq(&g.key, &bank));
	assert_span(g.signed_part, unit_hex(v, "signed_part"));
	assert_true(grant_signed_by(&g, &is));
	assert_true(domain_key_named(&g, blob));
	assert_false(domain_key_named(&g, span_sub(blob, 0, blob.n - 1)));
	assert_false(domain_key_named(&g, span_of(NULL, 0)));
	assert_true(grant_digest(whole, digest));
	assert_span(SPAN(digest), unit_hex(v, "digest"));
	assert_true(grant_get(unit_hex(party_d3(), "grant"), &g));
	assert_true(domain_key_named(&g, span_of(NULL, 0)));
	assert_false(domain_key_named(&g, blob));
}

static void test_further_grants(void **state)
{
	static const struct {
		const char *name;
		uint8_t rights;
	} of_bank[] = { { "grant for a second party of the container", RIGHT_READ },
		{ "shared grant, rights 11", RIGHT_READ | RIGHT_SHARED } };
	struct ec_public op = party_point("operator");
	uint8_t digest[PARTY_DIGEST];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const json_t *v = party_case(of_bank[i].name);
		struct grant g;

		assert_true(grant_get(unit_hex(v, "grant"), &g));
		assert_int_equal(g.rights, of_bank[i].rights);
		assert_true(grant_signed_by(&g, &op));
		assert_true(grant_digest(g.whole, digest));
		assert_span(SPAN(digest), unit_hex(v, "digest"));
	}
}

/* What the model has a card refuse: form and signature are this layer's to tell. */
static void test_refusals(void **state)
{
	const json_t *all =
	    json_object_get(party_case("place, refused (empty container with quota 20000, "
				       "last serial of the operator 1798761600000, card "
				       "time 1798800000)"),
		"refusals");
	struct ec_public op = party_point("operator");
	size_t form = 0, signature = 0;

	(void)state;
	assert_int_equal(json_array_size(all), 8);
	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *v = json_array_get(all, i);
		const char *sw = unit_str(v, "sw"), *what = unit_str(v, "what");
		struct grant g;
		bool got = grant_get(unit_hex(v, "grant"), &g);

		assert_int_equal(got, strcmp(sw, "6A80") != 0);
		form += !got;
		if (!got || strstr(what, "issuer") != NULL)
			continue;
		assert_int_equal(grant_signed_by(&g, &op), strcmp(sw, "6600") != 0);
		signature += !grant_signed_by(&g, &op);
		if (strcmp(sw, "6984") == 0)
			assert_false(grant_in_time(&g, 1798800000));
		else
			assert_true(grant_in_time(&g, 1798800000));
	}
	assert_int_equal(form, 1);
	assert_int_equal(signature, 1);
}

static void test_days(void **state)
{
	struct grant g;

	(void)state;
	assert_true(grant_get(unit_hex(party_d3(), "grant"), &g));
	assert_true(grant_in_time(&g, 0)); /* who does not know the day lets it pass */
	assert_false(grant_in_time(&g, g.from - 1));
	assert_true(grant_in_time(&g, g.from));
	assert_true(grant_in_time(&g, g.until - 1));
	assert_false(grant_in_time(&g, g.until));
	assert_false(grant_in_time(&g, 1));
}

/* Made again with the keys of the vectors: all but the signature is the same. */
static void test_grant_made(void **state)
{
	struct ec_public card = party_point("card"), bank = party_point("bank"),
			 is = party_point("authority");
	struct ec_private issuer = party_scalar("authority");
	struct span want = unit_hex(party_d0(), "grant");
	const struct grant_make m = {
		.serial = 7,
		.id = span_str("BANK"),
		.form = PARTY_AGREEMENT,
		.from = 20270101,
		.until = 20270630,
		.container = unit_hex(party_d0(), "container"),
		.card = &card,
		.rights = RIGHT_READ | RIGHT_WRITE | RIGHT_CONTENT,
		.quotas = { { true, 1024 }, { true, 50000 }, { true, 512 }, { true, 30000 } },
		.prefix = unit_bytes("A000000099"),
		.domain_key = unit_hex(party_case("domain key for one card"), "blob"),
		.key = &bank,
		.issuer = &issuer,
	};
	uint8_t b[PARTY_WHOLE_MAX];
	struct wr w = wr_fixed(b, sizeof(b));
	struct grant g;

	(void)state;
	assert_true(grant_put(&w, &m));
	assert_span(span_sub(wr_span(&w), 0, want.n - 64), span_sub(want, 0, want.n - 64));
	assert_true(grant_get(wr_span(&w), &g));
	assert_true(grant_signed_by(&g, &is));
}

static struct grant_make good_make(
    const struct ec_public *card, const struct ec_public *key, const struct ec_private *issuer)
{
	return (struct grant_make){
		.serial = 1,
		.id = span_str("ACME"),
		.from = 20270101,
		.until = 20271231,
		.container = unit_bytes("F043415244"),
		.card = card,
		.rights = RIGHTS_ALL,
		.key = key,
		.issuer = issuer,
	};
}

static bool makes(const struct grant_make *m)
{
	uint8_t b[PARTY_WHOLE_MAX];
	struct wr w = wr_fixed(b, sizeof(b));
	struct grant g;
	bool ok = grant_put(&w, m);

	if (ok)
		assert_true(grant_get(wr_span(&w), &g));
	return ok;
}

static void test_grant_not_made(void **state)
{
	struct ec_public card = party_point("card"), acme = party_point("acme"), none = { 0 },
			 other;
	struct ec_private op = party_scalar("operator"), p384;
	const struct grant_make good = good_make(&card, &acme, &op);
	struct grant_make m;

	(void)state;
	assert_true(ec_generate(EC_P384, &p384) && ec_public_of(&p384, &other));
	assert_true(makes(&good));
	m = good;
	m.id = span_str("sixteen octets..");
	assert_true(makes(&m));
#define REFUSED(change) \
	do { \
		m = good; \
		change; \
		assert_false(makes(&m)); \
	} while (0)
	REFUSED(m.serial = 0);
	REFUSED(m.id = span_of(NULL, 0));
	REFUSED(m.id = span_str("seventeen octets."));
	REFUSED(m.from = 20270229);
	REFUSED(m.until = 20271301);
	REFUSED(m.until = 120271231);
	REFUSED(m.container = unit_bytes("F0434152"));
	REFUSED(m.container = unit_bytes("F0434152440102030405060708090A0B0C"));
	REFUSED(m.rights = 0x20);
	REFUSED(m.prefix = unit_bytes("A0000000"));
	REFUSED(m.prefix = unit_bytes("A0000000000000000000000000000000"));
	REFUSED(m.domain_key = span_str("no TLV"));
	REFUSED(m.key = &none);
	REFUSED(m.key = &other);
	REFUSED(m.card = &other);
	REFUSED(m.issuer = &p384);
#undef REFUSED
}

static void test_grant_needs_room(void **state)
{
	struct ec_public card = party_point("card"), acme = party_point("acme");
	struct ec_private op = party_scalar("operator");
	const struct grant_make m = good_make(&card, &acme, &op);
	uint8_t b[PARTY_WHOLE_MAX];
	struct wr whole = wr_fixed(b, sizeof(b));

	(void)state;
	assert_true(grant_put(&whole, &m));
	for (size_t n = 0; n < whole.n; n++) {
		uint8_t small[PARTY_WHOLE_MAX];
		struct wr w = wr_fixed(small, n);

		assert_false(grant_put(&w, &m));
	}
}

/* Each bit of each octet of a grant: no form any more, another signature, or not signed at all; and
 * never the digest of the one that was placed. */
static void each_bit(struct span whole, const struct ec_public *issuer)
{
	uint8_t b[PARTY_WHOLE_MAX], was[PARTY_DIGEST], is[PARTY_DIGEST];
	struct grant g;

	memcpy(b, whole.p, whole.n);
	assert_true(grant_digest(whole, was));
	for (size_t i = 0; i < whole.n * 8; i++) {
		b[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_true(grant_digest(span_of(b, whole.n), is));
		assert_false(span_eq(SPAN(was), SPAN(is)));
		if (grant_get(span_of(b, whole.n), &g))
			assert_false(grant_signed_by(&g, issuer));
		b[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t n = 0; n < whole.n; n++)
		assert_false(grant_get(span_of(b, n), &g));
}

static void test_each_bit(void **state)
{
	struct ec_public op = party_point("operator"), is = party_point("authority");

	(void)state;
	each_bit(unit_hex(party_d3(), "grant"), &op);
	each_bit(unit_hex(party_d0(), "grant"), &is);
}

/* The grant of D0, changed in its body or in its 73. */
static bool grant_with(bool in_terms, const struct party_change *c)
{
	uint8_t b1[PARTY_WHOLE_MAX], b2[PARTY_WHOLE_MAX];
	struct wr body = wr_fixed(b1, sizeof(b1)), whole = wr_fixed(b2, sizeof(b2));
	struct span good = party_value(unit_hex(party_d0(), "grant"));
	size_t outer = tlv_open(&whole, TAG_GRANT), in;
	struct rd r = rd_of(good);
	struct grant g;
	struct tlv t;

	if (!in_terms)
		wr_put(&whole, party_changed(&body, good, c));
	while (in_terms && tlv_next(&r, &t)) {
		in = tlv_open(&whole, t.tag);
		wr_put(&whole, t.tag == 0x73 ? party_changed(&body, t.val, c) : t.val);
		tlv_close(&whole, in);
	}
	tlv_close(&whole, outer);
	assert_true(wr_ok(&whole));
	return grant_get(wr_span(&whole), &g);
}

static const struct party_change bodies[] = {
	{ 0x93, "93080000000000000008", false, true },
	{ 0x93, "93080000000000000000", false, false }, /* 1 and up */
	{ 0x93, "930107", false, false },
	{ 0x93, "9381080000000000000007", false, false }, /* length not minimal */
	{ 0x93, "", false, false },
	{ 0x93, "93080000000000000007", true, false }, /* twice */
	{ 0x42, "42072436F483AA0A9E", false, false },
	{ 0x5F20, "5F200158", false, true },
	{ 0x5F20, "5F2000", false, false },
	{ 0x5F20, "5F20110102030405060708090A0B0C0D0E0F1011", false, false },
	{ 0x95, "950182", false, true },
	{ 0x95, "950180", false, false },
	{ 0x95, "95020082", false, false },
	{ 0x95, "9500", false, false },
	{ 0x5F25, "5F250420280229", false, true },
	{ 0x5F25, "5F250420270229", false, false },
	{ 0x5F25, "5F250420271301", false, false },
	{ 0x5F25, "5F250420270100", false, false },
	{ 0x5F25, "5F25042027010A", false, false },
	{ 0x5F25, "", false, false },
	{ 0x5F24, "5F240420270631", false, false },
	{ 0x5F24, "5F24052027063000", false, false },
	{ 0x5F24, "", false, false },
	{ 0x73, "", false, false },
	{ 0x73, "5300", true, false },
	{ 0x7F49, "BF2000", true, false },
	{ 0x7F49, "", false, false },
	{ 0x5F37, "", false, false },
	{ 0x5F37, "5F370101", false, false },
	{ 0x5F37, "0500", true, false },
}, terms[] = {
	{ 0x80, "800102", false, false }, /* a request's */
	{ 0x80, "", false, false },
	{ 0x4F, "4F05F043415244", false, true },
	{ 0x4F, "4F04F0434152", false, false },
	{ 0x4F, "4F110102030405060708090A0B0C0D0E0F1011", false, false },
	{ 0x81, "810101", false, false },
	{ 0x82, "820100", false, true },
	{ 0x82, "82011F", false, true },
	{ 0x82, "820120", false, false },
	{ 0x82, "820180", false, false },
	{ 0x82, "82020001", false, false },
	{ 0xC7, "", false, true },
	{ 0xC7, "C7020400", false, false },
	{ 0xC7, "C80400000001", true, false }, /* order */
	{ 0xC8, "C805000000C350", false, false },
	{ 0xD7, "D70400000200", true, false },
	{ 0xD8, "", false, true },
	{ 0x84, "", false, true },
	{ 0x84, "8404A0000000", false, false },
	{ 0x84, "8410A0000000000000000000000000000000", false, false },
	{ 0x84, "8500", true, false },
	{ 0x8B, "", false, true },
	{ 0x8B, "8B0101", false, false },
	{ 0x8B, "8B1066E7C06C28ED13DBBA445CF53F2BE652", true, false },
};

static void test_strict(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		if (grant_with(false, &bodies[i]) != bodies[i].good)
			fail_msg("%X: %s", (unsigned)bodies[i].tag, bodies[i].with);
	for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++)
		if (grant_with(true, &terms[i]) != terms[i].good)
			fail_msg("73/%X: %s", (unsigned)terms[i].tag, terms[i].with);
}

static void test_key_of_grant(void **state)
{
	static const struct party_change wrong[] = {
		/* P-384's reference, no reference, a point beside the curve */
		{ 0x7F49,
		    "7F4946B041042E10BA91E617819AC458E11FF1971A6967475B78B09A70D4A4DE52A6831D1D47DA"
		    "CC50"
		    "A81FFE72032315CF5F977BDCEDBF81B310AAC10E091C85C1512C85CE45F00101",
		    false, false },
		{ 0x7F49,
		    "7F4943B041042E10BA91E617819AC458E11FF1971A6967475B78B09A70D4A4DE52A6831D1D47DA"
		    "CC50"
		    "A81FFE72032315CF5F977BDCEDBF81B310AAC10E091C85C1512C85CE45",
		    false, false },
		{ 0x7F49,
		    "7F4946B041042E10BA91E617819AC458E11FF1971A6967475B78B09A70D4A4DE52A6831D1D47DA"
		    "CC50"
		    "A81FFE72032315CF5F977BDCEDBF81B310AAC10E091C85C1512C85CE46F00100",
		    false, false },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_false(grant_with(false, &wrong[i]));
}

static void test_nothing_around(void **state)
{
	struct span whole = unit_hex(party_d3(), "grant");
	uint8_t b[PARTY_WHOLE_MAX] = { 0 };
	struct grant g;

	(void)state;
	memcpy(b, whole.p, whole.n);
	assert_true(grant_get(span_of(b, whole.n), &g));
	assert_false(grant_get(span_of(b, whole.n + 1), &g));
	assert_false(grant_get(span_of(NULL, 0), &g));
	/* The certificate of a card has no 73. */
	assert_false(grant_get(party_card_cert(), &g));
}

/* ---- a grant is nobody's certificate ---- */

static void test_chain_refuses_grants(void **state)
{
	struct span card = party_card_cert();
	struct cert_anchor anchors[] = { { .key = party_point("card_ca") },
		{ .key = party_point("operator") } };
	struct cert_check check = { anchors, 2, NOON_2027_02_01, X509_ROLE_SD };
	struct cert leaf;
	size_t at;

	(void)state;
	assert_int_equal(cert_chain_check(card, &check, &leaf, &at), CERT_OK);
	/* Its issuer is an anchor here, and it names key agreement: it would be a card's. */
	assert_int_equal(
	    cert_chain_check(unit_hex(party_d3(), "grant"), &check, &leaf, &at), CERT_OF_PARTY);
	assert_int_equal(at, 1);
	anchors[1].key = party_point("authority");
	assert_int_equal(
	    cert_chain_check(unit_hex(party_d0(), "grant"), &check, &leaf, &at), CERT_OF_PARTY);
}

/* A card's key signed by a party whose grant certifies: the chain would end well. */
static void test_chain_refuses_party_as_issuer(void **state)
{
	struct cert_anchor anchor = { .key = party_point("operator") };
	struct cert_check check = { &anchor, 1, NOON_2027_02_01, X509_ROLE_SD };
	struct span grant = unit_hex(party_d3(), "grant");
	struct ec_private acme = party_scalar("acme");
	struct ec_public card = party_point("card");
	const struct cert_make m = { .serial = unit_bytes("01"),
		.issuer = span_str("ACME"),
		.subject = unit_bytes("03"),
		.usage = CERT_AGREES,
		.until = 20470101,
		.key = &card,
		.signer = &acme };
	uint8_t b[PARTY_WHOLE_MAX];
	struct wr w = wr_fixed(b, sizeof(b));
	struct cert leaf;
	size_t at;

	(void)state;
	wr_put(&w, grant);
	assert_true(cert_put(&w, &m));
	assert_int_equal(cert_chain_check(wr_span(&w), &check, &leaf, &at), CERT_OF_PARTY);
	assert_int_equal(at, 1);
	/* As the off-card entity's own it is the card's to refuse. */
	check.role = X509_ROLE_OCE;
	assert_int_equal(cert_chain_check(wr_span(&w), &check, &leaf, &at), CERT_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_no_key_has_no_name),
		cmocka_unit_test(test_grant_d3),
		cmocka_unit_test(test_grant_d0),
		cmocka_unit_test(test_further_grants),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_grant_made),
		cmocka_unit_test(test_grant_not_made),
		cmocka_unit_test(test_grant_needs_room),
		cmocka_unit_test(test_each_bit),
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_key_of_grant),
		cmocka_unit_test(test_nothing_around),
		cmocka_unit_test(test_chain_refuses_grants),
		cmocka_unit_test(test_chain_refuses_party_as_issuer),
	};

	return cmocka_run_group_tests(tests, party_open_vectors, party_close_vectors);
}
