/* install: a CAP file from loading to selectable, or an application of a package on the card. */
#include <unistd.h>

#include "cmd/kit/print.h"
#include "cmd/content/change.h"
#include "cmd/kit/show.h"

struct args {
	struct change_args change;
	const char *what;
};

static const struct opt opts[] = { CHANNEL_OPTS(args, change.channel) };
static const struct operand operands[] = {
	WORD_PATH(
	    "FILE|AID", args, what, "A CAP file, or the AID of a module of a package on the card"),
};

static json_t *rows(const struct install_shown *x, const struct install_told *w)
{
	json_t *list = json_array();

	for (size_t i = 0; i < x->n; i++) {
		json_t *o = json_object();

		out_set(&o, "aid", out_hex(aid_span(&x->list[i].app)));
		out_set(&o, "module", out_hex(aid_span(&x->list[i].module)));
		out_set(&o, "confirmation", out_hex(confirmation_at(&w->confirmations, i)));
		show_add(&list, o);
	}
	return list;
}

static int tell(
    struct ctx *c, const struct change *ch, const struct change_result *r, struct err *e)
{
	const struct install_shown *x = ch->x;
	const struct install_told *w = r->work;
	bool from_file = x->l.file.path[0] != '\0';
	json_t *o;

	if (c->json) {
		o = from_file ? load_json(&x->l, &w->load) : json_object();
		if (!from_file)
			out_set(&o, "package", out_hex(aid_span(&w->package)));
		out_set(&o, "selectable", json_boolean(!x->no_selectable));
		out_set(&o, "deleted", removals_json(&w->load.removals));
		out_set(&o, "applications", rows(x, w));
		return out_result(c, o, e);
	}
	if (from_file)
		load_tell(&x->l, &w->load, c);
	for (size_t i = 0; i < x->n; i++) {
		print_line(c->out, "installed: %s from %s%s", aid_hex(&x->list[i].app).s,
		    aid_hex(&w->package).s, x->no_selectable ? ", not selectable" : "");
		confirmation_tell(c, confirmation_at(&w->confirmations, i));
	}
	return 0;
}

static int run(struct ctx *c, void *args, struct err *e)
{
	struct args *g = args;
	struct change *ch = &g->change.change;

	if (access(g->what, F_OK) == 0) {
		if (change_take(ch, "file", g->what, e) != 0)
			return err_in(e, "FILE");
	} else if (change_take(ch, "module", g->what, e) != 0) {
		return err_set(e, ERR_INPUT, "%s: no such file, and no AID", g->what);
	}
	return change_verb(c, &g->change, tell, e);
}

const struct verb verb_install = {
	.name = "install",
	.group = GROUP_CONTENT,
	.place = 30,
	.summary = "Load a CAP file and install its applications",
	.needs = CHANGE_NEEDS,
	VERB_CHANGE(change_install, args, change.change),
	VERB_OPTS(opts),
	VERB_OPERANDS(operands),
	.run = run,
};
