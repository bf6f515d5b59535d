#include "base/suggest.h"

#include <string.h>

enum { LONGEST = 40 };

static size_t least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Edit distance with swaps of neighbours (optimal string alignment). */
static size_t distance(const char *a, const char *b)
{
	size_t d[3][LONGEST + 1];
	size_t an = strlen(a), bn = strlen(b);

	if (an > LONGEST || bn > LONGEST)
		return LONGEST;
	for (size_t j = 0; j <= bn; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= an; i++) {
		size_t *row = d[i % 3], *up = d[(i + 2) % 3], *up2 = d[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= bn; j++) {
			size_t change = a[i - 1] != b[j - 1];

			row[j] = least(up[j] + 1, row[j - 1] + 1, up[j - 1] + change);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], up2[j - 2] + 1, row[j]);
		}
	}
	return d[an % 3][bn];
}

struct suggest suggest_for(const char *word)
{
	size_t n = strlen(word);

	/* One slip in a short word, two in a longer one. */
	return (struct suggest){ word, NULL, n < 3 ? 1 : n < 6 ? 2 : 3 };
}

void suggest_try(struct suggest *s, const char *candidate)
{
	size_t d;

	if (candidate == NULL)
		return;
	d = distance(s->word, candidate);
	if (d < s->distance) {
		s->distance = d;
		s->best = candidate;
	}
}
