#include "host/scp11.h"

#include <string.h>

#include "crypto/digest.h"
#include "host/choose.h"
#include "tlv/tlv.h"

enum { SCP11_ID = 0x11, LEVEL_BEST = 0x33 };

/* ---- before anything is sent: what was asked, and our own half ---- */

static int check_asked(const struct scp11_asks *a, uint8_t *usage, struct err *e)
{
	int level = a->level < 0 ? LEVEL_BEST : a->level;

	if (level > 0xFF || !scp11_usage_of(a->variant, (uint8_t)level, usage)) {
		err_set(e, ERR_SAFETY, "%s has no security level %02X",
		    scp11_variant_str(a->variant), (unsigned)level);
		return err_hint(e, "%s",
		    a->variant == SCP11C ? "it has 33, 13, 11 and 03" : "it has 33 and 11");
	}
	if (a->host_id.n > SCP11_HOST_ID_MAX)
		return err_set(
		    e, ERR_USAGE, "a host identifier has at most %d octets", SCP11_HOST_ID_MAX);
	if (a->card == NULL && a->anchors_n == 0) {
		err_set(e, ERR_AUTH, "no CA to check the card's certificates with");
		return err_hint(e, "add who certifies the cards to the key store (type: ca)");
	}
	return 0;
}

/* The last certificate of our chain must be that of our key, and nothing may have expired: a card
 * has no clock, so it would not notice. */
static int check_own(const struct scp11_asks *a, struct err *e)
{
	struct rd r = rd_of(a->chain);
	struct ec_public pub;
	struct span whole;
	struct cert c = { 0 };
	size_t n = 0;

	if (a->variant == SCP11B)
		return 0;
	if (a->own == NULL || !ec_public_of(a->own, &pub))
		return err_set(
		    e, ERR_AUTH, "%s needs a private key of ours", scp11_variant_str(a->variant));
	while (rd_left(&r) > 0) {
		n++;
		if (!cert_next(&r, &whole) || !cert_get(whole, &c))
			return err_set(e, ERR_INPUT, "our certificate %zu cannot be read", n);
		if (c.from > a->now || !c.has_until || c.until <= a->now)
			return err_set(e, ERR_AUTH, "our certificate %zu %s", n,
			    c.from > a->now ? "is not valid yet" : "has expired");
	}
	if (n == 0 || c.usage != CERT_AGREES || !ec_public_eq(&c.key, &pub)) {
		err_set(e, ERR_AUTH, "our certificates do not end in the one of our key");
		return err_hint(e, "they go from the issuer to the leaf, which comes last");
	}
	return 0;
}

/* ---- what the card is ---- */

static int untrusted(enum cert_verdict v, size_t at, struct err *e)
{
	if (at == 0)
		err_set(e, ERR_AUTH, "certificates of the card: %s; nothing more was sent",
		    cert_verdict_str(v));
	else
		err_set(e, ERR_AUTH, "certificate %zu of the card: %s; nothing more was sent", at,
		    cert_verdict_str(v));
	if (v == CERT_UNTRUSTED)
		return err_hint(e, "the key store needs who signs these cards (type: ca)");
	return -1;
}

int scp11_ask_certs(struct session *s, struct key_ref key, struct rapdu *r, struct err *e)
{
	uint8_t ask[8];
	struct wr w = wr_fixed(ask, sizeof(ask));
	struct capdu c = { .cla = 0x80,
		.ins = INS_GET_DATA,
		.p1 = TAG_CERTIFICATE_STORE >> 8,
		.p2 = TAG_CERTIFICATE_STORE & 0xFF,
		.le = LE_MAX_SHORT };

	key_ref_put(&w, key);
	c.data = wr_span(&w);
	return session_send(s, &c, r, e) == 0 ? 0 : err_in(e, "GET DATA BF21");
}

int scp11_card_key_is(struct session *s, struct key_ref ref,
    const uint8_t digest[static SCP11_KEY_DIGEST], struct ec_public *key, bool *is, struct err *e)
{
	uint8_t own[SCP11_KEY_DIGEST];
	struct cert leaf = { 0 };
	struct span certs, one;
	struct rapdu r;
	struct rd rd;

	*is = false;
	if (scp11_ask_certs(s, ref, &r, e) != 0)
		return -1;
	if (r.sw != SW_OK || !cert_store_get(r.data, &certs))
		return 0;
	rd = rd_of(certs);
	while (cert_next(&rd, &one))
		if (!cert_get(one, &leaf))
			return 0;
	*key = leaf.key;
	*is = leaf.key.n > 0 && sha256_of(ec_public_span(&leaf.key), own) &&
	      span_eq(SPAN(own), span_of(digest, SCP11_KEY_DIGEST));
	return 0;
}

/* The card's certificates, and whether they hold. */
static int check_card(
    struct session *s, const struct scp11_asks *a, struct scp11_card *card, struct err *e)
{
	const struct cert_check check = { a->anchors, a->anchors_n, a->now, X509_ROLE_SD };
	enum cert_verdict v;
	struct span certs;
	struct rapdu r;
	size_t at = 0;

	if (scp11_ask_certs(s, card->key, &r, e) != 0)
		return -1;
	if (r.sw != SW_OK)
		return err_sw(e, ERR_AUTH, r.sw,
		    "GET DATA BF21: certificates of key %02X, version %02X", card->key.kid,
		    card->key.kvn);
	v = cert_store_get(r.data, &certs) ? cert_chain_check(certs, &check, &card->cert, &at)
					   : CERT_MALFORMED;
	card->cert.signed_part = card->cert.signature = span_of(NULL, 0);
	if (v != CERT_OK)
		return untrusted(v, at, e);
	if (a->variant != SCP11B && card->cert.key.curve != a->own->curve)
		return err_set(e, ERR_AUTH, "the card's key is on %s, ours on %s",
		    ec_curve_str(card->cert.key.curve), ec_curve_str(a->own->curve));
	return 0;
}

static int look_at_card(
    struct session *s, const struct scp11_asks *a, struct scp11_card *card, struct err *e)
{
	if (a->card == NULL)
		return check_card(s, a, card, e);
	card->cert.key = *a->card;
	return 0;
}

/* ---- PERFORM SECURITY OPERATION ---- */

static int refused_certificate(uint16_t sw, const struct scp11_card *card, size_t n, struct err *e)
{
	err_sw(e, ERR_AUTH, sw, "PERFORM SECURITY OPERATION: our certificate %zu", n);
	switch (sw) {
	case SW_REFERENCE_NOT_FOUND:
		return err_hint(
		    e, "the card has no CA key %02X of version %02X", card->ca.kid, card->ca.kvn);
	case SW_CERTIFICATE_INVALID:
		return err_hint(e, "the card's CA key did not sign it");
	case SW_CERTIFICATE_NOT_ALLOWED:
		return err_hint(e, "it is not on the card's allow-list");
	case SW_FUNCTION_NOT_SUPPORTED:
		return err_hint(e, "the card does not know the restrictions in it");
	}
	return -1;
}

/* One certificate, in blocks that are chained by the class byte. */
static int send_certificate(struct session *s, const struct scp11_card *card, struct span cert,
    bool more, uint16_t *sw, struct err *e)
{
	struct rd r = rd_of(cert);

	do {
		size_t n = rd_left(&r) < APDU_SHORT_DATA ? rd_left(&r) : APDU_SHORT_DATA;
		struct capdu c = { .ins = INS_PERFORM_SECURITY_OPERATION,
			.p1 = card->ca.kvn,
			.p2 = (uint8_t)(card->ca.kid | (more ? PSO_MORE_CERTIFICATES : 0)) };
		struct rapdu answer;

		if (!rd_take(&r, n, &c.data))
			return err_set(e, ERR_OTHER, "internal: certificate");
		c.cla = rd_left(&r) > 0 ? 0x90 : 0x80;
		if (session_send(s, &c, &answer, e) != 0)
			return err_in(e, "PERFORM SECURITY OPERATION");
		*sw = answer.sw;
	} while (*sw == SW_OK && rd_left(&r) > 0);
	return 0;
}

static int introduce(
    struct session *s, const struct scp11_asks *a, const struct scp11_card *card, struct err *e)
{
	struct rd r = rd_of(a->chain);
	struct span cert;
	uint16_t sw;

	if (a->variant == SCP11B)
		return 0;
	for (size_t n = 1; cert_next(&r, &cert); n++) {
		if (send_certificate(s, card, cert, rd_left(&r) > 0, &sw, e) != 0)
			return -1;
		if (sw == SW_OK)
			continue;
		if (a->after_auth != NULL)
			a->after_auth(a->ctx, card, false);
		return refused_certificate(sw, card, n, e);
	}
	return 0;
}

/* ---- MUTUAL and INTERNAL AUTHENTICATE ---- */

/* What both sides know when the answer is there. */
struct exchange {
	struct ec_private ephemeral;
	struct ec_public ephemeral_public;
	uint8_t ids[SCP11_IDENTIFIERS_MAX];
	struct scp11_terms terms;
	uint8_t request[256];
	struct wr data; /* over request */
	struct scp11_keys keys;
};

/* The value of a data object that may stand there bare. */
static struct span value_of(struct span data, uint32_t tag)
{
	struct span v;

	return tlv_find(data, tag, &v) ? v : data;
}

/* HostID with what the card is known by. */
static int take_identifiers(struct session *s, const struct scp11_asks *a,
    const struct scp11_card *card, struct exchange *x, struct err *e)
{
	struct wr w = wr_fixed(x->ids, sizeof(x->ids));
	struct span group =
	    a->group.n > 0 ? a->group : span_of(card->cert.subject.b, card->cert.subject.n);
	struct span iin = a->iin;
	bool found = iin.n > 0;

	if (!a->has_host_id)
		return 0;
	wr_lv(&w, a->host_id);
	if (a->variant == SCP11C) {
		if (group.n == 0)
			return err_set(e, ERR_AUTH,
			    "the card's certificate names no subject: its group is not known");
		wr_lv(&w, group);
	} else {
		if (!found && session_get_data(s, TAG_IIN, &iin, &found, e) != 0)
			return -1;
		if (!found || s->id.cin_n == 0)
			return err_set(e, ERR_AUTH,
			    "a host identifier goes with the card's IIN and CIN, and it tells "
			    "none");
		wr_lv(&w, a->iin.n > 0 ? a->iin : value_of(iin, TAG_IIN));
		wr_lv(&w, span_of(s->id.cin, s->id.cin_n));
	}
	x->terms.identifiers = wr_span(&w);
	return wr_ok(&w) ? 0 : err_set(e, ERR_AUTH, "the card's identifiers are too long");
}

static int make_request(
    const struct scp11_asks *a, const struct scp11_card *card, struct exchange *x, struct err *e)
{
	enum ec_curve curve = card->cert.key.curve;
	struct scp11_request q = { .pp = scp11_pp(a->variant, a->has_host_id),
		.usage = x->terms.usage,
		.key_type = SCP11_KEY_TYPE,
		.key_n = x->terms.key_n,
		.has_host_id = a->has_host_id,
		.host_id = a->host_id };

	if (a->ephemeral != NULL) {
		if (a->ephemeral(a->ctx, curve, &x->ephemeral, e) != 0)
			return -1;
	} else if (!ec_generate(curve, &x->ephemeral)) {
		return err_set(e, ERR_OTHER, "no ephemeral key can be made");
	}
	if (!ec_public_of(&x->ephemeral, &x->ephemeral_public))
		return err_set(e, ERR_OTHER, "the ephemeral key is none");
	q.key = ec_public_span(&x->ephemeral_public);
	x->data = wr_fixed(x->request, sizeof(x->request));
	scp11_request_put(&x->data, &q);
	return wr_ok(&x->data) ? 0 : err_set(e, ERR_OTHER, "internal: request");
}

static int refused(const struct scp11_asks *a, uint16_t sw, struct err *e)
{
	err_sw(e, ERR_AUTH, sw, "%s AUTHENTICATE", a->variant == SCP11B ? "INTERNAL" : "MUTUAL");
	if (sw == SW_REFERENCE_NOT_FOUND)
		return err_hint(e, "the card has no such key, or no identifiers to bind to");
	if (sw == SW_WRONG_DATA)
		return err_hint(e, "the card may not take this level or key length");
	return err_hint(e, "it is not tried again");
}

/* Derives, and lets the receipt prove that the card has done the same. */
static int check_answer(const struct scp11_asks *a, const struct scp11_card *card,
    struct exchange *x, const struct scp11_answer *answer, struct err *e)
{
	struct ec_public card_ephemeral;
	const struct scp11_host_side side = { &x->ephemeral, a->own, &card_ephemeral,
		&card->cert.key };

	if (!ec_public_from(&card_ephemeral, card->cert.key.curve, answer->key))
		return err_set(e, ERR_AUTH, "the card's ephemeral key is not a point on our curve");
	if (a->variant == SCP11C && !ec_public_eq(&card_ephemeral, &card->cert.key))
		return err_set(
		    e, ERR_AUTH, "the card answers with another key than its certificate has");
	if (answer->receipt.n == 0)
		return err_set(e, ERR_AUTH, "the card gives no receipt: nothing proves its key");
	if (!scp11_host_agree(&x->terms, &side, &x->keys))
		return err_set(e, ERR_OTHER, "session keys cannot be derived");
	if (scp11_receipt_ok(&x->keys, wr_span(&x->data), answer->key_tlv, answer->receipt))
		return 0;
	err_set(e, ERR_AUTH,
	    "the card's receipt is wrong: it does not have the key of its "
	    "certificate, or binds its keys to other data");
	return err_hint(e, "nothing was sent in this session");
}

static int open_scp03(struct session *s, const struct scp11_card *card, const struct exchange *x,
    struct span receipt, struct err *e)
{
	struct rd r = rd_of(receipt);
	uint8_t mcv[SCP11_RECEIPT];

	if (!rd_copy(&r, mcv, sizeof(mcv)) ||
	    !scp11_begin(&s->scp, &x->terms, &x->keys, mcv, card->m))
		return err_set(e, ERR_OTHER, "the session cannot be begun");
	memset(&s->iu, 0, sizeof(s->iu));
	s->iu.scp = SCP11_ID;
	s->iu.key_version = card->key.kvn;
	s->iu.m = card->m;
	s->kid = card->key.kid;
	s->dek = x->keys.dek;
	memcpy(s->sid, mcv, s->sid_n = sizeof(mcv));
	s->level = s->scp.level;
	s->mode = SESSION_UNICAST;
	s->lost = false;
	return 0;
}

static int authenticate(struct session *s, const struct scp11_asks *a,
    const struct scp11_card *card, struct exchange *x, struct err *e)
{
	struct capdu c = { .cla = 0x80,
		.ins = a->variant == SCP11B ? INS_INTERNAL_AUTHENTICATE : INS_MUTUAL_AUTHENTICATE,
		.p1 = card->key.kvn,
		.p2 = card->key.kid,
		.data = wr_span(&x->data),
		.le = LE_MAX_SHORT };
	struct scp11_answer answer;
	struct rapdu r;
	int rc;

	if (session_send(s, &c, &r, e) != 0)
		return err_in(e, "%s AUTHENTICATE", a->variant == SCP11B ? "INTERNAL" : "MUTUAL");
	if (a->after_auth != NULL)
		a->after_auth(a->ctx, card, r.sw == SW_OK);
	if (r.sw != SW_OK)
		return refused(a, r.sw, e);
	/* The card has a session now; unless it is ours too, nothing goes out beside it. */
	s->lost = true;
	if (!scp11_answer_get(r.data, &answer))
		return err_set(
		    e, ERR_AUTH, "the card's answer of %zu octets fits no SCP11", r.data.n);
	rc = check_answer(a, card, x, &answer, e);
	return rc != 0 ? rc : open_scp03(s, card, x, answer.receipt, e);
}

static int handshake(struct session *s, const struct scp11_asks *a, struct scp11_card *card,
    struct exchange *x, struct err *e)
{
	if (look_at_card(s, a, card, e) != 0 || take_identifiers(s, a, card, x, e) != 0 ||
	    make_request(a, card, x, e) != 0)
		return -1;
	if (a->before_auth != NULL && a->before_auth(a->ctx, card, e) != 0)
		return -1;
	if (introduce(s, a, card, e) != 0)
		return -1;
	return authenticate(s, a, card, x, e);
}

int scp11_asks_check(const struct scp11_asks *asks, struct err *e)
{
	uint8_t usage;

	if (check_asked(asks, &usage, e) != 0)
		return -1;
	return asks->card != NULL ? 0 : check_own(asks, e);
}

int session_open_scp11(struct session *s, const struct choice11 *c, const struct scp11_asks *asks,
    struct scp11_card *card, struct err *e)
{
	struct exchange x = { .terms = { .variant = asks->variant,
				  .key_n = asks->key_n == 0 ? 16 : asks->key_n,
				  .hash = asks->hash,
				  .domain_key = asks->domain_key } };
	int rc;

	memset(card, 0, sizeof(*card));
	card->key = c->key;
	card->ca = c->ca;
	card->m = c->m;
	if (scp11_asks_check(asks, e) != 0 || check_asked(asks, &x.terms.usage, e) != 0)
		return -1;
	if (!session_discovered(s, &s->domain))
		return err_set(e, ERR_OTHER, "internal: a channel on a card that nobody looked at");
	rc = handshake(s, asks, card, &x, e);
	if (rc != 0)
		scp_wipe(&s->scp);
	wipe(&x, sizeof(x));
	return rc;
}

int session_begin_scp11(struct session *s, const struct scp11_asks *a, struct choice11 *c,
    struct scp11_card *card, struct err *e)
{
	struct key_infos infos;
	struct span v;
	bool told = false;

	memset(c, 0, sizeof(*c));
	memset(card, 0, sizeof(*card));
	if (scp11_asks_check(a, e) != 0 ||
	    (!session_discovered(s, &a->domain) && session_discover(s, &a->domain, e) != 0))
		return -1;
	if (choose_scp11_needs_keys(a)) {
		if (session_get_data(s, TAG_KEY_INFORMATION, &v, &told, e) != 0)
			return -1;
		told = told && key_infos_get(v, &infos);
	}
	if (choose_scp11(s, told ? &infos : NULL, a, c, e) != 0)
		return -1;
	return session_open_scp11(s, c, a, card, e);
}
