/*
 * Certificates of SCP11 (Amendment F 6): GlobalPlatform's own format (7F21) and X.509, as one
 * struct; chains of them; making both.
 *
 * A card has no clock and goes certificate by certificate (cert_signed_by); a host checks whole
 * chains with dates against its anchors (cert_chain_check).
 */
#ifndef GP_CERT_H
#define GP_CERT_H

#include "crypto/x509.h"
#include "gp/command.h"

enum { CERT_ID_MAX = X509_ID_MAX, CERT_CHAIN_MAX = 8, CERT_SIZE_MAX = 4096 };

enum cert_format { CERT_GP, CERT_X509 };
/* Tag 95: what the key is for. */
enum cert_usage { CERT_SIGNS = 0x82, CERT_AGREES = 0x0080 };
/* Key parameter reference, tag F0 (GPCS table B-2). */
enum { TAG_EC_POINT = 0xB0, TAG_EC_PARAMETER = 0xF0 };
uint8_t curve_reference(enum ec_curve c);
MUST_CHECK bool curve_from_reference(uint8_t reference, enum ec_curve *c);

struct cert {
	enum cert_format format;
	struct x509_id serial;  /* 93 */
	struct x509_id issuer;  /* 42; X.509: authority key identifier */
	struct x509_id subject; /* 5F20; X.509: subject key identifier */
	uint16_t usage;         /* 95; X.509: from key usage and basic constraints */
	int64_t from, until;    /* seconds since 1970; from may be INT64_MIN: not told */
	bool has_until;         /* a GP certificate may hold what is no date */
	bool restricted;        /* GP: BF20 is there */
	bool discretionary;     /* GP: 53 is there */
	bool has_terms;         /* GP: 73 is there, as in the grant of a third party */
	int role;               /* X.509: enum x509_role */
	struct ec_public key;   /* X.509: n = 0 when it is none of our curves */
	/* GP: what is signed, and by what; borrowed from the certificate. */
	struct span signed_part, signature;
};

/* The next certificate out of several in a row; lends it whole. false at the end or at anything
 * else than 7F21 and 30. */
MUST_CHECK bool cert_next(struct rd *r, struct span *cert);
/* `whole` must be one certificate; all fields in the order of the specification. Not verified. */
MUST_CHECK bool cert_get(struct span whole, struct cert *c);
/* Its signature is good under this public key; nothing else is looked at. */
MUST_CHECK bool cert_signed_by(
    struct span whole, const struct cert *c, const struct ec_public *issuer);

enum cert_verdict {
	CERT_OK,
	CERT_EMPTY,         /* no certificate there */
	CERT_MALFORMED,     /* or of a curve that we do not have */
	CERT_MIXED,         /* GP and X.509 in one chain */
	CERT_UNTRUSTED,     /* no anchor has signed the first */
	CERT_BAD_SIGNATURE, /* not signed by the one before */
	CERT_NOT_YET,
	CERT_EXPIRED,
	CERT_WRONG_USAGE, /* an issuer that may not sign, or a leaf that is not for key agreement */
	CERT_WRONG_ROLE,  /* X.509: the leaf's policies do not name this role and no other */
	CERT_OF_PARTY,    /* in a card's chain: a 73, so the grant of a third party or like one */
	CERT_INVALID,     /* X.509: any other rule */
	CERT_FAILED       /* OpenSSL failed */
};
const char *cert_verdict_str(enum cert_verdict v);

/* One whom we trust to have signed the first certificate of a chain: a public key, or a whole X.509
 * certificate (then for X.509 chains only, which may begin with that certificate itself). */
struct cert_anchor {
	struct ec_public key;    /* n = 0: see x509 */
	struct x509_id identity; /* n = 0: any; else the first certificate must name it (42, AKI) */
	struct span x509;        /* borrowed; n = 0: see key */
};

struct cert_check {
	const struct cert_anchor *anchors;
	size_t anchors_n;
	int64_t now;
	enum x509_role role; /* that the leaf must have: X509_ROLE_SD or X509_ROLE_OCE */
};
/* `chain`: certificates in a row, leaf last; fills *leaf when CERT_OK, and in *at the number of the
 * certificate, from 1, that the verdict is about (0: the chain). */
enum cert_verdict cert_chain_check(
    struct span chain, const struct cert_check *check, struct cert *leaf, size_t *at);

/* A GP certificate to make. Serial and identifiers: 1 to 20 octets (the specification says 16,
 * issuers write key identifiers of 20). */
struct cert_make {
	struct span serial, issuer, subject;
	enum cert_usage usage;
	uint32_t from, until;   /* YYYYMMDD; from 0: none */
	struct span restricted; /* value of BF20; n = 0: none */
	const struct ec_public *key;
	const struct ec_private *signer;
};
MUST_CHECK bool cert_put(struct wr *w, const struct cert_make *m);

/* 7F49 content, PUT KEY: B0 point, F0 01 reference. */
void ec_key_put(struct wr *w, const struct ec_public *k);
MUST_CHECK bool ec_key_get(struct span s, struct ec_public *k);

#endif
