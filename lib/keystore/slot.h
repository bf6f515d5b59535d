/* Inside lib/keystore: what stands behind struct keystore, and the reading of values. */
#ifndef KEYSTORE_SLOT_H
#define KEYSTORE_SLOT_H

#include "keystore/keystore.h"
#include "yaml/bind.h"

enum { VALUES = 3, KCV_SIZE = 3, FILE_NAME_MAX = 255 };

/* One secret value as the store has it. */
struct value {
	const struct node *at; /* NULL: not given */
	struct bind_bytes hex; /* n = 0: in a file */
	char file[FILE_NAME_MAX + 1];
	struct bind_bytes kcv;
};

struct slot {
	struct entry entry;
	struct value value[VALUES]; /* card keys: ENC, MAC, DEK; else the first */
	bool read;
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

bool is_asymmetric(enum entry_type t);
/* Fills the secret values of an entry from file or text and checks them, once; all or none. */
int slot_read(const struct keystore *ks, struct slot *s, struct err *e);

#endif
