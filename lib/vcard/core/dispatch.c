/*
 * From the bytes of a command to its handler and back: one table says what each command needs, and
 * what it needs is checked here and nowhere else. The order is told in card_state.h.
 */
#include "vcard/broadcast/mode.h"
#include "vcard/channel/channel.h"
#include "vcard/content/content.h"
#include "vcard/core/card_state.h"
#include "vcard/core/handlers.h"
#include "vcard/keys/keys.h"
#include "vcard/products/product.h"

enum cla_kind { ISO = 1, GP = 2 };
enum data_rule { NO_DATA = 1, DATA = 2 };
/* Security: none, a session, a session with C-MAC. OPEN: executed by the card itself, so it may
 * come unprotected while a session is open on the channel. */
enum need { FREE, OPEN, SESSION, CMAC };
/* Life cycle: states in which it is allowed. */
enum life { ALIVE = 1, LOCKED = 2, TERMINATED = 4 };

enum { CLA_CHAINED = 0x10, MORE_COMMANDS = 0x80 /* P1 */ };

struct command {
	const char *name;
	uint8_t ins;
	uint8_t cla;  /* enum cla_kind, or-ed */
	uint8_t data; /* enum data_rule, or-ed */
	uint8_t need;
	uint8_t life; /* enum life, or-ed */
	handler *run;
};

/* GPCS tables 11-1 and 11-2, broadcast.md 3-5. */
static const struct command commands[] = {
	{ "SELECT", INS_SELECT, ISO, NO_DATA | DATA, OPEN, ALIVE | LOCKED, do_select },
	{ "MANAGE CHANNEL", INS_MANAGE_CHANNEL, ISO, NO_DATA, OPEN, ALIVE | LOCKED,
	    do_manage_channel },
	{ "INITIALIZE UPDATE", INS_INITIALIZE_UPDATE, GP, DATA, OPEN, ALIVE | LOCKED,
	    do_initialize_update },
	{ "EXTERNAL AUTHENTICATE", INS_EXTERNAL_AUTHENTICATE, GP, DATA, FREE, ALIVE | LOCKED,
	    do_external_authenticate },
	{ "PERFORM SECURITY OPERATION", INS_PERFORM_SECURITY_OPERATION, GP, DATA, OPEN,
	    ALIVE | LOCKED, do_perform_security_operation },
	{ "INTERNAL AUTHENTICATE", INS_INTERNAL_AUTHENTICATE, GP, DATA, OPEN, ALIVE | LOCKED,
	    do_scp11_authenticate },
	{ "GET DATA", INS_GET_DATA, ISO | GP, NO_DATA | DATA, FREE, ALIVE | LOCKED | TERMINATED,
	    do_get_data },
	{ "GET STATUS", INS_GET_STATUS, GP, DATA, SESSION, ALIVE | LOCKED, do_get_status },
	{ "SET STATUS", INS_SET_STATUS, GP, NO_DATA | DATA, CMAC, ALIVE | LOCKED, do_set_status },
	{ "PUT KEY", INS_PUT_KEY, GP, DATA, CMAC, ALIVE, do_put_key },
	{ "GENERATE KEY", INS_GENERATE_KEY, GP, DATA, CMAC, ALIVE, do_generate_key },
	{ "DELETE", INS_DELETE, GP, DATA, CMAC, ALIVE, do_delete },
	{ "INSTALL", INS_INSTALL, GP, DATA, CMAC, ALIVE, do_install },
	{ "LOAD", INS_LOAD, GP, DATA, CMAC, ALIVE, do_load },
	{ "STORE DATA", INS_STORE_DATA, GP, DATA, CMAC, ALIVE, do_store_data },
	{ "CHANGE MODE", INS_CHANGE_MODE, GP, NO_DATA | DATA, SESSION, ALIVE, do_change_mode },
	{ "AUTHORIZE ACTION", INS_AUTHORIZE_ACTION, GP, NO_DATA | DATA, SESSION, ALIVE,
	    do_authorize_action },
	{ "WRITE STAGE", INS_WRITE_STAGE, GP, NO_DATA | DATA, SESSION, ALIVE, do_write_stage },
};

static bool is_scp11(uint8_t ins)
{
	return ins == INS_PERFORM_SECURITY_OPERATION || ins == INS_INTERNAL_AUTHENTICATE;
}

/* A card without keys for SCP11 does not know its commands. */
static const struct command *command_find(const struct vcard *v, uint8_t ins)
{
	if (is_scp11(ins) && v->chip.ecka_n == 0)
		return NULL;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (commands[i].ins == ins)
			return &commands[i];
	return NULL;
}

static enum cla_kind kind_of(uint8_t cla)
{
	return (cla & 0x80) != 0 ? GP : ISO;
}

/* To a card without broadcast these are no commands, and no supplementary domain has them: what
 * the card runs is its issuer's. */
static bool is_broadcast(uint8_t ins)
{
	return ins == INS_CHANGE_MODE || ins == INS_AUTHORIZE_ACTION || ins == INS_WRITE_STAGE;
}

static bool is_known(const struct call *c, const struct command *k)
{
	const struct chip *chip = &c->v->chip;

	if (k == NULL || !product_knows(chip, k->ins))
		return false;
	return !is_broadcast(k->ins) ||
	       (product_has_broadcast(chip) && chip_is_isd(c->v, &c->ch->selected));
}

static bool life_allows(const struct vcard *v, const struct command *k)
{
	switch (v->chip.life_cycle) {
	case LIFE_TERMINATED:
		return (k->life & TERMINATED) != 0;
	case LIFE_LOCKED:
		return (k->life & LOCKED) != 0;
	}
	return (k->life & ALIVE) != 0;
}

static uint16_t need_met(const struct call *c, const struct command *k)
{
	if (k->need == FREE || k->need == OPEN)
		return SW_OK;
	/* In SCP11b the card was authenticated, the other side was not. */
	if (c->ch->session != CHANNEL_UNICAST || c->ch->anonymous)
		return SW_SECURITY_STATUS;
	if (k->need == CMAC && (c->level & LEVEL_CMAC) == 0 && product_wants_cmac(&c->v->chip))
		return SW_SECURITY_STATUS;
	return SW_OK;
}

/* A listing and a load are given up when another command comes in between. */
static void interrupt(const struct call *c)
{
	struct logical_channel *ch = c->ch;
	bool last = c->cmd->ins == INS_INSTALL && (c->cmd->p1 & ~INSTALL_MORE) == INSTALL_ALL &&
		    c->cmd->p2 == INSTALL_LAST;

	if (c->cmd->ins != INS_GET_STATUS)
		ch->paging.active = false;
	if (c->cmd->ins != INS_LOAD && !(last && ch->loading.whole))
		content_forget_load(ch);
}

/* In LIFE_LOCKED nobody is obeyed but the holder of the Final Application privilege (GPCS 5.1.1.4).
 */
static bool locked_out(const struct call *c, const struct command *k)
{
	return c->v->chip.life_cycle == LIFE_LOCKED && k->need >= SESSION &&
	       (chip_privileges(c->v, &c->ch->selected) & PRIV_FINAL_APPLICATION) == 0;
}

static bool is_for_app(const struct call *c, const struct command *k)
{
	/* What it leaves to others: selecting, and opening a session with its keys. */
	if (trust_is(c->v, &c->ch->selected))
		return true;
	return k->ins == INS_SELECT || k->ins == INS_MANAGE_CHANNEL ||
	       (k->ins == INS_GET_DATA && chip_app(c->v, &c->ch->selected) != NULL);
}

/* All that is checked about a command before its handler runs. */
static uint16_t run_checked(struct call *c, const struct command *k)
{
	uint16_t sw;

	interrupt(c);
	sw = container_gate(c);
	if (sw != SW_OK)
		return sw;
	if (c->ch->files && c->cmd->ins != INS_SELECT && c->cmd->ins != INS_MANAGE_CHANNEL)
		return c->v->chip.life_cycle == LIFE_TERMINATED ? SW_FUNCTION_NOT_SUPPORTED
								: files_command(c);
	if (trust_takes(c))
		return life_allows(c->v, command_find(c->v, INS_STORE_DATA))
			   ? trust_command(c)
			   : SW_FUNCTION_NOT_SUPPORTED;
	/* An application knows no command but to be selected, and to tell its data. */
	if (!is_known(c, k) || (c->ch->app && !is_for_app(c, k)))
		return SW_INS_NOT_SUPPORTED;
	if ((k->cla & kind_of(c->cmd->cla)) == 0)
		return SW_CLA_NOT_SUPPORTED;
	if (!life_allows(c->v, k) || locked_out(c, k))
		return SW_FUNCTION_NOT_SUPPORTED;
	sw = need_met(c, k);
	if (sw != SW_OK)
		return sw;
	if ((k->data & (c->cmd->data.n == 0 ? NO_DATA : DATA)) == 0)
		return SW_WRONG_LENGTH;
	return k->run(c);
}

static uint16_t session_lost(struct call *c)
{
	c->seal = NULL;
	return mode_step(c->ch, EVENT_UNVERIFIED, SW_SECURITY_STATUS);
}

/* Nothing stands between the parts of one command: what does ends the session, and is executed
 * only if it needs none. */
static uint16_t run_command(struct call *c)
{
	const struct command *k = command_find(c->v, c->cmd->ins);
	bool goes_on = chain_goes_on(c->ch, c->cmd), more = (c->cmd->p1 & MORE_COMMANDS) != 0;
	uint16_t sw;

	if (chain_open(c->ch) && !goes_on) {
		if (k == NULL || k->need != OPEN || c->secured)
			return session_lost(c);
		mode_step(c->ch, EVENT_END, SW_OK);
	}
	sw = run_checked(c, k);
	if (sw != SW_OK || !more)
		chain_forget(c->ch);
	return sw;
}

/* SELECT, MANAGE CHANNEL and what begins a session are the card's, whatever session is open. In
 * broadcast mode opening a channel and SCP11 are not among them (broadcast.md 4). */
static bool is_open_command(
    const struct vcard *v, const struct logical_channel *ch, const struct capdu *cmd)
{
	const struct command *k = command_find(v, cmd->ins);

	if (k == NULL || k->need != OPEN || (k->cla & kind_of(cmd->cla)) == 0)
		return false;
	return ch->session != CHANNEL_BROADCAST ||
	       (!is_scp11(cmd->ins) && (cmd->ins != INS_MANAGE_CHANNEL || cmd->p1 == 0x80));
}

/* Does the open session of the channel ask for protected commands? */
static bool protection_due(const struct logical_channel *ch)
{
	if (ch->session == CHANNEL_BROADCAST)
		return true;
	return ch->session == CHANNEL_UNICAST && (scp_level(&ch->scp) & LEVEL_CMAC) != 0;
}

/* R-MAC alone, a level of SCP02: commands come as they are, but their answers cover them. */
static bool answer_protected(const struct logical_channel *ch)
{
	return ch->session == CHANNEL_UNICAST && scp_level(&ch->scp) == LEVEL_RMAC;
}

/* A command that came in broadcast mode and whose MAC is good. */
static uint16_t run_broadcast(struct call *c)
{
	const struct command *stage = command_find(c->v, INS_WRITE_STAGE);
	bool gp = kind_of(c->cmd->cla) == GP;

	if (gp && c->cmd->ins == INS_CHANGE_MODE)
		return do_change_mode(c);
	if (gp && life_allows(c->v, stage) &&
	    (c->cmd->ins == INS_WRITE_STAGE || c->cmd->ins == INS_LOAD ||
		c->cmd->ins == INS_STORE_DATA))
		return do_write_stage(c);
	return mode_step(c->ch, EVENT_OTHER, SW_CONDITIONS);
}

/* Secure messaging of ISO 7816-4 with authenticated header, which GlobalPlatform has not (SCP10
 * aside): never to be taken for an unprotected command. */
static bool is_foreign_sm(uint8_t cla)
{
	return (cla & 0x40) == 0 && (cla & 0x08) != 0;
}

/* A command that did not open: is it the first of several? */
static bool begins_joined(struct logical_channel *ch, const struct capdu *cmd)
{
	return ch->session == CHANNEL_UNICAST && scp_protocol(&ch->scp) == PROTOCOL_SCP03 &&
	       !chain_open(ch) && joined_begin(&ch->joined, cmd);
}

/* Takes the protection off, if any, and runs the command. */
static uint16_t run_protected(struct call *c, const struct capdu *cmd)
{
	bool sm = cla_is_sm(cmd->cla);
	struct wr data = wr_fixed(c->v->plain, sizeof(c->v->plain));
	struct capdu whole = *cmd, plain;
	uint16_t sw;

	c->cmd = cmd;
	if (is_foreign_sm(cmd->cla))
		return protection_due(c->ch) ? session_lost(c) : SW_SM_NOT_SUPPORTED;
	if (!sm && protection_due(c->ch)) {
		if (!is_open_command(c->v, c->ch, cmd))
			return session_lost(c);
		if (c->ch->session == CHANNEL_BROADCAST)
			mode_step(c->ch, EVENT_END, SW_OK);
		return run_command(c);
	}
	if (!sm && (!answer_protected(c->ch) || is_open_command(c->v, c->ch, cmd)))
		return run_command(c);
	/* Its MAC is checked by its handler, with the session that is not open yet. */
	if (sm && cmd->ins == INS_EXTERNAL_AUTHENTICATE && !protection_due(c->ch))
		return run_command(c);
	if (sm && !protection_due(c->ch))
		return session_lost(c);
	if (sm) {
		enum joined_step j = joined_next(&c->ch->joined, cmd, &whole);

		if (j != JOINED_WHOLE)
			return j == JOINED_MORE ? SW_OK : session_lost(c);
	}
	if (scp_open_command(&c->ch->scp, &whole, &plain, &data) != SCP_OK) {
		wr_reset(&data);
		return sm && begins_joined(c->ch, &whole) ? SW_OK : session_lost(c);
	}
	joined_forget(&c->ch->joined);
	c->cmd = &plain;
	c->secured = sm;
	c->seal = &c->ch->scp;
	sw = c->ch->session == CHANNEL_BROADCAST ? run_broadcast(c) : run_command(c);
	wr_reset(&data);
	return sw;
}

static bool in_session(const struct logical_channel *ch)
{
	return ch->session == CHANNEL_UNICAST || ch->session == CHANNEL_BROADCAST;
}

static void answer(struct call *c, uint16_t sw, struct wr *rsp)
{
	struct rapdu r = { wr_span(c->out), sw };
	size_t start = rsp->n;

	if (!sw_is_success_or_warning(sw))
		wr_reset(c->out);
	else if (!wr_ok(c->out))
		r.sw = SW_UNKNOWN;
	if (!sw_is_success_or_warning(r.sw))
		r.data = (struct span){ NULL, 0 };
	/* A handler that ended the session took away what could protect the answer. */
	if (c->seal == NULL || c->ch->session == CHANNEL_IDLE ||
	    (scp_level(c->seal) & LEVEL_RMAC) == 0) {
		rapdu_put(rsp, &r);
		return;
	}
	if (!scp_seal_response(c->seal, &r, rsp)) {
		session_end(c->ch);
		wr_cut(rsp, start);
		rapdu_put(rsp, &(struct rapdu){ { NULL, 0 }, SW_UNKNOWN });
	}
}

static void answer_bare(struct wr *rsp, uint16_t sw)
{
	rapdu_put(rsp, &(struct rapdu){ { NULL, 0 }, sw });
}

/* Not an APDU. Where commands must be protected, this one was not. */
static void malformed(struct vcard *v, struct span command, struct wr *rsp)
{
	struct rd r = rd_of(command);
	struct logical_channel *ch;
	uint8_t cla;

	if (rd_u8(&r, &cla) && cla_valid(cla) && cla_channel(cla) < CHANNELS) {
		ch = &v->channel[cla_channel(cla)];
		if (protection_due(ch)) {
			answer_bare(rsp, mode_step(ch, EVENT_UNVERIFIED, SW_SECURITY_STATUS));
			return;
		}
	}
	answer_bare(rsp, SW_WRONG_LENGTH);
}

/* ---- answers that are longer than a short command can take (ISO 7816-3 12.2.1) ---- */

enum { SW_MORE_61 = 0x6100, STATUS_SIZE = 2 };

/* The next part: up to 256 octets, then how much is left, or the status word of the command. */
static void put_part(struct vcard *v, struct wr *rsp)
{
	struct span all = wr_span(&v->rest);
	size_t left = all.n - STATUS_SIZE - v->rest_at;
	size_t n = left < LE_MAX_SHORT ? left : LE_MAX_SHORT;

	wr_put(rsp, span_sub(all, v->rest_at, n));
	v->rest_at += n;
	left -= n;
	if (left > 0) {
		wr_u16(rsp, (uint16_t)(SW_MORE_61 | (left > 0xFF ? 0 : left)));
		return;
	}
	wr_put(rsp, span_sub(all, v->rest_at, STATUS_SIZE));
	wr_free(&v->rest);
}

static void keep_rest(struct vcard *v, uint8_t number, size_t start, struct wr *rsp)
{
	v->rest = wr_grow(APDU_MAX_RESPONSE);
	v->rest_at = 0;
	v->rest_channel = number;
	wr_put(&v->rest, span_sub(wr_span(rsp), start, rsp->n - start));
	wr_cut(rsp, start);
	if (wr_ok(&v->rest))
		put_part(v, rsp);
	else
		answer_bare(rsp, SW_UNKNOWN);
}

/* GET RESPONSE fetches what is left; any other command gives it up. */
static bool get_response(struct vcard *v, const struct capdu *cmd, struct wr *rsp)
{
	if (v->rest.n == 0)
		return false;
	if (cmd->ins == INS_GET_RESPONSE && cmd->data.n == 0 && !cla_is_sm(cmd->cla) &&
	    cla_channel(cmd->cla) == v->rest_channel) {
		put_part(v, rsp);
		return true;
	}
	wr_free(&v->rest);
	return false;
}

/* Command chaining of the class byte is for certificates only. */
static bool take_chaining(struct capdu *cmd)
{
	if ((cmd->cla & CLA_CHAINED) == 0 || cmd->ins != INS_PERFORM_SECURITY_OPERATION)
		return false;
	cmd->cla = (uint8_t)(cmd->cla & ~CLA_CHAINED);
	return true;
}

void dispatch(struct vcard *v, struct span command, struct wr *rsp)
{
	struct wr out = wr_fixed(v->answer, sizeof(v->answer));
	struct call c = { .v = v, .out = &out };
	size_t start = rsp->n;
	struct capdu cmd;
	uint16_t sw;

	if (!capdu_get(command, &cmd)) {
		malformed(v, command, rsp);
		return;
	}
	c.chained = take_chaining(&cmd);
	if (!cla_valid(cmd.cla)) {
		answer_bare(rsp, SW_CLA_NOT_SUPPORTED);
		return;
	}
	c.number = cla_channel(cmd.cla);
	if (c.number >= CHANNELS || !v->channel[c.number].open) {
		answer_bare(rsp, SW_CHANNEL_NOT_SUPPORTED);
		return;
	}
	if (get_response(v, &cmd, rsp))
		return;
	c.ch = &v->channel[c.number];
	c.level = in_session(c.ch) ? scp_level(&c.ch->scp) : LEVEL_AUTHENTICATED;
	sw = run_protected(&c, &cmd);
	/* Changes that a handler gave up are never committed by the next one. */
	chip_forget(v);
	answer(&c, sw, rsp);
	channel_leave(&v->chip, c.ch);
	wr_reset(&out);
	if (!cmd.extended && rsp->n - start > LE_MAX_SHORT + 2)
		keep_rest(v, c.number, start, rsp);
}
