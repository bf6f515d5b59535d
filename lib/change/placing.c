#include "change/placing.h"

#include <inttypes.h>
#include <sys/stat.h>
#include <time.h>

#include "base/hex.h"
#include "host/scp11.h"

enum { A_YEAR = 366 * 86400 };

void placing_free(void *work)
{
	struct placing *w = work;

	card_seen_free(&w->card);
	party_file_free(&w->file);
	wr_free(&w->own);
}

const struct grant *placing_grant(const struct placing *w)
{
	return w->placed.grant.whole.n > 0 ? &w->placed.grant : &w->file.grant_file.grant;
}

/* ---- what is there ---- */

static bool is_this(const struct grant *g, const struct container_grant *there)
{
	uint8_t digest[PARTY_DIGEST];

	return g != NULL && grant_digest(g->whole, digest) && span_eq(SPAN(digest), there->digest);
}

/* A1: of this grant, where it is known; else with the rights that are asked for, but for the one
 * that is only the first's. */
static bool is_its(
    const struct change_card *c, const struct placing_asks *a, const struct container_party *p)
{
	if (a->grant != NULL)
		return p->serial == a->grant->serial;
	return !c->by_hand && ((p->rights ^ a->rights) & (uint8_t)~RIGHT_ADMIT) == 0;
}

/* False: nothing of the party is in it. */
static bool look_in(const struct change_card *c, struct placing *w, const struct placing_asks *a,
    const struct container *in)
{
	struct container_party party;
	struct container_grant waits;

	if (container_party_find(in, a->id, &party)) {
		w->is = is_its(c, a, &party) ? PLACE_CLAIMED : PLACE_OTHER;
		w->serial = party.serial;
	} else if (container_grant_find(in, a->id, &waits)) {
		w->is = is_this(a->grant, &waits) ? PLACE_WAITING : PLACE_OTHER;
		w->serial = waits.serial;
		w->waits = true;
		/* An operator is asked whether it may go. */
		if (w->is == PLACE_OTHER && c->by_hand)
			w->is = PLACE_FREE;
	} else {
		return false;
	}
	return aid_from(&w->in, in->aid);
}

void placing_look(struct change_card *c, struct placing *w, const struct placing_asks *a)
{
	struct rd r = rd_of(w->card.all.containers);
	struct container in;

	w->is = PLACE_FREE;
	while (container_next(&r, &in))
		if ((a->anywhere || span_eq(in.aid, aid_span(&w->container))) &&
		    look_in(c, w, a, &in))
			return;
}

/* ---- what speaks against it ---- */

static int refuse_other(const struct placing *w, const struct placing_asks *a, struct err *e)
{
	char id[PARTY_ID_TEXT];

	if (w->waits) {
		err_set(e, ERR_SAFETY, "grant %" PRIu64 " of %s waits in %s, and is another one",
		    w->serial, party_id_text(a->id, id), aid_hex(&w->in).s);
		return err_hint(e, VERB("revoke grant") " takes it back");
	}
	err_set(e, ERR_SAFETY, "%s is in the container already, under grant %" PRIu64 ": %s",
	    party_id_text(a->id, id), w->serial, aid_hex(&w->in).s);
	return err_hint(e, VERB("revoke party") " puts it out");
}

/* The container is somebody's. */
static int check_owner(const struct container *in, const struct placing_asks *a, struct err *e)
{
	char id[PARTY_ID_TEXT];
	struct rd r = rd_of(in->parties);
	struct container_party owner;

	if (!container_party_next(&r, &owner))
		return 0;
	if ((owner.rights & RIGHT_SHARED) != 0 && (a->rights & RIGHT_SHARED) != 0)
		return 0;
	err_set(e, ERR_SAFETY, "the container is %s's, who did not agree to others",
	    party_id_text(owner.id, id));
	return err_hint(e, "its owner lets others in (" VERB("container admit") "); " VERB(
			       "revoke party") " ends it");
}

/* Nobody is asked in a campaign: what is not used stays. */
static int check_unused(const struct change_card *c, const struct container *in,
    const struct placing_asks *a, struct err *e)
{
	char id[PARTY_ID_TEXT], aid[HEX_SIZE(AID_MAX)];
	struct rd r = rd_of(in->grants);
	struct container_grant g;

	if (c->by_hand || (a->rights & RIGHT_SHARED) != 0 || !container_grant_next(&r, &g))
		return 0;
	err_set(e, ERR_SAFETY, "the grant of %s in container %s is not used yet, and would go",
	    party_id_text(g.id, id), hex_put(in->aid, aid, sizeof(aid)));
	return err_hint(e, VERB("revoke grant") " takes it back");
}

/* Is there a domain of this AID? */
static int find_domain(struct change_card *c, struct placing *w, struct err *e)
{
	const struct registry *r;

	if (change_registry(c, &r, e) != 0)
		return -1;
	w->there = registry_find(r, &w->container) != NULL;
	return 0;
}

int placing_check(
    struct change_card *c, struct placing *w, const struct placing_asks *a, struct err *e)
{
	struct container in;

	if (w->is == PLACE_OTHER)
		return refuse_other(w, a, e);
	if (w->is != PLACE_FREE)
		return 0;
	w->there = w->container.n > 0 && container_find(&w->card.all, aid_span(&w->container), &in);
	if (w->there && (check_owner(&in, a, e) != 0 || check_unused(c, &in, a, e) != 0))
		return -1;
	if (!w->there && w->container.n > 0 && find_domain(c, w, e) != 0)
		return -1;
	if (!w->there && !a->make) {
		err_set(e, ERR_SAFETY, "%s is not on the card", aid_hex(&w->container).s);
		return err_hint(
		    e, "a quota or a reservation makes it, or " FIELD_IS("container", "new"));
	}
	return placing_clock(c, w->card.all.time, a->no_time, e);
}

int placing_clock(struct change_card *c, uint32_t card_time, bool no_time, struct err *e)
{
	/* A card that is ahead of us is not set back by our time. */
	if (no_time || (int64_t)card_time > (int64_t)time(NULL) ||
	    change_clock(c, card_time, e) == 0)
		return 0;
	return c->by_hand ? -1 : err_hint(e, FIELD_IS("no-time", "true") " leaves it alone");
}

/* Unused grants that go when this one comes. */
int placing_confirm(
    struct change_card *c, struct placing *w, const struct placing_asks *a, struct err *e)
{
	char id[PARTY_ID_TEXT];
	struct container in;
	struct container_grant g;
	struct rd r;
	bool some = false;

	if (w->is != PLACE_FREE || (a->rights & RIGHT_SHARED) != 0 || w->container.n == 0 ||
	    !container_find(&w->card.all, aid_span(&w->container), &in))
		return 0;
	r = rd_of(in.grants);
	for (; container_grant_next(&r, &g); some = true)
		change_note(c, "the grant of %s there is not used yet", party_id_text(g.id, id));
	return some ? change_ask(c, e, "Put the new grant in its place?") : 0;
}

/* ---- placing ---- */

int placing_write(const struct placing *w, const struct grant_file *f, struct err *e)
{
	struct wr octets = wr_grow(PARTY_FILE_MAX);
	int rc;

	grant_file_put(&octets, f);
	rc = wr_ok(&octets) ? party_file_replace(w->path, PARTY_FILE_PLACED, wr_span(&octets), e)
			    : err_set(e, ERR_CARD, "the certificates of the card are too long");
	wr_free(&octets);
	return rc;
}

/* What the card answered is the receipt. */
static int take_answer(
    struct placing *w, const struct placing_asks *a, struct span answer, struct err *e)
{
	struct wr keep = wr_fixed(w->answer, sizeof(w->answer));
	struct placed placed;

	if (!placed_get(answer, &placed) || !placed_is_of(&placed, &w->placed.grant))
		return err_set(e, ERR_INTEGRITY, "place: the card answers for another grant");
	wr_put(&keep, answer);
	w->answer_n = wr_ok(&keep) ? keep.n : 0;
	w->has_receipt = placed.has_receipt;
	w->counter = placed.counter;
	if (a->receipt_key == NULL)
		return 0;
	w->receipt_proven = placed_proven(&placed, a->receipt_key);
	if (w->receipt_proven)
		return 0;
	return err_set(e, ERR_AUTH, "the receipt is %s", placed.has_receipt ? "wrong" : "missing");
}

static int order(
    struct change_card *c, struct placing *w, const struct placing_asks *a, struct err *e)
{
	const struct container_order o = { .kind = ORDER_PLACE,
		.grant = w->placed.grant,
		.domain_key = w->placed.domain_key,
		.has_time = !a->no_time,
		.time = c->is_dry ? 0 : (uint32_t)time(NULL) };
	struct span answer;
	bool unknown;

	if (container_send(c->s, &o, &answer, &unknown, e) != 0)
		return unknown ? err_hint(e, "the same again finds out what became of it") : -1;
	return c->is_dry ? 0 : take_answer(w, a, answer, e);
}

static int made_stays(const struct placing *w, struct err *e)
{
	return w->made
		   ? err_hint_else(e, "the new domain %s stays, empty", aid_hex(&w->container).s)
		   : -1;
}

int placing_act(
    struct change_card *c, struct placing *w, const struct placing_asks *a, struct err *e)
{
	if (!c->is_dry && placing_write(w, &w->placed, e) != 0)
		return -1;
	if (!w->there && container_make(c->s, &w->container, &w->placed.grant.quotas, e) != 0)
		return -1;
	w->made = !w->there;
	return order(c, w, a, e) == 0 ? 0 : made_stays(w, e);
}

int placing_compare(struct change_card *c, const void *x, void *work, struct err *e)
{
	const struct placing *w = work;
	const struct grant *g = &w->placed.grant;
	struct wr state = { 0 };
	struct containers all;
	struct container in;
	struct container_grant waits;
	bool there;
	int rc;

	(void)x;
	if (c->is_dry || g->whole.n == 0)
		return 0;
	rc = containers_read(c->s, &w->container, &state, &all, &there, e);
	if (rc == 0 && (!there || !container_find(&all, aid_span(&w->container), &in) ||
			   !container_grant_find(&in, g->id, &waits) || !is_this(g, &waits)))
		rc = err_set(e, ERR_INTEGRITY, "the card does not show the grant that was placed");
	wr_free(&state);
	return rc == 0 ? 0 : made_stays(w, e);
}

/* ---- a plan ---- */

int placing_plan(struct change_card *c, struct err *e)
{
	const struct capdu state = { .cla = 0x80,
		.ins = INS_GET_DATA,
		.p1 = TAG_CONTAINERS >> 8,
		.p2 = TAG_CONTAINERS & 0xFF,
		.le = LE_MAX_SHORT };
	const struct key_infos *k;
	struct rapdu r;
	bool told;

	if (session_send(c->s, &state, &r, e) != 0 || change_keys(c, &k, &told, e) != 0)
		return -1;
	return scp11_ask_certs(c->s, (struct key_ref){ KID_SCP11A, 0 }, &r, e);
}
