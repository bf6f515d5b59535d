/* GET STATUS (GPCS 11.4) and SET STATUS (GPCS 11.10). */
#include "gp/status.h"
#include "tlv/tlv.h"
#include "vcard/handlers.h"

enum { P1_ISD = 0x80, P1_APPLICATIONS = 0x40, P1_LOAD_FILES = 0x20, P1_MODULES = 0x10 };
enum { P2_FIRST = 0x02, P2_NEXT = 0x03, TAG_AID = 0x4F };

static void put_isd(struct call *c, struct span prefix)
{
	struct status_entry s = { .aid = c->v->chip.isd,
		.state = c->v->chip.life_cycle,
		.privileges = 0x9EFE80,
		.privileges_n = 3 };

	if (span_starts(aid_span(&c->v->chip.isd), prefix))
		status_entry_put(c->out, &s);
}

static void put_applications(struct call *c, struct span prefix)
{
	struct span aid, answer;

	for (size_t i = 0; image_app(c->v, i, &aid, &answer); i++) {
		struct status_entry s = { .state = APP_SELECTABLE,
			.privileges_n = 3,
			.load_file = c->v->chip.target,
			.domain = c->v->chip.isd };

		if (span_starts(aid, prefix) && aid_from(&s.aid, aid))
			status_entry_put(c->out, &s);
	}
}

uint16_t do_get_status(struct call *c)
{
	struct rd r = rd_of(c->cmd->data);
	struct span prefix;

	if (c->cmd->p2 == P2_NEXT)
		return SW_CONDITIONS; /* everything is in the first answer */
	if (c->cmd->p2 != P2_FIRST)
		return SW_WRONG_P1P2;
	if (!tlv_expect(&r, TAG_AID, &prefix) || prefix.n > AID_MAX)
		return SW_WRONG_DATA;
	switch (c->cmd->p1) {
	case P1_ISD:
		put_isd(c, prefix);
		break;
	case P1_APPLICATIONS:
		put_applications(c, prefix);
		break;
	case P1_LOAD_FILES:
	case P1_MODULES:
		break;
	default:
		return SW_WRONG_P1P2;
	}
	return c->out->n == 0 ? SW_REFERENCE_NOT_FOUND : SW_OK;
}

/* GPCS 5.1.1 and figure 5-1. */
static bool transition_allowed(uint8_t from, uint8_t to)
{
	static const struct {
		uint8_t from, to;
	} allowed[] = {
		{ CARD_OP_READY, CARD_INITIALIZED },
		{ CARD_INITIALIZED, CARD_SECURED },
		{ CARD_SECURED, CARD_LOCKED },
		{ CARD_LOCKED, CARD_SECURED },
		{ CARD_OP_READY, CARD_TERMINATED },
		{ CARD_INITIALIZED, CARD_TERMINATED },
		{ CARD_SECURED, CARD_TERMINATED },
		{ CARD_LOCKED, CARD_TERMINATED },
	};

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (allowed[i].from == from && allowed[i].to == to)
			return true;
	return false;
}

/* Applications live and go with the image; they have no states of their own. */
static uint16_t set_application(const struct call *c)
{
	struct span aid, answer;

	for (size_t i = 0; image_app(c->v, i, &aid, &answer); i++)
		if (span_eq(aid, c->cmd->data))
			return SW_CONDITIONS;
	return SW_REFERENCE_NOT_FOUND;
}

uint16_t do_set_status(struct call *c)
{
	if (c->cmd->p1 == P1_APPLICATIONS)
		return set_application(c);
	if (c->cmd->p1 != P1_ISD)
		return SW_WRONG_P1P2;
	if (!transition_allowed(c->v->chip.life_cycle, c->cmd->p2))
		return SW_CONDITIONS;
	chip_put_life_cycle(c->v, c->cmd->p2);
	return chip_commit(c->v) ? SW_OK : SW_MEMORY_FAILURE;
}
