/* The records of the card's journal: what each does to struct chip, and a chip as records. */
#ifndef VCARD_CORE_RECORD_H
#define VCARD_CORE_RECORD_H

#include "vcard/core/card_state.h"

enum record {
	REC_IDENTITY = 1, /* what is written at issuance and never changes */
	REC_LIFE_CYCLE,
	REC_IIN,
	REC_CIN,
	REC_KEYS, /* adds or replaces a set */
	REC_KEYS_GONE,
	REC_SEQUENCE,
	REC_TRIES,
	REC_SLOT, /* header */
	REC_SLOT_EMPTY,
	REC_SLOT_ERASE,
	REC_SLOT_DATA, /* added to what is there */
	REC_ACTIVATE,  /* header of what runs now; its image is the slot's data */
	REC_REFUSED,   /* one campaign more */
	REC_RUNNING,
	REC_IMAGE,
	REC_FAULT_DONE,
	REC_ECKA,           /* adds or replaces a private key of SCP11 */
	REC_CA,             /* adds or replaces a CA's public key */
	REC_SCP02,          /* parameter i; written at issuance and never changes */
	REC_LOAD_FILE = 21, /* adds one, with its data */
	REC_LOAD_FILE_DOMAIN,
	REC_LOAD_FILE_GONE,
	REC_APP, /* adds or replaces an application or domain */
	REC_APP_GONE,
	REC_RECEIPTS,   /* confirmation counter */
	REC_RESTRICTED, /* of the whole card */
	REC_PAGE,       /* written at issuance and never changes */
	/* Of supplementary domains, and of keys that the protocol of the card is not for. */
	REC_DOMAIN_KEYS = 40,
	REC_DOMAIN_KEYS_GONE,
	REC_DOMAIN_SEQUENCE,
	REC_DOMAIN_TRIES,
	REC_ISD,    /* AID of the issuer security domain, where it is not that of GlobalPlatform */
	REC_PUBLIC, /* adds or replaces a public key */
	REC_PUBLIC_GONE,
	REC_OBJECT, /* adds or replaces what STORE DATA brought */
	REC_ECKA_GONE,
	REC_CA_GONE,
	REC_PRODUCT /* written at issuance and never changes */
};

/* A chip with nothing in it. chip_wipe releases and wipes. */
void chip_init(struct chip *c);
void chip_wipe(struct chip *c);
bool chip_apply(void *chip, uint8_t type, struct span value); /* an nvm_apply */
/* After a replay: everything that must be there is there and in range. */
MUST_CHECK bool chip_sound(const struct chip *c);
/* And then: a slot that was begun by a program which did not keep what it goes on with is empty. */
void chip_settle(struct chip *c);
void chip_snapshot(struct wr *w, const struct chip *c); /* the records that make this chip */

/* Values of records. */
enum { ECKA_RECORD_MAX = VCARD_CERTS_MAX + 96, CA_RECORD_MAX = 192 + 21 * VCARD_ALLOWED_MAX };
void ecka_put(struct wr *w, const struct card_ecka *k);
void ca_put(struct wr *w, const struct card_ca *k);
/* ecka.c: the same read into the chip. */
bool ecka_get(struct chip *c, struct rd *r);
bool ca_get(struct chip *c, struct rd *r);
bool ecka_gone_get(struct chip *c, struct rd *r);
bool ca_gone_get(struct chip *c, struct rd *r);
/* key_record.c: secret keys. Sets of the ISD have the records of the first cards. */
enum { KEYS_RECORD_MAX = 160 };
void key_record_keys(struct wr *w, const struct chip *c, const struct card_keys *k);
void key_record_gone(struct wr *w, const struct aid *domain, uint8_t version);
void key_record_sequence(struct wr *w, const struct card_keys *k, uint32_t sequence);
void key_record_tries(struct wr *w, const struct card_keys *k, uint8_t tries);
bool keys_get(struct chip *c, struct rd *r);
bool keys_gone_get(struct chip *c, struct rd *r);
bool sequence_get(struct chip *c, struct rd *r);
bool tries_get(struct chip *c, struct rd *r);
bool domain_keys_get(struct chip *c, struct rd *r);
bool domain_keys_gone_get(struct chip *c, struct rd *r);
bool domain_sequence_get(struct chip *c, struct rd *r);
bool domain_tries_get(struct chip *c, struct rd *r);
void key_record_put(struct wr *w, const struct key *k); /* LV */
MUST_CHECK bool key_record_get(struct rd *r, struct key *k);
/* LV of a whole AID; of one or of nothing. */
MUST_CHECK bool aid_record_get(struct rd *r, struct aid *a);
MUST_CHECK bool domain_record_get(struct rd *r, struct aid *domain);

/* domain_record.c: public keys and data objects. */
void public_record(struct wr *w, const struct card_public *k);
void object_record(struct wr *w, const struct aid *owner, uint16_t tag, struct span value);
bool public_get(struct chip *c, struct rd *r);
bool public_gone_get(struct chip *c, struct rd *r);
bool object_get(struct chip *c, struct rd *r);
void objects_wipe(struct chip *c);
/* A domain or application is gone: so is everything that it had. */
void owner_gone(struct chip *c, const struct aid *owner);
void slot_put(struct wr *w, const struct slot *s);
void running_put(struct wr *w, const struct running *r);

#endif
