#include "bundle_house.h"

#include "crypto/digest.h"
#include "crypto/sign.h"

struct house house;

int bundle_house(void **state)
{
	(void)state;
	assert_true(p256_generate(&house.issuer, house.issuer_pub));
	for (int i = 0; i < 3; i++)
		assert_true(ed25519_generate(&house.signer[i], house.signer_pub[i]));
	house.kek.n = 32;
	assert_true(random_bytes(house.kek.b, 32));
	return 0;
}

struct bundle_trust trust_of(size_t n, uint8_t k)
{
	struct bundle_trust t = { .n = n, .k = k };

	for (size_t i = 0; i < n; i++)
		t.signer[i] = house.signer_pub[i];
	return t;
}

void fresh_keys(struct broadcast_keys *bk, uint8_t n)
{
	for (int i = 0; i < 2; i++) {
		bk[i].enc.n = bk[i].mac.n = n;
		assert_true(random_bytes(bk[i].enc.b, n) && random_bytes(bk[i].mac.b, n));
	}
}

static struct key kos32, kmac16;
static const uint8_t small_image[] = "an image of thirty-nine octets or so...";

struct bundle_plan small_plan(uint8_t variant)
{
	struct bundle_plan p = { .image = SPAN(small_image),
		.version = 0x00030002,
		.variant = variant,
		.algorithm = ALG_ISSUER,
		.key_n = 16,
		.package = 1,
		.name = "small",
		.kos = &kos32,
		.kos_version = 7,
		.kmac = &kmac16,
		.kek = &house.kek,
		.kek_name = "kek",
		.issuer = &house.issuer,
		.signer = { &house.signer[0], &house.signer[1], &house.signer[2] },
		.signer_n = 1 };

	kos32.n = 32;
	kmac16.n = 16;
	assert_true(random_bytes(kos32.b, 32) && random_bytes(kmac16.b, 16));
	assert_true(random_bytes(p.campaign, 16));
	assert_true(aid_from(&p.target, unit_bytes("A000000151000001")));
	memcpy(p.platform, "PLAT-A01", 8);
	return p;
}

void build_small(const struct bundle_plan *plan, struct wr *out)
{
	struct err e = { 0 };

	assert_ok(bundle_build(plan, out, &e), &e);
}
