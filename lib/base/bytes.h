/*
 * Bytes: views, checked readers and writers.
 *
 * All bytes that come from cards, files and sockets go through these types; pointer arithmetic on
 * wire bytes is done here and in lib/tlv only. A reader fails at once and leaves its cursor where
 * it was; a writer remembers that it overflowed and is asked once, at the end.
 * Integers on the wire are big-endian.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_CHECK __attribute__((warn_unused_result))

/* A borrowed view of n bytes; never owns. */
struct span {
	const uint8_t *p;
	size_t n;
};

#define SPAN(array) ((struct span){ (array), sizeof(array) })

struct span span_of(const void *p, size_t n);
struct span span_str(const char *s); /* the bytes of a C string, no terminator */
struct span span_sub(struct span s, size_t off, size_t n); /* cut to what is there */
bool span_eq(struct span a, struct span b);                /* not constant time: for public data */
bool span_starts(struct span s, struct span prefix);

/* A cursor over borrowed bytes. Getters return false, cursor unmoved, when too little is left. */
struct rd {
	struct span s;
};

struct rd rd_of(struct span s);
size_t rd_left(const struct rd *r);
MUST_CHECK bool rd_u8(struct rd *r, uint8_t *v);
MUST_CHECK bool rd_u16(struct rd *r, uint16_t *v);
MUST_CHECK bool rd_u24(struct rd *r, uint32_t *v);
MUST_CHECK bool rd_u32(struct rd *r, uint32_t *v);
MUST_CHECK bool rd_u64(struct rd *r, uint64_t *v);
MUST_CHECK bool rd_take(struct rd *r, size_t n, struct span *v); /* lends the next n bytes */
MUST_CHECK bool rd_copy(struct rd *r, void *to, size_t n);       /* copies the next n bytes */
MUST_CHECK bool rd_lv(struct rd *r, struct span *v);             /* one length byte, then value */
struct span rd_rest(struct rd *r);                               /* lends all that is left */

/*
 * A writer over caller storage (wr_fixed) or over memory of its own that grows up to a limit
 * (wr_grow; released and wiped by wr_free). Writing past the end or running out of memory sets
 * `full` and writes nothing from then on; ask wr_ok() once at the end.
 */
struct wr {
	uint8_t *p;
	size_t n;     /* bytes written */
	size_t cap;   /* bytes there */
	size_t limit; /* growing: most it may become; 0: caller storage */
	bool full;
};

struct wr wr_fixed(void *p, size_t cap);
struct wr wr_grow(size_t limit);
void wr_free(struct wr *w);  /* wipes and releases a growing writer; may be called twice */
void wr_reset(struct wr *w); /* wipes what was written, keeps the storage, clears `full` */
void wr_u8(struct wr *w, uint8_t v);
void wr_u16(struct wr *w, uint16_t v);
void wr_u24(struct wr *w, uint32_t v);
void wr_u32(struct wr *w, uint32_t v);
void wr_u64(struct wr *w, uint64_t v);
void wr_put(struct wr *w, struct span s);
void wr_bytes(struct wr *w, const void *p, size_t n);
void wr_fill(struct wr *w, uint8_t v, size_t n);
/* n bytes for somebody else to fill (a cipher), counted as written; NULL when full. */
MUST_CHECK uint8_t *wr_space(struct wr *w, size_t n);
void wr_lv(struct wr *w, struct span s); /* one length byte, then value; longer than FF: full */
void wr_insert(struct wr *w, size_t at, struct span s); /* moves what is behind `at` */
void wr_cut(struct wr *w, size_t n);                    /* shortens to n bytes */
MUST_CHECK bool wr_ok(const struct wr *w);
struct span wr_span(const struct wr *w);

uint32_t get_u32(const uint8_t p[static 4]);
void put_u32(uint8_t p[static 4], uint32_t v);
void put_u64(uint8_t p[static 8], uint64_t v);

#endif
