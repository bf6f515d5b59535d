/* Deleting from a card with what depends on it: planned from the registry, shown, asked for, done,
 * and read back. */
#ifndef CMD_CONTENT_REMOVAL_H
#define CMD_CONTENT_REMOVAL_H

#include "cmd/content/target.h"

enum { REMOVALS_MAX = 256 };

struct removal {
	struct aid aid;
	uint8_t p2; /* DELETE_OBJECT; DELETE_RELATED: a package with its applications */
};
struct removals {
	struct removal list[REMOVALS_MAX]; /* in the order of deletion */
	size_t n;
};

/*
 * Adds what is needed so that `x` can go: with `related` a package takes its applications along,
 * and a domain what it holds, one by one and first. Without it, ERR_SAFETY when something depends
 * on it. The issuer domain never goes.
 */
int old_removals_add(struct removals *m, const struct registry *r, const struct registry_entry *x,
    bool related, struct err *e);
/* One that no registry is asked about: ERR_SAFETY when there are too many. */
int old_removals_put(struct removals *m, const struct aid *aid, uint8_t p2, struct err *e);
/* Shows all that goes as remarks and asks. */
int old_removals_ask(
    struct ctx *c, const struct removals *m, const struct registry *r, struct err *e);
/* Deletes one after the other; `token` for the only one, empty: none. json: an array that gets one
 * object per deletion; NULL: not wanted. An error says which are gone. */
int old_removals_do(
    struct target *t, const struct removals *m, struct span token, json_t *done, struct err *e);
/* None of them is in `after`: ERR_INTEGRITY. */
int old_removals_check(const struct removals *m, const struct registry *after, struct err *e);

#endif
