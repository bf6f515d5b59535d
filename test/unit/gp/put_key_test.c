/* PUT KEY of RSA and EC keys, of secret keys of the other kind, and the extended format; there and
 * back. Command data put together by hand from GPCS 11.8.2.3 are the outside. */
#include "unit.h"

#include "gp/put_key.h"

#define N1024 \
	"AE3866981CB87C56B694DA18D7CEAA45CC5A5AE5AFC3F5A2C730C3C5771DC02E" \
	"BC0E09223AF1E439E3BB49B8035803F73B61AFE45D314541C0EBDE382A1CAFE8" \
	"FE2F4E77FBE27B76CE736FD6A9D8755BDADAFB5B83B450CECD4F9320146DBADA" \
	"4A716AB49CD22DD631A71D04304D9DB3350604DB550E8C0C6F6E96E156025EDF"
/* The generator of P-256 is a point as good as any. */
#define P256_G \
	"046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296" \
	"4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"

static struct key dek_aes(void)
{
	return unit_key("404142434445464748494A4B4C4D4E4F");
}

static void check_there_and_back(const char *data, struct put_key *k, const char *canonical)
{
	struct key dek = dek_aes();
	struct wr w = wr_grow(2000);

	assert_int_equal(put_key_get(unit_bytes(data), &dek, k), PUT_KEY_OK);
	assert_int_equal(k->n, 1);
	assert_true(put_key_is_asymmetric(k));
	assert_true(put_key_put(&w, k, &dek));
	assert_span(wr_span(&w), unit_bytes(canonical == NULL ? data : canonical));
	wr_reset(&w);
	put_key_answer_put(&w, k);
	assert_span(wr_span(&w), unit_bytes("73"));
	assert_true(put_key_answer_ok(wr_span(&w), k));
	assert_false(put_key_answer_ok(unit_bytes("73AABBCC"), k));
	assert_false(put_key_answer_ok(unit_bytes("72"), k));
	wr_free(&w);
}

static void rsa(void **state)
{
	struct put_key k = { 0 };

	(void)state;
	/* A1 81 80 modulus, A0 03 exponent, no check value */
	check_there_and_back("73A18180" N1024 "A00301000100", &k, NULL);
	assert_int_equal(k.type[0], KEY_TYPE_RSA_MODULUS);
	assert_span(span_of(k.asymmetric.n, k.asymmetric.n_octets), unit_bytes(N1024));
	assert_span(span_of(k.asymmetric.e, k.asymmetric.e_octets), unit_bytes("010001"));
	/* 128 octets with a length of one octet; the exponent first */
	check_there_and_back("73A180" N1024 "A00301000100", &k, "73A18180" N1024 "A00301000100");
	check_there_and_back("73A003010001A18180" N1024 "00", &k, "73A18180" N1024 "A00301000100");
	wipe_authority_key(&k.asymmetric);
}

static void ec(void **state)
{
	struct put_key k = { 0 };

	(void)state;
	check_there_and_back("73B041" P256_G "F0010000", &k, NULL);
	assert_int_equal(k.type[0], KEY_TYPE_EC_PUBLIC);
	assert_int_equal(k.asymmetric.ec.curve, EC_P256);
	assert_span(ec_public_span(&k.asymmetric.ec), unit_bytes(P256_G));
	/* without a reference of its curve: by its size */
	check_there_and_back("73B041" P256_G "00", &k, "73B041" P256_G "F0010000");
}

/* The ciphertext of a scalar is that of its octets alone; P-521 needs padding and its length. */
static void ec_private(void **state)
{
	static const enum ec_curve curves[] = { EC_P256, EC_P384, EC_P521, EC_BRAINPOOL_P256R1 };
	struct key dek = dek_aes();

	(void)state;
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		struct put_key k = { .version = 0x01, .n = 1, .type = { KEY_TYPE_EC_PRIVATE } },
			       got = { 0 };
		struct wr w = wr_grow(300);

		for (int bare = 0; bare < 2; bare++) {
			wr_reset(&w);
			k.bare = bare != 0;
			assert_true(authority_generate_ec(&k.asymmetric, curves[i]));
			assert_true(put_key_put(&w, &k, &dek));
			assert_int_equal(put_key_get(wr_span(&w), &dek, &got), PUT_KEY_OK);
			assert_int_equal(got.type[0], KEY_TYPE_EC_PRIVATE);
			assert_int_equal(got.asymmetric.ec.curve, curves[i]);
			assert_span(span_of(got.asymmetric.ec_half.b, got.asymmetric.ec_half.n),
			    span_of(k.asymmetric.ec_half.b, k.asymmetric.ec_half.n));
			assert_true(ec_public_eq(&got.asymmetric.ec, &k.asymmetric.ec));
			for (size_t n = 0; n < w.n; n++)
				assert_int_equal(
				    put_key_get(span_sub(wr_span(&w), 0, n), &dek, &got),
				    PUT_KEY_MALFORMED);
		}
		wr_free(&w);
	}
}

static void rsa_large(void **state)
{
	struct put_key k = { .version = 0x70, .n = 1, .type = { KEY_TYPE_RSA_MODULUS } },
		       got = { 0 };
	struct key dek = dek_aes();
	struct wr w = wr_grow(1000);
	struct span s;

	(void)state;
	assert_true(authority_generate_rsa(&k.asymmetric, 2048));
	assert_true(put_key_put(&w, &k, &dek));
	s = wr_span(&w);
	assert_int_equal(s.n, 1 + 4 + 256 + 5 + 1);
	assert_span(span_sub(s, 0, 5), unit_bytes("70A1820100"));
	assert_int_equal(put_key_get(s, &dek, &got), PUT_KEY_OK);
	assert_true(authority_same_public(&got.asymmetric, &k.asymmetric));
	assert_false(got.asymmetric.has_d);
	for (size_t n = 0; n < s.n; n++)
		assert_int_equal(put_key_get(span_sub(s, 0, n), &dek, &got), PUT_KEY_MALFORMED);
	wipe_authority_key(&k.asymmetric);
	wr_free(&w);
}

/* A triple DES key under an AES DEK, and the other way round: CBC or ECB over whole blocks. */
static void other_kind(void **state)
{
	struct key dek = dek_aes();
	struct put_key k = { .version = 0x70, .n = 1, .type = { KEY_TYPE_DES } }, got = { 0 };
	struct wr w = wr_grow(200);

	(void)state;
	k.key[0] = unit_key("000102030405060708090A0B0C0D0E0F");
	assert_true(put_key_put(&w, &k, &dek));
	assert_int_equal(w.n, 1 + 2 + 16 + 4);
	assert_span(span_sub(wr_span(&w), 0, 3), unit_bytes("708010"));
	assert_int_equal(put_key_get(wr_span(&w), &dek, &got), PUT_KEY_OK);
	assert_int_equal(got.type[0], KEY_TYPE_DES);
	assert_span(key_span(&got.key[0]), key_span(&k.key[0]));
	wr_reset(&w);
	k = (struct put_key){ .version = 0x70, .des = true, .n = 1, .type = { KEY_TYPE_AES } };
	k.key[0] = unit_key("000102030405060708090A0B0C0D0E0F1011121314151617");
	got = (struct put_key){ .des = true };
	assert_true(put_key_put(&w, &k, &dek));
	/* 24 octets are whole blocks of triple DES */
	assert_span(span_sub(wr_span(&w), 0, 4), unit_bytes("70881918"));
	assert_int_equal(put_key_get(wr_span(&w), &dek, &got), PUT_KEY_OK);
	assert_int_equal(got.type[0], KEY_TYPE_AES);
	assert_span(key_span(&got.key[0]), key_span(&k.key[0]));
	wr_free(&w);
}

/* Format 2: types FF xx, usage and access behind the check value. The ciphertext is that of the
 * single AES-128 key of put_key.json. */
static void extended(void **state)
{
	static const char data[] = "30FF881110790ACCDA858B997029FA9AE50C9CD02803013808"
				   "0114"
				   "0100";
	struct key dek = dek_aes();
	struct put_key k = { 0 };
	struct wr w = wr_grow(200);

	(void)state;
	assert_int_equal(put_key_get(unit_bytes(data), &dek, &k), PUT_KEY_OK);
	assert_true(k.extended);
	assert_int_equal(k.use[0].usage_n, 1);
	assert_int_equal(k.use[0].usage[0], 0x14);
	assert_int_equal(k.use[0].access_n, 1);
	assert_int_equal(k.use[0].access, 0x00);
	assert_true(put_key_put(&w, &k, &dek));
	assert_span(wr_span(&w), unit_bytes(data));
	/* usage missing, of three octets, access of two; one key of each format */
	assert_int_equal(
	    put_key_get(span_sub(wr_span(&w), 0, w.n - 4), &dek, &k), PUT_KEY_MALFORMED);
	assert_int_equal(put_key_get(unit_bytes("30FF881110790ACCDA858B997029FA9AE50C9CD02803013808"
						"031400000100"),
			     &dek, &k),
	    PUT_KEY_MALFORMED);
	assert_int_equal(put_key_get(unit_bytes("30FF881110790ACCDA858B997029FA9AE50C9CD02803013808"
						"0114020000"),
			     &dek, &k),
	    PUT_KEY_MALFORMED);
	assert_int_equal(
	    put_key_get(unit_bytes("30FF881110790ACCDA858B997029FA9AE50C9CD0280301380801140100"
				   "8810790ACCDA858B997029FA9AE50C9CD02803013808"),
		&dek, &k),
	    PUT_KEY_MALFORMED);
	wr_free(&w);
}

static void refused(void **state)
{
	static const char *const rows[] = {
		"73A18180" N1024 "00",                /* no exponent */
		"73A18180" N1024 "A18180" N1024 "00", /* the modulus twice */
		"73A18180" N1024 "A003010001",        /* no length of a check value */
		"73A18180" N1024 "A003010001"
		"03AABBCC",               /* RSA has no check value */
		"73A102AABBA00301000100", /* a modulus of 16 bits */
		"73A0030100018810790ACCDA858B997029FA9AE50C9CD02803013808",
		"73B041" P256_G "F0010100", /* not a point of P-384 */
		"73B041" P256_G "F0010700", /* a curve that is not ours */
		"73B041" P256_G "F002000000",
		"73B040"
		"6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
		"4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"
		"00",
		"73B120000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F"
		"B20101B3010100",           /* parameters of its own */
		"73A203010001A00301000100", /* private RSA */
		"73850401020304"
		"00",
		/* two keys, one of them RSA, whichever comes first */
		"73A18180" N1024 "A00301000100"
		"8810790ACCDA858B997029FA9AE50C9CD02803013808",
		"738810790ACCDA858B997029FA9AE50C9CD02803013808"
		"A18180" N1024 "A00301000100",
	};
	struct key dek = dek_aes();
	struct put_key k = { 0 };
	struct wr w = wr_grow(100);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(put_key_get(unit_bytes(rows[i]), &dek, &k), PUT_KEY_MALFORMED);
	assert_int_equal(k.n, 0);
	/* What is not there is not sent. */
	k = (struct put_key){ .version = 1, .n = 1, .type = { KEY_TYPE_RSA_MODULUS } };
	assert_false(put_key_put(&w, &k, &dek));
	k.type[0] = KEY_TYPE_EC_PUBLIC;
	assert_false(put_key_put(&w, &k, &dek));
	assert_true(authority_ec(&k.asymmetric, EC_P256, unit_bytes(P256_G)));
	k.type[0] = KEY_TYPE_EC_PRIVATE; /* only the public half is here */
	assert_false(put_key_put(&w, &k, &dek));
	k.type[0] = KEY_TYPE_PSK;
	assert_false(put_key_put(&w, &k, &dek));
	k.n = 2;
	assert_false(put_key_put(&w, &k, &dek));
	assert_int_equal(w.n, 0);
	wr_free(&w);
}

/* Values that are no keys of their kind are not written; lengths in two ways are not read. */
static void values_of_no_kind(void **state)
{
	static const struct {
		uint8_t type, n;
	} row[] = { { KEY_TYPE_EC_PUBLIC, 16 }, { KEY_TYPE_RSA_MODULUS, 16 }, { 0x42, 16 },
		{ KEY_TYPE_DES, 24 }, { KEY_TYPE_DES, 8 }, { KEY_TYPE_AES, 8 },
		{ KEY_TYPE_AES, 20 } };
	struct key dek = dek_aes();
	struct put_key got = { 0 };
	struct wr w = wr_grow(1000);

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct put_key k = {
			.version = 0x31, .n = 2, .type = { KEY_TYPE_AES, row[i].type }
		};

		k.key[0].n = 16;
		k.key[1].n = row[i].n;
		wr_reset(&w);
		assert_false(put_key_put(&w, &k, &dek));
	}
	/* An RSA key of 144 octets: 81 90 tells its length, and 90 alone does not. */
	for (int two = 0; two < 2; two++) {
		wr_reset(&w);
		wr_put(&w, unit_bytes(two ? "31 A1 81 90" : "31 A1 90"));
		for (int i = 0; i < 144; i++)
			wr_u8(&w, 0xFF);
		wr_put(&w, unit_bytes("A0 03 010001 00"));
		assert_int_equal(
		    put_key_get(wr_span(&w), &dek, &got), two ? PUT_KEY_OK : PUT_KEY_MALFORMED);
	}
	wr_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rsa),
		cmocka_unit_test(ec),
		cmocka_unit_test(ec_private),
		cmocka_unit_test(rsa_large),
		cmocka_unit_test(other_kind),
		cmocka_unit_test(extended),
		cmocka_unit_test(refused),
		cmocka_unit_test(values_of_no_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
