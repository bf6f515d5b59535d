/* Inside lib/keystore: what stands behind struct keystore, and the reading of values. */
#ifndef KEYSTORE_SLOT_H
#define KEYSTORE_SLOT_H

#include <stddef.h>

#include "keystore/keystore.h"
#include "yaml/bind.h"

enum {
	VALUES = 3,
	KCV_SIZE = 3,
	FILE_NAME_MAX = 255,
	TYPE_TEXT_MAX = 15,
	TEMPLATE_TEXT_MAX = 255,
	CERTS_MAX = 4096 /* octets of the certificates of one entry */
};

/* One secret value as the store has it. */
struct slot_value {
	const struct node *at; /* NULL: not given */
	struct bind_bytes hex; /* n = 0: in a file */
	char file[FILE_NAME_MAX + 1];
	struct bind_bytes kcv;
};

/* Certificates, which are no secret. */
struct certs_value {
	char hex[2 * CERTS_MAX + 1];
	char file[FILE_NAME_MAX + 1];
};

/* An entry as it is written. */
struct slot_text {
	char type[TYPE_TEXT_MAX + 1];
	int version, diversification, curve, cipher, form;
	bool test;
	char template[TEMPLATE_TEXT_MAX + 1];
	struct slot_value master, enc, mac, dek; /* card keys */
	struct slot_value secret;                /* private or value */
	struct bind_bytes public, identifier;
	struct certs_value certs, half; /* half: a private key beside `public` */
};

/* Rows that several types have, of struct slot_text. Which type it is was found before: it chose
 * the table that the row stands in. */
#define FIELD_TYPE BIND_STRING("type", slot_text, type, .flags = BIND_REQUIRED)
#define FIELD_TEST BIND_BOOL("test", slot_text, test)
#define FIELD_VERSION(least) \
	BIND_HEX8("version", slot_text, version, least, 0xFF, .flags = BIND_REQUIRED)
#define FIELD_CURVE BIND_CHOICE("curve", slot_text, curve, curve_names)
/* A secret value, certificates: a map with its own table. */
#define FIELD_SECRET(name, member, table, ...) \
	BIND_MAP(name, table, .offset = BIND_AT(struct slot_value, slot_text, member), __VA_ARGS__)
#define FIELD_VALUE(name, member) FIELD_SECRET(name, member, value_table)
#define FIELD_CERTS(name, member, table, ...) \
	BIND_MAP(name, table, .offset = BIND_AT(struct certs_value, slot_text, member), __VA_ARGS__)
/* A key pair of which either half may be missing: PEM, DER or hex; see authority.c. */
#define FIELD_HALVES \
	FIELD_CURVE, FIELD_CERTS("private", half, half_table), \
	    FIELD_CERTS("public", certs, half_table)
/* Where they are: octets in hex, or the file that has them. */
#define VALUE_HEX(least, most) BIND_BYTES("hex", slot_value, hex, least, most)
#define VALUE_FILE BIND_STRING("file", slot_value, file)
#define CERTS_HEX \
	BIND_ROW("hex", BIND_STRING, char *, certs_value, hex, .min = 2, \
	    .max = BIND_ROOM(certs_value, hex))
#define CERTS_FILE BIND_STRING("file", certs_value, file)

/* One half of a key pair. */
struct half {
	const struct node *at;        /* NULL: not given */
	char file[FILE_NAME_MAX + 1]; /* empty: it was in the store */
	struct authority_key key;
};

struct slot {
	struct entry entry;
	struct slot_value value[VALUES]; /* card keys: ENC, MAC, DEK; else the first */
	bool read;
	const struct node *certs_at; /* NULL: none */
	char certs_file[FILE_NAME_MAX + 1];
	struct wr certs;
	struct half private_half, public_half; /* dap, token, receipt, grantor, party */
	bool on_curve;                         /* their values in hex are a scalar and a point */
};

struct keystore {
	char *path;
	struct doc *doc; /* for the places of values that are found bad later */
	uint32_t threshold;
	bool clear; /* holds clear values */
	struct slot *slot;
	size_t n;
};

/* ---- one value ---- */

/* {hex:, file:, kcv:}, of struct slot_value. */
extern const struct bind_table value_table;
/* One of hex and file, hex in test entries only; takes the value over into the slot. */
int take_value(struct keystore *ks, struct slot *s, size_t i, const struct slot_value *v,
    const struct node *at, struct err *e);

/* What a value has to be. `keep` checks its octets, at most `most`, and puts them into `to` or
 * elsewhere in the entry. */
struct value_form {
	int (*keep)(const struct keystore *ks, struct slot *s, const struct slot_value *v,
	    struct span value, struct key *to, struct err *e);
	size_t most; /* EC_FIELD_MAX at most */
};
extern const struct value_form symmetric_key; /* AES, or triple DES where the entry is of that */
/* Fills `to` from text or file. */
int read_value(const struct keystore *ks, struct slot *s, const struct slot_value *v,
    const struct value_form *form, struct key *to, struct err *e);
/* The private key is there now, `pub` is computed from it, empty if it is none: does it go with
 * the public key of the entry? Without one, that is this. */
int check_pair(const struct keystore *ks, struct slot *s, struct span pub, struct err *e);

/* ---- halves of key pairs ---- */

extern const struct bind_table half_table;
/* Fills s->private_half or s->public_half from its file, if it is in one. */
int half_read(const struct keystore *ks, struct slot *s, bool private_half, struct err *e);

/* ---- the whole entry ---- */

extern const char *const curve_names[]; /* by enum ec_curve, NULL-terminated */

/* Fills the secret values of an entry from file or text and checks them, once; all or none. */
int slot_read(const struct keystore *ks, struct slot *s, struct err *e);

/* They add to what is shown. */
MUST_CHECK bool show_check_value(
    const struct entry *t, const struct key *k, struct entry_shown *out);
MUST_CHECK bool show_fingerprint(const struct entry *t, struct entry_shown *out);

#endif
