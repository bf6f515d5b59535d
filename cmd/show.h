/* What cards say about themselves, as JSON values; shared by the verbs that show it. NULL: no
 * memory. */
#ifndef CMD_SHOW_H
#define CMD_SHOW_H

#include <jansson.h>

#include "gp/broadcast.h"
#include "gp/card_data.h"

json_t *show_system(const struct system_data *d);
json_t *show_slot(const struct slot_data *d);
json_t *show_policy(const struct policy_data *d);
json_t *show_keys(const struct key_infos *k);
json_t *show_cplc(struct span cplc);
json_t *show_card_data_channels(const struct card_data *d);
json_t *show_capabilities(const struct capabilities *c);
/* Printable ASCII as it is, anything else in hex. */
json_t *show_ascii(struct span s);

#endif
