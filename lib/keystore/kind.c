#include "keystore/kind.h"

#include <string.h>

/* One row: the type, its name, family, and the prefixes of what knows it: NAME_table, NAME_take,
 * NAME_read, NAME_show; then .anchor. */
#define KIND(type, name_, family_, table_, take_, read_, show_, ...) \
	[type] = { .name = (name_), \
		.family = (family_), \
		.fields = &table_##_table, \
		.take = take_##_take, \
		.read = read_##_read, \
		.show = show_##_show, \
		__VA_ARGS__ }
#define AUTHORITY(type, name) \
	KIND(type, name, FAMILY_AUTHORITY, authority, authority, authority, authority)

static const struct entry_kind kinds[ENTRY_TYPES] = {
	KIND(ENTRY_SCP03, "scp03", FAMILY_CARD, scp03, scp03, card, card),
	KIND(ENTRY_SCP02, "scp02", FAMILY_CARD, scp02, scp02, card, card),
	KIND(ENTRY_ISSUER, "issuer", FAMILY_PAIR, issuer, issuer, issuer, pair, .anchor = true),
	KIND(ENTRY_SIGNER, "signer", FAMILY_PAIR, signer, signer, signer, pair, .anchor = true),
	KIND(ENTRY_KEK, "bundle-kek", FAMILY_SECRET, secret, secret, secret, secret),
	KIND(ENTRY_KOS, "kos", FAMILY_SECRET, kos, secret, secret, kos),
	KIND(ENTRY_KMAC, "kmac", FAMILY_SECRET, secret, secret, secret, secret),
	KIND(ENTRY_OCE, "oce", FAMILY_EC, oce, oce, oce, ec),
	KIND(ENTRY_CA, "ca", FAMILY_EC, ca, ca, ca, ec, .anchor = true),
	KIND(ENTRY_OCE_CA, "oce-ca", FAMILY_EC, ca, ca, ca, ec, .anchor = true),
	AUTHORITY(ENTRY_DAP, "dap"),
	AUTHORITY(ENTRY_TOKEN, "token"),
	AUTHORITY(ENTRY_RECEIPT, "receipt"),
	KIND(
	    ENTRY_GRANTOR, "grantor", FAMILY_PARTY, grantor, grantor, party, party, .anchor = true),
	KIND(ENTRY_PARTY, "party", FAMILY_PARTY, party, party, party, party),
	KIND(ENTRY_TERMINAL_MASTER, "terminal-master", FAMILY_SECRET, kos, secret, secret, kos),
	KIND(ENTRY_DOMAIN_KEY, "domain-key", FAMILY_SECRET, secret, secret, secret, secret),
};

const struct entry_kind *kind_of(enum entry_type t)
{
	return &kinds[t];
}

const char *entry_type_str(enum entry_type t)
{
	return t < ENTRY_TYPES ? kinds[t].name : "unknown";
}

static bool is_of(enum entry_type t, enum entry_family f)
{
	return t < ENTRY_TYPES && kinds[t].family == f;
}

bool entry_type_is_card(enum entry_type t)
{
	return is_of(t, FAMILY_CARD);
}

bool entry_type_is_authority(enum entry_type t)
{
	return is_of(t, FAMILY_AUTHORITY);
}

bool entry_type_is_ec(enum entry_type t)
{
	return is_of(t, FAMILY_EC) || is_of(t, FAMILY_PARTY);
}

bool entry_show(const struct entry *t, struct entry_shown *out)
{
	memset(out, 0, sizeof(*out));
	return kinds[t->type].show(t, out);
}
