/*
 * SCP11 against facts from outside. test/vectors/scp11_sessions.json and the scp11 group of
 * test/vectors/telecom.json hold sessions of independent implementations (sources inside) with the
 * private keys of the off-card entity: as host everything is recomputed. The private keys of their
 * cards are not published, so the card's half of the agreement is compared with the host's over
 * keys of our own, and pinned where both halves have published keys (scp11_gp_certs.json, ecka_eg
 * of telecom.json); derivation, receipt and secure messaging are pinned as card too, for they
 * start from the shared secrets. No published session of SCP11b has a private key: SCP11b is
 * pinned by its parts.
 */
#include "unit.h"

#include "gp/cert.h"
#include "gp/scp11_data.h"
#include "scp/scp11.h"
#include "tlv/tlv.h"

static enum ec_curve curve_of(const char *name)
{
	static const char *const names[] = { "P-256", "P-384", "brainpoolP256r1", "P-521" };

	for (int i = 0; i < EC_CURVES; i++)
		if (strcmp(name, names[i]) == 0)
			return (enum ec_curve)i;
	fail_msg("curve %s", name);
	return EC_P256;
}

static struct ec_private private_of(enum ec_curve c, struct span s)
{
	struct ec_private k = { 0 };

	assert_true(ec_private_from(&k, c, s));
	return k;
}

static struct ec_public public_of(enum ec_curve c, struct span s)
{
	struct ec_public k = { 0 };

	assert_true(ec_public_from(&k, c, s));
	return k;
}

/* One recorded session. */
struct session {
	enum ec_curve curve;
	struct ec_private oce, ephemeral;
	struct ec_public card, card_ephemeral;
	struct span auth, auth_rsp, wrapped, wrapped_rsp, plain, plain_rsp;
	struct capdu cmd;
	struct scp11_request request;
	struct scp11_answer answer;
	struct scp11_terms terms;
	uint8_t m;
};

/* What the exchange says in clear; our writer makes the same of it. */
static void read_exchange(struct session *s)
{
	uint8_t room[256], level;
	struct wr w = wr_fixed(room, sizeof(room));
	struct rapdu r;

	assert_true(capdu_get(s->auth, &s->cmd));
	assert_true(scp11_request_get(s->cmd.data, &s->request));
	scp11_request_put(&w, &s->request);
	assert_span(wr_span(&w), s->cmd.data);
	assert_true(scp11_variant_from_kid(s->cmd.p2, &s->terms.variant));
	assert_int_equal(s->request.pp, scp11_pp(s->terms.variant, false));
	assert_int_equal(s->request.key_type, SCP11_KEY_TYPE);
	s->terms.usage = s->request.usage;
	s->terms.key_n = s->request.key_n;
	assert_true(scp11_level_of(s->terms.variant, s->terms.usage, &level));
	assert_int_equal(level, 0x33);
	assert_true(rapdu_get(s->auth_rsp, &r));
	assert_int_equal(r.sw, SW_OK);
	assert_true(scp11_answer_get(r.data, &s->answer));
	wr_reset(&w);
	scp11_answer_key_put(&w, s->answer.key);
	scp11_answer_receipt_put(&w, s->answer.receipt);
	assert_span(wr_span(&w), r.data);
	s->card_ephemeral = public_of(s->curve, s->answer.key);
}

/* Both sides open a session from the same keys: the recorded command and answer come out. */
static void check_messaging(const struct session *s, const struct scp11_keys *k)
{
	uint8_t wire[512], plain[512], out[512];
	struct wr w = wr_fixed(wire, sizeof(wire)), d = wr_fixed(plain, sizeof(plain));
	struct wr o = wr_fixed(out, sizeof(out));
	struct scp host = { 0 }, card = { 0 };
	struct capdu c, got;
	struct rapdu r;

	assert_true(scp11_begin(&host, &s->terms, k, s->answer.receipt.p, s->m));
	assert_true(scp11_begin(&card, &s->terms, k, s->answer.receipt.p, s->m));
	assert_true(capdu_get(s->plain, &c));
	assert_true(scp_seal_command(&host, &c, &w));
	/* These hosts send no Le with their protected command. */
	assert_span(span_sub(wr_span(&w), 0, s->wrapped.n), s->wrapped);
	assert_true(capdu_get(s->wrapped, &c));
	assert_int_equal(scp_open_command(&card, &c, &got, &d), SCP_OK);
	assert_span(got.data, span_sub(s->plain, 5, 2));
	assert_true(rapdu_get(s->plain_rsp, &r));
	assert_true(scp_seal_response(&card, &r, &o));
	assert_span(wr_span(&o), s->wrapped_rsp);
	wr_reset(&d);
	assert_int_equal(scp_open_response(&host, s->wrapped_rsp, &r, &d), SCP_OK);
	assert_span(r.data, span_sub(s->plain_rsp, 0, s->plain_rsp.n - 2));
	scp_wipe(&host);
	scp_wipe(&card);
}

static void same_keys(const struct scp11_keys *k, const json_t *want)
{
	const char *dek = json_object_get(want, "dek") != NULL ? "dek" : "s_dek";

	assert_span(key_span(&k->receipt), unit_hex(want, "receipt_key"));
	assert_span(key_span(&k->session.enc), unit_hex(want, "s_enc"));
	assert_span(key_span(&k->session.mac), unit_hex(want, "s_mac"));
	assert_span(key_span(&k->session.rmac), unit_hex(want, "s_rmac"));
	assert_span(key_span(&k->dek), unit_hex(want, dek));
}

/* Every flipped bit of command data, answer key or receipt is noticed. */
static void check_receipt(const struct session *s, const struct scp11_keys *k)
{
	uint8_t data[256], key[128], receipt[16];
	struct {
		uint8_t *p;
		size_t n;
	} all[] = { { data, s->cmd.data.n }, { key, s->answer.key_tlv.n }, { receipt, 16 } };

	memcpy(data, s->cmd.data.p, s->cmd.data.n);
	memcpy(key, s->answer.key_tlv.p, s->answer.key_tlv.n);
	memcpy(receipt, s->answer.receipt.p, 16);
	assert_true(
	    scp11_receipt_ok(k, span_of(data, all[0].n), span_of(key, all[1].n), SPAN(receipt)));
	assert_false(scp11_receipt_ok(
	    k, span_of(data, all[0].n), span_of(key, all[1].n), span_of(receipt, 15)));
	assert_false(scp11_receipt_ok(
	    k, span_of(data, all[0].n), span_of(key, all[1].n), span_of(receipt, 0)));
	for (size_t i = 0; i < 3; i++) {
		for (size_t bit = 0; bit < all[i].n * 8; bit++) {
			all[i].p[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_false(scp11_receipt_ok(
			    k, span_of(data, all[0].n), span_of(key, all[1].n), SPAN(receipt)));
			all[i].p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

static void agree_as_host(const struct session *s, struct scp11_keys *k)
{
	bool c = s->terms.variant == SCP11C;
	const struct scp11_host_side side = { &s->ephemeral, &s->oce, c ? NULL : &s->card_ephemeral,
		&s->card };

	assert_true(scp11_host_agree(&s->terms, &side, k));
	if (c)
		assert_true(ec_public_eq(&s->card, &s->card_ephemeral));
}

static const json_t *apdu(const json_t *o, size_t from_end)
{
	const json_t *list = json_object_get(o, "apdus");

	return json_array_get(list, json_array_size(list) - 1 - from_end);
}

static void read_session(struct session *s, const json_t *o)
{
	struct ec_public pub;

	s->curve = curve_of(unit_str(o, "curve"));
	s->oce = private_of(s->curve, unit_hex(o, "sk_oce"));
	s->ephemeral = private_of(s->curve, unit_hex(o, "esk_oce"));
	s->card = public_of(s->curve, unit_hex(o, "pk_sd"));
	assert_true(ec_public_of(&s->oce, &pub));
	assert_span(ec_public_span(&pub), unit_hex(o, "pk_oce"));
	assert_true(ec_public_of(&s->ephemeral, &pub));
	assert_span(ec_public_span(&pub), unit_hex(o, "epk_oce"));
	s->auth = unit_hex(apdu(o, 1), "cmd");
	s->auth_rsp = unit_hex(apdu(o, 1), "rsp");
	s->wrapped = unit_hex(apdu(o, 0), "cmd");
	s->wrapped_rsp = unit_hex(apdu(o, 0), "rsp");
	s->plain = unit_hex(o, "last_plain_cmd");
	s->plain_rsp = unit_hex(o, "last_plain_rsp");
	s->m = json_is_true(json_object_get(o, "s16")) ? 16 : 8;
	read_exchange(s);
	assert_int_equal(s->terms.key_n, json_integer_value(json_object_get(o, "key_len")));
	assert_span(s->request.key, ec_public_span(&pub));
}

/* The certificates of the session carry the keys that the session uses. */
static void check_certificates(const struct session *s, const json_t *o)
{
	struct span store, whole;
	struct cert c;
	struct rd r;

	assert_true(cert_store_get(unit_hex(o, "certificate_store"), &store));
	r = rd_of(store);
	assert_true(cert_next(&r, &whole));
	assert_int_equal(rd_left(&r), 0);
	assert_true(cert_get(whole, &c));
	assert_true(ec_public_eq(&c.key, &s->card));
	assert_int_equal(c.usage, CERT_AGREES);
	assert_true(cert_get(unit_hex(o, "cert_oce"), &c));
	assert_span(ec_public_span(&c.key), unit_hex(o, "pk_oce"));
	assert_int_equal(c.usage, CERT_AGREES);
	if (c.format == CERT_X509)
		assert_int_equal(c.role, X509_ROLE_OCE);
}

static void test_session(void **state)
{
	const json_t *o = *state, *by_us = json_object_get(o, "by_us");
	struct session s = { 0 };
	uint8_t z[96];
	struct wr w = wr_fixed(z, sizeof(z));
	SECRET_SCP11_KEYS(k);
	SECRET_SCP11_KEYS(again);

	read_session(&s, o);
	check_certificates(&s, o);
	agree_as_host(&s, &k);
	same_keys(&k, by_us);
	wr_put(&w, unit_hex(by_us, "shs_ephemeral"));
	wr_put(&w, unit_hex(by_us, "shs_static"));
	assert_true(scp11_derive(&s.terms, wr_span(&w), &again));
	same_keys(&again, by_us);
	check_receipt(&s, &k);
	check_messaging(&s, &k);
}

static void test_telecom(void **state)
{
	const json_t *o = *state;
	struct session s = { .m = 8 };
	SECRET_SCP11_KEYS(k);

	s.oce = private_of(EC_P256, unit_hex(o, "sk_oce"));
	s.ephemeral = private_of(EC_P256, unit_hex(o, "esk_oce"));
	s.card = public_of(EC_P256, unit_hex(o, "pk_sd_ecka"));
	s.auth = unit_hex(o, "mutual_authenticate");
	s.auth_rsp = unit_bytes(unit_str(o, "response"));
	s.wrapped = unit_hex(o, "wrapped");
	s.plain = unit_hex(o, "wrapped_plain");
	{
		char text[600];

		snprintf(text, sizeof(text), "%s9000", unit_str(o, "response"));
		s.auth_rsp = unit_bytes(text);
		snprintf(text, sizeof(text), "%s9000", unit_str(o, "response_wrapped"));
		s.wrapped_rsp = unit_bytes(text);
		snprintf(text, sizeof(text), "%s9000", unit_str(o, "response_plain"));
		s.plain_rsp = unit_bytes(text);
	}
	read_exchange(&s);
	assert_span(s.answer.receipt, unit_hex(o, "receipt"));
	agree_as_host(&s, &k);
	same_keys(&k, o);
	assert_true(scp11_derive(&s.terms, unit_hex(o, "z"), &k));
	same_keys(&k, o);
	check_receipt(&s, &k);
	check_messaging(&s, &k);
}

/* ECKA-EG with both private keys known, and the derivation with further shared info. */
static void test_ecka_eg(void **state)
{
	json_t *file = unit_json("test/vectors/telecom.json");
	const json_t *v =
	    json_array_get(json_object_get(json_object_get(file, "groups"), "ecka_eg"), 0);
	struct ec_private sd = private_of(EC_P256, unit_hex(v, "d_ecasd"));
	struct ec_private dp = private_of(EC_P256, unit_hex(v, "d_dp_eph"));
	struct ec_public sd_pub = public_of(EC_P256, unit_hex(v, "pk_ecasd"));
	struct ec_public dp_pub = public_of(EC_P256, unit_hex(v, "epk_dp"));
	struct ec_public ci = public_of(EC_P256, unit_hex(v, "pk_ci"));
	struct span whole = unit_hex(v, "dp_certificate_7f21");
	uint8_t z[64], data[64];
	struct wr w = wr_fixed(z, sizeof(z));
	struct cert c;

	(void)state;
	assert_true(ecka(&sd, &dp_pub, &w) && ecka(&dp, &sd_pub, &w));
	assert_span(span_sub(wr_span(&w), 0, 32), unit_hex(v, "z_ab"));
	assert_span(span_sub(wr_span(&w), 32, 32), unit_hex(v, "z_ab"));
	assert_true(x963_kdf(KDF_SHA256, span_of(z, 32), unit_hex(v, "shared_info"), data, 64));
	assert_span(SPAN(data), unit_hex(v, "keydata"));
	/* Plain r | s. This certificate is of eSIM: usage 88 is none of SCP11's. */
	assert_true(cert_get(whole, &c));
	assert_true(cert_signed_by(whole, &c, &ci));
	assert_true(ec_verify(&c.key, unit_hex(v, "signed_data"), unit_hex(v, "signature_5f37")));
	assert_int_equal(c.usage, 0x88);
	json_decref(file);
}

/* ---- both halves, over keys of our own ---- */

struct pair {
	struct ec_private oce, ephemeral, card, card_ephemeral;
	struct ec_public oce_pub, ephemeral_pub, card_pub, card_ephemeral_pub;
};

static void make_pair(struct pair *p, enum ec_curve c)
{
	struct ec_private *priv[] = { &p->oce, &p->ephemeral, &p->card, &p->card_ephemeral };
	struct ec_public *pub[] = { &p->oce_pub, &p->ephemeral_pub, &p->card_pub,
		&p->card_ephemeral_pub };

	for (size_t i = 0; i < 4; i++) {
		assert_true(ec_generate(c, priv[i]));
		assert_true(ec_public_of(priv[i], pub[i]));
	}
}

static bool both_agree(
    const struct pair *p, const struct scp11_terms *host, const struct scp11_terms *card)
{
	const struct scp11_host_side h = { &p->ephemeral, &p->oce, &p->card_ephemeral_pub,
		&p->card_pub };
	const struct scp11_card_side c = { &p->card_ephemeral, &p->card, &p->ephemeral_pub,
		&p->oce_pub };
	SECRET_SCP11_KEYS(a);
	SECRET_SCP11_KEYS(b);

	assert_true(scp11_host_agree(host, &h, &a));
	assert_true(scp11_card_agree(card, &c, &b));
	assert_int_equal(a.receipt.n, host->key_n);
	return memcmp(&a, &b, sizeof(a)) == 0;
}

static void test_both_halves(void **state)
{
	static const uint8_t usages[] = { 0x34, 0x3C, 0x1C, 0x74 };
	struct pair p;

	(void)state;
	for (int curve = 0; curve < EC_CURVES; curve++) {
		make_pair(&p, (enum ec_curve)curve);
		for (unsigned i = 0; i < 3 * 3 * 3 * 4; i++) {
			struct scp11_terms t = { .variant = (enum scp11_variant)(i % 3),
				.key_n = (uint8_t)(16 + 8 * (i / 3 % 3)),
				.hash = (enum kdf_hash)(i / 9 % 3),
				.usage = usages[i / 27] };

			if (t.variant != SCP11C && i / 27 > 1)
				continue;
			assert_true(both_agree(&p, &t, &t));
		}
	}
}

/* Whatever one side has otherwise leads to other keys. */
static void test_terms_bind(void **state)
{
	uint8_t ids[SCP11_IDENTIFIERS_MAX], other[SCP11_IDENTIFIERS_MAX];
	struct wr w = wr_fixed(ids, sizeof(ids)), o = wr_fixed(other, sizeof(other));
	const struct span names[] = { unit_bytes("8080808080808080"), unit_bytes("42"),
		unit_bytes("4501") };
	struct scp11_terms a = { .variant = SCP11A, .usage = 0x3C, .key_n = 16 }, b;
	struct pair p;

	(void)state;
	make_pair(&p, EC_P256);
	scp11_identifiers_put(&w, names, 3);
	assert_span(wr_span(&w), unit_bytes("0880808080808080800142024501"));
	scp11_identifiers_put(&o, names, 2);
	a.identifiers = wr_span(&w);
	b = a;
	assert_true(both_agree(&p, &a, &b));
	b.identifiers = wr_span(&o);
	assert_false(both_agree(&p, &a, &b));
	b = a;
	b.identifiers.n = 0;
	assert_false(both_agree(&p, &a, &b));
	b = a;
	b.usage = 0x34;
	assert_false(both_agree(&p, &a, &b));
	b = a;
	b.hash = KDF_SHA384;
	assert_false(both_agree(&p, &a, &b));
	b = a;
	b.variant = SCP11B;
	assert_false(both_agree(&p, &a, &b));
}

/* SCP11b by its parts: its secrets are those of the others in another arrangement, so the vectors
 * of SCP11a and c pin both of them; the derivation is theirs. */
static void test_scp11b_by_parts(void **state)
{
	const json_t *a = ((json_t **)*state)[0], *c = ((json_t **)*state)[1];
	struct session s = { 0 };
	uint8_t z[64];
	struct wr w = wr_fixed(z, sizeof(z));
	struct scp11_host_side side;
	SECRET_SCP11_KEYS(k);
	SECRET_SCP11_KEYS(want);

	read_session(&s, a);
	assert_string_equal(unit_str(a, "pk_sd"), unit_str(c, "pk_sd"));
	assert_string_equal(unit_str(a, "esk_oce"), unit_str(c, "esk_oce"));
	side = (struct scp11_host_side){ &s.ephemeral, NULL, &s.card_ephemeral, &s.card };
	s.terms.variant = SCP11B;
	assert_true(scp11_host_agree(&s.terms, &side, &k));
	wr_put(&w, unit_hex(json_object_get(a, "by_us"), "shs_ephemeral"));
	wr_put(&w, unit_hex(json_object_get(c, "by_us"), "shs_ephemeral"));
	assert_true(scp11_derive(&s.terms, wr_span(&w), &want));
	assert_memory_equal(&k, &want, sizeof(k));
}

/* ---- what must not pass ---- */

static void test_missing_and_foreign_keys(void **state)
{
	struct scp11_terms t = { .variant = SCP11A, .usage = 0x3C, .key_n = 16 };
	struct pair p, q;
	struct scp11_host_side h;
	struct scp11_card_side c;
	SECRET_SCP11_KEYS(k);

	(void)state;
	make_pair(&p, EC_P256);
	make_pair(&q, EC_BRAINPOOL_P256R1);
	h = (struct scp11_host_side){ &p.ephemeral, NULL, &p.card_ephemeral_pub, &p.card_pub };
	assert_false(scp11_host_agree(&t, &h, &k));
	h = (struct scp11_host_side){ &p.ephemeral, &p.oce, NULL, &p.card_pub };
	assert_false(scp11_host_agree(&t, &h, &k));
	h = (struct scp11_host_side){ &p.ephemeral, &p.oce, &q.card_ephemeral_pub, &p.card_pub };
	assert_false(scp11_host_agree(&t, &h, &k));
	h = (struct scp11_host_side){ &p.ephemeral, &q.oce, &p.card_ephemeral_pub, &q.card_pub };
	assert_false(scp11_host_agree(&t, &h, &k));
	assert_int_equal(k.receipt.n, 0);
	c = (struct scp11_card_side){ &p.card_ephemeral, &p.card, &p.ephemeral_pub, NULL };
	assert_false(scp11_card_agree(&t, &c, &k));
	c.oce = &q.oce_pub;
	assert_false(scp11_card_agree(&t, &c, &k));
	c.oce = &p.oce_pub;
	assert_true(scp11_card_agree(&t, &c, &k));
	t.usage = 0x1C; /* SCP11c only */
	assert_false(scp11_card_agree(&t, &c, &k));
	t.usage = 0x3C;
	t.key_n = 20;
	assert_false(scp11_card_agree(&t, &c, &k));
}

static void test_points(void **state)
{
	struct ec_public k, brainpool = { 0 };
	struct ec_private priv;
	uint8_t b[EC_POINT_MAX];

	(void)state;
	for (int i = 0; i < EC_CURVES; i++) {
		enum ec_curve c = (enum ec_curve)i;
		size_t n;

		assert_true(ec_generate(c, &priv) && ec_public_of(&priv, &k));
		n = k.n;
		assert_int_equal(n, 2 * ec_field(c) + 1);
		memcpy(b, k.b, n);
		assert_true(ec_public_from(&k, c, span_of(b, n)));
		assert_false(ec_public_from(&k, c, span_of(b, n - 1)));
		b[n - 1] ^= 1; /* off the curve */
		assert_false(ec_public_from(&k, c, span_of(b, n)));
		b[n - 1] ^= 1;
		b[0] = 0x06; /* hybrid */
		assert_false(ec_public_from(&k, c, span_of(b, n)));
		b[0] = 0x02;
		assert_false(ec_public_from(&k, c, span_of(b, n)));
		assert_false(ec_public_from(&k, c, span_of(b, 1 + n / 2)));
		memset(b, 0, sizeof(b));
		assert_false(ec_public_from(&k, c, span_of(b, 1))); /* infinity */
		b[0] = 0x04;
		assert_false(ec_public_from(&k, c, span_of(b, n)));
		if (c == EC_BRAINPOOL_P256R1)
			brainpool = k;
	}
	/* A point of one curve is none of another of the same size. */
	assert_false(ec_public_from(&k, EC_P256, ec_public_span(&brainpool)));
}

static void test_scalars(void **state)
{
	/* The order of P-256 and its neighbours. */
	static const char order[] =
	    "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";
	static const char below[] =
	    "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632550";
	uint8_t zero[48] = { 0 };
	struct ec_private k;

	(void)state;
	assert_true(ec_private_from(&k, EC_P256, unit_bytes(below)));
	assert_false(ec_private_from(&k, EC_P256, unit_bytes(order)));
	assert_false(ec_private_from(&k, EC_P256, span_of(zero, 32)));
	assert_false(ec_private_from(&k, EC_P384, span_of(zero, 48)));
	assert_false(ec_private_from(&k, EC_P384, unit_bytes(below)));
	assert_false(ec_private_from(&k, EC_P256, span_sub(unit_bytes(below), 0, 31)));
}

static void test_parameters(void **state)
{
	uint8_t level, usage;

	(void)state;
	assert_int_equal(scp11_pp(SCP11A, true), 0x05);
	assert_int_equal(scp11_pp(SCP11B, false), 0x00);
	assert_int_equal(scp11_pp(SCP11C, true), 0x07);
	assert_true(scp11_level_of(SCP11B, 0x34, &level));
	assert_int_equal(level, 0x11);
	assert_true(scp11_level_of(SCP11C, 0x1C, &level));
	assert_int_equal(level, 0x03);
	assert_true(scp11_level_of(SCP11C, 0x74, &level));
	assert_int_equal(level, 0x13);
	assert_false(scp11_level_of(SCP11A, 0x1C, &level));
	assert_false(scp11_level_of(SCP11B, 0x74, &level));
	assert_false(scp11_level_of(SCP11C, 0x14, &level));
	assert_true(scp11_usage_of(SCP11A, 0x33, &usage));
	assert_int_equal(usage, 0x3C);
	assert_false(scp11_usage_of(SCP11A, 0x13, &usage));
	assert_false(scp11_usage_of(SCP11C, 0x00, &usage));
	assert_int_equal(scp11_i(0x1B, 0x02), 0x0D82);
	assert_int_equal(scp11_i_first(0x0D82), 0x1B);
	assert_int_equal(scp11_i_second(0x0D82), 0x02);
	assert_int_equal(scp11_i_first(scp11_i(0x5B, 0)), 0x5B);
	assert_int_equal(scp11_i_second(0x5B), 0);
}

static void test_begin_refuses(void **state)
{
	static const uint8_t mcv[16] = { 0 };
	struct scp03_keys k = { unit_key("404142434445464748494A4B4C4D4E4F"),
		unit_key("404142434445464748494A4B4C4D4E4F"),
		unit_key("404142434445464748494A4B4C4D4E4F") };
	struct scp s = { 0 };

	(void)state;
	assert_true(scp03_begin_keys(&s, &k, mcv, 0x33, 16));
	assert_true(s.open);
	assert_false(scp03_begin_keys(&s, &k, mcv, 0x00, 8));
	assert_false(s.open);
	assert_false(scp03_begin_keys(&s, &k, mcv, 0x31, 8));
	assert_false(scp03_begin_keys(&s, &k, mcv, 0x33, 10));
	k.rmac.n = 0;
	assert_false(scp03_begin_keys(&s, &k, mcv, 0x33, 8));
	scp_wipe(&s);
}

static struct CMUnitTest tests[40] = {
	cmocka_unit_test(test_ecka_eg),
	cmocka_unit_test(test_both_halves),
	cmocka_unit_test(test_terms_bind),
	cmocka_unit_test(test_missing_and_foreign_keys),
	cmocka_unit_test(test_points),
	cmocka_unit_test(test_scalars),
	cmocka_unit_test(test_parameters),
	cmocka_unit_test(test_begin_refuses),
};
static size_t tests_n = 8;

static void add(const char *name, CMUnitTestFunction run, void *o)
{
	tests[tests_n++] =
	    (struct CMUnitTest){ .name = name, .test_func = run, .initial_state = o };
}

int main(void)
{
	json_t *sessions = unit_json("test/vectors/scp11_sessions.json"), *o;
	json_t *telecom = unit_json("test/vectors/telecom.json"), *list, *parts[2];
	static char names[2][64];
	size_t i;
	int failed;

	list = json_object_get(sessions, "sessions");
	if (json_array_size(list) != 8)
		abort();
	json_array_foreach(list, i, o) add(unit_str(o, "name"), test_session, o);
	parts[0] = json_array_get(list, 0);
	parts[1] = json_array_get(list, 7);
	add("SCP11b by the parts of SCP11a and c", test_scp11b_by_parts, parts);
	list = json_object_get(json_object_get(telecom, "groups"), "scp11");
	if (json_array_size(list) != 2)
		abort();
	json_array_foreach(list, i, o)
	{
		snprintf(names[i], sizeof(names[i]), "telecom: %s", unit_str(o, "name"));
		add(names[i], test_telecom, o);
	}
	failed = _cmocka_run_group_tests("scp11", tests, tests_n, NULL, NULL);
	json_decref(sessions);
	json_decref(telecom);
	return failed;
}
