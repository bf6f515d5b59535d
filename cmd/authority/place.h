/*
 * Verbs about containers of third parties: the channels that they need, the time of their orders,
 * and what they show of a grant that was placed (lib/change/placing).
 */
#ifndef CMD_AUTHORITY_PLACE_H
#define CMD_AUTHORITY_PLACE_H

#include "cmd/content/change.h"
#include "host/card_seen.h"

/* The channels that containers need, before a card is touched: SCP03 or SCP11 at level 33.
 * ERR_SAFETY. A key set that is not for it is refused as well. */
int container_channel_check(
    struct ctx *c, const struct channel_args *a, const struct keystore *ks, struct err *e);
/* target_open, and the session is one of level 33. On success target_close in any case. */
int container_target_open(
    struct target *t, struct ctx *c, const struct channel_args *a, struct err *e);

/* Time of an order: the station's clock, unless `none`. T of the card jumps over more than a year:
 * ERR_SAFETY without --yes. */
struct order_time {
	bool given;
	uint32_t v;
};
int order_time_of(
    struct ctx *c, const struct card_seen *s, bool none, struct order_time *t, struct err *e);

/* "new", or an AID. */
int container_aid_parse(const char *text, struct aid *aid, bool *is_new, struct err *e);

/* A verb whose change needs such a channel. */
int place_verb(struct ctx *c, struct change_args *a, change_teller *tell, struct err *e);
/* What became of a grant that was placed, as members of the result. */
void place_show(const struct placing *w, json_t **o);
/* Nothing was to be done: the operator is told why. */
void place_was_done(struct ctx *c, const struct placing *w);

#endif
