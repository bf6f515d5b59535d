/*
 * A sum of 64 bits that tells whether octets are still those that were written: any change within
 * eight octets is seen for certain, any other but for 1 in 2^64. Fast, and no protection against
 * anybody who makes changes on purpose: that is what digests and signatures are for.
 */
#ifndef BASE_SUM_H
#define BASE_SUM_H

#include "base/bytes.h"

#define SUM64_START 0xCBF29CE484222325u

/* Goes on from the sum of what came before; SUM64_START to begin. The lengths of the parts count,
 * too. */
uint64_t sum64(uint64_t before, struct span s);

#endif
