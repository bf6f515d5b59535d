/* INSTALL (GPCS 11.5): takes it apart, and hands each form to who does it. */
#include "vcard/content/content.h"
#include "vcard/content/manage.h"
#include "vcard/core/card_state.h"
#include "vcard/core/handlers.h"

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

uint16_t do_install(struct call *c)
{
	uint8_t p1 = (uint8_t)(c->cmd->p1 & ~INSTALL_MORE);
	uint16_t sw = SW_WRONG_P1P2;
	struct span whole;
	bool more = false;

	if (form_of(p1, c->cmd->p2) != NULL)
		sw = chain_take(c, INSTALL_OCTETS_MAX, &whole, &more);
	if (sw == SW_OK && !more)
		sw = install_whole(c, p1, whole);
	if (sw != SW_OK && p1 == INSTALL_ALL)
		content_forget_load(c->ch);
	return sw;
}
