/* The value of one option or operand: text in, checked and typed value out. */
#ifndef CMD_KIT_VALUE_H
#define CMD_KIT_VALUE_H

#include "cmd/kit/verb.h"

/*
 * Checks `text` as o->kind, o->min, o->max and o->choices ask and stores it at base + o->offset.
 * Strings are borrowed. `what` names the option in errors ("--level", "BUNDLE"): ERR_USAGE.
 */
int value_store(const struct opt *o, const char *what, const char *text, void *base, struct err *e);
/* The option takes a value. */
bool value_wanted(const struct opt *o);

#endif
