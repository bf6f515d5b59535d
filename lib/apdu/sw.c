#include "apdu/sw.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* GPCS 11.1.3 and the tables of the commands; ISO 7816-4 table 6. The first row that fits. */
static const struct {
	uint16_t value, mask;
	const char *text;
} texts[] = {
	{ 0x9000, 0xFFFF, "done" },
	{ 0x6100, 0xFF00, "more data to fetch" },
	{ 0x6200, 0xFFFF, "logical channel already closed" },
	{ 0x6283, 0xFFFF, "card is locked" },
	{ 0x6200, 0xFF00, "warning" },
	{ 0x6300, 0xFFFF, "authentication or verification failed" },
	{ 0x6310, 0xFFFF, "more data available" },
	{ 0x63C0, 0xFFF0, "wrong, tries left as the last digit says" },
	{ 0x6300, 0xFF00, "warning, memory changed" },
	{ 0x6400, 0xFFFF, "no specific diagnosis" },
	{ 0x6581, 0xFFFF, "memory failure" },
	{ 0x6600, 0xFFFF, "certificate verification failed" },
	{ 0x6640, 0xFFFF, "certificate not in the allow-list" },
	{ 0x6700, 0xFFFF, "wrong length" },
	{ 0x6881, 0xFFFF, "logical channel not supported or not open" },
	{ 0x6882, 0xFFFF, "secure messaging not supported" },
	{ 0x6883, 0xFFFF, "last command of the chain expected" },
	{ 0x6884, 0xFFFF, "command chaining not supported" },
	{ 0x6982, 0xFFFF, "security status not satisfied" },
	{ 0x6983, 0xFFFF, "authentication method blocked" },
	{ 0x6984, 0xFFFF, "referenced data invalidated" },
	{ 0x6985, 0xFFFF, "conditions not satisfied" },
	{ 0x6987, 0xFFFF, "secure messaging data missing" },
	{ 0x6988, 0xFFFF, "secure messaging data wrong" },
	{ 0x6999, 0xFFFF, "application could not be selected" },
	{ 0x6A80, 0xFFFF, "wrong data" },
	{ 0x6A81, 0xFFFF, "function not supported" },
	{ 0x6A82, 0xFFFF, "application or file not found" },
	{ 0x6A84, 0xFFFF, "not enough memory" },
	{ 0x6A86, 0xFFFF, "wrong P1 or P2" },
	{ 0x6A88, 0xFFFF, "referenced data not found" },
	{ 0x6B00, 0xFFFF, "wrong P1 or P2" },
	{ 0x6C00, 0xFF00, "wrong expected length" },
	{ 0x6D00, 0xFFFF, "instruction not supported" },
	{ 0x6E00, 0xFFFF, "class not supported" },
	{ 0x6F00, 0xFFFF, "unknown error in the card" },
	{ 0x9484, 0xFFFF, "algorithm not supported" },
	{ 0x9485, 0xFFFF, "wrong key check value" },
};

const char *sw_text(uint16_t sw)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if ((sw & texts[i].mask) == texts[i].value)
			return texts[i].text;
	return "unknown status";
}

bool sw_is_success_or_warning(uint16_t sw)
{
	return sw == SW_OK || (sw & 0xFF00) == 0x6200 || (sw & 0xFF00) == 0x6300;
}

int err_sw(struct err *e, enum err_code code, uint16_t sw, const char *fmt, ...)
{
	va_list ap;
	size_t n;

	err_clear(e);
	e->code = code;
	e->sw = sw;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	n = strlen(e->text);
	snprintf(e->text + n, sizeof(e->text) - n, ": %04X %s", sw, sw_text(sw));
	return -1;
}
