/* STORE DATA (GPCS 11.11) in blocks. */
#include <stdio.h>

#include "gp/dgi.h"
#include "host/content.h"

enum { BLOCKS_MAX = 256 };

/* Data being cut into blocks. */
struct cut {
	struct span rest;
	size_t room;
	size_t group; /* octets still to come of a group that is longer than a block */
	bool dgi;
};

/* Octets of the whole groups at the head of s that fit in `room`. */
static size_t whole_groups(struct span s, size_t room)
{
	struct rd r = rd_of(s);
	struct dgi d;
	size_t n = 0;

	while (dgi_next(&r, &d) && s.n - rd_left(&r) <= room)
		n = s.n - rd_left(&r);
	return n;
}

/* A group that is longer than a block begins one of its own and goes on in the next. */
static size_t dgi_octets(struct cut *c)
{
	size_t n = c->group < c->room ? c->group : c->room;
	struct rd r = rd_of(c->rest);
	struct dgi d;

	c->group -= n;
	n += whole_groups(span_sub(c->rest, n, c->rest.n), c->room - n);
	if (n > 0 || !dgi_next(&r, &d))
		return n;
	c->group = c->rest.n - rd_left(&r) - c->room;
	return c->room;
}

static struct span cut_next(struct cut *c)
{
	struct span block = span_sub(c->rest, 0, c->dgi ? dgi_octets(c) : c->room);

	c->rest = span_sub(c->rest, block.n, c->rest.n);
	return block;
}

static size_t count_blocks(struct cut c)
{
	size_t n = 0;

	do {
		(void)cut_next(&c);
		n++;
	} while (c.rest.n > 0);
	return n;
}

/* *cut is as before the first command. */
static int begin(const struct session *s, uint8_t p1, struct span data, struct cut *cut,
    size_t *blocks, struct err *e)
{
	*cut = (struct cut){ data, content_block(s, false), 0, (p1 & STORE_FORMAT) == STORE_DGI };
	if (cut->room == 0)
		return err_set(e, ERR_SAFETY, "STORE DATA: no data fit in a command to this card");
	if (cut->dgi && !dgi_sound(data))
		return err_set(e, ERR_INPUT, "the data are no data grouping identifiers (DGI)");
	*blocks = count_blocks(*cut);
	if (*blocks <= BLOCKS_MAX)
		return 0;
	return err_set(e, ERR_SAFETY, "%zu octets take %zu blocks of STORE DATA, at most %d",
	    data.n, *blocks, BLOCKS_MAX);
}

int content_store_check(const struct session *s, uint8_t p1, struct span data, struct err *e)
{
	struct cut cut;
	size_t blocks;

	return begin(s, p1, data, &cut, &blocks, e);
}

int content_store(struct session *s, uint8_t p1, struct span data, struct err *e)
{
	struct cut c;
	char what[64];
	size_t blocks;

	if (begin(s, p1, data, &c, &blocks, e) != 0)
		return -1;
	for (size_t i = 0; i < blocks; i++) {
		struct capdu cmd = { .cla = 0x80,
			.ins = INS_STORE_DATA,
			.p1 = i + 1 == blocks ? p1 | STORE_LAST : p1,
			.p2 = (uint8_t)i,
			.data = cut_next(&c),
			.le = (p1 & STORE_RESPONSE) != 0 ? LE_MAX_SHORT : LE_NONE };
		struct rapdu r;

		snprintf(what, sizeof(what), "STORE DATA block %zu of %zu", i + 1, blocks);
		if (session_do(s, &cmd, what, &r, e) != 0)
			return -1;
	}
	return 0;
}
