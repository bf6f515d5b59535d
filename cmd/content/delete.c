/* delete: applications, packages and domains. */
#include "cmd/content/change.h"

struct args {
	struct delete x;
	struct channel_args channel;
};

static const struct opt opts[] = { CHANNEL_OPTS(args, channel) };

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
	struct args *g = args;

	return change_verb(c, &change_delete, &g->x, &g->channel, tell, e);
}

const struct verb verb_delete = {
	.name = "delete",
	.group = GROUP_CONTENT,
	.place = 40,
	.summary = "Delete applications, packages or domains from a card",
	.needs = CHANGE_NEEDS,
	.change = &change_delete,
	.change_at = offsetof(struct args, x),
	VERB_OPTS(opts),
	.args_size = sizeof(struct args),
	.run = run,
};
