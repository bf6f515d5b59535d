#include "apdu/apdu.h"

enum {
	CLA_PROPRIETARY = 0x80,
	CLA_FURTHER = 0x40, /* channels 4-19 */
	CLA_FURTHER_SM = 0x20,
	CLA_CHAINING = 0x10,
	CLA_FIRST_SM = 0x0C, /* both bits of the first interindustry form */
	CLA_GP_SM = 0x04,
	CLA_ISO_SM_RFU = 0x08,
	FIRST_CHANNELS = 4
};

/* Le on the wire: 0 stands for the largest value of its form. */
static uint32_t le_short(uint8_t v)
{
	return v == 0 ? LE_MAX_SHORT : v;
}

static uint32_t le_extended(uint16_t v)
{
	return v == 0 ? LE_MAX_EXTENDED : v;
}

/* Behind P3 = `p3`, when something follows it. */
static bool get_short(struct rd *r, uint8_t p3, struct capdu *c)
{
	uint8_t le;

	if (!rd_take(r, p3, &c->data))
		return false;
	if (rd_left(r) == 0)
		return true;
	if (!rd_u8(r, &le) || rd_left(r) > 0)
		return false;
	c->le = le_short(le);
	return true;
}

/* Behind P3 = 00, when something follows it. */
static bool get_extended(struct rd *r, struct capdu *c)
{
	uint16_t v;

	c->extended = true;
	if (!rd_u16(r, &v))
		return false;
	if (rd_left(r) == 0) {
		c->le = le_extended(v);
		return true;
	}
	if (v == 0 || !rd_take(r, v, &c->data))
		return false;
	if (rd_left(r) == 0)
		return true;
	if (!rd_u16(r, &v) || rd_left(r) > 0)
		return false;
	c->le = le_extended(v);
	return true;
}

bool capdu_get(struct span s, struct capdu *c)
{
	struct rd r = rd_of(s);
	struct capdu got = { 0 };
	uint8_t p3;
	bool ok;

	if (!rd_u8(&r, &got.cla) || !rd_u8(&r, &got.ins) || !rd_u8(&r, &got.p1) ||
	    !rd_u8(&r, &got.p2))
		return false;
	if (!rd_u8(&r, &p3)) {
		ok = true;
	} else if (rd_left(&r) == 0) {
		got.le = le_short(p3);
		ok = true;
	} else {
		ok = p3 == 0 ? get_extended(&r, &got) : get_short(&r, p3, &got);
	}
	if (ok)
		*c = got;
	return ok;
}

static void put_extended(struct wr *w, const struct capdu *c)
{
	if (c->data.n > 0xFFFF || c->le > LE_MAX_EXTENDED) {
		w->full = true;
		return;
	}
	if (c->data.n > 0 || c->le != LE_NONE)
		wr_u8(w, 0);
	if (c->data.n > 0) {
		wr_u16(w, (uint16_t)c->data.n);
		wr_put(w, c->data);
	}
	if (c->le != LE_NONE)
		wr_u16(w, (uint16_t)c->le); /* 65536 is written as 0000 */
}

static void put_short(struct wr *w, const struct capdu *c)
{
	if (c->data.n > APDU_SHORT_DATA || c->le > LE_MAX_SHORT) {
		w->full = true;
		return;
	}
	if (c->data.n > 0)
		wr_lv(w, c->data);
	if (c->le != LE_NONE)
		wr_u8(w, (uint8_t)c->le); /* 256 is written as 00 */
}

void capdu_put(struct wr *w, const struct capdu *c)
{
	wr_u8(w, c->cla);
	wr_u8(w, c->ins);
	wr_u8(w, c->p1);
	wr_u8(w, c->p2);
	if (c->extended)
		put_extended(w, c);
	else
		put_short(w, c);
}

bool rapdu_get(struct span s, struct rapdu *r)
{
	struct rd in = rd_of(s);
	struct rapdu got;

	if (s.n < 2 || !rd_take(&in, s.n - 2, &got.data) || !rd_u16(&in, &got.sw))
		return false;
	*r = got;
	return true;
}

void rapdu_put(struct wr *w, const struct rapdu *r)
{
	wr_put(w, r->data);
	wr_u16(w, r->sw);
}

uint8_t cla_channel(uint8_t cla)
{
	if ((cla & CLA_FURTHER) != 0)
		return (uint8_t)((cla & 0x0F) + FIRST_CHANNELS);
	return cla & 0x03;
}

uint8_t cla_with_channel(uint8_t cla, uint8_t channel)
{
	bool further = (cla & CLA_FURTHER) != 0;
	bool sm = (cla & (further ? CLA_FURTHER_SM : CLA_FIRST_SM)) != 0;
	int first_sm = further ? (sm ? CLA_GP_SM : 0) : cla & CLA_FIRST_SM;

	if (channel < FIRST_CHANNELS)
		return (uint8_t)((cla & CLA_PROPRIETARY) | first_sm | channel);
	return (uint8_t)((cla & CLA_PROPRIETARY) | CLA_FURTHER | (sm ? CLA_FURTHER_SM : 0) |
			 ((channel - FIRST_CHANNELS) & 0x0F));
}

bool cla_is_sm(uint8_t cla)
{
	if ((cla & CLA_FURTHER) != 0)
		return (cla & CLA_FURTHER_SM) != 0;
	return (cla & CLA_FIRST_SM) == CLA_GP_SM;
}

bool cla_valid(uint8_t cla)
{
	if ((cla & CLA_CHAINING) != 0)
		return false;
	if ((cla & CLA_FURTHER) != 0)
		return true;
	return (cla & CLA_FURTHER_SM) == 0 && (cla & CLA_FIRST_SM) != CLA_ISO_SM_RFU;
}

uint8_t cla_add_sm(uint8_t cla)
{
	return cla | ((cla & CLA_FURTHER) != 0 ? CLA_FURTHER_SM : CLA_GP_SM);
}

uint8_t cla_drop_sm(uint8_t cla)
{
	return (uint8_t)(cla & ~((cla & CLA_FURTHER) != 0 ? CLA_FURTHER_SM : CLA_FIRST_SM));
}

uint8_t cla_mac_form(uint8_t cla)
{
	return (cla & CLA_PROPRIETARY) | CLA_GP_SM;
}
