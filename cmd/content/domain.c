/* domain create, extradite, update: supplementary security domains and what belongs to them. */
#include "cmd/kit/print.h"
#include "cmd/content/change.h"

static const struct opt opts[] = { CHANNEL_OPTS(change_args, channel) };

static const char *done_str(const struct change_kind *k)
{
	return k == &change_domain_create      ? "created"
	       : k == &change_domain_extradite ? "extradited"
					       : "updated";
}

static int tell(
    struct ctx *c, const struct change *ch, const struct change_result *r, struct err *e)
{
	const struct aid *aid = ch->x; /* what all three begin with */
	const struct registry_entry *x =
	    r->registry == NULL ? NULL : registry_find(r->registry, aid);
	const struct domain_told *w = r->work;
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

static int run(struct ctx *c, void *args, struct err *e)
{
	return change_verb(c, args, tell, e);
}

const struct verb verb_domain_create = {
	.name = "domain create",
	.group = GROUP_CONTENT,
	.place = 80,
	.summary = "Make a supplementary security domain",
	.needs = CHANGE_NEEDS,
	VERB_CHANGE(change_domain_create, change_args, change),
	VERB_OPTS(opts),
	.run = run,
};

const struct verb verb_domain_extradite = {
	.name = "domain extradite",
	.group = GROUP_CONTENT,
	.place = 90,
	.summary = "Give an application, package or domain to another domain",
	.needs = CHANGE_NEEDS,
	VERB_CHANGE(change_domain_extradite, change_args, change),
	VERB_OPTS(opts),
	.run = run,
};

const struct verb verb_domain_update = {
	.name = "domain update",
	.group = GROUP_CONTENT,
	.place = 100,
	.summary = "Change the privileges of a domain or an application",
	.needs = CHANGE_NEEDS,
	VERB_CHANGE(change_domain_update, change_args, change),
	VERB_OPTS(opts),
	.run = run,
};
