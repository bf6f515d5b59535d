/*
 * Around a grant: domain keys, requests, grant files, certificates of a claim, from
 * test/vectors/containers.json, then each field and each bit wrong.
 */
#include "party_vectors.h"

#include "crypto/ecka.h"
#include "gp/grant.h"
#include "tlv/tlv.h"

/* ---- domain keys ---- */

static struct ec_private ephemeral(void)
{
	struct ec_private k;

	assert_true(ec_private_from(
	    &k, EC_P256, unit_hex(party_case("domain key for one card"), "ephemeral")));
	return k;
}

static void test_domain_key_octets(void **state)
{
	const json_t *v = party_case("domain key for one card");
	struct ec_public card = party_point("card"), bank = party_point("bank");
	struct ec_private e = ephemeral();
	struct key dk = unit_key(unit_str(v, "dk"));
	const struct domain_key_seal s = { &dk, &e, &card, &bank };
	uint8_t b[PARTY_WHOLE_MAX], digest[DOMAIN_KEY_DIGEST], z[32];
	struct wr w = wr_fixed(b, sizeof(b)), zw = wr_fixed(z, sizeof(z));

	(void)state;
	assert_true(ecka(&e, &card, &zw));
	assert_span(wr_span(&zw), unit_hex(v, "z"));
	assert_true(domain_key_put(&w, &s));
	assert_span(wr_span(&w), unit_hex(v, "blob"));
	assert_true(domain_key_digest(wr_span(&w), digest));
	assert_span(SPAN(digest), unit_hex(v, "digest_8B"));
}

static void test_domain_key_opened(void **state)
{
	const json_t *v = party_case("domain key for one card");
	struct ec_private card = party_scalar("card"), other = party_scalar("bank");
	struct ec_public bank = party_point("bank"), acme = party_point("acme");
	uint8_t party[PARTY_DIGEST], wrong[PARTY_DIGEST];
	struct domain_key d;
	SECRET_KEY(dk);

	(void)state;
	assert_true(party_key_digest(&bank, party) && party_key_digest(&acme, wrong));
	assert_true(domain_key_get(unit_hex(v, "blob"), &d));
	assert_true(domain_key_open(&d, &card, party, &dk));
	assert_span(key_span(&dk), unit_hex(v, "dk"));
	assert_false(domain_key_open(&d, &card, wrong, &dk)); /* moved to another party */
	assert_int_equal(dk.n, 0);
	assert_false(domain_key_open(&d, &other, party, &dk)); /* to another card */
}

static void test_domain_key_bits(void **state)
{
	struct span whole = unit_hex(party_case("domain key for one card"), "blob");
	struct ec_private card = party_scalar("card");
	struct ec_public bank = party_point("bank");
	uint8_t b[PARTY_WHOLE_MAX], party[PARTY_DIGEST];
	struct domain_key d;
	SECRET_KEY(dk);

	(void)state;
	assert_true(party_key_digest(&bank, party));
	memcpy(b, whole.p, whole.n);
	for (size_t i = 0; i < whole.n * 8; i++) {
		b[i / 8] ^= (uint8_t)(1 << i % 8);
		if (domain_key_get(span_of(b, whole.n), &d))
			assert_false(domain_key_open(&d, &card, party, &dk));
		b[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t n = 0; n < whole.n; n++)
		assert_false(domain_key_get(span_of(b, n), &d));
}

static void test_domain_keys_of_all_lengths(void **state)
{
	static const char hex[] =
	    "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDFE0E1E2E3E4E5E6E7E8E9EAEBECEDEEEF";
	struct ec_private card_private = party_scalar("card"), e = ephemeral(), p384;
	struct ec_public card = party_point("card"), acme = party_point("acme"), other;
	uint8_t party[PARTY_DIGEST], b[PARTY_WHOLE_MAX];
	struct domain_key d;

	(void)state;
	assert_true(party_key_digest(&acme, party));
	for (size_t n = 1; n <= 32; n++) {
		struct key dk, got = { 0 };
		const struct domain_key_seal s = { &dk, &e, &card, &acme };
		struct wr w = wr_fixed(b, sizeof(b));

		assert_true(key_from(&dk, span_sub(unit_bytes(hex), 0, n)));
		assert_int_equal(domain_key_put(&w, &s), n == 16 || n == 24 || n == 32);
		if (n != 16 && n != 24 && n != 32)
			continue;
		assert_true(domain_key_get(wr_span(&w), &d));
		assert_true(domain_key_open(&d, &card_private, party, &got));
		assert_span(key_span(&got), key_span(&dk));
	}
	assert_true(ec_generate(EC_P384, &p384) && ec_public_of(&p384, &other));
	{
		struct key dk = unit_key("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF");
		const struct domain_key_seal s = { &dk, &e, &other, &acme };
		struct wr w = wr_fixed(b, sizeof(b));

		assert_false(domain_key_put(&w, &s));
	}
}

/* ---- requests ---- */

static void test_request_signed(void **state)
{
	struct span whole = unit_hex(party_case("request, signing key (S)"), "request");
	struct ec_public acme = party_point("acme");
	struct ec_private sign = party_scalar("acme");
	const struct party_request_make m = {
		.id = span_str("ACME"),
		.rights = 0x0F,
		.quotas = { .data_quota = { true, 20000 } },
		.key = &acme,
		.sign = &sign,
	};
	uint8_t b[PARTY_WHOLE_MAX];
	struct wr w = wr_fixed(b, sizeof(b));
	struct party_request q;

	(void)state;
	assert_true(party_request_get(whole, &q));
	assert_span(q.id, span_str("ACME"));
	assert_int_equal(q.form, PARTY_SIGNING);
	assert_true(ec_public_eq(&q.key, &acme));
	assert_int_equal(q.rights, 0x0F);
	assert_int_equal(q.quotas.data_quota.n, 20000);
	assert_int_equal(q.domain_key.whole.n, 0);
	assert_true(party_request_proven(&q));
	assert_true(party_request_put(&w, &m));
	assert_span(span_sub(wr_span(&w), 0, whole.n - 64), span_sub(whole, 0, whole.n - 64));
	assert_true(party_request_get(wr_span(&w), &q) && party_request_proven(&q));
}

static void test_request_agreement(void **state)
{
	struct span whole = unit_hex(
	    party_case("request, agreement key (M, b), unsigned, with domain key"), "request");
	struct ec_public bank = party_point("bank");
	const struct party_request_make m = {
		.id = span_str("BANK"),
		.rights = 0x07,
		.quotas = { .data_quota = { true, 50000 }, .data_reserve = { true, 30000 } },
		.prefix = unit_bytes("A000000099"),
		.domain_key = unit_hex(party_case("domain key for one card"), "blob"),
		.key = &bank,
	};
	uint8_t b[PARTY_WHOLE_MAX];
	struct wr w = wr_fixed(b, sizeof(b));
	struct party_request q;

	(void)state;
	assert_true(party_request_put(&w, &m));
	assert_span(wr_span(&w), whole);
	assert_true(party_request_get(whole, &q));
	assert_int_equal(q.form, PARTY_AGREEMENT);
	assert_span(q.domain_key.whole, m.domain_key);
	assert_span(q.prefix, m.prefix);
	assert_int_equal(q.signature.n, 0);
	assert_true(party_request_proven(&q));
}

static void test_request_bits(void **state)
{
	struct span whole = unit_hex(party_case("request, signing key (S)"), "request");
	uint8_t b[PARTY_WHOLE_MAX];
	struct party_request q;

	(void)state;
	memcpy(b, whole.p, whole.n);
	for (size_t i = 0; i < whole.n * 8; i++) {
		b[i / 8] ^= (uint8_t)(1 << i % 8);
		if (party_request_get(span_of(b, whole.n), &q))
			assert_false(party_request_proven(&q));
		b[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t n = 0; n < whole.n; n++)
		assert_false(party_request_get(span_of(b, n), &q));
}

/* A signature in form M, none in form S, kind 01, a field that grants alone have. */
static void test_request_strict(void **state)
{
	static const struct party_change wrong[] = {
		{ 0x95, "95020080", false, false },
		{ 0x5F37, "", false, false },
		{ 0x5F37, "7F7600", true, false },
		{ 0x73, "7306800101820100", false, false },
		{ 0x73, "730B8001028201008404A0000000", false, false },
		{ 0x73, "73098001024F04A0000000", false, false },
		{ 0x73, "73188001028201008B1066E7C06C28ED13DBBA445CF53F2BE652", false, false },
		{ 0x5F20, "93080000000000000001", true, false },
		{ 0x7F49, "", false, false },
	};
	struct span body = party_value(unit_hex(party_case("request, signing key (S)"), "request"));

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		uint8_t b1[PARTY_WHOLE_MAX], b2[PARTY_WHOLE_MAX];
		struct wr w1 = wr_fixed(b1, sizeof(b1)), w2 = wr_fixed(b2, sizeof(b2));
		struct party_request q;

		tlv_put(&w2, TAG_PARTY_REQUEST, party_changed(&w1, body, &wrong[i]));
		if (party_request_get(wr_span(&w2), &q))
			fail_msg("%X: %s", (unsigned)wrong[i].tag, wrong[i].with);
	}
}

static void test_request_not_made(void **state)
{
	struct ec_public acme = party_point("acme"), none = { 0 };
	struct ec_private own = party_scalar("acme"), other = party_scalar("bank");
	const struct party_request_make good = {
		.id = span_str("ACME"), .key = &acme, .sign = &own
	};
	struct party_request_make m = good;
	uint8_t b[PARTY_WHOLE_MAX];
	struct wr w = wr_fixed(b, sizeof(b));

	(void)state;
	assert_true(party_request_put(&w, &m));
	m.sign = &other;
	assert_false(party_request_put(&w, &m));
	m = good;
	m.id = span_of(NULL, 0);
	assert_false(party_request_put(&w, &m));
	m = good;
	m.rights = 0x40;
	assert_false(party_request_put(&w, &m));
	m = good;
	m.key = &none;
	assert_false(party_request_put(&w, &m));
	m = good;
	m.domain_key = span_str("x");
	assert_false(party_request_put(&w, &m));
}

/* ---- grant files ---- */

static void test_grant_file(void **state)
{
	struct span whole = unit_hex(party_case("grant file (before PEM)"), "file");
	const json_t *keys = party_case("keys");
	uint8_t b[PARTY_WHOLE_MAX];
	struct wr w = wr_fixed(b, sizeof(b));
	struct grant_file f;

	(void)state;
	assert_true(grant_file_get(whole, &f));
	assert_span(f.grant.whole, unit_hex(party_d3(), "grant"));
	assert_int_equal(f.domain_key.whole.n, 0);
	assert_span(f.cin, unit_hex(keys, "cin"));
	assert_span(f.iin, unit_hex(keys, "iin"));
	assert_span(f.address, span_str("pcsc:reader 1"));
	assert_span(f.certs, party_card_cert());
	assert_true(grant_file_of_card(&f));
	grant_file_put(&w, &f);
	assert_true(wr_ok(&w));
	assert_span(wr_span(&w), whole);
	for (size_t n = 0; n < whole.n; n++)
		assert_false(grant_file_get(span_of(b, n), &f));
}

static void test_grant_file_with_domain_key(void **state)
{
	struct grant_file f = {
		.cin = unit_bytes("01"), .iin = unit_bytes("42"), .certs = party_card_cert()
	};
	uint8_t b[PARTY_WHOLE_MAX];
	struct wr w = wr_fixed(b, sizeof(b));
	struct grant_file got;

	(void)state;
	f.grant.whole = unit_hex(party_d0(), "grant");
	f.domain_key.whole = unit_hex(party_case("domain key for one card"), "blob");
	grant_file_put(&w, &f);
	assert_true(grant_file_get(wr_span(&w), &got));
	assert_span(got.domain_key.whole, f.domain_key.whole);
	assert_int_equal(got.address.n, 0);
	/* The one without the other. */
	f.domain_key.whole.n = 0;
	wr_reset(&w);
	grant_file_put(&w, &f);
	assert_false(grant_file_get(wr_span(&w), &got));
	f.domain_key.whole = unit_hex(party_case("domain key for one card"), "blob");
	f.grant.whole = unit_hex(party_d3(), "grant");
	wr_reset(&w);
	grant_file_put(&w, &f);
	assert_false(grant_file_get(wr_span(&w), &got));
}

static void test_grant_file_strict(void **state)
{
	static const struct party_change v[] = {
		{ 0x80, "800102", false, false },
		{ 0x7F21, "", false, false },
		{ 0x45, "4500", false, false },
		{ 0x45, "45110102030405060708090A0B0C0D0E0F1011", false, false },
		{ 0x42, "4209010203040506070809", false, false },
		{ 0x42, "", false, false },
		{ 0x5F50, "", false, true },
		{ 0x5F50, "5F5000", false, false },
		{ 0xBF21, "BF2100", false, false },
		{ 0xBF21, "BF21020500", false, false },
		{ 0xBF21, "", false, false },
		{ 0xBF21, "0500", true, false },
	};
	struct span body = party_value(unit_hex(party_case("grant file (before PEM)"), "file"));

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		uint8_t b1[PARTY_WHOLE_MAX], b2[PARTY_WHOLE_MAX];
		struct wr w1 = wr_fixed(b1, sizeof(b1)), w2 = wr_fixed(b2, sizeof(b2));
		struct grant_file f;

		tlv_put(&w2, TAG_GRANT_FILE, party_changed(&w1, body, &v[i]));
		if (grant_file_get(wr_span(&w2), &f) != v[i].good)
			fail_msg("%X: %s", (unsigned)v[i].tag, v[i].with);
	}
}

static void test_grant_file_size(void **state)
{
	static uint8_t b[2 * PARTY_WHOLE_MAX], many[2 * PARTY_WHOLE_MAX];
	struct span cert = party_card_cert();
	struct wr certs = wr_fixed(many, sizeof(many));
	struct grant_file f = { .cin = unit_bytes("01"), .iin = unit_bytes("42") };
	struct grant_file got;
	bool was = true;

	(void)state;
	f.grant.whole = unit_hex(party_d3(), "grant");
	for (size_t i = 0; i < 30; i++) {
		struct wr w = wr_fixed(b, sizeof(b));

		wr_put(&certs, cert);
		f.certs = wr_span(&certs);
		grant_file_put(&w, &f);
		was = grant_file_get(wr_span(&w), &got);
		assert_int_equal(was, w.n <= PARTY_FILE_MAX);
	}
	assert_false(was);
}

static void test_grant_file_of_another_card(void **state)
{
	struct ec_public other = party_point("bank");
	struct ec_private ca = party_scalar("card_ca");
	const struct cert_make m = { .serial = unit_bytes("01"),
		.issuer = unit_bytes("02"),
		.subject = unit_bytes("03"),
		.usage = CERT_AGREES,
		.until = 20470101,
		.key = &other,
		.signer = &ca };
	uint8_t b[PARTY_WHOLE_MAX];
	struct wr w = wr_fixed(b, sizeof(b));
	struct grant_file f;

	(void)state;
	assert_true(grant_file_get(unit_hex(party_case("grant file (before PEM)"), "file"), &f));
	wr_put(&w, f.certs);
	assert_true(cert_put(&w, &m));
	f.certs = wr_span(&w); /* the leaf is another's, the right one stands before it */
	assert_false(grant_file_of_card(&f));
	f.certs.n = 0;
	assert_false(grant_file_of_card(&f));
}

/* ---- CERT.OCE ---- */

static void test_oce_cert(void **state)
{
	const json_t *v = party_claim_s();
	struct span whole = unit_hex(v, "oce_certificate");
	struct ec_private oce, acme = party_scalar("acme");
	struct ec_public key;
	struct oce_cert_make m = { span_str("ACME"), 20270102, 20270103, &key, &acme };
	uint8_t b[PARTY_WHOLE_MAX];
	struct wr w = wr_fixed(b, sizeof(b));
	struct grant g, other;
	struct cert c;

	(void)state;
	assert_true(
	    ec_private_from(&oce, EC_P256, unit_hex(v, "oce_private")) && ec_public_of(&oce, &key));
	assert_true(grant_get(unit_hex(party_d3(), "grant"), &g));
	assert_true(grant_get(unit_hex(party_d0(), "grant"), &other));
	assert_true(oce_cert_get(whole, &c));
	assert_true(ec_public_eq(&c.key, &key));
	assert_true(oce_cert_vouched(whole, &c, &g));
	assert_false(oce_cert_vouched(whole, &c, &other));
	assert_true(oce_cert_put(&w, &m));
	assert_span(span_sub(wr_span(&w), 0, whole.n - 64), span_sub(whole, 0, whole.n - 64));
	assert_true(oce_cert_get(wr_span(&w), &c) && oce_cert_vouched(wr_span(&w), &c, &g));
	/* The id is the grant's. */
	m.id = span_str("ACMF");
	wr_reset(&w);
	assert_true(oce_cert_put(&w, &m));
	assert_true(oce_cert_get(wr_span(&w), &c));
	assert_false(oce_cert_vouched(wr_span(&w), &c, &g));
	m.until = 20270132;
	assert_false(oce_cert_put(&w, &m));
}

static void test_oce_cert_bits(void **state)
{
	const json_t *v = party_claim_s();
	struct span whole = unit_hex(v, "oce_certificate");
	uint8_t b[PARTY_WHOLE_MAX];
	struct grant g;
	struct cert c;

	(void)state;
	assert_true(grant_get(unit_hex(party_d3(), "grant"), &g));
	memcpy(b, whole.p, whole.n);
	for (size_t i = 0; i < whole.n * 8; i++) {
		b[i / 8] ^= (uint8_t)(1 << i % 8);
		if (oce_cert_get(span_of(b, whole.n), &c))
			assert_false(oce_cert_vouched(span_of(b, whole.n), &c, &g));
		b[i / 8] ^= (uint8_t)(1 << i % 8);
	}
}

static void test_oce_cert_strict(void **state)
{
	static const struct party_change v[] = {
		{ 0x93, "930102", false, true },
		{ 0x42, "42070102030405060708", false, false },
		{ 0x95, "950182", false, false },
		{ 0x95, "950180", false, false },
		{ 0x5F25, "", false, true },
		{ 0x5F25, "5F250420270230", false, false },
		{ 0x5F24, "5F240420270230", false, false },
		{ 0x5F24, "", false, false },
		{ 0x7F49, "5300", true, false },
		{ 0x7F49, "7300", true, false },
		{ 0x7F49, "BF2000", true, false },
		{ 0x93, "93810101", false, false },
	};
	const json_t *claim = party_claim_s();
	struct span body = party_value(unit_hex(claim, "oce_certificate"));
	struct cert c;

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		uint8_t b1[PARTY_WHOLE_MAX], b2[PARTY_WHOLE_MAX];
		struct wr w1 = wr_fixed(b1, sizeof(b1)), w2 = wr_fixed(b2, sizeof(b2));

		tlv_put(&w2, TAG_GRANT, party_changed(&w1, body, &v[i]));
		if (oce_cert_get(wr_span(&w2), &c) != v[i].good)
			fail_msg("%X: %s", (unsigned)v[i].tag, v[i].with);
	}
	assert_false(oce_cert_get(unit_hex(party_d3(), "grant"), &c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_domain_key_octets),
		cmocka_unit_test(test_domain_key_opened),
		cmocka_unit_test(test_domain_key_bits),
		cmocka_unit_test(test_domain_keys_of_all_lengths),
		cmocka_unit_test(test_request_signed),
		cmocka_unit_test(test_request_agreement),
		cmocka_unit_test(test_request_bits),
		cmocka_unit_test(test_request_strict),
		cmocka_unit_test(test_request_not_made),
		cmocka_unit_test(test_grant_file),
		cmocka_unit_test(test_grant_file_with_domain_key),
		cmocka_unit_test(test_grant_file_strict),
		cmocka_unit_test(test_grant_file_size),
		cmocka_unit_test(test_grant_file_of_another_card),
		cmocka_unit_test(test_oce_cert),
		cmocka_unit_test(test_oce_cert_bits),
		cmocka_unit_test(test_oce_cert_strict),
	};

	return cmocka_run_group_tests(tests, party_open_vectors, party_close_vectors);
}
