/*
 * What a card tells of containers (FF73), as JSON values and in words: for container list and
 * show, and for what a virtual card has in it. NULL: no memory.
 */
#ifndef CMD_CONTENT_CONTAINER_SHOW_H
#define CMD_CONTENT_CONTAINER_SHOW_H

#include <jansson.h>
#include <stdio.h>

#include "gp/container.h"

json_t *object_json(uint8_t number, size_t octets);
/* An operator is told of no objects. */
json_t *container_json(const struct container *c, bool is_operator);
/* All, as an operator sees them: containers, issuers, closed, time. */
json_t *containers_json(const struct containers *all);
/* The same in lines, each with `indent` in front. */
void containers_text(FILE *out, const struct containers *all, const char *indent);

#endif
