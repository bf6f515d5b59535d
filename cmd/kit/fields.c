#include "cmd/kit/fields.h"

#include "base/text.h"
#include "base/value.h"
#include "cmd/kit/out.h"
#include "cmd/kit/show.h"
#include "cmd/kit/print.h"
#include "gp/day.h"
#include "gp/privilege.h"

static json_t *aids_json(const struct field_aids *v)
{
	json_t *a = json_array();

	for (size_t i = 0; i < v->n; i++)
		show_add(&a, out_hex(aid_span(&v->list[i])));
	return a;
}

static json_t *files_json(const struct field_files *v)
{
	json_t *a = json_array();

	for (size_t i = 0; i < v->n; i++)
		show_add(&a, json_text(v->list[i].path));
	return a;
}

static json_t *words_json(const struct field *f, uint32_t bits)
{
	json_t *a = json_array();

	for (size_t i = 0; f->choices[i] != NULL; i++)
		if ((bits & 1u << i) != 0)
			show_add(&a, json_text(f->choices[i]));
	return a;
}

static json_t *privileges_json(uint32_t v)
{
	json_t *a = json_array();

	for (uint32_t bit = 0x800000; bit != 0; bit >>= 1)
		if ((v & bit) != 0 && privilege_str(bit) != NULL)
			show_add(&a, json_text(privilege_str(bit)));
	return a;
}

/* Seconds from now, or the day. */
static json_t *when_json(const struct field_when *v)
{
	char day[DATE_SIZE];

	return v->from_now ? json_integer((json_int_t)v->v)
			   : json_text(date_str(day_of((int64_t)v->v - 1), day));
}

json_t *field_json(const struct field *f, const void *base)
{
	const void *v = (const char *)base + f->offset;
	const struct field_bytes *bytes = v;
	char date[DATE_SIZE];

	switch (f->kind) {
	case FIELD_FLAG:
		return json_boolean(*(const bool *)v);
	case FIELD_AID:
		return out_hex(aid_span(v));
	case FIELD_AIDS:
		return aids_json(v);
	case FIELD_HEX8:
		return json_text(out_hex8((uint8_t)((const struct field_u32 *)v)->v).s);
	case FIELD_U32:
	case FIELD_TIME:
		return json_integer((json_int_t)((const struct field_u32 *)v)->v);
	case FIELD_BYTES:
		return out_hex(span_of(bytes->b, bytes->n));
	case FIELD_CHOICE:
		return json_text(f->choices[((const struct field_choice *)v)->i]);
	case FIELD_CHOICES:
		return words_json(f, ((const struct field_bits *)v)->v);
	case FIELD_PRIVILEGES:
		return privileges_json(((const struct field_privileges *)v)->v);
	case FIELD_TEXT:
		return json_text(((const struct field_text *)v)->s);
	case FIELD_KEYS:
	case FIELD_ENTRY:
		return json_text(((const struct field_keys *)v)->name);
	case FIELD_FILE:
		return json_text(((const struct field_file *)v)->path);
	case FIELD_FILES:
		return files_json(v);
	case FIELD_DATE:
		return json_text(date_str(((const struct field_u32 *)v)->v, date));
	case FIELD_AID_NEW:
		return ((const struct field_aid_new *)v)->is_new
			   ? json_text("new")
			   : out_hex(aid_span(&((const struct field_aid_new *)v)->aid));
	case FIELD_WHERE:
		return json_text(((const struct field_where *)v)->path);
	case FIELD_WHEN:
		return when_json(v);
	}
	return json_null();
}

/* The octets of file names, where one of them is no UTF-8. */
static void set_files_hex(json_t **o, const char *name, const struct field_files *v)
{
	char second[64];
	bool text = true;
	json_t *a;

	for (size_t i = 0; i < v->n; i++)
		text = text && utf8_ok(span_str(v->list[i].path));
	if (text)
		return;
	a = json_array();
	for (size_t i = 0; i < v->n; i++)
		show_add(&a, out_hex(span_str(v->list[i].path)));
	snprintf(second, sizeof(second), "%s_hex", name);
	out_set(o, second, a);
}

static void set_field(json_t **o, const struct field *f, const void *base)
{
	const void *v = (const char *)base + f->offset;

	if (f->kind == FIELD_FILE) {
		out_set_text(o, f->name, ((const struct field_file *)v)->path);
		return;
	}
	if (f->kind == FIELD_WHERE) {
		out_set_text(o, f->name, ((const struct field_where *)v)->path);
		return;
	}
	out_set(o, f->name, field_json(f, base));
	if (f->kind == FIELD_FILES)
		set_files_hex(o, f->name, v);
}

void fields_json(json_t **o, const struct change *ch)
{
	for (size_t i = 0; i < ch->kind->field_n; i++)
		if (field_given(&ch->kind->fields[i], ch->x))
			set_field(o, &ch->kind->fields[i], ch->x);
}

json_t *fields_names_json(const struct change_kind *k, uint64_t bits)
{
	json_t *a = json_array();

	for (size_t i = 0; i < k->field_n; i++)
		if ((bits & 1ull << i) != 0)
			show_add(&a, json_text(k->fields[i].name));
	return a;
}
