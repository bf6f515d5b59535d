/*
 * Names of data object tags, for people (GPCS, ISO 7816-4, Amendment F, containers.md,
 * trust.md, broadcast.md), and what their values say. For whoever reads recordings: nothing here is
 * strict, what cannot be read is shown as octets.
 */
#ifndef GP_NAMES_H
#define GP_NAMES_H

#include "base/bytes.h"

/* Where the same tag means several things the parent is not enough. */
enum tag_place {
	IN_NOTHING = 0,            /* outermost */
	IN_AUTHENTICATE = 1 << 24, /* data of MUTUAL and INTERNAL AUTHENTICATE */
	IN_CONTROL,                /* A6 in it */
	IN_TERMS,                  /* 73 of a grant */
	IN_CONTAINER,              /* A0 of FF73 */
	IN_CONTAINER_PARTY,        /* A1 in it */
	IN_CONTAINER_GRANT,        /* A2 */
	IN_CONTAINER_OBJECT,       /* A3 */
	IN_ISSUER,                 /* A5 of FF73 */
	IN_TERMINAL,               /* data of PRESENT, RENEW, CONFIRM and their answers */
	IN_VERDICT,                /* A2 in it */
	IN_RENEWAL,                /* A3 */
	IN_TRAITS,                 /* A9: characteristics of a terminal */
	IN_TRUST                   /* A0 of FF74, A4 in it */
};

/* What a value is. */
enum tag_kind {
	TAG_IS_OCTETS,
	TAG_IS_HIDDEN, /* it may be a secret: only its length is shown */
	TAG_IS_TEXT,
	TAG_IS_NUMBER,
	TAG_IS_DAY,
	TAG_IS_TIME,
	TAG_IS_FLAG,
	TAG_IS_KEY_USE, /* 95 of a certificate */
	TAG_IS_LEVEL,   /* 95 of MUTUAL AUTHENTICATE */
	TAG_IS_CURVE,
	TAG_IS_KEY_INFO, /* C0 of E0 */
	TAG_IS_KEY_REF,  /* KID, KVN */
	TAG_IS_RIGHTS,
	TAG_IS_ORDER,        /* 80 of BF73 */
	TAG_IS_KEEP,         /* 83 of BF73 */
	TAG_IS_STAGE,        /* 80 of a container in FF73 */
	TAG_IS_TRUST_ORDER,  /* 80 of BF74 */
	TAG_IS_TRUST_STAGE,  /* 80 of a record in FF74 */
	TAG_IS_TRUST_CAUSE,  /* 8E */
	TAG_IS_TRUST_RESULT, /* 95 of A2 */
	TAG_IS_TRUST_ALGORITHM,
	TAG_IS_MISMATCH, /* 8B of BF74 */
	TAG_IS_SECONDS
};

struct tag_info {
	const char *name; /* NULL: none that we know */
	uint32_t inside;  /* the place to ask for what is in it */
	enum tag_kind kind;
};
/* `place`: enum tag_place, or the tag that it stands in. */
struct tag_info tag_info(uint32_t place, uint32_t tag);

/* What the value says, in words, cut to `cap`; false, out empty: nothing but its octets. Of a
 * hidden one its length. Text in it may be foreign. */
MUST_CHECK bool tag_value(enum tag_kind kind, struct span value, char *out, size_t cap);

/* What a key of this reference and type (enum key_type) is for, as GlobalPlatform's UICC
 * Configuration, Amendment F and containers.md use versions and identifiers; NULL: that is not
 * fixed. */
const char *key_use_str(uint8_t kid, uint8_t kvn, uint8_t type);

#endif
