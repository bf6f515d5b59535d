/*
 * Keys and certificates for tests of SCP11: one CA for cards and hosts, a card of three variants, a
 * host. Knows lib/vcard from outside only, so that tests of the host can use it.
 */
#ifndef UNIT_SCP11_HOUSE_H
#define UNIT_SCP11_HOUSE_H

#include "unit.h"

#include "gp/cert.h"
#include "scp/scp11.h"
#include "vcard/core/vcard.h"

enum { NOW = 1795262400, DAY = 86400 }; /* 2026-11-21 12:00 */

struct house {
	struct ec_private ca, ka, oce, sd[3];
	struct ec_public ca_pub, ka_pub, oce_pub, sd_pub[3];
	uint8_t certs[3][1024], chain[2048];
	struct wr certs_w[3], chain_w;
};

/* A certificate of `key` by `signer`; leaf: for key agreement, role for X.509. */
struct paper {
	bool x509, leaf;
	enum x509_role role;
	const struct ec_public *key;
	const struct ec_private *signer;
	const char *issuer, *subject, *serial;
	uint32_t until; /* GP: YYYYMMDD; 0: 20301231 */
	const char *restricted;
};

void certify(struct wr *w, const struct paper *p);

struct style {
	enum ec_curve curve;
	bool x509, chain; /* chain: a KA between the CA and us */
	uint8_t i;        /* of SCP03: S16 or not */
};

/* New keys, and certificates for all. */
void house_make(struct house *h, const struct style *st);
void house_chain(struct house *h, const struct style *st); /* the host's alone */
/* What the card needs of it; the rest of *is is as it was. */
void house_card(const struct house *h, struct vcard_issue *is);

#endif
