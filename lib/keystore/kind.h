/*
 * Inside lib/keystore: the types of entries. Each is one row of a table, which names the functions
 * of the file that knows entries of its family; a new type is a new row.
 */
#ifndef KEYSTORE_KIND_H
#define KEYSTORE_KIND_H

#include "keystore/slot.h"

enum entry_family {
	FAMILY_CARD,      /* card.c: three symmetric keys */
	FAMILY_SECRET,    /* secret.c: one symmetric key */
	FAMILY_PAIR,      /* pair.c: a key pair on the one curve of its type */
	FAMILY_EC,        /* ec.c: one on a curve that is told, and certificates */
	FAMILY_AUTHORITY, /* authority.c: a key of several kinds */
	FAMILY_PARTY      /* party.c: a key pair of a third party, or of who grants */
};

/* Takes over what is written: values that stand in the store, and where the others are. */
typedef int kind_take(struct keystore *ks, struct slot *s, const struct slot_text *w,
    const struct node *map, struct err *e);
/* Fills the values of the entry from text or files, and checks them. slot_read wipes if it fails.
 */
typedef int kind_read(const struct keystore *ks, struct slot *s, struct err *e);
/* Fills what may be shown of it into `out`, which was cleared. */
typedef bool kind_show(const struct entry *t, struct entry_shown *out);

struct entry_kind {
	const char *name;
	enum entry_family family;
	bool anchor; /* others are checked with its public key: that is there from the start */
	const struct bind_table *fields; /* of struct slot_text */
	kind_take *take;
	kind_read *read;
	kind_show *show;
};
const struct entry_kind *kind_of(enum entry_type t); /* t < ENTRY_TYPES */

extern const struct bind_table scp03_table, scp02_table;
kind_take scp03_take, scp02_take;
kind_read card_read;
kind_show card_show;

extern const struct bind_table secret_table, kos_table;
kind_take secret_take;
kind_read secret_read;
kind_show secret_show, kos_show;

extern const struct bind_table issuer_table, signer_table;
kind_take issuer_take, signer_take;
kind_read issuer_read, signer_read;
kind_show pair_show;

extern const struct bind_table oce_table, ca_table;
kind_take oce_take, ca_take;
kind_read oce_read, ca_read;
kind_show ec_show;

extern const struct bind_table grantor_table, party_table;
kind_take grantor_take, party_take;
kind_read party_read;
kind_show party_show;

extern const struct bind_table authority_table;
kind_take authority_take;
kind_read authority_read;
kind_show authority_show;

#endif
