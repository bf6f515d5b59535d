/* scp-open: opens a diversified channel and leaves it with an agent. */
#include <stdlib.h>
#include <string.h>

#include "cmd/agent/agent.h"
#include "base/hex.h"
#include "card/trace.h"
#include "cmd/channel/channel.h"
#include "cmd/kit/dry.h"
#include "cmd/channel/open.h"
#include "cmd/kit/out.h"
#include "cmd/channel/probe.h"
#include "cmd/kit/show.h"
#include "cmd/kit/print.h"

struct args {
	struct opt_strings keys;
	struct opt_u32 idle;
	bool probe, schemes;
	struct channel_args channel; /* but for its keys */
	/* while opening */
	struct ctx *c;
	struct channel ch;
};

static const struct opt opts[] = {
	OPT_STRINGS("keys", "NAME", args, keys,
	    "Card key set of the key store; in SCP11a and c our own key, of type oce"),
	CHANNEL_OPTS_MORE(args, channel),
	OPT_AID("sd", "AID", args, channel.domain,
	    "Security domain to open the channel with (the issuer's)"),
	OPT_BYTES("host-id", "ID", args, channel.host_id, 1, SCP11_HOST_ID_MAX,
	    "SCP11: bind the session keys to this identifier of ours and to the card's, in hex"),
	OPT_BYTES("card-group", "ID", args, channel.group, 1, CERT_ID_MAX,
	    "SCP11c with --host-id: the card's group, in hex (as its certificate says)"),
	OPT_HEX8("ca-version", "KVN", args, channel.ca_version, 1, 0x7F,
	    "SCP11a and c: version of the card's CA key, in hex (the only one)"),
	OPT_U32("key-length", "BITS", args, channel.key_length, 128, 256,
	    "SCP11: of the session keys, 128, 192 or 256 (128)"),
	OPT_U32("idle", "SECONDS", args, idle, 1, 86400,
	    "Close the channel after so long without a verb (600)"),
	OPT_FLAG("probe", args, probe,
	    "Open nothing, tell which key sets fit; some cards count even that"),
	OPT_FLAG("probe-diversifications", args, schemes,
	    "With --probe: try every diversification that has a name"),
};

static int tell(const struct agent *a, const struct args *g, struct err *e)
{
	const struct profile *p = g->ch.found.match.profile;
	const struct session *s = &a->session;
	size_t first = scp_protocol(&s->scp) == PROTOCOL_SCP02 ? 1 : 0;
	char id[33], seq[8], text[80];
	json_t *j;

	channel_card_id(s, &s->iu, id);
	hex_put(span_sub(SPAN(s->iu.sequence), first, SEQUENCE_SIZE), seq, sizeof(seq));
	if (g->c->json) {
		j = json_pack("{s:b}", "open", 1);
		out_set_text(&j, "reader", a->reader);
		out_set_text(&j, "card", id);
		out_set_text(&j, "keys", a->keys[0] == '\0' ? NULL : a->keys);
		show_session(&j, s);
		out_set(&j, "sequence", s->iu.has_sequence ? json_text(seq) : json_null());
		out_set(&j, "profile", p == NULL ? json_null() : json_text(p->name));
		out_set(&j, "why", channel_why(&g->ch));
		return out_result(g->c, j, e);
	}
	print_line(g->c->out, "channel open: %s, key version %s",
	    show_session_text(s, text, sizeof(text)), out_hex8(s->iu.key_version).s);
	print_line(g->c->out, "card %s%s%s", id, s->iu.has_sequence ? ", sequence counter " : "",
	    s->iu.has_sequence ? seq : "");
	return 0;
}

/* Key store and entry, before anything of the card is touched. */
static int find_keys(struct agent *a, struct args *g, struct err *e)
{
	const struct channel *ch = &g->ch;

	if (channel_find(&g->ch, g->c, &g->channel, e) != 0)
		return -1;
	if (realpath(keystore_path(ch->ks), a->keystore) == NULL)
		return err_errno(e, ERR_INPUT, "%s", keystore_path(ch->ks));
	snprintf(a->keys, sizeof(a->keys), "%s", ch->entry == NULL ? "" : ch->entry->name);
	return 0;
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
	if (c->trace != NULL && trace_wrap(&a->card, c->trace, e) != 0)
		goto out;
	a->traced = c->trace != NULL;
	rc = channel_begin(&g->ch, &a->session, e);
	if (rc == 0)
		rc = tell(a, g, e);
out:
	channel_end(&g->ch);
	return rc;
}

/* The octets of challenge and cryptograms are masked: they come to be when they are sent. */
static void show_handshake(struct dry *d, const struct channel *ch)
{
	const struct channel_args *g = ch->a;
	static const char masked[] = "****************" /* 16 octets */
				     "****************";
	uint8_t kvn = g->key_version.given ? (uint8_t)g->key_version.v : ch->entry->version;
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
	const struct aid *asked = &g->channel.domain, *domain = asked->n == 0 ? &aid_isd : asked;
	struct channel *ch = &g->ch;
	struct dry d;
	json_t *o;
	int rc = -1;

	if (reader_canonical(c->reader, reader, sizeof(reader), e) != 0)
		return -1;
	if (channel_find(ch, c, &g->channel, e) == 0) {
		o = json_object();
		out_set_text(&o, "reader", reader);
		out_set_text(&o, "keys", ch->entry == NULL ? NULL : ch->entry->name);
		dry_begin(&d, c, o);
		snprintf(text, sizeof(text), "00A40400%02X%s00", domain->n,
		    hex_put(aid_span(domain), aid, sizeof(aid)));
		dry_text(&d, text,
		    asked->n > 0 ? "SELECT"
				 : "SELECT, or another domain if the card's profile names one");
		for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
			dry_text(&d, objects[i], "GET DATA");
		if (ch->is_scp11)
			scp11_open_plan(&d, &ch->scp11);
		else
			show_handshake(&d, ch);
		rc = dry_end(&d, e);
	}
	channel_end(ch);
	return rc;
}

static int probe(struct ctx *c, const struct args *g, struct err *e)
{
	struct probe_asks asks = { .keys = &g->keys,
		.diversifications = g->schemes,
		.key_version = g->channel.key_version.given ? (int)g->channel.key_version.v : -1,
		.s16 = g->channel.s16,
		.aid = g->channel.domain };

	if (g->channel.level.given || g->idle.given || g->channel.retry ||
	    g->channel.protocol != NULL || g->channel.i.given)
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
	g->channel.keys = g->keys.n > 0 ? g->keys.v[0] : NULL;
	if (channel_check(&g->channel, e) != 0)
		return -1;
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
	.group = GROUP_CHANNEL,
	.place = 10,
	.summary = "Open a diversified secure channel and keep it open",
	.needs = NEED_READER | USES_KEYSTORE | MUTATES | HAS_JSON,
	VERB_OPTS(opts),
	.args_size = sizeof(struct args),
	.run = run,
};
