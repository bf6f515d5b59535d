/* Which profile is this card's. */
#include <string.h>

#include "profile/profile.h"

const char *profile_by_str(enum profile_by by)
{
	static const char *const texts[] = { "nothing", "its historical octets", "its card data",
		"its CPLC", "its answer to reset" };

	return by <= PROFILE_BY_ATR ? texts[by] : texts[PROFILE_BY_NOTHING];
}

/* The pattern fits the beginning of s. */
static bool fits_at(const struct profile_pattern *p, struct span s)
{
	struct rd r = rd_of(s);
	uint8_t b;

	for (size_t i = 0; i < p->n; i++)
		if (!rd_u8(&r, &b) || (b & p->mask[i]) != p->value[i])
			return false;
	return true;
}

static bool fits(const struct profile_pattern *p, enum profile_by by, struct span s)
{
	if (by == PROFILE_BY_ATR)
		return s.n == p->n && fits_at(p, s);
	if (by != PROFILE_BY_CARD_DATA)
		return fits_at(p, s);
	for (size_t at = 0; at + p->n <= s.n; at++)
		if (fits_at(p, span_sub(s, at, p->n)))
			return true;
	return false;
}

static size_t octets_of(const struct profile_pattern *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++)
		n += p->mask[i] != 0;
	return n;
}

/* All that the product gives must fit; the weightiest kind counts. */
static bool product_fits(const struct profile_product *t, const struct profile_facts *f,
    enum profile_by *by, size_t *octets)
{
	const struct span fact[] = { [PROFILE_BY_HISTORICAL] = f->historical,
		[PROFILE_BY_CARD_DATA] = f->card_data,
		[PROFILE_BY_CPLC] = f->cplc,
		[PROFILE_BY_ATR] = f->atr };

	*by = PROFILE_BY_NOTHING;
	*octets = 0;
	for (int k = PROFILE_BY_HISTORICAL; k <= PROFILE_BY_ATR; k++) {
		const struct profile_pattern *p = &t->pattern[k];

		if (p->n == 0)
			continue;
		if (!fits(p, (enum profile_by)k, fact[k]))
			return false;
		*by = (enum profile_by)k;
		*octets += octets_of(p);
	}
	return *by != PROFILE_BY_NOTHING;
}

static void consider(const struct profile *p, const struct profile_product *t, enum profile_by by,
    size_t octets, struct profile_match *m)
{
	if (by < m->by || (by == m->by && octets < m->octets))
		return;
	if (by == m->by && octets == m->octets) {
		if (p != m->profile)
			m->tied[1] = p;
		return;
	}
	*m = (struct profile_match){ p, t, { p, NULL }, by, octets };
}

void profile_match_list(
    const struct profile *list, size_t n, const struct profile_facts *f, struct profile_match *m)
{
	memset(m, 0, sizeof(*m));
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < list[i].product_n; k++) {
			const struct profile_product *t = &list[i].product[k];
			enum profile_by by;
			size_t octets;

			if (product_fits(t, f, &by, &octets))
				consider(&list[i], t, by, octets, m);
		}
	if (m->tied[1] != NULL) {
		m->profile = NULL;
		m->product = NULL;
	} else {
		m->tied[0] = NULL;
	}
}
