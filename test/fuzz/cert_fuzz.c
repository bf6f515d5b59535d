/* Certificates from strangers: one, several in a row, PEM; chains against anchors that have signed
 * none of it. */
#include "fuzz.h"

#include "gp/cert.h"
#include "tlv/tlv.h"

static struct ec_public ours;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	SECRET_EC(k);

	(void)argc;
	(void)argv;
	CHECK(ec_generate(EC_P256, &k) && ec_public_of(&k, &ours));
	return 0;
}

static void one(struct span whole)
{
	struct cert c;

	if (!cert_get(whole, &c))
		return;
	CHECK(whole.n <= CERT_SIZE_MAX);
	CHECK(c.serial.n <= CERT_ID_MAX && c.issuer.n <= CERT_ID_MAX && c.subject.n <= CERT_ID_MAX);
	CHECK(c.key.n == 0 || c.key.n == 2 * ec_field(c.key.curve) + 1);
	CHECK(c.format == CERT_X509 || (c.key.n != 0 && c.signed_part.n + c.signature.n < whole.n));
	CHECK(!cert_signed_by(whole, &c, &ours));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span s = span_of(data, n), whole;
	const struct cert_anchor anchors[] = { { .key = ours }, { .x509 = s } };
	struct cert_check check = { anchors, 1, 1795262400, X509_ROLE_SD };
	struct wr der = wr_grow(1 << 16);
	struct rd r = rd_of(s);
	struct cert leaf;
	size_t count, at;

	one(s);
	while (cert_next(&r, &whole))
		one(whole);
	CHECK(cert_chain_check(s, &check, &leaf, &at) != CERT_OK);
	CHECK(at <= CERT_CHAIN_MAX + 1);
	/* Whatever is an anchor itself is taken at its word, if the rest of the rules lets it. */
	check.anchors_n = 2;
	(void)cert_chain_check(s, &check, &leaf, &at);
	if (x509_from_pem(s, &der, &count))
		CHECK(count > 0 && der.n > 0);
	wr_free(&der);
	return 0;
}
