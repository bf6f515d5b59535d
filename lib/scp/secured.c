#include "scp/secured.h"

bool secured_class(uint8_t cla)
{
	return cla_valid(cla) && cla_is_sm(cla);
}

void secured_head_put(struct wr *w, uint8_t cla, const struct capdu *c, size_t lc)
{
	wr_u8(w, cla);
	wr_u8(w, c->ins);
	wr_u8(w, c->p1);
	wr_u8(w, c->p2);
	if (c->extended)
		wr_u24(w, (uint32_t)lc); /* 00 hi lo */
	else
		wr_u8(w, (uint8_t)lc);
}

void secured_le_put(struct wr *w, uint8_t level, const struct capdu *c)
{
	bool most = (level & LEVEL_RMAC) != 0;

	if (c->le == LE_NONE)
		return;
	if (c->extended)
		wr_u16(w, most ? 0 : (uint16_t)c->le);
	else
		wr_u8(w, most ? 0 : (uint8_t)c->le);
}

size_t secured_body(uint8_t level, size_t n, size_t block)
{
	return (level & LEVEL_CDEC) != 0 && n > 0 ? (n / block + 1) * block : n;
}

size_t secured_max_data(uint8_t level, uint8_t m, size_t block)
{
	size_t room = APDU_SHORT_DATA - (size_t)m;

	if ((level & LEVEL_CMAC) == 0)
		return APDU_SHORT_DATA;
	if ((level & LEVEL_CDEC) == 0)
		return room;
	return room / block * block - 1;
}

bool pad80_put(uint8_t *p, size_t n, struct span plain)
{
	struct wr w = wr_fixed(p, n);

	wr_put(&w, plain);
	wr_u8(&w, 0x80);
	wr_fill(&w, 0, n - w.n);
	return wr_ok(&w);
}

size_t pad80_plain(const uint8_t *p, size_t n)
{
	while (n > 0 && p[n - 1] == 0)
		n--;
	return n > 0 && p[n - 1] == 0x80 ? n - 1 : 0;
}

bool bare_put(struct wr *out, const struct capdu *c)
{
	capdu_put(out, c);
	return wr_ok(out);
}

enum scp_verdict bare_get(const struct capdu *c, struct capdu *plain, struct wr *data)
{
	size_t at = data->n;
	enum scp_verdict v;

	if (cla_is_sm(c->cla))
		return SCP_MALFORMED;
	v = clear_put(data, c->data);
	if (v != SCP_OK)
		return v;
	*plain = *c;
	plain->data = span_sub(wr_span(data), at, c->data.n);
	return SCP_OK;
}

enum scp_verdict clear_put(struct wr *data, struct span clear)
{
	wr_put(data, clear);
	return wr_ok(data) ? SCP_OK : SCP_FAILED;
}
