/*
 * What others than a kind itself read: of what it was asked the part that its struct begins with,
 * `NAME_shown`, and of one card what its work is or begins with. All else of a kind stands in its
 * own file, and so does a field that nobody else reads.
 */
#ifndef CHANGE_KINDS_H
#define CHANGE_KINDS_H

#include "change/key_change.h"
#include "change/load.h"
#include "change/placing.h"
#include "change/removal.h"
#include "gp/trust.h"

/* Behind the struct of a kind, or of its work: that it does begin so. */
#define BEGINS_WITH(is, type, member) \
	_Static_assert(_Generic(((type *)0)->member, is \
				: offsetof(type, member)) == 0, \
	    "others read it as what it begins with")

/* load: struct load_source; work: struct load_work. */

/* install: a CAP file, or a module of a package on the card. */
struct install_one {
	struct aid module, app;
};
struct install_shown {
	struct load_source l; /* first, as of load */
	bool no_selectable;
	struct install_one list[CAP_APPLETS_MAX];
	size_t n;
};
/* Its work begins with it. */
struct install_told {
	struct load_work load;
	struct aid package;
	struct wr confirmations; /* u16 length, octets; of each that was installed */
};

/* delete; work: struct removals. */

/* lock and unlock; one of the three. */
struct lock_shown {
	struct aid aid, domain;
	bool card;
};

/* store-data. objects: of the file, on the outer level; 0 with raw. */
struct store_data_shown {
	struct field_file file;
	struct field_choice format;
	bool encrypted;
	struct aid application;
	size_t objects;
};
extern const char *const store_data_formats[];

/* put-keys; work: struct key_work. */

/* delete-keys; its work: */
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

/* domain-create, domain-extradite, domain-update: the struct aid of what is changed. Their work
 * begins with it: */
struct domain_told {
	uint8_t confirmation[CONFIRMATION_MAX];
	size_t confirmation_n;
};

/* authorize-party, reserve; work: struct placing. */

/* revoke-party; work: struct revoke_work. */
struct revoke_party_shown {
	struct field_text party;
	bool keep;
};
enum { REVOKE_MAX = 16 }; /* containers of a card */
struct revoke_work {
	struct aid list[REVOKE_MAX];
	size_t n, done;
	uint32_t card_time; /* 0: the card has none */
};

/* trust-init; its work begins with struct trust_told. imei, ticket: of the verb. */
struct trust_init_shown {
	struct field_u32 record;
	struct field_text imei;
	struct field_where ticket;
	bool open;
};
struct trust_told {
	uint8_t algorithm;
	uint32_t generation, expiry, horizon, window;
	char ticket[FIELD_PATH];
	enum trust_stage stage; /* that the card told in the end, or before */
};

/* revoke-terminal. Its work: */
struct revoke_terminal_shown {
	struct field_u32 record;
	bool erase;
};
struct revoke_terminal_work {
	bool there; /* the card has such a record */
};

/* trust-put. */
struct trust_put_shown {
	struct field_u32 record, number;
	struct field_file file;
};

/* domain-personalize; work: struct key_work. by.i: 0 in a channel, 1 through the parent. */
struct personalize_shown {
	struct aid aid;
	struct field_choice by;
};

#endif
