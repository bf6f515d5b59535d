/* A card profile and a card: before the first NUL the YAML, behind it the ATR and all else. */
#include "fuzz.h"

#include <string.h>

#include "apdu/atr.h"
#include "profile/profile.h"

static void check(const struct profile *p)
{
	CHECK(p->product_n > 0 && p->product != NULL);
	CHECK(memchr(p->name, '\0', sizeof(p->name)) != NULL && p->name[0] != '\0');
	CHECK(p->isd.n == 0 || (p->isd.n >= AID_MIN && p->isd.n <= AID_MAX));
	CHECK((p->factory_version < 0) == (p->factory_p1 < 0));
	for (size_t i = 0; i < p->product_n; i++)
		for (int by = PROFILE_BY_HISTORICAL; by <= PROFILE_BY_ATR; by++) {
			const struct profile_pattern *t = &p->product[i].pattern[by];

			CHECK(t->n <= PROFILE_PATTERN_MAX);
			for (size_t k = 0; k < t->n; k++)
				CHECK((t->value[k] & ~t->mask[k]) == 0);
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct span all = span_of(data, n), card = span_of(NULL, 0), text = all;
	const uint8_t *nul = n == 0 ? NULL : memchr(data, '\0', n);
	struct profile_facts f;
	struct profile_match m;
	struct profile p;
	struct err e = { 0 };
	struct atr a;

	if (nul != NULL) {
		text = span_sub(all, 0, (size_t)(nul - data));
		card = span_sub(all, text.n + 1, n);
	}
	if (profile_parse("p", text, &p, &e) != 0) {
		CHECK(e.code == ERR_INPUT && strncmp(e.text, "p:", 2) == 0);
		return 0;
	}
	check(&p);
	f = (struct profile_facts){ .atr = card, .cplc = card, .card_data = card };
	if (atr_get(card, &a))
		f.historical = a.historical;
	profile_match_list(&p, 1, &f, &m);
	CHECK((m.profile != NULL) == (m.product != NULL));
	CHECK(m.tied[0] == NULL); /* of one profile nothing is tied */
	profile_wipe(&p);
	return 0;
}
