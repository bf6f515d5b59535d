#include "keystore/kind.h"

#include <string.h>

static const struct entry_kind kinds[ENTRY_TYPES] = {
	[ENTRY_SCP03] = { "scp03", FAMILY_CARD, false, &scp03_table, scp03_take, card_read,
	    card_show },
	[ENTRY_SCP02] = { "scp02", FAMILY_CARD, false, &scp02_table, scp02_take, card_read,
	    card_show },
	[ENTRY_ISSUER] = { "issuer", FAMILY_PAIR, true, &issuer_table, issuer_take, issuer_read,
	    pair_show },
	[ENTRY_SIGNER] = { "signer", FAMILY_PAIR, true, &signer_table, signer_take, signer_read,
	    pair_show },
	[ENTRY_KEK] = { "bundle-kek", FAMILY_SECRET, false, &secret_table, secret_take, secret_read,
	    secret_show },
	[ENTRY_KOS] = { "kos", FAMILY_SECRET, false, &kos_table, secret_take, secret_read,
	    kos_show },
	[ENTRY_KMAC] = { "kmac", FAMILY_SECRET, false, &secret_table, secret_take, secret_read,
	    secret_show },
	[ENTRY_OCE] = { "oce", FAMILY_EC, false, &oce_table, oce_take, oce_read, ec_show },
	[ENTRY_CA] = { "ca", FAMILY_EC, true, &ca_table, ca_take, ca_read, ec_show },
	[ENTRY_OCE_CA] = { "oce-ca", FAMILY_EC, true, &ca_table, ca_take, ca_read, ec_show },
	[ENTRY_DAP] = { "dap", FAMILY_AUTHORITY, false, &authority_table, authority_take,
	    authority_read, authority_show },
	[ENTRY_TOKEN] = { "token", FAMILY_AUTHORITY, false, &authority_table, authority_take,
	    authority_read, authority_show },
	[ENTRY_RECEIPT] = { "receipt", FAMILY_AUTHORITY, false, &authority_table, authority_take,
	    authority_read, authority_show },
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
	return is_of(t, FAMILY_EC);
}

bool entry_show(const struct entry *t, struct entry_shown *out)
{
	memset(out, 0, sizeof(*out));
	return kinds[t->type].show(t, out);
}
