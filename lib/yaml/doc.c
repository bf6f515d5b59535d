#include "yaml/doc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/file.h"
#include "base/text.h"

/* Longest path shown whole; of a longer one the end is shown, so that the message still fits. */
#define PATH_SHOWN 200

struct doc {
	char path[PATH_SHOWN + 1];
	struct node *root;
	struct node *newest;
};

/* What one parse needs besides the document. */
struct build {
	struct doc *d;
	yaml_parser_t parser;
	struct node *open[DOC_DEPTH]; /* maps and lists that are not closed yet, outermost first */
	size_t depth;
	struct node *key; /* in the innermost map: a key that waits for its value */
	uint32_t events;
	struct err *e;
};

static int place_error(
    const struct doc *d, size_t line, size_t column, struct err *e, const char *text)
{
	return err_set(e, ERR_INPUT, "%s:%zu:%zu: %s", d->path, line, column, text);
}

int doc_error(const struct doc *d, const struct node *n, struct err *e, const char *fmt, ...)
{
	char text[sizeof(e->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return place_error(d, n->line, n->column, e, text);
}

/* Control characters, the line ends that only YAML knows, and those that reorder what is shown. */
static bool is_control(uint32_t c)
{
	return (char_is_control(c) && c != '\t' && c != '\n' && c != '\r') ||
	       (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF ||
	       c == 0xFFFE || c == 0xFFFF;
}

static int check_text(const struct doc *d, struct span text, struct err *e)
{
	struct rd r = rd_of(text);
	size_t line = 1, column = 1;
	char what[48];

	while (rd_left(&r) > 0) {
		uint32_t c;

		if (!utf8_next(&r, &c))
			return place_error(d, line, column, e, "not UTF-8");
		if (is_control(c)) {
			snprintf(what, sizeof(what), "control character U+%04X", (unsigned)c);
			return place_error(d, line, column, e, what);
		}
		column = c == '\n' ? 1 : column + 1;
		line += c == '\n';
	}
	return 0;
}

static int fail_at(struct build *b, yaml_mark_t at, const char *text)
{
	return place_error(b->d, at.line + 1, at.column + 1, b->e, text);
}

static int fail_parser(struct build *b)
{
	const char *problem = b->parser.problem;

	if (b->parser.error == YAML_MEMORY_ERROR)
		return err_memory(b->e);
	return fail_at(b, b->parser.problem_mark, problem == NULL ? "not YAML" : problem);
}

static struct node *node_new(struct build *b, enum node_kind kind, yaml_mark_t at, struct span text)
{
	struct node *n = calloc(1, sizeof(*n) + text.n + 1);

	if (n == NULL) {
		err_memory(b->e);
		return NULL;
	}
	n->kind = kind;
	n->line = (uint32_t)at.line + 1;
	n->column = (uint32_t)at.column + 1;
	n->n = text.n;
	if (text.n > 0)
		memcpy(n->text, text.p, text.n);
	n->older = b->d->newest;
	b->d->newest = n;
	return n;
}

static int take_key(struct build *b, const struct node *map, struct node *n, yaml_mark_t at)
{
	char name[NODE_NAME_SHOWN + 3];

	if (n->kind != NODE_SCALAR)
		return fail_at(b, at, "a key must be a plain word, not a map or a list");
	if (n->plain && strcmp(n->text, "<<") == 0)
		return fail_at(b, at, "merge keys (<<) are not supported");
	if (map->count >= DOC_MAP_KEYS)
		return fail_at(b, at, "more than 1024 keys in one map");
	for (const struct node *v = map->first; v != NULL; v = v->next)
		if (strcmp(v->key->text, n->text) == 0)
			return doc_error(b->d, n, b->e,
			    "%s stands here for the second time, first in line %u",
			    node_name(n, name), (unsigned)v->key->line);
	b->key = n;
	return 0;
}

/* Puts a node where it belongs: as the root, as a key, or as the next value. */
static int take_node(struct build *b, struct node *n, yaml_mark_t at)
{
	struct node *in;

	if (b->depth == 0) {
		b->d->root = n;
		return n->kind == NODE_MAP
			   ? 0
			   : fail_at(b, at, "the file must be a map of keys and values");
	}
	in = b->open[b->depth - 1];
	if (in->kind == NODE_MAP && b->key == NULL)
		return take_key(b, in, n, at);
	n->key = b->key;
	b->key = NULL;
	if (in->last == NULL)
		in->first = n;
	else
		in->last->next = n;
	in->last = n;
	in->count++;
	return 0;
}

static int open_node(struct build *b, enum node_kind kind, const yaml_event_t *ev)
{
	struct node *n;

	if (b->depth == DOC_DEPTH)
		return fail_at(b, ev->start_mark, "nested more than 32 levels deep");
	n = node_new(b, kind, ev->start_mark, span_of(NULL, 0));
	if (n == NULL || take_node(b, n, ev->start_mark) != 0)
		return -1;
	b->open[b->depth++] = n;
	return 0;
}

static int take_scalar(struct build *b, const yaml_event_t *ev)
{
	struct span text = span_of(ev->data.scalar.value, ev->data.scalar.length);
	struct rd r = rd_of(text);
	struct node *n;

	if (text.n > DOC_SCALAR_MAX)
		return fail_at(b, ev->start_mark, "value longer than 64 KiB");
	/* Escapes in double quotes can bring what check_text has refused. */
	while (rd_left(&r) > 0) {
		uint32_t c;

		if (!utf8_next(&r, &c) || is_control(c))
			return fail_at(b, ev->start_mark, "control character in a value");
	}
	n = node_new(b, NODE_SCALAR, ev->start_mark, text);
	if (n == NULL)
		return -1;
	n->plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	return take_node(b, n, ev->start_mark);
}

static int refuse_extras(
    struct build *b, const yaml_event_t *ev, const yaml_char_t *anchor, const yaml_char_t *tag)
{
	if (anchor != NULL)
		return fail_at(b, ev->start_mark, "anchors (&) are not supported");
	if (tag != NULL)
		return fail_at(b, ev->start_mark, "tags (!) are not supported");
	return 0;
}

static int take_document(struct build *b, const yaml_event_t *ev)
{
	if (b->d->root != NULL)
		return fail_at(b, ev->start_mark, "more than one document in the file");
	if (ev->data.document_start.version_directive != NULL ||
	    ev->data.document_start.tag_directives.start !=
		ev->data.document_start.tag_directives.end)
		return fail_at(b, ev->start_mark, "directives (%) are not supported");
	return 0;
}

static int take_event(struct build *b, const yaml_event_t *ev)
{
	if (++b->events > DOC_EVENTS)
		return fail_at(b, ev->start_mark, "more than 100,000 keys, values and brackets");
	switch (ev->type) {
	case YAML_DOCUMENT_START_EVENT:
		return take_document(b, ev);
	case YAML_ALIAS_EVENT:
		return fail_at(b, ev->start_mark, "aliases (*) are not supported");
	case YAML_SCALAR_EVENT:
		if (refuse_extras(b, ev, ev->data.scalar.anchor, ev->data.scalar.tag) != 0)
			return -1;
		return take_scalar(b, ev);
	case YAML_MAPPING_START_EVENT:
		if (refuse_extras(
			b, ev, ev->data.mapping_start.anchor, ev->data.mapping_start.tag) != 0)
			return -1;
		return open_node(b, NODE_MAP, ev);
	case YAML_SEQUENCE_START_EVENT:
		if (refuse_extras(
			b, ev, ev->data.sequence_start.anchor, ev->data.sequence_start.tag) != 0)
			return -1;
		return open_node(b, NODE_LIST, ev);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		b->depth--;
		return 0;
	default:
		return 0;
	}
}

static void event_done(yaml_event_t *ev)
{
	if (ev->type == YAML_SCALAR_EVENT && ev->data.scalar.value != NULL)
		explicit_bzero(ev->data.scalar.value, ev->data.scalar.length);
	yaml_event_delete(ev);
}

/*
 * libyaml scans at most 1,024 characters ahead of the event it hands out, so stopping at the first
 * event that is too deep also bounds its quadratic treatment of nested brackets.
 */
static int build_tree(struct build *b)
{
	yaml_event_t ev;
	bool end = false;

	while (!end) {
		int rc;

		if (!yaml_parser_parse(&b->parser, &ev))
			return fail_parser(b);
		end = ev.type == YAML_STREAM_END_EVENT;
		rc = take_event(b, &ev);
		event_done(&ev);
		if (rc != 0)
			return -1;
	}
	if (b->d->root == NULL)
		return place_error(b->d, 1, 1, b->e, "the file is empty");
	return 0;
}

/*
 * libyaml neither wipes its buffers nor knows about secrets. Its two input buffers are wiped here;
 * short pieces of values that grew while they were scanned may stay in freed memory, which is one
 * reason why only test keys may stand in a YAML file.
 */
static void parser_done(yaml_parser_t *p)
{
	if (p->buffer.start != NULL)
		explicit_bzero(p->buffer.start, (size_t)(p->buffer.end - p->buffer.start));
	if (p->raw_buffer.start != NULL)
		explicit_bzero(
		    p->raw_buffer.start, (size_t)(p->raw_buffer.end - p->raw_buffer.start));
	yaml_parser_delete(p);
}

int doc_parse(const char *path, struct span text, struct doc **d, struct err *e)
{
	struct build b = { .e = e };
	size_t n = strlen(path);
	int rc;

	*d = NULL;
	b.d = calloc(1, sizeof(*b.d));
	if (b.d == NULL)
		return err_memory(e);
	if (n <= PATH_SHOWN)
		snprintf(b.d->path, sizeof(b.d->path), "%s", path);
	else
		snprintf(b.d->path, sizeof(b.d->path), "...%s", path + n - (PATH_SHOWN - 3));
	if (span_starts(text, span_str("\xEF\xBB\xBF"))) /* the mark some editors put first */
		text = span_sub(text, 3, text.n);
	if (text.n > DOC_MAX)
		rc = place_error(b.d, 1, 1, e, "larger than 1 MiB");
	else
		rc = check_text(b.d, text, e);
	if (rc == 0 && !yaml_parser_initialize(&b.parser))
		rc = err_memory(e);
	else if (rc == 0) {
		yaml_parser_set_input_string(
		    &b.parser, text.p == NULL ? (const uint8_t *)"" : text.p, text.n);
		yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
		rc = build_tree(&b);
		parser_done(&b.parser);
	}
	if (rc != 0)
		doc_free(b.d);
	else
		*d = b.d;
	return rc;
}

int doc_read(const char *path, struct doc **d, struct err *e)
{
	struct wr text;
	int rc;

	*d = NULL;
	if (file_read(path, DOC_MAX, &text, e) != 0)
		return -1;
	rc = doc_parse(path, wr_span(&text), d, e);
	wr_free(&text);
	return rc;
}

void doc_free(struct doc *d)
{
	struct node *n = d == NULL ? NULL : d->newest;

	while (n != NULL) {
		struct node *older = n->older;

		explicit_bzero(n, sizeof(*n) + n->n);
		free(n);
		n = older;
	}
	free(d);
}

const struct node *doc_root(const struct doc *d)
{
	return d->root;
}

char *node_name(const struct node *key, char out[static NODE_NAME_SHOWN + 3])
{
	bool shown = key->n > 0 && key->n <= NODE_NAME_SHOWN && strchr(key->text, '\n') == NULL;

	snprintf(out, NODE_NAME_SHOWN + 3, "%s%s%s", shown ? "`" : "",
	    shown ? key->text : "this key", shown ? "`" : "");
	return out;
}

const struct node *node_get(const struct node *map, const char *key)
{
	for (const struct node *v = map->first; v != NULL; v = v->next)
		if (strcmp(v->key->text, key) == 0)
			return v;
	return NULL;
}

int doc_is(const struct doc *d, const char *kind, struct err *e)
{
	const struct node *v = d->root->first;
	size_t name = strcspn(kind, "/") + 1;

	if (v == NULL || strcmp(v->key->text, "cardadm") != 0)
		return doc_error(d, v == NULL ? d->root : v->key, e,
		    "the first key must be `cardadm: %s`", kind);
	if (v->kind == NODE_SCALAR && strcmp(v->text, kind) == 0)
		return 0;
	if (v->kind == NODE_SCALAR && strncmp(v->text, kind, name) == 0)
		return doc_error(
		    d, v, e, "another version of this kind of file; known here is `%s`", kind);
	return doc_error(d, v, e, "another kind of file; expected here is `cardadm: %s`", kind);
}
