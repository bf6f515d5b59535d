/*
 * A card as its issuer domain sees it before a party is let onto it: who it is, the key by which
 * parties claim containers (KID 11), and its containers. In an open session of level 33.
 */
#ifndef HOST_CARD_SEEN_H
#define HOST_CARD_SEEN_H

#include "gp/cert.h"
#include "host/container.h"
#include "host/keys.h"

/* Who certifies cards. */
enum { PARTY_ANCHORS_MAX = 16 };
struct party_anchors {
	struct cert_anchor list[PARTY_ANCHORS_MAX];
	size_t n;
};
/*
 * Certificates of a card in a row: their leaf, on P-256, as far as it can be told without the card.
 * Without an anchor only its form is looked at, and *proven is false. ERR_AUTH: they do not hold,
 * or one of them is a grant.
 */
int card_certs_check(struct span certs, const struct party_anchors *a, struct ec_public *key,
    bool *proven, struct err *e);

/* card_seen_free in any case. */
struct card_seen {
	uint8_t cin[PARTY_CIN_MAX], cin_n, iin[PARTY_IIN_MAX], iin_n;
	uint8_t key_version;  /* of its key 11 */
	struct ec_public key; /* and its public half */
	struct wr certs;      /* certificates of it in a row */
	struct wr state;      /* FF73 */
	struct containers all;
};
/* ERR_AUTH: there is not one key 11, or its certificates do not hold; without an anchor only their
 * form is looked at. ERR_CARD: the card tells no IIN or CIN, or no FF73. */
int card_see(
    struct session *session, const struct party_anchors *a, struct card_seen *s, struct err *e);
/* Who it is and its containers only: no key. */
int card_see_identity(struct session *session, struct card_seen *s, struct err *e);
/* GET DATA BF21: appends certificates of key 11 of this version. *found false: it has none. */
int card_read_certs(
    struct session *s, uint8_t version, struct wr *certs, bool *found, struct err *e);
void card_seen_free(struct card_seen *s);

#endif
