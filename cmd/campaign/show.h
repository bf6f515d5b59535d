/* What campaigns show: the plan of a run, the sums, the report. */
#ifndef CMD_CAMPAIGN_SHOW_H
#define CMD_CAMPAIGN_SHOW_H

#include <jansson.h>

#include "campaign/campaign.h"
#include "cmd/kit/verb.h"

/* Facts of manifest, bundle and keys, and the commands that each card gets. */
int campaign_show_plan(struct ctx *c, const struct campaign *cp, uint64_t cards, struct err *e);
/* Long reads of it end when the program is to stop. */
void campaign_watch(struct ctx *c, struct campaign *cp);
/* The line that says which cards there are. */
void campaign_show_cards(FILE *f, const struct campaign *cp, uint64_t cards);
/* The same: {"campaign", "cards", "directory", "readers"}. NULL: no memory. */
json_t *campaign_cards_json(const struct campaign *cp, uint64_t cards);
/* {"campaign", "version", "total", "done", "failed", "pending", "already", "unproven", "damaged"};
 * version is null in unicast mode, and where the bundle cannot be read */
json_t *campaign_sums_json(const struct campaign *cp, const struct ledger_sums *s);
/* How many are done and not proven, if any. */
void campaign_tell_unproven(FILE *f, const struct ledger_sums *s);

#endif
