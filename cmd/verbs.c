/* The table of verbs, from verbs.h. */
#include "cmd/verbs.h"

#include "cmd/kit/verb.h"

#define DECLARE(name) extern const struct verb verb_##name;
#define ROW(name) &verb_##name,

VERBS(DECLARE)

const struct verb *const verbs[] = { VERBS(ROW) NULL };
const size_t verb_n = sizeof(verbs) / sizeof(verbs[0]) - 1;
