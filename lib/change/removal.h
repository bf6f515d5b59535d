/*
 * Deleting from a card with what depends on it: planned from the registry, shown, asked for, done,
 * and looked for afterwards. What delete does, and what replacing a package does first.
 */
#ifndef CHANGE_REMOVAL_H
#define CHANGE_REMOVAL_H

#include "change/change.h"

enum { REMOVALS_MAX = FIELD_LIST, CONFIRMATION_MAX = 512 };

struct removal {
	struct aid aid;
	uint8_t p2; /* DELETE_OBJECT; DELETE_RELATED: a package with its applications,
		     * a container with all that is in it */
};
struct removals {
	struct removal list[REMOVALS_MAX]; /* in the order of deletion */
	size_t n, done;
	/* What the card answered to each that is done, one behind the other: u16 length, octets.
	 * Freed by removals_free. */
	struct wr confirmations;
};

enum with_related { ITSELF_ONLY, WITH_RELATED };
/*
 * Adds what is needed so that `x` can go: with its related a package takes its applications along,
 * and a domain what it holds, one by one and first. Else ERR_SAFETY when something depends on it.
 * The issuer domain never goes.
 */
int removals_add(struct removals *m, const struct registry *r, const struct registry_entry *x,
    enum with_related related, struct err *e);
/* One that no registry is asked about: ERR_SAFETY when there are too many. */
int removals_put(struct removals *m, const struct aid *aid, uint8_t p2, struct err *e);
/* Shows all that goes and asks. */
int removals_confirm(struct change_card *c, const struct removals *m, struct err *e);
/* Deletes one after the other; `token` for the only one, empty: none. An error says which are gone.
 */
int removals_do(struct change_card *c, struct removals *m, struct span token, struct err *e);
/* None of them is there any more: ERR_INTEGRITY. Where the card does not tell, nothing is said. */
int removals_compare(struct change_card *c, const struct removals *m, struct err *e);
/* The confirmation of removal i, empty: none. */
struct span removals_confirmation(const struct removals *m, size_t i);
void removals_free(struct removals *m);
/* Confirmation i of those that stand one behind the other as in struct removals. */
struct span confirmation_at(const struct wr *confirmations, size_t i);
void confirmation_add(struct wr *confirmations, struct span confirmation);

#endif
