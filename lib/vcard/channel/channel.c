/* Logical channels, and the card's role in opening an SCP03 session. */
#include <string.h>

#include "crypto/digest.h"
#include "gp/init_update.h"
#include "vcard/broadcast/mode.h"
#include "vcard/channel/channel.h"
#include "vcard/content/content.h"
#include "vcard/core/card_state.h"
#include "vcard/core/handlers.h"
#include "vcard/keys/keys.h"
#include "vcard/products/product.h"

enum { SW_ALREADY_CLOSED = 0x6200, LEVEL_WHOLE = 0x33 };

void session_end(struct logical_channel *ch)
{
	scp_wipe(&ch->scp);
	scp_wipe(&ch->saved);
	ch->has_saved = false;
	ch->failed = false;
	wipe_key(&ch->dek);
	wipe_key(&ch->bk_mac);
	oce_forget(&ch->oce);
	ch->anonymous = false;
	ch->claiming = false;
	wipe(&ch->trust, sizeof(ch->trust));
	ch->leaving = LEAVES_NOTHING;
	ch->group = false;
	wipe(ch->host_challenge, sizeof(ch->host_challenge));
	wipe(ch->card_challenge, sizeof(ch->card_challenge));
	wr_free(&ch->store);
	ch->store_next = 0;
	joined_forget(&ch->joined);
	chain_forget(ch);
	content_forget_load(ch);
	ch->paging = (struct paging){ 0 };
	ch->personalize = (struct aid){ 0 };
	ch->key_domain = (struct aid){ 0 };
	ch->key_version = 0;
	ch->session = CHANNEL_IDLE;
}

void channel_open(const struct chip *chip, struct logical_channel *ch)
{
	session_end(ch);
	ch->open = true;
	ch->app = false;
	ch->files = false;
	ch->alias = (struct aid){ 0 };
	ch->selected = chip->isd;
}

const struct aid *channel_name(const struct logical_channel *ch)
{
	return ch->alias.n != 0 ? &ch->alias : &ch->selected;
}

void channel_close(struct logical_channel *ch)
{
	session_end(ch);
	ch->open = false;
}

void channel_leave(const struct chip *chip, struct logical_channel *ch)
{
	if (ch->leaving == LEAVES_DOMAIN)
		channel_open(chip, ch);
	else if (ch->leaving == LEAVES_SESSION)
		session_end(ch);
}

/* ---- MANAGE CHANNEL (GPCS 11.7) ---- */

static uint16_t manage_open(struct call *c)
{
	struct vcard *v = c->v;
	uint8_t n = c->cmd->p2;

	if (v->chip.life_cycle == LIFE_LOCKED)
		return SW_FUNCTION_NOT_SUPPORTED;
	if (n != 0 && (n >= CHANNELS || v->channel[n].open))
		return n >= CHANNELS ? SW_CHANNEL_NOT_SUPPORTED : SW_WRONG_P1P2;
	if (n == 0) {
		for (n = 1; n < CHANNELS && v->channel[n].open; n++)
			;
		if (n == CHANNELS)
			return SW_CHANNEL_NOT_SUPPORTED;
		wr_u8(c->out, n);
	}
	channel_open(&v->chip, &v->channel[n]);
	select_implicit(v, n);
	return SW_OK;
}

uint16_t do_manage_channel(struct call *c)
{
	uint8_t n = c->cmd->p2;

	if (c->cmd->p1 == 0x00)
		return manage_open(c);
	if (c->cmd->p1 != 0x80 || n == 0)
		return SW_WRONG_P1P2;
	if (n >= CHANNELS)
		return SW_CHANNEL_NOT_SUPPORTED;
	if (!c->v->channel[n].open)
		return SW_ALREADY_CLOSED;
	channel_close(&c->v->channel[n]);
	return SW_OK;
}

/* ---- INITIALIZE UPDATE (Amendment D 7.1.1, GPCS E.5.1) ---- */

static void tell_sequence(struct init_update *u, uint32_t sequence)
{
	u->has_sequence = true;
	u->sequence[0] = (uint8_t)(sequence >> 16);
	u->sequence[1] = (uint8_t)(sequence >> 8);
	u->sequence[2] = (uint8_t)sequence;
}

/* The next card challenge; in pseudo-random mode the counter moves first, and for good. */
static uint16_t make_challenge(struct call *c, const struct card_keys *k, struct init_update *u)
{
	uint32_t sequence = k->sequence;

	if ((c->v->chip.i & SCP03_I_PSEUDO_RANDOM) == 0)
		return random_bytes(u->card_challenge, u->m) ? SW_OK : SW_UNKNOWN;
	if (sequence >= SEQUENCE_END)
		return SW_CONDITIONS;
	sequence++;
	tell_sequence(u, sequence);
	chip_put_sequence(c->v, k, sequence);
	if (!chip_commit(c->v))
		return SW_MEMORY_FAILURE;
	if (!scp03_card_challenge(
		&k->keys.enc, u->sequence, aid_span(channel_name(c->ch)), u->m, u->card_challenge))
		return SW_UNKNOWN;
	return SW_OK;
}

/* SCP02: the counter stands in front and does not move before the host has proved itself. What
 * follows it may need the session keys: see begin. */
static uint16_t make_challenge_02(const struct card_keys *k, struct init_update *u)
{
	if (k->sequence >= SEQUENCE_END_02)
		return SW_CONDITIONS;
	tell_sequence(u, k->sequence);
	u->card_challenge[0] = u->sequence[1];
	u->card_challenge[1] = u->sequence[2];
	return random_bytes(&u->card_challenge[2], u->m - 2u) ? SW_OK : SW_UNKNOWN;
}

/* Nobody without keys locks a party or a terminal out for good: their failures count in RAM
 * (containers.md 5, trust.md 4). */
static bool counts_in_ram(const struct call *c, const struct card_keys *k)
{
	return k->domain.n != 0 &&
	       (chip_container(c->v, &k->domain) != NULL || trust_is(c->v, &k->domain));
}

static bool is_blocked(const struct call *c, const struct card_keys *k)
{
	return counts_in_ram(c, k) ? k->wrong >= ACCESS_TRIES_MAX : k->tries == 0;
}

static bool begin(struct call *c, const struct card_keys *k, struct init_update *u)
{
	const struct scp_start start = { .protocol = (enum scp_protocol)u->scp,
		.i = u->i,
		.keys = &k->keys,
		.host_challenge = c->cmd->data,
		.card_challenge = span_of(u->card_challenge, u->m) };
	struct scp *scp = &c->ch->scp;

	if (!scp_begin(scp, &start))
		return false;
	if (u->scp == PROTOCOL_SCP02 && (u->i & SCP02_I_PSEUDO_RANDOM) != 0 &&
	    !scp02_card_challenge(scp, aid_span(channel_name(c->ch)), &u->card_challenge[2]))
		return false;
	return scp_cryptogram(scp, &start, ROLE_CARD, u->cryptogram);
}

uint16_t do_initialize_update(struct call *c)
{
	struct logical_channel *ch = c->ch;
	const struct chip *chip = &c->v->chip;
	bool old = chip->i02 != 0;
	const struct card_keys *k;
	struct init_update u = { .scp = old ? PROTOCOL_SCP02 : PROTOCOL_SCP03 };
	uint16_t sw;

	/* It ends the session, also when it fails itself (Amendment D 5.6). */
	mode_step(ch, EVENT_END, SW_OK);
	u.i = old ? chip->i02 : chip->i;
	u.m = !old && (chip->i & SCP03_I_S16) != 0 ? 16 : 8;
	/* A JCOP wants to be asked for its factory set with P1 00. */
	if (c->cmd->p2 != 0x00 || (chip->product == PRODUCT_JCOP4 && c->cmd->p1 == FACTORY_VERSION))
		return SW_WRONG_P1P2;
	if (c->cmd->data.n != u.m)
		return SW_WRONG_LENGTH;
	k = chip_channel_keys(c->v, &ch->selected, c->cmd->p1);
	if (k == NULL)
		return SW_REFERENCE_NOT_FOUND;
	if (is_blocked(c, k))
		return SW_AUTH_BLOCKED;
	sw = old ? make_challenge_02(k, &u) : make_challenge(c, k, &u);
	if (sw != SW_OK)
		return sw;
	if (!begin(c, k, &u)) {
		session_end(ch);
		return SW_UNKNOWN;
	}
	u.key_version = k->version;
	memcpy(u.kdd, chip->kdd, KDD_SIZE);
	init_update_put(c->out, &u);
	memcpy(ch->host_challenge, c->cmd->data.p, u.m);
	memcpy(ch->card_challenge, u.card_challenge, u.m);
	ch->m = u.m;
	ch->key_domain = k->domain;
	ch->key_version = k->version;
	ch->dek = old ? ch->scp.u.scp02.dek : k->keys.dek;
	if (trust_is(c->v, &k->domain))
		trust_begin(c, k);
	return mode_step(ch, EVENT_INITIALIZE, SW_OK);
}

/* ---- EXTERNAL AUTHENTICATE (Amendment D 7.1.2, GPCS E.5.2) ---- */

static enum mode_event event_of(enum scp_verdict v)
{
	if (v == SCP_OK)
		return EVENT_AUTH_OK;
	return v == SCP_BAD_CRYPTOGRAM ? EVENT_AUTH_CRYPTOGRAM : EVENT_AUTH_MAC;
}

/* Checks, and writes down what it cost before anybody learns the verdict. */
static uint16_t authenticate(struct call *c, const struct card_keys *k)
{
	struct logical_channel *ch = c->ch;
	const struct scp_start start = { .protocol = scp_protocol(&ch->scp),
		.host_challenge = span_of(ch->host_challenge, ch->m),
		.card_challenge = span_of(ch->card_challenge, ch->m) };
	enum scp_verdict verdict = scp_card_authenticate(&ch->scp, &start, c->cmd);
	uint8_t tries = TRIES_MAX;

	if (verdict == SCP_FAILED)
		return SW_UNKNOWN;
	if (trust_is(c->v, &k->domain)) {
		if (verdict == SCP_OK)
			trust_opened(c);
		else if (trust_failed(c, k) != SW_OK)
			return SW_MEMORY_FAILURE;
		return mode_step(ch, event_of(verdict), SW_OK);
	}
	if (counts_in_ram(c, k)) {
		if (verdict != SCP_OK)
			chip_count_wrong(c->v, k);
		return mode_step(ch, event_of(verdict), SW_OK);
	}
	if (verdict != SCP_OK)
		tries = (uint8_t)(k->tries - 1);
	if (tries != k->tries)
		chip_put_tries(c->v, k, tries);
	/* GPCS E.1.2: SCP02 counts when the first C-MAC of a session was right. */
	if (start.protocol == PROTOCOL_SCP02 &&
	    (verdict == SCP_OK || verdict == SCP_BAD_CRYPTOGRAM))
		chip_put_sequence(c->v, k, k->sequence + 1);
	if (!chip_commit(c->v))
		return SW_MEMORY_FAILURE;
	return mode_step(ch, event_of(verdict), SW_OK);
}

/* SCP02: another channel may have used this value of the counter up, and with it the session keys.
 */
static bool counter_moved(const struct logical_channel *ch, const struct card_keys *k)
{
	return scp_protocol(&ch->scp) == PROTOCOL_SCP02 &&
	       (ch->card_challenge[0] << 8 | ch->card_challenge[1]) != (int)k->sequence;
}

static bool level_valid(const struct call *c)
{
	const struct chip *chip = &c->v->chip;

	if (!product_takes_level(chip, c->cmd->p1) ||
	    (trust_is(c->v, &c->ch->selected) && c->cmd->p1 != LEVEL_WHOLE))
		return false;
	return chip->i02 != 0 ? scp_level_valid(PROTOCOL_SCP02, c->cmd->p1, chip->i02)
			      : scp_level_valid(PROTOCOL_SCP03, c->cmd->p1, chip->i);
}

uint16_t do_external_authenticate(struct call *c)
{
	struct logical_channel *ch = c->ch;
	const struct card_keys *k = chip_keys(c->v, &ch->key_domain, ch->key_version);
	uint16_t sw;

	if (!cla_is_sm(c->cmd->cla) && c->cmd->p2 != 0x00 && c->v->chip.ecka_n > 0)
		return do_scp11_authenticate(c);
	if (ch->session != CHANNEL_IU_DONE)
		return SW_CONDITIONS;
	if (!cla_is_sm(c->cmd->cla))
		sw = SW_SECURITY_STATUS;
	else if (c->cmd->p2 != 0x00 || !level_valid(c))
		sw = SW_WRONG_P1P2;
	else if (c->cmd->data.n != 2u * ch->m)
		sw = SW_WRONG_LENGTH;
	else if (k == NULL || is_blocked(c, k))
		sw = SW_AUTH_BLOCKED; /* deleted or locked through another channel in between */
	else if (counter_moved(ch, k) || trust_moved(c))
		sw = SW_CONDITIONS;
	else
		sw = authenticate(c, k);
	if (sw != SW_OK) {
		session_end(ch);
		return sw;
	}
	wipe(ch->host_challenge, sizeof(ch->host_challenge));
	wipe(ch->card_challenge, sizeof(ch->card_challenge));
	return SW_OK;
}
