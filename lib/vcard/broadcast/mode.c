#include "vcard/broadcast/mode.h"

#include <string.h>

#include "vcard/channel/channel.h"
#include "vcard/core/card_state.h"

/* broadcast.md 4: after the first command that is not answered 9000 nothing is written any more. */
static void fail(struct channel *ch)
{
	ch->failed = true;
}

/* broadcast.md 3, return: the flag goes first, so that nothing restores the context twice. BK-MAC
 * stays for algorithm 01. */
static void restore(struct channel *ch)
{
	ch->has_saved = false;
	scp_wipe(&ch->scp);
	ch->scp = ch->saved;
	memset(&ch->saved, 0, sizeof(ch->saved));
	ch->failed = false;
}

/* State x event: the next state, the answer (0: of who names the event), what is done. */
static const struct mode_row table[SESSION_BROADCAST + 1][EVENTS] = {
	[SESSION_IDLE] = {
		[EVENT_INITIALIZE] = { SESSION_IU_DONE, 0, NULL },
		[EVENT_AUTH_MAC] = { SESSION_IDLE, SW_CONDITIONS, NULL },
		[EVENT_AUTH_CRYPTOGRAM] = { SESSION_IDLE, SW_CONDITIONS, NULL },
		[EVENT_AUTH_OK] = { SESSION_IDLE, SW_CONDITIONS, NULL },
		[EVENT_UNVERIFIED] = { SESSION_IDLE, SW_SECURITY_STATUS, NULL },
		[EVENT_ENTER] = { SESSION_IDLE, SW_SECURITY_STATUS, NULL },
		[EVENT_ENTER_REFUSED] = { SESSION_IDLE, SW_SECURITY_STATUS, NULL },
		[EVENT_RETURN] = { SESSION_IDLE, SW_SECURITY_STATUS, NULL },
		[EVENT_AUTHORIZE] = { SESSION_IDLE, SW_SECURITY_STATUS, NULL },
		[EVENT_WRITTEN] = { SESSION_IDLE, SW_SECURITY_STATUS, NULL },
		[EVENT_WRITE_REFUSED] = { SESSION_IDLE, SW_SECURITY_STATUS, NULL },
		[EVENT_OTHER] = { SESSION_IDLE, 0, NULL },
		[EVENT_END] = { SESSION_IDLE, 0, session_end },
	},
	[SESSION_IU_DONE] = {
		[EVENT_INITIALIZE] = { SESSION_IU_DONE, 0, NULL },
		[EVENT_AUTH_MAC] = { SESSION_IDLE, SW_SECURITY_STATUS, session_end },
		[EVENT_AUTH_CRYPTOGRAM] = { SESSION_IDLE, SW_AUTH_FAILED, session_end },
		[EVENT_AUTH_OK] = { SESSION_UNICAST, SW_OK, NULL },
		[EVENT_UNVERIFIED] = { SESSION_IDLE, SW_SECURITY_STATUS, session_end },
		[EVENT_ENTER] = { SESSION_IU_DONE, SW_SECURITY_STATUS, NULL },
		[EVENT_ENTER_REFUSED] = { SESSION_IU_DONE, SW_SECURITY_STATUS, NULL },
		[EVENT_RETURN] = { SESSION_IU_DONE, SW_SECURITY_STATUS, NULL },
		[EVENT_AUTHORIZE] = { SESSION_IU_DONE, SW_SECURITY_STATUS, NULL },
		[EVENT_WRITTEN] = { SESSION_IU_DONE, SW_SECURITY_STATUS, NULL },
		[EVENT_WRITE_REFUSED] = { SESSION_IU_DONE, SW_SECURITY_STATUS, NULL },
		[EVENT_OTHER] = { SESSION_IU_DONE, 0, NULL },
		[EVENT_END] = { SESSION_IDLE, 0, session_end },
	},
	[SESSION_UNICAST] = {
		[EVENT_INITIALIZE] = { SESSION_IU_DONE, 0, NULL },
		[EVENT_AUTH_MAC] = { SESSION_UNICAST, SW_CONDITIONS, NULL },
		[EVENT_AUTH_CRYPTOGRAM] = { SESSION_UNICAST, SW_CONDITIONS, NULL },
		[EVENT_AUTH_OK] = { SESSION_UNICAST, SW_CONDITIONS, NULL },
		[EVENT_UNVERIFIED] = { SESSION_IDLE, SW_SECURITY_STATUS, session_end },
		[EVENT_ENTER] = { SESSION_BROADCAST, SW_OK, NULL },
		[EVENT_ENTER_REFUSED] = { SESSION_UNICAST, 0, NULL },
		[EVENT_RETURN] = { SESSION_UNICAST, SW_CONDITIONS, NULL },
		[EVENT_AUTHORIZE] = { SESSION_UNICAST, 0, NULL },
		[EVENT_WRITTEN] = { SESSION_UNICAST, SW_CONDITIONS, NULL },
		[EVENT_WRITE_REFUSED] = { SESSION_UNICAST, SW_CONDITIONS, NULL },
		[EVENT_OTHER] = { SESSION_UNICAST, 0, NULL },
		[EVENT_END] = { SESSION_IDLE, 0, session_end },
	},
	[SESSION_BROADCAST] = {
		[EVENT_INITIALIZE] = { SESSION_IU_DONE, 0, NULL },
		[EVENT_AUTH_MAC] = { SESSION_BROADCAST, SW_CONDITIONS, fail },
		[EVENT_AUTH_CRYPTOGRAM] = { SESSION_BROADCAST, SW_CONDITIONS, fail },
		[EVENT_AUTH_OK] = { SESSION_BROADCAST, SW_CONDITIONS, fail },
		[EVENT_UNVERIFIED] = { SESSION_IDLE, SW_SECURITY_STATUS, session_end },
		[EVENT_ENTER] = { SESSION_BROADCAST, SW_CONDITIONS, fail },
		[EVENT_ENTER_REFUSED] = { SESSION_BROADCAST, SW_CONDITIONS, fail },
		[EVENT_RETURN] = { SESSION_UNICAST, SW_OK, restore },
		[EVENT_AUTHORIZE] = { SESSION_BROADCAST, SW_CONDITIONS, fail },
		[EVENT_WRITTEN] = { SESSION_BROADCAST, SW_OK, NULL },
		[EVENT_WRITE_REFUSED] = { SESSION_BROADCAST, 0, fail },
		[EVENT_OTHER] = { SESSION_BROADCAST, SW_CONDITIONS, fail },
		[EVENT_END] = { SESSION_IDLE, 0, session_end },
	},
};

const struct mode_row *mode_row(enum session state, enum mode_event e)
{
	return &table[state][e];
}

uint16_t mode_step(struct channel *ch, enum mode_event e, uint16_t sw)
{
	const struct mode_row *row = mode_row(ch->session, e);

	ch->session = row->next;
	if (row->act != NULL)
		row->act(ch);
	return row->sw != 0 ? row->sw : sw;
}
