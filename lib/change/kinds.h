/* What each kind of change is asked: the structs that the fields fill, and for who shows results
 * what the kinds keep of one card. */
#ifndef CHANGE_KINDS_H
#define CHANGE_KINDS_H

#include "cap/cap.h"
#include "change/key_change.h"
#include "change/removal.h"
#include "crypto/digest.h"

/* What a load file is loaded with: of install and load. Below the fields what open() makes of them,
 * which load_close releases. */
struct load_source {
	struct field_file file; /* a CAP file; its digest is that of the load file data block */
	struct aid domain;
	struct field_choice hash;
	struct field_files dap;
	struct field_file load_token;
	struct field_bytes load_field;
	struct field_u32 block;
	bool extended, descriptor, replace, cleanup;

	struct cap cap;
	struct aid package, applet[CAP_APPLETS_MAX];
	size_t applet_n;
	struct wr head; /* in front of the data: DAP blocks, tag and length */
	struct span data;
	uint8_t digest[DIGEST_MAX];
	size_t digest_n; /* 0: the card gets none */
};
/* Of one card: what goes first, and how the load went. */
struct load_work {
	struct removals removals;
	bool keep; /* the package is there as asked */
	struct content_load load;
	struct content_outcome outcome;
	uint8_t confirmation[CONFIRMATION_MAX];
	size_t confirmation_n;
};

/* load; work: struct load_work. */
struct load {
	struct load_source l;
};

/* install: a CAP file, or a module of a package on the card; work: struct install_work. */
struct install_one {
	struct aid module, app;
};
struct install_change {
	struct load_source l;
	struct aid module, package, instance;
	struct field_aids applet;
	struct field_privileges privileges;
	struct field_bytes parameters, field;
	bool no_selectable;
	struct field_file token;

	struct install_one list[CAP_APPLETS_MAX];
	size_t n;
	struct wr params; /* the parameters field */
};
struct install_work {
	struct load_work load;
	struct aid package;
	bool there[CAP_APPLETS_MAX]; /* as asked: not installed again */
	size_t done;                 /* of the list, those that are there left out */
	struct wr confirmations;     /* u16 length, octets; of each that was installed */
};

/* delete; work: struct removals. */
struct delete
{
	struct field_aids aid;
	bool related;
	struct field_file token;
};

/* lock and unlock; one of the three. No work. */
struct lock {
	struct aid aid, domain;
	bool card;
};

/* store-data. objects: of the file, on the outer level; 0 with raw. */
enum { STORE_DATA_MAX = 1 << 16 };
struct store_data {
	struct field_file file;
	struct field_choice format;
	bool encrypted;
	struct aid application;
	size_t objects;
};
extern const char *const store_data_formats[];

/* put-keys; work: struct key_work. rotate.v 0: the set of the channel, whatever version it has. */
struct put_keys {
	struct field_keys keys;
	struct field_u32 as, replace, rotate;
};

/* delete-keys */
struct remove_keys {
	struct field_u32 version, kid;
	bool factory;
};
/* Its work. */
struct keys_gone {
	struct delete_keys what;
	bool there; /* else there is nothing to do */
	bool deleted;
	bool resolved;        /* an answer was lost, and what the card has was found out */
	struct key_infos now; /* as the card told them last */
};
/* "key set 31", "key 02 of key set 31"; returns out. */
enum { DELETE_KEYS_NAME = 32 };
char *delete_keys_name(const struct delete_keys *what, char out[static DELETE_KEYS_NAME]);

/* domain-create, domain-extradite, domain-update; aid is of what is changed. */
struct domain_create {
	struct aid aid;
	struct field_privileges privileges;
	struct field_bytes parameters;
	struct field_u32 quota_data, quota_volatile;
	struct aid package, module;
	struct field_file token;
};
struct domain_extradite {
	struct aid aid, to;
	struct field_file token;
};
struct domain_update {
	struct aid aid;
	struct field_privileges privileges;
	struct field_bytes implicit;
	struct field_bits forbidden;
	struct field_file token;
};
/* Their work. */
struct domain_work {
	uint32_t privileges; /* update: that it is to have, its being a domain included */
	uint8_t confirmation[CONFIRMATION_MAX];
	size_t confirmation_n;
};

/* domain-personalize; work: struct key_work. by.i: 0 in a channel, 1 through the parent. */
struct personalize {
	struct aid aid;
	struct field_keys with;
	struct field_u32 as;
	struct field_choice by;
	bool common;
};

#endif
