/* authorize party: the operator signs a grant for one container of this card and places it there.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hex.h"
#include "cmd/authority/grant_make.h"
#include "cmd/authority/grant_record.h"
#include "cmd/authority/place.h"

struct args {
	struct grant_terms terms;
	struct channel_args channel;
	const char *output, *address;
	bool no_time;
};

static const struct operand operands[] = { GRANT_OPERANDS(args, terms) };
static const struct opt opts[] = {
	GRANT_OPTS(args, terms),
	OPT_STRING("address", "TEXT", args, address,
	    "Where the party finds the card: vcard:PATH, pcsc:NAME, or words for people"),
	OPT_PATH("output", "FILE", args, output, "The grant, for the party", .flags = OPT_REQUIRED),
	OPT_FLAG("no-time", args, no_time, "Leave the card's clock alone"),
	CHANNEL_OPTS(args, channel),
};

/* One run. */
struct work {
	struct ctx *c;
	const struct args *a;
	struct keystore *ks;
	struct grant_order order;
	struct party_file former; /* the output of a run before */
	bool has_former;
	struct target t;
	struct card_seen card;
	struct place place;
	struct wr grant; /* that was made */
};

/* ---- before the card ---- */

/* A file of this name is the grant of a run before, which is gone on with, or nothing that may be
 * written over. */
static int read_former(struct work *w, struct err *e)
{
	const struct args *a = w->a;
	struct party_file *f = &w->former;
	const struct grant *g = &f->grant_file.grant;
	struct err why;

	if (access(a->output, F_OK) != 0)
		return 0;
	if (party_file_read_as(a->output, 1u << PARTY_FILE_PLACED, f, &why) == 0 &&
	    ec_public_eq(&g->key, &w->order.request.request.key) &&
	    span_eq(g->id, w->order.request.request.id) &&
	    (w->order.is_new || span_eq(g->container, aid_span(&w->order.container)))) {
		w->has_former = true;
		return 0;
	}
	err_set(e, ERR_SAFETY, "%s is there already, and is no grant for this request", a->output);
	return err_hint(e, "choose another name, or remove it");
}

static int prepare(struct work *w, struct err *e)
{
	const struct args *a = w->a;

	if (ctx_keystore(w->c, &w->ks, e) != 0)
		return -1;
	if (container_channel_check(w->c, &a->channel, w->ks, e) != 0 ||
	    grant_order_take(&w->order, w->c, w->ks, &a->terms, e) != 0)
		return -1;
	if (a->address != NULL && strlen(a->address) > GRANT_ADDRESS_MAX)
		return err_set(e, ERR_USAGE, "--address: at most %d octets", GRANT_ADDRESS_MAX);
	return read_former(w, e);
}

/* ---- the card ---- */

/* Without the card nothing can be signed: what goes out is told as far as it is known. */
static int plan(struct work *w, struct err *e)
{
	struct grant_order *o = &w->order;

	dry_text(&w->t.dry, "80CA00E000", "GET DATA: keys of the card");
	dry_text(&w->t.dry, "80CABF2106A604830211**00", "GET DATA: certificates of key 11");
	dry_text(&w->t.dry, "80CAFF7300", "GET DATA: containers, their parties, last serials");
	if (o->is_new && container_aid_new(&o->container, e) != 0)
		return -1;
	if ((o->is_new || grant_order_makes(o)) &&
	    container_make(w->t.s, &o->container, &o->quotas, e) != 0)
		return -1;
	dry_text(&w->t.dry, "80E29100**BF73**80010100",
	    "STORE DATA: place, with the grant that is signed for this card then");
	return 0;
}

static int same_card(const struct work *w, struct err *e)
{
	const struct grant_file *f = &w->former.grant_file;

	if (!w->has_former || span_eq(f->cin, span_of(w->card.cin, w->card.cin_n)))
		return 0;
	err_set(e, ERR_SAFETY, "%s is the grant of another card", w->a->output);
	return err_hint(e, "choose another name");
}

/* The container of the run before, a new one, or the one that was named. */
static int choose_container(struct work *w, struct err *e)
{
	struct grant_order *o = &w->order;

	if (w->has_former)
		return aid_from(&o->container, w->former.grant_file.grant.container)
			   ? 0
			   : err_set(e, ERR_OTHER, "internal: AID");
	return o->is_new ? container_aid_new(&o->container, e) : 0;
}

static int sign(struct work *w, struct grant_file *f, struct err *e)
{
	struct grant_card card = { .key = &w->card.key,
		.cin = span_of(w->card.cin, w->card.cin_n) };
	struct container c;

	if (!container_issuer_find(&w->card.all, SPAN(w->order.issuer_name), &card.above))
		card.above = 0;
	/* Only the first to claim a container owns it. */
	if (container_find(&w->card.all, aid_span(&w->order.container), &c) &&
	    c.stage == STAGE_CLAIMED)
		w->order.rights &= (uint8_t)~RIGHT_ADMIT;
	if (grant_order_sign(&w->order, &card, &w->grant, e) != 0)
		return -1;
	if (!grant_get(wr_span(&w->grant), &f->grant))
		return err_set(e, ERR_OTHER, "internal: grant");
	f->domain_key = w->order.request.request.domain_key;
	f->cin = span_of(w->card.cin, w->card.cin_n);
	f->iin = span_of(w->card.iin, w->card.iin_n);
	f->certs = wr_span(&w->card.certs);
	f->address = w->a->address == NULL ? span_of(NULL, 0) : span_str(w->a->address);
	return 0;
}

static int tell(struct work *w, const struct grant_file *f, struct err *e)
{
	json_t *o = json_object();

	place_show(&w->place, &f->grant, &o);
	return out_result(w->c, o, e);
}

static int place(struct work *w, struct err *e)
{
	struct place *p = &w->place;
	struct grant_file f = { 0 };
	struct grant wanted = { 0 };
	enum place_state is;
	bool there;

	p->container = w->order.container;
	if (w->has_former)
		wanted = w->former.grant_file.grant;
	wanted.id = w->order.request.request.id;
	wanted.rights = w->order.rights;
	if (place_look(p, &wanted, &is, &there, e) != 0)
		return -1;
	if (is != PLACE_FREE) {
		place_was_done(p, is);
		return tell(w, &w->former.grant_file, e);
	}
	p->make = w->order.is_new || grant_order_makes(&w->order);
	if (sign(w, &f, e) != 0 || place_grant(p, &f, there, e) != 0)
		return -1;
	return tell(w, &f, e);
}

static int work(struct work *w, struct err *e)
{
	if (w->t.is_dry)
		return plan(w, e);
	w->place = (struct place){ .c = w->c,
		.t = &w->t,
		.card = &w->card,
		.output = w->a->output,
		.address = w->a->address };
	if (card_see(&w->t, w->ks, &w->card, e) != 0 || same_card(w, e) != 0 ||
	    order_time_of(w->c, &w->card, w->a->no_time, &w->place.time, e) != 0 ||
	    choose_container(w, e) != 0)
		return -1;
	return place(w, e);
}

static int run(struct ctx *c, void *args, struct err *e)
{
	const struct args *a = args;
	struct work w = { .c = c, .a = a, .grant = wr_grow(PARTY_FILE_MAX) };
	int rc = prepare(&w, e);

	if (rc == 0)
		rc = container_target_open(&w.t, c, &a->channel, e);
	if (rc == 0)
		rc = target_close(&w.t, work(&w, e), e);
	card_seen_free(&w.card);
	party_file_free(&w.former);
	grant_order_free(&w.order);
	wr_free(&w.grant);
	if (w.ks != NULL)
		keystore_close(w.ks);
	return rc;
}

const struct verb verb_authorize_party = {
	.name = "authorize party",
	.group = GROUP_AUTHORITY,
	.place = 120,
	.summary = "Let a third party onto a card",
	.needs = NEED_READER | USES_SESSION | USES_KEYSTORE | MUTATES | DESTROYS | HAS_JSON,
	VERB_OPTS(opts),
	VERB_OPERANDS(operands),
	.args_size = sizeof(struct args),
	.run = run,
};
