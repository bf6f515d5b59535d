#include "host/audit.h"

#include <string.h>

#include "gp/broadcast.h"

const char *finding_str(enum finding f)
{
	static const char *const names[] = { "", "ok", "not checked", "no key fits",
		"host cryptogram wrong", "MAC wrong", "not protected as agreed" };

	return names[f];
}

void audit_init(struct audit *a, const struct candidate *candidates, size_t n)
{
	memset(a, 0, sizeof(*a));
	a->candidates = candidates;
	a->n = n;
	a->selected = aid_isd;
	a->data = wr_grow(APDU_MAX_COMMAND);
	a->answer = wr_grow(APDU_MAX_RESPONSE);
}

static void end_session(struct audit *a)
{
	scp03_wipe(&a->scp);
	scp03_wipe(&a->bc);
	a->challenged = a->broadcast = a->broadcast_known = false;
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

static bool candidate_fits(struct audit *a, const struct candidate *c)
{
	struct span hc = span_of(a->host_challenge, a->iu.m);
	struct span cc = span_of(a->iu.card_challenge, a->iu.m);
	SECRET_KEY_SET(keys);
	uint8_t want[16];

	return diversify(c->diversification, c->master, a->iu.kdd, &keys) &&
	       scp03_begin(&a->scp, &keys, hc, cc) &&
	       scp03_cryptogram(&a->scp, SCP03_CARD, hc, cc, want) &&
	       ct_equal(span_of(want, a->iu.m), span_of(a->iu.cryptogram, a->iu.m));
}

static enum finding initialize_update(struct audit *a, const struct capdu *c, struct span data)
{
	struct rd r = rd_of(c->data);

	if ((c->data.n != 8 && c->data.n != 16) || !rd_copy(&r, a->host_challenge, c->data.n) ||
	    !init_update_get(data, (uint8_t)c->data.n, &a->iu))
		return FINDING_NOT_CHECKED;
	if (a->iu.scp != 0x03)
		return FINDING_NOT_CHECKED;
	a->challenged = true;
	for (size_t i = 0; i < a->n && a->fits == NULL; i++)
		if (candidate_fits(a, &a->candidates[i]))
			a->fits = &a->candidates[i];
	if (a->fits != NULL)
		return FINDING_OK;
	scp03_wipe(&a->scp);
	return a->n == 0 ? FINDING_NOT_CHECKED : FINDING_NO_KEY;
}

static enum finding external_authenticate(struct audit *a, const struct capdu *c)
{
	if (!a->challenged || a->fits == NULL)
		return FINDING_NOT_CHECKED;
	a->challenged = false;
	switch (scp03_card_authenticate(&a->scp, c, span_of(a->host_challenge, a->iu.m),
	    span_of(a->iu.card_challenge, a->iu.m))) {
	case SCP03_OK:
		return FINDING_OK;
	case SCP03_BAD_CRYPTOGRAM:
		return FINDING_HOST_CRYPTOGRAM;
	case SCP03_BAD_MAC:
		return FINDING_MAC;
	default:
		return FINDING_MALFORMED;
	}
}

/* ---- protected commands ---- */

static enum finding of_verdict(enum scp03_verdict v)
{
	return v == SCP03_OK ? FINDING_OK : v == SCP03_MALFORMED ? FINDING_MALFORMED : FINDING_MAC;
}

/* CHANGE MODE enter was accepted. Keys in clear (form 00) let the broadcast part be checked too. */
static void enter_broadcast(struct audit *a, struct span data)
{
	struct enter en;
	struct key enc = { 0 };

	a->broadcast = true;
	a->broadcast_known = enter_get(data, &en) && en.form == FORM_CLEAR &&
			     key_from(&enc, span_of(en.keys, en.keys_n)) &&
			     scp03_resume(&a->bc, &enc, &en.bk_mac, en.counter, en.mcv,
				 LEVEL_CMAC | LEVEL_CDEC, a->scp.m);
	wipe_key(&enc);
	enter_wipe(&en);
}

static void in_broadcast(
    struct audit *a, const struct capdu *c, uint16_t sw, struct audit_result *r)
{
	r->command = FINDING_NOT_CHECKED;
	if (a->broadcast_known) {
		r->command = of_verdict(scp03_open_command(&a->bc, c, &r->plain, &a->data));
		r->has_plain = r->command == FINDING_OK;
	}
	if (c->ins == INS_CHANGE_MODE && c->p1 == MODE_RETURN && sw == SW_OK)
		a->broadcast = false;
}

static void in_session(
    struct audit *a, const struct capdu *c, struct span answer, struct audit_result *r)
{
	r->command = of_verdict(scp03_open_command(&a->scp, c, &r->plain, &a->data));
	r->has_plain = r->command == FINDING_OK;
	if (!r->has_plain)
		return;
	r->reply = of_verdict(scp03_open_response(&a->scp, answer, &r->plain_reply, &a->answer));
	r->has_plain_reply = r->reply == FINDING_OK;
	if ((a->scp.level & LEVEL_RMAC) == 0 && r->has_plain_reply)
		r->reply = FINDING_NONE; /* nothing protects it */
	if (r->plain.ins == INS_CHANGE_MODE && r->plain.p1 == MODE_ENTER && r->has_plain_reply &&
	    r->plain_reply.sw == SW_OK)
		enter_broadcast(a, r->plain.data);
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
		return;
	}
	if (c.ins == INS_SELECT && !cla_is_sm(c.cla)) {
		end_session(a);
		if (c.p1 == 0x04 && bare.sw == SW_OK && !aid_from(&a->selected, c.data))
			a->selected = aid_isd;
	} else if (c.ins == INS_INITIALIZE_UPDATE && !cla_is_sm(c.cla)) {
		end_session(a);
		if (bare.sw == SW_OK)
			r->reply = initialize_update(a, &c, bare.data);
	} else if (c.ins == INS_EXTERNAL_AUTHENTICATE && !a->scp.open && !a->broadcast) {
		r->command = external_authenticate(a, &c);
		if (bare.sw != SW_OK)
			a->scp.open = false;
	} else if (a->broadcast) {
		in_broadcast(a, &c, bare.sw, r);
	} else if (a->scp.open) {
		in_session(a, &c, answer, r);
	} else if (cla_is_sm(c.cla)) {
		r->command = FINDING_NOT_CHECKED;
	}
}
