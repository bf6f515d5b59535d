/* readers: what is plugged in, and the cards in it. */

#include "card/pcsc.h"
#include "out.h"

static json_t *row(const struct pcsc_reader *r, size_t number)
{
	json_t *o = json_object();

	out_set(&o, "number", json_integer((json_int_t)number));
	out_set(&o, "name", json_string(r->name));
	out_set(&o, "card", json_boolean(r->present));
	out_set(&o, "in_use", json_boolean(r->in_use));
	out_set(&o, "atr", out_hex(span_of(r->atr, r->atr_n)));
	return o;
}

static json_t *rows(const struct pcsc_readers *list)
{
	json_t *a = json_array();

	for (size_t i = 0; a != NULL && i < list->n; i++) {
		if (json_array_append_new(a, row(&list->reader[i], i + 1)) != 0) {
			json_decref(a);
			return NULL;
		}
	}
	return a;
}

static void print_row(FILE *out, const struct pcsc_reader *r, size_t number)
{
	fprintf(out, "%zu  %s", number, r->name);
	if (r->mute)
		fputs("  card does not answer to reset", out);
	else if (r->present && r->atr_n == 0)
		fputs("  card", out);
	else if (r->present)
		fputs("  card ", out);
	else
		fputs("  no card", out);
	for (size_t i = 0; i < r->atr_n; i++)
		fputs(out_hex8(r->atr[i]).s, out);
	fputs(r->in_use ? ", in use\n" : "\n", out);
}

static int run_readers(struct ctx *c, void *args, struct err *e)
{
	struct pcsc_readers list = { 0 };
	bool no_daemon;
	json_t *o;

	(void)args;
	if (pcsc_list(&list, NULL, &no_daemon, e) != 0) {
		if (!no_daemon)
			return -1;
		ctx_note(c, "pcscd does not run, so there are no readers");
	} else if (list.n == 0) {
		ctx_note(c, "no reader is connected");
	}
	if (c->json) {
		o = json_object();
		out_set(&o, "readers", rows(&list));
		return out_result(c, o, e);
	}
	for (size_t i = 0; i < list.n; i++)
		print_row(c->out, &list.reader[i], i + 1);
	return 0;
}

const struct verb verb_readers = {
	.name = "readers",
	.group = "look",
	.summary = "List the readers and the cards in them",
	.needs = HAS_JSON,
	.run = run_readers,
};
