/*
 * What the card says before a command means anything: lengths, parameters of SELECT and GET DATA,
 * long answers in parts; and what its memory holds of keys and data objects.
 */
#include "rig.h"

#include "vcard/core/record.h"

static struct rig r;
static const char app_aid[] = "A0000001510000AA01";

static int up(void **state)
{
	struct card_app a = { .state = APP_SELECTABLE };

	(void)state;
	rig_issue(&r, 16, 0x70);
	rig_on(&r);
	assert_true(aid_from(&a.aid, unit_bytes(app_aid)));
	r.v->chip.content.app[r.v->chip.content.app_n++] = a;
	return 0;
}

static int down(void **state)
{
	(void)state;
	rig_off(&r);
	return 0;
}

static void select_app(void)
{
	assert_int_equal(rig_send(&r, 0x00, INS_SELECT, 0x0400, unit_bytes(app_aid)), SW_OK);
}

static void object(const char *owner, uint16_t tag, struct span value)
{
	struct aid aid;

	assert_true(aid_from(&aid, unit_bytes(owner)));
	chip_put_object(r.v, &aid, tag, value);
	assert_true(chip_commit(r.v));
}

static void select_parameters(void **state)
{
	static const char *const wrong[] = { "00A4000000", "00A4010000", "00A4030000", "00A4050000",
		"00A4080000", "00A4FF0000", "00A4040100", "00A4040300", "00A4040C00", "00A404FF00",
		"00A4000008A000000151000000" };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(rig_hex(&r, wrong[i]), 0x6A86);
	/* Nothing was deselected by it. */
	select_app();
	assert_int_equal(rig_hex(&r, "00A4000000"), 0x6A86);
	assert_true(r.v->channel[0].app);
	/* AIDs have 5 to 16 octets. */
	assert_int_equal(rig_hex(&r, "00A4040004A0000001"), SW_WRONG_LENGTH);
	assert_int_equal(
	    rig_hex(&r, "00A4040011A000000151000000A000000151000000AA"), SW_WRONG_LENGTH);
	assert_int_equal(rig_hex(&r, "00A4040005A000000151"), SW_OK);
	assert_int_equal(rig_hex(&r, "00A4040010A000000151000000A000000151000000"), SW_NOT_FOUND);
}

/* First, then next: by the part of an AID that both begin with. */
static void select_next(void **state)
{
	(void)state;
	assert_int_equal(rig_hex(&r, "00A4040005A000000151"), SW_OK);
	assert_false(r.v->channel[0].app);
	assert_int_equal(rig_hex(&r, "00A4040205A000000151"), SW_OK);
	assert_true(r.v->channel[0].app);
	assert_int_equal(rig_hex(&r, "00A4040205A000000151"), SW_NOT_FOUND);
	/* Without a name it is the first all the same. */
	assert_int_equal(rig_hex(&r, "00A4040200"), SW_OK);
	assert_false(r.v->channel[0].app);
}

/* A long answer in parts: 61 and how much is left, 00 for more than FF. */
static void in_parts(size_t n)
{
	uint8_t value[1200], got[1200];
	struct wr w = wr_fixed(got, sizeof(got));
	size_t left = n;
	uint16_t sw;

	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (uint8_t)(i * 7);
	object(app_aid, 0x0101, span_of(value, n));
	select_app();
	sw = rig_hex(&r, "80CA010100");
	for (;;) {
		size_t part = left < 256 ? left : 256;

		assert_int_equal(rig_answer(&r).n, part);
		wr_put(&w, rig_answer(&r));
		left -= part;
		if (left == 0)
			break;
		assert_int_equal(sw, 0x6100 | (left > 0xFF ? 0 : left));
		sw = rig_hex(&r, "00C0000000");
	}
	assert_int_equal(sw, SW_OK);
	assert_span(wr_span(&w), span_of(value, n));
	assert_int_equal(rig_hex(&r, "00C0000000"), SW_INS_NOT_SUPPORTED);
}

static void long_answers(void **state)
{
	static const size_t octets[] = { 1, 255, 256, 257, 510, 511, 512, 513, 767, 768, 769,
		1024 };

	(void)state;
	for (size_t i = 0; i < sizeof(octets) / sizeof(octets[0]); i++)
		in_parts(octets[i]);
}

/* Only GET RESPONSE as it should be, on the same channel, gets the rest. */
static void rest_is_given_up(void **state)
{
	static const char *const other[] = { "00C000000101", "04C0000000", "01C0000000",
		"80CA010100" };
	uint8_t value[600] = { 0 };

	(void)state;
	object(app_aid, 0x0101, SPAN(value));
	assert_int_equal(rig_hex(&r, "0070000100"), SW_OK);
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		select_app();
		assert_int_equal(rig_hex(&r, "80CA010100"), 0x6100);
		rig_hex(&r, other[i]);
		assert_int_equal(rig_hex(&r, "00C0000000"),
		    i == 3 ? 0x6100 | (600 - 512) : SW_INS_NOT_SUPPORTED);
	}
	/* An extended command takes it whole. */
	select_app();
	assert_int_equal(rig_hex(&r, "80CA0101000000"), SW_OK);
	assert_int_equal(rig_answer(&r).n, 600);
}

static void get_data(void **state)
{
	(void)state;
	/* Of domains: with the tag, and by an interindustry class without it; no data in the
	 * command. */
	assert_int_equal(rig_hex(&r, "80CA004200"), SW_OK);
	assert_span(rig_answer(&r), unit_bytes("4203424242"));
	assert_int_equal(rig_hex(&r, "00CA004200"), SW_OK);
	assert_span(rig_answer(&r), unit_bytes("424242"));
	assert_int_equal(rig_hex(&r, "80CA0042010100"), SW_WRONG_LENGTH);
	assert_int_equal(rig_hex(&r, "80CA5F5000"), SW_REFERENCE_NOT_FOUND);
	object("A000000151000000", 0x5F50, unit_bytes("6162"));
	assert_int_equal(rig_hex(&r, "80CA5F5000"), SW_OK);
	assert_span(rig_answer(&r), unit_bytes("5F50026162"));
	assert_int_equal(rig_hex(&r, "80CA123400"), SW_REFERENCE_NOT_FOUND);
	/* Number and image number can be missing. */
	r.v->chip.iin_n = r.v->chip.cin_n = 0;
	assert_int_equal(rig_hex(&r, "80CA004200"), SW_REFERENCE_NOT_FOUND);
	assert_int_equal(rig_hex(&r, "80CA004500"), SW_REFERENCE_NOT_FOUND);
	/* Of applications: the value alone, no data in the command. */
	object(app_aid, 0x0101, unit_bytes("AA"));
	select_app();
	assert_int_equal(rig_hex(&r, "80CA010100"), SW_OK);
	assert_span(rig_answer(&r), unit_bytes("AA"));
	assert_int_equal(rig_hex(&r, "80CA0101010100"), SW_WRONG_LENGTH);
	assert_int_equal(rig_hex(&r, "80CA010200"), SW_REFERENCE_NOT_FOUND);
}

/* The counter: three octets in SCP03, and none where the challenge is random. */
static void get_sequence(void **state)
{
	(void)state;
	assert_int_equal(rig_hex(&r, "80CA00C100"), SW_OK);
	assert_int_equal(rig_answer(&r).n, 5);
	r.v->chip.i = 0x00;
	assert_int_equal(rig_hex(&r, "80CA00C100"), SW_REFERENCE_NOT_FOUND);
}

/* ---- records ---- */

static bool takes(bool (*get)(struct chip *c, struct rd *rd), const char *hex)
{
	struct rd rd = rd_of(unit_bytes(hex));

	return get(&r.v->chip, &rd);
}

static void object_records(void **state)
{
	struct chip *c = &r.v->chip;
	struct wr big = wr_grow(10000);
	struct rd rd;
	struct aid owner;
	struct span value;
	char hex[40];

	(void)state;
	assert_true(takes(object_get, "05A000000151 0101 AA"));
	assert_true(takes(object_get, "05A000000151 0102 BB"));
	assert_true(takes(object_get, "05A000000152 0101 CC"));
	assert_true(takes(object_get, "05A000000151 0101 DDEE")); /* in place of the first */
	assert_int_equal(c->objects_n, 3);
	assert_true(aid_from(&owner, unit_bytes("A000000151")));
	assert_true(chip_object(r.v, &owner, 0x0101, &value));
	assert_span(value, unit_bytes("DDEE"));
	assert_false(takes(object_get, "05A000000151 01"));
	assert_false(takes(object_get, "05A0000001"));
	/* The longest value, and one octet more. */
	wr_put(&big, unit_bytes("05A0000001510103"));
	assert_non_null(wr_space(&big, OBJECT_SIZE_MAX));
	rd = rd_of(wr_span(&big));
	assert_true(object_get(c, &rd));
	wr_u8(&big, 0);
	rd = rd_of(wr_span(&big));
	assert_false(object_get(c, &rd));
	wr_free(&big);
	/* As many as there is room for; those that are there can still be changed. */
	for (unsigned i = (unsigned)c->objects_n; i < CHIP_OBJECTS_MAX; i++) {
		snprintf(hex, sizeof(hex), "05A0000001532%03X00", i);
		assert_true(takes(object_get, hex));
	}
	assert_int_equal(c->objects_n, CHIP_OBJECTS_MAX);
	assert_false(takes(object_get, "05A000000154 0101 AA"));
	assert_true(takes(object_get, "05A000000152 0101 00"));
	keys_owner_gone(c, &owner);
	objects_owner_gone(c, &owner);
	assert_int_equal(c->objects_n, CHIP_OBJECTS_MAX - 3);
	assert_false(chip_object(r.v, &owner, 0x0101, &value));
	assert_true(aid_from(&owner, unit_bytes("A000000152")));
	assert_true(chip_object(r.v, &owner, 0x0101, &value));
	assert_span(value, unit_bytes("00"));
}

/* Keys of the domain go with it, and nothing of theirs stays behind them. */
static void keys_go_with_their_domain(void **state)
{
	static const struct card_keys zero;
	struct chip *c = &r.v->chip;
	struct aid owner;
	size_t n = c->keys_n;

	(void)state;
	assert_true(n >= 1 && n + 2 <= CHIP_KEYS_MAX);
	assert_true(aid_from(&owner, unit_bytes("A000000155")));
	c->keys[n] = c->keys[n + 1] = c->keys[0];
	c->keys[n].domain = owner;
	c->keys[n + 1].version = 0x77;
	c->keys_n = n + 2;
	keys_owner_gone(c, &owner);
	objects_owner_gone(c, &owner);
	assert_int_equal(c->keys_n, n + 1);
	assert_int_equal(c->keys[n].version, 0x77);
	assert_memory_equal(&c->keys[n + 1], &zero, sizeof(zero));
}

/* A point of P-256, with its record in front. */
static void public_record_of(char *hex, size_t cap, const char *domain, unsigned kid, unsigned kvn)
{
	snprintf(hex, cap,
	    "05%s %02X%02X %02X %02X "
	    "046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
	    "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5",
	    domain, kid, kvn, (unsigned)AUTHORITY_EC, (unsigned)EC_P256);
}

static void public_key_records(void **state)
{
	struct chip *c = &r.v->chip;
	char hex[400];
	size_t n = c->publics_n;

	(void)state;
	for (unsigned i = 1; n + i <= CHIP_PUBLICS_MAX; i++) {
		public_record_of(
		    hex, sizeof(hex), i % 2 != 0 ? "A000000151" : "A000000152", i, 0x73);
		assert_true(takes(public_get, hex));
		assert_int_equal(c->publics_n, n + i);
	}
	public_record_of(hex, sizeof(hex), "A000000151", 0x70, 0x73);
	assert_false(takes(public_get, hex));
	public_record_of(hex, sizeof(hex), "A000000151", 1, 0x73); /* known: written over */
	assert_true(takes(public_get, hex));
	assert_int_equal(c->publics_n, CHIP_PUBLICS_MAX);
	/* Cut short anywhere, of a kind or a curve that is none. */
	public_record_of(hex, sizeof(hex), "A000000151", 1, 0x73);
	for (size_t cut = strlen(hex) - 2; cut > 24; cut -= 2) {
		hex[cut] = '\0';
		assert_false(takes(public_get, hex));
	}
	assert_false(takes(public_get, "05A000000151 0173 7F 00 04"));
	/* Gone by domain, identifier and version; once more is no error. */
	for (int i = 0; i < 2; i++) {
		assert_true(takes(public_gone_get, "05A000000151 0173"));
		assert_int_equal(c->publics_n, CHIP_PUBLICS_MAX - 1);
	}
	assert_true(takes(public_gone_get, "05A000000152 0373"));
	assert_true(takes(public_gone_get, "05A000000151 0374"));
	assert_int_equal(c->publics_n, CHIP_PUBLICS_MAX - 1);
	assert_false(takes(public_gone_get, "05A000000151 03"));
	assert_false(takes(public_gone_get, "05A000000151"));
}

/* Who is selected on a new channel is one of the applications that are there, not what was removed.
 */
static void implicit_ends(void **state)
{
	struct card_content *all = &r.v->chip.content;

	(void)state;
	all->app[all->app_n] = all->app[0];
	all->app[all->app_n].privileges = PRIV_CARD_RESET;
	assert_int_equal(rig_hex(&r, "0070000100"), SW_OK);
	assert_false(r.v->channel[1].app);
	all->app_n++;
	assert_int_equal(rig_hex(&r, "0070000200"), SW_OK);
	assert_true(r.v->channel[2].app);
}

/* GPCS 11.7.3: only an additional channel that is open can be closed. */
static void close_channel(void **state)
{
	(void)state;
	assert_int_equal(rig_hex(&r, "0070000100"), SW_OK);
	assert_int_equal(rig_hex(&r, "0070400100"), SW_WRONG_P1P2);
	assert_int_equal(rig_hex(&r, "0070810100"), SW_WRONG_P1P2);
	assert_int_equal(rig_hex(&r, "0070800000"), SW_WRONG_P1P2);
	assert_int_equal(rig_hex(&r, "0070800100"), SW_OK);
	assert_int_equal(rig_hex(&r, "0070800100"), 0x6200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(select_parameters, up, down),
		cmocka_unit_test_setup_teardown(select_next, up, down),
		cmocka_unit_test_setup_teardown(long_answers, up, down),
		cmocka_unit_test_setup_teardown(rest_is_given_up, up, down),
		cmocka_unit_test_setup_teardown(implicit_ends, up, down),
		cmocka_unit_test_setup_teardown(close_channel, up, down),
		cmocka_unit_test_setup_teardown(get_data, up, down),
		cmocka_unit_test_setup_teardown(get_sequence, up, down),
		cmocka_unit_test_setup_teardown(object_records, up, down),
		cmocka_unit_test_setup_teardown(keys_go_with_their_domain, up, down),
		cmocka_unit_test_setup_teardown(public_key_records, up, down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
