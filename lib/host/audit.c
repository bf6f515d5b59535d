#include "host/audit.h"

#include <string.h>

#include "gp/broadcast.h"
#include "gp/card_data.h"

const char *finding_str(enum finding f)
{
	static const char *const names[] = { "", "ok", "not checked", "no key fits",
		"host cryptogram wrong", "MAC wrong", "not protected as agreed", "signature wrong",
		"does not belong" };

	return names[f];
}

void audit_init(struct audit *a, const struct candidate *candidates, size_t n)
{
	memset(a, 0, sizeof(*a));
	a->candidates = candidates;
	a->n = n;
	a->data = wr_grow(APDU_MAX_COMMAND);
	a->answer = wr_grow(APDU_MAX_RESPONSE);
}

static void end_session(struct audit *a)
{
	scp_wipe(&a->scp);
	scp_wipe(&a->bc);
	wipe_key_set(&a->keys);
	joined_forget(&a->joined);
	a->open = a->challenged = a->broadcast = a->broadcast_known = false;
	a->fits = NULL;
}

void audit_wipe(struct audit *a)
{
	end_session(a);
	wr_free(&a->data);
	wr_free(&a->answer);
	wipe(a, sizeof(*a));
}

/* ---- the handshake ---- */

static struct scp_start start_of(const struct audit *a)
{
	return (struct scp_start){ .protocol = (enum scp_protocol)a->iu.scp,
		.i = a->iu.i,
		.keys = &a->keys,
		.host_challenge = span_of(a->host_challenge, a->iu.m),
		.card_challenge = span_of(a->iu.card_challenge, a->iu.m) };
}

/* SCP01 and SCP02 do not answer with their i: what card data told, else what most cards have. The
 * first command with a MAC shows whether it was right. */
static void assume_i(struct audit *a)
{
	a->i_certain = a->iu.scp == PROTOCOL_SCP03;
	if (a->i_certain)
		return;
	a->iu.i = a->iu.scp == PROTOCOL_SCP01 ? 0x05 : 0x15;
	for (size_t k = 0; k < a->told_n; k++)
		if (scp_i_valid((enum scp_protocol)a->iu.scp, a->told_i[k])) {
			a->iu.i = a->told_i[k];
			return;
		}
}

static bool candidate_fits(struct audit *a, const struct candidate *c)
{
	struct scp_start start = start_of(a);
	uint8_t want[16];

	if (c->des == (a->iu.scp == PROTOCOL_SCP03))
		return false;
	if (!(c->template != NULL
		    ? template_diversify(c->template, c->master, a->iu.kdd, &a->keys)
		    : diversify(c->diversification, c->master, a->iu.kdd, &a->keys)) ||
	    !scp_begin(&a->scp, &start) || !scp_cryptogram(&a->scp, &start, ROLE_CARD, want)) {
		a->failed = true;
		return false;
	}
	return ct_equal(span_of(want, a->iu.m), span_of(a->iu.cryptogram, a->iu.m));
}

static enum finding initialize_update(struct audit *a, const struct capdu *c, struct span data)
{
	struct rd r = rd_of(c->data);

	if ((c->data.n != 8 && c->data.n != 16) || !rd_copy(&r, a->host_challenge, c->data.n) ||
	    !init_update_get(data, (uint8_t)c->data.n, &a->iu))
		return FINDING_NOT_CHECKED;
	a->challenged = true;
	assume_i(a);
	for (size_t i = 0; i < a->n && a->fits == NULL; i++)
		if (candidate_fits(a, &a->candidates[i]))
			a->fits = &a->candidates[i];
	if (a->fits != NULL)
		return FINDING_OK;
	scp_wipe(&a->scp);
	wipe_key_set(&a->keys);
	return a->n == 0 ? FINDING_NOT_CHECKED : FINDING_NO_KEY;
}

static enum finding of_verdict(struct audit *a, enum scp_verdict v)
{
	switch (v) {
	case SCP_FAILED:
		a->failed = true;
		return FINDING_NOT_CHECKED;
	case SCP_OK:
		return FINDING_OK;
	case SCP_BAD_CRYPTOGRAM:
		return FINDING_HOST_CRYPTOGRAM;
	case SCP_MALFORMED:
		return FINDING_MALFORMED;
	default:
		return FINDING_MAC;
	}
}

static enum finding external_authenticate(struct audit *a, const struct capdu *c)
{
	struct scp_start start = start_of(a);
	struct wr w = wr_fixed(a->authenticate, sizeof(a->authenticate));
	struct capdu keep = *c;

	if (!a->challenged || a->fits == NULL)
		return FINDING_NOT_CHECKED;
	a->challenged = false;
	keep.le = LE_NONE;
	capdu_put(&w, &keep);
	a->authenticate_n = wr_ok(&w) ? w.n : 0;
	a->open = true;
	return of_verdict(a, scp_card_authenticate(&a->scp, &start, c));
}

/* ---- protected commands ---- */

/* Begins the session again as if the card had this i. */
static bool begin_with(struct audit *a, uint8_t i)
{
	struct capdu c;
	struct scp_start start;

	a->iu.i = i;
	start = start_of(a);
	return capdu_get(span_of(a->authenticate, a->authenticate_n), &c) &&
	       scp_begin(&a->scp, &start) && scp_card_authenticate(&a->scp, &start, &c) == SCP_OK;
}

/* Opens a command; the first of a session of unknown i decides which one it has. */
static enum finding open_command(struct audit *a, const struct capdu *c, struct capdu *plain)
{
	static const uint8_t others[] = { 0x15, 0x05, 0x55, 0x45, 0x14, 0x04, 0x54, 0x44, 0x35,
		0x75 };
	enum scp_verdict v = scp_open_command(&a->scp, c, plain, &a->data);
	uint8_t first = a->iu.i;

	if (a->i_certain)
		return of_verdict(a, v);
	a->i_certain = true;
	for (size_t k = 0; v != SCP_OK && k < sizeof(others); k++) {
		wr_reset(&a->data);
		if (scp_i_valid((enum scp_protocol)a->iu.scp, others[k]) &&
		    begin_with(a, others[k]))
			v = scp_open_command(&a->scp, c, plain, &a->data);
	}
	if (v != SCP_OK && begin_with(a, first))
		return FINDING_MAC;
	return of_verdict(a, v);
}

/* CHANGE MODE enter was accepted. Keys in clear (form 00) let the broadcast part be checked too. */
static void enter_broadcast(struct audit *a, struct span data)
{
	struct enter en;
	struct key enc = { 0 };

	a->broadcast = true;
	a->broadcast_known = enter_get(data, &en) && en.form == FORM_CLEAR &&
			     key_from(&enc, span_of(en.keys, en.keys_n)) &&
			     scp03_resume(&a->bc, &enc, &en.bk_mac,
				 (struct scp03_point){ en.counter, en.mcv, LEVEL_CMAC | LEVEL_CDEC,
				     scp_mac_size(&a->scp) });
	wipe_key(&enc);
	enter_wipe(&en);
}

static void in_broadcast(
    struct audit *a, const struct capdu *c, uint16_t sw, struct audit_result *r)
{
	r->command = FINDING_NOT_CHECKED;
	if (a->broadcast_known) {
		r->command = of_verdict(a, scp_open_command(&a->bc, c, &r->plain, &a->data));
		r->has_plain = r->command == FINDING_OK;
	}
	if (c->ins == INS_CHANGE_MODE && c->p1 == CHANGE_MODE_RETURN && sw == SW_OK)
		a->broadcast = false;
}

/* What the card says to all but the last of a command that comes in several. */
static bool accepted_part(struct span answer)
{
	struct rapdu r;

	return rapdu_get(answer, &r) && r.sw == SW_OK && r.data.n == 0;
}

static void in_session(
    struct audit *a, const struct capdu *c, struct span answer, struct audit_result *r)
{
	struct capdu whole;

	if (joined_next(&a->joined, c, &whole) == JOINED_MORE)
		return;
	r->command = open_command(a, &whole, &r->plain);
	r->has_plain = r->command == FINDING_OK;
	if (!r->has_plain) {
		if (accepted_part(answer) && scp_protocol(&a->scp) == PROTOCOL_SCP03 &&
		    joined_begin(&a->joined, &whole))
			r->command = FINDING_NONE;
		return;
	}
	r->reply = of_verdict(a, scp_open_response(&a->scp, answer, &r->plain_reply, &a->answer));
	r->has_plain_reply = r->reply == FINDING_OK;
	if ((scp_level(&a->scp) & LEVEL_RMAC) == 0 && r->has_plain_reply)
		r->reply = FINDING_NONE; /* nothing protects it */
	if (r->plain.ins == INS_CHANGE_MODE && r->plain.p1 == CHANGE_MODE_ENTER &&
	    r->has_plain_reply && r->plain_reply.sw == SW_OK)
		enter_broadcast(a, r->plain.data);
}

/* Card data names protocols with their i. */
static void learn_card_data(struct audit *a, struct span data)
{
	struct card_data d;

	a->told_n = 0;
	if (!card_data_get(data, &d))
		return;
	for (size_t k = 0; k < d.scp_n && a->told_n < sizeof(a->told_i); k++)
		if (d.scp[k].scp < PROTOCOL_SCP03 && d.scp[k].i <= 0xFF)
			a->told_i[a->told_n++] = (uint8_t)d.scp[k].i;
}

void audit_next(
    struct audit *a, struct span command, struct span answer, bool masked, struct audit_result *r)
{
	struct capdu c;
	struct rapdu bare;

	memset(r, 0, sizeof(*r));
	wr_reset(&a->data);
	wr_reset(&a->answer);
	if (!capdu_get(command, &c) || !rapdu_get(answer, &bare))
		return;
	if (masked) {
		r->command = FINDING_NOT_CHECKED;
		/* Its MAC is masked too, so no later one of this session can be checked. */
		if (cla_is_sm(c.cla))
			a->open = a->broadcast = false;
		return;
	}
	if (c.ins == INS_SELECT && !cla_is_sm(c.cla)) {
		end_session(a);
	} else if (c.ins == INS_INITIALIZE_UPDATE && !cla_is_sm(c.cla)) {
		end_session(a);
		if (bare.sw == SW_OK)
			r->reply = initialize_update(a, &c, bare.data);
	} else if (c.ins == INS_EXTERNAL_AUTHENTICATE && a->challenged) {
		r->command = external_authenticate(a, &c);
		if (bare.sw != SW_OK || r->command != FINDING_OK)
			end_session(a);
	} else if (a->broadcast) {
		in_broadcast(a, &c, bare.sw, r);
	} else if (a->open && (scp_level(&a->scp) & LEVEL_CMAC) != 0) {
		in_session(a, &c, answer, r);
	} else {
		if (c.ins == INS_GET_DATA && c.p1 == 0 && c.p2 == TAG_CARD_DATA)
			learn_card_data(a, bare.data);
		if (cla_is_sm(c.cla))
			r->command = FINDING_NOT_CHECKED;
	}
}
