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

static void check_kcv(const json_t *set, const char *name, const struct key *k, bool des)
{
	uint8_t kcv[3];

	if (set == NULL)
		return;
	assert_true(des ? des_key_check_value(k, kcv) : key_check_value(k, kcv));
	assert_span(SPAN(kcv), unit_hex(set, name));
}

static void test_diversification(void **state)
{
	json_t *file = unit_json("test/vectors/key_diversification.json"), *v;
	size_t i, schemes[DIVERSIFY_TEMPLATE + 1] = { 0 };

	(void)state;
	json_array_foreach(json_object_get(file, "vectors"), i, v)
	{
		const json_t *full = json_object_get(v, "derived_by_us");
		const json_t *kcv = json_object_get(v, "kcv");
		struct key master = unit_key(unit_str(v, "master"));
		const struct key_set set = { master, master, master };
		bool des = strcmp(unit_str(v, "alg"), "3DES") == 0;
		struct key_set out = { 0 };
		enum diversification d;

		assert_true(diversification_from(unit_str(v, "scheme"), &d));
		assert_string_equal(diversification_str(d), unit_str(v, "scheme"));
		assert_int_equal(diversification_is_des(d), des);
		assert_int_equal(diversification_is_aes(d), !des);
		assert_true(diversify(d, &set, unit_hex(v, "kdd").p, &out));
		assert_span(key_span(&out.enc), unit_hex(full, "enc"));
		assert_span(key_span(&out.mac), unit_hex(full, "mac"));
		assert_span(key_span(&out.dek), unit_hex(full, "dek"));
		check_kcv(kcv, "enc", &out.enc, des);
		check_kcv(kcv, "mac", &out.mac, des);
		check_kcv(kcv, "dek", &out.dek, des);
		if (json_object_get(v, "enc_key") != NULL)
			assert_span(key_span(&out.enc), unit_hex(v, "enc_key"));
		schemes[d]++;
	}
	assert_int_equal(schemes[DIVERSIFY_KDF3], 4);
	assert_int_equal(schemes[DIVERSIFY_VISA2], 1);
	assert_int_equal(schemes[DIVERSIFY_EMV], 1);
	json_decref(file);
}

/*
 * A card that was issued with EMV CPS 1.1 keys (its check values are in kcv.json; the pairs of
 * KDD and keys come from the same recording, AthenticationTest.java of com.ubivelox). VISA, which
 * has no outside value, differs from it in the octets taken only: under a KDD made for it both
 * give the same keys.
 */
static void test_emv_card(void **state)
{
	struct key master = unit_key("404142434445464748494A4B4C4D4E4F");
	const struct key_set set = { master, master, master };
	struct span kdd = unit_bytes("00009151026881950639");
	struct span mixed = unit_bytes("02688195FFFFFFFF0639"); /* k0-k3 k8 k9 are its k4-k9 */
	struct key_set out;

	(void)state;
	assert_true(diversify(DIVERSIFY_EMV, &set, kdd.p, &out));
	assert_span(key_span(&out.enc), unit_bytes("08CE85BAAB7C941EECC131DFAD3A45B0"));
	assert_span(key_span(&out.mac), unit_bytes("6DC7A44209445A5301B0EE4108991A14"));
	assert_span(key_span(&out.dek), unit_bytes("C56B6A9271670C960C231D7CF882A56A"));
	memset(&out, 0, sizeof(out));
	assert_true(diversify(DIVERSIFY_VISA, &set, mixed.p, &out));
	assert_span(key_span(&out.enc), unit_bytes("08CE85BAAB7C941EECC131DFAD3A45B0"));
	assert_span(key_span(&out.mac), unit_bytes("6DC7A44209445A5301B0EE4108991A14"));
	assert_span(key_span(&out.dek), unit_bytes("C56B6A9271670C960C231D7CF882A56A"));
}

/* The named schemes written out, and a template of all tokens against its parts. */
static void test_templates(void **state)
{
	static const struct {
		enum diversification d;
		const char *text;
	} same[] = {
		{ DIVERSIFY_KDF3, "$_ 00 00 00 $k 00 $0 $1 $2 $3 $4 $5 $6 $7 $8 $9" },
		{ DIVERSIFY_KDF3, "  $_000000$k00$0$1$2$3$4$5$6$7$8$9 " },
		{ DIVERSIFY_EMV, "$4 $5 $6 $7 $8 $9 F0 $k $4 $5 $6 $7 $8 $9 0f $k" },
		{ DIVERSIFY_VISA2, "$0 $1 $4 $5 $6 $7 f0 $k $0 $1 $4 $5 $6 $7 0F $k" },
	};
	struct key k = unit_key("404142434445464748494A4B4C4D4E4F5051525354555657");
	struct key_set set = { k, k, k }, out, want;
	struct span kdd = unit_bytes("00112233445566778899");
	uint8_t block[16];
	struct kdf_template t;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		set.enc.n = set.mac.n = set.dek.n = i < 2 ? 24 : 16;
		memset(&out, 0, sizeof(out));
		memset(&want, 0, sizeof(want));
		assert_true(template_from(same[i].text, &t, &why));
		assert_null(why);
		assert_true(template_diversify(&t, &set, kdd.p, &out));
		assert_true(diversify(same[i].d, &set, kdd.p, &want));
		assert_memory_equal(&out, &want, sizeof(out));
	}
	set.enc.n = set.mac.n = set.dek.n = 24;
	assert_true(template_from("A5 $l$l $9 $k $_ $0", &t, &why));
	assert_true(template_diversify(&t, &set, kdd.p, &out));
	assert_int_equal(out.dek.n, 24);
	assert_true(cmac(&k, unit_bytes("A500C099030100"), block));
	assert_span(span_sub(key_span(&out.dek), 0, 16), SPAN(block));
	assert_true(cmac(&k, unit_bytes("A500C099030200"), block));
	assert_span(span_sub(key_span(&out.dek), 16, 8), span_of(block, 8));
}

static void test_bad_templates(void **state)
{
	static const char *const bad[] = { "", " ", "$_ $k", "$0 $_", "$0 $k", "$_ $k $0 $",
		"$_ $k $0 $a", "$_ $k $0 $l", "$_ $k $0 $l$", "$_ $k $0 0", "$_ $k $0 0G",
		"$_ $k $0 0 0", "$_ $_ $k $0", "$_ $k $0 , 00", "$_ $k $0\t00", "$K $_ $0",
		"$0 $1 $4 $5 $6 $7 F0 $k $0 $1 $4 $5 $6 $7 0F",
		"$0 $1 $4 $5 $6 $7 F0 $k $0 $1 $4 $5 $6 $7 0F $k 00" };
	struct key k = unit_key("404142434445464748494A4B4C4D4E4F50515253545556FF");
	const struct key_set set = { k, k, k };
	static const uint8_t kdd[KDD_OCTETS];
	char text[2 * TEMPLATE_MAX + 16] = "$_ $k $0 ";
	struct kdf_template t;
	struct key_set out;
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (template_from(bad[i], &t, &why))
			fail_msg("taken: %s", bad[i]);
		assert_non_null(why);
		assert_int_equal(t.n, 0);
		assert_false(template_diversify(&t, &set, kdd, &out));
	}
	for (size_t i = 0; i < TEMPLATE_MAX - 3; i++)
		strcat(text, "00");
	assert_true(template_from(text, &t, &why));
	assert_int_equal(t.n, TEMPLATE_MAX);
	strcat(text, "00");
	assert_false(template_from(text, &t, &why));
	/* Keys that a scheme is not for. */
	assert_false(diversify(DIVERSIFY_EMV, &set, kdd, &out));
	assert_false(diversify(DIVERSIFY_TEMPLATE, &set, kdd, &out));
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
	assert_false(diversification_from("visa3", &d));
	assert_false(diversification_from("", &d));
	odd.mac.n = 15;
	assert_false(diversify(DIVERSIFY_KDF3, &odd, kdd, &out));
	assert_false(diversify(DIVERSIFY_VISA2, &odd, kdd, &out));
}

static void test_kcv(void **state)
{
	json_t *file = unit_json("test/vectors/kcv.json"), *v;
	size_t i, aes = 0, des = 0;

	(void)state;
	json_array_foreach(json_object_get(file, "vectors"), i, v)
	{
		struct key k = unit_key(unit_str(v, "key"));
		bool is_aes = strcmp(unit_str(v, "type"), "AES") == 0;
		uint8_t kcv[3];

		assert_true(is_aes ? key_check_value(&k, kcv) : des_key_check_value(&k, kcv));
		assert_span(SPAN(kcv), unit_hex(v, "kcv"));
		aes += is_aes;
		des += !is_aes;
	}
	assert_int_equal(aes, 4);
	assert_int_equal(des, 8);
	json_decref(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scp03_kdf),
		cmocka_unit_test(test_scp03_kdf_sizes),
		cmocka_unit_test(test_sp800_108),
		cmocka_unit_test(test_diversification),
		cmocka_unit_test(test_emv_card),
		cmocka_unit_test(test_templates),
		cmocka_unit_test(test_bad_templates),
		cmocka_unit_test(test_no_diversification),
		cmocka_unit_test(test_kcv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
