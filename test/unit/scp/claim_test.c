/*
 * SCP11a as a party claims a container by it: the two claims of test/vectors/containers.json, both
 * sides of which have published keys. In one the domain key takes part as a third secret.
 */
#include "party_vectors.h"

#include "gp/grant.h"
#include "gp/scp11_data.h"
#include "scp/scp11.h"

static const json_t *claim_m(void)
{
	return party_case("claim, form (M, b), with domain key: DK behind the two shared secrets");
}

/* One claim: its keys, and what it said. */
struct claim {
	struct ec_private oce, oce_ephemeral, card, card_ephemeral;
	struct ec_public oce_public, oce_ephemeral_public, card_public, card_ephemeral_public;
	struct capdu cmd;
	struct scp11_request request;
	struct scp11_answer answer;
	struct scp11_terms terms;
	const json_t *want;
};

static void take_private(struct span scalar, struct ec_private *k, struct ec_public *pub)
{
	assert_true(ec_private_from(k, EC_P256, scalar) && ec_public_of(k, pub));
}

static void read_claim(struct claim *c, const json_t *v, struct span oce)
{
	const json_t *want = json_object_get(v, "mutual_authenticate");
	const json_t *keys = json_object_get(party_case("keys"), "private");
	struct rapdu r;

	c->want = want;
	take_private(oce, &c->oce, &c->oce_public);
	take_private(unit_hex(keys, "card"), &c->card, &c->card_public);
	take_private(unit_hex(v, "oce_ephemeral"), &c->oce_ephemeral, &c->oce_ephemeral_public);
	take_private(unit_hex(v, "card_ephemeral"), &c->card_ephemeral, &c->card_ephemeral_public);
	assert_true(capdu_get(unit_hex(want, "command"), &c->cmd));
	assert_true(scp11_request_get(c->cmd.data, &c->request));
	assert_span(c->request.key, ec_public_span(&c->oce_ephemeral_public));
	assert_true(rapdu_get(unit_hex(want, "answer"), &r));
	assert_true(scp11_answer_get(r.data, &c->answer));
	assert_span(c->answer.key, ec_public_span(&c->card_ephemeral_public));
	c->terms = (struct scp11_terms){ .variant = SCP11A,
		.usage = c->request.usage,
		.key_n = c->request.key_n,
		.domain_key = unit_hex(want, "appended_to_z") };
}

static void read_form_s(struct claim *c)
{
	read_claim(c, party_claim_s(), unit_hex(party_claim_s(), "oce_private"));
}

static void read_form_m(struct claim *c)
{
	const json_t *keys = json_object_get(party_case("keys"), "private");

	read_claim(c, claim_m(), unit_hex(keys, "bank"));
}

static bool agree_host(const struct claim *c, struct scp11_keys *k)
{
	const struct scp11_host_side side = { &c->oce_ephemeral, &c->oce, &c->card_ephemeral_public,
		&c->card_public };

	return scp11_host_agree(&c->terms, &side, k);
}

static bool agree_card(const struct claim *c, struct scp11_keys *k)
{
	const struct scp11_card_side side = { &c->card_ephemeral, &c->card,
		&c->oce_ephemeral_public, &c->oce_public };

	return scp11_card_agree(&c->terms, &side, k);
}

static void check_keys(const struct claim *c, const struct scp11_keys *k)
{
	uint8_t receipt[SCP11_RECEIPT];

	assert_span(key_span(&k->receipt), unit_hex(c->want, "receipt_key"));
	assert_span(key_span(&k->session.enc), unit_hex(c->want, "s_enc"));
	assert_span(key_span(&k->session.mac), unit_hex(c->want, "s_mac"));
	assert_span(key_span(&k->session.rmac), unit_hex(c->want, "s_rmac"));
	assert_span(key_span(&k->dek), unit_hex(c->want, "s_dek"));
	assert_true(scp11_receipt(k, c->cmd.data, c->answer.key_tlv, receipt));
	assert_span(SPAN(receipt), unit_hex(c->want, "receipt"));
	assert_span(c->answer.receipt, unit_hex(c->want, "receipt"));
}

static void check_claim(const struct claim *c)
{
	uint8_t z[2 * EC_FIELD_MAX];
	struct wr w = wr_fixed(z, sizeof(z));
	SECRET_SCP11_KEYS(k);

	assert_true(ecka(&c->oce_ephemeral, &c->card_ephemeral_public, &w));
	assert_true(ecka(&c->card, &c->oce_public, &w));
	assert_span(wr_span(&w), unit_hex(c->want, "z"));
	assert_true(agree_host(c, &k));
	check_keys(c, &k);
	assert_true(agree_card(c, &k));
	check_keys(c, &k);
}

static void test_form_s(void **state)
{
	struct claim c;

	(void)state;
	read_form_s(&c);
	assert_int_equal(c.terms.domain_key.n, 0);
	check_claim(&c);
}

static void test_form_m_with_domain_key(void **state)
{
	struct claim c;

	(void)state;
	read_form_m(&c);
	assert_int_equal(c.terms.domain_key.n, 16);
	check_claim(&c);
}

/* Without the domain key, or with another, the receipt is another: who has it not is found out
 * before PUT KEY. */
static void test_domain_key_decides(void **state)
{
	static const char dk[] = "D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF";
	struct claim c;
	uint8_t receipt[SCP11_RECEIPT], other[16];
	SECRET_SCP11_KEYS(k);

	(void)state;
	read_form_m(&c);
	c.terms.domain_key.n = 0;
	assert_true(agree_host(&c, &k));
	assert_true(scp11_receipt(&k, c.cmd.data, c.answer.key_tlv, receipt));
	assert_span(SPAN(receipt), unit_hex(claim_m(), "receipt_without_dk_is_another"));
	for (size_t i = 0; i < 128; i++) {
		memcpy(other, unit_bytes(dk).p, sizeof(other));
		other[i / 8] ^= (uint8_t)(1 << i % 8);
		c.terms.domain_key = SPAN(other);
		assert_true(agree_host(&c, &k));
		assert_false(scp11_receipt_ok(&k, c.cmd.data, c.answer.key_tlv, c.answer.receipt));
	}
}

/* All three lengths of a domain key, and none longer. */
static void test_domain_key_lengths(void **state)
{
	static const uint8_t dk[KEY_MAX + 1] = { 1, 2, 3 };
	struct claim c;
	SECRET_SCP11_KEYS(a);
	SECRET_SCP11_KEYS(b);

	(void)state;
	read_form_m(&c);
	for (size_t n = 16; n <= KEY_MAX; n += 8) {
		c.terms.domain_key = span_of(dk, n);
		assert_true(agree_host(&c, &a) && agree_card(&c, &b));
		assert_memory_equal(&a, &b, sizeof(a));
	}
	c.terms.domain_key = SPAN(dk);
	assert_false(agree_host(&c, &a));
	assert_false(agree_card(&c, &b));
}

/* The session that the claim opens carries PUT KEY of the access keys. */
static void test_put_key_in_session(void **state)
{
	const json_t *v = party_case("claim: PUT KEY of the access keys in that session");
	uint8_t wire[512], plain[512];
	struct wr w = wr_fixed(wire, sizeof(wire)), d = wr_fixed(plain, sizeof(plain));
	struct scp host = { 0 };
	struct claim c;
	struct capdu put;
	struct rapdu r;
	SECRET_SCP11_KEYS(k);

	(void)state;
	read_form_s(&c);
	assert_true(agree_host(&c, &k));
	assert_true(scp11_begin(&host, &c.terms, &k, c.answer.receipt.p, 8));
	assert_true(capdu_get(unit_hex(v, "plain"), &put));
	assert_true(scp_seal_command(&host, &put, &w));
	assert_span(wr_span(&w), unit_hex(v, "wrapped"));
	assert_int_equal(scp_open_response(&host, unit_hex(v, "answer"), &r, &d), SCP_OK);
	assert_span(r.data, unit_hex(v, "answer_plain"));
	scp_wipe(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form_s),
		cmocka_unit_test(test_form_m_with_domain_key),
		cmocka_unit_test(test_domain_key_decides),
		cmocka_unit_test(test_domain_key_lengths),
		cmocka_unit_test(test_put_key_in_session),
	};

	return cmocka_run_group_tests(tests, party_open_vectors, party_close_vectors);
}
