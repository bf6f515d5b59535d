/*
 * What a card gets before containers can be claimed on it: the commands octet by octet, answers
 * that are no key, refusals, and the same with our own card.
 */
#include "host_rig.h"
#include "mirror.h"

#include "host/enrol.h"

static struct ec_public point_of(enum ec_curve c)
{
	struct ec_private k;
	struct ec_public p;

	assert_true(ec_generate(c, &k) && ec_public_of(&k, &p));
	return p;
}

/* ---- the card's key ---- */

static int make(struct mirror *m, const char *answer, struct ec_public *key)
{
	m->e = (struct err){ 0 };
	m->n = 0;
	mirror_answer(m, answer);
	return enrol_make_key(&m->s, 0x00, 0x01, key, &m->e);
}

static void test_make_key(void **state)
{
	struct ec_public card = party_point("card"), key;
	struct span point = ec_public_span(&card);
	char hex[300], good[160], text[160];
	struct mirror m;

	(void)state;
	hex_put(point, good, sizeof(good));
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	snprintf(hex, sizeof(hex), "B041%s9000", good);
	assert_ok(make(&m, hex, &key), &m.e);
	assert_command(&m, 0, "80F100110401F0010000");
	assert_span(ec_public_span(&key), point);
	assert_ok(enrol_make_key(&m.s, 0x01, 0x02, &key, &m.e), &m.e);
	assert_command(&m, 1, "80F101110402F0010000");
	/* a point that is not on the curve, of another one, compressed, at infinity, cut */
	memcpy(text, good, sizeof(text));
	text[100] = text[100] == '0' ? '1' : '0';
	snprintf(hex, sizeof(hex), "B041%s9000", text);
	assert_int_equal(make(&m, hex, &key), -1);
	assert_int_equal(m.e.code, ERR_CARD);
	snprintf(hex, sizeof(hex), "B02103%.64s9000", good + 2);
	assert_int_equal(make(&m, hex, &key), -1);
	for (size_t n = 0; n < point.n; n++) {
		snprintf(hex, sizeof(hex), "B0%02X%.*s9000", (unsigned)n, (int)(2 * n), good);
		assert_int_equal(make(&m, hex, &key), -1);
		assert_int_equal(m.e.code, ERR_CARD);
	}
	{
		struct ec_public other = point_of(EC_P384);

		hex_put(ec_public_span(&other), hex + 4, sizeof(hex) - 4);
		memcpy(hex, "B061", 4);
		strcat(hex, "9000");
		assert_int_equal(make(&m, hex, &key), -1);
	}
	mirror_close(&m);
}

static void test_make_key_answers(void **state)
{
	static const char *const wrong[] = { "9000", "B09000", "B0419000", "B0FF049000",
		"B000"
		"9000",
		"04059000", "B184FFFFFFFF9000" };
	struct ec_public key;
	struct mirror m;

	(void)state;
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(make(&m, wrong[i], &key), -1);
		assert_int_equal(m.e.code, ERR_CARD);
		assert_int_equal(m.e.sw, 0);
		assert_non_null(strstr(m.e.text, "no public key on P-256"));
	}
	assert_int_equal(make(&m, "6D00", &key), -1);
	assert_int_equal(m.e.sw, SW_INS_NOT_SUPPORTED);
	assert_non_null(strstr(unit_hint(&m.e), "issued with one"));
	assert_int_equal(make(&m, "6985", &key), -1);
	assert_int_equal(m.e.code, ERR_CARD);
	m.silent_at = 1;
	assert_int_equal(make(&m, "9000", &key), -1);
	assert_int_equal(m.e.code, ERR_READER);
	mirror_close(&m);
}

/* ---- its certificates ---- */

static void test_certify(void **state)
{
	static uint8_t large[5000] = { 0x7F, 0x21 };
	struct span cert = party_card_cert();
	struct wr sent = wr_grow(4096), want = wr_grow(4096);
	struct mirror m;

	(void)state;
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	assert_ok(enrol_certify(&m.s, 0x01, cert, &m.e), &m.e);
	for (size_t i = 0; i < m.n; i++) {
		struct capdu c;

		assert_true(capdu_get(m.command[i], &c));
		assert_int_equal(c.ins, INS_STORE_DATA);
		assert_int_equal(c.p1, i + 1 < m.n ? 0x10 : 0x90);
		assert_int_equal(c.p2, i);
		wr_put(&sent, c.data);
	}
	{
		const struct scp11_store x = {
			.kind = SCP11_STORE_CERTIFICATES, .key = { 0x11, 0x01 }, .value = cert
		};
		struct scp11_store got;

		scp11_store_put(&want, &x);
		assert_span(wr_span(&sent), wr_span(&want));
		assert_true(scp11_store_get(wr_span(&sent), &got));
		assert_int_equal(got.key.kid, 0x11);
		assert_int_equal(got.key.kvn, 0x01);
		assert_span(got.value, cert);
	}
	m.n = 0;
	assert_int_equal(enrol_certify(&m.s, 0x01, SPAN(large), &m.e), -1);
	assert_int_equal(m.e.code, ERR_SAFETY);
	assert_int_equal(m.n, 0);
	m.e = (struct err){ 0 };
	m.refuse_at = 1;
	assert_int_equal(enrol_certify(&m.s, 0x01, cert, &m.e), -1);
	assert_int_equal(m.e.code, ERR_CARD);
	assert_int_equal(m.n, 1);
	wr_free(&sent);
	wr_free(&want);
	mirror_close(&m);
}

/* ---- who issues grants ---- */

static struct key_infos with(size_t n)
{
	struct key_infos k = { .n = n };

	for (size_t i = 0; i < n; i++) {
		k.key[i].version = KVN_GRANT_ISSUER;
		k.key[i].id = (uint8_t)(i + 1);
	}
	return k;
}

static void test_put_issuer(void **state)
{
	struct ec_public issuer = party_point("authority");
	char want[200], point[160];
	struct mirror m;

	(void)state;
	hex_put(ec_public_span(&issuer), point, sizeof(point));
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	mirror_answer(&m, "749000");
	for (size_t n = 0; n < ISSUER_KEYS_MAX; n++) {
		struct key_infos k = with(n);

		m.n = 0;
		assert_ok(enrol_put_issuer(&m.s, &k, &issuer, &m.e), &m.e);
		snprintf(
		    want, sizeof(want), "80D8000%u4874B041%sF001000000", (unsigned)n + 1, point);
		assert_command(&m, 0, want);
	}
	/* a place in between is taken; keys of other versions with these identifiers are others */
	{
		struct key_infos k = with(3);

		k.key[1].version = 0x01;
		m.n = 0;
		assert_ok(enrol_put_issuer(&m.s, &k, &issuer, &m.e), &m.e);
		snprintf(want, sizeof(want), "80D800024874B041%sF001000000", point);
		assert_command(&m, 0, want);
		k = with(4);
		m.n = 0;
		assert_int_equal(enrol_put_issuer(&m.s, &k, &issuer, &m.e), -1);
		assert_int_equal(m.e.code, ERR_SAFETY);
		assert_int_equal(m.n, 0);
	}
	mirror_close(&m);
}

static void test_put_issuer_answers(void **state)
{
	static const char *const wrong[] = { "9000",
		"73"
		"9000",
		"7474"
		"9000",
		"74AABBCC9000" };
	struct ec_public issuer = party_point("authority");
	struct key_infos none = { 0 };
	struct mirror m;

	(void)state;
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		m.e = (struct err){ 0 };
		m.n = 0;
		mirror_answer(&m, wrong[i]);
		if (enrol_put_issuer(&m.s, &none, &issuer, &m.e) == 0)
			fail_msg("%s", wrong[i]);
		assert_int_equal(m.e.code, ERR_INTEGRITY);
	}
	m.e = (struct err){ 0 };
	mirror_answer(&m, "6985");
	assert_int_equal(enrol_put_issuer(&m.s, &none, &issuer, &m.e), -1);
	assert_int_equal(m.e.code, ERR_CARD);
	assert_non_null(strstr(unit_hint(&m.e), "the card is closed"));
	m.e = (struct err){ 0 };
	mirror_answer(&m, "6A84");
	assert_int_equal(enrol_put_issuer(&m.s, &none, &issuer, &m.e), -1);
	assert_int_equal(m.e.sw, SW_NO_MEMORY);
	mirror_close(&m);
	/* and not outside of a channel */
	mirror_open(&m, PROTOCOL_SCP03, 0x00);
	m.e = (struct err){ 0 };
	assert_int_equal(enrol_put_issuer(&m.s, &none, &issuer, &m.e), -1);
	assert_int_equal(m.e.code, ERR_SAFETY);
	assert_int_equal(m.n, 0);
	mirror_close(&m);
}

/* ---- with our own card ---- */

static void test_own_card(void **state)
{
	struct ec_public key, mine, issuer = point_of(EC_P256);
	struct key_infos k;
	static struct host_rig h;
	bool told;

	(void)state;
	host_on(&h);
	host_operator(&h);
	assert_ok(enrol_make_key(&h.s, 0x01, 0x02, &key, &h.e), &h.e);
	assert_int_equal(h.r.v->chip.ecka_n, 1);
	assert_int_equal(h.r.v->chip.ecka[0].origin, ORIGIN_MADE);
	assert_true(ec_public_of(&h.r.v->chip.ecka[0].key, &mine));
	assert_span(ec_public_span(&key), ec_public_span(&mine));
	assert_int_equal(h.r.v->chip.ecka[0].certs_n, 0);
	assert_ok(enrol_certify(&h.s, 0x02, party_card_cert(), &h.e), &h.e);
	assert_span(
	    span_of(h.r.v->chip.ecka[0].certs, h.r.v->chip.ecka[0].certs_n), party_card_cert());
	assert_int_equal(enrol_certify(&h.s, 0x01, party_card_cert(), &h.e), -1);
	assert_int_equal(h.e.sw, SW_REFERENCE_NOT_FOUND);
	for (size_t n = 3; n <= 5; n++) {
		h.e = (struct err){ 0 };
		assert_ok(keys_read(&h.s, &k, &told, &h.e), &h.e);
		assert_true(told);
		assert_int_equal(enrol_put_issuer(&h.s, &k, &issuer, &h.e), n < 5 ? 0 : -1);
		issuer = point_of(EC_P256);
	}
	assert_int_equal(h.e.code, ERR_SAFETY);
	h.e = (struct err){ 0 };
	host_off(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_make_key),
		cmocka_unit_test(test_make_key_answers),
		cmocka_unit_test(test_certify),
		cmocka_unit_test(test_put_issuer),
		cmocka_unit_test(test_put_issuer_answers),
		cmocka_unit_test(test_own_card),
	};

	return cmocka_run_group_tests(tests, party_open_vectors, party_close_vectors);
}
