/* Names of data object tags, for people (GPCS, ISO 7816-4, broadcast.md). */
#ifndef GP_NAMES_H
#define GP_NAMES_H

#include <stdint.h>

/* The name of `tag` inside `parent` (0: outermost); NULL when it has none that we know. */
const char *tag_name(uint32_t parent, uint32_t tag);

#endif
