/*
 * From a command line to a verb that ran. Nothing here is global: the agent runs forwarded command
 * lines with a ctx of its own.
 */
#ifndef CMD_RUN_H
#define CMD_RUN_H

#include "cmd/kit/opt.h"

/*
 * Parses argv (without the program's name) and puts the common options into c, CARDADM_READER
 * included; c keeps what it has where none is given. ERR_USAGE.
 */
int run_parse(struct line *l, struct ctx *c, int argc, char **argv, struct err *e);
/* Runs the parsed verb, or shows help. Closes what ctx_session opened. */
int run_line(const struct line *l, struct ctx *c, struct err *e);
/* What a verb says that needs an open channel and has none: ERR_SAFETY, or how the last one ended.
 */
int run_no_channel(const struct ctx *c, struct err *e);
/* Both. */
int verb_run(struct ctx *c, int argc, char **argv, struct err *e);

#endif
