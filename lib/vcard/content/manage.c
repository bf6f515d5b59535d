#include "vcard/content/manage.h"

#include "vcard/broadcast/broadcast.h"
#include "vcard/content/content.h"
#include "vcard/core/card_state.h"
#include "vcard/keys/keys.h"

struct aid manager_of(const struct call *c)
{
	return chip_domain_name(c->v, &c->ch->selected);
}

bool in_reach(const struct call *c, const struct aid *domain)
{
	struct aid me = manager_of(c);

	return container_reaches(c->v, c->ch, domain) && chip_is_under(c->v, domain, &me);
}

bool is_walled_off(const struct call *c, const struct aid *domain)
{
	struct aid me = manager_of(c), at = chip_domain_name(c->v, domain);

	/* The bound is for damaged files. */
	for (size_t i = 0; i <= HELD_APPS_MAX && !aid_same(&at, &me); i++) {
		const struct card_app *a = chip_app(c->v, &at);

		if (a == NULL || aid_same(&a->domain, &at) || chip_opens_itself(c->v, &at))
			return true;
		at = a->domain;
	}
	return false;
}

bool is_restricted(const struct vcard *v, const struct card_app *a, enum restriction what)
{
	return (v->chip.content.restricted & what) != 0 ||
	       (a != NULL && (a->restricted & what) != 0);
}

uint16_t domain_ready(const struct vcard *v, const struct aid *domain)
{
	const struct card_app *a = chip_app(v, domain);

	if (!chip_is_domain(v, domain))
		return SW_REFERENCE_NOT_FOUND;
	if (chip_is_isd(v, domain))
		return SW_OK;
	return a->state == DOMAIN_PERSONALIZED ? SW_OK : SW_CONDITIONS;
}

bool aid_taken(const struct vcard *v, const struct aid *aid)
{
	struct resident r;

	for (size_t i = 0; chip_resident(v, i, &r); i++)
		if (aid_same(&r.aid, aid))
			return true;
	return chip_is_isd(v, aid) || aid_same(aid, &aid_domain_package) ||
	       trust_reserves(v, aid) || chip_app(v, aid) != NULL || chip_load_file(v, aid) != NULL;
}

bool single_taken(const struct vcard *v, uint32_t privileges, const struct aid *holder)
{
	const struct card_content *all = &v->chip.content;
	uint32_t single = privileges & (PRIV_CARD_RESET | PRIV_FINAL_APPLICATION);

	for (size_t i = 0; i < all->app_n; i++)
		if ((all->app[i].privileges & single) != 0 && !aid_same(&all->app[i].aid, holder))
			return true;
	return false;
}

/* ---- tokens (GPCS C.4) ---- */

/* The nearest domain above that has this privilege; the ISD when none of them has. */
static struct aid domain_with(const struct call *c, uint32_t privilege)
{
	struct aid at = manager_of(c);

	for (size_t i = 0; i <= HELD_APPS_MAX && at.n != 0; i++) {
		const struct card_app *a = chip_app(c->v, &at);

		if (a == NULL || (a->privileges & privilege) != 0 || aid_same(&a->domain, &at))
			break;
		at = a->domain;
	}
	return (chip_privileges(c->v, &at) & privilege) != 0 ? at : (struct aid){ 0 };
}

/* Whom the token names as its verifier, is that the ISD's number? */
static bool control_fits(const struct vcard *v, const struct aid *verifier, struct span control)
{
	struct token_control t = { 0 };

	if (control.n == 0)
		return true;
	if (!token_control_get(control, &t))
		return false;
	if (verifier->n != 0)
		return true;
	return (t.provider_number.n == 0 ||
		   span_eq(t.provider_number, span_of(v->chip.iin, v->chip.iin_n))) &&
	       (t.image_number.n == 0 ||
		   span_eq(t.image_number, span_of(v->chip.cin, v->chip.cin_n)));
}

/* Authorized management needs nobody else; a token is the word of who verifies it. */
static struct aid giver_of(const struct call *c)
{
	struct aid me = manager_of(c);

	return (chip_privileges(c->v, &me) & PRIV_AUTHORIZED_MANAGEMENT) != 0
		   ? me
		   : domain_with(c, PRIV_TOKEN_VERIFICATION);
}

bool may_give_to(const struct call *c, const struct aid *domain)
{
	struct aid giver = giver_of(c);

	return container_reaches(c->v, c->ch, domain) && chip_is_under(c->v, domain, &giver);
}

bool may_be_inside(const struct call *c, const struct order *o, const struct aid *name)
{
	const struct card_party *p = session_party(c->v, c->ch);

	if (chip_home(c->v, &c->ch->selected) == NULL)
		return true;
	return p != NULL && o->i.privileges == 0 && o->params.implicit.n == 0 &&
	       o->params.service.n == 0 &&
	       (name == NULL || span_starts(aid_span(name), span_of(p->prefix, p->prefix_n)));
}

bool may_give(const struct call *c, uint32_t privileges)
{
	/* What these let a domain do ends at itself and at what is beneath it. */
	static const uint32_t within = PRIV_SECURITY_DOMAIN | PRIV_DAP_VERIFICATION |
				       PRIV_DELEGATED_MANAGEMENT | PRIV_TRUSTED_PATH |
				       PRIV_CIPHERED_LOAD_FILE;
	struct aid giver = giver_of(c);

	return giver.n == 0 || (privileges & ~(within | chip_privileges(c->v, &giver))) == 0;
}

static struct span control_of(const struct operation *op)
{
	struct install_params p;

	if (op->kind == TOKEN_DELETE)
		return op->object.control;
	return install_params_get(op->install.params, &p) ? p.control : (struct span){ NULL, 0 };
}

bool verifying_key(
    const struct vcard *v, const struct aid *domain, uint8_t version, struct authority_key *k)
{
	struct aid name = chip_domain_name(v, domain);

	if (chip_authority(v, domain, version, k))
		return true;
	for (size_t i = 0; i < v->chip.publics_n; i++) {
		const struct card_public *p = &v->chip.publics[i];
		struct aid owner = chip_domain_name(v, &p->domain);

		/* Issuers of grants, and who opens the card by a stored key, authorize nothing
		 * else (containers.md 1, 3). */
		if (aid_same(&owner, &name) && p->ref.kvn != KVN_GRANT_ISSUER &&
		    p->ref.kid != KID_STORED_OCE) {
			*k = p->key;
			return true;
		}
	}
	return false;
}

static uint16_t token_check(const struct call *c, const struct operation *op, struct span token)
{
	struct aid verifier = domain_with(c, PRIV_TOKEN_VERIFICATION);
	SECRET_AUTHORITY(k);

	if (!verifying_key(c->v, &verifier, KVN_TOKEN, &k))
		return SW_CONDITIONS;
	if (!control_fits(c->v, &verifier, control_of(op)) || !token_verify(op, &k, token))
		return SW_SECURITY_STATUS;
	return SW_OK;
}

/* GPCS 9.1.3.3: the owner of authorized management gives no token, everybody else must. */
uint16_t manage_allowed(
    struct call *c, const struct operation *op, struct span token, bool *delegated)
{
	struct aid me = manager_of(c);
	const struct card_app *a = channel_domain(c->v, c->ch);
	uint32_t has = chip_privileges(c->v, &me);

	*delegated = false;
	if (a != NULL && (a->state & APP_LOCKED) != 0)
		return SW_CONDITIONS;
	if ((has & PRIV_AUTHORIZED_MANAGEMENT) != 0)
		return token.n == 0 ? SW_OK : SW_WRONG_DATA;
	if ((has & PRIV_DELEGATED_MANAGEMENT) == 0 || token.n == 0)
		return SW_CONDITIONS;
	*delegated = true;
	return token_check(c, op, token);
}

/* ---- receipts (GPCS C.5) ---- */

/* The counter does not wrap: when it has come to its end there are no more receipts, and without
 * them nothing delegated (GPCS 11.1.6). */
static uint16_t confirm(
    struct call *c, const struct authority_key *k, const struct done *d, struct span control)
{
	const struct chip *chip = &c->v->chip;
	uint8_t room[sizeof(chip->iin) + sizeof(chip->cin)];
	struct wr unique = wr_fixed(room, sizeof(room));
	struct receipt r = { .counter = chip->content.receipts };
	struct token_control t = { 0 };

	if (r.counter == CONFIRMATION_COUNTER_MAX)
		return SW_CONDITIONS;
	r.counter++;
	wr_bytes(&unique, chip->iin, chip->iin_n);
	wr_bytes(&unique, chip->cin, chip->cin_n);
	r.unique = wr_span(&unique);
	r.has_id = token_control_get(control, &t) && t.id.n > 0;
	r.id = t.id;
	if (!receipt_sign(c->out, &r, d, k))
		return SW_UNKNOWN;
	chip_put_receipts(c->v, r.counter);
	return SW_OK;
}

uint16_t manage_done(struct call *c, bool delegated, const struct done *d, struct span control)
{
	struct aid signer = domain_with(c, PRIV_RECEIPT_GENERATION);
	SECRET_AUTHORITY(k);
	uint16_t sw;

	if (delegated && chip_authority(c->v, &signer, KVN_RECEIPT, &k) && authority_signs(&k)) {
		sw = confirm(c, &k, d, control);
		if (sw != SW_OK)
			return sw;
	} else {
		wr_u8(c->out, 0x00);
	}
	return chip_commit(c->v) ? SW_OK : SW_MEMORY_FAILURE;
}
