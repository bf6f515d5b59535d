/*
 * STORE DATA (GPCS 11.11): IIN and CIN as BER-TLV or in DGI 0070, key sets by DGIs 00B9 and 8113.
 * Blocks are gathered until the last one and then take effect together or not at all.
 */
#include "crypto/kdf.h"
#include "tlv/tlv.h"
#include "vcard/handlers.h"

enum { P1_LAST = 0x80, P1_ENCRYPTED = 0x60, P1_FORMAT = 0x18, P1_DGI = 0x08, P1_BER = 0x10 };
enum { P1_RESPONSE = 0x01, STORE_MAX = 4096 };
enum { DGI_BER = 0x0070, DGI_KEY_TEMPLATE = 0x00B9, DGI_KEY_VALUE = 0x8113, TAG_KEY = 0xB9 };
enum { TAG_TYPE = 0x80, TAG_LENGTH = 0x81, TAG_KID = 0x82, TAG_KVN = 0x83, TAG_KCV = 0x84 };

/* A key set on its way in: announced by 00B9, filled by one 8113 per key. */
struct incoming {
	struct {
		uint8_t kid, length, kcv[3];
	} key[KIDS];
	size_t n, filled;
	uint8_t version;
	struct key_set keys;
};

static uint16_t store_ber(struct call *c, struct span data)
{
	static const uint8_t reference[] = { TAG_CONTROL_REFERENCE };
	struct vcard *v = c->v;
	struct rd r = rd_of(data);
	struct tlv t;

	/* What belongs to a key of SCP11 names it first, and comes alone. */
	if (span_starts(data, SPAN(reference)))
		return scp11_store(c, data);
	while (rd_left(&r) > 0) {
		if (!tlv_next(&r, &t))
			return SW_WRONG_DATA;
		if (t.tag == TAG_IIN && t.val.n > 0 && t.val.n <= sizeof(v->chip.iin))
			chip_put_iin(v, t.val);
		else if (t.tag == TAG_CIN && t.val.n > 0 && t.val.n <= sizeof(v->chip.cin))
			chip_put_cin(v, t.val);
		else
			return t.tag == TAG_IIN || t.tag == TAG_CIN ? SW_WRONG_DATA
								    : SW_REFERENCE_NOT_FOUND;
	}
	return SW_OK;
}

static bool one_octet(struct span s, uint32_t tag, uint8_t *v)
{
	struct span val;
	struct rd r;

	if (!tlv_find(s, tag, &val) || val.n != 1)
		return false;
	r = rd_of(val);
	return rd_u8(&r, v);
}

static uint16_t announce_keys(struct incoming *in, struct span data)
{
	struct rd r = rd_of(data);
	struct span key, kcv;

	while (rd_left(&r) > 0) {
		uint8_t type, version;
		struct rd value;

		if (in->n == KIDS || !tlv_expect(&r, TAG_KEY, &key) ||
		    !one_octet(key, TAG_TYPE, &type) || type != KEY_TYPE_AES ||
		    !one_octet(key, TAG_LENGTH, &in->key[in->n].length) ||
		    !one_octet(key, TAG_KID, &in->key[in->n].kid) ||
		    !one_octet(key, TAG_KVN, &version) || !tlv_find(key, TAG_KCV, &kcv) ||
		    kcv.n != sizeof(in->key[0].kcv))
			return SW_WRONG_DATA;
		value = rd_of(kcv);
		if (!rd_copy(&value, in->key[in->n].kcv, sizeof(in->key[0].kcv)) ||
		    (in->n > 0 && version != in->version))
			return SW_WRONG_DATA;
		in->version = version;
		in->n++;
	}
	return SW_OK;
}

/* One 8113: the next announced key, under Key-DEK with ICV zero, padded to the block. */
static uint16_t take_key(struct incoming *in, const struct key *dek, struct span value)
{
	static const uint8_t zero[AES_BLOCK] = { 0 };
	uint8_t clear[KEY_MAX], kcv[3], length;
	struct key *k;
	uint16_t sw = SW_WRONG_DATA;

	if (in->filled >= in->n)
		return SW_WRONG_DATA;
	length = in->key[in->filled].length;
	k = key_of(&in->keys, in->key[in->filled].kid);
	if (k == NULL || k->n != 0 || (length != 16 && length != 24 && length != 32) ||
	    value.n != (length == 16 ? 16u : 32u))
		return SW_WRONG_DATA;
	if (!aes_cbc_once(dek, false, zero, value, clear) || !key_from(k, span_of(clear, length)) ||
	    !key_check_value(k, kcv))
		sw = SW_UNKNOWN;
	else if (!ct_equal(SPAN(kcv), SPAN(in->key[in->filled].kcv)))
		sw = SW_SECURITY_STATUS;
	else
		sw = SW_OK;
	in->filled++;
	wipe(clear, sizeof(clear));
	return sw;
}

/* DGI(2), length(1 or FF and 2), value. */
static bool dgi_next(struct rd *r, uint16_t *dgi, struct span *value)
{
	uint8_t n;
	uint16_t longer;

	if (!rd_u16(r, dgi) || !rd_u8(r, &n))
		return false;
	if (n != 0xFF)
		return rd_take(r, n, value);
	return rd_u16(r, &longer) && rd_take(r, longer, value);
}

static uint16_t store_dgis(struct call *c, struct span data)
{
	struct rd r = rd_of(data);
	struct incoming in = { 0 };
	struct span value;
	uint16_t dgi, sw = SW_OK;

	while (sw == SW_OK && rd_left(&r) > 0) {
		if (!dgi_next(&r, &dgi, &value))
			sw = SW_WRONG_DATA;
		else if (dgi == DGI_BER)
			sw = store_ber(c, value);
		else if (dgi == DGI_KEY_TEMPLATE)
			sw = announce_keys(&in, value);
		else if (dgi == DGI_KEY_VALUE)
			sw = take_key(&in, &c->ch->dek, value);
		else
			sw = SW_REFERENCE_NOT_FOUND;
	}
	if (sw == SW_OK && in.n != 0) {
		/* Whole sets only: all three keys, or nothing changes. */
		if (in.n != KIDS || in.filled != KIDS || in.version == 0 || in.version > 0x7F)
			sw = SW_WRONG_DATA;
		else
			sw = keys_add(c->v, &c->ch->selected, in.version, &in.keys);
	}
	wipe(&in, sizeof(in));
	return sw;
}

static uint16_t store_block(struct call *c)
{
	struct channel *ch = c->ch;
	uint8_t p1 = c->cmd->p1, format = p1 & P1_FORMAT;
	uint16_t sw;

	if ((p1 & P1_RESPONSE) != 0 || (format != P1_DGI && format != P1_BER))
		return SW_WRONG_P1P2;
	if ((p1 & P1_ENCRYPTED) != 0 && ((p1 & P1_ENCRYPTED) != P1_ENCRYPTED || format != P1_DGI))
		return SW_WRONG_P1P2;
	if (c->cmd->p2 != ch->store_next)
		return SW_WRONG_DATA;
	if (ch->store_next == 0)
		ch->store = wr_grow(STORE_MAX);
	wr_put(&ch->store, c->cmd->data);
	if (!wr_ok(&ch->store))
		return SW_NO_MEMORY;
	ch->store_next++;
	if ((p1 & P1_LAST) == 0)
		return ch->store_next == 0 ? SW_WRONG_DATA : SW_OK;
	sw = format == P1_BER ? store_ber(c, wr_span(&ch->store))
			      : store_dgis(c, wr_span(&ch->store));
	if (sw == SW_OK && !chip_commit(c->v))
		sw = SW_MEMORY_FAILURE;
	return sw;
}

uint16_t do_store_data(struct call *c)
{
	uint16_t sw = store_block(c);

	/* The numbering starts anew after the last block and after an error (11.11.2.2). */
	if (sw != SW_OK || (c->cmd->p1 & P1_LAST) != 0) {
		wr_free(&c->ch->store);
		c->ch->store_next = 0;
	}
	return sw;
}
