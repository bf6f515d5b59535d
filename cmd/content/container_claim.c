/* container claim: a party takes the container that was granted to it, with keys of its own. */
#include <string.h>
#include <time.h>

#include "base/hex.h"
#include "channel/opening.h"
#include "cmd/authority/grant_record.h"
#include "cmd/authority/party_show.h"
#include "change/party_keys.h"
#include "cmd/kit/dry.h"
#include "cmd/kit/print.h"
#include "host/claim.h"
#include "host/container.h"

struct args {
	const char *grant, *party, *access, *domain_key;
	struct aid isd;
	bool shared;
};

static const struct operand operands[] = {
	WORD_PATH("GRANT", args, grant, "The file of the grant, from the operator"),
};
static const struct opt opts[] = {
	OPT_STRING(
	    "party", "NAME", args, party, "Entry of type party in the key store (the only one)"),
	OPT_STRING("access", "NAME", args, access,
	    "Key set of the key store to open the container with from now on: version 30 to 3F",
	    .flags = OPT_REQUIRED),
	OPT_STRING("domain-key", "NAME", args, domain_key,
	    "Entry of type domain-key, where the grant names such a key (the only one)"),
	OPT_AID("isd", "AID", args, isd, "Issuer security domain of the card (A000000151000000)"),
	OPT_FLAG("shared", args, shared,
	    "Agree that the operator lets others into the container without asking"),
};

/* One run. */
struct work {
	struct ctx *c;
	const struct args *a;
	struct keystore *ks;
	struct party_file file;
	struct party_entry party;
	const struct entry *access;
	struct claim claim;
	char keys_id[CHANNEL_KEYS];
	bool before; /* this claim was begun before, and nobody knows what became of it */
	struct session *s;
};

/* ---- without the card ---- */

static int check_signature(struct work *w, const struct grant *g, struct err *e)
{
	struct party_entry issuer;
	char name[FINGERPRINT_TEXT];

	if (grantors_check(w->ks, e) != 0 || grantor_named(w->ks, g->issuer, &issuer, e) != 0)
		return -1;
	if (issuer.name == NULL) {
		err_set(e, ERR_AUTH, "no grantor of the key store has the name %s",
		    hex_put(g->issuer, name, sizeof(name)));
		return err_hint(e, "who issues grants for these cards gives you his public key "
				   "(type: grantor)");
	}
	return grant_signed_by(g, &issuer.key)
		   ? 0
		   : err_set(e, ERR_INPUT, "%s: `%s` did not sign it", w->file.path, issuer.name);
}

static int check_days(const struct work *w, const struct grant *g, struct err *e)
{
	char text[DAY_TEXT];
	bool early = w->claim.now < g->from;

	if (grant_in_time(g, w->claim.now))
		return 0;
	return err_set(e, ERR_INPUT, "%s: good %s %s", w->file.path, early ? "from" : "until",
	    day_text(early ? g->from : g->until - 1, text));
}

static int check_card(struct work *w, struct err *e)
{
	struct party_anchors anchors;
	struct ec_public key;
	bool proven;

	if (!grant_file_of_card(&w->file.grant_file))
		return err_set(e, ERR_AUTH,
		    "%s: the certificates in it are not of the card's key that the grant names",
		    w->file.path);
	if (party_anchors_take(w->ks, &anchors, e) != 0 ||
	    card_certs_check(w->file.grant_file.certs, &anchors, &key, &proven, e) != 0)
		return -1;
	if (!proven)
		ctx_note(w->c, "the key store has no ca: that this is a genuine card is what the "
			       "issuer of the grant says");
	return 0;
}

static int check_grant(struct work *w, struct err *e)
{
	const struct grant *g = &w->file.grant_file.grant;

	if (check_signature(w, g, e) != 0 || check_days(w, g, e) != 0 || check_card(w, e) != 0 ||
	    party_key_find(w->ks, ENTRY_PARTY, w->a->party, true, &w->party, e) != 0)
		return -1;
	if (!ec_public_eq(&w->party.key, &g->key) || w->party.form != g->form)
		return err_set(
		    e, ERR_AUTH, "%s: not a grant for `%s`", w->file.path, w->party.name);
	if ((g->rights & RIGHT_SHARED) == 0 || w->a->shared)
		return 0;
	err_set(e, ERR_SAFETY,
	    "the container is shared: the operator may let others into it without asking");
	return err_hint(e, "--shared says that this is agreed");
}

static int check_access(struct work *w, struct err *e)
{
	const struct entry *t;

	if (keystore_find(w->ks, ENTRY_SCP03, w->a->access, &t, e) != 0)
		return -1;
	w->access = t;
	if (t->version < KVN_ACCESS_FIRST || t->version > KVN_ACCESS_LAST)
		return err_set(e, ERR_SAFETY, "`%s` has version %02X: access sets have 30 to 3F",
		    t->name, t->version);
	if (t->diversification != DIVERSIFY_NONE) {
		err_set(e, ERR_SAFETY, "`%s` is a master key: an access set is of one container",
		    t->name);
		return err_hint(e, "diversification: none");
	}
	w->claim.access = &t->keys;
	w->claim.version = t->version;
	return channel_keys_id(t, w->keys_id, e);
}

static int prepare(struct work *w, struct err *e)
{
	const struct args *a = w->a;

	w->claim.now = (int64_t)time(NULL);
	w->claim.file = &w->file.grant_file;
	w->claim.issuer = a->isd;
	if (ctx_keystore(w->c, &w->ks, e) != 0 ||
	    party_file_read_as(a->grant, 1u << PARTY_FILE_PLACED, &w->file, e) != 0 ||
	    check_grant(w, e) != 0 || check_access(w, e) != 0)
		return -1;
	w->claim.party = w->party.own;
	if (w->file.grant_file.domain_key.whole.n > 0)
		return domain_key_find(w->ks, a->domain_key, &w->claim.domain_key, e);
	return a->domain_key == NULL
		   ? 0
		   : err_set(e, ERR_USAGE, "--domain-key: the grant names no such key");
}

static int plan(struct work *w, struct err *e)
{
	const struct grant *g = &w->file.grant_file.grant;
	bool signing = g->form == PARTY_SIGNING;
	char text[80];
	struct dry d;

	dry_begin(&d, w->c, NULL);
	dry_text(&d, "80CABF2106A604830211**00", "GET DATA: which key of the card the grant names");
	dry_text(&d, signing ? "802A748*" : "802A740*",
	    "PERFORM SECURITY OPERATION: the grant, in blocks");
	if (signing)
		dry_text(&d, "802A740*",
		    "PERFORM SECURITY OPERATION: a certificate for the key of "
		    "this claim");
	dry_text(&d, "8082**11**A6****5F49****00", "MUTUAL AUTHENTICATE, a new ephemeral key");
	snprintf(text, sizeof(text), "84D80081**%02X**00", w->claim.version);
	dry_text(&d, text, "PUT KEY: the access keys, which is the claim");
	return dry_end(&d, e);
}

/* ---- whose it is ---- */

enum whose { WHOSE_NOBODY, WHOSE_OURS, WHOSE_OTHERS };

/* A channel with the access set. That there is none (6A88) proves nothing, and costs nothing. */
static int look(struct work *w, enum whose *is, struct err *e)
{
	struct opening o = { .s = w->s, .entry = w->access };
	struct choose_asks asks = { .protocol = PROTOCOL_SCP03,
		.key_version = w->claim.version,
		.level = LEVEL_CMAC | LEVEL_CDEC | LEVEL_RMAC | LEVEL_RENC,
		.s16 = -1 };
	int rc;

	*is = WHOSE_NOBODY;
	if (!aid_from(&asks.domain, w->file.grant_file.grant.container) ||
	    tries_open(&o.tries, e) != 0)
		return err_set(e, ERR_LEDGER, "the record of refusals cannot be opened");
	opening_asks(w->access, NULL, &asks);
	rc = opening_begin(&o, &asks, e);
	tries_close(o.tries);
	if (rc == 0)
		*is = WHOSE_OURS;
	else if (o.wrong_keys || o.left_wrong)
		*is = WHOSE_OTHERS;
	else if (e->sw != SW_REFERENCE_NOT_FOUND)
		return -1;
	err_clear(e);
	return 0;
}

static int others(struct err *e, const char *why)
{
	err_set(e, ERR_INTEGRITY, "%s: somebody else is in this container", why);
	return err_hint(e, "nothing was deleted; tell the issuer of the grant, before anything is "
			   "put there");
}

/* ---- the claim ---- */

static struct claim_note note_of(const struct work *w)
{
	return (struct claim_note){ &w->file.grant_file.grant, w->file.grant_file.cin, w->keys_id };
}

static void end(struct work *w, const char *event)
{
	const struct claim_note n = note_of(w);
	struct err e;

	if (claim_end(&n, event, &e) != 0)
		ctx_note(w->c, "%s", e.text);
}

static int tell(struct work *w, bool already, struct err *e)
{
	const struct grant *g = &w->file.grant_file.grant;
	json_t *o = json_object();
	char text[DAY_TEXT];

	party_id_show(&o, "party", g->id);
	out_set(&o, "container", out_hex(g->container));
	out_set(&o, "state", json_text("claimed"));
	out_set(&o, "already", json_boolean(already));
	out_set(&o, "version", json_text(out_hex8(w->claim.version).s));
	wish_show(&o, &(struct party_wish){ g->rights, &g->quotas, g->prefix });
	out_set(&o, "granted_until", json_text(day_text(g->until - 1, text)));
	return out_result(w->c, o, e);
}

/* No answer to PUT KEY: a channel with the set tells. */
static int resolve(struct work *w, struct err *e)
{
	struct err lost = *e;
	enum whose is;

	if (ctx_reconnect(w->c, e) != 0 || look(w, &is, e) != 0) {
		*e = lost;
		return err_hint(e, "the same command again finds out what became of the claim");
	}
	if (is == WHOSE_OURS)
		return 0;
	if (is == WHOSE_OTHERS)
		return others(e, "the answer was lost, and the set there is not ours");
	*e = lost;
	return err_hint(e, "the container is not ours yet, as far as the card says: the same "
			   "command again claims it");
}

static int put(struct work *w, struct err *e)
{
	struct err refused;
	enum whose is;
	bool unknown;

	if (claim_put(w->s, &w->claim, &unknown, e) == 0)
		return 0;
	if (unknown)
		return resolve(w, e);
	end(w, "failed");
	if (e->sw != SW_WRONG_DATA)
		return -1;
	refused = *e;
	if (look(w, &is, e) == 0 && is == WHOSE_OTHERS)
		return others(e, "the set of this version there is not ours");
	*e = refused;
	return -1;
}

/* The card does not take the grant. Was that because it is spent, by us? A domain that is no
 * container any more answers with keys of its parent, so only who began this claim before knows
 * that a set which is not ours means harm. */
static int refused(struct work *w, const struct claim_found *found, struct err *e)
{
	struct err why = *e;
	enum whose is;

	if (why.code == ERR_AUTH && look(w, &is, e) == 0 && is == WHOSE_OURS) {
		end(w, "claimed");
		ctx_note(w->c, "the container is ours already");
		return tell(w, true, e);
	}
	*e = why;
	if (w->before && found->no_grant)
		return others(e, "the grant was used, and the access keys are not there");
	if (!w->before)
		end(w, "failed");
	return -1;
}

static int work(struct work *w, struct err *e)
{
	const struct claim_note n = note_of(w);
	struct claim_found found;

	if (ctx_session(w->c, &w->s, e) != 0 || claim_begin(&n, &w->before, e) != 0)
		return -1;
	if (claim_open(w->s, &w->claim, &found, e) != 0)
		return refused(w, &found, e);
	if (put(w, e) != 0)
		return -1;
	end(w, "claimed");
	return tell(w, false, e);
}

static int run(struct ctx *c, void *args, struct err *e)
{
	struct work w = { .c = c, .a = args };
	int rc = prepare(&w, e);

	if (rc == 0)
		rc = c->dry_run ? plan(&w, e) : work(&w, e);
	party_file_free(&w.file);
	if (w.ks != NULL)
		keystore_close(w.ks);
	return rc;
}

const struct verb verb_container_claim = {
	.name = "container claim",
	.group = GROUP_CONTENT,
	.place = 140,
	.summary = "Take a container that was granted to one",
	.needs = NEED_READER | USES_KEYSTORE | MUTATES | HAS_JSON,
	VERB_OPTS(opts),
	VERB_OPERANDS(operands),
	.args_size = sizeof(struct args),
	.run = run,
};
