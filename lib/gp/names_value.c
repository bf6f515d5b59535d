/* names.h: what values say. */
#include "gp/names.h"

#include <stdio.h>
#include <time.h>

#include "base/text.h"
#include "gp/cert.h"
#include "gp/container.h"
#include "gp/trust.h"
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
	size_t at = 0;

	if (rights > RIGHTS_ALL)
		return false;
	if (rights == 0)
		return said(out, cap, "none");
	out[0] = '\0';
	for (size_t i = 0; right_names[i] != NULL && at < cap; i++)
		if ((rights >> i & 1) != 0)
			at += (size_t)snprintf(
			    out + at, cap - at, "%s%s", at > 0 ? ", " : "", right_names[i]);
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

static bool trust_order_value(uint64_t n, char *out, size_t cap)
{
	static const char *const names[] = { [TRUST_INITIALIZE] = "initialize",
		[TRUST_REVOKE] = "revoke",
		[TRUST_OBJECT] = "object",
		[TRUST_TIME] = "time" };

	return n >= TRUST_INITIALIZE && n <= TRUST_TIME && said(out, cap, names[n]);
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

static bool key_value(struct span ref, uint8_t type, char *out, size_t cap)
{
	const char *use = key_use_str(ref.p[0], ref.p[1], type);

	snprintf(out, cap, "key %02X of version %02X%s%s", ref.p[0], ref.p[1],
	    use == NULL ? "" : ": ", use == NULL ? "" : use);
	return true;
}

/* Identifier, version, type of the first component (GPCS 11.3.3.1). */
static bool key_info_value(struct span v, char *out, size_t cap)
{
	return v.n >= 4 && key_value(v, v.p[2] == KEY_TYPE_EXTENDED ? v.p[3] : v.p[2], out, cap);
}

static bool curve_value(uint64_t n, char *out, size_t cap)
{
	enum ec_curve c;

	return n <= 0xFF && curve_from_reference((uint8_t)n, &c) && said(out, cap, ec_curve_str(c));
}

/* What is said about trust: one octet each. */
static bool trust_value(enum tag_kind kind, uint8_t n, char *out, size_t cap)
{
	switch (kind) {
	case TAG_IS_TRUST_ORDER:
		return trust_order_value(n, out, cap);
	case TAG_IS_TRUST_STAGE:
		return n <= TRUST_REVOKED && said(out, cap, trust_stage_str((enum trust_stage)n));
	case TAG_IS_TRUST_CAUSE:
		return n <= TRUST_ENDED_BY_TRAITS &&
		       said(out, cap, trust_cause_str((enum trust_cause)n));
	case TAG_IS_TRUST_RESULT:
		return said(out, cap, trust_result_str((enum trust_result)n));
	case TAG_IS_TRUST_ALGORITHM:
		return said(out, cap, trust_algorithm_str(n));
	default:
		return n <= 1 && said(out, cap, n == 1 ? "revoked" : "refused");
	}
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
		/* Certificates and what goes with them: EC keys. */
		return v.n == 2 && key_value(v, KEY_TYPE_EC_PUBLIC, out, cap);
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
	case TAG_IS_TRUST_ORDER:
	case TAG_IS_TRUST_STAGE:
	case TAG_IS_TRUST_CAUSE:
	case TAG_IS_TRUST_RESULT:
	case TAG_IS_TRUST_ALGORITHM:
	case TAG_IS_MISMATCH:
		return number && n <= 0xFF && trust_value(kind, (uint8_t)n, out, cap);
	case TAG_IS_SECONDS:
		if (number)
			snprintf(out, cap, "%llu seconds", (unsigned long long)n);
		return number;
	}
	return false;
}

const char *key_use_str(uint8_t kid, uint8_t kvn, uint8_t type)
{
	static const char *const set[] = { "ENC", "MAC", "DEK" };
	bool ec = (type & 0xF0) == 0xB0;

	switch (kvn) {
	case 0x70:
		return "token verification";
	case 0x71:
		return "receipt generation";
	case 0x73:
		return "DAP verification";
	case KVN_GRANT_ISSUER:
		return type == KEY_TYPE_EC_PUBLIC
			   ? "controlling authority (CASD) or issuer of grants"
			   : "controlling authority (CASD)";
	case 0x75:
		return "ciphered load files";
	}
	if (type == KEY_TYPE_PSK)
		return "TLS pre-shared key (SCP81)";
	if (ec && kid == 0x11)
		return "SCP11a";
	if (type == KEY_TYPE_EC_PUBLIC && kid == KID_STORED_OCE)
		return "stored key of an entity (SCP11a)";
	if (ec && kid == 0x13)
		return "SCP11b";
	if (ec && kid == 0x15)
		return "SCP11c";
	if (ec && (kid == 0x10 || (kid & 0xF0) == 0x20))
		return "CA of entities (SCP11)";
	if ((type == KEY_TYPE_AES || type == KEY_TYPE_DES) && kid >= 1 && kid <= 3)
		return set[kid - 1];
	return NULL;
}
