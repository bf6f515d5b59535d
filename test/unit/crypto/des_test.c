/*
 * Triple DES and its MACs against the files in test/vectors, which name their sources entry by
 * entry; then the forms against one another.
 */
#include "unit.h"

#include "crypto/des.h"

static const uint8_t zero[8];

/* scp02_session_keys.json: CBC over one constant, the counter and zeros. */
static void check_session_key(
    const json_t *v, const char *from, uint16_t constant, const char *name)
{
	const char *want = json_string_value(json_object_get(v, name));
	const char *master = json_string_value(json_object_get(v, "static"));
	uint8_t data[16], out[16], back[16];
	struct wr w = wr_fixed(data, sizeof(data));
	struct des d = { 0 };
	struct key k;

	if (want == NULL)
		return;
	k = unit_key(master != NULL ? master : unit_str(v, from));
	wr_u16(&w, constant);
	wr_put(&w, unit_hex(v, "sequence"));
	wr_fill(&w, 0, 12);
	assert_true(wr_ok(&w));
	assert_true(des_set_key(&d, &k));
	assert_true(des_cbc(&d, ENCRYPT, zero, SPAN(data), out));
	assert_span(SPAN(out), unit_bytes(want));
	assert_true(des_cbc(&d, DECRYPT, zero, SPAN(out), back));
	assert_span(SPAN(back), SPAN(data));
	des_wipe(&d);
}

static void test_cbc(void **state)
{
	json_t *file = unit_json("test/vectors/scp02_session_keys.json"), *v;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(file, "vectors"), i, v)
	{
		check_session_key(v, "static_mac", 0x0101, "s_mac");
		check_session_key(v, "static_mac", 0x0102, "s_rmac");
		check_session_key(v, "static_dek", 0x0181, "s_dek");
		check_session_key(v, "static_enc", 0x0182, "s_enc");
	}
	assert_int_equal(i, 13);
	json_decref(file);
}

/* PUT KEY under a static key: the SCP01 entry of key_wrap.json. */
static void test_ecb(void **state)
{
	json_t *file = unit_json("test/vectors/key_wrap.json");
	const json_t *v = json_array_get(json_object_get(file, "vectors"), 0);
	struct key k = unit_key(unit_str(v, "dek"));
	struct span clear = unit_hex(v, "key"), wrapped = unit_hex(v, "wrapped");
	uint8_t out[16];

	(void)state;
	assert_true(des_ecb_once(&k, ENCRYPT, clear, out));
	assert_span(SPAN(out), wrapped);
	assert_true(des_ecb_once(&k, DECRYPT, wrapped, out));
	assert_span(SPAN(out), clear);
	json_decref(file);
}

static void check_cryptogram(const json_t *v, bool card)
{
	struct key k = unit_key(unit_str(v, "s_enc"));
	struct span host = unit_hex(v, "host"), seq_card = unit_hex(v, "seq_card");
	const struct span parts[] = { card ? host : seq_card, card ? seq_card : host };
	struct des d = { 0 };
	uint8_t out[8];

	assert_true(des_set_key(&d, &k));
	assert_true(des_mac_full(&d, zero, parts, 2, out));
	assert_span(SPAN(out), unit_hex(v, "out"));
	des_wipe(&d);
}

static void check_cmac(const json_t *v)
{
	struct key k = unit_key(unit_str(v, "s_mac"));
	bool chained = json_object_get(v, "previous_mac") != NULL;
	struct span data = unit_hex(v, "data");
	struct des d = { 0 };
	uint8_t icv[8], out[8];

	memcpy(icv, unit_hex(v, chained ? "previous_mac" : "icv").p, 8);
	assert_true(des_set_key(&d, &k));
	if (chained)
		assert_true(des_single(&d, icv, icv));
	assert_true(des_mac_retail(&d, icv, &data, 1, out));
	assert_span(SPAN(out), unit_hex(v, "mac"));
	des_wipe(&d);
}

static void test_macs(void **state)
{
	json_t *file = unit_json("test/vectors/scp02_primitives.json"), *v;
	size_t i, full = 0, retail = 0;

	(void)state;
	json_array_foreach(json_object_get(file, "vectors"), i, v)
	{
		const char *kind = unit_str(v, "kind");

		if (strcmp(kind, "card_cryptogram") == 0 || strcmp(kind, "host_cryptogram") == 0) {
			check_cryptogram(v, kind[0] == 'c');
			full++;
		} else if (strcmp(kind, "cmac") == 0) {
			check_cmac(v);
			retail++;
		}
	}
	assert_int_equal(full, 16);
	assert_int_equal(retail, 5);
	json_decref(file);
}

/* Both MACs by their definition, block by block. */
static void mac_by_hand(
    struct des *d, bool retail, const uint8_t *iv, struct span msg, uint8_t *out)
{
	uint8_t padded[2048] = { 0 };
	size_t n = (msg.n / 8 + 1) * 8;

	if (msg.n > 0)
		memcpy(padded, msg.p, msg.n);
	padded[msg.n] = 0x80;
	memcpy(out, iv, 8);
	for (size_t at = 0; at < n; at += 8) {
		for (size_t i = 0; i < 8; i++)
			out[i] ^= padded[at + i];
		if (retail && at + 8 < n)
			assert_true(des_single(d, out, out));
		else
			assert_true(des_ecb(d, ENCRYPT, span_of(out, 8), out));
	}
}

/* However long the message is and however it is cut into parts. */
static void test_parts(void **state)
{
	struct key k = unit_key("0123456789ABCDEFFEDCBA9876543210");
	static const size_t cuts[] = { 0, 1, 7, 8, 9, 511, 512, 513 };
	uint8_t msg[1100], want[8], got[8];
	static const uint8_t iv[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct des d = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(msg); i++)
		msg[i] = (uint8_t)(i * 7 + i / 251);
	assert_true(des_set_key(&d, &k));
	for (size_t n = 0; n <= sizeof(msg); n += n < 40 || (n > 490 && n < 530) ? 1 : 13) {
		struct span all = span_of(msg, n);

		for (int retail = 0; retail < 2; retail++) {
			mac_by_hand(&d, retail != 0, iv, all, want);
			for (size_t c = 0; c < sizeof(cuts) / sizeof(cuts[0]); c++) {
				const struct span parts[] = { span_sub(all, 0, cuts[c]),
					span_sub(all, cuts[c], 3), span_sub(all, cuts[c] + 3, n) };

				memcpy(got, iv, 8);
				assert_true(retail != 0 ? des_mac_retail(&d, got, parts, 3, got)
							: des_mac_full(&d, got, parts, 3, got));
				assert_span(SPAN(got), SPAN(want));
			}
		}
	}
	des_wipe(&d);
}

/* FIPS 46-3 and SP 800-17 table 1: single DES of the first variable plain text, key 01..01. */
static void test_single(void **state)
{
	struct key k = unit_key("0101010101010101FEFEFEFEFEFEFEFE");
	uint8_t out[8];
	struct des d = { 0 };

	(void)state;
	assert_true(des_set_key(&d, &k));
	assert_true(des_single(&d, unit_bytes("8000000000000000").p, out));
	assert_span(SPAN(out), unit_bytes("95F8A5E5DD31D900"));
	des_wipe(&d);
}

static void test_refusals(void **state)
{
	struct key k = unit_key("0123456789ABCDEFFEDCBA9876543210"), bad = k;
	struct des d = { 0 };
	uint8_t out[32] = { 0 };

	(void)state;
	assert_false(des_ecb(&d, ENCRYPT, span_of(out, 8), out)); /* no key */
	for (uint8_t n = 0; n <= KEY_MAX; n++) {
		bad.n = n;
		assert_int_equal(des_set_key(&d, &bad), n == 16);
		assert_int_equal(des_ecb(&d, ENCRYPT, span_of(out, 8), out), n == 16);
	}
	assert_true(des_set_key(&d, &k));
	assert_false(des_ecb(&d, ENCRYPT, span_of(out, 15), out));
	assert_false(des_cbc(&d, ENCRYPT, zero, span_of(out, 1), out));
	assert_true(des_cbc(&d, ENCRYPT, zero, span_of(out, 0), out));
	des_wipe(&d);
	assert_false(des_mac_full(&d, zero, NULL, 0, out));
	des_wipe(&d); /* twice is harmless */
}

/* One object, many keys: nothing of the key before stays. */
static void test_rekey(void **state)
{
	struct key a = unit_key("0123456789ABCDEFFEDCBA9876543210");
	struct key b = unit_key("404142434445464748494A4B4C4D4E4F");
	struct span msg = unit_bytes("00112233445566778899AABBCCDDEEFF");
	uint8_t first[8], second[8], again[8];
	struct des d = { 0 };

	(void)state;
	assert_true(des_set_key(&d, &a));
	assert_true(des_mac_retail(&d, zero, &msg, 1, first));
	assert_true(des_set_key(&d, &b));
	assert_true(des_mac_retail(&d, zero, &msg, 1, second));
	assert_memory_not_equal(first, second, 8);
	assert_true(des_set_key(&d, &a));
	assert_true(des_mac_retail(&d, zero, &msg, 1, again));
	assert_memory_equal(first, again, 8);
	des_wipe(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cbc),
		cmocka_unit_test(test_ecb),
		cmocka_unit_test(test_macs),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_single),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_rekey),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
