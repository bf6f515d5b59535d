#include "change/terminals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/value.h"

enum { FIELDS = 4, NUMBER_MAX = 10 };

/* ---- one line ---- */

/* The text up to the next comma, which is gone with it; false at the end. */
static bool next_field(struct span *rest, struct span *field)
{
	const uint8_t *comma = rest->p == NULL ? NULL : memchr(rest->p, ',', rest->n);
	size_t n = comma == NULL ? rest->n : (size_t)(comma - rest->p);

	if (rest->p == NULL)
		return false;
	*field = span_of(rest->p, n);
	*rest = comma == NULL ? span_of(NULL, 0) : span_sub(*rest, n + 1, rest->n);
	return true;
}

static bool take_number(struct span s, uint32_t *v)
{
	char text[NUMBER_MAX + 1];

	if (s.n > NUMBER_MAX)
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return decimal_get(text, v);
}

/* NULL, or what is wrong with it. */
static const char *take_line(struct span line, struct terminal_row *t)
{
	struct span f[FIELDS], more;
	size_t n = 0, cin_n = 0;

	while (n < FIELDS && next_field(&line, &f[n]))
		n++;
	if (n < 2 || next_field(&line, &more))
		return "not CARD,IMEI with a throughput and the file of a public key behind it";
	if (!hex_get(f[0], t->cin, sizeof(t->cin), &cin_n) || cin_n == 0)
		return "the number of a card (CIN) is 1 to 16 octets in hex";
	t->cin_n = (uint8_t)cin_n;
	if (!imei_ok(f[1]))
		return "an IMEI has 15 digits, of which the last is right";
	memcpy(t->imei, f[1].p, IMEI_DIGITS);
	t->has_throughput = n > 2 && f[2].n > 0;
	if (t->has_throughput && !take_number(f[2], &t->throughput))
		return "the throughput is no number";
	if (n > 3)
		t->key_file = f[3];
	return NULL;
}

/* ---- all ---- */

static int by_card(const void *a, const void *b)
{
	const struct terminal_row *x = a, *y = b;
	int d = memcmp(x->cin, y->cin, x->cin_n < y->cin_n ? x->cin_n : y->cin_n);

	return d != 0 ? d : (int)x->cin_n - (int)y->cin_n;
}

static int by_imei(const void *a, const void *b)
{
	return memcmp(((const struct terminal_row *)a)->imei,
	    ((const struct terminal_row *)b)->imei, IMEI_DIGITS);
}

/* Sorts them, and none is equal to another. */
static int sort(struct terminals *t, int (*order)(const void *a, const void *b), const char *path,
    const char *what, struct err *e)
{
	qsort(t->list, t->n, sizeof(*t->list), order);
	for (size_t i = 1; i < t->n; i++) {
		uint32_t a = t->list[i - 1].line, b = t->list[i].line;

		if (order(&t->list[i - 1], &t->list[i]) == 0)
			return err_set(e, ERR_INPUT, "%s:%u: the same %s as in line %u", path,
			    a > b ? a : b, what, a > b ? b : a);
	}
	return 0;
}

static int add(struct terminals *t, size_t *room, const struct terminal_row *one, struct err *e)
{
	struct terminal_row *more;

	if (t->n == *room) {
		*room = *room == 0 ? 64 : 2 * *room;
		more = realloc(t->list, *room * sizeof(*more));
		if (more == NULL)
			return err_memory(e);
		t->list = more;
	}
	t->list[t->n++] = *one;
	return 0;
}

static struct span next_line(struct span *rest)
{
	const uint8_t *end = memchr(rest->p, '\n', rest->n);
	size_t n = end == NULL ? rest->n : (size_t)(end - rest->p);
	struct span line = span_of(rest->p, n);

	*rest = span_sub(*rest, n + 1, rest->n);
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

int terminals_read(struct terminals *t, const char *path, struct span octets, struct err *e)
{
	size_t room = 0;
	uint32_t number = 0;

	*t = (struct terminals){ .n = 0 };
	while (octets.n > 0) {
		struct span line = next_line(&octets);
		struct terminal_row one = { .line = ++number };
		const char *why;

		if (line.n == 0 || line.p[0] == '#')
			continue;
		why = take_line(line, &one);
		if (why != NULL)
			return err_set(e, ERR_INPUT, "%s:%u: %s", path, number, why);
		if (t->n == TERMINALS_MAX)
			return err_set(e, ERR_INPUT, "%s: more than %d lines", path, TERMINALS_MAX);
		if (add(t, &room, &one, e) != 0)
			return -1;
	}
	if (t->n == 0)
		return err_set(e, ERR_INPUT, "%s: no card stands in it", path);
	if (sort(t, by_imei, path, "IMEI", e) != 0)
		return -1;
	return sort(t, by_card, path, "card", e);
}

const struct terminal_row *terminals_find(const struct terminals *t, struct span cin)
{
	struct terminal_row one = { .cin_n = (uint8_t)cin.n };

	if (cin.n == 0 || cin.n > sizeof(one.cin) || t->n == 0)
		return NULL;
	memcpy(one.cin, cin.p, cin.n);
	return bsearch(&one, t->list, t->n, sizeof(*t->list), by_card);
}

void terminals_free(struct terminals *t)
{
	free(t->list);
	*t = (struct terminals){ .n = 0 };
}
