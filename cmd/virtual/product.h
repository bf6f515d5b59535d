/* What makes a virtual card like a product, beyond what it does itself: key version, numbers. */
#ifndef CMD_VIRTUAL_PRODUCT_H
#define CMD_VIRTUAL_PRODUCT_H

#include "keystore/keystore.h"
#include "vcard/core/vcard.h"

/* The version that the keys of an entry get on the card: JCOP and YubiKey leave the factory with
 * FF, a UICC has 20 to 2F for SCP02 and 30 to 3F for SCP03; else as the entry says. */
uint8_t vcard_product_version(enum vcard_product p, const struct entry *keys);
/* The store has a CA that can certify cards: a YubiKey then comes with SCP11. */
bool vcard_product_scp11(enum vcard_product p, const struct keystore *ks);
/* CPLC, ICCID, IMSI of card `number`, whose CPLC is filled already. */
MUST_CHECK bool vcard_product_numbers(uint32_t number, struct vcard_issue *issue);

#endif
