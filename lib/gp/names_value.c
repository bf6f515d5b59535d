/* names.h: what values say. */
#include "gp/names.h"

#include <stdio.h>
#include <time.h>

#include "base/text.h"
#include "gp/cert.h"
#include "gp/container.h"
#include "gp/day.h"

/* Words into caller storage; what does not fit is cut. */
static bool said(char *out, size_t cap, const char *text)
{
	snprintf(out, cap, "%s", text);
	return text[0] != '\0';
}

static bool number_get(struct span v, uint64_t *n)
{
	*n = 0;
	for (size_t i = 0; i < v.n; i++)
		*n = *n << 8 | v.p[i];
	return v.n > 0 && v.n <= 8;
}

/* An id, if it is one that can be read. */
static bool text_value(struct span v, char *out, size_t cap)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] < 0x20 || v.p[i] == 0x7F)
			return false;
	if (v.n == 0 || !utf8_ok(v))
		return false;
	text_clean(v, CLEAN_ALL, out, cap);
	return true;
}

static bool day_value(struct span v, char *out, size_t cap)
{
	int64_t midnight;

	if (!day_get(v, &midnight))
		return false;
	snprintf(out, cap, "%02X%02X-%02X-%02X", v.p[0], v.p[1], v.p[2], v.p[3]);
	return true;
}

static bool time_value(uint64_t seconds, char *out, size_t cap)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (seconds == 0)
		return said(out, cap, "unknown");
	return seconds <= UINT32_MAX && gmtime_r(&t, &tm) != NULL &&
	       strftime(out, cap, "%Y-%m-%d %H:%M:%S UTC", &tm) > 0;
}

static bool rights_value(uint64_t rights, char *out, size_t cap)
{
	static const char *const names[] = { "read", "write", "content", "admit", "shared" };
	size_t at = 0;

	if (rights > RIGHTS_ALL)
		return false;
	if (rights == 0)
		return said(out, cap, "none");
	out[0] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && at < cap; i++)
		if ((rights >> i & 1) != 0)
			at += (size_t)snprintf(
			    out + at, cap - at, "%s%s", at > 0 ? ", " : "", names[i]);
	return true;
}

static bool stage_value(uint64_t n, char *out, size_t cap)
{
	uint64_t stage = n & ~(uint64_t)CONTAINER_LOCKED;

	if (stage < STAGE_GRANTED || stage > STAGE_SEALED)
		return false;
	snprintf(out, cap, "%s%s", container_stage_str((enum container_stage)stage),
	    stage != n ? ", locked" : "");
	return true;
}

static bool order_value(uint64_t n, char *out, size_t cap)
{
	static const char *const names[] = { [ORDER_PLACE] = "place",
		[ORDER_REVOKE] = "revoke",
		[ORDER_RAISE] = "raise the serials",
		[ORDER_CLOSE] = "close the issuer keys" };

	return n >= ORDER_PLACE && n <= ORDER_CLOSE && said(out, cap, names[n]);
}

/* The key usage qualifier is the security level of the session (Amendment F 7.5). */
static bool level_value(uint64_t usage, char *out, size_t cap)
{
	static const uint8_t levels[][2] = { { 0x34, 0x11 }, { 0x3C, 0x33 }, { 0x1C, 0x03 },
		{ 0x74, 0x13 } };

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (levels[i][0] == usage) {
			snprintf(out, cap, "security level %02X", levels[i][1]);
			return true;
		}
	return false;
}

static bool key_value(uint8_t kid, uint8_t kvn, char *out, size_t cap)
{
	const char *use = key_use_str(kid, kvn);

	snprintf(out, cap, "key %02X of version %02X%s%s", kid, kvn, use == NULL ? "" : ": ",
	    use == NULL ? "" : use);
	return true;
}

/* Identifier, version, type of the first component (GPCS 11.3.3.1). */
static bool key_info_value(struct span v, char *out, size_t cap)
{
	return v.n >= 4 && key_value(v.p[0], v.p[1], out, cap);
}

static bool curve_value(uint64_t n, char *out, size_t cap)
{
	enum ec_curve c;

	return n <= 0xFF && curve_from_reference((uint8_t)n, &c) && said(out, cap, ec_curve_str(c));
}

bool tag_value(enum tag_kind kind, struct span v, char *out, size_t cap)
{
	uint64_t n;
	bool number = number_get(v, &n);

	out[0] = '\0';
	switch (kind) {
	case TAG_IS_OCTETS:
		return false;
	case TAG_IS_HIDDEN:
		snprintf(out, cap, "%zu octet%s", v.n, v.n == 1 ? "" : "s");
		return true;
	case TAG_IS_TEXT:
		return text_value(v, out, cap);
	case TAG_IS_DAY:
		return day_value(v, out, cap);
	case TAG_IS_KEY_INFO:
		return key_info_value(v, out, cap);
	case TAG_IS_KEY_REF:
		return v.n == 2 && key_value(v.p[0], v.p[1], out, cap);
	case TAG_IS_NUMBER:
		if (number)
			snprintf(out, cap, "%llu", (unsigned long long)n);
		return number;
	case TAG_IS_TIME:
		return number && time_value(n, out, cap);
	case TAG_IS_FLAG:
		return number && said(out, cap, n != 0 ? "yes" : "no");
	case TAG_IS_KEY_USE:
		return number && (n == CERT_SIGNS || n == CERT_AGREES) &&
		       said(out, cap, n == CERT_SIGNS ? "signs" : "key agreement");
	case TAG_IS_LEVEL:
		return number && level_value(n, out, cap);
	case TAG_IS_CURVE:
		return number && curve_value(n, out, cap);
	case TAG_IS_RIGHTS:
		return number && rights_value(n, out, cap);
	case TAG_IS_ORDER:
		return number && order_value(n, out, cap);
	case TAG_IS_KEEP:
		return number && n <= 1 && said(out, cap, n == 1 ? "kept" : "erased");
	case TAG_IS_STAGE:
		return number && stage_value(n, out, cap);
	}
	return false;
}

const char *key_use_str(uint8_t kid, uint8_t kvn)
{
	static const struct {
		uint8_t kvn_first, kvn_last, kid_first, kid_last;
		const char *use;
	} uses[] = {
		{ KVN_GRANT_ISSUER, KVN_GRANT_ISSUER, KID_GRANT_ISSUER_FIRST, KID_GRANT_ISSUER_LAST,
		    "issuer of grants" },
		{ 0x70, 0x70, 0x01, 0x01, "tokens" },
		{ 0x71, 0x71, 0x01, 0x01, "receipts" },
		{ 0x73, 0x73, 0x01, 0x01, "DAP" },
		{ 0x30, 0x3F, 0x01, 0x01, "ENC of SCP03" },
		{ 0x30, 0x3F, 0x02, 0x02, "MAC of SCP03" },
		{ 0x30, 0x3F, 0x03, 0x03, "DEK of SCP03" },
		{ 0x01, 0x7F, 0x10, 0x10, "PK.CA-KLOC, signs for off-card entities" },
		{ 0x01, 0x7F, 0x11, 0x11, "SK.SD.ECKA of SCP11a" },
		{ 0x01, 0x7F, 0x13, 0x13, "SK.SD.ECKA of SCP11b" },
		{ 0x01, 0x7F, 0x15, 0x15, "SK.SD.ECKA of SCP11c" },
		{ 0x01, 0x7F, KID_STORED_OCE, KID_STORED_OCE,
		    "PK.OCE.ECKA, the stored key of an off-card entity" },
	};

	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++)
		if (kvn >= uses[i].kvn_first && kvn <= uses[i].kvn_last &&
		    kid >= uses[i].kid_first && kid <= uses[i].kid_last)
			return uses[i].use;
	return NULL;
}
