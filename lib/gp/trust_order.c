/* Trust records: orders of the network and the characteristics in them. */
#include <string.h>

#include "base/value.h"
#include "crypto/digest.h"
#include "gp/cert.h"
#include "gp/strict.h"
#include "gp/trust.h"

enum {
	TAG_KIND = 0x80,
	TAG_RECORD = 0x81,
	TAG_ALGORITHM = 0x82,
	TAG_GENERATION = 0x83,
	TAG_KEY = 0x84,
	TAG_KCV = 0x85,
	TAG_EXPIRY = 0x86,
	TAG_HORIZON = 0x87,
	TAG_PERIOD = 0x88,
	TAG_WINDOW = 0x89,
	TAG_FAILURES = 0x8A,
	TAG_MISMATCH = 0x8B,
	TAG_USES = 0x8C,
	TAG_FLAGS = 0x8D,
	TAG_TRAITS = 0xA9,
	TAG_TIME = 0x9A,
	TAG_PAIR = 0x7F49
};
enum { FLAG_OPEN = 0x01, FLAG_KEEP = 0x02, FLAG_ERASE = 0x01 };
enum { TAG_IMEI = 0x81, TAG_THROUGHPUT = 0x82, TAG_THUMBPRINT = 0x83, TAG_OTHER = 0x84 };

const struct aid aid_trust = { 7, { 0xF0, 0x54, 0x52, 0x55, 0x53, 0x54, 0x01 } };

const char *const trust_algorithms[] = { "aes-128", "aes-256", "p-256", NULL };
/* In the order of their names. */
static const struct {
	uint8_t algorithm;
	uint8_t octets;
} algorithms[] = { { TRUST_AES_128, 16 }, { TRUST_AES_256, 32 }, { TRUST_P256, 32 } };
enum { ALGORITHMS = sizeof(algorithms) / sizeof(algorithms[0]) };

size_t trust_key_octets(uint8_t algorithm)
{
	for (size_t i = 0; i < ALGORITHMS; i++)
		if (algorithms[i].algorithm == algorithm)
			return algorithms[i].octets;
	return 0;
}

bool trust_algorithm_from(const char *name, uint8_t *algorithm)
{
	for (size_t i = 0; i < ALGORITHMS; i++) {
		if (strcmp(trust_algorithms[i], name) == 0) {
			*algorithm = algorithms[i].algorithm;
			return true;
		}
	}
	return false;
}

const char *trust_algorithm_str(uint8_t algorithm)
{
	for (size_t i = 0; i < ALGORITHMS; i++)
		if (algorithms[i].algorithm == algorithm)
			return trust_algorithms[i];
	return "unknown";
}

/* ---- characteristics ---- */

bool imei_ok(struct span digits)
{
	char text[IMEI_DIGITS];

	if (digits.n != IMEI_DIGITS)
		return false;
	memcpy(text, digits.p, IMEI_DIGITS);
	for (size_t i = 0; i < IMEI_DIGITS; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return luhn_digit(text, IMEI_DIGITS - 1) == text[IMEI_DIGITS - 1];
}

bool trust_traits_get(struct span value, struct trust_traits *out)
{
	struct trust_traits t = { .whole = value };
	struct rd r = rd_of(value);

	if (!strict_maybe(&r, TAG_IMEI, IMEI_DIGITS, IMEI_DIGITS, &t.imei) ||
	    (t.imei.n > 0 && !imei_ok(t.imei)))
		return false;
	t.has_throughput = strict_ahead(&r, TAG_THROUGHPUT);
	if ((t.has_throughput && !strict_u32(&r, TAG_THROUGHPUT, &t.throughput)) ||
	    !strict_maybe(&r, TAG_THUMBPRINT, TRUST_THUMBPRINT, TRUST_THUMBPRINT, &t.thumbprint) ||
	    !strict_maybe(&r, TAG_OTHER, 1, TRUST_OTHER_MAX, &t.other) || rd_left(&r) > 0)
		return false;
	*out = t;
	return true;
}

void trust_traits_put(struct wr *w, const struct trust_traits *t)
{
	size_t in = tlv_open(w, TAG_TRAITS);

	if (t->imei.n > 0)
		tlv_put(w, TAG_IMEI, t->imei);
	if (t->has_throughput)
		tlv_put_u32(w, TAG_THROUGHPUT, t->throughput);
	if (t->thumbprint.n > 0)
		tlv_put(w, TAG_THUMBPRINT, t->thumbprint);
	if (t->other.n > 0)
		tlv_put(w, TAG_OTHER, t->other);
	tlv_close(w, in);
}

static bool fits(struct span want, struct span shown)
{
	return want.n == 0 || span_eq(want, shown);
}

bool trust_traits_fit(const struct trust_traits *want, const struct trust_traits *shown)
{
	return fits(want->imei, shown->imei) && fits(want->thumbprint, shown->thumbprint) &&
	       fits(want->other, shown->other) &&
	       (!want->has_throughput ||
		   (shown->has_throughput && want->throughput == shown->throughput));
}

bool trust_traits_digest(struct span value, uint8_t out[static TRUST_TRAITS_DIGEST])
{
	uint8_t digest[32];

	if (!sha256_of(value, digest))
		return false;
	memcpy(out, digest, TRUST_TRAITS_DIGEST);
	return true;
}

/* ---- orders ---- */

/* 84 and 85, 7F49, or in an open record neither: which, says 82, and 8D much later. */
static bool key_get(struct rd *r, struct trust_order *o)
{
	size_t n = trust_key_octets(o->algorithm);
	struct span kcv, body;
	struct rd in;

	if (o->algorithm == TRUST_P256) {
		/* 46: that leaves the lengths in it no room but for their shortest form. */
		if (!strict_get(r, TAG_PAIR, 0x46, 0x46, &body))
			return false;
		in = rd_of(body);
		return strict_get(&in, TAG_EC_POINT, 0x41, 0x41, &o->point) &&
		       span_eq(in.s, (struct span){ (const uint8_t *)"\xF0\x01\x00", 3 });
	}
	if (!strict_ahead(r, TAG_KEY))
		return true;
	if (!strict_get(r, TAG_KEY, n, n, &o->key) ||
	    !strict_get(r, TAG_KCV, PUT_KEY_KCV, PUT_KEY_KCV, &kcv))
		return false;
	memcpy(o->kcv, kcv.p, PUT_KEY_KCV);
	return true;
}

static bool terms_get(struct rd *r, struct trust_terms *t)
{
	uint8_t mismatch;

	if (!strict_u32(r, TAG_EXPIRY, &t->expiry) || !strict_u32(r, TAG_HORIZON, &t->horizon) ||
	    !strict_u32(r, TAG_PERIOD, &t->period) || !strict_u32(r, TAG_WINDOW, &t->window) ||
	    !strict_u8(r, TAG_FAILURES, &t->failures) || !strict_u8(r, TAG_MISMATCH, &mismatch) ||
	    mismatch > 0x01 || t->horizon < t->expiry || t->period < TRUST_PERIOD_MIN ||
	    t->window >= t->period)
		return false;
	t->revokes = mismatch == 0x01;
	t->limited = strict_ahead(r, TAG_USES);
	return !t->limited || strict_u32(r, TAG_USES, &t->uses);
}

static bool initialize_get(struct rd *r, struct trust_order *o)
{
	struct span traits;
	uint8_t flags = 0;

	if (!strict_u8(r, TAG_ALGORITHM, &o->algorithm) || trust_key_octets(o->algorithm) == 0 ||
	    !strict_u32(r, TAG_GENERATION, &o->generation) || !key_get(r, o) ||
	    !terms_get(r, &o->terms) ||
	    (strict_ahead(r, TAG_FLAGS) && !strict_u8(r, TAG_FLAGS, &flags)) ||
	    (flags & ~(FLAG_OPEN | FLAG_KEEP)) != 0 ||
	    !strict_get(r, TAG_TRAITS, 1, TRUST_TRAITS_MAX, &traits) ||
	    !trust_traits_get(traits, &o->traits))
		return false;
	o->open = (flags & FLAG_OPEN) != 0;
	o->keep = (flags & FLAG_KEEP) != 0;
	return o->open ? o->key.n == 0 && o->algorithm != TRUST_P256
		       : o->key.n > 0 || o->algorithm == TRUST_P256;
}

static void initialize_put(struct wr *w, const struct trust_order *o)
{
	const struct trust_terms *t = &o->terms;
	uint8_t flags = (uint8_t)((o->open ? FLAG_OPEN : 0) | (o->keep ? FLAG_KEEP : 0));
	size_t in;

	tlv_put_u8(w, TAG_ALGORITHM, o->algorithm);
	tlv_put_u32(w, TAG_GENERATION, o->generation);
	if (o->algorithm == TRUST_P256) {
		in = tlv_open(w, TAG_PAIR);
		tlv_put(w, TAG_EC_POINT, o->point);
		tlv_put_u8(w, TAG_EC_PARAMETER, 0x00);
		tlv_close(w, in);
	} else if (o->key.n > 0) {
		tlv_put(w, TAG_KEY, o->key);
		tlv_put(w, TAG_KCV, SPAN(o->kcv));
	}
	tlv_put_u32(w, TAG_EXPIRY, t->expiry);
	tlv_put_u32(w, TAG_HORIZON, t->horizon);
	tlv_put_u32(w, TAG_PERIOD, t->period);
	tlv_put_u32(w, TAG_WINDOW, t->window);
	tlv_put_u8(w, TAG_FAILURES, t->failures);
	tlv_put_u8(w, TAG_MISMATCH, t->revokes ? 0x01 : 0x00);
	if (t->limited)
		tlv_put_u32(w, TAG_USES, t->uses);
	if (flags != 0)
		tlv_put_u8(w, TAG_FLAGS, flags);
	trust_traits_put(w, &o->traits);
}

static bool revoke_get(struct rd *r, struct trust_order *o)
{
	uint8_t flags;

	if (!strict_u8(r, TAG_FLAGS, &flags) || (flags & ~FLAG_ERASE) != 0)
		return false;
	o->erase = flags == FLAG_ERASE;
	return true;
}

static void revoke_put(struct wr *w, const struct trust_order *o)
{
	tlv_put_u8(w, TAG_FLAGS, o->erase ? FLAG_ERASE : 0x00);
}

static bool object_get(struct rd *r, struct trust_order *o)
{
	return trust_object_get(r, &o->number, &o->value);
}

static void object_put(struct wr *w, const struct trust_order *o)
{
	tlv_put(w, TRUST_OBJECT_FIRST - 1u + o->number, o->value);
}

static bool time_get(struct rd *r, struct trust_order *o)
{
	(void)r;
	(void)o;
	return true;
}

static void time_put(struct wr *w, const struct trust_order *o)
{
	(void)w;
	(void)o;
}

/* What stands between operation (and record) and time. */
static const struct {
	bool has_record, needs_time;
	bool (*get)(struct rd *r, struct trust_order *o);
	void (*put)(struct wr *w, const struct trust_order *o);
} orders[] = {
	[TRUST_INITIALIZE] = { true, true, initialize_get, initialize_put },
	[TRUST_REVOKE] = { true, false, revoke_get, revoke_put },
	[TRUST_OBJECT] = { true, false, object_get, object_put },
	[TRUST_TIME] = { false, true, time_get, time_put },
};

bool trust_order_get(struct span s, struct trust_order *out)
{
	struct trust_order o = { 0 };
	struct span body;
	struct rd r;
	uint8_t kind;

	if (!strict_only(s, TAG_TRUST_ORDER, &body))
		return false;
	r = rd_of(body);
	if (!strict_u8(&r, TAG_KIND, &kind) || kind < TRUST_INITIALIZE || kind > TRUST_TIME ||
	    (orders[kind].has_record && !strict_u8(&r, TAG_RECORD, &o.record)) ||
	    !orders[kind].get(&r, &o))
		return false;
	o.kind = (enum trust_order_kind)kind;
	o.has_time = strict_ahead(&r, TAG_TIME);
	if ((o.has_time && !strict_u32(&r, TAG_TIME, &o.time)) ||
	    (orders[kind].needs_time && !o.has_time) || rd_left(&r) > 0)
		return false;
	*out = o;
	return true;
}

void trust_order_put(struct wr *w, const struct trust_order *o)
{
	size_t in = tlv_open(w, TAG_TRUST_ORDER);

	tlv_put_u8(w, TAG_KIND, (uint8_t)o->kind);
	if (orders[o->kind].has_record)
		tlv_put_u8(w, TAG_RECORD, o->record);
	orders[o->kind].put(w, o);
	if (o->has_time)
		tlv_put_u32(w, TAG_TIME, o->time);
	tlv_close(w, in);
}

/* ---- objects ---- */

bool trust_object_get(struct rd *r, uint8_t *number, struct span *value)
{
	struct rd ahead = *r;
	struct tlv t;

	if (!tlv_next(&ahead, &t) || t.tag < TRUST_OBJECT_FIRST || t.tag > TRUST_OBJECT_LAST ||
	    !t.minimal || t.val.n > TRUST_OBJECT_MAX)
		return false;
	*r = ahead;
	*number = (uint8_t)t.tag;
	*value = t.val;
	return true;
}
