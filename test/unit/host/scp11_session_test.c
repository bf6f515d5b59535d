/*
 * SCP11 end to end: our host against our virtual card, which share lib/scp and lib/gp (those are
 * pinned to facts from outside in scp11_test.c and cert_test.c). Then cards that do something
 * wrong: what the host must notice. What the card must notice is in scp11_card_test.c.
 */
#include "unit.h"

#include <unistd.h>

#include "gp/grant.h"
#include "gp/put_key.h"
#include "host/choose.h"
#include "host/scp11.h"
#include "scp11_house.h"

/* A host and a card of one house. */
struct table {
	struct house h;
	struct vcard_issue issue;
	char path[64];
	struct vcard *v;
	struct cert_anchor anchor;
	struct card card;
	struct session s;
	struct scp11_asks asks;
	struct choice11 choice;
	struct scp11_card seen;
	struct err e;
	/* what the wire does to answers of this instruction */
	uint8_t spoil_ins;
	size_t spoil_at;    /* octet to change, from the start; SIZE_MAX: none */
	const char *refuse; /* what answers it in the card's place; NULL: the card */
	unsigned sent[256], before, after, accepted;
};

static int transmit(void *ctx, struct span command, struct wr *rsp, struct err *e)
{
	struct table *t = ctx;
	size_t start = rsp->n;

	t->sent[command.p[1]]++;
	if (command.p[1] == t->spoil_ins && t->refuse != NULL) {
		wr_put(rsp, unit_bytes(t->refuse));
		return 0;
	}
	if (vcard_transmit(t->v, command, rsp) != VCARD_ANSWER)
		return err_set(e, ERR_READER, "gone");
	if (command.p[1] == t->spoil_ins && t->spoil_at < rsp->n - start - 2)
		rsp->p[start + t->spoil_at] ^= 0x01;
	return 0;
}

static void no_close(void *ctx)
{
	(void)ctx;
}

static const struct card_ops ops = { .transmit = transmit, .close = no_close };

static int before(void *ctx, const struct scp11_card *card, struct err *e)
{
	struct table *t = ctx;

	(void)e;
	assert_true(card->cert.key.n > 0);
	t->before++;
	return 0;
}

static void after(void *ctx, const struct scp11_card *card, bool accepted)
{
	struct table *t = ctx;

	(void)card;
	t->after++;
	t->accepted += accepted;
}

static void fill(struct key *k, uint8_t first)
{
	k->n = 16;
	for (uint8_t i = 0; i < 16; i++)
		k->b[i] = (uint8_t)(first + i);
}

static void power(struct table *t)
{
	assert_ok(vcard_create(t->path, &t->issue, &t->e), &t->e);
	assert_ok(vcard_open(t->path, &t->v, &t->e), &t->e);
}

static void issue_card(struct table *t, uint8_t i)
{
	struct vcard_issue *is = &t->issue;

	fill(&is->keys.enc, 0x40);
	fill(&is->keys.mac, 0x60);
	fill(&is->keys.dek, 0x80);
	is->key_version = 0x30;
	is->i = i;
	memcpy(is->iin, "\x42\x42\x42", 3);
	is->iin_n = 3;
	memcpy(is->cin, "\x00\x00\x00\x01", 4);
	is->cin_n = 4;
	assert_true(aid_from(&is->target, unit_bytes("A000000151000001")));
	is->issuer[0] = 0x04;
	house_card(&t->h, is);
	snprintf(t->path, sizeof(t->path), "/tmp/scp11_test.%d.card", (int)getpid());
	unlink(t->path);
	power(t);
}

static void up(struct table *t, const struct style *st)
{
	memset(t, 0, sizeof(*t));
	t->spoil_at = SIZE_MAX;
	house_make(&t->h, st);
	t->anchor.key = t->h.ca_pub;
	t->asks = (struct scp11_asks){ .level = -1,
		.s16 = -1,
		.own = &t->h.oce,
		.anchors = &t->anchor,
		.anchors_n = 1,
		.now = NOW,
		.before_auth = before,
		.after_auth = after,
		.chain = wr_span(&t->h.chain_w),
		.ctx = t };
	issue_card(t, st->i);
	t->card = (struct card){ .ops = &ops, .ctx = t };
	session_init(&t->s, &t->card);
}

static void down(struct table *t)
{
	session_wipe(&t->s);
	vcard_close(t->v);
	t->v = NULL;
	unlink(t->path);
}

static int attempt(struct table *t, enum scp11_variant v)
{
	t->asks.variant = v;
	memset(t->sent, 0, sizeof(t->sent));
	t->before = t->after = t->accepted = 0;
	return session_begin_scp11(&t->s, &t->asks, &t->choice, &t->seen, &t->e);
}

/* One protected command in the session; its status word. */
static uint16_t say(struct table *t, uint8_t ins, uint16_t p1p2, struct span data)
{
	struct capdu c = { .cla = 0x80,
		.ins = ins,
		.p1 = (uint8_t)(p1p2 >> 8),
		.p2 = (uint8_t)p1p2,
		.data = data,
		.le = LE_MAX_SHORT };
	struct rapdu r;

	assert_ok(session_send(&t->s, &c, &r, &t->e), &t->e);
	return r.sw;
}

/* ---- what must work ---- */

static void test_all_ways(void **state)
{
	struct table t;

	(void)state;
	for (unsigned i = 0; i < EC_CURVES * 2 * 2 * 2; i++) {
		const struct style st = { (enum ec_curve)(i % EC_CURVES), i / EC_CURVES % 2 == 1,
			i / EC_CURVES / 2 % 2 == 1, i / EC_CURVES / 4 == 1 ? 0x71 : 0x70 };

		up(&t, &st);
		for (int v = SCP11A; v <= SCP11C; v++) {
			bool b = v == SCP11B;

			t.asks.key_n = (uint8_t)(16 + 8 * v);
			assert_ok(attempt(&t, (enum scp11_variant)v), &t.e);
			assert_int_equal(t.s.mode, SESSION_UNICAST);
			assert_int_equal(t.s.level, 0x33);
			assert_int_equal(t.seen.m, st.i == 0x71 ? 16 : 8);
			assert_int_equal(t.seen.key.kvn, 0x01);
			assert_int_equal(t.seen.ca.kvn, b ? 0 : 0x03);
			assert_int_equal(t.before, 1);
			assert_int_equal(t.after, 1);
			assert_int_equal(t.accepted, 1);
			assert_true(b == (t.sent[INS_PERFORM_SECURITY_OPERATION] == 0));
			/* nobody was authenticated to the card in SCP11b */
			assert_int_equal(say(&t, INS_GET_DATA, TAG_CIN, span_of(NULL, 0)), SW_OK);
			assert_int_equal(say(&t, INS_GET_STATUS, 0x8002, unit_bytes("4F00")),
			    b ? SW_SECURITY_STATUS : SW_OK);
			session_close(&t.s);
		}
		down(&t);
	}
}

static void test_levels(void **state)
{
	static const struct {
		enum scp11_variant v;
		int level;
		bool ok;
	} rows[] = { { SCP11A, 0x11, true }, { SCP11A, 0x33, true }, { SCP11A, 0x13, false },
		{ SCP11A, 0x03, false }, { SCP11A, 0x00, false }, { SCP11B, 0x11, true },
		{ SCP11B, 0x01, false }, { SCP11C, 0x03, true }, { SCP11C, 0x13, true },
		{ SCP11C, 0x11, true }, { SCP11C, 0x01, false }, { SCP11C, 0x333, false } };
	const struct style st = { EC_P256, false, false, 0x70 };
	struct table t;

	(void)state;
	up(&t, &st);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		t.asks.level = rows[i].level;
		if (!rows[i].ok) {
			assert_int_equal(attempt(&t, rows[i].v), -1);
			assert_int_equal(t.e.code, ERR_SAFETY);
			assert_int_equal(t.sent[INS_SELECT], 0);
			continue;
		}
		assert_ok(attempt(&t, rows[i].v), &t.e);
		assert_int_equal(t.s.level, rows[i].level);
		assert_int_equal(say(&t, INS_GET_DATA, TAG_CIN, span_of(NULL, 0)), SW_OK);
		session_close(&t.s);
	}
	down(&t);
}

static void test_host_identifier(void **state)
{
	const struct style st = { EC_P256, false, false, 0x70 };
	struct table t;

	(void)state;
	up(&t, &st);
	t.asks.has_host_id = true;
	t.asks.host_id = unit_bytes("8080808080808080");
	for (int v = SCP11A; v <= SCP11C; v++) {
		assert_ok(attempt(&t, (enum scp11_variant)v), &t.e);
		assert_int_equal(say(&t, INS_GET_DATA, TAG_CIN, span_of(NULL, 0)), SW_OK);
		session_close(&t.s);
	}
	/* another group than the card's: other keys, so the receipt does not fit */
	t.asks.group = span_str("other");
	assert_int_equal(attempt(&t, SCP11C), -1);
	assert_int_equal(t.e.code, ERR_AUTH);
	assert_non_null(strstr(t.e.text, "receipt"));
	t.asks.group = span_str("group");
	assert_ok(attempt(&t, SCP11C), &t.e);
	session_close(&t.s);
	t.asks.host_id = unit_bytes("0102030405060708090A0B0C0D0E0F1011");
	assert_int_equal(attempt(&t, SCP11A), -1);
	assert_int_equal(t.e.code, ERR_USAGE);
	down(&t);
}

/* The same ephemeral key gives the same keys on every card of a group, so a script can be made
 * ahead and played on all; in SCP11a the card takes part with a key of its own. */
static int known_ephemeral(void *ctx, enum ec_curve c, struct ec_private *out, struct err *e)
{
	(void)ctx;
	(void)e;
	return ec_private_from(out, c,
		   unit_bytes("00000000000000000000000000000000000000000000000000000000000000AB"))
		   ? 0
		   : -1;
}

static void test_group_script(void **state)
{
	const struct style st = { EC_P256, false, false, 0x70 };
	struct key first[2];
	struct table t;

	(void)state;
	up(&t, &st);
	t.asks.ephemeral = known_ephemeral;
	for (int round = 0; round < 2; round++) {
		assert_ok(attempt(&t, SCP11C), &t.e);
		first[round] = t.s.scp.u.scp03.enc.key;
		session_close(&t.s);
		vcard_reset(t.v);
	}
	assert_memory_equal(&first[0], &first[1], sizeof(first[0]));
	for (int round = 0; round < 2; round++) {
		assert_ok(attempt(&t, SCP11A), &t.e);
		first[round] = t.s.scp.u.scp03.enc.key;
		session_close(&t.s);
	}
	assert_memory_not_equal(&first[0], &first[1], sizeof(first[0]));
	down(&t);
}

/* S-DEK of the session protects keys that come in it. */
static void test_session_dek(void **state)
{
	const struct style st = { EC_P256, false, false, 0x70 };
	struct put_key put = { .version = 0x31, .n = 3 };
	struct key_infos infos;
	struct span v;
	bool found;
	uint8_t room[256];
	struct wr w = wr_fixed(room, sizeof(room));
	struct table t;

	(void)state;
	up(&t, &st);
	for (size_t i = 0; i < 3; i++)
		put.key[i] = unit_key("505152535455565758595A5B5C5D5E5F");
	assert_ok(attempt(&t, SCP11A), &t.e);
	assert_true(put_key_put(&w, &put, &t.s.dek));
	assert_int_equal(say(&t, INS_PUT_KEY, 0x0081, wr_span(&w)), SW_OK);
	session_close(&t.s);
	assert_ok(session_discover(&t.s, NULL, &t.e), &t.e);
	assert_ok(session_get_data(&t.s, TAG_KEY_INFORMATION, &v, &found, &t.e), &t.e);
	assert_true(key_infos_get(v, &infos));
	assert_int_equal(infos.n, 3 + 3 + 4);
	down(&t);
}

/* ---- what the host must notice ---- */

static void test_spoiled_answers(void **state)
{
	static const struct {
		enum scp11_variant v;
		uint8_t ins;
		size_t at;
	} rows[] = {
		{ SCP11A, INS_GET_DATA, 0 }, /* see below: only in the certificate store */
		{ SCP11A, INS_MUTUAL_AUTHENTICATE, 10 },
		{ SCP11A, INS_MUTUAL_AUTHENTICATE, 67 },
		{ SCP11A, INS_MUTUAL_AUTHENTICATE, 70 },
		{ SCP11A, INS_MUTUAL_AUTHENTICATE, 85 },
		{ SCP11B, INS_INTERNAL_AUTHENTICATE, 85 },
		{ SCP11B, INS_INTERNAL_AUTHENTICATE, 0 },
		{ SCP11C, INS_MUTUAL_AUTHENTICATE, 20 },
		{ SCP11C, INS_MUTUAL_AUTHENTICATE, 80 },
	};
	const struct style st = { EC_P256, false, false, 0x70 };
	struct table t;

	(void)state;
	up(&t, &st);
	for (size_t i = 1; i < sizeof(rows) / sizeof(rows[0]); i++) {
		t.spoil_ins = rows[i].ins;
		t.spoil_at = rows[i].at;
		assert_int_equal(attempt(&t, rows[i].v), -1);
		assert_int_equal(t.e.code, ERR_AUTH);
		assert_int_equal(t.s.mode, SESSION_CLOSED);
		assert_true(t.s.lost);
		assert_int_equal(t.s.scp.u.scp03.enc.key.n, 0);
	}
	t.spoil_at = SIZE_MAX;
	assert_ok(attempt(&t, SCP11A), &t.e);
	down(&t);
}

/* What a refusal may come from is said with it, and it is not tried again. */
static void test_refusals(void **state)
{
	static const struct {
		const char *answer, *hint;
	} rows[] = {
		{ "6A88", "no such key" },
		{ "6A80", "may not take this level or key length" },
		{ "6982", "not tried again" },
	};
	const struct style st = { EC_P256, false, false, 0x70 };
	struct table t;

	(void)state;
	up(&t, &st);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		t.spoil_ins = INS_MUTUAL_AUTHENTICATE;
		t.refuse = rows[i].answer;
		assert_int_equal(attempt(&t, SCP11A), -1);
		assert_int_equal(t.e.code, ERR_AUTH);
		assert_int_equal(
		    t.e.sw, unit_bytes(rows[i].answer).p[0] << 8 | unit_bytes(rows[i].answer).p[1]);
		assert_non_null(strstr(t.e.hint, rows[i].hint));
		assert_int_equal(t.sent[INS_MUTUAL_AUTHENTICATE], 1);
	}
	down(&t);
}

/* Certificates of the card that do not hold: nothing that could cost a try is sent. */
static void expect_untrusted(struct table *t, const char *text)
{
	assert_int_equal(attempt(t, SCP11A), -1);
	assert_int_equal(t->e.code, ERR_AUTH);
	assert_non_null(strstr(t->e.text, text));
	assert_int_equal(t->before, 0);
	assert_int_equal(t->sent[INS_PERFORM_SECURITY_OPERATION], 0);
	assert_int_equal(t->sent[INS_MUTUAL_AUTHENTICATE], 0);
}

static void test_card_not_trusted(void **state)
{
	const struct style st = { EC_P256, false, false, 0x70 };
	struct ec_private other;
	struct table t;

	(void)state;
	up(&t, &st);
	assert_true(ec_generate(EC_P256, &other) && ec_public_of(&other, &t.anchor.key));
	expect_untrusted(&t, "none of our anchors");
	t.anchor.key = t.h.ca_pub;
	t.asks.now = NOW + 10 * 365 * (int64_t)DAY;
	assert_int_equal(attempt(&t, SCP11A), -1); /* ours has expired as well */
	assert_non_null(strstr(t.e.text, "our certificate 1 has expired"));
	assert_int_equal(t.sent[INS_SELECT], 0);
	t.asks.now = NOW;
	t.asks.anchors_n = 0;
	assert_int_equal(attempt(&t, SCP11B), -1);
	assert_int_equal(t.sent[INS_SELECT], 0);
	down(&t);
}

/* A card with other certificates for SCP11a. */
static void put_store(struct table *t, struct span certs)
{
	t->issue.ecka[0].certs = certs;
	vcard_close(t->v);
	unlink(t->path);
	power(t);
	t->s.domain.n = 0; /* to be discovered */
}

static void put_certs(struct table *t, const struct paper *p)
{
	uint8_t room[1024];
	struct wr w = wr_fixed(room, sizeof(room));

	certify(&w, p);
	put_store(t, wr_span(&w));
}

static void test_card_certificates(void **state)
{
	const struct style st = { EC_P256, false, false, 0x70 };
	struct ec_private p384;
	struct ec_public p384_pub;
	struct table t;

	(void)state;
	up(&t, &st);
	put_certs(&t, &(struct paper){ false, true, 0, &t.h.sd_pub[0], &t.h.ca, "CA", "sd", "s",
			  20261120, NULL });
	expect_untrusted(&t, "expired");
	put_certs(&t,
	    &(struct paper){ false, false, 0, &t.h.sd_pub[0], &t.h.ca, "CA", "sd", "s", 0, NULL });
	expect_untrusted(&t, "not for this use");
	put_certs(&t, &(struct paper){ true, true, X509_ROLE_OCE, &t.h.sd_pub[0], &t.h.ca, "CA",
			  "sd", "s", 0, NULL });
	expect_untrusted(&t, "another role");
	put_certs(&t,
	    &(struct paper){ false, true, 0, &t.h.sd_pub[0], &t.h.ka, "CA", "sd", "s", 0, NULL });
	expect_untrusted(&t, "none of our anchors");
	/* a good certificate of a key that the card does not have */
	put_certs(&t,
	    &(struct paper){ false, true, 0, &t.h.sd_pub[1], &t.h.ca, "CA", "sd", "s", 0, NULL });
	assert_int_equal(attempt(&t, SCP11A), -1);
	assert_non_null(strstr(t.e.text, "receipt is wrong"));
	assert_int_equal(t.accepted, 1);
	/* a key on another curve than ours */
	assert_true(ec_generate(EC_P384, &p384) && ec_public_of(&p384, &p384_pub));
	put_certs(
	    &t, &(struct paper){ false, true, 0, &p384_pub, &t.h.ca, "CA", "sd", "s", 0, NULL });
	expect_untrusted(&t, "is on p-384, ours on p-256");
	down(&t);
}

/* Who certifies cards has, by mistake, granted somebody a container: that one is no card, and
 * certifies none. */
static void test_grant_is_no_card(void **state)
{
	const struct style st = { EC_P256, false, false, 0x70 };
	uint8_t room[1024];
	struct wr w = wr_fixed(room, sizeof(room));
	struct grant_make m;
	struct table t;

	(void)state;
	up(&t, &st);
	m = (struct grant_make){ .serial = 1,
		.id = span_str("ACME"),
		.form = PARTY_AGREEMENT,
		.from = 20260101,
		.until = 20271231,
		.container = unit_bytes("F043415244"),
		.card = &t.h.sd_pub[0],
		.key = &t.h.sd_pub[0],
		.issuer = &t.h.ca };
	assert_true(grant_put(&w, &m));
	put_store(&t, wr_span(&w));
	expect_untrusted(&t, "certificate 1 of the card: it has a tag 73");
	wr_reset(&w);
	m.form = PARTY_SIGNING;
	m.key = &t.h.ka_pub;
	assert_true(grant_put(&w, &m));
	certify(&w,
	    &(struct paper){ false, true, 0, &t.h.sd_pub[0], &t.h.ka, "ACME", "sd", "s", 0, NULL });
	put_store(&t, wr_span(&w));
	expect_untrusted(&t, "certificate 1 of the card: it has a tag 73");
	down(&t);
}

static void test_own_half(void **state)
{
	const struct style st = { EC_P256, false, true, 0x70 };
	struct table t;

	(void)state;
	up(&t, &st);
	t.asks.own = &t.h.ka; /* not the key of the leaf */
	assert_int_equal(attempt(&t, SCP11A), -1);
	assert_non_null(strstr(t.e.text, "do not end in the one of our key"));
	t.asks.own = NULL;
	assert_int_equal(attempt(&t, SCP11C), -1);
	t.asks.own = &t.h.oce;
	t.asks.chain.n--;
	assert_int_equal(attempt(&t, SCP11A), -1);
	assert_int_equal(t.e.code, ERR_INPUT);
	t.asks.chain.n = 0;
	assert_int_equal(attempt(&t, SCP11A), -1);
	assert_int_equal(t.sent[INS_SELECT], 0);
	/* SCP11b needs nothing of ours */
	t.asks.own = NULL;
	assert_ok(attempt(&t, SCP11B), &t.e);
	down(&t);
}

/* Our certificate holds from the second of its notBefore to the one before its notAfter; a card has
 * no clock, so it would not notice. */
static void test_own_days(void **state)
{
	static const struct {
		int64_t now;
		const char *why; /* NULL: it holds */
	} rows[] = {
		{ NOW - DAY - 1, "our certificate 1 is not valid yet" },
		{ NOW - DAY, NULL },
		{ NOW + DAY - 1, NULL },
		{ NOW + DAY, "our certificate 1 has expired" },
	};
	const struct style st = { EC_P256, true, false, 0x70 };
	struct table t;

	(void)state;
	up(&t, &st);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		t.asks.now = rows[i].now;
		if (rows[i].why == NULL) {
			assert_ok(attempt(&t, SCP11A), &t.e);
			session_close(&t.s);
			continue;
		}
		assert_int_equal(attempt(&t, SCP11A), -1);
		assert_non_null(strstr(t.e.text, rows[i].why));
		assert_int_equal(t.sent[INS_SELECT], 0);
	}
	down(&t);
}

static void test_versions(void **state)
{
	const struct style st = { EC_P256, false, false, 0x70 };
	struct table t;

	(void)state;
	up(&t, &st);
	vcard_close(t.v);
	unlink(t.path);
	t.issue.ecka[3] = t.issue.ecka[0];
	t.issue.ecka[3].version = 0x02;
	t.issue.ecka_n = 4;
	power(&t);
	assert_int_equal(attempt(&t, SCP11A), -1);
	assert_int_equal(t.e.code, ERR_AUTH);
	assert_non_null(strstr(t.e.text, "2 keys with identifier 11"));
	t.asks.key_version = 0x02;
	assert_ok(attempt(&t, SCP11A), &t.e);
	assert_int_equal(t.seen.key.kvn, 0x02);
	session_close(&t.s);
	t.asks.key_version = 0x05;
	assert_int_equal(attempt(&t, SCP11A), -1);
	assert_int_equal(t.e.sw, SW_REFERENCE_NOT_FOUND);
	t.asks.key_version = 0x01;
	t.asks.ca_version = 0x04;
	assert_int_equal(attempt(&t, SCP11A), -1);
	assert_int_equal(t.e.sw, SW_REFERENCE_NOT_FOUND);
	assert_int_equal(t.after, 1);
	assert_int_equal(t.accepted, 0);
	t.asks.s16 = 1;
	assert_int_equal(attempt(&t, SCP11A), -1);
	assert_int_equal(t.e.code, ERR_SAFETY);
	down(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_ways),
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_host_identifier),
		cmocka_unit_test(test_group_script),
		cmocka_unit_test(test_session_dek),
		cmocka_unit_test(test_spoiled_answers),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_card_not_trusted),
		cmocka_unit_test(test_card_certificates),
		cmocka_unit_test(test_grant_is_no_card),
		cmocka_unit_test(test_own_half),
		cmocka_unit_test(test_own_days),
		cmocka_unit_test(test_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
