/* readers: what is plugged in, and the cards in it. */

#include <string.h>

#include "card/pcsc.h"
#include "cmd/kit/out.h"
#include "cmd/look/profiles.h"
#include "cmd/kit/print.h"

/* What the card in a reader is, by its ATR alone; NULL: no profile knows it. */
static const char *product(struct ctx *c, const struct profiles *p, const struct pcsc_reader *r)
{
	struct card card = { .atr_n = r->atr_n };
	struct profile_match m;

	if (!r->present || r->atr_n == 0 || r->atr_n > sizeof(card.atr))
		return NULL;
	memcpy(card.atr, r->atr, r->atr_n);
	card_profile(c, p, &card, NULL, &m);
	if (m.profile == NULL)
		return NULL;
	return m.product != NULL ? m.product->text : m.profile->name;
}

static json_t *row(
    struct ctx *c, const struct profiles *p, const struct pcsc_reader *r, size_t number)
{
	const char *is = product(c, p, r);
	json_t *o = json_object();

	out_set(&o, "number", json_integer((json_int_t)number));
	out_set_text(&o, "name", r->name);
	out_set(&o, "card", json_boolean(r->present));
	out_set(&o, "in_use", json_boolean(r->in_use));
	out_set(&o, "atr", out_hex(span_of(r->atr, r->atr_n)));
	out_set(&o, "product", is == NULL ? json_null() : json_text(is));
	return o;
}

static json_t *rows(struct ctx *c, const struct profiles *p, const struct pcsc_readers *list)
{
	json_t *a = json_array();

	for (size_t i = 0; a != NULL && i < list->n; i++) {
		if (json_array_append_new(a, row(c, p, &list->reader[i], i + 1)) != 0) {
			json_decref(a);
			return NULL;
		}
	}
	return a;
}

static void print_row(
    struct ctx *c, const struct profiles *p, const struct pcsc_reader *r, size_t number)
{
	const char *is = product(c, p, r);
	FILE *out = c->out;

	print_text(out, "%zu  %s", number, r->name);
	if (r->mute)
		print_raw(out, "  card does not answer to reset");
	else if (r->present && r->atr_n == 0)
		print_raw(out, "  card");
	else if (r->present)
		print_raw(out, "  card ");
	else
		print_raw(out, "  no card");
	for (size_t i = 0; i < r->atr_n; i++)
		print_text(out, "%s", out_hex8(r->atr[i]).s);
	if (is != NULL)
		print_text(out, ", %s", is);
	print_line(out, "%s", r->in_use ? ", in use" : "");
}

static int run_readers(struct ctx *c, void *args, struct err *e)
{
	struct pcsc_readers list = { 0 };
	struct profiles *p = NULL;
	bool no_daemon;
	int rc = 0;
	json_t *o;

	(void)args;
	if (pcsc_list(&list, NULL, &no_daemon, e) != 0) {
		if (!no_daemon)
			return -1;
		ctx_note(c, "pcscd does not run, so there are no readers");
	} else if (list.n == 0) {
		ctx_note(c, "no reader is connected");
	}
	if (card_profiles(c, &p, e) != 0)
		return -1;
	if (c->json) {
		o = json_object();
		out_set(&o, "readers", rows(c, p, &list));
		rc = out_result(c, o, e);
	} else {
		for (size_t i = 0; i < list.n; i++)
			print_row(c, p, &list.reader[i], i + 1);
	}
	profiles_free(p);
	return rc;
}

const struct verb verb_readers = {
	.name = "readers",
	.group = GROUP_LOOK,
	.place = 10,
	.summary = "List the readers and the cards in them",
	.needs = HAS_JSON,
	.run = run_readers,
};
