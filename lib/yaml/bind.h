/*
 * Binds a map of a YAML document to a C struct by a constant table: which keys there may be, of
 * which form, and where they go. A new key is one line in a table.
 *
 * Numbers and dates are read from the text as it stands: YAML's own ideas of types (octal, yes/no,
 * exponents) play no part. Keys that are not in the table are refused, with a hint when one that
 * is comes close. Keys that are not in the file leave the struct as it was, so defaults are set
 * before. Errors as in doc.h. Values may be secrets: whoever binds them wipes the struct.
 */
#ifndef YAML_BIND_H
#define YAML_BIND_H

#include "yaml/doc.h"

#define BIND_BYTES_MAX 133

struct bind_bytes {
	size_t n;
	uint8_t b[BIND_BYTES_MAX];
};

enum bind_kind {
	BIND_HEADER,  /* the `cardadm: KIND/1` that doc_is has checked: goes nowhere */
	BIND_STRING,  /* char[max + 1]: one line of min..max octets */
	BIND_NAME,    /* char[max + 1]: 1..max of A-Z a-z 0-9 . _ - */
	BIND_U32,     /* uint32_t: decimal, min..max */
	BIND_BOOL,    /* bool: true or false */
	BIND_HEX8,    /* int: one octet as two hex digits, min..max */
	BIND_BYTES,   /* struct bind_bytes: min..max octets in hex */
	BIND_DATE,    /* uint32_t: YYYY-MM-DD becomes YYYYMMDD */
	BIND_VERSION, /* uint32_t: "3.2" becomes 00030002, see base/value.h */
	BIND_CHOICE,  /* int or enum: place of the word in `choices`. With `table` a map may stand
		       * there instead: the table is of the same struct as this field */
	BIND_MAP,     /* a map bound by `table`; its struct begins at offset */
	BIND_EACH,    /* a map of named entries: `each` is called for each, in file order */
	BIND_LIST,    /* a list of min..max values: `each` is called for each scalar, in order */
	BIND_MAPS     /* the same of maps */
};
enum { BIND_REQUIRED = 1 };

/* `value` is the entry, value->key its name (see name_ok), NULL in a list; `to` is the struct
 * that is bound. */
typedef int bind_each(const struct doc *d, const struct node *value, void *to, struct err *e);

struct bind_table;
struct bind_field {
	const char *key;
	enum bind_kind kind;
	unsigned flags;
	size_t offset;
	uint32_t min, max;
	const char *const *choices; /* NULL-terminated */
	const struct bind_table *table;
	bind_each *each;
};
struct bind_table {
	const struct bind_field *field;
	size_t n;
};
#define BIND_TABLE(array) \
	{ \
		(array), sizeof(array) / sizeof((array)[0]) \
	}

/*
 * Rows of a table, by kind: BIND_DATE("expires", manifest, expires) binds the key "expires" to
 * `expires` of struct manifest; a member of another type than the kind fills does not compile, and
 * the size of a string or a name is that of its member. What is left over (.flags = BIND_REQUIRED,
 * .table) may follow. BIND_STRING takes no empty one; BIND_ROW is for other limits.
 */
#define BIND_AT(is, type, member) \
	_Generic(((struct type *)0)->member, is : offsetof(struct type, member))
#define BIND_ROW(key_, kind_, is, type, member, ...) \
	{ \
		.key = (key_), .kind = (kind_), .offset = BIND_AT(is, type, member), __VA_ARGS__ \
	}
#define BIND_ROOM(type, member) (sizeof(((struct type *)0)->member) - 1)
#define BIND_HEADER_ROW \
	{ \
		.key = "cardadm", .kind = BIND_HEADER \
	}
#define BIND_STRING(key, type, member, ...) \
	BIND_ROW(key, BIND_STRING, char *, type, member, .min = 1, .max = BIND_ROOM(type, member), \
	    __VA_ARGS__)
#define BIND_NAME(key, type, member, ...) \
	BIND_ROW(key, BIND_NAME, char *, type, member, .max = BIND_ROOM(type, member), __VA_ARGS__)
#define BIND_U32(key, type, member, least, most, ...) \
	BIND_ROW(key, BIND_U32, uint32_t, type, member, .min = (least), .max = (most), __VA_ARGS__)
#define BIND_BOOL(key, type, member, ...) BIND_ROW(key, BIND_BOOL, bool, type, member, __VA_ARGS__)
#define BIND_HEX8(key, type, member, least, most, ...) \
	BIND_ROW(key, BIND_HEX8, int, type, member, .min = (least), .max = (most), __VA_ARGS__)
#define BIND_BYTES(key, type, member, least, most, ...) \
	BIND_ROW(key, BIND_BYTES, struct bind_bytes, type, member, .min = (least), .max = (most), \
	    __VA_ARGS__)
#define BIND_DATE(key, type, member, ...) \
	BIND_ROW(key, BIND_DATE, uint32_t, type, member, __VA_ARGS__)
#define BIND_VERSION(key, type, member, ...) \
	BIND_ROW(key, BIND_VERSION, uint32_t, type, member, __VA_ARGS__)
#define BIND_CHOICE(key, type, member, words, ...) \
	BIND_ROW(key, BIND_CHOICE, int, type, member, .choices = (words), __VA_ARGS__)
/* The keys of this map go to the struct of the table itself. */
#define BIND_MAP(key_, table_, ...) \
	{ \
		.key = (key_), .kind = BIND_MAP, .table = &(table_), __VA_ARGS__ \
	}
#define BIND_EACH(key_, each_, ...) \
	{ \
		.key = (key_), .kind = BIND_EACH, .each = (each_), __VA_ARGS__ \
	}
#define BIND_LIST(key_, each_, least, most, ...) \
	{ \
		.key = (key_), .kind = BIND_LIST, .each = (each_), .min = (least), .max = (most), \
		__VA_ARGS__ \
	}
#define BIND_MAPS(key_, each_, least, most, ...) \
	{ \
		.key = (key_), .kind = BIND_MAPS, .each = (each_), .min = (least), .max = (most), \
		__VA_ARGS__ \
	}

int bind_map(const struct doc *d, const struct node *map, const struct bind_table *t, void *to,
    struct err *e);
/* One value by itself. */
int bind_value(
    const struct doc *d, const struct node *v, const struct bind_field *f, void *to, struct err *e);
/* 1..max of A-Z a-z 0-9 . _ -, and neither "." nor "..". */
bool name_ok(const char *text, size_t max);

#endif
