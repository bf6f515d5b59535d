/*
 * Key stores: named keys in a YAML file.
 *
 *     cardadm: keystore/1
 *     threshold: 1               # signers that must have signed a bundle, default 1
 *     keys:
 *       fleet:                   # 1..63 of A-Z a-z 0-9 . _ -
 *         type: scp03            # card keys: AES-128, -192, -256
 *         version: 30            # key version, one octet in hex as everywhere
 *         diversification: kdf3  # none, kdf3
 *         master: {file: fleet.hex, kcv: 504A77}   # or enc:, mac: and dek:, of one length
 *       old-fleet:
 *         type: scp02            # card keys: triple DES, 16 octets; for SCP01 too
 *         version: 01
 *         diversification: visa2 # none, visa2, visa, emv
 *         master: {file: old.hex, kcv: 8BAF47}
 *       other-vendor:
 *         type: scp03
 *         version: 30
 *         diversification: {template: "$_ 000000 $k 00 $0$1$2$3$4$5$6$7$8$9"}
 *         master: {file: other.hex}
 *       lab:
 *         type: signer           # Ed25519; issuer: P-256, public key 04 | X | Y
 *         public: 3D4017C3...    # without it, it comes from the private key at once
 *         private: {file: lab.hex}   # not needed to verify
 *       us:
 *         type: oce              # SCP11: our key, and the certificates that cards know it by
 *         curve: p-256           # the default; p-384, brainpoolp256r1
 *         private: {file: us.hex}
 *         certificates: {file: us.pem}   # leaf last, without the root
 *       card-maker:
 *         type: ca               # SCP11: who has signed the cards' certificates
 *         certificate: {file: maker.pem} # X.509; or curve: and public:, for both formats
 *         identifier: 4341...    # with public: what the certificates must name (tag 42, AKI)
 *       hosts:
 *         type: oce-ca           # SCP11: who signs such certificates as ours; never a ca
 *         public: 04...          # what cards are issued with
 *       house:
 *         type: dap              # RSA, EC: signs load files; token, receipt are alike
 *         private: {file: house.pem}      # not needed to verify
 *         public: {file: house.pub.pem}   # not needed beside a private key
 *       bank:
 *         type: receipt          # AES, or triple DES with cipher: des
 *         value: {file: bank.hex, kcv: 504A77}
 *       grants:
 *         type: grantor          # P-256: signs grants; never the key of a ca or oce-ca
 *         private: {file: grants.pem}     # not needed to verify; public: {file: ...}
 *       acme:
 *         type: party            # P-256: a third party on the card
 *         form: signing          # or agreement: the key is used for SCP11a itself
 *         private: {file: acme.pem}       # the party's own store only
 *       wallet: {type: domain-key, value: {file: wallet.hex}}
 *       models-2027: {type: terminal-master, version: 01, value: {file: models.hex}}
 *       kek-2026: {type: bundle-kek, value: {file: kek.hex}}      # kmac is alike
 *       kos-1: {type: kos, version: 01, value: {file: kos.hex}}
 *
 * A secret value is {file: NAME}, a 0600 file with the value in hex, its name relative to the
 * store; or, in an entry with `test: true` only, {hex: VALUE}. kcv is checked against the value.
 * Certificates are public: {hex: VALUE} in any entry, or a file of PEM, DER or hex. Keys of dap,
 * token and receipt in files are PEM; as {hex: VALUE}, or in a file of hex, they are DER, or with
 * `curve:` the scalar and the point. A `ca` may have
 * `private` too: where certificates of virtual cards are made.
 * A store with clear values must itself be 0600; no store may be writable by others.
 *
 * Values in files are read when they are first asked for, and wiped at close, so a command holds
 * only the keys that it uses. Nothing here prints a value.
 */
#ifndef KEYSTORE_KEYSTORE_H
#define KEYSTORE_KEYSTORE_H

#include "base/err.h"
#include "base/secret.h"
#include "crypto/authority.h"
#include "crypto/kdf.h"
#include "crypto/sign.h"
#include "crypto/x509.h"

enum entry_type {
	ENTRY_SCP03,  /* AES: static keys or master keys of a fleet */
	ENTRY_SCP02,  /* the same with triple DES, for SCP02 and SCP01 */
	ENTRY_ISSUER, /* ECDSA P-256: authorizes images */
	ENTRY_SIGNER, /* Ed25519: signs bundles */
	ENTRY_KEK,    /* bundle KEK */
	ENTRY_KOS,
	ENTRY_KMAC,
	ENTRY_OCE,    /* SCP11: private key and certificates of the off-card entity */
	ENTRY_CA,     /* SCP11: signs the certificates of cards */
	ENTRY_OCE_CA, /* SCP11: signs those of off-card entities; what cards know of it (CA-KLOC) */
	ENTRY_DAP,    /* signs load files for a security domain to verify */
	ENTRY_TOKEN,  /* signs tokens: what a delegated domain may do */
	ENTRY_RECEIPT,         /* cards sign receipts with it */
	ENTRY_GRANTOR,         /* ECDSA P-256: signs grants; never the key of a ca or oce-ca */
	ENTRY_PARTY,           /* P-256: a third party on the card */
	ENTRY_TERMINAL_MASTER, /* AES: of a maker of terminals; each terminal's key comes from it */
	ENTRY_DOMAIN_KEY,      /* AES: common to all cards with an application of a party */
	ENTRY_TYPES
};
const char *entry_type_str(enum entry_type t); /* "scp03", "issuer", "signer", "bundle-kek", ... */
bool entry_type_is_card(enum entry_type t);    /* a card key set */
bool entry_type_is_authority(enum entry_type t); /* dap, token, receipt */

#define ENTRY_NAME_MAX 64

struct entry {
	char name[ENTRY_NAME_MAX];
	enum entry_type type;
	bool test;
	uint8_t version; /* key version (card keys), version number (kos) */
	enum diversification diversification;
	struct kdf_template template; /* DIVERSIFY_TEMPLATE */
	struct key_set keys;          /* card keys: master keys */
	struct key secret; /* private or symmetric key; n = 0: only the public half is here */
	/* issuer, grantor and party 65, signer 32, oce, ca and oce-ca 65 or 97; a ca with a
	 * certificate of a key that is on none of our curves has none */
	uint8_t public[EC_POINT_MAX];
	uint8_t public_n;
	enum ec_curve curve;            /* oce, ca, oce-ca, grantor, party */
	bool agreement;                 /* party: its key is PK.OCE.ECKA; else it signs */
	struct ec_private ec;           /* the same: n = 0: only the public half is here */
	struct x509_id identifier;      /* ca, oce-ca; n = 0: none */
	bool des;                       /* dap, token, receipt: `secret` is triple DES */
	struct authority_key authority; /* dap, token, receipt: all there is, once it was read */
	struct span certs; /* DER or 7F21 in a row; oce: leaf last; ca: one X.509, or none */
	int line;          /* where it stands in the file */
	bool in_files;     /* keys or secret come from files: empty until keystore_find or _read */
};

struct keystore;

/* Reads and checks a store: ERR_INPUT with path, line and column, or with what is wrong with its
 * mode (base/private.h). */
int keystore_open(const char *path, struct keystore **ks, struct err *e);
void keystore_close(struct keystore *ks); /* wipes; NULL is fine */
const char *keystore_path(const struct keystore *ks);
/*
 * In file order, NULL past the end; borrowed until close. Everything public is there; of an entry
 * with in_files the secret values only after keystore_find, keystore_kos or keystore_read.
 */
const struct entry *keystore_at(const struct keystore *ks, size_t i);
uint8_t keystore_threshold(const struct keystore *ks); /* k of n bundle signers, default 1 */

/*
 * The entry of this type called `name`, or, with name NULL, the only one of this type. Unknown
 * name, none, or several without a name: ERR_AUTH, text with the names there are. Reads its values.
 */
int keystore_find(const struct keystore *ks, enum entry_type type, const char *name,
    const struct entry **out, struct err *e);
/* The same for a card key set of whatever type; with name NULL the only one of the store. */
int keystore_find_card(
    const struct keystore *ks, const char *name, const struct entry **out, struct err *e);
/* The Kos with this version number. */
int keystore_kos(
    const struct keystore *ks, uint8_t version, const struct entry **out, struct err *e);

/* Its key is a point: oce, ca, oce-ca, grantor, party. */
bool entry_type_is_ec(enum entry_type t);
/* The public key of such an entry as a point; false when it has none. */
MUST_CHECK bool entry_point(const struct entry *t, struct ec_public *out);

/* Reads what entry i has in files. ERR_INPUT, for modes as well; does nothing the second time. */
int keystore_read(const struct keystore *ks, size_t i, struct err *e);

/* The keys of one card from those of the entry, which were read, and its diversification data.
 * Wiped by the caller. */
MUST_CHECK bool entry_card_keys(
    const struct entry *t, const uint8_t kdd[static KDD_OCTETS], struct key_set *out);
/* The check value of a key of this entry: AES, or triple DES where the entry is of that. */
MUST_CHECK bool entry_check_value(
    const struct entry *t, const struct key *k, uint8_t out[static 3]);

/* What may be shown of keys: check values, and the first 8 octets of SHA-256 of a public key; of
 * dap, token and receipt of its SubjectPublicKeyInfo; of a party of the value of 7F49, as requests
 * and grants have it. False when the entry has none. */
#define FINGERPRINT_SIZE 8
MUST_CHECK bool entry_fingerprint(const struct entry *t, uint8_t out[static FINGERPRINT_SIZE]);

/* What may be shown of an entry, as far as its values were read: never a secret. */
struct entry_shown {
	bool versioned;              /* entry.version means something */
	const char *diversification; /* NULL: it has none */
	unsigned bits;               /* of the key in it; 0: not read */
	char algorithm[32];          /* where it may be one of several; empty: not read */
	uint8_t kcv[3][3]; /* check values of symmetric keys: none, one, or ENC, MAC, DEK */
	size_t kcv_n;
	bool has_fingerprint; /* of a public key */
	uint8_t fingerprint[FINGERPRINT_SIZE];
};
/* False when a check value or a fingerprint cannot be computed. */
MUST_CHECK bool entry_show(const struct entry *t, struct entry_shown *out);

/* Writes a new 0600 store of test keys (keystore init --test-keys); path must not exist. */
int keystore_init_test(const char *path, struct err *e);
/* Writes a new, empty store with comments that show how to fill it. */
int keystore_init_empty(const char *path, struct err *e);

#endif
