/* Hexadecimal text. Output is upper case for wire bytes, lower case only where a name says so. */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include "base/bytes.h"

/* Room for n octets in hex and the terminator. */
#define HEX_SIZE(n) (2 * (n) + 1)

/* Writes s in upper-case hex and a terminator; cuts what does not fit in cap. Returns out. */
char *hex_put(struct span s, char *out, size_t cap);
char *hex_put_lower(struct span s, char *out, size_t cap);
/*
 * Reads hex digits, upper or lower case, with blanks allowed between octets. False for an odd
 * number of digits, another character, or more than cap octets; *n is set only when true.
 */
MUST_CHECK bool hex_get(struct span text, uint8_t *out, size_t cap, size_t *n);
/* Reads exactly n octets. */
MUST_CHECK bool hex_exact(struct span text, uint8_t *out, size_t n);

#endif
