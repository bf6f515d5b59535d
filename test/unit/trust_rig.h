/*
 * A virtual card as the cases of test/vectors/trust.json have it, a network in a session of its ISD
 * and terminals, each with the key it has: made of lib/scp and lib/gp alone.
 */
#ifndef UNIT_TRUST_RIG_H
#define UNIT_TRUST_RIG_H

#include "container_rig.h"
#include "gp/trust_keys.h"
#include "trust_vectors.h"
#include "vcard/trust/internal.h"

#define IMEI "352099001761481"
#define OTHER_IMEI "490154203237518"
enum {
	TRUST_NOW = 1798800000,    /* 2027-01-01 10:40 */
	TRUST_EXPIRY = 1801392000, /* 30 days later */
	TRUST_HORIZON = 0x70DBD880
};
#define TRUST_PERIOD (30u * 86400u)
#define TRUST_WINDOW (5u * 86400u)

/* Set-up and tear-down of a group: both files of vectors. */
int trust_rig_open(void **state);
int trust_rig_close(void **state);
/* A card with the keys of the cases; i: of SCP03. KID 11 and 13 of KVN 01. */
void trust_on(struct rig *r, uint8_t i);

/* A key that a terminal has. */
struct phone_key {
	uint32_t generation, expiry;
	uint8_t version;
	struct key k; /* or the private scalar */
};
struct phone {
	uint8_t record, algorithm;
	const char *imei; /* NULL: none */
	bool has_throughput;
	uint32_t throughput;
	uint32_t clock;
	struct phone_key current, pending; /* generation 0: none */
	/* of the session: */
	uint8_t sid[32], sid_n;
	struct trust_verdict verdict; /* of the last PRESENT or CONFIRM */
};

/* The usual order: record 1, AES-128, generation 1, the key of the case, period of 30 days, IMEI
 * and 300 kbit/s. */
struct trust_order usual_order(void);
/* Sends an order in the session of the network, 84 and 85 made of `key` unless that is NULL. */
uint16_t network_order(struct rig *r, struct trust_order *o, const struct key *key);
/* Octets of an order, whatever they are. */
uint16_t network_raw(struct rig *r, struct span order);
/* The network's session, the order, which must succeed; what the terminal has after that. */
uint16_t initialize_try(struct rig *r, struct trust_order *o, struct phone *t); /* order only */
struct phone initialize(struct rig *r, uint8_t record, uint8_t algorithm);
struct phone initialize_as(struct rig *r, struct trust_order *o);
/* FF74 of one record, in a session of the network; false: it is not told. */
bool told(struct rig *r, uint8_t record, struct trust_record *t);

/* SELECT and a session by this key at its version; the first status word that is not 9000. */
uint16_t phone_open(struct rig *r, struct phone *t, const struct phone_key *k, uint8_t version);
/* SELECT and a session of SCP11b, in which the card alone is authenticated. */
uint16_t phone_open_anonymous(struct rig *r, struct phone *t);
uint16_t stranger_open(struct rig *r, struct phone *t, const char *aid);
/* With the current key: must succeed. */
void as_phone(struct rig *r, struct phone *t);
uint16_t phone_present(struct rig *r, struct phone *t);
/* Result of PRESENT, or the status word when there is none; -1: no answer at all. */
int presented(struct rig *r, struct phone *t);
/* Fills t->pending. */
uint16_t phone_renew(struct rig *r, struct phone *t);
uint16_t phone_confirm(struct rig *r, struct phone *t);
uint16_t phone_confirm_with(struct rig *r, struct phone *t, uint32_t generation, struct span proof);
void phone_proof(const struct phone *t, struct wr *proof); /* of the pending key */
/* pending becomes current. */
void phone_takes(struct phone *t);
/* What a terminal does on the next occasion (trust.md 6): the pending key first, if it has one,
 * then the current one, or SCP11b without one; result of PRESENT, the last status word, -1 (no
 * answer) or -2 (not the card's key). A pending key that was trusted is taken, one that opens
 * nothing is kept. */
int terminal_check(struct rig *r, struct phone *t);
/* Opens the second logical channel; goes on with the other one, the host's half of each is kept. */
void open_second(struct rig *r);
void turn(struct rig *r, struct scp *other);
uint16_t phone_put(struct rig *r, uint8_t number, struct span value);
uint16_t phone_get(struct rig *r, uint8_t number, struct span *value);

#endif
