/* Status words: names, what to tell an operator, and which of them end in data with R-MAC. */
#ifndef APDU_SW_H
#define APDU_SW_H

#include "base/bytes.h"
#include "base/err.h"

enum sw {
	SW_OK = 0x9000,
	SW_SELECTED_LOCKED = 0x6283,
	SW_AUTH_FAILED = 0x6300,
	SW_MORE_DATA = 0x6310,
	SW_MEMORY_FAILURE = 0x6581,
	SW_WRONG_LENGTH = 0x6700,
	SW_CHANNEL_NOT_SUPPORTED = 0x6881,
	SW_SM_NOT_SUPPORTED = 0x6882,
	SW_CHAIN_LAST_EXPECTED = 0x6883,
	SW_CHAINING_NOT_SUPPORTED = 0x6884,
	SW_SECURITY_STATUS = 0x6982,
	SW_AUTH_BLOCKED = 0x6983,
	SW_DATA_INVALIDATED = 0x6984,
	SW_CONDITIONS = 0x6985,
	SW_WRONG_DATA = 0x6A80,
	SW_FUNCTION_NOT_SUPPORTED = 0x6A81,
	SW_NOT_FOUND = 0x6A82,
	SW_NO_MEMORY = 0x6A84,
	SW_WRONG_P1P2 = 0x6A86,
	SW_REFERENCE_NOT_FOUND = 0x6A88,
	SW_INS_NOT_SUPPORTED = 0x6D00,
	SW_CLA_NOT_SUPPORTED = 0x6E00,
	SW_UNKNOWN = 0x6F00
};

/* "conditions not satisfied"; "unknown status" for one that we do not know. Never NULL. */
const char *sw_text(uint16_t sw);
/* 9000, 62xx, 63xx: a protected answer carries data and R-MAC (Amendment D 6.2.5). */
bool sw_is_success_or_warning(uint16_t sw);
/* err_set with sw kept and ": 6985 conditions not satisfied" added to the text. Returns -1. */
int err_sw(struct err *e, enum err_code code, uint16_t sw, const char *fmt, ...) PRINTF_LIKE(4, 5);

#endif
