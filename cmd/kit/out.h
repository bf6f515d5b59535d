/*
 * Results. A verb builds one JSON value; out_result prints it as JSON or, for people, as text made
 * from the same value, so that both say the same. Streams and reports with very many rows go out
 * row by row.
 */
#ifndef CMD_KIT_OUT_H
#define CMD_KIT_OUT_H

#include <jansson.h>

#include "cmd/kit/verb.h"

/* One octet as two hex digits: out_hex8(v).s */
struct out_text {
	char s[8];
};
struct out_text out_hex8(uint8_t v);
/* Octets as a JSON string in upper-case or lower-case hex; null when empty. NULL: no memory. */
json_t *out_hex(struct span s);
json_t *out_hex_lower(struct span s);

/* A command in hex with its secrets as "**": keys and PINs never appear, not even to whoever gave
 * them. out_masked is freed by the caller. NULL: no memory. */
char *out_masked(struct span command);
json_t *out_command(struct span command);

/*
 * Print a value that they take over, indented or in one line. -1 when it is NULL (no memory).
 * Errors of writing show when main closes stdout.
 */
int out_json(FILE *out, json_t *take);
int out_json_line(FILE *out, json_t *take);

/*
 * Prints an object: JSON with --json, else lines "name: value", nested objects indented under
 * their name, arrays of objects as a table. Takes it over. ERR_OTHER when it is NULL.
 */
int out_result(struct ctx *c, json_t *take, struct err *e);
/*
 * What the verb shows is what the card told, with R-MAC or without: before out_result, which adds
 * `proven` to JSON. Behind a result in words out_tell_bare has a line where nothing proves it.
 */
void out_told(struct ctx *c, bool proven);
void out_tell_bare(struct ctx *c);
/* Sets a member; a value of NULL or a failure is remembered by dropping *o, so that out_result
 * reports it. Takes value over. */
void out_set(json_t **o, const char *name, json_t *value);

/* The same with foreign text; NULL: null. Text that is no UTF-8 is shown with escapes, and its
 * octets stand in a second member, NAME_hex. */
void out_set_text(json_t **o, const char *name, const char *text);

/* An object whose last member is an array of any length: {head..., "name": [ rows ]}. */
struct out_stream {
	FILE *out;
	bool rows, failed;
};
void out_stream_begin(struct out_stream *s, FILE *out, json_t *take_head, const char *name);
void out_stream_row(struct out_stream *s, json_t *take);
int out_stream_end(struct out_stream *s, struct err *e);

#endif
