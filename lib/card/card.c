#include "card/card.h"

#include <string.h>
#include <time.h>

enum { INS_GET_RESPONSE_ISO = 0xC0, SW1_MORE = 0x61, SW1_WRONG_LE = 0x6C };

/* One exchange. The answer is appended to rsp; its status word is taken off and given in *sw. */
static int exchange(
    struct card *c, struct span command, struct wr *rsp, uint16_t *sw, struct err *e)
{
	size_t before = rsp->n;
	struct rd r;

	if (c->ops->transmit(c->ctx, command, rsp, e) != 0) {
		c->gone = true;
		return -1;
	}
	if (!wr_ok(rsp))
		return err_set(e, ERR_CARD, "the card's answer is longer than %zu octets",
		    (rsp->limit != 0 ? rsp->limit : rsp->cap) - sizeof(*sw));
	r = rd_of(span_sub(wr_span(rsp), before, rsp->n));
	if (rd_left(&r) < 2) {
		c->gone = true; /* whatever is there, it is no card that keeps to ISO 7816 */
		return err_set(e, ERR_CARD, "answer of %zu octets has no status word", rd_left(&r));
	}
	r = rd_of(span_sub(wr_span(rsp), rsp->n - 2, 2));
	if (!rd_u16(&r, sw))
		return err_set(e, ERR_CARD, "answer has no status word");
	wr_cut(rsp, rsp->n - 2);
	return 0;
}

/* What is on the way for one command: the APDU to send next, in its own buffer. */
struct turn {
	struct capdu cmd;
	bool readable;    /* cmd could be parsed: it may be sent again with another Le */
	bool corrected;   /* its Le was corrected once already */
	bool shortened;   /* T=0: sent without its Le, and nothing was fetched yet */
	uint16_t warning; /* came before the data, 0: none */
	struct wr wire;   /* growing */
	struct span next;
};

static int turn_write(struct turn *t, struct err *e)
{
	wr_reset(&t->wire);
	capdu_put(&t->wire, &t->cmd);
	if (!wr_ok(&t->wire))
		return err_memory(e);
	t->next = wr_span(&t->wire);
	return 0;
}

/* ISO 7816-3 12.1.3: T=0 has no case 4, the answer is fetched; and no extended length. */
static int turn_begin(struct turn *t, const struct card *c, struct span command, struct err *e)
{
	t->next = command;
	t->wire = wr_grow(APDU_MAX_COMMAND);
	t->readable = capdu_get(command, &t->cmd);
	if (!c->t0 || !t->readable)
		return 0;
	if (t->cmd.extended) {
		err_set(e, ERR_SAFETY, "the card talks T=0, which carries no extended length");
		return err_hint(e, "send at most 255 octets in one command");
	}
	if (t->cmd.data.n == 0 || t->cmd.le == LE_NONE)
		return 0;
	t->cmd.le = LE_NONE;
	t->shortened = true;
	return turn_write(t, e);
}

static int get_response(struct turn *t, uint32_t le, struct err *e)
{
	t->cmd = (struct capdu){ .cla = cla_with_channel(0x00, cla_channel(t->cmd.cla)),
		.ins = INS_GET_RESPONSE_ISO,
		.le = le };
	t->corrected = t->shortened = false;
	return turn_write(t, e);
}

static bool is_warning(uint16_t sw)
{
	return sw >> 8 == 0x62 || sw >> 8 == 0x63;
}

/* Decides what follows an answer: *go false when it was the last. */
static int turn_follow(struct turn *t, uint16_t sw, bool *go, struct err *e)
{
	uint32_t le = (uint8_t)sw == 0 ? LE_MAX_SHORT : (uint8_t)sw;

	*go = t->readable;
	if (!t->readable)
		return 0;
	if (sw >> 8 == SW1_MORE)
		return get_response(t, le, e);
	/* ETSI TS 102 221 7.3.1.1.4: the warning comes first, its data wait for GET RESPONSE. */
	if (t->shortened && is_warning(sw)) {
		t->warning = sw;
		return get_response(t, LE_MAX_SHORT, e);
	}
	if (sw >> 8 == SW1_WRONG_LE && t->cmd.le != LE_NONE && !t->corrected) {
		t->cmd.le = le;
		t->corrected = true;
		return turn_write(t, e);
	}
	*go = false;
	return 0;
}

/* The status of the whole: a warning that came first, unless fetching its data went wrong. */
static uint16_t turn_status(const struct turn *t, uint16_t sw, size_t fetched)
{
	return t->warning != 0 && (sw == SW_OK || fetched == 0) ? t->warning : sw;
}

static unsigned elapsed_ms(const struct timespec *from)
{
	struct timespec now;
	long ms;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = (now.tv_sec - from->tv_sec) * 1000 + (now.tv_nsec - from->tv_nsec) / 1000000;
	return (unsigned)ms;
}

static int too_slow(struct card *c, struct err *e)
{
	c->gone = true; /* what it still has to say belongs to no command of ours */
	err_set(e, ERR_READER, "the card did not come to an end within %u s", c->limit_ms / 1000);
	return err_hint(e, FIELD_IS("timeout", "SECONDS") " gives a command more time");
}

static int collect(struct card *c, struct turn *t, struct wr *rsp, struct err *e)
{
	struct timespec begun;
	int idle = 0;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	for (int round = 0; round < CARD_MAX_ROUNDS && idle < CARD_IDLE_ROUNDS; round++) {
		size_t before = rsp->n;
		uint16_t sw;
		bool go;

		if (exchange(c, t->next, rsp, &sw, e) != 0 || turn_follow(t, sw, &go, e) != 0)
			return -1;
		if (!go) {
			wr_u16(rsp, turn_status(t, sw, rsp->n));
			return wr_ok(rsp) ? 0
					  : err_set(e, ERR_CARD, "the card's answer is too long");
		}
		if (t->corrected)
			wr_cut(rsp, before); /* all of it comes once more */
		idle = rsp->n > before ? 0 : idle + 1;
		if (c->limit_ms != 0 && elapsed_ms(&begun) >= c->limit_ms)
			return too_slow(c, e);
	}
	return err_set(e, ERR_CARD,
	    "the card does not come to an end: it asks for one GET RESPONSE after the other");
}

int card_transmit(struct card *c, struct span command, struct wr *rsp, struct err *e)
{
	struct turn t = { 0 };
	int rc;

	wr_reset(rsp);
	if (c->ops == NULL || c->gone)
		return err_set(e, ERR_READER, "the card is gone, nothing was sent");
	rc = turn_begin(&t, c, command, e);
	if (rc == 0)
		rc = collect(c, &t, rsp, e);
	wr_free(&t.wire);
	if (rc != 0)
		wr_reset(rsp);
	return rc;
}

int card_send(
    struct card *c, const struct capdu *cmd, struct wr *rsp, struct rapdu *r, struct err *e)
{
	struct wr wire = wr_grow(APDU_MAX_COMMAND);
	int rc;

	capdu_put(&wire, cmd);
	rc = wr_ok(&wire) ? card_transmit(c, wr_span(&wire), rsp, e)
			  : err_set(e, ERR_OTHER, "command does not fit its length fields");
	wr_free(&wire);
	if (rc == 0 && !rapdu_get(wr_span(rsp), r))
		rc = err_set(e, ERR_CARD, "answer has no status word");
	return rc;
}

int card_alive(struct card *c, struct err *e)
{
	if (c->ops == NULL || c->gone)
		return err_set(e, ERR_READER, "the card is gone");
	if (c->ops->alive == NULL || c->ops->alive(c->ctx, e) == 0)
		return 0;
	c->gone = true;
	return -1;
}

void card_limit(struct card *c, unsigned ms)
{
	if (ms == 0)
		return;
	c->limit_ms = ms;
	if (c->ops != NULL && c->ops->limit != NULL)
		c->ops->limit(c->ctx, ms);
}

void card_close(struct card *c)
{
	if (c->ops != NULL)
		c->ops->close(c->ctx);
	memset(c, 0, sizeof(*c));
}
