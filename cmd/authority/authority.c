/* authority certify, list, revoke, grant: what an authority does without a card. */
#include <string.h>

#include "base/hex.h"
#include "cmd/authority/card_cert.h"
#include "cmd/authority/grant_record.h"
#include "cmd/authority/party_show.h"
#include "cmd/authority/place.h"
#include "cmd/kit/ask.h"
#include "cmd/kit/print.h"

/* ---- certify ---- */

struct certify_args {
	const char *path, *ca, *output;
};
static const struct operand certify_operands[] = {
	WORD_PATH("FILE", certify_args, path, "The key of a card, from authority enrol"),
};
static const struct opt certify_opts[] = {
	OPT_STRING(
	    "ca", "NAME", certify_args, ca, "Entry of type ca with its private key (the only one)"),
	OPT_PATH("output", "FILE", certify_args, output, "The certificates of the card (CIN.pem)"),
};

static int certify(
    const struct keystore *ks, const struct certify_args *a, struct registered *card, struct err *e)
{
	struct wr certs = wr_fixed(card->certs, sizeof(card->certs));
	const struct entry *ca;

	if (registered_read(a->path, card, e) != 0 ||
	    keystore_find(ks, ENTRY_CA, a->ca, &ca, e) != 0 ||
	    card_cert_make(ca, card, &certs, e) != 0)
		return -1;
	card->certs_n = certs.n;
	return register_put(ks, card, e);
}

static int certify_run(struct ctx *c, void *args, struct err *e)
{
	const struct certify_args *a = args;
	struct registered card;
	uint8_t digest[PARTY_DIGEST];
	char cin[2 * PARTY_CIN_MAX + 1], path[4096];
	struct keystore *ks;
	json_t *o;
	int rc;

	if (ctx_keystore(c, &ks, e) != 0)
		return -1;
	rc = certify(ks, a, &card, e);
	keystore_close(ks);
	if (rc != 0)
		return -1;
	hex_put(span_of(card.cin, card.cin_n), cin, sizeof(cin));
	snprintf(path, sizeof(path), a->output == NULL ? "%s.pem" : "%s",
	    a->output == NULL ? cin : a->output);
	if (card_file_write(path, &card, true, e) != 0)
		return -1;
	o = json_object();
	out_set(&o, "card", json_text(cin));
	if (party_point_digest(&card.key, digest))
		out_set(&o, "key", out_hex(span_of(digest, PARTY_NAME)));
	out_set_text(&o, "certificates", path);
	return out_result(c, o, e);
}

const struct verb verb_authority_certify = {
	.name = "authority certify",
	.group = GROUP_AUTHORITY,
	.place = 180,
	.summary = "Certify the key of a card that is elsewhere",
	.needs = USES_KEYSTORE | HAS_JSON,
	VERB_OPTS(certify_opts),
	VERB_OPERANDS(certify_operands),
	.args_size = sizeof(struct certify_args),
	.run = certify_run,
};

/* ---- list ---- */

static int list_run(struct ctx *c, void *args, struct err *e)
{
	struct keystore *ks;
	json_t *rows = NULL, *o;
	int rc;

	(void)args;
	if (ctx_keystore(c, &ks, e) != 0)
		return -1;
	rc = register_list(ks, &rows, e);
	keystore_close(ks);
	if (rc != 0) {
		json_decref(rows);
		return -1;
	}
	o = json_object();
	out_set(&o, "cards", rows);
	return out_result(c, o, e);
}

const struct verb verb_authority_list = {
	.name = "authority list",
	.group = GROUP_AUTHORITY,
	.place = 190,
	.summary = "List the cards of the register",
	.needs = USES_KEYSTORE | HAS_JSON,
	.run = list_run,
};

/* ---- revoke ---- */

struct revoke_args {
	struct opt_bytes cin;
};
static const struct operand revoke_operands[] = {
	WORD_BYTES("CARD", revoke_args, cin, "CIN of the card, in hex"),
};

static int find(
    const struct keystore *ks, const struct opt_bytes *cin, struct registered *card, struct err *e)
{
	char hex[HEX_SIZE(64)];
	bool found;

	if (register_find(ks, span_of(cin->b, cin->n), card, &found, e) != 0)
		return -1;
	if (found)
		return 0;
	err_set(e, ERR_SAFETY, "card %s was never enrolled",
	    hex_put(span_of(cin->b, cin->n), hex, sizeof(hex)));
	return err_hint(e, "authority list shows the register");
}

static int revoke_card(struct ctx *c, const struct keystore *ks, const struct opt_bytes *cin,
    bool *already, struct err *e)
{
	struct registered card;

	if (find(ks, cin, &card, e) != 0)
		return -1;
	*already = card.revoked;
	if (card.revoked)
		return 0;
	card.revoked = true;
	return ask(c, "Issue no more grants for this card, for ever?", e) == 0
		   ? register_put(ks, &card, e)
		   : -1;
}

static int revoke_run(struct ctx *c, void *args, struct err *e)
{
	const struct revoke_args *a = args;
	struct keystore *ks;
	bool already;
	json_t *o;
	int rc;

	if (ctx_keystore(c, &ks, e) != 0)
		return -1;
	rc = revoke_card(c, ks, &a->cin, &already, e);
	keystore_close(ks);
	if (rc != 0)
		return -1;
	o = json_object();
	out_set(&o, "card", out_hex(span_of(a->cin.b, a->cin.n)));
	out_set(&o, "revoked", json_true());
	out_set(&o, "already", json_boolean(already));
	return out_result(c, o, e);
}

const struct verb verb_authority_revoke = {
	.name = "authority revoke",
	.group = GROUP_AUTHORITY,
	.place = 200,
	.summary = "Issue no more grants for a card",
	.needs = USES_KEYSTORE | HAS_JSON | DESTROYS,
	VERB_OPERANDS(revoke_operands),
	.args_size = sizeof(struct revoke_args),
	.run = revoke_run,
};

/* ---- grant ---- */

struct grant_args {
	const char *request, *container, *party, *rights, *issuer, *output;
	struct opt_bytes fingerprint, card;
	struct opt_u32 valid_until, quota_data, reserve_data;
	bool shared;
};
static const struct operand grant_operands[] = {
	WORD_PATH("REQUEST", grant_args, request, "What the party sent"),
};
static const struct opt grant_opts[] = {
	OPT_BYTES("card", "CIN", grant_args, card, 1, PARTY_CIN_MAX,
	    "The card, of the register, in hex", .flags = OPT_REQUIRED),
	OPT_STRING("container", "AID|new", grant_args, container,
	    "The container: its AID in hex, or new for one that nobody guesses",
	    .flags = OPT_REQUIRED),
	OPT_STRING("party", "NAME", grant_args, party,
	    "Entry of type party in the key store that the request must be of"),
	OPT_BYTES("fingerprint", "HEX", grant_args, fingerprint, PARTY_NAME, PARTY_NAME,
	    "Fingerprint of its key, as the party said in another way"),
	OPT_STRING("rights", "LIST", grant_args, rights,
	    "What it may do: read, write, content, admit, shared, with commas (as it asks)"),
	OPT_FLAG("shared", grant_args, shared,
	    "The container is for several parties, whom the operator chooses"),
	OPT_U32("quota-data", "OCTETS", grant_args, quota_data, 0, UINT32_MAX,
	    "Non-volatile memory that the container may take (as it asks)"),
	OPT_U32("reserve-data", "OCTETS", grant_args, reserve_data, 0, UINT32_MAX,
	    "Non-volatile memory that is kept free for it (as it asks)"),
	OPT_DATE("valid-until", "DAY", grant_args, valid_until,
	    "Last day on which it can be claimed", .flags = OPT_REQUIRED),
	OPT_STRING("issuer", "NAME", grant_args, issuer,
	    "Entry of type grantor in the key store that signs (the only one)"),
	OPT_PATH("output", "FILE", grant_args, output,
	    "The grant, for the operator to place; must not exist", .flags = OPT_REQUIRED),
};

/* With all that the register knows of the card; what it does not know the operator adds. */
static int write_grant(const char *path, const struct registered *card, struct span grant,
    struct span domain_key, struct err *e)
{
	struct wr w = wr_grow(PARTY_FILE_MAX);
	struct grant_file f = { .cin = span_of(card->cin, card->cin_n),
		.iin = span_of(card->iin, card->iin_n),
		.certs = span_of(card->certs, card->certs_n) };
	bool whole = card->certs_n > 0 && card->iin_n > 0;
	int rc;

	f.grant.whole = grant;
	f.domain_key.whole = domain_key;
	if (whole) {
		grant_file_put(&w, &f);
	} else {
		wr_put(&w, grant);
		wr_put(&w, domain_key);
	}
	rc = wr_ok(&w) ? party_file_write(
			     path, whole ? PARTY_FILE_PLACED : PARTY_FILE_GRANT, wr_span(&w), e)
		       : err_set(e, ERR_OTHER, "the grant is too long");
	wr_free(&w);
	return rc;
}

static int tell_grant(struct ctx *c, const char *path, struct span whole,
    const struct registered *card, struct err *e)
{
	json_t *o = json_object();
	char text[FINGERPRINT_TEXT], day[DAY_TEXT];
	struct grant g;

	if (!grant_get(whole, &g)) {
		json_decref(o);
		return err_set(e, ERR_OTHER, "internal: grant");
	}
	party_id_show(&o, "party", g.id);
	out_set(&o, "fingerprint", json_text(fingerprint_text(&g.key, text)));
	out_set(&o, "card", out_hex(span_of(card->cin, card->cin_n)));
	out_set(&o, "container", out_hex(g.container));
	wish_show(&o, &(struct party_wish){ g.rights, &g.quotas, g.prefix });
	out_set(&o, "until", json_text(day_text(g.until - 1, day)));
	out_set(&o, "serial", serial_json(g.serial));
	out_set_text(&o, "grant", path);
	return out_result(c, o, e);
}

/* What the options say, and the key store. */
static int take_order(struct grant_order *o, struct ctx *c, const struct keystore *ks,
    const struct grant_args *a, struct err *e)
{
	struct grant_terms t = { .party = a->party,
		.issuer = a->issuer,
		.fingerprint = span_of(a->fingerprint.b, a->fingerprint.n),
		.has_rights = a->rights != NULL,
		.shared = a->shared,
		.data_quota = { a->quota_data.given, a->quota_data.v },
		.data_reserve = { a->reserve_data.given, a->reserve_data.v },
		.until = a->valid_until.v };

	if ((t.has_rights && rights_parse(a->rights, &t.rights, e) != 0) ||
	    grant_order_read(o, &t, a->request, e) != 0 || grant_order_keyed(o, &t, ks, e) != 0)
		return -1;
	if (o->known != NULL)
		ctx_note(c, "party: the key is that of `%s` in %s", o->known, o->known_in);
	return 0;
}

static int take_card(const struct keystore *ks, const struct grant_args *a, struct registered *card,
    struct aid *container, struct err *e)
{
	bool is_new;

	if (container_aid_parse(a->container, container, &is_new, e) != 0 ||
	    find(ks, &a->card, card, e) != 0)
		return -1;
	if (card->revoked || card->key.n == 0)
		return err_set(e, ERR_SAFETY, "the key of this card %s",
		    card->revoked ? "was revoked" : "is not known");
	return is_new ? container_aid_new(container, e) : 0;
}

static int take_serial(void *ctx, const struct grant_issue *g, uint64_t *serial, struct err *e)
{
	return grant_serial_take(ctx, g, serial, e);
}

static int grant(struct ctx *c, const struct keystore *ks, const struct grant_args *a,
    struct grant_order *o, struct err *e)
{
	struct serials serials = { .yes = c->yes };
	struct wr w = wr_grow(PARTY_FILE_MAX);
	struct registered card;
	struct aid container;
	int rc = take_order(o, c, ks, a, e);

	if (rc == 0)
		rc = take_card(ks, a, &card, &container, e);
	if (rc == 0)
		rc = grant_order_sign(o,
		    &(struct grant_card){ .key = &card.key,
			.cin = span_of(card.cin, card.cin_n),
			.container = &container,
			.rights = o->rights,
			.serial = take_serial,
			.ctx = &serials },
		    &w, e);
	if (rc == 0)
		rc = write_grant(
		    a->output, &card, wr_span(&w), o->request.request.domain_key.whole, e);
	if (rc == 0)
		rc = tell_grant(c, a->output, wr_span(&w), &card, e);
	wr_free(&w);
	return rc;
}

static int grant_run(struct ctx *c, void *args, struct err *e)
{
	struct grant_order o = { .known = NULL };
	struct keystore *ks;
	int rc;

	if (ctx_keystore(c, &ks, e) != 0)
		return -1;
	rc = grant(c, ks, args, &o, e);
	grant_order_free(&o);
	keystore_close(ks);
	return rc;
}

const struct verb verb_authority_grant = {
	.name = "authority grant",
	.group = GROUP_AUTHORITY,
	.place = 210,
	.summary = "Sign a grant for a card of the register",
	.needs = USES_KEYSTORE | HAS_JSON | DESTROYS,
	VERB_OPTS(grant_opts),
	VERB_OPERANDS(grant_operands),
	.args_size = sizeof(struct grant_args),
	.run = grant_run,
};
