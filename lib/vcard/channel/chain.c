/*
 * INSTALL, DELETE and PUT KEY that come in several commands (b8 of P1, GPCS 11.1.5). Either each is
 * protected for itself, and is gathered here; or the whole is, which lib/scp/joined.h puts together
 * before anything is verified. Nothing stands between the parts of either: what is broken off ends
 * the session, so that nobody gets one answer after the other to parts that he made up.
 */
#include "vcard/channel/channel.h"
#include "vcard/core/card_state.h"

enum { MORE_COMMANDS = 0x80 };

bool chain_open(const struct logical_channel *ch)
{
	return ch->chain.ins != 0 || ch->joined.open;
}

bool chain_goes_on(const struct logical_channel *ch, const struct capdu *cmd)
{
	const struct chain *k = &ch->chain;

	return k->ins != 0 && cmd->ins == k->ins && (cmd->p1 & ~MORE_COMMANDS) == k->p1 &&
	       cmd->p2 == k->p2;
}

void chain_forget(struct logical_channel *ch)
{
	wr_free(&ch->chain.data);
	ch->chain = (struct chain){ 0 };
}

uint16_t chain_take(struct call *c, size_t max, struct span *whole, bool *more)
{
	struct chain *k = &c->ch->chain;

	*more = (c->cmd->p1 & MORE_COMMANDS) != 0;
	*whole = c->cmd->data;
	if (k->ins == 0 && !*more)
		return SW_OK;
	if (k->ins == 0)
		*k = (struct chain){ .ins = c->cmd->ins,
			.p1 = (uint8_t)(c->cmd->p1 & ~MORE_COMMANDS),
			.p2 = c->cmd->p2,
			.data = wr_grow(max) };
	wr_put(&k->data, c->cmd->data);
	*whole = wr_span(&k->data);
	return wr_ok(&k->data) ? SW_OK : SW_NO_MEMORY;
}
