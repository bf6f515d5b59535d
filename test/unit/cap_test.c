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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_components),
		cmocka_unit_test(test_hashes),
		cmocka_unit_test(test_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
