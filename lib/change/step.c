#include "change/step.h"

#include <stdio.h>
#include <string.h>

#include "base/suggest.h"

static void add_word(char *list, size_t cap, const char *word)
{
	size_t n = strlen(list);

	snprintf(list + n, cap - n, "%s%s", n == 0 ? "" : ", ", word);
}

/* "unknown key `x`", with the one that is meant, or all there are. */
static int unknown(
    const struct doc *d, const struct node *v, const char *near, const char *all, struct err *e)
{
	char name[NODE_NAME_SHOWN + 3];

	node_name(v->key, name);
	doc_error(
	    d, v->key, e, "unknown key%s%s", name[0] == '`' ? " " : "", name[0] == '`' ? name : "");
	if (near != NULL)
		return err_hint(e, "did you mean `%s`?", near);
	return err_hint(e, "possible here: %.200s", all);
}

static int unknown_kind(const struct doc *d, const struct node *v, struct err *e)
{
	struct suggest near = suggest_for(v->key->text);
	char all[400] = "";

	for (size_t i = 0; i < change_kind_n; i++) {
		suggest_try(&near, change_kinds[i]->name);
		add_word(all, sizeof(all), change_kinds[i]->name);
	}
	return unknown(d, v, near.best, all, e);
}

static int unknown_field(
    const struct doc *d, const struct node *v, const struct change_kind *k, struct err *e)
{
	struct suggest near = suggest_for(v->key->text);
	char all[400] = "";

	for (size_t i = 0; i < k->field_n; i++) {
		if ((k->fields[i].flags & FIELD_NO_STEP) != 0)
			continue;
		suggest_try(&near, k->fields[i].name);
		add_word(all, sizeof(all), k->fields[i].name);
	}
	return unknown(d, v, near.best, all, e);
}

/* A key of the step, and where the document and its file are. */
struct reading {
	const struct doc *d;
	const char *key;
	const struct field_source *from;
};

static int read_value(
    const struct reading *r, const struct node *v, const struct field *f, void *x, struct err *e)
{
	const struct doc *d = r->d;
	const char *key = r->key;
	char why[sizeof(e->text)], hint[sizeof(e->hint)];

	if (v->kind != NODE_SCALAR)
		return doc_error(d, v, e, "`%s` must be %s", key,
		    field_is_list(f) ? "a single value or a list of them" : "a single value");
	if (v->n == 0)
		return doc_error(
		    d, v->plain && v->key != NULL ? v->key : v, e, "`%s` has no value", key);
	if (field_put(f, r->from, v->text, x, e) == 0)
		return 0;
	memcpy(why, e->text, sizeof(why));
	memcpy(hint, e->hint, sizeof(hint));
	doc_error(d, v, e, "`%s` %.300s", key, why);
	return err_hint(e, "%s", hint);
}

static int read_field(const struct doc *d, const struct node *v, const struct change *ch,
    const struct field_source *from, struct err *e)
{
	const struct change_kind *k = ch->kind;
	const struct field *f = field_find(k->fields, k->field_n, v->key->text);
	const struct reading r = { d, v->key->text, from };

	if (f == NULL || (f->flags & FIELD_NO_STEP) != 0)
		return unknown_field(d, v, k, e);
	if (field_given(f, ch->x))
		return doc_error(d, v->key, e, "`%s` and `%s` are one", f->name, f->former);
	if (v->kind != NODE_LIST || !field_is_list(f))
		return read_value(&r, v, f, ch->x, e);
	if (v->count == 0)
		return doc_error(d, v, e, "`%s` must have a value at least", v->key->text);
	for (const struct node *i = v->first; i != NULL; i = i->next)
		if (read_value(&r, i, f, ch->x, e) != 0)
			return -1;
	return 0;
}

static int check_needed(
    const struct doc *d, const struct node *in, const struct change *ch, struct err *e)
{
	for (size_t i = 0; i < ch->kind->field_n; i++) {
		const struct field *f = &ch->kind->fields[i];

		if (field_needed(f, true) && !field_given(f, ch->x))
			return doc_error(d, in, e, "`%s` is missing", f->name);
	}
	return 0;
}

static int read_fields(
    const struct doc *d, const struct node *in, const char *path, struct change *ch, struct err *e)
{
	const struct field_source from = { path };

	for (const struct node *v = in->first; v != NULL; v = v->next)
		if (read_field(d, v, ch, &from, e) != 0)
			return -1;
	return check_needed(d, in, ch, e);
}

int change_step_read(
    const struct doc *d, const struct node *v, const char *path, struct change *ch, struct err *e)
{
	const struct node *in = v->first;
	const struct change_kind *k;

	if (v->kind != NODE_MAP || v->count != 1)
		return doc_error(d, v, e,
		    "a step is a map with one key, what to do, and this has %u",
		    v->kind == NODE_MAP ? v->count : 0);
	k = change_kind_find(in->key->text);
	if (k == NULL)
		return unknown_kind(d, in, e);
	if (in->kind != NODE_MAP)
		return doc_error(d, in, e, "`%s` must be a map of keys and values", k->name);
	if (change_new(ch, k, e) != 0)
		return -1;
	ch->line = in->key->line;
	ch->column = in->key->column;
	if (read_fields(d, in, path, ch, e) == 0)
		return 0;
	change_free(ch);
	return -1;
}
