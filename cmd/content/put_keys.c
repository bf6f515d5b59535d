/* put-keys: brings a key set of the key store to a card; adds, replaces, rotates with proof. */
#include "cmd/kit/print.h"
#include "cmd/content/keys_tell.h"

static const struct opt opts[] = { CHANNEL_OPTS(change_args, channel) };

static void tell_text(const struct key_work *w, FILE *out)
{
	const struct keys_change *x = &w->change;
	const char *name = w->order.entry->name;
	unsigned version = w->goal.version;

	if (x->put)
		print_line(out, "%s %02X put: %s, %s %s", w->goal.channel ? "key set" : "key",
		    version, name, key_work_shown_as(w), w->kcv);
	else
		print_line(out, "key set %02X of the card is %s already", version, name);
	if (x->resolved)
		print_line(out, "an answer was lost; what the card has was found out");
	if (x->proved)
		print_line(out, "a channel was opened with it");
	if (x->put && x->plan.p1 != 0 && x->plan.p1 != version)
		print_line(out, "key set %02X is gone, it was replaced", x->plan.p1);
	if (x->removed)
		print_line(out, "key set %02X deleted", w->goal.rotate);
}

static json_t *version_or_null(bool there, uint8_t version)
{
	return there ? json_text(out_hex8(version).s) : json_null();
}

int keys_tell(struct ctx *c, const struct key_work *w, const struct aid *domain, struct err *e)
{
	const struct keys_change *x = &w->change;
	json_t *o;

	if (!c->json) {
		tell_text(w, c->out);
		return 0;
	}
	o = json_pack("{s:s, s:s, s:s, s:b, s:b}", "name", w->order.entry->name, "version",
	    out_hex8(w->goal.version).s, key_work_is_public(w) ? "fingerprint" : "kcv", w->kcv,
	    "put", (int)x->put, "proved", (int)(x->proved || w->proved_before));
	if (domain != NULL)
		out_set(&o, "aid", out_hex(aid_span(domain)));
	out_set(&o, "replaced", version_or_null(x->put && x->plan.p1 != 0, x->plan.p1));
	out_set(&o, "deleted", version_or_null(x->removed, w->goal.rotate));
	out_set(&o, "resolved", json_boolean(x->resolved));
	out_set(&o, "keys", show_keys(&w->now));
	return out_result(c, o, e);
}

static int tell(
    struct ctx *c, const struct change *ch, const struct change_result *r, struct err *e)
{
	(void)ch;
	return keys_tell(c, r->work, NULL, e);
}

static int run(struct ctx *c, void *args, struct err *e)
{
	return change_verb(c, args, tell, e);
}

const struct verb verb_put_keys = {
	.name = "put-keys",
	.group = GROUP_CONTENT,
	.place = 120,
	.summary = "Put a key set on a card: add, replace, or rotate with proof",
	.needs = CHANGE_NEEDS,
	VERB_CHANGE(change_put_keys, change_args, change),
	VERB_OPTS(opts),
	.run = run,
};
