/*
 * The host before a card that lies: each answer is the honest one, the honest one changed, or any
 * octets. The host comes to an end, spends no try on a wrong cryptogram, takes nothing from a
 * protected channel that the card did not say, and sends nothing outside of a channel it lost.
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "host/choose.h"
#include "host/broadcast.h"
#include "test/unit/scp_start.h"

enum { COMMANDS_MAX = 20000 };

struct liar {
	struct rd *in;
	struct scp scp; /* the honest card's side */
	struct key_set keys;
	uint8_t hc[16], cc[16], m, i;
	bool proved;    /* the last INITIALIZE UPDATE had the right cryptogram */
	bool honest;    /* the last answer was */
	uint8_t level;  /* of the open session */
	bool closed;    /* the card has ended it */
	unsigned count; /* commands seen */
	uint8_t plain[70000];
};

static uint16_t initialize(struct liar *l, const struct capdu *c, struct wr *out)
{
	static const uint8_t sequence[3] = { 0, 0, 1 };
	struct init_update u = {
		.key_version = 0x30, .scp = 3, .i = l->i, .m = (uint8_t)c->data.n
	};
	struct span hc = span_of(l->hc, c->data.n), cc = span_of(l->cc, c->data.n);

	if (u.m != 8 && u.m != 16)
		return SW_WRONG_LENGTH;
	l->m = u.m;
	memcpy(l->hc, c->data.p, u.m);
	CHECK(scp03_card_challenge(&l->keys.enc, sequence, aid_span(&aid_isd), u.m, l->cc));
	CHECK(scp_begin(&l->scp, START(PROTOCOL_SCP03, 0, &l->keys, hc, cc)));
	CHECK(scp_cryptogram(&l->scp, CHALLENGES(hc, cc), ROLE_CARD, u.cryptogram));
	memcpy(u.card_challenge, l->cc, u.m);
	memcpy(u.sequence, sequence, 3);
	u.has_sequence = (l->i & SCP03_I_PSEUDO_RANDOM) != 0;
	init_update_put(out, &u);
	return SW_OK;
}

/* An open session: the command must be what the host's level promises. */
static bool protected(struct liar *l, const struct capdu *c, struct wr *rsp)
{
	struct wr data = wr_fixed(l->plain, sizeof(l->plain));
	struct rapdu r = { .sw = fuzz_u16(l->in) };
	struct capdu plain;

	if (scp_open_command(&l->scp, c, &plain, &data) != SCP_OK)
		return false;
	if (r.sw < 0x6000)
		r.sw = SW_OK;
	if (sw_is_success_or_warning(r.sw))
		r.data = fuzz_lv(l->in);
	CHECK(scp_seal_response(&l->scp, &r, rsp));
	return true;
}

/* What a good card answers; data that it may choose come from the input. */
static void honest(struct liar *l, const struct capdu *c, struct wr *rsp)
{
	struct rapdu r = { .sw = SW_OK };
	uint8_t room[64];
	struct wr w = wr_fixed(room, sizeof(room));

	if (c->ins == INS_SELECT || c->ins == INS_INITIALIZE_UPDATE)
		l->scp.open = false;
	if (l->scp.open && protected(l, c, rsp))
		return;
	if (c->ins == INS_INITIALIZE_UPDATE) {
		r.sw = initialize(l, c, &w);
		r.data = wr_span(&w);
	} else if (c->ins == INS_EXTERNAL_AUTHENTICATE) {
		enum scp_verdict v = scp_card_authenticate(
		    &l->scp, CHALLENGES(span_of(l->hc, l->m), span_of(l->cc, l->m)), c);

		CHECK(v == SCP_OK); /* it never spends a try */
	} else {
		r.data = fuzz_lv(l->in);
		r.sw = fuzz_u16(l->in);
		if (r.sw < 0x6000)
			r.sw = SW_OK;
	}
	rapdu_put(rsp, &r);
}

static void change(struct liar *l, struct wr *rsp)
{
	uint8_t how = fuzz_u8(l->in);
	size_t at = rsp->n == 0 ? 0 : fuzz_u16(l->in) % rsp->n;

	if ((how & 3) == 0 && rsp->n > 0)
		rsp->p[at] ^= (uint8_t)(1u << (how >> 5));
	else if ((how & 3) == 1)
		wr_cut(rsp, at);
	else if ((how & 3) == 2)
		wr_insert(rsp, at, fuzz_lv(l->in));
	else
		wr_fill(rsp, how, 70000);
}

/* The answer still holds the right challenge and cryptogram; the rest of it they do not cover. */
static bool proves(const struct liar *l, struct span good, struct span said)
{
	struct init_update a, b;

	return said.n >= 2 && init_update_get(span_sub(good, 0, good.n - 2), l->m, &a) &&
	       init_update_get(span_sub(said, 0, said.n - 2), l->m, &b) &&
	       memcmp(a.card_challenge, b.card_challenge, l->m) == 0 &&
	       memcmp(a.cryptogram, b.cryptogram, l->m) == 0;
}

static int transmit(void *ctx, struct span command, struct wr *rsp, struct err *e)
{
	struct liar *l = ctx;
	struct wr good = wr_grow(140000), said = wr_grow(140000);
	uint8_t how = fuzz_u8(l->in);
	struct capdu c;
	int rc = 0;

	CHECK(++l->count < COMMANDS_MAX);
	CHECK(capdu_get(command, &c));
	/* Unasked-for EXTERNAL AUTHENTICATE: the cryptogram before it was wrong. */
	if (c.ins == INS_EXTERNAL_AUTHENTICATE)
		CHECK(l->proved);
	honest(l, &c, &good);
	if ((how & 0xE0) == 0xA0) {
		wr_put(&said, fuzz_lv(l->in));
		wr_u16(&said, fuzz_u16(l->in));
	} else {
		wr_put(&said, wr_span(&good));
	}
	if ((how & 0xC0) == 0xC0)
		change(l, &said);
	l->honest = (how & 0xE0) != 0x80 && span_eq(wr_span(&good), wr_span(&said));
	if ((how & 0xE0) == 0x80)
		rc = err_set(e, ERR_READER, "no answer");
	else
		wr_put(rsp, wr_span(&said));
	if (c.ins == INS_INITIALIZE_UPDATE)
		l->proved = rc == 0 && proves(l, wr_span(&good), wr_span(&said));
	wr_free(&good);
	wr_free(&said);
	return rc;
}

static void closed(void *ctx)
{
	(void)ctx;
}

static int give_keys(void *ctx, const struct init_update *u, struct key_set *out, struct err *e)
{
	(void)u;
	(void)e;
	*out = ((struct liar *)ctx)->keys;
	return 0;
}

static void some_stream(struct session *s, struct rd *in)
{
	static const uint8_t stream[] = { 0x22, 5, 0x84, 0x5E, 0, 0, 0, 0x22, 4, 0x84, 0x5E, 0, 0 };
	static const uint8_t back[] = { 0x84, 0x5A, 0x00, 0x01 };
	struct enter enter = { .keys_n = 16, .bk_mac = fuzz_key(16, 1), .total = 2, .length = 2 };
	uint32_t done = 0;
	struct err e;

	if (broadcast_enter(s, &enter, &e) != 0)
		return;
	CHECK(s->mode == SESSION_BROADCAST);
	fuzz_check_err(broadcast_play(s, SPAN(stream), 2, &done, NULL, &e), &e);
	CHECK(done <= 2);
	if (fuzz_u8(in) == 0 || done == 2)
		fuzz_check_err(broadcast_return(s, SPAN(back), &e), &e);
}

static void reads(struct session *s, uint8_t what)
{
	struct authorize a = {
		.algorithm = ALG_DIGEST, .code_n = DIGEST_SIZE, .target = aid_isd, .length = 2
	};
	struct system_data system;
	struct slot_data slot;
	struct policy_data policy;
	struct verdict v;
	struct err e;

	switch (what) {
	case 0:
		fuzz_check_err(broadcast_read_system(s, &system, &e), &e);
		break;
	case 1:
		fuzz_check_err(broadcast_read_slot(s, &slot, &e), &e);
		break;
	case 2:
		fuzz_check_err(broadcast_read_policy(s, &policy, &e), &e);
		break;
	case 3:
		fuzz_check_err(broadcast_authorize(s, P1_ACTIVATE, 0, &a, &v, &e), &e);
		break;
	case 4:
		fuzz_check_err(broadcast_discard(s, 0, a.campaign, 1, &v, &e), &e);
		break;
	}
}

/* Any command of the administrator's. */
static void send(struct liar *l, struct session *s)
{
	struct capdu c = { .cla = 0x80, .ins = fuzz_u8(l->in), .le = LE_MAX_SHORT };
	bool lost = s->lost, broadcast = s->mode == SESSION_BROADCAST;
	bool rmac = s->mode == SESSION_UNICAST && (s->level & LEVEL_RMAC) != 0;
	unsigned before = l->count;
	struct rapdu r;
	struct err e;
	int rc;

	if (c.ins == INS_INITIALIZE_UPDATE || c.ins == INS_EXTERNAL_AUTHENTICATE)
		return;
	c.data = fuzz_lv(l->in);
	rc = session_send(s, &c, &r, &e);
	fuzz_check_err(rc, &e);
	if (lost || broadcast)
		CHECK(rc != 0 && l->count == before);
	/* 6Cxx and 61xx make several answers of one; the last one's word counts. */
	if (rc == 0 && rmac && !l->honest && l->count == before + 1)
		CHECK(!sw_is_success_or_warning(r.sw) && r.data.n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct card_ops ops = { .transmit = transmit, .close = closed };
	static const uint8_t is[] = { 0x70, 0x10, 0x30, 0x71, 0x00, 0x60, 0x11, 0x20 };
	static const int levels[] = { -1, 0x00, 0x01, 0x03, 0x11, 0x13, 0x33, 0x02 };
	struct rd in = rd_of(span_of(data, n));
	struct liar *l = calloc(1, sizeof(*l));
	const struct session_auth auth = { .keys = give_keys, .ctx = l };
	struct choose_asks asks = { .key_version = 0x30 };
	struct card card = { .ops = &ops, .ctx = l };
	uint8_t head = fuzz_u8(&in);
	struct session s;
	struct err e;
	int rc;

	CHECK(l != NULL);
	l->in = &in;
	l->i = is[head & 7];
	l->keys = (struct key_set){ fuzz_key(16, 0x40), fuzz_key(16, 0x60), fuzz_key(16, 0x80) };
	asks.level = levels[head >> 3 & 7];
	asks.s16 = (head >> 6) - 1 > 1 ? -1 : (head >> 6) - 1;
	card.t0 = (fuzz_u8(&in) & 0x80) != 0;
	session_init(&s, &card);
	rc = session_begin(&s, &asks, &auth, &e);
	fuzz_check_err(rc, &e);
	CHECK((rc == 0) == (s.mode == SESSION_UNICAST));
	while (rd_left(&in) > 0 && l->count < 500) {
		uint8_t op = fuzz_u8(&in) % 8;

		if (op < 5)
			reads(&s, op);
		else if (op == 5)
			some_stream(&s, &in);
		else
			send(l, &s);
	}
	session_close(&s);
	session_wipe(&s);
	scp_wipe(&l->scp);
	free(l);
	return 0;
}
