#include <string.h>

#include "bundle/internal.h"
#include "scp/scp.h"
#include "tlv/tlv.h"

int field(struct rd *r, uint32_t tag, size_t min, size_t max, struct span *v, struct err *e)
{
	struct rd at = *r;
	struct tlv t;

	if (!tlv_next(&at, &t) || t.tag != tag)
		return err_set(e, ERR_INPUT, "tag %02X: missing, or not where it belongs", tag);
	if (!t.minimal)
		return err_set(
		    e, ERR_INPUT, "tag %02X: its length is not in the shortest form", tag);
	if (t.val.n < min || t.val.n > max)
		return err_set(e, ERR_INPUT, "tag %02X: wrong length %zu", tag, t.val.n);
	*r = at;
	*v = t.val;
	return 0;
}

int field_copy(struct rd *r, uint32_t tag, void *to, size_t n, struct err *e)
{
	struct span v;

	if (field(r, tag, n, n, &v, e) != 0)
		return -1;
	memcpy(to, v.p, n);
	return 0;
}

static int field_u8(struct rd *r, uint32_t tag, uint8_t *to, struct err *e)
{
	return field_copy(r, tag, to, 1, e);
}

static int field_u32(struct rd *r, uint32_t tag, uint32_t *to, struct err *e)
{
	uint8_t b[4];

	if (field_copy(r, tag, b, sizeof(b), e) != 0)
		return -1;
	*to = get_u32(b);
	return 0;
}

static bool next_is(const struct rd *r, uint32_t tag)
{
	struct rd at = *r;
	struct tlv t;

	return tlv_next(&at, &t) && t.tag == tag;
}

static int field_end(const struct rd *r, struct err *e)
{
	if (rd_left(r) == 0)
		return 0;
	return err_set(e, ERR_INPUT, "%zu octets more than it should have", rd_left(r));
}

static int get_expiry(struct rd *r, uint32_t *date, struct err *e)
{
	uint8_t bcd[4];
	uint32_t v = 0;

	if (field_copy(r, B_EXPIRY, bcd, sizeof(bcd), e) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(bcd); i++) {
		if (bcd[i] >> 4 > 9 || (bcd[i] & 0x0F) > 9)
			return err_set(e, ERR_INPUT, "tag %02X: not a date", B_EXPIRY);
		v = v * 100 + (bcd[i] >> 4) * 10u + (bcd[i] & 0x0Fu);
	}
	if (!bundle_date_ok(v))
		return err_set(e, ERR_INPUT, "tag %02X: not a date", B_EXPIRY);
	*date = v;
	return 0;
}

static int get_name(struct rd *r, char name[BUNDLE_NAME_MAX + 1], struct err *e)
{
	struct span v;

	if (field(r, B_NAME, 1, BUNDLE_NAME_MAX, &v, e) != 0)
		return -1;
	if (!bundle_text_ok(v, BUNDLE_NAME_MAX))
		return err_set(e, ERR_INPUT, "tag %02X: not printable UTF-8", B_NAME);
	memcpy(name, v.p, v.n);
	name[v.n] = '\0';
	return 0;
}

static int check_algorithm(const struct bundle *b, struct err *e)
{
	const struct variant_rule *rule = variant_rule(b->variant);

	if (rule == NULL)
		return err_set(
		    e, ERR_INPUT, "tag %02X: unknown variant %02X", B_VARIANT, b->variant);
	if (b->algorithm != ALG_DIGEST && b->algorithm != ALG_ISSUER &&
	    b->algorithm != rule->literal)
		return err_set(e, ERR_INPUT, "tag %02X: algorithm %02X does not go with variant %s",
		    B_ALGORITHM, b->algorithm, rule->name);
	if (b->length == 0 || b->length > IMAGE_MAX)
		return err_set(
		    e, ERR_INPUT, "tag %02X: an image of %u octets", B_LENGTH, b->length);
	return 0;
}

/* Tag A1. */
static int parse_head(struct bundle *b, struct span value, struct err *e)
{
	struct rd r = rd_of(value);
	struct span target;

	if (field_copy(&r, B_CAMPAIGN, b->campaign, sizeof(b->campaign), e) != 0 ||
	    field_u8(&r, B_VARIANT, &b->variant, e) != 0 ||
	    field_u32(&r, B_VERSION, &b->version, e) != 0 ||
	    field(&r, B_TARGET, AID_MIN, AID_MAX, &target, e) != 0 ||
	    field_copy(&r, B_PLATFORM, b->platform, sizeof(b->platform), e) != 0 ||
	    field_u32(&r, B_BASE, &b->base, e) != 0 ||
	    field_u32(&r, B_LENGTH, &b->length, e) != 0 ||
	    field_copy(&r, B_DIGEST, b->image_digest, sizeof(b->image_digest), e) != 0 ||
	    field_u8(&r, B_ALGORITHM, &b->algorithm, e) != 0 || check_algorithm(b, e) != 0)
		return -1;
	if (!aid_from(&b->target, target))
		return err_set(e, ERR_INPUT, "tag %02X: not an AID", B_TARGET);
	b->has_signature = b->algorithm == ALG_ISSUER;
	if (b->has_signature &&
	    field_copy(&r, B_SIGNATURE, b->signature, sizeof(b->signature), e) != 0)
		return -1;
	b->expiry = 0;
	if (next_is(&r, B_EXPIRY) && get_expiry(&r, &b->expiry, e) != 0)
		return -1;
	return get_name(&r, b->name, e) == 0 ? field_end(&r, e) : -1;
}

/*
 * One wrapped WRITE STAGE, and how few and how many image octets it can hold: the padding of
 * C-DECRYPTION hides up to 15 of them.
 */
static int check_command(
    const struct package *p, struct span apdu, uint64_t *least, uint64_t *most, struct err *e)
{
	struct capdu c;
	size_t n;

	if (!capdu_get(apdu, &c) || c.extended || c.le != LE_NONE || c.cla != 0x84 ||
	    c.ins != INS_WRITE_STAGE || c.p1 != 0 || c.p2 != p->slot)
		return err_set(e, ERR_INPUT, "not a wrapped WRITE STAGE to slot %02X", p->slot);
	n = c.data.n < p->m ? 0 : c.data.n - p->m;
	if (n == 0 || n % AES_BLOCK != 0)
		return err_set(
		    e, ERR_INPUT, "%zu octets of data are no whole blocks and a MAC", c.data.n);
	*least += n > AES_BLOCK + PAYLOAD_HEAD ? n - AES_BLOCK - PAYLOAD_HEAD : 1;
	*most += n - 1 - PAYLOAD_HEAD;
	return 0;
}

/* Tag AA: as many commands as 87 says, and together they can carry the image. */
static int check_commands(const struct package *p, uint32_t length, struct err *e)
{
	struct rd r = rd_of(p->commands);
	uint64_t least = 0, most = 0;
	uint32_t count = 0;
	struct span apdu;

	while (rd_left(&r) > 0) {
		count++;
		if (field(&r, B_CAPDU, 1, APDU_MAX_COMMAND, &apdu, e) != 0 ||
		    check_command(p, apdu, &least, &most, e) != 0)
			return err_in(e, "command %u", count);
	}
	if (count != p->total)
		return err_set(
		    e, ERR_INPUT, "%u commands where tag %02X says %u", count, B_TOTAL, p->total);
	if (length < least || length > most)
		return err_set(e, ERR_INPUT,
		    "the commands carry %llu to %llu octets, the image has %u",
		    (unsigned long long)least, (unsigned long long)most, length);
	return 0;
}

/* Tag A6: the return command and nothing else. */
static int parse_return(struct package *p, struct span value, struct err *e)
{
	struct rd r = rd_of(value);
	struct capdu c;

	if (field(&r, B_CAPDU, 1, APDU_MAX_COMMAND, &p->return_command, e) != 0 ||
	    field_end(&r, e) != 0)
		return err_in(e, "return command");
	if (!capdu_get(p->return_command, &c) || c.extended || c.le != LE_NONE || c.cla != 0x84 ||
	    c.ins != INS_CHANGE_MODE || c.p1 != CHANGE_MODE_RETURN ||
	    c.p2 != CHANGE_MODE_RETURN_P2 || c.data.n != p->m)
		return err_set(e, ERR_INPUT, "return command: not a wrapped CHANGE MODE return");
	return 0;
}

static int check_sizes(const struct package *p, const struct variant_rule *rule, struct err *e)
{
	if (p->m != 8 && p->m != 16)
		return err_set(e, ERR_INPUT, "tag %02X: MAC size %u", B_MAC_SIZE, p->m);
	if (p->key_n != 16 && p->key_n != 24 && p->key_n != 32)
		return err_set(e, ERR_INPUT, "tag %02X: key length %u", B_KEY_SIZE, p->key_n);
	if (p->form != rule->form)
		return err_set(e, ERR_INPUT, "tag %02X: form %02X does not go with variant %s",
		    B_FORM, p->form, rule->name);
	return 0;
}

/* 80, [9E], [8B], 89, 8C, [8E]: which of them are there follows from the variant. */
static int parse_keys(
    struct package *p, const struct variant_rule *rule, struct rd *r, struct err *e)
{
	size_t keys_n = 2u * p->key_n + 8;

	if (field(r, B_KEYS, keys_n, keys_n, &p->keys, e) != 0)
		return -1;
	p->kek_name = span_of(NULL, 0);
	if (p->form == FORM_CLEAR) {
		if (field(r, B_KEK_NAME, 1, KEK_NAME_MAX, &p->kek_name, e) != 0)
			return -1;
		if (!bundle_text_ok(p->kek_name, KEK_NAME_MAX))
			return err_set(e, ERR_INPUT, "tag %02X: not printable UTF-8", B_KEK_NAME);
	}
	p->has_kos_version = rule->form == FORM_KOS || rule->inner == INNER_KOS;
	if (p->has_kos_version && field_u8(r, B_KOS_VERSION, &p->kos_version, e) != 0)
		return -1;
	if (field_u8(r, B_INNER, &p->inner, e) != 0)
		return -1;
	if (p->inner != rule->inner)
		return err_set(e, ERR_INPUT,
		    "tag %02X: inner layer %02X does not go with variant %s", B_INNER, p->inner,
		    rule->name);
	if (field_u8(r, B_SLOT, &p->slot, e) != 0)
		return -1;
	p->has_nonce = p->inner == INNER_KOS;
	return p->has_nonce ? field_copy(r, B_NONCE, p->nonce, sizeof(p->nonce), e) : 0;
}

/* 96 or 9C, exactly with the literal algorithms. */
static int parse_code(struct package *p, const struct bundle *b, const struct variant_rule *rule,
    struct rd *r, struct err *e)
{
	p->wrapped_code = p->code = span_of(NULL, 0);
	if (b->algorithm != rule->literal)
		return 0;
	if (rule->wrapped)
		return field(
		    r, B_WRAPPED_CODE, WRAPPED_CODE_SIZE, WRAPPED_CODE_SIZE, &p->wrapped_code, e);
	return field(r, B_CODE, CODE_SIZE, CODE_SIZE, &p->code, e);
}

static int parse_stream(struct package *p, uint32_t length, struct rd *r, struct err *e)
{
	size_t checkpoints_n;
	struct span ret;

	if (field(r, B_COMMANDS, 1, BUNDLE_MAX, &p->commands, e) != 0 ||
	    check_commands(p, length, e) != 0 ||
	    field(r, B_RETURN, 1, APDU_MAX_COMMAND, &ret, e) != 0 || parse_return(p, ret, e) != 0)
		return -1;
	/* S16: the whole chaining value is on the wire; a single command is never resumed. */
	checkpoints_n = p->m == 8 ? 8 * (size_t)(p->total - 1) : 0;
	p->checkpoints = span_of(NULL, 0);
	if (checkpoints_n > 0 &&
	    field(r, B_CHECKPOINTS, checkpoints_n, checkpoints_n, &p->checkpoints, e) != 0)
		return -1;
	return field_end(r, e);
}

/* Tag A3. */
static int parse_package(
    struct package *p, const struct bundle *b, struct span value, struct err *e)
{
	const struct variant_rule *rule = variant_rule(b->variant);
	struct rd r = rd_of(value);
	uint8_t start[16];

	*p = (struct package){ 0 };
	if (field_u32(&r, B_NUMBER, &p->number, e) != 0 ||
	    field_u8(&r, B_MAC_SIZE, &p->m, e) != 0 ||
	    field_u8(&r, B_KEY_SIZE, &p->key_n, e) != 0 || field_u8(&r, B_FORM, &p->form, e) != 0 ||
	    check_sizes(p, rule, e) != 0 || parse_keys(p, rule, &r, e) != 0 ||
	    field_copy(&r, B_COUNTER, p->counter, sizeof(p->counter), e) != 0 ||
	    field_copy(&r, B_MCV, p->mcv, sizeof(p->mcv), e) != 0 ||
	    field_u32(&r, B_TOTAL, &p->total, e) != 0)
		return -1;
	broadcast_counter(p->number, 0, start);
	if (!span_eq(SPAN(p->counter), SPAN(start)))
		return err_set(e, ERR_INPUT, "tag %02X: not the start counter of package %u",
		    B_COUNTER, p->number);
	if (p->total == 0)
		return err_set(e, ERR_INPUT, "tag %02X: no commands", B_TOTAL);
	return parse_code(p, b, rule, &r, e) == 0 ? parse_stream(p, b->length, &r, e) : -1;
}

/* Numbers ascend, and a MAC size picks one package. */
static int check_distinct(const struct bundle *b, const struct package *p, struct err *e)
{
	if (b->package_n > 0 && p->number <= b->package[b->package_n - 1].number)
		return err_set(
		    e, ERR_INPUT, "number %u is not higher than the one before", p->number);
	if (bundle_package(b, p->m) != NULL)
		return err_set(e, ERR_INPUT, "a second one for MAC size %u", p->m);
	return 0;
}

int bundle_parse(struct bundle *b, struct err *e)
{
	struct rd r = rd_of(b->signed_part);
	struct span value;
	uint8_t format;

	b->package_n = 0;
	if (field_u8(&r, B_FORMAT, &format, e) != 0)
		return -1;
	if (format != BUNDLE_FORMAT)
		return err_set(e, ERR_INPUT, "format %u is not known here", format);
	if (field(&r, B_IMAGE, 1, BUNDLE_MAX, &value, e) != 0 || parse_head(b, value, e) != 0)
		return -1;
	do {
		struct package *p = &b->package[b->package_n];

		if (b->package_n == BUNDLE_PACKAGES)
			return err_set(e, ERR_INPUT, "more than %u packages", BUNDLE_PACKAGES);
		if (field(&r, B_PACKAGE, 1, BUNDLE_MAX, &value, e) != 0 ||
		    parse_package(p, b, value, e) != 0 || check_distinct(b, p, e) != 0)
			return err_in(e, "package at place %zu", b->package_n + 1);
		b->package_n++;
	} while (rd_left(&r) > 0);
	return 0;
}
