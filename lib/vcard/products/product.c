#include "vcard/products/product.h"

#include <string.h>

#include "tlv/tlv.h"
#include "vcard/core/card_state.h"
#include "vcard/core/vcard.h"

enum { TAG_FCI = 0x6F, TAG_DF_NAME = 0x84, TAG_PROPRIETARY = 0xA5, TAG_MAX_LENGTH = 0x9F65 };
enum { TAG_MANAGEMENT_DATA = 0x73, TAG_PRODUCTION = 0x9F6E, TAG_OID = 0x06, LEVEL_FULL = 0x33 };

/* Direct convention, no TA1 TB1 TC1, T=1, seven historical octets, check octet. */
static const uint8_t atr_plain[] = { 0x3B, 0x87, 0x01, 'c', 'a', 'r', 'd', 'a', 'd', 'm',
	0x87 ^ 0x01 ^ 'c' ^ 'a' ^ 'r' ^ 'd' ^ 'a' ^ 'd' ^ 'm' };
/* NXP JCOP 4 P71 SecID. */
static const uint8_t atr_jcop4[] = { 0x3B, 0xFA, 0x18, 0x00, 0x00, 0x81, 0x31, 0xFE, 0x45, 0x46,
	0x53, 0x4A, 0x43, 0x4F, 0x50, 0x34, 0x53, 0x49, 0x44, 0x80 };
/* T=1 only; historical octets of a UICC (TS 102 221 6.3.3): selection by DF name, four logical
 * channels, and a name of its own as card issuer's data. */
static const uint8_t atr_uicc[] = { 0x3B, 0x8F, 0x01, 0x80, 0x31, 0xE0, 0x73, 0xFE, 0x21, 0x13,
	0x57, 'c', 'a', 'r', 'd', 'a', 'd', 'm', 0x4B };
static const uint8_t atr_yubikey[] = { 0x3B, 0xFD, 0x13, 0x00, 0x00, 0x81, 0x31, 0xFE, 0x15, 0x80,
	0x73, 0xC0, 0x21, 0xC0, 0x57, 0x59, 0x75, 0x62, 0x69, 0x4B, 0x65, 0x79, 0x40 };

static const struct {
	const char *name;
	struct span atr;
} products[] = {
	[PRODUCT_PLAIN] = { "plain", { atr_plain, sizeof(atr_plain) } },
	[PRODUCT_JCOP4] = { "jcop4", { atr_jcop4, sizeof(atr_jcop4) } },
	[PRODUCT_UICC] = { "uicc", { atr_uicc, sizeof(atr_uicc) } },
	[PRODUCT_YUBIKEY] = { "yubikey", { atr_yubikey, sizeof(atr_yubikey) } },
};

bool product_from(const char *name, enum vcard_product *p)
{
	for (size_t i = 0; i < PRODUCTS; i++)
		if (strcmp(name, products[i].name) == 0) {
			*p = (enum vcard_product)i;
			return true;
		}
	return false;
}

const char *product_str(enum vcard_product p)
{
	return p < PRODUCTS ? products[p].name : "unknown";
}

struct span product_atr(enum vcard_product p)
{
	return products[p].atr;
}

/* UICCs are found under the AID of GlobalPlatform; SIM tools ask for the older one. */
static const struct aid aid_visa = { 8, { 0xA0, 0x00, 0x00, 0x00, 0x03 } };

bool product_means_isd(const struct chip *c, struct span aid, struct aid *name)
{
	if (c->product != PRODUCT_UICC || aid.n < AID_MIN || !span_starts(aid_span(&aid_visa), aid))
		return false;
	*name = aid_visa;
	return true;
}

bool product_has_broadcast(const struct chip *c)
{
	return c->i02 == 0 && c->product == PRODUCT_PLAIN;
}

bool product_has_trust(const struct chip *c)
{
	return c->i02 == 0 && (c->product == PRODUCT_PLAIN || c->product == PRODUCT_UICC);
}

bool product_knows(const struct chip *c, uint8_t ins)
{
	if (c->product == PRODUCT_YUBIKEY)
		return ins != INS_INSTALL && ins != INS_LOAD;
	return ins != INS_GENERATE_KEY || (c->product == PRODUCT_PLAIN && c->i02 == 0);
}

/* Card data of a JCOP 4, which offers SCP03 with i 70. */
static const uint8_t jcop4_card_data[] = { 0x73, 0x4B, 0x06, 0x07, 0x2A, 0x86, 0x48, 0x86, 0xFC,
	0x6B, 0x01, 0x60, 0x0B, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x02, 0x02, 0x03,
	0x63, 0x09, 0x06, 0x07, 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x03, 0x64, 0x0B, 0x06, 0x09,
	0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x04, 0x03, 0x70, 0x65, 0x0D, 0x06, 0x0B, 0x2A, 0x86,
	0x48, 0x86, 0xFC, 0x6B, 0x05, 0x07, 0x02, 0x00, 0x00, 0x66, 0x0C, 0x06, 0x0A, 0x2B, 0x06,
	0x01, 0x04, 0x01, 0x2A, 0x02, 0x6E, 0x01, 0x03 };

bool product_issue(struct chip *c, const struct vcard_issue *issue)
{
	struct card_object *o = &c->objects[0];

	c->product = issue->product;
	c->isd = issue->isd.n != 0 ? issue->isd : aid_isd;
	memcpy(c->iccid, issue->iccid, sizeof(c->iccid));
	memcpy(c->imsi, issue->imsi, sizeof(c->imsi));
	if (c->product != PRODUCT_JCOP4 || c->i02 != 0 || c->i != 0x70 || c->ecka_n > 0)
		return true;
	*o = (struct card_object){ .tag = TAG_CARD_DATA, .value = wr_grow(OBJECT_SIZE_MAX) };
	c->objects_n = 1;
	wr_put(&o->value, SPAN(jcop4_card_data));
	return wr_ok(&o->value);
}

/* Security domain management data: the whole of card data, or their first object alone. */
static void management_put(struct wr *w, const struct chip *c)
{
	static const uint8_t recognition[] = { 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x01 };
	uint8_t room[256];
	struct wr all = wr_fixed(room, sizeof(room));
	struct card_data d;
	struct span value;
	size_t mark;

	if (c->product == PRODUCT_YUBIKEY) {
		mark = tlv_open(w, TAG_MANAGEMENT_DATA);
		tlv_put(w, TAG_OID, SPAN(recognition));
		tlv_close(w, mark);
		return;
	}
	card_data_of(c, &d);
	card_data_put(&all, &d);
	if (wr_ok(&all) && tlv_find(wr_span(&all), TAG_CARD_DATA, &value))
		wr_put(w, value);
}

void product_fci_put(struct wr *w, const struct chip *c, const struct aid *aid)
{
	static const uint8_t production[] = { 0x12, 0x91, 0x33, 0x49, 0x03, 0x02 };
	size_t fci = tlv_open(w, TAG_FCI), proprietary;

	tlv_put(w, TAG_DF_NAME, aid_span(aid));
	proprietary = tlv_open(w, TAG_PROPRIETARY);
	if (c->product == PRODUCT_UICC || c->product == PRODUCT_YUBIKEY)
		management_put(w, c);
	if (c->product == PRODUCT_UICC)
		tlv_put(w, TAG_PRODUCTION, SPAN(production));
	if (c->product != PRODUCT_YUBIKEY)
		tlv_put_u8(w, TAG_MAX_LENGTH, 0xFF);
	tlv_close(w, proprietary);
	tlv_close(w, fci);
}

bool product_takes_level(const struct chip *c, uint8_t level)
{
	return c->product != PRODUCT_YUBIKEY || level == LEVEL_FULL;
}

bool product_wants_cmac(const struct chip *c)
{
	return c->product != PRODUCT_JCOP4;
}
