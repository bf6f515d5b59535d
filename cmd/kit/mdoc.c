/* The blocks of a man page that come from the verb table. */
#include <string.h>

#include "cmd/kit/doc.h"
#include "cmd/kit/opt.h"

/*
 * A sentence, in lines of at most WIDTH columns; control characters at the start of a line and
 * backslashes are escaped for roff.
 */
static void text(FILE *out, const char *s)
{
	enum { WIDTH = 78 };
	size_t column = 0;

	while (*s != '\0') {
		size_t n = strcspn(s, " ");

		if (column > 0 && column + 1 + n > WIDTH) {
			fputc('\n', out);
			column = 0;
		}
		if (column > 0)
			fputc(' ', out);
		if (column == 0 && (*s == '.' || *s == '\''))
			fputs("\\&", out);
		for (size_t i = 0; i < n; i++)
			fputs(s[i] == '\\' ? "\\e" : (char[]){ s[i], '\0' }, out);
		column += n + 1;
		s += n + (s[n] == ' ' ? 1 : 0);
	}
	fputs(".\n", out);
}

/* The arguments of a macro: -x, --name ARG. */
static void macro_option(FILE *out, const struct opt *o)
{
	if (o->letter != 0)
		fprintf(out, "Fl %c , ", o->letter);
	fprintf(out, "Fl -%s", o->name);
	if (o->arg != NULL)
		fprintf(out, " Ar %s", o->arg);
}

static void synopsis_option(FILE *out, const struct opt *o)
{
	fputs((o->flags & OPT_REQUIRED) != 0 ? "." : ".Op ", out);
	if (o->letter != 0)
		fprintf(out, "Fl %c", o->letter);
	else
		fprintf(out, "Fl -%s", o->name);
	if (o->arg != NULL)
		fprintf(out, " Ar %s", o->arg);
	fputc('\n', out);
	if (opt_repeats(o))
		fputs(".Ar ...\n", out);
}

static void synopsis(FILE *out, const struct verb *v)
{
	fprintf(out,
	    ".\\\" synopsis: from the verb table, by `make man`\n.Sh SYNOPSIS\n"
	    ".Nm cardadm\n.Cm %s\n",
	    v->name);
	for (size_t i = 0; i < common_opt_n; i++)
		if (common_offered(&common_opts[i], v))
			synopsis_option(out, &common_opts[i].o);
	for (size_t i = 0; i < verb_opts(v); i++) {
		struct opt o = verb_opt(v, i);

		synopsis_option(out, &o);
	}
	for (size_t i = 0; i < verb_operands(v); i++) {
		struct operand d = verb_operand(v, i);

		fprintf(out, "%sAr %s%s\n", d.optional ? ".Op " : ".", d.arg,
		    operand_repeats(&d) ? " ..." : "");
	}
	fputs(".\\\" end of synopsis\n", out);
}

static void item(FILE *out, const struct opt *o)
{
	fputs(".It ", out);
	macro_option(out, o);
	fputc('\n', out);
	text(out, o->help);
	if ((o->flags & OPT_REQUIRED) != 0)
		fputs("Required.\n", out);
	if (opt_repeats(o))
		fputs("May be repeated.\n", out);
}

void doc_mdoc(FILE *out, const struct verb *v)
{
	synopsis(out, v);
	fputs(".\\\" options: from the verb table, by `make man`\n.Bl -tag -width Ds\n", out);
	for (size_t i = 0; i < verb_operands(v); i++) {
		fprintf(out, ".It Ar %s\n", verb_operand(v, i).arg);
		text(out, verb_operand(v, i).help);
	}
	for (size_t i = 0; i < verb_opts(v); i++) {
		struct opt o = verb_opt(v, i);

		item(out, &o);
	}
	for (size_t i = 0; i < common_opt_n; i++)
		if (common_offered(&common_opts[i], v))
			item(out, &common_opts[i].o);
	fputs(".El\n.\\\" end of options\n", out);
}
