#include "cmd/virtual/product.h"

#include <stdio.h>

#include "base/value.h"

enum { FACTORY = 0xFF, ICCID_DIGITS = 19, IMSI_DIGITS = 15 };

uint8_t vcard_product_version(enum vcard_product p, const struct entry *keys)
{
	uint8_t family = keys->type == ENTRY_SCP02 ? 0x20 : 0x30;

	if (p == PRODUCT_JCOP4 || p == PRODUCT_YUBIKEY)
		return FACTORY;
	if (p == PRODUCT_UICC && (keys->version & 0xF0) != family)
		return family;
	return keys->version;
}

bool vcard_product_scp11(enum vcard_product p, const struct keystore *ks)
{
	bool ca = false, oce_ca = false;
	const struct entry *t;

	for (size_t i = 0; p == PRODUCT_YUBIKEY && (t = keystore_at(ks, i)) != NULL; i++) {
		ca = ca || (t->type == ENTRY_CA && t->ec.n > 0);
		oce_ca = oce_ca || t->type == ENTRY_OCE_CA;
	}
	return ca && oce_ca;
}

/* Two digits in an octet, the first in the lower half; an odd one is followed by F. */
static void swapped_put(struct wr *w, const char *digits, size_t n)
{
	for (size_t i = 0; i < n; i += 2) {
		uint8_t high = i + 1 < n ? (uint8_t)(digits[i + 1] - '0') : 0x0F;

		wr_u8(w, (uint8_t)(high << 4 | (digits[i] - '0')));
	}
}

/* ITU-T E.118: telecommunications 89, and country code and network of tests. */
static bool iccid_put(uint32_t number, struct vcard_issue *issue)
{
	struct wr w = wr_fixed(issue->iccid, sizeof(issue->iccid));
	char digits[ICCID_DIGITS + 1];

	snprintf(digits, sizeof(digits), "89999001%010u", number);
	digits[ICCID_DIGITS - 1] = luhn_digit(digits, ICCID_DIGITS - 1);
	swapped_put(&w, digits, ICCID_DIGITS);
	return wr_ok(&w) && w.n == sizeof(issue->iccid);
}

/* TS 31.102 4.2.2: length, then parity and the first digit, then the others. */
static bool imsi_put(uint32_t number, struct vcard_issue *issue)
{
	struct wr w = wr_fixed(issue->imsi, sizeof(issue->imsi));
	char digits[IMSI_DIGITS + 1];

	snprintf(digits, sizeof(digits), "00101%010u", number);
	wr_u8(&w, IMSI_SIZE - 1);
	wr_u8(&w, (uint8_t)((digits[0] - '0') << 4 | 0x09));
	swapped_put(&w, digits + 1, IMSI_DIGITS - 1);
	return wr_ok(&w) && w.n == sizeof(issue->imsi);
}

/* Fabricator NXP, type P71, system JCOP 4 as recorded from a card; numbers stay. */
static bool jcop4_cplc(struct vcard_issue *issue)
{
	static const uint8_t begin[] = { 0x47, 0x90, 0xD6, 0x00, 0x47, 0x00, 0x00, 0x00, 0x00, 0x00,
		0x00, 0x00 };
	struct wr w = wr_fixed(issue->cplc, sizeof(issue->cplc));

	wr_put(&w, SPAN(begin));
	return wr_ok(&w);
}

bool vcard_product_numbers(uint32_t number, struct vcard_issue *issue)
{
	if (issue->product == PRODUCT_JCOP4)
		return jcop4_cplc(issue);
	if (issue->product == PRODUCT_UICC)
		return iccid_put(number, issue) && imsi_put(number, issue);
	return true;
}
