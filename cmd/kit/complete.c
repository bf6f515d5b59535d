/* Completion: what may stand in the place of the last word. */
#include <string.h>

#include "cmd/kit/doc.h"
#include "cmd/kit/opt.h"
#include "cmd/kit/value.h"
#include "change/field.h"

struct completion {
	FILE *out;
	char *const *words;
	size_t n;        /* words before the one that is being written */
	const char *cur; /* that one */
	const struct verb *verb;
	size_t operand;     /* operands before cur */
	struct opt pending; /* option whose value cur is; name NULL: none */
	const char *family; /* first word of a two-word verb stands alone before cur */
	bool words_only;
};

static void offer(const struct completion *k, const char *dashes, const char *word)
{
	char whole[128];

	snprintf(whole, sizeof(whole), "%s%s", dashes, word);
	if (strncmp(whole, k->cur, strlen(k->cur)) == 0)
		fprintf(k->out, "%s\n", whole);
}

/* name NULL in what it returns: there is none. */
static struct opt find_option(const struct verb *v, const char *name, size_t n, char letter)
{
	size_t own = v == NULL ? 0 : verb_opts(v);

	for (size_t i = 0; i < own + common_opt_n; i++) {
		struct opt o = i < own ? verb_opt(v, i) : common_opts[i - own].o;

		if (i >= own && !common_offered(&common_opts[i - own], v))
			continue;
		if (name == NULL ? o.letter != 0 && o.letter == letter
				 : strlen(o.name) == n && strncmp(o.name, name, n) == 0)
			return o;
	}
	return (struct opt){ 0 };
}

/* One word before the current one; options that are not known are passed over. */
static void pass(struct completion *k, const char *w)
{
	struct opt o = { 0 };
	size_t used;

	if (k->pending.name != NULL) {
		k->pending.name = NULL;
	} else if (!k->words_only && strcmp(w, "--") == 0) {
		k->words_only = true;
	} else if (!k->words_only && w[0] == '-' && w[1] != '\0') {
		if (w[1] == '-' && strchr(w, '=') == NULL)
			o = find_option(k->verb, w + 2, strlen(w + 2), 0);
		else if (w[1] != '-')
			o = find_option(k->verb, NULL, 0, w[strlen(w) - 1]);
		if (o.name != NULL && value_wanted(&o))
			k->pending = o;
	} else if (k->verb == NULL && k->family != NULL) {
		char *const pair[] = { (char *)(uintptr_t)k->family, (char *)(uintptr_t)w };

		k->verb = verb_find(pair, 2, &used);
		k->family = NULL;
	} else if (k->verb == NULL) {
		char *const one[] = { (char *)(uintptr_t)w };

		k->verb = verb_find(one, 1, &used);
		k->family = k->verb == NULL && verb_family(w) ? w : NULL;
	} else {
		k->operand++;
	}
}

static void offer_verbs(const struct completion *k)
{
	size_t skip = k->family == NULL ? 0 : strlen(k->family);
	const char *last = "";

	for (size_t i = 0; i < verb_n; i++) {
		const char *name = verbs[i]->name;
		char first[64];

		if (skip > 0) {
			if (strncmp(name, k->family, skip) == 0 && name[skip] == ' ')
				offer(k, "", name + skip + 1);
			continue;
		}
		snprintf(first, sizeof(first), "%.*s", (int)strcspn(name, " "), name);
		if (strncmp(last, first, strlen(first)) != 0 || last[strlen(first)] != ' ')
			offer(k, "", first);
		last = name;
	}
}

static void offer_options(const struct completion *k)
{
	size_t own = k->verb == NULL ? 0 : verb_opts(k->verb);

	for (size_t i = 0; i < own; i++)
		offer(k, "--", verb_opt(k->verb, i).name);
	for (size_t i = 0; i < common_opt_n; i++)
		if (common_offered(&common_opts[i], k->verb))
			offer(k, "--", common_opts[i].o.name);
}

static bool is_path(enum opt_kind kind, const struct field *f)
{
	return kind == OPT_PATH ||
	       (kind == OPT_FIELD &&
		   (f->kind == FIELD_FILE || f->kind == FIELD_FILES || f->kind == FIELD_WHERE));
}

static void offer_value(const struct completion *k, const struct opt *o)
{
	for (const char *const *c = o->choices; c != NULL && *c != NULL; c++)
		offer(k, "", *c);
	if (is_path(o->kind, o->field))
		fprintf(k->out, ":path\n");
	if (strcmp(o->name, "reader") != 0)
		return;
	if (strncmp(k->cur, "vcard:", 6) == 0 || strncmp(k->cur, "replay:", 7) == 0) {
		fprintf(k->out, ":path\n");
		return;
	}
	offer(k, "", "vcard:");
	offer(k, "", "replay:");
}

static void offer_operand(const struct completion *k)
{
	const struct verb *v = k->verb;
	size_t i = k->operand;
	struct operand d;
	struct opt o;

	if (verb_operands(v) == 0)
		return;
	if (i >= verb_operands(v))
		i = verb_operands(v) - 1;
	d = verb_operand(v, i);
	if (i < k->operand && !operand_repeats(&d))
		return;
	o = (struct opt){ .name = "", .kind = d.kind, .choices = d.choices, .field = d.field };
	offer_value(k, &o);
}

void doc_complete(FILE *out, char *const *words, size_t n)
{
	struct completion k = { .out = out, .words = words, .n = n > 0 ? n - 1 : 0 };
	const char *equals;
	struct opt o;

	k.cur = n > 0 ? words[n - 1] : "";
	for (size_t i = 0; i < k.n; i++)
		pass(&k, words[i]);
	equals = strchr(k.cur, '=');
	if (k.pending.name != NULL) {
		offer_value(&k, &k.pending);
	} else if (!k.words_only && strncmp(k.cur, "--", 2) == 0 && equals != NULL) {
		o = find_option(k.verb, k.cur + 2, (size_t)(equals - k.cur) - 2, 0);
		k.cur = equals + 1;
		if (o.name != NULL && value_wanted(&o))
			offer_value(&k, &o);
	} else if (!k.words_only && k.cur[0] == '-') {
		offer_options(&k);
	} else if (k.verb == NULL) {
		offer_verbs(&k);
	} else {
		offer_operand(&k);
	}
}
