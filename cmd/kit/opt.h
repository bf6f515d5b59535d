/*
 * The command line: common options, the verb, its options and operands, all from the verb table.
 * Long options take `--name VALUE` or `--name=VALUE`, letters `-x VALUE`, `-xVALUE` and may be put
 * together; `--` ends the options. Common options may stand before the verb or after it.
 */
#ifndef CMD_KIT_OPT_H
#define CMD_KIT_OPT_H

#include "cmd/kit/verb.h"

/* The values of the common options. Strings are borrowed from argv. */
struct common {
	const char *reader, *keystore, *trace;
	struct opt_u32 wait, timeout; /* seconds */
	bool json, dry_run, yes, quiet, help, version;
	int verbose;
};

/* A common option is offered to the verbs that have one of these needs (0: to all) and none of the
 * others. */
struct common_opt {
	struct opt o; /* offset into struct common */
	unsigned needs, unless;
};
extern const struct common_opt common_opts[];
extern const size_t common_opt_n;
bool common_offered(const struct common_opt *o, const struct verb *v);

/*
 * The verb that begins at words[0], of one or two words, or NULL. *used: its words. Only full
 * names; verb_family: some two-word verb begins with this word.
 */
const struct verb *verb_find(char *const *words, size_t n, size_t *used);
bool verb_family(const char *word);

/* A command line taken apart. */
struct line {
	const struct verb *verb; /* NULL: none was named */
	const char *family;      /* "bundle" alone with --help; else NULL */
	void *args;              /* the verb's, owned: line_free */
	struct common common;
	const char *unshown[8]; /* words that may be keys, where no hex is expected */
	size_t unshown_n;
};
/* argv without the program's name. ERR_USAGE; l->verb is set as far as it is known. */
int line_parse(struct line *l, int argc, char **argv, struct err *e);
void line_free(struct line *l);
/* Takes words out of the error that stand where a name, a file or a number is expected, and may be
 * keys that were typed there. */
void line_hide_keys(const struct line *l, struct err *e);

#endif
