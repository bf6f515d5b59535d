#include "gp/dap.h"

bool dap_sign(
    struct wr *w, const struct aid *domain, const struct authority_key *k, struct span hash)
{
	uint8_t room[AUTHORITY_SIGNATURE_MAX];
	struct wr sig = wr_fixed(room, sizeof(room));

	if (!authority_sign(k, hash, &sig))
		return false;
	dap_put(w, &(struct dap){ *domain, wr_span(&sig) });
	return wr_ok(w);
}

bool dap_verify(const struct dap *d, const struct authority_key *k, struct span hash)
{
	return authority_verify(k, hash, d->signature);
}

enum digest_alg dap_digest(const struct dap *d)
{
	if (d->signature.n == 2 * ec_field(EC_P521))
		return DIGEST_SHA512;
	return d->signature.n == 2 * ec_field(EC_P384) ? DIGEST_SHA384 : DIGEST_SHA256;
}

bool dap_series(struct span blocks, enum digest_alg *alg)
{
	struct rd r = rd_of(blocks);
	struct dap d;

	while (dap_next(&r, &d))
		if (dap_digest(&d) > *alg)
			*alg = dap_digest(&d);
	return blocks.n > 0 && rd_left(&r) == 0;
}

size_t load_file_ciphered_octets(const struct authority_key *k, size_t n)
{
	size_t block = authority_block(k);

	return block == 0 ? 0 : n + block - n % block;
}
