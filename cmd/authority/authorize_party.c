/* authorize party: the operator signs a grant for one container of this card and places it there.
 */
#include "cmd/authority/place.h"

static const struct opt opts[] = { CHANNEL_OPTS(change_args, channel) };

static int tell(
    struct ctx *c, const struct change *ch, const struct change_result *r, struct err *e)
{
	json_t *o = json_object();

	(void)ch;
	place_was_done(c, r->work);
	place_show(r->work, &o);
	return out_result(c, o, e);
}

static int run(struct ctx *c, void *args, struct err *e)
{
	return place_verb(c, args, tell, e);
}

const struct verb verb_authorize_party = {
	.name = "authorize party",
	.group = GROUP_AUTHORITY,
	.place = 120,
	.summary = "Let a third party onto a card",
	.needs = CHANGE_NEEDS,
	VERB_CHANGE(change_authorize_party, change_args, change),
	VERB_OPTS(opts),
	.run = run,
};
