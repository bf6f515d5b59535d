/*
 * The state table of broadcast.md 7: what a logical channel does next, and answers, at an event.
 *
 * The table knows states and status words only. Who verified the command, wrote the slot or
 * checked the guards of enter names the event; mode_step moves the channel and says the answer.
 * Only lib/vcard and its tests include this.
 */
#ifndef VCARD_BROADCAST_MODE_H
#define VCARD_BROADCAST_MODE_H

#include "vcard/channel/channel.h"

enum mode_event {
	EVENT_INITIALIZE,      /* INITIALIZE UPDATE: a session begins */
	EVENT_AUTH_MAC,        /* EXTERNAL AUTHENTICATE, wrong MAC */
	EVENT_AUTH_CRYPTOGRAM, /* EXTERNAL AUTHENTICATE, MAC right, cryptogram wrong */
	EVENT_AUTH_OK,         /* EXTERNAL AUTHENTICATE right */
	EVENT_UNVERIFIED,      /* wrong MAC or padding, or protection missing */
	EVENT_ENTER,           /* enter, all guards passed, slot and contexts ready */
	EVENT_ENTER_REFUSED,   /* enter, a guard failed: its status word is the answer */
	EVENT_RETURN,
	EVENT_AUTHORIZE,     /* AUTHORIZE ACTION: its status word is the answer */
	EVENT_WRITTEN,       /* WRITE STAGE, LOAD or STORE DATA that was right and is written */
	EVENT_WRITE_REFUSED, /* the same, refused: its status word is the answer */
	EVENT_OTHER,         /* any other command with a good MAC */
	EVENT_END,           /* SELECT, MANAGE CHANNEL close, reset */
	EVENTS
};

struct mode_row {
	enum channel_state next;
	uint16_t sw;                             /* 0: the answer of who names the event */
	void (*act)(struct logical_channel *ch); /* NULL: nothing to do */
};

/* The row of the table; never NULL. */
const struct mode_row *mode_row(enum channel_state state, enum mode_event e);
/* Does what the row says and moves the channel; returns the row's status word, or sw. */
uint16_t mode_step(struct logical_channel *ch, enum mode_event e, uint16_t sw);

#endif
