/*
 * The records of the card's journal: what each does to struct chip, and a chip as records. Each
 * room writes and reads its own; what record.c and the other rooms need of them stands here. The
 * journal itself is nvm.h's.
 */
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
	REC_PRODUCT, /* written at issuance and never changes */
	/* Of third parties. */
	REC_CONTAINER = 60, /* adds or replaces one, with its parties and grants */
	REC_CONTAINER_GONE, /* an ordinary domain again, or an empty one */
	REC_ISSUER,         /* adds or replaces the last serial of an issuer of grants */
	REC_TIME,
	REC_CLOSED,      /* no key of an issuer of grants comes, changes or goes any more */
	REC_OBJECT_GONE, /* one data object */
	/* Of trust between card and terminals. */
	REC_TRUST = 70, /* adds or replaces a record */
	REC_TRUST_LOCKED
};

/* A chip with nothing in it. chip_wipe releases and wipes. */
void chip_init(struct chip *c);
void chip_wipe(struct chip *c);
bool chip_apply(void *chip, uint8_t type, struct span value); /* an nvm_apply */
/* After a replay: everything that must be there is there and in range. */
MUST_CHECK bool chip_sound(const struct chip *c);
void chip_snapshot(struct wr *w, const struct chip *c); /* the records that make this chip */

/* Values that several rooms have. LV of a whole AID; of one or of nothing. */
MUST_CHECK bool aid_record_get(struct rd *r, struct aid *a);
MUST_CHECK bool domain_record_get(struct rd *r, struct aid *domain);

/* ---- readers of records: false, it is not one ---- */

typedef bool record_get(struct chip *c, struct rd *r);

/* keys/ */
record_get keys_get, keys_gone_get, sequence_get, tries_get;
record_get domain_keys_get, domain_keys_gone_get, domain_sequence_get, domain_tries_get;
record_get public_get, public_gone_get;
record_get ecka_get, ecka_gone_get, ca_get, ca_gone_get;
/* content/ */
record_get load_file_record_get, load_file_domain_get, load_file_gone_get;
record_get app_get, app_gone_get, object_get, object_gone_get;
record_get receipts_get, restricted_get, page_get;
/* broadcast/ */
record_get slot_get, slot_empty_get, slot_erase_get, slot_data_more_get;
record_get running_get, activate_get, image_get, refused_get;
/* containers/ */
record_get container_record_get, container_gone_get, issuer_get, time_get, closed_get;
/* trust/ */
record_get trust_record_get, trust_locked_get;

/* ---- all that a room has, as records ---- */

/* keys/: secret keys. Sets of the ISD have the records of the first cards. */
void key_record_keys(struct wr *w, const struct chip *c, const struct card_keys *k);
void key_record_put(struct wr *w, const struct key *k); /* LV */
MUST_CHECK bool key_record_get(struct rd *r, struct key *k);
void public_record(struct wr *w, const struct card_public *k);
void ecka_snapshot(struct wr *w, const struct chip *c);
/* broadcast/ */
void slot_put(struct wr *w, const struct card_slot *s); /* value of REC_SLOT */
void broadcast_snapshot(struct wr *w, const struct chip *c);
/* content/ */
void object_record(struct wr *w, const struct aid *owner, uint16_t tag, struct span value);
void content_snapshot(struct wr *w, const struct chip *c);
/* containers/ */
void containers_snapshot(struct wr *w, const struct chip *c);
/* trust/ */
void trusts_snapshot(struct wr *w, const struct chip *c);

/* ---- */

/* A domain or application is gone: so is everything that it had. */
void keys_owner_gone(struct chip *c, const struct aid *owner);
void objects_owner_gone(struct chip *c, const struct aid *owner);
void container_owner_gone(struct chip *c, const struct aid *owner);
void objects_wipe(struct chip *c);
void content_wipe(struct card_content *c);
MUST_CHECK bool content_sound(const struct chip *c);
MUST_CHECK bool containers_sound(const struct chip *c);
/* After chip_sound: a slot that was begun by a program which did not keep what it goes on with is
 * empty. */
void slot_settle(struct chip *c);

#endif
