/* Inside lib/gp: what grants, requests and orders have in common. Strict, as in grant.h. */
#ifndef GP_PARTY_H
#define GP_PARTY_H

#include "gp/grant.h"
#include "gp/strict.h"

/* Tags that several of the forms use. */
enum party_field {
	TAG_PARTY_KIND = 0x80, /* first in 73, in an order, in a grant file */
	TAG_PARTY_NAME = 0x42,
	TAG_PARTY_ID = 0x5F20,
	TAG_PARTY_AID = 0x4F,
	TAG_PARTY_CARD = 0x81,
	TAG_PARTY_RIGHTS = 0x82,
	TAG_PARTY_PREFIX = 0x84,
	TAG_PARTY_SERIAL = 0x93,
	TAG_PARTY_USAGE = 0x95,
	TAG_PARTY_TERMS = 0x73,
	TAG_PARTY_KEY = 0x7F49,
	TAG_PARTY_SIGNATURE = 0x5F37,
	TAG_VOLATILE_QUOTA = 0xC7,
	TAG_DATA_QUOTA = 0xC8,
	TAG_VOLATILE_RESERVE = 0xD7,
	TAG_DATA_RESERVE = 0xD8
};
enum { PARTY_TERMS_MAX = 0x7F, PARTY_SIGNATURE = 64 };

bool party_id_get(struct rd *r, struct span *id);
bool party_aid_get(struct rd *r, struct span *aid);
/* 93, 1 and up. */
bool party_serial_get(struct rd *r, uint64_t *serial);
bool party_form_get(struct rd *r, enum party_form *form);
void party_form_put(struct wr *w, enum party_form form);
/* 7F49, on P-256. */
bool party_key_get(struct rd *r, struct ec_public *k);
void party_key_put(struct wr *w, const struct ec_public *k);
bool party_key_ok(const struct ec_public *k); /* it is there, and on P-256 */
bool party_quota_get(struct rd *r, uint32_t tag, struct quota *q);
void party_quota_put(struct wr *w, uint32_t tag, const struct quota *q);

/* What a grant gives and a request wishes for: 82 to 84 inside 73. */
struct party_terms {
	uint8_t rights;
	struct quotas quotas;
	struct span prefix;
};
bool party_terms_get(struct rd *r, struct party_terms *t);
void party_terms_put(struct wr *w, const struct party_terms *t);
bool party_terms_ok(const struct party_terms *t); /* get would take them */
bool party_id_ok(struct span id);

/* Appends 5F37: over `label` and all that w holds from `from` on. False when w is full. */
bool party_sign(struct wr *w, size_t from, struct span label, const struct ec_private *k);

/* 7F76 beside a grant: there exactly when the grant names one. */
bool party_domain_key_get(struct rd *r, const struct grant *g, struct domain_key *d);

#endif
