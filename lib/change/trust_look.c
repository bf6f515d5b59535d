/* trust-init: who the terminal of a card is, and what the card has of it. */
#include "change/trust_init.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/hex.h"
#include "change/ticket.h"
#include "tlv/tlv.h"

int trust_point_read(const char *path, struct ec_public *to, struct err *e)
{
	struct wr text = { 0 };
	SECRET_AUTHORITY(k);
	int rc = file_read(path, AUTHORITY_PEM_MAX, &text, e);

	if (rc == 0 && (!authority_from_pem(&k, wr_span(&text)) || k.kind != AUTHORITY_EC ||
			   k.ec.curve != EC_P256))
		rc = err_set(e, ERR_INPUT, "%s: no public key on P-256 in PEM", path);
	else if (rc == 0 && authority_signs(&k))
		rc =
		    err_set(e, ERR_INPUT, "%s: a private key, which is the terminal's alone", path);
	*to = k.ec;
	wr_free(&text);
	return rc;
}

/* ---- who it is ---- */

static int take_line(const struct trust_init *x, struct trust_work *w, struct err *e)
{
	const struct terminal_row *t = terminals_find(&x->table, span_of(w->cin, w->cin_n));
	char hex[HEX_SIZE(sizeof(w->cin))], name[FIELD_PATH], path[FIELD_PATH];

	hex_put(span_of(w->cin, w->cin_n), hex, sizeof(hex));
	if (t == NULL)
		return err_set(e, ERR_INPUT, "%s: no line for card %s", x->terminals.path, hex);
	memcpy(w->imei, t->imei, sizeof(w->imei));
	w->traits.has_throughput = t->has_throughput;
	w->traits.throughput = t->throughput;
	if (snprintf(w->told.ticket, sizeof(w->told.ticket), "%s/%s-%u.ticket", x->tickets.path,
		hex, x->shown.record.v) >= (int)sizeof(w->told.ticket))
		return err_set(e, ERR_INPUT, "the path of the ticket is too long");
	if (t->key_file.n == 0)
		return 0;
	snprintf(name, sizeof(name), "%.*s", (int)t->key_file.n, (const char *)t->key_file.p);
	if (!path_beside(x->terminals.path, name, path, sizeof(path)))
		return err_set(e, ERR_INPUT, "%s:%u: the name of the file is too long",
		    x->terminals.path, t->line);
	return trust_point_read(path, &w->point, e);
}

static void take_fields(const struct trust_init *x, struct trust_work *w)
{
	memcpy(w->imei, x->shown.imei.s, sizeof(w->imei));
	w->traits.has_throughput = x->throughput.given;
	w->traits.throughput = x->throughput.v;
	w->point = x->point;
	snprintf(w->told.ticket, sizeof(w->told.ticket), "%s", x->shown.ticket.path);
}

static uint8_t algorithm_of(const struct trust_init *x, const struct trust_work *w)
{
	const struct entry *km = trust_init_key(x)->entry;
	uint8_t asked;

	if (w->point.n > 0)
		return TRUST_P256;
	if (x->algorithm.given && trust_algorithm_from(trust_algorithms[x->algorithm.i], &asked))
		return asked;
	return km != NULL && km->secret.n > 16 ? TRUST_AES_256 : TRUST_AES_128;
}

static int digest_traits(struct trust_work *w, struct err *e)
{
	uint8_t room[TRUST_TRAITS_MAX + 4];
	struct wr a9 = wr_fixed(room, sizeof(room));
	struct span value;
	struct rd r;

	trust_traits_put(&a9, &w->traits);
	r = rd_of(wr_span(&a9));
	if (!wr_ok(&a9) || !tlv_expect(&r, 0xA9, &value) || !trust_traits_digest(value, w->digest))
		return err_set(e, ERR_OTHER, "internal: characteristics");
	return 0;
}

/* A step in a plan is about no card, so about no terminal. */
int trust_identify(
    struct change_card *c, const struct trust_init *x, struct trust_work *w, struct err *e)
{
	bool many = x->terminals.path[0] != '\0';

	if (!c->is_dry) {
		if (session_cin(c->s, w->cin, &w->cin_n, e) != 0)
			return -1;
		if (w->cin_n == 0 || !trust_card_id(span_of(w->cin, w->cin_n), w->id))
			return err_set(e, ERR_CARD,
			    "the card tells no number (CIN, tag 45) that terminals know it by");
	}
	if (many && c->is_dry)
		memset(w->imei, '0', sizeof(w->imei));
	else if (!many)
		take_fields(x, w);
	else if (take_line(x, w, e) != 0)
		return -1;
	w->traits.imei = span_of(w->imei, sizeof(w->imei));
	w->traits.thumbprint = span_of(x->thumbprint.b, x->thumbprint.n);
	w->told.algorithm = algorithm_of(x, w);
	return digest_traits(w, e);
}

/* ---- what the card shows, and what was begun before ---- */

bool trust_is_as_asked(const struct trust_init *x, const struct trust_work *w,
    const struct trust_record *r, uint32_t from)
{
	bool stage = r->stage == TRUST_ACTIVE || (x->shown.open && r->stage == TRUST_OPEN);

	return stage && r->algorithm == w->told.algorithm && r->generation >= from &&
	       span_eq(r->traits_digest, SPAN(w->digest));
}

static void take_record(struct trust_work *w, const struct trust_record *r)
{
	w->there = true;
	w->last = r->last;
	w->told.stage = r->stage;
	w->told.generation = r->generation;
	w->told.expiry = r->expiry;
	w->told.horizon = r->horizon;
}

bool trust_ticket_keys(
    const struct trust_init *x, const struct trust_work *w, struct key *kt, struct key *mac)
{
	struct span imei = span_of(w->imei, sizeof(w->imei));

	return trust_base_key(&trust_init_key(x)->entry->secret, imei, kt) &&
	       trust_ticket_key(kt, imei, mac);
}

/* By a terminal's key, so that the ticket carries its proof. */
bool trust_is_keyed(const struct trust_init *x, const struct trust_work *w)
{
	return trust_init_key(x)->entry != NULL && w->point.n == 0;
}

/* Of this card and record, and where that can be told of this terminal. */
static bool is_ours(
    const struct trust_init *x, const struct trust_work *w, const struct trust_ticket *t)
{
	SECRET_KEY(kt);
	SECRET_KEY(mac);

	if (t->record != x->shown.record.v || !span_eq(t->cin, span_of(w->cin, w->cin_n)))
		return false;
	return !trust_is_keyed(x, w) ||
	       (trust_ticket_keys(x, w, &kt, &mac) && trust_ticket_proven(t, &mac));
}

static int taken(const char *path, const char *why, struct err *e)
{
	err_set(e, ERR_SAFETY, "%s is there already, %s", path, why);
	return err_hint(e, "choose another name, or remove it");
}

/* What was begun before says from which generation on it is so; and nothing is written over that
 * somebody may need still. */
static int judge(struct change_card *c, const struct trust_init *x, struct trust_work *w,
    const struct trust_record *r, struct err *e)
{
	const char *path = w->told.ticket;
	struct ticket_file f;
	uint32_t from = 0;
	int rc = ticket_look(path, &f, e);

	if (rc == 0 && f.there && !is_ours(x, w, &f.ticket))
		rc = taken(path, "the ticket of another card, record or terminal", e);
	if (rc == 0 && f.there)
		from = f.ticket.generation;
	if (c->intent != NULL)
		(void)sscanf(c->intent, "%8X", &from); /* "": as it was */
	w->is_so = rc == 0 && w->there && from > 0 && trust_is_as_asked(x, w, r, from);
	/* Of a run before that came no further, or of a record that is no more. */
	if (rc == 0 && f.there && !w->is_so && c->by_hand && f.ticket.generation <= w->last)
		rc = taken(path, "and the record that it is for is another by now", e);
	ticket_free(&f);
	return rc;
}

int trust_look(
    struct change_card *c, const struct trust_init *x, struct trust_work *w, struct err *e)
{
	struct wr octets = { 0 };
	struct trust_state all;
	struct trust_record r = { 0 };
	int rc = trust_read(c->s, &octets, &all, e);

	if (rc == 0) {
		w->card_time = all.time;
		if (trust_find(&all, (uint8_t)x->shown.record.v, &r))
			take_record(w, &r);
		rc = judge(c, x, w, &r, e);
	}
	wr_free(&octets);
	return rc;
}
