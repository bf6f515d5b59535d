/* The table of verbs: all that are defined in cmd/, which the Makefile finds. */
#include "cmd/kit/verb.h"

#define X(name) extern const struct verb verb_##name;
#include "cmd/verbs.inc"
#undef X

const struct verb *const verbs[] = {
#define X(name) &verb_##name,
#include "cmd/verbs.inc"
	NULL
#undef X
};
const size_t verb_n = sizeof(verbs) / sizeof(verbs[0]) - 1;
