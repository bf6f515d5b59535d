#include <stdio.h>
#include <string.h>

#include "crypto/digest.h"
#include "keystore/slot.h"

bool entry_card_keys(
    const struct entry *t, const uint8_t kdd[static KDD_OCTETS], struct key_set *out)
{
	if (t->diversification == DIVERSIFY_TEMPLATE)
		return template_diversify(&t->template, &t->keys, kdd, out);
	return diversify(t->diversification, &t->keys, kdd, out);
}

bool entry_check_value(const struct entry *t, const struct key *k, uint8_t out[static 3])
{
	return t->type == ENTRY_SCP02 || t->des ? des_key_check_value(k, out)
						: key_check_value(k, out);
}

/* SHA-256 over what stands for the key in grants: B0 point, F0 reference of P-256. */
static bool party_digest(const struct entry *t, uint8_t out[static SHA256_SIZE])
{
	static const uint8_t head[] = { 0xB0, 0x41 }, tail[] = { 0xF0, 0x01, 0x00 };
	const struct span parts[] = { SPAN(head), span_of(t->public, t->public_n), SPAN(tail) };

	return sha256(parts, 3, out);
}

bool entry_fingerprint(const struct entry *t, uint8_t out[static FINGERPRINT_SIZE])
{
	uint8_t h[SHA256_SIZE];

	if (entry_type_is_authority(t->type))
		return authority_fingerprint(&t->authority, out);
	if (t->public_n == 0 ||
	    !(t->type == ENTRY_PARTY ? party_digest(t, h)
				     : sha256_of(span_of(t->public, t->public_n), h)))
		return false;
	memcpy(out, h, FINGERPRINT_SIZE);
	return true;
}

const char *keystore_path(const struct keystore *ks)
{
	return ks->path;
}

const struct entry *keystore_at(const struct keystore *ks, size_t i)
{
	return i < ks->n ? &ks->slot[i].entry : NULL;
}

int keystore_read(const struct keystore *ks, size_t i, struct err *e)
{
	if (i >= ks->n)
		return err_set(e, ERR_OTHER, "internal: entry %zu of %zu", i, ks->n);
	return slot_read(ks, &ks->slot[i], e);
}

uint8_t keystore_threshold(const struct keystore *ks)
{
	return (uint8_t)ks->threshold;
}

/* What is looked for: a set of types, bit n for type n, and how they are called. */
struct wanted {
	unsigned types;
	const char *str;
};

static bool is_wanted(const struct wanted *w, enum entry_type t)
{
	return (w->types & 1u << t) != 0;
}

/* "a, b, c": the names of all entries that could be meant; cut when there are very many. */
static char *names_of(const struct keystore *ks, const struct wanted *w, char *out, size_t cap)
{
	out[0] = '\0';
	for (size_t i = 0; i < ks->n; i++) {
		size_t at = strlen(out);

		if (is_wanted(w, ks->slot[i].entry.type))
			snprintf(out + at, cap - at, "%s%s", at == 0 ? "" : ", ",
			    ks->slot[i].entry.name);
	}
	return out;
}

/* No entry of this type has the name: says what there is. */
static int unknown(
    const struct keystore *ks, const struct wanted *w, const char *name, struct err *e)
{
	char names[200];

	for (size_t i = 0; i < ks->n; i++) {
		if (strcmp(ks->slot[i].entry.name, name) != 0)
			continue;
		err_set(e, ERR_AUTH, "%.200s: `%s` is of type %s, not %s", ks->path, name,
		    entry_type_str(ks->slot[i].entry.type), w->str);
		return err_hint(e, VERB("keystore list") " shows the entries and their types");
	}
	if (names_of(ks, w, names, sizeof(names))[0] == '\0')
		return err_set(e, ERR_AUTH, "%.200s: no entry of type %s", ks->path, w->str);
	err_set(e, ERR_AUTH, "%.200s: no %s entry called `%.63s`", ks->path, w->str, name);
	return err_hint(e, "there is: %s", names);
}

static int find(const struct keystore *ks, const struct wanted *w, const char *name,
    const struct entry **out, struct err *e)
{
	struct slot *found = NULL;
	char names[200];

	for (size_t i = 0; i < ks->n; i++) {
		struct slot *s = &ks->slot[i];

		if (!is_wanted(w, s->entry.type) ||
		    (name != NULL && strcmp(s->entry.name, name) != 0))
			continue;
		if (found != NULL)
			return err_set(e, ERR_AUTH,
			    "%.200s: several entries of type %s, name one: %s", ks->path, w->str,
			    names_of(ks, w, names, sizeof(names)));
		found = s;
	}
	if (found == NULL && name != NULL)
		return unknown(ks, w, name, e);
	if (found == NULL)
		return err_set(e, ERR_AUTH, "%.200s: no entry of type %s", ks->path, w->str);
	if (slot_read(ks, found, e) != 0)
		return -1;
	*out = &found->entry;
	return 0;
}

int keystore_find(const struct keystore *ks, enum entry_type type, const char *name,
    const struct entry **out, struct err *e)
{
	const struct wanted w = { 1u << type, entry_type_str(type) };

	return find(ks, &w, name, out, e);
}

int keystore_find_card(
    const struct keystore *ks, const char *name, const struct entry **out, struct err *e)
{
	static const struct wanted w = { 1u << ENTRY_SCP03 | 1u << ENTRY_SCP02, "scp03 or scp02" };

	return find(ks, &w, name, out, e);
}

int keystore_kos(
    const struct keystore *ks, uint8_t version, const struct entry **out, struct err *e)
{
	for (size_t i = 0; i < ks->n; i++) {
		struct slot *s = &ks->slot[i];

		if (s->entry.type != ENTRY_KOS || s->entry.version != version)
			continue;
		if (slot_read(ks, s, e) != 0)
			return -1;
		*out = &s->entry;
		return 0;
	}
	return err_set(e, ERR_AUTH, "%.200s: no kos entry of version %02X", ks->path, version);
}
