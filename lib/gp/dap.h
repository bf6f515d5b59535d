/*
 * DAP (GPCS C.3): signatures over the hash of a load file data block, each for one security domain
 * to verify; and load files whose data block is ciphered (C.6). What a load file looks like is
 * load_file.h's.
 */
#ifndef GP_DAP_H
#define GP_DAP_H

#include "crypto/authority.h"
#include "gp/load_file.h"

/* Appends the block E2 with a signature over `hash`, a value of digest_of over the data block. */
MUST_CHECK bool dap_sign(
    struct wr *w, const struct aid *domain, const struct authority_key *k, struct span hash);
MUST_CHECK bool dap_verify(const struct dap *d, const struct authority_key *k, struct span hash);
/* The weakest hash that goes with a signature of this length: ECDSA on P-384 or P-521 asks for
 * more than SHA-256. For those who have only the block. */
enum digest_alg dap_digest(const struct dap *d);
/* DAP blocks one behind the other and nothing else, at least one: *alg rises to what goes with all
 * of them. */
MUST_CHECK bool dap_series(struct span blocks, enum digest_alg *alg);

/* The octets of a ciphered data block of n octets. 0: no cipher key. */
size_t load_file_ciphered_octets(const struct authority_key *k, size_t n);

#endif
