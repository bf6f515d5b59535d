/* Inside of audit_party: what is found out about one grant. */
#ifndef HOST_AUDIT_GRANT_H
#define HOST_AUDIT_GRANT_H

#include "base/err.h"
#include "host/audit_party.h"

/* Adds a note; past the last place it is lost. */
void note(struct party_notes *n, enum finding f, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Card time, 0: unknown, is within the days of `what`. Outside is no mistake of a recording: the
 * card has said what it thinks of it. */
void note_days(struct party_notes *n, const char *what, bool within, uint32_t time);
/* Digest, who has signed it, whose key it is for, its days, its card. */
void note_grant(
    const struct party_audit *a, const struct grant *g, uint32_t time, struct party_notes *n);

#endif
