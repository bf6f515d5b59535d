/*
 * domain personalize: the first key set of a supplementary domain, by which it becomes
 * PERSONALIZED. In a channel to the domain itself, which the keys of its parent open as long as it
 * has none (GPCS 7.3.1: what most cards do), or through its parent in STORE DATA (11.11.4).
 */
#include <string.h>

#include "cmd/agent/agent.h"
#include "gp/key_dgi.h"
#include "cmd/content/key_record.h"
#include "cmd/content/key_ways.h"
#include "cmd/content/put_keys.h"
#include "cmd/content/target.h"

struct args {
	struct put_request put; /* put.name: --with; put.channel.domain is the domain */
	const char *way;
	const char *what;
	bool common;
};

static const char *const ways[] = { "channel", "store-data", NULL };

static const struct operand operands[] = {
	WORD_STRING("AID", args, what, "The supplementary domain, in hex"),
};
static const struct opt opts[] = {
	OPT_STRING("with", "NAME", args, put.name, "Key set of the key store that it gets",
	    .flags = OPT_REQUIRED),
	OPT_HEX8("as", "KVN", args, put.as, 1, KEYS_VERSION_MAX,
	    "Version that it gets in the domain, in hex (the entry's)"),
	OPT_CHOICE("by", "WAY", args, way, ways,
	    "channel: PUT KEY in a channel to the domain, opened with its parent's keys; "
	    "store-data: data groups through its parent (channel)"),
	OPT_FLAG("common", args, common,
	    "With --by store-data: the form of the UICC configuration, with a template B7"),
	CHANNEL_OPTS(args, put.channel),
};

/* ---- by STORE DATA ---- */

struct through {
	const struct args *g;
	struct keystore *ks;
	const struct entry *entry;
	struct aid domain;
	uint8_t version;
	char kcv[KCV_TEXT];
	bool already, proved;
};

static int make_groups(struct through *p, struct target *t, struct wr *w, struct err *e)
{
	struct key_dgi k = { .common = p->g->common,
		.kid = { 1, 2, 3 },
		.purpose = p->entry->type == ENTRY_SCP02 ? PURPOSE_SCP02 : PURPOSE_SCP03 };
	uint8_t kdd[KDD_OCTETS] = { 0 };
	SECRET_KEY_SET(keys);
	bool ok;

	if (p->entry->diversification != DIVERSIFY_NONE && key_ways_kdd(t->s, kdd, e) != 0)
		return -1;
	if (!entry_card_keys(p->entry, kdd, &keys))
		return err_set(
		    e, ERR_AUTH, "key set %s: the domain's keys cannot be derived", p->entry->name);
	if (kcv_text(p->entry, &keys, p->kcv, e) != 0)
		return -1;
	keys_from_set(
	    &k.put, p->version, p->entry->type == ENTRY_SCP02 ? KEY_TYPE_DES : KEY_TYPE_AES, &keys);
	k.put.des = scp_protocol(&t->s->scp) != PROTOCOL_SCP03;
	ok = key_dgi_put(w, &k, &t->s->dek) && wr_ok(w);
	wipe(&k, sizeof(k));
	return ok ? 0 : err_set(e, ERR_OTHER, "the keys cannot be encrypted");
}

static int check_domain(struct through *p, struct target *t, struct err *e)
{
	const struct registry_entry *x;
	struct registry r = { 0 };
	int rc = target_registry(t, &r, e);

	x = rc == 0 ? registry_find(&r, &p->domain) : NULL;
	if (rc == 0 && x == NULL && registry_is_whole(&r))
		rc = err_set(e, ERR_CARD, "%s is not on the card", aid_text(&p->domain).s);
	else if (x != NULL && !registry_is_domain(x))
		rc = err_set(e, ERR_SAFETY, "%s is no security domain", aid_text(&p->domain).s);
	else if (x != NULL && (x->s.state & DOMAIN_PERSONALIZED) == DOMAIN_PERSONALIZED)
		p->already = true;
	registry_free(&r);
	return rc;
}

/*
 * The keys prove themselves in a channel to the domain. An open channel to its parent, which would
 * end by that, is left alone.
 */
static int prove(struct through *p, struct target *t, struct err *e)
{
	struct key_ways w = { .c = t->c,
		.ks = p->ks,
		.session = t->s,
		.fresh = p->entry,
		.fresh_version = p->version };

	if (t->c->agent != NULL || t->is_dry)
		return 0;
	key_ways_of(&w, &p->g->put.channel);
	w.kind.domain = p->domain;
	if (key_ways_open(&w, true, false, e) != 0)
		return err_in(e,
		    "the card took the keys, but in domain %s key set %02X opens no channel",
		    aid_text(&p->domain).s, p->version);
	p->proved = true;
	return key_ways_personalized(t->s, e);
}

static int tell(const struct through *p, struct ctx *c, struct err *e)
{
	if (c->json)
		return out_result(c,
		    json_pack("{s:s, s:s, s:s, s:s, s:b, s:b}", "aid", aid_text(&p->domain).s,
			"name", p->entry->name, "version", out_hex8(p->version).s, "kcv", p->kcv,
			"put", (int)!p->already, "proved", (int)p->proved),
		    e);
	if (p->already) {
		fprintf(c->out, "key set %02X of %s is %s already\n", p->version,
		    aid_text(&p->domain).s, p->entry->name);
		return 0;
	}
	fprintf(c->out, "key set %02X put in %s: %s, check values %s\n", p->version,
	    aid_text(&p->domain).s, p->entry->name, p->kcv);
	if (p->proved)
		fprintf(c->out, "a channel was opened with it\n");
	return 0;
}

static int send(struct through *p, struct target *t, struct span groups, struct err *e)
{
	const struct install i = { .app = p->domain };
	struct span none;

	if (content_install(t->s, INSTALL_FOR_PERSONALIZATION, &i, "INSTALL [for personalization]",
		&none, e) != 0)
		return -1;
	if (t->is_dry) {
		dry_text(&t->dry, "80E28800**", "STORE DATA, groups 00B9 and 8113 with the keys");
		return 0;
	}
	/* Only some of the values are encrypted, so nothing is said of it in P1. */
	return content_store(t->s, STORE_DGI, groups, e);
}

static int send_recorded(struct through *p, struct target *t, struct err *e)
{
	struct key_record r = { .fd = -1 };
	struct wr w = wr_grow(KEYS_LONGEST);
	int rc = make_groups(p, t, &w, e);

	if (rc == 0)
		rc = key_record_begin(&r, t->c, t->s,
		    json_pack("{s:s, s:s, s:s, s:s, s:s}", "verb", "domain personalize", "into",
			aid_text(&p->domain).s, "name", p->entry->name, "version",
			out_hex8(p->version).s, "kcv", p->kcv),
		    e);
	if (rc == 0)
		rc = send(p, t, wr_span(&w), e);
	wr_free(&w);
	if (rc == 0)
		rc = prove(p, t, e);
	return key_record_end(&r, rc, e, json_pack("{s:b}", "proved", (int)p->proved));
}

/* The keys that are there are these when they open a channel. */
static int prove_already(struct through *p, struct target *t, struct err *e)
{
	struct wr w = wr_grow(KEYS_LONGEST);
	int rc = make_groups(p, t, &w, e);

	wr_free(&w);
	if (rc != 0)
		return -1;
	if (t->c->agent == NULL && prove(p, t, e) == 0)
		return 0;
	if (t->c->agent == NULL && e->code != ERR_AUTH)
		return -1;
	err_set(e, ERR_SAFETY, "domain %s has keys already", aid_text(&p->domain).s);
	return err_hint(
	    e, "put-keys --sd %s changes them, with those that it has", aid_text(&p->domain).s);
}

static int store(struct through *p, struct target *t, struct err *e)
{
	if (check_domain(p, t, e) != 0)
		return -1;
	if (p->already)
		return prove_already(p, t, e);
	return t->is_dry ? send(p, t, span_of(NULL, 0), e) : send_recorded(p, t, e);
}

static int run_store(struct ctx *c, const struct args *g, const struct aid *domain, struct err *e)
{
	struct through p = { .g = g, .domain = *domain };
	struct target t;
	int rc;

	if (ctx_keystore(c, &p.ks, e) != 0)
		return -1;
	rc = keystore_find_card(p.ks, g->put.name, &p.entry, e);
	if (rc == 0) {
		p.version = g->put.as.given ? (uint8_t)g->put.as.v : p.entry->version;
		rc = keys_goal_check(&(struct keys_goal){ .version = p.version }, e);
	}
	if (rc == 0)
		rc = target_open(&t, c, &g->put.channel, e);
	if (rc == 0)
		rc = target_close(&t, store(&p, &t, e), e);
	if (rc == 0 && !c->dry_run)
		rc = tell(&p, c, e);
	ctx_keystore_done(c, p.ks);
	return rc;
}

/* ---- by a channel to the domain ---- */

static int run_channel(struct ctx *c, struct args *g, const struct aid *domain, struct err *e)
{
	if (g->put.channel.domain.n > 0)
		return err_set(e, ERR_USAGE,
		    "--sd is for --by store-data: here the channel is opened to the domain");
	if (c->agent == NULL) {
		g->put.channel.domain = *domain;
	} else if (!aid_same(&c->agent->session.domain, domain)) {
		err_set(e, ERR_SAFETY, "the open channel is one to another domain");
		return err_hint(e, "--by store-data goes through it; or scp-close first");
	}
	g->put.domain = true;
	return put_keys_run(c, &g->put, e);
}

static int run(struct ctx *c, void *args, struct err *e)
{
	struct args *g = args;
	struct aid domain;

	if (aid_parse(g->what, "AID", &domain, e) != 0)
		return -1;
	if (g->way != NULL && strcmp(g->way, "store-data") == 0)
		return run_store(c, g, &domain, e);
	if (g->common)
		return err_set(e, ERR_USAGE, "--common goes with --by store-data");
	return run_channel(c, g, &domain, e);
}

const struct verb verb_domain_personalize = {
	.name = "domain personalize",
	.group = "content",
	.summary = "Give a security domain its first keys",
	.needs = NEED_READER | USES_SESSION | USES_KEYSTORE | MUTATES | DESTROYS | HAS_JSON,
	VERB_OPTS(opts),
	VERB_OPERANDS(operands),
	.args_size = sizeof(struct args),
	.run = run,
};
