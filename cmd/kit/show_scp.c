/* Secure channel protocols in words: what the bits of i mean. */
#include <stdio.h>

#include "cmd/kit/out.h"
#include "scp/scp11.h"
#include "cmd/kit/show.h"
#include "cmd/kit/print.h"

/* i & mask == value: the text holds. */
struct meaning {
	uint16_t mask, value;
	const char *text;
};

/* GPCS table E-1; SCP01 has the same bits (GPCS 2.1.1 table D-1). */
static const struct meaning scp02[] = {
	{ 0x01, 0x01, "3 keys" },
	{ 0x01, 0x00, "1 base key" },
	{ 0x04, 0x04, "explicit initiation" },
	{ 0x04, 0x00, "implicit initiation" },
	{ 0x02, 0x00, "C-MAC on the modified APDU" },
	{ 0x02, 0x02, "C-MAC on the unmodified APDU" },
	{ 0x08, 0x00, "ICV zero" },
	{ 0x08, 0x08, "ICV over the AID" },
	{ 0x10, 0x10, "ICV encryption" },
	{ 0x20, 0x20, "R-MAC" },
	{ 0x40, 0x40, "pseudo-random challenge" },
};

/* Amendment D table 5-1. */
static const struct meaning scp03[] = {
	{ SCP03_I_S16, SCP03_I_S16, "S16" },
	{ SCP03_I_S16, 0, "S8" },
	{ SCP03_I_PSEUDO_RANDOM, SCP03_I_PSEUDO_RANDOM, "pseudo-random challenge" },
	{ SCP03_I_PSEUDO_RANDOM, 0, "random challenge" },
	{ SCP03_I_RMAC, SCP03_I_RMAC, "R-MAC" },
	{ SCP03_I_RENC, SCP03_I_RENC, "R-ENCRYPTION" },
};

/* Amendment F; the second octet, when there is one, is the low seven bits (see scp11_bits). */
static const struct meaning scp11[] = {
	{ 0x0001, 0x0001, "SCP11a" },
	{ 0x0002, 0x0002, "SCP11b" },
	{ 0x0010, 0x0010, "SCP11c" },
	{ 0x0040, 0x0040, "S16" },
	{ 0x0040, 0x0000, "S8" },
	{ 0x0004, 0x0004, "stores the public keys of entities" },
	{ 0x0008, 0x0008, "certificate chains" },
	{ 0x0020, 0x0020, "SCP11c authorizations" },
	{ 0x0100, 0x0100, "SCP11a authorizations" },
	{ 0x0200, 0x0200, "X.509 certificates" },
	{ 0x0400, 0x0000, "GlobalPlatform certificates" },
};

/* Amendment B 3.2. */
static const struct meaning scp81[] = {
	{ 0x01, 0x01, "TLS 1.0" },
	{ 0x02, 0x02, "TLS 1.1" },
	{ 0x04, 0x04, "TLS 1.2" },
	{ 0x08, 0x08, "TLS 1.3" },
};

static const struct meaning scp80[] = { { 0, 0, "secured packets over the air" } };
static const struct meaning scp10[] = { { 0, 0, "public keys, deprecated" } };

#define TABLE(id, t) \
	{ \
		id, t, sizeof(t) / sizeof((t)[0]) \
	}
static const struct {
	uint8_t scp;
	const struct meaning *list;
	size_t n;
} protocols[] = {
	TABLE(0x01, scp02),
	TABLE(0x02, scp02),
	TABLE(0x03, scp03),
	TABLE(0x10, scp10),
	TABLE(0x11, scp11),
	TABLE(0x80, scp80),
	TABLE(0x81, scp81),
};

/* In Card Data two octets of seven bits have become one number: the first is the high half. */
static uint16_t scp11_bits(uint16_t i)
{
	unsigned swapped = (i >> 7 & 0x7Fu) | (i & 0x7Fu) << 8;

	return i > 0x7F ? (uint16_t)swapped : i;
}

json_t *show_scp_features(uint8_t scp, uint16_t i)
{
	uint16_t bits = scp == 0x11 ? scp11_bits(i) : i;
	json_t *a = NULL;

	for (size_t k = 0; k < sizeof(protocols) / sizeof(protocols[0]); k++) {
		if (protocols[k].scp != scp)
			continue;
		a = json_array();
		for (size_t m = 0; m < protocols[k].n; m++)
			if ((bits & protocols[k].list[m].mask) == protocols[k].list[m].value)
				show_add(&a, json_text(protocols[k].list[m].text));
		return a;
	}
	return json_null();
}

static json_t *channel(uint8_t scp, uint16_t i)
{
	json_t *o = json_object();

	out_set(&o, "protocol", json_sprintf("SCP%02X", scp));
	out_set(&o, "i", json_sprintf(i > 0xFF ? "%04X" : "%02X", i));
	out_set(&o, "means", show_scp_features(scp, i));
	return o;
}

static const char *i_from_str(enum i_from f)
{
	static const char *const names[] = { [I_ANSWERED] = "card",
		[I_CARD_DATA] = "card data",
		[I_ASKED] = "asked for",
		[I_ASSUMED] = "assumed" };

	return names[f];
}

/* SCP11 ends in a session of SCP03; it is called by what opened it, and has no i. */
static bool is_scp11(const struct session *s, const char **name)
{
	enum scp11_variant v;

	if (!scp11_variant_from_kid(s->kid, &v))
		return false;
	*name = scp11_variant_str(v);
	return true;
}

const char *show_session_text(const struct session *s, char *out, size_t cap)
{
	enum scp_protocol p = scp_protocol(&s->scp);
	char from[24] = "";
	const char *name;

	if (is_scp11(s, &name)) {
		snprintf(out, cap, "%s, level %s, %s", name, out_hex8(s->level).s,
		    s->iu.m == 16 ? "S16" : "S8");
		return out;
	}
	if (s->i_from != I_ANSWERED)
		snprintf(from, sizeof(from), " (%s)", i_from_str(s->i_from));
	snprintf(out, cap, "%s i=%s%s, level %s%s", scp_protocol_str(p), out_hex8(s->iu.i).s, from,
	    out_hex8(s->level).s,
	    p != PROTOCOL_SCP03 ? ""
	    : s->iu.m == 16     ? ", S16"
				: ", S8");
	return out;
}

void show_session(json_t **o, const struct session *s)
{
	enum scp_protocol p = scp_protocol(&s->scp);
	const char *name = scp_protocol_str(p);
	bool scp11_opened = is_scp11(s, &name);

	out_set(o, "protocol", json_text(name));
	out_set(o, "i", scp11_opened ? json_null() : json_text(out_hex8(s->iu.i).s));
	out_set(o, "i_from", scp11_opened ? json_null() : json_text(i_from_str(s->i_from)));
	out_set(o, "level", json_text(out_hex8(s->level).s));
	out_set(
	    o, "mac", p == PROTOCOL_SCP03 ? json_text(s->iu.m == 16 ? "S16" : "S8") : json_null());
}

json_t *show_card_data_channels(const struct card_data *d)
{
	json_t *a = json_array();

	for (size_t k = 0; k < d->scp_n; k++)
		show_add(&a, channel(d->scp[k].scp, d->scp[k].i));
	return a;
}

static json_t *key_sizes(uint8_t bits)
{
	static const char *const names[] = { "AES-128", "AES-192", "AES-256" };
	json_t *a = json_array();

	for (unsigned k = 0; k < 3; k++)
		if ((bits & 1u << k) != 0)
			show_add(&a, json_text(names[k]));
	return a;
}

json_t *show_capabilities(const struct capabilities *c)
{
	json_t *a = json_array();

	for (size_t k = 0; k < c->n; k++) {
		json_t *o = json_object();

		out_set(&o, "protocol", json_sprintf("SCP%02X", c->scp[k].scp));
		out_set(&o, "i", show_octets(span_of(c->scp[k].i, c->scp[k].i_n)));
		out_set(&o, "keys", key_sizes(c->scp[k].key_sizes));
		show_add(&a, o);
	}
	return a;
}
