/* CAP files: real ones, their components in the order of loading and their hashes. */
#include "unit.h"

#include "cap/cap.h"
#include "crypto/digest.h"

static const char *const vectors = "test/vectors/capfile.json";

/* hex of any length, as unit_hex has it for short ones; freed by the caller */
static struct wr octets(const json_t *o, const char *key)
{
	const char *text = unit_str(o, key);
	struct wr w = wr_grow(1 << 20);
	size_t n = strlen(text) / 2;
	uint8_t *p = wr_space(&w, n);

	assert_non_null(p);
	assert_true(hex_exact(span_str(text), p, n));
	return w;
}

static void each(void (*check)(const json_t *v, struct cap *c))
{
	json_t *file = unit_json(vectors);
	const json_t *list = json_object_get(file, "vectors");
	size_t i;
	json_t *v;

	assert_int_equal(json_array_size(list), 3);
	json_array_foreach(list, i, v)
	{
		struct wr zip = octets(v, "zip_hex");
		struct cap c;
		struct err e;

		assert_ok(cap_read_octets(wr_span(&zip), "vector", &c, &e), &e);
		check(v, &c);
		cap_free(&c);
		wr_free(&zip);
	}
	json_decref(file);
}

static void components(const json_t *v, struct cap *c)
{
	const json_t *known = json_object_get(v, "components");
	const json_t *order = json_object_get(v, "load_order");
	size_t at = 0, i;
	json_t *name;

	json_array_foreach(order, i, name)
	{
		struct wr w = octets(known, json_string_value(name));

		assert_span(span_sub(c->block, at, w.n), wr_span(&w));
		at += w.n;
		wr_free(&w);
	}
	assert_int_equal(at, c->block.n);
	assert_int_equal(at, json_integer_value(json_object_get(v, "lfdb_len")));
	for (uint8_t tag = CAP_HEADER; tag < CAP_DESCRIPTOR; tag++) {
		const char *key = cap_component_name(tag);

		if (json_object_get(known, key) == NULL) {
			assert_int_equal(c->component[tag].n, 0);
			continue;
		}
		struct wr w = octets(known, key);

		assert_span(c->component[tag], wr_span(&w));
		wr_free(&w);
	}
}

static void hashes(const json_t *v, struct cap *c)
{
	uint8_t hash[SHA256_SIZE];

	assert_true(sha256_of(c->block, hash));
	assert_span(SPAN(hash), unit_hex(v, "lfdb_sha256"));
	assert_true(sha256_of(cap_whole(c), hash));
	assert_span(SPAN(hash), unit_hex(v, "lfdb_with_descriptor_sha256"));
}

static void test_components(void **state)
{
	(void)state;
	each(components);
}

static void test_hashes(void **state)
{
	(void)state;
	each(hashes);
}

/* What is in the first of them, and the same from its block alone, as a card gets it. */
static void empty_applet(const json_t *v, struct cap *c)
{
	struct cap again;
	struct err e;

	if (strstr(unit_str(v, "source"), "Empty_0102030405") == NULL)
		return;
	assert_ok(cap_parse(c->block, &again, &e), &e);
	for (const struct cap *p = c; p != NULL; p = p == c ? &again : NULL) {
		assert_int_equal(p->format_major, 2);
		assert_int_equal(p->format_minor, 1);
		assert_int_equal(p->flags, CAP_APPLETS);
		assert_span(p->package, unit_bytes("0102030405"));
		assert_int_equal(p->major, 0);
		assert_int_equal(p->minor, 0);
		assert_int_equal(p->name.n, 0);
		assert_int_equal(p->applet_n, 1);
		assert_span(p->applets[0].aid, unit_bytes("0102030405060708"));
		assert_int_equal(p->applets[0].install_offset, 0x13);
		assert_int_equal(p->import_n, 3);
		assert_span(p->imports[0].aid, unit_bytes("A0000000620101"));
		assert_int_equal(p->imports[0].major, 1);
		assert_int_equal(p->imports[0].minor, 2);
		assert_string_equal(cap_package_str(p->imports[1].aid), "javacard.security");
		assert_string_equal(cap_package_str(p->imports[2].aid), "java.lang");
		assert_int_equal(p->size[CAP_DESCRIPTOR], 0x45);
	}
	assert_int_equal(again.data.n, 0);
	assert_span(cap_whole(&again), c->block);
	cap_free(&again);
}

static void test_fields(void **state)
{
	(void)state;
	each(empty_applet);
}

/* ---- blocks as cards get them ---- */

/* The block of the first vector, and room to change it. */
static size_t block_of(uint8_t *to, size_t room)
{
	json_t *file = unit_json(vectors);
	const json_t *v = json_array_get(json_object_get(file, "vectors"), 0);
	const json_t *known = json_object_get(v, "components");
	struct wr w = wr_fixed(to, room);
	size_t i;
	json_t *name;

	json_array_foreach(json_object_get(v, "load_order"), i, name)
	{
		wr_put(&w, unit_hex(known, json_string_value(name)));
	}
	assert_true(wr_ok(&w));
	json_decref(file);
	return w.n;
}

static void refused(struct span block, const char *why)
{
	struct cap c;
	struct err e;

	assert_int_equal(cap_parse(block, &c, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_string_equal(e.text, why);
	cap_free(&c);
}

static void test_cut(void **state)
{
	uint8_t room[512];
	size_t n = block_of(room, sizeof(room));
	struct cap c;
	struct err e;

	(void)state;
	assert_ok(cap_parse(span_of(room, n), &c, &e), &e);
	refused(span_of(room, 0), "the load file data block is empty");
	for (size_t cut = 1; cut < n; cut++)
		assert_int_equal(cap_parse(span_of(room, cut), &c, &e), -1);
	refused(span_of(room, 2), "the component at octet 0 is longer than the data");
	refused(span_of(room, 17), "the component at octet 0 is longer than the data");
	refused(span_of(room, 18), "Directory component: is missing");
	refused(span_of(room, 19), "the component at octet 18 is longer than the data");
}

static void test_large(void **state)
{
	static uint8_t much[CAP_DATA_MAX + 1];

	(void)state;
	refused(SPAN(much), "the load file data block is larger than 1048576 octets");
	refused(span_of(much, CAP_DATA_MAX), "does not begin with the Header component");
}

/* What stands behind a sound block: nothing may, but for what the Directory lists. */
static void test_behind(void **state)
{
	static const struct {
		const char *octets, *why;
	} behind[] = {
		{ "00", "the component at octet 211 is longer than the data" },
		{ "000000", "unknown component 00 at octet 211" },
		{ "0E0000", "unknown component 0E at octet 211" },
		{ "7F0001AA", "unknown component 7F at octet 211" },
		{ "060001AA", "Class component: is there twice" },
		{ "010000", "Header component: is there twice" },
		{ "0D00000001AA",
		    "Directory component: says that the StaticResources component has 0 octets, it "
		    "has 1" },
		{ "0D000001AA", "the component at octet 211 is longer than the data" },
		{ "0D0000", "the component at octet 211 is longer than the data" },
		{ "0B0001AA",
		    "Directory component: says that the Descriptor component has 69 octets, it has "
		    "1" },
		{ "800001AA",
		    "Directory component: does not list custom component 80 of 1 octets" },
		{ "800001AA800001AA", "custom component 80 is there twice" },
		{ "0A0001AA",
		    "Directory component: says that the Export component has 0 octets, it has 1" },
	};
	uint8_t room[512];
	size_t n = block_of(room, sizeof(room));

	(void)state;
	assert_int_equal(n, 211);
	for (size_t i = 0; i < sizeof(behind) / sizeof(behind[0]); i++) {
		struct span more = unit_bytes(behind[i].octets);

		memcpy(room + n, more.p, more.n);
		refused(span_of(room, n + more.n), behind[i].why);
	}
}

/* A block with `custom` behind it and listed with the size that `listed` says. */
static struct span with_custom(uint8_t *room, size_t cap, const char *list, const char *custom)
{
	size_t n = block_of(room, cap);
	struct wr w = { .p = room, .n = n, .cap = cap };
	struct span entries = unit_bytes(list);
	size_t end = 18 + 3 + 31;

	room[end - 1] = (uint8_t)(entries.n / 9);
	room[20] = (uint8_t)(31 + entries.n);         /* size of the Directory */
	room[18 + 3 + 3] = (uint8_t)(31 + entries.n); /* and what it says of itself */
	wr_insert(&w, end, entries);
	wr_put(&w, unit_bytes(custom));
	assert_true(wr_ok(&w));
	return wr_span(&w);
}

static void test_custom(void **state)
{
	uint8_t room[512];
	struct span s;
	struct cap c;
	struct err e;

	(void)state;
	s = with_custom(
	    room, sizeof(room), "800001050102030405FE0002050102030406", "FE0002AABB800001AA");
	assert_ok(cap_parse(s, &c, &e), &e);
	assert_int_equal(c.custom_n, 2);
	/* Not loaded, though listed: so hosts do. */
	s = with_custom(room, sizeof(room), "800001050102030405", "");
	assert_ok(cap_parse(s, &c, &e), &e);
	s = with_custom(room, sizeof(room), "800002050102030405", "800001AA");
	refused(s, "Directory component: does not list custom component 80 of 1 octets");
	s = with_custom(room, sizeof(room), "810001050102030405", "800001AA");
	refused(s, "Directory component: does not list custom component 80 of 1 octets");
}

/* One of each tag but the last is the most that a Directory can list. */
static void test_many_custom(void **state)
{
	uint8_t room[1024];
	size_t n = block_of(room, sizeof(room));
	struct wr w = { .p = room, .n = n, .cap = sizeof(room) };

	(void)state;
	for (unsigned tag = 0x80; tag <= 0xFF; tag++) {
		wr_u8(&w, (uint8_t)tag);
		wr_u16(&w, 0);
	}
	assert_true(wr_ok(&w));
	refused(wr_span(&w), "more than 127 custom components");
	refused(span_sub(wr_span(&w), 0, w.n - 3),
	    "Directory component: does not list custom component 80 of 0 octets");
}

/* The order of loading is a recommendation; only the Header comes first. */
static void test_order(void **state)
{
	uint8_t room[512], other[512];
	size_t n = block_of(room, sizeof(room));
	struct wr w = wr_fixed(other, sizeof(other));
	struct cap c;
	struct err e;

	(void)state;
	wr_bytes(&w, room, 18);
	wr_bytes(&w, room + 52, n - 52);
	wr_bytes(&w, room + 18, 34);
	assert_ok(cap_parse(wr_span(&w), &c, &e), &e);
	assert_int_equal(c.applet_n, 1);
	wr_reset(&w);
	wr_bytes(&w, room + 18, n - 18);
	wr_bytes(&w, room, 18);
	refused(wr_span(&w), "does not begin with the Header component");
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(cap_component_name(CAP_HEADER), "Header");
	assert_string_equal(cap_component_name(CAP_STATIC_RESOURCES), "StaticResources");
	assert_string_equal(cap_component_name(0), "?");
	assert_string_equal(cap_component_name(CAP_TAGS), "?");
	assert_string_equal(cap_component_name(0xFF), "?");
	assert_string_equal(cap_package_str(unit_bytes("A00000015100")), "org.globalplatform");
	assert_string_equal(
	    cap_package_str(unit_bytes("A0000000090003FFFFFFFF8910710002")), "uicc.toolkit");
	assert_null(cap_package_str(unit_bytes("A0000000620101FF")));
	assert_null(cap_package_str(unit_bytes("")));
}

/* The block of a real file with one component changed: what it is then refused for. */
static void refused_with(const struct cap *c, uint8_t tag, const char *hex, const char *why)
{
	static const uint8_t order[] = { CAP_HEADER, CAP_DIRECTORY, CAP_IMPORT, CAP_APPLET,
		CAP_CLASS, CAP_METHOD, CAP_STATIC_FIELD, CAP_EXPORT, CAP_CONSTANT_POOL,
		CAP_REF_LOCATION };
	struct wr w = wr_grow(1 << 20);
	struct cap got;
	struct err e = { 0 };

	for (size_t i = 0; i < sizeof(order); i++) {
		if (order[i] != tag) {
			wr_put(&w, c->component[order[i]]);
			continue;
		}
		struct span body = unit_bytes(hex);

		wr_u8(&w, tag);
		wr_u16(&w, (uint16_t)body.n);
		wr_put(&w, body);
	}
	if (cap_parse(wr_span(&w), &got, &e) == 0)
		fail_msg("%s is taken", hex);
	assert_int_equal(e.code, ERR_INPUT);
	if (strstr(e.text, why) == NULL)
		fail_msg("\"%s\" instead of \"%s\"", e.text, why);
	cap_free(&got);
	wr_free(&w);
}

static void changed_components(const json_t *v, struct cap *c)
{
	(void)v;
	refused_with(c, CAP_HEADER, "DECAFF", "DECAFFED");
	refused_with(c, CAP_HEADER, "DECAFFEC 01 02 04 00 01 05 0102030405", "DECAFFED");
	refused_with(c, CAP_HEADER, "DECAFFED 01 02 0C 00 01 05 0102030405", "extended CAP file");
	refused_with(
	    c, CAP_HEADER, "DECAFFED 00 02 04 00 01 05 0102030405", "2.0 is not supported");
	refused_with(
	    c, CAP_HEADER, "DECAFFED 04 02 04 00 01 05 0102030405", "2.4 is not supported");
	refused_with(
	    c, CAP_HEADER, "DECAFFED 01 01 04 00 01 05 0102030405", "1.1 is not supported");
	refused_with(c, CAP_HEADER, "DECAFFED 01 02 04 00", "too short");
	refused_with(c, CAP_IMPORT, "", "too short");
	refused_with(c, CAP_IMPORT, "81", "more than 128 packages");
	refused_with(c, CAP_IMPORT, "01 00", "");
}

/* Adds to a number of four octets, the lowest first. */
static void add32(uint8_t *p, int more)
{
	uint32_t v = (uint32_t)(p[0] | p[1] << 8 | p[2] << 16) + ((uint32_t)p[3] << 24);

	v += (uint32_t)more;
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* The archive says of its Header component, in both places alike, what is not so. */
static void archive_lies(struct span zip, size_t field, int more, const char *why)
{
	struct wr w = wr_grow(1 << 20);
	struct cap got;
	struct err e = { 0 };
	int found = 0;

	wr_put(&w, zip);
	for (size_t i = 0; i + 46 + 64 < w.n; i++) {
		bool central = memcmp(&w.p[i], "PK\1\2", 4) == 0;
		size_t name_n = w.p[i + (central ? 28 : 26)];
		const uint8_t *name = &w.p[i + (central ? 46 : 30)];

		if ((!central && memcmp(&w.p[i], "PK\3\4", 4) != 0) || name_n < 10 ||
		    memcmp(name + name_n - 10, "Header.cap", 10) != 0)
			continue;
		add32(&w.p[i + field + (central ? 2 : 0)], more);
		found++;
	}
	assert_int_equal(found, 2);
	assert_int_equal(cap_read_octets(wr_span(&w), "lying", &got, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.text, "Header.cap"));
	if (strstr(e.text, why) == NULL)
		fail_msg("\"%s\" instead of \"%s\"", e.text, why);
	cap_free(&got);
	wr_free(&w);
}

static void test_archive_lies(void **state)
{
	enum { CRC = 14, SIZE = 22 };
	json_t *file = unit_json(vectors);
	struct wr zip = octets(json_array_get(json_object_get(file, "vectors"), 0), "zip_hex");

	(void)state;
	archive_lies(wr_span(&zip), CRC, 1, "checksum is wrong");
	archive_lies(wr_span(&zip), SIZE, -1, "larger than the archive says");
	archive_lies(wr_span(&zip), SIZE, -5, "larger than the archive says");
	archive_lies(wr_span(&zip), SIZE, 1, "cannot be decompressed");
	wr_free(&zip);
	json_decref(file);
}

static void test_changed_components(void **state)
{
	(void)state;
	each(changed_components);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_components),
		cmocka_unit_test(test_hashes),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_changed_components),
		cmocka_unit_test(test_archive_lies),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_behind),
		cmocka_unit_test(test_custom),
		cmocka_unit_test(test_many_custom),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
