#include "gp/token.h"

#include <string.h>

#include "tlv/tlv.h"

enum { TAG_PROVIDER = 0x5F20, TAG_TOKEN_ID = 0x93, INPUT_MAX = 4096 };

static const char *const kinds[TOKEN_KINDS] = {
	[TOKEN_LOAD] = "load",
	[TOKEN_INSTALL] = "install",
	[TOKEN_SELECTABLE] = "make-selectable",
	[TOKEN_ALL] = "load-install",
	[TOKEN_EXTRADITION] = "extradition",
	[TOKEN_REGISTRY] = "registry-update",
	[TOKEN_DELETE] = "delete",
};

const char *token_kind_str(enum token_kind k)
{
	return (unsigned)k < TOKEN_KINDS ? kinds[k] : "unknown";
}

bool token_kind_from(const char *name, enum token_kind *k)
{
	for (int i = 0; i < TOKEN_KINDS; i++) {
		if (strcmp(name, kinds[i]) == 0) {
			*k = (enum token_kind)i;
			return true;
		}
	}
	return false;
}

bool token_kind_of(uint8_t p1, enum token_kind *k)
{
	switch (p1 & ~INSTALL_MORE) {
	case INSTALL_FOR_LOAD:
		*k = TOKEN_LOAD;
		return true;
	case INSTALL_FOR_INSTALL:
	case INSTALL_AND_SELECTABLE:
		*k = TOKEN_INSTALL;
		return true;
	case INSTALL_FOR_SELECTABLE:
		*k = TOKEN_SELECTABLE;
		return true;
	case INSTALL_ALL:
		*k = TOKEN_ALL;
		return true;
	case INSTALL_FOR_EXTRADITION:
		*k = TOKEN_EXTRADITION;
		return true;
	case INSTALL_FOR_REGISTRY:
		*k = TOKEN_REGISTRY;
		return true;
	}
	return false;
}

/* ---- tokens ---- */

void token_input(struct wr *w, const struct operation *o)
{
	switch (o->kind) {
	case TOKEN_LOAD:
		install_token_input(w, INSTALL_FOR_LOAD, INSTALL_ALONE, &o->install);
		break;
	case TOKEN_INSTALL:
		if (o->p1 == INSTALL_FOR_INSTALL || o->p1 == INSTALL_AND_SELECTABLE)
			install_token_input(w, o->p1, INSTALL_ALONE, &o->install);
		else
			w->full = true;
		break;
	case TOKEN_SELECTABLE:
		install_token_input(w, INSTALL_FOR_SELECTABLE, INSTALL_ALONE, &o->install);
		break;
	case TOKEN_ALL: /* GPCS C.4.7: both commands */
		install_token_input(w, INSTALL_ALL, INSTALL_FIRST, &o->first);
		install_token_input(w, INSTALL_ALL, INSTALL_LAST, &o->install);
		break;
	case TOKEN_EXTRADITION:
		install_token_input(w, INSTALL_FOR_EXTRADITION, INSTALL_ALONE, &o->install);
		break;
	case TOKEN_REGISTRY:
		install_token_input(w, INSTALL_FOR_REGISTRY, INSTALL_ALONE, &o->install);
		break;
	case TOKEN_DELETE:
		delete_token_input(w, o->p2, &o->object);
		break;
	default:
		w->full = true;
		break;
	}
}

bool token_sign(const struct operation *o, const struct authority_key *k, struct wr *token)
{
	uint8_t room[INPUT_MAX];
	struct wr input = wr_fixed(room, sizeof(room));

	token_input(&input, o);
	return wr_ok(&input) && authority_sign(k, wr_span(&input), token);
}

bool token_verify(const struct operation *o, const struct authority_key *k, struct span token)
{
	uint8_t room[INPUT_MAX];
	struct wr input = wr_fixed(room, sizeof(room));

	token_input(&input, o);
	return wr_ok(&input) && authority_verify(k, wr_span(&input), token);
}

static void part_put(struct wr *w, uint32_t tag, struct span s)
{
	if (s.n > 0)
		tlv_put(w, tag, s);
}

void token_control_put(struct wr *w, const struct token_control *t)
{
	part_put(w, TAG_IIN, t->provider_number);
	part_put(w, TAG_CIN, t->image_number);
	part_put(w, TAG_PROVIDER, t->application);
	part_put(w, TAG_TOKEN_ID, t->id);
}

bool token_control_get(struct span value, struct token_control *t)
{
	struct token_control got = { 0 };
	struct rd r = rd_of(value);
	struct span *to;
	struct tlv one;

	while (rd_left(&r) > 0) {
		if (!tlv_next(&r, &one))
			return false;
		if (one.tag == TAG_IIN)
			to = &got.provider_number;
		else if (one.tag == TAG_CIN)
			to = &got.image_number;
		else if (one.tag == TAG_PROVIDER)
			to = &got.application;
		else if (one.tag == TAG_TOKEN_ID)
			to = &got.id;
		else
			continue;
		if (to->p != NULL)
			return false;
		*to = one.val;
	}
	*t = got;
	return true;
}
