/* authority enrol: an authority gets to know a card, and the card who issues grants for it. */
#include <string.h>

#include "base/hex.h"
#include "cmd/authority/card_cert.h"
#include "cmd/authority/place.h"
#include "cmd/authority/register.h"
#include "cmd/kit/ask.h"
#include "cmd/kit/print.h"
#include "host/enrol.h"

struct args {
	const char *issuer, *ca, *certificate, *output;
	bool no_close, keep_issuers, no_time;
	struct channel_args channel;
};

static const struct opt opts[] = {
	OPT_STRING("issuer", "NAME", args, issuer,
	    "Entry of type grantor in the key store whose grants the card will take (the only "
	    "one)"),
	OPT_STRING("ca", "NAME", args, ca,
	    "Entry of type ca with its private key, that certifies the card (the only one)"),
	OPT_PATH("certificate", "FILE", args, certificate,
	    "What authority certify made of the key that the card told before"),
	OPT_PATH("output", "FILE", args, output,
	    "Where the card's key goes, or its certificates (CIN.pub, CIN.pem)"),
	OPT_FLAG("no-close", args, no_close, "Let the card take other issuers of grants later"),
	OPT_FLAG("keep-issuers", args, keep_issuers,
	    "Close the card with the keys of other issuers on it, which stay for ever"),
	OPT_FLAG("no-time", args, no_time, "Leave the card's clock alone"),
	CHANNEL_OPTS(args, channel),
};

enum { FIRST_VERSION = 0x01 };

/* One run. */
struct work {
	struct ctx *c;
	const struct args *a;
	struct keystore *ks;
	struct party_entry issuer;
	uint8_t issuer_name[PARTY_NAME];
	const struct entry *ca; /* NULL: its private key is elsewhere */
	struct party_anchors anchors;
	struct target t;
	struct card_seen card;
	struct key_infos keys;
	struct registered known, now;
	bool is_known, made, put_issuer, closed;
	size_t others; /* keys of other issuers */
};

/* ---- before the card ---- */

/* The private key of the CA is wanted, not needed. */
static int find_ca(struct work *w, struct err *e)
{
	const struct entry *t;

	if (w->a->ca != NULL) {
		if (keystore_find(w->ks, ENTRY_CA, w->a->ca, &w->ca, e) != 0)
			return -1;
		return w->ca->ec.n > 0
			   ? 0
			   : err_set(e, ERR_AUTH, "of `%s` only the public half is here", w->a->ca);
	}
	for (size_t i = 0; (t = keystore_at(w->ks, i)) != NULL; i++) {
		if (t->type != ENTRY_CA)
			continue;
		if (keystore_read(w->ks, i, e) != 0)
			return -1;
		if (t->ec.n > 0 && w->ca != NULL)
			return err_set(
			    e, ERR_AUTH, "several entries of type ca: name one with --ca");
		if (t->ec.n > 0)
			w->ca = t;
	}
	return 0;
}

static int prepare(struct work *w, struct err *e)
{
	if (ctx_keystore(w->c, &w->ks, e) != 0)
		return -1;
	if (container_channel_check(w->c, &w->a->channel, w->ks, e) != 0 ||
	    grantors_check(w->ks, e) != 0 ||
	    party_key_find(w->ks, ENTRY_GRANTOR, w->a->issuer, false, &w->issuer, e) != 0 ||
	    find_ca(w, e) != 0 || party_anchors_take(w->ks, &w->anchors, e) != 0)
		return -1;
	return party_key_name(&w->issuer.key, w->issuer_name)
		   ? 0
		   : err_set(e, ERR_OTHER, "the name of the issuer cannot be computed");
}

/* ---- the card's key ---- */

static const struct key_info *key_11(const struct key_infos *k)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->key[i].id == KID_SCP11A)
			return &k->key[i];
	return NULL;
}

static void keep_identity(struct work *w)
{
	memcpy(w->now.cin, w->card.cin, sizeof(w->now.cin));
	memcpy(w->now.iin, w->card.iin, sizeof(w->now.iin));
	w->now.cin_n = w->card.cin_n;
	w->now.iin_n = w->card.iin_n;
}

static int keep_certs(struct work *w, struct span certs, struct err *e)
{
	struct wr to = wr_fixed(w->now.certs, sizeof(w->now.certs));
	bool proven;

	wr_put(&to, certs);
	w->now.certs_n = to.n;
	if (!wr_ok(&to))
		return err_set(
		    e, ERR_CARD, "the certificates are longer than %d octets", REGISTER_CERTS_MAX);
	return card_certs_check(certs, &w->anchors, &w->now.key, &proven, e);
}

/* A key that the card told in a run before waits for its certificate; else the card makes one. What
 * a run left that was cut off before the register knew it is made anew: nobody relies on it. */
static int make_key(struct work *w, const struct key_info *there, struct err *e)
{
	uint8_t version = there == NULL ? FIRST_VERSION : there->version;

	if (w->is_known && w->known.key.n > 0 && there != NULL && w->known.version == version) {
		w->now.key = w->known.key;
		w->now.version = version;
		return 0;
	}
	if (enrol_make_key(w->t.s, there == NULL ? 0 : version, version, &w->now.key, e) != 0)
		return -1;
	w->made = true;
	w->now.version = version;
	return register_put(w->ks, &w->now, e);
}

/* Certificates from elsewhere, or made here; none: the key goes out to be certified. */
static int certify(struct work *w, struct err *e)
{
	struct wr certs = wr_grow(REGISTER_CERTS_MAX);
	struct ec_public key = w->now.key;
	int rc = 0;

	if (w->a->certificate != NULL)
		rc = card_certs_read(w->a->certificate, &certs, e);
	else if (w->ca != NULL)
		rc = card_cert_make(w->ca, &w->now, &certs, e);
	if (rc == 0 && certs.n > 0)
		rc = keep_certs(w, wr_span(&certs), e);
	if (rc == 0 && certs.n > 0 && !ec_public_eq(&key, &w->now.key))
		rc = err_set(e, ERR_AUTH, "%s: not of the key of this card",
		    w->a->certificate == NULL ? "certificate" : w->a->certificate);
	if (rc == 0 && certs.n > 0)
		rc = enrol_certify(w->t.s, w->now.version, wr_span(&certs), e);
	wr_free(&certs);
	return rc;
}

static int see_key(struct work *w, struct err *e)
{
	const struct key_info *there = key_11(&w->keys);
	struct wr certs = wr_grow(REGISTER_CERTS_MAX);
	bool found = false;
	int rc = 0;

	keep_identity(w);
	if (there != NULL)
		rc = card_read_certs(w->t.s, there->version, &certs, &found, e);
	if (rc == 0 && found) {
		w->now.version = there->version;
		rc = keep_certs(w, wr_span(&certs), e);
	} else if (rc == 0) {
		rc = make_key(w, there, e) != 0 ? -1 : certify(w, e);
	}
	wr_free(&certs);
	return rc;
}

/* ---- issuer, close ---- */

static size_t issuer_keys(const struct work *w)
{
	size_t n = 0;

	for (uint8_t kid = KID_GRANT_ISSUER_FIRST; kid <= KID_GRANT_ISSUER_LAST; kid++)
		n += keys_at(&w->keys, KVN_GRANT_ISSUER, kid) != NULL;
	return n;
}

/*
 * The card has the key of our issuer: it tells of it, and every issuer that it tells has its key.
 * It tells those whose key is gone as well, for their serials (containers.md 7), and not which they
 * are: ours may be among them. A key that is there twice does no harm; a closed card without it is
 * lost.
 */
static bool has_ours(const struct work *w)
{
	struct rd r = rd_of(w->card.all.issuers);
	struct container_issuer i;
	uint64_t serial;
	size_t told = 0;

	while (container_issuer_next(&r, &i))
		told++;
	return told == issuer_keys(w) &&
	       container_issuer_find(&w->card.all, SPAN(w->issuer_name), &serial);
}

/*
 * Others whose grants the card takes. Closed, their keys stay for ever, and who has the card's keys
 * needs this authority no more (containers.md 2, C13): nothing that --yes of a script says yes to.
 */
static int check_others(struct work *w, struct err *e)
{
	struct rd r = rd_of(w->card.all.issuers);
	struct container_issuer i;
	char name[2 * PARTY_NAME + 1];

	w->others = issuer_keys(w) - (has_ours(w) ? 1 : 0);
	while (w->others > 0 && container_issuer_next(&r, &i))
		if (!span_eq(i.name, SPAN(w->issuer_name)))
			ask_note(w->c,
			    "the card knows another issuer of grants: %s, last serial %llu",
			    hex_put(i.name, name, sizeof(name)), (unsigned long long)i.serial);
	if (w->others == 0 || w->card.all.closed || w->a->no_close || w->a->keep_issuers)
		return 0;
	err_set(e, ERR_SAFETY,
	    "the card has %zu key%s of version 74 that may be others': closed, it would take "
	    "their grants for ever",
	    w->others, w->others == 1 ? "" : "s");
	return err_hint(e, "delete-keys 74 takes all of them out, and the same command puts the "
			   "one of this issuer again; --keep-issuers lets them stay");
}

static int put_issuer(struct work *w, struct err *e)
{
	uint64_t serial;

	if (has_ours(w) || (w->card.all.closed &&
			       container_issuer_find(&w->card.all, SPAN(w->issuer_name), &serial)))
		return 0;
	if (w->card.all.closed) {
		err_set(e, ERR_SAFETY, "the card is closed, and does not know this issuer");
		return err_hint(e, "grants for it come from whom it knows: container list");
	}
	w->put_issuer = true;
	return enrol_put_issuer(w->t.s, &w->keys, &w->issuer.key, e);
}

static int close_card(struct work *w, struct err *e)
{
	struct container_order o = { .kind = ORDER_CLOSE };
	struct order_time time;
	struct span answer;
	bool unknown;

	w->closed = w->card.all.closed;
	if (w->closed || w->a->no_close)
		return 0;
	if (order_time_of(w->c, &w->card, w->a->no_time, &time, e) != 0 ||
	    ask(w->c, "Close the card for other issuers of grants, for ever?", e) != 0)
		return -1;
	o.has_time = time.given;
	o.time = time.v;
	w->closed = true;
	return container_send(w->t.s, &o, &answer, &unknown, e);
}

/* ---- the run ---- */

static int plan(struct work *w, struct err *e)
{
	struct container_order o = { .kind = ORDER_CLOSE };
	const struct key_infos none = { 0 };
	struct span answer;
	bool unknown;

	dry_text(&w->t.dry, "80CAFF7300", "GET DATA: which issuers the card knows");
	dry_text(&w->t.dry, "80F100110401F0010000",
	    "GENERATE KEY, where the card has no key 11 of its own");
	if (w->ca != NULL || w->a->certificate != NULL)
		dry_text(&w->t.dry, "80E29000**A60483021101BF21**",
		    "STORE DATA: the certificate of that key");
	if (enrol_put_issuer(w->t.s, &none, &w->issuer.key, e) != 0)
		return -1;
	return w->a->no_close ? 0 : container_send(w->t.s, &o, &answer, &unknown, e);
}

static int write_out(struct work *w, char *path, size_t cap, struct err *e)
{
	char cin[2 * PARTY_CIN_MAX + 1];
	bool certified = w->now.certs_n > 0;

	if (w->a->output != NULL)
		snprintf(path, cap, "%s", w->a->output);
	else
		snprintf(path, cap, "%s.%s",
		    hex_put(span_of(w->now.cin, w->now.cin_n), cin, sizeof(cin)),
		    certified ? "pem" : "pub");
	return card_file_write(path, &w->now, certified, e);
}

static int tell(struct work *w, const char *path, struct err *e)
{
	uint8_t digest[PARTY_DIGEST];
	json_t *o = json_object();
	bool certified = w->now.certs_n > 0;

	out_set(&o, "card", out_hex(span_of(w->now.cin, w->now.cin_n)));
	out_set(&o, "iin", out_hex(span_of(w->now.iin, w->now.iin_n)));
	if (party_point_digest(&w->now.key, digest))
		out_set(&o, "key", out_hex(span_of(digest, PARTY_NAME)));
	out_set(&o, "version", json_text(out_hex8(w->now.version).s));
	out_set(&o, "made", json_boolean(w->made));
	out_set(&o, "certified", json_boolean(certified));
	out_set(&o, "issuer", out_hex(SPAN(w->issuer_name)));
	out_set(&o, "issuer_put", json_boolean(w->put_issuer));
	out_set(&o, "other_issuers", json_integer((json_int_t)w->others));
	out_set(&o, "closed", json_boolean(w->closed));
	out_set_text(&o, certified ? "certificates" : "public_key", path);
	if (out_result(w->c, o, e) != 0)
		return -1;
	if (!certified)
		ctx_note(w->c, "authority certify makes the certificate of it, and --certificate "
			       "brings that to the card");
	return 0;
}

static bool same_card(const struct registered *a, const struct registered *b)
{
	return a->certs_n == b->certs_n && memcmp(a->certs, b->certs, a->certs_n) == 0 &&
	       a->version == b->version && ec_public_eq(&a->key, &b->key);
}

static int enrol(struct work *w, struct err *e)
{
	char path[4096];
	bool told;

	if (card_see_identity(w->t.s, &w->card, e) != 0 ||
	    register_find(w->ks, span_of(w->card.cin, w->card.cin_n), &w->known, &w->is_known, e) !=
		0 ||
	    keys_read(w->t.s, &w->keys, &told, e) != 0)
		return -1;
	if (w->is_known && w->known.revoked) {
		err_set(e, ERR_SAFETY, "the key of this card was revoked");
		return err_hint(e, "authority list shows the register");
	}
	if (check_others(w, e) != 0 || see_key(w, e) != 0 || put_issuer(w, e) != 0 ||
	    close_card(w, e) != 0)
		return -1;
	if ((!w->is_known || !same_card(&w->known, &w->now)) &&
	    register_put(w->ks, &w->now, e) != 0)
		return -1;
	return write_out(w, path, sizeof(path), e) == 0 ? tell(w, path, e) : -1;
}

static int run(struct ctx *c, void *args, struct err *e)
{
	const struct args *a = args;
	struct work w = { .c = c, .a = a };
	int rc = prepare(&w, e);

	if (rc == 0)
		rc = container_target_open(&w.t, c, &a->channel, e);
	if (rc == 0)
		rc = target_close(&w.t, w.t.is_dry ? plan(&w, e) : enrol(&w, e), e);
	card_seen_free(&w.card);
	if (w.ks != NULL)
		keystore_close(w.ks);
	return rc;
}

const struct verb verb_authority_enrol = {
	.name = "authority enrol",
	.group = GROUP_AUTHORITY,
	.place = 170,
	.summary = "Get to know a card, and have it know who issues grants",
	.needs = NEED_READER | USES_SESSION | USES_KEYSTORE | MUTATES | DESTROYS | HAS_JSON,
	VERB_OPTS(opts),
	.args_size = sizeof(struct args),
	.run = run,
};
