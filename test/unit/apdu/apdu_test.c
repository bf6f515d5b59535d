/* Command and response APDUs (ISO 7816-3 12.1.3), class bytes (GPCS 11.1.4), status words. */
#include "unit.h"

#include "apdu/apdu.h"
#include "apdu/sw.h"

static const struct {
	const char *hex;
	size_t data_n;
	uint32_t le;
	bool extended;
} cases[] = {
	{ "80F22002", 0, LE_NONE, false },              /* 1 */
	{ "80CA006600", 0, 256, false },                /* 2S, Le 00 */
	{ "80CA006601", 0, 1, false },                  /* 2S */
	{ "80CA0066FF", 0, 255, false },                /* 2S */
	{ "80E2000003AABBCC", 3, LE_NONE, false },      /* 3S */
	{ "80E2000003AABBCC00", 3, 256, false },        /* 4S */
	{ "80E2000003AABBCC10", 3, 16, false },         /* 4S */
	{ "80CA0066000000", 0, 65536, true },           /* 2E, Le 0000 */
	{ "80CA0066000001", 0, 1, true },               /* 2E */
	{ "80CA006600FFFF", 0, 65535, true },           /* 2E */
	{ "80E20000000003AABBCC", 3, LE_NONE, true },   /* 3E */
	{ "80E20000000003AABBCC0000", 3, 65536, true }, /* 4E */
	{ "80E20000000003AABBCC0100", 3, 256, true },   /* 4E */
};

static void all_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct span s = unit_bytes(cases[i].hex);
		struct wr w = wr_grow(APDU_MAX_COMMAND);
		struct capdu c;

		assert_true(capdu_get(s, &c));
		assert_int_equal(c.cla, 0x80);
		assert_int_equal(c.ins, s.p[1]);
		assert_int_equal(c.p1, s.p[2]);
		assert_int_equal(c.p2, s.p[3]);
		assert_int_equal(c.data.n, cases[i].data_n);
		assert_int_equal(c.le, cases[i].le);
		assert_int_equal(c.extended, cases[i].extended);
		if (c.data.n > 0)
			assert_span(c.data, unit_bytes("AABBCC"));
		capdu_put(&w, &c);
		assert_true(wr_ok(&w));
		assert_span(wr_span(&w), s);
		wr_free(&w);
	}
}

static void no_case(void **state)
{
	static const char *const bad[] = {
		"", "80", "80CA00", "80E2000003AABB", /* shorter than Lc says */
		"80E2000003AABBCC0000",               /* longer than Lc and Le say */
		"80CA00660000",                       /* half an extended length */
		"80E200000000000000",                 /* extended Lc 0000, then Le */
		"80E20000000000AA",                   /* extended Lc 0000 with data */
		"80E20000000003AABB",                 /* shorter than the extended Lc says */
		"80E20000000003AABBCC00",             /* one octet of an extended Le */
		"80E20000000003AABBCC000000"          /* three octets of it */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct capdu c = { .ins = 0x55 };

		assert_false(capdu_get(unit_bytes(bad[i]), &c));
		assert_int_equal(c.ins, 0x55);
	}
}

/* Limits of the two forms. */
static void sizes(void **state)
{
	static uint8_t data[65536];
	static const struct {
		size_t n;
		uint32_t le;
		bool extended, ok;
		size_t total;
	} rows[] = {
		{ 255, LE_NONE, false, true, 260 },
		{ 255, 256, false, true, 261 },
		{ 256, LE_NONE, false, false, 0 },
		{ 0, 257, false, false, 0 },
		{ 0, LE_NONE, true, true, 4 },
		{ 255, LE_NONE, true, true, 262 },
		{ 256, 256, true, true, 265 },
		{ 65535, 65536, true, true, APDU_MAX_COMMAND },
		{ 65536, LE_NONE, true, false, 0 },
		{ 1, 65537, true, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct capdu c = { 0x80, 0xE2, 0, 0, span_of(data, rows[i].n), rows[i].le,
			rows[i].extended };
		struct wr w = wr_grow(APDU_MAX_COMMAND + 10);
		struct capdu back;

		capdu_put(&w, &c);
		assert_int_equal(wr_ok(&w), rows[i].ok);
		if (rows[i].ok) {
			assert_int_equal(w.n, rows[i].total);
			assert_true(capdu_get(wr_span(&w), &back));
			assert_int_equal(back.data.n, rows[i].n);
			assert_int_equal(back.le, rows[i].le);
		}
		wr_free(&w);
	}
}

static void responses(void **state)
{
	uint8_t b[8];
	struct wr w = wr_fixed(b, sizeof(b));
	struct rapdu r = { .sw = 0x1234 };

	(void)state;
	assert_false(rapdu_get(unit_bytes(""), &r));
	assert_false(rapdu_get(unit_bytes("90"), &r));
	assert_int_equal(r.sw, 0x1234);
	assert_true(rapdu_get(unit_bytes("9000"), &r));
	assert_int_equal(r.data.n, 0);
	assert_true(rapdu_get(unit_bytes("AABB6310"), &r));
	assert_int_equal(r.sw, SW_MORE_DATA);
	assert_span(r.data, unit_bytes("AABB"));
	rapdu_put(&w, &r);
	assert_span(wr_span(&w), unit_bytes("AABB6310"));
}

static void classes(void **state)
{
	static const struct {
		uint8_t cla, channel, with_sm, without_sm, mac;
		bool sm, valid;
	} rows[] = {
		{ 0x00, 0, 0x04, 0x00, 0x04, false, true },
		{ 0x03, 3, 0x07, 0x03, 0x04, false, true },
		{ 0x80, 0, 0x84, 0x80, 0x84, false, true },
		{ 0x82, 2, 0x86, 0x82, 0x84, false, true },
		{ 0x84, 0, 0x84, 0x80, 0x84, true, true },
		{ 0x87, 3, 0x87, 0x83, 0x84, true, true },
		{ 0x04, 0, 0x04, 0x00, 0x04, true, true },
		{ 0x40, 4, 0x60, 0x40, 0x04, false, true },
		{ 0x4F, 19, 0x6F, 0x4F, 0x04, false, true },
		{ 0xC0, 4, 0xE0, 0xC0, 0x84, false, true },
		{ 0xE5, 9, 0xE5, 0xC5, 0x84, true, true },
		{ 0x6F, 19, 0x6F, 0x4F, 0x04, true, true },
		{ 0x8C, 0, 0x8C, 0x80, 0x84, false, true }, /* SM of ISO 7816-4, not ours */
	};
	static const uint8_t invalid[] = { 0x08, 0x10, 0x20, 0x30, 0x50, 0x70, 0x88, 0x90, 0x94,
		0xA0, 0xB0, 0xD0, 0xF0, 0xFF };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(cla_channel(rows[i].cla), rows[i].channel);
		assert_int_equal(cla_is_sm(rows[i].cla), rows[i].sm);
		assert_int_equal(cla_valid(rows[i].cla), rows[i].valid);
		assert_int_equal(cla_add_sm(rows[i].cla), rows[i].with_sm);
		assert_int_equal(cla_drop_sm(rows[i].cla), rows[i].without_sm);
		assert_int_equal(cla_mac_form(rows[i].cla), rows[i].mac);
	}
	for (size_t i = 0; i < sizeof(invalid); i++)
		assert_false(cla_valid(invalid[i]));
}

static void channels(void **state)
{
	static const uint8_t bases[] = { 0x00, 0x80, 0x04, 0x84 };

	(void)state;
	for (size_t b = 0; b < sizeof(bases); b++)
		for (uint8_t channel = 0; channel < 20; channel++) {
			uint8_t cla = cla_with_channel(bases[b], channel);

			assert_int_equal(cla_channel(cla), channel);
			assert_int_equal(cla_is_sm(cla), cla_is_sm(bases[b]));
			assert_int_equal(cla & 0x80, bases[b] & 0x80);
			assert_true(cla_valid(cla));
			assert_int_equal(cla_with_channel(cla, 0), bases[b]);
		}
	assert_int_equal(cla_with_channel(0x84, 4), 0xE0);
	assert_int_equal(cla_with_channel(0x80, 19), 0xCF);
	assert_int_equal(cla_with_channel(0xE0, 1), 0x85);
}

static void status_words(void **state)
{
	struct err e;

	(void)state;
	assert_string_equal(sw_text(0x6985), "conditions not satisfied");
	assert_string_equal(sw_text(0x6110), "more data to fetch");
	assert_string_equal(sw_text(0x6283), "card is locked");
	assert_string_equal(sw_text(0x6299), "warning");
	assert_string_equal(sw_text(0x63C2), "wrong, tries left as the last digit says");
	assert_string_equal(sw_text(0x1234), "unknown status");
	assert_true(sw_is_success_or_warning(0x9000));
	assert_true(sw_is_success_or_warning(0x6283));
	assert_true(sw_is_success_or_warning(0x6310));
	assert_false(sw_is_success_or_warning(0x6100));
	assert_false(sw_is_success_or_warning(0x6982));
	assert_false(sw_is_success_or_warning(0x9001));
	assert_int_equal(err_sw(&e, ERR_CARD, 0x6985, "block %d", 12), -1);
	assert_int_equal(e.code, ERR_CARD);
	assert_int_equal(e.sw, 0x6985);
	assert_string_equal(e.text, "block 12: 6985 conditions not satisfied");
	assert_string_equal(e.hint, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_cases),
		cmocka_unit_test(no_case),
		cmocka_unit_test(sizes),
		cmocka_unit_test(responses),
		cmocka_unit_test(classes),
		cmocka_unit_test(channels),
		cmocka_unit_test(status_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
