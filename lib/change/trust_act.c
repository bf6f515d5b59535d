/* trust-init: keys, ticket and order, in the order in which nothing is lost when it is cut. */
#include "change/trust_init.h"

#include <errno.h>
#include <sys/stat.h>

#include "change/ticket.h"

/* ---- done ---- */

static int write_ticket(
    const struct trust_init *x, const struct trust_work *w, const struct key *mac, struct err *e)
{
	const struct trust_ticket t = { .generation = w->told.generation,
		.record = (uint8_t)x->shown.record.v,
		.algorithm = w->told.algorithm,
		.expiry = w->told.expiry,
		.horizon = w->told.horizon,
		.period = x->valid_for.v,
		.cin = span_of(w->cin, w->cin_n),
		.card_key = span_of(w->card_key, w->has_card_key ? sizeof(w->card_key) : 0) };

	if (x->tickets.path[0] != '\0' && mkdir(x->tickets.path, 0755) != 0 && errno != EEXIST)
		return err_errno(e, ERR_OTHER, "%s", x->tickets.path);
	return ticket_write(w->told.ticket, &t, mac, e);
}

static void put_terms(const struct trust_init *x, const struct trust_work *w, struct trust_order *o)
{
	*o = (struct trust_order){ .kind = TRUST_INITIALIZE,
		.record = (uint8_t)x->shown.record.v,
		.algorithm = w->told.algorithm,
		.generation = w->told.generation,
		.point = ec_public_span(&w->point),
		.terms = { .expiry = w->told.expiry,
		    .horizon = w->told.horizon,
		    .period = x->valid_for.v,
		    .window = w->told.window,
		    .failures = (uint8_t)x->max_failures.v,
		    .revokes = x->on_mismatch.i == 1,
		    .limited = x->uses.given,
		    .uses = x->uses.v },
		.open = x->shown.open,
		.keep = x->keep_objects,
		.traits = w->traits,
		.has_time = true,
		.time = w->now };
}

/* Terminal's key, ticket's key, and the first key of the record, where there are such. */
static int make_keys(const struct trust_init *x, const struct trust_work *w, struct key *mac,
    struct key *k, struct err *e)
{
	const struct trust_place p = { .record = (uint8_t)x->shown.record.v,
		.generation = w->told.generation,
		.expiry = w->told.expiry,
		.card = w->id };
	SECRET_KEY(kt);

	if (!trust_is_keyed(x, w))
		return 0;
	if (trust_ticket_keys(x, w, &kt, mac) &&
	    trust_first_key(
		&kt, span_of(w->imei, sizeof(w->imei)), &p, trust_key_octets(w->told.algorithm), k))
		return 0;
	return err_set(e, ERR_OTHER, "the key of the record cannot be computed");
}

int trust_act(struct change_card *c, const void *v, void *work, struct err *e)
{
	const struct trust_init *x = v;
	struct trust_work *w = work;
	uint8_t sealed[KEY_MAX];
	struct trust_order o;
	bool unknown;
	SECRET_KEY(mac);
	SECRET_KEY(k);

	if (make_keys(x, w, &mac, &k, e) != 0)
		return -1;
	if (!c->is_dry && write_ticket(x, w, mac.n > 0 ? &mac : NULL, e) != 0)
		return -1;
	put_terms(x, w, &o);
	if (k.n > 0 && trust_seal(c->s, &k, sealed, &o, e) != 0)
		return -1;
	if (trust_send(c->s, &o, &unknown, e) == 0)
		return 0;
	return unknown ? err_hint(e, "the same again finds out what became of it") : -1;
}
