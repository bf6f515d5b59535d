/*
 * The data fields of CHANGE MODE and AUTHORIZE ACTION, their answers, and FF70-FF72: put and get
 * side by side, plus the derivations that host, builder and card share. broadcast.md is the
 * specification; section numbers below are its.
 */
#ifndef GP_BROADCAST_H
#define GP_BROADCAST_H

#include "base/secret.h"
#include "gp/command.h"

enum {
	CAMPAIGN_SIZE = 16,
	DIGEST_SIZE = 32,
	PLATFORM_SIZE = 8,
	INNER_NONCE_SIZE = 12,
	WRAPPED_KEYS_MAX = 72, /* AES-KW of two 32-octet keys */
	ENTER_MAX_DATA = 0xDF,
	SLOT_KEYS_SIZE = 8,
	REFUSED_MAX = 16,
	KOS_MAX = 4,
	KINDS_MAX = 4
};
enum change_mode_p1 { CHANGE_MODE_RETURN = 0x00, CHANGE_MODE_ENTER = 0x01 };
enum { CHANGE_MODE_RETURN_P2 = 0x01 };
enum bk_form { FORM_CLEAR = 0x00, FORM_KOS = 0x01 }; /* tag 84 */
enum inner { INNER_NONE = 0x00, INNER_KOS = 0x01 };  /* tag 89 */
enum algorithm { ALG_CMAC_BK = 0x01, ALG_CMAC_KMAC = 0x02, ALG_DIGEST = 0x04, ALG_ISSUER = 0x05 };
enum slot_state {
	SLOT_EMPTY = 0x00,
	SLOT_RECEIVING = 0x01,
	SLOT_COMPLETE = 0x02,
	SLOT_VERIFIED = 0x03,
	SLOT_REJECTED = 0x0F
};
const char *slot_state_str(uint8_t s); /* "empty", ... */
enum authorize_p1 { P1_ACTIVATE = 0x00, P1_VERIFY = 0x01, P1_DISCARD = 0x02 };
enum authorize_result {
	RESULT_ACTIVE = 0x00,
	RESULT_ALREADY = 0x01,
	RESULT_VERIFIED = 0x02,
	RESULT_DISCARDED = 0x03,
	RESULT_NOT_COMPLETE = 0x10,
	RESULT_LENGTH = 0x11,
	RESULT_CAMPAIGN = 0x12,
	RESULT_VERSION = 0x13,
	RESULT_CODE = 0x14,
	RESULT_SIGNATURE = 0x15,
	RESULT_POLICY = 0x16,
	RESULT_TARGET = 0x17
};
const char *authorize_result_str(uint8_t r);

/* Tag A0 of CHANGE MODE enter (section 3). In form 00 keys holds BK-ENC and bk_mac BK-MAC. */
struct enter {
	uint8_t keys[WRAPPED_KEYS_MAX]; /* 80 */
	uint8_t keys_n;
	struct key bk_mac;               /* 81, n = 0 in form 01 */
	uint8_t counter[16];             /* 82 */
	uint8_t mcv[16];                 /* 83 */
	uint8_t form;                    /* 84 */
	uint8_t campaign[CAMPAIGN_SIZE]; /* 85 */
	uint32_t package, total, done;   /* 86 87 88 */
	uint8_t inner;                   /* 89 */
	bool has_kos_version;
	uint8_t kos_version; /* 8B */
	uint8_t slot;        /* 8C */
	bool has_nonce;
	uint8_t nonce[INNER_NONCE_SIZE]; /* 8E */
	uint32_t length;                 /* 92 */
};
void enter_put(struct wr *w, const struct enter *e);
/* Form only (order, lengths, which tags go together): false means 6A80. */
MUST_CHECK bool enter_get(struct span data, struct enter *e);
void enter_wipe(struct enter *e);

/* Tag A1 of AUTHORIZE ACTION (section 5). */
struct authorize {
	uint8_t campaign[CAMPAIGN_SIZE];
	uint32_t package;
	uint8_t algorithm;
	bool wrapped;     /* code is in 96, not 91 */
	uint8_t code[40]; /* 16 or 32 bare, 24 wrapped (AES-KW of 16) */
	uint8_t code_n;
	uint32_t length, version;
	struct aid target;
	uint8_t platform[PLATFORM_SIZE];
	uint32_t base;
	bool has_signature;
	uint8_t signature[64];
};
void authorize_put(struct wr *w, const struct authorize *a);
MUST_CHECK bool authorize_get(struct span data, struct authorize *a);
/* A1 { 85, 86 } of P1 02. */
void discard_put(struct wr *w, const uint8_t campaign[static 16], uint32_t package);
MUST_CHECK bool discard_get(struct span data, uint8_t campaign[static 16], uint32_t *package);

/* Tag A2: the verdict. */
struct verdict {
	uint8_t campaign[CAMPAIGN_SIZE];
	uint8_t result;
	uint32_t version; /* running */
};
void verdict_put(struct wr *w, const struct verdict *v);
MUST_CHECK bool verdict_get(struct span data, struct verdict *v);

/* FF70 (section 6). */
struct system_data {
	uint8_t platform[PLATFORM_SIZE];
	uint32_t version;
	uint8_t digest[DIGEST_SIZE];
	uint32_t length;
	struct aid target;
	bool has_campaign;
	uint8_t campaign[CAMPAIGN_SIZE];
	uint32_t package;
};
void system_data_put(struct wr *w, const struct system_data *s);
MUST_CHECK bool system_data_get(struct span data, struct system_data *s);

/* FF71: one slot. */
struct slot_data {
	uint8_t slot, state;
	uint8_t campaign[CAMPAIGN_SIZE];
	uint32_t package, total, done, length, received;
	bool has_base; /* the payload is made from another image: kind and digest of that */
	uint8_t kind;
	uint8_t base[DIGEST_SIZE];
};
void slot_data_put(struct wr *w, const struct slot_data *s);          /* with the outer FF71 */
MUST_CHECK bool slot_data_get(struct span data, struct slot_data *s); /* its first slot */

/* FF72. */
struct policy_data {
	uint8_t algorithms[8], algorithm_n;
	uint8_t forms[2], form_n;
	uint8_t issuer_digest[DIGEST_SIZE];
	uint8_t kos_versions[KOS_MAX], kos_n;
	uint8_t kinds[KINDS_MAX], kinds_n; /* of payload, beyond whole images */
};
void policy_data_put(struct wr *w, const struct policy_data *p);
MUST_CHECK bool policy_data_get(struct span data, struct policy_data *p);

/* With this pair in its policy a card takes any image from whoever holds its keys: in form 00 the
 * broadcast keys are his, and so is the code. */
bool pair_trusts_station(uint8_t algorithm, uint8_t form);

/* Derivations (section 1). ctx = campaign | package. */
MUST_CHECK bool broadcast_start_mcv(const struct key *bk_mac, const uint8_t campaign[static 16],
    uint32_t package, uint32_t total,
    uint8_t out[static 16]); /* B3; start counter = package << 32 */
enum kos_use { KOS_KEK = 0xB5, KOS_INNER = 0xB6, KOS_CODE = 0xB7, KOS_NONCE = 0xB8 };
MUST_CHECK bool kos_key(const struct key *kos, enum kos_use use, const uint8_t campaign[static 16],
    uint32_t package, struct key *out);
/* What a slot keeps of the keys of its stream, to know them again (section 3); never told. */
MUST_CHECK bool broadcast_keys_id(
    const struct key *enc, const struct key *mac, uint8_t out[static SLOT_KEYS_SIZE]);
/* The nonce of the inner layer over this clear payload: who made it must have known Kos. */
MUST_CHECK bool inner_nonce(const struct key *kos, const uint8_t campaign[static 16],
    uint32_t package, struct span clear, uint8_t out[static INNER_NONCE_SIZE]);
/* The counter block before command `done` + 1: package << 32 + done. */
void broadcast_counter(uint32_t package, uint32_t done, uint8_t out[static 16]);
/* What the issuer signs: "CHM-ATHZ2" | 85 | LV 94 | 93 | 92 | LV 97 | 98 | digest. */
void authorize_signed_text(
    struct wr *w, const struct authorize *a, const uint8_t digest[static 32]);

#endif
