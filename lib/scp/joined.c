#include "scp/joined.h"

enum { MORE_COMMANDS = 0x80 };
enum { INSTALL = 0xE6, DELETE = 0xE4, PUT_KEY = 0xD8 };

bool joined_may(uint8_t ins)
{
	return ins == INSTALL || ins == DELETE || ins == PUT_KEY;
}

static bool is_part(const struct capdu *c)
{
	return (c->cla & 0x80) != 0 && !c->extended && c->data.n > 0 && joined_may(c->ins);
}

void joined_forget(struct joined *j)
{
	wr_free(&j->data);
	*j = (struct joined){ 0 };
}

bool joined_begin(struct joined *j, const struct capdu *first)
{
	joined_forget(j);
	if (!is_part(first) || (first->p1 & MORE_COMMANDS) == 0)
		return false;
	j->data = wr_grow(JOINED_MAX);
	wr_put(&j->data, first->data);
	j->open = wr_ok(&j->data);
	j->head = *first;
	j->head.p1 = (uint8_t)(first->p1 & ~MORE_COMMANDS);
	j->head.data = (struct span){ NULL, 0 };
	return j->open;
}

static bool goes_on(const struct capdu *head, const struct capdu *c)
{
	return is_part(c) && c->cla == head->cla && c->ins == head->ins && c->p2 == head->p2 &&
	       (c->p1 & ~MORE_COMMANDS) == head->p1;
}

enum joined_step joined_next(struct joined *j, const struct capdu *c, struct capdu *whole)
{
	*whole = *c;
	if (!j->open)
		return JOINED_WHOLE;
	if (goes_on(&j->head, c) && ++j->parts < JOINED_PARTS_MAX)
		wr_put(&j->data, c->data);
	else
		j->data.full = true;
	if (!wr_ok(&j->data)) {
		joined_forget(j);
		return JOINED_BROKEN;
	}
	if ((c->p1 & MORE_COMMANDS) != 0)
		return JOINED_MORE;
	whole->data = wr_span(&j->data);
	whole->extended = true;
	return JOINED_WHOLE;
}
