#include "host/gather.h"

#include "gp/command.h"
#include "gp/container.h"
#include "gp/scp11_data.h"
#include "gp/trust.h"
#include "tlv/tlv.h"

enum { LAST_BLOCK = 0x80, CHAINED = 0x10 };

void gather_init(struct gather *g)
{
	*g = (struct gather){ .data = wr_grow(GATHER_MAX) };
}

void gather_free(struct gather *g)
{
	wr_free(&g->data);
}

static bool is_last(const struct capdu *c)
{
	if (c->ins == INS_STORE_DATA)
		return (c->p1 & LAST_BLOCK) != 0;
	return (c->p1 & PSO_MORE_BLOCKS) == 0 && (c->cla & CHAINED) == 0;
}

/* A row begins: STORE DATA counts its blocks, PERFORM SECURITY OPERATION does not. */
static bool begins(const struct gather *g, const struct capdu *c)
{
	return c->ins != g->ins || (c->ins == INS_STORE_DATA && c->p2 == 0x00);
}

bool gather_next(struct gather *g, const struct capdu *c, unsigned line, struct span *whole)
{
	if (c->ins != INS_STORE_DATA && c->ins != INS_PERFORM_SECURITY_OPERATION) {
		g->ins = 0;
		return false;
	}
	if (begins(g, c)) {
		wr_reset(&g->data);
		g->ins = c->ins;
		g->next = 0;
		g->line = line;
		g->stray = false;
	}
	if (c->ins == INS_STORE_DATA && c->p2 != g->next) {
		g->ins = 0;
		g->stray = true;
		return false;
	}
	g->next++;
	wr_put(&g->data, c->data);
	if (!is_last(c))
		return false;
	g->ins = 0;
	*whole = wr_span(&g->data);
	return wr_ok(&g->data);
}

static bool is_object(uint32_t tag)
{
	return tag >= TAG_OBJECT_FIRST && tag <= TAG_OBJECT_LAST;
}

/* In an order about trust records it stands behind what says whose it is. */
static bool has_object(struct span order)
{
	struct rd r = rd_of(order);
	struct tlv t;

	while (tlv_next(&r, &t))
		if (is_object(t.tag))
			return true;
	return false;
}

bool gather_has_object(const struct gather *g)
{
	struct rd r = rd_of(wr_span(&g->data));
	struct tlv t;
	uint8_t first, second;

	if (g->stray)
		return true;
	while (tlv_next(&r, &t))
		if (is_object(t.tag) || (t.tag == TAG_TRUST_ORDER && has_object(t.val)))
			return true;
	if (!rd_u8(&r, &first) || first != TAG_OBJECT_FIRST >> 8)
		return false;
	return !rd_u8(&r, &second) || (second >= 0x01 && second <= 0x7F);
}
