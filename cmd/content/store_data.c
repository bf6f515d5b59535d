/* store-data: STORE DATA to a domain, or through it to an application. */
#include "cmd/kit/print.h"
#include "cmd/content/change.h"

static const struct opt opts[] = { CHANNEL_OPTS(change_args, channel) };

static void tell_text(const struct store_data_shown *x, FILE *out)
{
	print_text(out, "stored: %zu octets", x->file.octets.n);
	if (x->objects > 0)
		print_text(out, ", %zu %s%s", x->objects,
		    x->format.i == 0 ? "data group" : "data object", x->objects == 1 ? "" : "s");
	if (x->encrypted)
		print_text(out, ", encrypted");
	if (x->application.n > 0)
		print_text(out, ", for %s", aid_hex(&x->application).s);
	print_raw(out, "\n");
}

static int tell(
    struct ctx *c, const struct change *ch, const struct change_result *r, struct err *e)
{
	const struct store_data_shown *x = ch->x;
	json_t *o;

	(void)r;
	if (!c->json) {
		tell_text(x, c->out);
		return 0;
	}
	o = json_pack("{s:s, s:I, s:b}", "format", store_data_formats[x->format.i], "octets",
	    (json_int_t)x->file.octets.n, "encrypted", (int)x->encrypted);
	out_set(
	    &o, "objects", x->objects == 0 ? json_null() : json_integer((json_int_t)x->objects));
	out_set(&o, "application", out_hex(aid_span(&x->application)));
	return out_result(c, o, e);
}

static int run(struct ctx *c, void *args, struct err *e)
{
	return change_verb(c, args, tell, e);
}

const struct verb verb_store_data = {
	.name = "store-data",
	.group = GROUP_CONTENT,
	.place = 70,
	.summary = "Store data in a domain or an application",
	.needs = CHANGE_NEEDS,
	VERB_CHANGE(change_store_data, change_args, change),
	VERB_OPTS(opts),
	.run = run,
};
