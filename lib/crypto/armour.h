/*
 * Files of octets that are no secret, as people send them to each other: PEM (RFC 7468) under a
 * label of ours, or the octets themselves.
 */
#ifndef CRYPTO_ARMOUR_H
#define CRYPTO_ARMOUR_H

#include "base/bytes.h"

enum { ARMOUR_TEXT_MAX = 16 << 10 }; /* octets of a file, text around the PEM included */

/* Appends "-----BEGIN LABEL-----" to "-----END LABEL-----", lines of 64. False when w is full or
 * OpenSSL fails. */
MUST_CHECK bool armour_put(struct wr *w, const char *label, struct span octets);
/* Appends the octets, at most `most`. A file that begins with 7F, as all forms of ours do and no
 * text does, is taken as it is; any other has one PEM object, of this label, and no header in it.
 * False for all else. */
MUST_CHECK bool armour_get(struct span file, const char *label, size_t most, struct wr *octets);

#endif
