/*
 * Third parties on the card: what is signed and handed from one to the other. Grants (7F21 with a
 * tag 73), requests (7F77), domain keys for one card (7F76), grant files (7F75), and the
 * certificate by which a signing party vouches for the key of one claim (CERT.OCE). Put and get
 * side by side.
 *
 * Form only: each _get looks at the whole of what it is given (tags in their order, each at most
 * once, no other tag, lengths minimal, days that exist, points on their curve), borrows, and is
 * false at anything else; on a card that is 6A80. Whether a signature is good, whose it is, and
 * what the day says are questions of their own, so that a card can ask them in the order of its
 * checks. No clock, no files; the only randomness is that of ec_sign and domain_key_seal's caller.
 */
#ifndef GP_GRANT_H
#define GP_GRANT_H

#include "gp/cert.h"

enum {
	PARTY_ID_MAX = 16,        /* 5F20 */
	PARTY_NAME = 8,           /* 42 of an issuer key, fingerprint of a party key */
	PARTY_DIGEST = 32,        /* grant digest, key digest, digest of the card's key */
	PARTY_PREFIX_MIN = 5,     /* 84 */
	PARTY_PREFIX_MAX = 15,    /* 84 */
	DOMAIN_KEY_DIGEST = 16,   /* 8B */
	DOMAIN_KEY_MAX = 32,      /* DK: 16, 24 or 32 octets */
	PARTY_FILE_MAX = 4096,    /* request, grant file: octets of the TLV */
	GRANT_ADDRESS_MAX = 0xFF, /* 5F50 */
	PARTY_CIN_MAX = 16,       /* 45 */
	PARTY_IIN_MAX = 8         /* 42 of a card */
};
/* Labels of PEM; the octets are read and written by crypto/armour.h. */
#define PARTY_REQUEST_PEM "CARDADM REQUEST"
#define GRANT_PEM "CARDADM GRANT"
enum party_tag {
	TAG_GRANT = 0x7F21,
	TAG_GRANT_FILE = 0x7F75,
	TAG_DOMAIN_KEY = 0x7F76,
	TAG_PARTY_REQUEST = 0x7F77
};

/* Tag 82. */
enum party_right {
	RIGHT_READ = 0x01,    /* objects: GET DATA DFnn, A3 of FF73 */
	RIGHT_WRITE = 0x02,   /* objects */
	RIGHT_CONTENT = 0x04, /* INSTALL, LOAD, DELETE, SET STATUS of what is inside */
	RIGHT_ADMIT = 0x08,   /* admits and expels others; of use to an owner only */
	RIGHT_SHARED = 0x10,  /* agrees that the operator lets others in as well */
	RIGHTS_ALL = 0x1F
};
/* "read" of 01, "write" of 02 and so on; NULL behind the last. */
extern const char *const right_names[];

/* Tag 95 of grants and requests: what the party's key 7F49 is. */
enum party_form {
	PARTY_SIGNING,  /* form S, 82: signs a CERT.OCE for each claim */
	PARTY_AGREEMENT /* form M, 0080: is PK.OCE.ECKA itself, (M, b) */
};

/* C7, C8, D7, D8: octets that a container may take, and that are kept free for it. */
struct quota {
	bool given;
	uint32_t n;
};
struct quotas {
	struct quota volatile_quota, data_quota;     /* C7, C8 */
	struct quota volatile_reserve, data_reserve; /* D7, D8 */
};

/* ---- digests and names ---- */

/* First 8 of SHA-256 of the point: name of an issuer key (42), also 42 of a CERT.OCE. */
MUST_CHECK bool party_key_name(const struct ec_public *k, uint8_t out[static PARTY_NAME]);
/* SHA-256 of the point: 81 of a grant, for the card's key of KID 11; issuer table of a card. */
MUST_CHECK bool party_point_digest(const struct ec_public *k, uint8_t out[static PARTY_DIGEST]);
/* Key digest: SHA-256 of the value of 7F49. Its first 8 octets are the fingerprint. */
MUST_CHECK bool party_key_digest(const struct ec_public *k, uint8_t out[static PARTY_DIGEST]);
/* Grant digest: SHA-256 of the whole TLV. */
MUST_CHECK bool grant_digest(struct span whole, uint8_t out[static PARTY_DIGEST]);

/* ---- grant ---- */

struct grant {
	struct span whole;  /* with tag and length; n = 0: none */
	uint64_t serial;    /* 93, at least 1 */
	struct span issuer; /* 42, PARTY_NAME octets */
	struct span id;     /* 5F20 */
	enum party_form form;
	int64_t from, until;   /* midnight of 5F25, midnight behind 5F24: seconds since 1970, UTC */
	struct span container; /* 4F, 5 to 16 */
	struct span card;      /* 81, PARTY_DIGEST octets */
	uint8_t rights;        /* enum party_right, no other bit */
	struct quotas quotas;
	struct span prefix;     /* 84; n = 0: none */
	struct span domain_key; /* 8B, DOMAIN_KEY_DIGEST octets; n = 0: none */
	struct ec_public key;   /* on P-256 */
	struct span signed_part, signature;
};
/* `whole` is one grant and nothing else. */
MUST_CHECK bool grant_get(struct span whole, struct grant *g);
MUST_CHECK bool grant_signed_by(const struct grant *g, const struct ec_public *issuer);
/* `now` lies within its days, first and last included; now = 0: unknown, any day will do. */
bool grant_in_time(const struct grant *g, int64_t now);

/* A grant to make. The issuer's name and the public key's form come from the keys. */
struct grant_make {
	uint64_t serial;
	struct span id;
	enum party_form form;
	uint32_t from, until; /* YYYYMMDD */
	struct span container;
	const struct ec_public *card; /* its KID 11 key */
	uint8_t rights;
	struct quotas quotas;
	struct span prefix;     /* n = 0: none */
	struct span domain_key; /* the whole 7F76; n = 0: none */
	const struct ec_public *key;
	const struct ec_private *issuer;
};
/* False when a field is not what grant_get takes, w is full, or OpenSSL fails. */
MUST_CHECK bool grant_put(struct wr *w, const struct grant_make *m);

/* ---- CERT.OCE of form S ---- */

/* A certificate in the form that a claim takes: GlobalPlatform's, on P-256, for key agreement, days
 * that exist, none of 53, 73 and BF20, signature of 64 octets, lengths minimal. */
MUST_CHECK bool oce_cert_get(struct span whole, struct cert *c);
/* It names the party's key and id, and that key has signed it. */
MUST_CHECK bool oce_cert_vouched(struct span whole, const struct cert *c, const struct grant *g);
struct oce_cert_make {
	struct span id;                 /* as in the grant */
	uint32_t from, until;           /* YYYYMMDD; from 0: none */
	const struct ec_public *oce;    /* the key of this claim */
	const struct ec_private *party; /* signs */
};
/* With serial 01. */
MUST_CHECK bool oce_cert_put(struct wr *w, const struct oce_cert_make *m);

/* ---- domain key for one card ---- */

struct domain_key {
	struct span whole;          /* n = 0: none */
	struct ec_public ephemeral; /* 5F49, on P-256 */
	struct span wrapped;        /* 86: 24, 32 or 40 octets */
};
MUST_CHECK bool domain_key_get(struct span whole, struct domain_key *d);
/* 8B: first 16 of SHA-256 of the whole TLV. */
MUST_CHECK bool domain_key_digest(struct span whole, uint8_t out[static DOMAIN_KEY_DIGEST]);
/* The grant names this one, or has none and whole is empty. */
MUST_CHECK bool domain_key_named(const struct grant *g, struct span whole);
/* On the card: `card` is its KID 11 key, `party` the key digest of the party. False, dk wiped, when
 * it was sealed for other keys. The caller wipes dk. */
MUST_CHECK bool domain_key_open(const struct domain_key *d, const struct ec_private *card,
    const uint8_t party[static PARTY_DIGEST], struct key *dk);
/* By the party: `ephemeral` is used for this alone and wiped by the caller. */
struct domain_key_seal {
	const struct key *dk; /* 16, 24 or 32 octets */
	const struct ec_private *ephemeral;
	const struct ec_public *card, *party;
};
MUST_CHECK bool domain_key_put(struct wr *w, const struct domain_key_seal *s);

/* ---- request ---- */

struct party_request {
	struct span whole;
	struct span id; /* 5F20 */
	enum party_form form;
	struct ec_public key; /* on P-256 */
	uint8_t rights;
	struct quotas quotas;
	struct span prefix;           /* 84; n = 0: none */
	struct domain_key domain_key; /* 7F76; whole.n = 0: none */
	struct span signed_part;      /* value of 7F77 before 5F37 */
	struct span signature;        /* form S: 64 octets; form M: n = 0 */
};
/* Form S with a signature, form M without. */
MUST_CHECK bool party_request_get(struct span whole, struct party_request *q);
/* Form S: the party's key has signed it. Form M has nothing to be checked: true. */
MUST_CHECK bool party_request_proven(const struct party_request *q);

struct party_request_make {
	struct span id;
	uint8_t rights;
	struct quotas quotas;
	struct span prefix;            /* n = 0: none */
	struct span domain_key;        /* the whole 7F76; n = 0: none */
	const struct ec_public *key;   /* of the party */
	const struct ec_private *sign; /* form S: its private half; NULL: form M */
};
MUST_CHECK bool party_request_put(struct wr *w, const struct party_request_make *m);

/* ---- grant file ---- */

struct grant_file {
	struct grant grant;
	struct domain_key domain_key; /* 7F76; there exactly when the grant has 8B */
	struct span cin, iin;         /* 45, 42 */
	struct span address;          /* 5F50; n = 0: none; foreign text */
	struct span certs;            /* BF21: certificates of the card in a row, leaf last; >= 1 */
};
MUST_CHECK bool grant_file_get(struct span whole, struct grant_file *f);
/* Takes grant.whole and domain_key.whole, reads nothing else of the two. */
void grant_file_put(struct wr *w, const struct grant_file *f);
/* The digest of the certificates' leaf is 81 of the grant: only then they count. */
MUST_CHECK bool grant_file_of_card(const struct grant_file *f);

#endif
