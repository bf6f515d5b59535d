#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

struct span span_of(const void *p, size_t n)
{
	return (struct span){ p, n };
}

struct span span_str(const char *s)
{
	return span_of(s, strlen(s));
}

struct span span_sub(struct span s, size_t off, size_t n)
{
	if (off > s.n)
		off = s.n;
	if (n > s.n - off)
		n = s.n - off;
	return off == 0 ? span_of(s.p, n) : span_of(s.p + off, n);
}

bool span_eq(struct span a, struct span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool span_starts(struct span s, struct span prefix)
{
	return s.n >= prefix.n && span_eq(span_sub(s, 0, prefix.n), prefix);
}

struct rd rd_of(struct span s)
{
	return (struct rd){ s };
}

size_t rd_left(const struct rd *r)
{
	return r->s.n;
}

bool rd_take(struct rd *r, size_t n, struct span *v)
{
	if (n > r->s.n)
		return false;
	*v = span_of(r->s.p, n);
	r->s = span_sub(r->s, n, r->s.n - n);
	return true;
}

static bool rd_int(struct rd *r, size_t n, uint64_t *v)
{
	struct span s;
	uint64_t x = 0;

	if (!rd_take(r, n, &s))
		return false;
	for (size_t i = 0; i < n; i++)
		x = x << 8 | s.p[i];
	*v = x;
	return true;
}

bool rd_u8(struct rd *r, uint8_t *v)
{
	uint64_t x;

	if (!rd_int(r, 1, &x))
		return false;
	*v = (uint8_t)x;
	return true;
}

bool rd_u16(struct rd *r, uint16_t *v)
{
	uint64_t x;

	if (!rd_int(r, 2, &x))
		return false;
	*v = (uint16_t)x;
	return true;
}

bool rd_u24(struct rd *r, uint32_t *v)
{
	uint64_t x;

	if (!rd_int(r, 3, &x))
		return false;
	*v = (uint32_t)x;
	return true;
}

bool rd_u32(struct rd *r, uint32_t *v)
{
	uint64_t x;

	if (!rd_int(r, 4, &x))
		return false;
	*v = (uint32_t)x;
	return true;
}

bool rd_u64(struct rd *r, uint64_t *v)
{
	return rd_int(r, 8, v);
}

bool rd_copy(struct rd *r, void *to, size_t n)
{
	struct span s;

	if (!rd_take(r, n, &s))
		return false;
	if (n > 0)
		memcpy(to, s.p, n);
	return true;
}

bool rd_lv(struct rd *r, struct span *v)
{
	struct rd at = *r;
	uint8_t n;

	if (!rd_u8(&at, &n) || !rd_take(&at, n, v))
		return false;
	*r = at;
	return true;
}

struct span rd_rest(struct rd *r)
{
	struct span s = r->s;

	r->s = span_sub(s, s.n, 0);
	return s;
}

struct wr wr_fixed(void *p, size_t cap)
{
	return (struct wr){ .p = p, .cap = cap };
}

struct wr wr_grow(size_t limit)
{
	return (struct wr){ .limit = limit == 0 ? 1 : limit };
}

void wr_free(struct wr *w)
{
	if (w->limit == 0)
		return;
	if (w->p != NULL)
		explicit_bzero(w->p, w->cap);
	free(w->p);
	*w = wr_grow(w->limit);
}

void wr_reset(struct wr *w)
{
	if (w->p != NULL)
		explicit_bzero(w->p, w->n);
	w->n = 0;
	w->full = false;
}

/* Makes room for n more bytes; moves by hand so that no unwiped copy stays behind. */
static bool wr_room(struct wr *w, size_t n)
{
	size_t cap = w->cap < 256 ? 256 : w->cap;
	uint8_t *p;

	if (w->full)
		return false;
	if (n <= w->cap - w->n)
		return true;
	if (w->limit == 0 || n > w->limit - w->n) {
		w->full = true;
		return false;
	}
	if (cap > w->limit)
		cap = w->limit;
	while (cap - w->n < n)
		cap = cap > w->limit / 2 ? w->limit : cap * 2;
	p = malloc(cap);
	if (p == NULL) {
		w->full = true;
		return false;
	}
	if (w->n > 0)
		memcpy(p, w->p, w->n);
	if (w->p != NULL)
		explicit_bzero(w->p, w->cap);
	free(w->p);
	w->p = p;
	w->cap = cap;
	return true;
}

void wr_bytes(struct wr *w, const void *p, size_t n)
{
	if (n == 0 || !wr_room(w, n))
		return;
	memcpy(w->p + w->n, p, n);
	w->n += n;
}

void wr_put(struct wr *w, struct span s)
{
	wr_bytes(w, s.p, s.n);
}

void wr_fill(struct wr *w, uint8_t v, size_t n)
{
	if (n == 0 || !wr_room(w, n))
		return;
	memset(w->p + w->n, v, n);
	w->n += n;
}

uint8_t *wr_space(struct wr *w, size_t n)
{
	if (n == 0)
		return w->full ? NULL : w->p;
	if (!wr_room(w, n))
		return NULL;
	w->n += n;
	return w->p + (w->n - n);
}

static void wr_int(struct wr *w, uint64_t v, size_t n)
{
	uint8_t b[8];

	put_u64(b, v);
	wr_bytes(w, b + 8 - n, n);
}

void wr_u8(struct wr *w, uint8_t v)
{
	wr_int(w, v, 1);
}

void wr_u16(struct wr *w, uint16_t v)
{
	wr_int(w, v, 2);
}

void wr_u24(struct wr *w, uint32_t v)
{
	wr_int(w, v, 3);
}

void wr_u32(struct wr *w, uint32_t v)
{
	wr_int(w, v, 4);
}

void wr_u64(struct wr *w, uint64_t v)
{
	wr_int(w, v, 8);
}

void wr_lv(struct wr *w, struct span s)
{
	if (s.n > 0xFF) {
		w->full = true;
		return;
	}
	wr_u8(w, (uint8_t)s.n);
	wr_put(w, s);
}

void wr_insert(struct wr *w, size_t at, struct span s)
{
	if (at > w->n)
		w->full = true;
	if (s.n == 0 || !wr_room(w, s.n))
		return;
	memmove(w->p + at + s.n, w->p + at, w->n - at);
	memcpy(w->p + at, s.p, s.n);
	w->n += s.n;
}

void wr_cut(struct wr *w, size_t n)
{
	if (n < w->n) {
		explicit_bzero(w->p + n, w->n - n);
		w->n = n;
	}
}

bool wr_ok(const struct wr *w)
{
	return !w->full;
}

struct span wr_span(const struct wr *w)
{
	return span_of(w->p, w->n);
}

uint32_t get_u32(const uint8_t p[static 4])
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

void put_u32(uint8_t p[static 4], uint32_t v)
{
	for (int i = 3; i >= 0; i--, v >>= 8)
		p[i] = (uint8_t)v;
}

void put_u64(uint8_t p[static 8], uint64_t v)
{
	for (int i = 7; i >= 0; i--, v >>= 8)
		p[i] = (uint8_t)v;
}
