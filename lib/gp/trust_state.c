/* FF74, what a card tells the network of its trust records, and the ticket for the terminal. */
#include "crypto/aes.h"
#include "gp/command.h"
#include "gp/strict.h"
#include "gp/trust.h"

enum {
	TAG_RECORD = 0x81,
	TAG_STATE = 0x80,
	TAG_ALGORITHM = 0x82,
	TAG_GENERATION = 0x83,
	TAG_EXPIRY = 0x86,
	TAG_HORIZON = 0x87,
	TAG_PERIOD = 0x88,
	TAG_FAILURES = 0x8A,
	TAG_CARD_KEY = 0x8B,
	TAG_USES = 0x8C,
	TAG_CAUSE = 0x8E,
	TAG_TRAITS = 0x8F,
	TAG_LAST = 0x99,
	TAG_TIME = 0x9A, /* T, and the floor of a record */
	TAG_MAC = 0x9E,
	TAG_ONE = 0xA0,
	TAG_PENDING = 0xA4
};
enum { MAC_OCTETS = 16, MAC_TLV = 2 + MAC_OCTETS, CARD_KEY_OCTETS = 32, CIN_MAX = 16 };

const char *trust_stage_str(enum trust_stage s)
{
	static const char *const names[] = {
		[TRUST_EMPTY] = "empty",
		[TRUST_OPEN] = "open",
		[TRUST_ACTIVE] = "active",
		[TRUST_EXPIRED] = "expired",
		[TRUST_REVOKED] = "revoked",
	};

	return (unsigned)s <= TRUST_REVOKED ? names[s] : "unknown";
}

const char *trust_cause_str(enum trust_cause c)
{
	static const char *const names[] = {
		[TRUST_ENDED_NOT] = "none",
		[TRUST_ENDED_BY_NETWORK] = "network",
		[TRUST_ENDED_BY_FAILURES] = "failures",
		[TRUST_ENDED_BY_TERMINAL] = "terminal",
		[TRUST_ENDED_BY_TRAITS] = "characteristic",
	};

	return (unsigned)c <= TRUST_ENDED_BY_TRAITS ? names[c] : "unknown";
}

static bool pending_get(struct rd *r, struct trust_record *t)
{
	struct span body;
	struct rd in;

	t->pending = strict_ahead(r, TAG_PENDING);
	if (!t->pending)
		return true;
	if (!strict_get(r, TAG_PENDING, 1, SIZE_MAX, &body))
		return false;
	in = rd_of(body);
	return strict_u32(&in, TAG_GENERATION, &t->pending_generation) &&
	       strict_u32(&in, TAG_EXPIRY, &t->pending_expiry) && rd_left(&in) == 0;
}

static bool uses_get(struct rd *r, struct trust_record *t)
{
	t->limited = strict_ahead(r, TAG_USES);
	return !t->limited || strict_u32(r, TAG_USES, &t->uses_left);
}

/* It is there when it says something: the last one that was used is no current one. */
static bool last_get(struct rd *r, struct trust_record *t)
{
	t->last = t->generation;
	return !strict_ahead(r, TAG_LAST) ||
	       (strict_u32(r, TAG_LAST, &t->last) && t->last > t->generation);
}

bool trust_record_next(struct rd *r, struct trust_record *out)
{
	struct trust_record t = { 0 };
	struct rd ahead = *r, in;
	struct span body;
	uint8_t stage, cause;

	if (!strict_get(&ahead, TAG_ONE, 1, SIZE_MAX, &body))
		return false;
	in = rd_of(body);
	if (!strict_u8(&in, TAG_RECORD, &t.record) || t.record < 1 || t.record > TRUST_RECORDS ||
	    !strict_u8(&in, TAG_STATE, &stage) || stage < TRUST_OPEN || stage > TRUST_REVOKED ||
	    !strict_u8(&in, TAG_ALGORITHM, &t.algorithm) || trust_key_octets(t.algorithm) == 0 ||
	    !strict_u32(&in, TAG_GENERATION, &t.generation) ||
	    !strict_u32(&in, TAG_EXPIRY, &t.expiry) || !strict_u32(&in, TAG_HORIZON, &t.horizon) ||
	    !strict_u8(&in, TAG_FAILURES, &t.failures) || !uses_get(&in, &t) ||
	    !strict_u8(&in, TAG_CAUSE, &cause) || cause > TRUST_ENDED_BY_TRAITS ||
	    !strict_get(
		&in, TAG_TRAITS, TRUST_TRAITS_DIGEST, TRUST_TRAITS_DIGEST, &t.traits_digest) ||
	    !strict_u32(&in, TAG_TIME, &t.floor) || !last_get(&in, &t) || !pending_get(&in, &t) ||
	    rd_left(&in) > 0)
		return false;
	t.stage = (enum trust_stage)stage;
	t.cause = (enum trust_cause)cause;
	*r = ahead;
	*out = t;
	return true;
}

bool trust_state_get(struct span answer, struct trust_state *out)
{
	struct trust_state s = { 0 };
	struct trust_record t = { 0 };
	struct span body;
	struct rd r;
	uint8_t before = 0;

	if (!strict_only(answer, TAG_TRUSTS, &body))
		return false;
	r = rd_of(body);
	if (!strict_u32(&r, TAG_TIME, &s.time))
		return false;
	s.records = r.s;
	while (rd_left(&r) > 0) {
		if (!trust_record_next(&r, &t) || t.record <= before)
			return false;
		before = t.record;
	}
	*out = s;
	return true;
}

size_t trust_state_open(struct wr *w, uint32_t time)
{
	size_t mark = tlv_open(w, TAG_TRUSTS);

	tlv_put_u32(w, TAG_TIME, time);
	return mark;
}

void trust_record_put(struct wr *w, const struct trust_record *t)
{
	size_t in = tlv_open(w, TAG_ONE), pending;

	tlv_put_u8(w, TAG_RECORD, t->record);
	tlv_put_u8(w, TAG_STATE, (uint8_t)t->stage);
	tlv_put_u8(w, TAG_ALGORITHM, t->algorithm);
	tlv_put_u32(w, TAG_GENERATION, t->generation);
	tlv_put_u32(w, TAG_EXPIRY, t->expiry);
	tlv_put_u32(w, TAG_HORIZON, t->horizon);
	tlv_put_u8(w, TAG_FAILURES, t->failures);
	if (t->limited)
		tlv_put_u32(w, TAG_USES, t->uses_left);
	tlv_put_u8(w, TAG_CAUSE, (uint8_t)t->cause);
	tlv_put(w, TAG_TRAITS, t->traits_digest);
	tlv_put_u32(w, TAG_TIME, t->floor);
	if (t->last != t->generation)
		tlv_put_u32(w, TAG_LAST, t->last);
	if (t->pending) {
		pending = tlv_open(w, TAG_PENDING);
		tlv_put_u32(w, TAG_GENERATION, t->pending_generation);
		tlv_put_u32(w, TAG_EXPIRY, t->pending_expiry);
		tlv_close(w, pending);
	}
	tlv_close(w, in);
}

/* ---- ticket ---- */

bool trust_ticket_get(struct span whole, struct trust_ticket *out)
{
	struct trust_ticket t = { 0 };
	struct span body;
	struct rd r;

	if (whole.n > TRUST_TICKET_MAX || !strict_only(whole, TAG_TRUST_TICKET, &body))
		return false;
	r = rd_of(body);
	if (!strict_u32(&r, TAG_GENERATION, &t.generation) ||
	    !strict_u8(&r, TAG_RECORD, &t.record) || t.record < 1 || t.record > TRUST_RECORDS ||
	    !strict_u8(&r, TAG_ALGORITHM, &t.algorithm) || trust_key_octets(t.algorithm) == 0 ||
	    !strict_u32(&r, TAG_EXPIRY, &t.expiry) || !strict_u32(&r, TAG_HORIZON, &t.horizon) ||
	    !strict_u32(&r, TAG_PERIOD, &t.period) ||
	    !strict_get(&r, TAG_CIN, 1, CIN_MAX, &t.cin) ||
	    !strict_maybe(&r, TAG_CARD_KEY, CARD_KEY_OCTETS, CARD_KEY_OCTETS, &t.card_key) ||
	    !strict_maybe(&r, TAG_MAC, MAC_OCTETS, MAC_OCTETS, &t.mac) || rd_left(&r) > 0)
		return false;
	t.signed_part = span_sub(body, 0, body.n - (t.mac.n > 0 ? MAC_TLV : 0));
	*out = t;
	return true;
}

bool trust_ticket_put(struct wr *w, const struct trust_ticket *t, const struct key *mac_key)
{
	size_t in = tlv_open(w, TAG_TRUST_TICKET), from = w->n;
	uint8_t mac[MAC_OCTETS];

	tlv_put_u32(w, TAG_GENERATION, t->generation);
	tlv_put_u8(w, TAG_RECORD, t->record);
	tlv_put_u8(w, TAG_ALGORITHM, t->algorithm);
	tlv_put_u32(w, TAG_EXPIRY, t->expiry);
	tlv_put_u32(w, TAG_HORIZON, t->horizon);
	tlv_put_u32(w, TAG_PERIOD, t->period);
	tlv_put(w, TAG_CIN, t->cin);
	if (t->card_key.n > 0)
		tlv_put(w, TAG_CARD_KEY, t->card_key);
	if (mac_key != NULL) {
		if (!wr_ok(w) || !cmac(mac_key, span_sub(wr_span(w), from, w->n - from), mac))
			return false;
		tlv_put(w, TAG_MAC, SPAN(mac));
	}
	tlv_close(w, in);
	return wr_ok(w);
}

bool trust_ticket_proven(const struct trust_ticket *t, const struct key *mac_key)
{
	uint8_t mac[MAC_OCTETS];

	return t->mac.n == MAC_OCTETS && cmac(mac_key, t->signed_part, mac) &&
	       ct_equal(SPAN(mac), t->mac);
}
