/*
 * The fields of a change: what there is to say of it, as a table. From one row come the option of
 * the verb with its completion and its block of the man page, the key of the campaign step with its
 * errors, the member of JSON, and the part of a campaign's goal. What a field was not given adds
 * nothing to any of them.
 *
 * Not here: what the fields mean together (the kinds), files' contents beyond their octets, YAML
 * (step.h), options (cmd).
 */
#ifndef CHANGE_FIELD_H
#define CHANGE_FIELD_H

#include "gp/command.h"
#include "keystore/keystore.h"

enum {
	FIELD_PATH = 4096,    /* octets of a path, with the NUL */
	FIELD_OCTETS = 512,   /* of FIELD_BYTES */
	FIELD_LIST = 256,     /* AIDs of FIELD_AIDS */
	FIELD_FILES_MAX = 16, /* files of FIELD_FILES */
	FIELD_FILE_MAX = 1 << 16
};

/* How a value is written, and what it becomes in the struct that `offset` is into. All zero: not
 * given. */
enum field_kind {
	FIELD_FLAG,       /* bool */
	FIELD_AID,        /* struct aid */
	FIELD_AIDS,       /* struct field_aids: one after the other */
	FIELD_HEX8,       /* struct field_u32: one octet in hex, min..max */
	FIELD_U32,        /* struct field_u32: decimal, min..max */
	FIELD_BYTES,      /* struct field_bytes: min..max octets in hex */
	FIELD_CHOICE,     /* struct field_choice: one of `choices` */
	FIELD_CHOICES,    /* struct field_bits: several of `choices`, with commas */
	FIELD_PRIVILEGES, /* struct field_privileges: by name, with commas */
	FIELD_TEXT,       /* struct field_text: min..max octets */
	FIELD_KEYS,       /* struct field_keys: an entry of the key store, by name */
	FIELD_FILE,       /* struct field_file */
	FIELD_FILES,      /* struct field_files: one after the other */
	FIELD_DATE,       /* struct field_u32: YYYY-MM-DD as YYYYMMDD */
	FIELD_AID_NEW,    /* struct field_aid_new: an AID, or "new" */
	FIELD_ENTRY,      /* struct field_keys: an entry of type `min` (enum entry_type), by name */
	FIELD_WHERE, /* struct field_where: a file or folder that is written, or looked through */
	FIELD_TIME,  /* struct field_u32: how long, "30d", "12h", in seconds */
	FIELD_WHEN   /* struct field_when: a day, or how long from now */
};
enum {
	FIELD_REQUIRED = 1,
	FIELD_OPERAND = 2,    /* of the verb: a word behind the options */
	FIELD_NO_OPTION = 4,  /* the verb gets it in another way */
	FIELD_NO_STEP = 64,   /* the other way round: only of the verb */
	FIELD_STEP_NEEDS = 8, /* required in a step; the verb gets it in another way */
	FIELD_OR_TRUE = 32,   /* FIELD_HEX8: may also be `true`, which is 00 */
	FIELD_AUTHORITY = 16, /* FIELD_KEYS: may also be of type dap, token or receipt */
};

struct field_u32 {
	bool given;
	uint32_t v;
};
/* v: seconds, from now with `from_now`, else since 1970, where the day ends (UTC). */
struct field_when {
	bool given, from_now;
	uint32_t v;
};
struct field_bytes {
	uint8_t b[FIELD_OCTETS];
	size_t n;
	bool given;
};
struct field_choice {
	bool given;
	size_t i; /* place in `choices` */
};
struct field_bits {
	uint32_t v; /* 1 << place */
};
struct field_aids {
	struct aid list[FIELD_LIST];
	size_t n;
};
struct field_privileges {
	bool given;
	uint32_t v;
	uint8_t n; /* octets on the wire: 1 or 3 */
};
enum { FIELD_TEXT_MAX = 255 };
struct field_text {
	char s[FIELD_TEXT_MAX + 1];
};
/* entry: found by field_keys_find, borrowed from the key store; NULL before. */
struct field_keys {
	char name[ENTRY_NAME_MAX];
	const struct entry *entry;
};
/* digest names what is in it: SHA-256 of the octets, or of what the kind takes out of them. */
struct field_file {
	char path[FIELD_PATH]; /* as it is opened; "": not given */
	struct wr octets;      /* by field_file_read */
	uint8_t digest[32];
};
struct field_files {
	struct field_file *list; /* owned: fields_free */
	size_t n;
};
struct field_aid_new {
	bool is_new;
	struct aid aid; /* n = 0 if is_new */
};
/* name: as it was written, which is what counts in a goal; where the kind looks through it, digest
 * is of what it found there, which counts then. */
struct field_where {
	char path[FIELD_PATH]; /* as it is opened; "": not given */
	char name[FIELD_PATH];
	bool looked;
	uint8_t digest[32];
};

struct field {
	const char *name; /* "privileges": option, key of the step, member of JSON, goal */
	enum field_kind kind;
	const char *arg;  /* "LIST": what the value is called in help; NULL for flags */
	const char *help; /* one phrase, capital, no full stop */
	size_t offset;
	unsigned flags;
	uint32_t min, max;
	const char *const *choices; /* NULL-terminated */
	const char *former;         /* how manifests of before call it; NULL: the same */
};

/* One row: FIELD_ROW(struct lock, aid, "aid", FIELD_AID, "AID", "help", .flags = ...). */
#define FIELD_ROW(type, member, name_, kind_, arg_, help_, ...) \
	{ \
		.name = (name_), .kind = (kind_), .arg = (arg_), .help = (help_), \
		.offset = offsetof(type, member), __VA_ARGS__ \
	}

/* Where values come from. */
struct field_source {
	const char
	    *beside; /* names of files are seen from the folder of this one; NULL: from here */
};

/*
 * Takes one value from text; fields that take several are called again for each. ERR_USAGE, with a
 * text that goes on behind the name of the field and never repeats the value: "is not an AID of 5
 * to 16 octets in hex". A field without value (FIELD_FLAG) takes "true" and "false".
 */
int field_put(const struct field *f, const struct field_source *from, const char *text, void *base,
    struct err *e);
/* May be given several times. */
bool field_is_list(const struct field *f);
/* Must be given: in a step, or on the line of the verb. */
bool field_needed(const struct field *f, bool step);
bool field_given(const struct field *f, const void *base);
/* The value in octets, which two equal values have alike: for goals. What the files hold and the
 * key sets are must have been read. False: check values cannot be computed. */
MUST_CHECK bool field_content(const struct field *f, const void *base, struct wr *w);

/* Reads the file whole, at most `max` octets, and names its digest. ERR_INPUT. */
int field_file_read(struct field_file *f, size_t max, struct err *e);
/* The entry, of type card key set, or with `authority` also dap, token or receipt; its values are
 * read. ERR_AUTH. */
int field_keys_find(struct field_keys *f, const struct keystore *ks, bool authority, struct err *e);
/* The entry of this type, the same. */
int field_entry_find(
    struct field_keys *f, const struct keystore *ks, enum entry_type type, struct err *e);
/* Where a file or a name of keys was given that may be a key, it is taken out of the error. */
void field_hide_key(const struct field *f, const void *base, struct err *e);
/* Releases what the fields own. */
void fields_free(const struct field *f, size_t n, void *base);
/* By name; NULL: none. */
const struct field *field_find(const struct field *f, size_t n, const char *name);

#endif
