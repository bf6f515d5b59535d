/* "did you mean": the nearest of some words to one that was mistyped. */
#ifndef BASE_SUGGEST_H
#define BASE_SUGGEST_H

#include <stddef.h>

struct suggest {
	const char *word; /* what was typed */
	const char *best; /* NULL while nothing is near enough */
	size_t distance;
};

struct suggest suggest_for(const char *word);
void suggest_try(struct suggest *s, const char *candidate); /* NULL is passed over */

#endif
