/*
 * Where card profiles are found: the folder that CARDADM_PROFILES names; else lib/profile/data
 * beside the program, as it is in its source tree; else where they are installed:
 * ../share/cardadm/profiles as seen from the program, or the folder that it was built for.
 */
#ifndef CMD_LOOK_PROFILES_H
#define CMD_LOOK_PROFILES_H

#include <jansson.h>

#include "host/content.h"
#include "profile/profile.h"
#include "cmd/kit/verb.h"

/* *p NULL when there is no such folder; ERR_INPUT when CARDADM_PROFILES is none, or a profile is
 * wrong. Freed by profiles_free. */
int card_profiles(struct ctx *c, struct profiles **p, struct err *e);
/* What fits a card of which at least the ATR is known; id may be NULL. Two that fit equally well
 * are told in a remark. */
void card_profile(struct ctx *c, const struct profiles *p, const struct card *card,
    const struct card_identity *id, struct profile_match *m);
/* How the product takes LOAD; NULL: nothing is known. */
struct content_habits profile_habits(const struct profile *p);
json_t *show_profile(const struct profile_match *m);

#endif
