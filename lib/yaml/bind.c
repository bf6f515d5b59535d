#include "yaml/bind.h"

#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/suggest.h"
#include "base/value.h"

bool name_ok(const char *text, size_t max)
{
	size_t n = strlen(text);

	return n >= 1 && n <= max && strcmp(text, ".") != 0 && strcmp(text, "..") != 0 &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
		   n;
}

static int unknown_key(
    const struct doc *d, const struct node *v, const struct bind_table *t, struct err *e)
{
	char name[NODE_NAME_SHOWN + 3], known[sizeof(e->hint)] = "";
	struct suggest c = suggest_for(v->key->text);

	node_name(v->key, name);
	doc_error(
	    d, v->key, e, "unknown key%s%s", name[0] == '`' ? " " : "", name[0] == '`' ? name : "");
	for (size_t i = 0; i < t->n; i++) {
		size_t at = strlen(known);

		suggest_try(&c, t->field[i].key);
		snprintf(
		    known + at, sizeof(known) - at, "%s%s", at == 0 ? "" : ", ", t->field[i].key);
	}
	if (c.best != NULL)
		return err_hint(e, "did you mean `%s`?", c.best);
	return err_hint(e, "possible here: %.200s", known);
}

static int bind_choice(
    const struct doc *d, const struct node *v, const struct bind_field *f, int *to, struct err *e)
{
	char words[200] = "";
	struct suggest c = suggest_for(v->text);

	for (int i = 0; f->choices[i] != NULL; i++) {
		size_t at = strlen(words);

		if (strcmp(v->text, f->choices[i]) == 0) {
			*to = i;
			return 0;
		}
		suggest_try(&c, f->choices[i]);
		snprintf(
		    words + at, sizeof(words) - at, "%s%s", at == 0 ? "" : ", ", f->choices[i]);
	}
	doc_error(d, v, e, "`%s` must be one of: %s", f->key, words);
	return c.best == NULL ? -1 : err_hint(e, "did you mean `%s`?", c.best);
}

static int bind_string(
    const struct doc *d, const struct node *v, const struct bind_field *f, char *to, struct err *e)
{
	if (f->kind == BIND_NAME && !name_ok(v->text, f->max))
		return doc_error(d, v, e,
		    "`%s` must be a name of 1 to %u letters, digits, dots, underscores and hyphens",
		    f->key, (unsigned)f->max);
	if (v->n < f->min || v->n > f->max)
		return doc_error(d, v, e, "`%s` must have %u to %u octets, and has %zu", f->key,
		    (unsigned)f->min, (unsigned)f->max, v->n);
	if (strpbrk(v->text, "\r\n") != NULL)
		return doc_error(d, v, e, "`%s` must be one line", f->key);
	memcpy(to, v->text, v->n + 1);
	return 0;
}

static int bind_hex8(
    const struct doc *d, const struct node *v, const struct bind_field *f, int *to, struct err *e)
{
	uint8_t b;

	if (v->n != 2 || !hex_exact(span_str(v->text), &b, 1) || b < f->min || b > f->max)
		return doc_error(d, v, e, "`%s` must be one octet in hex, %02X to %02X", f->key,
		    (unsigned)f->min, (unsigned)f->max);
	*to = b;
	return 0;
}

static int bind_bytes(const struct doc *d, const struct node *v, const struct bind_field *f,
    struct bind_bytes *to, struct err *e)
{
	if (!hex_get(span_str(v->text), to->b, sizeof(to->b), &to->n) || to->n < f->min ||
	    to->n > f->max) {
		to->n = 0;
		if (f->min == f->max)
			return doc_error(
			    d, v, e, "`%s` must be %u octets in hex", f->key, (unsigned)f->max);
		return doc_error(d, v, e, "`%s` must be %u to %u octets in hex", f->key,
		    (unsigned)f->min, (unsigned)f->max);
	}
	return 0;
}

static int bind_number(const struct doc *d, const struct node *v, const struct bind_field *f,
    uint32_t *to, struct err *e)
{
	uint32_t x;

	if (f->kind == BIND_DATE)
		return date_get(v->text, to)
			   ? 0
			   : doc_error(d, v, e, "`%s` must be a date, YYYY-MM-DD", f->key);
	if (f->kind == BIND_VERSION)
		return version_get(v->text, to)
			   ? 0
			   : doc_error(
				 d, v, e, "`%s` must be a version of two numbers, 3.2", f->key);
	if (!decimal_get(v->text, &x) || x < f->min || x > f->max)
		return doc_error(d, v, e, "`%s` must be a number from %u to %u", f->key,
		    (unsigned)f->min, (unsigned)f->max);
	*to = x;
	return 0;
}

static int bind_bool(
    const struct doc *d, const struct node *v, const struct bind_field *f, bool *to, struct err *e)
{
	if (strcmp(v->text, "true") != 0 && strcmp(v->text, "false") != 0)
		return doc_error(d, v, e, "`%s` must be true or false", f->key);
	*to = v->text[0] == 't';
	return 0;
}

static int bind_entries(const struct doc *d, const struct node *map, const struct bind_field *f,
    void *to, struct err *e)
{
	for (const struct node *v = map->first; v != NULL; v = v->next)
		if (f->each(d, v, to, e) != 0)
			return -1;
	return 0;
}

static int bind_list(const struct doc *d, const struct node *list, const struct bind_field *f,
    void *to, struct err *e)
{
	if (list->count < f->min || list->count > f->max)
		return doc_error(d, list, e, "`%s` must have %u to %u values, and has %u", f->key,
		    (unsigned)f->min, (unsigned)f->max, (unsigned)list->count);
	for (const struct node *v = list->first; v != NULL; v = v->next) {
		if (f->kind == BIND_MAPS && v->kind != NODE_MAP)
			return doc_error(d, v, e, "`%s` must be a list of maps", f->key);
		if (f->kind == BIND_LIST && (v->kind != NODE_SCALAR || v->n == 0))
			return doc_error(d, v, e, "`%s` must be a list of single values", f->key);
		if (f->each(d, v, to, e) != 0)
			return -1;
	}
	return 0;
}

/* The value has the form its kind needs: a map, or a scalar that is not empty by oversight. */
static int check_form(
    const struct doc *d, const struct node *v, const struct bind_field *f, struct err *e)
{
	bool map = f->kind == BIND_MAP || f->kind == BIND_EACH;
	bool either = f->kind == BIND_CHOICE && f->table != NULL;

	if (v->kind == NODE_SCALAR && v->plain && v->n == 0)
		return doc_error(d, v->key == NULL ? v : v->key, e, "`%s` has no value", f->key);
	if (either && v->kind == NODE_MAP)
		return 0;
	if (f->kind == BIND_LIST || f->kind == BIND_MAPS)
		return v->kind == NODE_LIST ? 0 : doc_error(d, v, e, "`%s` must be a list", f->key);
	if (map && v->kind != NODE_MAP)
		return doc_error(d, v, e, "`%s` must be a map of keys and values", f->key);
	if (!map && v->kind != NODE_SCALAR)
		return doc_error(d, v, e, "`%s` must be a single value", f->key);
	return 0;
}

int bind_value(
    const struct doc *d, const struct node *v, const struct bind_field *f, void *to, struct err *e)
{
	void *at = (char *)to + f->offset;

	if (check_form(d, v, f, e) != 0)
		return -1;
	switch (f->kind) {
	case BIND_HEADER:
		return 0;
	case BIND_STRING:
	case BIND_NAME:
		return bind_string(d, v, f, at, e);
	case BIND_U32:
	case BIND_DATE:
	case BIND_VERSION:
		return bind_number(d, v, f, at, e);
	case BIND_BOOL:
		return bind_bool(d, v, f, at, e);
	case BIND_HEX8:
		return bind_hex8(d, v, f, at, e);
	case BIND_BYTES:
		return bind_bytes(d, v, f, at, e);
	case BIND_CHOICE:
		if (v->kind == NODE_MAP)
			return bind_map(d, v, f->table, to, e);
		return bind_choice(d, v, f, at, e);
	case BIND_MAP:
		return bind_map(d, v, f->table, at, e);
	case BIND_EACH:
		return bind_entries(d, v, f, to, e);
	case BIND_LIST:
	case BIND_MAPS:
		return bind_list(d, v, f, to, e);
	}
	return doc_error(d, v, e, "`%s`: not understood", f->key);
}

static const struct bind_field *field_find(const struct bind_table *t, const char *key)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->field[i].key, key) == 0)
			return &t->field[i];
	return NULL;
}

int bind_map(const struct doc *d, const struct node *map, const struct bind_table *t, void *to,
    struct err *e)
{
	for (const struct node *v = map->first; v != NULL; v = v->next) {
		const struct bind_field *f = field_find(t, v->key->text);

		if (f == NULL)
			return unknown_key(d, v, t, e);
		if (bind_value(d, v, f, to, e) != 0)
			return -1;
	}
	for (size_t i = 0; i < t->n; i++)
		if ((t->field[i].flags & BIND_REQUIRED) != 0 &&
		    node_get(map, t->field[i].key) == NULL)
			return doc_error(d, map, e, "`%s` is missing", t->field[i].key);
	return 0;
}
