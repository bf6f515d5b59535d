/*
 * Verbs that make a change (lib/change) on one card: the channel that is open or one of their own,
 * who is asked and told on a terminal, and the dry run. What a verb prints in the end is its own.
 */
#ifndef CMD_CONTENT_CHANGE_H
#define CMD_CONTENT_CHANGE_H

#include "change/kinds.h"
#include "cmd/content/target.h"

/* Shows what became of it; not called in a dry run. */
typedef int change_teller(
    struct ctx *c, const struct change *ch, const struct change_result *r, struct err *e);
/* The words of such a verb, and what its own struct begins with where it has more. */
struct change_args {
	struct change change; /* the fields of its kind, taken by the kit */
	struct channel_args channel;
};
/*
 * Makes the change. Everything that can be checked without a card is checked before one is touched.
 */
int change_verb(struct ctx *c, struct change_args *a, change_teller *tell, struct err *e);

/* Deletions that are done: [{"aid", "related", "confirmation"}], and the same in words. */
json_t *removals_json(const struct removals *m);
void removals_tell(const struct removals *m, struct ctx *c);
/* A load: {"file", "package", ...}, and the same in words. */
json_t *load_json(const struct load_source *l, const struct load_work *w);
void load_tell(const struct load_source *l, const struct load_work *w, struct ctx *c);
/* "confirmation: HEX" when there is one. */
void confirmation_tell(struct ctx *c, struct span confirmation);

#define CHANGE_NEEDS (NEED_READER | USES_SESSION | USES_KEYSTORE | MUTATES | DESTROYS | HAS_JSON)

#endif
