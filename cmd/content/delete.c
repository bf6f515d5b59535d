/* delete: applications, packages and domains. */
#include "cmd/content/change.h"

static const struct opt opts[] = { CHANNEL_OPTS(change_args, channel) };

static int tell(
    struct ctx *c, const struct change *ch, const struct change_result *r, struct err *e)
{
	const struct removals *m = r->work;
	json_t *o;

	(void)ch;
	if (c->json) {
		o = json_object();
		out_set(&o, "deleted", removals_json(m));
		return out_result(c, o, e);
	}
	removals_tell(m, c);
	return 0;
}

static int run(struct ctx *c, void *args, struct err *e)
{
	return change_verb(c, args, tell, e);
}

const struct verb verb_delete = {
	.name = "delete",
	.group = GROUP_CONTENT,
	.place = 40,
	.summary = "Delete applications, packages or domains from a card",
	.needs = CHANGE_NEEDS,
	VERB_CHANGE(change_delete, change_args, change),
	VERB_OPTS(opts),
	.run = run,
};
