/* Questions before something that cannot be undone. */
#ifndef CMD_KIT_ASK_H
#define CMD_KIT_ASK_H

#include "cmd/kit/verb.h"

/*
 * Shows `question` and waits for y or yes. 0 with --yes without asking. ERR_SAFETY when the answer
 * is no, and when there is no terminal to ask on.
 */
int ask(struct ctx *c, const char *question, struct err *e);

/* A remark that tells what a question is about: hidden by --quiet only where --yes answers it. */
void ask_note(struct ctx *c, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
