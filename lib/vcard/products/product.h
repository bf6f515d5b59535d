/*
 * What a virtual card shows of the product that it is like, and the file system of a UICC. Only
 * what differs is here: commands ask, and do the rest themselves. Owns nothing; which product a
 * card is stands in struct chip. Only lib/vcard and its tests include this.
 */
#ifndef VCARD_PRODUCTS_PRODUCT_H
#define VCARD_PRODUCTS_PRODUCT_H

#include "vcard/core/card_state.h"

struct span product_atr(enum vcard_product p);
/* This AID, too, is the issuer domain's in SELECT: which then goes by *name. */
MUST_CHECK bool product_means_isd(const struct chip *c, struct span aid, struct aid *name);
/* Broadcast mode: the cards of cardadm have it, those of others and of SCP02 do not. */
bool product_has_broadcast(const struct chip *c);
/* The trust application: as broadcast, and a UICC has it, too. */
bool product_has_trust(const struct chip *c);
/* A YubiKey makes keys and takes no applications; cards of cardadm with SCP03 do both. */
bool product_knows(const struct chip *c, uint8_t ins);
/* What a product has in it from the factory: data objects. false: no memory. */
MUST_CHECK bool product_issue(struct chip *c, const struct vcard_issue *issue);
/* The answer to SELECT of a domain (GPCS 11.9.3.1). */
void product_fci_put(struct wr *w, const struct chip *c, const struct aid *aid);
/* The level is one that the product takes: of a YubiKey only 33. */
bool product_takes_level(const struct chip *c, uint8_t level);
/* Content and keys are changed under C-MAC only; a JCOP takes being authenticated for enough, which
 * is what GPCS table 11-2 asks for at least. */
bool product_wants_cmac(const struct chip *c);

/* uicc.c: SELECT is for the file system: by file identifier or path, or its application by AID. */
bool files_are_meant(const struct call *c);

#endif
