/* What a verb takes: its own rows, and in front of them those of the change that it makes. */
#include "cmd/kit/verb.h"

#include "change/change.h"

static bool is_option(const struct field *f)
{
	return (f->flags & (FIELD_OPERAND | FIELD_NO_OPTION)) == 0;
}

static bool is_operand(const struct field *f)
{
	return (f->flags & FIELD_OPERAND) != 0;
}

/* Field i of those that are, NULL past the end; *n: how many there are. */
static const struct field *field_at(
    const struct verb *v, bool (*is)(const struct field *f), size_t i, size_t *n)
{
	const struct field *found = NULL;

	*n = 0;
	for (size_t k = 0; v->change != NULL && k < v->change->field_n; k++) {
		if (!is(&v->change->fields[k]))
			continue;
		if ((*n)++ == i)
			found = &v->change->fields[k];
	}
	return found;
}

size_t verb_opts(const struct verb *v)
{
	size_t n;

	(void)field_at(v, is_option, 0, &n);
	return n + v->opt_n;
}

struct opt verb_opt(const struct verb *v, size_t i)
{
	size_t n;
	const struct field *f = field_at(v, is_option, i, &n);

	if (f == NULL)
		return v->opts[i - n];
	return (struct opt){ .name = f->name,
		.kind = OPT_FIELD,
		.arg = f->arg,
		.help = f->help,
		.offset = v->change_at,
		.flags = (f->flags & FIELD_REQUIRED) != 0 ? OPT_REQUIRED : 0u,
		.choices = f->choices,
		.field = f };
}

size_t verb_operands(const struct verb *v)
{
	size_t n;

	(void)field_at(v, is_operand, 0, &n);
	return n + v->operand_n;
}

struct operand verb_operand(const struct verb *v, size_t i)
{
	size_t n;
	const struct field *f = field_at(v, is_operand, i, &n);

	if (f == NULL)
		return v->operands[i - n];
	return (struct operand){ .arg = f->arg,
		.kind = OPT_FIELD,
		.offset = v->change_at,
		.optional = (f->flags & FIELD_REQUIRED) == 0,
		.choices = f->choices,
		.help = f->help,
		.field = f };
}

static bool field_repeats(const struct field *f)
{
	return f->kind == FIELD_AIDS || f->kind == FIELD_FILES;
}

bool opt_repeats(const struct opt *o)
{
	return o->kind == OPT_STRINGS || (o->kind == OPT_FIELD && field_repeats(o->field));
}

bool operand_repeats(const struct operand *d)
{
	return d->kind == OPT_STRINGS || (d->kind == OPT_FIELD && field_repeats(d->field));
}
