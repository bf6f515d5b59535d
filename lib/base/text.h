/*
 * Text: UTF-8, and foreign text made fit to be shown.
 *
 * Foreign text is what a card, a file, a name, a ledger or a command line brought: it may drive a
 * terminal, hide or reorder what stands beside it, or be no UTF-8 at all. text_clean shows it as it
 * is: what is not plain text becomes "\x1B" (an octet: controls, and what is no UTF-8) or "\u202E"
 * (a character that is not seen but works). Everything that reaches a terminal goes through it, by
 * cmd/kit/print.h; JSON has text_utf8 and its own escapes.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/bytes.h"
#include "base/err.h"

/* Takes one character of UTF-8; false, and nothing taken, where there is none. */
bool utf8_next(struct rd *r, uint32_t *c);
bool utf8_ok(struct span s);
/* The character drives a terminal: C0 with line ends and tabs, DEL, C1. */
bool char_is_control(uint32_t c);
/* It has no shape of its own and changes what is around it: directions, zero widths, fillers, tags,
 * separators of lines and paragraphs. */
bool char_is_hidden(uint32_t c);

/* What one character, or an octet that begins none, is shown as: at most 10 octets. */
#define CHAR_CLEAN_SIZE 11
enum clean {
	CLEAN_ALL, /* for people */
	CLEAN_UTF8 /* only what is no UTF-8 */
};
/* Takes the next of `r`, which has some left. Returns the length written, without terminator. */
size_t text_clean_next(struct rd *r, enum clean how, char out[static CHAR_CLEAN_SIZE]);
/* All of it with a terminator, cut before the first that does not fit in cap. Returns out. */
char *text_clean(struct span s, enum clean how, char *out, size_t cap);

/*
 * Hex digits of 16, 24 or 32 octets in a row, blanks, colons or hyphens between octets passed over.
 * Where a name, a file or a number was expected this may be a key that somebody typed: it is never
 * repeated. (Where an AID, an id or a digest was expected it is.)
 */
bool text_may_be_key(const char *text);
/* Takes what may be a key in `input` out of the text and the hint of an error that quotes it, and
 * says so in the hint. */
void text_hide_key(struct err *e, const char *input);
/* `text` to quote in an error, where no hex was expected: cut, and not shown if it may be a key. */
struct text_quoted {
	char s[84];
};
struct text_quoted text_quote(const char *text);

#endif
