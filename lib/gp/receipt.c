/* token.h: confirmations and receipts. */
#include "gp/lv.h"
#include "gp/privilege.h"
#include "gp/token.h"

enum { COUNTER_OCTETS = 2, INPUT_MAX = 4096 };

/* ---- the confirmation (GPCS tables 11-13, 11-14) ---- */

void confirmation_put(struct wr *w, const struct receipt *r)
{
	wr_u8(w, COUNTER_OCTETS);
	wr_u16(w, r->counter);
	wr_lv(w, r->unique);
	/* Only their order tells the two apart. */
	if (r->has_id || r->has_digest)
		wr_lv(w, r->has_id ? r->id : span_of(NULL, 0));
	if (r->has_digest)
		wr_lv(w, r->digest);
}

static void answer_put(struct wr *w, struct span receipt, struct span confirmation)
{
	uint8_t room[CONFIRMATION_MAX];
	struct wr body = wr_fixed(room, sizeof(room));

	ber_lv_put(&body, receipt);
	wr_put(&body, confirmation);
	if (wr_ok(&body))
		ber_lv_put(w, wr_span(&body));
	else
		w->full = true;
}

void receipt_put(struct wr *w, const struct receipt *r)
{
	uint8_t room[CONFIRMATION_MAX];
	struct wr data = wr_fixed(room, sizeof(room));

	confirmation_put(&data, r);
	if (wr_ok(&data))
		answer_put(w, r->receipt, wr_span(&data));
	else
		w->full = true;
}

static bool optional_lv(struct rd *r, bool *has, struct span *s)
{
	*has = rd_left(r) > 0;
	return !*has || rd_lv(r, s);
}

enum receipt_got receipt_get(struct span answer, struct receipt *r)
{
	struct receipt got = { 0 };
	struct rd outer = rd_of(answer), in;
	struct span body, counter;

	if (answer.n == 0)
		return RECEIPT_NONE;
	if (!ber_lv_get(&outer, &body) || rd_left(&outer) > 0)
		return RECEIPT_MALFORMED;
	if (body.n == 0)
		return RECEIPT_NONE;
	in = rd_of(body);
	if (!ber_lv_get(&in, &got.receipt))
		return RECEIPT_MALFORMED;
	got.confirmation = in.s;
	if (!rd_lv(&in, &counter) || counter.n != COUNTER_OCTETS || !rd_lv(&in, &got.unique) ||
	    got.unique.n == 0 || !optional_lv(&in, &got.has_id, &got.id) ||
	    !optional_lv(&in, &got.has_digest, &got.digest) || rd_left(&in) > 0)
		return RECEIPT_MALFORMED;
	in = rd_of(counter);
	if (!rd_u16(&in, &got.counter))
		return RECEIPT_MALFORMED;
	*r = got;
	return RECEIPT_GOT;
}

/* ---- receipts (GPCS C.5.1 to C.5.6) ---- */

static void aid_put(struct wr *w, const struct aid *a)
{
	wr_lv(w, aid_span(a));
}

void receipt_input(struct wr *w, struct span confirmation, const struct done *d)
{
	wr_put(w, confirmation);
	switch (d->kind) {
	case TOKEN_LOAD:
		aid_put(w, &d->load_file);
		aid_put(w, &d->domain);
		break;
	case TOKEN_INSTALL:
	case TOKEN_SELECTABLE:
		aid_put(w, &d->load_file);
		aid_put(w, &d->app);
		break;
	case TOKEN_ALL:
		aid_put(w, &d->load_file);
		aid_put(w, &d->app);
		aid_put(w, &d->domain);
		break;
	case TOKEN_EXTRADITION:
	case TOKEN_REGISTRY:
		aid_put(w, &d->old_domain);
		aid_put(w, &d->app);
		aid_put(w, &d->domain);
		break;
	case TOKEN_DELETE:
		aid_put(w, &d->app);
		break;
	default:
		w->full = true;
		break;
	}
	if (d->kind != TOKEN_REGISTRY)
		return;
	wr_u8(w, d->privileges_n);
	privileges_put(w, d->privileges, d->privileges_n);
	ber_lv_put(w, d->params);
}

bool receipt_sign(
    struct wr *w, const struct receipt *r, const struct done *d, const struct authority_key *k)
{
	uint8_t data_room[CONFIRMATION_MAX], input_room[INPUT_MAX], sig[AUTHORITY_SIGNATURE_MAX];
	struct wr data = wr_fixed(data_room, sizeof(data_room));
	struct wr input = wr_fixed(input_room, sizeof(input_room));
	struct wr receipt = wr_fixed(sig, sizeof(sig));

	confirmation_put(&data, r);
	if (!wr_ok(&data))
		return false;
	receipt_input(&input, wr_span(&data), d);
	if (!wr_ok(&input) || !authority_sign(k, wr_span(&input), &receipt))
		return false;
	answer_put(w, wr_span(&receipt), wr_span(&data));
	return wr_ok(w);
}

bool receipt_verify(const struct receipt *r, const struct done *d, const struct authority_key *k)
{
	uint8_t room[INPUT_MAX];
	struct wr input = wr_fixed(room, sizeof(room));

	receipt_input(&input, r->confirmation, d);
	return wr_ok(&input) && authority_verify(k, wr_span(&input), r->receipt);
}
