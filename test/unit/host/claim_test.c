/*
 * A party claims its container on the virtual card, with lib/host: what must work, with whom it
 * must not, and a line on which answers are changed, cut, exchanged or dropped. Nothing but the
 * whole handshake with the card that the grant names leads to a PUT KEY, and nothing is sent twice.
 */
#include "host_rig.h"

#include "gp/day.h"
#include "host/claim.h"
#include "host/container.h"

enum { NOW = 1798800000 }; /* 2027-01-01 10:40; the rig's grants are from that day on */

/* A grant of the operator's or the authority's, placed, and what its party has. */
struct bench {
	struct host_rig h;
	uint8_t grant[512];
	struct ec_private party;
	struct grant_file file;
	struct key_set access;
	struct claim c;
	struct claim_found f;
	struct err e;
	bool unknown;
};

static struct bench *bench(void)
{
	static struct bench b;

	return &b;
}

/* The claim of this grant; `b->h` is on. */
static void take(struct bench *b, const struct grant_spec *s, struct span grant)
{
	memcpy(b->grant, grant.p, grant.n);
	b->party = party_scalar(s->who);
	b->file = (struct grant_file){ .certs = party_card_cert() };
	assert_true(grant_get(span_of(b->grant, grant.n), &b->file.grant));
	access_set(&b->access, 0x30);
	b->c = (struct claim){ .file = &b->file,
		.party = &b->party,
		.access = &b->access,
		.version = 0x30,
		.now = NOW };
	b->e = (struct err){ 0 };
}

static void placed(struct bench *b, const struct grant_spec *s)
{
	take(b, s, grant_of(s));
	as_operator(&b->h.r);
	assert_int_equal(
	    place_grant(&b->h.r, span_of(b->grant, b->file.grant.whole.n), NOW), SW_OK);
}

static const struct grant_spec acme = { .who = "acme", .rights = 0x0F };

static struct bench *begin(const struct grant_spec *s)
{
	struct bench *b = bench();

	memset(b, 0, sizeof(*b));
	host_on(&b->h);
	placed(b, s);
	return b;
}

static void end(struct bench *b)
{
	host_off(&b->h);
}

static int opens(struct bench *b)
{
	b->e = (struct err){ 0 };
	memset(b->h.sent, 0, sizeof(b->h.sent));
	b->h.card.gone = false;
	return claim_open(&b->h.s, &b->c, &b->f, &b->e);
}

/* It does not open, for this reason; no keys go out, and the card is what it was. */
static void assert_closed(struct bench *b, enum err_code code, const char *text)
{
	struct wr before = card_file(&b->h.r);

	assert_int_equal(opens(b), -1);
	assert_int_equal(b->e.code, code);
	if (strstr(b->e.text, text) == NULL && strstr(unit_hint(&b->e), text) == NULL)
		fail_msg("%s: %s", b->e.text, unit_hint(&b->e));
	assert_int_not_equal(b->h.s.mode, SESSION_UNICAST);
	assert_int_equal(b->h.sent[INS_PUT_KEY], 0);
	assert_true(b->h.sent[INS_MUTUAL_AUTHENTICATE] <= 1);
	assert_untouched(&b->h.r, &before);
	wr_free(&before);
}

static void assert_claims(struct bench *b)
{
	assert_ok(opens(b), &b->e);
	assert_int_equal(b->h.s.level, 0x33);
	assert_ok(claim_put(&b->h.s, &b->c, &b->unknown, &b->e), &b->e);
	assert_false(b->unknown);
	assert_int_equal(b->h.sent[INS_PUT_KEY], 1);
}

/* ---- what must work ---- */

static void test_form_s(void **state)
{
	struct bench *b = begin(&acme);

	(void)state;
	assert_claims(b);
	assert_int_equal(b->f.card_version, 0x01);
	assert_int_equal(b->f.issuer_kid, 0x01);
	assert_false(b->f.no_grant);
	/* it goes on in the same session, and with the access set in the next */
	assert_ok(container_object_write(&b->h.s, 1, unit_bytes("CAFE"), &b->e), &b->e);
	host_party(&b->h, BOX, 0x30, 0x30);
	assert_ok(container_object_write(&b->h.s, 1, span_of(NULL, 0), &b->e), &b->e);
	end(b);
}

/* The certificate of the claim: for its key alone, from yesterday to tomorrow. */
static uint8_t presented[2048];
static size_t presented_n;

static bool keeps(struct host_rig *h, const struct capdu *c, struct wr *rsp, size_t start)
{
	(void)h;
	(void)rsp;
	(void)start;
	if (c->ins == INS_PERFORM_SECURITY_OPERATION) {
		memcpy(presented + presented_n, c->data.p, c->data.n);
		presented_n += c->data.n;
	}
	return true;
}

static void test_certificate(void **state)
{
	struct bench *b = begin(&acme);
	struct cert first, second;
	struct span oce;

	(void)state;
	b->h.line = keeps;
	for (int i = 0; i < 2; i++) {
		presented_n = 0;
		assert_ok(opens(b), &b->e);
		assert_span(span_of(presented, b->file.grant.whole.n), b->file.grant.whole);
		oce = span_sub(
		    SPAN(presented), b->file.grant.whole.n, presented_n - b->file.grant.whole.n);
		assert_true(oce_cert_get(oce, i == 0 ? &first : &second));
		assert_true(oce_cert_vouched(oce, i == 0 ? &first : &second, &b->file.grant));
	}
	assert_int_equal(first.from, NOW / DAY_SECONDS * DAY_SECONDS - DAY_SECONDS);
	assert_int_equal(first.until, NOW / DAY_SECONDS * DAY_SECONDS + 2 * DAY_SECONDS);
	assert_false(ec_public_eq(&first.key, &second.key));
	end(b);
}

/* By the card's clock it is later than the host believes: the certificate that the host makes was
 * good until the day before yesterday. */
static void test_host_clock_late(void **state)
{
	struct bench *b = begin(&acme);

	(void)state;
	b->c.now = NOW - 3 * DAY_SECONDS;
	assert_closed(b, ERR_AUTH, "by the card's clock");
	assert_int_equal(b->e.sw, SW_DATA_INVALIDATED);
	b->c.now = NOW - DAY_SECONDS;
	assert_claims(b);
	end(b);
}

/* Form M, of the second issuer, with a domain key: two keys under KVN 74 are tried in their order.
 */
static void test_form_m(void **state)
{
	struct ec_private authority = party_scalar("authority");
	const struct grant_spec g = {
		.who = "bank", .rights = 7, .agreement = true, .issuer = &authority
	};
	struct bench *b = begin(&g);

	(void)state;
	b->access.enc.n = b->access.mac.n = b->access.dek.n = 16;
	assert_claims(b);
	assert_int_equal(b->f.issuer_kid, 0x02);
	end(b);
}

static void test_domain_key(void **state)
{
	const json_t *dk = party_case("domain key for one card");
	struct ec_private authority = party_scalar("authority");
	struct container_order o = { .kind = ORDER_PLACE };
	struct grant_spec g = { .who = "bank",
		.rights = 7,
		.container = BOX2,
		.agreement = true,
		.issuer = &authority };
	struct bench *b = bench();
	uint8_t blob[256];
	struct key key, wrong;
	struct span s;

	(void)state;
	memset(b, 0, sizeof(*b));
	host_on(&b->h);
	s = unit_hex(dk, "blob");
	memcpy(blob, s.p, s.n);
	g.domain_key = o.domain_key.whole = span_of(blob, s.n);
	assert_true(key_from(&key, unit_hex(dk, "dk")));
	wrong = key;
	wrong.b[0] ^= 1;
	take(b, &g, grant_of(&g));
	o.grant.whole = b->file.grant.whole;
	as_operator(&b->h.r);
	assert_int_equal(order_put(&b->h.r, &o, NULL), SW_OK);
	assert_closed(b, ERR_AUTH, "receipt is wrong");
	b->c.domain_key = &wrong;
	assert_closed(b, ERR_AUTH, "receipt is wrong");
	b->c.domain_key = &key;
	assert_claims(b);
	end(b);
}

/* ---- with whom it must not ---- */

static void test_no_grant(void **state)
{
	struct bench *b = begin(&acme);
	struct grant_spec other = { .who = "bank", .rights = 3 };
	struct bench keep;

	(void)state;
	/* replaced by another */
	keep = *b;
	placed(b, &other);
	b->party = keep.party;
	memcpy(b->grant, keep.grant, sizeof(keep.grant));
	b->file = keep.file;
	b->c.file = &b->file;
	assert_closed(b, ERR_AUTH, "spent, replaced or taken back");
	assert_true(b->f.no_grant);
	assert_int_equal(b->e.sw, SW_CERTIFICATE_NOT_ALLOWED);
	/* none waits */
	as_operator(&b->h.r);
	assert_int_equal(revoke_party(&b->h.r, BOX, NULL, false), SW_OK);
	assert_closed(b, ERR_AUTH, "");
	assert_true(b->f.no_grant);
	/* the container is not there: no channel is opened anywhere else */
	as_operator(&b->h.r);
	assert_int_equal(delete_aid(&b->h.r, BOX, DELETE_RELATED), SW_OK);
	assert_closed(b, ERR_CARD, "");
	assert_int_equal(b->h.sent[INS_PERFORM_SECURITY_OPERATION], 0);
	end(b);
}

static void test_stolen(void **state)
{
	struct bench *b = begin(&acme);

	(void)state;
	b->party = party_scalar("bank");
	assert_closed(b, ERR_AUTH, "not signed by the party");
	assert_int_equal(b->e.sw, SW_CERTIFICATE_INVALID);
	assert_false(b->f.no_grant);
	end(b);
}

static void test_no_issuer(void **state)
{
	struct bench *b = begin(&acme);

	(void)state;
	as_operator(&b->h.r);
	assert_int_equal(say_hex(&b->h.r, INS_DELETE, 0x0000, "D20174"), SW_OK);
	assert_closed(b, ERR_AUTH, "no issuer of grants");
	assert_true(b->f.no_grant);
	assert_int_equal(b->h.sent[INS_PERFORM_SECURITY_OPERATION], 0);
	end(b);
}

/* Certificates in the grant file that are none: nothing is sent. */
static void test_file(void **state)
{
	struct bench *b = begin(&acme);
	struct span good = party_card_cert();
	uint8_t certs[600];

	(void)state;
	for (size_t n = 0; n < good.n; n += 7) {
		memcpy(certs, good.p, good.n);
		b->file.certs = span_of(certs, n);
		assert_int_equal(opens(b), -1);
		assert_int_equal(b->e.code, ERR_INPUT);
		assert_int_equal(b->h.sent[INS_SELECT], 0);
	}
	end(b);
}

/* ---- which key the card has ---- */

/* Another key 11 than the grant names: told by its certificate, before a grant is shown. */
static void test_another_card(void **state)
{
	struct bench *b = begin(&acme);

	(void)state;
	as_operator(&b->h.r);
	assert_int_equal(say_hex(&b->h.r, INS_GENERATE_KEY, 0x0111, "01F00100"), SW_OK);
	assert_closed(b, ERR_AUTH, "does not have the key that the grant names");
	assert_int_equal(b->h.sent[INS_PERFORM_SECURITY_OPERATION], 0);
	end(b);
}

static bool says_bf21(struct host_rig *h, const struct capdu *c, struct wr *rsp, size_t start)
{
	const struct wr *says = h->ctx;

	if (c->ins != INS_GET_DATA || c->p1 != 0xBF || c->p2 != 0x21)
		return true;
	rsp->n = start;
	wr_put(rsp, wr_span(says));
	return true;
}

/* It shows the certificate of the card that it is not: the card refuses (81 of the grant), and one
 * that did not could make no receipt. */
static void test_borrowed_certificate(void **state)
{
	struct bench *b = begin(&acme);
	uint8_t room[700];
	struct wr says = wr_fixed(room, sizeof(room));

	(void)state;
	cert_store_put(&says, party_card_cert());
	wr_u16(&says, SW_OK);
	as_operator(&b->h.r);
	assert_int_equal(say_hex(&b->h.r, INS_GENERATE_KEY, 0x0111, "01F00100"), SW_OK);
	b->h.line = says_bf21;
	b->h.ctx = &says;
	assert_closed(b, ERR_AUTH, "");
	assert_int_equal(b->h.sent[INS_MUTUAL_AUTHENTICATE], 1);
	end(b);
}

/* What the card says of its certificates, cut and with bits turned: it is not the card, or the
 * claim ends well all the same. */
static void test_hostile_certificates(void **state)
{
	struct bench *b = begin(&acme);
	uint8_t good[700], room[700];
	struct wr w = wr_fixed(good, sizeof(good)), says = wr_fixed(room, sizeof(room));
	static const char *const odd[] = { "9000", "6A88", "BF219000", "BF21009000",
		"BF2182FFFF9000", "BF21047F21009000", "BF21047F2182FF9000",
		"7F2100"
		"9000",
		"90", "BF210100009000" };

	(void)state;
	cert_store_put(&w, party_card_cert());
	b->h.line = says_bf21;
	b->h.ctx = &says;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		wr_reset(&says);
		wr_put(&says, unit_bytes(odd[i]));
		assert_int_equal(opens(b), -1);
		assert_true(b->e.code == ERR_AUTH || b->e.code == ERR_CARD);
		assert_int_equal(b->h.sent[INS_PERFORM_SECURITY_OPERATION], 0);
	}
	for (size_t n = 0; n < w.n * 2; n++) {
		wr_reset(&says);
		wr_bytes(&says, good, n < w.n ? n : w.n);
		if (n >= w.n)
			says.p[n - w.n] ^= (uint8_t)(1 << n % 8);
		wr_u16(&says, SW_OK);
		if (opens(b) == 0)
			assert_true(n >= w.n); /* a bit that says nothing of the key */
		else
			assert_int_equal(b->e.code, ERR_AUTH);
		session_close(&b->h.s);
	}
	end(b);
}

/* Several keys 11: the one that is named is found. */
static void test_which_key(void **state)
{
	struct bench *b = begin(&acme);
	struct card_ecka other = { .ref = { KID_SCP11A, 0x02 }, .origin = ORIGIN_MADE };
	struct card_ecka own = b->h.r.v->chip.ecka[0];

	(void)state;
	assert_true(ec_generate(EC_P256, &other.key));
	other.ref.kvn = own.ref.kvn;
	own.ref.kvn = 0x05;
	chip_put_ecka(b->h.r.v, &other);
	chip_put_ecka(b->h.r.v, &own);
	assert_true(chip_commit(b->h.r.v));
	assert_int_equal(b->h.r.v->chip.ecka_n, 2);
	assert_claims(b);
	assert_int_equal(b->f.card_version, 0x05);
	end(b);
}

/* ---- a line that changes answers ---- */

/* Answers to this instruction, the nth one of them: cut, exchanged, with a bit turned, or none. */
struct spoil {
	uint8_t ins;
	unsigned nth;     /* from 1; 0: all of them */
	size_t keep;      /* octets of data that are left; SIZE_MAX: all */
	size_t bit;       /* SIZE_MAX: none */
	const char *says; /* NULL: as it was */
	bool silent;
	unsigned seen;
};

static bool spoils(struct host_rig *h, const struct capdu *c, struct wr *rsp, size_t start)
{
	struct spoil *s = h->ctx;
	uint16_t sw;

	if (c->ins != s->ins)
		return true;
	s->seen++;
	if (s->nth != 0 && s->seen != s->nth)
		return true;
	if (s->silent)
		return false;
	if (s->says != NULL)
		line_says(rsp, start, s->says);
	if (s->bit != SIZE_MAX && s->bit / 8 < rsp->n - start)
		rsp->p[start + s->bit / 8] ^= (uint8_t)(1 << s->bit % 8);
	if (s->keep >= rsp->n - start - 2)
		return true;
	sw = (uint16_t)(rsp->p[rsp->n - 2] << 8 | rsp->p[rsp->n - 1]);
	rsp->n = start + s->keep;
	wr_u16(rsp, sw);
	return true;
}

static void spoilt(struct bench *b, struct spoil *s, enum err_code code, const char *text)
{
	s->seen = 0;
	b->h.line = spoils;
	b->h.ctx = s;
	assert_closed(b, code, text);
	b->h.line = NULL;
}

/* The answer to MUTUAL AUTHENTICATE: its key and its receipt are all that proves the card. */
static void test_hostile_agreement(void **state)
{
	enum { ANSWER = 3 + 65 + 2 + 16 };
	struct bench *b = begin(&acme);
	struct spoil s = { .ins = INS_MUTUAL_AUTHENTICATE, .keep = SIZE_MAX, .bit = SIZE_MAX };

	(void)state;
	for (s.keep = 0; s.keep < ANSWER; s.keep++)
		spoilt(b, &s, ERR_AUTH, "");
	s.keep = SIZE_MAX;
	for (s.bit = 0; s.bit < 8 * ANSWER; s.bit += unit_step(5))
		spoilt(b, &s, ERR_AUTH, "");
	end(b);
}

/* Receipts of other lengths, none, one of zeros; another answer altogether. */
static void test_odd_receipts(void **state)
{
	struct bench *b = begin(&acme);
	struct spoil s = { .ins = INS_MUTUAL_AUTHENTICATE, .keep = SIZE_MAX, .bit = SIZE_MAX };
	struct ec_public point = party_point("bank");
	char hex[300], key[160];

	(void)state;
	hex_put(ec_public_span(&point), key, sizeof(key));
	for (unsigned n = 0; n <= 17; n++) {
		snprintf(hex, sizeof(hex), "5F4941%s86%02X%0*d9000", key, n, (int)(2 * n), 0);
		if (n == 0)
			snprintf(hex, sizeof(hex), "5F4941%s86009000", key);
		s.says = hex;
		spoilt(b, &s, ERR_AUTH, "");
	}
	snprintf(hex, sizeof(hex), "5F4941%s9000", key);
	spoilt(b, &s, ERR_AUTH, "gives no receipt");
	s.says = "9000";
	spoilt(b, &s, ERR_AUTH, "");
	s.says = "86108610861086108610861086108610861086109000";
	spoilt(b, &s, ERR_AUTH, "");
	end(b);
}

/* Status words at each step, and silence. */
static void test_refusals(void **state)
{
	static const struct {
		uint8_t ins;
		unsigned nth;
		const char *says, *text;
		bool no_grant;
	} cases[] = {
		{ INS_PERFORM_SECURITY_OPERATION, 1, "6640", "spent, replaced or taken back",
		    true },
		{ INS_PERFORM_SECURITY_OPERATION, 1, "6984", "by the card's clock", false },
		{ INS_PERFORM_SECURITY_OPERATION, 1, "6A80", "", false },
		{ INS_PERFORM_SECURITY_OPERATION, 1, "6F00", "", false },
		{ INS_PERFORM_SECURITY_OPERATION, 2, "6600", "not signed by the party", false },
		{ INS_PERFORM_SECURITY_OPERATION, 2, "6984", "by the card's clock", false },
		{ INS_PERFORM_SECURITY_OPERATION, 0, "6A88", "no grant waits", true },
		{ INS_MUTUAL_AUTHENTICATE, 1, "6A88", "", true },
		{ INS_MUTUAL_AUTHENTICATE, 1, "6985", "", false },
		{ INS_MUTUAL_AUTHENTICATE, 1, "6A80", "", false },
		{ INS_MUTUAL_AUTHENTICATE, 1, "6310", "", false },
	};
	struct bench *b = begin(&acme);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct spoil s = { .ins = cases[i].ins,
			.nth = cases[i].nth,
			.keep = SIZE_MAX,
			.bit = SIZE_MAX,
			.says = cases[i].says };

		spoilt(b, &s, ERR_AUTH, cases[i].text);
		if (b->f.no_grant != cases[i].no_grant)
			fail_msg("%02X: %s", cases[i].ins, cases[i].says);
		s.says = NULL;
		s.silent = true;
		spoilt(b, &s, ERR_READER, "");
		assert_false(b->f.no_grant);
	}
	assert_claims(b);
	end(b);
}

/* Key information that is cut, exchanged, not given: the card does not have the key, or the claim
 * ends well. */
static bool says_keys(struct host_rig *h, const struct capdu *c, struct wr *rsp, size_t start)
{
	if (c->ins == INS_GET_DATA && c->p1 == 0x00 && c->p2 == 0xE0)
		line_says(rsp, start, h->ctx);
	return true;
}

static void test_hostile_key_information(void **state)
{
	static char *const says[] = { "6A88", "6982", "9000", "E0009000", "E082FFFF9000",
		"E006C00411FF9000", "E006C0041001B0419000", "E006C004017400009000", "9090", "90" };
	struct bench *b = begin(&acme);

	(void)state;
	b->h.line = says_keys;
	for (size_t i = 0; i < sizeof(says) / sizeof(says[0]); i++) {
		b->h.ctx = says[i];
		assert_int_equal(opens(b), -1);
		assert_true(b->e.code == ERR_AUTH || b->e.code == ERR_CARD);
		assert_int_equal(b->h.sent[INS_PERFORM_SECURITY_OPERATION], 0);
	}
	b->h.line = NULL;
	assert_claims(b);
	end(b);
}

/* ---- PUT KEY ---- */

static int claims(struct bench *b, struct spoil *s)
{
	int rc;

	assert_ok(opens(b), &b->e);
	s->seen = 0;
	b->h.line = spoils;
	b->h.ctx = s;
	rc = claim_put(&b->h.s, &b->c, &b->unknown, &b->e);
	b->h.line = NULL;
	b->h.card.gone = false;
	assert_int_equal(b->h.sent[INS_PUT_KEY], 1);
	return rc;
}

/* A refusal that is the card's word; an answer that is not, and none: nobody knows. */
static void test_put(void **state)
{
	struct bench *b = begin(&acme);
	struct spoil s = { .ins = INS_PUT_KEY, .keep = SIZE_MAX, .bit = SIZE_MAX };

	(void)state;
	b->c.version = 0x40; /* the card's own refusal: no such access set */
	assert_int_equal(claims(b, &s), -1);
	assert_int_equal(b->e.code, ERR_CARD);
	assert_int_equal(b->e.sw, SW_WRONG_DATA);
	assert_false(b->unknown);
	assert_int_equal(box(&b->h.r, BOX)->stage, STAGE_GRANTED);
	b->c.version = 0x30;
	s.says = "6581"; /* an error word carries no MAC: it is taken as one */
	assert_int_equal(claims(b, &s), -1);
	assert_int_equal(b->e.sw, SW_MEMORY_FAILURE);
	assert_false(b->unknown);
	end(b);
	for (int how = 0; how < 3; how++) {
		b = begin(&acme);
		s = (struct spoil){ .ins = INS_PUT_KEY,
			.keep = how == 1 ? 4 : SIZE_MAX,
			.bit = how == 0 ? 3 : SIZE_MAX,
			.silent = how == 2 };
		assert_int_equal(claims(b, &s), -1);
		assert_int_equal(b->e.code, how == 2 ? ERR_READER : ERR_INTEGRITY);
		assert_true(b->unknown);
		assert_int_not_equal(b->h.s.mode, SESSION_UNICAST);
		/* it was done, and the access set shows it */
		assert_int_equal(box(&b->h.r, BOX)->stage, STAGE_CLAIMED);
		session_wipe(&b->h.s);
		session_init(&b->h.s, &b->h.card);
		host_party(&b->h, BOX, 0x30, 0x30);
		end(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_form_s),
		cmocka_unit_test(test_certificate),
		cmocka_unit_test(test_host_clock_late),
		cmocka_unit_test(test_form_m),
		cmocka_unit_test(test_domain_key),
		cmocka_unit_test(test_no_grant),
		cmocka_unit_test(test_stolen),
		cmocka_unit_test(test_no_issuer),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_another_card),
		cmocka_unit_test(test_borrowed_certificate),
		cmocka_unit_test(test_hostile_certificates),
		cmocka_unit_test(test_which_key),
		cmocka_unit_test(test_hostile_agreement),
		cmocka_unit_test(test_odd_receipts),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_hostile_key_information),
		cmocka_unit_test(test_put),
	};

	return cmocka_run_group_tests(tests, party_open_vectors, party_close_vectors);
}
