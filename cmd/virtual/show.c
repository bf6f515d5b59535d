/* vcard show: what a virtual card holds, key values excepted. */
#include "base/value.h"
#include "cmd/content/container_show.h"
#include "cmd/kit/out.h"
#include "cmd/kit/show.h"
#include "vcard/core/vcard.h"
#include "cmd/kit/print.h"

struct args {
	const char *path;
};

static const struct operand operands[] = {
	WORD_PATH("PATH", args, path, "Card file"),
};

static json_t *key_sets(const struct vcard_summary *s)
{
	json_t *a = json_array();

	for (size_t i = 0; i < s->keys_n; i++) {
		json_t *o = json_object();

		out_set(&o, "version", json_text(out_hex8(s->keys[i].version).s));
		out_set(&o, "type", json_text(key_type_str(s->keys[i].type)));
		out_set(&o, "length", json_integer(s->keys[i].length));
		out_set(&o, "domain", out_hex(aid_span(&s->keys[i].domain)));
		out_set(&o, "tries_left",
		    s->keys[i].is_set ? json_integer(s->keys[i].tries) : json_null());
		out_set(&o, "sequence_counter",
		    s->keys[i].is_set ? out_hex(SPAN(s->keys[i].sequence)) : json_null());
		if (json_array_append_new(a, o) != 0) {
			json_decref(a);
			return NULL;
		}
	}
	return a;
}

static json_t *moment(uint32_t seconds)
{
	char text[TIME_SIZE];

	return json_text(time_str(seconds, text));
}

static json_t *trust_key(uint32_t generation, uint32_t expiry)
{
	json_t *o = json_object();

	out_set(&o, "generation", json_integer(generation));
	out_set(&o, "expires", moment(expiry));
	return o;
}

/* Trust records: what the network could read of them. */
static json_t *trust(const struct vcard_summary *s)
{
	json_t *a = json_array();

	for (size_t i = 0; i < s->trust_n; i++) {
		const struct trust_record *t = &s->trust[i];
		json_t *o = trust_key(t->generation, t->expiry);

		out_set(&o, "record", json_integer(t->record));
		out_set(&o, "state", json_text(trust_stage_str(t->stage)));
		out_set(&o, "algorithm", json_text(trust_algorithm_str(t->algorithm)));
		out_set(&o, "pending",
		    t->pending ? trust_key(t->pending_generation, t->pending_expiry) : json_null());
		if (json_array_append_new(a, o) != 0) {
			json_decref(a);
			return NULL;
		}
	}
	return a;
}

static json_t *fault(const struct vcard_summary *s)
{
	json_t *o;

	if (s->fault == FAULT_NONE)
		return json_null();
	o = json_object();
	out_set(&o, "name", json_text(fault_str(s->fault)));
	out_set(&o, "at", s->fault_at > 0 ? json_integer(s->fault_at) : json_null());
	out_set(&o, "happened", json_boolean(s->fault_done));
	return o;
}

static json_t *content(const struct vcard_summary *s)
{
	json_t *o = json_object();

	out_set(&o, "load_files", json_integer(s->load_files));
	out_set(&o, "applications", json_integer(s->applications));
	out_set(&o, "domains", json_integer(s->domains));
	out_set(&o, "free_memory", json_integer(s->free_memory));
	return o;
}

enum { SHOWN_MAX = 1 << 16 };

static int tell(struct ctx *c, const char *path, const struct vcard_summary *s,
    const struct containers *all, struct err *e)
{
	json_t *o = json_object();

	out_set_text(&o, "file", path);
	out_set(&o, "product", json_text(product_str(s->product)));
	out_set(&o, "cin", out_hex(span_of(s->cin, s->cin_n)));
	out_set(&o, "iin", out_hex(span_of(s->iin, s->iin_n)));
	out_set(&o, "diversification_data", out_hex(SPAN(s->kdd)));
	out_set(&o, "life_cycle", json_text(card_life_cycle_str(s->life_cycle)));
	out_set(&o, "protocol", json_text(s->i02 != 0 ? "SCP02" : "SCP03"));
	out_set(&o, "i", json_text(out_hex8(s->i02 != 0 ? s->i02 : s->i).s));
	out_set(&o, "fault", fault(s));
	out_set(&o, "keys", key_sets(s));
	out_set(&o, "trust", trust(s));
	out_set(&o, "content", content(s));
	if (c->json)
		out_set(&o, "third_parties", containers_json(all));
	out_set(&o, "system", show_system(&s->system));
	out_set(&o, "slot", show_slot(&s->slot));
	out_set(&o, "policy", show_policy(&s->policy));
	if (out_result(c, o, e) != 0)
		return -1;
	if (c->json || (all->containers.n == 0 && all->issuers.n == 0))
		return 0;
	print_line(c->out, "third parties:");
	containers_text(c->out, all, "  ");
	return 0;
}

static int run(struct ctx *c, void *args, struct err *e)
{
	const struct args *g = args;
	struct wr state = wr_grow(SHOWN_MAX);
	struct vcard_summary s;
	struct containers all;
	int rc = vcard_describe(g->path, &s, &state, e);

	if (rc == 0 && !containers_get(wr_span(&state), &all))
		rc = err_set(e, ERR_INPUT, "%s: damaged card file (containers)", g->path);
	if (rc == 0)
		rc = tell(c, g->path, &s, &all, e);
	wr_free(&state);
	return rc;
}

const struct verb verb_vcard_show = {
	.name = "vcard show",
	.group = GROUP_VIRTUAL,
	.place = 20,
	.summary = "Show what a virtual card holds, key values excepted",
	.needs = HAS_JSON,
	VERB_OPERANDS(operands),
	.args_size = sizeof(struct args),
	.run = run,
};
