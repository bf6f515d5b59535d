/* Chains of certificates, as a host checks them: signatures, dates, what each is for. */
#include "gp/cert.h"

const char *cert_verdict_str(enum cert_verdict v)
{
	static const char *const texts[] = {
		[CERT_OK] = "it is good",
		[CERT_EMPTY] = "there is none",
		[CERT_MALFORMED] = "it cannot be read, or has a key on an unknown curve",
		[CERT_MIXED] = "it is of another format than the ones before",
		[CERT_UNTRUSTED] = "none of our anchors has signed it",
		[CERT_BAD_SIGNATURE] = "its signature is not of the one before it",
		[CERT_NOT_YET] = "it is not valid yet",
		[CERT_EXPIRED] = "it has expired, or names no date on which it does",
		[CERT_WRONG_USAGE] = "its key is not for this use",
		[CERT_WRONG_ROLE] = "it is the certificate of another role, of none or of several",
		[CERT_OF_PARTY] = "it has a tag 73, as grants to third parties have",
		[CERT_INVALID] = "it breaks a rule of X.509",
		[CERT_FAILED] = "the cryptographic library failed",
	};

	return texts[v];
}

/* A chain taken apart. */
struct chain {
	size_t n;
	struct span whole[CERT_CHAIN_MAX];
	struct cert cert[CERT_CHAIN_MAX];
};

static enum cert_verdict split(struct span certs, struct chain *c, size_t *at)
{
	struct rd r = rd_of(certs);

	for (c->n = 0; rd_left(&r) > 0; c->n++) {
		*at = c->n + 1;
		if (c->n == CERT_CHAIN_MAX || !cert_next(&r, &c->whole[c->n]) ||
		    !cert_get(c->whole[c->n], &c->cert[c->n]))
			return CERT_MALFORMED;
		if (c->cert[c->n].format != c->cert[0].format)
			return CERT_MIXED;
	}
	*at = 0;
	return c->n > 0 ? CERT_OK : CERT_EMPTY;
}

static bool names(const struct cert *c, const struct x509_id *id)
{
	return id->n == 0 || span_eq(span_of(c->issuer.b, c->issuer.n), span_of(id->b, id->n));
}

/* A public key that we trust has signed the first. */
static bool key_anchored(const struct chain *c, const struct cert_check *check)
{
	for (size_t i = 0; i < check->anchors_n; i++) {
		const struct cert_anchor *a = &check->anchors[i];

		if (a->key.n != 0 && names(&c->cert[0], &a->identity) &&
		    cert_signed_by(c->whole[0], &c->cert[0], &a->key))
			return true;
	}
	return false;
}

static enum cert_verdict in_time(const struct cert *c, int64_t now)
{
	if (c->from > now)
		return CERT_NOT_YET;
	return !c->has_until || now >= c->until ? CERT_EXPIRED : CERT_OK;
}

static enum cert_verdict gp_check(const struct chain *c, const struct cert_check *check, size_t *at)
{
	/* Grants are certificates as well: whoever trusts their issuer for cards, by mistake, would
	 * take a party for a card, or for one that certifies cards. */
	for (size_t i = 0; check->role == X509_ROLE_SD && i < c->n; i++) {
		*at = i + 1;
		if (c->cert[i].has_terms)
			return CERT_OF_PARTY;
	}
	*at = 1;
	if (!key_anchored(c, check))
		return CERT_UNTRUSTED;
	for (size_t i = 0; i < c->n; i++) {
		const struct cert *cert = &c->cert[i];
		enum cert_verdict v = in_time(cert, check->now);

		*at = i + 1;
		if (i > 0 && !cert_signed_by(c->whole[i], cert, &c->cert[i - 1].key))
			return CERT_BAD_SIGNATURE;
		if (i > 0 && !names(cert, &c->cert[i - 1].subject))
			return CERT_BAD_SIGNATURE;
		if (v != CERT_OK)
			return v;
		if (cert->usage != (i + 1 < c->n ? CERT_SIGNS : CERT_AGREES))
			return CERT_WRONG_USAGE;
	}
	*at = 0;
	return CERT_OK;
}

static enum cert_verdict from_x509(enum x509_verdict v)
{
	static const enum cert_verdict map[] = {
		[X509_OK] = CERT_OK,
		[X509_MALFORMED] = CERT_MALFORMED,
		[X509_UNTRUSTED] = CERT_UNTRUSTED,
		[X509_BAD_SIGNATURE] = CERT_BAD_SIGNATURE,
		[X509_NOT_YET] = CERT_NOT_YET,
		[X509_EXPIRED] = CERT_EXPIRED,
		[X509_INVALID] = CERT_INVALID,
		[X509_FAILED] = CERT_FAILED,
	};

	return map[v];
}

/* Anchors that are certificates go to OpenSSL; a public key that has signed the first certificate
 * makes that one the anchor of the rest. */
static enum cert_verdict x509_check(
    const struct chain *c, const struct cert_check *check, size_t *at)
{
	const struct cert *leaf = &c->cert[c->n - 1];
	struct span anchors[16];
	size_t n = 0;
	enum cert_verdict v;

	for (size_t i = 0; i < check->anchors_n && n + 1 < sizeof(anchors) / sizeof(anchors[0]);
	     i++)
		if (check->anchors[i].x509.n > 0)
			anchors[n++] = check->anchors[i].x509;
	*at = c->n;
	if (key_anchored(c, check)) {
		if (c->n > 1 && c->cert[0].usage != CERT_SIGNS)
			return CERT_WRONG_USAGE;
		anchors[n++] = c->whole[0];
	}
	v = from_x509(x509_verify(c->whole, c->n, anchors, n, check->now));
	if (v != CERT_OK)
		return v;
	if (leaf->usage != CERT_AGREES)
		return CERT_WRONG_USAGE;
	if (leaf->role != (int)check->role)
		return CERT_WRONG_ROLE;
	if (leaf->key.n == 0)
		return CERT_MALFORMED;
	*at = 0;
	return CERT_OK;
}

enum cert_verdict cert_chain_check(
    struct span certs, const struct cert_check *check, struct cert *leaf, size_t *at)
{
	struct chain c;
	enum cert_verdict v = split(certs, &c, at);

	if (v != CERT_OK)
		return v;
	v = c.cert[0].format == CERT_GP ? gp_check(&c, check, at) : x509_check(&c, check, at);
	if (v == CERT_OK)
		*leaf = c.cert[c.n - 1];
	return v;
}
