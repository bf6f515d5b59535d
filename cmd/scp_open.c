/* scp-open: opens a diversified channel and leaves it with an agent. */
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "base/hex.h"
#include "card/trace.h"
#include "discovery.h"
#include "dry.h"
#include "ledger/ledger.h"
#include "open.h"
#include "out.h"
#include "probe.h"
#include "scp11.h"
#include "show.h"

struct args {
	struct opt_strings keys;
	const char *protocol;
	struct opt_u32 key_version, level, i, idle, ca_version, key_length;
	struct opt_bytes host_id, group;
	bool s16, retry, probe, schemes;
	struct aid aid;
	/* while opening */
	struct ctx *c;
	struct keystore *ks;
	const struct entry *entry;
	struct session *session;
	struct tries *tries;
	struct discovery found;
	bool is_scp11;
	struct scp11_open scp11; /* if is_scp11 */
};

static const char *const levels[] = { "00", "01", "03", "10", "11", "13", "33", NULL };
static const char *const protocols[] = { "scp01", "scp02", "scp03", "scp11a", "scp11b", "scp11c",
	NULL };
static const char *const parameters[] = { "04", "05", "14", "15", "24", "25", "34", "35", "44",
	"45", "54", "55", "64", "65", "74", "75", NULL };

static const struct opt opts[] = {
	{ "keys", 0, OPT_STRINGS, "NAME",
	    "Card key set of the key store; in SCP11a and c our own key, of type oce",
	    offsetof(struct args, keys), 0, 0, 0, NULL },
	{ "key-version", 0, OPT_HEX8, "KVN",
	    "Key version on the card, in hex, instead of the entry's",
	    offsetof(struct args, key_version), 0, 0, 0xFF, NULL },
	{ "protocol", 0, OPT_CHOICE, "PROTOCOL",
	    "scp03, scp02, scp01, scp11a, scp11b or scp11c, whatever the card offers (as the keys "
	    "are for)",
	    offsetof(struct args, protocol), 0, 0, 0, protocols },
	{ "i", 0, OPT_HEX8, "I",
	    "Parameter i of SCP02 or SCP01, in hex, instead of the card data's",
	    offsetof(struct args, i), 0, 0, 0xFF, parameters },
	{ "level", 0, OPT_HEX8, "LEVEL", "Security level 00, 01, 03, 10, 11, 13 or 33",
	    offsetof(struct args, level), 0, 0, 0x33, levels },
	{ "s16", 0, OPT_FLAG, NULL, "16-octet challenges, cryptograms and MACs (S16)",
	    offsetof(struct args, s16), 0, 0, 0, NULL },
	{ "aid", 0, OPT_AID, "AID", "Security domain to open the channel with",
	    offsetof(struct args, aid), 0, 0, 0, NULL },
	{ "host-id", 0, OPT_BYTES, "ID",
	    "SCP11: bind the session keys to this identifier of ours and to the card's, in hex",
	    offsetof(struct args, host_id), 0, 1, SCP11_HOST_ID_MAX, NULL },
	{ "card-group", 0, OPT_BYTES, "ID",
	    "SCP11c with --host-id: the card's group, in hex (as its certificate says)",
	    offsetof(struct args, group), 0, 1, CERT_ID_MAX, NULL },
	{ "ca-version", 0, OPT_HEX8, "KVN",
	    "SCP11a and c: version of the card's CA key, in hex (the only one)",
	    offsetof(struct args, ca_version), 0, 1, 0x7F, NULL },
	{ "key-length", 0, OPT_U32, "BITS", "SCP11: of the session keys, 128, 192 or 256 (128)",
	    offsetof(struct args, key_length), 0, 128, 256, NULL },
	{ "idle", 0, OPT_U32, "SECONDS", "Close the channel after so long without a verb (600)",
	    offsetof(struct args, idle), 0, 1, 86400, NULL },
	{ "probe", 0, OPT_FLAG, NULL,
	    "Open nothing, tell which key sets fit; some cards count even that",
	    offsetof(struct args, probe), 0, 0, 0, NULL },
	{ "probe-diversifications", 0, OPT_FLAG, NULL,
	    "With --probe: try every diversification that has a name",
	    offsetof(struct args, schemes), 0, 0, 0, NULL },
	{ "retry-authentication", 0, OPT_FLAG, NULL,
	    "Authenticate although this card refused this key set before",
	    offsetof(struct args, retry), 0, 0, 0, NULL },
};

/* The card as it is remembered in the record of failed authentications: CIN, else its KDD. */
static void card_id(const struct args *a, const struct init_update *u, char out[static 33])
{
	const struct card_identity *id = &a->session->id;

	if (id->cin_n > 0)
		hex_put(span_of(id->cin, id->cin_n), out, 33);
	else
		hex_put(SPAN(u->kdd), out, 33);
}

static int give_keys(void *ctx, const struct init_update *u, struct key_set *out, struct err *e)
{
	struct args *a = ctx;
	uint8_t want = a->found.choice.key_version;

	/* P1 may have been another than the version. */
	if (want != 0 && u->key_version != want)
		return err_set(e, ERR_AUTH,
		    "key version %02X was asked for, the card answers with %02X", want,
		    u->key_version);
	return job_card_keys(a->entry, u, out, e);
}

static int before_auth(void *ctx, const struct init_update *u, struct err *e)
{
	const struct args *a = ctx;
	char id[33], set[8];
	bool refused;

	card_id(a, u, id);
	hex_put(span_of(&u->key_version, 1), set, sizeof(set));
	if (a->retry)
		return 0;
	if (tries_refused(a->tries, id, set, &refused, e) != 0)
		return -1;
	if (!refused)
		return 0;
	err_set(e, ERR_SAFETY, "card %s refused key set %s before: not tried again", id, set);
	return err_hint(
	    e, "check the keys, then --retry-authentication; each refusal costs the card a try");
}

static void after_auth(void *ctx, const struct init_update *u, bool accepted)
{
	const struct args *a = ctx;
	char id[33], set[8];
	struct err ignored = { 0 };

	card_id(a, u, id);
	hex_put(span_of(&u->key_version, 1), set, sizeof(set));
	if (accepted)
		(void)tries_forget(a->tries, id, set, &ignored);
	else if (tries_record(a->tries, id, set, &ignored) != 0)
		ctx_note(a->c, "the refusal could not be remembered: %s", ignored.text);
}

static json_t *why(const struct args *g)
{
	json_t *list = json_array();
	char text[200];

	if (!g->is_scp11) {
		json_decref(list);
		return discovery_why(g->session, &g->found);
	}
	for (size_t i = 0; scp11_open_why(&g->scp11, i, text, sizeof(text)); i++)
		if (json_array_append_new(list, json_string(text)) != 0) {
			json_decref(list);
			return NULL;
		}
	return list;
}

static int tell(const struct agent *a, const struct args *g, struct err *e)
{
	const struct profile *p = g->found.match.profile;
	const struct session *s = &a->session;
	size_t first = scp_protocol(&s->scp) == PROTOCOL_SCP02 ? 1 : 0;
	char id[33], seq[8], text[80];
	json_t *j;

	card_id(g, &s->iu, id);
	hex_put(span_sub(SPAN(s->iu.sequence), first, SEQUENCE_SIZE), seq, sizeof(seq));
	if (g->c->json) {
		j = json_pack("{s:b, s:s, s:s, s:s?}", "open", 1, "reader", a->reader, "card", id,
		    "keys", a->keys[0] == '\0' ? NULL : a->keys);
		show_session(&j, s);
		out_set(&j, "sequence", s->iu.has_sequence ? json_string(seq) : json_null());
		out_set(&j, "profile", p == NULL ? json_null() : json_string(p->name));
		out_set(&j, "why", why(g));
		return out_result(g->c, j, e);
	}
	fprintf(g->c->out, "channel open: %s, key version %s\n",
	    show_session_text(s, text, sizeof(text)), out_hex8(s->iu.key_version).s);
	fprintf(g->c->out, "card %s%s%s\n", id, s->iu.has_sequence ? ", sequence counter " : "",
	    s->iu.has_sequence ? seq : "");
	return 0;
}

static const char *keys_named(const struct args *g)
{
	return g->keys.n > 0 ? g->keys.v[0] : NULL;
}

static enum scp_protocol protocol_asked(const struct args *g)
{
	enum scp_protocol p;

	return g->protocol != NULL && scp_protocol_from(g->protocol, &p) ? p : PROTOCOL_NONE;
}

static int find_scp11(struct args *g, struct err *e)
{
	struct scp11_open *o = &g->scp11;

	if (g->i.given)
		return err_set(e, ERR_USAGE, "--i is for SCP02 and SCP01");
	o->c = g->c;
	o->ks = g->ks;
	o->keys = keys_named(g);
	o->level = g->level.given ? (int)g->level.v : -1;
	o->s16 = g->s16 ? 1 : -1;
	o->retry = g->retry;
	o->key_version = g->key_version;
	o->ca_version = g->ca_version;
	o->key_length = g->key_length;
	o->host_id = g->host_id;
	o->group = g->group;
	if (scp11_open_prepare(o, e) != 0)
		return -1;
	g->entry = o->entry;
	return 0;
}

/* Triple DES keys are for SCP02 and SCP01, AES keys for SCP03. */
static int find_entry(struct args *g, struct err *e)
{
	enum scp_protocol p = protocol_asked(g);

	if (g->is_scp11)
		return find_scp11(g, e);
	if (p == PROTOCOL_NONE)
		return keystore_find_card(g->ks, keys_named(g), &g->entry, e);
	return keystore_find(
	    g->ks, p == PROTOCOL_SCP03 ? ENTRY_SCP03 : ENTRY_SCP02, keys_named(g), &g->entry, e);
}

/* Key store and entry, before anything of the card is touched. */
static int find_keys(struct agent *a, struct args *g, struct err *e)
{
	if (ctx_keystore(g->c, &g->ks, e) != 0 || find_entry(g, e) != 0)
		return -1;
	if (g->keys.n == 0 && g->entry != NULL)
		ctx_note(g->c, "keys: %s, the only %s%s%s in %s", g->entry->name,
		    g->is_scp11 ? "key of ours" : "card key set",
		    g->protocol == NULL ? "" : " for ", g->protocol == NULL ? "" : g->protocol,
		    keystore_path(g->ks));
	if (realpath(keystore_path(g->ks), a->keystore) == NULL)
		return err_errno(e, ERR_INPUT, "%s", keystore_path(g->ks));
	snprintf(a->keys, sizeof(a->keys), "%s", g->entry == NULL ? "" : g->entry->name);
	return 0;
}

/* Looks at the card and says what is chosen and why, before INITIALIZE UPDATE goes out. */
static int discover(struct args *g, struct err *e)
{
	struct choose_asks asks = { .protocol = protocol_asked(g),
		.i = g->i.given ? (uint8_t)g->i.v : 0,
		.key_version = g->key_version.given ? (int)g->key_version.v : -1,
		.s16 = g->s16 ? 1 : -1 };

	if (discovery_look(g->c, g->session, &g->aid, &g->found, e) != 0 ||
	    discovery_keys(g->session, &g->found, e) != 0 ||
	    discovery_choose(g->session, g->entry, &asks, &g->found, e) != 0)
		return -1;
	discovery_tell(g->c, g->session, &g->found);
	return 0;
}

static int open_scp11(struct args *g, struct err *e)
{
	char text[200];

	if (discovery_look(g->c, g->session, &g->aid, &g->found, e) != 0)
		return -1;
	g->scp11.tries = g->tries;
	if (scp11_open_channel(&g->scp11, g->session, e) != 0)
		return -1;
	for (size_t i = 0; scp11_open_why(&g->scp11, i, text, sizeof(text)); i++)
		ctx_note(g->c, "%s", text);
	return 0;
}

static int open_channel(struct args *g, struct err *e)
{
	struct session_asks asks = { .level = g->level.given ? (int)g->level.v : -1,
		.i = g->i.given ? (uint8_t)g->i.v : 0,
		.keys = give_keys,
		.before_auth = before_auth,
		.after_auth = after_auth,
		.ctx = g };

	if (g->is_scp11)
		return open_scp11(g, e);
	if (discover(g, e) != 0)
		return -1;
	asks.domain = g->session->domain;
	asks.key_version = g->found.choice.p1;
	asks.s16 = g->found.choice.m == 16;
	/* Of a card that does not say what it offers the answer decides between the two. */
	asks.protocols = 1u << g->found.choice.protocol;
	if (g->found.choice.silent && g->entry->type == ENTRY_SCP02)
		asks.protocols = 1u << PROTOCOL_SCP02 | 1u << PROTOCOL_SCP01;
	return session_open(g->session, &asks, e);
}

/* In the agent. */
static int open_session(struct agent *a, struct ctx *c, void *args, struct err *e)
{
	struct args *g = args;
	int rc = -1;

	g->c = c;
	if (find_keys(a, g, e) != 0 || open_reader(c->reader, &a->card, e) != 0)
		goto out;
	card_limit(&a->card, c->timeout * 1000);
	session_init(&a->session, &a->card);
	g->session = &a->session;
	if (c->trace != NULL && trace_wrap(&a->card, c->trace, e) != 0)
		goto out;
	a->traced = c->trace != NULL;
	if (tries_open(&g->tries, e) != 0)
		goto out;
	rc = open_channel(g, e);
	if (rc == 0)
		rc = tell(a, g, e);
out:
	discovery_free(&g->found);
	tries_close(g->tries);
	g->tries = NULL;
	ctx_keystore_done(c, g->ks);
	g->ks = NULL;
	return rc;
}

/* The octets of challenge and cryptograms are masked: they come to be when they are sent. */
static void show_handshake(struct dry *d, const struct args *g)
{
	static const char masked[] = "****************" /* 16 octets */
				     "****************";
	uint8_t kvn = g->key_version.given ? (uint8_t)g->key_version.v : g->entry->version;
	int n = g->s16 ? 32 : 16;
	char text[128];

	snprintf(text, sizeof(text), "8050%s00%s%.*s00", out_hex8(kvn).s, g->s16 ? "10" : "08", n,
	    masked);
	dry_text(d, text, "INITIALIZE UPDATE, a random host challenge");
	snprintf(text, sizeof(text), "8482%s00%s%.*s%.*s",
	    g->level.given ? out_hex8((uint8_t)g->level.v).s : "**", g->s16 ? "20" : "10", n,
	    masked, n, masked);
	dry_text(d, text,
	    g->level.given ? "EXTERNAL AUTHENTICATE, if the card's cryptogram is right"
			   : "EXTERNAL AUTHENTICATE, if the card's cryptogram is right; the "
			     "highest level that the card can");
}

static int show_plan(struct ctx *c, struct args *g, struct err *e)
{
	static const char *const objects[] = { "80CA006600", "80CA006700", "80CA004500",
		"80CA9F7F00", "80CA00E000" };
	char reader[4200], aid[HEX_SIZE(AID_MAX)], text[64];
	const struct aid *domain = g->aid.n == 0 ? &aid_isd : &g->aid;
	struct dry d;
	int rc = -1;

	if (reader_canonical(c->reader, reader, sizeof(reader), e) != 0 ||
	    ctx_keystore(c, &g->ks, e) != 0)
		return -1;
	if (find_entry(g, e) == 0) {
		dry_begin(&d, c,
		    json_pack("{s:s, s:s?}", "reader", reader, "keys",
			g->entry == NULL ? NULL : g->entry->name));
		snprintf(text, sizeof(text), "00A40400%02X%s00", domain->n,
		    hex_put(aid_span(domain), aid, sizeof(aid)));
		dry_text(&d, text,
		    g->aid.n > 0 ? "SELECT"
				 : "SELECT, or another domain if the card's profile names one");
		for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
			dry_text(&d, objects[i], "GET DATA");
		if (g->is_scp11)
			scp11_open_plan(&d, &g->scp11);
		else
			show_handshake(&d, g);
		rc = dry_end(&d, e);
	}
	ctx_keystore_done(c, g->ks);
	return rc;
}

static int probe(struct ctx *c, const struct args *g, struct err *e)
{
	struct probe_asks asks = { .keys = &g->keys,
		.diversifications = g->schemes,
		.key_version = g->key_version.given ? (int)g->key_version.v : -1,
		.s16 = g->s16,
		.aid = g->aid };

	if (g->level.given || g->idle.given || g->retry || g->protocol != NULL || g->i.given)
		return err_set(e, ERR_USAGE,
		    "--probe opens no channel: --level, --protocol, --i, --idle and "
		    "--retry-authentication are not for it");
	return probe_run(c, &asks, e);
}

static int run(struct ctx *c, void *args, struct err *e)
{
	struct args *g = args;

	if (c->agent != NULL) {
		err_set(e, ERR_READER, "%s: a channel is open already", c->agent->reader);
		return err_hint(e, "scp-close it first");
	}
	g->c = c;
	g->is_scp11 = scp11_variant_from(g->protocol, &g->scp11.variant);
	if (!g->is_scp11 &&
	    (g->host_id.n > 0 || g->group.n > 0 || g->ca_version.given || g->key_length.given))
		return err_set(e, ERR_USAGE,
		    "--host-id, --card-group, --ca-version and --key-length are for SCP11");
	if (g->probe)
		return probe(c, g, e);
	if (g->schemes)
		return err_set(e, ERR_USAGE, "--probe-diversifications goes with --probe");
	if (g->keys.n > 1) {
		err_set(e, ERR_USAGE, "--keys: one key set opens a channel");
		return err_hint(e, "--probe tells which of several fits");
	}
	if (c->dry_run)
		return show_plan(c, g, e);
	return agent_start(c, g->idle.given ? g->idle.v : 600, open_session, g, e);
}

const struct verb verb_scp_open = {
	.name = "scp-open",
	.group = "channel",
	.summary = "Open a diversified secure channel and keep it open",
	.needs = NEED_READER | USES_KEYSTORE | MUTATES | HAS_JSON,
	VERB_OPTS(opts),
	.args_size = sizeof(struct args),
	.run = run,
};
