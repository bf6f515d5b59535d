/*
 * Keys of the key store that third parties on the card take: of issuers of grants, of parties, of
 * the application, and who certifies cards.
 */
#ifndef CHANGE_PARTY_KEYS_H
#define CHANGE_PARTY_KEYS_H

#include "host/card_seen.h"
#include "keystore/keystore.h"

/* A key of type grantor or party; `own` is NULL where only the public half is here. Borrowed from
 * the key store. */
struct party_entry {
	const char *name;
	struct ec_public key;
	const struct ec_private *own;
	enum party_form form; /* party */
};
/* Entry `name` (NULL: the only one) of type party or grantor; `own`: its private half is needed.
 * ERR_AUTH. */
int party_key_find(const struct keystore *ks, enum entry_type type, const char *name, bool own,
    struct party_entry *k, struct err *e);
/* The grantor that tag 42 of a grant names; NULL in k->name: the store has none. ERR_AUTH when an
 * entry cannot be read. */
int grantor_named(
    const struct keystore *ks, struct span name, struct party_entry *k, struct err *e);
/* The party with this key; NULL in k->name: the store has none. */
int party_known(
    const struct keystore *ks, const struct ec_public *key, struct party_entry *k, struct err *e);
/* The value of an entry of type domain-key. ERR_AUTH. */
int domain_key_find(
    const struct keystore *ks, const char *name, const struct key **dk, struct err *e);
/*
 * A grant is a certificate, and who issues it must be nobody whom anybody trusts for cards: a
 * grantor and a ca of one key are refused, ERR_INPUT.
 */
int grantors_check(const struct keystore *ks, struct err *e);

/* Every ca of the store as an anchor, which borrows from it. ERR_AUTH. */
int party_anchors_take(const struct keystore *ks, struct party_anchors *a, struct err *e);

#endif
