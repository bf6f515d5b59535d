/*
 * Trust between a card and a terminal: what network, card and terminal say to each other. Orders of
 * the network (STORE DATA BF74), the state that it reads back (GET DATA FF74, TAG_TRUSTS), the
 * ticket that it gives the terminal (7F78), and the four commands in the terminal's session
 * (PRESENT, RENEW, CONFIRM, REVOKE); put and get side by side.
 *
 * Form only, as in gp/grant.h: each _get looks at the whole of what it is given (tags in their
 * order, each at most once, lengths minimal and right), borrows, and is false at anything else; on
 * a card that is 6A80. What it means, who may, and in which state it is done is the card's. Times
 * are seconds since 1970. No clock, no files.
 * The keys of all this are in trust_keys.h.
 */
#ifndef GP_TRUST_H
#define GP_TRUST_H

#include "gp/put_key.h"

enum trust_tag { TAG_TRUST_ORDER = 0xBF74, TAG_TRUST_TICKET = 0x7F78 };
/* The application on the card, F0545255535401 (section 4). */
extern const struct aid aid_trust;
enum trust_ins { INS_PRESENT = 0x42, INS_RENEW = 0x46, INS_CONFIRM = 0x48, INS_REVOKE = 0x4E };
/* Limits (section 12). */
enum {
	TRUST_RECORDS = 7, /* 1 to 7 */
	TRUST_OBJECTS = 15,
	TRUST_OBJECT_MAX = 400, /* octets */
	TRUST_OBJECT_FIRST = 0xDF01,
	TRUST_OBJECT_LAST = 0xDF0F,
	TRUST_TRIES_MAX = 10,     /* wrong cryptograms of a version since power-up */
	TRUST_PERIOD_MIN = 60,    /* seconds: 88 */
	TRUST_STEP_MAX = 0xFFFF,  /* how far a generation may be ahead of the last one */
	TRUST_FLOOR_STEP = 0xE10, /* seconds: less does not move the floor by itself */
	TRUST_TICKET_MAX = 1024,  /* octets */
	TRUST_ID = 16,            /* octets by which a card is known to its terminals */
	TRUST_TRAITS_MAX = 91     /* octets of the value of A9 */
};
#define TRUST_TICKET_PEM "CARDADM TICKET"

/* Tag 82. */
enum trust_algorithm { TRUST_AES_128 = 0x01, TRUST_AES_256 = 0x02, TRUST_P256 = 0x11 };
/* Octets of a key, and of the random number that a renewal takes: 16, 32, 32; 0: no such one. */
size_t trust_key_octets(uint8_t algorithm);
/* "aes-128", "aes-256", "p-256"; false, or "unknown", for any other. */
extern const char *const trust_algorithms[]; /* these names, NULL behind them */
MUST_CHECK bool trust_algorithm_from(const char *name, uint8_t *algorithm);
const char *trust_algorithm_str(uint8_t algorithm);

/* ---- characteristics of a terminal: A9 ---- */

enum { IMEI_DIGITS = 15, TRUST_THUMBPRINT = 32, TRUST_OTHER_MAX = 32 };
/* 15 ASCII digits, the last one Luhn's check digit. */
bool imei_ok(struct span digits);

struct trust_traits {
	struct span whole; /* value of A9; set by get */
	struct span imei;  /* 81; n = 0: none, so for all of them */
	bool has_throughput;
	uint32_t throughput;    /* 82: most, in kbit/s */
	struct span thumbprint; /* 83, TRUST_THUMBPRINT octets */
	struct span other;      /* 84, 1 to TRUST_OTHER_MAX octets */
};
/* The value of A9; it may be empty. */
MUST_CHECK bool trust_traits_get(struct span value, struct trust_traits *t);
/* A9 with tag and length. */
void trust_traits_put(struct wr *w, const struct trust_traits *t);
/* Each that `want` has is in `shown` and equal; others are ignored. */
bool trust_traits_fit(const struct trust_traits *want, const struct trust_traits *shown);
/* 8F: first 8 of SHA-256 of the value of A9. */
enum { TRUST_TRAITS_DIGEST = 8 };
MUST_CHECK bool trust_traits_digest(struct span value, uint8_t out[static TRUST_TRAITS_DIGEST]);

/* ---- orders ---- */

enum trust_order_kind { TRUST_INITIALIZE = 1, TRUST_REVOKE = 2, TRUST_OBJECT = 3, TRUST_TIME = 4 };

/* How a record is used, as the network says it. */
struct trust_terms {
	uint32_t expiry;  /* 86: E; open: end of waiting for the first terminal */
	uint32_t horizon; /* 87: H, at least E */
	uint32_t period;  /* 88: of a renewed key, at least TRUST_PERIOD_MIN */
	uint32_t window;  /* 89: before E in which renewal is due, less than the period */
	uint8_t failures; /* 8A: wrong authentications that end it; 0: none do */
	bool revokes;     /* 8B: a characteristic that differs ends it */
	bool limited;     /* 8C is there */
	uint32_t uses;    /* 8C: of one key */
};

/* Which fields there are depends on the kind; the others are empty. Spans borrow. */
struct trust_order {
	enum trust_order_kind kind;
	uint8_t record;    /* 81, any octet; not with TRUST_TIME */
	uint8_t algorithm; /* 82, enum trust_algorithm */
	uint32_t generation;
	struct span key; /* 84: encrypted, as long as the algorithm's; n = 0: P-256 or open */
	uint8_t kcv[PUT_KEY_KCV];
	struct span point; /* 7F49 { B0 }: a point, unchecked; P-256 only */
	struct trust_terms terms;
	bool open;  /* 8D of initialize, 01: the first terminal with these characteristics */
	bool keep;  /* 02: objects stay */
	bool erase; /* 8D of revoke: 01 */
	struct trust_traits traits; /* at least one */
	uint8_t number;             /* object: 01 to 0F */
	struct span value;          /* object; empty: delete */
	bool has_time;              /* initialize, time: always */
	uint32_t time;              /* 9A */
};
/* The whole of s is one order: false means 6A80. */
MUST_CHECK bool trust_order_get(struct span s, struct trust_order *o);
void trust_order_put(struct wr *w, const struct trust_order *o);

/* The next TLV is an object, of at most TRUST_OBJECT_MAX octets (an order, STORE DATA of a
 * terminal, the answer to its GET DATA). */
MUST_CHECK bool trust_object_get(struct rd *r, uint8_t *number, struct span *value);

/* ---- the state: FF74 ---- */

enum trust_stage { TRUST_EMPTY, TRUST_OPEN, TRUST_ACTIVE, TRUST_EXPIRED, TRUST_REVOKED };
enum trust_cause {
	TRUST_ENDED_NOT,
	TRUST_ENDED_BY_NETWORK,
	TRUST_ENDED_BY_FAILURES,
	TRUST_ENDED_BY_TERMINAL,
	TRUST_ENDED_BY_TRAITS
};
const char *trust_stage_str(enum trust_stage s); /* "empty", "open", ... */
const char *trust_cause_str(enum trust_cause c); /* "none", "network", ... */

/* A0: one record that is not EMPTY. */
struct trust_record {
	uint8_t record;         /* 1 to TRUST_RECORDS */
	enum trust_stage stage; /* not TRUST_EMPTY */
	uint8_t algorithm;
	uint32_t generation, expiry, horizon;
	uint8_t failures; /* counted */
	bool limited;
	uint32_t uses_left;
	enum trust_cause cause;
	struct span traits_digest; /* 8F */
	uint32_t floor;
	uint32_t last; /* generation that was used last */
	bool pending;  /* A4 is there */
	uint32_t pending_generation, pending_expiry;
};
struct trust_state {
	uint32_t time;       /* T, 0: unknown */
	struct span records; /* set by get: A0 in a row, in the order of their numbers */
};
/* All of it is checked, so that trust_record_next only ends. */
MUST_CHECK bool trust_state_get(struct span answer, struct trust_state *s);
/* The next one (rd_of the span); false at the end. */
MUST_CHECK bool trust_record_next(struct rd *r, struct trust_record *t);
/* Writing: all = trust_state_open(w, time); trust_record_put(..) ...; tlv_close(w, all). */
size_t trust_state_open(struct wr *w, uint32_t time);
void trust_record_put(struct wr *w, const struct trust_record *t);

/* ---- ticket ---- */

struct trust_ticket {
	uint32_t generation;
	uint8_t record; /* 1 to TRUST_RECORDS */
	uint8_t algorithm;
	uint32_t expiry, horizon, period;
	struct span cin;         /* 45 */
	struct span card_key;    /* 8B: SHA-256 of the point; n = 0: none */
	struct span mac;         /* 9E, 16 octets; n = 0: none */
	struct span signed_part; /* set by get: the TLVs before 9E */
};
MUST_CHECK bool trust_ticket_get(struct span whole, struct trust_ticket *t);
/* mac_key NULL: without 9E. t->mac is not read. */
MUST_CHECK bool trust_ticket_put(
    struct wr *w, const struct trust_ticket *t, const struct key *mac_key);
/* 9E is there and of this key. */
MUST_CHECK bool trust_ticket_proven(const struct trust_ticket *t, const struct key *mac_key);

/* ---- in the terminal's session ---- */

/* 95 of A2. Up to TRUST_OPENED with 9000, else with 6300. */
enum trust_result {
	TRUST_GRANTED = 0x00,
	TRUST_DUE = 0x01,    /* and renewal is due */
	TRUST_OPENED = 0x02, /* fetch the first key */
	TRUST_DIFFERS = 0x10,
	TRUST_DIFFERS_REVOKED = 0x11, /* and the record is revoked by this */
	TRUST_IS_EXPIRED = 0x12,
	TRUST_IS_REVOKED = 0x13,
	TRUST_USES_SPENT = 0x14,
	TRUST_PROOF_WRONG = 0x15 /* of CONFIRM */
};
/* "trusted", "trusted, renewal due", ... */
const char *trust_result_str(enum trust_result r);

/* PRESENT. */
struct trust_present {
	uint32_t time; /* what the terminal claims */
	struct trust_traits traits;
};
MUST_CHECK bool trust_present_get(struct span s, struct trust_present *p);
void trust_present_put(struct wr *w, const struct trust_present *p);

/* A2: the answer to PRESENT and CONFIRM. */
struct trust_verdict {
	enum trust_result result;
	uint32_t generation, expiry;
	uint32_t renew_from; /* expiry - window */
	uint32_t now;
};
MUST_CHECK bool trust_verdict_get(struct span s, struct trust_verdict *v);
void trust_verdict_put(struct wr *w, const struct trust_verdict *v);

/* A3: the answer to RENEW. */
struct trust_renewal {
	uint8_t version; /* of the new key */
	uint8_t algorithm;
	uint32_t generation;
	struct span key;          /* 84: the key, or the private scalar of P-256 */
	uint8_t kcv[PUT_KEY_KCV]; /* of an AES key */
	uint32_t expiry, renew_from;
};
/* An AES key fits its check value; of P-256 the length only is looked at. */
MUST_CHECK bool trust_renewal_get(struct span s, struct trust_renewal *v);
/* kcv is computed. */
MUST_CHECK bool trust_renewal_put(struct wr *w, const struct trust_renewal *v);

/* CONFIRM. */
struct trust_confirm {
	uint32_t generation;
	struct span proof; /* 16 octets, or 64 */
};
MUST_CHECK bool trust_confirm_get(struct span s, struct trust_confirm *c);
void trust_confirm_put(struct wr *w, const struct trust_confirm *c);

#endif
