/* delete-keys: a key set of a card, or one key of it. */
#include "cmd/kit/print.h"
#include "cmd/content/change.h"
#include "cmd/kit/show.h"

struct args {
	struct remove_keys x;
	struct channel_args channel;
};

static const struct opt opts[] = { CHANNEL_OPTS(args, channel) };

static int tell(
    struct ctx *c, const struct change *ch, const struct change_result *r, struct err *e)
{
	const struct keys_gone *g = r->work;
	char name[DELETE_KEYS_NAME];
	json_t *o;

	(void)ch;
	if (!c->json) {
		print_line(c->out, "%s %s%s", delete_keys_name(&g->what, name),
		    g->deleted ? "deleted" : "is not on the card, nothing to delete",
		    g->resolved ? "; an answer was lost, and the card was looked at again" : "");
		return 0;
	}
	o = json_pack("{s:s, s:b, s:b}", "version", out_hex8((uint8_t)g->what.kvn).s, "deleted",
	    (int)g->deleted, "resolved", (int)g->resolved);
	out_set(&o, "key_id",
	    g->what.kid < 0 ? json_null() : json_text(out_hex8((uint8_t)g->what.kid).s));
	out_set(&o, "keys", show_keys(&g->now));
	return out_result(c, o, e);
}

static int run(struct ctx *c, void *args, struct err *e)
{
	struct args *g = args;

	return change_verb(c, &change_delete_keys, &g->x, &g->channel, tell, e);
}

const struct verb verb_delete_keys = {
	.name = "delete-keys",
	.group = GROUP_CONTENT,
	.place = 130,
	.summary = "Delete a key set of a card, or one key of it",
	.needs = CHANGE_NEEDS,
	.change = &change_delete_keys,
	.change_at = offsetof(struct args, x),
	VERB_OPTS(opts),
	.args_size = sizeof(struct args),
	.run = run,
};
