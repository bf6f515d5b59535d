#include "scp03_pair.h"
#include "scp_start.h"

const uint8_t levels[LEVELS] = { 0x00, 0x01, 0x03, 0x11, 0x13, 0x33 };
const uint8_t sizes[2] = { 8, 16 };
const size_t key_sizes[3] = { 16, 24, 32 };
const uint8_t challenges[32] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
	20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32 };

void begin(struct pair *p, uint8_t m, size_t key_n)
{
	struct key_set keys = { 0 };

	assert_true(key_from(&keys.enc, span_of(challenges, key_n)));
	assert_true(key_from(&keys.mac, span_sub(SPAN(challenges), 32 - key_n, key_n)));
	p->hc = span_of(challenges, m);
	p->cc = span_sub(SPAN(challenges), 16, m);
	assert_true(scp_begin(&p->host, START(PROTOCOL_SCP03, 0, &keys, p->hc, p->cc)));
	assert_true(scp_begin(&p->card, START(PROTOCOL_SCP03, 0, &keys, p->hc, p->cc)));
}

void open_pair(struct pair *p, uint8_t level, uint8_t m, size_t key_n)
{
	uint8_t b[64];
	struct wr w = wr_fixed(b, sizeof(b));
	struct capdu c;

	begin(p, m, key_n);
	assert_true(scp_host_authenticate(&p->host, CHALLENGES(p->hc, p->cc), level, 0, &w));
	assert_true(capdu_get(wr_span(&w), &c));
	assert_int_equal(scp_card_authenticate(&p->card, CHALLENGES(p->hc, p->cc), &c), SCP_OK);
}

void wipe_pair(struct pair *p)
{
	scp_wipe(&p->host);
	scp_wipe(&p->card);
}

struct state state_of(const struct scp *s)
{
	struct state st;

	memset(&st, 0, sizeof(st));
	memcpy(st.mcv, s->u.scp03.mcv, 16);
	memcpy(st.counter, s->u.scp03.counter, 16);
	st.m = s->m;
	st.level = s->level;
	st.open = s->open;
	return st;
}

void assert_state(const struct scp *s, const struct state *before)
{
	struct state now = state_of(s);

	assert_memory_equal(&now, before, sizeof(now));
}

enum scp_verdict try_command(struct scp *s, struct span wire, struct capdu *plain)
{
	static uint8_t data[APDU_MAX_COMMAND];
	struct wr d = wr_fixed(data, sizeof(data));
	enum scp_verdict v;
	struct capdu c;

	if (!capdu_get(wire, &c))
		return SCP_MALFORMED;
	v = scp_open_command(s, &c, plain, &d);
	if (v != SCP_OK)
		assert_int_equal(d.n, 0);
	return v;
}
