/*
 * Values as people write them: decimal numbers, dates, versions of two parts. The one reading for
 * the command line, YAML files and fields of changes; limits and messages are the caller's.
 *
 * Nothing is passed over: no blanks, signs, bases or exponents. Text is NUL-terminated. Readers
 * return false and leave what they are to fill as it was.
 */
#ifndef BASE_VALUE_H
#define BASE_VALUE_H

#include "base/bytes.h"

/* Digits only, 1 to 10 of them, leading zeros allowed: 0 to 2^32 - 1. */
MUST_CHECK bool decimal_get(const char *text, uint32_t *v);

/* The digit behind these n that makes the sum of Luhn a multiple of ten (ISO 7812-1 annex B: IMEI,
 * ICCID); all of them are digits. */
char luhn_digit(const char *digits, size_t n);

/* YYYYMMDD is a day of the calendar (Gregorian), years 1 to 9999. */
bool date_ok(uint32_t date);
/* YYYY-MM-DD from 2000 on becomes YYYYMMDD: what people write here is when something ends. */
MUST_CHECK bool date_get(const char *text, uint32_t *date);
/* The other way. A number that is no date is shown with its digits, cut to eight. Returns out. */
#define DATE_SIZE 11
char *date_str(uint32_t date, char out[static DATE_SIZE]);
/* Seconds since 1970 as "2027-01-31T12:00:00Z". Returns out. */
enum { TIME_SIZE = 32 };
char *time_str(int64_t seconds, char out[static TIME_SIZE]);
/* Milliseconds since 1970 of now; 0 without a clock. */
int64_t time_now_ms(void);
/* YYYYMMDD of now, local time; UINT32_MAX without a clock: everything that can expire has. */
uint32_t date_today(void);

/* "30d", "12h": days or hours, more than none, as seconds; at most 2^32 - 1. */
MUST_CHECK bool duration_get(const char *text, uint32_t *seconds);

/* "3.2" becomes 0003 0002. Two parts of 0 to 65535 without leading zeros: each version has one
 * way to be written. */
MUST_CHECK bool version_get(const char *text, uint32_t *v);
#define VERSION_SIZE 12
char *version_str(uint32_t v, char out[static VERSION_SIZE]); /* returns out */

#endif
