/* What campaigns in unicast mode show: the plan of their steps, and how far each card has come. */
#ifndef CMD_CAMPAIGN_STEPS_H
#define CMD_CAMPAIGN_STEPS_H

#include "cmd/campaign/show.h"
#include "campaign/unicast.h"

/* As campaign_show_plan. */
int steps_show_plan(struct ctx *c, const struct campaign *cp, uint64_t cards, struct err *e);
/* [{"step": "install", "state": "done"}, ...] of one card; NULL: no memory. */
int steps_json(
    const struct campaign *cp, struct ledger *l, const char *file, json_t **out, struct err *e);
/* "done,begun,already (unproven),pending" */
enum { STEPS_TEXT = MANIFEST_STEPS * 24 };
int steps_text(const struct campaign *cp, struct ledger *l, const char *file,
    char out[static STEPS_TEXT], struct err *e);

#endif
