#include "change/party_keys.h"

#include <string.h>

/* ---- entries ---- */

static int take(const struct entry *t, struct party_entry *k, struct err *e)
{
	*k = (struct party_entry){ .name = t->name,
		.own = t->ec.n > 0 ? &t->ec : NULL,
		.form = t->agreement ? PARTY_AGREEMENT : PARTY_SIGNING };
	if (entry_point(t, &k->key) && k->key.curve == EC_P256)
		return 0;
	return err_set(e, ERR_AUTH, "`%s` has no public key on P-256", t->name);
}

int party_key_find(const struct keystore *ks, enum entry_type type, const char *name, bool own,
    struct party_entry *k, struct err *e)
{
	const struct entry *t;

	if (keystore_find(ks, type, name, &t, e) != 0 || take(t, k, e) != 0)
		return -1;
	if (!own || k->own != NULL)
		return 0;
	return err_set(e, ERR_AUTH, "of `%s` only the public key is here", t->name);
}

/* The first entry of this type whose key is wanted. */
typedef bool key_wanted(const struct party_entry *k, const void *what);

static int find_by_key(const struct keystore *ks, enum entry_type type, key_wanted *is,
    const void *what, struct party_entry *k, struct err *e)
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

static bool has_name(const struct party_entry *k, const void *what)
{
	const struct span *name = what;
	uint8_t own[PARTY_NAME];

	return party_key_name(&k->key, own) && span_eq(SPAN(own), *name);
}

static bool has_key(const struct party_entry *k, const void *what)
{
	return ec_public_eq(&k->key, what);
}

int grantor_named(const struct keystore *ks, struct span name, struct party_entry *k, struct err *e)
{
	return find_by_key(ks, ENTRY_GRANTOR, has_name, &name, k, e);
}

int party_known(
    const struct keystore *ks, const struct ec_public *key, struct party_entry *k, struct err *e)
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

/* ---- one key, one purpose ---- */

int grantors_check(const struct keystore *ks, struct err *e)
{
	struct party_anchors cas;
	struct party_entry k;

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
