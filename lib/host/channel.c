/* INITIALIZE UPDATE to EXTERNAL AUTHENTICATE (Amendment D 5.1, 7.1; GPCS annex E). */
#include <stdio.h>
#include <string.h>

#include "card/trace.h"
#include "crypto/digest.h"
#include "host/choose.h"

enum { S8 = 8 };

/* ---- INITIALIZE UPDATE ---- */

static int refused_update(uint16_t sw, const struct choice *c, struct err *e)
{
	err_sw(e, ERR_AUTH, sw, "INITIALIZE UPDATE with key version %02X", c->p1);
	switch (sw) {
	case SW_REFERENCE_NOT_FOUND:
		return err_hint(e, "the card has no key set of this version; " FIELD(
				       "key-version") " names another");
	case SW_AUTH_BLOCKED:
	case SW_SECURITY_STATUS:
		return err_hint(e, "the key set is locked, or the card needs another one");
	case SW_CONDITIONS:
		return err_hint(e, "the sequence counter of this key set may be used up");
	case SW_WRONG_LENGTH:
		return c->m == S8
			   ? err_hint(e, "the card may want a challenge of 16 octets: " FIELD_IS(
					     "s16", "true"))
			   : err_hint(e,
				 "the card may want a challenge of 8 octets: leave out " FIELD_IS(
				     "s16", "true"));
	case SW_INS_NOT_SUPPORTED:
	case SW_CLA_NOT_SUPPORTED:
		return err_hint(e, "the selected application has no secure channel");
	}
	return -1;
}

/* "SCP02 or SCP01" */
static const char *answers_str(const struct choice *c, char out[static 32])
{
	out[0] = '\0';
	for (enum scp_protocol p = PROTOCOL_SCP03; p >= PROTOCOL_SCP01; p--) {
		size_t at = strlen(out);

		if ((c->protocols & 1u << p) != 0)
			snprintf(
			    out + at, 32 - at, "%s%s", at == 0 ? "" : " or ", scp_protocol_str(p));
	}
	return out;
}

static int check_update(
    struct span data, const struct choice *c, struct init_update *u, struct err *e)
{
	struct span head = span_sub(data, KDD_SIZE, 2);
	char names[32];

	if (head.n == 2 && (head.p[1] >= 32 || (c->protocols & 1u << head.p[1]) == 0)) {
		err_set(e, ERR_AUTH, "the card answers with SCP%02X, not %s", head.p[1],
		    answers_str(c, names));
		return err_hint(e, "the type of the key set says which protocols it is for");
	}
	if (!init_update_get(data, c->m, u))
		return err_set(e, ERR_AUTH,
		    "INITIALIZE UPDATE: answer of %zu octets, which fits no %s card", data.n,
		    answers_str(c, names));
	return 0;
}

static int initialize_update(
    struct session *s, const struct choice *choice, struct span challenge, struct err *e)
{
	struct capdu c = { .cla = 0x80,
		.ins = INS_INITIALIZE_UPDATE,
		.p1 = choice->p1,
		.data = challenge,
		.le = LE_MAX_SHORT };
	struct rapdu r;

	if (session_send(s, &c, &r, e) != 0)
		return err_in(e, "INITIALIZE UPDATE");
	if (r.sw != SW_OK)
		return refused_update(r.sw, choice, e);
	return check_update(r.data, choice, &s->iu, e);
}

/* ---- the card proves itself ---- */

static int wrong_keys(const struct init_update *u, struct err *e)
{
	err_set(e, ERR_AUTH,
	    "card cryptogram does not match: these are not the card's keys of version %02X; "
	    "nothing was sent, no try spent",
	    u->key_version);
	return err_hint(e, "check the key set, its diversification and the key version");
}

static int check_card(struct session *s, const struct session_auth *auth,
    const struct scp_start *start, struct err *e)
{
	const struct init_update *u = &s->iu;
	uint8_t want[16];

	if (!scp_begin(&s->scp, start) || !scp_cryptogram(&s->scp, start, ROLE_CARD, want))
		return err_set(e, ERR_OTHER, "session keys cannot be derived");
	if (!ct_equal(span_of(want, u->m), span_of(u->cryptogram, u->m))) {
		if (auth->mismatch != NULL)
			auth->mismatch(auth->ctx, u);
		return wrong_keys(u, e);
	}
	/* What SCP02 does with its counter is up to the card (GPCS E.4.2.3). */
	if (u->scp != PROTOCOL_SCP03 || !u->has_sequence || (u->i & SCP03_I_PSEUDO_RANDOM) == 0)
		return 0;
	/* Amendment D 6.2.2.1; a card that is not in step with its own counter is not trusted. */
	if (!scp03_card_challenge(&start->keys->enc, u->sequence, aid_span(&s->domain), u->m, want))
		return err_set(e, ERR_OTHER, "the card challenge cannot be derived");
	if (ct_equal(span_of(want, u->m), start->card_challenge))
		return 0;
	return err_set(e, ERR_AUTH,
	    "card challenge is not the one of sequence counter %02X%02X%02X in this domain; "
	    "nothing was sent, no try spent",
	    u->sequence[0], u->sequence[1], u->sequence[2]);
}

/* ---- EXTERNAL AUTHENTICATE ---- */

static int authenticate(struct session *s, const struct session_auth *auth,
    const struct scp_start *start, uint8_t level, struct err *e)
{
	struct rapdu r;

	wr_reset(&s->wire);
	if (!scp_host_authenticate(&s->scp, start, level, 0, &s->wire))
		return err_set(e, ERR_OTHER, "EXTERNAL AUTHENTICATE cannot be made");
	if (auth->before_auth != NULL && auth->before_auth(auth->ctx, &s->iu, e) != 0)
		return -1;
	if (card_transmit(s->card, wr_span(&s->wire), &s->answer, e) != 0)
		return err_in(e, "EXTERNAL AUTHENTICATE");
	if (!rapdu_get(wr_span(&s->answer), &r))
		return err_set(e, ERR_AUTH, "EXTERNAL AUTHENTICATE: answer has no status word");
	if (auth->after_auth != NULL)
		auth->after_auth(auth->ctx, &s->iu, r.sw == SW_OK);
	if (r.sw == SW_OK)
		return 0;
	err_sw(e, ERR_AUTH, r.sw, "EXTERNAL AUTHENTICATE with key version %02X", s->iu.key_version);
	return err_hint(e,
	    "the card refused, or somebody on the line says so; it may have cost a try of the key "
	    "set, and is not tried again");
}

static int host_challenge(const struct session *s, uint8_t m, uint8_t out[static 16], struct err *e)
{
	if (replay_host_challenge(s->card, out, m) || random_bytes(out, m))
		return 0;
	return err_set(e, ERR_OTHER, "no random numbers to be had");
}

static int handshake(
    struct session *s, const struct choice *c, const struct session_auth *auth, struct err *e)
{
	SECRET_KEY_SET(keys);
	struct scp_start start = { .keys = &keys };
	uint8_t hc[16], level;

	if (host_challenge(s, c->m, hc, e) != 0 ||
	    initialize_update(s, c, span_of(hc, c->m), e) != 0 ||
	    choose_by_answer(s, c, &level, e) != 0 || auth->keys(auth->ctx, &s->iu, &keys, e) != 0)
		return -1;
	start.protocol = (enum scp_protocol)s->iu.scp;
	start.i = s->iu.i;
	start.host_challenge = span_of(hc, c->m);
	start.card_challenge = span_of(s->iu.card_challenge, c->m);
	if (check_card(s, auth, &start, e) != 0 || authenticate(s, auth, &start, level, e) != 0)
		return -1;
	/* GPCS E.4.7: SCP02 has a session key for sensitive data. */
	s->dek = start.protocol == PROTOCOL_SCP02 ? s->scp.u.scp02.dek : keys.dek;
	s->level = level;
	memcpy(s->sid, hc, c->m);
	memcpy(s->sid + c->m, s->iu.card_challenge, c->m);
	s->sid_n = (uint8_t)(2 * c->m);
	s->mode = SESSION_UNICAST;
	return 0;
}

int session_open(
    struct session *s, const struct choice *c, const struct session_auth *auth, struct err *e)
{
	if (!session_discovered(s, &s->domain))
		return err_set(e, ERR_OTHER, "internal: a channel on a card that nobody looked at");
	if (handshake(s, c, auth, e) == 0)
		return 0;
	scp_wipe(&s->scp);
	return -1;
}

int session_look(struct session *s, const struct choose_asks *a, const struct key_infos *k,
    struct choice *c, struct err *e)
{
	if (choose_check(a, e) != 0 ||
	    (!session_discovered(s, &a->domain) && session_discover(s, &a->domain, e) != 0))
		return -1;
	return choose(s, k, a, c, e);
}

int session_begin(
    struct session *s, const struct choose_asks *a, const struct session_auth *auth, struct err *e)
{
	const struct key_infos none = { 0 };
	struct choice c;

	return session_look(s, a, &none, &c, e) == 0 ? session_open(s, &c, auth, e) : -1;
}
