/*
 * Errors: a code that is the exit status, an optional status word, one sentence, one hint.
 *
 * Functions that can fail for a reason worth telling take a caller-owned `struct err *` last,
 * return 0 or -1 and fill it when they fail. Only cmd/main.c prints it and exits.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stddef.h>
#include <stdint.h>

/* The exit statuses of cardadm(1). */
enum err_code {
	ERR_NONE = 0,
	ERR_OTHER = 1,        /* anything without a status of its own */
	ERR_USAGE = 2,        /* command line */
	ERR_INPUT = 3,        /* an input file is bad: syntax, signature, digest */
	ERR_READER = 4,       /* no reader, no card, card in use, card gone */
	ERR_AUTH = 5,         /* authentication or keys */
	ERR_CARD = 6,         /* the card refused */
	ERR_SAFETY = 7,       /* our own safety rules refused */
	ERR_INTEGRITY = 8,    /* integrity on the card, or of its answers */
	ERR_UNDONE = 9,       /* campaign ended with cards not done */
	ERR_LEDGER = 10,      /* ledger cannot be written */
	ERR_INTERRUPTED = 130 /* SIGINT, SIGTERM, SIGHUP: ended at a safe point */
};

struct err {
	enum err_code code;
	uint16_t sw;    /* status word of the card, 0 if none */
	char text[480]; /* lower case, no full stop, never a key value */
	char hint[240]; /* remedy, empty if we know none */
};

/*
 * What to name or to change, as data in text and hint: lib/ does not know whether a value came from
 * an option or from a key of a manifest, so it names the field, and err_word says it for whoever
 * reads: FIELD("replace") becomes `--replace` or "`replace`", FIELD_IS("replace", "true")
 * `--replace` or "`replace: true`", FIELD_IS("version", "%02X") `--version 31` or "`version: 31`".
 * VERB("list") becomes "cardadm list".
 */
#define FIELD(name) "\001" name "\002"
#define FIELD_IS(name, value) "\001" name "=" value "\002"
#define VERB(name) "\003" name "\002"
enum err_words { WORDS_OPTIONS, WORDS_KEYS };

#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* Sets code and text, clears status word and hint. Returns -1, so: return err_set(...). */
int err_set(struct err *e, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Puts "context: " before the text. Returns -1. */
int err_in(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Sets the hint. Returns -1. */
int err_hint(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Sets the hint where there is none. Returns -1. */
int err_hint_else(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* err_set with ": " and strerror(errno) added. */
int err_errno(struct err *e, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Out of memory: ERR_OTHER. Returns -1. */
int err_memory(struct err *e);
void err_clear(struct err *e);
/* Puts words in place of fields and verbs, in text and hint; what gets too long is cut. */
void err_word(struct err *e, enum err_words w);
/* The same in any text of `cap` octets, 480 at most. */
void word_text(char *text, size_t cap, enum err_words w);

#endif
