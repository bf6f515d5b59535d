#include "scp02_pair.h"
#include "scp_start.h"

const uint8_t explicit_i[EXPLICITS] = { 0x04, 0x05, 0x14, 0x15, 0x24, 0x25, 0x34, 0x35, 0x44, 0x45,
	0x54, 0x55, 0x64, 0x65, 0x74, 0x75 };
const uint8_t implicit_i[IMPLICITS] = { 0x0A, 0x0B, 0x1A, 0x1B };
const uint8_t levels02[LEVELS02] = { 0x00, 0x01, 0x03, 0x10, 0x11, 0x13 };
const uint8_t hc[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
const uint8_t cc[8] = { 0, 9, 3, 4, 5, 6, 7, 8 };

struct key_set three_keys02(void)
{
	return (struct key_set){ unit_key("404142434445464748494A4B4C4D4E4F"),
		unit_key("101112131415161718191A1B1C1D1E1F"),
		unit_key("202122232425262728292A2B2C2D2E2F") };
}

void begin02(struct pair02 *p, uint8_t i)
{
	struct key_set keys = three_keys02();

	assert_true(begin_counter(&p->host, &keys, i, cc));
	assert_true(begin_counter(&p->card, &keys, i, cc));
}

void open_pair02(struct pair02 *p, uint8_t i, uint8_t level)
{
	uint8_t b[32];
	struct wr w = wr_fixed(b, sizeof(b));
	struct capdu c;

	begin02(p, i);
	assert_true(scp_host_authenticate(&p->host, CHALLENGES(SPAN(hc), SPAN(cc)), level, 0, &w));
	assert_true(capdu_get(wr_span(&w), &c));
	assert_int_equal(
	    scp_card_authenticate(&p->card, CHALLENGES(SPAN(hc), SPAN(cc)), &c), SCP_OK);
}

void wipe_pair02(struct pair02 *p)
{
	scp_wipe(&p->host);
	scp_wipe(&p->card);
}

struct state02 state_of02(const struct scp *s)
{
	struct state02 st;

	memset(&st, 0, sizeof(st));
	memcpy(st.icv, s->u.scp02.icv, 8);
	memcpy(st.ricv, s->u.scp02.ricv, 8);
	memcpy(st.last, s->u.scp02.last, s->u.scp02.last_n);
	st.i = s->i;
	st.level = s->level;
	st.last_n = s->u.scp02.last_n;
	st.first = s->u.scp02.first;
	st.open = s->open;
	return st;
}

void assert_state02(const struct scp *s, const struct state02 *before)
{
	struct state02 now = state_of02(s);

	assert_memory_equal(&now, before, sizeof(now));
}

enum scp_verdict try_command02(struct scp *card, struct span wire, struct capdu *plain)
{
	static uint8_t data[300];
	struct wr d = wr_fixed(data, sizeof(data));
	enum scp_verdict v;
	struct capdu c;

	if (!capdu_get(wire, &c))
		return SCP_MALFORMED;
	v = scp_open_command(card, &c, plain, &d);
	if (v != SCP_OK)
		assert_int_equal(d.n, 0);
	return v;
}

void refuse_command02(struct scp *card, struct span wire)
{
	struct state02 before = state_of02(card);
	struct capdu plain;

	assert_int_not_equal(try_command02(card, wire, &plain), SCP_OK);
	assert_state02(card, &before);
}

void refuse_response02(struct scp *host, struct span wire)
{
	uint8_t data[300];
	struct wr d = wr_fixed(data, sizeof(data));
	struct state02 before = state_of02(host);
	struct scp copy = *host; /* borrows the contexts: not wiped */
	struct rapdu plain;
	enum scp_verdict v = scp_open_response(host, wire, &plain, &d);

	assert_int_equal(d.n, 0);
	if (v != SCP_OK) {
		assert_state02(host, &before);
		return;
	}
	/* Two octets alone can be an error, which nothing protects: but never a success. */
	assert_int_equal(wire.n, 2);
	assert_false(sw_is_success_or_warning(plain.sw));
	*host = copy;
}

void exchange02(struct pair02 *p, const struct capdu *c, const struct rapdu *r)
{
	uint8_t b[300], out[300];
	struct wr w = wr_fixed(b, sizeof(b)), d = wr_fixed(out, sizeof(out));
	uint8_t level = p->host.level;
	bool error = !sw_is_success_or_warning(r->sw);
	struct capdu plain;
	struct rapdu got;

	assert_true(scp_seal_command(&p->host, c, &w));
	assert_int_equal(cla_is_sm(b[0]), (level & LEVEL_CMAC) != 0);
	assert_int_equal(try_command02(&p->card, wr_span(&w), &plain), SCP_OK);
	assert_int_equal(plain.cla, c->cla);
	assert_int_equal(plain.ins, c->ins);
	assert_span(plain.data, c->data);
	assert_int_equal(plain.le, c->le);
	wr_reset(&w);
	assert_true(scp_seal_response(&p->card, r, &w));
	assert_int_equal(w.n, r->data.n * !(error && (level & LEVEL_RMAC) != 0) + 2 +
				  ((level & LEVEL_RMAC) != 0 && !error ? 8 : 0));
	assert_int_equal(scp_open_response(&p->host, wr_span(&w), &got, &d), SCP_OK);
	assert_int_equal(got.sw, r->sw);
	if (!error)
		assert_span(got.data, r->data);
	assert_memory_equal(p->host.u.scp02.icv, p->card.u.scp02.icv, 8);
	assert_memory_equal(p->host.u.scp02.ricv, p->card.u.scp02.ricv, 8);
}

void exchanges02(struct pair02 *p, uint8_t cla)
{
	static const uint16_t words[] = { SW_OK, SW_MORE_DATA, SW_CONDITIONS, SW_OK, 0x6283 };
	size_t max = scp_max_data_at(PROTOCOL_SCP02, p->host.level, 8);
	uint8_t data[APDU_SHORT_DATA];

	for (size_t n = 0; n < sizeof(data); n++)
		data[n] = (uint8_t)(n + 1);
	for (size_t n = 0; n <= max; n += n < 20 || n + 20 > max ? 1 : 9) {
		struct capdu c = { .cla = cla, .ins = 0xE2, .p1 = 0x80, .p2 = (uint8_t)n };
		struct rapdu r = { .sw = words[n % 5] };

		c.data = span_of(data, n);
		/* The most, because with R-MAC nothing else is asked for. */
		c.le = n % 2 == 0 ? LE_NONE : LE_MAX_SHORT;
		r.data = span_of(data, r.sw == SW_CONDITIONS ? 0 : max - n);
		exchange02(p, &c, &r);
	}
}

/* Every bit but the channel number, which no C-MAC covers. */
void flip_command02(struct scp *card, struct span wire)
{
	uint8_t b[300];

	for (size_t bit = 2; bit < wire.n * 8; bit++) {
		memcpy(b, wire.p, wire.n);
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		refuse_command02(card, span_of(b, wire.n));
	}
	for (size_t n = 0; n < wire.n; n++)
		refuse_command02(card, span_sub(wire, 0, n));
}

void flip_response02(struct scp *host, struct span wire)
{
	uint8_t b[300];

	for (size_t bit = 0; bit < wire.n * 8; bit++) {
		memcpy(b, wire.p, wire.n);
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		refuse_response02(host, span_of(b, wire.n));
	}
	for (size_t n = 0; n < wire.n; n++)
		refuse_response02(host, span_sub(wire, 0, n));
}
