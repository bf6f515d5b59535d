/*
 * The broadcast part of a session: enter, play the shared stream, return, authorize
 * (broadcast.md 3-5). What to send comes ready from a bundle; nothing here holds broadcast keys
 * longer than the command that carries them.
 */
#ifndef HOST_BROADCAST_H
#define HOST_BROADCAST_H

#include "gp/broadcast.h"
#include "host/session.h"

/* Free or protected reads of FF70, FF71, FF72. ERR_CARD when the card does not know CHANGE MODE. */
int broadcast_read_system(struct session *s, struct system_data *d, struct err *e);
int broadcast_read_slot(struct session *s, struct slot_data *d, struct err *e);
int broadcast_read_policy(struct session *s, struct policy_data *d, struct err *e);

/* CHANGE MODE enter; on success the session is in broadcast mode. ERR_CARD: the session stays. */
int broadcast_enter(struct session *s, const struct enter *enter, struct err *e);

struct broadcast_progress {
	/* Told after each command that was answered 9000; returns false to stop at this safe point.
	 */
	bool (*step)(void *ctx, uint32_t done, uint32_t total);
	void *ctx;
};
/*
 * Plays commands *done + 1 .. total of the stream, `commands` being the value of AA ('22' TLVs),
 * and counts *done up. Stops at the first that is not answered 9000: ERR_CARD "block 12: ..."; at
 * the caller's wish: ERR_INTERRUPTED. Nothing is ever sent twice.
 */
int broadcast_play(struct session *s, struct span commands, uint32_t total, uint32_t *done,
    const struct broadcast_progress *p, struct err *e);
/* Sends the return command (wire bytes) and resumes the diversified channel. */
int broadcast_return(struct session *s, struct span command, struct err *e);

/* AUTHORIZE ACTION with p1 00 or 01; 6300 with a verdict is no error here. */
int broadcast_authorize(struct session *s, enum authorize_p1 p1, uint8_t slot,
    const struct authorize *a, struct verdict *v, struct err *e);
int broadcast_discard(struct session *s, uint8_t slot, const uint8_t campaign[static 16],
    uint32_t package, struct verdict *v, struct err *e);

#endif
