#include "cmd/kit/show.h"

#include "base/value.h"
#include "cmd/kit/out.h"
#include "cmd/kit/print.h"

json_t *show_ascii(struct span s)
{
	struct rd r = rd_of(s);
	uint8_t b;

	while (rd_u8(&r, &b))
		if (b < 0x20 || b > 0x7E)
			return out_hex(s);
	return json_stringn((const char *)s.p, s.n);
}

void show_add(json_t **array, json_t *value)
{
	if (*array != NULL && json_array_append_new(*array, value) == 0)
		return;
	if (*array == NULL)
		json_decref(value);
	json_decref(*array);
	*array = NULL;
}

json_t *show_octets(struct span s)
{
	json_t *a = json_array();
	struct rd r = rd_of(s);
	uint8_t b;

	while (rd_u8(&r, &b))
		show_add(&a, json_text(out_hex8(b).s));
	return a;
}

json_t *show_system(const struct system_data *d)
{
	json_t *o = json_object();
	char version[12];

	out_set(&o, "version", json_text(version_str(d->version, version)));
	out_set(&o, "digest", out_hex_lower(SPAN(d->digest)));
	out_set(&o, "length", json_integer(d->length));
	out_set(&o, "platform", show_ascii(SPAN(d->platform)));
	out_set(&o, "target", out_hex(aid_span(&d->target)));
	out_set(&o, "campaign", d->has_campaign ? out_hex(SPAN(d->campaign)) : json_null());
	out_set(&o, "package", d->has_campaign ? json_integer(d->package) : json_null());
	return o;
}

json_t *show_slot(const struct slot_data *d)
{
	json_t *o = json_object();

	out_set(&o, "number", json_integer(d->slot));
	out_set(&o, "state", json_text(slot_state_str(d->state)));
	if (d->state == SLOT_EMPTY)
		return o;
	out_set(&o, "campaign", out_hex(SPAN(d->campaign)));
	out_set(&o, "package", json_integer(d->package));
	out_set(&o, "commands", json_integer(d->total));
	out_set(&o, "done", json_integer(d->done));
	out_set(&o, "length", json_integer(d->length));
	out_set(&o, "received", json_integer(d->received));
	return o;
}

json_t *show_policy(const struct policy_data *d)
{
	json_t *o = json_object();

	out_set(&o, "algorithms", show_octets(span_of(d->algorithms, d->algorithm_n)));
	out_set(&o, "forms", show_octets(span_of(d->forms, d->form_n)));
	out_set(&o, "issuer", out_hex_lower(SPAN(d->issuer_digest)));
	out_set(&o, "kos_versions", show_octets(span_of(d->kos_versions, d->kos_n)));
	return o;
}
