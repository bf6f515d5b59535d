#include "cmd/terminal/show.h"

#include "base/value.h"
#include "cmd/kit/out.h"
#include "cmd/kit/print.h"

void terminal_show_names(json_t **o, const struct terminal *t)
{
	if (t->imei[0] != '\0')
		out_set(o, "imei", json_text(t->imei));
	if (t->se_n > 0)
		out_set(o, "se", out_hex(span_of(t->se, t->se_n)));
	if (t->removable_n > 0)
		out_set(o, "removable", out_hex(span_of(t->removable, t->removable_n)));
	if (t->has_throughput)
		out_set(o, "throughput", json_integer(t->throughput));
	if (t->has_thumbprint)
		out_set(o, "thumbprint", out_hex(SPAN(t->thumbprint)));
}

void terminal_show_record(json_t **o, const struct terminal_record *r)
{
	const struct terminal_key *k = &r->current;
	char text[TIME_SIZE];

	out_set(o, "record", json_integer(r->record));
	out_set(o, "card", out_hex(span_of(r->cin, r->cin_n)));
	out_set(o, "algorithm", json_text(trust_algorithm_str(r->algorithm)));
	out_set(o, "state", json_text(terminal_state_str(r->state)));
	out_set(o, "generation", json_integer(k->k.n > 0 ? k->generation : r->generation));
	out_set(o, "expires", k->k.n > 0 ? json_text(time_str(k->expiry, text)) : json_null());
	if (r->pending.k.n > 0)
		out_set(o, "pending", json_integer(r->pending.generation));
}
