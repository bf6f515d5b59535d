/*
 * The main job on one card, step by step: used by the verbs (one step each) and by campaigns (all
 * of them). Joins a session (lib/host), a bundle and a key store; prints nothing.
 */
#ifndef CAMPAIGN_JOB_H
#define CAMPAIGN_JOB_H

#include "bundle/bundle.h"
#include "host/broadcast.h"
#include "keystore/keystore.h"

enum reached {
	REACHED_NONE,
	REACHED_CONNECT,   /* card opened */
	REACHED_IDENTIFY,  /* card data and CIN read */
	REACHED_ESTABLISH, /* diversified channel open */
	REACHED_SWITCH,    /* in broadcast mode */
	REACHED_LOAD,      /* all commands taken */
	REACHED_RETURN,    /* back in the diversified channel */
	REACHED_AUTHORIZE, /* verdict 00 or 01 */
	REACHED_CONFIRM,   /* FF70 read back: version and digest are the bundle's */
	REACHED_ALREADY
};
const char *reached_str(enum reached s); /* "connect", ... "already" */

/* What a card still needs, from FF70 and FF71 read in the open channel. */
enum due { DUE_LOAD, DUE_AUTHORIZE, DUE_NOTHING };
struct job_plan {
	enum due due;
	uint32_t j; /* DUE_LOAD: resume after j commands */
	const struct package *package;
	struct system_data system;
	struct slot_data slot;
	struct policy_data policy;
};

/*
 * Asks the card and checks everything that can be checked before CHANGE MODE: level has C-MAC and
 * C-DEC, platform, target, base, version rises, policy takes form and algorithm, Kos version, BK
 * not longer than the card's keys, a package for this MAC size: ERR_SAFETY with the reason.
 */
int job_plan(struct session *s, const struct bundle *b, bool allow_literal_mac, struct job_plan *p,
    struct err *e);
/* What CHANGE MODE enter at j hands over; ks gives the bundle KEK in form 00 and may be NULL in
 * form 01. enter_wipe by the caller, also on failure. */
int job_enter(const struct bundle *b, const struct package *p, uint32_t j,
    const struct keystore *ks, struct enter *out, struct err *e);
/* CHANGE MODE enter at p->j. What the slot holds may be of another stream of that name: a card that
 * says 6985 is loaded from the start, once, and p->j is 0. */
int job_switch(struct session *s, const struct bundle *b, struct job_plan *p,
    const struct keystore *ks, struct err *e);
/* AUTHORIZE ACTION; a verdict other than 00, 01 (02 with verify): ERR_INTEGRITY. */
int job_authorize(struct session *s, const struct bundle *b, const struct package *p,
    enum authorize_p1 p1, struct verdict *v, struct err *e);
/* Reads FF71: the slot holds all of this package, as the card itself says in the diversified
 * channel; ERR_INTEGRITY when it does not. The answers to the broadcast commands prove nothing. */
int job_loaded(struct session *s, const struct bundle *b, const struct package *p, struct err *e);
/* Reads FF70 back and compares: ERR_INTEGRITY. */
int job_confirm(struct session *s, const struct bundle *b, struct err *e);

/* Reads a bundle, verifies it with the trust anchors of ks, refuses one that expired before `today`
 * (0: takes it). The errors name the path. Freed by the caller on success only. */
int job_bundle(
    const char *path, const struct keystore *ks, uint32_t today, struct bundle *b, struct err *e);
/* Trust anchors and k of a store, for bundle_open. Borrowed from ks. ERR_AUTH when it has none. */
int job_trust(const struct keystore *ks, struct bundle_trust *t, struct err *e);

#endif
