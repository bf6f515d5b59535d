/* reserve: the operator places a grant that an authority signed, with the resources that it gives.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd/authority/grant_record.h"
#include "cmd/authority/place.h"
#include "cmd/kit/print.h"

struct args {
	const char *grant, *output, *address, *receipt_key;
	bool no_time;
	struct channel_args channel;
};

static const struct operand operands[] = {
	WORD_PATH("GRANT", args, grant, "What the authority signed"),
};
static const struct opt opts[] = {
	OPT_PATH("output", "FILE", args, output,
	    "The file for the party, with certificates and address (in the place of GRANT)"),
	OPT_STRING("address", "TEXT", args, address,
	    "Where the party finds the card: vcard:PATH, pcsc:NAME, or words for people"),
	OPT_STRING("receipt-key", "NAME", args, receipt_key,
	    "Entry of type receipt in the key store: the card must confirm with this key"),
	OPT_FLAG("no-time", args, no_time, "Leave the card's clock alone"),
	CHANNEL_OPTS(args, channel),
};

/* One run. */
struct work {
	struct ctx *c;
	const struct args *a;
	struct keystore *ks;
	const struct entry *receipt_key;
	struct party_file file;
	struct target t;
	struct card_seen card;
	struct place place;
};

/* The signature is the card's to check; where the store knows the authority, here as well. */
static int check_grant(struct work *w, struct err *e)
{
	const struct grant *g = &w->file.grant_file.grant;
	struct party_key issuer;
	char text[DAY_TEXT];
	struct timespec now = { 0 };

	if (grantors_check(w->ks, e) != 0 || grantor_named(w->ks, g->issuer, &issuer, e) != 0)
		return -1;
	if (issuer.name == NULL)
		ctx_note(w->c, "the key store has no grantor of that name: the card alone checks "
			       "the signature");
	else if (!grant_signed_by(g, &issuer.key))
		return err_set(e, ERR_INPUT, "%s: `%s` did not sign it", w->file.path, issuer.name);
	clock_gettime(CLOCK_REALTIME, &now);
	if ((int64_t)now.tv_sec >= g->until)
		return err_set(
		    e, ERR_INPUT, "%s: good until %s", w->file.path, day_text(g->until - 1, text));
	return grant_serial_check(g->serial, (int64_t)now.tv_sec * 1000, w->c->yes, e);
}

static int prepare(struct work *w, struct err *e)
{
	const struct args *a = w->a;

	if (ctx_keystore(w->c, &w->ks, e) != 0)
		return -1;
	if (container_channel_check(w->c, &a->channel, w->ks, e) != 0 ||
	    party_file_read_as(
		a->grant, 1u << PARTY_FILE_GRANT | 1u << PARTY_FILE_PLACED, &w->file, e) != 0 ||
	    check_grant(w, e) != 0)
		return -1;
	if (a->address != NULL && strlen(a->address) > GRANT_ADDRESS_MAX)
		return err_set(e, ERR_USAGE, "--address: at most %d octets", GRANT_ADDRESS_MAX);
	return a->receipt_key == NULL
		   ? 0
		   : keystore_find(w->ks, ENTRY_RECEIPT, a->receipt_key, &w->receipt_key, e);
}

static int plan(struct work *w, struct err *e)
{
	const struct grant_file *f = &w->file.grant_file;
	const struct container_order o = {
		.kind = ORDER_PLACE, .grant = f->grant, .domain_key = f->domain_key
	};
	struct span answer;
	struct aid aid;
	bool unknown;

	dry_text(&w->t.dry, "80CAFF7300", "GET DATA: containers, their parties, last serials");
	if (!aid_from(&aid, f->grant.container) ||
	    container_make(w->t.s, &aid, &f->grant.quotas, e) != 0)
		return -1;
	return container_send(w->t.s, &o, &answer, &unknown, e);
}

static int check_card(const struct work *w, struct err *e)
{
	uint8_t digest[PARTY_DIGEST];

	if (!party_point_digest(&w->card.key, digest))
		return err_set(e, ERR_OTHER, "the digest of the card's key cannot be computed");
	if (span_eq(SPAN(digest), w->file.grant_file.grant.card))
		return 0;
	err_set(e, ERR_AUTH, "%s: for another card, or for another key of this one", w->file.path);
	return err_hint(e, "a grant is for one card");
}

/* What the authority may not have known. */
static struct grant_file complete(const struct work *w)
{
	struct grant_file f = w->file.grant_file;

	f.cin = span_of(w->card.cin, w->card.cin_n);
	f.iin = span_of(w->card.iin, w->card.iin_n);
	f.certs = wr_span(&w->card.certs);
	if (w->a->address != NULL)
		f.address = span_str(w->a->address);
	return f;
}

/* A file of a run before stays as it is, unless there is something to add. */
static bool has_file(const struct work *w)
{
	if (w->a->address != NULL || access(w->place.output, F_OK) != 0)
		return false;
	return w->a->output != NULL || w->file.kind == PARTY_FILE_PLACED;
}

static int place(struct work *w, struct err *e)
{
	const struct grant_file f = complete(w);
	struct place *p = &w->place;
	json_t *o = json_object();
	enum place_state is;
	bool there;

	if (!aid_from(&p->container, f.grant.container) ||
	    place_look(p, &f.grant, &is, &there, e) != 0 ||
	    (is == PLACE_FREE && place_grant(p, &f, there, e) != 0) ||
	    (is == PLACE_WAITING && !has_file(w) && place_write(p, &f, e) != 0)) {
		json_decref(o);
		return -1;
	}
	if (is != PLACE_FREE)
		place_was_done(p, is);
	place_show(p, &f.grant, &o);
	if (w->a->receipt_key != NULL && is == PLACE_FREE)
		out_set(&o, "receipt_proven", json_true());
	return out_result(w->c, o, e);
}

static int work(struct work *w, struct err *e)
{
	if (w->t.is_dry)
		return plan(w, e);
	w->place = (struct place){ .c = w->c,
		.t = &w->t,
		.card = &w->card,
		.output = w->a->output == NULL ? w->a->grant : w->a->output,
		.receipt_key = w->receipt_key,
		.make = true };
	if (card_see(&w->t, w->ks, &w->card, e) != 0 || check_card(w, e) != 0 ||
	    order_time_of(w->c, &w->card, w->a->no_time, &w->place.time, e) != 0)
		return -1;
	return place(w, e);
}

static int run(struct ctx *c, void *args, struct err *e)
{
	const struct args *a = args;
	struct work w = { .c = c, .a = a };
	int rc = prepare(&w, e);

	if (rc == 0)
		rc = container_target_open(&w.t, c, &a->channel, e);
	if (rc == 0)
		rc = target_close(&w.t, work(&w, e), e);
	card_seen_free(&w.card);
	party_file_free(&w.file);
	if (w.ks != NULL)
		keystore_close(w.ks);
	return rc;
}

const struct verb verb_reserve = {
	.name = "reserve",
	.group = GROUP_AUTHORITY,
	.place = 160,
	.summary = "Place a grant of an authority, with the resources in it",
	.needs = NEED_READER | USES_SESSION | USES_KEYSTORE | MUTATES | DESTROYS | HAS_JSON,
	VERB_OPTS(opts),
	VERB_OPERANDS(operands),
	.args_size = sizeof(struct args),
	.run = run,
};
