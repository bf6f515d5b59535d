/*
 * Commands that are protected as a whole and come in several, joined by b8 of P1 (GPCS 11.1.5): the
 * MAC is over the whole with its length in three octets, and stands at the end of the last one.
 * Each is answered without protection. That this is such a command shows in its MAC, which is none:
 * a command may also come in several that are protected each for itself.
 */
#include "vcard/handlers.h"

enum { MORE_COMMANDS = 0x80, JOINED_MAX = 4096 };

static bool comes_in_several(const struct capdu *c)
{
	return (c->cla & 0x80) != 0 && !c->extended && c->data.n > 0 &&
	       (c->ins == INS_INSTALL || c->ins == INS_DELETE || c->ins == INS_PUT_KEY);
}

void joined_forget(struct channel *ch)
{
	wr_free(&ch->joined);
	ch->joined_open = false;
}

bool joined_begin(struct channel *ch, const struct capdu *cmd)
{
	if (!comes_in_several(cmd) || (cmd->p1 & MORE_COMMANDS) == 0 ||
	    ch->session != SESSION_UNICAST || scp_protocol(&ch->scp) != PROTOCOL_SCP03)
		return false;
	joined_forget(ch);
	ch->joined = wr_grow(JOINED_MAX);
	wr_put(&ch->joined, cmd->data);
	ch->joined_open = wr_ok(&ch->joined);
	ch->joined_head = *cmd;
	ch->joined_head.p1 = (uint8_t)(cmd->p1 & ~MORE_COMMANDS);
	ch->joined_head.data = (struct span){ NULL, 0 };
	return ch->joined_open;
}

static bool goes_on(const struct channel *ch, const struct capdu *c)
{
	const struct capdu *h = &ch->joined_head;

	return comes_in_several(c) && c->cla == h->cla && c->ins == h->ins && c->p2 == h->p2 &&
	       (c->p1 & ~MORE_COMMANDS) == h->p1;
}

enum joined joined_next(struct channel *ch, const struct capdu *cmd, struct capdu *whole)
{
	*whole = *cmd;
	if (!ch->joined_open)
		return JOINED_WHOLE;
	if (!goes_on(ch, cmd)) {
		joined_forget(ch);
		return JOINED_WHOLE;
	}
	wr_put(&ch->joined, cmd->data);
	if (!wr_ok(&ch->joined)) {
		joined_forget(ch);
		return JOINED_TOO_LONG;
	}
	if ((cmd->p1 & MORE_COMMANDS) != 0)
		return JOINED_MORE;
	whole->data = wr_span(&ch->joined);
	whole->extended = true;
	return JOINED_WHOLE;
}
