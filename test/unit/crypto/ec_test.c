/* Keys of elliptic curves: lengths, ranges, points off the curve, both forms of a signature. */
#include "unit.h"

#include "crypto/ec.h"
#include "crypto/x509.h"

/* Orders of the curves (SEC 2, RFC 5639). */
static const char *const orders[EC_CURVES] = {
	[EC_P256] = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551",
	[EC_P384] = "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF"
		    "581A0DB248B0A77AECEC196ACCC52973",
	[EC_BRAINPOOL_P256R1] = "A9FB57DBA1EEA9BC3E660A909D838D718C397AA3B561A6F7901E0E82974856A7",
	[EC_P521] = "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
		    "FA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409",
};
static const size_t fields[EC_CURVES] = {
	[EC_P256] = 32, [EC_P384] = 48, [EC_BRAINPOOL_P256R1] = 32, [EC_P521] = 66
};

static void curve_names(void **state)
{
	(void)state;
	for (enum ec_curve c = 0; c < EC_CURVES; c++) {
		enum ec_curve got = EC_CURVES;

		assert_true(ec_curve_from(ec_curve_str(c), &got) && got == c);
		assert_int_equal(ec_field(c), fields[c]);
		assert_int_equal(ec_bits(c), c == EC_P521 ? 521 : 8 * fields[c]);
	}
	enum ec_curve none = EC_P384;

	assert_false(ec_curve_from("p-224", &none));
	assert_int_equal(none, EC_P384);
	assert_int_equal(ec_field(EC_CURVES), 0);
	assert_string_equal(ec_curve_str(EC_CURVES), "unknown");
}

/* 1 to order - 1, in as many octets as a coordinate has. */
static void scalars(void **state)
{
	(void)state;
	for (enum ec_curve c = 0; c < EC_CURVES; c++) {
		uint8_t b[EC_FIELD_MAX + 1] = { 0 };
		size_t n = fields[c];
		SECRET_EC(k);

		assert_false(ec_private_from(&k, c, span_of(b, n)));
		b[n - 1] = 1;
		assert_true(ec_private_from(&k, c, span_of(b, n)));
		assert_int_equal(k.n, n);
		assert_int_equal(k.curve, c);
		assert_span(span_of(k.b, k.n), span_of(b, n));
		assert_false(ec_private_from(&k, c, span_of(b + 1, n - 1)));
		assert_false(ec_private_from(&k, c, span_of(b, n + 1)));
		assert_int_equal(hex_exact(span_str(orders[c]), b, n), true);
		assert_false(ec_private_from(&k, c, span_of(b, n)));
		b[n - 1]--;
		assert_true(ec_private_from(&k, c, span_of(b, n)));
		assert_false(ec_private_from(&k, EC_CURVES, span_of(b, n)));
		assert_false(ec_private_from(&k, c, span_of(b, 0)));
	}
}

/* What is no key makes no point, signs nothing, verifies nothing. */
static void no_key(void **state)
{
	struct ec_private none = { .curve = EC_P256 },
			  odd = { .curve = EC_P384, .n = 32, .b = { 1 } };
	struct ec_private beyond = { .curve = EC_CURVES, .n = 32, .b = { 1 } };
	struct ec_public pub = { 0 };
	struct wr sig = wr_grow(1000);

	(void)state;
	assert_false(ec_public_of(&none, &pub));
	assert_false(ec_public_of(&odd, &pub));
	assert_false(ec_public_of(&beyond, &pub));
	assert_false(ec_sign(&none, span_str("x"), &sig));
	assert_false(ec_sign(&odd, span_str("x"), &sig));
	assert_int_equal(sig.n, 0);
	assert_false(ec_verify(&pub, span_str("x"), unit_bytes("3006020101020101")));
	wr_free(&sig);
}

static void points(void **state)
{
	(void)state;
	for (enum ec_curve c = 0; c < EC_CURVES; c++) {
		SECRET_EC(k);
		struct ec_public pub, again, kept;
		uint8_t b[EC_POINT_MAX + 1] = { 0 };
		size_t n = 2 * fields[c] + 1;

		assert_true(ec_generate(c, &k) && ec_public_of(&k, &pub));
		assert_int_equal(pub.n, n);
		memcpy(b, pub.b, n);
		assert_true(ec_public_from(&again, c, span_of(b, n)));
		assert_true(ec_public_eq(&again, &pub));
		kept = again;
		assert_false(ec_public_from(&again, c, span_of(b, n - 1)));
		assert_false(ec_public_from(&again, c, span_of(b, n + 1)));
		assert_false(ec_public_from(&again, c, span_of(b, fields[c] + 1)));
		assert_false(ec_public_from(&again, EC_CURVES, span_of(b, n)));
		b[0] = 0x06; /* hybrid */
		assert_false(ec_public_from(&again, c, span_of(b, n)));
		b[0] = 0x04;
		b[n - 1] ^= 1;
		assert_false(ec_public_from(&again, c, span_of(b, n)));
		assert_true(ec_public_eq(&again, &kept));
		again.curve = c == EC_P256 ? EC_BRAINPOOL_P256R1 : EC_P256;
		assert_false(ec_public_eq(&again, &pub));
	}
}

/* r | s as DER, for a curve whose numbers have at most 127 octets; their sequence may be longer. */
static struct span der_of(struct span plain, struct wr *w)
{
	size_t half = plain.n / 2;
	uint8_t room[200];
	struct wr body = wr_fixed(room, sizeof(room));

	for (size_t i = 0; i < 2; i++) {
		struct span v = span_sub(plain, i * half, half);

		while (v.n > 1 && v.p[0] == 0)
			v = span_sub(v, 1, v.n - 1);
		wr_u8(&body, 0x02);
		wr_u8(&body, (uint8_t)(v.n + (v.p[0] >> 7)));
		if (v.p[0] >> 7)
			wr_u8(&body, 0);
		wr_put(&body, v);
	}
	wr_u8(w, 0x30);
	if (body.n > 127)
		wr_u8(w, 0x81);
	wr_u8(w, (uint8_t)body.n);
	wr_put(w, wr_span(&body));
	assert_true(wr_ok(&body) && wr_ok(w));
	return wr_span(w);
}

static void signatures(void **state)
{
	(void)state;
	for (enum ec_curve c = 0; c < EC_CURVES; c++) {
		SECRET_EC(k);
		struct ec_public pub;
		struct wr sig = wr_grow(1000), der = wr_grow(1000);
		uint8_t small[2 * EC_FIELD_MAX - 1];
		struct wr tight = wr_fixed(small, 2 * fields[c] - 1);
		struct span msg = span_str("message");

		assert_true(ec_generate(c, &k) && ec_public_of(&k, &pub));
		assert_true(ec_sign(&k, msg, &sig));
		assert_int_equal(sig.n, 2 * fields[c]);
		assert_true(ec_verify(&pub, msg, wr_span(&sig)));
		assert_true(ec_verify(&pub, msg, der_of(wr_span(&sig), &der)));
		assert_false(ec_verify(&pub, span_str("messagf"), wr_span(&sig)));
		assert_false(ec_verify(&pub, msg, span_sub(wr_span(&sig), 0, sig.n - 1)));
		assert_false(ec_verify(&pub, msg, span_sub(wr_span(&sig), 0, 0)));
		assert_false(ec_verify(&pub, msg, span_sub(wr_span(&der), 0, der.n - 1)));
		wr_u8(&der, 0);
		assert_false(ec_verify(&pub, msg, wr_span(&der)));
		sig.p[0] ^= 1;
		assert_false(ec_verify(&pub, msg, wr_span(&sig)));
		assert_false(ec_sign(&k, msg, &tight));
		wr_free(&sig);
		wr_free(&der);
	}
}

/* A certificate whose writer has just enough room, and one octet less. */
static void certificate_room(void **state)
{
	SECRET_EC(k);
	struct ec_public pub;
	struct x509_make m = { .subject = "s",
		.issuer = "i",
		.serial = { .n = 1, .b = { 5 } },
		.key = &pub,
		.signer = &k,
		.from = 1700000000,
		.until = 1800000000,
		.role = X509_ROLE_CA_KLOC };
	struct x509_info info;
	struct x509_id id;
	uint8_t room[1000];
	struct wr w = wr_fixed(room, sizeof(room)), tight = wr_fixed(room, 200);

	(void)state;
	assert_true(ec_generate(EC_P256, &k) && ec_public_of(&k, &pub));
	assert_false(x509_put(&tight, &m));
	assert_true(x509_put(&w, &m));
	assert_true(x509_get(wr_span(&w), &info));
	assert_true(x509_signed_by(wr_span(&w), &pub));
	assert_true(info.signs && !info.agrees);
	assert_int_equal(info.role, X509_ROLE_CA_KLOC);
	assert_span(span_of(info.serial.b, info.serial.n), unit_bytes("05"));
	assert_true(x509_key_id(&pub, &id));
	assert_int_equal(id.n, 20);
	assert_span(span_of(info.subject_key.b, info.subject_key.n), span_of(id.b, id.n));
	assert_span(span_of(info.authority_key.b, info.authority_key.n), span_of(id.b, id.n));
	assert_true(info.from == m.from && info.until == m.until);
	/* Not with a serial number of no octets, a role that is none, a key that is none. */
	m.serial.n = 0;
	assert_false(x509_put(&w, &m));
	m.serial.n = 1;
	m.role = X509_ROLE_NONE;
	assert_false(x509_put(&w, &m));
	m.role = X509_ROLE_SD;
	pub.n = 0;
	assert_false(x509_put(&w, &m));
	assert_true(ec_public_of(&k, &pub));
	k.n = 0;
	assert_false(x509_put(&w, &m));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(curve_names),
		cmocka_unit_test(scalars),
		cmocka_unit_test(no_key),
		cmocka_unit_test(points),
		cmocka_unit_test(signatures),
		cmocka_unit_test(certificate_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
