/* What cards say about themselves, as JSON values; shared by the verbs that show it. NULL: no
 * memory. */
#ifndef CMD_KIT_SHOW_H
#define CMD_KIT_SHOW_H

#include <jansson.h>

#include "gp/broadcast.h"
#include "gp/card_data.h"
#include "host/session.h"

json_t *show_system(const struct system_data *d);
json_t *show_slot(const struct slot_data *d);
json_t *show_policy(const struct policy_data *d);
json_t *show_keys(const struct key_infos *k);
/* What one key is for: told by the card, else by convention and marked so; null. */
json_t *show_key_usage(const struct key_info *k);
json_t *show_cplc(struct span cplc);
json_t *show_atr(struct span atr);
json_t *show_selection(const struct card_identity *id);
json_t *show_resources(const struct resources *r);
json_t *show_card_data_channels(const struct card_data *d);
json_t *show_capabilities(const struct capabilities *c);
/* The bits of parameter i in words; null for a protocol that we do not know. i of SCP11 as
 * card_data_get gives it. */
json_t *show_scp_features(uint8_t scp, uint16_t i);
/* An open session: "SCP03 i=70, level 33, S8", "SCP02 i=15 (assumed), level 03"; and the same as
 * members protocol, i, i_from, level, mac. */
const char *show_session_text(const struct session *s, char *out, size_t cap);
void show_session(json_t **o, const struct session *s);
/* Printable ASCII as it is, anything else in hex. */
json_t *show_ascii(struct span s);
/* Each octet as a string of its own: ["05", "04"]. */
json_t *show_octets(struct span s);
/* Appends a value, which it takes over; a failure is remembered by dropping *array. */
void show_add(json_t **array, json_t *value);

#endif
