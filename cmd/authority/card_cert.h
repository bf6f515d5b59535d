/* Certificates that an authority makes for keys of cards. */
#ifndef CMD_AUTHORITY_CARD_CERT_H
#define CMD_AUTHORITY_CARD_CERT_H

#include "cmd/authority/register.h"

/* Appends a certificate of the card's key, in GlobalPlatform's format, by an entry of type ca with
 * its private key, which is read. ERR_AUTH. */
int card_cert_make(
    const struct entry *ca, const struct registered *card, struct wr *certs, struct err *e);

#endif
