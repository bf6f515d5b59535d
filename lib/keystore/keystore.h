/*
 * Key stores: named keys in a YAML file (`cardadm: keystore/1`).
 *
 * Values stand in the file only for entries marked `test: true`; otherwise `file:` names a 0600
 * file with the value in hex, beside the store. Values are read when asked for and wiped at close.
 * A store that holds clear values must itself be 0600. Nothing here prints a value.
 */
#ifndef KEYSTORE_KEYSTORE_H
#define KEYSTORE_KEYSTORE_H

#include "base/err.h"
#include "base/secret.h"
#include "crypto/kdf.h"
#include "crypto/sign.h"

enum entry_type {
	ENTRY_SCP03,  /* static keys or master keys of a fleet */
	ENTRY_ISSUER, /* ECDSA P-256: authorizes images */
	ENTRY_SIGNER, /* Ed25519: signs bundles */
	ENTRY_KEK,    /* bundle KEK */
	ENTRY_KOS,
	ENTRY_KMAC,
	ENTRY_TYPES
};
const char *entry_type_str(enum entry_type t); /* "scp03", "issuer", "signer", "bundle-kek", ... */

#define ENTRY_NAME_MAX 64

struct entry {
	char name[ENTRY_NAME_MAX];
	enum entry_type type;
	bool test;
	uint8_t version;     /* key version (scp03), version number (kos) */
	enum diversification diversification;
	struct key_set keys; /* scp03: master keys */
	struct key secret;   /* private or symmetric key; n = 0: only the public half is here */
	uint8_t public[65];  /* issuer 65, signer 32 */
	uint8_t public_n;
	int line;            /* where it stands in the file */
};

struct keystore;

/* Reads and checks a store: ERR_INPUT with path, line and column; ERR_SAFETY for file modes. */
int keystore_open(const char *path, struct keystore **ks, struct err *e);
void keystore_close(struct keystore *ks); /* wipes; NULL is fine */
const char *keystore_path(const struct keystore *ks);
/* In file order, NULL past the end; borrowed until close. */
const struct entry *keystore_at(const struct keystore *ks, size_t i);
uint8_t keystore_threshold(const struct keystore *ks); /* k of n bundle signers, default 1 */

/*
 * The entry of this type called `name`, or, with name NULL, the only one of this type. Unknown
 * name, none, or several without a name: ERR_AUTH, text with the names there are.
 */
int keystore_find(const struct keystore *ks, enum entry_type type, const char *name,
    const struct entry **out, struct err *e);
/* The Kos with this version number. */
int keystore_kos(const struct keystore *ks, uint8_t version, const struct entry **out, struct err *e);

/* Writes a new 0600 store of test keys (keystore init --test-keys); path must not exist. */
int keystore_init_test(const char *path, struct err *e);
/* Writes a new, empty store with comments that show how to fill it. */
int keystore_init_empty(const char *path, struct err *e);

#endif
