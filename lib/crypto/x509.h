/*
 * X.509 certificates of SCP11 (Amendment F 6.2), by OpenSSL: what one says, whether a chain holds,
 * and making one for tests and virtual cards. DER throughout; nothing here owns its input.
 *
 * Points in time are seconds since 1970, and arguments: there is no clock here.
 */
#ifndef CRYPTO_X509_H
#define CRYPTO_X509_H

#include "crypto/ec.h"

enum { X509_ID_MAX = 20 };

/* Roles of certificates: the last arc of the policy 1.2.840.114283.100.0.10.2.1. */
enum x509_role {
	X509_ROLE_OCE = 0,
	X509_ROLE_SD = 10,
	X509_ROLE_CA_KLOC = 20,
	X509_ROLE_CA_KLCC = 30,
	X509_ROLE_KA_KLOC = 40,
	X509_ROLE_KA_KLCC = 50,
	X509_ROLE_NONE = -1, /* no such policy */
	X509_ROLE_WRONG = -2 /* several, or an arc below one */
};

struct x509_id {
	uint8_t n; /* 0: not there */
	uint8_t b[X509_ID_MAX];
};

struct x509_info {
	struct x509_id serial, subject_key, authority_key;
	struct ec_public key; /* n = 0: RSA, or a curve that is not ours */
	int64_t from, until;
	bool signs;  /* a CA that may sign certificates */
	bool agrees; /* its key usage is key agreement, and no extended one says another */
	int role;    /* enum x509_role, or another arc */
};

/* The whole of `der` must be one certificate. */
MUST_CHECK bool x509_get(struct span der, struct x509_info *out);
/* The signature is good under this key; nothing else is looked at. */
MUST_CHECK bool x509_signed_by(struct span der, const struct ec_public *issuer);

enum x509_verdict {
	X509_OK,
	X509_MALFORMED,
	X509_UNTRUSTED, /* does not lead to an anchor */
	X509_BAD_SIGNATURE,
	X509_NOT_YET,
	X509_EXPIRED,
	X509_INVALID, /* any other rule of RFC 5280 */
	X509_FAILED   /* OpenSSL failed */
};
/*
 * Checks chain[0] .. chain[n - 1], leaf last, against the anchors at `now`: signatures, dates,
 * extensions. Each anchor is trusted as it is, need not be self-signed, and must be within its own
 * dates. n at least 1.
 */
enum x509_verdict x509_verify(
    const struct span *chain, size_t n, const struct span *anchors, size_t anchors_n, int64_t now);

/* What to put into a certificate. */
struct x509_make {
	const char *subject, *issuer; /* common names */
	struct x509_id serial;        /* at least one octet */
	const struct ec_public *key;
	const struct ec_private *signer; /* its public key makes the authority key identifier */
	int64_t from, until;
	enum x509_role role; /* CA and KA: signs; others: key agreement */
};
/* Appends the DER. */
MUST_CHECK bool x509_put(struct wr *w, const struct x509_make *m);
/* SHA-1 of a public key: how subject and authority key identifiers are usually made. */
MUST_CHECK bool x509_key_id(const struct ec_public *key, struct x509_id *out);

/* Appends the DER of all certificates of a PEM text, in its order, and counts them; false when one
 * is damaged or there is none. */
MUST_CHECK bool x509_from_pem(struct span pem, struct wr *der, size_t *count);

#endif
