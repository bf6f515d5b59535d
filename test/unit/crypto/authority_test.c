/*
 * Keys that authorize content: a published token of RSA-1024 (content_management.json), RSA-PSS and
 * ECDSA of Wycheproof (authority_wycheproof.json), hashes of FIPS 180-4; then our own of each kind,
 * every bit of them, and what is no key.
 */
#include "unit.h"

#include "crypto/authority.h"

static const char abc[] = "abc";

/* ---- from outside ---- */

static json_t *load_token(json_t **file)
{
	*file = unit_json("test/vectors/content_management.json");
	return json_array_get(json_object_get(*file, "vectors"), 0);
}

static void test_known_token(void **state)
{
	uint8_t room[AUTHORITY_SIGNATURE_MAX];
	struct wr sig = wr_fixed(room, sizeof(room));
	SECRET_AUTHORITY(k);
	json_t *file, *v = load_token(&file);

	(void)state;
	assert_string_equal(unit_str(v, "kind"), "load_token");
	assert_true(authority_rsa(&k, unit_hex(v, "n"), unit_hex(v, "e"), unit_hex(v, "d")));
	assert_int_equal(authority_signature_size(&k), 128);
	assert_true(authority_sign(&k, unit_hex(v, "token_input"), &sig));
	assert_span(wr_span(&sig), unit_hex(v, "token"));
	/* the public half by itself verifies, and cannot sign */
	assert_true(authority_rsa(&k, unit_hex(v, "n"), unit_hex(v, "e"), span_of(NULL, 0)));
	assert_true(authority_verify(&k, unit_hex(v, "token_input"), unit_hex(v, "token")));
	assert_false(authority_signs(&k));
	assert_false(authority_sign(&k, unit_hex(v, "token_input"), &sig));
	json_decref(file);
}

static void key_of(const json_t *keys, const char *kind, struct authority_key *k)
{
	const json_t *v = json_object_get(keys, kind);
	SECRET_AUTHORITY(pem);
	enum ec_curve c;

	if (strcmp(kind, "rsa-pss") == 0)
		assert_true(authority_rsa(k, unit_hex(v, "n"), unit_hex(v, "e"), span_of(NULL, 0)));
	else
		assert_true(ec_curve_from(kind, &c) && authority_ec(k, c, unit_hex(v, "point")));
	assert_true(authority_from_pem(&pem, span_str(unit_str(v, "pem"))));
	assert_true(authority_same_public(k, &pem));
}

static void test_wycheproof(void **state)
{
	json_t *file = unit_json("test/vectors/authority_wycheproof.json"), *v;
	SECRET_AUTHORITY(k);
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(file, "vectors"), i, v)
	{
		key_of(json_object_get(file, "keys"), unit_str(v, "kind"), &k);
		assert_int_equal(authority_verify(&k, unit_hex(v, "msg"), unit_hex(v, "sig")),
		    strcmp(unit_str(v, "result"), "valid") == 0);
	}
	assert_int_equal(i, 10);
	json_decref(file);
}

/* FIPS 180-4: the message of three octets. */
static void test_digests(void **state)
{
	static const char *const want[DIGEST_ALGS] = {
		[DIGEST_SHA1] = "A9993E364706816ABA3E25717850C26C9CD0D89D",
		[DIGEST_SHA256] =
		    "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
		[DIGEST_SHA384] = "CB00753F45A35E8BB5A03D699AC65007272C32AB0EDED163"
				  "1A8B605A43FF5BED8086072BA1E7CC2358BAECA134C825A7",
		[DIGEST_SHA512] =
		    "DDAF35A193617ABACC417349AE20413112E6FA4E89A97EA20A9EEEE64B55D39A"
		    "2192992A274FC1A836BA3C23A3FEEBBD454D4423643CE80E2A9AC94FA54CA49F",
	};
	uint8_t out[DIGEST_MAX];
	enum digest_alg alg;

	(void)state;
	for (int i = 0; i < DIGEST_ALGS; i++) {
		assert_true(digest_from(digest_str((enum digest_alg)i), &alg));
		assert_int_equal(alg, i);
		assert_true(digest_by_size(digest_size(alg), &alg));
		assert_int_equal(alg, i);
		assert_true(digest_of(alg, span_str(abc), out));
		assert_span(span_of(out, digest_size(alg)), unit_bytes(want[i]));
	}
	for (size_t i = 0; i < DIGEST_ALGS; i++) {
		assert_string_equal(digest_names[i], digest_str((enum digest_alg)i));
		assert_non_null(strstr(DIGEST_WORDS, digest_names[i]));
	}
	assert_null(digest_names[DIGEST_ALGS]);
	assert_false(digest_from("sha-224", &alg));
	assert_false(digest_from("SHA-256", &alg));
	assert_false(digest_by_size(28, &alg));
	assert_false(digest_of(DIGEST_ALGS, span_str(abc), out));
	assert_int_equal(digest_size(DIGEST_ALGS), 0);
	assert_string_equal(digest_str(DIGEST_ALGS), "unknown");
}

/* The MACs are those of des_test and aes_test, whose facts are from outside. */
static void test_macs(void **state)
{
	uint8_t room[32];
	struct wr sig = wr_fixed(room, sizeof(room));
	SECRET_AUTHORITY(k);

	(void)state;
	/* RFC 4493, example 2 */
	assert_true(
	    authority_secret(&k, AUTHORITY_AES, unit_bytes("2B7E151628AED2A6ABF7158809CF4F3C")));
	assert_true(authority_sign(&k, unit_bytes("6BC1BEE22E409F96E93D7E117393172A"), &sig));
	assert_span(wr_span(&sig), unit_bytes("070A16B46B4D4144F79BDD9DD04A287C"));
	/* ISO/IEC 9797-1 annex B: MAC algorithm 3, padding method 2 */
	assert_true(
	    authority_secret(&k, AUTHORITY_DES, unit_bytes("0123456789ABCDEFFEDCBA9876543210")));
	wr_reset(&sig);
	assert_true(authority_sign(&k, span_str("Now is the time for it"), &sig));
	assert_span(wr_span(&sig), unit_bytes("5A692CE64F404145"));
}

/* ---- our own ---- */

/* One of each kind and size; RSA keys take time to make, so few sizes. */
static bool make(size_t nth, struct authority_key *k)
{
	static const char secret[] = "404142434445464748494A4B4C4D4E4F"
				     "505152535455565758595A5B5C5D5E5F";
	struct span all = unit_bytes(secret);

	switch (nth) {
	case 0:
		assert_true(authority_secret(k, AUTHORITY_DES, span_sub(all, 0, 16)));
		return true;
	case 1:
	case 2:
	case 3:
		assert_true(
		    authority_secret(k, AUTHORITY_AES, span_sub(all, 0, 16 + 8 * (nth - 1))));
		return true;
	case 4:
	case 5:
		assert_true(authority_generate_rsa(k, nth == 4 ? 1024 : 2048));
		return true;
	case 6:
	case 7:
	case 8:
	case 9:
		assert_true(authority_generate_ec(k, (enum ec_curve)(nth - 6)));
		return true;
	}
	return false;
}

static void test_all_kinds(void **state)
{
	static const char *const names[] = { "triple DES", "AES-128", "AES-192", "AES-256",
		"RSA-1024", "RSA-2048", "EC p-256", "EC p-384", "EC brainpoolp256r1", "EC p-521" };
	static const uint16_t sizes[] = { 8, 16, 16, 16, 128, 256, 64, 96, 64, 132 };
	static const enum digest_alg signs[] = { DIGEST_SHA1, DIGEST_SHA1, DIGEST_SHA1, DIGEST_SHA1,
		DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA256, DIGEST_SHA384, DIGEST_SHA256,
		DIGEST_SHA512 };
	uint8_t room[AUTHORITY_SIGNATURE_MAX], msg[] = { 1, 2, 3, 4, 5 };
	struct wr sig = wr_fixed(room, sizeof(room));
	SECRET_AUTHORITY(k);
	char text[32];

	(void)state;
	for (size_t i = 0; make(i, &k); i++) {
		assert_string_equal(authority_describe(&k, text, sizeof(text)), names[i]);
		assert_int_equal(authority_signature_size(&k), sizes[i]);
		assert_int_equal(authority_digest(&k, false), signs[i]);
		wr_reset(&sig);
		assert_true(authority_sign(&k, SPAN(msg), &sig));
		assert_int_equal(sig.n, sizes[i]);
		assert_true(authority_verify(&k, SPAN(msg), wr_span(&sig)));
		for (size_t bit = 0; bit < 8 * sig.n; bit += unit_step(13)) {
			sig.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_false(authority_verify(&k, SPAN(msg), wr_span(&sig)));
			sig.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		for (size_t bit = 0; bit < 8 * sizeof(msg); bit += unit_step(13)) {
			msg[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_false(authority_verify(&k, SPAN(msg), wr_span(&sig)));
			msg[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		/* neither shorter nor longer, nor none */
		assert_false(
		    authority_verify(&k, SPAN(msg), span_sub(wr_span(&sig), 0, sig.n - 1)));
		assert_false(authority_verify(&k, SPAN(msg), span_of(room, sig.n + 1)));
		assert_false(authority_verify(&k, SPAN(msg), span_of(NULL, 0)));
	}
	/* ciphering has its own minimum (table C-3) */
	for (size_t i = 0; i < 4; i++) {
		make(i, &k);
		assert_int_equal(authority_digest(&k, true), i);
	}
}

static void test_nothing(void **state)
{
	uint8_t room[AUTHORITY_SIGNATURE_MAX], f[8];
	struct wr sig = wr_fixed(room, sizeof(room));
	struct authority_key k = { 0 }, other = { 0 };
	char text[16];

	(void)state;
	assert_false(authority_signs(&k));
	assert_false(authority_is_public(&k));
	assert_false(authority_sign(&k, span_str(abc), &sig));
	assert_false(authority_verify(&k, span_str(abc), span_of(NULL, 0)));
	assert_false(authority_fingerprint(&k, f));
	assert_false(authority_same_public(&k, &other));
	assert_int_equal(authority_signature_size(&k), 0);
	assert_int_equal(authority_block(&k), 0);
	assert_string_equal(authority_describe(&k, text, sizeof(text)), "no key");
	/* a signature that does not fit */
	assert_true(make(1, &k));
	sig = wr_fixed(room, 15);
	assert_false(authority_sign(&k, span_str(abc), &sig));
	wipe_authority_key(&k);
	assert_int_equal(k.kind, AUTHORITY_NONE);
}

static void test_no_secrets(void **state)
{
	static const uint8_t b[33] = { 1 };
	SECRET_AUTHORITY(k);

	(void)state;
	for (size_t n = 0; n <= sizeof(b); n++) {
		assert_int_equal(authority_secret(&k, AUTHORITY_DES, span_of(b, n)), n == 16);
		assert_int_equal(authority_secret(&k, AUTHORITY_AES, span_of(b, n)),
		    n == 16 || n == 24 || n == 32);
	}
	assert_false(authority_secret(&k, AUTHORITY_RSA, span_of(b, 16)));
	assert_false(authority_secret(&k, AUTHORITY_NONE, span_of(b, 16)));
	assert_int_equal(k.kind, AUTHORITY_NONE);
}

static bool rsa(struct span n, const char *e)
{
	SECRET_AUTHORITY(k);

	return authority_rsa(&k, n, unit_bytes(e), span_of(NULL, 0));
}

static void test_no_rsa(void **state)
{
	uint8_t n[RSA_OCTETS_MAX + 2];
	SECRET_AUTHORITY(k);
	SECRET_AUTHORITY(other);
	uint8_t d[RSA_OCTETS_MAX];

	(void)state;
	memset(n, 0xFF, sizeof(n));
	assert_true(rsa(span_of(n, 128), "010001"));
	assert_true(rsa(span_of(n, 512), "03"));
	assert_true(rsa(span_of(n, 512), "00000000000000000000010001")); /* zeros in front */
	assert_false(rsa(span_of(n, 127), "010001"));
	assert_false(rsa(span_of(n, 513), "010001"));
	assert_false(rsa(span_of(n, 128), "01"));
	assert_false(rsa(span_of(n, 128), "010000"));
	assert_false(rsa(span_of(n, 128), "00"));
	assert_false(rsa(span_of(n, 128), ""));
	assert_false(rsa(span_of(n, 128), "010000000000000001"));
	n[127] = 0xFE;
	assert_false(rsa(span_of(n, 128), "010001")); /* even */
	n[127] = 0xFF;
	n[0] = 0x7F;
	assert_false(rsa(span_of(n, 129), "010001")); /* 1031 bits */
	n[0] = 0x00;
	assert_true(rsa(span_of(n, 129), "010001"));
	/* a private half of somebody else */
	assert_true(authority_generate_rsa(&k, 1024) && authority_generate_rsa(&other, 1024));
	memcpy(d, other.d, 128);
	memcpy(n, k.n, 128);
	assert_false(authority_rsa(&k, span_of(n, 128), unit_bytes("010001"), span_of(d, 128)));
	assert_int_equal(k.kind, AUTHORITY_NONE);
	for (unsigned bits = 0; bits <= 8192; bits += bits < 1024 ? 512 : 1000)
		if (bits != 1024)
			assert_false(authority_generate_rsa(&k, bits));
}

static void test_no_ec(void **state)
{
	SECRET_AUTHORITY(k);
	uint8_t b[EC_POINT_MAX] = { 0x04 };

	(void)state;
	for (int c = 0; c < EC_CURVES; c++) {
		size_t field = ec_field((enum ec_curve)c);

		assert_false(authority_ec(&k, (enum ec_curve)c, span_of(b, 2 * field + 1)));
		assert_false(authority_ec_private(&k, (enum ec_curve)c, span_of(&b[1], field)));
	}
	assert_int_equal(k.kind, AUTHORITY_NONE);
}

/* ---- PEM ---- */

/* Reads a file of test/vectors/rfc9500. */
static struct span file_of(const char *name, uint8_t *room, size_t cap)
{
	char path[64];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "test/vectors/rfc9500/%s", name);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(room, 1, cap, f);
	fclose(f);
	return span_of(room, n);
}

static void test_pem(void **state)
{
	static const struct {
		const char *name, *describes, *fingerprint;
	} keys[] = {
		/* openssl pkey -pubin -outform der | sha256sum */
		{ "RSA1024", "RSA-1024", "9A9E5B0F404F4E2D" },
		{ "RSA2048", "RSA-2048", "8FB6BAD671CFE698" },
		{ "ECP256", "EC p-256", "B2B04340CFAEE616" },
		{ "ECP384", "EC p-384", "C4C10105A0BE0ED4" },
		{ "ECP521", "EC p-521", "ACB1B8327FEF995E" },
	};
	static const uint8_t long_text[AUTHORITY_PEM_MAX + 1];
	uint8_t room[2][4096], both[8192], f[8];
	SECRET_AUTHORITY(priv);
	SECRET_AUTHORITY(pub);
	char name[32], text[32];

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct wr w = wr_fixed(both, sizeof(both));
		struct span s;

		snprintf(name, sizeof(name), "%s.pub.pem", keys[i].name);
		s = file_of(name, room[0], sizeof(room[0]));
		assert_true(authority_from_pem(&pub, s));
		assert_false(authority_signs(&pub));
		wr_put(&w, s);
		snprintf(name, sizeof(name), "%s.pem", keys[i].name);
		s = file_of(name, room[1], sizeof(room[1]));
		assert_true(authority_from_pem(&priv, s));
		assert_true(authority_signs(&priv));
		assert_true(authority_same_public(&priv, &pub));
		assert_string_equal(
		    authority_describe(&priv, text, sizeof(text)), keys[i].describes);
		assert_true(authority_fingerprint(&pub, f));
		assert_span(SPAN(f), unit_bytes(keys[i].fingerprint));
		/* not two in one file, not cut off */
		wr_put(&w, s);
		assert_false(authority_from_pem(&pub, wr_span(&w)));
		assert_int_equal(pub.kind, AUTHORITY_NONE);
		assert_false(authority_from_pem(&pub, span_sub(s, 0, s.n - 40)));
	}
	assert_false(authority_from_pem(&pub, span_of(NULL, 0)));
	assert_false(authority_from_pem(&pub, span_str("no PEM")));
	assert_false(authority_from_pem(&pub, SPAN(long_text)));
}

static void test_der(void **state)
{
	json_t *file = unit_json("test/vectors/authority_wycheproof.json");
	uint8_t room[512];
	struct wr der = wr_fixed(room, sizeof(room));
	SECRET_AUTHORITY(pem);
	SECRET_AUTHORITY(k);

	(void)state;
	key_of(json_object_get(file, "keys"), "p-384", &pem);
	/* SubjectPublicKeyInfo of id-ecPublicKey, secp384r1 */
	wr_put(&der, unit_bytes("3076301006072A8648CE3D020106052B81040022036200"));
	wr_put(&der, ec_public_span(&pem.ec));
	assert_true(authority_from_der(&k, wr_span(&der), false));
	assert_true(authority_same_public(&k, &pem));
	assert_false(authority_from_der(&k, wr_span(&der), true));
	assert_int_equal(k.kind, AUTHORITY_NONE);
	assert_false(authority_from_der(&k, span_of(room, der.n - 1), false));
	assert_false(authority_from_der(&k, span_of(room, der.n + 1), false));
	assert_false(authority_from_der(&k, span_of(NULL, 0), false));
	json_decref(file);
}

/* Files as openssl writes them: keys of the test itself, never used elsewhere. */
static void test_pem_of_tools(void **state)
{
	static const char sec1[] = /* ecparam -genkey: parameters come first */
	    "-----BEGIN EC PARAMETERS-----\n"
	    "BggqhkjOPQMBBw==\n"
	    "-----END EC PARAMETERS-----\n"
	    "-----BEGIN EC PRIVATE KEY-----\n"
	    "MHcCAQEEIKq2lnXooZW57p1lMgo9y5Ldi6WW7qM6cH9+wa7icdJ0oAoGCCqGSM49\n"
	    "AwEHoUQDQgAED+6nlV3MFoRTjte4HDH1yqOnSDJqlrhLLm21+s4y5WpY3zKCNaeU\n"
	    "1VBYJg2qUx/q/01cs5m847OY2nUZwt2bUA==\n"
	    "-----END EC PRIVATE KEY-----\n";
	static const char encrypted[] = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
					"MIIBBBA=\n"
					"-----END ENCRYPTED PRIVATE KEY-----\n";
	static const char headed[] = "-----BEGIN EC PRIVATE KEY-----\n"
				     "Proc-Type: 4,ENCRYPTED\n"
				     "DEK-Info: AES-128-CBC,00000000000000000000000000000000\n"
				     "\n"
				     "AAAAAAAAAAAAAAAAAAAAAA==\n"
				     "-----END EC PRIVATE KEY-----\n";
	static const char ed25519[] =
	    "-----BEGIN PRIVATE KEY-----\n"
	    "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
	    "-----END PRIVATE KEY-----\n"; /* RFC 8410 10.3 */
	static const char certificate[] = "-----BEGIN CERTIFICATE-----\n"
					  "MAA=\n"
					  "-----END CERTIFICATE-----\n";
	SECRET_AUTHORITY(k);

	(void)state;
	assert_true(authority_from_pem(&k, span_str(sec1)));
	assert_true(authority_signs(&k));
	assert_int_equal(k.ec.curve, EC_P256);
	assert_false(authority_from_pem(&k, span_str(encrypted)));
	assert_false(authority_from_pem(&k, span_str(headed)));
	assert_false(authority_from_pem(&k, span_str(ed25519)));
	assert_false(authority_from_pem(&k, span_str(certificate)));
}

/* ---- ciphered load files ---- */

static void test_cipher(void **state)
{
	const struct span none = { NULL, 0 };
	uint8_t clear[40], icv[16], room[64], back_room[64];
	struct wr w = wr_fixed(room, sizeof(room)), back = wr_fixed(back_room, sizeof(back_room));
	SECRET_AUTHORITY(k);

	(void)state;
	/* SP 800-38A F.2.1, first block; the second is the padding */
	assert_true(
	    authority_secret(&k, AUTHORITY_AES, unit_bytes("2B7E151628AED2A6ABF7158809CF4F3C")));
	memcpy(icv, unit_bytes("000102030405060708090A0B0C0D0E0F").p, 16);
	assert_true(
	    authority_encrypt(&k, SPAN(icv), unit_bytes("6BC1BEE22E409F96E93D7E117393172A"), &w));
	assert_int_equal(w.n, 32);
	assert_span(span_sub(wr_span(&w), 0, 16), unit_bytes("7649ABAC8119B246CEE98E9B12E9197D"));
	memset(clear, 0x80, sizeof(clear));
	for (size_t i = 0; i < 4; i++) {
		make(i, &k);
		for (size_t n = 0; n <= sizeof(clear); n++) {
			size_t block = authority_block(&k);

			wr_reset(&w);
			wr_reset(&back);
			assert_true(authority_encrypt(&k, none, span_of(clear, n), &w));
			assert_int_equal(w.n, n + block - n % block);
			assert_true(authority_decrypt(&k, none, wr_span(&w), &back));
			assert_span(wr_span(&back), span_of(clear, n));
			assert_false(
			    authority_decrypt(&k, none, span_sub(wr_span(&w), 0, w.n - 1), &back));
		}
		assert_false(authority_decrypt(&k, none, span_of(NULL, 0), &back));
	}
	/* zeros only, and an octet that is no padding */
	make(1, &k);
	wr_reset(&back);
	assert_false(
	    authority_decrypt(&k, none, unit_bytes("000102030405060708090A0B0C0D0E0F"), &back));
	assert_int_equal(back.n, 0);
	/* 80 01 at the end */
	make(1, &k);
	memset(icv, 0x80, sizeof(icv));
	icv[15] = 0x01;
	wr_reset(&w);
	wr_reset(&back);
	assert_true(authority_encrypt(&k, none, SPAN(icv), &w));
	assert_false(authority_decrypt(&k, none, span_sub(wr_span(&w), 0, 16), &back));
	assert_int_equal(back.n, 0);
	/* an ICV of another length */
	for (size_t n = 1; n <= sizeof(icv) + 1; n++) {
		make(n % 2, &k);
		if (n == authority_block(&k))
			continue;
		wr_reset(&w);
		assert_false(authority_encrypt(&k, span_of(clear, n), SPAN(clear), &w));
		wr_reset(&back);
		assert_false(authority_decrypt(&k, span_of(clear, n), SPAN(icv), &back));
	}
	make(4, &k);
	assert_false(authority_encrypt(&k, none, SPAN(clear), &w));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_token),
		cmocka_unit_test(test_wycheproof),
		cmocka_unit_test(test_digests),
		cmocka_unit_test(test_macs),
		cmocka_unit_test(test_all_kinds),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_no_secrets),
		cmocka_unit_test(test_no_rsa),
		cmocka_unit_test(test_no_ec),
		cmocka_unit_test(test_pem),
		cmocka_unit_test(test_der),
		cmocka_unit_test(test_pem_of_tools),
		cmocka_unit_test(test_cipher),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
