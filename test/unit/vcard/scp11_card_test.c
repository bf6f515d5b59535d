/*
 * SCP11 as the virtual card does it: what it must take and what it must notice. The host is made of
 * lib/scp and lib/gp alone.
 */
#include "rig.h"

#include "scp11_house.h"
#include "tlv/tlv.h"

struct bench11 {
	struct rig r;
	struct house h;
};

static void up(struct bench11 *b, const struct style *st)
{
	house_make(&b->h, st);
	rig_issue(&b->r, 16, st->i);
	house_card(&b->h, &b->r.issue);
	rig_on(&b->r);
}

static void down(struct bench11 *b)
{
	rig_off(&b->r);
}

/* Sends our chain as it is, then MUTUAL AUTHENTICATE if it was taken. */
/* As rig_send, with the chaining bit of the class byte. */
static uint16_t send_block(struct bench11 *b, uint8_t cla, uint16_t p1p2, struct span data)
{
	uint8_t room[300];
	struct wr w = wr_fixed(room, sizeof(room));
	struct capdu c = { .cla = (uint8_t)(cla | b->r.channel),
		.ins = INS_PERFORM_SECURITY_OPERATION,
		.p1 = (uint8_t)(p1p2 >> 8),
		.p2 = (uint8_t)p1p2,
		.data = data };

	capdu_put(&w, &c);
	assert_true(wr_ok(&w));
	return rig_raw(&b->r, wr_span(&w));
}

static uint16_t play_certificate(struct bench11 *b, struct span cert, uint8_t kid)
{
	struct rd r = rd_of(cert);
	uint16_t sw = SW_OK;
	struct span part;

	while (sw == SW_OK && rd_left(&r) > 0) {
		assert_true(rd_take(&r, rd_left(&r) < 255 ? rd_left(&r) : 255, &part));
		sw = send_block(b, rd_left(&r) > 0 ? 0x90 : 0x80, (uint16_t)(0x0300 | kid), part);
	}
	return sw;
}

static uint16_t play_chain(struct bench11 *b)
{
	struct rd r = rd_of(wr_span(&b->h.chain_w));
	struct span cert;
	uint16_t sw = SW_OK;

	while (sw == SW_OK && cert_next(&r, &cert))
		sw = play_certificate(b, cert, rd_left(&r) > 0 ? 0x90 : 0x10);
	return sw;
}

static uint16_t play_request(struct bench11 *b, uint8_t ins, uint8_t kid, struct scp11_request *q)
{
	uint8_t room[256];
	struct wr w = wr_fixed(room, sizeof(room));

	q->key = q->key.n == 0 ? ec_public_span(&b->h.oce_pub) : q->key;
	scp11_request_put(&w, q);
	return rig_send(&b->r, 0x80, ins, (uint16_t)(0x0100 | kid), wr_span(&w));
}

static struct scp11_request good_request(uint8_t pp)
{
	return (struct scp11_request){
		.pp = pp, .usage = 0x3C, .key_type = SCP11_KEY_TYPE, .key_n = 16
	};
}

static void renew_chain(struct bench11 *b, const struct paper *ka, const struct paper *leaf)
{
	wr_reset(&b->h.chain_w);
	if (ka != NULL)
		certify(&b->h.chain_w, ka);
	certify(&b->h.chain_w, leaf);
}

static void test_card_refuses_certificates(void **state)
{
	const struct style st = { EC_P256, false, false, 0x70 };
	struct scp11_request q = good_request(0x01);
	struct bench11 b;
	struct paper ka, leaf;

	(void)state;
	up(&b, &st);
	ka = (struct paper){ false, false, X509_ROLE_KA_KLOC, &b.h.ka_pub, &b.h.ca, "CA", "KA",
		"k1", 0, NULL };
	leaf = (struct paper){ false, true, X509_ROLE_OCE, &b.h.oce_pub, &b.h.ka, "KA", "OCE", "o1",
		0, NULL };
	renew_chain(&b, &ka, &leaf);
	assert_int_equal(play_chain(&b), SW_OK);
	assert_int_equal(play_request(&b, INS_MUTUAL_AUTHENTICATE, KID_SCP11A, &q), SW_OK);
	leaf.signer = &b.h.oce; /* signed by itself */
	renew_chain(&b, &ka, &leaf);
	assert_int_equal(play_chain(&b), SW_CERTIFICATE_INVALID);
	leaf.signer = &b.h.ka;
	renew_chain(&b, NULL, &leaf); /* the link is missing */
	assert_int_equal(play_chain(&b), SW_CERTIFICATE_INVALID);
	ka.leaf = true; /* a link that may not sign */
	renew_chain(&b, &ka, &leaf);
	assert_int_equal(play_chain(&b), SW_CERTIFICATE_INVALID);
	ka.leaf = false;
	leaf.leaf = false; /* a leaf that signs */
	renew_chain(&b, &ka, &leaf);
	assert_int_equal(play_chain(&b), SW_CERTIFICATE_INVALID);
	leaf.leaf = true;
	leaf.restricted = "x";
	renew_chain(&b, &ka, &leaf);
	assert_int_equal(play_chain(&b), SW_FUNCTION_NOT_SUPPORTED);
	leaf.restricted = NULL;
	leaf.x509 = ka.x509 = true;
	leaf.role = X509_ROLE_SD; /* a card's certificate */
	renew_chain(&b, &ka, &leaf);
	assert_int_equal(play_chain(&b), SW_CERTIFICATE_INVALID);
	/* after each of these nobody is introduced */
	assert_int_equal(play_request(&b, INS_MUTUAL_AUTHENTICATE, KID_SCP11A, &q), SW_CONDITIONS);
	leaf.role = X509_ROLE_OCE;
	renew_chain(&b, &ka, &leaf);
	assert_int_equal(play_chain(&b), SW_OK);
	assert_int_equal(rig_hex(&b.r, "802A03100401020304"), SW_WRONG_DATA);
	assert_int_equal(rig_hex(&b.r, "802A04100401020304"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(rig_hex(&b.r, "802A03200401020304"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(rig_hex(&b.r, "802A0310"), SW_WRONG_LENGTH);
	assert_int_equal(rig_hex(&b.r, "002A03100401020304"), SW_CLA_NOT_SUPPORTED);
	down(&b);
}

/* One certificate in blocks: by the class byte, by P1, by both; and in one extended command. */
static void test_card_block_forms(void **state)
{
	static const struct {
		uint8_t cla, p1;
	} forms[] = { { 0x90, 0x03 }, { 0x80, 0x83 }, { 0x90, 0x83 } };
	const struct style st = { EC_P256, true, false, 0x70 };
	struct scp11_request q = good_request(0x01);
	uint8_t room[2048];
	struct wr w = wr_fixed(room, sizeof(room));
	struct bench11 b;
	struct capdu c;

	(void)state;
	up(&b, &st);
	for (size_t i = 0; i < 3; i++) {
		struct rd r = rd_of(wr_span(&b.h.chain_w));
		struct span part;

		assert_true(rd_take(&r, 200, &part));
		assert_int_equal(
		    send_block(&b, forms[i].cla, (uint16_t)(forms[i].p1 << 8 | 0x10), part), SW_OK);
		assert_int_equal(
		    play_request(&b, INS_MUTUAL_AUTHENTICATE, KID_SCP11A, &q), SW_CONDITIONS);
		r = rd_of(wr_span(&b.h.chain_w));
		assert_true(rd_take(&r, 200, &part));
		assert_int_equal(
		    send_block(&b, forms[i].cla, (uint16_t)(forms[i].p1 << 8 | 0x10), part), SW_OK);
		assert_int_equal(send_block(&b, 0x80, 0x0310, rd_rest(&r)), SW_OK);
		assert_int_equal(play_request(&b, INS_MUTUAL_AUTHENTICATE, KID_SCP11A, &q), SW_OK);
	}
	c = (struct capdu){ .cla = 0x80,
		.ins = 0x2A,
		.p1 = 0x03,
		.p2 = 0x10,
		.data = wr_span(&b.h.chain_w),
		.extended = true };
	capdu_put(&w, &c);
	assert_int_equal(rig_raw(&b.r, wr_span(&w)), SW_OK);
	assert_int_equal(play_request(&b, INS_MUTUAL_AUTHENTICATE, KID_SCP11A, &q), SW_OK);
	/* chaining is for this command only */
	assert_int_equal(rig_hex(&b.r, "90CA004500"), SW_CLA_NOT_SUPPORTED);
	/* a key between two blocks */
	assert_int_equal(rig_hex(&b.r, "902A031002AABB"), SW_OK);
	assert_int_equal(rig_hex(&b.r, "802A041002AABB"), SW_WRONG_DATA);
	/* without end */
	for (int i = 0; i < CERT_SIZE_MAX / 255; i++)
		assert_int_equal(send_block(&b, 0x90, 0x0310, span_of(room, 255)), SW_OK);
	assert_int_equal(send_block(&b, 0x90, 0x0310, span_of(room, 255)), SW_WRONG_DATA);
	down(&b);
}

static void test_card_refuses_requests(void **state)
{
	static const struct {
		uint8_t ins, kid, pp, usage, key_type, key_n;
		bool host_id;
		uint16_t sw;
	} rows[] = {
		{ 0x82, 0x11, 0x01, 0x3C, 0x88, 16, false, SW_OK },
		{ 0x82, 0x15, 0x03, 0x3C, 0x88, 16, false, SW_OK },
		{ 0x82, 0x11, 0x05, 0x3C, 0x88, 32, true, SW_OK },
		{ 0x82, 0x11, 0x00, 0x3C, 0x88, 16, false, SW_WRONG_DATA },
		{ 0x82, 0x11, 0x03, 0x3C, 0x88, 16, false, SW_WRONG_DATA },
		{ 0x82, 0x11, 0x05, 0x3C, 0x88, 16, false, SW_WRONG_DATA },
		{ 0x82, 0x11, 0x01, 0x3C, 0x88, 16, true, SW_WRONG_DATA },
		{ 0x82, 0x11, 0x81, 0x3C, 0x88, 16, false, SW_WRONG_DATA },
		{ 0x82, 0x11, 0x01, 0x1C, 0x88, 16, false, SW_WRONG_DATA },
		{ 0x82, 0x15, 0x03, 0x1C, 0x88, 16, false, SW_OK },
		{ 0x82, 0x11, 0x01, 0x00, 0x88, 16, false, SW_WRONG_DATA },
		{ 0x82, 0x11, 0x01, 0x3C, 0x80, 16, false, SW_WRONG_DATA },
		{ 0x82, 0x11, 0x01, 0x3C, 0x88, 20, false, SW_WRONG_DATA },
		{ 0x82, 0x13, 0x00, 0x3C, 0x88, 16, false, SW_REFERENCE_NOT_FOUND },
		{ 0x88, 0x11, 0x01, 0x3C, 0x88, 16, false, SW_REFERENCE_NOT_FOUND },
		{ 0x88, 0x13, 0x00, 0x34, 0x88, 16, false, SW_OK },
		{ 0x88, 0x13, 0x01, 0x34, 0x88, 16, false, SW_WRONG_DATA },
		{ 0x82, 0x12, 0x01, 0x3C, 0x88, 16, false, SW_REFERENCE_NOT_FOUND },
	};
	const struct style st = { EC_P256, false, false, 0x70 };
	struct scp11_request q;
	uint8_t point[65];
	struct bench11 b;

	(void)state;
	up(&b, &st);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(play_chain(&b), SW_OK);
		q = (struct scp11_request){ .pp = rows[i].pp,
			.usage = rows[i].usage,
			.key_type = rows[i].key_type,
			.key_n = rows[i].key_n,
			.has_host_id = rows[i].host_id,
			.host_id = span_str("host") };
		if (play_request(&b, rows[i].ins, rows[i].kid, &q) != rows[i].sw)
			fail_msg("row %zu: not %04X", i, rows[i].sw);
		assert_int_equal(b.r.v->channel[0].session == CHANNEL_UNICAST, rows[i].sw == SW_OK);
		assert_int_equal(b.r.v->channel[0].oce.key.n, 0);
	}
	/* a point that is not on the curve, and a request cut short */
	memcpy(point, b.h.oce_pub.b, sizeof(point));
	point[64] ^= 1;
	q = good_request(0x01);
	q.key = SPAN(point);
	assert_int_equal(play_chain(&b), SW_OK);
	assert_int_equal(play_request(&b, 0x82, KID_SCP11A, &q), SW_WRONG_DATA);
	assert_int_equal(play_chain(&b), SW_OK);
	assert_int_equal(rig_hex(&b.r, "8082011105A603900211"), SW_WRONG_DATA);
	down(&b);
}

/* Who was introduced is forgotten by SELECT, by a failure, by a session that begins. */
static void test_card_forgets(void **state)
{
	const struct style st = { EC_P256, false, false, 0x70 };
	struct scp11_request q = good_request(0x01);
	struct bench11 b;

	(void)state;
	up(&b, &st);
	assert_int_equal(play_request(&b, 0x82, KID_SCP11A, &q), SW_CONDITIONS);
	assert_int_equal(play_chain(&b), SW_OK);
	assert_int_equal(rig_hex(&b.r, "00A4040000"), SW_OK);
	assert_int_equal(play_request(&b, 0x82, KID_SCP11A, &q), SW_CONDITIONS);
	assert_int_equal(play_chain(&b), SW_OK);
	assert_int_equal(rig_hex(&b.r, "8050300008010203040506070800"), SW_OK);
	assert_int_equal(play_request(&b, 0x82, KID_SCP11A, &q), SW_CONDITIONS);
	assert_int_equal(play_chain(&b), SW_OK);
	assert_int_equal(play_request(&b, 0x82, KID_SCP11A, &q), SW_OK);
	/* in the session: a certificate ends it and begins another */
	assert_int_equal(play_chain(&b), SW_OK);
	assert_int_equal(b.r.v->channel[0].session, CHANNEL_IDLE);
	assert_int_equal(play_request(&b, 0x82, KID_SCP11A, &q), SW_OK);
	/* anything else unprotected only ends it */
	assert_int_equal(rig_hex(&b.r, "80CA004500"), SW_SECURITY_STATUS);
	assert_int_equal(b.r.v->channel[0].session, CHANNEL_IDLE);
	down(&b);
}

/* Two SCP11c sessions at a time there are not; two of the others there are. */
static void test_card_one_group_session(void **state)
{
	const struct style st = { EC_P256, false, false, 0x70 };
	struct scp11_request c = good_request(0x03), a = good_request(0x01);
	struct bench11 b;

	(void)state;
	up(&b, &st);
	assert_int_equal(rig_hex(&b.r, "0070000100"), SW_OK);
	assert_int_equal(play_chain(&b), SW_OK);
	assert_int_equal(play_request(&b, 0x82, KID_SCP11C, &c), SW_OK);
	b.r.channel = 1;
	assert_int_equal(play_chain(&b), SW_OK);
	assert_int_equal(play_request(&b, 0x82, KID_SCP11C, &c), SW_CONDITIONS);
	assert_int_equal(play_chain(&b), SW_OK);
	assert_int_equal(play_request(&b, 0x82, KID_SCP11A, &a), SW_OK);
	b.r.channel = 0;
	assert_int_equal(rig_hex(&b.r, "00A4040000"), SW_OK);
	b.r.channel = 1;
	assert_int_equal(play_chain(&b), SW_OK);
	assert_int_equal(play_request(&b, 0x82, KID_SCP11C, &c), SW_OK);
	down(&b);
}

/* ---- STORE DATA and the allow-list ---- */

/* Opens a session as its host, with the key of the host's certificate as the ephemeral one too; the
 * status word of what was refused. */
static uint16_t open_as(struct bench11 *b, enum scp11_variant v)
{
	struct scp11_request q = good_request(scp11_pp(v, false));
	struct scp11_terms terms = { .variant = v, .usage = q.usage, .key_n = q.key_n };
	struct ec_public ephemeral;
	const struct scp11_host_side side = { &b->h.oce, &b->h.oce, &ephemeral, &b->h.sd_pub[v] };
	struct scp11_answer a;
	uint8_t room[256];
	struct wr w = wr_fixed(room, sizeof(room));
	uint16_t sw = v == SCP11B ? SW_OK : play_chain(b);
	SECRET_SCP11_KEYS(k);

	if (sw == SW_OK)
		sw = play_request(b, v == SCP11B ? 0x88 : 0x82, scp11_kid(v), &q);
	if (sw != SW_OK)
		return sw;
	scp11_request_put(&w, &q);
	assert_true(scp11_answer_get(rig_answer(&b->r), &a));
	assert_true(ec_public_from(&ephemeral, b->h.sd_pub[v].curve, a.key));
	assert_true(scp11_host_agree(&terms, &side, &k));
	assert_true(scp11_receipt_ok(&k, wr_span(&w), a.key_tlv, a.receipt));
	assert_true(scp11_begin(&b->r.host, &terms, &k, a.receipt.p, 8));
	return SW_OK;
}

static uint16_t say(struct bench11 *b, uint8_t ins, uint16_t p1p2, struct span data)
{
	struct span answer;

	return rig_secure(&b->r, 0x80, ins, p1p2, data, &answer);
}

static uint16_t store(struct bench11 *b, const char *hex)
{
	return say(b, INS_STORE_DATA, 0x9000, unit_bytes(hex));
}

static void test_allow_list(void **state)
{
	const struct style st = { EC_P256, false, true, 0x70 };
	struct bench11 b;

	(void)state;
	up(&b, &st);
	assert_int_equal(open_as(&b, SCP11A), SW_OK);
	/* the list speaks of the first certificate of the chain: k1, not o1 */
	assert_int_equal(store(&b, "A604830210037004"
				   "93026F31"),
	    SW_OK);
	rig_cycle(&b.r); /* it is kept */
	assert_int_equal(open_as(&b, SCP11A), SW_CERTIFICATE_NOT_ALLOWED);
	house_chain(&b.h, &(struct style){ EC_P256, false, false, 0x70 });
	assert_int_equal(open_as(&b, SCP11A), SW_OK); /* o1 itself */
	assert_int_equal(store(&b, "A604830210037008"
				   "93026B31"
				   "93026F31"),
	    SW_OK);
	house_chain(&b.h, &st);
	assert_int_equal(open_as(&b, SCP11A), SW_OK);
	assert_int_equal(store(&b, "A604830210037000"), SW_OK); /* no list */
	assert_false(b.r.v->chip.ca[0].has_list);
	/* what is wrong with them */
	assert_int_equal(store(&b, "A604830210047000"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(store(&b, "A604830210007000"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(store(&b, "A6048302100392020001"
				   "7000"),
	    SW_WRONG_DATA);
	assert_int_equal(store(&b, "A60483021003700493020102"
				   "00"),
	    SW_WRONG_DATA);
	/* in a session of SCP11c, which can be played again, they are numbered */
	assert_int_equal(open_as(&b, SCP11C), SW_OK);
	assert_int_equal(store(&b, "A604830210037000"), SW_WRONG_DATA);
	assert_int_equal(store(&b, "A6048302100392020005"
				   "7000"),
	    SW_OK);
	assert_int_equal(store(&b, "A6048302100392020005"
				   "7000"),
	    SW_CONDITIONS);
	assert_int_equal(store(&b, "A6048302100392020004"
				   "7000"),
	    SW_CONDITIONS);
	assert_int_equal(store(&b, "A6048302100392020006"
				   "7000"),
	    SW_OK);
	/* SCP11b may not */
	assert_int_equal(open_as(&b, SCP11B), SW_OK);
	assert_int_equal(store(&b, "A604830210037000"), SW_SECURITY_STATUS);
	down(&b);
}

static void test_store_certificates(void **state)
{
	const struct style st = { EC_P256, false, false, 0x70 };
	uint8_t room[512];
	struct wr w = wr_fixed(room, sizeof(room));
	struct scp11_store s = { .kind = SCP11_STORE_CERTIFICATES, .key = { KID_SCP11B, 0x01 } };
	struct bench11 b;

	(void)state;
	up(&b, &st);
	assert_int_equal(open_as(&b, SCP11A), SW_OK);
	s.value = span_of(b.h.certs[0], b.r.v->chip.ecka[0].certs_n);
	scp11_store_put(&w, &s);
	assert_int_equal(say(&b, INS_STORE_DATA, 0x1000, span_sub(wr_span(&w), 0, 100)), SW_OK);
	assert_int_equal(say(&b, INS_STORE_DATA, 0x9001, span_sub(wr_span(&w), 100, w.n)), SW_OK);
	assert_memory_equal(b.r.v->chip.ecka[1].certs, b.h.certs[0], s.value.n);
	assert_int_equal(store(&b, "A60483021101BF210401020304"), SW_WRONG_DATA);
	assert_int_equal(store(&b, "A60483021102BF2100"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(store(&b, "A60C8001004203434131"
				   "83021003"),
	    SW_OK);
	assert_int_equal(rig_hex(&b.r, "00A4040000"), SW_OK);
	assert_span(rig_get(&b.r, TAG_CA_KLOC_IDENTIFIERS), unit_bytes("420343413183021003"));
	/* the CA is known as CA1 now, our certificate names CA */
	assert_int_equal(open_as(&b, SCP11A), SW_CERTIFICATE_INVALID);
	down(&b);
}

/* GET DATA: short answers, and long ones by GET RESPONSE. */
static void test_certificate_store(void **state)
{
	const struct style st = { EC_P256, true, false, 0x70 };
	uint8_t got[1024];
	struct wr w = wr_fixed(got, sizeof(got));
	struct span certs;
	struct bench11 b;
	uint16_t sw;

	(void)state;
	up(&b, &st);
	sw = rig_hex(&b.r, "80CABF2106A6048302110100");
	assert_int_equal(sw >> 8, 0x61);
	assert_int_equal(rig_answer(&b.r).n, 256);
	wr_put(&w, rig_answer(&b.r));
	while (sw >> 8 == 0x61) {
		sw = rig_hex(&b.r, "00C0000000");
		wr_put(&w, rig_answer(&b.r));
	}
	assert_int_equal(sw, SW_OK);
	assert_true(cert_store_get(wr_span(&w), &certs));
	assert_span(certs, span_of(b.h.certs[0], b.r.v->chip.ecka[0].certs_n));
	/* any other command gives the rest up */
	assert_int_equal(rig_hex(&b.r, "80CABF2106A6048302110100") >> 8, 0x61);
	assert_int_equal(rig_hex(&b.r, "80CA004500"), SW_OK);
	assert_int_equal(rig_hex(&b.r, "00C0000000"), SW_INS_NOT_SUPPORTED);
	/* wrong questions */
	assert_int_equal(rig_hex(&b.r, "80CABF2106A6048302110200"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(rig_hex(&b.r, "80CABF2106A6048302100300"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(rig_hex(&b.r, "80CABF2105A60383021100"), SW_WRONG_DATA);
	assert_int_equal(rig_hex(&b.r, "80CABF2100"), SW_WRONG_LENGTH);
	assert_int_equal(rig_hex(&b.r, "80CA004506A6048302110100"), SW_WRONG_LENGTH);
	down(&b);
}

/* A supplementary domain is opened with the issuer's keys of SCP11 as long as it has no set of its
 * own, and no longer. */
static void test_card_domains(void **state)
{
	const struct style st = { EC_P256, true, false, 0x70 };
	struct card_app domain = { .state = APP_SELECTABLE, .privileges = PRIV_SECURITY_DOMAIN };
	struct card_keys set = { .version = 0x31, .type = KEY_TYPE_AES, .tries = TRIES_MAX };
	struct scp11_request q = good_request(0x00), mutual = good_request(0x01);
	struct bench11 b;

	(void)state;
	up(&b, &st);
	assert_true(aid_from(&domain.aid, unit_bytes("A0000001515300AA")));
	domain.load_file = aid_domain_package;
	domain.module = aid_domain_module;
	chip_put_app(b.r.v, &domain);
	assert_true(chip_commit(b.r.v));
	assert_int_equal(rig_hex(&b.r, "00A4040008A0000001515300AA"), SW_OK);
	assert_int_equal(play_request(&b, 0x88, KID_SCP11B, &q), SW_OK);
	assert_int_equal(b.r.v->channel[0].session, CHANNEL_UNICAST);
	assert_int_equal(play_chain(&b), SW_OK);
	assert_int_equal(play_request(&b, 0x82, KID_SCP11A, &mutual), SW_OK);
	set.domain = domain.aid;
	set.keys = b.r.keys;
	chip_put_keys(b.r.v, &set);
	assert_true(chip_commit(b.r.v));
	assert_int_equal(rig_hex(&b.r, "00A4040008A0000001515300AA"), SW_OK);
	assert_int_equal(play_request(&b, 0x88, KID_SCP11B, &q), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(play_chain(&b), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(play_request(&b, 0x82, KID_SCP11A, &mutual), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(rig_hex(&b.r, "80CABF2106A6048302110100"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(rig_hex(&b.r, "80CAFF3300"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(rig_hex(&b.r, "00A4040000"), SW_OK);
	assert_int_equal(play_request(&b, 0x88, KID_SCP11B, &q), SW_OK);
	down(&b);
}

/* A card without keys for it knows nothing of SCP11. */
static void test_card_without(void **state)
{
	struct rig r;

	(void)state;
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	assert_int_equal(rig_hex(&r, "802A03100401020304"), SW_INS_NOT_SUPPORTED);
	assert_int_equal(rig_hex(&r, "8088011301AA"), SW_INS_NOT_SUPPORTED);
	assert_int_equal(rig_hex(&r, "8082011101AA"), SW_CONDITIONS);
	assert_int_equal(rig_hex(&r, "80CABF2106A6048302110100"), SW_REFERENCE_NOT_FOUND);
	rig_session(&r, 0x30, 0x33);
	assert_int_equal(rig_hex(&r, "802A03100401020304"), SW_SECURITY_STATUS);
	rig_off(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_card_refuses_certificates),
		cmocka_unit_test(test_card_block_forms),
		cmocka_unit_test(test_card_refuses_requests),
		cmocka_unit_test(test_card_forgets),
		cmocka_unit_test(test_card_one_group_session),
		cmocka_unit_test(test_allow_list),
		cmocka_unit_test(test_store_certificates),
		cmocka_unit_test(test_certificate_store),
		cmocka_unit_test(test_card_without),
		cmocka_unit_test(test_card_domains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
