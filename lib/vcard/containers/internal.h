/*
 * Inside lib/vcard/containers: what its files share. What others may ask is in containers.h.
 */
#ifndef VCARD_CONTAINERS_INTERNAL_H
#define VCARD_CONTAINERS_INTERNAL_H

#include "vcard/containers/containers.h"
#include "vcard/core/card_state.h"

enum { LEVEL_ORDER = LEVEL_CMAC | LEVEL_CDEC, LEVEL_WHOLE = 0x33 };

bool party_is(const struct card_party *p, struct span id);
/* The grant of this digest that is not used yet; k NULL or not there: NULL. */
const struct card_grant *container_grant(
    const struct card_container *k, const uint8_t digest[static PARTY_DIGEST]);
/* It is the card's key that a grant names, and nobody but the card knows it. */
bool card_key_is(const struct card_ecka *own, const uint8_t digest[static PARTY_DIGEST]);
/* The key of KVN 74 with this name; NULL: none. *kid: its identifier. */
const struct ec_public *grant_issuer(const struct vcard *v, struct span name, uint8_t *kid);
/* Place in the table of issuers: where it is, or issuer_n. */
size_t issuer_at(const struct vcard *v, const uint8_t digest[static PARTY_DIGEST]);
/* T in the checks of an order. */
uint32_t order_time(const struct vcard *v, const struct container_order *o);
void put_order_time(struct vcard *v, const struct container_order *o);

/* `place` after check 1 (sender and level). Commits. */
uint16_t place(struct call *c, const struct container_order *o);

#endif
