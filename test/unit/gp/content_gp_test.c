/*
 * What the wire forms of content management are: INSTALL, DELETE, load files, data groups,
 * privileges, GET STATUS. Published values first, then every form there and back, and nothing
 * that is cut or too long is taken.
 */
#include "unit.h"

#include "gp/delete.h"
#include "gp/dgi.h"
#include "gp/install.h"
#include "gp/load_file.h"
#include "gp/privilege.h"
#include "gp/status.h"
#include "tlv/tlv.h"

static struct aid aid(const char *hex)
{
	struct aid a = { 0 };

	assert_true(aid_from(&a, unit_bytes(hex)));
	return a;
}

static void assert_aid(const struct aid *a, const char *hex)
{
	assert_span(aid_span(a), unit_bytes(hex));
}

/* ---- published values ---- */

static const json_t *vector_of(const json_t *file, const char *kind)
{
	size_t i;
	json_t *v;

	json_array_foreach(json_object_get(file, "vectors"), i, v)
	{
		if (strcmp(unit_str(v, "kind"), kind) == 0)
			return v;
	}
	fail_msg("no vector %s", kind);
	return NULL;
}

static void published_tokens(void **state)
{
	json_t *file = unit_json("test/vectors/content_management.json");
	const json_t *v = vector_of(file, "load_token");
	struct install load = { .load_file = aid(unit_str(v, "load_file_aid")),
		.domain = aid(unit_str(v, "sd_aid")),
		.hash = unit_hex(v, "lfdbh") };
	struct install away = { 0 }, got;
	uint8_t room[300];
	struct wr w = wr_fixed(room, sizeof(room));

	(void)state;
	install_token_input(&w, INSTALL_FOR_LOAD, 0, &load);
	assert_span(wr_span(&w), unit_hex(v, "token_input"));
	/* The whole command has the token behind the same octets. */
	wr_reset(&w);
	load.token = unit_hex(v, "token");
	install_put(&w, INSTALL_FOR_LOAD, 0, &load);
	assert_true(wr_ok(&w));
	assert_span(span_sub(wr_span(&w), 0, 0x31), span_sub(unit_hex(v, "token_input"), 3, 0x31));
	assert_true(install_get(INSTALL_FOR_LOAD, 0, wr_span(&w), &got));
	assert_span(got.token, load.token);
	assert_span(got.hash, load.hash);

	v = vector_of(file, "extradition_token_input");
	away.domain = aid(unit_str(v, "sd_aid"));
	away.app = aid(unit_str(v, "app_aid"));
	wr_reset(&w);
	install_token_input(&w, INSTALL_FOR_EXTRADITION, 0, &away);
	assert_span(wr_span(&w), unit_hex(v, "token_input"));
	json_decref(file);
}

/* The published one names two objects, which GPCS 11.2.2 does not know: the form of the token is
 * seen on the first, the command is refused. */
static void published_delete(void **state)
{
	json_t *file = unit_json("test/vectors/content_management.json");
	const json_t *v = vector_of(file, "delete_token_input");
	struct span two = unit_hex(v, "token_input");
	const char *first = json_string_value(json_array_get(json_object_get(v, "aids"), 0));
	struct delete_object d = { .aid = aid(first) };
	struct delete_keys k;
	uint8_t room[64];
	struct wr w = wr_fixed(room, sizeof(room));
	bool keys;

	(void)state;
	delete_token_input(&w, DELETE_RELATED, &d);
	assert_true(wr_ok(&w));
	assert_int_equal(room[0], 0x00);
	assert_int_equal(room[1], 0x80);
	assert_int_equal(room[2], 2 + d.aid.n);
	assert_span(span_sub(wr_span(&w), 3, SIZE_MAX), span_sub(two, 3, 2 + d.aid.n));
	assert_true(delete_get(span_sub(two, 3, 2 + d.aid.n), &d, &k, &keys));
	assert_false(delete_get(span_sub(two, 3, SIZE_MAX), &d, &k, &keys));
	json_decref(file);
}

static void published_groups(void **state)
{
	json_t *file = unit_json("test/vectors/content_management.json");
	size_t i, seen = 0;
	json_t *v;

	(void)state;
	json_array_foreach(json_object_get(file, "vectors"), i, v)
	{
		uint8_t room[300];
		struct wr w = wr_fixed(room, sizeof(room));
		struct rd r;
		struct dgi d;

		if (strcmp(unit_str(v, "kind"), "store_data_dgi_keys") != 0)
			continue;
		r = rd_of(unit_hex(v, "data"));
		assert_true(dgi_sound(r.s));
		for (size_t n = 0; dgi_next(&r, &d); n++) {
			assert_int_equal(d.id, n == 0 ? 0x00B9 : 0x8113);
			dgi_put(&w, d.id, d.value);
		}
		assert_span(wr_span(&w), unit_hex(v, "data"));
		seen++;
	}
	assert_int_equal(seen, 4);
	json_decref(file);
}

/* ---- INSTALL ---- */

static const struct {
	uint8_t p1, p2;
	const char *data, *load_file, *module, *app, *domain, *params, *token;
	uint32_t privileges;
	uint8_t privileges_n;
} forms[] = {
	/* a load with its minimum of memory, and an installation: as recorded with GPShell */
	{ INSTALL_FOR_LOAD, 0, "07D0D1D2D3D4D50108A0000001510000000006EF04C60205E800",
	    "D0D1D2D3D4D501", "", "", "A000000151000000", "EF04C60205E8", "", 0, 0 },
	{ INSTALL_AND_SELECTABLE, 0,
	    "09A000000308000010000BA0000003080000100001000BA000000308000010000100010002C90000",
	    "A00000030800001000", "A000000308000010000100", "A000000308000010000100", "", "C900",
	    "", 0, 1 },
	/* nothing but the load file: the domain of the session */
	{ INSTALL_FOR_LOAD, 0, "05010203040500000000", "0102030405", "", "", "", "", "", 0, 0 },
	{ INSTALL_FOR_INSTALL, 0,
	    "0501020304050601020304050605010203040703800000"
	    "02C90000",
	    "0102030405", "010203040506", "0102030407", "", "C900", "", PRIV_SECURITY_DOMAIN, 3 },
	/* the module of a card's own: no load file is named */
	{ INSTALL_FOR_INSTALL, 0, "000005010203040701040002AABB", "", "", "0102030407", "", "",
	    "AABB", PRIV_CARD_RESET, 1 },
	{ INSTALL_FOR_SELECTABLE, 0, "0000050102030407010004EF02CF0000", "", "", "0102030407", "",
	    "EF02CF00", "", 0, 1 },
	{ INSTALL_ALL, INSTALL_FIRST, "05010203040500000000", "0102030405", "", "", "", "", "", 0,
	    0 },
	{ INSTALL_ALL, INSTALL_LAST, "0501020304050601020304050605010203040701000000", "0102030405",
	    "010203040506", "0102030407", "", "", "", 0, 1 },
	{ INSTALL_FOR_EXTRADITION, 0, "05020304050600050102030407000000", "", "", "0102030407",
	    "0203040506", "", "", 0, 0 },
	{ INSTALL_FOR_REGISTRY, 0, "00000501020304070302400003EF01D900", "", "", "0102030407", "",
	    "EF01D9", "", PRIV_CVM_MANAGEMENT | PRIV_AUTHORIZED_MANAGEMENT, 3 },
	{ INSTALL_FOR_REGISTRY, 0, "000000000000", "", "", "", "", "", "", 0, 0 },
	{ INSTALL_FOR_REGISTRY, 0, "0502030405060000000000", "", "", "", "0203040506", "", "", 0,
	    0 },
	{ INSTALL_FOR_PERSONALIZATION, 0, "0000050102030407000000", "", "", "0102030407", "", "",
	    "", 0, 0 },
};
enum { FORMS = sizeof(forms) / sizeof(forms[0]) };

static void install_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < FORMS; i++) {
		uint8_t room[300];
		struct wr w = wr_fixed(room, sizeof(room));
		struct install got;

		if (!install_get(forms[i].p1, forms[i].p2, unit_bytes(forms[i].data), &got))
			fail_msg("form %zu is not taken: %s", i, forms[i].data);
		assert_aid(&got.load_file, forms[i].load_file);
		assert_aid(&got.module, forms[i].module);
		assert_aid(&got.app, forms[i].app);
		assert_aid(&got.domain, forms[i].domain);
		assert_span(got.params, unit_bytes(forms[i].params));
		assert_span(got.token, unit_bytes(forms[i].token));
		assert_int_equal(got.hash.n, 0);
		assert_int_equal(got.privileges, forms[i].privileges);
		assert_int_equal(got.privileges_n, forms[i].privileges_n);
		install_put(&w, forms[i].p1, forms[i].p2, &got);
		assert_true(wr_ok(&w));
		assert_span(wr_span(&w), unit_bytes(forms[i].data));
	}
}

/* Cut anywhere, or with an octet more, none is taken, and what was there stays. */
static void install_malformed(void **state)
{
	static const struct {
		uint8_t p1;
		const char *data;
	} bad[] = {
		{ INSTALL_FOR_LOAD, "0000000000" },         /* no load file */
		{ INSTALL_FOR_LOAD, "040102030400000000" }, /* an AID of four octets */
		{ INSTALL_FOR_INSTALL, "000000010000"
				       "00" }, /* no application */
		{ INSTALL_FOR_INSTALL, "0000050102030407020000"
				       "0000" }, /* two octets of privileges */
		{ INSTALL_FOR_INSTALL, "00000501020304070400000000"
				       "0000" }, /* four */
		{ INSTALL_FOR_SELECTABLE, "0101000501020304070100"
					  "0000" }, /* a first field */
		{ INSTALL_FOR_EXTRADITION, "00000501020304070000"
					   "00" }, /* no domain */
		{ INSTALL_FOR_EXTRADITION, "050203040506000000"
					   "0000" },                         /* nothing to move */
		{ INSTALL_FOR_PERSONALIZATION, "000005010203040701000000" }, /* privileges */
		{ INSTALL_FOR_LOAD, "050102030405000083000000"
				    "00" }, /* lengths of three octets */
		{ INSTALL_FOR_LOAD, "050102030405000080"
				    "00" }, /* 128 octets, not indefinite */
	};
	struct install was = { .privileges = 7 };

	(void)state;
	for (size_t i = 0; i < FORMS; i++) {
		struct span s = unit_bytes(forms[i].data);
		uint8_t more[300] = { 0 };
		struct install got = was;

		for (size_t n = 0; n < s.n; n++)
			assert_false(
			    install_get(forms[i].p1, forms[i].p2, span_sub(s, 0, n), &got));
		memcpy(more, s.p, s.n);
		assert_false(install_get(forms[i].p1, forms[i].p2, span_of(more, s.n + 1), &got));
		assert_memory_equal(&got, &was, sizeof(was));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct install got;

		if (install_get(bad[i].p1, 0, unit_bytes(bad[i].data), &got))
			fail_msg("taken: %s", bad[i].data);
	}
}

static void install_of_no_kind(void **state)
{
	static const uint8_t none[] = { 0x00, 0x01, 0x03, 0x06, 0x14, 0x80, 0x82, 0xFF };
	struct install i = { .load_file = aid("0102030405") };
	uint8_t room[64];

	(void)state;
	for (size_t n = 0; n < sizeof(none); n++) {
		struct wr w = wr_fixed(room, sizeof(room));
		struct wr t = wr_fixed(room, sizeof(room));
		struct install got;

		assert_false(install_get(none[n], 0, unit_bytes("05010203040500000000"), &got));
		install_put(&w, none[n], 0, &i);
		assert_false(wr_ok(&w));
		install_token_input(&t, none[n], 0, &i);
		assert_false(wr_ok(&t));
	}
}

/* Lengths of parameters and token in BER; one octet 80 to FE as old hosts write it. */
static void install_long(void **state)
{
	static const size_t lengths[] = { 0, 1, 127, 128, 255, 256, 1000, 0xFFFF };
	static uint8_t much[0x10000], room[0x20100];
	struct install i = { .load_file = aid("0102030405") }, got;
	struct wr w;

	(void)state;
	for (size_t n = 0; n < sizeof(lengths) / sizeof(lengths[0]); n++) {
		w = wr_fixed(room, sizeof(room));
		i.params = span_of(much, lengths[n]);
		i.token = span_of(much, lengths[7 - n]);
		install_put(&w, INSTALL_FOR_LOAD, 0, &i);
		assert_true(wr_ok(&w));
		assert_true(install_get(INSTALL_FOR_LOAD, 0, wr_span(&w), &got));
		assert_int_equal(got.params.n, lengths[n]);
		assert_int_equal(got.token.n, lengths[7 - n]);
	}
	w = wr_fixed(room, sizeof(room));
	i.params = span_of(much, sizeof(much));
	install_put(&w, INSTALL_FOR_LOAD, 0, &i);
	assert_false(wr_ok(&w));

	w = wr_fixed(room, sizeof(room));
	wr_put(&w, unit_bytes("0501020304050000"
			      "80"));
	wr_fill(&w, 0xAB, 128);
	wr_u8(&w, 0x00);
	assert_true(install_get(INSTALL_FOR_LOAD, 0, wr_span(&w), &got));
	assert_int_equal(got.params.n, 128);
}

/* Above 255 octets of data the length that a token covers has three (GPCS C.4.1). */
static void token_of_long_data(void **state)
{
	static uint8_t much[300], room[400];
	struct install i = { .load_file = aid("0102030405"), .params = SPAN(much) };
	struct wr w = wr_fixed(room, sizeof(room));

	(void)state;
	install_token_input(&w, INSTALL_FOR_LOAD, 0, &i);
	assert_true(wr_ok(&w));
	assert_span(span_sub(wr_span(&w), 0, 5), unit_bytes("0200000137"));
	assert_int_equal(w.n, 5 + 0x137);
}

/* ---- parameters ---- */

static void params_all(void **state)
{
	struct install_params p = { .has_app = true,
		.app = unit_bytes("0102"),
		.has_code = true,
		.code = 0x7FFF,
		.has_volatile = true,
		.volatile_ = 0x8000,
		.has_data = true,
		.data = 0,
		.has_reserved_volatile = true,
		.reserved_volatile = 1,
		.has_reserved_data = true,
		.reserved_data = 0xFFFFFFFF,
		.implicit = unit_bytes("80"),
		.restrict_ = unit_bytes("41"),
		.service = unit_bytes("8101"),
		.toolkit = unit_bytes("800101"),
		.control = unit_bytes("93010A"),
		.format = unit_bytes("01"),
		.lfdb = unit_bytes("02"),
		.simulation = unit_bytes("0100") };
	struct install_params got;
	uint8_t room[200], second[200];
	struct wr w = wr_fixed(room, sizeof(room)), again = wr_fixed(second, sizeof(second));

	(void)state;
	install_params_put(&w, &p);
	assert_true(wr_ok(&w));
	assert_span(wr_span(&w), unit_bytes("C9020102"
					    "EF2C"
					    "CA020100"
					    "C6027FFF"
					    "C70400008000"
					    "C8020000"
					    "CB028101"
					    "CD0101"
					    "CF0180"
					    "D7020001"
					    "D804FFFFFFFF"
					    "D90141"
					    "DD0102"
					    "EA03800101"
					    "B60393010A"));
	assert_true(install_params_get(wr_span(&w), &got));
	assert_int_equal(got.code, p.code);
	assert_int_equal(got.volatile_, p.volatile_);
	assert_true(got.has_data && got.data == 0);
	assert_int_equal(got.reserved_volatile, 1);
	assert_int_equal(got.reserved_data, 0xFFFFFFFF);
	assert_span(got.implicit, unit_bytes("80"));
	assert_span(got.restrict_, unit_bytes("41"));
	assert_span(got.service, unit_bytes("8101"));
	assert_span(got.control, unit_bytes("93010A"));
	install_params_put(&again, &got);
	assert_span(wr_span(&again), wr_span(&w));
}

static void params_lenient(void **state)
{
	struct install_params p;

	(void)state;
	assert_true(install_params_get(unit_bytes(""), &p));
	assert_false(p.has_app);
	/* EF in front, as some cards want it; unknown tags; several CF */
	assert_true(install_params_get(unit_bytes("EF0AC60205E8CF0180CF0141C9021234"
						  "9F7F00"),
	    &p));
	assert_int_equal(p.code, 0x05E8);
	assert_span(p.implicit, unit_bytes("80"));
	assert_span(p.app, unit_bytes("1234"));
	assert_true(install_params_get(unit_bytes("C900"), &p));
	assert_true(p.has_app && p.app.n == 0);
}

static void params_malformed(void **state)
{
	static const char *const bad[] = { "C9", "C905", "C901", "EF", "EF02C601", "EF03C60105",
		"EF05C603000001", "EF0BC7050000000001C8020001", "EF04D7020001C9", "EF03D80100",
		"C9820001" };
	struct install_params p = { .code = 7 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (install_params_get(unit_bytes(bad[i]), &p))
			fail_msg("taken: %s", bad[i]);
	assert_int_equal(p.code, 7);
}

/* Nothing to say: no empty EF. */
static void params_none(void **state)
{
	struct install_params p = { .has_app = false };
	uint8_t room[8];
	struct wr w = wr_fixed(room, sizeof(room));

	(void)state;
	install_params_put(&w, &p);
	assert_int_equal(w.n, 0);
	p.has_app = true;
	install_params_put(&w, &p);
	assert_span(wr_span(&w), unit_bytes("C900"));
}

/* ---- DELETE ---- */

static void delete_forms(void **state)
{
	static const struct {
		const char *data;
		bool keys;
		int kid, kvn;
		const char *aid, *control, *token;
	} good[] = {
		{ "4F050102030405", false, -1, -1, "0102030405", "", "" },
		{ "4F050102030405B60342010A9E02AABB", false, -1, -1, "0102030405", "42010A",
		    "AABB" },
		{ "4F0501020304059E02AABB", false, -1, -1, "0102030405", "", "AABB" },
		{ "D00101D20130", true, 1, 0x30, "", "", "" },
		{ "D20130", true, -1, 0x30, "", "", "" },
		{ "D00103", true, 3, -1, "", "", "" },
	};
	static const char *const bad[] = { "", "4F", "4F00", "4F0401020304",
		"4F1101020304050607080910111213141516AA", "4F0501020304054F0501020304AA",
		"4F050102030405D20130", "D2", "D200", "D2020130", "D20130D20131", "D00101D00101",
		"D20130B600D20130", "D201309E01AA", "D20130B60142", "B60342010A", "9E02AABB",
		"4F050102030405AA00", "4F0501020304059E05AABB" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		uint8_t room[64];
		struct wr w = wr_fixed(room, sizeof(room));
		struct delete_object d;
		struct delete_keys k;
		bool keys;

		assert_true(delete_get(unit_bytes(good[i].data), &d, &k, &keys));
		assert_int_equal(keys, good[i].keys);
		assert_int_equal(k.kid, good[i].kid);
		assert_int_equal(k.kvn, good[i].kvn);
		assert_aid(&d.aid, good[i].aid);
		assert_span(d.control, unit_bytes(good[i].control));
		assert_span(d.token, unit_bytes(good[i].token));
		if (keys)
			delete_keys_put(&w, &k);
		else
			delete_object_put(&w, &d);
		assert_span(wr_span(&w), unit_bytes(good[i].data));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct delete_object d;
		struct delete_keys k;
		bool keys;

		if (delete_get(unit_bytes(bad[i]), &d, &k, &keys))
			fail_msg("taken: %s", bad[i]);
	}
}

/* ---- data groups ---- */

static void groups(void **state)
{
	static const size_t lengths[] = { 0, 1, 254, 255, 256, 0xFFFF };
	static uint8_t much[0x10000], room[0x10100];
	static const char *const bad[] = { "00", "0070", "007001", "007002AA", "0070FF", "0070FF00",
		"0070FF0001", "0070FF0101AA",
		"00700100"
		"AA" };

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct wr w = wr_fixed(room, sizeof(room));
		struct dgi d;
		struct rd r;

		dgi_put(&w, 0x8113, span_of(much, lengths[i]));
		assert_true(wr_ok(&w));
		assert_int_equal(w.n, lengths[i] + (lengths[i] < 255 ? 3 : 5));
		r = rd_of(wr_span(&w));
		assert_true(dgi_next(&r, &d));
		assert_int_equal(d.id, 0x8113);
		assert_int_equal(d.value.n, lengths[i]);
		assert_int_equal(rd_left(&r), 0);
		assert_false(dgi_next(&r, &d));
	}
	struct wr w = wr_fixed(room, sizeof(room));

	dgi_put(&w, 1, SPAN(much));
	assert_false(wr_ok(&w));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (dgi_sound(unit_bytes(bad[i])))
			fail_msg("sound: %s", bad[i]);
	assert_true(dgi_sound(unit_bytes("")));
}

/* ---- privileges ---- */

static void privilege_names(void **state)
{
	uint32_t all = 0, v;

	(void)state;
	for (uint32_t bit = 0x800000; bit >= 0x10; bit >>= 1) {
		const char *name = privilege_str(bit);

		assert_non_null(name);
		assert_true(privilege_from(name, &v));
		assert_true((v & bit) != 0);
		assert_null(privileges_wrong(v));
		all |= bit;
	}
	assert_int_equal(all, 0xFFFFF0);
	assert_null(privilege_str(0x08));
	assert_null(privilege_str(0));
	assert_null(privilege_str(0xC00000));
	assert_false(privilege_from("", &v));
	assert_false(privilege_from("card_lock", &v));
	/* on the wire with what they are always with: GPCS table 11-7 */
	assert_true(privilege_from("dap-verification", &v) && v == 0xC00000);
	assert_true(privilege_from("mandated-dap-verification", &v) && v == 0xC10000);
	assert_true(privilege_from("delegated-management", &v) && v == 0xA00000);
}

static void privilege_octets(void **state)
{
	static const struct {
		const char *octets;
		uint32_t v;
	} good[] = { { "9EFE80", 0x9EFE80 }, { "9A", 0x9A0000 }, { "000000", 0 }, { "00", 0 } };
	uint32_t v = 1;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct span s = unit_bytes(good[i].octets);
		uint8_t room[4];
		struct wr w = wr_fixed(room, sizeof(room));

		assert_true(privileges_get(s, &v));
		assert_int_equal(v, good[i].v);
		privileges_put(&w, v, (uint8_t)s.n);
		assert_span(wr_span(&w), s);
	}
	v = 5;
	assert_false(privileges_get(unit_bytes(""), &v));
	assert_false(privileges_get(unit_bytes("9AFE"), &v));
	assert_false(privileges_get(unit_bytes("9AFE8000"), &v));
	assert_int_equal(v, 5);
}

static void privilege_rules(void **state)
{
	static const uint32_t bad[] = { 0x400000, 0x200000, 0x810000, 0x010000, 0x004000, 0x002000,
		0x000080, 0x000040, 0xA04000, 0xA02000, 0xA00080 };
	/* those of issuer domains, of a domain with each kind of management, of an application */
	static const uint32_t good[] = { 0, 0x9EFE80, 0x9AFE80, 0xC00000, 0xC10000, 0xA00000,
		0xE00000, 0x804000, 0x806000, 0x040000, 0x000010, 0x100000, 0x080000 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (privileges_wrong(bad[i]) == NULL)
			fail_msg("legal: %06X", bad[i]);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (privileges_wrong(good[i]) != NULL)
			fail_msg("%06X: %s", good[i], privileges_wrong(good[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_tokens),
		cmocka_unit_test(published_delete),
		cmocka_unit_test(published_groups),
		cmocka_unit_test(install_forms),
		cmocka_unit_test(install_malformed),
		cmocka_unit_test(install_of_no_kind),
		cmocka_unit_test(install_long),
		cmocka_unit_test(token_of_long_data),
		cmocka_unit_test(params_all),
		cmocka_unit_test(params_lenient),
		cmocka_unit_test(params_malformed),
		cmocka_unit_test(params_none),
		cmocka_unit_test(delete_forms),
		cmocka_unit_test(groups),
		cmocka_unit_test(privilege_names),
		cmocka_unit_test(privilege_octets),
		cmocka_unit_test(privilege_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
