#include "cmd/kit/out.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/text.h"
#include "card/trace.h"
#include "cmd/kit/print.h"

enum { COLUMNS_MAX = 16, CELL_MAX = 1024 };

/* What a terminal would obey is no octet of JSON either. */
#define JSON_FLAGS (JSON_ENCODE_ANY | JSON_ENSURE_ASCII)

struct out_text out_hex8(uint8_t v)
{
	struct out_text t;

	hex_put(span_of(&v, 1), t.s, sizeof(t.s));
	return t;
}

static json_t *hex(struct span s, char *(*put)(struct span, char *, size_t))
{
	char *text;
	json_t *j;

	if (s.n == 0)
		return json_null();
	text = malloc(HEX_SIZE(s.n));
	if (text == NULL)
		return NULL;
	j = json_text(put(s, text, HEX_SIZE(s.n)));
	free(text);
	return j;
}

json_t *out_hex(struct span s)
{
	return hex(s, hex_put);
}

json_t *out_hex_lower(struct span s)
{
	return hex(s, hex_put_lower);
}

char *out_masked(struct span command)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (f == NULL)
		return NULL;
	trace_put(f, command);
	fclose(f);
	return text;
}

json_t *out_command(struct span command)
{
	char *text = out_masked(command);
	json_t *o = text == NULL ? NULL : json_text(text);

	free(text);
	return o;
}

static int dump(FILE *out, json_t *take, size_t flags)
{
	int rc;

	if (take == NULL)
		return -1;
	rc = json_dumpf(take, out, flags | JSON_FLAGS);
	print_raw(out, "\n");
	json_decref(take);
	return rc;
}

int out_json(FILE *out, json_t *take)
{
	return dump(out, take, JSON_INDENT(2));
}

int out_json_line(FILE *out, json_t *take)
{
	return dump(out, take, JSON_COMPACT);
}

void out_set(json_t **o, const char *name, json_t *value)
{
	if (*o == NULL) {
		json_decref(value);
		return;
	}
	if (json_object_set_new(*o, name, value) == 0)
		return;
	json_decref(*o);
	*o = NULL;
}

void out_set_text(json_t **o, const char *name, const char *text)
{
	char second[64];

	out_set(o, name, text == NULL ? json_null() : json_text(text));
	if (text == NULL || utf8_ok(span_str(text)))
		return;
	snprintf(second, sizeof(second), "%s_hex", name);
	out_set(o, second, out_hex(span_str(text)));
}

/* ---- for people ---- */

static void cell(const json_t *v, char *out, size_t cap)
{
	size_t n = 0;

	out[0] = '\0';
	if (json_is_string(v))
		snprintf(out, cap, "%s", json_string_value(v));
	else if (json_is_integer(v))
		snprintf(out, cap, "%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		snprintf(out, cap, "%.2f", json_real_value(v));
	else if (json_is_boolean(v))
		snprintf(out, cap, "%s", json_is_true(v) ? "yes" : "no");
	else if (json_is_array(v) && json_array_size(v) > 0)
		for (size_t i = 0; i < json_array_size(v) && n < cap; i++) {
			if (i > 0)
				n += (size_t)snprintf(out + n, cap - n, ", ");
			if (n < cap)
				cell(json_array_get(v, i), out + n, cap - n);
			n += strlen(out + (n < cap ? n : cap - 1));
		}
	else
		snprintf(out, cap, "-");
}

static bool is_table(const json_t *v)
{
	return json_is_array(v) && json_is_object(json_array_get(v, 0));
}

/* "sequence_counter" reads as "sequence counter". */
static const char *label(const char *name, char out[static 64])
{
	snprintf(out, 64, "%s", name);
	for (char *p = out; *p != '\0'; p++)
		if (*p == '_')
			*p = ' ';
	return out;
}

/* Columns are the members of the first row. */
static void table(FILE *f, json_t *rows, int indent)
{
	size_t width[COLUMNS_MAX], n = json_array_size(rows), columns = 0;
	const char *names[COLUMNS_MAX];
	char text[CELL_MAX];
	const char *key;
	json_t *v;

	json_object_foreach(json_array_get(rows, 0), key, v) if (columns < COLUMNS_MAX)
	{
		width[columns] = strlen(key);
		names[columns++] = key;
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < columns; k++) {
			cell(
			    json_object_get(json_array_get(rows, i), names[k]), text, sizeof(text));
			if (strlen(text) > width[k])
				width[k] = strlen(text);
		}
	for (size_t i = 0; i <= n; i++) {
		print_text(f, "%*s", indent, "");
		for (size_t k = 0; k < columns; k++) {
			if (i == 0)
				label(names[k], text);
			else
				cell(json_object_get(json_array_get(rows, i - 1), names[k]), text,
				    sizeof(text));
			if (k + 1 < columns)
				print_text(f, "%-*s  ", (int)width[k], text);
			else
				print_line(f, "%s", text);
		}
	}
}

static void show(FILE *f, json_t *o, int indent)
{
	char text[CELL_MAX], name[64];
	size_t width = 0;
	const char *key;
	json_t *v;

	json_object_foreach(o, key,
	    v) if (!json_is_object(v) && !is_table(v) && strlen(key) > width) width = strlen(key);
	json_object_foreach(o, key, v)
	{
		if (json_is_object(v) || is_table(v)) {
			print_line(f, "%*s%s:", indent, "", label(key, name));
			if (json_is_object(v))
				show(f, v, indent + 2);
			else
				table(f, v, indent + 2);
			continue;
		}
		cell(v, text, sizeof(text));
		label(key, name);
		print_line(
		    f, "%*s%s:%*s %s", indent, "", name, (int)(width - strlen(name)), "", text);
	}
}

void out_told(struct ctx *c, bool proven)
{
	c->told = proven ? TOLD_PROVEN : TOLD_BARE;
}

void out_tell_bare(struct ctx *c)
{
	if (c->told == TOLD_BARE && !c->json)
		print_line(c->out, "not proven: the card said so without R-MAC");
}

int out_result(struct ctx *c, json_t *take, struct err *e)
{
	if (c->told != TOLD_NOTHING)
		out_set(&take, "proven", json_boolean(c->told == TOLD_PROVEN));
	if (take == NULL)
		return err_memory(e);
	if (c->json)
		return out_json(c->out, take) == 0
			   ? 0
			   : err_set(e, ERR_OTHER, "cannot write the results");
	show(c->out, take, 0);
	json_decref(take);
	return 0;
}

/* ---- streams ---- */

static void member(struct out_stream *s, const char *key, const json_t *v)
{
	print_text(s->out, "  \"%s\": ", key);
	if (json_dumpf(v, s->out, JSON_INDENT(2) | JSON_FLAGS) != 0)
		s->failed = true;
	print_raw(s->out, ",\n");
}

void out_stream_begin(struct out_stream *s, FILE *out, json_t *take_head, const char *name)
{
	const char *key;
	json_t *v;

	*s = (struct out_stream){ out, false, take_head == NULL };
	print_raw(out, "{\n");
	json_object_foreach(take_head, key, v) member(s, key, v);
	print_text(out, "  \"%s\": [", name);
	json_decref(take_head);
}

void out_stream_row(struct out_stream *s, json_t *take)
{
	if (take == NULL) {
		s->failed = true;
		return;
	}
	if (s->rows)
		print_raw(s->out, ",");
	print_raw(s->out, "\n    ");
	s->rows = true;
	if (json_dumpf(take, s->out, JSON_COMPACT | JSON_FLAGS) != 0)
		s->failed = true;
	json_decref(take);
}

int out_stream_end(struct out_stream *s, struct err *e)
{
	if (s->rows)
		print_raw(s->out, "\n  ");
	print_raw(s->out, "]\n}\n");
	return s->failed ? err_memory(e) : 0;
}
