#include "cmd/look/discovery.h"

#include "base/hex.h"
#include "cmd/kit/out.h"
#include "cmd/kit/show.h"
#include "cmd/kit/print.h"

int discovery_look(
    struct ctx *c, struct session *s, const struct aid *asked, struct discovery *d, struct err *e)
{
	const struct profile *p;
	const struct aid *aid = asked;

	if (card_profiles(c, &d->profiles, e) != 0)
		return -1;
	card_profile(c, d->profiles, s->card, NULL, &d->match);
	p = d->match.profile;
	d->domain_why = asked->n > 0 ? "as asked" : "the issuer domain by the specification";
	if (asked->n == 0 && p != NULL && p->isd.n > 0) {
		aid = &p->isd;
		d->domain_why = "of the profile";
	}
	if (session_discover(s, aid, e) != 0)
		return -1;
	card_profile(c, d->profiles, s->card, &s->id, &d->match);
	return 0;
}

int discovery_keys(struct session *s, struct discovery *d, struct err *e)
{
	struct span val;
	bool found;

	d->keys.n = 0;
	if (session_get_data(s, TAG_KEY_INFORMATION, &val, &found, e) != 0)
		return -1;
	/* As with the other free objects: what cannot be read tells nothing. */
	if (found && !key_infos_get(val, &d->keys))
		d->keys.n = 0;
	return 0;
}

int discovery_choose(const struct session *s, const struct entry *entry, struct choose_asks *a,
    struct discovery *d, struct err *e)
{
	opening_asks(entry, d->match.profile, a);
	return choose(s, &d->keys, a, &d->choice, e);
}

/* ---- the reasons ---- */

enum { WHY_MAX = 300 };

/* The first two, then those of the choice; false past the end. */
static bool reason(
    const struct session *s, const struct discovery *d, size_t i, char out[static WHY_MAX])
{
	const struct profile_match *m = &d->match;
	char hex[HEX_SIZE(AID_MAX)];

	if (i == 0 && m->profile != NULL)
		snprintf(out, WHY_MAX, "profile %s: %s, known by %s", m->profile->name,
		    m->product->text, profile_by_str(m->by));
	else if (i == 0)
		snprintf(out, WHY_MAX, "profile: none fits this card");
	else if (i == 1)
		snprintf(out, WHY_MAX, "domain %s: %s",
		    hex_put(aid_span(&s->domain), hex, sizeof(hex)), d->domain_why);
	else if (i - 2 < d->choice.why.n)
		snprintf(out, WHY_MAX, "%s", d->choice.why.text[i - 2]);
	else
		return false;
	return true;
}

void discovery_tell(struct ctx *c, const struct session *s, const struct discovery *d)
{
	char text[WHY_MAX];

	for (size_t i = 0; reason(s, d, i, text); i++)
		ctx_note(c, "%s", text);
}

json_t *discovery_why(const struct session *s, const struct discovery *d)
{
	json_t *a = json_array();
	char text[WHY_MAX];

	for (size_t i = 0; reason(s, d, i, text); i++)
		show_add(&a, json_text(text));
	return a;
}

void discovery_free(struct discovery *d)
{
	profiles_free(d->profiles);
	d->profiles = NULL;
	d->match = (struct profile_match){ 0 };
}
