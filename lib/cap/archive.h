/*
 * The structure of a ZIP archive, before anything of it is decompressed: nothing in front of it,
 * behind it or between its entries, no entry in another's octets, no name that leads out of it, and
 * the two descriptions that each entry has saying the same. So all programs that read the archive
 * see the same files in it.
 */
#ifndef CAP_ARCHIVE_H
#define CAP_ARCHIVE_H

#include "base/bytes.h"
#include "base/err.h"

enum { ARCHIVE_ENTRIES_MAX = 4096, ARCHIVE_NAME_SHOWN = 120 };

/* ERR_INPUT with the reason. *entries: how many there are. */
int archive_check(struct span octets, size_t *entries, struct err *e);

/* The name of an entry as messages show it: printable, cut. */
struct archive_name {
	char s[ARCHIVE_NAME_SHOWN + 4];
};
struct archive_name archive_show(struct span name);

#endif
