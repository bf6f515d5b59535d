/* info, keys: what a card tells without authentication. */

#include "out.h"
#include "profiles.h"
#include "show.h"
#include "tlv/tlv.h"

struct look {
	struct session *s;
	struct profiles *profiles;
	struct profile_match match;
};

/*
 * The session, with card data, capabilities, CIN and CPLC read, in the domain that --aid names,
 * else the profile of the card, else the issuer domain of GlobalPlatform.
 */
static int begin(struct ctx *c, const struct aid *asked, struct look *l, struct err *e)
{
	const struct aid *aid = asked;

	if (ctx_session(c, &l->s, e) != 0 || card_profiles(c, &l->profiles, e) != 0)
		return -1;
	if (l->s->mode == SESSION_CLOSED) {
		card_profile(c, l->profiles, l->s->card, NULL, &l->match);
		if (aid->n == 0 && l->match.profile != NULL)
			aid = &l->match.profile->isd;
		if (session_discover(l->s, aid, e) != 0)
			return -1;
	} else if (asked->n > 0) {
		err_set(e, ERR_USAGE, "--aid: a channel is open, and with its domain");
		return err_hint(e, "scp-close it first");
	}
	card_profile(c, l->profiles, l->s->card, &l->s->id, &l->match);
	return 0;
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

static int add_resources(struct session *s, json_t **o, struct err *e)
{
	struct resources r = { 0 };
	struct span val;
	bool found;

	if (session_get_data(s, TAG_RESOURCES, &val, &found, e) != 0)
		return -1;
	if (found && !resources_get(val, &r))
		return bad_object(TAG_RESOURCES, e);
	out_set(o, "memory", show_resources(&r));
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

static void add_identity(const struct session *s, const struct profile_match *m, json_t **o)
{
	const struct card *card = s->card;

	out_set(o, "reader", json_string(card->name));
	out_set(o, "atr", out_hex(span_of(card->atr, card->atr_n)));
	out_set(o, "atr_means", show_atr(span_of(card->atr, card->atr_n)));
	out_set(o, "profile", show_profile(m));
	out_set(o, "aid", out_hex(aid_span(s->domain.n > 0 ? &s->domain : &aid_isd)));
	out_set(o, "selection", show_selection(&s->id));
	out_set(o, "globalplatform", gp_version(&s->data));
	out_set(o, "channels", show_card_data_channels(&s->data));
	out_set(o, "capabilities", show_capabilities(&s->caps));
	out_set(o, "cin", out_hex(span_of(s->id.cin, s->id.cin_n)));
}

struct args {
	struct aid aid;
};

static const struct opt opts[] = {
	{ "aid", 0, OPT_AID, "AID", "Security domain to look at", offsetof(struct args, aid), 0, 0,
	    0, NULL },
};

static int add_all(const struct look *l, json_t **o, struct err *e)
{
	struct session *s = l->s;

	add_identity(s, &l->match, o);
	if (add_hex(s, TAG_IIN, "iin", o, e) != 0 ||
	    add_hex(s, TAG_DIVERSIFICATION_DATA, "diversification_data", o, e) != 0 ||
	    add_hex(s, TAG_SEQUENCE_COUNTER, "sequence_counter", o, e) != 0 ||
	    add_hex(s, TAG_CONFIRMATION_COUNTER, "confirmation_counter", o, e) != 0 ||
	    add_resources(s, o, e) != 0 || add_broadcast(s, o, e) != 0 || add_keys(s, o, e) != 0)
		return -1;
	if (s->id.has_cplc)
		out_set(o, "cplc", show_cplc(SPAN(s->id.cplc)));
	return 0;
}

static int run_info(struct ctx *c, void *args, struct err *e)
{
	struct look l = { 0 };
	json_t *o = NULL;
	int rc = -1;

	if (begin(c, &((struct args *)args)->aid, &l, e) != 0)
		goto out;
	o = json_object();
	if (add_all(&l, &o, e) != 0) {
		json_decref(o);
		goto out;
	}
	rc = out_result(c, o, e);
out:
	profiles_free(l.profiles);
	return rc;
}

const struct verb verb_info = {
	.name = "info",
	.group = "look",
	.summary = "Show what a card tells about itself without authentication",
	.needs = NEED_READER | USES_SESSION | HAS_JSON,
	VERB_OPTS(opts),
	.args_size = sizeof(struct args),
	.run = run_info,
};

static int run_keys(struct ctx *c, void *args, struct err *e)
{
	struct look l = { 0 };
	json_t *o = NULL;
	int rc = -1;

	if (begin(c, &((struct args *)args)->aid, &l, e) != 0)
		goto out;
	o = json_object();
	if (add_keys(l.s, &o, e) != 0) {
		json_decref(o);
		goto out;
	}
	rc = out_result(c, o, e);
out:
	profiles_free(l.profiles);
	return rc;
}

const struct verb verb_keys = {
	.name = "keys",
	.group = "look",
	.summary = "List the keys on a card: version, identifier, type, length, use",
	.needs = NEED_READER | USES_SESSION | HAS_JSON,
	VERB_OPTS(opts),
	.args_size = sizeof(struct args),
	.run = run_keys,
};
