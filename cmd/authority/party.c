/* party request, party show: what a party asks for, and what the files say; without a card. */
#include <string.h>
#include <time.h>

#include "base/hex.h"
#include "cmd/authority/card_cert.h"
#include "cmd/authority/party_show.h"
#include "change/party_keys.h"
#include "cmd/kit/print.h"

/* ---- party request ---- */

struct request_args {
	const char *key, *id, *rights, *domain_key, *card, *output;
	struct opt_u32 quota_data, reserve_data;
	struct opt_bytes prefix;
};

static const struct opt request_opts[] = {
	OPT_STRING("key", "NAME", request_args, key,
	    "Entry of type party in the key store (the only one)"),
	OPT_STRING("id", "NAME", request_args, id,
	    "Name of the party, as agreed: 1 to 16 octets; a pseudonym will do",
	    .flags = OPT_REQUIRED),
	OPT_STRING("rights", "LIST", request_args, rights,
	    "What it wants to do: read, write, content, admit, shared, with commas "
	    "(read,write,content,admit)"),
	OPT_U32("quota-data", "OCTETS", request_args, quota_data, 0, UINT32_MAX,
	    "Non-volatile memory that its container may take"),
	OPT_U32("reserve-data", "OCTETS", request_args, reserve_data, 0, UINT32_MAX,
	    "Non-volatile memory to be kept free for it"),
	OPT_BYTES("aid-prefix", "HEX", request_args, prefix, PARTY_PREFIX_MIN, PARTY_PREFIX_MAX,
	    "AIDs of what it loads and installs begin with this"),
	OPT_STRING("domain-key", "NAME", request_args, domain_key,
	    "Entry of type domain-key: the key of the application, sealed for one card"),
	OPT_PATH("card", "FILE", request_args, card, "Certificates of that card"),
	OPT_PATH("output", "FILE", request_args, output, "The new request; must not exist",
	    .flags = OPT_REQUIRED),
};

/* The key of the application for one card: nobody but that card can open it. */
static int seal(struct ctx *c, const struct keystore *ks, const struct request_args *a,
    const struct party_entry *party, struct wr *w, struct err *e)
{
	struct party_anchors anchors;
	const struct key *dk;
	struct ec_public card;
	SECRET_EC(ephemeral);
	bool proven;

	if (a->domain_key == NULL && a->card == NULL)
		return 0;
	if (a->domain_key == NULL || a->card == NULL)
		return err_set(e, ERR_USAGE, "--domain-key and --card go together");
	if (domain_key_find(ks, a->domain_key, &dk, e) != 0 ||
	    party_anchors_take(ks, &anchors, e) != 0 ||
	    card_file_read(a->card, &anchors, &card, &proven, e) != 0)
		return -1;
	if (!proven) {
		err_set(
		    e, ERR_AUTH, "%s: nobody says that this is the key of a genuine card", a->card);
		return err_hint(e, "the key store needs who certifies the cards (type: ca)");
	}
	if (!ec_generate(EC_P256, &ephemeral) ||
	    !domain_key_put(w, &(struct domain_key_seal){ dk, &ephemeral, &card, &party->key }))
		return err_set(e, ERR_OTHER, "the domain key cannot be sealed");
	(void)c;
	return 0;
}

static int make_request(const struct request_args *a, const struct party_entry *party,
    struct span domain_key, struct wr *w, struct err *e)
{
	struct party_request_make m = { .id = span_str(a->id),
		.rights = RIGHT_READ | RIGHT_WRITE | RIGHT_CONTENT | RIGHT_ADMIT,
		.quotas = { .data_quota = { a->quota_data.given, a->quota_data.v },
		    .data_reserve = { a->reserve_data.given, a->reserve_data.v } },
		.prefix = span_of(a->prefix.b, a->prefix.n),
		.domain_key = domain_key,
		.key = &party->key,
		.sign = party->form == PARTY_SIGNING ? party->own : NULL };

	if (m.id.n < 1 || m.id.n > PARTY_ID_MAX)
		return err_set(e, ERR_USAGE, "--id: 1 to %d octets", PARTY_ID_MAX);
	if (a->rights != NULL && rights_parse(a->rights, &m.rights, e) != 0)
		return -1;
	return party_request_put(w, &m) ? 0 : err_set(e, ERR_OTHER, "the request cannot be made");
}

static json_t *request_show(const struct party_request *q)
{
	json_t *o = json_object();
	char text[FINGERPRINT_TEXT];

	party_id_show(&o, "party", q->id);
	out_set(&o, "fingerprint", json_text(fingerprint_text(&q->key, text)));
	out_set(&o, "form", json_text(q->form == PARTY_SIGNING ? "signing" : "agreement"));
	wish_show(&o, &(struct party_wish){ q->rights, &q->quotas, q->prefix });
	out_set(&o, "domain_key", json_boolean(q->domain_key.whole.n > 0));
	return o;
}

static int request_tell(struct ctx *c, const char *path, struct span request, struct err *e)
{
	struct party_request q;
	json_t *o;

	if (!party_request_get(request, &q))
		return err_set(e, ERR_OTHER, "internal: request");
	o = request_show(&q);
	out_set_text(&o, "request", path);
	if (out_result(c, o, e) != 0)
		return -1;
	ctx_note(c, "who gets it compares the fingerprint with what you say in another way");
	return 0;
}

static int request_run(struct ctx *c, void *args, struct err *e)
{
	const struct request_args *a = args;
	struct wr w = wr_grow(PARTY_FILE_MAX), domain_key = wr_grow(PARTY_FILE_MAX);
	struct party_entry party;
	struct keystore *ks;
	int rc;

	if (ctx_keystore(c, &ks, e) != 0)
		return -1;
	rc = party_key_find(ks, ENTRY_PARTY, a->key, true, &party, e);
	if (rc == 0)
		rc = seal(c, ks, a, &party, &domain_key, e);
	if (rc == 0)
		rc = make_request(a, &party, wr_span(&domain_key), &w, e);
	if (rc == 0)
		rc = party_file_write(a->output, PARTY_FILE_REQUEST, wr_span(&w), e);
	if (rc == 0)
		rc = request_tell(c, a->output, wr_span(&w), e);
	wr_free(&w);
	wr_free(&domain_key);
	keystore_close(ks);
	return rc;
}

const struct verb verb_party_request = {
	.name = "party request",
	.group = GROUP_AUTHORITY,
	.place = 100,
	.summary = "Ask for a container on a card",
	.needs = USES_KEYSTORE | HAS_JSON,
	VERB_OPTS(request_opts),
	.args_size = sizeof(struct request_args),
	.run = request_run,
};

/* ---- party show ---- */

struct show_args {
	const char *path;
};

static const struct operand show_operands[] = {
	WORD_PATH("FILE", show_args, path, "A request, a grant, or the file of a grant"),
};

/* The key store is wanted, not needed: what it does not know is null. */
static int open_store(struct ctx *c, struct keystore **ks, struct err *e)
{
	*ks = NULL;
	if (ctx_keystore(c, ks, e) == 0 || e->code != ERR_USAGE)
		return *ks == NULL ? -1 : 0;
	err_clear(e);
	ctx_note(c, "no key store is named: names of keys and certificates are not looked at");
	return 0;
}

static int show_request(
    const struct keystore *ks, const struct party_request *q, json_t **o, struct err *e)
{
	struct party_entry known = { 0 };

	if (ks != NULL && party_known(ks, &q->key, &known, e) != 0)
		return -1;
	*o = request_show(q);
	/* Form M has no signature: nothing to be checked. */
	out_set(o, "signature",
	    q->form == PARTY_SIGNING ? json_boolean(party_request_proven(q)) : json_null());
	out_set(o, "known_as", known.name == NULL ? json_null() : json_text(known.name));
	return 0;
}

static void show_days(json_t **o, const struct grant *g)
{
	char text[DAY_TEXT];

	out_set(o, "from", json_text(day_text(g->from, text)));
	out_set(o, "until", json_text(day_text(g->until - 1, text)));
	out_set(o, "in_time", json_boolean(grant_in_time(g, (int64_t)time(NULL))));
}

static int show_grant(const struct keystore *ks, const struct grant *g, json_t **o, struct err *e)
{
	struct party_entry issuer = { 0 }, party = { 0 };
	uint8_t digest[PARTY_DIGEST];
	char text[FINGERPRINT_TEXT];

	if (ks != NULL && (grantor_named(ks, g->issuer, &issuer, e) != 0 ||
			      party_known(ks, &g->key, &party, e) != 0))
		return -1;
	party_id_show(o, "party", g->id);
	out_set(o, "fingerprint", json_text(fingerprint_text(&g->key, text)));
	out_set(o, "known_as", party.name == NULL ? json_null() : json_text(party.name));
	out_set(o, "form", json_text(g->form == PARTY_SIGNING ? "signing" : "agreement"));
	out_set(o, "container", out_hex(g->container));
	out_set(o, "card_key", out_hex(g->card));
	wish_show(o, &(struct party_wish){ g->rights, &g->quotas, g->prefix });
	out_set(o, "domain_key", json_boolean(g->domain_key.n > 0));
	show_days(o, g);
	out_set(o, "serial", json_integer((json_int_t)g->serial));
	out_set(o, "issuer", out_hex(g->issuer));
	out_set(o, "issuer_known_as", issuer.name == NULL ? json_null() : json_text(issuer.name));
	out_set(o, "signature",
	    issuer.name == NULL ? json_null() : json_boolean(grant_signed_by(g, &issuer.key)));
	if (grant_digest(g->whole, digest))
		out_set(o, "digest", out_hex(SPAN(digest)));
	return 0;
}

/* Where the card is found, and whether its certificates are of its key, and hold. */
static int show_card(
    const struct keystore *ks, const struct grant_file *f, json_t **o, struct err *e)
{
	struct party_anchors anchors = { .n = 0 };
	struct ec_public key;
	char address[GRANT_ADDRESS_MAX + 1];
	bool proven = false;
	struct err why;

	if (ks != NULL && party_anchors_take(ks, &anchors, e) != 0)
		return -1;
	out_set(o, "cin", out_hex(f->cin));
	out_set(o, "iin", out_hex(f->iin));
	snprintf(address, sizeof(address), "%.*s", (int)f->address.n, (const char *)f->address.p);
	out_set_text(o, "address", f->address.n == 0 ? NULL : address);
	out_set(o, "card_key_certified", json_boolean(grant_file_of_card(f)));
	if (card_certs_check(f->certs, &anchors, &key, &proven, &why) != 0)
		out_set(o, "certificates", json_text(why.text));
	else
		out_set(o, "certificates", proven ? json_text("good") : json_null());
	return 0;
}

static int show(const struct keystore *ks, const struct party_file *f, json_t **o, struct err *e)
{
	out_set(o, "kind", json_text(party_file_kind_str(f->kind)));
	if (f->kind == PARTY_FILE_REQUEST) {
		json_t *q = NULL;
		int rc = show_request(ks, &f->request, &q, e);

		if (rc == 0 && (*o == NULL || q == NULL || json_object_update(*o, q) != 0))
			rc = err_memory(e);
		json_decref(q);
		return rc;
	}
	if (show_grant(ks, &f->grant_file.grant, o, e) != 0)
		return -1;
	return f->kind == PARTY_FILE_PLACED ? show_card(ks, &f->grant_file, o, e) : 0;
}

static int show_run(struct ctx *c, void *args, struct err *e)
{
	const struct show_args *a = args;
	json_t *o = json_object();
	struct party_file f = { 0 };
	struct keystore *ks = NULL;
	int rc = open_store(c, &ks, e);

	if (rc == 0)
		rc = party_file_read(a->path, &f, e);
	if (rc == 0)
		rc = show(ks, &f, &o, e);
	party_file_free(&f);
	if (ks != NULL)
		keystore_close(ks);
	if (rc == 0)
		return out_result(c, o, e);
	json_decref(o);
	return -1;
}

const struct verb verb_party_show = {
	.name = "party show",
	.group = GROUP_AUTHORITY,
	.place = 110,
	.summary = "Show a request or a grant in words",
	.needs = USES_KEYSTORE | HAS_JSON,
	VERB_OPERANDS(show_operands),
	.args_size = sizeof(struct show_args),
	.run = show_run,
};
