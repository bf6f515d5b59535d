/*
 * What was built: the (campaign, package) pairs for which this user has made a byte string, so
 * that no second one is ever made under the same names (broadcast.md 1). A 0600 file of lines
 * "YYYY-MM-DD CAMPAIGN PACKAGE" in the state directory, only ever added to.
 */
#ifndef BUNDLE_RECORD_H
#define BUNDLE_RECORD_H

#include "base/bytes.h"
#include "base/err.h"

/* Packages package .. package + count - 1 of this campaign are not in the record: ERR_SAFETY
 * naming the day on which one was built; ERR_OTHER or ERR_INPUT when the record is unreadable. */
int bundle_record_check(
    const uint8_t campaign[static 16], uint32_t package, uint32_t count, struct err *e);
/* The same, and adds them, under one lock; on the disk when it returns 0. today: YYYYMMDD. */
int bundle_record_add(const uint8_t campaign[static 16], uint32_t package, uint32_t count,
    uint32_t today, struct err *e);

#endif
