#include "host/session.h"

#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "scp/joined.h"

void session_init(struct session *s, struct card *card)
{
	memset(s, 0, sizeof(*s));
	s->card = card;
	s->wire = wr_grow(APDU_MAX_COMMAND);
	s->answer = wr_grow(APDU_MAX_RESPONSE);
	s->plain = wr_grow(APDU_MAX_RESPONSE);
}

static void forget_channel(struct session *s)
{
	scp_wipe(&s->scp);
	wipe_key(&s->dek);
	s->mode = SESSION_CLOSED;
	s->level = 0;
	s->kid = 0;
}

void session_drop(struct session *s)
{
	s->lost = s->lost || s->mode != SESSION_CLOSED;
	forget_channel(s);
}

/* Level 00 only authenticates: its commands and answers go as they are. */
static bool is_protected(const struct session *s)
{
	return s->mode == SESSION_UNICAST && (s->level & LEVEL_CMAC) != 0;
}

bool session_has_rmac(const struct session *s)
{
	return s->mode == SESSION_UNICAST && (s->level & LEVEL_RMAC) != 0;
}

int session_whole_check(const struct session *s, const char *who, struct err *e)
{
	enum { WHOLE = LEVEL_CMAC | LEVEL_CDEC | LEVEL_RMAC | LEVEL_RENC };

	if (s->mode != SESSION_UNICAST || s->lost)
		return err_set(e, ERR_SAFETY, "%s need an open channel", who);
	if (scp_protocol(&s->scp) == PROTOCOL_SCP03 && s->level == WHOLE)
		return 0;
	err_set(e, ERR_SAFETY, "%s need a channel of SCP03 or SCP11 with level 33", who);
	return err_hint(e, "the card must be able to do R-MAC and R-ENCRYPTION (i=70, 60)");
}

bool session_is_issuer(const struct session *s)
{
	return s->domain.n == 0 || aid_same(&s->domain, &aid_isd);
}

static int check_may_send(const struct session *s, struct err *e)
{
	if (s->mode == SESSION_BROADCAST) {
		err_set(e, ERR_SAFETY,
		    "the channel is in broadcast mode: only the bundle's own commands may be sent");
		return err_hint(
		    e, VERB("scp-mode unicast") " returns, " VERB("scp-close") " gives up");
	}
	if (s->lost) {
		err_set(
		    e, ERR_SAFETY, "the secure channel was lost: nothing is sent outside of it");
		return err_hint(e, "open a channel again");
	}
	return 0;
}

bool session_joins(const struct session *s, size_t octets)
{
	return is_protected(s) && scp_protocol(&s->scp) == PROTOCOL_SCP03 &&
	       octets > scp_max_data(&s->scp);
}

static bool is_joined(const struct session *s, const struct capdu *c)
{
	return !c->extended && session_joins(s, c->data.n) && joined_may(c->ins);
}

static int write_wire(struct session *s, const struct capdu *c, struct err *e)
{
	struct capdu asked = *c;

	wr_reset(&s->wire);
	if (s->mode == SESSION_UNICAST) {
		/* With R-MAC every command has an answer, so it asks for one (Amendment D 6.2.5).
		 */
		if (c->le == LE_NONE && (s->level & LEVEL_RMAC) != 0)
			asked.le = c->extended ? LE_MAX_EXTENDED : LE_MAX_SHORT;
		if (c->extended && scp_protocol(&s->scp) != PROTOCOL_SCP03)
			return err_set(e, ERR_SAFETY, "%s has no extended length",
			    scp_protocol_str(scp_protocol(&s->scp)));
		if (is_joined(s, c))
			asked.extended = true;
		else if (!c->extended && c->data.n > scp_max_data(&s->scp))
			return err_set(e, ERR_SAFETY,
			    "%zu octets of data are too many for one command, at level %02X %zu "
			    "fit",
			    c->data.n, s->level, scp_max_data(&s->scp));
		/* A command that could not be sealed leaves counter and chaining value alone. */
		if (!scp_seal_command(&s->scp, &asked, &s->wire))
			return err_set(e, ERR_OTHER, "the command cannot be protected");
		return 0;
	}
	capdu_put(&s->wire, c);
	if (!wr_ok(&s->wire))
		return err_set(e, ERR_SAFETY, "%zu octets of data need extended length", c->data.n);
	return 0;
}

static int bad_answer(struct session *s, enum scp_verdict v, struct err *e)
{
	const char *why = v == SCP_BAD_MAC     ? "its R-MAC is wrong"
			  : v == SCP_MALFORMED ? "it is not protected as agreed"
					       : "it cannot be decrypted";

	session_drop(s);
	err_set(e, ERR_INTEGRITY,
	    "the card's answer is not to be trusted: %s; the channel is closed", why);
	return err_hint(
	    e, "somebody may sit between reader and card, or the card lost its session");
}

/*
 * What was sealed as a whole, with its length in three octets, goes in short commands that b8 of P1
 * joins; the answer to the last one is that of all (GPCS 11.1.5). One that is refused on the way
 * leaves the card without the MAC, so the channel is lost.
 */
static int transmit_joined(struct session *s, struct err *e)
{
	uint8_t octets[APDU_SHORT_DATA + 6];
	size_t said = s->id.fci.max_data;
	size_t most = said > 0 && said < APDU_SHORT_DATA ? said : APDU_SHORT_DATA;
	struct capdu whole, part;
	struct rapdu r = { .sw = SW_OK };

	if (!capdu_get(wr_span(&s->wire), &whole))
		return err_set(e, ERR_OTHER, "the command cannot be taken apart");
	part = whole;
	part.extended = false;
	for (size_t at = 0;; at += most) {
		bool last = whole.data.n - at <= most;
		struct wr w = wr_fixed(octets, sizeof(octets));

		part.data = span_sub(whole.data, at, most);
		part.p1 = last ? whole.p1 : whole.p1 | 0x80;
		part.le = last && whole.le != LE_NONE ? LE_MAX_SHORT : LE_NONE;
		capdu_put(&w, &part);
		if (card_transmit(s->card, wr_span(&w), &s->answer, e) != 0)
			return -1;
		if (last)
			return 0;
		if (rapdu_get(wr_span(&s->answer), &r) && r.sw == SW_OK && r.data.n == 0)
			continue;
		session_drop(s);
		return sw_is_success_or_warning(r.sw)
			   ? err_set(e, ERR_CARD, "the answer to a part of a command has data")
			   : 0;
	}
}

int session_send(struct session *s, const struct capdu *c, struct rapdu *r, struct err *e)
{
	enum scp_verdict v;

	if (check_may_send(s, e) != 0 || write_wire(s, c, e) != 0)
		return -1;
	if ((is_joined(s, c) ? transmit_joined(s, e)
			     : card_transmit(s->card, wr_span(&s->wire), &s->answer, e)) != 0) {
		session_drop(s);
		return -1;
	}
	wr_reset(&s->plain);
	if (s->mode != SESSION_UNICAST) {
		if (!rapdu_get(wr_span(&s->answer), r))
			return err_set(e, ERR_CARD, "answer has no status word");
		return 0;
	}
	v = scp_open_response(&s->scp, wr_span(&s->answer), r, &s->plain);
	if (v != SCP_OK)
		return bad_answer(s, v, e);
	/* A security error aborts the session on the card (Amendment D 5.6); we cannot tell it from
	 * a mere refusal, so it ends here as well. */
	if (r->sw == SW_SECURITY_STATUS && is_protected(s))
		session_drop(s);
	return 0;
}

int session_do(
    struct session *s, const struct capdu *c, const char *what, struct rapdu *r, struct err *e)
{
	if (session_send(s, c, r, e) != 0)
		return err_in(e, "%s", what);
	if (r->sw == SW_OK)
		return 0;
	err_sw(e, ERR_CARD, r->sw, "%s", what);
	if (s->lost)
		err_hint(e, "after this answer the secure channel counts as lost: open it again");
	else if (r->sw == SW_FUNCTION_NOT_SUPPORTED && s->id.select_sw == SW_SELECTED_LOCKED)
		err_hint(e, "the card is locked; " VERB("unlock --card") " unlocks it");
	return -1;
}

char *session_key_set(const struct session *s, uint8_t version, char out[static SESSION_KEY_SET])
{
	char aid[HEX_SIZE(AID_MAX)];
	bool issuer = session_is_issuer(s);

	snprintf(out, SESSION_KEY_SET, "%02X%s%s", version, issuer ? "" : " in ",
	    issuer ? "" : hex_put(aid_span(&s->domain), aid, sizeof(aid)));
	return out;
}

void session_close(struct session *s)
{
	struct capdu c = {
		.ins = INS_SELECT, .p1 = 0x04, .data = aid_span(&s->domain), .le = LE_MAX_SHORT
	};
	bool was_open = s->mode != SESSION_CLOSED || s->lost;
	struct err ignored;

	forget_channel(s);
	s->lost = false;
	if (!was_open || s->card == NULL || s->card->gone)
		return;
	/* Selection ends a session on the card, whatever it answers (GPCS 10.2.3). */
	wr_reset(&s->wire);
	capdu_put(&s->wire, &c);
	if (wr_ok(&s->wire) && card_transmit(s->card, wr_span(&s->wire), &s->answer, &ignored) != 0)
		s->lost = true;
}

void session_wipe(struct session *s)
{
	scp_wipe(&s->scp);
	wr_free(&s->wire);
	wr_free(&s->answer);
	wr_free(&s->plain);
	wipe(s, sizeof(*s));
}
