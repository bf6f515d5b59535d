/* AUTHORIZE ACTION of the virtual card (broadcast.md 5): the one door to the running image. */
#include <string.h>

#include "crypto/digest.h"
#include "crypto/sign.h"
#include "vcard/broadcast/broadcast.h"
#include "vcard/broadcast/mode.h"
#include "vcard/broadcast/stage.h"
#include "vcard/core/card_state.h"
#include "vcard/core/handlers.h"

enum { LITERAL_SIZE = 16, SIGNED_MAX = 192 };

/* One AUTHORIZE ACTION of P1 00 or 01. */
struct action {
	struct call *c;
	struct authorize a;
	bool literal; /* algorithm 01 or 02 */
	bool has_code;
	uint8_t code[DIGEST_SIZE]; /* claimed, wrapping taken off */
	size_t code_n;
	uint8_t digest[DIGEST_SIZE]; /* of the bytes in the slot */
	bool broken;                 /* a computation failed, which is no verdict */
};

/* Tag 96: AES-KW under KDF(Kos, B7); its own check value tells which Kos it was. */
static bool unwrap_code(struct action *t)
{
	const struct chip *chip = &t->c->v->chip;
	const struct authorize *a = &t->a;

	if (a->code_n != LITERAL_SIZE + 8)
		return false;
	for (size_t n = 0; n < chip->kos_n; n++) {
		SECRET_KEY(kek);

		if (kos_key(&chip->kos[n].key, KOS_CODE, a->campaign, a->package, &kek) &&
		    aes_unwrap(&kek, span_of(a->code, a->code_n), t->code))
			return true;
	}
	return false;
}

static void take_code(struct action *t)
{
	t->literal = t->a.algorithm == ALG_CMAC_BK || t->a.algorithm == ALG_CMAC_KMAC;
	t->code_n = t->literal ? LITERAL_SIZE : DIGEST_SIZE;
	if (t->a.wrapped) {
		t->has_code = unwrap_code(t);
		return;
	}
	t->has_code = t->a.code_n == t->code_n;
	if (t->has_code)
		memcpy(t->code, t->a.code, t->code_n);
}

static bool code_is(const struct action *t, const uint8_t *code)
{
	return t->has_code && ct_equal(span_of(t->code, t->code_n), span_of(code, t->code_n));
}

/* Section 5: same campaign, version and digest as running; literal codes: same code as then. */
static bool is_already(const struct action *t)
{
	const struct running *r = &t->c->v->chip.running;

	if (!r->has_campaign || memcmp(r->campaign, t->a.campaign, CAMPAIGN_SIZE) != 0 ||
	    r->version != t->a.version)
		return false;
	return t->literal ? r->algorithm == t->a.algorithm && code_is(t, r->code)
			  : code_is(t, r->digest);
}

static bool is_campaign(const struct action *t)
{
	const struct card_slot *s = &t->c->v->chip.slot;

	return slot_holds(s, t->a.campaign) && s->package == t->a.package;
}

/* The card's policy; algorithm 01 only in the session that loaded, which alone has BK-MAC, and not
 * for a layer of Kos below a BK-MAC that the station has. */
static bool is_allowed(const struct action *t)
{
	const struct chip *chip = &t->c->v->chip;
	const struct logical_channel *ch = t->c->ch;

	if (!card_takes_algorithm(chip, t->a.algorithm))
		return false;
	if (t->a.algorithm == ALG_CMAC_KMAC)
		return chip->kmac.n != 0;
	if (t->a.algorithm != ALG_CMAC_BK)
		return true;
	if (chip->slot.form == FORM_CLEAR && chip->slot.inner == INNER_KOS)
		return false;
	return ch->bk_mac.n != 0 && ch->bk_package == t->a.package &&
	       memcmp(ch->bk_campaign, t->a.campaign, CAMPAIGN_SIZE) == 0;
}

static bool is_target(const struct action *t)
{
	const struct chip *chip = &t->c->v->chip;

	return aid_same(&t->a.target, &chip->target) &&
	       memcmp(t->a.platform, chip->platform, PLATFORM_SIZE) == 0 &&
	       chip->running.version >= t->a.base;
}

static bool is_length(const struct action *t)
{
	const struct chip *chip = &t->c->v->chip;

	return t->a.length == chip->slot.length && t->a.length == chip->slot_data.n;
}

/* The claimed digest is the issuer's. Asked before the image is looked at, so that who cannot sign
 * learns nothing of it. */
static bool is_signed(const struct action *t)
{
	uint8_t text[SIGNED_MAX];
	struct wr w = wr_fixed(text, sizeof(text));

	if (t->a.algorithm != ALG_ISSUER)
		return true;
	authorize_signed_text(&w, &t->a, t->code);
	return wr_ok(&w) &&
	       p256_verify(SPAN(t->c->v->chip.issuer), wr_span(&w), SPAN(t->a.signature));
}

/* The inner layer was made by who knows Kos, over exactly these octets: a station that writes
 * blocks of its own has no verdict on them but this. */
static bool is_inner(struct action *t)
{
	const struct chip *chip = &t->c->v->chip;
	const struct card_slot *s = &chip->slot;
	const struct vcard_kos *kos = card_kos(chip, s->kos_version);
	uint8_t nonce[INNER_NONCE_SIZE];

	if (s->inner != INNER_KOS)
		return true;
	t->broken = kos == NULL || !inner_nonce(&kos->key, s->campaign, s->package,
				       wr_span(&chip->slot_data), nonce);
	return !t->broken && ct_equal(SPAN(nonce), SPAN(s->nonce));
}

/* The code over the bytes read back from memory. The digest is needed in any case (FF70). */
static bool is_code(struct action *t)
{
	const struct chip *chip = &t->c->v->chip;
	struct span image = wr_span(&chip->slot_data);
	uint8_t mac[16];

	t->broken = !sha256_of(image, t->digest);
	if (t->broken || !t->literal)
		return !t->broken && code_is(t, t->digest);
	t->broken =
	    !cmac(t->a.algorithm == ALG_CMAC_BK ? &t->c->ch->bk_mac : &chip->kmac, image, mac);
	return !t->broken && code_is(t, mac);
}

/* The checks on the content in the order of section 5; the first that fails answers. */
static uint8_t judge(struct action *t)
{
	const struct chip *chip = &t->c->v->chip;

	if (is_already(t))
		return RESULT_ALREADY;
	if (chip->slot.state != SLOT_COMPLETE && chip->slot.state != SLOT_VERIFIED)
		return RESULT_NOT_COMPLETE;
	if (!is_campaign(t))
		return RESULT_CAMPAIGN;
	if (!is_allowed(t))
		return RESULT_POLICY;
	if (!is_target(t))
		return RESULT_TARGET;
	if (t->a.version <= chip->running.version)
		return RESULT_VERSION;
	if (!is_length(t))
		return RESULT_LENGTH;
	if (!is_signed(t))
		return RESULT_SIGNATURE;
	if (!is_inner(t) || !is_code(t))
		return RESULT_CODE;
	return t->c->cmd->p1 == P1_VERIFY ? RESULT_VERIFIED : RESULT_ACTIVE;
}

/* Version, image, campaign and slot change in one write. */
static void put_activate(struct action *t)
{
	struct running r = {
		.version = t->a.version,
		.has_campaign = true,
		.package = t->a.package,
		.algorithm = t->a.algorithm,
	};

	memcpy(r.digest, t->digest, sizeof(r.digest));
	memcpy(r.campaign, t->a.campaign, sizeof(r.campaign));
	if (t->literal)
		memcpy(r.code, t->code, sizeof(r.code));
	chip_put_activate(t->c->v, &r);
}

static void put_state(struct vcard *v, uint8_t state)
{
	struct card_slot s = v->chip.slot;

	s.state = state;
	if (state == SLOT_REJECTED)
		s.done = 0;
	chip_put_slot(v, &s);
}

/* The slot holds what nobody can authorize; what was only asked wrongly leaves it as it is. */
static bool rejects(const struct action *t, uint8_t result)
{
	const struct chip *chip = &t->c->v->chip;

	if (t->c->cmd->p1 != P1_ACTIVATE)
		return false;
	return result == RESULT_CODE ||
	       (result == RESULT_LENGTH && chip->slot_data.n != chip->slot.length);
}

/* What the verdict leaves behind. BK-MAC was kept for this and no longer. */
static bool settle(struct action *t, uint8_t result)
{
	struct vcard *v = t->c->v;

	switch (result) {
	case RESULT_ACTIVE:
		if (v->chip.fault == FAULT_LIES && !v->chip.fault_done)
			return chip_fault_done(v);
		put_activate(t);
		break;
	case RESULT_VERIFIED:
		if (v->chip.slot.state != SLOT_VERIFIED)
			put_state(v, SLOT_VERIFIED);
		return chip_commit(v);
	case RESULT_LENGTH:
	case RESULT_CODE:
		if (!rejects(t, result))
			return true;
		chip_put_slot_erase(v);
		put_state(v, SLOT_REJECTED);
		break;
	default:
		return true;
	}
	if (!chip_commit(v))
		return false;
	wipe_key(&t->c->ch->bk_mac);
	return true;
}

static uint16_t answer(struct call *c, const uint8_t campaign[static 16], uint8_t result)
{
	struct verdict verdict = { .result = result, .version = c->v->chip.running.version };

	memcpy(verdict.campaign, campaign, CAMPAIGN_SIZE);
	verdict_put(c->out, &verdict);
	return result < RESULT_NOT_COMPLETE ? SW_OK : SW_AUTH_FAILED;
}

static uint16_t authorize(struct call *c)
{
	struct action t = { .c = c };
	uint8_t result;

	if (!authorize_get(c->cmd->data, &t.a))
		return SW_WRONG_DATA;
	take_code(&t);
	result = judge(&t);
	if (t.broken)
		return SW_UNKNOWN;
	if (!settle(&t, result))
		return SW_MEMORY_FAILURE;
	return answer(c, t.a.campaign, result);
}

static uint16_t discard(struct call *c)
{
	const struct chip *chip = &c->v->chip;
	uint8_t campaign[CAMPAIGN_SIZE];
	uint32_t package;

	if (!discard_get(c->cmd->data, campaign, &package))
		return SW_WRONG_DATA;
	if (!campaign_refused(chip, campaign)) {
		if (chip->refused_n == REFUSED_MAX)
			return SW_NO_MEMORY;
		chip_put_refused(c->v, campaign);
	}
	if (slot_holds(&chip->slot, campaign))
		chip_put_slot_empty(c->v);
	if (!chip_commit(c->v))
		return SW_MEMORY_FAILURE;
	if (c->ch->bk_mac.n != 0 && memcmp(c->ch->bk_campaign, campaign, CAMPAIGN_SIZE) == 0)
		wipe_key(&c->ch->bk_mac);
	return answer(c, campaign, RESULT_DISCARDED);
}

static uint16_t authorize_action(struct call *c)
{
	if (c->cmd->p1 > P1_DISCARD)
		return SW_WRONG_P1P2;
	if (c->cmd->p2 != 0)
		return SW_REFERENCE_NOT_FOUND;
	if (!c->secured || (c->level & (LEVEL_CMAC | LEVEL_CDEC)) != (LEVEL_CMAC | LEVEL_CDEC))
		return SW_SECURITY_STATUS;
	return c->cmd->p1 == P1_DISCARD ? discard(c) : authorize(c);
}

uint16_t do_authorize_action(struct call *c)
{
	return mode_step(c->ch, EVENT_AUTHORIZE, authorize_action(c));
}
