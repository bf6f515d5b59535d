/* Changes as data: made, completed, named as a goal, released. */
#include "change/change.h"

#include <stdlib.h>
#include <string.h>

const struct change_kind *const change_kinds[] = {
#define X(name) &change_##name,
#include "change/kinds.inc"
#undef X
};
const size_t change_kind_n = sizeof(change_kinds) / sizeof(change_kinds[0]);

const struct change_kind *change_kind_find(const char *name)
{
	for (size_t i = 0; i < change_kind_n; i++)
		if (strcmp(change_kinds[i]->name, name) == 0)
			return change_kinds[i];
	return NULL;
}

int change_new(struct change *ch, const struct change_kind *kind, struct err *e)
{
	*ch = (struct change){ .kind = kind, .x = calloc(1, kind->size) };
	return ch->x == NULL ? err_memory(e) : 0;
}

void change_hide_keys(const struct change *ch, struct err *e)
{
	for (size_t i = 0; i < ch->kind->field_n; i++)
		field_hide_key(&ch->kind->fields[i], ch->x, e);
}

void change_free(struct change *ch)
{
	if (ch->x == NULL)
		return;
	if (ch->kind->close != NULL)
		ch->kind->close(ch->x);
	fields_free(ch->kind->fields, ch->kind->field_n, ch->x);
	free(ch->x);
	ch->x = NULL;
}

int change_take(struct change *ch, const char *name, const char *text, struct err *e)
{
	static const struct field_source here;
	const struct field *f = field_find(ch->kind->fields, ch->kind->field_n, name);

	if (f == NULL)
		return err_set(e, ERR_OTHER, "%s has no field %s", ch->kind->name, name);
	return field_put(f, &here, text, ch->x, e);
}

int change_open(struct change *ch, enum change_from from, struct err *e)
{
	const struct change_kind *k = ch->kind;

	for (size_t i = 0; i < k->field_n; i++)
		if (field_needed(&k->fields[i], from == FROM_STEP) &&
		    !field_given(&k->fields[i], ch->x))
			return err_set(e, ERR_USAGE, FIELD("%s") " is missing", k->fields[i].name);
	return k->open == NULL ? 0 : k->open(ch->x, e);
}

int change_find_keys(struct change *ch, const struct keystore *ks, struct err *e)
{
	const struct change_kind *k = ch->kind;

	for (size_t i = 0; i < k->field_n; i++) {
		const struct field *f = &k->fields[i];
		struct field_keys *v = (struct field_keys *)(void *)((char *)ch->x + f->offset);

		if (f->kind == FIELD_KEYS && field_given(f, ch->x) &&
		    field_keys_find(v, ks, (f->flags & FIELD_AUTHORITY) != 0, e) != 0)
			return -1;
		if (f->kind == FIELD_ENTRY && field_given(f, ch->x) &&
		    field_entry_find(v, ks, (enum entry_type)f->min, e) != 0)
			return -1;
	}
	return k->keyed == NULL ? 0 : k->keyed(ch->x, ks, e);
}

bool change_goal(const struct change *ch, struct wr *w)
{
	const struct change_kind *k = ch->kind;

	wr_lv(w, span_str(k->name));
	for (size_t i = 0; i < k->field_n; i++) {
		struct wr content = wr_grow(1 << 16);
		bool ok = true;

		if (!field_given(&k->fields[i], ch->x))
			continue;
		ok = field_content(&k->fields[i], ch->x, &content);
		wr_lv(w, span_str(k->fields[i].name));
		wr_u32(w, (uint32_t)content.n);
		wr_put(w, wr_span(&content));
		ok = ok && wr_ok(&content);
		wr_free(&content);
		if (!ok)
			return false;
	}
	wr_u8(w, 0); /* no name is empty: where one change ends and the next begins is in it */
	return wr_ok(w);
}

uint64_t change_bit(const struct change_kind *k, size_t offset)
{
	for (size_t i = 0; i < k->field_n; i++)
		if (k->fields[i].offset == offset)
			return 1ull << i;
	return 0;
}

uint64_t change_given(const struct change *ch)
{
	static const size_t none[] = { SIZE_MAX };

	return change_given_but(ch->kind, ch->x, none);
}

uint64_t change_given_but(const struct change_kind *k, const void *x, const size_t *offsets)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < k->field_n; i++)
		if (field_given(&k->fields[i], x))
			bits |= 1ull << i;
	for (; *offsets != SIZE_MAX; offsets++)
		bits &= ~change_bit(k, *offsets);
	return bits;
}
