/* reserve: the operator places a grant that an authority signed, with the resources that it gives.
 */
#include "cmd/authority/place.h"

static const struct opt opts[] = { CHANNEL_OPTS(change_args, channel) };

static int tell(
    struct ctx *c, const struct change *ch, const struct change_result *r, struct err *e)
{
	const struct placing *w = r->work;
	json_t *o = json_object();

	(void)ch;
	place_was_done(c, w);
	place_show(w, &o);
	if (w->receipt_proven)
		out_set(&o, "receipt_proven", json_true());
	return out_result(c, o, e);
}

static int run(struct ctx *c, void *args, struct err *e)
{
	return place_verb(c, args, tell, e);
}

const struct verb verb_reserve = {
	.name = "reserve",
	.group = GROUP_AUTHORITY,
	.place = 160,
	.summary = "Place a grant of an authority, with the resources in it",
	.needs = CHANGE_NEEDS,
	VERB_CHANGE(change_reserve, change_args, change),
	VERB_OPTS(opts),
	.run = run,
};
