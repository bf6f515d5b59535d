/* What a card gives away without authentication, in words: ATR, SELECT, CPLC, memory, keys. */
#include "apdu/atr.h"
#include "gp/names.h"
#include "base/hex.h"
#include "base/value.h"
#include "cmd/kit/out.h"
#include "cmd/kit/show.h"
#include "cmd/kit/print.h"

/* ---- the answer to reset ---- */

static json_t *atr_protocols(uint16_t bits)
{
	json_t *a = json_array();

	for (unsigned t = 0; t < 15; t++)
		if ((bits & 1u << t) != 0)
			show_add(&a, json_sprintf("T=%u", t));
	return a;
}

json_t *show_atr(struct span atr)
{
	struct atr a;
	json_t *o;

	if (!atr_get(atr, &a))
		return json_null();
	o = json_object();
	out_set(&o, "convention", json_text(a.inverse ? "inverse" : "direct"));
	out_set(&o, "protocols", atr_protocols(a.protocols));
	out_set(&o, "clock_cycles_per_bit",
	    a.has_ta1 && atr_fi(a.ta1) != 0 && atr_di(a.ta1) != 0
		? json_integer(atr_fi(a.ta1) / atr_di(a.ta1))
		: json_null());
	out_set(&o, "historical", show_ascii(a.historical));
	out_set(&o, "check", json_text(!a.has_check ? "none" : a.check_ok ? "right" : "wrong"));
	return o;
}

/* ---- SELECT ---- */

json_t *show_selection(const struct card_identity *id)
{
	json_t *o = json_object();
	char sw[5];

	snprintf(sw, sizeof(sw), "%04X", id->select_sw);
	out_set(&o, "status", json_text(sw));
	/* More than this GPCS tells nobody without authentication (5.1, 11.9.3.2). */
	out_set(&o, "life_cycle",
	    json_text(id->select_sw == SW_SELECTED_LOCKED
			  ? "CARD_LOCKED"
			  : "not locked: OP_READY, INITIALIZED or SECURED"));
	out_set(&o, "aid", out_hex(aid_span(&id->fci.aid)));
	out_set(&o, "max_command_data",
	    id->fci.max_data == 0 ? json_null() : json_integer(id->fci.max_data));
	out_set(&o, "production_life_cycle",
	    out_hex(span_of(id->fci.production, id->fci.production_n)));
	return o;
}

json_t *show_resources(const struct resources *r)
{
	json_t *o;

	if (!r->told)
		return json_null();
	o = json_object();
	out_set(&o, "applications", json_integer(r->applications));
	out_set(&o, "free_non_volatile", json_integer(r->non_volatile));
	out_set(&o, "free_volatile", json_integer(r->volatile_));
	return o;
}

/* ---- CPLC ---- */

static json_t *cplc_date(struct span s)
{
	uint32_t today = date_today();
	char text[DATE_SIZE];
	struct cplc_date d;

	if (!date_ok(today) || !cplc_date_get(s, today, &d))
		return json_null();
	return json_sprintf("%s, or decades before (day %u of a year ending in %u)",
	    date_str(d.year * 10000 + d.month * 100 + d.day, text), d.yday, d.digit);
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

/* ---- keys ---- */

/* GPCS table 11-17: the values that the specification names. */
static const char *usage_told(const struct key_info *k)
{
	static const struct {
		uint8_t usage;
		const char *text;
	} known[] = {
		{ 0x14, "C-MAC" },
		{ 0x24, "R-MAC" },
		{ 0x34, "C-MAC and R-MAC" },
		{ 0x18, "C-ENC" },
		{ 0x28, "R-ENC" },
		{ 0x38, "C-ENC and R-ENC" },
		{ 0x48, "C-DEK" },
		{ 0x88, "R-DEK" },
		{ 0xC8, "C-DEK and R-DEK" },
		{ 0x81, "token verification" },
		{ 0x44, "receipt generation" },
		{ 0x84, "DAP verification" },
		{ 0x82, "public key of the domain" },
		{ 0x42, "private key of the domain" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (k->usage_n > 0 && k->usage[0] == known[i].usage)
			return known[i].text;
	return NULL;
}

json_t *show_key_usage(const struct key_info *k)
{
	const char *text = usage_told(k);
	char hex[HEX_SIZE(2)];

	if (text != NULL)
		return json_text(text);
	if (k->usage_n > 0 && (k->usage[0] | (k->usage_n > 1 ? k->usage[1] : 0)) != 0)
		return json_sprintf(
		    "bits %s", hex_put(span_of(k->usage, k->usage_n), hex, sizeof(hex)));
	text = key_use_str(k->id, k->version, k->type);
	return text == NULL ? json_null() : json_sprintf("%s, by convention", text);
}

json_t *show_keys(const struct key_infos *k)
{
	json_t *a = json_array();

	for (size_t i = 0; i < k->n; i++) {
		json_t *o = json_object();

		out_set(&o, "version", json_text(out_hex8(k->key[i].version).s));
		out_set(&o, "id", json_text(out_hex8(k->key[i].id).s));
		out_set(&o, "type", json_text(key_type_str(k->key[i].type)));
		out_set(&o, "length", json_integer(k->key[i].length));
		out_set(&o, "usage", show_key_usage(&k->key[i]));
		show_add(&a, o);
	}
	return a;
}
