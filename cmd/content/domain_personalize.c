/* domain personalize: the first key set of a supplementary domain. */
#include "cmd/kit/print.h"
#include "cmd/agent/agent.h"
#include "cmd/content/keys_tell.h"

static const struct opt opts[] = { CHANNEL_OPTS(change_args, channel) };

static int tell_through(struct ctx *c, const struct key_work *w, struct err *e)
{
	const struct aid_hex hex = aid_hex(&w->order.into);
	const char *domain = hex.s, *name = w->order.entry->name;
	bool put = w->change.put;

	if (c->json)
		return out_result(c,
		    json_pack("{s:s, s:s, s:s, s:s, s:b, s:b}", "aid", domain, "name", name,
			"version", out_hex8(w->goal.version).s, "kcv", w->kcv, "put", (int)put,
			"proved", (int)w->change.proved),
		    e);
	if (!put) {
		print_line(
		    c->out, "key set %02X of %s is %s already", w->goal.version, domain, name);
		return 0;
	}
	print_line(c->out, "key set %02X put in %s: %s, check values %s", w->goal.version, domain,
	    name, w->kcv);
	if (w->change.proved)
		print_line(c->out, "a channel was opened with it");
	return 0;
}

static int tell(
    struct ctx *c, const struct change *ch, const struct change_result *r, struct err *e)
{
	const struct personalize_shown *x = ch->x;
	const struct key_work *w = r->work;

	return w->order.into.n > 0 ? tell_through(c, w, e) : keys_tell(c, w, &x->aid, e);
}

/* Without an open channel the one that is opened is one to the domain, unless it goes through its
 * parent. */
static int run(struct ctx *c, void *args, struct err *e)
{
	struct change_args *g = args;
	const struct personalize_shown *x = g->change.x;

	if (x->by.i == 0 && g->channel.domain.n > 0)
		return err_set(e, ERR_USAGE,
		    "--sd is for --by store-data: here the channel is opened to the domain");
	if (x->by.i == 0 && c->agent == NULL)
		g->channel.domain = x->aid;
	return change_verb(c, g, tell, e);
}

const struct verb verb_domain_personalize = {
	.name = "domain personalize",
	.group = GROUP_CONTENT,
	.place = 110,
	.summary = "Give a security domain its first keys",
	.needs = CHANGE_NEEDS,
	VERB_CHANGE(change_domain_personalize, change_args, change),
	VERB_OPTS(opts),
	.run = run,
};
