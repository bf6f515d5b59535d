#include "show.h"

#include "base/hex.h"
#include "out.h"
#include "scp/scp03.h"

json_t *show_ascii(struct span s)
{
	struct rd r = rd_of(s);
	uint8_t b;

	while (rd_u8(&r, &b))
		if (b < 0x20 || b > 0x7E)
			return out_hex(s);
	return json_stringn((const char *)s.p, s.n);
}

static json_t *octet(uint8_t v)
{
	return json_string(out_hex8(v).s);
}

/* Each octet as a string of its own: ["05", "04"]. */
static json_t *octets(struct span s)
{
	json_t *a = json_array();
	struct rd r = rd_of(s);
	uint8_t b;

	while (rd_u8(&r, &b))
		if (json_array_append_new(a, octet(b)) != 0) {
			json_decref(a);
			return NULL;
		}
	return a;
}

static void add(json_t **array, json_t *value)
{
	if (*array != NULL && json_array_append_new(*array, value) == 0)
		return;
	if (*array == NULL)
		json_decref(value);
	json_decref(*array);
	*array = NULL;
}

json_t *show_system(const struct system_data *d)
{
	json_t *o = json_object();
	char version[12];

	out_set(&o, "version", json_string(version_str(d->version, version)));
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
	out_set(&o, "state", json_string(slot_state_str(d->state)));
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

	out_set(&o, "algorithms", octets(span_of(d->algorithms, d->algorithm_n)));
	out_set(&o, "forms", octets(span_of(d->forms, d->form_n)));
	out_set(&o, "issuer", out_hex_lower(SPAN(d->issuer_digest)));
	out_set(&o, "kos_versions", octets(span_of(d->kos_versions, d->kos_n)));
	return o;
}

json_t *show_keys(const struct key_infos *k)
{
	json_t *a = json_array();

	for (size_t i = 0; i < k->n; i++) {
		json_t *o = json_object();

		out_set(&o, "version", octet(k->key[i].version));
		out_set(&o, "id", octet(k->key[i].id));
		out_set(&o, "type", json_string(key_type_str(k->key[i].type)));
		out_set(&o, "length", json_integer(k->key[i].length));
		add(&a, o);
	}
	return a;
}

/* CPLC dates are BCD: last digit of the year, day of the year; 0000 and days over 366 are unset. */
static json_t *cplc_date(struct span s)
{
	char hex[HEX_SIZE(2)];
	int day;

	hex_put(s, hex, sizeof(hex));
	for (size_t i = 0; i < 4; i++)
		if (hex[i] > '9')
			return json_null();
	day = (hex[1] - '0') * 100 + (hex[2] - '0') * 10 + hex[3] - '0';
	if (day < 1 || day > 366)
		return json_null();
	return json_sprintf("day %d of a year ending in %c", day, hex[0]);
}

json_t *show_cplc(struct span cplc)
{
	json_t *o = json_object();

	for (size_t i = 0; i < cplc_field_n; i++) {
		const struct cplc_field *f = &cplc_fields[i];
		struct span s = span_sub(cplc, f->offset, f->size);

		out_set(&o, f->name, f->date ? cplc_date(s) : out_hex(s));
	}
	return o;
}

/* What the bits of i mean (Amendment D table 5-1). */
static json_t *scp03_features(uint8_t i)
{
	json_t *a = json_array();

	add(&a, json_string((i & SCP03_I_S16) != 0 ? "S16" : "S8"));
	add(&a, json_string((i & SCP03_I_PSEUDO_RANDOM) != 0 ? "pseudo-random challenge"
							     : "random challenge"));
	if ((i & SCP03_I_RMAC) != 0)
		add(&a, json_string("R-MAC"));
	if ((i & SCP03_I_RENC) != 0)
		add(&a, json_string("R-ENCRYPTION"));
	return a;
}

json_t *show_card_data_channels(const struct card_data *d)
{
	json_t *a = json_array();

	for (size_t k = 0; k < d->scp_n; k++) {
		json_t *o = json_object();
		uint16_t i = d->scp[k].i;

		out_set(&o, "protocol", json_sprintf("SCP%02X", d->scp[k].scp));
		out_set(&o, "i", json_sprintf(i > 0xFF ? "%04X" : "%02X", i));
		out_set(
		    &o, "means", d->scp[k].scp == 0x03 ? scp03_features((uint8_t)i) : json_null());
		add(&a, o);
	}
	return a;
}

static json_t *key_sizes(uint8_t bits)
{
	static const char *const names[] = { "AES-128", "AES-192", "AES-256" };
	json_t *a = json_array();

	for (unsigned k = 0; k < 3; k++)
		if ((bits & 1u << k) != 0)
			add(&a, json_string(names[k]));
	return a;
}

json_t *show_capabilities(const struct capabilities *c)
{
	json_t *a = json_array();

	for (size_t k = 0; k < c->n; k++) {
		json_t *o = json_object();

		out_set(&o, "protocol", json_sprintf("SCP%02X", c->scp[k].scp));
		out_set(&o, "i", octets(span_of(c->scp[k].i, c->scp[k].i_n)));
		out_set(&o, "keys", key_sizes(c->scp[k].key_sizes));
		add(&a, o);
	}
	return a;
}
