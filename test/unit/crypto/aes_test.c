/*
 * AES against NIST, Wycheproof and the RFCs. test/vectors/aes_cmac_*.json name their sources; the
 * answers written down here are those of RFC 3394 section 4 and SP 800-38A appendix F.
 */
#include "unit.h"

#include "crypto/aes.h"

#define SP800_38A_PLAIN \
	"6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E51" \
	"30C81C46A35CE411E5FBC1191A0A52EFF69F2445DF4F9B17AD2B417BE66C3710"

static void check_cmac(struct aes *reused, const json_t *v, size_t at)
{
	struct span msg = unit_hex(v, "msg"), tag = unit_hex(v, "tag");
	struct key k = unit_key(unit_str(v, "key"));
	uint8_t got[16], again[16];

	assert_true(cmac(&k, msg, got));
	assert_span(SPAN(got), tag);
	/* The same through an object that had other keys before, the message in uneven parts. */
	for (size_t cut = 0; cut <= msg.n; cut += 1 + at % 3) {
		const struct span parts[] = { span_sub(msg, 0, cut), span_of(NULL, 0),
			span_sub(msg, cut, msg.n) };

		assert_true(aes_set_key(reused, &k));
		assert_true(aes_cmac(reused, parts, 3, again));
		assert_span(SPAN(again), tag);
	}
}

static void test_cmac_nist(void **state)
{
	json_t *file = unit_json("test/vectors/aes_cmac_nist.json"), *v;
	struct aes a = { 0 };
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(file, "vectors"), i, v) check_cmac(&a, v, i);
	assert_int_equal(i, 12);
	aes_wipe(&a);
	json_decref(file);
}

static void test_cmac_wycheproof(void **state)
{
	json_t *file = unit_json("test/vectors/aes_cmac_wycheproof.json"), *v;
	struct aes a = { 0 };
	size_t i, valid = 0, refused = 0;

	(void)state;
	json_array_foreach(json_object_get(file, "vectors"), i, v)
	{
		size_t key_n = strlen(unit_str(v, "key")) / 2;
		struct key k = { 0 };
		uint8_t got[16];

		if (strcmp(unit_str(v, "result"), "valid") == 0) {
			check_cmac(&a, v, i);
			valid++;
		} else if (key_n == 16 || key_n == 24 || key_n == 32) {
			k = unit_key(unit_str(v, "key"));
			assert_true(cmac(&k, unit_hex(v, "msg"), got));
			assert_false(ct_equal(SPAN(got), unit_hex(v, "tag")));
		} else { /* no AES key: 40 octets do not even fit a struct key */
			if (key_n != 0 && !key_from(&k, unit_hex(v, "key")))
				assert_int_equal(key_n, 40);
			assert_false(cmac(&k, unit_hex(v, "msg"), got));
			refused++;
		}
	}
	assert_int_equal(i, 311);
	assert_int_equal(valid, 63);
	assert_int_equal(refused, 5);
	aes_wipe(&a);
	json_decref(file);
}

/* Long messages cross the inner buffer; CMAC is also the last block of a CBC run. */
static void test_cmac_long(void **state)
{
	static uint8_t msg[2100], out[2112];
	static const uint8_t zero[16];
	struct key k = unit_key("2B7E151628AED2A6ABF7158809CF4F3C");
	uint8_t whole[16], split[16], k1[16];
	struct aes a = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(msg); i++)
		msg[i] = (uint8_t)(i * 7 + i / 251);
	assert_true(aes_set_key(&a, &k));
	assert_true(hex_exact(span_str("FBEED618357133667C85E08F7236A8DE"), k1, 16)); /* RFC 4493 */
	for (size_t n = 16; n <= 2096; n += 16) {
		struct span m = span_of(msg, n);
		const struct span parts[] = { span_sub(m, 0, n / 3), span_sub(m, n / 3, n) };
		uint8_t last[16];

		memcpy(last, &msg[n - 16], 16);
		for (size_t i = 0; i < 16; i++)
			msg[n - 16 + i] ^= k1[i];
		assert_true(aes_cbc_encrypt(&a, zero, m, out));
		memcpy(&msg[n - 16], last, 16);
		assert_true(aes_cmac(&a, &m, 1, whole));
		assert_span(SPAN(whole), span_of(&out[n - 16], 16));
		assert_true(aes_cmac(&a, parts, 2, split));
		assert_span(SPAN(split), SPAN(whole));
	}
	aes_wipe(&a);
}

static void test_cbc(void **state)
{
	static const char *const v[][2] = {
		{ "2B7E151628AED2A6ABF7158809CF4F3C",
		    "7649ABAC8119B246CEE98E9B12E9197D5086CB9B507219EE95DB113A917678B2"
		    "73BED6B8E3C1743B7116E69E222295163FF1CAA1681FAC09120ECA307586E1A7" },
		{ "8E73B0F7DA0E6452C810F32B809079E562F8EAD2522C6B7B",
		    "4F021DB243BC633D7178183A9FA071E8B4D9ADA9AD7DEDF4E5E738763F69145A"
		    "571B242012FB7AE07FA9BAAC3DF102E008B0E27988598881D920A9E64F5615CD" },
		{ "603DEB1015CA71BE2B73AEF0857D77811F352C073B6108D72D9810A30914DFF4",
		    "F58C4C04D6E5F1BA779EABFB5F7BFBD69CFC4E967EDB808D679F777BC6702C7D"
		    "39F23369A9D9BACFA530E26304231461B2EB05E2C39BE9FCDA6C19078C6A9D1B" },
	};
	struct span iv = unit_bytes("000102030405060708090A0B0C0D0E0F");
	struct span plain = unit_bytes(SP800_38A_PLAIN);
	struct aes a = { 0 };
	uint8_t b[64];

	(void)state;
	for (size_t i = 0; i < 3 * 2; i++) { /* twice round: rekeyed with every other length */
		struct key k = unit_key(v[i % 3][0]);
		struct span cipher = unit_bytes(v[i % 3][1]);

		assert_true(aes_set_key(&a, &k));
		assert_true(aes_cbc_encrypt(&a, iv.p, plain, b));
		assert_span(SPAN(b), cipher);
		assert_true(aes_cbc_decrypt(&a, iv.p, SPAN(b), b)); /* in place */
		assert_span(SPAN(b), plain);
		assert_true(aes_cbc_once(&k, ENCRYPT, iv.p, plain, b));
		assert_span(SPAN(b), cipher);
		assert_true(aes_cbc_once(&k, DECRYPT, iv.p, cipher, b));
		assert_span(SPAN(b), plain);
		assert_false(aes_cbc_encrypt(&a, iv.p, span_sub(plain, 0, 17), b));
		assert_false(aes_cbc_decrypt(&a, iv.p, span_sub(plain, 0, 15), b));
	}
	aes_wipe(&a);
	aes_wipe(&a);
}

/* SP 800-38A F.5 starts its counter elsewhere than at 0, so the blocks are compared one by one. */
static void test_ctr(void **state)
{
	struct span nonce = unit_bytes("F0F1F2F3F4F5F6F7F8F9FAFB");
	struct key k = unit_key("2B7E151628AED2A6ABF7158809CF4F3C");
	static uint8_t in[1500], out[1500];
	uint8_t block[16];
	struct aes a = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 3);
	assert_true(aes_set_key(&a, &k));
	assert_true(aes_ctr(&a, nonce.p, SPAN(in), out));
	for (size_t i = 0; i < sizeof(in); i++) {
		if (i % 16 == 0) {
			memcpy(block, nonce.p, 12);
			put_u32(&block[12], (uint32_t)(i / 16));
			assert_true(aes_block(&a, block, block));
		}
		assert_int_equal(out[i], in[i] ^ block[i % 16]);
	}
	assert_true(aes_ctr(&a, nonce.p, SPAN(out), out));
	assert_span(SPAN(out), SPAN(in));
	/* F.5.1, output block 1: the block cipher itself. */
	assert_true(aes_block(&a, unit_bytes("F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF").p, block));
	assert_span(SPAN(block), unit_bytes("EC8CDF7398607CB0F2D21675EA9EA1E4"));
	aes_wipe(&a);
}

/* RFC 3394 4.1 to 4.6. */
static void test_key_wrap(void **state)
{
	static const char kek[] =
	    "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F";
	static const char data[] =
	    "00112233445566778899AABBCCDDEEFF000102030405060708090A0B0C0D0E0F";
	static const struct {
		size_t kek_n, data_n;
		const char *wrapped;
	} v[] = {
		{ 16, 16, "1FA68B0A8112B447AEF34BD8FB5A7B829D3E862371D2CFE5" },
		{ 24, 16, "96778B25AE6CA435F92B5B97C050AED2468AB8A17AD84E5D" },
		{ 32, 16, "64E8C3F9CE0F5BA263E9777905818A2A93C8191E7D6E8AE7" },
		{ 24, 24, "031D33264E15D33268F24EC260743EDCE1C6C7DDEE725A936BA814915C6762D2" },
		{ 32, 24, "A8F9BC1612C68B3FF6E6F4FBE30E71E4769C8B80A32CB8958CD5D17D6B254DA1" },
		{ 32, 32,
		    "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43B"
		    "FB988B9B7A02DD21" },
	};
	uint8_t out[80], back[72], bad[40];

	(void)state;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++) {
		struct span in = span_sub(unit_bytes(data), 0, v[i].data_n);
		struct span want = unit_bytes(v[i].wrapped);
		struct key k = { 0 };

		assert_true(key_from(&k, span_sub(unit_bytes(kek), 0, v[i].kek_n)));
		assert_true(aes_wrap(&k, in, out));
		assert_span(span_of(out, in.n + 8), want);
		assert_true(aes_unwrap(&k, want, back));
		assert_span(span_of(back, in.n), in);
		for (size_t bit = 0; bit < want.n * 8; bit++) {
			static const uint8_t zero[40];

			memcpy(bad, want.p, want.n);
			bad[bit / 8] ^= (uint8_t)(1 << bit % 8);
			memset(back, 0xA5, sizeof(back));
			assert_false(aes_unwrap(&k, span_of(bad, want.n), back));
			assert_span(span_of(back, in.n), span_of(zero, in.n));
		}
		assert_false(aes_wrap(&k, span_sub(in, 0, 15), out));
		assert_false(aes_wrap(&k, span_sub(in, 0, 8), out));
		assert_false(aes_unwrap(&k, span_sub(want, 0, 16), out));
		assert_false(aes_unwrap(&k, span_sub(want, 0, 23), out));
	}
}

static void test_empty_object(void **state)
{
	struct key none = { 0 }, odd = { .n = 20 };
	struct aes a = { 0 };
	uint8_t b[16] = { 0 };

	(void)state;
	assert_false(aes_block(&a, b, b));
	assert_false(aes_cbc_encrypt(&a, b, SPAN(b), b));
	assert_false(aes_cmac(&a, NULL, 0, b));
	assert_false(aes_set_key(&a, &none));
	assert_false(aes_set_key(&a, &odd));
	aes_wipe(&a);
	assert_null(a.ecb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cmac_nist),
		cmocka_unit_test(test_cmac_wycheproof),
		cmocka_unit_test(test_cmac_long),
		cmocka_unit_test(test_cbc),
		cmocka_unit_test(test_ctr),
		cmocka_unit_test(test_key_wrap),
		cmocka_unit_test(test_empty_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
