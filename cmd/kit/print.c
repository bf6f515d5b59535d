#include "cmd/kit/print.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static void put(FILE *f, const char *text)
{
	struct rd r = rd_of(span_str(text));
	char one[CHAR_CLEAN_SIZE];

	while (rd_left(&r) > 0)
		fwrite(one, 1, text_clean_next(&r, CLEAN_ALL, one), f);
}

static void print(FILE *f, const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0) {
		fputs("(out of memory)", f);
		return;
	}
	put(f, text);
	free(text);
}

void print_text(FILE *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print(f, fmt, ap);
	va_end(ap);
}

void print_line(FILE *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	print(f, fmt, ap);
	va_end(ap);
	fputc('\n', f);
}

void print_note(FILE *f, const char *fmt, va_list ap)
{
	char text[480];

	vsnprintf(text, sizeof(text), fmt, ap);
	word_text(text, sizeof(text), WORDS_OPTIONS);
	print_line(f, "cardadm: %s", text);
}

json_t *json_text(const char *s)
{
	size_t cap = 4 * strlen(s) + 1;
	char *text;
	json_t *j;

	if (utf8_ok(span_str(s)))
		return json_string(s);
	text = malloc(cap);
	if (text == NULL)
		return NULL;
	j = json_string(text_clean(span_str(s), CLEAN_UTF8, text, cap));
	free(text);
	return j;
}
