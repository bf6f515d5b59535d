/* delete-keys: a key set of a card, or one key of it. */
#include "cmd/kit/print.h"
#include "cmd/content/change.h"
#include "cmd/kit/show.h"

static const struct opt opts[] = { CHANNEL_OPTS(change_args, channel) };

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
	return change_verb(c, args, tell, e);
}

const struct verb verb_delete_keys = {
	.name = "delete-keys",
	.group = GROUP_CONTENT,
	.place = 130,
	.summary = "Delete a key set of a card, or one key of it",
	.needs = CHANGE_NEEDS,
	VERB_CHANGE(change_delete_keys, change_args, change),
	VERB_OPTS(opts),
	.run = run,
};
