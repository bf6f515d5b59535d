/* The fields of a change as --json shows them. */
#ifndef CMD_KIT_FIELDS_H
#define CMD_KIT_FIELDS_H

#include <jansson.h>

#include "change/change.h"

/* One value: true, "A0...", ["A0..."], "30", 200, ["card-lock"], the path of a file. */
json_t *field_json(const struct field *f, const void *base);
/* Every field that was given, by its name, into *o. */
void fields_json(json_t **o, const struct change *ch);
/* Names of the fields in `bits`: an array. */
json_t *fields_names_json(const struct change_kind *k, uint64_t bits);

#endif
