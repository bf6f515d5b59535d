/* explain: the keys to check with. */
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "cmd/look/explain.h"
#include "terminal/terminal.h"

/* Published test keys; here they can open nothing, only explain what was recorded with them. */
static const struct {
	const char *name, *hex;
} well_known[] = {
	{ "GlobalPlatform test key", "404142434445464748494A4B4C4D4E4F" },
	{ "GemXpresso sample key", "47454D5850524553534F53414D504C45" },
	{ "GlobalPlatform test key, 192 bits", "404142434445464748494A4B4C4D4E4F5051525354555657" },
	{ "GlobalPlatform test key, 256 bits",
	    "404142434445464748494A4B4C4D4E4F505152535455565758595A5B5C5D5E5F" },
};
_Static_assert(sizeof(well_known) / sizeof(well_known[0]) == WELL_KNOWN, "room for them");

static int add(struct explain_keys *x, const struct candidate *c, struct err *e)
{
	if (x->n == CANDIDATES_MAX)
		return err_set(e, ERR_USAGE, "more than %d key sets to try", CANDIDATES_MAX);
	x->candidates[x->n++] = *c;
	return 0;
}

static int add_card(struct explain_keys *x, const struct entry *en, struct err *e)
{
	struct candidate c = { .name = en->name,
		.diversification = en->diversification,
		.template = en->diversification == DIVERSIFY_TEMPLATE ? &en->template : NULL,
		.des = en->type == ENTRY_SCP02,
		.master = &en->keys };

	return add(x, &c, e);
}

static int add_point(struct party_key *list, size_t *n, const struct entry *en, struct err *e)
{
	if (*n == PARTY_TRUST_MAX)
		return err_set(e, ERR_USAGE, "more than %d keys of one kind", PARTY_TRUST_MAX);
	if (!entry_point(en, &list[*n].key))
		return err_set(e, ERR_AUTH, "%s has no public key", en->name);
	list[(*n)++].name = en->name;
	return 0;
}

static int add_receipt(struct party_trust *t, const struct entry *en, struct err *e)
{
	if (t->receipt_n == PARTY_TRUST_MAX)
		return err_set(e, ERR_USAGE, "more than %d keys of one kind", PARTY_TRUST_MAX);
	t->receipt[t->receipt_n++] = (struct party_receipt_key){ en->name, &en->secret };
	return 0;
}

/* Grantors, parties and receipt keys are named as they are; all other names are of card key sets.
 */
static int add_entry(
    struct explain_keys *x, const struct keystore *ks, const char *name, struct err *e)
{
	const struct entry *en;
	size_t i = 0;

	while ((en = keystore_at(ks, i)) != NULL && strcmp(en->name, name) != 0)
		i++;
	if (en == NULL || (en->type != ENTRY_GRANTOR && en->type != ENTRY_PARTY &&
			      (en->type != ENTRY_RECEIPT || en->des)))
		return keystore_find_card(ks, name, &en, e) != 0 ? -1 : add_card(x, en, e);
	/* Public halves are there at once; one that has none comes from the private key. */
	if ((en->type == ENTRY_RECEIPT || en->public_n == 0) && keystore_read(ks, i, e) != 0)
		return -1;
	if (en->type == ENTRY_RECEIPT)
		return add_receipt(&x->trust, en, e);
	return en->type == ENTRY_GRANTOR ? add_point(x->trust.grantor, &x->trust.grantor_n, en, e)
					 : add_point(x->trust.party, &x->trust.party_n, en, e);
}

int explain_keys_named(struct explain_keys *x, const struct keystore *ks,
    const struct opt_strings *names, struct err *e)
{
	for (size_t i = 0; i < names->n; i++)
		if (add_entry(x, ks, names->v[i], e) != 0)
			return -1;
	return 0;
}

/* Each with every diversification that goes with keys of its kind. */
int explain_keys_published(struct explain_keys *x, struct err *e)
{
	for (size_t i = 0; i < WELL_KNOWN; i++) {
		struct key_set *k = &x->published[i];

		k->enc.n = (uint8_t)(strlen(well_known[i].hex) / 2);
		if (!hex_exact(span_str(well_known[i].hex), k->enc.b, k->enc.n))
			return err_set(e, ERR_OTHER, "published key %zu is malformed", i);
		k->mac = k->dek = k->enc;
		for (int d = DIVERSIFY_NONE; d < DIVERSIFY_TEMPLATE; d++)
			for (int des = 0; des <= (k->enc.n == 16); des++) {
				struct candidate c = { .name = well_known[i].name,
					.diversification = (enum diversification)d,
					.des = des == 1,
					.master = k };

				if ((des ? diversification_is_des(c.diversification)
					 : diversification_is_aes(c.diversification)) &&
				    add(x, &c, e) != 0)
					return -1;
			}
	}
	return 0;
}

/* The set is of one card: nothing is diversified. */
static int add_terminal_key(struct explain_keys *x, const struct terminal_record *r,
    const struct terminal_key *k, const char *path, struct err *e)
{
	const struct trust_place place = { r->record, k->generation, k->expiry, r->card };
	struct candidate c = { .diversification = DIVERSIFY_NONE };
	char *name = x->terminal_name[x->terminal_n];

	if (k->k.n == 0 || r->algorithm == TRUST_P256)
		return 0;
	if (x->terminal_n == TERMINALS_KEYS)
		return err_set(e, ERR_USAGE, "more than %d keys of terminals", TERMINALS_KEYS);
	snprintf(name, sizeof(x->terminal_name[0]), "%.60s, record %u, generation %u", path,
	    r->record, k->generation);
	if (!trust_set(&k->k, &place, &x->terminal[x->terminal_n]))
		return err_memory(e);
	c.name = name;
	c.master = &x->terminal[x->terminal_n++];
	return add(x, &c, e);
}

int explain_keys_terminal(struct explain_keys *x, const char *path, struct err *e)
{
	struct terminal t;
	int rc = terminal_open(path, &t, e);

	if (rc != 0)
		return -1;
	for (size_t i = 0; rc == 0 && i < t.n; i++) {
		rc = add_terminal_key(x, &t.record[i], &t.record[i].current, path, e);
		if (rc == 0)
			rc = add_terminal_key(x, &t.record[i], &t.record[i].pending, path, e);
	}
	terminal_close(&t);
	return rc;
}

void explain_keys_wipe(struct explain_keys *x)
{
	wipe(x->terminal, sizeof(x->terminal));
}
