#include "vcard/broadcast/mode.h"

#include <string.h>

#include "vcard/channel/channel.h"
#include "vcard/core/card_state.h"

/* broadcast.md 4: after the first command that is not answered 9000 nothing is written any more. */
static void fail(struct logical_channel *ch)
{
	ch->failed = true;
}

/* broadcast.md 3, return: the flag goes first, so that nothing restores the context twice. BK-MAC
 * stays for algorithm 01. */
static void restore(struct logical_channel *ch)
{
	ch->has_saved = false;
	scp_wipe(&ch->scp);
	ch->scp = ch->saved;
	memset(&ch->saved, 0, sizeof(ch->saved));
	ch->failed = false;
}

/* State x event: the next state, the answer (0: of who names the event), what is done. */
static const struct mode_row table[CHANNEL_BROADCAST + 1][EVENTS] = {
	[CHANNEL_IDLE] = {
		[EVENT_INITIALIZE] = { CHANNEL_IU_DONE, 0, NULL },
		[EVENT_AUTH_MAC] = { CHANNEL_IDLE, SW_CONDITIONS, NULL },
		[EVENT_AUTH_CRYPTOGRAM] = { CHANNEL_IDLE, SW_CONDITIONS, NULL },
		[EVENT_AUTH_OK] = { CHANNEL_IDLE, SW_CONDITIONS, NULL },
		[EVENT_UNVERIFIED] = { CHANNEL_IDLE, SW_SECURITY_STATUS, NULL },
		[EVENT_ENTER] = { CHANNEL_IDLE, SW_SECURITY_STATUS, NULL },
		[EVENT_ENTER_REFUSED] = { CHANNEL_IDLE, SW_SECURITY_STATUS, NULL },
		[EVENT_RETURN] = { CHANNEL_IDLE, SW_SECURITY_STATUS, NULL },
		[EVENT_AUTHORIZE] = { CHANNEL_IDLE, SW_SECURITY_STATUS, NULL },
		[EVENT_WRITTEN] = { CHANNEL_IDLE, SW_SECURITY_STATUS, NULL },
		[EVENT_WRITE_REFUSED] = { CHANNEL_IDLE, SW_SECURITY_STATUS, NULL },
		[EVENT_OTHER] = { CHANNEL_IDLE, 0, NULL },
		[EVENT_END] = { CHANNEL_IDLE, 0, session_end },
	},
	[CHANNEL_IU_DONE] = {
		[EVENT_INITIALIZE] = { CHANNEL_IU_DONE, 0, NULL },
		[EVENT_AUTH_MAC] = { CHANNEL_IDLE, SW_SECURITY_STATUS, session_end },
		[EVENT_AUTH_CRYPTOGRAM] = { CHANNEL_IDLE, SW_AUTH_FAILED, session_end },
		[EVENT_AUTH_OK] = { CHANNEL_UNICAST, SW_OK, NULL },
		[EVENT_UNVERIFIED] = { CHANNEL_IDLE, SW_SECURITY_STATUS, session_end },
		[EVENT_ENTER] = { CHANNEL_IU_DONE, SW_SECURITY_STATUS, NULL },
		[EVENT_ENTER_REFUSED] = { CHANNEL_IU_DONE, SW_SECURITY_STATUS, NULL },
		[EVENT_RETURN] = { CHANNEL_IU_DONE, SW_SECURITY_STATUS, NULL },
		[EVENT_AUTHORIZE] = { CHANNEL_IU_DONE, SW_SECURITY_STATUS, NULL },
		[EVENT_WRITTEN] = { CHANNEL_IU_DONE, SW_SECURITY_STATUS, NULL },
		[EVENT_WRITE_REFUSED] = { CHANNEL_IU_DONE, SW_SECURITY_STATUS, NULL },
		[EVENT_OTHER] = { CHANNEL_IU_DONE, 0, NULL },
		[EVENT_END] = { CHANNEL_IDLE, 0, session_end },
	},
	[CHANNEL_UNICAST] = {
		[EVENT_INITIALIZE] = { CHANNEL_IU_DONE, 0, NULL },
		[EVENT_AUTH_MAC] = { CHANNEL_UNICAST, SW_CONDITIONS, NULL },
		[EVENT_AUTH_CRYPTOGRAM] = { CHANNEL_UNICAST, SW_CONDITIONS, NULL },
		[EVENT_AUTH_OK] = { CHANNEL_UNICAST, SW_CONDITIONS, NULL },
		[EVENT_UNVERIFIED] = { CHANNEL_IDLE, SW_SECURITY_STATUS, session_end },
		[EVENT_ENTER] = { CHANNEL_BROADCAST, SW_OK, NULL },
		[EVENT_ENTER_REFUSED] = { CHANNEL_UNICAST, 0, NULL },
		[EVENT_RETURN] = { CHANNEL_UNICAST, SW_CONDITIONS, NULL },
		[EVENT_AUTHORIZE] = { CHANNEL_UNICAST, 0, NULL },
		[EVENT_WRITTEN] = { CHANNEL_UNICAST, SW_CONDITIONS, NULL },
		[EVENT_WRITE_REFUSED] = { CHANNEL_UNICAST, SW_CONDITIONS, NULL },
		[EVENT_OTHER] = { CHANNEL_UNICAST, 0, NULL },
		[EVENT_END] = { CHANNEL_IDLE, 0, session_end },
	},
	[CHANNEL_BROADCAST] = {
		[EVENT_INITIALIZE] = { CHANNEL_IU_DONE, 0, NULL },
		[EVENT_AUTH_MAC] = { CHANNEL_BROADCAST, SW_CONDITIONS, fail },
		[EVENT_AUTH_CRYPTOGRAM] = { CHANNEL_BROADCAST, SW_CONDITIONS, fail },
		[EVENT_AUTH_OK] = { CHANNEL_BROADCAST, SW_CONDITIONS, fail },
		[EVENT_UNVERIFIED] = { CHANNEL_IDLE, SW_SECURITY_STATUS, session_end },
		[EVENT_ENTER] = { CHANNEL_BROADCAST, SW_CONDITIONS, fail },
		[EVENT_ENTER_REFUSED] = { CHANNEL_BROADCAST, SW_CONDITIONS, fail },
		[EVENT_RETURN] = { CHANNEL_UNICAST, SW_OK, restore },
		[EVENT_AUTHORIZE] = { CHANNEL_BROADCAST, SW_CONDITIONS, fail },
		[EVENT_WRITTEN] = { CHANNEL_BROADCAST, SW_OK, NULL },
		[EVENT_WRITE_REFUSED] = { CHANNEL_BROADCAST, 0, fail },
		[EVENT_OTHER] = { CHANNEL_BROADCAST, SW_CONDITIONS, fail },
		[EVENT_END] = { CHANNEL_IDLE, 0, session_end },
	},
};

const struct mode_row *mode_row(enum channel_state state, enum mode_event e)
{
	return &table[state][e];
}

uint16_t mode_step(struct logical_channel *ch, enum mode_event e, uint16_t sw)
{
	const struct mode_row *row = mode_row(ch->session, e);

	ch->session = row->next;
	if (row->act != NULL)
		row->act(ch);
	return row->sw != 0 ? row->sw : sw;
}
