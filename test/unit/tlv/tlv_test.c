/* BER-TLV: samples of real cards (tlv_samples.json), malformed input, writing. */
#include "unit.h"

#include "tlv/tlv.h"

/* Parses one TLV that must fill `hex`; writing it again must give the same octets. */
static void check_one(const char *hex, uint32_t tag, size_t length)
{
	struct span s = unit_bytes(hex);
	struct rd r = rd_of(s);
	struct wr w = wr_grow(100000);
	struct tlv t;

	assert_true(tlv_next(&r, &t));
	assert_int_equal(t.tag, tag);
	assert_int_equal(t.val.n, length);
	assert_int_equal(rd_left(&r), 0);
	assert_true(t.minimal);
	tlv_put(&w, t.tag, t.val);
	assert_true(wr_ok(&w));
	assert_span(wr_span(&w), s);
	wr_free(&w);
}

static void one_by_one(void **state)
{
	(void)state;
	check_one("4F00", 0x4F, 0);
	check_one("9F70020F01", 0x9F70, 2);
	check_one("FF2103810102", 0xFF21, 3);
	check_one("DF81020155", 0xDF8102, 1);
	check_one("5F37020000", 0x5F37, 2);
}

/* Tags have three octets at most; a number does not begin with 80. */
static void long_tags(void **state)
{
	static const char *const bad[] = { "DF81820100", "DF8182", "DF81FF00", "DF800100", "DF",
		"DF81" };
	struct tlv t;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct rd r = rd_of(unit_bytes(bad[i]));

		assert_false(tlv_next(&r, &t));
	}
	check_one("DF810000", 0xDF8100, 0);
}

/* The lengths around which the form changes. */
static void lengths(void **state)
{
	static const struct {
		size_t n;
		const char *head;
	} rows[] = { { 0, "C400" }, { 127, "C47F" }, { 128, "C48180" }, { 255, "C481FF" },
		{ 256, "C4820100" }, { 65535, "C482FFFF" }, { 65536, "C483010000" } };
	static uint8_t zeros[65536];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wr w = wr_grow(100000), nested = wr_grow(100000);
		struct span head = unit_bytes(rows[i].head);
		size_t mark = tlv_open(&nested, 0xC4);
		struct tlv t;
		struct rd r;

		tlv_put(&w, 0xC4, span_of(zeros, rows[i].n));
		assert_span(span_sub(wr_span(&w), 0, head.n), head);
		assert_int_equal(w.n, head.n + rows[i].n);
		wr_bytes(&nested, zeros, rows[i].n);
		tlv_close(&nested, mark);
		assert_span(wr_span(&nested), wr_span(&w));
		r = rd_of(wr_span(&w));
		assert_true(tlv_next(&r, &t) && t.minimal && t.val.n == rows[i].n);
		wr_free(&w);
		wr_free(&nested);
	}
}

static void malformed(void **state)
{
	static const char *const bad[] = {
		"",                 /* nothing */
		"4F",               /* no length */
		"4F01",             /* value missing */
		"4F06A000000151",   /* one octet short by its length field */
		"9F",               /* tag goes on */
		"9F800000",         /* number starts with 80 */
		"9F81828300",       /* tag of four octets */
		"4F80A00000",       /* indefinite length */
		"4F850000000001AA", /* five length octets */
		"4F81",             /* length octet missing */
		"4F82FF",           /* the same */
		"4F84FFFFFFFF",     /* four gigabytes that are not there */
		"4FFF",             /* reserved length */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct span s = unit_bytes(bad[i]);
		struct rd r = rd_of(s);
		struct tlv t = { .tag = 0xDEAD };

		assert_false(tlv_next(&r, &t));
		assert_int_equal(t.tag, 0xDEAD);
		assert_ptr_equal(r.s.p, s.p);
		assert_int_equal(rd_left(&r), s.n);
	}
}

/* Lengths in all their forms are read; only the shortest one is canonical. */
static void minimal(void **state)
{
	static const struct {
		const char *head;
		size_t n;
		bool minimal;
	} rows[] = { { "0400", 0, true }, { "048100", 0, false }, { "04817F", 127, false },
		{ "048180", 128, true }, { "0482007F", 127, false }, { "048200FF", 255, false },
		{ "04820100", 256, true }, { "0483000100", 256, false },
		{ "0483010000", 65536, true }, { "048400000100", 256, false },
		{ "04840000FFFF", 65535, false } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wr w = wr_grow(100000);
		struct tlv t;
		struct rd r;

		wr_put(&w, unit_bytes(rows[i].head));
		wr_fill(&w, 0x55, rows[i].n);
		r = rd_of(wr_span(&w));
		assert_true(tlv_next(&r, &t));
		assert_int_equal(t.val.n, rows[i].n);
		assert_int_equal(t.minimal, rows[i].minimal);
		assert_int_equal(tlv_canonical(wr_span(&w)), rows[i].minimal);
		wr_free(&w);
	}
}

static void finding(void **state)
{
	struct span s = unit_bytes("4F05A0000001519F700107C5039EFE804F0100");
	struct span val = { 0 };
	struct rd r = rd_of(s);
	uint8_t two[2], three[3];

	(void)state;
	assert_true(tlv_find(s, 0xC5, &val));
	assert_span(val, unit_bytes("9EFE80"));
	assert_true(tlv_find(s, 0x4F, &val)); /* the first */
	assert_int_equal(val.n, 5);
	assert_false(tlv_find(s, 0x84, &val));
	assert_false(tlv_find(unit_bytes("4F05A0C50100"), 0xC5, &val)); /* malformed before it */
	assert_false(tlv_expect(&r, 0x9F70, &val));
	assert_true(tlv_expect(&r, 0x4F, &val));
	assert_false(tlv_expect_n(&r, 0x9F70, two, 2));
	assert_true(tlv_expect_n(&r, 0x9F70, two, 1));
	assert_int_equal(two[0], 0x07);
	assert_true(tlv_expect_n(&r, 0xC5, three, 3));
	assert_int_equal(rd_left(&r), 3);
}

static void canonical_depth(void **state)
{
	(void)state;
	assert_true(tlv_canonical(unit_bytes("")));
	assert_true(tlv_canonical(unit_bytes("E304E1024F00")));
	assert_false(tlv_canonical(unit_bytes("E305E103 4F8100")));
	assert_false(tlv_canonical(unit_bytes("E304E1034F00")));
	assert_false(tlv_canonical(unit_bytes("4F0055")));
	/* C-APDUs and R-APDUs are not looked into, whatever they look like. */
	assert_true(tlv_canonical(unit_bytes("AA0722 05 845A000100 4F00")));
	assert_true(tlv_canonical(unit_bytes("AB0423 02 9000")));
	/* Eight levels, nine levels. */
	assert_true(tlv_canonical(unit_bytes("E10EE10CE10AE108E106E104E102 4F00")));
	assert_false(tlv_canonical(unit_bytes("E110E10EE10CE10AE108E106E104E102 4F00")));
}

static void writing(void **state)
{
	uint8_t b[20];
	struct wr w = wr_fixed(b, sizeof(b));
	size_t outer = tlv_open(&w, 0xFF71), inner = tlv_open(&w, 0xA0);

	(void)state;
	tlv_put_u8(&w, 0x8C, 0);
	tlv_put_u32(&w, 0x86, 0x00010002);
	tlv_close(&w, inner);
	tlv_close(&w, outer);
	assert_true(wr_ok(&w));
	assert_span(wr_span(&w), unit_bytes("FF710BA0098C0100860400010002"));
	w = wr_fixed(b, 3);
	tlv_close(&w, tlv_open(&w, 0x4F));
	assert_true(wr_ok(&w));
	outer = tlv_open(&w, 0x4F);
	tlv_close(&w, outer); /* no room for the length */
	assert_false(wr_ok(&w));
	w = wr_fixed(b, sizeof(b));
	tlv_put(&w, 0x1000000, span_of(NULL, 0)); /* tag of four octets */
	assert_false(wr_ok(&w));
}

/* Whatever real cards say is one canonical TLV, or a row of them, and survives writing. */
static void samples(void **state)
{
	json_t *j = unit_json("test/vectors/tlv_samples.json"), *v;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(j, "vectors"), i, v)
	{
		const char *kind = unit_str(v, "kind");
		struct span s = unit_hex(v, "data");
		struct wr w = wr_grow(1000);
		struct rd r = rd_of(s);
		struct tlv t;

		if (strcmp(kind, "uicc_install_params_ca") == 0)
			continue; /* not a TLV */
		while (rd_left(&r) > 0) {
			assert_true(tlv_next(&r, &t));
			tlv_put(&w, t.tag, t.val);
		}
		assert_true(wr_ok(&w));
		assert_span(wr_span(&w), s);
		/* Cut anywhere inside the first one: refused. */
		r = rd_of(s);
		assert_true(tlv_next(&r, &t));
		for (size_t n = 0; n < s.n - rd_left(&r); n++) {
			struct rd cut = rd_of(span_sub(s, 0, n));

			assert_false(tlv_next(&cut, &t));
		}
		wr_free(&w);
	}
	json_decref(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_by_one),
		cmocka_unit_test(long_tags),
		cmocka_unit_test(lengths),
		cmocka_unit_test(malformed),
		cmocka_unit_test(minimal),
		cmocka_unit_test(finding),
		cmocka_unit_test(canonical_depth),
		cmocka_unit_test(writing),
		cmocka_unit_test(samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
