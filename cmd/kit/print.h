/*
 * The one way of text to a terminal, standard output or standard error. Names in it come from
 * files, cards and ledgers: everything is made fit to be shown (base/text.h), line ends in it too.
 */
#ifndef CMD_KIT_PRINT_H
#define CMD_KIT_PRINT_H

#include <stdarg.h>
#include <stdio.h>

#include <jansson.h>

#include "base/err.h"

/* A piece of a line, or a line with its end. Escapes of the terminal are put with print_raw. */
void print_text(FILE *f, const char *fmt, ...) PRINTF_LIKE(2, 3);
void print_line(FILE *f, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* "cardadm: " and a line in which fields are named as options (base/err.h). */
void print_note(FILE *f, const char *fmt, va_list ap);
/* A text of the program's own, as it stands: layout, escapes of the terminal. */
#define print_raw(f, literal) fputs("" literal "", f)

/* A JSON string of foreign text; octets that are no UTF-8 become "\xHH". NULL: no memory. */
json_t *json_text(const char *s);

#endif
