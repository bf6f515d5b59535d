/* INITIALIZE UPDATE to EXTERNAL AUTHENTICATE (Amendment D 5.1, 7.1; GPCS annex E). */
#include <stdio.h>
#include <string.h>

#include "card/trace.h"
#include "crypto/digest.h"
#include "host/session.h"

enum { SCP03_ID = PROTOCOL_SCP03, S8 = 8, S16 = 16 };
enum { I_SCP01 = 0x05, I_SCP02 = 0x15 }; /* where nobody tells it: what nearly all cards have */

/* ---- what is asked for ---- */

static bool is_asked(const struct session_asks *asks, unsigned protocol)
{
	return asks->protocols == 0 ? protocol == PROTOCOL_SCP03
				    : protocol < 32 && (asks->protocols & 1u << protocol) != 0;
}

/* "SCP02 or SCP01" */
static const char *asked_str(const struct session_asks *asks, char out[static 32])
{
	out[0] = '\0';
	for (enum scp_protocol p = PROTOCOL_SCP03; p >= PROTOCOL_SCP01; p--) {
		size_t at = strlen(out);

		if (is_asked(asks, p))
			snprintf(
			    out + at, 32 - at, "%s%s", at == 0 ? "" : " or ", scp_protocol_str(p));
	}
	return out;
}

static int check_asks(const struct session_asks *asks, struct err *e)
{
	bool level = asks->level < 0, i = asks->i == 0;
	char names[32];

	for (enum scp_protocol p = PROTOCOL_SCP01; p <= PROTOCOL_SCP03; p++) {
		if (!is_asked(asks, p))
			continue;
		level = level ||
			(asks->level <= 0xFF && scp_level_valid(p, (uint8_t)asks->level, 0xFF));
		i = i || (p != PROTOCOL_SCP03 && scp_i_valid(p, asks->i));
	}
	if (!level)
		return err_set(e, ERR_SAFETY, "there is no security level %02X in %s",
		    (unsigned)asks->level, asked_str(asks, names));
	if (!i)
		return err_set(e, ERR_SAFETY, "there is no parameter i = %02X to choose in %s",
		    asks->i, asked_str(asks, names));
	return 0;
}

/* ---- what the card can, from its card data and capabilities ---- */

struct offers {
	bool s8, s16;
};

static void offer(struct offers *o, uint16_t i)
{
	if ((i & SCP03_I_S16) != 0)
		o->s16 = true;
	else
		o->s8 = true;
}

static struct offers card_offers(const struct session *s)
{
	struct offers o = { 0 };

	for (size_t k = 0; k < s->data.scp_n; k++) {
		if (s->data.scp[k].scp == SCP03_ID)
			offer(&o, s->data.scp[k].i);
	}
	for (size_t k = 0; k < s->caps.n; k++) {
		const struct capability *c = &s->caps.scp[k];

		for (size_t j = 0; c->scp == SCP03_ID && j < c->i_n; j++)
			offer(&o, c->i[j]);
	}
	return o;
}

/* S8 or S16, decided before anything of the handshake is sent. */
static int choose_mac_size(
    const struct session *s, const struct session_asks *asks, uint8_t *m, struct err *e)
{
	struct offers o = card_offers(s);
	bool silent = !o.s8 && !o.s16;
	char names[32];

	if (!is_asked(asks, PROTOCOL_SCP03)) {
		*m = S8;
		return asks->s16 <= 0
			   ? 0
			   : err_set(e, ERR_SAFETY, "S16 was asked for, which %s has not",
				 asked_str(asks, names));
	}
	if (asks->s16 < 0) {
		*m = o.s16 && !o.s8 ? S16 : S8;
		return 0;
	}
	*m = asks->s16 > 0 ? S16 : S8;
	if (silent || (*m == S16 ? o.s16 : o.s8))
		return 0;
	err_set(e, ERR_SAFETY, "%s was asked for, but the card offers only %s",
	    *m == S16 ? "S16" : "S8", *m == S16 ? "S8" : "S16");
	return err_hint(
	    e, "the card data tell, see " VERB("info") "; ask for nothing and it is chosen");
}

/* A parameter i of this protocol that card data or capabilities name and that INITIALIZE UPDATE can
 * begin; 0: none is told. */
static uint8_t told_i(const struct session *s, enum scp_protocol p)
{
	for (size_t k = 0; k < s->data.scp_n; k++) {
		const struct scp_option *o = &s->data.scp[k];

		if (o->scp == p && o->i <= 0xFF && (o->i & SCP02_I_EXPLICIT) != 0 &&
		    scp_i_valid(p, (uint8_t)o->i))
			return (uint8_t)o->i;
	}
	for (size_t k = 0; k < s->caps.n; k++) {
		const struct capability *c = &s->caps.scp[k];

		for (size_t j = 0; c->scp == p && j < c->i_n; j++)
			if ((c->i[j] & SCP02_I_EXPLICIT) != 0 && scp_i_valid(p, c->i[j]))
				return c->i[j];
	}
	return 0;
}

/* SCP01 and SCP02 do not answer with their i. */
static int choose_i(struct session *s, const struct session_asks *asks, struct err *e)
{
	struct init_update *u = &s->iu;
	enum scp_protocol p = (enum scp_protocol)u->scp;

	s->i_from = I_ANSWERED;
	if (p == PROTOCOL_SCP03)
		return 0;
	u->i = asks->i;
	s->i_from = I_ASKED;
	if (u->i == 0) {
		u->i = told_i(s, p);
		s->i_from = I_CARD_DATA;
	}
	if (u->i == 0) {
		u->i = p == PROTOCOL_SCP01 ? I_SCP01 : I_SCP02;
		s->i_from = I_ASSUMED;
	}
	if (scp_i_valid(p, u->i) && (u->i & SCP02_I_EXPLICIT) != 0)
		return 0;
	return err_set(e, ERR_SAFETY, "%s with i = %02X does not begin with INITIALIZE UPDATE",
	    scp_protocol_str(p), u->i);
}

/* The highest that the card says it can. */
static uint8_t best_level(const struct init_update *u)
{
	uint8_t level = LEVEL_CDEC | LEVEL_CMAC;

	if (u->scp == PROTOCOL_SCP02 && (u->i & SCP02_I_RMAC) != 0)
		level |= LEVEL_RMAC;
	if (u->scp == PROTOCOL_SCP03 && (u->i & SCP03_I_RMAC) != 0)
		level |= LEVEL_RMAC;
	if (u->scp == PROTOCOL_SCP03 && (u->i & SCP03_I_RENC) != 0)
		level |= LEVEL_RENC;
	return level;
}

static int choose_level(
    const struct session *s, const struct session_asks *asks, uint8_t *level, struct err *e)
{
	const struct init_update *u = &s->iu;
	uint8_t i = u->i;

	*level = asks->level < 0 ? best_level(u) : (uint8_t)asks->level;
	/* A card that tells nothing may have R-MAC: whoever asks for it will see. */
	if (u->scp == PROTOCOL_SCP02 && s->i_from == I_ASSUMED)
		i |= SCP02_I_RMAC;
	if (scp_level_valid((enum scp_protocol)u->scp, *level, i))
		return 0;
	if (s->i_from == I_ASSUMED)
		return err_set(e, ERR_SAFETY, "%s has no level %02X",
		    scp_protocol_str((enum scp_protocol)u->scp), *level);
	err_set(e, ERR_SAFETY, "the card cannot do level %02X: it reports i = %02X", *level, i);
	return err_hint(
	    e, "without " FIELD("level") " the highest level that the card can is taken");
}

/* ---- INITIALIZE UPDATE ---- */

static int refused_update(uint16_t sw, const struct session_asks *asks, uint8_t m, struct err *e)
{
	err_sw(e, ERR_AUTH, sw, "INITIALIZE UPDATE with key version %02X", asks->key_version);
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
		return m == S8
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

static int check_update(struct span data, const struct session_asks *asks, uint8_t m,
    struct init_update *u, struct err *e)
{
	struct span head = span_sub(data, KDD_SIZE, 2);
	char names[32];

	if (head.n == 2 && !is_asked(asks, head.p[1])) {
		err_set(e, ERR_AUTH, "the card answers with SCP%02X, not %s", head.p[1],
		    asked_str(asks, names));
		return err_hint(e, "the type of the key set says which protocols it is for");
	}
	if (!init_update_get(data, m, u))
		return err_set(e, ERR_AUTH,
		    "INITIALIZE UPDATE: answer of %zu octets, which fits no %s card", data.n,
		    asked_str(asks, names));
	if (asks->key_version != 0 && u->key_version != asks->key_version)
		return err_set(e, ERR_AUTH,
		    "key version %02X was asked for, the card answers with %02X", asks->key_version,
		    u->key_version);
	if (u->scp == PROTOCOL_SCP03 && !scp_i_valid(PROTOCOL_SCP03, u->i))
		return err_set(
		    e, ERR_AUTH, "the card reports i = %02X, which does not exist", u->i);
	return 0;
}

static int initialize_update(struct session *s, const struct session_asks *asks, uint8_t m,
    struct span challenge, struct err *e)
{
	struct capdu c = { .cla = 0x80,
		.ins = INS_INITIALIZE_UPDATE,
		.p1 = asks->key_version,
		.data = challenge,
		.le = LE_MAX_SHORT };
	struct rapdu r;

	if (session_send(s, &c, &r, e) != 0)
		return err_in(e, "INITIALIZE UPDATE");
	if (r.sw != SW_OK)
		return refused_update(r.sw, asks, m, e);
	return check_update(r.data, asks, m, &s->iu, e);
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

static int check_card(struct session *s, const struct scp_start *start, struct err *e)
{
	const struct init_update *u = &s->iu;
	uint8_t want[16];

	if (!scp_begin(&s->scp, start) || !scp_cryptogram(&s->scp, start, SCP_CARD, want))
		return err_set(e, ERR_OTHER, "session keys cannot be derived");
	if (!ct_equal(span_of(want, u->m), span_of(u->cryptogram, u->m)))
		return wrong_keys(u, e);
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

static int authenticate(struct session *s, const struct session_asks *asks,
    const struct scp_start *start, uint8_t level, struct err *e)
{
	struct rapdu r;

	wr_reset(&s->wire);
	if (!scp_host_authenticate(&s->scp, start, level, 0, &s->wire))
		return err_set(e, ERR_OTHER, "EXTERNAL AUTHENTICATE cannot be made");
	if (asks->before_auth != NULL && asks->before_auth(asks->ctx, &s->iu, e) != 0)
		return -1;
	if (card_transmit(s->card, wr_span(&s->wire), &s->answer, e) != 0)
		return err_in(e, "EXTERNAL AUTHENTICATE");
	if (!rapdu_get(wr_span(&s->answer), &r))
		return err_set(e, ERR_AUTH, "EXTERNAL AUTHENTICATE: answer has no status word");
	if (asks->after_auth != NULL)
		asks->after_auth(asks->ctx, &s->iu, r.sw == SW_OK);
	if (r.sw == SW_OK)
		return 0;
	err_sw(e, ERR_AUTH, r.sw, "EXTERNAL AUTHENTICATE with key version %02X", s->iu.key_version);
	return err_hint(e, "this cost one try of the key set, and it is not tried again");
}

static int host_challenge(const struct session *s, uint8_t m, uint8_t out[static 16], struct err *e)
{
	if (replay_host_challenge(s->card, out, m) || random_bytes(out, m))
		return 0;
	return err_set(e, ERR_OTHER, "no random numbers to be had");
}

static int handshake(struct session *s, const struct session_asks *asks, uint8_t m, struct err *e)
{
	SECRET_KEY_SET(keys);
	struct scp_start start = { .keys = &keys };
	uint8_t hc[16], level;

	if (host_challenge(s, m, hc, e) != 0 ||
	    initialize_update(s, asks, m, span_of(hc, m), e) != 0 || choose_i(s, asks, e) != 0 ||
	    choose_level(s, asks, &level, e) != 0 || asks->keys(asks->ctx, &s->iu, &keys, e) != 0)
		return -1;
	start.protocol = (enum scp_protocol)s->iu.scp;
	start.i = s->iu.i;
	start.host_challenge = span_of(hc, m);
	start.card_challenge = span_of(s->iu.card_challenge, m);
	if (check_card(s, &start, e) != 0 || authenticate(s, asks, &start, level, e) != 0)
		return -1;
	/* GPCS E.4.7: SCP02 has a session key for sensitive data. */
	s->dek = start.protocol == PROTOCOL_SCP02 ? s->scp.u.scp02.dek : keys.dek;
	s->level = level;
	s->mode = SESSION_UNICAST;
	return 0;
}

/* The domain was selected and nothing happened to the channel since. */
static bool discovered(const struct session *s, const struct aid *domain)
{
	struct span want = domain->n == 0 ? aid_span(&aid_isd) : aid_span(domain);

	return s->domain.n != 0 && span_eq(aid_span(&s->domain), want) && !s->lost &&
	       s->mode == SESSION_CLOSED;
}

int session_open(struct session *s, const struct session_asks *asks, struct err *e)
{
	uint8_t m;

	if (check_asks(asks, e) != 0)
		return -1;
	if (!discovered(s, &asks->domain) && session_discover(s, &asks->domain, e) != 0)
		return -1;
	if (choose_mac_size(s, asks, &m, e) != 0)
		return -1;
	if (handshake(s, asks, m, e) == 0)
		return 0;
	scp_wipe(&s->scp);
	return -1;
}
