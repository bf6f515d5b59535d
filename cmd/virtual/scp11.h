/*
 * What SCP11 needs on a virtual card: private keys and certificates that a CA of the key store
 * makes, and that CA's public key, by which the card knows off-card entities. For tests: the CA's
 * private key stands in the key store.
 */
#ifndef CMD_VIRTUAL_SCP11_H
#define CMD_VIRTUAL_SCP11_H

#include "keystore/keystore.h"
#include "vcard/core/vcard.h"

enum { SCP11_VARIANTS = 3, SCP11_CERT_MAX = 1024 };

struct vcard_maker {
	const struct entry *ca; /* borrowed */
	enum ec_curve curve;    /* of the cards' keys */
	bool x509;
	struct ec_public ca_public;
	struct x509_id ca_id;
	/* All cards of one maker have the key of SCP11c and its certificate in common: they are a
	 * group. The others are made for each card. */
	struct vcard_ecka ecka[SCP11_VARIANTS];
	uint8_t certs[SCP11_VARIANTS][SCP11_CERT_MAX];
};

/* ERR_AUTH when the CA has no private key here. */
int vcard_maker_begin(
    struct vcard_maker *m, const struct entry *ca, enum ec_curve curve, bool x509, struct err *e);
/* New keys for the card `issue`, whose CIN is set; what is put there borrows from m. */
int vcard_maker_card(struct vcard_maker *m, struct vcard_issue *issue, struct err *e);
void vcard_maker_wipe(struct vcard_maker *m);

#endif
