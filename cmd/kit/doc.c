#include "cmd/kit/doc.h"

#include <string.h>

#include "cmd/kit/opt.h"
#include "cmd/kit/value.h"

enum { WIDTH = 80, TEXT_COLUMN = 26 };

static const char *const titles[GROUPS] = {
	[GROUP_LOOK] = "Look at readers and cards",
	[GROUP_CHANNEL] = "Secure channels",
	[GROUP_CONTENT] = "What is on a card",
	[GROUP_AUTHORITY] = "Who may do what",
	[GROUP_TERMINAL] = "Terminals that cards trust",
	[GROUP_CAMPAIGN] = "Campaigns, bundles, scripts",
	[GROUP_KEYS] = "Key stores",
	[GROUP_VIRTUAL] = "Virtual cards",
};

/* Words in lines of at most WIDTH columns; further lines begin at `indent`. */
struct wrapped {
	FILE *out;
	size_t column, indent;
};

static void put_word(struct wrapped *w, const char *word, size_t n)
{
	if (w->column > w->indent && w->column + 1 + n > WIDTH) {
		fputc('\n', w->out);
		w->column = 0;
	}
	if (w->column < w->indent) {
		fprintf(w->out, "%*s", (int)(w->indent - w->column), "");
		w->column = w->indent;
	} else {
		fputc(' ', w->out);
		w->column++;
	}
	fprintf(w->out, "%.*s", (int)n, word);
	w->column += n;
}

/* `label`, then the text from column TEXT_COLUMN on. */
static void entry(FILE *out, const char *label, const char *text)
{
	struct wrapped w = { out, (size_t)fprintf(out, "  %s", label), TEXT_COLUMN };

	if (w.column + 2 > TEXT_COLUMN) {
		fputc('\n', out);
		w.column = 0;
	}
	while (*text != '\0') {
		size_t n = strcspn(text, " ");

		put_word(&w, text, n);
		text += n + (text[n] == ' ' ? 1 : 0);
	}
	fputc('\n', out);
}

static bool in_family(const char *verb, const char *family)
{
	size_t n = family == NULL ? 0 : strlen(family);

	return n == 0 || (strncmp(verb, family, n) == 0 && verb[n] == ' ');
}

/* Verbs of the group by their places; those of one place as they are in the table. */
static const struct verb *next_of(enum verb_group g, const struct verb *last)
{
	const struct verb *next = NULL;
	bool passed = last == NULL;

	for (size_t i = 0; i < verb_n; i++) {
		const struct verb *v = verbs[i];

		if (v == last) {
			passed = true;
			continue;
		}
		if (v->group == g &&
		    (last == NULL || v->place > last->place ||
			(v->place == last->place && passed)) &&
		    (next == NULL || v->place < next->place))
			next = v;
	}
	return next;
}

static void group(FILE *out, enum verb_group g, const char *family)
{
	bool titled = false;

	for (const struct verb *v = next_of(g, NULL); v != NULL; v = next_of(g, v)) {
		if (!in_family(v->name, family))
			continue;
		if (!titled)
			fprintf(out, "\n%s:\n", titles[g]);
		titled = true;
		entry(out, v->name, v->summary);
	}
}

void doc_all(FILE *out, const char *family)
{
	fprintf(out, "usage: cardadm %s%sVERB [OPTION...] [ARGUMENT...]\n",
	    family == NULL ? "" : family, family == NULL ? "" : " ");
	for (enum verb_group g = GROUP_LOOK; g < GROUPS; g++)
		group(out, g, family);
	fprintf(out, "\ncardadm VERB --help shows the options of one verb, cardadm --version the\n"
		     "version. The manual begins at cardadm(1).\n");
}

static void option(FILE *out, const struct opt *o)
{
	char label[96], text[320];
	size_t n;

	n = o->letter != 0 ? (size_t)snprintf(label, sizeof(label), "-%c, ", o->letter)
			   : (size_t)snprintf(label, sizeof(label), "    ");
	snprintf(label + n, sizeof(label) - n, "--%s%s%s", o->name, o->arg == NULL ? "" : " ",
	    o->arg == NULL ? "" : o->arg);
	snprintf(text, sizeof(text), "%s%s%s", o->help,
	    (o->flags & OPT_REQUIRED) != 0 ? " (required)" : "",
	    opt_repeats(o) ? " (may be repeated)" : "");
	entry(out, label, text);
}

static void usage(FILE *out, const struct verb *v)
{
	struct wrapped w = { out, (size_t)fprintf(out, "usage: cardadm %s", v->name), 15 };
	char part[96];

	for (size_t i = 0; i < verb_opts(v); i++) {
		struct opt o = verb_opt(v, i);

		if ((o.flags & OPT_REQUIRED) == 0)
			continue;
		snprintf(part, sizeof(part), "--%s %s", o.name, o.arg);
		put_word(&w, part, strlen(part));
	}
	put_word(&w, "[OPTION...]", strlen("[OPTION...]"));
	for (size_t i = 0; i < verb_operands(v); i++) {
		struct operand d = verb_operand(v, i);

		snprintf(part, sizeof(part), "%s%s%s%s", d.optional ? "[" : "", d.arg,
		    operand_repeats(&d) ? "..." : "", d.optional ? "]" : "");
		put_word(&w, part, strlen(part));
	}
	fprintf(out, "\n%s.\n", v->summary);
}

void doc_verb(FILE *out, const struct verb *v)
{
	usage(out, v);
	if (verb_operands(v) > 0)
		fprintf(out, "\nArguments:\n");
	for (size_t i = 0; i < verb_operands(v); i++)
		entry(out, verb_operand(v, i).arg, verb_operand(v, i).help);
	if (verb_opts(v) > 0)
		fprintf(out, "\nOptions:\n");
	for (size_t i = 0; i < verb_opts(v); i++) {
		struct opt o = verb_opt(v, i);

		option(out, &o);
	}
	fprintf(out, "\nCommon options:\n");
	for (size_t i = 0; i < common_opt_n; i++)
		if (common_offered(&common_opts[i], v))
			option(out, &common_opts[i].o);
}
