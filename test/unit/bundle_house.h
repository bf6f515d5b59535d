/* What the tests of bundles share: a design house with its keys, and small plans of it. */
#ifndef BUNDLE_HOUSE_H
#define BUNDLE_HOUSE_H

#include "unit.h"

#include "bundle/internal.h"

/* Keys of the test's design house, made once. */
struct house {
	struct key issuer, signer[3], kek;
	uint8_t issuer_pub[65], signer_pub[3][32];
};
extern struct house house;

/* Group setup: makes the keys. */
int bundle_house(void **state);
/* Trust in the first n signers. */
struct bundle_trust trust_of(size_t n, uint8_t k);
/* Random broadcast keys of n octets for two packages. */
void fresh_keys(struct broadcast_keys *bk, uint8_t n);
/* A plan for an image of 39 octets with all keys there and a random campaign. */
struct bundle_plan small_plan(uint8_t variant);
/* bundle_build, which must work. */
void build_small(const struct bundle_plan *plan, struct wr *out);

#endif
