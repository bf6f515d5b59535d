/*
 * The virtual card that speaks SCP02: its counter, its tries, what it does not know, its keys. The
 * host is lib/scp alone, which scp02_test pins to recordings of cards.
 */
#include "rig.h"

#include "gp/install.h"
#include "gp/key_dgi.h"
#include "scp/scp.h"
#include "scp_start.h"

static const uint8_t hc[8] = { 0xC0, 0xC1, 0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xC7 };

struct host {
	struct scp scp;
	uint8_t cc[8];
};

static void on(struct rig *r, uint8_t i02)
{
	rig_issue(r, 16, 0x70);
	r->issue.i02 = i02;
	rig_on(r);
}

static void initialize(struct rig *r, struct host *h, const struct key_set *keys, uint8_t version)
{
	struct init_update u;
	uint8_t want[8];

	assert_int_equal(
	    rig_send(r, 0x80, INS_INITIALIZE_UPDATE, (uint16_t)(version << 8), SPAN(hc)), SW_OK);
	assert_int_equal(r->answer_n, 30);
	assert_true(init_update_get(rig_answer(r), 8, &u));
	assert_int_equal(u.scp, 2);
	assert_int_equal(u.key_version, version);
	memcpy(h->cc, u.card_challenge, 8);
	assert_true(begin_counter(&h->scp, keys, r->issue.i02, h->cc));
	assert_true(scp_cryptogram(&h->scp, CHALLENGES(SPAN(hc), SPAN(h->cc)), ROLE_CARD, want));
	assert_span(span_of(u.cryptogram, 8), SPAN(want));
}

/* EXTERNAL AUTHENTICATE with one octet changed, counted from its end; 0: as it must be. */
static uint16_t authenticate(struct rig *r, struct host *h, uint8_t level, size_t changed)
{
	uint8_t b[32];
	struct wr w = wr_fixed(b, sizeof(b));

	assert_true(scp_host_authenticate(
	    &h->scp, CHALLENGES(SPAN(hc), SPAN(h->cc)), level, r->channel, &w));
	if (changed != 0)
		b[w.n - changed] ^= 1;
	return rig_raw(r, wr_span(&w));
}

static uint16_t secure(struct rig *r, struct host *h, uint8_t ins, uint16_t p1p2, struct span data)
{
	struct capdu c = { .cla = 0x80,
		.ins = ins,
		.p1 = (uint8_t)(p1p2 >> 8),
		.p2 = (uint8_t)p1p2,
		.data = data,
		.le = LE_MAX_SHORT };
	struct wr plain = wr_fixed(r->plain, sizeof(r->plain));
	uint8_t room[300];
	struct wr w = wr_fixed(room, sizeof(room));
	struct rapdu got = { 0 };

	assert_true(scp_seal_command(&h->scp, &c, &w));
	rig_raw(r, wr_span(&w));
	assert_int_equal(
	    scp_open_response(&h->scp, span_of(r->answer, r->answer_n), &got, &plain), SCP_OK);
	return got.sw;
}

static unsigned counter(const struct rig *r)
{
	return chip_keys(r->v, &aid_isd, 0x30)->sequence;
}

static uint8_t tries(const struct rig *r)
{
	return chip_keys(r->v, &aid_isd, 0x30)->tries;
}

/* GPCS E.1.2: the counter moves when the first C-MAC of a session is right, and only then. */
static void test_counter(void **state)
{
	struct host h = { 0 };
	struct rig r;

	(void)state;
	on(&r, 0x15);
	assert_int_equal(counter(&r), 0);
	for (int i = 0; i < 3; i++)
		initialize(&r, &h, &r.keys, 0x30);
	assert_int_equal(counter(&r), 0);
	assert_int_equal(authenticate(&r, &h, 0x01, 1), SW_SECURITY_STATUS); /* wrong C-MAC */
	assert_int_equal(counter(&r), 0);
	assert_int_equal(tries(&r), TRIES_MAX - 1);
	initialize(&r, &h, &r.keys, 0x30);
	assert_int_equal(authenticate(&r, &h, 0x01, 0), SW_OK);
	assert_int_equal(counter(&r), 1);
	assert_int_equal(tries(&r), TRIES_MAX);
	rig_cycle(&r);
	assert_int_equal(counter(&r), 1);
	assert_span(rig_get(&r, 0x00C1), unit_bytes("C1020001"));
	initialize(&r, &h, &r.keys, 0x30);
	assert_int_equal(h.cc[1], 1);
	/* A wrong cryptogram under a right C-MAC counts too. */
	{
		static const uint8_t zero[8];
		uint8_t b[21] = { 0x84, 0x82, 0x01, 0x00, 0x10, 1, 2, 3, 4, 5, 6, 7, 8 };
		struct span covered = span_of(b, 13);

		assert_true(des_mac_retail(&h.scp.u.scp02.mac, zero, &covered, 1, &b[13]));
		assert_int_equal(rig_raw(&r, SPAN(b)), SW_AUTH_FAILED);
	}
	assert_int_equal(counter(&r), 2);
	assert_int_equal(tries(&r), TRIES_MAX - 1);
	scp_wipe(&h.scp);
	rig_off(&r);
}

/* Session keys come from the counter: two channels cannot have the same ones. */
static void test_two_channels(void **state)
{
	struct host a = { 0 }, b = { 0 };
	struct rig r;

	(void)state;
	on(&r, 0x55);
	assert_int_equal(rig_hex(&r, "0070000000"), SW_OK);
	initialize(&r, &a, &r.keys, 0x30);
	r.channel = 1;
	initialize(&r, &b, &r.keys, 0x30);
	assert_memory_equal(a.cc, b.cc, 8); /* pseudo-random: of counter and AID */
	assert_int_equal(authenticate(&r, &b, 0x01, 0), SW_OK);
	r.channel = 0;
	assert_int_equal(authenticate(&r, &a, 0x01, 0), SW_CONDITIONS);
	assert_int_equal(tries(&r), TRIES_MAX);
	scp_wipe(&a.scp);
	scp_wipe(&b.scp);
	rig_off(&r);
}

static void test_refused(void **state)
{
	struct host h = { 0 };
	struct rig r;

	(void)state;
	on(&r, 0x15);
	assert_int_equal(
	    rig_hex(&r, "8050300010C0C1C2C3C4C5C6C7C0C1C2C3C4C5C6C700"), SW_WRONG_LENGTH);
	assert_int_equal(rig_hex(&r, "8050310008C0C1C2C3C4C5C6C700"), SW_REFERENCE_NOT_FOUND);
	initialize(&r, &h, &r.keys, 0x30);
	assert_int_equal(authenticate(&r, &h, 0x13, 0), SW_WRONG_P1P2); /* i = 15 has no R-MAC */
	initialize(&r, &h, &r.keys, 0x30);
	assert_int_equal(authenticate(&r, &h, 0x03, 0), SW_OK);
	/* No broadcast here, and nothing told of it. */
	assert_int_equal(secure(&r, &h, INS_CHANGE_MODE, 0x0100, SPAN(hc)), SW_INS_NOT_SUPPORTED);
	assert_int_equal(
	    secure(&r, &h, INS_AUTHORIZE_ACTION, 0x0000, SPAN(hc)), SW_INS_NOT_SUPPORTED);
	assert_int_equal(
	    secure(&r, &h, INS_GET_DATA, 0xFF70, span_of(NULL, 0)), SW_REFERENCE_NOT_FOUND);
	/* An unprotected command ends the session. */
	assert_int_equal(rig_hex(&r, "80F28002024F0000"), SW_SECURITY_STATUS);
	assert_int_equal(rig_hex(&r, "80F28002024F0000"), SW_SECURITY_STATUS);
	assert_int_equal(r.v->channel[0].session, CHANNEL_IDLE);
	scp_wipe(&h.scp);
	rig_off(&r);
}

/* PUT KEY under the session DEK; the new set works, with a counter of its own. */
static void test_put_key(void **state)
{
	struct put_key p = { .version = 0x21, .n = 3, .des = true };
	const struct key_set mine = { unit_key("000102030405060708090A0B0C0D0E0F"),
		unit_key("101112131415161718191A1B1C1D1E1F"),
		unit_key("202122232425262728292A2B2C2D2E2F") };
	uint8_t data[128];
	struct wr w = wr_fixed(data, sizeof(data));
	struct host h = { 0 };
	struct rig r;

	(void)state;
	on(&r, 0x35);
	initialize(&r, &h, &r.keys, 0x30);
	assert_int_equal(authenticate(&r, &h, 0x13, 0), SW_OK);
	p.key[0] = mine.enc;
	p.key[1] = mine.mac;
	p.key[2] = mine.dek;
	assert_true(put_key_put(&w, &p, &r.keys.dek)); /* the static DEK is not it */
	assert_int_equal(secure(&r, &h, INS_PUT_KEY, 0x0081, wr_span(&w)), SW_SECURITY_STATUS);
	wr_reset(&w);
	assert_true(put_key_put(&w, &p, &h.scp.u.scp02.dek));
	assert_int_equal(secure(&r, &h, INS_PUT_KEY, 0x0081, wr_span(&w)), SW_OK);
	assert_true(put_key_answer_ok(span_of(r.plain, 10), &p));
	rig_cycle(&r);
	initialize(&r, &h, &mine, 0x21);
	assert_int_equal(h.cc[0] | h.cc[1], 0);
	assert_int_equal(authenticate(&r, &h, 0x03, 0), SW_OK);
	initialize(&r, &h, &r.keys, 0x30);
	assert_int_equal(h.cc[1], 1);
	scp_wipe(&h.scp);
	rig_off(&r);
}

/* The commands of put_key.json for SCP02, one of them recorded from a card: the answer is as
 * published, the keys are on the card. */
static void check_published(json_t *v)
{
	uint16_t sequence =
	    (uint16_t)(unit_hex(v, "sequence").p[0] << 8 | unit_hex(v, "sequence").p[1]);
	uint8_t version = unit_hex(v, "kvn").p[0];
	struct span rsp = unit_hex(v, "rsp");
	const struct card_keys *set;
	struct host h = { 0 };
	struct capdu c;
	struct rig r;

	assert_true(capdu_get(unit_hex(v, "cmd"), &c));
	rig_issue(&r, 16, 0x70);
	r.issue.i02 = 0x15;
	r.issue.key_version = c.p1 != 0 ? c.p1 : 0x02;
	r.issue.keys.dek = unit_key("404142434445464748494A4B4C4D4E4F");
	r.keys = r.issue.keys;
	rig_on(&r);
	for (unsigned n = 0; n <= sequence; n++) {
		initialize(&r, &h, &r.keys, r.issue.key_version);
		assert_int_equal(authenticate(&r, &h, 0x01, 0), SW_OK);
	}
	assert_int_equal(secure(&r, &h, c.ins, (uint16_t)(c.p1 << 8 | c.p2), c.data), SW_OK);
	assert_span(rig_answer(&r), span_sub(rsp, 0, rsp.n - 2));
	set = chip_keys(r.v, &aid_isd, version);
	assert_non_null(set);
	assert_span(key_span(&set->keys.enc),
	    unit_bytes(json_string_value(json_array_get(json_object_get(v, "keys"), 0))));
	assert_int_equal(set->type, KEY_TYPE_DES);
	scp_wipe(&h.scp);
	rig_off(&r);
}

static void test_published_keys(void **state)
{
	(void)state;
	unit_each_vector("test/vectors/put_key.json", "scp", "02", check_published, 2);
}

/* Content management knows no difference: a domain, keys of every kind under the session DEK, by
 * PUT KEY and by STORE DATA. */
static void test_content(void **state)
{
	struct install i = {
		.privileges_n = 1, .privileges = 0x800000, .params = unit_bytes("C900")
	};
	struct put_key rsa = {
		.version = 0x73, .des = true, .n = 1, .type = { KEY_TYPE_RSA_MODULUS }
	};
	struct put_key aes = { .version = 0x70, .des = true, .n = 1, .type = { KEY_TYPE_AES } };
	struct key_dgi set = { .put = { .version = 0x21, .des = true, .n = 3 },
		.kid = { 1, 2, 3 } };
	struct key_set mine = { { 16, { 1 } }, { 16, { 2 } }, { 16, { 3 } } };
	struct wr w = wr_grow(1000);
	struct aid domain;
	struct host h = { 0 };
	struct rig r;

	(void)state;
	on(&r, 0x55);
	initialize(&r, &h, &r.keys, 0x30);
	assert_int_equal(authenticate(&r, &h, 0x03, 0), SW_OK);
	assert_true(aid_from(&i.load_file, unit_bytes("A0000001515350")));
	assert_true(aid_from(&i.module, unit_bytes("A000000151535041")));
	assert_true(aid_from(&i.app, unit_bytes("A0000001515300AA")));
	domain = i.app;
	install_put(&w, INSTALL_AND_SELECTABLE, 0, &i);
	assert_int_equal(secure(&r, &h, INS_INSTALL, 0x0C00, wr_span(&w)), SW_OK);
	wr_reset(&w);
	aes.key[0] = unit_key("000102030405060708090A0B0C0D0E0F1011121314151617");
	assert_true(put_key_put(&w, &aes, &h.scp.u.scp02.dek));
	assert_int_equal(secure(&r, &h, INS_PUT_KEY, 0x0001, wr_span(&w)), SW_OK);
	wr_reset(&w);
	assert_true(authority_generate_rsa(&rsa.asymmetric, 1024));
	assert_true(put_key_put(&w, &rsa, &h.scp.u.scp02.dek));
	assert_int_equal(secure(&r, &h, INS_PUT_KEY, 0x0001, wr_span(&w)), SW_OK);
	assert_int_equal(r.v->chip.publics_n, 1);
	assert_int_equal(chip_keys(r.v, &aid_isd, 0x70)->type, KEY_TYPE_AES);
	/* the domain is opened with the keys of the issuer's, and gets its own */
	assert_int_equal(rig_send(&r, 0x00, INS_SELECT, 0x0400, aid_span(&domain)), SW_OK);
	initialize(&r, &h, &r.keys, 0x30);
	assert_int_equal(authenticate(&r, &h, 0x03, 0), SW_OK);
	wr_reset(&w);
	set.put.key[0] = mine.enc;
	set.put.key[1] = mine.mac;
	set.put.key[2] = mine.dek;
	assert_true(key_dgi_put(&w, &set, &h.scp.u.scp02.dek));
	assert_int_equal(secure(&r, &h, INS_STORE_DATA, 0x8800, wr_span(&w)), SW_OK);
	rig_cycle(&r);
	assert_int_equal(rig_send(&r, 0x00, INS_SELECT, 0x0400, aid_span(&domain)), SW_OK);
	initialize(&r, &h, &mine, 0x21);
	assert_int_equal(authenticate(&r, &h, 0x03, 0), SW_OK);
	assert_int_equal(chip_keys(r.v, &domain, 0x21)->sequence, 1);
	scp_wipe(&h.scp);
	wr_free(&w);
	rig_off(&r);
}

static void test_issue(void **state)
{
	static const uint8_t bad[] = { 0x0A, 0x1A, 0x01, 0x85, 0x17 };
	struct err e = { 0 };
	struct rig r;

	(void)state;
	rig_issue(&r, 24, 0x70);
	r.issue.i02 = 0x15;
	assert_int_equal(vcard_create("/tmp/never.card", &r.issue, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	rig_issue(&r, 16, 0x70);
	for (size_t i = 0; i < sizeof(bad); i++) {
		r.issue.i02 = bad[i];
		assert_int_equal(vcard_create("/tmp/never.card", &r.issue, &e), -1);
		assert_non_null(strstr(e.text, "not one of SCP02"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counter),
		cmocka_unit_test(test_two_channels),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_put_key),
		cmocka_unit_test(test_published_keys),
		cmocka_unit_test(test_content),
		cmocka_unit_test(test_issue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
