#include "mirror.h"

static int transmit(void *ctx, struct span wire, struct wr *rsp, struct err *e)
{
	struct mirror *m = ctx;
	struct capdu c, plain;
	struct rapdu r;
	size_t before = m->plain.n;

	assert_true(m->n < MIRROR_COMMANDS);
	assert_true(capdu_get(wire, &c));
	plain = c;
	wr_reset(&m->data);
	if (m->side.ops != NULL)
		assert_int_equal(scp_open_command(&m->side, &c, &plain, &m->data), SCP_OK);
	capdu_put(&m->plain, &plain);
	assert_true(wr_ok(&m->plain));
	m->command[m->n++] = span_sub(wr_span(&m->plain), before, m->plain.n - before);
	if (m->n == m->silent_at)
		return err_set(e, ERR_READER, "the card does not answer");
	if (m->n == m->refuse_at) {
		wr_u16(rsp, SW_WRONG_DATA);
		return 0;
	}
	assert_true(rapdu_get(span_of(m->rsp, m->rsp_n), &r));
	if (m->side.ops != NULL)
		assert_true(scp_seal_response(&m->side, &r, rsp));
	else
		wr_bytes(rsp, m->rsp, m->rsp_n);
	return 0;
}

static void no_close(void *ctx)
{
	(void)ctx;
}

static const struct card_ops ops = { .transmit = transmit, .close = no_close };

static void handshake(struct mirror *m, enum scp_protocol p, uint8_t level)
{
	static const uint8_t hc[8] = { 1, 2, 3, 4, 5, 6, 7, 8 }, cc[8] = { 0, 9, 3, 4, 5, 6, 7, 8 };
	const struct key k = unit_key("404142434445464748494A4B4C4D4E4F");
	const struct key_set keys = { k, k, k };
	const struct scp_start start = { .protocol = p,
		.i = p == PROTOCOL_SCP02 ? 0x55 : 0x60,
		.keys = &keys,
		.host_challenge = SPAN(hc),
		.card_challenge = SPAN(cc) };
	uint8_t b[64];
	struct wr w = wr_fixed(b, sizeof(b));
	struct capdu c;

	assert_true(scp_begin(&m->s.scp, &start));
	assert_true(scp_begin(&m->side, &start));
	assert_true(scp_host_authenticate(&m->s.scp, &start, level, 0, &w));
	assert_true(capdu_get(wr_span(&w), &c));
	assert_int_equal(scp_card_authenticate(&m->side, &start, &c), SCP_OK);
	m->s.mode = SESSION_UNICAST;
	m->s.level = level;
	m->s.iu.key_version = 0x30;
	m->s.dek = k;
}

void mirror_open(struct mirror *m, enum scp_protocol p, uint8_t level)
{
	memset(m, 0, sizeof(*m));
	m->plain = wr_fixed(malloc(1u << 16), 1u << 16); /* does not move: spans lie in it */
	m->data = wr_grow(APDU_MAX_COMMAND);
	m->card = (struct card){ .ops = &ops, .ctx = m, .name = "mirror" };
	session_init(&m->s, &m->card);
	m->s.domain = aid_isd;
	if (level != 0)
		handshake(m, p, level);
	mirror_answer(m, "9000");
}

void mirror_close(struct mirror *m)
{
	session_wipe(&m->s);
	scp_wipe(&m->side);
	wr_free(&m->data);
	free(m->plain.p);
}

void mirror_answer(struct mirror *m, const char *hex)
{
	struct span s = unit_bytes(hex);

	assert_true(s.n <= sizeof(m->rsp));
	memcpy(m->rsp, s.p, s.n);
	m->rsp_n = s.n;
}
