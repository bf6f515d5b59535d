/*
 * Secrets: key values that are zeroed when declared and wiped when they go out of scope.
 *
 * There is no function here or elsewhere that prints a key; what may be shown of one is its
 * check value (crypto/kdf.h: key_check_value). Nothing here allocates.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/bytes.h"

#define KEY_MAX 32

/* A symmetric key or a private scalar of n octets; n = 0 means: not there. */
struct key {
	uint8_t n;
	uint8_t b[KEY_MAX];
};

/* The three static keys of a GlobalPlatform secure channel key set, all of one length. */
struct key_set {
	struct key enc, mac, dek;
};

void wipe(void *p, size_t n);
void wipe_key(struct key *k);
void wipe_key_set(struct key_set *k);

/* SECRET_KEY(k): declares struct key k, all zero, wiped at the end of the block it stands in. */
#define SECRET_KEY(name) __attribute__((cleanup(wipe_key))) struct key name = { 0 }
#define SECRET_KEY_SET(name) __attribute__((cleanup(wipe_key_set))) struct key_set name = { 0 }

MUST_CHECK bool key_from(struct key *k, struct span s); /* 1..32 octets */
struct span key_span(const struct key *k);
MUST_CHECK bool ct_equal(struct span a, struct span b); /* constant time; unequal lengths: false */

#endif
