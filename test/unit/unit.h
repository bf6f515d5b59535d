/*
 * What every unit test includes: cmocka with its headers, hex helpers, vectors from test/vectors
 * and test/transcripts (JSON, read with jansson). Tests run from the top of the tree.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/hex.h"
#include "base/secret.h"

/* Reads a JSON file or fails the test; caller json_decrefs. */
json_t *unit_json(const char *path);
/* Calls check for each of the file's "vectors" whose `key` is `value`; there must be `want`. */
void unit_each_vector(
    const char *path, const char *key, const char *value, void (*check)(json_t *v), size_t want);
/* One line of a .jsonl file is one value; calls each for every line. */
void unit_jsonl(const char *path, void (*each)(json_t *line, void *ctx), void *ctx);
/* The string member `key` of `o`; fails when it is missing. */
const char *unit_str(const json_t *o, const char *key);
/* Its octets, in storage that lives until the next 31 calls. */
struct span unit_hex(const json_t *o, const char *key);
struct span unit_bytes(const char *hex);
struct key unit_key(const char *hex);

/* Compares octets and shows both in hex when they differ. */
#define assert_span(got, want) unit_assert_span(got, want, __FILE__, __LINE__)
void unit_assert_span(struct span got, struct span want, const char *file, int line);
/* The call succeeded, else shows the text of the error. */
#define assert_ok(call, e) unit_assert_ok(call, e, __FILE__, __LINE__)
void unit_assert_ok(int rc, const struct err *e, const char *file, int line);
/* The step of a loop over every bit, octet or length: 1, or `sample` (odd, so that all bits of an
 * octet have their turn) where QUICK is set, as test/run does for the quick subset. */
size_t unit_step(size_t sample);
/* The same for what is too long for every day: 1 where SOAK is set, as make soak does, else
 * `sample`, and a quarter of that where QUICK is set. */
size_t unit_soak(size_t sample);
/* The hint in the words of a command line. */
const char *unit_hint(struct err *e);

#endif
