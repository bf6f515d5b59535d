/* Changes as steps of a campaign: YAML into the struct of a kind, by the table of its fields. */
#ifndef CHANGE_STEP_H
#define CHANGE_STEP_H

#include "change/change.h"
#include "yaml/doc.h"

/*
 * One step: a map with one key, the name of a kind, whose value is a map of its fields. `path`: of
 * the file, beside which the names of files are seen. ERR_INPUT with line and column, also for what
 * is missing; *ch is freed by the caller on success only. Files and key sets are not opened here.
 */
int change_step_read(
    const struct doc *d, const struct node *v, const char *path, struct change *ch, struct err *e);

#endif
