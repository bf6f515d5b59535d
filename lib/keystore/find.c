#include <stdio.h>
#include <string.h>

#include "crypto/digest.h"
#include "keystore/slot.h"

const char *entry_type_str(enum entry_type t)
{
	return t < ENTRY_TYPES ? entry_types[t] : "unknown";
}

bool entry_fingerprint(const struct entry *t, uint8_t out[static FINGERPRINT_SIZE])
{
	uint8_t h[SHA256_SIZE];

	if (t->public_n == 0 || !sha256_of(span_of(t->public, t->public_n), h))
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

/* "a, b, c": the names of all entries of a type; cut when there are very many. */
static char *names_of(const struct keystore *ks, enum entry_type type, char *out, size_t cap)
{
	out[0] = '\0';
	for (size_t i = 0; i < ks->n; i++) {
		size_t at = strlen(out);

		if (ks->slot[i].entry.type == type)
			snprintf(out + at, cap - at, "%s%s", at == 0 ? "" : ", ",
			    ks->slot[i].entry.name);
	}
	return out;
}

/* No entry of this type has the name: says what there is. */
static int unknown(const struct keystore *ks, enum entry_type type, const char *name, struct err *e)
{
	char names[200];

	for (size_t i = 0; i < ks->n; i++)
		if (strcmp(ks->slot[i].entry.name, name) == 0)
			return err_set(e, ERR_AUTH, "%.200s: `%s` is of type %s, not %s", ks->path,
			    name, entry_type_str(ks->slot[i].entry.type), entry_type_str(type));
	if (names_of(ks, type, names, sizeof(names))[0] == '\0')
		return err_set(
		    e, ERR_AUTH, "%.200s: no entry of type %s", ks->path, entry_type_str(type));
	err_set(e, ERR_AUTH, "%.200s: no %s entry called `%.63s`", ks->path, entry_type_str(type),
	    name);
	return err_hint(e, "there is: %s", names);
}

int keystore_find(const struct keystore *ks, enum entry_type type, const char *name,
    const struct entry **out, struct err *e)
{
	struct slot *found = NULL;
	char names[200];

	for (size_t i = 0; i < ks->n; i++) {
		struct slot *s = &ks->slot[i];

		if (s->entry.type != type || (name != NULL && strcmp(s->entry.name, name) != 0))
			continue;
		if (found != NULL)
			return err_set(e, ERR_AUTH,
			    "%.200s: several entries of type %s, name one: %s", ks->path,
			    entry_type_str(type), names_of(ks, type, names, sizeof(names)));
		found = s;
	}
	if (found == NULL && name != NULL)
		return unknown(ks, type, name, e);
	if (found == NULL)
		return err_set(
		    e, ERR_AUTH, "%.200s: no entry of type %s", ks->path, entry_type_str(type));
	if (slot_read(ks, found, e) != 0)
		return -1;
	*out = &found->entry;
	return 0;
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
