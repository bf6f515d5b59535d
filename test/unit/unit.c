#include "unit.h"

json_t *unit_json(const char *path)
{
	json_error_t je;
	json_t *j = json_load_file(path, 0, &je);

	if (j == NULL)
		fail_msg("%s:%d: %s", path, je.line, je.text);
	return j;
}

void unit_jsonl(const char *path, void (*each)(json_t *line, void *ctx), void *ctx)
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t cap = 0;

	if (f == NULL)
		fail_msg("%s: cannot open", path);
	while (getline(&line, &cap, f) > 0) {
		json_t *j = json_loads(line, 0, NULL);

		assert_non_null(j);
		each(j, ctx);
		json_decref(j);
	}
	free(line);
	fclose(f);
}

const char *unit_str(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	if (s == NULL)
		fail_msg("no string member %s", key);
	return s;
}

struct span unit_bytes(const char *hex)
{
	static uint8_t ring[32][70000];
	static unsigned next;
	uint8_t *b = ring[next++ % 32];
	size_t n;

	if (!hex_get(span_str(hex), b, sizeof(ring[0]), &n))
		fail_msg("bad hex: %.60s", hex);
	return span_of(b, n);
}

struct span unit_hex(const json_t *o, const char *key)
{
	return unit_bytes(unit_str(o, key));
}

struct key unit_key(const char *hex)
{
	struct key k = { 0 };

	assert_true(key_from(&k, unit_bytes(hex)));
	return k;
}

void unit_assert_span(struct span got, struct span want, const char *file, int line)
{
	static char a[140001], b[140001];

	if (span_eq(got, want))
		return;
	hex_put(got, a, sizeof(a));
	hex_put(want, b, sizeof(b));
	print_error("got  %s\nwant %s\n", a, b);
	_fail(file, line);
}

void unit_assert_ok(int rc, const struct err *e, const char *file, int line)
{
	if (rc == 0)
		return;
	print_error("error %d: %s\n", e->code, e->text);
	_fail(file, line);
}

void unit_each_vector(
    const char *path, const char *key, const char *value, void (*check)(json_t *v), size_t want)
{
	json_t *j = unit_json(path), *v;
	size_t i, seen = 0;

	json_array_foreach(json_object_get(j, "vectors"), i, v)
	{
		if (strcmp(unit_str(v, key), value) != 0)
			continue;
		check(v);
		seen++;
	}
	assert_int_equal(seen, want);
	json_decref(j);
}

const char *unit_hint(struct err *e)
{
	err_word(e, WORDS_OPTIONS);
	return e->hint;
}

size_t unit_step(size_t sample)
{
	return getenv("QUICK") != NULL ? sample : 1;
}

size_t unit_soak(size_t sample)
{
	if (getenv("SOAK") != NULL)
		return 1;
	return getenv("QUICK") != NULL ? 4 * sample : sample;
}
