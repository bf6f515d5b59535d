/*
 * An SCP03 session with both ends here and somebody in between: what the card or the host accepts
 * is what the other side sent, in the order in which it was sent; what is refused moves neither
 * counter nor chaining value.
 */
#include "fuzz.h"

#include <string.h>

#include "scp/scp.h"
#include "test/unit/scp_start.h"

enum { WIRE = 70000 };

struct both {
	struct scp host, card;
	struct span hc, cc;
	uint8_t level;
};

static const uint8_t challenges[32] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17 };

/* What refusal leaves as it is. */
struct state {
	uint8_t mcv[16], counter[16], m, level;
	bool open;
};

static struct state state_of(const struct scp *s)
{
	struct state x;

	memset(&x, 0, sizeof(x));
	memcpy(x.mcv, s->u.scp03.mcv, 16);
	memcpy(x.counter, s->u.scp03.counter, 16);
	x.m = s->m;
	x.level = s->level;
	x.open = s->open;
	return x;
}

static bool same(const struct state *a, const struct scp *s)
{
	struct state b = state_of(s);

	return memcmp(a, &b, sizeof(b)) == 0;
}

/* What happens on the way; the octets may stay as they are. */
static void meddle(struct rd *in, struct wr *w)
{
	uint8_t what = fuzz_u8(in);
	size_t at = w->n == 0 ? 0 : fuzz_u16(in) % w->n;

	switch (what & 7) {
	case 1:
		if (w->n > 0)
			w->p[at] ^= (uint8_t)(1u << (what >> 5));
		break;
	case 2:
		wr_cut(w, at);
		break;
	case 3:
		wr_put(w, fuzz_lv(in));
		break;
	case 4:
		wr_reset(w);
		wr_put(w, fuzz_lv(in));
		break;
	case 5:
		wr_insert(w, at, fuzz_lv(in));
		break;
	}
}

static bool open_both(struct both *b, struct rd *in)
{
	uint8_t pick = fuzz_u8(in), m = (pick & 1) != 0 ? 16 : 8;
	size_t key_n = 16 + 8 * (size_t)(pick / 2 % 3);
	struct key_set keys = { fuzz_key(key_n, 1), fuzz_key(key_n, 2), fuzz_key(key_n, 3) };
	uint8_t a[16], c[16], room[64];
	struct wr w = wr_fixed(room, sizeof(room));
	enum scp_verdict v;
	struct capdu cmd;

	b->level = fuzz_u8(in);
	b->hc = span_of(challenges, m);
	b->cc = span_of(challenges + 16, m);
	CHECK(scp_begin(&b->host, START(PROTOCOL_SCP03, 0, &keys, b->hc, b->cc)));
	CHECK(scp_begin(&b->card, START(PROTOCOL_SCP03, 0, &keys, b->hc, b->cc)));
	CHECK(scp_cryptogram(&b->host, CHALLENGES(b->hc, b->cc), ROLE_CARD, a));
	CHECK(scp_cryptogram(&b->card, CHALLENGES(b->hc, b->cc), ROLE_CARD, c));
	CHECK(memcmp(a, c, m) == 0);
	if (!scp_host_authenticate(&b->host, CHALLENGES(b->hc, b->cc), b->level, pick >> 6, &w)) {
		CHECK(!scp_level_valid(PROTOCOL_SCP03, b->level, SCP03_I_RMAC | SCP03_I_RENC));
		return false;
	}
	CHECK(scp_level_valid(PROTOCOL_SCP03, b->level, SCP03_I_RMAC | SCP03_I_RENC));
	meddle(in, &w);
	if (!wr_ok(&w) || !capdu_get(wr_span(&w), &cmd))
		return false;
	v = scp_card_authenticate(&b->card, CHALLENGES(b->hc, b->cc), &cmd);
	CHECK((v == SCP_OK) == b->card.open);
	if (v != SCP_OK)
		return false;
	CHECK(
	    b->card.level == b->level && memcmp(b->card.u.scp03.mcv, b->host.u.scp03.mcv, 16) == 0);
	return true;
}

static bool same_command(const struct capdu *got, const struct capdu *sent)
{
	return (got->cla & 0x80) == (sent->cla & 0x80) && got->ins == sent->ins &&
	       got->p1 == sent->p1 && got->p2 == sent->p2 && span_eq(got->data, sent->data);
}

/* One command on its way; false when the session is over. */
static bool command(struct both *b, struct rd *in, struct wr *wire, struct wr *before)
{
	struct capdu c = { .cla = cla_drop_sm(fuzz_u8(in)) & 0xC3,
		.ins = fuzz_u8(in),
		.p1 = fuzz_u8(in),
		.p2 = fuzz_u8(in) };
	struct wr data = wr_grow(WIRE);
	struct capdu got, sent, plain;
	enum scp_verdict v;
	struct state was = state_of(&b->host);
	bool again;

	c.le = fuzz_u8(in) * 2u;
	c.data = fuzz_lv(in);
	wr_reset(wire);
	if (!scp_seal_command(&b->host, &c, wire)) {
		CHECK(same(&was, &b->host) && wire->n == 0);
		return true;
	}
	again = fuzz_u8(in) == 0xFF;
	if (again && before->n > 0) {
		wr_reset(wire);
		wr_put(wire, wr_span(before));
	} else {
		again = false;
		wr_reset(before);
		wr_put(before, wr_span(wire));
		meddle(in, wire);
	}
	if (!wr_ok(wire) || !capdu_get(wr_span(wire), &got))
		return false;
	was = state_of(&b->card);
	v = scp_open_command(&b->card, &got, &plain, &data);
	/* `before` is what was sealed: not an octet of data or MAC may differ. */
	if (v == SCP_OK && (b->level & LEVEL_CMAC) != 0)
		CHECK(!again && capdu_get(wr_span(before), &sent) && span_eq(got.data, sent.data));
	if (v == SCP_OK && (b->level & LEVEL_CMAC) != 0)
		CHECK(!again && same_command(&plain, &c) && !cla_is_sm(plain.cla) &&
		      memcmp(b->card.u.scp03.mcv, b->host.u.scp03.mcv, 16) == 0 &&
		      memcmp(b->card.u.scp03.counter, b->host.u.scp03.counter, 16) == 0);
	if (v != SCP_OK)
		CHECK(same(&was, &b->card) && data.n == 0);
	wr_free(&data);
	return v == SCP_OK;
}

static bool answer(struct both *b, struct rd *in, struct wr *wire)
{
	struct rapdu r = { .sw = fuzz_u16(in) }, got;
	struct wr data = wr_grow(WIRE), said = wr_grow(WIRE);
	struct state was = state_of(&b->host);
	enum scp_verdict v;

	if (r.sw < 0x6000)
		r.sw = SW_OK;
	if (sw_is_success_or_warning(r.sw))
		r.data = fuzz_lv(in);
	wr_reset(wire);
	CHECK(scp_seal_response(&b->card, &r, wire));
	wr_put(&said, wr_span(wire));
	meddle(in, wire);
	v = scp_open_response(&b->host, wr_span(wire), &got, &data);
	CHECK(same(&was, &b->host));
	if (v != SCP_OK)
		CHECK(data.n == 0);
	if (v == SCP_OK && (b->level & LEVEL_RMAC) != 0) {
		/* Errors carry no R-MAC: they say nothing, and bring nothing. */
		if (sw_is_success_or_warning(got.sw))
			CHECK(got.sw == r.sw && span_eq(got.data, r.data) &&
			      span_eq(wr_span(wire), wr_span(&said)));
		else
			CHECK(got.data.n == 0);
	}
	wr_free(&data);
	wr_free(&said);
	return v == SCP_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct rd in = rd_of(span_of(data, n));
	struct wr wire = wr_grow(WIRE), before = wr_grow(WIRE);
	struct both b = { 0 };

	if (n <= 4096 && open_both(&b, &in))
		while (rd_left(&in) > 0)
			if (!command(&b, &in, &wire, &before) || !answer(&b, &in, &wire))
				break;
	scp_wipe(&b.host);
	scp_wipe(&b.card);
	wr_free(&wire);
	wr_free(&before);
	return 0;
}
