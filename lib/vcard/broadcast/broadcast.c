/* CHANGE MODE of the virtual card (broadcast.md 3), what can be read (6) and the running image. */
#include <string.h>

#include "crypto/digest.h"
#include "tlv/tlv.h"
#include "vcard/broadcast/broadcast.h"
#include "vcard/broadcast/mode.h"
#include "vcard/broadcast/stage.h"
#include "vcard/core/card_state.h"
#include "vcard/core/handlers.h"

const struct vcard_kos *card_kos(const struct chip *chip, uint8_t version)
{
	for (size_t n = 0; n < chip->kos_n; n++)
		if (chip->kos[n].version == version)
			return &chip->kos[n];
	return NULL;
}

/* What enter hands over, taken off its wrapping. */
struct broadcast_keys {
	struct key enc, mac;
};

static void wipe_broadcast_keys(struct broadcast_keys *k)
{
	wipe(k, sizeof(*k));
}

static bool another_in_broadcast(const struct call *c)
{
	for (size_t n = 0; n < CHANNELS; n++)
		if (c->v->channel[n].session == CHANNEL_BROADCAST)
			return true;
	return false;
}

/* The lengths that only the card can judge: BK is not longer than its static keys (section 1). */
static bool lengths_fit(const struct call *c, const struct enter *e)
{
	size_t bk = e->form == FORM_KOS ? (e->keys_n - 8u) / 2 : e->keys_n;

	return bk <= c->ch->dek.n;
}

static bool policy_has(const uint8_t *list, size_t n, uint8_t value)
{
	for (size_t k = 0; k < n; k++)
		if (list[k] == value)
			return true;
	return false;
}

bool card_takes_algorithm(const struct chip *chip, uint8_t algorithm)
{
	return policy_has(chip->algorithms, chip->algorithm_n, algorithm);
}

/* The two keys of form 00 as they stand, of form 01 from under KDF(Kos, B5). */
static bool take_keys(const struct enter *e, const struct vcard_kos *kos, struct broadcast_keys *k)
{
	uint8_t clear[2 * KEY_MAX];
	SECRET_KEY(kek);
	struct rd r;
	size_t n;
	bool ok = false;

	if (e->form == FORM_CLEAR) {
		k->mac = e->bk_mac;
		return key_from(&k->enc, span_of(e->keys, e->keys_n));
	}
	n = (e->keys_n - 8u) / 2;
	if (kos_key(&kos->key, KOS_KEK, e->campaign, e->package, &kek) &&
	    aes_unwrap(&kek, span_of(e->keys, e->keys_n), clear)) {
		r = rd_of(span_of(clear, 2 * n));
		k->enc.n = (uint8_t)n;
		k->mac.n = (uint8_t)n;
		ok = rd_copy(&r, k->enc.b, n) && rd_copy(&r, k->mac.b, n);
	}
	wipe(clear, sizeof(clear));
	return ok;
}

bool campaign_refused(const struct chip *chip, const uint8_t campaign[static 16])
{
	for (size_t n = 0; n < chip->refused_n; n++)
		if (memcmp(chip->refused[n], campaign, CAMPAIGN_SIZE) == 0)
			return true;
	return false;
}

bool slot_holds(const struct card_slot *s, const uint8_t campaign[static 16])
{
	return s->state != SLOT_EMPTY && memcmp(s->campaign, campaign, CAMPAIGN_SIZE) == 0;
}

/* 83 is not believed: where a stream begins the card computes itself, so that N is bound; where one
 * goes on, the slot knows. */
static uint16_t check_chaining(
    const struct card_slot *s, const struct enter *e, const struct broadcast_keys *k)
{
	uint8_t start[16];

	if (e->done > 0)
		return ct_equal(SPAN(e->mcv), SPAN(s->mcv)) ? SW_OK : SW_CONDITIONS;
	if (!broadcast_start_mcv(&k->mac, e->campaign, e->package, e->total, start))
		return SW_UNKNOWN;
	return ct_equal(SPAN(e->mcv), SPAN(start)) ? SW_OK : SW_WRONG_DATA;
}

/* The slot was begun in the same way, by the same keys: no stream is put together from two. */
static bool slot_is_of(
    const struct card_slot *s, const struct enter *e, const struct broadcast_keys *k)
{
	uint8_t id[SLOT_KEYS_SIZE];

	return s->form == e->form && s->inner == e->inner && s->kos_version == e->kos_version &&
	       memcmp(s->nonce, e->nonce, sizeof(s->nonce)) == 0 &&
	       broadcast_keys_id(&k->enc, &k->mac, id) && ct_equal(SPAN(id), SPAN(s->keys_id));
}

/* The guard of j: 0 may erase the slot, more must find there exactly what it goes on with. */
static bool slot_takes(
    const struct card_slot *s, const struct enter *e, const struct broadcast_keys *k)
{
	if (e->done == 0)
		return (s->state != SLOT_COMPLETE && s->state != SLOT_VERIFIED) ||
		       slot_holds(s, e->campaign);
	return s->state == SLOT_RECEIVING && slot_holds(s, e->campaign) &&
	       s->package == e->package && s->total == e->total && s->length == e->length &&
	       s->done == e->done && slot_is_of(s, e, k);
}

/* Guards of enter from the form on, in the order of section 3; takes the keys on the way. */
static uint16_t check_enter(struct call *c, const struct enter *e, struct broadcast_keys *k)
{
	const struct chip *chip = &c->v->chip;
	const struct vcard_kos *kos = card_kos(chip, e->kos_version);
	uint8_t counter[16];
	uint16_t sw;

	if (!lengths_fit(c, e))
		return SW_WRONG_DATA;
	if (!policy_has(chip->forms, chip->form_n, e->form))
		return SW_CONDITIONS;
	if (e->has_kos_version && kos == NULL)
		return SW_REFERENCE_NOT_FOUND;
	if (!take_keys(e, kos, k) || (e->has_kos_version && kos->key.n < k->enc.n))
		return SW_WRONG_DATA;
	if (e->slot != 0)
		return SW_REFERENCE_NOT_FOUND;
	/* j < N, so N >= 1 too */
	broadcast_counter(e->package, e->done, counter);
	if (!span_eq(SPAN(counter), SPAN(e->counter)) || e->done >= e->total)
		return SW_WRONG_DATA;
	sw = check_chaining(&chip->slot, e, k);
	if (sw != SW_OK)
		return sw;
	if (chip->running.has_campaign &&
	    memcmp(chip->running.campaign, e->campaign, CAMPAIGN_SIZE) == 0)
		return SW_CONDITIONS;
	if (campaign_refused(chip, e->campaign) || !slot_takes(&chip->slot, e, k))
		return SW_CONDITIONS;
	return e->length <= chip->memory ? SW_OK : SW_NO_MEMORY;
}

/* j = 0: the slot is new. Going on changes nothing in the memory. */
static bool prepare_slot(struct vcard *v, const struct enter *e, const struct broadcast_keys *k)
{
	struct card_slot s = {
		.state = SLOT_RECEIVING,
		.package = e->package,
		.total = e->total,
		.length = e->length,
		.form = e->form,
		.inner = e->inner,
		.kos_version = e->kos_version,
	};

	if (e->done != 0)
		return true;
	memcpy(s.campaign, e->campaign, sizeof(s.campaign));
	memcpy(s.nonce, e->nonce, sizeof(s.nonce));
	memcpy(s.mcv, e->mcv, sizeof(s.mcv));
	if (!broadcast_keys_id(&k->enc, &k->mac, s.keys_id))
		return false;
	chip_put_slot_erase(v);
	chip_put_slot(v, &s);
	return chip_commit(v);
}

/* BK-MAC belongs to the one session that loads (algorithm 01). */
static void keep_bk_mac(struct call *c, const struct enter *e, const struct key *bk_mac)
{
	for (size_t n = 0; n < CHANNELS; n++)
		wipe_key(&c->v->channel[n].bk_mac);
	c->ch->bk_mac = *bk_mac;
	memcpy(c->ch->bk_campaign, e->campaign, CAMPAIGN_SIZE);
	c->ch->bk_package = e->package;
}

/* All guards have passed: slot, then contexts. What can fail is done before the first change. */
static uint16_t enter_broadcast(
    struct call *c, const struct enter *e, const struct broadcast_keys *k)
{
	struct logical_channel *ch = c->ch;
	struct scp next = { 0 };

	if (!scp03_resume(&next, &k->enc, &k->mac,
		(struct scp03_point){ e->counter, e->mcv, LEVEL_CMAC | LEVEL_CDEC, ch->m })) {
		scp_wipe(&next);
		return SW_UNKNOWN;
	}
	if (!prepare_slot(c->v, e, k)) {
		scp_wipe(&next);
		return SW_MEMORY_FAILURE;
	}
	keep_bk_mac(c, e, &k->mac);
	ch->saved = ch->scp;
	ch->has_saved = true;
	ch->scp = next;
	c->seal = &ch->saved;
	return SW_OK;
}

static uint16_t do_enter(struct call *c)
{
	__attribute__((cleanup(wipe_broadcast_keys))) struct broadcast_keys k = { 0 };
	__attribute__((cleanup(enter_wipe))) struct enter e = { 0 };
	uint16_t sw;

	if (!c->secured || (c->level & (LEVEL_CMAC | LEVEL_CDEC)) != (LEVEL_CMAC | LEVEL_CDEC))
		return SW_SECURITY_STATUS;
	if (another_in_broadcast(c))
		return SW_CONDITIONS;
	if (c->cmd->data.n > ENTER_MAX_DATA || !enter_get(c->cmd->data, &e))
		return SW_WRONG_DATA;
	sw = check_enter(c, &e, &k);
	return sw == SW_OK ? enter_broadcast(c, &e, &k) : sw;
}

static bool is_return(const struct capdu *cmd)
{
	return (cmd->cla & 0x80) != 0 && cmd->p1 == CHANGE_MODE_RETURN &&
	       cmd->p2 == CHANGE_MODE_RETURN_P2 && cmd->data.n == 0;
}

uint16_t do_change_mode(struct call *c)
{
	uint16_t sw;

	if (c->ch->session == CHANNEL_BROADCAST) {
		if (!is_return(c->cmd) || !c->ch->has_saved)
			return mode_step(c->ch, EVENT_OTHER, SW_CONDITIONS);
		c->seal = NULL;
		return mode_step(c->ch, EVENT_RETURN, SW_OK);
	}
	if (c->cmd->p1 == CHANGE_MODE_RETURN && c->cmd->p2 == CHANGE_MODE_RETURN_P2)
		return mode_step(c->ch, EVENT_RETURN, SW_CONDITIONS);
	if (c->cmd->p1 != CHANGE_MODE_ENTER || c->cmd->p2 != 0)
		return SW_WRONG_P1P2;
	sw = do_enter(c);
	return mode_step(c->ch, sw == SW_OK ? EVENT_ENTER : EVENT_ENTER_REFUSED, sw);
}

uint16_t get_data_system(struct call *c)
{
	const struct chip *chip = &c->v->chip;
	struct system_data s = {
		.version = chip->running.version,
		.length = (uint32_t)chip->image.n,
		.target = chip->target,
		.has_campaign = chip->running.has_campaign,
		.package = chip->running.package,
	};

	memcpy(s.platform, chip->platform, sizeof(s.platform));
	memcpy(s.digest, chip->running.digest, sizeof(s.digest));
	memcpy(s.campaign, chip->running.campaign, sizeof(s.campaign));
	system_data_put(c->out, &s);
	return SW_OK;
}

uint16_t get_data_slots(struct call *c)
{
	const struct card_slot *slot = &c->v->chip.slot;
	struct slot_data s = {
		.state = slot->state,
		.package = slot->package,
		.total = slot->total,
		.done = slot->done,
		.length = slot->length,
		.received = (uint32_t)c->v->chip.slot_data.n,
	};

	memcpy(s.campaign, slot->campaign, sizeof(s.campaign));
	slot_data_put(c->out, &s);
	return SW_OK;
}

uint16_t get_data_policy(struct call *c)
{
	const struct chip *chip = &c->v->chip;
	struct policy_data p = { .algorithm_n = chip->algorithm_n, .form_n = chip->form_n };

	_Static_assert(sizeof(p.algorithms) == sizeof(chip->algorithms), "policy of a card");
	memcpy(p.algorithms, chip->algorithms, sizeof(p.algorithms));
	memcpy(p.forms, chip->forms, sizeof(p.forms));
	p.kos_n = (uint8_t)chip->kos_n;
	for (size_t n = 0; n < chip->kos_n; n++)
		p.kos_versions[n] = chip->kos[n].version;
	if (!sha256_of(SPAN(chip->issuer), p.issuer_digest))
		return SW_UNKNOWN;
	policy_data_put(c->out, &p);
	return SW_OK;
}

bool image_app(const struct vcard *v, size_t index, struct span *aid, struct span *answer)
{
	struct rd r = rd_of(wr_span(&v->chip.image));
	struct span apps, one;

	if (!tlv_expect(&r, 0x7F6E, &apps))
		return false;
	r = rd_of(apps);
	do {
		if (!tlv_expect(&r, 0x61, &one))
			return false;
	} while (index-- > 0);
	r = rd_of(one);
	return tlv_expect(&r, 0x4F, aid) && aid->n >= AID_MIN && aid->n <= AID_MAX &&
	       tlv_expect(&r, 0x53, answer);
}
