/* Inside lib/vcard/trust: what its files share. What others may ask is in trust.h. */
#ifndef VCARD_TRUST_INTERNAL_H
#define VCARD_TRUST_INTERNAL_H

#include "vcard/core/card_state.h"
#include "vcard/trust/trust.h"

/* The owner of a record's objects in content/. */
struct aid trust_owner(uint8_t record);
/* The record of this number, 1 to TRUST_RECORDS. */
const struct card_trust *chip_trust(const struct vcard *v, uint8_t record);
/* Its key of this version and generation, current or pending; NULL: neither. */
const struct card_trust_key *trust_key(
    const struct card_trust *t, uint8_t version, uint32_t generation);

/* ---- changes; none commits ---- */

/* The key goes, the set of AES with it; generation and expiry stay to be told. */
void trust_put_key_gone(struct vcard *v, const struct card_trust *was, struct card_trust_key *k);
/* The pending one goes altogether. */
void trust_put_pending_gone(struct vcard *v, struct card_trust *t);
/* An object of a record; empty: deleted. SW_OK, 6A88: there is none to delete, 6A84. */
uint16_t trust_put_object(struct vcard *v, uint8_t record, uint8_t number, struct span value);
/* A key set of AES under its version, from K. SW_OK, 6A84: no room for a set, or SW_UNKNOWN. */
uint16_t trust_put_set(struct vcard *v, const struct card_trust *t, const struct card_trust_key *k,
    const struct key *key);

#endif
