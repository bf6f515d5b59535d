/*
 * Keys of trust between a card and a terminal (section 1, update algorithm of section 4): how a
 * maker's key becomes one of a terminal, of a record and of a session, how a record's key becomes
 * the next one, and how its receipt is proved. All are the SCP03 KDF (crypto/kdf.h) with constants
 * of their own. Functions are false when OpenSSL fails or a length is wrong; results are wiped by
 * the caller. The only randomness is ec_sign's.
 */
#ifndef GP_TRUST_KEYS_H
#define GP_TRUST_KEYS_H

#include "crypto/ec.h"
#include "gp/trust.h"

/* How a card is known: first 16 of SHA-256 of "cardadm trust 1" and the value of 45. */
MUST_CHECK bool trust_card_id(struct span cin, uint8_t id[static TRUST_ID]);
/* Whose key it is: of this record, generation and expiry on this card. */
struct trust_place {
	uint8_t record;
	uint32_t generation, expiry;
	const uint8_t *card; /* TRUST_ID octets */
};
/* KT of a terminal, as long as the maker's key KM; imei: IMEI_DIGITS octets. */
MUST_CHECK bool trust_base_key(const struct key *km, struct span imei, struct key *kt);
/* The key of a ticket's 9E. */
MUST_CHECK bool trust_ticket_key(const struct key *kt, struct span imei, struct key *out);
/* The first K of a record, n octets (16 or 32). */
MUST_CHECK bool trust_first_key(
    const struct key *kt, struct span imei, const struct trust_place *p, size_t n, struct key *k);
/* The key set that opens SCP03. */
MUST_CHECK bool trust_set(const struct key *k, const struct trust_place *p, struct key_set *set);

/* An update: the old generation and expiry (0 and 0 in an open record), and the new generation. */
struct trust_update {
	uint8_t record;
	uint32_t old_expiry, old_generation, generation;
};
/* K' of random octets, as many as the key has. */
MUST_CHECK bool trust_update_key(
    const struct key *random, const struct trust_update *u, struct key *k);
/* The private key of P-256 of 32 random octets. */
MUST_CHECK bool trust_update_pair(
    const struct key *random, const struct trust_update *u, struct ec_private *k);

/* What a proof of receipt says; sid: both challenges of the session, in SCP11 the receipt. */
struct trust_proof {
	uint8_t record;
	uint32_t generation, expiry;
	struct span sid; /* at most 32 octets */
};
enum { TRUST_PROOF_AES = 16, TRUST_PROOF_P256 = 64 };
/* By MAC of the new set. */
MUST_CHECK bool trust_prove(
    const struct key *mac, const struct trust_proof *p, uint8_t out[static TRUST_PROOF_AES]);
/* Appends the signature by the new key. */
MUST_CHECK bool trust_prove_pair(
    const struct ec_private *k, const struct trust_proof *p, struct wr *w);
MUST_CHECK bool trust_proven_pair(
    const struct ec_public *k, const struct trust_proof *p, struct span proof);

/* HostID of MUTUAL AUTHENTICATE: version | generation | expiry. */
enum { TRUST_HOST_ID = 9 };
struct trust_host_id {
	uint8_t version;
	uint32_t generation, expiry;
};
MUST_CHECK bool trust_host_id_get(struct span s, struct trust_host_id *h);
void trust_host_id_put(struct wr *w, const struct trust_host_id *h);

/* The two versions that a record's keys have. */
enum { TRUST_VERSION_FIRST = 0x10, TRUST_VERSION_SECOND = 0x20 };
/* The record of a version, 0: of none. */
uint8_t trust_record_of(uint8_t version);
/* 10 + record for 20 + record, and back. */
uint8_t trust_other_version(uint8_t version);

#endif
