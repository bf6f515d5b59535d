/*
 * What tests of third parties share: the cases of test/vectors/containers.json, made by an
 * independent model of containers.md (its signatures are verified, not made again), the keys in
 * them, and forms with one field in them changed.
 */
#ifndef PARTY_VECTORS_H
#define PARTY_VECTORS_H

#include "unit.h"

#include "crypto/ec.h"

enum { PARTY_WHOLE_MAX = 4096 };

/* Set-up and tear-down of a group. */
int party_open_vectors(void **state);
int party_close_vectors(void **state);
/* The case of this name. */
const json_t *party_case(const char *name);
const json_t *party_d3(void); /* the two grants, of operator and authority */
const json_t *party_d0(void);
const json_t *party_claim_s(void); /* the claim in form S */
struct span party_card_cert(void);
/* operator, authority, acme, bank, card, card_ca. */
struct ec_public party_point(const char *who);
struct ec_private party_scalar(const char *who);

/* One TLV of a form wrong, or another that is right. */
struct party_change {
	uint32_t tag;
	const char *with; /* hex, put in its place; empty: left out */
	bool in_front;    /* put in front of it instead */
	bool good;        /* the form still is one */
};
/* Appends the TLVs of `body` with the change made on this level; lends what was appended. */
struct span party_changed(struct wr *w, struct span body, const struct party_change *c);
/* The value of the TLV at the start of s. */
struct span party_value(struct span s);

#endif
