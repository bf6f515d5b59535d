/*
 * What a card gets so that parties can claim containers on it: a key of its own for SCP11a, which
 * it makes itself, with certificates, and the public keys of who issues grants.
 */
#ifndef HOST_ENROL_H
#define HOST_ENROL_H

#include "gp/container.h"
#include "host/keys.h"

/* GENERATE KEY: the card makes key 11 of this version on P-256, in the place of version `old` (0:
 * adds), and tells its public half. ERR_CARD. */
int enrol_make_key(
    struct session *s, uint8_t old, uint8_t version, struct ec_public *key, struct err *e);
/* STORE DATA: certificates of that key in a row, leaf last. ERR_CARD. */
int enrol_certify(struct session *s, uint8_t version, struct span certs, struct err *e);
/* PUT KEY: who issues grants, in the first place that is free of version 74. ERR_SAFETY: none is;
 * ERR_CARD. */
int enrol_put_issuer(
    struct session *s, const struct key_infos *k, const struct ec_public *issuer, struct err *e);

#endif
