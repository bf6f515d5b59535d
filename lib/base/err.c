#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdbool.h>
#include <string.h>

int err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	err_clear(e);
	e->code = code;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return -1;
}

int err_in(struct err *e, const char *fmt, ...)
{
	char was[sizeof(e->text)];
	va_list ap;
	size_t n;

	memcpy(was, e->text, sizeof(was));
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	n = strlen(e->text);
	snprintf(e->text + n, sizeof(e->text) - n, ": %s", was);
	return -1;
}

int err_hint_else(struct err *e, const char *fmt, ...)
{
	va_list ap;

	if (e->hint[0] != '\0')
		return -1;
	va_start(ap, fmt);
	vsnprintf(e->hint, sizeof(e->hint), fmt, ap);
	va_end(ap);
	return -1;
}

int err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->hint, sizeof(e->hint), fmt, ap);
	va_end(ap);
	return -1;
}

int err_errno(struct err *e, enum err_code code, const char *fmt, ...)
{
	int no = errno;
	va_list ap;
	size_t n;

	err_clear(e);
	e->code = code;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	n = strlen(e->text);
	snprintf(e->text + n, sizeof(e->text) - n, ": %s", strerror(no));
	return -1;
}

int err_memory(struct err *e)
{
	return err_set(e, ERR_OTHER, "out of memory");
}

void err_clear(struct err *e)
{
	e->code = ERR_NONE;
	e->sw = 0;
	e->text[0] = '\0';
	e->hint[0] = '\0';
}

/* ---- fields in words ---- */

struct words {
	char *to;
	size_t n, cap;
};

static void put(struct words *w, const char *s, size_t n)
{
	for (size_t i = 0; i < n && w->n + 1 < w->cap; i++)
		w->to[w->n++] = s[i];
}

static void put_str(struct words *w, const char *s)
{
	put(w, s, strlen(s));
}

/* "replace" or "version=31", n characters. A value `true` goes without saying in an option. */
static void put_field(struct words *w, const char *s, size_t n, enum err_words how)
{
	const char *is = memchr(s, '=', n);
	size_t name = is == NULL ? n : (size_t)(is - s), value = is == NULL ? 0 : n - name - 1;
	bool flag = value == 4 && memcmp(is + 1, "true", 4) == 0;

	put_str(w, how == WORDS_OPTIONS ? "--" : "`");
	put(w, s, name);
	if (value > 0 && !(flag && how == WORDS_OPTIONS)) {
		put_str(w, how == WORDS_OPTIONS ? " " : ": ");
		put(w, is + 1, value);
	}
	if (how == WORDS_KEYS)
		put_str(w, "`");
}

/* A marker of ours; the same octet in foreign text stays, for who prints it to show. */
static bool is_marker(const char *at)
{
	return (*at == '\001' || *at == '\003') && at[1] >= 'a' && at[1] <= 'z';
}

void word_text(char *text, size_t cap, enum err_words how)
{
	char out[sizeof(((struct err *)0)->text)];
	struct words w = { out, 0, cap < sizeof(out) ? cap : sizeof(out) };

	if (strpbrk(text, "\001\003") == NULL)
		return;
	for (const char *at = text; *at != '\0';) {
		size_t n = strcspn(at, "\001\003");

		put(&w, at, n);
		at += n;
		if (*at == '\0')
			break;
		if (!is_marker(at)) {
			put(&w, at++, 1);
			continue;
		}
		n = strcspn(at + 1, "\002");
		if (*at == '\001') {
			put_field(&w, at + 1, n, how);
		} else {
			put_str(&w, "cardadm ");
			put(&w, at + 1, n);
		}
		at += n + 1;
		at += *at == '\002';
	}
	out[w.n] = '\0';
	memcpy(text, out, w.n + 1);
}

void err_word(struct err *e, enum err_words w)
{
	word_text(e->text, sizeof(e->text), w);
	word_text(e->hint, sizeof(e->hint), w);
}
