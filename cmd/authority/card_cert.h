/* Certificates that an authority makes for keys of cards. */
#ifndef CMD_AUTHORITY_CARD_CERT_H
#define CMD_AUTHORITY_CARD_CERT_H

#include "cmd/authority/register.h"

/* Appends a certificate of the card's key, in GlobalPlatform's format, by an entry of type ca with
 * its private key, which is read. ERR_AUTH. */
int card_cert_make(
    const struct entry *ca, const struct registered *card, struct wr *certs, struct err *e);
/* PEM of certificates of a card as BF21 has them. */
#define CARD_LABEL "CARDADM CARD"
/* Appends certificates of a card in a row out of any file with such: of `authority enrol`, X.509 in
 * PEM, or their octets. ERR_INPUT. */
int card_certs_read(const char *path, struct wr *certs, struct err *e);
/* Both. */
int card_file_read(const char *path, const struct party_anchors *a, struct ec_public *key,
    bool *proven, struct err *e);

#endif
