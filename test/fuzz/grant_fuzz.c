/* Grants and certificates of a claim from strangers, as a card gets them by PERFORM SECURITY
 * OPERATION, and domain keys for one card. */
#include "fuzz.h"

#include "gp/grant.h"

static struct ec_private own;
static struct ec_public ours;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	CHECK(ec_generate(EC_P256, &own) && ec_public_of(&own, &ours));
	return 0;
}

static void check_grant(struct span s, const struct grant *g)
{
	CHECK(span_eq(g->whole, s) && g->serial != 0 && g->issuer.n == PARTY_NAME);
	CHECK(g->id.n >= 1 && g->id.n <= PARTY_ID_MAX && g->container.n >= 5);
	CHECK(g->container.n <= 16 && g->card.n == PARTY_DIGEST && g->key.n == 65);
	CHECK((g->rights & ~RIGHTS_ALL) == 0 && g->signature.n == 64);
	CHECK(g->prefix.n == 0 || (g->prefix.n >= 5 && g->prefix.n <= 15));
	CHECK(g->domain_key.n == 0 || g->domain_key.n == DOMAIN_KEY_DIGEST);
	CHECK(g->signed_part.n + g->signature.n < s.n);
	CHECK(!grant_signed_by(g, &ours));
	CHECK(domain_key_named(g, span_of(NULL, 0)) == (g->domain_key.n == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint8_t party[PARTY_DIGEST];
	struct span s = span_of(data, n);
	struct domain_key d;
	struct grant g;
	struct cert c;
	SECRET_KEY(dk);

	if (grant_get(s, &g)) {
		struct cert same;

		check_grant(s, &g);
		CHECK(cert_get(s, &same) && same.has_terms); /* and a host knows it for one */
		CHECK(!oce_cert_get(s, &c));
	}
	if (oce_cert_get(s, &c)) {
		CHECK(c.format == CERT_GP && c.usage == CERT_AGREES && c.key.n == 65);
		CHECK(!c.has_terms && c.signature.n == 64);
	}
	if (domain_key_get(s, &d)) {
		CHECK(d.ephemeral.n == 65 && d.wrapped.n >= 24 && d.wrapped.n <= 40);
		CHECK(!domain_key_open(&d, &own, party, &dk) && dk.n == 0);
	}
	return 0;
}
