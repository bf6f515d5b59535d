#include "cmd/authority/place.h"

#include <string.h>
#include <time.h>

#include "base/hex.h"
#include "cmd/authority/grant_record.h"
#include "cmd/kit/ask.h"
#include "cmd/kit/print.h"
#include "crypto/digest.h"
#include "host/scp11.h"
#include "tlv/tlv.h"

enum { LEVEL_33 = 0x33, CERTS_MAX = 1 << 14, YEAR = 366 * 86400 };

/* ---- the channel ---- */

int container_channel_check(
    struct ctx *c, const struct channel_args *a, const struct keystore *ks, struct err *e)
{
	const struct entry *t;

	if (c->agent != NULL)
		return 0;
	if (a->level.given && a->level.v != LEVEL_33)
		return err_set(e, ERR_SAFETY, "--level: containers need level 33");
	if (a->protocol != NULL && strcmp(a->protocol, "scp03") != 0 &&
	    strcmp(a->protocol, "scp11a") != 0 && strcmp(a->protocol, "scp11c") != 0)
		return err_set(
		    e, ERR_SAFETY, "--protocol: containers need scp03, scp11a or scp11c");
	if (ks == NULL || (a->protocol != NULL && strcmp(a->protocol, "scp03") != 0))
		return 0;
	if (keystore_find_card(ks, a->keys, &t, e) != 0)
		return -1;
	if (t->type == ENTRY_SCP03)
		return 0;
	return err_set(e, ERR_SAFETY, "`%s` is for SCP02: containers need SCP03", t->name);
}

int container_target_open(
    struct target *t, struct ctx *c, const struct channel_args *a, struct err *e)
{
	if (target_open(t, c, a, e) != 0)
		return -1;
	if (t->is_dry || container_session_check(t->s, e) == 0)
		return 0;
	return target_close(t, -1, e);
}

/* ---- the card ---- */

static int read_iin(struct session *s, struct card_seen *seen, struct err *e)
{
	struct span data, v;
	struct rd r;
	bool found;

	if (session_get_data(s, TAG_IIN, &data, &found, e) != 0)
		return -1;
	if (found) {
		if (!tlv_find(data, TAG_IIN, &v))
			v = data;
		r = rd_of(v);
		if (v.n <= sizeof(seen->iin) && rd_copy(&r, seen->iin, v.n))
			seen->iin_n = (uint8_t)v.n;
	}
	if (seen->iin_n > 0 && seen->cin_n > 0)
		return 0;
	err_set(e, ERR_CARD, "the card tells no IIN or no CIN");
	return err_hint(e, "a grant names the card by both: STORE DATA of 42 and 45");
}

int card_read_certs(
    struct session *s, uint8_t version, struct wr *certs, bool *found, struct err *e)
{
	struct span got;
	struct rapdu r;

	if (scp11_ask_certs(s, (struct key_ref){ KID_SCP11A, version }, &r, e) != 0)
		return -1;
	*found = r.sw == SW_OK;
	if (!*found)
		return 0;
	if (!cert_store_get(r.data, &got))
		return err_set(e, ERR_CARD, "GET DATA BF21: the answer is malformed");
	wr_put(certs, got);
	return wr_ok(certs) ? 0 : err_memory(e);
}

/* The one key of SCP11a that has certificates. */
static int read_key(
    struct session *s, const struct party_anchors *a, struct card_seen *seen, struct err *e)
{
	struct key_infos k;
	bool told, found = false, proven;
	size_t n = 0;

	if (keys_read(s, &k, &told, e) != 0)
		return -1;
	for (size_t i = 0; i < k.n; i++) {
		if (k.key[i].id != KID_SCP11A)
			continue;
		if (card_read_certs(s, k.key[i].version, &seen->certs, &found, e) != 0)
			return -1;
		n += found;
		if (found)
			seen->key_version = k.key[i].version;
	}
	if (n == 1)
		return card_certs_check(wr_span(&seen->certs), a, &seen->key, &proven, e);
	err_set(e, ERR_AUTH, "the card has %s key 11 with certificates",
	    n == 0 ? "no" : "more than one");
	return err_hint(e, "a party claims its container with that key of the card (SCP11a)");
}

int card_see_identity(struct target *t, struct card_seen *s, struct err *e)
{
	bool there;

	memset(s, 0, sizeof(*s));
	s->certs = wr_grow(CERTS_MAX);
	if (session_cin(t->s, s->cin, &s->cin_n, e) != 0 || read_iin(t->s, s, e) != 0)
		return -1;
	if (containers_read(t->s, NULL, &s->state, &s->all, &there, e) != 0)
		return -1;
	if (there && s->all.is_operator)
		return 0;
	return err_set(e, ERR_CARD, "GET DATA FF73: not what an issuer domain is told");
}

int card_see(struct target *t, const struct keystore *ks, struct card_seen *s, struct err *e)
{
	struct party_anchors anchors;

	if (card_see_identity(t, s, e) != 0 || party_anchors_take(ks, &anchors, e) != 0)
		return -1;
	if (anchors.n == 0)
		ctx_note(t->c, "the key store has no ca: the card's certificates are not checked");
	return read_key(t->s, &anchors, s, e);
}

void card_seen_free(struct card_seen *s)
{
	wr_free(&s->certs);
	wr_free(&s->state);
}

int order_time_of(
    struct ctx *c, const struct card_seen *s, bool none, struct order_time *t, struct err *e)
{
	time_t now = time(NULL);

	*t = (struct order_time){ !none, (uint32_t)now };
	if (none || c->yes || s == NULL || s->all.time == 0 || t->v <= s->all.time ||
	    t->v - s->all.time <= YEAR)
		return 0;
	err_set(e, ERR_SAFETY,
	    "the clock of the card would jump over more than a year, and never goes back");
	return err_hint(e, "check the station's clock; --yes says that it is right, --no-time "
			   "leaves the card's alone");
}

/* ---- the AID ---- */

int container_aid_parse(const char *text, struct aid *aid, bool *is_new, struct err *e)
{
	*is_new = strcmp(text, "new") == 0;
	return *is_new ? 0 : aid_parse(text, "--container", aid, e);
}

int container_aid_new(struct aid *aid, struct err *e)
{
	static const uint8_t rid[] = { 0xF0, 0x43, 0x41, 0x52, 0x44 };

	aid->n = AID_MAX;
	memcpy(aid->b, rid, sizeof(rid));
	return random_bytes(aid->b + sizeof(rid), AID_MAX - sizeof(rid))
		   ? 0
		   : err_set(e, ERR_OTHER, "no random numbers");
}

/* ---- what is there ---- */

static bool is_this(const struct grant *g, const struct container_grant *there)
{
	uint8_t digest[PARTY_DIGEST];

	return g->whole.n > 0 && grant_digest(g->whole, digest) &&
	       span_eq(SPAN(digest), there->digest);
}

static int taken(const struct container *c, const struct grant *g, struct err *e)
{
	char id[PARTY_ID_TEXT];
	struct rd r = rd_of(c->parties);
	struct container_party owner;

	if (!container_party_next(&r, &owner))
		return 0;
	if ((owner.rights & RIGHT_SHARED) != 0 && (g->rights & RIGHT_SHARED) != 0)
		return 0;
	err_set(e, ERR_SAFETY, "the container is %s's, who did not agree to others",
	    party_id_text(owner.id, id));
	return err_hint(e, "its owner lets others in (container admit); revoke party ends it");
}

/* Unused grants that go when this one comes. */
static int ask_replace(struct place *p, const struct container *c, struct err *e)
{
	char id[PARTY_ID_TEXT];
	struct rd r = rd_of(c->grants);
	struct container_grant g;
	bool some = false;

	while (container_grant_next(&r, &g)) {
		ask_note(p->c, "the grant of %s there is not used yet", party_id_text(g.id, id));
		some = true;
	}
	return some ? ask(p->c, "Put the new grant in its place?", e) : 0;
}

int place_look(
    struct place *p, const struct grant *g, enum place_state *is, bool *there, struct err *e)
{
	char id[PARTY_ID_TEXT];
	struct container c;
	struct container_party party;
	struct container_grant waits;
	struct registry r = { 0 };
	int rc;

	*is = PLACE_FREE;
	*there = container_find(&p->card->all, aid_span(&p->container), &c);
	if (!*there) {
		/* No container; is there a domain of this AID? */
		rc = registry_read(p->t->s, &r, e);
		*there = rc == 0 && registry_find(&r, &p->container) != NULL;
		registry_free(&r);
		return rc;
	}
	if (container_party_find(&c, g->id, &party)) {
		*is = PLACE_CLAIMED;
		if (g->whole.n > 0 && party.serial == g->serial)
			return 0;
		return err_set(e, ERR_SAFETY, "%s is in the container already, under grant %llu",
		    party_id_text(g->id, id), (unsigned long long)party.serial);
	}
	if (container_grant_find(&c, g->id, &waits) && is_this(g, &waits)) {
		*is = PLACE_WAITING;
		return 0;
	}
	if (taken(&c, g, e) != 0)
		return -1;
	return (g->rights & RIGHT_SHARED) != 0 ? 0 : ask_replace(p, &c, e);
}

/* ---- placing ---- */

int place_write(const struct place *p, const struct grant_file *f, struct err *e)
{
	struct wr w = wr_grow(PARTY_FILE_MAX);
	int rc;

	grant_file_put(&w, f);
	rc = wr_ok(&w) ? party_file_replace(p->output, PARTY_FILE_PLACED, wr_span(&w), e)
		       : err_set(e, ERR_CARD, "the certificates of the card are too long");
	wr_free(&w);
	return rc;
}

/* What the card answered is the receipt. */
static int take_answer(struct place *p, const struct grant *g, struct span answer, struct err *e)
{
	struct wr keep = wr_fixed(p->answer, sizeof(p->answer));
	struct placed placed;

	if (!placed_get(answer, &placed) || !placed_is_of(&placed, g))
		return err_set(e, ERR_INTEGRITY, "place: the card answers for another grant");
	wr_put(&keep, answer);
	p->answer_n = wr_ok(&keep) ? keep.n : 0;
	p->has_receipt = placed.has_receipt;
	p->counter = placed.counter;
	if (p->receipt_key == NULL)
		return 0;
	p->receipt_proven = placed_proven(&placed, &p->receipt_key->authority.secret);
	if (p->receipt_proven)
		return 0;
	return err_set(e, ERR_AUTH, "the receipt is %s", placed.has_receipt ? "wrong" : "missing");
}

/* FF73 shows it waiting. */
static int read_back(struct place *p, const struct grant *g, struct err *e)
{
	struct wr state = { 0 };
	struct containers all;
	struct container c;
	struct container_grant waits;
	bool there;
	int rc = containers_read(p->t->s, &p->container, &state, &all, &there, e);

	if (rc == 0 && (!there || !container_find(&all, aid_span(&p->container), &c) ||
			   !container_grant_find(&c, g->id, &waits) || !is_this(g, &waits)))
		rc = err_set(e, ERR_INTEGRITY, "the card does not show the grant that was placed");
	wr_free(&state);
	return rc;
}

static int order(struct place *p, const struct grant_file *f, struct err *e)
{
	const struct container_order o = { .kind = ORDER_PLACE,
		.grant = f->grant,
		.domain_key = f->domain_key,
		.has_time = p->time.given,
		.time = p->time.v };
	struct span answer;
	bool unknown;

	if (container_send(p->t->s, &o, &answer, &unknown, e) != 0)
		return unknown ? err_hint(e, "the same command again finds out what became of it")
			       : -1;
	return take_answer(p, &f->grant, answer, e);
}

int place_grant(struct place *p, const struct grant_file *f, bool there, struct err *e)
{
	struct err unkept;
	int rc;

	if (!there && !p->make) {
		err_set(e, ERR_SAFETY, "%s is not on the card", aid_hex(&p->container).s);
		return err_hint(e, "a quota or a reservation makes it, or --container new");
	}
	if (place_write(p, f, e) != 0)
		return -1;
	if (!there && container_make(p->t->s, &p->container, &f->grant.quotas, e) != 0)
		return -1;
	p->made = !there;
	rc = order(p, f, e);
	if (rc == 0)
		rc = read_back(p, &f->grant, e);
	if (rc != 0 && p->made)
		err_hint_else(e, "the new domain %s stays, empty", aid_hex(&p->container).s);
	if (grant_outcome(&f->grant, rc == 0 ? "placed" : "failed", &unkept) != 0)
		ctx_note(p->c, "%s", unkept.text);
	p->waiting = rc == 0;
	return rc;
}

void place_was_done(struct place *p, enum place_state is)
{
	p->claimed = is == PLACE_CLAIMED;
	ctx_note(p->c, "that was done before: the grant %s",
	    p->claimed ? "was claimed" : "is on the card");
}

void place_show(const struct place *p, const struct grant *g, json_t **o)
{
	uint8_t digest[PARTY_DIGEST];
	char text[FINGERPRINT_TEXT];

	party_id_show(o, "party", g->id);
	out_set(o, "fingerprint", json_text(fingerprint_text(&g->key, text)));
	out_set(o, "container", out_hex(g->container));
	out_set(o, "made", json_boolean(p->made));
	out_set(o, "state", json_text(p->claimed ? "claimed" : "granted"));
	wish_show(o, &(struct party_wish){ g->rights, &g->quotas, g->prefix });
	out_set(o, "serial", serial_json(g->serial));
	if (grant_digest(g->whole, digest))
		out_set(o, "digest", out_hex(SPAN(digest)));
	out_set(o, "card", out_hex(span_of(p->card->cin, p->card->cin_n)));
	if (p->has_receipt) {
		out_set(o, "receipt", out_hex(span_of(p->answer, p->answer_n)));
		out_set(o, "counter", json_integer(p->counter));
	}
	out_set_text(o, "grant", p->output);
}
