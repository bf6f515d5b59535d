#include "cmd/channel/channel.h"

#include <string.h>

#include "cmd/agent/agent.h"
#include "cmd/kit/out.h"
#include "cmd/kit/print.h"

const char *const channel_levels[] = { "00", "01", "03", "10", "11", "13", "33", NULL };
const char *const channel_protocols[] = { "scp01", "scp02", "scp03", "scp11a", "scp11b", "scp11c",
	NULL };
const char *const channel_parameters[] = { "04", "05", "14", "15", "24", "25", "34", "35", "44",
	"45", "54", "55", "64", "65", "74", "75", NULL };

/* ---- refusals are remembered ---- */

/* What the card says is only what it says, or somebody on the line. */
static void tell_level(struct ctx *c, const struct session *s)
{
	if ((s->level & LEVEL_RMAC) == 0)
		ctx_note(c, "level %02X has no R-MAC: nothing that the card answers is proven",
		    s->level);
}

/* What an opening leaves to say. Returns rc. */
static int tell_memory(struct ctx *c, const struct opening *o, int rc, struct err *e)
{
	if (o->left_alone)
		err_hint(e, o->entry == NULL
				? "check our certificates, then --retry-authentication; some "
				  "cards count refusals"
				: "check the keys, then --retry-authentication; each refusal "
				  "costs the card a try");
	if (o->unkept.code != ERR_NONE)
		ctx_note(c,
		    "that the card %s the authentication could not be written down: %s; it counts "
		    "as one whose outcome is not known",
		    o->refused ? "refused" : "took", o->unkept.text);
	return rc;
}

/* ---- before the card is touched ---- */

static enum scp_protocol protocol_asked(const struct channel_args *a)
{
	enum scp_protocol p;

	return a->protocol != NULL && scp_protocol_from(a->protocol, &p) ? p : PROTOCOL_NONE;
}

int channel_check(const struct channel_args *a, struct err *e)
{
	enum scp11_variant v;

	if (scp11_variant_from(a->protocol, &v))
		return a->i.given ? err_set(e, ERR_USAGE, "--i is for SCP02 and SCP01") : 0;
	if (a->host_id.n > 0 || a->group.n > 0 || a->ca_version.given || a->key_length.given)
		return err_set(e, ERR_USAGE,
		    "--host-id, --card-group, --ca-version and --key-length are for SCP11");
	return 0;
}

int channel_whole_check(struct ctx *c, const struct channel_args *a, const struct keystore *ks,
    const char *who, struct err *e)
{
	bool scp03 = a->protocol == NULL || strcmp(a->protocol, "scp03") == 0;
	const struct entry *t;

	if (c->agent != NULL)
		return 0;
	if (a->level.given && a->level.v != 0x33)
		return err_set(e, ERR_SAFETY, "--level: %s need level 33", who);
	if (!scp03 && strcmp(a->protocol, "scp11a") != 0 && strcmp(a->protocol, "scp11c") != 0)
		return err_set(e, ERR_SAFETY, "--protocol: %s need scp03, scp11a or scp11c", who);
	if (ks == NULL || !scp03)
		return 0;
	if (keystore_find_card(ks, a->keys, &t, e) != 0)
		return -1;
	if (t->type == ENTRY_SCP03)
		return 0;
	return err_set(e, ERR_SAFETY, "`%s` is for SCP02: %s need SCP03", t->name, who);
}

static int find_scp11(struct channel *ch, struct err *e)
{
	const struct channel_args *a = ch->a;
	struct scp11_open *o = &ch->scp11;

	o->c = ch->c;
	o->ks = ch->ks;
	o->keys = a->keys;
	o->level = a->level.given ? (int)a->level.v : -1;
	o->s16 = a->s16 ? 1 : -1;
	o->key_version = a->key_version;
	o->ca_version = a->ca_version;
	o->key_length = a->key_length;
	o->host_id = a->host_id;
	o->group = a->group;
	if (scp11_open_prepare(o, e) != 0)
		return -1;
	ch->entry = o->entry;
	return 0;
}

/* Triple DES keys are for SCP02 and SCP01, AES keys for SCP03. */
static int find_entry(struct channel *ch, struct err *e)
{
	enum scp_protocol p = protocol_asked(ch->a);

	if (ch->is_scp11)
		return find_scp11(ch, e);
	if (p == PROTOCOL_NONE)
		return keystore_find_card(ch->ks, ch->a->keys, &ch->entry, e);
	return keystore_find(
	    ch->ks, p == PROTOCOL_SCP03 ? ENTRY_SCP03 : ENTRY_SCP02, ch->a->keys, &ch->entry, e);
}

int channel_find(struct channel *ch, struct ctx *c, const struct channel_args *a, struct err *e)
{
	ch->c = c;
	ch->a = a;
	ch->is_scp11 = scp11_variant_from(a->protocol, &ch->scp11.variant);
	if (channel_check(a, e) != 0 || ctx_keystore(c, &ch->ks, e) != 0 || find_entry(ch, e) != 0)
		return -1;
	if (a->keys == NULL && ch->entry != NULL)
		ctx_note(c, "keys: %s, the only %s%s%s in %s", ch->entry->name,
		    ch->is_scp11 ? "key of ours" : "card key set",
		    a->protocol == NULL ? "" : " for ", a->protocol == NULL ? "" : a->protocol,
		    keystore_path(ch->ks));
	return 0;
}

/* ---- the card ---- */

/* Looks at the card and says what is chosen and why, before INITIALIZE UPDATE goes out. */
static int discover(struct channel *ch, struct err *e)
{
	const struct channel_args *a = ch->a;
	struct choose_asks asks = { .domain = a->domain,
		.protocol = protocol_asked(a),
		.level = a->level.given ? (int)a->level.v : -1,
		.i = a->i.given ? (uint8_t)a->i.v : 0,
		.key_version = a->key_version.given ? (int)a->key_version.v : -1,
		.s16 = a->s16 ? 1 : -1 };

	if (discovery_look(ch->c, ch->session, &a->domain, &ch->found, e) != 0 ||
	    discovery_keys(ch->session, &ch->found, e) != 0 ||
	    discovery_choose(ch->session, ch->entry, &asks, &ch->found, e) != 0)
		return -1;
	if (!ch->terse)
		discovery_tell(ch->c, ch->session, &ch->found);
	return 0;
}

static int open_scp11(struct channel *ch, struct opening *o, struct err *e)
{
	char text[200];

	if (discovery_look(ch->c, ch->session, &ch->a->domain, &ch->found, e) != 0 ||
	    scp11_open_channel(&ch->scp11, o, e) != 0)
		return -1;
	for (size_t i = 0; !ch->terse && scp11_open_why(&ch->scp11, i, text, sizeof(text)); i++)
		ctx_note(ch->c, "%s", text);
	return 0;
}

int channel_begin(struct channel *ch, struct session *s, struct err *e)
{
	struct opening o = { .s = s, .retry = ch->a->retry };
	int rc;

	ch->session = s;
	if (tries_open(&ch->tries, e) != 0)
		return -1;
	o.tries = ch->tries;
	if (ch->is_scp11)
		return tell_memory(ch->c, &o, open_scp11(ch, &o, e), e);
	o.entry = ch->entry;
	rc = discover(ch, e);
	if (rc == 0)
		rc = opening_open(&o, &ch->found.choice, e);
	if (rc == 0)
		tell_level(ch->c, s);
	return tell_memory(ch->c, &o, rc, e);
}

void channel_end(struct channel *ch)
{
	discovery_free(&ch->found);
	tries_close(ch->tries);
	ch->tries = NULL;
	if (ch->c != NULL)
		keystore_close(ch->ks);
	ch->ks = NULL;
}

json_t *channel_why(const struct channel *ch)
{
	json_t *list;
	char text[200];

	if (!ch->is_scp11)
		return discovery_why(ch->session, &ch->found);
	list = json_array();
	for (size_t i = 0; scp11_open_why(&ch->scp11, i, text, sizeof(text)); i++)
		if (json_array_append_new(list, json_text(text)) != 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

/* ---- for verbs that manage a card ---- */

static bool is_asked(const struct channel_args *a)
{
	return a->keys != NULL || a->protocol != NULL || a->key_version.given || a->level.given ||
	       a->i.given || a->s16 || a->retry || a->domain.n > 0;
}

static int session_of_agent(
    struct ctx *c, const struct channel_args *a, struct session **s, struct err *e)
{
	if (is_asked(a)) {
		err_set(e, ERR_USAGE,
		    "a channel is open to %s: --keys, --sd, --level and the like "
		    "are for opening one",
		    c->agent->reader);
		return err_hint(e, "leave them out, or scp-close first");
	}
	*s = &c->agent->session;
	if ((*s)->mode == SESSION_UNICAST)
		return 0;
	err_set(e, ERR_SAFETY, "the channel is in broadcast mode, which carries no authority");
	return err_hint(e, "scp-mode unicast returns");
}

int channel_session(struct ctx *c, const struct channel_args *a, struct session **s, struct err *e)
{
	/* Why what was chosen was chosen is what scp-open is asked for; here only on demand. */
	struct channel ch = { .terse = c->verbose == 0 };
	int rc;

	if (c->agent != NULL)
		return session_of_agent(c, a, s, e);
	rc = channel_find(&ch, c, a, e);
	if (rc == 0)
		rc = ctx_session(c, s, e);
	if (rc == 0)
		rc = channel_begin(&ch, *s, e);
	channel_end(&ch);
	return rc;
}

void channel_kind_of(const struct session *s, struct channel_kind *k)
{
	*k = (struct channel_kind){ .protocol = scp_protocol(&s->scp),
		.i = s->iu.i,
		.level = s->level,
		.m = s->iu.m,
		.domain = s->domain };
}

int channel_again(struct ctx *c, struct session *s, const struct channel_kind *k,
    const struct entry *entry, uint8_t kvn, struct err *e)
{
	struct opening o = { .s = s, .entry = entry };
	struct choose_asks asks = { .domain = k->domain,
		.protocol = k->protocol,
		.key_version = kvn,
		.i = k->protocol == PROTOCOL_SCP03 ? 0 : k->i,
		.level = k->level,
		.s16 = k->m == 16 };
	int rc;

	if (tries_open(&o.tries, e) != 0)
		return -1;
	opening_asks(entry, NULL, &asks);
	session_close(s);
	rc = tell_memory(c, &o, opening_begin(&o, &asks, e), e);
	tries_close(o.tries);
	return rc;
}

void channel_forget(struct ctx *c, const struct session *s, uint8_t kvn)
{
	char id[33], set[SESSION_KEY_SET];
	struct tries *t;
	struct err e;

	channel_card_id(s, &s->iu, id);
	session_key_set(s, kvn, set);
	if (tries_open(&t, &e) != 0 || tries_forget(t, id, set, &e) != 0)
		ctx_note(c, "%s", e.text);
	tries_close(t);
}

size_t channel_plan_data(const struct ctx *c, const struct channel_args *a)
{
	uint8_t level = a->level.given ? (uint8_t)a->level.v : LEVEL_CMAC | LEVEL_CDEC;
	enum scp_protocol p = protocol_asked(a);

	if (c->agent != NULL)
		return scp_max_data(&c->agent->session.scp);
	if (p == PROTOCOL_SCP01 || p == PROTOCOL_SCP02)
		return scp_max_data_at(p, level, 8);
	return scp_max_data_at(PROTOCOL_SCP03, level, a->s16 ? 16 : 8);
}

bool channel_plan_des(const struct ctx *c, const struct channel_args *a)
{
	enum scp_protocol p =
	    c->agent != NULL ? scp_protocol(&c->agent->session.scp) : protocol_asked(a);

	return p == PROTOCOL_SCP01 || p == PROTOCOL_SCP02;
}
