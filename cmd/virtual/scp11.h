/*
 * What SCP11 needs on a virtual card: private keys, certificates that a CA of the key store makes
 * (for tests: its private key stands there), and the public key of another CA, by which the card
 * knows off-card entities. Two, since a card whose own certificate came from the second could open
 * all others with it.
 */
#ifndef CMD_VIRTUAL_SCP11_H
#define CMD_VIRTUAL_SCP11_H

#include "keystore/keystore.h"
#include "vcard/core/vcard.h"

enum { SCP11_VARIANTS = 3, SCP11_CERT_MAX = 1024 };

struct vcard_maker {
	const struct entry *ca; /* certifies the cards; borrowed */
	enum ec_curve curve;    /* of the cards' keys */
	bool x509;
	struct ec_public ca_public, oce_ca_public;
	struct x509_id ca_id, oce_ca_id; /* what certificates name them by */
	/* All cards of one maker have the key of SCP11c and its certificate in common: they are a
	 * group. The others are made for each card. */
	struct vcard_ecka ecka[SCP11_VARIANTS];
	uint8_t certs[SCP11_VARIANTS][SCP11_CERT_MAX];
};

struct vcard_cas {
	const struct entry *ca, *oce_ca; /* of cards, and of those that open them */
};
/* ERR_AUTH when the first has no private key here, or the second no public one; ERR_INPUT when both
 * are one key. */
int vcard_maker_begin(struct vcard_maker *m, const struct vcard_cas *cas, enum ec_curve curve,
    bool x509, struct err *e);
/* New keys for the card `issue`, whose CIN is set; what is put there borrows from m. */
int vcard_maker_card(struct vcard_maker *m, struct vcard_issue *issue, struct err *e);
void vcard_maker_wipe(struct vcard_maker *m);

#endif
