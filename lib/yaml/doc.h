/*
 * YAML files as a checked tree with places, built from libyaml's events. The only code that
 * includes <yaml.h>; what a file means is not known here (see bind.h).
 *
 * Accepted is a small, unsurprising part of YAML: one document of maps, lists and scalars, all
 * scalars plain text. Refused: more than 1 MiB, 32 levels, 100,000 events, 1,024 keys in a map,
 * 64 KiB in a scalar; anchors, aliases, tags, directives, merge keys; keys that are not scalars or
 * stand twice; what is not UTF-8; control characters.
 * Every error is ERR_INPUT "path:line:column: text", both counted from 1. Texts never repeat a
 * value, which could be a key; names of keys only when short.
 */
#ifndef YAML_DOC_H
#define YAML_DOC_H

#include "base/bytes.h"
#include "base/err.h"

enum {
	DOC_MAX = 1 << 20,
	DOC_DEPTH = 32,
	DOC_EVENTS = 100000,
	DOC_MAP_KEYS = 1024,
	DOC_SCALAR_MAX = 1 << 16
};

enum node_kind { NODE_SCALAR, NODE_MAP, NODE_LIST };

/* Lives as long as its document. */
struct node {
	enum node_kind kind;
	uint32_t line, column;
	struct node *key;   /* of a value in a map: its key, a scalar; else NULL */
	struct node *first; /* of a map or list: its first value */
	struct node *last;
	struct node *next;  /* the next value of the same map or list */
	uint32_t count;     /* of a map or list: values in it */
	struct node *older; /* all nodes of the document, for doc_free */
	bool plain;         /* a scalar without quotes, not a block */
	size_t n;           /* of a scalar: octets of text */
	char text[];        /* of a scalar: UTF-8 without NUL inside, terminated */
};

struct doc;

/* Parses text; `path` is for messages only. Both borrowed for the call. Freed by doc_free. */
int doc_parse(const char *path, struct span text, struct doc **d, struct err *e);
/* Reads a file that is no secret and parses it. */
int doc_read(const char *path, struct doc **d, struct err *e);
void doc_free(struct doc *d); /* wipes; NULL is fine */

/* The first key must be `cardadm`, its value KIND/VERSION as given, "keystore/1". */
int doc_is(const struct doc *d, const char *kind, struct err *e);
const struct node *doc_root(const struct doc *d); /* always a map */
/* The value of `key` in a map, NULL when it is not there. */
const struct node *node_get(const struct node *map, const char *key);

/* How a key is called in messages: "`name`", or "this key" when it is longer than 30 octets and so
 * could be a misplaced value. Returns out. */
#define NODE_NAME_SHOWN 30
char *node_name(const struct node *key, char out[static NODE_NAME_SHOWN + 3]);

/* Sets ERR_INPUT with the place of n. Returns -1. */
int doc_error(const struct doc *d, const struct node *n, struct err *e, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

#endif
