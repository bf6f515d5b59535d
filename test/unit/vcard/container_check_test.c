/*
 * Checks of containers.md 5, row by row and in their order: what each command refuses, and that the
 * card's memory is what it was. Every case is the good one with one thing wrong, or two: then the
 * earlier check answers.
 */
#include "container_rig.h"

#include "tlv/tlv.h"
#include "vcard/containers/containers.h"

enum { TIME = 1798800000 }; /* 2027-01-01 10:40 */

#define ACME \
	{ \
		.who = "acme", .rights = 0x0F \
	}

static struct ec_private stranger;

/* ---- place ---- */

/* Each makes one thing wrong. */
struct place_case {
	const char *what;
	struct grant_spec g;
	void (*before)(struct rig *r);
	uint32_t time;
	uint16_t sw;
};

static void lock_box(struct rig *r)
{
	assert_int_equal(say_hex(r, INS_SET_STATUS, 0x4080, BOX), SW_OK);
}

static void with_key(struct rig *r)
{
	struct card_keys k = { .domain = aid_of(BOX), .version = 1, .type = KEY_TYPE_AES };

	k.keys.enc.n = k.keys.mac.n = k.keys.dek.n = 16;
	chip_put_keys(r->v, &k);
	assert_true(chip_commit(r->v));
}

static void with_object(struct rig *r)
{
	struct aid aid = aid_of(BOX);

	chip_put_object(r->v, &aid, TAG_IIN, unit_bytes("42"));
	assert_true(chip_commit(r->v));
}

static void with_package(struct rig *r)
{
	struct card_load_file f = { .aid = aid_of(PACKAGE), .domain = aid_of(BOX) };

	chip_put_load_file(r->v, &f);
	assert_true(chip_commit(r->v));
}

static void with_application(struct rig *r)
{
	struct card_app a = { .aid = aid_of(APPLET),
		.load_file = aid_of(PACKAGE),
		.module = aid_of(APPLET),
		.domain = aid_of(BOX),
		.state = APP_SELECTABLE };

	chip_put_app(r->v, &a);
	assert_true(chip_commit(r->v));
}

static void change_box(struct rig *r, uint32_t privileges, uint8_t implicit, uint8_t state)
{
	struct aid aid = aid_of(BOX);
	struct card_app a = *chip_app(r->v, &aid);

	a.privileges |= privileges;
	a.implicit[0] = implicit;
	a.implicit_n = implicit != 0;
	a.state = state;
	chip_put_app(r->v, &a);
	assert_true(chip_commit(r->v));
}

static void with_global_delete(struct rig *r)
{
	change_box(r, PRIV_GLOBAL_DELETE, 0, APP_SELECTABLE);
}

static void with_both_managements(struct rig *r)
{
	change_box(r, PRIV_DELEGATED_MANAGEMENT, 0, APP_SELECTABLE);
}

static void with_implicit(struct rig *r)
{
	change_box(r, 0, 0x41, APP_SELECTABLE);
}

static void not_selectable(struct rig *r)
{
	change_box(r, 0, 0, APP_INSTALLED);
}

/* The ISD's own keys open a session in it on channel 1. */
static void with_session(struct rig *r)
{
	struct scp keep = r->host;

	assert_int_equal(rig_hex(r, "0070000100"), SW_OK);
	r->channel = 1;
	memset(&r->host, 0, sizeof(r->host));
	assert_int_equal(select_aid(r, BOX), SW_OK);
	rig_session(r, 0x30, 0x01);
	scp_wipe(&r->host);
	r->host = keep;
	r->channel = 0;
}

static void extradited(struct rig *r)
{
	struct aid aid = aid_of(BOX);
	struct card_app a = *chip_app(r->v, &aid);

	a.domain = aid_of(BOX2);
	chip_put_app(r->v, &a);
	assert_true(chip_commit(r->v));
}

/* The card's key of the same value, but brought by PUT KEY. */
static void key_was_put(struct rig *r)
{
	struct card_ecka k = r->v->chip.ecka[0];

	k.origin = ORIGIN_PUT;
	chip_put_ecka(r->v, &k);
	assert_true(chip_commit(r->v));
}

static void issuers_full(struct rig *r)
{
	for (uint8_t i = 0; i < ISSUERS_MAX; i++) {
		struct card_issuer one = { .digest = { i }, .serial = 1 };

		chip_put_issuer(r->v, &one);
	}
	assert_true(chip_commit(r->v));
}

static void containers_full(struct rig *r)
{
	for (uint8_t i = 0; i < CONTAINERS_MAX; i++) {
		struct card_container k = { .aid = aid_of(BOX2), .stage = STAGE_GRANTED };
		char aid[] = "F043415244300000";

		snprintf(aid + 14, 3, "%02X", i);
		box_domain(r, aid, 0, 0);
		k.aid = aid_of(aid);
		k.grant_n = 1;
		chip_put_container(r->v, &k);
	}
	assert_true(chip_commit(r->v));
}

static void counter_at_end(struct rig *r)
{
	struct card_keys k = { .version = KVN_PLACE_RECEIPT, .type = KEY_TYPE_AES, .tries = 10 };

	k.keys.enc.n = 16;
	chip_put_keys(r->v, &k);
	chip_put_receipts(r->v, 0xFFFF);
	assert_true(chip_commit(r->v));
}

static void test_place_rows(void **state)
{
	struct ec_public other;
	const struct place_case cases[] = {
		{ "an issuer that is not there", { .who = "acme", .issuer = &stranger }, NULL, TIME,
		    SW_REFERENCE_NOT_FOUND },
		{ "another card", { .who = "acme", .card = &other }, NULL, TIME,
		    SW_REFERENCE_NOT_FOUND },
		{ "a card key that somebody put", ACME, key_was_put, TIME, SW_REFERENCE_NOT_FOUND },
		{ "no such domain", { .who = "acme", .container = "F00000000000" }, NULL, TIME,
		    SW_NOT_FOUND },
		{ "the ISD", { .who = "acme", .container = ISD }, NULL, TIME, SW_NOT_FOUND },
		{ "a domain of another", ACME, extradited, TIME, SW_NOT_FOUND },
		{ "a serial that was", { .who = "acme", .serial = 3 }, NULL, TIME,
		    SW_CERTIFICATE_NOT_ALLOWED },
		{ "days to come", { .who = "acme", .from = 20270102 }, NULL, TIME,
		    SW_DATA_INVALIDATED },
		{ "days gone", { .who = "acme", .from = 20260101, .until = 20261231 }, NULL, TIME,
		    SW_DATA_INVALIDATED },
		{ "locked", ACME, lock_box, TIME, SW_CONDITIONS },
		{ "a key in it", ACME, with_key, TIME, SW_CONDITIONS },
		{ "an object in it", ACME, with_object, TIME, SW_CONDITIONS },
		{ "a package in it", ACME, with_package, TIME, SW_CONDITIONS },
		{ "an application in it", ACME, with_application, TIME, SW_CONDITIONS },
		{ "a global privilege", ACME, with_global_delete, TIME, SW_CONDITIONS },
		{ "both managements", ACME, with_both_managements, TIME, SW_CONDITIONS },
		{ "selected by default", ACME, with_implicit, TIME, SW_CONDITIONS },
		{ "never to be selected", ACME, not_selectable, TIME, SW_CONDITIONS },
		{ "a session in it", ACME, with_session, TIME, SW_CONDITIONS },
		{ "too large a quota", { .who = "acme", .quotas.data_quota = { true, 20001 } },
		    NULL, TIME, SW_NO_MEMORY },
		{ "nothing reserved", { .who = "acme", .quotas.data_reserve = { true, 1 } }, NULL,
		    TIME, SW_NO_MEMORY },
		{ "no RAM reserved", { .who = "acme", .quotas.volatile_reserve = { true, 1 } },
		    NULL, TIME, SW_NO_MEMORY },
		{ "a ninth issuer", ACME, issuers_full, TIME, SW_NO_MEMORY },
		{ "a seventeenth container", ACME, containers_full, TIME, SW_NO_MEMORY },
		{ "no receipts left", ACME, counter_at_end, TIME, SW_CONDITIONS },
		/* the earlier check answers */
		{ "issuer before card", { .who = "acme", .issuer = &stranger, .card = &other },
		    NULL, TIME, SW_REFERENCE_NOT_FOUND },
		{ "domain before serial",
		    { .who = "acme", .container = "F00000000000", .serial = 3 }, NULL, TIME,
		    SW_NOT_FOUND },
		{ "serial before days", { .who = "acme", .serial = 3, .from = 20270102 }, NULL,
		    TIME, SW_CERTIFICATE_NOT_ALLOWED },
		{ "days before state", { .who = "acme", .from = 20270102 }, with_key, TIME,
		    SW_DATA_INVALIDATED },
		{ "state before resources", { .who = "acme", .quotas.data_quota = { true, 20001 } },
		    with_key, TIME, SW_CONDITIONS },
		/* and these are none of it */
		{ "T unknown", { .who = "acme", .from = 20400101, .until = 20401231 }, NULL, 0,
		    SW_OK },
		{ "all that there is", { .who = "acme", .quotas.data_quota = { true, 20000 } },
		    NULL, TIME, SW_OK },
		{ "the first and last day", { .who = "acme", .from = 20270101, .until = 20270101 },
		    NULL, TIME, SW_OK },
	};

	(void)state;
	assert_true(ec_generate(EC_P256, &stranger) && ec_public_of(&stranger, &other));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ec_public point = party_point("operator");
		struct card_issuer last = { .serial = 5 };
		struct wr before;
		struct rig r;
		uint16_t sw;

		box_on(&r, 0x70);
		assert_true(party_point_digest(&point, last.digest));
		if (cases[i].before != issuers_full)
			chip_put_issuer(r.v, &last);
		assert_true(chip_commit(r.v));
		as_operator(&r);
		if (cases[i].before != NULL)
			cases[i].before(&r);
		before = card_file(&r);
		sw = place_grant(&r, grant_of(&cases[i].g), cases[i].time);
		if (sw != cases[i].sw)
			fail_msg("%s: %04X, not %04X", cases[i].what, sw, cases[i].sw);
		if (sw != SW_OK)
			assert_untouched(&r, &before);
		wr_free(&before);
		rig_off(&r);
	}
}

/* Every bit of a grant matters: it is no grant, or not signed so, or names something else. */
static void test_flipped_bits(void **state)
{
	struct grant_spec g = ACME;
	uint8_t grant[512];
	struct wr before;
	struct span whole;
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	as_operator(&r);
	before = card_file(&r);
	whole = grant_of(&g);
	for (size_t i = 0; i < whole.n; i++) {
		uint16_t sw;

		memcpy(grant, whole.p, whole.n);
		grant[i] ^= (uint8_t)(1u << (i % 8));
		{
			/* An order as it comes, whatever is in it. */
			uint8_t room[700];
			struct wr w = wr_fixed(room, sizeof(room));
			size_t mark = tlv_open(&w, TAG_CONTAINER_ORDER);
			struct span all;

			tlv_put_u8(&w, 0x80, ORDER_PLACE);
			wr_bytes(&w, grant, whole.n);
			tlv_close(&w, mark);
			all = wr_span(&w);
			sw = say(&r, INS_STORE_DATA, 0x1000, span_sub(all, 0, 200), NULL);
			assert_int_equal(sw, SW_OK);
			sw = say(&r, INS_STORE_DATA, 0x9101, span_sub(all, 200, all.n), NULL);
		}
		if (sw != SW_WRONG_DATA && sw != SW_CERTIFICATE_INVALID &&
		    sw != SW_REFERENCE_NOT_FOUND)
			fail_msg("octet %zu: %04X", i, sw);
		assert_untouched(&r, &before);
	}
	assert_int_equal(place_grant(&r, whole, TIME), SW_OK);
	wr_free(&before);
	rig_off(&r);
}

/* ---- who may send orders, and in what form ---- */

static void test_senders(void **state)
{
	struct grant_spec g = ACME;
	const struct grant_spec all = { .who = "acme", .rights = 0x0F };
	struct container_order close = { .kind = ORDER_CLOSE };
	struct container_order raise = {
		.kind = ORDER_RAISE, .serial = 200, .issuer = unit_bytes("0000000000000000")
	};
	uint8_t room[700];
	struct wr w = wr_fixed(room, sizeof(room));
	struct wr before;
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	/* levels without C-DEC, in the ISD */
	assert_int_equal(select_aid(&r, ISD), SW_OK);
	rig_session(&r, 0x30, 0x01);
	before = card_file(&r);
	assert_int_equal(place_grant(&r, grant_of(&g), TIME), SW_SECURITY_STATUS);
	assert_int_equal(order_put(&r, &close, NULL), SW_SECURITY_STATUS);
	assert_untouched(&r, &before);
	wr_free(&before);
	/* a domain that is no container sends none: there is no such object */
	box_domain(&r, DOMAIN, 0, 0);
	assert_int_equal(select_aid(&r, DOMAIN), SW_OK);
	rig_session(&r, 0x30, 0x33);
	assert_int_equal(order_put(&r, &close, NULL), SW_WRONG_DATA);
	/* a party, whatever its rights, neither raises a serial nor closes the card */
	become_party(&r, &all, 0x31);
	assert_int_equal(as_party(&r, BOX, 0x31, 0x31), SW_OK);
	before = card_file(&r);
	assert_int_equal(order_put(&r, &close, NULL), SW_SECURITY_STATUS);
	assert_int_equal(order_put(&r, &raise, NULL), SW_SECURITY_STATUS);
	assert_untouched(&r, &before);
	wr_free(&before);
	/* form */
	as_operator(&r);
	before = card_file(&r);
	assert_int_equal(say_hex(&r, INS_STORE_DATA, 0x9000, "BF73048001044200"), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_STORE_DATA, 0x9000, "BF7303800105"), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_STORE_DATA, 0x9000, "BF73038001044200"), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_STORE_DATA, 0x9000, "420142BF7303800104"), SW_WRONG_DATA);
	assert_int_equal(say_hex(&r, INS_STORE_DATA, 0x9000, "BF738103800104"), SW_WRONG_DATA);
	assert_untouched(&r, &before);
	wr_free(&before);
	container_order_put(&w, &close);
	assert_int_equal(say(&r, INS_STORE_DATA, 0x9000, wr_span(&w), NULL), SW_OK);
	assert_true(r.v->chip.containers.closed);
	assert_int_equal(say(&r, INS_STORE_DATA, 0x9000, wr_span(&w), NULL), SW_OK);
	assert_lasting(&r);
	rig_off(&r);
}

/* Every octet of a domain key matters as well: the grant names it by its digest. */
static void test_flipped_domain_key(void **state)
{
	struct ec_private authority = party_scalar("authority");
	struct grant_spec g = {
		.who = "bank", .rights = 3, .container = BOX2, .issuer = &authority
	};
	struct container_order o = { .kind = ORDER_PLACE };
	struct span blob;
	uint8_t good[256], room[256];
	struct wr before;
	struct rig r;

	(void)state;
	blob = unit_hex(party_case("domain key for one card"), "blob");
	memcpy(good, blob.p, blob.n);
	g.domain_key = span_of(good, blob.n);
	box_on(&r, 0x70);
	as_operator(&r);
	o.grant.whole = grant_of(&g);
	assert_int_equal(order_put(&r, &o, NULL), SW_WRONG_DATA); /* 8B without 7F76 */
	before = card_file(&r);
	for (size_t i = 0; i < blob.n; i++) {
		memcpy(room, good, blob.n);
		room[i] ^= (uint8_t)(1u << (i % 8));
		o.domain_key.whole = span_of(room, blob.n);
		if (order_put(&r, &o, NULL) != SW_WRONG_DATA)
			fail_msg("octet %zu", i);
		assert_untouched(&r, &before);
	}
	wr_free(&before);
	o.domain_key.whole = g.domain_key;
	assert_int_equal(order_put(&r, &o, NULL), SW_OK);
	rig_off(&r);
}

static uint16_t put_issuer(struct rig *r, const struct ec_public *point)
{
	struct put_key put = {
		.n = 1, .version = KVN_GRANT_ISSUER, .type = { KEY_TYPE_EC_PUBLIC }
	};
	uint8_t room[128];
	struct wr w = wr_fixed(room, sizeof(room));

	assert_true(authority_ec(&put.asymmetric, EC_P256, ec_public_span(point)));
	assert_true(put_key_put(&w, &put, &r->keys.dek));
	return say(r, INS_PUT_KEY, 0x0001, wr_span(&w), NULL);
}

/* The serial that was, and one below it. */
static void assert_old_refused(struct rig *r, struct grant_spec g)
{
	uint64_t last = g.serial;

	for (g.serial = last; g.serial >= last - 1; g.serial--)
		assert_int_equal(place_grant(r, grant_of(&g), 0), SW_CERTIFICATE_NOT_ALLOWED);
}

/* Serials rise, whatever is deleted in between. */
static void test_serials(void **state)
{
	struct grant_spec g = { .who = "acme", .rights = 3, .serial = 100 };
	struct container_order raise = { .kind = ORDER_RAISE, .serial = 200 };
	struct ec_public point = party_point("operator");
	uint8_t name[PARTY_NAME];
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	as_operator(&r);
	assert_int_equal(place_grant(&r, grant_of(&g), 0), SW_OK);
	assert_old_refused(&r, g);
	assert_int_equal(delete_aid(&r, BOX, DELETE_RELATED), SW_OK);
	box_domain(&r, BOX, 20000, 0);
	assert_old_refused(&r, g);
	assert_int_equal(say_hex(&r, INS_DELETE, 0x0000, "D00101D20174"), SW_OK);
	assert_int_equal(place_grant(&r, grant_of(&g), 0), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(put_issuer(&r, &point), SW_OK);
	assert_old_refused(&r, g);
	/* raise: the ones below are dead */
	assert_true(party_key_name(&point, name));
	raise.issuer = SPAN(name);
	assert_int_equal(order_put(&r, &raise, NULL), SW_OK);
	assert_int_equal(order_put(&r, &raise, NULL), SW_CONDITIONS);
	g.serial = 199;
	assert_int_equal(place_grant(&r, grant_of(&g), 0), SW_CERTIFICATE_NOT_ALLOWED);
	raise.issuer = unit_bytes("0000000000000000");
	assert_int_equal(order_put(&r, &raise, NULL), SW_REFERENCE_NOT_FOUND);
	assert_lasting(&r);
	rig_off(&r);
}

/* T moves by orders that were done, forward only. */
static void test_time(void **state)
{
	struct grant_spec g = { .who = "acme", .rights = 3, .until = 20270131 };
	struct ec_private acme = party_scalar("acme");
	struct rig_claim c = {
		.party = &acme, .id = "ACME", .oce_from = 20270104, .oce_until = 20270106
	};
	struct container_order close = { .kind = ORDER_CLOSE, .has_time = true, .time = TIME };
	uint8_t grant[512];
	struct rig r;

	(void)state;
	box_on(&r, 0x70);
	as_operator(&r);
	assert_int_equal(order_put(&r, &close, NULL), SW_OK);
	close.time = TIME - 1;
	assert_int_equal(order_put(&r, &close, NULL), SW_OK);
	assert_int_equal(r.v->chip.containers.time, TIME);
	c.grant = grant_of(&g);
	memcpy(grant, c.grant.p, c.grant.n);
	c.grant.p = grant;
	assert_int_equal(place_grant(&r, c.grant, 0), SW_OK);
	assert_int_equal(rig_claim_open(&r, &c), SW_OK); /* T lags: days to come are as good */
	as_operator(&r);
	close.time = TIME + 6 * 86400; /* the 7th: the certificate of the claim is over */
	assert_int_equal(order_put(&r, &close, NULL), SW_OK);
	assert_int_equal(rig_claim_open(&r, &c), SW_DATA_INVALIDATED);
	c.oce_until = 20270107;
	assert_int_equal(rig_claim_open(&r, &c), SW_OK);
	as_operator(&r);
	close.time = TIME + 31u * 86400;
	assert_int_equal(order_put(&r, &close, NULL), SW_OK);
	c.oce_until = 20301231;
	assert_int_equal(rig_claim_open(&r, &c), SW_DATA_INVALIDATED); /* the grant itself is */
	/* an order that is refused moves nothing */
	as_operator(&r);
	assert_int_equal(place_grant(&r, c.grant, 1893456000), SW_CERTIFICATE_NOT_ALLOWED);
	assert_int_equal(r.v->chip.containers.time, TIME + 31u * 86400);
	rig_off(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_place_rows),
		cmocka_unit_test(test_flipped_bits),
		cmocka_unit_test(test_flipped_domain_key),
		cmocka_unit_test(test_senders),
		cmocka_unit_test(test_serials),
		cmocka_unit_test(test_time),
	};

	return cmocka_run_group_tests(tests, party_open_vectors, party_close_vectors);
}
