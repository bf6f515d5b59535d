/* What the verb table says about itself: help, man page blocks, completion words. */
#ifndef CMD_KIT_DOC_H
#define CMD_KIT_DOC_H

#include "cmd/kit/verb.h"

/* All verbs by group, or, with a family ("bundle"), the verbs that begin with it. */
void doc_all(FILE *out, const char *family);
void doc_verb(FILE *out, const struct verb *v);

/* mdoc.c: the SYNOPSIS and OPTIONS blocks of a man page, with their marker comments. */
void doc_mdoc(FILE *out, const struct verb *v);

/*
 * complete.c: what may stand in the place of the last of these words (which may be empty and is
 * taken as a prefix), one candidate per line; ":path" when file names fit.
 */
void doc_complete(FILE *out, char *const *words, size_t n);

#endif
