/*
 * A virtual card with containers, as the cases of test/vectors/containers.json have it, and its
 * four kinds of host: the operator in a session of the ISD, parties, a stranger. Made of lib/scp
 * and lib/gp alone.
 */
#ifndef UNIT_CONTAINER_RIG_H
#define UNIT_CONTAINER_RIG_H

#include "content_rig.h"
#include "gp/container.h"
#include "party_vectors.h"

#define BOX "F0434152440102030405060708090A0B"
#define BOX2 "F0434152441112131415161718191A1B"

/* A card with the keys of the cases: KVN 74 KID 01 the operator, 02 the authority; KID 11 issued.
 * BOX has a quota of 20000 octets, BOX2 one of 50000 and 30000 reserved. i: of SCP03. */
void box_on(struct rig *r, uint8_t i);
/* A domain of the ISD that may become a container; quota and reserve in octets, 0: none. */
void box_domain(struct rig *r, const char *aid, uint32_t quota, uint32_t reserve);

/* ---- grants and orders ---- */

/* Made by the operator unless `issuer` says else; what is zero is as usual: serial one more than
 * the last one made here, container BOX, card's own key, days of 2027 to 2030. */
struct grant_spec {
	const char *who;       /* party key: "acme", "bank", or any other name for a new one */
	const char *id;        /* NULL: as who, in capitals */
	const char *container; /* hex */
	uint8_t rights;
	bool agreement; /* form M */
	uint64_t serial;
	uint32_t from, until;
	struct quotas quotas;
	const char *prefix; /* hex */
	const struct ec_private *issuer, *key;
	const struct ec_public *card;
	struct span domain_key;
};
/* The whole 7F21, in storage of its own that lives until the 16th next call. */
struct span grant_of(const struct grant_spec *s);
/* The order in the session of r->host on the selected domain. */
uint16_t order_put(struct rig *r, const struct container_order *o, struct span *answer);
uint16_t place_grant(struct rig *r, struct span grant, uint32_t time);
uint16_t revoke_party(struct rig *r, const char *container, const char *id, bool keep);

/* ---- who talks to the card ---- */

void as_operator(struct rig *r); /* SELECT of the ISD, session at level 33 */
/* SELECT by whole AID; the status word. */
uint16_t select_aid(struct rig *r, const char *aid);
/* One certificate by PERFORM SECURITY OPERATION. */
uint16_t present(struct rig *r, struct span cert, uint8_t kvn, uint8_t kid);
/* SELECT, PSO (unless the grant is empty), MUTUAL AUTHENTICATE; leaves the claim session in
 * r->host. The first status word that is not 9000. kid: of the issuer's key. */
struct rig_claim {
	struct span grant;
	const struct ec_private *party; /* form S: signs; form M: agrees */
	const char *id;
	bool agreement;
	const struct key *dk;
	uint8_t kid, usage;           /* 0: 01, 3C */
	uint32_t oce_from, oce_until; /* 0: of 2027 to 2030 */
	const char *container;        /* NULL: BOX */
	struct key dek;               /* out: of the session */
	bool receipt_ok;              /* out */
};
uint16_t rig_claim_open(struct rig *r, struct rig_claim *c);
/* Three AES keys of 16 octets: 16 times `first`, first + 1, first + 2. */
void access_set(struct key_set *k, uint8_t first);
/* PUT KEY of them. */
uint16_t put_access(
    struct rig *r, uint8_t old, uint8_t version, uint8_t first, const struct key *dek);
/* Place by the operator, claim and PUT KEY, all of which must succeed. */
void become_party(struct rig *r, const struct grant_spec *s, uint8_t version);
/* SELECT and a session with the set that put_access put; level 33 unless another. */
uint16_t as_party(struct rig *r, const char *container, uint8_t version, uint8_t first);
uint16_t as_party_at(
    struct rig *r, const char *container, uint8_t version, uint8_t first, uint8_t level);

uint16_t object_put(struct rig *r, uint8_t number, struct span value);
uint16_t object_get_is(struct rig *r, uint8_t number, struct span value); /* fails if another */
/* FF73 in the session. */
struct span state_get(struct rig *r);
const struct card_container *box(const struct rig *r, const char *aid);

/* The records of all but the counters of key sets, which move with every INITIALIZE UPDATE; in
 * memory of its own. */
struct wr memory_of(const struct rig *r);
/* The whole file of the card, in memory of its own. */
struct wr card_file(const struct rig *r);
void assert_untouched(const struct rig *r, const struct wr *before);

#endif
