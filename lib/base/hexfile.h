/* Files of octets that people may write: as hex with comments, or as they are. */
#ifndef BASE_HEXFILE_H
#define BASE_HEXFILE_H

#include "base/bytes.h"
#include "base/err.h"

/*
 * Appends the octets of a file to `out`. A file of hex digits, blanks and comments from # to the
 * end of the line is text, two digits an octet, in one line; any other is taken as it is. ERR_INPUT
 * names the path: half an octet, or more than out takes.
 */
int hexfile_read(const char *path, struct wr *out, struct err *e);

#endif
