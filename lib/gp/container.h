/*
 * Containers of third parties: what the operator and the parties say to a card and what it tells.
 * Orders (STORE DATA BF73), the answer to `place`, the state of containers (GET DATA FF73,
 * TAG_CONTAINERS), objects (DFnn); put and get side by side. Form only, as in grant.h: what it
 * means, who may, and in which state it is done is the card's.
 */
#ifndef GP_CONTAINER_H
#define GP_CONTAINER_H

#include "gp/grant.h"

enum container_tag {
	TAG_CONTAINER_ORDER = 0xBF73,
	TAG_OBJECT_FIRST = 0xDF01,
	TAG_OBJECT_LAST = 0xDF7F
};
/* Keys: in the ISD but for the access sets. */
enum {
	KVN_GRANT_ISSUER = 0x74, /* KID 01 to 04, B0, P-256 */
	KID_GRANT_ISSUER_FIRST = 0x01,
	KID_GRANT_ISSUER_LAST = 0x04,
	KID_STORED_OCE = 0x12,    /* PK.OCE.ECKA with the version of a KID 11 key: needs no PSO */
	KVN_PLACE_RECEIPT = 0x71, /* KID 01, AES */
	KVN_ACCESS_FIRST = 0x30,
	KVN_ACCESS_LAST = 0x3F
};
/* Section 5, limits. */
enum {
	CONTAINERS_MAX = 16,
	CONTAINER_PARTIES_MAX = 4,
	CONTAINER_GRANTS_MAX = 4, /* placed, not used yet */
	CONTAINER_SETS_MAX = 2,   /* access sets of a party */
	CONTAINER_OBJECTS_MAX = 32,
	CONTAINER_OBJECT_MAX = 4096,
	CONTAINER_OBJECT_COST = 10, /* octets of quota beside its length */
	ISSUERS_MAX = 8,            /* remembered */
	ISSUER_KEYS_MAX = 4,
	ACCESS_TRIES_MAX = 10 /* wrong authentications of a set since power-up */
};
#define SERIAL_LAST UINT64_MAX

/* ---- orders ---- */

enum order_kind { ORDER_PLACE = 1, ORDER_REVOKE = 2, ORDER_RAISE = 3, ORDER_CLOSE = 4 };

/* Which fields there are depends on the kind; the others are empty. Spans borrow. */
struct container_order {
	enum order_kind kind;
	struct grant grant;           /* place: 7F21 */
	struct domain_key domain_key; /* place: 7F76, exactly when the grant has 8B */
	struct span container;        /* revoke: 4F */
	struct span party;            /* revoke: 5F20; n = 0: all grants not used yet */
	bool keep;                    /* revoke with party: 83 01 */
	struct span issuer;           /* raise: 42 */
	uint64_t serial;              /* raise: 93, at least 1 */
	bool has_time;
	uint32_t time; /* 9A: seconds since 1970 */
};
/* The whole of s is one order, grant and domain key in it read as well: false means 6A80. */
MUST_CHECK bool container_order_get(struct span s, struct container_order *o);
/* Takes grant.whole and domain_key.whole, reads nothing else of the two. */
void container_order_put(struct wr *w, const struct container_order *o);

/* ---- the answer to place ---- */

struct placed {
	uint64_t serial;                       /* 93 */
	struct span container;                 /* 4F */
	struct span card;                      /* 81 */
	struct quota data_quota, data_reserve; /* C8, D8, as the grant has them */
	bool has_receipt;
	uint16_t counter;        /* 90: confirmation counter */
	struct span receipt;     /* 86, 16 octets */
	struct span signed_part; /* set by placed_get: the TLVs before 86 */
};
MUST_CHECK bool placed_get(struct span s, struct placed *p);
/* Card: with has_receipt and the key of KVN 71, else NULL. p->receipt is not read. */
MUST_CHECK bool placed_put(struct wr *w, const struct placed *p, const struct key *receipt_key);
/* Host: the receipt is there and of this key. */
MUST_CHECK bool placed_proven(const struct placed *p, const struct key *receipt_key);
/* Host: it answers the placing of this grant. */
MUST_CHECK bool placed_is_of(const struct placed *p, const struct grant *g);

/* ---- the state: FF73 ---- */

enum container_stage { STAGE_GRANTED = 1, STAGE_CLAIMED = 2, STAGE_SEALED = 3 };
enum { CONTAINER_LOCKED = 0x80 };
const char *container_stage_str(enum container_stage s); /* "granted", ... */

/* A0: one container. */
struct container {
	struct span aid; /* 4F */
	enum container_stage stage;
	bool locked;
	struct quotas quotas; /* put writes C8 and D8 in any case, 0 when not given */
	uint32_t used;        /* 8A */
	struct span parties, grants, objects; /* set by get: A1, A2, A3 in rows, for the _next */
};
/* A1: a party that is in it. */
struct container_party {
	struct span id;
	uint64_t serial;
	uint8_t rights;
	struct span versions; /* 83: 1 or 2 key versions; n = 0: not told */
};
/* A2: a grant that was placed and is not used yet. */
struct container_grant {
	struct span id;
	uint64_t serial;
	struct span digest; /* 8D, PARTY_DIGEST octets */
};
/* A3: an object. */
struct container_object {
	uint8_t number; /* 01 to 7F */
	uint16_t length;
};
/* A5: an issuer of grants and its last serial. */
struct container_issuer {
	struct span name; /* PARTY_NAME octets */
	uint64_t serial;  /* 0: none yet */
};
/* The answer as a whole. */
struct containers {
	struct span containers, issuers; /* set by get: A0, A5 in rows */
	bool is_operator;                /* 8C and 9A are there */
	bool closed;
	uint32_t time; /* T, 0: unknown */
};
/* All of it is checked, so that the _next below only end. */
MUST_CHECK bool containers_get(struct span answer, struct containers *c);
/* The next one of a row (rd_of the span); false at its end. */
MUST_CHECK bool container_next(struct rd *r, struct container *c);
MUST_CHECK bool container_party_next(struct rd *r, struct container_party *p);
MUST_CHECK bool container_grant_next(struct rd *r, struct container_grant *g);
MUST_CHECK bool container_object_next(struct rd *r, struct container_object *o);
MUST_CHECK bool container_issuer_next(struct rd *r, struct container_issuer *i);

/*
 * Writing: FF73 and A0 stay open while what is in them is written, and are closed with tlv_close:
 *     all = tlv_open(w, TAG_CONTAINERS);
 *     one = container_open(w, &c); container_party_put(w, &p) ...; tlv_close(w, one);
 *     container_issuer_put(w, &i) ...; containers_end_put(w, closed, time);
 *     tlv_close(w, all);
 */
size_t container_open(struct wr *w, const struct container *c);
void container_party_put(struct wr *w, const struct container_party *p);
void container_grant_put(struct wr *w, const struct container_grant *g);
void container_object_put(struct wr *w, const struct container_object *o);
void container_issuer_put(struct wr *w, const struct container_issuer *i);
void containers_end_put(struct wr *w, bool closed, uint32_t time); /* operator only */

/* ---- objects ---- */

/* STORE DATA: the next DFnn of several; false at the end and at anything else. */
MUST_CHECK bool party_object_next(struct rd *r, uint8_t *number, struct span *value);
void party_object_put(struct wr *w, uint8_t number, struct span value); /* empty: deletes */

#endif
