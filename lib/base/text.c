#include "base/text.h"

#include <stdio.h>
#include <string.h>

bool utf8_next(struct rd *r, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	struct rd at = *r;
	uint8_t b;
	uint32_t u;
	size_t more;

	if (!rd_u8(&at, &b))
		return false;
	u = b;
	more = b < 0x80 ? 0 : b < 0xE0 ? 1 : b < 0xF0 ? 2 : 3;
	if (b > 0xF4 || (b >= 0x80 && b < 0xC2))
		return false;
	if (more > 0)
		u = b & (0x3Fu >> more);
	for (size_t i = 0; i < more; i++) {
		if (!rd_u8(&at, &b) || (b & 0xC0) != 0x80)
			return false;
		u = u << 6 | (b & 0x3F);
	}
	/* Too long a form, a surrogate, or past the last one. */
	if (u < least[more] || u > 0x10FFFF || (u >= 0xD800 && u <= 0xDFFF))
		return false;
	*c = u;
	*r = at;
	return true;
}

bool utf8_ok(struct span s)
{
	struct rd r = rd_of(s);
	uint32_t c;

	while (rd_left(&r) > 0)
		if (!utf8_next(&r, &c))
			return false;
	return true;
}

bool char_is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

bool char_is_hidden(uint32_t c)
{
	/* Unicode's Default_Ignorable_Code_Point, the separators, what is no character. */
	static const struct {
		uint32_t first, last;
	} hidden[] = { { 0xAD, 0xAD }, { 0x34F, 0x34F }, { 0x61C, 0x61C }, { 0x115F, 0x1160 },
		{ 0x17B4, 0x17B5 }, { 0x180B, 0x180F }, { 0x200B, 0x200F }, { 0x2028, 0x202E },
		{ 0x2060, 0x206F }, { 0x3164, 0x3164 }, { 0xFE00, 0xFE0F }, { 0xFEFF, 0xFEFF },
		{ 0xFFA0, 0xFFA0 }, { 0xFFF0, 0xFFFB }, { 0xFFFE, 0xFFFF }, { 0x1BCA0, 0x1BCA3 },
		{ 0x1D173, 0x1D17A }, { 0xE0000, 0xE0FFF } };

	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (c >= hidden[i].first && c <= hidden[i].last)
			return true;
	return false;
}

size_t text_clean_next(struct rd *r, enum clean how, char out[static CHAR_CLEAN_SIZE])
{
	struct rd at = *r;
	size_t n;
	uint32_t c;
	uint8_t b;

	if (!utf8_next(r, &c)) {
		b = 0;
		(void)!rd_u8(r, &b);
		return (size_t)snprintf(out, CHAR_CLEAN_SIZE, "\\x%02X", b);
	}
	if (how == CLEAN_ALL && char_is_control(c) && c < 0x80)
		return (size_t)snprintf(out, CHAR_CLEAN_SIZE, "\\x%02X", (unsigned)c);
	if (how == CLEAN_ALL && (char_is_control(c) || char_is_hidden(c)))
		return (size_t)snprintf(
		    out, CHAR_CLEAN_SIZE, c > 0xFFFF ? "\\U%08X" : "\\u%04X", (unsigned)c);
	n = rd_left(&at) - rd_left(r);
	memcpy(out, at.s.p, n);
	return n;
}

char *text_clean(struct span s, enum clean how, char *out, size_t cap)
{
	struct rd r = rd_of(s);
	char one[CHAR_CLEAN_SIZE];
	size_t n = 0;

	while (rd_left(&r) > 0) {
		size_t more = text_clean_next(&r, how, one);

		if (n + more >= cap)
			break;
		memcpy(out + n, one, more);
		n += more;
	}
	if (cap > 0)
		out[n] = '\0';
	return out;
}

/* ---- what may be a key ---- */

enum { SHOWN_MAX = 11 }; /* so many characters of it in a row tell nobody anything */

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static size_t digits_at(const char *text)
{
	size_t n = 0;

	while (is_hex(text[n]))
		n++;
	return n;
}

/* The row of hex digits at text, 0: none; *digits of it are digits. "404142" or "40 41 42". */
static size_t hex_row(const char *text, size_t *digits)
{
	size_t n = digits_at(text);

	*digits = n;
	while (n > 0 && *digits % 2 == 0 && n + 1 == *digits / 2 * 3 && text[n] != '\0' &&
	       strchr(" :-", text[n]) != NULL && digits_at(text + n + 1) == 2) {
		n += 3;
		*digits += 2;
	}
	return n;
}

/* The first row of `text` that is as long as a key; NULL: none. */
static const char *key_row(const char *text, size_t *n)
{
	while (*text != '\0') {
		size_t digits;

		*n = hex_row(text, &digits);
		if (digits == 32 || digits == 48 || digits == 64)
			return text;
		text += *n > 0 ? *n : 1;
	}
	return NULL;
}

bool text_may_be_key(const char *text)
{
	size_t n;

	return key_row(text, &n) != NULL;
}

/* The longest piece of the row that `text` begins with. */
static size_t piece_of(const char *row, size_t n, const char *text)
{
	size_t longest = 0;

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (i + k < n && text[k] != '\0' && text[k] == row[i + k])
			k++;
		if (k > longest)
			longest = k;
	}
	return longest;
}

/* Takes pieces of the row out of the text; false: there was none. */
static bool take_out(const char *row, size_t n, char *text, size_t cap)
{
	static const char instead[] = "(not shown)"; /* never longer than what it stands for */
	bool found = false;

	for (size_t i = 0; i < cap && text[i] != '\0'; i++) {
		size_t k = piece_of(row, n, text + i);

		if (k < SHOWN_MAX + 1)
			continue;
		memcpy(text + i, instead, sizeof(instead) - 1);
		memmove(text + i + sizeof(instead) - 1, text + i + k, strlen(text + i + k) + 1);
		i += sizeof(instead) - 2;
		found = true;
	}
	return found;
}

void text_hide_key(struct err *e, const char *input)
{
	bool hidden = false;
	size_t n;

	for (const char *row = input; (row = key_row(row, &n)) != NULL; row += n) {
		hidden |= take_out(row, n, e->text, sizeof(e->text));
		hidden |= take_out(row, n, e->hint, sizeof(e->hint));
	}
	if (hidden)
		err_hint(e, "what is as long as a key in hex is not repeated; keys are in a key "
			    "store, and named");
}

struct text_quoted text_quote(const char *text)
{
	struct text_quoted q;

	if (text_may_be_key(text))
		snprintf(q.s, sizeof(q.s), "(as long as a key in hex: not shown)");
	else
		snprintf(q.s, sizeof(q.s), "`%.80s`", text);
	return q;
}
