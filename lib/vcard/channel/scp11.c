/* SCP11 (Amendment F 7): the card's role. Who the off-card entity is comes by certificates, the
 * session by MUTUAL or INTERNAL AUTHENTICATE. */

#include <string.h>

#include "vcard/broadcast/mode.h"
#include "vcard/channel/channel.h"
#include "vcard/core/card_state.h"
#include "vcard/core/handlers.h"
#include "vcard/keys/keys.h"
#include "vcard/products/product.h"

enum { KEY_VERSION_MASK = 0x7F, CLAIM_USAGE = 0x3C };

void oce_forget(struct oce *o)
{
	wr_free(&o->block);
	memset(o, 0, sizeof(*o));
}

/* ---- PERFORM SECURITY OPERATION (7.5) ---- */

/* The list speaks of the first certificate of a chain. */
static bool is_allowed(const struct card_ca *ca, const struct cert *cert)
{
	for (size_t i = 0; i < ca->allowed_n; i++)
		if (span_eq(span_of(ca->allowed[i].b, ca->allowed[i].n),
			span_of(cert->serial.b, cert->serial.n)))
			return true;
	return !ca->has_list;
}

/* Only X.509 has roles; there they must be said, so that nobody passes for another. */
static bool role_fits(const struct cert *cert, bool last)
{
	if (cert->format == CERT_GP)
		return true;
	return last ? cert->role == X509_ROLE_OCE
		    : cert->role == X509_ROLE_CA_KLOC || cert->role == X509_ROLE_KA_KLOC;
}

/* One whole certificate: is it good, and what follows from it? */
static uint16_t take_certificate(struct call *c, struct span whole)
{
	struct oce *o = &c->ch->oce;
	struct key_ref ref = { o->kid & (uint8_t)~PSO_MORE_CERTIFICATES, o->kvn };
	const struct card_ca *ca = chip_ca(c->v, ref);
	bool last = (o->kid & PSO_MORE_CERTIFICATES) == 0;
	struct cert cert;

	if (ca == NULL || !chip_opened_by_isd(c->v, &c->ch->selected))
		return SW_REFERENCE_NOT_FOUND;
	if (!cert_get(whole, &cert) || cert.key.n == 0)
		return SW_WRONG_DATA;
	/* Grants open containers, and nothing else. */
	if (cert.has_terms)
		return SW_CERTIFICATE_INVALID;
	if (!o->has_issuer && ca->id.n != 0 &&
	    !span_eq(span_of(ca->id.b, ca->id.n), span_of(cert.issuer.b, cert.issuer.n)))
		return SW_CERTIFICATE_INVALID;
	if (!cert_signed_by(whole, &cert, o->has_issuer ? &o->issuer : &ca->key) ||
	    cert.usage != (last ? CERT_AGREES : CERT_SIGNS) || !role_fits(&cert, last))
		return SW_CERTIFICATE_INVALID;
	if (!o->has_issuer && !is_allowed(ca, &cert))
		return SW_CERTIFICATE_NOT_ALLOWED;
	if (cert.restricted)
		return SW_FUNCTION_NOT_SUPPORTED;
	o->has_issuer = !last;
	if (last)
		o->key = cert.key;
	else
		o->issuer = cert.key;
	return SW_OK;
}

static bool in_container(const struct call *c)
{
	return chip_container(c->v, &c->ch->selected) != NULL;
}

static bool is_terminal(const struct call *c)
{
	return trust_is(c->v, &c->ch->selected);
}

/* Blocks are chained by the class byte, by P1, or by both. */
static uint16_t take_block(struct call *c)
{
	struct oce *o = &c->ch->oce;
	uint8_t kvn = c->cmd->p1 & KEY_VERSION_MASK;
	bool more = c->chained || (c->cmd->p1 & PSO_MORE_BLOCKS) != 0;
	uint16_t sw;

	if (in_container(c)) {
		sw = claim_reference(c);
		if (sw != SW_OK)
			return sw;
	}
	/* Whoever begins anew is to be introduced anew. */
	if (!o->receiving && !o->has_issuer)
		oce_forget(o);
	else if (kvn != o->kvn || (o->receiving && c->cmd->p2 != o->kid) ||
		 ((c->cmd->p2 ^ o->kid) & (uint8_t)~PSO_MORE_CERTIFICATES) != 0)
		return SW_WRONG_DATA;
	o->kvn = kvn;
	o->kid = c->cmd->p2;
	if (!o->receiving)
		o->block = wr_grow(CERT_SIZE_MAX);
	wr_put(&o->block, c->cmd->data);
	if (!wr_ok(&o->block))
		return SW_WRONG_DATA;
	o->receiving = more;
	if (more)
		return SW_OK;
	sw = in_container(c) ? claim_certificate(c, wr_span(&o->block))
			     : take_certificate(c, wr_span(&o->block));
	wr_free(&o->block);
	return sw;
}

uint16_t do_perform_security_operation(struct call *c)
{
	struct oce keep = c->ch->oce;
	uint16_t sw;

	/* It begins a session, so it ends the one that is open. */
	c->ch->oce = (struct oce){ 0 };
	mode_step(c->ch, EVENT_END, SW_OK);
	c->seal = NULL;
	c->ch->oce = keep;
	sw = take_block(c);
	if (sw != SW_OK)
		oce_forget(&c->ch->oce);
	return sw;
}

/* ---- MUTUAL and INTERNAL AUTHENTICATE (7.6.2, 7.1.1) ---- */

/* One exchange, from request to answer. */
struct agreement {
	const struct card_ecka *own;
	struct scp11_request request;
	struct scp11_terms terms;
	struct oce *oce;
	struct ec_public oce_ephemeral, answer_key;
	struct ec_private ephemeral;
	uint8_t ids[SCP11_IDENTIFIERS_MAX];
	struct scp11_keys keys;
};

/* HostID with what the card is known by: its own identification, or that of its group. */
static uint16_t take_identifiers(const struct call *c, struct agreement *a)
{
	const struct chip *chip = &c->v->chip;
	struct wr w = wr_fixed(a->ids, sizeof(a->ids));
	struct span ids[3] = { a->request.host_id, span_of(chip->iin, chip->iin_n),
		span_of(chip->cin, chip->cin_n) };
	struct rd r = rd_of(span_of(a->own->certs, a->own->certs_n));
	bool group = a->terms.variant == SCP11C;
	struct span whole = { NULL, 0 };
	struct cert cert;

	if (!a->request.has_host_id)
		return SW_OK;
	if (!group && (ids[1].n == 0 || ids[2].n == 0))
		return SW_REFERENCE_NOT_FOUND;
	while (group && cert_next(&r, &whole))
		;
	if (group && (!cert_get(whole, &cert) || cert.subject.n == 0))
		return SW_REFERENCE_NOT_FOUND;
	if (group)
		ids[1] = span_of(cert.subject.b, cert.subject.n);
	scp11_identifiers_put(&w, ids, group ? 2 : 3);
	a->terms.identifiers = wr_span(&w);
	return wr_ok(&w) ? SW_OK : SW_UNKNOWN;
}

static bool group_in_use(const struct vcard *v, const struct logical_channel *but)
{
	for (size_t i = 0; i < CHANNELS; i++)
		if (&v->channel[i] != but && v->channel[i].group)
			return true;
	return false;
}

/* The key that is asked for; in a container that of a claim alone. */
static uint16_t find_own(const struct call *c, struct agreement *a)
{
	if (in_container(c)) {
		a->terms.variant = SCP11A;
		return claim_check(c, a->oce, &a->own, &a->terms.domain_key);
	}
	if (a->oce->has_grant)
		return SW_CONDITIONS; /* a grant opens nothing but its container */
	a->own = chip_ecka(c->v, (struct key_ref){ c->cmd->p2, c->cmd->p1 });
	if (!scp11_variant_from_kid(c->cmd->p2, &a->terms.variant) || a->own == NULL)
		return SW_REFERENCE_NOT_FOUND;
	if (is_terminal(c))
		return trust_scp11_way(c, a->own->ref);
	if (!chip_opened_by_isd(c->v, &c->ch->selected) ||
	    (a->terms.variant == SCP11B) != (c->cmd->ins == INS_INTERNAL_AUTHENTICATE))
		return SW_REFERENCE_NOT_FOUND;
	return SW_OK;
}

/* Everything that can be refused before anything is computed. */
static uint16_t check_request(const struct call *c, struct agreement *a)
{
	const struct scp11_request *q = &a->request;
	uint16_t sw = find_own(c, a);
	uint8_t level;

	if (sw != SW_OK)
		return sw;
	if (!scp11_request_get(c->cmd->data, &a->request) ||
	    q->pp != scp11_pp(a->terms.variant, q->has_host_id) ||
	    !scp11_level_of(a->terms.variant, q->usage, &level) ||
	    !product_takes_level(&c->v->chip, level) || q->key_type != SCP11_KEY_TYPE ||
	    (q->key_n != 16 && q->key_n != 24 && q->key_n != 32) ||
	    !ec_public_from(&a->oce_ephemeral, a->own->key.curve, q->key) ||
	    (in_container(c) && (q->has_host_id || q->usage != CLAIM_USAGE)))
		return SW_WRONG_DATA;
	if (is_terminal(c)) {
		sw = trust_scp11_oce(c, q, &a->oce->key);
		if (sw != SW_OK)
			return sw;
	}
	if (a->terms.variant != SCP11B) {
		if (a->oce->key.n == 0)
			return SW_CONDITIONS;
		if (a->oce->key.curve != a->own->key.curve)
			return SW_WRONG_DATA;
	}
	if (a->terms.variant == SCP11C && group_in_use(c->v, c->ch))
		return SW_CONDITIONS;
	a->terms.usage = q->usage;
	a->terms.key_n = q->key_n;
	return take_identifiers(c, a);
}

static bool agree(struct agreement *a)
{
	bool group = a->terms.variant == SCP11C;
	const struct scp11_card_side side = { &a->ephemeral, &a->own->key, &a->oce_ephemeral,
		&a->oce->key };

	if (!group && !ec_generate(a->own->key.curve, &a->ephemeral))
		return false;
	return ec_public_of(group ? &a->own->key : &a->ephemeral, &a->answer_key) &&
	       scp11_card_agree(&a->terms, &side, &a->keys);
}

/* The answer, and the session that begins behind it. */
static uint16_t open_session(struct call *c, struct agreement *a)
{
	struct logical_channel *ch = c->ch;
	uint8_t m = (c->v->chip.i & SCP03_I_S16) != 0 ? 16 : 8;
	uint8_t receipt[SCP11_RECEIPT];

	scp11_answer_key_put(c->out, ec_public_span(&a->answer_key));
	if (!wr_ok(c->out) || !scp11_receipt(&a->keys, c->cmd->data, wr_span(c->out), receipt) ||
	    !scp11_begin(&ch->scp, &a->terms, &a->keys, receipt, m))
		return SW_UNKNOWN;
	scp11_answer_receipt_put(c->out, SPAN(receipt));
	ch->dek = a->keys.dek;
	ch->key_version = a->own->ref.kvn;
	ch->m = m;
	ch->anonymous = a->terms.variant == SCP11B;
	ch->group = a->terms.variant == SCP11C;
	if (in_container(c))
		claim_opened(ch, a->oce);
	if (is_terminal(c))
		trust_scp11_opened(c, &a->request, SPAN(receipt));
	/* One command does what takes SCP03 two. */
	mode_step(ch, EVENT_INITIALIZE, SW_OK);
	return mode_step(ch, EVENT_AUTH_OK, SW_OK);
}

/* Whose public key the ISD has with the key that is asked for. */
static void stored_oce(const struct call *c, struct ec_public *key)
{
	const struct card_ecka *own = chip_ecka(c->v, (struct key_ref){ c->cmd->p2, c->cmd->p1 });
	const struct card_public *k;

	if (c->cmd->p2 != KID_SCP11A || own == NULL || !chip_is_isd(c->v, &c->ch->selected))
		return;
	k = chip_public(c->v, &c->v->chip.isd, (struct key_ref){ KID_STORED_OCE, own->ref.kvn });
	if (k != NULL && k->key.kind == AUTHORITY_EC)
		*key = k->key.ec;
}

uint16_t do_scp11_authenticate(struct call *c)
{
	struct oce introduced = c->ch->oce;
	struct agreement a = { .oce = &introduced };
	uint16_t sw;

	/* Nobody was introduced, but somebody is known (containers.md 3). */
	if (introduced.key.n == 0 && !introduced.has_grant)
		stored_oce(c, &introduced.key);
	/* The session that was, and who was introduced, are over whatever comes of this. */
	introduced.block = (struct wr){ 0 };
	mode_step(c->ch, EVENT_END, SW_OK);
	c->seal = NULL;
	sw = check_request(c, &a);
	if (sw == SW_OK)
		sw = agree(&a) ? open_session(c, &a) : SW_UNKNOWN;
	if (sw != SW_OK)
		session_end(c->ch);
	wipe(&a, sizeof(a));
	return sw;
}
