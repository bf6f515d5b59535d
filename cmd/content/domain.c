/* domain create, extradite, update: supplementary security domains and what belongs to them. */
#include "cmd/kit/print.h"
#include "cmd/content/change.h"

struct create_args {
	struct domain_create x;
	struct channel_args channel;
};
struct extradite_args {
	struct domain_extradite x;
	struct channel_args channel;
};
struct update_args {
	struct domain_update x;
	struct channel_args channel;
};

static const struct opt create_opts[] = { CHANNEL_OPTS(create_args, channel) };
static const struct opt extradite_opts[] = { CHANNEL_OPTS(extradite_args, channel) };
static const struct opt update_opts[] = { CHANNEL_OPTS(update_args, channel) };

static const char *done_str(const struct change_kind *k)
{
	return k == &change_domain_create      ? "created"
	       : k == &change_domain_extradite ? "extradited"
					       : "updated";
}

static int tell(
    struct ctx *c, const struct change *ch, const struct change_result *r, struct err *e)
{
	const struct aid *aid = ch->x; /* what all begin with */
	const struct registry_entry *x =
	    r->registry == NULL ? NULL : registry_find(r->registry, aid);
	const struct domain_work *w = r->work;
	struct span confirmation = span_of(w->confirmation, w->confirmation_n);
	const char *done = done_str(ch->kind);
	json_t *o;

	if (c->json) {
		o = json_pack("{s:s, s:b}", "aid", aid_hex(aid).s, done, (int)!r->already);
		out_set(&o, "confirmation", out_hex(confirmation));
		out_set(&o, "entry", x == NULL ? json_null() : show_entry(x));
		return out_result(c, o, e);
	}
	if (r->already)
		print_line(c->out, "%s is as asked already", aid_hex(aid).s);
	else
		print_line(c->out, "%s: %s", done, aid_hex(aid).s);
	confirmation_tell(c, confirmation);
	return 0;
}

static int run_create(struct ctx *c, void *args, struct err *e)
{
	struct create_args *g = args;

	return change_verb(c, &change_domain_create, &g->x, &g->channel, tell, e);
}

const struct verb verb_domain_create = {
	.name = "domain create",
	.group = GROUP_CONTENT,
	.place = 80,
	.summary = "Make a supplementary security domain",
	.needs = CHANGE_NEEDS,
	.change = &change_domain_create,
	.change_at = offsetof(struct create_args, x),
	VERB_OPTS(create_opts),
	.args_size = sizeof(struct create_args),
	.run = run_create,
};

static int run_extradite(struct ctx *c, void *args, struct err *e)
{
	struct extradite_args *g = args;

	return change_verb(c, &change_domain_extradite, &g->x, &g->channel, tell, e);
}

const struct verb verb_domain_extradite = {
	.name = "domain extradite",
	.group = GROUP_CONTENT,
	.place = 90,
	.summary = "Give an application, package or domain to another domain",
	.needs = CHANGE_NEEDS,
	.change = &change_domain_extradite,
	.change_at = offsetof(struct extradite_args, x),
	VERB_OPTS(extradite_opts),
	.args_size = sizeof(struct extradite_args),
	.run = run_extradite,
};

static int run_update(struct ctx *c, void *args, struct err *e)
{
	struct update_args *g = args;

	return change_verb(c, &change_domain_update, &g->x, &g->channel, tell, e);
}

const struct verb verb_domain_update = {
	.name = "domain update",
	.group = GROUP_CONTENT,
	.place = 100,
	.summary = "Change the privileges of a domain or an application",
	.needs = CHANGE_NEEDS,
	.change = &change_domain_update,
	.change_at = offsetof(struct update_args, x),
	VERB_OPTS(update_opts),
	.args_size = sizeof(struct update_args),
	.run = run_update,
};
