#include "cmd/campaign/bundle_out.h"

#include "base/value.h"
#include "cmd/campaign/platform.h"
#include "tlv/tlv.h"
#include "cmd/kit/print.h"

const char *bundle_weakness(uint8_t algorithm)
{
	if (algorithm == ALG_CMAC_BK)
		return "the code is a MAC under BK-MAC, which every card of the campaign holds: "
		       "whoever extracts it from one card can make another image with the same "
		       "code";
	if (algorithm == ALG_CMAC_KMAC)
		return "the code is a MAC under KMAC, which every card holds for its whole life: "
		       "whoever extracts it from one card can make another image with the same "
		       "code, "
		       "in this and every later campaign";
	return NULL;
}

json_t *bundle_out_date(uint32_t date)
{
	char text[DATE_SIZE];

	return date == 0 ? json_null() : json_text(date_str(date, text));
}

static const char *algorithm_text(uint8_t algorithm)
{
	switch (algorithm) {
	case ALG_CMAC_BK:
		return "AES-CMAC under BK-MAC";
	case ALG_CMAC_KMAC:
		return "AES-CMAC under KMAC";
	case ALG_DIGEST:
		return "SHA-256, authentic by the channel";
	default:
		return "SHA-256, signed by the issuer";
	}
}

void bundle_out_head(json_t **o, const struct bundle *b)
{
	char version[12], base[12], platform[PLATFORM_TEXT];

	out_set_text(o, "name", b->name);
	out_set(o, "campaign", out_hex(SPAN(b->campaign)));
	out_set(o, "version", json_text(version_str(b->version, version)));
	out_set(o, "base", json_text(version_str(b->base, base)));
	out_set(o, "platform", json_text(platform_str(b->platform, platform)));
	out_set(o, "target", out_hex(aid_span(&b->target)));
	out_set(o, "variant", json_text(variant_str(b->variant)));
	out_set(o, "expires", bundle_out_date(b->expiry));
	out_set(o, "length", json_integer(b->length));
	out_set(o, "digest", out_hex_lower(SPAN(b->image_digest)));
	out_set(o, "algorithm", json_text(out_hex8(b->algorithm).s));
	out_set(o, "code", json_text(algorithm_text(b->algorithm)));
}

static uint64_t wire_octets(const struct package *p)
{
	struct rd r = rd_of(p->commands);
	uint64_t sum = p->return_command.n;
	struct tlv t;

	while (tlv_next(&r, &t))
		sum += t.val.n;
	return sum;
}

/* Who can open the broadcast keys as they lie in the file. */
static json_t *keys_text(const struct package *p)
{
	if (p->form == FORM_KOS)
		return json_sprintf("wrapped under Kos %02X", p->kos_version);
	return json_sprintf(
	    "wrapped under bundle KEK %.*s", (int)p->kek_name.n, (const char *)p->kek_name.p);
}

static json_t *package_row(const struct bundle *b, const struct package *p)
{
	uint64_t wire = wire_octets(p), over = wire > b->length ? wire - b->length : 0;
	json_t *o = json_object();

	out_set(&o, "package", json_integer(p->number));
	out_set(&o, "mac", json_text(p->m == 16 ? "S16" : "S8"));
	out_set(&o, "key_bits", json_integer(8 * p->key_n));
	out_set(&o, "commands", json_integer(p->total));
	out_set(&o, "wire", json_integer((json_int_t)wire));
	out_set(&o, "overhead",
	    json_sprintf("%u.%u KB", (unsigned)(over / 1000), (unsigned)(over % 1000 / 100)));
	out_set(&o, "slot", json_integer(p->slot));
	out_set(&o, "keys", keys_text(p));
	out_set(&o, "payload",
	    p->inner == INNER_KOS ? json_sprintf("encrypted under Kos %02X", p->kos_version)
				  : json_text("clear below BK"));
	if (p->code.n > 0 || p->wrapped_code.n > 0)
		out_set(&o, "code", out_hex(p->code.n > 0 ? p->code : p->wrapped_code));
	return o;
}

json_t *bundle_out_packages(const struct bundle *b)
{
	json_t *rows = json_array();

	for (size_t i = 0; rows != NULL && i < b->package_n; i++)
		if (json_array_append_new(rows, package_row(b, &b->package[i])) != 0) {
			json_decref(rows);
			return NULL;
		}
	return rows;
}

/* What the store calls it; null: it has no such key. NULL: failed. */
static json_t *signer_name(const uint8_t id[static 8], const struct keystore *ks)
{
	const struct entry *t;
	uint8_t mine[8];

	for (size_t i = 0; ks != NULL && (t = keystore_at(ks, i)) != NULL; i++) {
		if (t->type != ENTRY_SIGNER || t->public_n != ED25519_PUBLIC)
			continue;
		if (!bundle_signer_id(t->public, mine))
			return NULL;
		if (span_eq(SPAN(mine), span_of(id, 8)))
			return json_text(t->name);
	}
	return json_null();
}

json_t *bundle_out_signers(const struct bundle *b, const struct keystore *ks)
{
	json_t *rows = json_array();

	for (size_t i = 0; rows != NULL && i < b->signer_n; i++) {
		json_t *o = json_object();

		out_set(&o, "id", out_hex(SPAN(b->signer_id[i])));
		out_set(&o, "name", signer_name(b->signer_id[i], ks));
		out_set(&o, "verified", json_boolean(b->signer_ok[i]));
		if (json_array_append_new(rows, o) != 0) {
			json_decref(rows);
			return NULL;
		}
	}
	return rows;
}
