/* The virtual card: commands, right ones, changed ones and any octets, sessions on four channels,
 * power cuts; against vcard_model. */
#include "fuzz.h"

#include <string.h>

#include "crypto/digest.h"
#include "gp/put_key.h"
#include "vcard_content.h"
#include "vcard_host.h"

enum { STEPS = 60 };

static const uint8_t levels[] = { 0x00, 0x01, 0x03, 0x11, 0x13, 0x33 };

static void any_octets(struct host *h, struct rd *in, struct wr *rsp)
{
	host_raw(h, fuzz_lv(in), ANYBODY, rsp);
}

/* Any plain command on one channel. At level 00 it goes through as it is, with no authority. */
static void plain(struct host *h, uint8_t channel, struct rd *in, struct wr *rsp)
{
	static const uint8_t ins[] = { 0xA4, 0x70, 0xCA, 0x50, 0x82, 0xF2, 0xF0, 0xD8, 0xE4, 0xE2,
		0x5A, 0x5C, 0x5E, 0xE8, 0xE6 };
	struct capdu c = { .cla = cla_with_channel(fuzz_u8(in) & 0x80, channel),
		.ins = ins[fuzz_u8(in) % sizeof(ins)],
		.p1 = fuzz_u8(in),
		.p2 = fuzz_u8(in),
		.le = LE_MAX_SHORT };
	uint8_t room[300];
	struct wr w = wr_fixed(room, sizeof(room));

	c.data = fuzz_lv(in);
	capdu_put(&w, &c);
	host_raw(h, wr_span(&w), ANYBODY, rsp);
}

static void any_sealed(
    struct host *h, uint8_t channel, struct rd *in, struct rd *meddle, struct wr *rsp)
{
	static const uint8_t ins[] = { 0xCA, 0xF2, 0xF0, 0xD8, 0xE4, 0xE2, 0x5A, 0x5C, 0x5E, 0xE8,
		0xA4, 0x50, 0x70, 0x82, 0xE6 };
	struct capdu c = { .ins = ins[fuzz_u8(in) % sizeof(ins)],
		.p1 = fuzz_u8(in),
		.p2 = fuzz_u8(in),
		.le = LE_MAX_SHORT };

	c.data = fuzz_lv(in);
	host_sealed(h, channel, &c, meddle, rsp);
}

/* A campaign as the input says: new, or where the slot stands. */
static void enter(struct host *h, uint8_t channel, struct rd *in, struct rd *meddle, struct wr *rsp)
{
	const struct card_slot *slot = &h->v->chip.slot;
	uint8_t pick = fuzz_u8(in), room[256];
	size_t n = 16 + 8 * (size_t)(pick >> 6 & 1);
	struct key bk[2] = { fuzz_key(n, 0xA0), fuzz_key(n, 0xB0) };
	struct enter e = { .form = FORM_CLEAR, .bk_mac = bk[1], .keys_n = (uint8_t)n };
	struct capdu c = { .ins = INS_CHANGE_MODE, .p1 = CHANGE_MODE_ENTER, .le = LE_MAX_SHORT };
	struct wr w = wr_fixed(room, sizeof(room));

	e.package = pick & 3;
	e.total = fuzz_u8(in);
	e.length = fuzz_u16(in);
	memset(e.campaign, fuzz_u8(in) & 7, sizeof(e.campaign));
	e.inner = e.has_kos_version = e.has_nonce = (pick & 4) != 0;
	e.kos_version = e.has_kos_version;
	if ((pick & 8) != 0 && slot->state == SLOT_RECEIVING) {
		e.package = slot->package;
		e.total = slot->total;
		e.length = slot->length;
		e.done = slot->done;
		memcpy(e.campaign, slot->campaign, sizeof(e.campaign));
	}
	memcpy(e.keys, bk[0].b, n);
	broadcast_counter(e.package, e.done, e.counter);
	enter_put(&w, &e);
	CHECK(wr_ok(&w));
	c.data = wr_span(&w);
	if (host_sealed(h, channel, &c, meddle, rsp) == SW_OK &&
	    h->channel[channel].session == CHANNEL_UNICAST)
		host_entered(h, channel, bk, &e);
}

static void write_stage(
    struct host *h, uint8_t channel, struct rd *in, struct rd *meddle, struct wr *rsp)
{
	struct capdu c = { .ins = INS_WRITE_STAGE };
	uint8_t room[300];
	struct wr w = wr_fixed(room, sizeof(room));

	wr_u32(&w, (uint32_t)h->v->chip.slot_data.n + (fuzz_u8(in) == 0xFF));
	wr_put(&w, fuzz_lv(in));
	c.data = wr_span(&w);
	host_sealed(h, channel, &c, meddle, rsp);
}

static void leave(struct host *h, uint8_t channel, struct rd *meddle, struct wr *rsp)
{
	struct capdu c = {
		.ins = INS_CHANGE_MODE, .p1 = CHANGE_MODE_RETURN, .p2 = CHANGE_MODE_RETURN_P2
	};
	enum channel_state was = h->channel[channel].session;

	if (host_sealed(h, channel, &c, meddle, rsp) == SW_OK && was == CHANNEL_BROADCAST &&
	    h->v->channel[channel].session == CHANNEL_UNICAST)
		host_returned(h, channel);
}

/* What the slot holds, with its right digest; single fields as the input says. */
static void authorize(
    struct host *h, uint8_t channel, struct rd *in, struct rd *meddle, struct wr *rsp)
{
	const struct chip *chip = &h->v->chip;
	struct authorize a = { .package = chip->slot.package,
		.algorithm = ALG_DIGEST,
		.code_n = DIGEST_SIZE,
		.length = chip->slot.length,
		.version = chip->running.version + 1,
		.target = chip->target };
	uint8_t room[256], wrong = fuzz_u8(in);
	struct capdu c = { .ins = INS_AUTHORIZE_ACTION, .p1 = fuzz_u8(in) & 3, .le = LE_MAX_SHORT };
	struct wr w = wr_fixed(room, sizeof(room));

	memcpy(a.campaign, chip->slot.campaign, sizeof(a.campaign));
	memcpy(a.platform, chip->platform, sizeof(a.platform));
	CHECK(sha256_of(wr_span(&chip->slot_data), a.code));
	if (wrong >= 0xF0)
		a.version = fuzz_u32(in);
	if (wrong >= 0xE0 && wrong < 0xF0)
		a.code[0] ^= 1;
	if (c.p1 == P1_DISCARD)
		discard_put(&w, a.campaign, a.package);
	else
		authorize_put(&w, &a);
	c.data = wr_span(&w);
	host_sealed(h, channel, &c, meddle, rsp);
}

static void put_keys(
    struct host *h, uint8_t channel, struct rd *in, struct rd *meddle, struct wr *rsp)
{
	struct put_key k = { .version = fuzz_u8(in), .n = 3 };
	uint8_t pick = fuzz_u8(in), room[256];
	size_t n = 16 + 8 * (size_t)(pick % 3);
	struct capdu c = { .ins = INS_PUT_KEY, .p2 = 0x81, .le = LE_MAX_SHORT };
	struct wr w = wr_fixed(room, sizeof(room));
	const struct key *dek = &h->v->channel[channel].dek;

	c.p1 = fuzz_u8(in);
	for (uint8_t i = 0; i < 3; i++)
		k.key[i] = fuzz_key(n, (uint8_t)(pick + i));
	if (dek->n == 0 || !put_key_put(&w, &k, dek))
		return;
	c.data = wr_span(&w);
	host_sealed(h, channel, &c, meddle, rsp);
}

static void power(struct host *h, uint8_t what, struct rd *in)
{
	if (what == 0)
		host_reset(h);
	else if (what == 1)
		host_cycle(h);
	else
		nvm_cut(h->v->nvm, what & 3, fuzz_u8(in));
}

static void step(struct host *h, struct rd *in, struct wr *rsp)
{
	uint8_t op = fuzz_u8(in), channel = op >> 4 & 3;
	struct rd none = rd_of(span_of(NULL, 0)), way = none;

	if ((op & 0x80) != 0)
		way = rd_of(fuzz_take(in, 6));
	switch (op & 0x0F) {
	case 0:
		any_octets(h, in, rsp);
		break;
	case 1:
		plain(h, channel, in, rsp);
		break;
	case 2:
		host_initialize(h, channel, fuzz_u8(in));
		break;
	case 3:
		host_authenticate(h, channel, levels[fuzz_u8(in) % sizeof(levels)], &way);
		break;
	case 4:
	case 5:
		any_sealed(h, channel, in, &way, rsp);
		break;
	case 6:
	case 7:
		enter(h, channel, in, &way, rsp);
		break;
	case 8:
	case 14:
		write_stage(h, channel, in, &way, rsp);
		break;
	case 9:
		leave(h, channel, &way, rsp);
		break;
	case 10:
		authorize(h, channel, in, &way, rsp);
		break;
	case 11:
		put_keys(h, channel, in, &way, rsp);
		break;
	case 13:
		content_step(h, channel, in, &way, rsp);
		break;
	case 12:
		power(h, fuzz_u8(in), in);
		break;
	case 15: /* once more what was sent before */
		host_raw(h, span_of(h->last, h->last_n), ANYBODY, rsp);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const uint8_t is[] = { 0x70, 0x10, 0x30, 0x71, 0x00, 0x60, 0x11, 0x20 };
	struct rd in = rd_of(span_of(data, n));
	uint8_t head = fuzz_u8(&in);
	struct wr rsp = wr_grow(APDU_MAX_RESPONSE);
	struct host h;

	host_begin(&h, is[head & 7], 16 + 8 * (size_t)(head / 8 % 3));
	for (int i = 0; i < STEPS && rd_left(&in) > 0; i++)
		step(&h, &in, &rsp);
	host_cycle(&h);
	host_end(&h);
	wr_free(&rsp);
	return 0;
}
