/* lock, unlock: applications, domains with all they hold, the card. */
#include "cmd/kit/print.h"
#include "cmd/content/change.h"

static const struct opt opts[] = { CHANNEL_OPTS(change_args, channel) };

static int tell(
    struct ctx *c, const struct change *ch, const struct change_result *r, struct err *e)
{
	const struct lock_shown *x = ch->x;
	const struct aid *aid = x->domain.n > 0 ? &x->domain : &x->aid;
	bool lock = ch->kind == &change_lock;
	json_t *o;

	if (!c->json) {
		print_line(c->out, "%s%s: %s", r->already ? "already " : "",
		    lock ? "locked" : "unlocked", x->card ? "the card" : aid_hex(aid).s);
		return 0;
	}
	o = json_object();
	out_set(&o, "aid", out_hex(aid_span(aid)));
	out_set(&o, "scope", json_text(x->card ? "card" : x->domain.n > 0 ? "all" : "one"));
	out_set(&o, "locked", json_boolean(lock));
	out_set(&o, "changed", json_boolean(!r->already));
	return out_result(c, o, e);
}

static int run(struct ctx *c, void *args, struct err *e)
{
	return change_verb(c, args, tell, e);
}

const struct verb verb_lock = {
	.name = "lock",
	.group = GROUP_CONTENT,
	.place = 50,
	.summary = "Lock an application, a domain with all it holds, or the card",
	.needs = CHANGE_NEEDS,
	VERB_CHANGE(change_lock, change_args, change),
	VERB_OPTS(opts),
	.run = run,
};

const struct verb verb_unlock = {
	.name = "unlock",
	.group = GROUP_CONTENT,
	.place = 60,
	.summary = "Unlock what was locked",
	.needs = CHANGE_NEEDS,
	VERB_CHANGE(change_unlock, change_args, change),
	VERB_OPTS(opts),
	.run = run,
};
