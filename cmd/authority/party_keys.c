#include "cmd/authority/party_keys.h"

#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/hex.h"
#include "crypto/armour.h"
#include "gp/scp11_data.h"
#include "tlv/tlv.h"

enum { FILE_MAX = ARMOUR_TEXT_MAX };

/* ---- entries ---- */

static int take(const struct entry *t, struct party_key *k, struct err *e)
{
	*k = (struct party_key){ .name = t->name,
		.own = t->ec.n > 0 ? &t->ec : NULL,
		.form = t->agreement ? PARTY_AGREEMENT : PARTY_SIGNING };
	if (entry_point(t, &k->key) && k->key.curve == EC_P256)
		return 0;
	return err_set(e, ERR_AUTH, "`%s` has no public key on P-256", t->name);
}

int party_key_find(const struct keystore *ks, enum entry_type type, const char *name, bool own,
    struct party_key *k, struct err *e)
{
	const struct entry *t;

	if (keystore_find(ks, type, name, &t, e) != 0 || take(t, k, e) != 0)
		return -1;
	if (!own || k->own != NULL)
		return 0;
	return err_set(e, ERR_AUTH, "of `%s` only the public key is here", t->name);
}

/* The first entry of this type whose key is wanted. */
typedef bool key_wanted(const struct party_key *k, const void *what);

static int find_by_key(const struct keystore *ks, enum entry_type type, key_wanted *is,
    const void *what, struct party_key *k, struct err *e)
{
	const struct entry *t;

	for (size_t i = 0; (t = keystore_at(ks, i)) != NULL; i++) {
		if (t->type != type)
			continue;
		if (keystore_read(ks, i, e) != 0 || take(t, k, e) != 0)
			return -1;
		if (is(k, what))
			return 0;
	}
	memset(k, 0, sizeof(*k));
	return 0;
}

static bool has_name(const struct party_key *k, const void *what)
{
	const struct span *name = what;
	uint8_t own[PARTY_NAME];

	return party_key_name(&k->key, own) && span_eq(SPAN(own), *name);
}

static bool has_key(const struct party_key *k, const void *what)
{
	return ec_public_eq(&k->key, what);
}

int grantor_named(const struct keystore *ks, struct span name, struct party_key *k, struct err *e)
{
	return find_by_key(ks, ENTRY_GRANTOR, has_name, &name, k, e);
}

int party_known(
    const struct keystore *ks, const struct ec_public *key, struct party_key *k, struct err *e)
{
	return find_by_key(ks, ENTRY_PARTY, has_key, key, k, e);
}

int domain_key_find(
    const struct keystore *ks, const char *name, const struct key **dk, struct err *e)
{
	const struct entry *t;

	if (keystore_find(ks, ENTRY_DOMAIN_KEY, name, &t, e) != 0)
		return -1;
	*dk = &t->secret;
	return 0;
}

/* ---- certificates of cards ---- */

int party_anchors_take(const struct keystore *ks, struct party_anchors *a, struct err *e)
{
	const struct entry *t;

	a->n = 0;
	for (size_t i = 0; (t = keystore_at(ks, i)) != NULL; i++) {
		if (t->type != ENTRY_CA)
			continue;
		if (a->n == PARTY_ANCHORS_MAX)
			return err_set(e, ERR_AUTH, "%s: more than %d entries of type ca",
			    keystore_path(ks), PARTY_ANCHORS_MAX);
		if (keystore_read(ks, i, e) != 0)
			return -1;
		a->list[a->n] = (struct cert_anchor){ .identity = t->identifier, .x509 = t->certs };
		if (!entry_point(t, &a->list[a->n].key))
			a->list[a->n].key.n = 0;
		a->n++;
	}
	return 0;
}

/* Without an anchor: the forms, and no grant among them. */
static int leaf_of(struct span certs, struct cert *leaf, struct err *e)
{
	struct rd r = rd_of(certs);
	struct span one;

	leaf->key.n = 0;
	while (rd_left(&r) > 0) {
		if (!cert_next(&r, &one) || !cert_get(one, leaf))
			return err_set(e, ERR_AUTH, "certificates of the card: malformed");
		if (leaf->has_terms)
			return err_set(e, ERR_AUTH, "certificates of the card: %s",
			    cert_verdict_str(CERT_OF_PARTY));
	}
	return 0;
}

int card_certs_check(struct span certs, const struct party_anchors *a, struct ec_public *key,
    bool *proven, struct err *e)
{
	const struct cert_check check = { a->list, a->n, (int64_t)time(NULL), X509_ROLE_SD };
	struct cert leaf;
	size_t at = 0;

	*proven = a->n > 0;
	if (*proven) {
		enum cert_verdict v = cert_chain_check(certs, &check, &leaf, &at);

		if (v != CERT_OK)
			return err_set(e, ERR_AUTH, "certificate %zu of the card: %s", at,
			    cert_verdict_str(v));
	} else if (leaf_of(certs, &leaf, e) != 0) {
		return -1;
	}
	if (leaf.key.n == 0 || leaf.key.curve != EC_P256)
		return err_set(e, ERR_AUTH, "the key of the card is not on P-256");
	*key = leaf.key;
	return 0;
}

/* BF21, or bare. */
static bool certs_in_row(struct span s, struct wr *certs)
{
	struct span inner, one;
	struct rd r;

	if (!cert_store_get(s, &inner) || inner.n == 0)
		return false;
	r = rd_of(inner);
	while (cert_next(&r, &one))
		;
	wr_put(certs, inner);
	return rd_left(&r) == 0 && wr_ok(certs);
}

/* Certificates in a row out of what stands in a file: PEM of ours or of X.509, or their octets. */
static bool certs_of(struct span file, struct wr *certs)
{
	struct wr octets = wr_grow(FILE_MAX);
	size_t n;
	bool ok;

	if (armour_get(file, CARD_LABEL, FILE_MAX, &octets))
		ok = certs_in_row(wr_span(&octets), certs);
	else
		ok = x509_from_pem(file, certs, &n) || certs_in_row(file, certs);
	wr_free(&octets);
	return ok;
}

int card_certs_read(const char *path, struct wr *certs, struct err *e)
{
	struct wr file = wr_grow(FILE_MAX);
	int rc = file_read(path, FILE_MAX, &file, e);

	if (rc == 0 && !certs_of(wr_span(&file), certs))
		rc = err_set(e, ERR_INPUT, "%s: no certificates of a card", path);
	wr_free(&file);
	return rc;
}

int card_file_read(const char *path, const struct party_anchors *a, struct ec_public *key,
    bool *proven, struct err *e)
{
	struct wr certs = wr_grow(FILE_MAX);
	int rc = card_certs_read(path, &certs, e);

	if (rc == 0 && (rc = card_certs_check(wr_span(&certs), a, key, proven, e)) != 0)
		err_in(e, "%s", path);
	wr_free(&certs);
	return rc;
}

/* ---- one key, one purpose ---- */

int grantors_check(const struct keystore *ks, struct err *e)
{
	struct party_anchors cas;
	struct party_key k;

	if (party_anchors_take(ks, &cas, e) != 0)
		return -1;
	for (size_t i = 0; i < cas.n; i++) {
		if (cas.list[i].key.n == 0)
			continue;
		if (find_by_key(ks, ENTRY_GRANTOR, has_key, &cas.list[i].key, &k, e) != 0)
			return -1;
		if (k.name == NULL)
			continue;
		err_set(e, ERR_INPUT, "%s: `%s` has the key of a ca", keystore_path(ks), k.name);
		return err_hint(e, "who trusts it for cards would take a party for a card");
	}
	return 0;
}
