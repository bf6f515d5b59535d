/*
 * Certificates of SCP11 and the data fields around them: published GP certificates with their CA's
 * and their own keys (test/vectors/scp11_gp_certs.json), a recorded session of a YubiKey
 * (test/transcripts/yubikey-scp11a-trace.jsonl; its off-card key is not published, so everything
 * but the cryptograms is checked), then chains of our own with every fault in them.
 */
#include "unit.h"

#include <openssl/evp.h>

#include "crypto/ecka.h"
#include "gp/card_data.h"
#include "gp/cert.h"
#include "gp/scp11_data.h"
#include "scp/scp11.h"
#include "tlv/tlv.h"

enum { DAY = 86400 };
#define NOON_2022_06_01 1654084800
#define NOON_2026_11_21 1795262400

/* ---- published GP certificates ---- */

static json_t *gp_file;

static const json_t *gp_vector(size_t i)
{
	return json_array_get(json_object_get(gp_file, "vectors"), i);
}

static int open_gp(void **state)
{
	(void)state;
	gp_file = unit_json("test/vectors/scp11_gp_certs.json");
	return 0;
}

static int close_gp(void **state)
{
	(void)state;
	json_decref(gp_file);
	return 0;
}

static void test_published_fields(void **state)
{
	static const struct {
		uint16_t usage;
		bool restricted, has_until;
		uint8_t serial_n;
	} want[] = { { CERT_AGREES, true, true, 16 }, { CERT_SIGNS, false, true, 16 },
		{ CERT_SIGNS, false, true, 16 }, { CERT_AGREES, false, false, 20 } };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		const json_t *v = gp_vector(i), *fields = json_object_get(v, "fields");
		struct span whole = unit_hex(v, "cert"), key;
		struct cert c;

		assert_true(cert_get(whole, &c));
		assert_int_equal(c.format, CERT_GP);
		assert_int_equal(c.usage, want[i].usage);
		assert_int_equal(c.restricted, want[i].restricted);
		assert_int_equal(c.has_until, want[i].has_until);
		assert_int_equal(c.serial.n, want[i].serial_n);
		assert_span(c.signed_part, unit_hex(v, "signed_data"));
		assert_span(span_of(c.serial.b, c.serial.n),
		    unit_bytes(json_string_value(json_array_get(json_array_get(fields, 0), 1))));
		if (i == 3)
			continue;
		key = unit_hex(v, "pub");
		assert_span(ec_public_span(&c.key), key);
	}
}

static void test_published_signatures(void **state)
{
	uint8_t b[512];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const json_t *v = gp_vector(i);
		struct span whole = unit_hex(v, "cert");
		struct ec_public ca;
		struct cert c;

		assert_true(ec_public_from(&ca, EC_P256, unit_hex(v, "ca_pub")));
		assert_true(cert_get(whole, &c) && cert_signed_by(whole, &c, &ca));
		memcpy(b, whole.p, whole.n);
		for (size_t bit = 0; bit < whole.n * 8; bit += unit_step(13)) {
			b[bit / 8] ^= (uint8_t)(1 << bit % 8);
			whole = span_of(b, whole.n);
			assert_false(cert_get(whole, &c) && cert_signed_by(whole, &c, &ca));
			b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (size_t n = 0; n < whole.n; n++)
			assert_false(cert_get(span_sub(whole, 0, n), &c));
	}
}

/* The one place where keys of off-card entity and card are both published: the common secret comes
 * out the same from both sides. */
static void test_published_keys_agree(void **state)
{
	struct ec_private oce, sd;
	struct ec_public oce_pub, sd_pub, made;
	uint8_t a[32], b[32];
	struct wr wa = wr_fixed(a, sizeof(a)), wb = wr_fixed(b, sizeof(b));

	(void)state;
	assert_true(ec_private_from(&oce, EC_P256, unit_hex(gp_vector(0), "priv")));
	assert_true(ec_public_from(&oce_pub, EC_P256, unit_hex(gp_vector(0), "pub")));
	assert_true(ec_public_of(&oce, &made) && ec_public_eq(&made, &oce_pub));
	for (size_t i = 1; i < 3; i++) {
		wr_reset(&wa);
		wr_reset(&wb);
		assert_true(ec_private_from(&sd, EC_P256, unit_hex(gp_vector(i), "priv")));
		assert_true(ec_public_from(&sd_pub, EC_P256, unit_hex(gp_vector(i), "pub")));
		assert_true(ec_public_of(&sd, &made) && ec_public_eq(&made, &sd_pub));
		assert_true(ecka(&oce, &sd_pub, &wa) && ecka(&sd, &oce_pub, &wb));
		assert_memory_equal(a, b, sizeof(a));
	}
}

static void test_published_dates(void **state)
{
	struct cert_anchor anchor = { 0 };
	struct cert_check check = { &anchor, 1, NOON_2022_06_01, X509_ROLE_OCE };
	struct span oce = unit_hex(gp_vector(0), "cert");
	struct cert leaf;
	size_t at;

	(void)state;
	assert_true(ec_public_from(&anchor.key, EC_P256, unit_hex(gp_vector(0), "ca_pub")));
	assert_int_equal(cert_chain_check(oce, &check, &leaf, &at), CERT_OK);
	check.now = 1590364799; /* 2020-05-24 23:59:59, the day before */
	assert_int_equal(cert_chain_check(oce, &check, &leaf, &at), CERT_NOT_YET);
	assert_int_equal(at, 1);
	check.now++;
	assert_int_equal(cert_chain_check(oce, &check, &leaf, &at), CERT_OK);
	check.now = 1748131199; /* 2025-05-24 23:59:59, the last day */
	assert_int_equal(cert_chain_check(oce, &check, &leaf, &at), CERT_OK);
	check.now++;
	assert_int_equal(cert_chain_check(oce, &check, &leaf, &at), CERT_EXPIRED);
	check.now = NOON_2022_06_01;
	anchor.identity = (struct x509_id){ 3, "who" };
	assert_int_equal(cert_chain_check(oce, &check, &leaf, &at), CERT_UNTRUSTED);
	anchor.identity = (struct x509_id){ 13, "jubiterwallet" };
	assert_int_equal(cert_chain_check(oce, &check, &leaf, &at), CERT_OK);
	/* This vendor's card certificates are marked for signing. */
	assert_int_equal(
	    cert_chain_check(unit_hex(gp_vector(1), "cert"), &check, &leaf, &at), CERT_WRONG_USAGE);
	/* Signed by somebody whom we do not know; its date is none. */
	assert_int_equal(
	    cert_chain_check(unit_hex(gp_vector(3), "cert"), &check, &leaf, &at), CERT_UNTRUSTED);
}

/* ---- the YubiKey ---- */

static json_t *yubikey;

static void keep(json_t *line, void *ctx)
{
	(void)ctx;
	yubikey = json_incref(line);
}

static int open_yubikey(void **state)
{
	(void)state;
	unit_jsonl("test/transcripts/yubikey-scp11a-trace.jsonl", keep, NULL);
	return 0;
}

static int close_yubikey(void **state)
{
	(void)state;
	json_decref(yubikey);
	return 0;
}

static const json_t *exchange(size_t i)
{
	return json_array_get(json_object_get(yubikey, "apdus"), i);
}

static struct span answer_data(size_t i, uint16_t *sw)
{
	struct rapdu r;

	assert_true(rapdu_get(unit_hex(exchange(i), "rsp"), &r));
	*sw = r.sw;
	return r.data;
}

static void test_yubikey_key_information(void **state)
{
	static const struct key_info want[] = {
		{ .id = 0x10, .version = 0x03, .type = 0xB0, .length = 64 },
		{ .id = 0x13, .version = 0x01, .type = 0xB1, .length = 32 },
		{ .id = 0x11, .version = 0x01, .type = 0xB1, .length = 32 },
	};
	struct key_infos k;
	uint16_t sw;

	(void)state;
	assert_true(key_infos_get(answer_data(1, &sw), &k));
	assert_int_equal(k.n, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(k.key[i].id, want[i].id);
		assert_int_equal(k.key[i].version, want[i].version);
	}
}

static void yubikey_store(struct wr *w)
{
	uint16_t sw;

	for (size_t i = 3; i <= 7; i++)
		wr_put(w, answer_data(i, &sw));
	assert_int_equal(sw, SW_OK);
	assert_true(wr_ok(w));
}

static void test_yubikey_certificate_store(void **state)
{
	uint8_t room[2048], ask[16];
	struct wr w = wr_fixed(room, sizeof(room)), q = wr_fixed(ask, sizeof(ask));
	struct cert_anchor anchor = { 0 };
	struct cert_check check = { &anchor, 1, NOON_2026_11_21, X509_ROLE_SD };
	struct span certs, first, second;
	struct cert ca, sd, leaf;
	struct key_ref ref;
	struct capdu c;
	struct rd r;
	size_t at;

	(void)state;
	assert_true(capdu_get(unit_hex(exchange(3), "cmd"), &c));
	key_ref_put(&q, (struct key_ref){ KID_SCP11A, 0x01 });
	assert_span(wr_span(&q), c.data);
	assert_true(key_ref_get(c.data, &ref));
	assert_int_equal(ref.kid << 8 | ref.kvn, 0x1101);
	yubikey_store(&w);
	assert_true(cert_store_get(wr_span(&w), &certs)); /* without BF21 */
	r = rd_of(certs);
	assert_true(cert_next(&r, &first) && cert_next(&r, &second));
	assert_int_equal(rd_left(&r), 0);
	assert_true(cert_get(first, &ca) && cert_get(second, &sd));
	assert_int_equal(ca.usage, CERT_SIGNS);
	assert_int_equal(sd.usage, CERT_AGREES);
	assert_int_equal(sd.role, X509_ROLE_SD);
	assert_true(cert_signed_by(second, &sd, &ca.key));
	assert_false(cert_signed_by(first, &ca, &ca.key)); /* an RSA root has signed it */
	assert_int_equal(cert_chain_check(certs, &check, &leaf, &at), CERT_UNTRUSTED);
	anchor.x509 = first;
	assert_int_equal(cert_chain_check(certs, &check, &leaf, &at), CERT_OK);
	assert_true(ec_public_eq(&leaf.key, &sd.key));
	assert_int_equal(cert_chain_check(second, &check, &leaf, &at), CERT_OK);
	check.role = X509_ROLE_OCE;
	assert_int_equal(cert_chain_check(certs, &check, &leaf, &at), CERT_WRONG_ROLE);
	check.role = X509_ROLE_SD;
	check.now = 1733011199; /* a second before it began */
	assert_int_equal(cert_chain_check(certs, &check, &leaf, &at), CERT_NOT_YET);
}

static void test_yubikey_handshake_forms(void **state)
{
	uint8_t room[2048];
	struct wr w = wr_fixed(room, sizeof(room));
	struct scp11_request q;
	struct scp11_answer a;
	struct ec_public point;
	struct capdu c;
	struct cert oce;
	uint16_t sw;

	(void)state;
	for (size_t i = 8; i < 10; i++) { /* one certificate in two blocks */
		assert_true(capdu_get(unit_hex(exchange(i), "cmd"), &c));
		assert_int_equal(c.ins, INS_PERFORM_SECURITY_OPERATION);
		assert_int_equal(c.p2, KID_CA_KLOC);
		wr_put(&w, c.data);
	}
	assert_true(cert_get(wr_span(&w), &oce));
	assert_int_equal(oce.role, X509_ROLE_OCE);
	assert_int_equal(oce.usage, CERT_AGREES);
	assert_true(capdu_get(unit_hex(exchange(10), "cmd"), &c));
	assert_int_equal(c.ins, INS_MUTUAL_AUTHENTICATE);
	assert_true(scp11_request_get(c.data, &q));
	assert_int_equal(q.pp, scp11_pp(SCP11A, false));
	assert_true(ec_public_from(&point, EC_P256, q.key));
	wr_reset(&w);
	scp11_request_put(&w, &q);
	assert_span(wr_span(&w), c.data);
	assert_true(scp11_answer_get(answer_data(10, &sw), &a));
	assert_true(ec_public_from(&point, EC_P256, a.key));
	assert_int_equal(a.receipt.n, SCP11_RECEIPT);
	wr_reset(&w);
	scp11_answer_key_put(&w, a.key);
	assert_span(wr_span(&w), a.key_tlv);
	scp11_answer_receipt_put(&w, a.receipt);
	assert_span(wr_span(&w), answer_data(10, &sw));
}

/* ---- chains of our own ---- */

struct house {
	struct ec_private ca, ka, leaf;
	struct ec_public ca_pub, ka_pub, leaf_pub;
};

static void make_house(struct house *h, enum ec_curve c)
{
	assert_true(ec_generate(c, &h->ca) && ec_public_of(&h->ca, &h->ca_pub));
	assert_true(ec_generate(c, &h->ka) && ec_public_of(&h->ka, &h->ka_pub));
	assert_true(ec_generate(c, &h->leaf) && ec_public_of(&h->leaf, &h->leaf_pub));
}

static void put_gp(struct wr *w, const struct house *h, bool leaf, const struct ec_private *signer,
    const struct cert_make *change)
{
	struct cert_make m = { .serial = span_str(leaf ? "leaf" : "ka"),
		.issuer = span_str(leaf ? "KA-1" : "CA-1"),
		.subject = span_str(leaf ? "card" : "KA-1"),
		.usage = leaf ? CERT_AGREES : CERT_SIGNS,
		.from = 20260101,
		.until = 20301231,
		.key = leaf ? &h->leaf_pub : &h->ka_pub,
		.signer = signer };

	if (change != NULL && change->until != 0)
		m.until = change->until;
	if (change != NULL && change->usage != 0)
		m.usage = change->usage;
	if (change != NULL && change->issuer.n != 0)
		m.issuer = change->issuer;
	if (change != NULL)
		m.restricted = change->restricted;
	assert_true(cert_put(w, &m));
}

static enum cert_verdict verdict(
    const struct house *h, const struct wr *w, struct cert *leaf, size_t *at)
{
	struct cert_anchor anchor = { .key = h->ca_pub, .identity = { 4, "CA-1" } };
	const struct cert_check check = { &anchor, 1, NOON_2026_11_21, X509_ROLE_SD };

	return cert_chain_check(wr_span(w), &check, leaf, at);
}

static void test_gp_chain(void **state)
{
	uint8_t room[1024];
	struct wr w = wr_fixed(room, sizeof(room));
	struct house h;
	struct cert leaf;
	size_t at;

	(void)state;
	for (int c = 0; c < EC_CURVES; c++) {
		make_house(&h, (enum ec_curve)c);
		wr_reset(&w);
		put_gp(&w, &h, false, &h.ca, NULL);
		put_gp(&w, &h, true, &h.ka, NULL);
		assert_int_equal(verdict(&h, &w, &leaf, &at), CERT_OK);
		assert_true(ec_public_eq(&leaf.key, &h.leaf_pub));
		assert_memory_equal(leaf.subject.b, "card", 4);
		/* straight from the CA */
		wr_reset(&w);
		put_gp(&w, &h, true, &h.ca, &(struct cert_make){ .issuer = span_str("CA-1") });
		assert_int_equal(verdict(&h, &w, &leaf, &at), CERT_OK);
	}
}

static void test_gp_chain_broken(void **state)
{
	uint8_t room[1024];
	struct wr w = wr_fixed(room, sizeof(room));
	struct cert leaf;
	struct house h, other;
	size_t at;

	(void)state;
	make_house(&h, EC_P256);
	make_house(&other, EC_P256);
	assert_int_equal(verdict(&h, &w, &leaf, &at), CERT_EMPTY);

	put_gp(&w, &h, true, &h.ka, NULL); /* the link is missing */
	assert_int_equal(verdict(&h, &w, &leaf, &at), CERT_UNTRUSTED);

	wr_reset(&w); /* the wrong order */
	put_gp(&w, &h, true, &h.ka, NULL);
	put_gp(&w, &h, false, &h.ca, NULL);
	assert_int_equal(verdict(&h, &w, &leaf, &at), CERT_UNTRUSTED);

	wr_reset(&w); /* another house's link */
	put_gp(&w, &h, false, &other.ca, NULL);
	put_gp(&w, &h, true, &h.ka, NULL);
	assert_int_equal(verdict(&h, &w, &leaf, &at), CERT_UNTRUSTED);

	wr_reset(&w); /* a leaf by another */
	put_gp(&w, &h, false, &h.ca, NULL);
	put_gp(&w, &h, true, &other.ka, NULL);
	assert_int_equal(verdict(&h, &w, &leaf, &at), CERT_BAD_SIGNATURE);
	assert_int_equal(at, 2);

	wr_reset(&w); /* a leaf that names another issuer */
	put_gp(&w, &h, false, &h.ca, NULL);
	put_gp(&w, &h, true, &h.ka, &(struct cert_make){ .issuer = span_str("KA-2") });
	assert_int_equal(verdict(&h, &w, &leaf, &at), CERT_BAD_SIGNATURE);

	wr_reset(&w); /* a leaf that signs */
	put_gp(&w, &h, false, &h.ca, NULL);
	put_gp(&w, &h, false, &h.ka, &(struct cert_make){ .issuer = span_str("KA-1") });
	assert_int_equal(verdict(&h, &w, &leaf, &at), CERT_WRONG_USAGE);
	assert_int_equal(at, 2);

	wr_reset(&w); /* a link that may not sign */
	put_gp(&w, &h, false, &h.ca, &(struct cert_make){ .usage = CERT_AGREES });
	put_gp(&w, &h, true, &h.ka, NULL);
	assert_int_equal(verdict(&h, &w, &leaf, &at), CERT_WRONG_USAGE);
	assert_int_equal(at, 1);

	wr_reset(&w); /* an old link under a good leaf */
	put_gp(&w, &h, false, &h.ca, &(struct cert_make){ .until = 20261120 });
	put_gp(&w, &h, true, &h.ka, NULL);
	assert_int_equal(verdict(&h, &w, &leaf, &at), CERT_EXPIRED);
	assert_int_equal(at, 1);

	wr_reset(&w); /* a date that is none */
	put_gp(&w, &h, true, &h.ca,
	    &(struct cert_make){ .until = 20301331, .issuer = span_str("CA-1") });
	assert_int_equal(verdict(&h, &w, &leaf, &at), CERT_EXPIRED);

	wr_reset(&w); /* more than certificates */
	put_gp(&w, &h, false, &h.ca, NULL);
	put_gp(&w, &h, true, &h.ka, NULL);
	wr_u8(&w, 0);
	assert_int_equal(verdict(&h, &w, &leaf, &at), CERT_MALFORMED);
	assert_int_equal(at, 3);

	wr_reset(&w); /* restrictions where there may be none */
	put_gp(&w, &h, false, &h.ca, &(struct cert_make){ .restricted = span_str("x") });
	put_gp(&w, &h, true, &h.ka, NULL);
	assert_int_equal(verdict(&h, &w, &leaf, &at), CERT_MALFORMED);
}

/* No changed bit of a chain passes; only a signature may be written in another way. */
static void test_gp_chain_flipped(void **state)
{
	uint8_t room[1024];
	struct wr w = wr_fixed(room, sizeof(room));
	struct cert leaf;
	struct house h;
	size_t at;

	(void)state;
	make_house(&h, EC_P256);
	put_gp(&w, &h, false, &h.ca, NULL);
	put_gp(&w, &h, true, &h.ka, NULL);
	for (size_t bit = 0; bit < w.n * 8; bit += unit_step(13)) {
		room[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(verdict(&h, &w, &leaf, &at), CERT_OK);
		room[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(verdict(&h, &w, &leaf, &at), CERT_OK);
}

static void put_x509(struct wr *w, enum x509_role role, const struct ec_public *key,
    const struct ec_private *signer, int64_t until)
{
	bool top = role == X509_ROLE_CA_KLCC || role == X509_ROLE_KA_KLCC;
	struct x509_make m = { .subject = role == X509_ROLE_CA_KLCC ? "CA"
					  : top                     ? "KA"
								    : "SD",
		.issuer = top ? "CA" : "KA",
		.serial = { 2, { 0x01, (uint8_t)role } },
		.key = key,
		.signer = signer,
		.from = NOON_2026_11_21 - DAY,
		.until = until,
		.role = role };

	assert_true(x509_put(w, &m));
}

static void test_x509_chain(void **state)
{
	enum { LATER = NOON_2026_11_21 + DAY };
	uint8_t room[4096], anchor_room[1024];
	struct wr w = wr_fixed(room, sizeof(room)), a = wr_fixed(anchor_room, sizeof(anchor_room));
	struct cert_anchor anchor = { 0 };
	struct cert_check check = { &anchor, 1, NOON_2026_11_21, X509_ROLE_SD };
	struct cert leaf;
	struct house h;
	size_t at;

	(void)state;
	for (int c = 0; c < EC_CURVES; c++) {
		make_house(&h, (enum ec_curve)c);
		wr_reset(&w);
		wr_reset(&a);
		put_x509(&a, X509_ROLE_CA_KLCC, &h.ca_pub, &h.ca, LATER);
		put_x509(&w, X509_ROLE_KA_KLCC, &h.ka_pub, &h.ca, LATER);
		put_x509(&w, X509_ROLE_SD, &h.leaf_pub, &h.ka, LATER);
		anchor = (struct cert_anchor){ .x509 = wr_span(&a) };
		assert_int_equal(cert_chain_check(wr_span(&w), &check, &leaf, &at), CERT_OK);
		assert_true(ec_public_eq(&leaf.key, &h.leaf_pub));
		assert_int_equal(leaf.role, X509_ROLE_SD);
		assert_int_equal(leaf.subject.n, 20);
		anchor = (struct cert_anchor){ .key = h.ca_pub };
		assert_int_equal(cert_chain_check(wr_span(&w), &check, &leaf, &at), CERT_OK);
		anchor = (struct cert_anchor){ .key = h.ka_pub };
		assert_int_equal(cert_chain_check(wr_span(&w), &check, &leaf, &at), CERT_UNTRUSTED);
	}
}

static enum cert_verdict x509_verdict_of(const struct house *h, struct span chain, int64_t now)
{
	struct cert_anchor anchor = { .key = h->ca_pub };
	const struct cert_check check = { &anchor, 1, now, X509_ROLE_SD };
	struct cert leaf;
	size_t at;

	return cert_chain_check(chain, &check, &leaf, &at);
}

static void test_x509_chain_broken(void **state)
{
	enum { NOW = NOON_2026_11_21, LATER = NOW + DAY };
	uint8_t room[4096];
	struct wr w = wr_fixed(room, sizeof(room));
	struct house h, other;
	size_t first;

	(void)state;
	make_house(&h, EC_P256);
	make_house(&other, EC_P256);
	put_x509(&w, X509_ROLE_KA_KLCC, &h.ka_pub, &h.ca, LATER);
	first = w.n;
	put_x509(&w, X509_ROLE_SD, &h.leaf_pub, &h.ka, LATER);
	assert_int_equal(x509_verdict_of(&h, wr_span(&w), NOW), CERT_OK);
	assert_int_equal(x509_verdict_of(&h, wr_span(&w), LATER + 1), CERT_EXPIRED);
	assert_int_equal(x509_verdict_of(&h, wr_span(&w), NOW - 2 * DAY), CERT_NOT_YET);
	assert_int_equal(
	    x509_verdict_of(&h, span_sub(wr_span(&w), first, w.n), NOW), CERT_UNTRUSTED);
	assert_int_equal(x509_verdict_of(&other, wr_span(&w), NOW), CERT_UNTRUSTED);
	assert_int_equal(x509_verdict_of(&h, span_sub(wr_span(&w), 0, first), NOW),
	    CERT_WRONG_USAGE); /* a leaf that signs */
	wr_u8(&w, 0);
	assert_int_equal(x509_verdict_of(&h, wr_span(&w), NOW), CERT_MALFORMED);

	wr_reset(&w); /* a leaf of another */
	put_x509(&w, X509_ROLE_KA_KLCC, &h.ka_pub, &h.ca, LATER);
	put_x509(&w, X509_ROLE_SD, &h.leaf_pub, &other.ka, LATER);
	assert_int_not_equal(x509_verdict_of(&h, wr_span(&w), NOW), CERT_OK);

	wr_reset(&w); /* an old link */
	put_x509(&w, X509_ROLE_KA_KLCC, &h.ka_pub, &h.ca, NOW - 60);
	put_x509(&w, X509_ROLE_SD, &h.leaf_pub, &h.ka, LATER);
	assert_int_equal(x509_verdict_of(&h, wr_span(&w), NOW), CERT_EXPIRED);

	wr_reset(&w); /* a card that signs cards */
	put_x509(&w, X509_ROLE_SD, &h.ka_pub, &h.ca, LATER);
	put_x509(&w, X509_ROLE_SD, &h.leaf_pub, &h.ka, LATER);
	assert_int_equal(x509_verdict_of(&h, wr_span(&w), NOW), CERT_WRONG_USAGE);

	wr_reset(&w); /* another role */
	put_x509(&w, X509_ROLE_OCE, &h.leaf_pub, &h.ca, LATER);
	assert_int_equal(x509_verdict_of(&h, wr_span(&w), NOW), CERT_WRONG_ROLE);

	wr_reset(&w); /* two formats */
	put_x509(&w, X509_ROLE_KA_KLCC, &h.ka_pub, &h.ca, LATER);
	put_gp(&w, &h, true, &h.ka, NULL);
	assert_int_equal(x509_verdict_of(&h, wr_span(&w), NOW), CERT_MIXED);
}

static void test_x509_flipped(void **state)
{
	enum { NOW = NOON_2026_11_21 };
	uint8_t room[1024];
	struct wr w = wr_fixed(room, sizeof(room));
	struct house h;

	(void)state;
	make_house(&h, EC_P256);
	put_x509(&w, X509_ROLE_SD, &h.leaf_pub, &h.ca, NOW + DAY);
	assert_int_equal(x509_verdict_of(&h, wr_span(&w), NOW), CERT_OK);
	for (size_t bit = 0; bit < w.n * 8; bit += unit_step(13)) {
		room[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(x509_verdict_of(&h, wr_span(&w), NOW), CERT_OK);
		room[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
}

/* In lines of 48 octets, as PEM has them. */
static void pem_put(struct wr *w, struct span der)
{
	wr_put(w, span_str("-----BEGIN CERTIFICATE-----\n"));
	for (size_t at = 0; at < der.n; at += 48) {
		char line[66] = "";
		size_t n = der.n - at < 48 ? der.n - at : 48;

		EVP_EncodeBlock((unsigned char *)line, &der.p[at], (int)n);
		wr_put(w, span_str(line));
		wr_u8(w, '\n');
	}
	wr_put(w, span_str("-----END CERTIFICATE-----\n"));
}

static void test_pem(void **state)
{
	static const char none[] = "nothing here\n";
	uint8_t room[4000], der[2000], made[1024];
	struct wr w = wr_fixed(room, sizeof(room)), d = wr_fixed(der, sizeof(der)),
		  m = wr_fixed(made, sizeof(made));
	struct house h;
	size_t n;

	(void)state;
	assert_false(x509_from_pem(span_str(none), &d, &n));
	wr_put(&w, span_str("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"));
	assert_false(x509_from_pem(wr_span(&w), &d, &n));
	/* What is no certificate is passed over. */
	make_house(&h, EC_P256);
	put_x509(&m, X509_ROLE_SD, &h.leaf_pub, &h.ca, NOON_2026_11_21);
	wr_reset(&w);
	wr_put(&w, span_str("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
			    "-----END EC PARAMETERS-----\n"));
	assert_false(x509_from_pem(wr_span(&w), &d, &n));
	for (size_t count = 1; count <= 2; count++) {
		pem_put(&w, wr_span(&m));
		wr_reset(&d);
		assert_true(x509_from_pem(wr_span(&w), &d, &n));
		assert_int_equal(n, count);
		assert_int_equal(d.n, count * m.n);
		assert_span(span_sub(wr_span(&d), d.n - m.n, m.n), wr_span(&m));
	}
	wr_cut(&w, w.n - 20);
	wr_reset(&d);
	assert_false(x509_from_pem(wr_span(&w), &d, &n));
}

/* ---- data fields ---- */

static void test_request(void **state)
{
	uint8_t room[256], point[65] = { 0x04 };
	struct wr w = wr_fixed(room, sizeof(room));
	struct scp11_request q = { .pp = 0x05, .usage = 0x3C, .key_type = 0x88, .key_n = 16 }, got;

	(void)state;
	q.key = SPAN(point);
	q.has_host_id = true;
	q.host_id = span_str("host");
	scp11_request_put(&w, &q);
	assert_true(scp11_request_get(wr_span(&w), &got));
	assert_true(got.has_host_id);
	assert_span(got.host_id, q.host_id);
	assert_span(got.key, q.key);
	for (size_t n = 0; n < w.n; n++)
		assert_false(scp11_request_get(span_sub(wr_span(&w), 0, n), &got));
	wr_u8(&w, 0);
	assert_false(scp11_request_get(wr_span(&w), &got));
	wr_reset(&w);
	q.host_id = unit_bytes("0102030405060708090A0B0C0D0E0F1011");
	scp11_request_put(&w, &q);
	assert_false(scp11_request_get(wr_span(&w), &got));
	/* the order is the specification's; another SCP is another's */
	assert_false(scp11_request_get(unit_bytes("A60D95013C90021101800188810110"
						  "5F490104"),
	    &got));
	assert_false(scp11_request_get(unit_bytes("A60D9002030195013C800188810110"
						  "5F490104"),
	    &got));
	assert_true(scp11_request_get(unit_bytes("A60D9002110195013C800188810110"
						 "5F490104"),
	    &got));
}

static void test_answer(void **state)
{
	struct scp11_answer a;

	(void)state;
	assert_true(scp11_answer_get(unit_bytes("5F4901048602AABB"), &a));
	assert_span(a.key_tlv, unit_bytes("5F490104"));
	assert_span(a.receipt, unit_bytes("AABB"));
	assert_true(scp11_answer_get(unit_bytes("5F490104"), &a));
	assert_int_equal(a.receipt.n, 0);
	assert_false(scp11_answer_get(unit_bytes("5F4901048602AA"), &a));
	assert_false(scp11_answer_get(unit_bytes("8602AABB5F490104"), &a));
	assert_false(scp11_answer_get(unit_bytes("5F4901048602AABB00"), &a));
	assert_false(scp11_answer_get(unit_bytes(""), &a));
}

static void test_store_data(void **state)
{
	static const struct {
		const char *hex;
		enum scp11_store_kind kind;
		const char *value;
		bool klcc, counter;
	} good[] = {
		{ "A60483021101BF21027F21", SCP11_STORE_CERTIFICATES, "7F21", false, false },
		{ "A60C80010042034341318302"
		  "1003",
		    SCP11_STORE_CA, "434131", false, false },
		{ "A60C80010142034341318302"
		  "1003",
		    SCP11_STORE_CA, "434131", true, false },
		{ "A604830210037006930101930102", SCP11_STORE_ALLOWED, "930101930102", false,
		    false },
		{ "A604830210037000", SCP11_STORE_ALLOWED, "", false, false },
		{ "A60483021003920200017003930101", SCP11_STORE_ALLOWED, "930101", false, true },
	};
	static const char *const bad[] = { "", "A604830210", "A604830210037006930101",
		"A60483021003", "A6048302100370029300", "A604830210037003940101",
		"A60483021101BF21027F2100", "A6048302110192020001BF21027F21",
		"A60C80010242034341318302"
		"1003",
		"7006930101930102" };
	uint8_t room[64];
	struct wr w = wr_fixed(room, sizeof(room));
	struct scp11_store s;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct span in = unit_bytes(good[i].hex);

		assert_true(scp11_store_get(in, &s));
		assert_int_equal(s.kind, good[i].kind);
		assert_span(s.value, unit_bytes(good[i].value));
		assert_int_equal(s.klcc, good[i].klcc);
		assert_int_equal(s.has_counter, good[i].counter);
		wr_reset(&w);
		scp11_store_put(&w, &s);
		assert_span(wr_span(&w), in);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(scp11_store_get(unit_bytes(bad[i]), &s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_published_fields, open_gp, close_gp),
		cmocka_unit_test_setup_teardown(test_published_signatures, open_gp, close_gp),
		cmocka_unit_test_setup_teardown(test_published_keys_agree, open_gp, close_gp),
		cmocka_unit_test_setup_teardown(test_published_dates, open_gp, close_gp),
		cmocka_unit_test_setup_teardown(
		    test_yubikey_key_information, open_yubikey, close_yubikey),
		cmocka_unit_test_setup_teardown(
		    test_yubikey_certificate_store, open_yubikey, close_yubikey),
		cmocka_unit_test_setup_teardown(
		    test_yubikey_handshake_forms, open_yubikey, close_yubikey),
		cmocka_unit_test(test_gp_chain),
		cmocka_unit_test(test_gp_chain_broken),
		cmocka_unit_test(test_gp_chain_flipped),
		cmocka_unit_test(test_x509_chain),
		cmocka_unit_test(test_x509_chain_broken),
		cmocka_unit_test(test_x509_flipped),
		cmocka_unit_test(test_pem),
		cmocka_unit_test(test_request),
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_store_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
