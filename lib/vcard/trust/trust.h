/*
 * Trust between the virtual card and terminals (trust.md): the trust application, which the system
 * of the card brings; a record for each terminal, with its current key and one that waits to be
 * confirmed; the orders by which the network writes them; and what a terminal says in its session.
 *
 * Not here: the forms (gp/trust.h) and derivations (gp/trust_keys.h), opening sessions (channel/),
 * the key sets of records with AES, which are sets in keys/ whose domain is the application.
 *
 * All of it is in struct chip, which owns it; what is found is borrowed until the next commit. Only
 * lib/vcard and its tests include this.
 */
#ifndef VCARD_TRUST_TRUST_H
#define VCARD_TRUST_TRUST_H

#include "gp/command.h"
#include "gp/scp11_data.h"
#include "gp/trust_keys.h"

struct vcard;
struct chip;
struct call;
struct logical_channel;
struct card_keys;
struct resident;

/* A key of a record. Of AES the set is in keys/, under its version. */
struct card_trust_key {
	uint8_t version; /* 10 or 20 and the record; 0: there is none */
	uint32_t generation, expiry;
	struct ec_public point; /* P-256; n = 0: it was erased */
};

struct card_trust {
	uint8_t record;
	uint8_t stage; /* enum trust_stage; TRUST_EMPTY: nothing else counts */
	uint8_t cause; /* enum trust_cause */
	uint8_t algorithm;
	struct trust_terms terms; /* expiry as it was ordered */
	uint8_t failures;         /* lasting, since the last time it was trusted */
	uint32_t uses;            /* left of the current key, where they are limited */
	uint32_t floor;           /* of its time */
	uint32_t last;            /* generation that was used last, never to be used again */
	uint8_t card[TRUST_ID];
	uint8_t traits[TRUST_TRAITS_MAX], traits_n; /* value of A9 */
	/* TRUST_OPEN: current has generation and end of waiting, and no key. */
	struct card_trust_key current, pending;
};

/* What is in the chip. */
struct card_trusts {
	struct card_trust record[TRUST_RECORDS]; /* 1 is at 0 */
	bool locked;
	uint8_t
	    strangers[TRUST_RECORDS]; /* wrong characteristics of open ones since power-up; RAM */
};

/* What a channel has in RAM while the session of a terminal is on it; all zero: none. */
struct trust_session {
	uint8_t record;  /* in SCP11b the one that was presented last */
	uint8_t version; /* of the key that opened it; 0 in SCP11b */
	uint32_t generation;
	bool trusted;
	bool over;    /* the network has written the record anew */
	uint32_t now; /* of the PRESENT that was trusted */
	uint8_t sid[32], sid_n;
};

/* ---- the application ---- */

/* This is its AID, on a card that has it. */
bool trust_is(const struct vcard *v, const struct aid *aid);
/* It, or a name that is longer: under such ones the objects of records are kept, so that a domain
 * of that name would read them. */
bool trust_reserves(const struct vcard *v, const struct aid *aid);
/* The application as an entry of the registry; false: the card has it not. */
bool trust_resident(const struct vcard *v, struct resident *r);
/* SET STATUS. Not committed. SW_OK, or why not. */
uint16_t trust_set_locked(struct vcard *v, bool locked);
/* It is selected, and this command is its own: executes it. */
bool trust_takes(const struct call *c);
uint16_t trust_command(struct call *c);

/* ---- its sessions ---- */

/* INITIALIZE UPDATE with this set, which is one of its own: from now on it is this very key. */
void trust_begin(struct call *c, const struct card_keys *k);
/* EXTERNAL AUTHENTICATE: the key has been written anew meanwhile. */
bool trust_moved(const struct call *c);
/* Right: the session is the terminal's. Wrong: counted, and written where the network wants that;
 * SW_OK, or SW_MEMORY_FAILURE. */
void trust_opened(struct call *c);
uint16_t trust_failed(struct call *c, const struct card_keys *k);
/* MUTUAL and INTERNAL AUTHENTICATE: the card's key may be used so; whose public key the HostID
 * names; the session is open, sid is its receipt. */
uint16_t trust_scp11_way(const struct call *c, struct key_ref card);
uint16_t trust_scp11_oce(
    const struct call *c, const struct scp11_request *q, struct ec_public *terminal);
void trust_scp11_opened(struct call *c, const struct scp11_request *q, struct span receipt);
/* vcard_reset. */
void trust_forget_strangers(struct vcard *v);

/* ---- the network ---- */

/* What is told of a record that is not TRUST_EMPTY, but for the digest of its characteristics. */
struct trust_record trust_told(const struct card_trust *t);

/* STORE DATA: an order, BF74 (SW_OK: it is done and committed). */
uint16_t trust_order(struct call *c, struct span data);

/* ---- changes, as in card_state.h: put, then commit once ---- */

void chip_put_trust(struct vcard *v, const struct card_trust *t);
void chip_put_trust_locked(struct vcard *v, bool locked);

#endif
