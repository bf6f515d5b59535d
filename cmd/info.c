/* info, keys: what a card tells without authentication. */

#include "out.h"
#include "show.h"
#include "tlv/tlv.h"

/* The session, with card data, capabilities, CIN and CPLC read. */
static int begin(struct ctx *c, struct session **s, struct err *e)
{
	if (ctx_session(c, s, e) != 0)
		return -1;
	return (*s)->mode == SESSION_CLOSED ? session_discover(*s, &aid_isd, e) : 0;
}

/* GET DATA, and the value without the tag that some cards leave out. */
static int read_object(
    struct session *s, uint16_t tag, struct span *val, bool *found, struct err *e)
{
	struct span inner;

	if (session_get_data(s, tag, val, found, e) != 0)
		return -1;
	if (*found && tlv_find(*val, tag, &inner))
		*val = inner;
	return 0;
}

static int add_hex(struct session *s, uint16_t tag, const char *name, json_t **o, struct err *e)
{
	struct span val;
	bool found;

	if (read_object(s, tag, &val, &found, e) != 0)
		return -1;
	out_set(o, name, found ? out_hex(val) : json_null());
	return 0;
}

static int bad_object(uint16_t tag, struct err *e)
{
	return err_set(e, ERR_CARD, "data object %04X of the card is malformed", tag);
}

static int add_keys(struct session *s, json_t **o, struct err *e)
{
	struct key_infos k = { 0 };
	struct span val;
	bool found;

	if (session_get_data(s, TAG_KEY_INFORMATION, &val, &found, e) != 0)
		return -1;
	if (found && !key_infos_get(val, &k))
		return bad_object(TAG_KEY_INFORMATION, e);
	out_set(o, "keys", show_keys(&k));
	return 0;
}

/* FF70 to FF72: only cards that know CHANGE MODE have them (broadcast.md 6). */
static int add_broadcast(struct session *s, json_t **o, struct err *e)
{
	struct system_data system;
	struct policy_data policy;
	struct slot_data slot;
	struct span val;
	bool found;

	if (session_get_data(s, TAG_SYSTEM, &val, &found, e) != 0)
		return -1;
	if (!found)
		return 0;
	if (!system_data_get(val, &system))
		return bad_object(TAG_SYSTEM, e);
	out_set(o, "system", show_system(&system));
	if (session_get_data(s, TAG_SLOTS, &val, &found, e) != 0)
		return -1;
	if (found && !slot_data_get(val, &slot))
		return bad_object(TAG_SLOTS, e);
	if (found)
		out_set(o, "slot", show_slot(&slot));
	if (session_get_data(s, TAG_POLICY, &val, &found, e) != 0)
		return -1;
	if (found && !policy_data_get(val, &policy))
		return bad_object(TAG_POLICY, e);
	if (found)
		out_set(o, "policy", show_policy(&policy));
	return 0;
}

static json_t *gp_version(const struct card_data *d)
{
	if (d->version_n == 0)
		return json_null();
	if (d->version_n < 3)
		return json_sprintf("%u.%u", d->version[0], d->version[1]);
	return json_sprintf("%u.%u.%u", d->version[0], d->version[1], d->version[2]);
}

static void add_identity(const struct session *s, json_t **o)
{
	const struct card *card = s->card;

	out_set(o, "reader", json_string(card->name));
	out_set(o, "atr", out_hex(span_of(card->atr, card->atr_n)));
	out_set(o, "aid", out_hex(aid_span(s->domain.n > 0 ? &s->domain : &aid_isd)));
	out_set(o, "globalplatform", gp_version(&s->data));
	out_set(o, "channels", show_card_data_channels(&s->data));
	out_set(o, "capabilities", show_capabilities(&s->caps));
	out_set(o, "cin", out_hex(span_of(s->id.cin, s->id.cin_n)));
}

static int run_info(struct ctx *c, void *args, struct err *e)
{
	struct session *s;
	json_t *o;

	(void)args;
	if (begin(c, &s, e) != 0)
		return -1;
	o = json_object();
	add_identity(s, &o);
	if (add_hex(s, TAG_IIN, "iin", &o, e) != 0 ||
	    add_hex(s, TAG_DIVERSIFICATION_DATA, "diversification_data", &o, e) != 0 ||
	    add_hex(s, TAG_SEQUENCE_COUNTER, "sequence_counter", &o, e) != 0 ||
	    add_broadcast(s, &o, e) != 0 || add_keys(s, &o, e) != 0) {
		json_decref(o);
		return -1;
	}
	if (s->id.has_cplc)
		out_set(&o, "cplc", show_cplc(SPAN(s->id.cplc)));
	return out_result(c, o, e);
}

const struct verb verb_info = {
	.name = "info",
	.group = "look",
	.summary = "Show what a card tells about itself without authentication",
	.needs = NEED_READER | USES_SESSION | HAS_JSON,
	.run = run_info,
};

static int run_keys(struct ctx *c, void *args, struct err *e)
{
	struct session *s;
	json_t *o;

	(void)args;
	if (begin(c, &s, e) != 0)
		return -1;
	o = json_object();
	if (add_keys(s, &o, e) != 0) {
		json_decref(o);
		return -1;
	}
	return out_result(c, o, e);
}

const struct verb verb_keys = {
	.name = "keys",
	.group = "look",
	.summary = "List the keys on a card: version, identifier, type, length",
	.needs = NEED_READER | USES_SESSION | HAS_JSON,
	.run = run_keys,
};
