/* Keys in STORE DATA: the recorded groups of content_management.json (form with B7), and GPCS
 * tables 11-92 to 11-105 worked by hand. */
#include "unit.h"

#include "gp/key_dgi.h"

#define N1024 \
	"AE3866981CB87C56B694DA18D7CEAA45CC5A5AE5AFC3F5A2C730C3C5771DC02E" \
	"BC0E09223AF1E439E3BB49B8035803F73B61AFE45D314541C0EBDE382A1CAFE8" \
	"FE2F4E77FBE27B76CE736FD6A9D8755BDADAFB5B83B450CECD4F9320146DBADA" \
	"4A716AB49CD22DD631A71D04304D9DB3350604DB550E8C0C6F6E96E156025EDF"
#define P256_G \
	"046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296" \
	"4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"

static enum put_key_verdict get(struct span s, const struct key *dek, struct key_dgi *k)
{
	struct rd r = rd_of(s);
	enum put_key_verdict v = key_dgi_get(&r, dek, k);

	if (v == PUT_KEY_OK)
		assert_int_equal(rd_left(&r), 0);
	return v;
}

/* The card reads them, the host writes them, damage is seen. */
static void check_recorded(json_t *v)
{
	struct span data = unit_hex(v, "data"), dek_span = unit_hex(v, "dek");
	json_t *keys = json_object_get(v, "keys"), *kids = json_object_get(v, "key_ids");
	struct key_dgi k = { 0 }, other = { 0 };
	struct wr w = wr_grow(1000);
	struct key dek;
	uint8_t b[256];

	assert_true(key_from(&dek, dek_span));
	assert_int_equal(get(data, &dek, &k), PUT_KEY_OK);
	assert_true(k.common);
	assert_int_equal(k.put.version, unit_hex(v, "kvn").p[0]);
	assert_int_equal(k.purpose, unit_hex(v, "purpose").p[0] << 8 | unit_hex(v, "purpose").p[1]);
	assert_int_equal(k.put.use[0].access, unit_hex(v, "access").p[0]);
	assert_int_equal(k.put.n, json_array_size(keys));
	for (size_t i = 0; i < k.put.n; i++) {
		assert_int_equal(
		    k.kid[i], unit_bytes(json_string_value(json_array_get(kids, i))).p[0]);
		assert_int_equal(k.put.type[i], KEY_TYPE_AES);
		assert_span(key_span(&k.put.key[i]),
		    unit_bytes(json_string_value(json_array_get(keys, i))));
	}
	assert_true(key_dgi_put(&w, &k, &dek));
	assert_span(wr_span(&w), data);
	for (size_t n = 0; n < data.n; n++)
		assert_int_equal(get(span_sub(data, 0, n), &dek, &other), PUT_KEY_MALFORMED);
	assert_true(data.n <= sizeof(b));
	for (size_t i = 0; i < 16; i++) { /* the last ciphertext */
		memcpy(b, data.p, data.n);
		b[data.n - 1 - i] ^= 0x04;
		assert_int_equal(get(span_of(b, data.n), &dek, &other), PUT_KEY_BAD_KCV);
	}
	wr_free(&w);
}

static void recorded(void **state)
{
	(void)state;
	unit_each_vector("test/vectors/content_management.json", "kind", "store_data_dgi_keys",
	    check_recorded, 4);
}

/* The first key of the recorded three in the form of table 11-92. */
static void full_form(void **state)
{
	static const char data[] = "00B916"
				   "B914"
				   "950138"
				   "800188"
				   "810110"
				   "820101"
				   "830101"
				   "8403504A77"
				   "811310D533E59B45A153ED7E5E9C5DFCFD4AAA";
	struct key dek = unit_key("000102030405060708090A0B0C0D0E0F");
	struct key_dgi k = { 0 };
	struct wr w = wr_grow(300);

	(void)state;
	assert_int_equal(get(unit_bytes(data), &dek, &k), PUT_KEY_OK);
	assert_false(k.common);
	assert_span(key_span(&k.put.key[0]), unit_bytes("404142434445464748494A4B4C4D4E4F"));
	assert_int_equal(k.put.use[0].usage[0], 0x38);
	k.put.use[0] = (struct put_key_use){ 0 }; /* 38 is what key 01 is for */
	assert_true(key_dgi_put(&w, &k, &dek));
	assert_span(wr_span(&w), unit_bytes(data));
	wr_free(&w);
}

static void check_asymmetric(const char *hex, struct key_dgi *k)
{
	struct key dek = unit_key("000102030405060708090A0B0C0D0E0F");
	struct wr w = wr_grow(1000);
	struct span data;

	assert_int_equal(get(unit_bytes(hex), &dek, k), PUT_KEY_OK);
	assert_true(put_key_is_asymmetric(&k->put));
	assert_int_equal(k->kid[0], 0x01);
	assert_true(key_dgi_put(&w, k, &dek));
	assert_span(wr_span(&w), unit_bytes(hex));
	data = wr_span(&w);
	for (size_t n = 0; n < data.n; n++) {
		struct key_dgi other = { 0 };

		assert_int_equal(get(span_sub(data, 0, n), &dek, &other), PUT_KEY_MALFORMED);
	}
	wr_free(&w);
}

static void asymmetric(void **state)
{
	struct key_dgi k = { 0 };

	(void)state;
	check_asymmetric("00B922"
			 "B90F"
			 "950182"
			 "8001A1"
			 "810180"
			 "820101"
			 "830173"
			 "B90F"
			 "950182"
			 "8001A0"
			 "810103"
			 "820101"
			 "830173"
			 "001080" N1024 "001103010001",
	    &k);
}

static void ec(void **state)
{
	struct key_dgi k = { 0 };

	(void)state;
	check_asymmetric("00B919"
			 "B90F"
			 "950182"
			 "8001B0"
			 "810141"
			 "820101"
			 "830173"
			 "B906"
			 "8001F0"
			 "850100"
			 "003641" P256_G,
	    &k);
	assert_int_equal(k.put.type[0], KEY_TYPE_EC_PUBLIC);
	assert_span(ec_public_span(&k.put.asymmetric.ec), unit_bytes(P256_G));
}

/* Private keys of every curve, and keys of every length in both forms. */
static void lengths(void **state)
{
	static const enum ec_curve curves[] = { EC_P256, EC_P384, EC_P521, EC_BRAINPOOL_P256R1 };
	struct key dek = unit_key("000102030405060708090A0B0C0D0E0F");
	struct wr w = wr_grow(1000);

	(void)state;
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		struct key_dgi k = { .put = { .version = 1,
					 .n = 1,
					 .type = { KEY_TYPE_EC_PRIVATE } },
			.kid = { 0x11 } },
			       got = { 0 };

		wr_reset(&w);
		assert_true(authority_generate_ec(&k.put.asymmetric, curves[i]));
		assert_true(key_dgi_put(&w, &k, &dek));
		assert_int_equal(get(wr_span(&w), &dek, &got), PUT_KEY_OK);
		assert_true(ec_public_eq(&got.put.asymmetric.ec, &k.put.asymmetric.ec));
		assert_span(span_of(got.put.asymmetric.ec_half.b, got.put.asymmetric.ec_half.n),
		    span_of(k.put.asymmetric.ec_half.b, k.put.asymmetric.ec_half.n));
	}
	for (int form = 0; form < 4; form++)
		for (uint8_t n = 16; n <= 32; n += 8) {
			struct key_dgi k = { .put = { .version = 0x30, .n = 3, .des = form > 1 },
				.kid = { 1, 2, 3 },
				.common = form % 2 == 0 },
				       got = { .put.des = form > 1 };

			for (size_t i = 0; i < 3; i++) {
				k.put.type[i] = KEY_TYPE_AES;
				k.put.key[i].n = n;
				memset(k.put.key[i].b, (int)(0x40 + i), n);
			}
			wr_reset(&w);
			assert_true(key_dgi_put(&w, &k, &dek));
			assert_int_equal(get(wr_span(&w), &dek, &got), PUT_KEY_OK);
			assert_memory_equal(got.put.key, k.put.key, sizeof(k.put.key));
		}
	wr_free(&w);
}

static void refused(void **state)
{
#define VALUE "811310D533E59B45A153ED7E5E9C5DFCFD4AAA"
	static const char *const rows[] = {
		"00B900" VALUE,
		"00B916B914950138800188810110820101830101"
		"8403504A77", /* no value */
		"811310D533E59B45A153ED7E5E9C5DFCFD4AAA",
		"00B913B911800188810110820101830101"
		"840350"
		"4A77"
		"00" VALUE,
		"00B911B90F950138800188810110820101830101" VALUE,     /* no check value */
		"00B913B9119501388001888101108201018403504A77" VALUE, /* no version */
		"00B916B914950138800188810110820101830100"
		"8403504A77" VALUE,
		"00B916B914950138800188810110820101830180"
		"8403504A77" VALUE,
		"00B916B914950138800190810110820101830101"
		"8403504A77" VALUE, /* HMAC */
		"00B916B914950138800188810111820101830101"
		"8403504A77" VALUE,
		"00B916B914950138800188810118820101830101"
		"8403504A77" VALUE, /* too short for it */
		"00B916B914950138800188810110820101830101"
		"8503504A77" VALUE,
		"00B916B914950138800188810110820101830101"
		"8403504A77"
		"001010D533E59B45A153ED7E5E9C5DFCFD4AAA",
		/* the exponent of another key; two keys of two versions */
		"00B922B90F9501828001A1810180820101830173B90F9501828001A0810103820102830173"
		"001080" N1024 "001103010001",
		"00B922B90F9501828001A1810180820101830173B90F9501828001A0810103820101830174"
		"001080" N1024 "001103010001",
		"00B92C"
		"B914950138800188810110820101830101"
		"8403504A77"
		"B914950138800188810110820102830102"
		"8403504A77" VALUE VALUE,
		/* the second is an HMAC key */
		"00B92C"
		"B914950138800188810110820101830101"
		"8403504A77"
		"B914950138800190810110820102830101"
		"8403504A77" VALUE VALUE,
		/* an octet behind the template */
		"00B917B914950138800188810110820101830101"
		"8403504A77"
		"00" VALUE,
		/* B7 behind a B9; twice; with an EC key */
		"00B916B908820101"
		"8403504A77"
		"B70A"
		"800188810110830101"
		"00" VALUE,
		"00B926B709800188810110830101B709800188810110830101B9088201018403504A77" VALUE,
		"00B919B7039501"
		"82B90C8001B0810141820101830173B9068001F0850100"
		"003641" P256_G,
		/* EC without its curve, on another, on none of ours; RSA without exponent */
		"00B911B90F9501828001B0810141820101830173"
		"003641" P256_G,
		"00B919B90F9501828001B0810141820101830173B9068001F0850101"
		"003641" P256_G,
		"00B919B90F9501828001B0810141820101830173B9068001F0850107"
		"003641" P256_G,
		"00B919B90F9501828001B0810142820101830173B9068001F0850100"
		"003641" P256_G,
		"00B911B90F9501828001A1810180820101830173"
		"001080" N1024,
	};
	struct key dek = unit_key("000102030405060708090A0B0C0D0E0F");
	struct key_dgi k = { 0 };
	struct wr w = wr_grow(300);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(get(unit_bytes(rows[i]), &dek, &k), PUT_KEY_MALFORMED);
	assert_int_equal(k.put.n, 0);
	k = (struct key_dgi){ .put = { .version = 1, .n = 2 }, .kid = { 1, 2 }, .common = true };
	k.put.key[0] = unit_key("404142434445464748494A4B4C4D4E4F");
	k.put.key[1] = unit_key("404142434445464748494A4B4C4D4E4F5051525354555657");
	assert_false(key_dgi_put(&w, &k, &dek)); /* two lengths are not common */
	k.common = false;
	assert_true(key_dgi_put(&w, &k, &dek));
	wr_reset(&w);
	k = (struct key_dgi){ .put = { .version = 1, .n = 1, .type = { KEY_TYPE_EC_PUBLIC } } };
	assert_false(key_dgi_put(&w, &k, &dek));
	assert_true(authority_ec(&k.put.asymmetric, EC_P256, unit_bytes(P256_G)));
	assert_true(key_dgi_put(&w, &k, &dek));
	wr_reset(&w);
	k.common = true;
	assert_false(key_dgi_put(&w, &k, &dek));
	assert_int_equal(w.n, 0);
	wr_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded),
		cmocka_unit_test(full_form),
		cmocka_unit_test(asymmetric),
		cmocka_unit_test(ec),
		cmocka_unit_test(lengths),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
