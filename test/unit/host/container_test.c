/*
 * Containers as lib/host works with them: what goes out, octet by octet; refusals, each with what
 * it means; answers that are short, too long, about something else, or do not come. Then the same
 * with our own card.
 */
#include "host_rig.h"
#include "mirror.h"

#include "host/container.h"

#define SMALL "F043415244"

static struct aid aid(const char *hex)
{
	struct aid a;

	assert_true(aid_from(&a, unit_bytes(hex)));
	return a;
}

/* ---- before anything is sent ---- */

/* Everything here but what makes the domain and works on objects decides by what the card tells, so
 * it needs a channel in which the card's answers are proven. */
static void refused_by_level(struct mirror *m)
{
	const struct container_order o = { .kind = ORDER_CLOSE };
	struct containers c;
	struct span answer;
	struct wr into = { 0 };
	bool flag;

	m->e = (struct err){ 0 };
	assert_int_equal(container_session_check(&m->s, &m->e), -1);
	assert_int_equal(m->e.code, ERR_SAFETY);
	assert_int_equal(containers_read(&m->s, NULL, &into, &c, &flag, &m->e), -1);
	assert_int_equal(m->e.code, ERR_SAFETY);
	if (m->s.mode != SESSION_CLOSED) {
		assert_int_equal(container_send(&m->s, &o, &answer, &flag, &m->e), -1);
		assert_int_equal(m->e.code, ERR_SAFETY);
		assert_false(flag);
	}
	assert_int_equal(m->n, 0);
}

static void test_levels(void **state)
{
	static const uint8_t levels[] = { 0x00, 0x01, 0x03, 0x11, 0x13 };
	struct mirror m;

	(void)state;
	for (size_t i = 0; i < sizeof(levels); i++) {
		mirror_open(&m, PROTOCOL_SCP03, levels[i]);
		refused_by_level(&m);
		mirror_close(&m);
	}
	mirror_open(&m, PROTOCOL_SCP02, 0x13);
	refused_by_level(&m);
	mirror_close(&m);
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	assert_ok(container_session_check(&m.s, &m.e), &m.e);
	m.s.lost = true;
	refused_by_level(&m);
	mirror_close(&m);
}

/* ---- the domain ---- */

static void test_make(void **state)
{
	static const struct {
		struct quotas q;
		const char *command;
	} cases[] = {
		{ { { 0 }, { 0 }, { 0 }, { 0 } }, "80E60C001F"
						  "07A0000001515350"
						  "08A000000151535041"
						  "05" SMALL "03804000"
						  "02C900"
						  "00"
						  "00" },
		{ { { 0 }, { true, 20000 }, { 0 }, { 0 } }, "80E60C0025"
							    "07A0000001515350"
							    "08A000000151535041"
							    "05" SMALL "03804000"
							    "08C900EF04C8024E2000"
							    "00" },
		{ { { true, 1024 }, { true, 50000 }, { true, 512 }, { true, 30000 } },
		    "80E60C0033"
		    "07A0000001515350"
		    "08A000000151535041"
		    "05" SMALL "03804000"
		    "16C900EF12C7020400C8040000C350D7020200D802753000"
		    "00" },
	};
	struct aid a = aid(SMALL);
	struct mirror m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		mirror_open(&m, PROTOCOL_SCP03, 0x33);
		mirror_answer(&m, "009000");
		assert_ok(container_make(&m.s, &a, &cases[i].q, &m.e), &m.e);
		assert_int_equal(m.n, 1);
		assert_command(&m, 0, cases[i].command);
		mirror_close(&m);
	}
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	mirror_answer(&m, "6A84");
	assert_int_equal(container_make(&m.s, &a, &cases[2].q, &m.e), -1);
	assert_int_equal(m.e.code, ERR_CARD);
	assert_non_null(strstr(unit_hint(&m.e), "less memory free"));
	mirror_close(&m);
}

/* ---- orders ---- */

static struct container_order revoke_order(void)
{
	return (struct container_order){ .kind = ORDER_REVOKE,
		.container = unit_bytes(SMALL),
		.party = span_str("ACME"),
		.keep = true,
		.has_time = true,
		.time = 1798800000 };
}

static void test_orders(void **state)
{
	struct container_order o = revoke_order();
	struct span answer;
	bool unknown = true;
	struct mirror m;

	(void)state;
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	assert_ok(container_send(&m.s, &o, &answer, &unknown, &m.e), &m.e);
	assert_false(unknown);
	assert_int_equal(answer.n, 0);
	assert_command(&m, 0,
	    "80E290001D"
	    "BF731A"
	    "800102"
	    "4F05" SMALL "5F200441434D45"
	    "830101"
	    "9A046B378280"
	    "00");
	o = (struct container_order){ .kind = ORDER_CLOSE };
	assert_ok(container_send(&m.s, &o, &answer, &unknown, &m.e), &m.e);
	assert_command(&m, 1, "80E2900006BF730380010400");
	mirror_close(&m);
}

/* In blocks; only the last one says that it has an answer. */
static void test_place_in_blocks(void **state)
{
	static uint8_t grant[600] = { 0x7F, 0x21, 0x82, 0x02, 0x53 };
	struct container_order o = { .kind = ORDER_PLACE, .grant.whole = SPAN(grant) };
	struct span answer;
	struct wr whole = wr_grow(4096), sent = wr_grow(4096);
	bool unknown;
	struct mirror m;

	(void)state;
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	mirror_answer(&m, "CAFE9000");
	assert_ok(container_send(&m.s, &o, &answer, &unknown, &m.e), &m.e);
	assert_span(answer, unit_bytes("CAFE"));
	assert_true(m.n >= 3);
	for (size_t i = 0; i < m.n; i++) {
		struct capdu c;

		assert_true(capdu_get(m.command[i], &c));
		assert_int_equal(c.p1, i + 1 < m.n ? 0x10 : 0x91);
		assert_int_equal(c.p2, i);
		wr_put(&sent, c.data);
	}
	container_order_put(&whole, &o);
	assert_span(wr_span(&sent), wr_span(&whole));
	/* refused in the middle: nothing more goes out */
	m.n = 0;
	m.refuse_at = 2;
	assert_int_equal(container_send(&m.s, &o, &answer, &unknown, &m.e), -1);
	assert_int_equal(m.e.code, ERR_CARD);
	assert_int_equal(m.n, 2);
	assert_false(unknown);
	wr_free(&whole);
	wr_free(&sent);
	mirror_close(&m);
}

static void test_order_too_long(void **state)
{
	static uint8_t key[5000];
	struct container_order o = { .kind = ORDER_PLACE,
		.grant.whole = unit_bytes("7F2100"),
		.domain_key.whole = SPAN(key) };
	struct span answer;
	bool unknown;
	struct mirror m;

	(void)state;
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	assert_int_equal(container_send(&m.s, &o, &answer, &unknown, &m.e), -1);
	assert_int_equal(m.e.code, ERR_OTHER);
	assert_false(unknown);
	assert_int_equal(m.n, 0);
	mirror_close(&m);
}

/* What a refusal means, in words. */
static void test_refusals(void **state)
{
	static const struct {
		enum order_kind kind;
		const char *answer, *hint;
	} cases[] = {
		{ ORDER_PLACE, "6600", "did not sign the grant" },
		{ ORDER_PLACE, "6640", "not above the last one of its issuer" },
		{ ORDER_PLACE, "6A88", "no such issuer of grants" },
		{ ORDER_PLACE, "6A82", "no domain of this AID" },
		{ ORDER_PLACE, "6984", "not one of the days of the grant" },
		{ ORDER_PLACE, "6985", "not empty, locked, or somebody's" },
		{ ORDER_PLACE, "6A84", "less quota or reservation" },
		{ ORDER_REVOKE, "6A88", "no such party, grant or issuer" },
		{ ORDER_RAISE, "6985", "serial is not above the last one" },
		{ ORDER_CLOSE, "6581", NULL },
		{ ORDER_CLOSE, "6A80", NULL },
	};
	struct mirror m;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct container_order o = revoke_order();
		struct span answer;
		bool unknown;

		o.kind = cases[i].kind;
		o.grant.whole = unit_bytes("7F2100");
		o.issuer = unit_bytes("0102030405060708");
		o.serial = 1;
		mirror_open(&m, PROTOCOL_SCP03, 0x33);
		mirror_answer(&m, cases[i].answer);
		assert_int_equal(container_send(&m.s, &o, &answer, &unknown, &m.e), -1);
		assert_int_equal(m.e.code, ERR_CARD);
		assert_false(unknown);
		assert_int_equal(answer.n, 0);
		if (cases[i].hint != NULL && strstr(unit_hint(&m.e), cases[i].hint) == NULL)
			fail_msg("%s: %s", cases[i].answer, unit_hint(&m.e));
		mirror_close(&m);
	}
}

/* No answer, or one that is not the card's: the card has done it or not. */
static void test_unknown(void **state)
{
	struct container_order o = revoke_order();
	struct span answer;
	bool unknown = false;
	struct mirror m;

	(void)state;
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	m.silent_at = 1;
	assert_int_equal(container_send(&m.s, &o, &answer, &unknown, &m.e), -1);
	assert_int_equal(m.e.code, ERR_READER);
	assert_true(unknown);
	/* and nothing goes out any more */
	assert_int_equal(container_send(&m.s, &o, &answer, &unknown, &m.e), -1);
	assert_int_equal(m.e.code, ERR_SAFETY);
	assert_false(unknown);
	assert_int_equal(m.n, 1);
	mirror_close(&m);
}

/* ---- what the card tells ---- */

static int read_as(struct mirror *m, const struct aid *only, const char *hex, bool *there)
{
	struct containers c;
	struct wr into = { 0 };
	int rc;

	m->e = (struct err){ 0 };
	mirror_answer(m, hex);
	rc = containers_read(&m->s, only, &into, &c, there, &m->e);
	wr_free(&into);
	return rc;
}

static void test_read(void **state)
{
	struct aid one = aid(SMALL);
	struct mirror m;
	bool there;

	(void)state;
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	assert_int_equal(read_as(&m, &one, "FF73098C01009A04000000009000", &there), 0);
	assert_true(there);
	assert_command(&m, 0, "80CAFF73074F05" SMALL "00");
	assert_int_equal(read_as(&m, NULL, "FF73098C01019A04000000019000", &there), 0);
	assert_command(&m, 1, "80CAFF7300");
	/* an error word: there is none; it proves nothing */
	assert_int_equal(read_as(&m, &one, "6A88", &there), 0);
	assert_false(there);
	assert_int_equal(read_as(&m, &one, "6A86", &there), -1);
	assert_int_equal(m.e.code, ERR_CARD);
	assert_false(there);
	assert_non_null(strstr(unit_hint(&m.e), "without containers"));
	/* forms that are none */
	assert_int_equal(read_as(&m, &one, "9000", &there), -1);
	assert_int_equal(m.e.code, ERR_CARD);
	assert_int_equal(read_as(&m, &one, "FF73009000", &there), -1);
	assert_int_equal(read_as(&m, &one, "BF73098C01009A04000000009000", &there), -1);
	assert_int_equal(read_as(&m, &one, "FF73098C01009A0400000000009000", &there), -1);
	assert_int_equal(read_as(&m, &one, "FF730A8C01009A0400000000009000", &there), -1);
	assert_int_equal(read_as(&m, &one, "FF73FFFF9000", &there), -1);
	assert_int_equal(read_as(&m, &one, "FF7384FFFFFFFF9000", &there), -1);
	assert_false(there);
	m.silent_at = m.n + 1;
	assert_int_equal(read_as(&m, &one, "9000", &there), -1);
	assert_int_equal(m.e.code, ERR_READER);
	mirror_close(&m);
}

/* Goes through all that an answer says, as callers do. */
static size_t look_at(const struct containers *all)
{
	struct rd r = rd_of(all->containers);
	struct container c;
	struct container_party p;
	struct container_grant g;
	uint64_t serial;
	size_t found = container_issuer_find(all, unit_bytes("0102030405060708"), &serial);

	while (container_next(&r, &c)) {
		struct container again;

		assert_true(container_find(all, c.aid, &again));
		found += container_party_find(&c, span_str("ACME"), &p);
		found += container_grant_find(&c, span_str("BANK"), &g);
	}
	return found;
}

/* The answer of the cases, cut at each octet and with each bit turned: refused, or read as
 * something else that holds together. Nothing is read behind its end (sanitizers, valgrind). */
static void hostile_state(const char *name)
{
	struct span good = unit_hex(party_case(name), "answer");
	uint8_t octets[512];
	char hex[1100];
	struct mirror m;
	bool there;

	memcpy(octets, good.p, good.n);
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	for (size_t i = 0; i < good.n * 9; i++) {
		bool cut = i < good.n;
		size_t bit = i - good.n, n = cut ? i : good.n;
		struct containers c;
		struct wr into = { 0 };

		if (!cut)
			octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
		hex_put(span_of(octets, n), hex, sizeof(hex) - 4);
		strcat(hex, "9000");
		if (!cut)
			octets[bit / 8] ^= (uint8_t)(1 << bit % 8);
		m.n = 0;
		wr_reset(&m.plain);
		mirror_answer(&m, hex);
		if (containers_read(&m.s, NULL, &into, &c, &there, &m.e) == 0) {
			assert_false(cut);
			look_at(&c);
		} else {
			assert_int_equal(m.e.code, ERR_CARD);
			assert_false(there);
		}
		wr_free(&into);
	}
	mirror_close(&m);
}

static void test_hostile_state(void **state)
{
	(void)state;
	hostile_state("FF73 as the operator reads it");
	hostile_state("FF73 as the party reads it");
}

/* ---- objects ---- */

static int read_object(struct mirror *m, const char *hex)
{
	struct wr value = wr_grow(4096);
	int rc;

	m->e = (struct err){ 0 };
	mirror_answer(m, hex);
	rc = container_object_read(&m->s, 0x11, &value, &m->e);
	if (rc == 0)
		assert_span(wr_span(&value), unit_bytes("CAFE"));
	else
		assert_int_equal(value.n, 0);
	wr_free(&value);
	return rc;
}

static void test_objects(void **state)
{
	static const char *const wrong[] = { "9000", "DF119000", "DF1102CA9000", "DF1202CAFE9000",
		"DF1102CAFE009000", "DF1102CAFEDF1202CAFE9000", "DF118102CAFE9000",
		"DF9102CAFE9000", "DF1182FFFFCAFE9000", "9F1102CAFE9000" };
	static uint8_t large[CONTAINER_OBJECT_MAX + 1] = { 1 };
	struct mirror m;

	(void)state;
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	assert_int_equal(read_object(&m, "DF1102CAFE9000"), 0);
	assert_command(&m, 0, "80CADF1100");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (read_object(&m, wrong[i]) == 0)
			fail_msg("%s", wrong[i]);
		assert_int_equal(m.e.code, ERR_CARD);
	}
	assert_int_equal(read_object(&m, "6A88"), -1);
	assert_int_equal(m.e.code, ERR_CARD);
	assert_non_null(strstr(unit_hint(&m.e), "no such object"));
	mirror_answer(&m, "9000");
	m.n = 0;
	assert_ok(container_object_write(&m.s, 0x11, unit_bytes("CAFE"), &m.e), &m.e);
	assert_command(&m, 0, "80E2900005DF1102CAFE00");
	assert_ok(container_object_write(&m.s, 0x7F, span_of(NULL, 0), &m.e), &m.e);
	assert_command(&m, 1, "80E2900003DF7F0000");
	m.n = 0;
	assert_ok(
	    container_object_write(&m.s, 1, span_of(large, CONTAINER_OBJECT_MAX), &m.e), &m.e);
	assert_true(m.n > 15);
	m.n = 0;
	assert_int_equal(container_object_write(&m.s, 1, SPAN(large), &m.e), -1);
	assert_int_equal(m.e.code, ERR_SAFETY);
	assert_int_equal(m.n, 0);
	mirror_answer(&m, "6A84");
	assert_int_equal(container_object_write(&m.s, 1, unit_bytes("AA"), &m.e), -1);
	assert_non_null(strstr(unit_hint(&m.e), "quota of the container"));
	m.e = (struct err){ 0 };
	mirror_answer(&m, "6A88");
	assert_int_equal(container_object_write(&m.s, 1, span_of(NULL, 0), &m.e), -1);
	assert_non_null(strstr(unit_hint(&m.e), "no such object"));
	mirror_close(&m);
}

/* ---- with our own card ---- */

static bool forge(struct host_rig *h, const struct capdu *c, struct wr *rsp, size_t start)
{
	if (c->ins == INS_GET_DATA && rsp->n > start + 10)
		rsp->p[start + *(size_t *)h->ctx] ^= 1;
	return true;
}

static void test_own_card(void **state)
{
	const struct grant_spec g = { .who = "acme", .rights = 0x0F };
	const struct aid a = aid_of(BOX), fresh = aid_of("F04341524499");
	struct container_order o = { .kind = ORDER_PLACE };
	struct containers all;
	struct container c;
	struct container_grant waits;
	struct wr into = { 0 };
	struct span answer;
	struct placed p;
	uint64_t serial;
	size_t at = 5;
	bool unknown, there;
	uint8_t digest[PARTY_DIGEST], name[PARTY_NAME];
	struct ec_public point = party_point("operator");
	static struct host_rig h;

	(void)state;
	host_on(&h);
	host_operator(&h);
	assert_ok(
	    container_make(&h.s, &fresh, &(struct quotas){ .data_quota = { true, 5000 } }, &h.e),
	    &h.e);
	assert_int_equal(chip_app(h.r.v, &fresh)->quota, 5000);
	o.grant.whole = grant_of(&g);
	assert_ok(container_send(&h.s, &o, &answer, &unknown, &h.e), &h.e);
	assert_true(placed_get(answer, &p));
	assert_ok(containers_read(&h.s, &a, &into, &all, &there, &h.e), &h.e);
	assert_true(there && container_find(&all, aid_span(&a), &c));
	assert_false(container_find(&all, aid_span(&fresh), &c));
	assert_true(container_find(&all, aid_span(&a), &c));
	assert_true(grant_digest(o.grant.whole, digest));
	assert_true(container_grant_find(&c, span_str("ACME"), &waits));
	assert_span(waits.digest, SPAN(digest));
	assert_false(container_grant_find(&c, span_str("BANK"), &waits));
	wr_free(&into);
	assert_ok(containers_read(&h.s, NULL, &into, &all, &there, &h.e), &h.e);
	assert_true(party_key_name(&point, name));
	assert_true(container_issuer_find(&all, SPAN(name), &serial));
	assert_int_equal(serial, p.serial);
	wr_free(&into);
	assert_ok(containers_read(&h.s, &fresh, &into, &all, &there, &h.e), &h.e);
	assert_false(there);
	/* the same again */
	assert_int_equal(container_send(&h.s, &o, &answer, &unknown, &h.e), -1);
	assert_int_equal(h.e.sw, SW_CERTIFICATE_NOT_ALLOWED);
	/* an answer that was changed on the line ends it */
	h.line = forge;
	h.ctx = &at;
	assert_int_equal(containers_read(&h.s, NULL, &into, &all, &there, &h.e), -1);
	assert_int_equal(h.e.code, ERR_INTEGRITY);
	assert_false(there);
	h.line = NULL;
	host_off(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),
		cmocka_unit_test(test_make),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_place_in_blocks),
		cmocka_unit_test(test_order_too_long),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_hostile_state),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_own_card),
	};

	return cmocka_run_group_tests(tests, party_open_vectors, party_close_vectors);
}
