/* Data for STORE DATA: what they are checked for, and how they are encrypted, which the keys in
 * published data groups show. */
#include "mirror.h"

#include "gp/dgi.h"
#include "host/content.h"
#include "host/personalize.h"

static void checks(void **state)
{
	static const struct {
		unsigned format;
		const char *data;
		size_t n;
		const char *why; /* NULL: fine */
	} rows[] = {
		{ STORE_DGI, "00700645040102030481130100", 2, NULL },
		{ STORE_DGI, "0070FF0001AA", 1, NULL },
		{ STORE_DGI, "0070064504010203", 0,
		    "at octet 0 of 8 stands no data grouping identifier" },
		{ STORE_DGI, "00700100810201", 0, "at octet 4 of 7" },
		{ STORE_TLV, "450401020304420199", 2, NULL },
		{ STORE_TLV, "45040102030442", 0, "at octet 6 of 7 stands no BER-TLV object" },
		{ 0, "FF", 0, NULL },
		{ 0, "", 0, "there are no data" },
		{ STORE_TLV, "", 0, "there are no data" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct err e = { 0 };
		size_t n;
		int rc = personalize_check(rows[i].format, unit_bytes(rows[i].data), &n, &e);

		if (rc != (rows[i].why == NULL ? 0 : -1) || (rc == 0 && n != rows[i].n) ||
		    (rc != 0 && (e.code != ERR_INPUT || strstr(e.text, rows[i].why) == NULL)))
			fail_msg("row %zu: %d, %zu, %s", i, rc, n, e.text);
	}
}

/* The keys of a vector as clear groups 8113 become the groups of the vector. */
static void one_vector(const json_t *v)
{
	struct span data = unit_hex(v, "data"), want;
	struct wr clear = wr_grow(1000), out = wr_grow(1000);
	struct rd r = rd_of(data);
	struct mirror m;
	struct dgi d;
	size_t i, n;
	json_t *key;

	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	m.s.dek = unit_key(unit_str(v, "dek"));
	json_array_foreach(json_object_get(v, "keys"), i, key)
	    dgi_put(&clear, 0x8113, unit_bytes(json_string_value(key)));
	assert_ok(personalize_check(STORE_DGI, wr_span(&clear), &n, &m.e), &m.e);
	assert_int_equal(n, json_array_size(json_object_get(v, "keys")));
	assert_ok(personalize_encrypt(&m.s, STORE_DGI, wr_span(&clear), &out, &m.e), &m.e);
	assert_true(dgi_next(&r, &d)); /* 00B9 announces them */
	want = rd_rest(&r);
	assert_span(wr_span(&out), want);
	wr_reset(&out);
	assert_ok(personalize_blank(false, STORE_DGI, wr_span(&clear), &out, &m.e), &m.e);
	assert_int_equal(out.n, want.n);
	for (i = 3; i < 19; i++)
		assert_int_equal(out.p[i], 0);
	wr_free(&clear);
	wr_free(&out);
	mirror_close(&m);
}

static void published_groups(void **state)
{
	json_t *j = unit_json("test/vectors/content_management.json"), *v;
	size_t i, seen = 0;

	(void)state;
	json_array_foreach(json_object_get(j, "vectors"), i,
	    v) if (strcmp(unit_str(v, "kind"), "store_data_dgi_keys") == 0)
	{
		one_vector(v);
		seen++;
	}
	assert_int_equal(seen, 4);
	json_decref(j);
}

/* 80 00.. only where it is needed. */
static void padding(void **state)
{
	static const uint8_t icv[16];
	struct wr out = wr_grow(1000);
	struct mirror m;
	uint8_t clear[64];

	(void)state;
	mirror_open(&m, PROTOCOL_SCP03, 0x33);
	assert_ok(personalize_encrypt(&m.s, 0, unit_bytes("010203"), &out, &m.e), &m.e);
	assert_int_equal(out.n, 16);
	assert_true(aes_cbc_once(&m.s.dek, DECRYPT, icv, wr_span(&out), clear));
	assert_span(span_of(clear, 16), unit_bytes("01020380000000000000000000000000"));
	wr_reset(&out);
	assert_ok(personalize_encrypt(
		      &m.s, 0, unit_bytes("000102030405060708090A0B0C0D0E0F"), &out, &m.e),
	    &m.e);
	assert_int_equal(out.n, 16);
	/* An empty group stays empty. */
	wr_reset(&out);
	assert_ok(
	    personalize_encrypt(&m.s, STORE_DGI, unit_bytes("0070008113020102"), &out, &m.e), &m.e);
	assert_int_equal(out.n, 3 + 3 + 16);
	assert_span(span_sub(wr_span(&out), 0, 6), unit_bytes("007000811310"));
	mirror_close(&m);
	/* Triple DES: blocks of 8. */
	mirror_open(&m, PROTOCOL_SCP02, 0x03);
	wr_reset(&out);
	assert_ok(personalize_encrypt(&m.s, 0, unit_bytes("010203"), &out, &m.e), &m.e);
	assert_int_equal(out.n, 8);
	assert_true(des_ecb_once(&m.s.dek, DECRYPT, wr_span(&out), clear));
	assert_span(span_of(clear, 8), unit_bytes("0102038000000000"));
	mirror_close(&m);
	/* There is no DEK without a channel. */
	mirror_open(&m, PROTOCOL_SCP03, 0);
	assert_int_equal(personalize_encrypt(&m.s, 0, unit_bytes("01"), &out, &m.e), -1);
	assert_int_equal(m.e.code, ERR_SAFETY);
	mirror_close(&m);
	wr_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks),
		cmocka_unit_test(published_groups),
		cmocka_unit_test(padding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
