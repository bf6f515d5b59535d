#include "cmd/kit/opt.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/suggest.h"
#include "cmd/kit/value.h"
#include "change/change.h"

#define TALKS_TO_CARD (NEED_READER | USES_SESSION | NEED_SESSION)

const struct common_opt common_opts[] = {
	{ OPT_STRING("reader", "READER", common, reader,
	      "Reader: its name, a unique part of it, its number, vcard:PATH or replay:PATH",
	      .letter = 'r'),
	    TALKS_TO_CARD, 0 },
	{ OPT_U32("wait", "SECONDS", common, wait, 1, 86400,
	      "Wait so long for the reader and a card in it"),
	    TALKS_TO_CARD, NEED_SESSION },
	{ OPT_U32(
	      "timeout", "SECONDS", common, timeout, 1, 86400, "Longest time for one command (60)"),
	    TALKS_TO_CARD, 0 },
	{ OPT_PATH("keystore", "FILE", common, keystore, "Key store", .letter = 'k'), USES_KEYSTORE,
	    0 },
	{ OPT_FLAG("json", common, json, "Print JSON", .letter = 'j'), HAS_JSON, 0 },
	{ OPT_PATH("trace", "FILE", common, trace, "Append what goes over the wire to a file",
	      .letter = 't'),
	    TALKS_TO_CARD | TRACES, 0 },
	{ OPT_FLAG("dry-run", common, dry_run, "Print what would be sent and send nothing",
	      .letter = 'n'),
	    MUTATES, 0 },
	{ OPT_FLAG("yes", common, yes, "Do not ask", .letter = 'y'), DESTROYS, 0 },
	{ OPT_FLAG("quiet", common, quiet, "No remarks, no progress", .letter = 'q'), 0, 0 },
	{ OPT_COUNT("verbose", common, verbose, "More remarks", .letter = 'v'), 0, 0 },
	{ OPT_FLAG("help", common, help, "Show help and end", .letter = 'h'), 0, 0 },
	{ OPT_FLAG("version", common, version, "Show the version and end"), 0, 0 },
};
const size_t common_opt_n = sizeof(common_opts) / sizeof(common_opts[0]);

/* Only the program as a whole has a version; verbs may use the word for something else. */
bool common_offered(const struct common_opt *o, const struct verb *v)
{
	if (v == NULL)
		return true;
	if (o->o.offset == offsetof(struct common, version))
		return false;
	return (o->needs == 0 || (o->needs & v->needs) != 0) && (o->unless & v->needs) == 0;
}

const struct verb *verb_find(char *const *words, size_t n, size_t *used)
{
	for (size_t i = 0; i < verb_n; i++) {
		const char *name = verbs[i]->name;
		const char *blank = strchr(name, ' ');
		size_t first = blank == NULL ? strlen(name) : (size_t)(blank - name);

		if (n < 1 || strlen(words[0]) != first || strncmp(words[0], name, first) != 0)
			continue;
		if (blank == NULL || (n > 1 && strcmp(words[1], blank + 1) == 0)) {
			*used = blank == NULL ? 1 : 2;
			return verbs[i];
		}
	}
	return NULL;
}

bool verb_family(const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; i < verb_n; i++)
		if (strncmp(verbs[i]->name, word, n) == 0 && verbs[i]->name[n] == ' ')
			return true;
	return false;
}

/* ---- one command line ---- */

struct parser {
	struct line *l;
	char **argv;
	size_t n, at;          /* words there, the next one */
	uint64_t seen, common; /* options given, one bit per row of either table */
	size_t operand;        /* operands filled */
	bool words_only;       /* behind -- */
	struct err *e;
};

/* An option as it was found: which table, which row. */
struct found {
	struct opt o;
	uint64_t *seen, bit;
	void *base;
};

static bool is_named(const struct opt *o, const char *name, size_t n, char letter)
{
	if (name == NULL)
		return o->letter != 0 && o->letter == letter;
	return strlen(o->name) == n && strncmp(o->name, name, n) == 0;
}

/* By name (n characters of it), or by letter when name is NULL. */
static bool find(struct parser *p, const char *name, size_t n, char letter, struct found *f)
{
	const struct verb *v = p->l->verb;

	for (size_t i = 0; v != NULL && i < verb_opts(v); i++) {
		struct opt o = verb_opt(v, i);

		if (is_named(&o, name, n, letter)) {
			*f = (struct found){ o, &p->seen, 1ull << i, p->l->args };
			return true;
		}
	}
	for (size_t i = 0; i < common_opt_n; i++)
		if (common_offered(&common_opts[i], v) &&
		    is_named(&common_opts[i].o, name, n, letter)) {
			*f = (struct found){ common_opts[i].o, &p->common, 1ull << i,
				&p->l->common };
			return true;
		}
	return false;
}

/* A word for `arg` ("NAME", "FILE|AID"; NULL: for nothing) that may be a key is not repeated,
 * unless hex is what belongs there. */
static void guard(struct parser *p, const char *arg, const char *word)
{
	struct line *l = p->l;

	if (arg != NULL && (strstr(arg, "AID") != NULL || strstr(arg, "HEX") != NULL ||
			       strstr(arg, "ID") != NULL || strcmp(arg, "APDU") == 0))
		return;
	if (text_may_be_key(word) && l->unshown_n < sizeof(l->unshown) / sizeof(l->unshown[0]))
		l->unshown[l->unshown_n++] = word;
}

void line_hide_keys(const struct line *l, struct err *e)
{
	for (size_t i = 0; i < l->unshown_n; i++)
		text_hide_key(e, l->unshown[i]);
}

static int unknown_option(struct parser *p, const char *word, size_t n)
{
	const struct verb *v = p->l->verb;
	char name[48];
	struct suggest near;

	guard(p, NULL, word);
	snprintf(name, sizeof(name), "%.*s", (int)(n < 47 ? n : 47), word);
	near = suggest_for(name);
	for (size_t i = 0; v != NULL && i < verb_opts(v); i++)
		suggest_try(&near, verb_opt(v, i).name);
	for (size_t i = 0; i < common_opt_n; i++)
		if (common_offered(&common_opts[i], v))
			suggest_try(&near, common_opts[i].o.name);
	err_set(p->e, ERR_USAGE, "unknown option --%s", name);
	if (near.best != NULL)
		return err_hint(p->e, "did you mean --%s?", near.best);
	if (v == NULL)
		return err_hint(p->e, "options of a verb stand behind the verb");
	return err_hint(p->e, "cardadm %s --help shows its options", v->name);
}

/* Stores one option; `attached` is the value that stood in the same word, or NULL. */
static int take(struct parser *p, const struct found *f, const char *attached)
{
	const struct opt *o = &f->o;
	const char *text = attached;
	char what[48];

	snprintf(what, sizeof(what), "--%s", o->name);
	if ((*f->seen & f->bit) != 0 && !opt_repeats(o) && o->kind != OPT_COUNT)
		return err_set(p->e, ERR_USAGE, "option %s is given twice", what);
	*f->seen |= f->bit;
	if (!value_wanted(o)) {
		if (attached != NULL)
			return err_set(p->e, ERR_USAGE, "option %s takes no value", what);
		return value_store(o, what, "", f->base, p->e);
	}
	if (text == NULL && p->at < p->n)
		text = p->argv[p->at++];
	if (text == NULL || (attached == NULL && text[0] == '-' && text[1] != '\0')) {
		err_set(p->e, ERR_USAGE, "option %s needs a value: %s", what, o->arg);
		if (text == NULL)
			return -1;
		return err_hint(p->e, "a value that begins with - is written %s=%s", what, text);
	}
	guard(p, o->arg, text);
	return value_store(o, what, text, f->base, p->e);
}

static int long_option(struct parser *p, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t n = equals == NULL ? strlen(word) : (size_t)(equals - word);
	struct found f;

	if (!find(p, word, n, 0, &f))
		return unknown_option(p, word, n);
	return take(p, &f, equals == NULL ? NULL : equals + 1);
}

static int letters(struct parser *p, const char *word)
{
	struct found f;

	for (; *word != '\0'; word++) {
		if (!find(p, NULL, 0, *word, &f)) {
			err_set(p->e, ERR_USAGE, "unknown option -%c", *word);
			return err_hint(p->e, "cardadm %s%s--help shows what there is",
			    p->l->verb == NULL ? "" : p->l->verb->name,
			    p->l->verb == NULL ? "" : " ");
		}
		if (value_wanted(&f.o))
			return take(p, &f, word[1] == '\0' ? NULL : word + 1);
		if (take(p, &f, NULL) != 0)
			return -1;
	}
	return 0;
}

static int unknown_verb(struct parser *p)
{
	const char *first = p->argv[p->at];
	const char *second = p->at + 1 < p->n && verb_family(first) ? p->argv[p->at + 1] : NULL;
	char typed[80];
	struct suggest near;

	guard(p, NULL, first);
	if (second != NULL)
		guard(p, NULL, second);
	snprintf(typed, sizeof(typed), "%.38s%s%.38s", first, second == NULL ? "" : " ",
	    second == NULL ? "" : second);
	near = suggest_for(typed);
	for (size_t i = 0; i < verb_n; i++)
		suggest_try(&near, verbs[i]->name);
	if (second == NULL && verb_family(first)) {
		err_set(p->e, ERR_USAGE, "%s needs a second word", first);
		return err_hint(p->e, "cardadm %s --help shows them", first);
	}
	err_set(p->e, ERR_USAGE, "unknown verb `%s`", typed);
	if (near.best != NULL)
		return err_hint(p->e, "did you mean %s?", near.best);
	return err_hint(p->e, "cardadm --help shows the verbs");
}

static struct change *change_of(const struct line *l)
{
	return (struct change *)(void *)((char *)l->args + l->verb->change_at);
}

static int make_args(struct line *l, struct err *e)
{
	const struct verb *v = l->verb;

	l->args = calloc(1, v->args_size > 0 ? v->args_size : 1);
	if (l->args == NULL)
		return err_memory(e);
	return v->change == NULL ? 0 : change_new(change_of(l), v->change, e);
}

/* The word that is no option and the first of its kind: the verb. */
static int take_verb(struct parser *p)
{
	const struct verb *v;
	size_t used = 0;

	v = verb_find(p->argv + p->at, p->n - p->at, &used);
	if (v == NULL && verb_family(p->argv[p->at])) {
		const char *next = p->at + 1 < p->n ? p->argv[p->at + 1] : "";

		if (p->l->common.help || strcmp(next, "--help") == 0 || strcmp(next, "-h") == 0) {
			p->l->family = p->argv[p->at];
			p->l->common.help = true;
			p->at = p->n;
			return 0;
		}
	}
	if (v == NULL)
		return unknown_verb(p);
	p->at += used;
	p->l->verb = v;
	for (size_t i = 0; i < common_opt_n; i++)
		if ((p->common & 1ull << i) != 0 && !common_offered(&common_opts[i], v))
			return err_set(
			    p->e, ERR_USAGE, "this verb has no option --%s", common_opts[i].o.name);
	return make_args(p->l, p->e);
}

static int take_operand(struct parser *p, const char *word)
{
	const struct verb *v = p->l->verb;
	struct operand d;
	struct opt o;

	if (p->operand >= verb_operands(v)) {
		guard(p, NULL, word);
		return err_set(p->e, ERR_USAGE, "one word too many: `%.80s`", word);
	}
	d = verb_operand(v, p->operand);
	guard(p, d.arg, word);
	o = (struct opt){ .name = d.arg,
		.kind = d.kind,
		.arg = d.arg,
		.offset = d.offset,
		.choices = d.choices,
		.field = d.field };
	if (!operand_repeats(&d))
		p->operand++;
	return value_store(&o, d.arg, word, p->l->args, p->e);
}

static int take_word(struct parser *p)
{
	const char *word = p->argv[p->at];

	if (!p->words_only && strcmp(word, "--") == 0) {
		p->words_only = true;
		p->at++;
		return 0;
	}
	if (!p->words_only && word[0] == '-' && word[1] != '\0') {
		p->at++;
		return word[1] == '-' ? long_option(p, word + 2) : letters(p, word + 1);
	}
	if (p->l->verb == NULL)
		return take_verb(p);
	p->at++;
	return take_operand(p, word);
}

static bool operand_given(const struct parser *p, size_t i)
{
	const struct operand d = verb_operand(p->l->verb, i);
	const void *at = (const char *)p->l->args + d.offset;

	if (!operand_repeats(&d))
		return i < p->operand;
	return d.kind == OPT_FIELD ? field_given(d.field, ((const struct change *)at)->x)
				   : ((const struct opt_strings *)at)->n > 0;
}

static int check_complete(const struct parser *p)
{
	const struct verb *v = p->l->verb;

	for (size_t i = 0; i < verb_opts(v); i++) {
		struct opt o = verb_opt(v, i);

		if ((o.flags & OPT_REQUIRED) != 0 && (p->seen & 1ull << i) == 0)
			return err_set(p->e, ERR_USAGE, "option --%s %s is missing", o.name, o.arg);
	}
	for (size_t i = 0; i < verb_operands(v); i++)
		if (!verb_operand(v, i).optional && !operand_given(p, i))
			return err_set(p->e, ERR_USAGE, "%s is missing", verb_operand(v, i).arg);
	return 0;
}

static int help_hint(const struct line *l, struct err *e)
{
	if (l->verb == NULL)
		return err_hint_else(e, "cardadm --help shows the verbs");
	return err_hint_else(e, "cardadm %s --help shows what it takes", l->verb->name);
}

int line_parse(struct line *l, int argc, char **argv, struct err *e)
{
	struct parser p = { .l = l, .argv = argv, .n = argc > 0 ? (size_t)argc : 0, .e = e };

	*l = (struct line){ 0 };
	while (p.at < p.n)
		if (take_word(&p) != 0)
			return help_hint(l, e);
	if (l->common.help || l->common.version || l->verb == NULL)
		return 0;
	if (check_complete(&p) == 0)
		return 0;
	return help_hint(l, e);
}

void line_free(struct line *l)
{
	if (l->args != NULL && l->verb->change != NULL)
		change_free(change_of(l));
	free(l->args);
	l->args = NULL;
}
