/* Inside lib/keystore: what stands behind struct keystore, and the reading of values. */
#ifndef KEYSTORE_SLOT_H
#define KEYSTORE_SLOT_H

#include <stddef.h>

#include "keystore/keystore.h"
#include "yaml/bind.h"

#define IN(type, member) .offset = offsetof(struct type, member)
#define FIELD_TYPE \
	{ \
		"type", BIND_CHOICE, BIND_REQUIRED, .choices = entry_types, IN(slot_text, type) \
	}
#define FIELD_TEST \
	{ \
		"test", BIND_BOOL, IN(slot_text, test) \
	}

enum {
	VALUES = 3,
	KCV_SIZE = 3,
	FILE_NAME_MAX = 255,
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
	int type, version, diversification, curve, cipher;
	bool test;
	char template[TEMPLATE_TEXT_MAX + 1];
	struct slot_value master, enc, mac, dek; /* card keys */
	struct slot_value secret;                /* private or value */
	struct bind_bytes public, identifier;
	struct certs_value certs, half; /* half: the private key of dap, token, receipt */
};

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
	struct half private_half, public_half; /* dap, token, receipt */
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

/* By enum entry_type, NULL-terminated. */
extern const char *const entry_types[];

/* One of hex and file, hex in test entries only; takes the value over into the slot. */
int take_value(struct keystore *ks, struct slot *s, size_t i, const struct slot_value *v,
    const struct node *at, struct err *e);
extern const struct bind_table value_table;

bool is_asymmetric(enum entry_type t);
/* ec.c: what these two have besides: curve, public key, certificates. */
extern const struct bind_table oce_table, ca_table;
int ec_take(struct keystore *ks, struct slot *s, const struct slot_text *w, const struct node *map,
    struct err *e);
/* Reads the certificates, if they are in a file, and compares them with the keys. */
int ec_read(const struct keystore *ks, struct slot *s, struct err *e);
/* authority.c: dap, token, receipt. */
extern const struct bind_table authority_table;
int authority_take(struct keystore *ks, struct slot *s, const struct slot_text *w,
    const struct node *map, struct err *e);
/* Puts entry.authority together, from entry.secret or from both halves, reading files. */
int authority_read(const struct keystore *ks, struct slot *s, struct err *e);
extern const char *const curve_names[]; /* by enum ec_curve, NULL-terminated */

/* Fills the secret values of an entry from file or text and checks them, once; all or none. */
int slot_read(const struct keystore *ks, struct slot *s, struct err *e);

#endif
