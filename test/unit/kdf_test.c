/* Derivations against the files in test/vectors, which name their sources entry by entry. */
#include "unit.h"

#include "crypto/kdf.h"

static void test_scp03_kdf(void **state)
{
	json_t *file = unit_json("test/vectors/scp03_kdf.json"), *v;
	struct aes a = { 0 };
	uint8_t out[33];
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(file, "vectors"), i, v)
	{
		struct key k = unit_key(unit_str(v, "key")), derived;
		struct span context = unit_hex(v, "context"), want = unit_hex(v, "out");
		uint8_t constant = unit_hex(v, "constant").p[0];

		assert_int_equal(json_integer_value(json_object_get(v, "bits")), want.n * 8);
		out[want.n] = 0xA5;
		assert_true(aes_set_key(&a, &k));
		assert_true(scp03_kdf(&a, constant, context, out, want.n));
		assert_span(span_of(out, want.n), want);
		assert_int_equal(out[want.n], 0xA5);
		if (want.n < 16)
			continue;
		assert_true(scp03_kdf_key(&k, constant, context, want.n, &derived));
		assert_span(key_span(&derived), want);
	}
	assert_int_equal(i, 42);
	aes_wipe(&a);
	json_decref(file);
}

/* 24 octets are the first 24 of two calls that both say 00C0 (Amendment D 4.1.5). */
static void test_scp03_kdf_sizes(void **state)
{
	struct key k = unit_key("404142434445464748494A4B4C4D4E4F");
	struct span input = unit_bytes("00000000000000000000000400" /* label, separator */
				       "00C002" /* L, second call */ "0102030405060708");
	struct aes a = { 0 };
	uint8_t out[32], block[16];
	struct key none;

	(void)state;
	assert_true(aes_set_key(&a, &k));
	assert_true(scp03_kdf(&a, 0x04, span_sub(input, 16, 8), out, 24));
	assert_true(cmac(&k, input, block));
	assert_span(span_of(&out[16], 8), span_of(block, 8));
	for (size_t n = 0; n <= 32; n++)
		assert_int_equal(scp03_kdf(&a, 4, input, out, n), n != 0 && n % 8 == 0);
	assert_false(scp03_kdf(&a, 4, span_of(out, 65), out, 16));
	assert_false(scp03_kdf_key(&k, 4, input, 8, &none));
	assert_false(scp03_kdf_key(&k, 4, input, 40, &none));
	assert_int_equal(none.n, 0);
	aes_wipe(&a);
}

/*
 * NIST's cases fix other labels than SCP03's, so they pin what both derivations are made of: CMAC
 * over before | counter | after, block by block.
 */
static void test_sp800_108(void **state)
{
	json_t *file = unit_json("test/vectors/sp800_108_cmac_ctr.json"), *v;
	struct aes a = { 0 };
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(file, "vectors"), i, v)
	{
		struct key k = unit_key(unit_str(v, "key"));
		struct span want = unit_hex(v, "out");
		uint8_t counter = 0, block[16];
		const struct span parts[] = { unit_hex(v, "before"), span_of(&counter, 1),
			unit_hex(v, "after") };

		assert_int_equal(json_integer_value(json_object_get(v, "rlen")), 8);
		assert_true(aes_set_key(&a, &k));
		for (size_t at = 0; at < want.n; at += 16) {
			struct span part = span_sub(want, at, 16);

			counter++;
			assert_true(aes_cmac(&a, parts, 3, block));
			assert_span(span_of(block, part.n), part);
		}
	}
	assert_int_equal(i, 18);
	aes_wipe(&a);
	json_decref(file);
}

static void check_kcv(const json_t *set, const char *name, const struct key *k)
{
	uint8_t kcv[3];

	if (set == NULL)
		return;
	assert_true(key_check_value(k, kcv));
	assert_span(SPAN(kcv), unit_hex(set, name));
}

static void test_diversification(void **state)
{
	json_t *file = unit_json("test/vectors/key_diversification.json"), *v;
	size_t i, kdf3 = 0;

	(void)state;
	json_array_foreach(json_object_get(file, "vectors"), i, v)
	{
		const json_t *full = json_object_get(v, "derived_by_us");
		const json_t *kcv = json_object_get(v, "kcv");
		struct key master = unit_key(unit_str(v, "master"));
		const struct key_set set = { master, master, master };
		struct key_set out = { 0 };
		enum diversification d;

		if (strcmp(unit_str(v, "alg"), "AES") != 0)
			continue;
		assert_true(diversification_from(unit_str(v, "scheme"), &d));
		assert_string_equal(diversification_str(d), unit_str(v, "scheme"));
		assert_true(diversify(d, &set, unit_hex(v, "kdd").p, &out));
		assert_span(key_span(&out.enc), unit_hex(full, "enc"));
		assert_span(key_span(&out.mac), unit_hex(full, "mac"));
		assert_span(key_span(&out.dek), unit_hex(full, "dek"));
		check_kcv(kcv, "enc", &out.enc);
		check_kcv(kcv, "mac", &out.mac);
		check_kcv(kcv, "dek", &out.dek);
		if (json_object_get(v, "enc_key") != NULL)
			assert_span(key_span(&out.enc), unit_hex(v, "enc_key"));
		kdf3++;
	}
	assert_int_equal(kdf3, 4);
	json_decref(file);
}

static void test_no_diversification(void **state)
{
	const struct key_set set = { unit_key("00112233445566778899AABBCCDDEEFF"),
		unit_key("404142434445464748494A4B4C4D4E4F"),
		unit_key("202122232425262728292A2B2C2D2E2F") };
	static const uint8_t kdd[10];
	struct key_set out, odd = set;
	enum diversification d = DIVERSIFY_KDF3;

	(void)state;
	assert_true(diversification_from("none", &d));
	assert_int_equal(d, DIVERSIFY_NONE);
	assert_true(diversify(d, &set, kdd, &out));
	assert_memory_equal(&out, &set, sizeof(set));
	assert_false(diversification_from("visa2", &d));
	assert_false(diversification_from("", &d));
	odd.mac.n = 15;
	assert_false(diversify(DIVERSIFY_KDF3, &odd, kdd, &out));
}

static void test_kcv(void **state)
{
	json_t *file = unit_json("test/vectors/kcv.json"), *v;
	size_t i, aes = 0;

	(void)state;
	json_array_foreach(json_object_get(file, "vectors"), i, v)
	{
		struct key k = unit_key(unit_str(v, "key"));
		uint8_t kcv[3];

		if (strcmp(unit_str(v, "type"), "AES") != 0)
			continue;
		assert_true(key_check_value(&k, kcv));
		assert_span(SPAN(kcv), unit_hex(v, "kcv"));
		aes++;
	}
	assert_int_equal(aes, 4);
	json_decref(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scp03_kdf),
		cmocka_unit_test(test_scp03_kdf_sizes),
		cmocka_unit_test(test_sp800_108),
		cmocka_unit_test(test_diversification),
		cmocka_unit_test(test_no_diversification),
		cmocka_unit_test(test_kcv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
