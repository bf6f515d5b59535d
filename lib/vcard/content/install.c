/* INSTALL (GPCS 11.5): gathers what comes in several commands, takes it apart, and hands each form
 * to who does it. */
#include "vcard/content/manage.h"

enum { INSTALL_OCTETS_MAX = 2048 };

static const struct {
	uint8_t p1, p2;
	installer *run;
} forms[] = {
	{ INSTALL_FOR_LOAD, INSTALL_ALONE, install_load },
	{ INSTALL_ALL, INSTALL_FIRST, install_load },
	{ INSTALL_FOR_INSTALL, INSTALL_ALONE, install_app },
	{ INSTALL_AND_SELECTABLE, INSTALL_ALONE, install_app },
	{ INSTALL_ALL, INSTALL_LAST, install_app },
	{ INSTALL_FOR_SELECTABLE, INSTALL_ALONE, install_selectable },
	{ INSTALL_FOR_EXTRADITION, INSTALL_ALONE, install_extradition },
	{ INSTALL_FOR_REGISTRY, INSTALL_ALONE, install_registry },
	{ INSTALL_FOR_PERSONALIZATION, INSTALL_ALONE, install_personalization },
};

static installer *form_of(uint8_t p1, uint8_t p2)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (forms[i].p1 == p1 && forms[i].p2 == p2)
			return forms[i].run;
	return NULL;
}

static uint16_t install_whole(struct call *c, uint8_t p1, struct span data)
{
	struct order o = { .p1 = p1, .p2 = c->cmd->p2, .data = data };
	installer *run = form_of(o.p1, o.p2);

	if (!install_get(o.p1, o.p2, data, &o.i) || !install_params_get(o.i.params, &o.params))
		return SW_WRONG_DATA;
	return run(c, &o);
}

struct operation order_operation(const struct order *o)
{
	struct operation op = { .p1 = o->p1, .install = o->i };

	/* Every form but [for personalization], which has no token, is of a kind. */
	if (!token_kind_of(o->p1, &op.kind))
		op.kind = TOKEN_KINDS;
	return op;
}

/* Whether this command goes on with what was begun: 6985 when it is of another form. */
static bool chain_fits(const struct channel *ch, uint8_t p1)
{
	return ch->install_p1 == 0 || ch->install_p1 == p1;
}

static uint16_t install_part(struct call *c, uint8_t p1)
{
	struct channel *ch = c->ch;

	if (ch->install_p1 == 0)
		ch->install = wr_grow(INSTALL_OCTETS_MAX);
	ch->install_p1 = p1;
	wr_put(&ch->install, c->cmd->data);
	return wr_ok(&ch->install) ? SW_OK : SW_NO_MEMORY;
}

static void chain_end(struct channel *ch)
{
	wr_free(&ch->install);
	ch->install_p1 = 0;
}

uint16_t do_install(struct call *c)
{
	struct channel *ch = c->ch;
	uint8_t p1 = (uint8_t)(c->cmd->p1 & ~INSTALL_MORE);
	bool more = (c->cmd->p1 & INSTALL_MORE) != 0;
	uint16_t sw;

	if (form_of(p1, c->cmd->p2) == NULL)
		sw = SW_WRONG_P1P2;
	else if (!chain_fits(ch, p1))
		sw = SW_CONDITIONS;
	else if (ch->install_p1 == 0 && !more)
		sw = install_whole(c, p1, c->cmd->data);
	else
		sw = install_part(c, p1);
	if (sw == SW_OK && !more && ch->install_p1 != 0)
		sw = install_whole(c, p1, wr_span(&ch->install));
	else if (sw == SW_OK && more)
		return SW_OK;
	chain_end(ch);
	if (sw != SW_OK && p1 == INSTALL_ALL)
		content_forget(ch);
	return sw;
}
